/*
 * notice_lane: see notice_lane.h.
 */
#include "engine/notice_lane.h"

#include "base/log.h"
#include "base/text.h"
#include "engine/memory.h"
#include "engine/start.h"
#include "engine/states.h"
#include "engine/tenant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A wall clock may jump forward while the monotonic timer sleeps: never sleep longer than this. */
enum { SLEEP_MAX_MS = 60 * 1000, RETRY_MS = 1000 };

static void look(struct hk_notices *notices);

/* --- the timer --- */

static void arm(struct hk_notices *notices, int64_t due_us)
{
    int64_t after_ms = (due_us - hk_engine_now_us(notices->engine)) / 1000 + 1;

    if (due_us <= hk_engine_now_us(notices->engine))
        after_ms = 0;
    if (after_ms > SLEEP_MAX_MS)
        after_ms = SLEEP_MAX_MS;
    notices->wake_us = due_us;
    hk_timer_arm(notices->timer, after_ms);
}

static void arm_if_sooner(struct hk_notices *notices, int64_t due_us)
{
    if (notices->is_started && !notices->engine->is_stopping && due_us < notices->wake_us)
        arm(notices, due_us);
}

void hk_notices_wake(struct hk_engine *engine, int64_t due_us)
{
    arm_if_sooner(engine->notices, due_us);
}

static void on_timer(void *ctx)
{
    struct hk_notices *notices = ctx;

    notices->wake_us = INT64_MAX;
    if (!notices->engine->is_stopping)
        look(notices);
}

/* --- one lane --- */

void hk_lane_end(struct sending *sending)
{
    struct hk_notices *notices = sending->notices;

    sending->lane->is_busy = false;
    notices->open--;
    hk_buf_done(&sending->doc);
    free(sending->rows);
    free(sending);
    arm_if_sooner(notices, hk_engine_now_us(notices->engine));
    hk_engine_check_stopped(notices->engine);
}

static void on_dropped(void *ctx)
{
    hk_lane_end(ctx);
}

static bool is_too_old(const struct sending *sending, const struct hk_notice_row *row)
{
    return row->tries == 0 &&
           row->due_us + HK_NOTICE_AGE_MAX_MS * 1000 < hk_engine_now_us(sending->notices->engine);
}

/* Those that can't (why says so, for all) or need not be sent any more. False: there are none. */
static bool drop(struct sending *sending, const char *why)
{
    struct hk_tx tx;

    hk_tx_begin(&tx, sending->notices->engine, sending->tenant, "engine");
    for (size_t i = 0; i < sending->row_count; i++) {
        enum hk_notice_state state = HK_NOTICE_STATE_QUEUED;
        const struct hk_notice_row *row = &sending->rows[i];
        const char *reason = why != NULL                ? why
                             : row->is_stale            ? "it was decided meanwhile"
                             : is_too_old(sending, row) ? "it could not be sent for a day"
                                                        : NULL;
        if (reason == NULL)
            continue;
        if (!hk_notice_step_to(&state, HK_KIND_NOTICE_DROPPED, false))
            hk_engine_must(HK_INTERNAL, "dropping a notice", NULL);
        hk_tx_simple(&tx, HK_KIND_NOTICE_DROPPED, row->id, "why", reason, NULL, NULL);
    }
    if (tx.entry_count == 0) {
        hk_write_free(tx.write);
        hk_buf_done(&tx.payload);
        return false;
    }
    hk_tx_commit(&tx, HK_LANE_NORMAL, NULL, on_dropped, sending);
    return true;
}

static bool can_be_gathered(const struct hk_notice_row *row)
{
    return row->tries == 0 && strcmp(row->reason, "gathered") != 0 &&
           strcmp(row->reason, "digest") != 0 && strcmp(row->reason, "test") != 0;
}

static void on_gathered(void *ctx)
{
    hk_notice_send(ctx);
}

/* All that can be gathered becomes one notice, which is sent. */
static void gather(struct sending *sending)
{
    struct hk_tx tx;

    hk_tx_begin(&tx, sending->notices->engine, sending->tenant, "engine");
    hk_id_new("no", tx.time_us, sending->id);
    memset(&sending->row, 0, sizeof sending->row);
    (void)hk_copy_text(sending->row.reason, sizeof sending->row.reason, "gathered");
    memcpy(sending->row.language, sending->rows[0].language, sizeof sending->row.language);
    sending->row.queued_us = tx.time_us;
    struct hk_jw *jw = hk_tx_entry(&tx, HK_KIND_NOTICE_GATHERED, sending->id);
    hk_jw_kv(jw, "contact", sending->at.contact);
    hk_jw_kv(jw, "channel", sending->at.channel);
    hk_jw_kv(jw, "language", sending->rows[0].language);
    hk_jw_key(jw, "of");
    hk_jw_array(jw);
    for (size_t i = 0; i < sending->row_count; i++)
        if (can_be_gathered(&sending->rows[i]))
            hk_jw_string(jw, sending->rows[i].id);
    hk_jw_array_end(jw);
    hk_tx_end(&tx);
    hk_tx_commit(&tx, HK_LANE_NORMAL, NULL, on_gathered, sending);
}

