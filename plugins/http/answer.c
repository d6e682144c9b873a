#include "answer.h"

#include "strict.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define REASON_SIZE_MAX 200

/* The value of a header without its parameters, in *size bytes. */
static const char *type_of(const struct hk_http_answer *answer, size_t *ret_size)
{
    static const char name[] = "content-type: ";

    for (size_t i = 0; answer->headers[i] != NULL; i++)
        if (strncmp(answer->headers[i], name, sizeof(name) - 1) == 0) {
            const char *value = answer->headers[i] + sizeof(name) - 1;
            *ret_size = strcspn(value, "; \t");
            return value;
        }
    *ret_size = 0;
    return "";
}

static bool says_json(const struct hk_http_answer *answer)
{
    size_t size;
    const char *type = type_of(answer, &size);

    return (size == 16 && strncasecmp(type, "application/json", size) == 0) ||
           (size > 5 && strncasecmp(type + size - 5, "+json", 5) == 0);
}

/* Append ,"json":… or ,"text":…. Returns what is wrong, or NULL. */
static const char *put_body(
    const struct hk_http_answer *answer, const char *as, size_t size_max, struct text *out)
{
    bool wants_json = as != NULL ? strcmp(as, "json") == 0 : says_json(answer);

    if (answer->body_size > size_max)
        return "the answer is larger than answer_max";
    if (!text_is_utf8(answer->body, answer->body_size) ||
        memchr(answer->body, '\0', answer->body_size) != NULL)
        return "the answer is no text";
    if (answer->body_size == 0)
        return wants_json && as != NULL ? "the answer is empty" : NULL;
    if (wants_json && !strict_is_json(answer->body, answer->body_size))
        return "the answer is no JSON";
    text_put(out, wants_json ? ",\"json\":" : ",\"text\":");
    if (wants_json)
        text_add(out, answer->body, answer->body_size);
    else
        text_put_json(out, answer->body, answer->body_size);
    return NULL;
}

static void put_result(const struct hk_http_answer *answer, bool is_post, struct text *out)
{
    char head[64];

    if (is_post)
        snprintf(head, sizeof(head), "{\"status\":%d", answer->status);
    else
        snprintf(head, sizeof(head), "{\"status\":%d,\"found\":%s", answer->status,
            answer->status < 300 ? "true" : "false");
    text_put(out, head);
}

/* "it answered 403: no such key" */
static void put_reason(const struct hk_http_answer *answer, struct text *out)
{
    char head[48];
    size_t size = answer->body_size < REASON_SIZE_MAX ? answer->body_size : REASON_SIZE_MAX;

    snprintf(head, sizeof(head), "it answered %d", answer->status);
    text_put(out, head);
    while (size > 0 && !text_is_utf8(answer->body, size))
        size--;
    if (size == 0)
        return;
    text_put(out, ": ");
    for (size_t i = 0; i < size; i++) {
        char c = answer->body[i];
        text_add(out, (unsigned char)c < ' ' || c == 0x7f ? " " : &c, 1);
    }
}

static enum hk_outcome judge_post(
    const struct hk_http_answer *answer, const char *as, size_t answer_size_max, struct text *out)
{
    if (answer->status >= 200 && answer->status < 300) {
        put_result(answer, true, out);
        size_t size = out->size;
        /* It was done: what came with it may be lost. */
        if (put_body(answer, as, answer_size_max, out) != NULL)
            out->size = size;
        text_put(out, "}");
        return HK_DONE;
    }
    put_reason(answer, out);
    if (answer->status >= 400 && answer->status < 500)
        return HK_FAILED;
    text_put(out, "; whether it took the request can't be told");
    return HK_UNKNOWN;
}

static enum hk_outcome judge_get(
    const struct hk_http_answer *answer, const char *as, size_t answer_size_max, struct text *out)
{
    bool is_absent = answer->status == 404 || answer->status == 410;

    if (!is_absent && (answer->status < 200 || answer->status >= 300)) {
        put_reason(answer, out);
        return HK_FAILED;
    }
    put_result(answer, false, out);
    const char *fault = put_body(answer, is_absent ? NULL : as, answer_size_max, out);
    if (fault != NULL && !is_absent) {
        text_done(out);
        text_put(out, fault);
        return HK_FAILED;
    }
    text_put(out, "}");
    return HK_DONE;
}

enum hk_outcome answer_judge(const struct hk_http_answer *answer, bool is_post, const char *as,
    size_t answer_size_max, struct text *out)
{
    if (answer->status == 0) {
        text_put(out, answer->failure);
        if (!is_post || !answer->may_have_arrived)
            return HK_FAILED;
        text_put(out, "; the request may have arrived");
        return HK_UNKNOWN;
    }
    return is_post ? judge_post(answer, as, answer_size_max, out)
                   : judge_get(answer, as, answer_size_max, out);
}
