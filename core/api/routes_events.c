/*
 * routes_events: who waits for something new, and what they are told; see events.h.
 */
#include "api/events.h"

#include "api/route_table.h"
#include "base/time.h"
#include "ledger/query_events.h"
#include "limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CURSOR_SIZE = 3 + 16 }; /* "ev", the entry's number in hexadecimal digits, NUL */

struct event_job {
    struct hk_job job;
    struct event_job *next; /* of those that wait */
    struct event_job **at;  /* what points here; NULL: it doesn't wait */
    struct hk_event_look look;
    unsigned count;        /* events in out */
    uint64_t entries_seen; /* that the ledger had when it was looked at last */
    int64_t until_ms;      /* monotonic */
};

struct hk_events {
    struct hk_ledger *ledger;
    struct hk_timer *timer;
    struct event_job *waiting;
    unsigned waiting_count;
    bool is_draining;
};

/* --- cursors --- */

static void write_cursor(uint64_t next_seq, char ret_cursor[CURSOR_SIZE])
{
    (void)snprintf(ret_cursor, CURSOR_SIZE, "ev%016" PRIx64, next_seq);
}

static bool read_cursor(const char *cursor, uint64_t *ret_next_seq)
{
    uint8_t bytes[8];

    if (strncmp(cursor, "ev", 2) != 0 ||
        !hk_hex_decode_exact(cursor + 2, strlen(cursor + 2), bytes, sizeof(bytes)))
        return false;
    *ret_next_seq = 0;
    for (size_t i = 0; i < sizeof(bytes); i++)
        *ret_next_seq = *ret_next_seq << 8 | bytes[i];
    return true;
}

/* --- what is told --- */

static void add_event(void *ctx, const struct hk_entry *entry)
{
    struct event_job *job = ctx;
    char cursor[CURSOR_SIZE];
    struct hk_jw jw;

    write_cursor(entry->seq + 1, cursor);
    hk_buf_appendf(&job->job.out, "id: %s\nevent: %s\ndata: ", cursor, hk_kind_text(entry->kind));
    hk_jw_init(&jw, &job->job.out);
    hk_jw_object(&jw);
    hk_jw_kv_i64(&jw, "seq", (int64_t)entry->seq);
    hk_jw_kv_time(&jw, "time", entry->time_us);
    hk_jw_kv(&jw, "kind", hk_kind_text(entry->kind));
    hk_jw_kv(&jw, "subject", entry->subject);
    hk_jw_kv(&jw, "actor", entry->actor);
    hk_jw_object_end(&jw);
    hk_buf_appendf(&job->job.out, "\n\n");
    job->count++;
}

/* End the answer. An id without data moves the client's cursor and is no event. */
static void answer(struct event_job *job, int retry_ms)
{
    struct hk_buf *out = &job->job.out;
    char cursor[CURSOR_SIZE];
    struct hk_error error;

    write_cursor(job->look.next_seq, cursor);
    if (job->look.is_beyond_end)
        hk_buf_appendf(out, "id: %s\nevent: reset\ndata: {}\n\n", cursor);
    hk_buf_appendf(out, "retry: %d\nid: %s\n\n", retry_ms, cursor);
    if (hk_buf_check(out, "events", &error) != HK_OK)
        hk_answer_error(&job->job.exchange, error.status, &error);
    else
        hk_answer_text(&job->job.exchange, 200, "text/event-stream", out->data, out->size);
    hk_job_free(&job->job);
}

/* --- waiting --- */

static void stop_waiting(struct event_job *job)
{
    if (job->at == NULL)
        return;
    *job->at = job->next;
    if (job->next != NULL)
        job->next->at = job->at;
    job->at = NULL;
    job->job.exchange.api->events->waiting_count--;
}

static void job_done(struct hk_job *base)
{
    stop_waiting((struct event_job *)base);
}

static uint64_t entries_now(struct hk_events *events)
{
    struct hk_ledger_stats stats;

    hk_ledger_stats(events->ledger, &stats);
    return stats.entries;
}

static enum hk_status read_events(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct event_job *job = ctx;

    return hk_query_events(reading, &job->look, error);
}

static void look(struct event_job *job)
{
    job->entries_seen = entries_now(job->job.exchange.api->events);
    hk_job_read(&job->job, read_events);
}

