/*
 * routes_alerts: POST /v1/alerts.
 *
 * The body is cut at once, which is a walk over its bytes; the alerts are read and offered to the
 * engine in slices, one a turn of the loop. With an Idempotency-Key the ledger is asked first
 * whether it answered this before; the answer is kept in the transaction of the last slice.
 */
#include "api/intake_job.h"
#include "api/routes.h"
#include "base/text.h"
#include "base/time.h"
#include "limits.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void intake_done(struct hk_job *base)
{
    struct hk_intake_job *job = (struct hk_intake_job *)base;
    struct hk_intake_job **at = &base->exchange.api->intakes;

    while (*at != NULL && *at != job)
        at = &(*at)->next_intake;
    if (*at != NULL)
        *at = job->next_intake;
    hk_timer_free(job->timer);
    for (unsigned i = 0; job->items != NULL && i < job->count; i++)
        free(job->items[i].problem);
    free(job->items);
    hk_buf_done(&job->body);
    hk_buf_done(&job->answer_text);
}

static void finish_if_done(struct hk_intake_job *job)
{
    if (!job->is_read || job->writes_open > 0)
        return;
    hk_intake_answer(job);
    hk_job_free(&job->job);
}

static void on_accepted(void *ctx)
{
    struct hk_intake_job *job = ctx;

    job->writes_open--;
    finish_if_done(job);
}

static void on_answer_written(void *ctx, hk_tenant tenant, uint64_t first_seq)
{
    (void)tenant;
    (void)first_seq;
    on_accepted(ctx);
}

/* Note what became of the slice's offers. */
static void take_outcomes(
    struct hk_intake_job *job, const struct hk_alert_taken *taken, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct hk_intake_item *item = &job->items[job->slice_map[i]];
        if (taken[i].status != HK_OK) {
            item->state = HK_ITEM_REFUSED;
            continue;
        }
        if (item->state != HK_ITEM_TAKEN)
            job->taken_count++;
        item->state = HK_ITEM_TAKEN;
        (void)hk_copy_text(item->id, sizeof(item->id), taken[i].id);
        (void)hk_copy_text(item->duplicate_of, sizeof(item->duplicate_of), taken[i].duplicate_of);
    }
}

static bool make_kept(struct hk_intake_job *job)
{
    hk_buf_clear(&job->answer_text);
    hk_intake_answer_write(job, &job->answer_text);
    if (job->answer_text.failed)
        return false;
    job->kept = (struct hk_kept_answer){.key = job->key,
        .request_sha256 = job->request_sha256,
        .status = 202,
        .answer = job->answer_text.data};
    return true;
}

/* Called by the engine while it accepts the last slice: the outcomes of all are known. */
static const struct hk_kept_answer *on_answer(void *ctx, const struct hk_alert_taken *taken)
{
    struct hk_intake_job *job = ctx;
    unsigned count = 0;

    if (job->key[0] == '\0' || job->next < job->count)
        return NULL;
    while (count < HK_OFFERING_MAX && job->slice_map[count] != UINT_MAX)
        count++;
    take_outcomes(job, taken, count);
    job->answer_is_kept = make_kept(job);
    return job->answer_is_kept ? &job->kept : NULL;
}

static void read_item(struct hk_intake_job *job, struct hk_offering *slice, unsigned index)
{
    const struct hk_exchange *exchange = &job->job.exchange;
    struct hk_intake_item *item = &job->items[index];
    struct hk_alert_in in = {0};
    struct hk_dedupe_rule rule = {
        .fields = hk_engine_dedupe_fields(exchange->api->engine, exchange->tenant)};
    struct hk_error error;

    job->slice_map[slice->count] = index;
    if (hk_intake_read(job->body.data + item->at, item->size, &rule, hk_time_wall_us(), &in,
            &error) != HK_OK ||
        hk_offering_add(slice, &in, &error) != HK_OK) {
        item->state = HK_ITEM_BAD;
        item->problem = hk_strdup(error.text);
    }
}

/* The last slice held nothing that was taken: the answer goes to disk by itself. */
static void keep_alone(struct hk_intake_job *job)
{
    const struct hk_exchange *exchange = &job->job.exchange;
    struct hk_ledger *ledger = exchange->api->ledger;
    struct hk_write *write;
    struct hk_error error;

    if (job->key[0] == '\0' || job->answer_is_kept || job->taken_count == 0 || !make_kept(job))
        return;
    write = hk_write_new();
    if (write == NULL)
        return;
    if (hk_write_answer(write, exchange->tenant, exchange->actor.id, job->key, job->request_sha256,
            202, job->kept.answer, hk_clock_now_us(hk_ledger_clock(ledger)), &error) != HK_OK) {
        hk_write_free(write);
        return;
    }
    job->answer_is_kept = true;
    job->writes_open++;
    hk_ledger_submit(ledger, write, HK_LANE_NORMAL, on_answer_written, job);
}