static void take_token(const struct hk_contacts *contacts, struct lane *lane, int64_t now_us)
{
    if (lane->tokens == contacts->burst)
        lane->refill_us = now_us + contacts->gather_ms * 1000;
    if (lane->tokens > 0)
        lane->tokens--;
}

static void send_next(struct sending *sending)
{
    const struct hk_contacts *contacts = sending->tenant->contacts;
    struct lane *lane = sending->lane;
    size_t gatherable = 0;

    for (size_t i = 0; i < sending->row_count; i++)
        gatherable += can_be_gathered(&sending->rows[i]);
    bool is_much = gatherable > lane->tokens;
    take_token(contacts, lane, hk_engine_now_us(sending->notices->engine));
    if (lane->has_sent && is_much && gatherable > 1 && can_be_gathered(&sending->rows[0])) {
        gather(sending);
        return;
    }
    lane->has_sent = true;
    sending->row = sending->rows[0];
    (void)hk_copy_text(sending->id, sizeof sending->id, sending->row.id);
    hk_notice_send(sending);
}

static enum hk_status read_lane(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct sending *sending = job;

    return hk_query_notices_due(reading, &sending->at, sending->row.queued_us, sending->rows,
        HK_NOTICES_GATHERED_MAX, &sending->row_count, error);
}

static void on_lane(void *job, enum hk_status status, const struct hk_error *error)
{
    struct sending *sending = job;
    struct hk_engine *engine = sending->notices->engine;
    const struct hk_contacts *contacts = sending->tenant->contacts;
    const struct hk_contact *contact = hk_contact_find(contacts, sending->at.contact);

    if (status != HK_OK) {
        hk_log(HK_LOG_WARNING, "tenant %s: notices for %s: %s", sending->tenant->name,
            sending->at.contact, error->text);
        sending->lane->pause_us = hk_engine_now_us(engine) + RETRY_MS * 1000;
        hk_lane_end(sending);
    } else if (sending->row_count == 0 || engine->is_stopping) {
        hk_lane_end(sending);
    } else if (hk_contact_way(contacts, contact, sending->at.channel) == NULL) {
        (void)drop(sending, "the contact or its channel is not configured any more");
    } else if (!drop(sending, NULL)) {
        send_next(sending);
    }
}

static void start(struct hk_notices *notices, struct lane *lane, const struct hk_notice_lane *at)
{
    struct hk_error error = {0};
    struct sending *sending = hk_engine_alloc(sizeof *sending);

    sending->notices = notices;
    sending->lane = lane;
    sending->at = *at;
    sending->tenant = hk_tenant_of(notices->engine, at->tenant);
    sending->rows = hk_engine_alloc(HK_NOTICES_GATHERED_MAX * sizeof *sending->rows);
    sending->row.queued_us = hk_engine_now_us(notices->engine); /* for the question: until now */
    hk_buf_init(&sending->doc, HK_PAYLOAD_SIZE_MAX * 4);
    lane->is_busy = true;
    notices->open++;
    enum hk_status status =
        hk_ledger_read(notices->engine->ledger, read_lane, on_lane, sending, &error);
    if (status != HK_OK)
        on_lane(sending, status, &error);
}

static struct lane *lane_of(struct hk_notices *notices, const struct hk_notice_lane *at)
{
    char key[sizeof(((struct lane *)NULL)->key)];
    struct lane *lane;

    (void)snprintf(key, sizeof key, "%u/%s/%s", (unsigned)at->tenant, at->contact, at->channel);
    lane = hk_map_get(&notices->lanes, key);
    if (lane == NULL) {
        lane = hk_engine_alloc(sizeof *lane);
        memcpy(lane->key, key, sizeof key);
        lane->tokens = UINT32_MAX; /* full, whatever that is */
        hk_engine_must(hk_map_put(&notices->lanes, lane->key, lane), "a lane", NULL);
    }
    return lane;
}

/* When this lane may send next, after what it has sent. */
static int64_t free_at(const struct hk_contacts *contacts, struct lane *lane, int64_t now_us)
{
    if (contacts == NULL)
        return 0; /* nothing is sent, what waits is dropped */
    while (lane->tokens < contacts->burst && now_us >= lane->refill_us) {
        lane->tokens++;
        lane->refill_us += contacts->gather_ms * 1000;
    }
    if (lane->tokens > contacts->burst)
        lane->tokens = contacts->burst;
    if (lane->tokens == 0 && lane->refill_us > lane->pause_us)
        return lane->refill_us;
    return lane->pause_us;
}

/* --- all of them --- */

struct looking {
    struct hk_notices *notices;
    struct hk_notice_lane *lanes;
    size_t count;
    size_t capacity;
};