static void after_look(struct hk_job *base)
{
    struct event_job *job = (struct event_job *)base;
    struct hk_events *events = base->exchange.api->events;

    job->look.is_from_end = false;
    if (job->count > 0 || job->look.is_beyond_end || events->is_draining ||
        hk_time_monotonic_ms() >= job->until_ms) {
        answer(job, HK_EVENTS_RETRY_MS);
    } else if (job->look.has_more) {
        look(job);
    } else if (events->waiting_count >= HK_EVENTS_WAITING_MAX) {
        answer(job, HK_EVENTS_RETRY_FULL_MS);
    } else {
        job->next = events->waiting;
        job->at = &events->waiting;
        if (job->next != NULL)
            job->next->at = &job->next;
        events->waiting = job;
        if (events->waiting_count++ == 0)
            hk_timer_arm(events->timer, HK_EVENTS_LOOK_MS);
    }
}

/* Look again for those for whom something was written, and let go those who waited long enough. */
static void on_timer(void *ctx)
{
    struct hk_events *events = ctx;
    struct event_job *job = events->waiting;
    uint64_t entries = entries_now(events);
    int64_t now_ms = hk_time_monotonic_ms();

    while (job != NULL) {
        struct event_job *next = job->next;

        if (job->entries_seen != entries) {
            stop_waiting(job);
            look(job);
        } else if (events->is_draining || now_ms >= job->until_ms) {
            answer(job, HK_EVENTS_RETRY_MS);
        }
        job = next;
    }
    if (events->waiting != NULL)
        hk_timer_arm(events->timer, HK_EVENTS_LOOK_MS);
}

enum hk_status hk_events_new(struct hk_loop *loop, struct hk_ledger *ledger,
    struct hk_events **ret_events, struct hk_error *error)
{
    struct hk_events *events = calloc(1, sizeof(*events));

    if (events != NULL)
        events->timer = hk_timer_new(loop, on_timer, events);
    if (events == NULL || events->timer == NULL) {
        free(events);
        return hk_fail(error, HK_NOMEM, "no memory for events");
    }
    events->ledger = ledger;
    *ret_events = events;
    return HK_OK;
}

void hk_events_free(struct hk_events *events)
{
    if (events == NULL)
        return;
    hk_timer_free(events->timer);
    free(events);
}

void hk_events_drain(struct hk_events *events)
{
    events->is_draining = true;
    on_timer(events);
}

/* --- the route --- */

/* The cursor, from the header that EventSource sends, or from the query for the first time. False:
 * it is answered. */
static bool take_cursor(const struct hk_exchange *exchange, const struct hk_http_request *request,
    struct hk_event_look *ret_look)
{
    const char *header = hk_http_header(request, "last-event-id");
    char after[CURSOR_SIZE + 1];

    if (!hk_take_query(exchange, request, "after", after, sizeof(after)))
        return false;
    if (header == NULL || header[0] == '\0')
        header = after;
    ret_look->is_from_end = header[0] == '\0';
    if (ret_look->is_from_end || read_cursor(header, &ret_look->next_seq))
        return true;
    hk_answer_problem(exchange, 400, "Last-Event-ID: expected the id of an event");
    return false;
}

void hk_route_events(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_event_look from = {.tenant = exchange->tenant, .fn = add_event};
    uint64_t wait_s = HK_EVENTS_WAIT_S;
    struct event_job *job;
    bool is_given;

    (void)body;
    if (!take_cursor(exchange, request, &from) ||
        !hk_take_number(exchange, request, "wait", HK_EVENTS_WAIT_S, &wait_s, &is_given))
        return;
    job = hk_job_new(exchange, sizeof(*job));
    if (job == NULL)
        return;
    job->look = from;
    job->look.ctx = job;
    job->until_ms = hk_time_monotonic_ms() + (int64_t)wait_s * 1000;
    job->job.answer = after_look;
    job->job.done = job_done;
    look(job);
}

static const struct hk_param events_query[] = {
    {"after", "the id of the event after which to go on, where Last-Event-ID can't be sent"},
    {"wait", "seconds to wait for something new, 0 to 25; 25 unless given"},
    {NULL, NULL},
};

const struct hk_route hk_routes_events[] = {
    {.method = "GET",
        .path = "/v1/events",
        .role = "viewer",
        .handler = hk_route_events,
        .summary = "Follow what happens: server-sent events, each the kind and id of what changed",
        .query = events_query,
        .status = 200,
        .answer =
            "what is new since Last-Event-ID; the answer ends then, come again with the last id",
        .answer_type = "text/event-stream",
        .problems = {400, 503}},
    {.method = NULL, .more = hk_routes_gaps},
};