static void offer_slice(struct hk_intake_job *job, struct hk_offering *slice)
{
    const struct hk_exchange *exchange = &job->job.exchange;
    struct hk_error error;
    enum hk_status status;

    if (slice->count == 0)
        return;
    if (slice->count < HK_OFFERING_MAX)
        job->slice_map[slice->count] = UINT_MAX;
    job->writes_open++;
    const struct hk_acceptance acceptance = {
        .tenant = exchange->tenant,
        .actor = &exchange->actor,
        .source = job->source,
        .offers = slice->offers,
        .count = slice->count,
        .answer = on_answer,
        .done = on_accepted,
        .ctx = job,
    };
    status = hk_engine_accept(exchange->api->engine, &acceptance, slice->taken, &error);
    if (status == HK_OK) {
        take_outcomes(job, slice->taken, slice->count);
        return;
    }
    job->writes_open--;
    for (unsigned i = 0; i < slice->count; i++) {
        struct hk_intake_item *item = &job->items[job->slice_map[i]];
        item->state = status == HK_BUSY ? HK_ITEM_REFUSED : HK_ITEM_BAD;
        if (status != HK_BUSY)
            item->problem = hk_strdup(error.text);
    }
}

/* One turn of the loop: read and offer the next slice. */
static void next_slice(void *ctx)
{
    struct hk_intake_job *job = ctx;
    struct hk_offering slice = {.count = 0};

    while (job->next < job->count && slice.count < HK_OFFERING_MAX)
        read_item(job, &slice, job->next++);
    offer_slice(job, &slice);
    hk_offering_clear(&slice);
    if (job->next < job->count) {
        hk_timer_arm(job->timer, 0);
        return;
    }
    job->is_read = true;
    keep_alone(job);
    finish_if_done(job);
}

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

/* --- Idempotency-Key --- */

static enum hk_status read_kept(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct hk_intake_job *job = ctx;
    enum hk_status status =
        hk_query_answer(reading, job->job.exchange.tenant, job->job.exchange.actor.id, job->key,
            job->request_sha256, &job->kept_status, &job->job.out, error);

    if (status == HK_NOT_FOUND) {
        job->kept_status = 0;
        return HK_OK;
    }
    if (status == HK_CONFLICT) {
        job->kept_status = 409;
        return HK_OK;
    }
    return status;
}

static void after_kept(struct hk_job *base)
{
    struct hk_intake_job *job = (struct hk_intake_job *)base;

    if (job->kept_status == 0) {
        hk_buf_clear(&base->out);
        hk_timer_arm(job->timer, 0);
        return;
    }
    if (job->kept_status == 409)
        hk_answer_problem(
            &base->exchange, 409, "this Idempotency-Key was used with another request");
    else
        hk_answer_buf(&base->exchange, job->kept_status, &base->out);
    hk_job_free(base);
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
    for (const struct hk_intake_job *job = exchange->api->intakes; job != NULL;
         job = job->next_intake) {
        if (job->job.exchange.tenant == exchange->tenant && strcmp(job->key, key) == 0 &&
            strcmp(job->job.exchange.actor.id, exchange->actor.id) == 0) {
            hk_answer_problem_full(
                exchange, &(struct hk_problem){.status = 409,
                              .detail = "a request with this Idempotency-Key is being worked on",
                              .retry_after_s = 1});
            return false;
        }
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
    struct hk_api *api = job->job.exchange.api;
    enum hk_status status;

    hk_buf_init(&job->body, HK_HTTP_BODY_SIZE_MAX);
    hk_buf_init(&job->answer_text, HK_HTTP_RESPONSE_SIZE_MAX);
    if (request->body.size > 0)
        hk_buf_append(&job->body, request->body.data, request->body.size);
    status = hk_buf_check(&job->body, "body", error);
    if (status != HK_OK)
        return status;
    job->timer = hk_timer_new(api->loop, next_slice, job);
    if (job->timer == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a timer");
    job->next_intake = api->intakes;
    api->intakes = job;
    if (job->key[0] != '\0')
        hash_request(job, request, is_ndjson);
    return cut_body(job, is_ndjson, error);
}

/* Why no further body is taken in now; NULL when it is. */
static const char *reason_to_wait(const struct hk_api *api, size_t size)
{
    for (const struct hk_intake_job *job = api->intakes; job != NULL; job = job->next_intake)
        size += job->body.size;
    if (api->is_draining)
        return "the engine is stopping";
    if (hk_ledger_backlog(api->ledger) >= HK_WRITE_QUEUE_MAX)
        return "the writer is behind";
    return size > HK_INTAKE_SIZE_MAX ? "too many alerts are being taken in" : NULL;
}

void hk_route_alerts_take(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_api *api = exchange->api;
    char key[HK_IDEMPOTENCY_KEY_SIZE];
    char source[HK_ID_SIZE];
    struct hk_intake_job *job;
    struct hk_error error;
    enum hk_status status;
    const char *why;
    bool is_ndjson;

    (void)body;
    why = reason_to_wait(api, request->body.size);
    if (why != NULL) {
        hk_answer_problem_full(
            exchange, &(struct hk_problem){.status = 503, .detail = why, .retry_after_s = 1});
        return;
    }
    if (!read_type(exchange, request, &is_ndjson) || !read_source(exchange, request, source) ||
        !read_key(exchange, request, key))
        return;
    job = hk_job_new(exchange, sizeof(*job));
    if (job == NULL)
        return;
    job->job.done = intake_done;
    memcpy(job->key, key, sizeof(key));
    memcpy(job->source, source, sizeof(source));
    status = fill_job(job, request, is_ndjson, &error);
    if (status != HK_OK) {
        hk_answer_error(exchange, status, &error);
        hk_job_free(&job->job);
        return;
    }
    if (job->key[0] != '\0') {
        job->job.answer = after_kept;
        hk_job_read(&job->job, read_kept);
    } else {
        next_slice(job);
    }
}