static void take_lane(void *ctx, const struct hk_notice_lane *lane)
{
    struct looking *looking = ctx;

    if (looking->count == looking->capacity) {
        looking->capacity = looking->capacity * 2 + 16;
        looking->lanes = hk_engine_grow(looking->lanes, looking->capacity * sizeof *looking->lanes);
    }
    looking->lanes[looking->count++] = *lane;
}

static enum hk_status read_lanes(struct hk_reading *reading, void *job, struct hk_error *error)
{
    return hk_query_notice_lanes(reading, take_lane, job, error);
}

/* Start what may go; when the next one may. */
static int64_t start_lanes(struct hk_notices *notices, const struct looking *looking)
{
    struct hk_engine *engine = notices->engine;
    int64_t now_us = hk_engine_now_us(engine);
    int64_t next_us = INT64_MAX;

    for (size_t i = 0; i < looking->count; i++) {
        const struct hk_notice_lane *at = &looking->lanes[i];
        const struct hk_tenant_state *tenant = hk_tenant_of(engine, at->tenant);
        struct lane *lane = lane_of(notices, at);
        if (tenant == NULL || lane->is_busy)
            continue;
        int64_t free_us = free_at(tenant->contacts, lane, now_us);
        int64_t ready_us = free_us > at->due_us ? free_us : at->due_us;
        if (ready_us <= now_us)
            start(notices, lane, at);
        else if (ready_us < next_us)
            next_us = ready_us;
    }
    return next_us;
}

static void on_lanes(void *job, enum hk_status status, const struct hk_error *error)
{
    struct looking *looking = job;
    struct hk_notices *notices = looking->notices;
    struct hk_engine *engine = notices->engine;
    int64_t next_us;

    notices->is_looking = false;
    if (engine->is_stopping) {
        hk_engine_check_stopped(engine);
    } else if (status != HK_OK) {
        hk_log(HK_LOG_WARNING, "notices: %s", error->text);
        arm_if_sooner(notices, hk_engine_now_us(engine) + RETRY_MS * 1000);
    } else {
        int64_t digest_us = hk_digests_check(engine);
        next_us = start_lanes(notices, looking);
        if (digest_us < next_us)
            next_us = digest_us;
        /* Also when nothing is known to come: digests follow the wall clock, which may jump. */
        if (next_us == INT64_MAX)
            next_us = hk_engine_now_us(engine) + SLEEP_MAX_MS * INT64_C(1000);
        arm_if_sooner(notices, next_us);
    }
    free(looking->lanes);
    free(looking);
}

static void look(struct hk_notices *notices)
{
    struct hk_error error = {0};
    struct looking *looking;

    if (notices->is_looking) { /* what came meanwhile may not be in what is being read */
        arm(notices, hk_engine_now_us(notices->engine) + 1000);
        return;
    }
    looking = hk_engine_alloc(sizeof *looking);
    looking->notices = notices;
    notices->is_looking = true;
    enum hk_status status =
        hk_ledger_read(notices->engine->ledger, read_lanes, on_lanes, looking, &error);
    if (status != HK_OK)
        on_lanes(looking, status, &error);
}

/* --- beginning and end --- */

enum hk_status hk_notices_new(
    struct hk_engine *engine, struct hk_notices **ret_notices, struct hk_error *error)
{
    struct hk_notices *notices = hk_engine_alloc(sizeof *notices);
    enum hk_status status;

    notices->engine = engine;
    notices->wake_us = INT64_MAX;
    notices->way = (struct hk_http_way){.connector = engine->connector};
    notices->private_way =
        (struct hk_http_way){.connector = engine->connector, .may_be_private = true};
    hk_map_init(&notices->lanes);
    notices->timer = hk_timer_new(engine->options.loop, on_timer, notices);
    status = notices->timer != NULL ? hk_http_async_new(engine->options.loop, &notices->http, error)
                                    : hk_fail(error, HK_NOMEM, "engine: out of memory");
    if (status != HK_OK) {
        hk_notices_free(notices);
        return status;
    }
    *ret_notices = notices;
    return HK_OK;
}

void hk_notices_free(struct hk_notices *notices)
{
    size_t cursor = 0;
    struct lane *lane;

    if (notices == NULL)
        return;
    hk_http_async_free(notices->http);
    for (size_t i = 0; i < notices->engine->tenant_count; i++) {
        hk_mailer_free(notices->engine->tenants[i]->mailer);
        notices->engine->tenants[i]->mailer = NULL;
    }
    while ((lane = hk_map_next(&notices->lanes, &cursor)) != NULL)
        free(lane);
    hk_map_done(&notices->lanes);
    if (notices->timer != NULL)
        hk_timer_free(notices->timer);
    free(notices);
}

void hk_notices_start(struct hk_notices *notices)
{
    notices->is_started = true;
    arm_if_sooner(notices, 0);
}

size_t hk_notices_open(const struct hk_notices *notices)
{
    return notices->open + notices->is_looking;
}
