/*
 * notice_digest: what people are told at a set time whether anything happened or not, so that
 * silence means something; and the test of a contact.
 */
#include "engine/memory.h"
#include "engine/notice.h"
#include "engine/start.h"
#include "engine/tenant.h"
#include "ledger/query_notice.h"

#include <stdlib.h>

#define US_PER_MINUTE INT64_C(60000000)
#define MINUTES_PER_DAY 1440

/* The last time at or before now_us at which the digest was due. */
static int64_t last_due(const struct hk_contacts *contacts, int64_t now_us)
{
    int64_t local = now_us / US_PER_MINUTE + contacts->zone_minutes;
    int64_t day = local / MINUTES_PER_DAY;

    if (local % MINUTES_PER_DAY < contacts->digest_minute)
        day--;
    return (day * MINUTES_PER_DAY + contacts->digest_minute - contacts->zone_minutes) *
           US_PER_MINUTE;
}

/* How many notices were queued; done is called once they are on disk, if there are any. */
static size_t queue_digest(struct hk_engine *engine, struct hk_tenant_state *tenant,
    const char *actor, struct hk_jw *ids, hk_tx_done_fn *done, void *ctx)
{
    const struct hk_contacts *contacts = tenant->contacts;
    const struct hk_notice_draft draft = {.reason = HK_REASON_DIGEST, .next_us = -1, .ids = ids};
    uint64_t rooms = 0;
    struct hk_tx tx;

    hk_tx_begin(&tx, engine, tenant, actor);
    for (unsigned i = 0; i < contacts->count; i++)
        if (hk_contact_is_in(&contacts->items[i], contacts->digest_to) &&
            (contacts->items[i].reasons >> HK_REASON_DIGEST & 1) != 0)
            hk_notice_queue(&tx, &contacts->items[i], &draft, &rooms);
    size_t count = tx.entry_count;
    tenant->digest_last_us = tx.time_us;
    if (count == 0) {
        hk_write_free(tx.write);
        hk_buf_done(&tx.payload);
    } else {
        hk_tx_commit(&tx, HK_LANE_NORMAL, NULL, done, ctx);
    }
    return count;
}

int64_t hk_digests_check(struct hk_engine *engine)
{
    int64_t now_us = hk_engine_now_us(engine);
    int64_t next_us = INT64_MAX;

    for (size_t i = 0; i < engine->tenant_count; i++) {
        struct hk_tenant_state *tenant = engine->tenants[i];
        const struct hk_contacts *contacts = tenant->contacts;
        if (contacts == NULL || contacts->digest_minute < 0)
            continue;
        int64_t due_us = last_due(contacts, now_us);
        if (due_us > tenant->digest_last_us)
            (void)queue_digest(engine, tenant, "engine", NULL, NULL, NULL);
        due_us += MINUTES_PER_DAY * US_PER_MINUTE;
        if (due_us < next_us)
            next_us = due_us;
    }
    return next_us;
}

enum hk_status hk_digests_load(
    struct hk_reading *reading, struct hk_engine *engine, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < engine->tenant_count && status == HK_OK; i++) {
        struct hk_tenant_state *tenant = engine->tenants[i];
        int64_t opened_us = 0;
        status = hk_query_digest_last(
            reading, tenant->number, &tenant->digest_last_us, &opened_us, error);
        /* A ledger that is younger than the digest's time today waits for tomorrow. */
        if (opened_us > tenant->digest_last_us)
            tenant->digest_last_us = opened_us;
    }
    return status;
}

/* --- on demand --- */

struct asked {
    hk_reply_fn *reply;
    void *reply_ctx;
    struct hk_buf answer;
};

static void on_asked(void *ctx)
{
    struct asked *asked = ctx;

    asked->reply(asked->reply_ctx, HK_OK, NULL, asked->answer.data);
    hk_buf_done(&asked->answer);
    free(asked);
}

static void refuse(hk_reply_fn *reply, void *ctx, const char *what, const char *name)
{
    struct hk_error error = {0};

    (void)hk_fail(&error, HK_NOT_FOUND, "there is no %s%.64s", what, name);
    reply(ctx, HK_NOT_FOUND, &error, NULL);
}

void hk_engine_contact_test(struct hk_engine *engine, hk_tenant tenant,
    const struct hk_actor *actor, const char *contact, hk_reply_fn *reply, void *ctx)
{
    struct hk_tenant_state *state = hk_tenant_of(engine, tenant);
    const struct hk_contact *found = hk_contact_find(state->contacts, contact);
    struct hk_notice_draft draft = {.reason = HK_REASON_TEST, .next_us = -1};
    struct hk_jw jw;
    struct hk_tx tx;

    if (!engine->is_ready || engine->is_stopping) {
        hk_reply_busy(reply, ctx);
        return;
    }
    if (found == NULL) {
        refuse(reply, ctx, "contact ", contact);
        return;
    }
    struct asked *asked = hk_engine_alloc(sizeof *asked);
    *asked = (struct asked){.reply = reply, .reply_ctx = ctx};
    hk_buf_init(&asked->answer, HK_PAYLOAD_SIZE_MAX);
    hk_jw_init(&jw, &asked->answer);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "contact", found->name);
    hk_jw_key(&jw, "notices");
    hk_jw_array(&jw);
    draft.ids = &jw;
    hk_tx_begin(&tx, engine, state, actor->id);
    hk_notice_queue(&tx, found, &draft, NULL);
    hk_jw_array_end(&jw);
    hk_jw_object_end(&jw);
    hk_tx_commit(&tx, HK_LANE_NORMAL, NULL, on_asked, asked);
}

void hk_engine_digest(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    hk_reply_fn *reply, void *ctx)
{
    struct hk_tenant_state *state = hk_tenant_of(engine, tenant);
    struct hk_jw jw;

    if (!engine->is_ready || engine->is_stopping) {
        hk_reply_busy(reply, ctx);
        return;
    }
    if (state->contacts == NULL || state->contacts->count == 0) {
        refuse(reply, ctx, "contact", "");
        return;
    }
    struct asked *asked = hk_engine_alloc(sizeof *asked);
    *asked = (struct asked){.reply = reply, .reply_ctx = ctx};
    hk_buf_init(&asked->answer, HK_PAYLOAD_SIZE_MAX);
    hk_jw_init(&jw, &asked->answer);
    hk_jw_object(&jw);
    hk_jw_key(&jw, "notices");
    hk_jw_array(&jw);
    size_t count = queue_digest(engine, state, actor->id, &jw, on_asked, asked);
    hk_jw_array_end(&jw);
    hk_jw_object_end(&jw);
    if (count == 0)
        on_asked(asked);
}
