/*
 * intake_job: alerts on their way in; see intake_job.h.
 *
 * The alerts are read and offered to the engine in slices, one a turn of the loop. With a key the
 * ledger is asked first whether it answered this before; the answer is kept in the transaction of
 * the last slice.
 */
#include "api/intake_job.h"

#include "base/text.h"
#include "base/time.h"
#include "limits.h"

#include <stdlib.h>
#include <string.h>

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

/* What came is counted once it is on disk. */
static void tell_tally(const struct hk_intake_job *job)
{
    struct hk_tally_row *row = job->webhook != NULL ? job->webhook->row : NULL;

    if (row == NULL)
        return;
    for (int i = 0; i < HK_TALLY_COUNT_MAX; i++)
        if (job->counts.counts[i] > 0)
            hk_tally_count(row, (enum hk_tally_count)i, job->counts.counts[i]);
    hk_tally_came(row, job->count, job->body.size, hk_time_wall_us());
}

static void finish_if_done(struct hk_intake_job *job)
{
    if (!job->is_read || job->writes_open > 0)
        return;
    tell_tally(job);
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

/* False: it isn't kept. What was refused for load is sent again, and must not find an answer. */
static bool make_kept(struct hk_intake_job *job)
{
    if (job->webhook != NULL && hk_intake_has_refused(job))
        return false;
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

/* Read an item into the slice. An item of a webhook is never bad. */
static void read_item(struct hk_intake_job *job, struct hk_offering *slice, unsigned index)
{
    const struct hk_exchange *exchange = &job->job.exchange;
    struct hk_intake_item *item = &job->items[index];
    const struct hk_source_config *webhook = job->webhook != NULL ? job->webhook->config : NULL;
    const struct hk_reader_message message = {.tenant = exchange->tenant,
        .text = job->body.data + item->at,
        .size = item->size,
        .hint = {.transport = webhook != NULL ? HK_TRANSPORT_WEBHOOK : HK_TRANSPORT_API,
            .source = job->source,
            .form = webhook != NULL ? webhook->product : NULL,
            .peer = exchange->from[0] != '\0' ? exchange->from : NULL,
            .now_us = hk_time_wall_us(),
            .utc_offset_min = webhook != NULL ? webhook->utc_offset_min : 0}};
    unsigned before = slice->count;
    struct hk_error error;
    enum hk_status status;

    job->slice_map[slice->count] = index;
    status = webhook != NULL
                 ? hk_reader_take(exchange->api->reader, &message, slice, &job->counts, &error)
                 : hk_reader_post(exchange->api->reader, &message, slice, &error);
    if (status == HK_NOMEM && webhook != NULL) {
        item->state = HK_ITEM_REFUSED;
    } else if (status != HK_OK) {
        item->state = HK_ITEM_BAD;
        item->problem = hk_strdup(error.text);
    } else if (slice->count == before) {
        item->state = HK_ITEM_PASSED;
    }
}

/* Was there something to be answered for? */
static bool has_something(const struct hk_intake_job *job)
{
    return job->taken_count > 0 || job->webhook != NULL;
}

/* The last slice held nothing that was taken: the answer goes to disk by itself. */
static void keep_alone(struct hk_intake_job *job)
{
    const struct hk_exchange *exchange = &job->job.exchange;
    struct hk_ledger *ledger = exchange->api->ledger;
    struct hk_write *write;
    struct hk_error error;

    if (job->key[0] == '\0' || job->answer_is_kept || !has_something(job) || !make_kept(job))
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

/* --- answers that were given before --- */

static enum hk_status read_kept(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct hk_intake_job *job = ctx;
    enum hk_status status =
        hk_query_answer(reading, job->job.exchange.tenant, job->job.exchange.actor.id, job->key,
            job->request_sha256, job->kept_since_us, &job->kept_status, &job->job.out, error);

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
    if (job->webhook != NULL)
        hk_tally_count(job->webhook->row, HK_TALLY_repeated, 1);
    hk_job_free(base);
}

/* --- the job --- */

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

bool hk_intake_must_wait(const struct hk_exchange *exchange, size_t size)
{
    struct hk_problem problem = {.status = 503, .retry_after_s = 1};

    problem.detail = reason_to_wait(exchange->api, size);
    if (problem.detail == NULL && hk_ledger_room(exchange->api->ledger, NULL) != HK_ROOM_ENOUGH)
        problem = (struct hk_problem){
            .status = 507, .detail = HK_PROBLEM_TIGHT, .retry_after_s = HK_ROOM_RETRY_S};
    if (problem.detail == NULL)
        return false;
    hk_answer_problem_full(exchange, &problem);
    return true;
}

bool hk_intake_is_under_way(const struct hk_exchange *exchange, const char *key)
{
    for (const struct hk_intake_job *job = exchange->api->intakes; job != NULL;
         job = job->next_intake) {
        if (job->job.exchange.tenant == exchange->tenant && strcmp(job->key, key) == 0 &&
            strcmp(job->job.exchange.actor.id, exchange->actor.id) == 0)
            return true;
    }
    return false;
}

struct hk_intake_job *hk_intake_job_new(const struct hk_exchange *exchange)
{
    struct hk_api *api = exchange->api;
    struct hk_intake_job *job = hk_job_new(exchange, sizeof(*job));

    if (job == NULL)
        return NULL;
    job->job.done = intake_done;
    hk_buf_init(&job->body, HK_HTTP_BODY_SIZE_MAX);
    hk_buf_init(&job->answer_text, HK_HTTP_RESPONSE_SIZE_MAX);
    job->next_intake = api->intakes;
    api->intakes = job;
    job->timer = hk_timer_new(api->loop, next_slice, job);
    if (job->timer == NULL) {
        hk_answer_error(exchange, HK_NOMEM, NULL);
        hk_job_free(&job->job);
        return NULL;
    }
    return job;
}

void hk_intake_job_begin(struct hk_intake_job *job)
{
    if (job->key[0] != '\0') {
        job->job.answer = after_kept;
        hk_job_read(&job->job, read_kept);
    } else {
        next_slice(job);
    }
}
