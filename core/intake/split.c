/*
 * split: cut a request body into its items; see intake.h. Only quotes and brackets are looked at.
 * The body is gone through twice, so that nothing is handed on from a body that can't be cut.
 */
#include "intake/intake.h"

#include <string.h>

struct cut {
    const char *at;
    const char *end;
    unsigned items_max;
    hk_intake_item_fn *fn; /* NULL in the first round */
    void *ctx;
    unsigned count;
    struct hk_error *error;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct cut *cut)
{
    while (cut->at < cut->end && is_blank(*cut->at))
        cut->at++;
}

static enum hk_status give(struct cut *cut, const char *begin, const char *end)
{
    while (begin < end && is_blank(*begin))
        begin++;
    while (begin < end && is_blank(end[-1]))
        end--;
    if (cut->count == cut->items_max)
        return hk_fail(cut->error, HK_LIMIT, "more than %u alerts in one request", cut->items_max);
    if (cut->fn != NULL)
        cut->fn(cut->ctx, cut->count, begin, (size_t)(end - begin));
    cut->count++;
    return HK_OK;
}

/* From after a quote to after the one that ends it. */
static bool skip_string(struct cut *cut)
{
    while (cut->at < cut->end) {
        char c = *cut->at++;
        if (c == '"')
            return true;
        if (c == '\\' && cut->at < cut->end)
            cut->at++;
    }
    return false;
}

/* Go to the end of an item: after the bracket that closes it, or, within an array (in_array), to
 * the comma or bracket that follows it. */
static bool skip_item(struct cut *cut, bool in_array)
{
    size_t depth = 0;

    while (cut->at < cut->end) {
        char c = *cut->at;
        if (in_array && depth == 0 && (c == ',' || c == ']'))
            return true;
        cut->at++;
        if (c == '"') {
            if (!skip_string(cut))
                return false;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (depth == 0)
                return false;
            if (--depth == 0 && !in_array)
                return true;
        }
    }
    return false;
}

static enum hk_status unbalanced(struct cut *cut)
{
    return hk_fail(cut->error, HK_INVALID,
        "item %u of the request does not end: brackets or quotes are unbalanced", cut->count);
}

static enum hk_status cut_array(struct cut *cut)
{
    cut->at++;
    skip_blanks(cut);
    if (cut->at < cut->end && *cut->at == ']') {
        cut->at++;
        goto end;
    }
    for (;;) {
        const char *begin;
        char c;
        enum hk_status status;
        skip_blanks(cut);
        begin = cut->at;
        if (!skip_item(cut, true))
            return unbalanced(cut);
        if (cut->at == begin)
            return hk_fail(cut->error, HK_INVALID, "item %u of the request is empty", cut->count);
        status = give(cut, begin, cut->at);
        if (status != HK_OK)
            return status;
        c = *cut->at++;
        if (c == ']')
            break;
    }
end:
    skip_blanks(cut);
    if (cut->at < cut->end)
        return hk_fail(cut->error, HK_INVALID, "something follows the array of the request");
    return HK_OK;
}

/* One object after the other. */
static enum hk_status cut_objects(struct cut *cut)
{
    for (skip_blanks(cut); cut->at < cut->end; skip_blanks(cut)) {
        const char *begin = cut->at;
        enum hk_status status;
        if (*begin != '{')
            return hk_fail(cut->error, HK_INVALID,
                "what follows item %u of the request is no object", cut->count);
        if (!skip_item(cut, false))
            return unbalanced(cut);
        status = give(cut, begin, cut->at);
        if (status != HK_OK)
            return status;
    }
    return HK_OK;
}

static enum hk_status cut_lines(struct cut *cut)
{
    for (skip_blanks(cut); cut->at < cut->end; skip_blanks(cut)) {
        const char *begin = cut->at;
        const char *newline = memchr(begin, '\n', (size_t)(cut->end - begin));
        enum hk_status status;
        cut->at = newline != NULL ? newline : cut->end;
        status = give(cut, begin, cut->at);
        if (status != HK_OK)
            return status;
    }
    return HK_OK;
}

static enum hk_status cut_body(struct cut *cut, bool is_ndjson)
{
    static const char mark[] = "\xef\xbb\xbf"; /* byte order mark */

    if (cut->end - cut->at >= 3 && memcmp(cut->at, mark, 3) == 0)
        cut->at += 3;
    skip_blanks(cut);
    if (cut->at == cut->end)
        return hk_fail(cut->error, HK_INVALID, "the request holds no alert");
    if (*cut->at == '[')
        return cut_array(cut);
    if (is_ndjson)
        return cut_lines(cut);
    if (*cut->at != '{')
        return hk_fail(cut->error, HK_INVALID, "the request is neither a JSON object nor an array");
    return cut_objects(cut);
}

enum hk_status hk_intake_split(const char *body, size_t size, bool is_ndjson, unsigned items_max,
    hk_intake_item_fn *fn, void *ctx, unsigned *ret_count, struct hk_error *error)
{
    const char *begin = size > 0 ? body : "";
    struct cut cut = {.at = begin, .end = begin + size, .items_max = items_max, .error = error};
    enum hk_status status = cut_body(&cut, is_ndjson);

    if (status != HK_OK)
        return status;
    cut.at = begin;
    cut.count = 0;
    cut.fn = fn;
    cut.ctx = ctx;
    status = cut_body(&cut, is_ndjson);
    if (status == HK_OK)
        *ret_count = cut.count;
    return status;
}
