/*
 * routes_alerts: POST /v1/alerts. The body is cut at once, which is a walk over its bytes; what
 * becomes of the alerts is intake_job's.
 */
#include "api/intake_job.h"
#include "api/routes.h"
#include "base/text.h"
#include "limits.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct cut {
    const struct hk_intake_job *job;
    struct hk_intake_item *items;
    size_t capacity;
    size_t count;
    bool failed;
};

static void on_item(void *ctx, unsigned index, const char *text, size_t size)
{
    struct cut *cut = ctx;

    (void)index;
    if (cut->count == cut->capacity) {
        size_t capacity = cut->capacity > 0 ? 2 * cut->capacity : 16;
        struct hk_intake_item *items = realloc(cut->items, capacity * sizeof(*items));
        if (items == NULL) {
            cut->failed = true;
            return;
        }
        cut->items = items;
        cut->capacity = capacity;
    }
    if (cut->failed)
        return;
    cut->items[cut->count++] = (struct hk_intake_item){
        .at = (size_t)(text - cut->job->body.data), .size = size, .state = HK_ITEM_BAD};
}

static enum hk_status cut_body(struct hk_intake_job *job, bool is_ndjson, struct hk_error *error)
{
    struct cut cut = {.job = job};
    unsigned count = 0;
    enum hk_status status = hk_intake_split(job->body.data != NULL ? job->body.data : "",
        job->body.size, is_ndjson, HK_ALERTS_PER_REQUEST_MAX, on_item, &cut, &count, error);

    if (status == HK_OK && cut.failed)
        status = hk_fail(error, HK_NOMEM, "no memory for the alerts");
    if (status == HK_OK && cut.count == 0)
        status = hk_fail(error, HK_INVALID, "there is no alert in the body");
    job->items = cut.items;
    job->count = (unsigned)cut.count;
    return status;
}

/* Read the key's header. False: it is answered. */
static bool read_key(const struct hk_exchange *exchange, const struct hk_http_request *request,
    char ret_key[HK_IDEMPOTENCY_KEY_SIZE])
{
    const char *key = hk_http_header(request, "idempotency-key");
    bool is_good;

    ret_key[0] = '\0';
    if (key == NULL)
        return true;
    is_good = key[0] != '\0' && hk_copy_text(ret_key, HK_IDEMPOTENCY_KEY_SIZE, key);
    for (const char *at = key; *at != '\0'; at++)
        is_good = is_good && *at > ' ' && *at <= '~';
    if (!is_good) {
        hk_answer_problem(
            exchange, 400, "Idempotency-Key: expected 1 to 128 visible ASCII characters");
        return false;
    }
    if (hk_intake_is_under_way(exchange, key)) {
        hk_answer_problem_full(
            exchange, &(struct hk_problem){.status = 409,
                          .detail = "a request with this Idempotency-Key is being worked on",
                          .retry_after_s = 1});
        return false;
    }
    return true;
}

/* --- the request --- */

/* False: it is answered. */
static bool read_type(
    const struct hk_exchange *exchange, const struct hk_http_request *request, bool *ret_is_ndjson)
{
    static const struct {
        const char *type;
        bool is_ndjson;
    } types[] = {{"application/json", false}, {"application/x-ndjson", true},
        {"application/ndjson", true}, {"application/jsonl", true}};
    const char *type = hk_http_header(request, "content-type");
    size_t size = type != NULL ? strcspn(type, "; \t") : 0;

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strlen(types[i].type) == size && strncasecmp(types[i].type, type, size) == 0) {
            *ret_is_ndjson = types[i].is_ndjson;
            return true;
        }
    }
    hk_answer_problem(exchange, 415, "send application/json or application/x-ndjson");
    return false;
}

static bool read_source(const struct hk_exchange *exchange, const struct hk_http_request *request,
    char ret_source[HK_ID_SIZE])
{
    if (!hk_take_query(exchange, request, "source", ret_source, HK_ID_SIZE))
        return false;
    if (!hk_http_query_is_given(request, "source")) {
        (void)hk_copy_text(ret_source, HK_ID_SIZE, exchange->actor.name);
        return true;
    }
    if (hk_name_is_valid(ret_source))
        return true;
    hk_answer_problem(exchange, 400,
        "source: 1 to 63 of a-z, 0-9, '_' and '-', beginning with a letter or digit");
    return false;
}

/* What is hashed as the request: the same bytes of another type or source are another request. */
static void hash_request(
    struct hk_intake_job *job, const struct hk_http_request *request, bool is_ndjson)
{
    const struct hk_bytes parts[] = {
        {is_ndjson ? "lines" : "json", 6 - (is_ndjson ? 0 : 1)},
        {job->source, strlen(job->source) + 1},
        {request->body.data != NULL ? request->body.data : "", request->body.size},
    };
    uint8_t digest[HK_SHA256_SIZE];

    hk_sha256(parts, sizeof(parts) / sizeof(parts[0]), digest);
    hk_hex(digest, sizeof(digest), job->request_sha256);
}

static enum hk_status fill_job(struct hk_intake_job *job, const struct hk_http_request *request,
    bool is_ndjson, struct hk_error *error)
{
    enum hk_status status;

    if (request->body.size > 0)
        hk_buf_append(&job->body, request->body.data, request->body.size);
    status = hk_buf_check(&job->body, "body", error);
    if (status != HK_OK)
        return status;
    if (job->key[0] != '\0')
        hash_request(job, request, is_ndjson);
    return cut_body(job, is_ndjson, error);
}

void hk_route_alerts_take(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    char key[HK_IDEMPOTENCY_KEY_SIZE];
    char source[HK_ID_SIZE];
    struct hk_intake_job *job;
    struct hk_error error;
    enum hk_status status;
    bool is_ndjson;

    (void)body;
    if (hk_intake_must_wait(exchange, request->body.size))
        return;
    if (!read_type(exchange, request, &is_ndjson) || !read_source(exchange, request, source) ||
        !read_key(exchange, request, key))
        return;
    job = hk_intake_job_new(exchange);
    if (job == NULL)
        return;
    memcpy(job->key, key, sizeof(key));
    memcpy(job->source, source, sizeof(source));
    status = fill_job(job, request, is_ndjson, &error);
    if (status != HK_OK) {
        hk_answer_error(exchange, status, &error);
        hk_job_free(&job->job);
        return;
    }
    hk_intake_job_begin(job);
}
