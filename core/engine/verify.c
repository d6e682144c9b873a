#include "engine/verify.h"

#include "base/log.h"
#include "base/text.h"
#include "engine/dispatch.h"
#include "engine/memory.h"
#include "engine/notice.h"
#include "engine/standing.h"
#include "engine/start.h"
#include "engine/tenant.h"
#include "engine/turn.h"

#include <stdlib.h>
#include <string.h>

enum {
    LOOKS_MAX = 4, /* of a round at once: a plugin has other things to do */
    LOOK_TIME_MAX_MS = 10 * 1000,
    RESULT_SIZE_MAX = 4096, /* of what a plugin says to containment.verified */
};
#define A_DAY_US (24LL * 3600 * 1000000)

/* One look at one containment. */
struct look {
    struct look *next; /* of those that wait for the plugin */
    struct hk_verifier *verifier;
    struct hk_engine *engine;
    struct hk_tenant_state *tenant;
    struct hk_standing standing;
    struct hk_actor actor;
    hk_reply_fn *reply; /* NULL: of a round */
    void *reply_ctx;
    char *args;
    uint64_t call; /* that is under way; 0: none */
    /* what was found */
    const char *check; /* "holds", "drifted", "unknown", "none" (it can't be looked at) */
    char *found;
};

/* The containments of one tenant that a round looks at. */
struct round {
    struct round *next;
    struct hk_verifier *verifier;
    struct hk_tenant_state *tenant;
    struct hk_containment_row *rows;
    size_t count;
    size_t at;
};

struct hk_verifier {
    struct hk_engine *engine;
    struct hk_timer *timer;
    int64_t *next_us; /* of each tenant's next round, as engine->tenants */
    struct round *rounds;
    unsigned open; /* looks of rounds */
    bool is_going;
    struct look *asking;
};

static void go_on(struct hk_verifier *verifier);

/* --- the end of a look --- */

static void answer(struct look *look, enum hk_status status, const struct hk_error *error)
{
    struct hk_buf out;
    struct hk_jw jw;
    hk_buf_init(&out, 2 * HK_REASON_SIZE_MAX);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "id", look->standing.id);
    hk_jw_kv(&jw, "state", hk_containment_state_text(look->standing.state));
    hk_jw_kv(&jw, "action", hk_json_string_at(look->standing.starting.root, "action", NULL));
    hk_jw_kv(&jw, "target", hk_json_string_at(look->standing.starting.root, "target", NULL));
    hk_jw_kv(&jw, "check", look->check);
    hk_jw_kv(&jw, "found", look->found);
    hk_jw_kv_time(&jw, "checked", hk_engine_now_us(look->engine));
    hk_jw_kv_time(&jw, "expires", look->standing.expires_us);
    hk_jw_object_end(&jw);
    look->reply(look->reply_ctx, status, error, out.data);
    hk_buf_done(&out);
}

static void end(struct look *look, enum hk_status status, const struct hk_error *error)
{
    struct hk_verifier *verifier = look->verifier;
    struct hk_engine *engine = look->engine;
    bool is_of_round = look->reply == NULL;
    char id[HK_ID_SIZE];
    (void)hk_copy_text(id, sizeof id, look->standing.id);
    if (look->reply != NULL)
        answer(look, status, error);
    else if (status != HK_OK && status != HK_BUSY && status != HK_TIMEOUT)
        hk_log(HK_LOG_WARNING, "looking at containment %s: %s", id, error->text);
    hk_standing_done(&look->standing);
    free(look->args);
    free(look->found);
    free(look);
    hk_turn_end(engine, id);
    if (is_of_round) {
        verifier->open--;
        go_on(verifier);
    }
}

static void refuse(struct look *look, enum hk_status status, const char *text)
{
    struct hk_error error = {0};
    (void)hk_fail(&error, status, "%s", text);
    end(look, status, &error);
}

/* --- what was found --- */

static void on_written(void *ctx)
{
    end(ctx, HK_OK, NULL);
}

static void put_check(struct look *look, struct hk_tx *tx)
{
    const struct hk_cursor check = {
        .source = HK_CHECK_SHELF, .key = look->standing.id, .value = look->check};
    hk_engine_must(hk_write_cursor(tx->write, look->tenant->number, &check, tx->time_us, NULL),
        "a look", NULL);
}

/* Should the record say so, too? */
static bool is_news(const struct look *look, enum hk_kind kind)
{
    bool was_drifted = look->standing.state == HK_CONTAINMENT_DRIFTED;
    if (was_drifted != (kind == HK_KIND_CONTAINMENT_DRIFTED))
        return true;
    if (!hk_standing_has_room(&look->standing))
        return false;
    if (look->reply != NULL)
        return true;
    if (kind == HK_KIND_CONTAINMENT_VERIFIED)
        return hk_engine_now_us(look->engine) - look->standing.verified_us >= A_DAY_US;
    const char *before = hk_json_string_at(look->standing.drifted.root, "found", "");
    return strcmp(before, look->found) != 0;
}

static void write_entry(
    struct look *look, struct hk_tx *tx, enum hk_kind kind, const struct hk_json *result)
{
    bool was_drifted = look->standing.state == HK_CONTAINMENT_DRIFTED;
    if (!hk_containment_step_to(&look->standing.state, kind))
        hk_engine_must(HK_INTERNAL, "a look", NULL);
    struct hk_jw *jw = hk_tx_entry(tx, kind, look->standing.id);
    if (kind == HK_KIND_CONTAINMENT_DRIFTED)
        hk_jw_kv(jw, "found", look->found);
    else if (result->source_size <= RESULT_SIZE_MAX)
        hk_jw_kv_value(jw, "result", result);
    hk_tx_end(tx);
    if (kind == HK_KIND_CONTAINMENT_DRIFTED && !was_drifted)
        hk_notice_about(tx, HK_REASON_DRIFTED, look->standing.id);
}

/* result is what the plugin said; NULL: nobody can tell, and found says why. */
static void conclude(struct look *look, const struct hk_json *result)
{
    struct hk_tx tx;
    enum hk_kind kind = HK_KIND_CONTAINMENT_VERIFIED;
    if (result != NULL && !hk_json_bool_at(result, "holds", false))
        kind = HK_KIND_CONTAINMENT_DRIFTED;
    if (result == NULL)
        look->check = "unknown";
    else
        look->check = kind == HK_KIND_CONTAINMENT_DRIFTED ? "drifted" : "holds";
    hk_tx_begin(&tx, look->engine, look->tenant, look->actor.id);
    if (result != NULL && is_news(look, kind))
        write_entry(look, &tx, kind, result);
    put_check(look, &tx);
    hk_tx_commit(
        &tx, look->reply != NULL ? HK_LANE_URGENT : HK_LANE_NORMAL, NULL, on_written, look);
}

static char *cut(const char *text)
{
    size_t size = hk_utf8_prefix(text, strlen(text), HK_REASON_SIZE_MAX);
    char *copy = hk_engine_alloc(size + 1);
    memcpy(copy, text, size);
    return copy;
}

static void leave_asking(struct look *look)
{
    struct look **at = &look->verifier->asking;
    while (*at != look)
        at = &(*at)->next;
    *at = look->next;
    look->call = 0;
}

static void on_asked(void *ctx, enum hk_call_end call_end, const char *text)
{
    struct look *look = ctx;
    struct hk_json_doc doc = {0};
    leave_asking(look);
    /* The pool has read it before: an object that says whether it holds. */
    if (call_end == HK_CALL_DONE)
        hk_engine_must(hk_json_parse(text, strlen(text), &hk_json_limits_own, &doc, NULL),
            "the answer to a look", NULL);
    if (call_end != HK_CALL_DONE)
        look->found = cut(text);
    else if (!hk_json_bool_at(doc.root, "holds", false))
        look->found = cut(hk_json_string_at(doc.root, "found", "it does not say what it found"));
    conclude(look, doc.root);
    hk_json_doc_done(&doc);
}

/* --- asking --- */

static void ask(struct look *look)
{
    int64_t left_ms = (look->standing.expires_us - hk_engine_now_us(look->engine)) / 1000;
    const struct hk_out out = {.mode = HK_CALL_VERIFY, .ended = on_asked, .ctx = look};
    const struct hk_call_request request = {
        .key = hk_json_string_at(look->standing.starting.root, "key", ""),
        .args = look->args,
        .deadline_ms = LOOK_TIME_MAX_MS,
        .lease_ms = look->standing.expires_us != 0 && left_ms > 0 ? left_ms : 0,
    };
    look->next = look->verifier->asking;
    look->verifier->asking = look;
    look->call = hk_out_send(look->engine, look->tenant, &out,
        hk_json_string_at(look->standing.starting.root, "action", ""), &request);
}

static void consider(struct look *look)
{
    const struct hk_standing *standing = &look->standing;
    if (standing->state != HK_CONTAINMENT_ACTIVE && standing->state != HK_CONTAINMENT_DRIFTED) {
        struct hk_error error = {0};
        (void)hk_fail(&error, HK_CONFLICT, "it is %s: there is nothing to look at",
            hk_containment_state_text(standing->state));
        end(look, look->reply == NULL ? HK_BUSY : HK_CONFLICT, &error);
        return;
    }
    const struct hk_action_info *info = hk_pool_action(look->engine->pool, look->tenant->name,
        hk_standing_plugin(standing), hk_standing_action(standing));
    const char *hindrance = NULL;
    if (standing->is_by_hand)
        hindrance = "it was made by hand: no plugin can look at it";
    else if (info == NULL)
        hindrance = "its plugin is not there";
    else if (!info->can_verify)
        hindrance = "its plugin can't look whether it still holds";
    if (hindrance != NULL) {
        look->check = "none";
        look->found = cut(hindrance);
        end(look, HK_OK, NULL);
    } else if ((look->args = hk_standing_args(standing)) == NULL) {
        refuse(look, HK_NOMEM, "out of memory");
    } else {
        ask(look);
    }
}

static enum hk_status read_containment(
    struct hk_reading *reading, void *job, struct hk_error *error)
{
    return hk_standing_read(&((struct look *)job)->standing, reading, error);
}

static void on_read(void *job, enum hk_status status, const struct hk_error *error)
{
    struct look *look = job;
    if (status != HK_OK)
        end(look, status, error);
    else if (look->engine->is_stopping)
        refuse(look, HK_BUSY, "the engine is stopping; try again later");
    else
        consider(look);
}

static void go(void *ctx)
{
    struct look *look = ctx;
    struct hk_error error = {0};
    if (hk_ledger_read(look->engine->ledger, read_containment, on_read, look, &error) != HK_OK)
        end(look, error.status, &error);
}

static void begin(struct hk_engine *engine, struct hk_tenant_state *tenant, const char *id,
    const struct hk_actor *actor, hk_reply_fn *reply, void *ctx)
{
    struct look *look = hk_engine_alloc(sizeof *look);
    look->verifier = engine->verifier;
    look->engine = engine;
    look->tenant = tenant;
    look->reply = reply;
    look->reply_ctx = ctx;
    if (actor != NULL)
        look->actor = *actor;
    else
        (void)hk_copy_text(look->actor.id, sizeof look->actor.id, "engine");
    hk_standing_init(&look->standing, tenant->number, id);
    hk_turn_take(engine, look->standing.id, go, look);
}

/* Whether this actor's role allows it was checked at the door (api). */
void hk_engine_verify(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *containment, hk_reply_fn *reply, void *ctx)
{
    if (!engine->is_ready || engine->is_stopping) {
        hk_reply_busy(reply, ctx);
        return;
    }
    begin(engine, hk_tenant_of(engine, tenant), containment, actor, reply, ctx);
}

void hk_verify_forget(struct hk_tx *tx, const char *containment)
{
    const struct hk_cursor none = {.source = HK_CHECK_SHELF, .key = containment};
    hk_engine_must(hk_write_cursor(tx->write, tx->tenant->number, &none, tx->time_us, NULL),
        "a containment's end", NULL);
}

/* --- rounds --- */

static void arm(struct hk_verifier *verifier)
{
    const struct hk_engine *engine = verifier->engine;
    int64_t next_us = INT64_MAX;
    for (size_t i = 0; i < engine->tenant_count; i++)
        if (verifier->next_us[i] < next_us)
            next_us = verifier->next_us[i];
    int64_t after_ms = (next_us - hk_engine_now_us(verifier->engine)) / 1000;
    if (next_us != INT64_MAX)
        hk_timer_arm(verifier->timer, after_ms > 0 ? after_ms + 1 : 1);
}

static bool can_be_verified(const struct round *round, const struct hk_containment_row *row)
{
    const char *capability;
    const struct hk_action_info *info =
        hk_tenant_action(round->verifier->engine, round->tenant, row->action, &capability);
    return info != NULL && info->can_verify;
}

/* Begin as many looks as may be open; drop the rounds that are through. */
static void go_on(struct hk_verifier *verifier)
{
    if (verifier->is_going) /* a look that ended at once: the loop below sees it */
        return;
    verifier->is_going = true;
    while (verifier->rounds != NULL && verifier->open < LOOKS_MAX) {
        struct round *round = verifier->rounds;
        if (round->at == round->count || verifier->engine->is_stopping) {
            verifier->rounds = round->next;
            free(round->rows);
            free(round);
            continue;
        }
        const struct hk_containment_row *row = &round->rows[round->at++];
        if (!can_be_verified(round, row))
            continue;
        verifier->open++;
        begin(verifier->engine, round->tenant, row->id, NULL, NULL, NULL);
    }
    verifier->is_going = false;
}

static enum hk_status add_row(void *ctx, const struct hk_containment_row *row)
{
    struct round *round = ctx;
    if ((round->count & (round->count - 1)) == 0) { /* 0, 1, 2, 4 …: full */
        size_t capacity = round->count == 0 ? 1 : 2 * round->count;
        struct hk_containment_row *rows = realloc(round->rows, capacity * sizeof *rows);
        if (rows == NULL)
            return HK_NOMEM;
        round->rows = rows;
    }
    round->rows[round->count++] = *row;
    return HK_OK;
}

static enum hk_status read_round(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct round *round = job;
    return hk_query_containments_standing(reading, round->tenant->number, add_row, round, error);
}

static void on_round(void *job, enum hk_status status, const struct hk_error *error)
{
    struct round *round = job;
    struct round **end_of_list = &round->verifier->rounds;
    if (status != HK_OK)
        hk_log(HK_LOG_WARNING, "tenant %s: which containments stand: %s", round->tenant->name,
            error->text);
    while (*end_of_list != NULL)
        end_of_list = &(*end_of_list)->next;
    *end_of_list = round;
    go_on(round->verifier);
}

static bool is_at_it(const struct hk_verifier *verifier, const struct hk_tenant_state *tenant)
{
    const struct round *round = verifier->rounds;
    while (round != NULL && round->tenant != tenant)
        round = round->next;
    return round != NULL;
}

static void on_timer(void *ctx)
{
    struct hk_verifier *verifier = ctx;
    struct hk_engine *engine = verifier->engine;
    int64_t now_us = hk_engine_now_us(engine);
    struct hk_error error = {0};
    if (engine->is_stopping)
        return;
    for (size_t i = 0; i < engine->tenant_count; i++) {
        struct hk_tenant_state *tenant = engine->tenants[i];
        if (verifier->next_us[i] > now_us)
            continue;
        verifier->next_us[i] = now_us + tenant->verify_every_ms * 1000;
        if (is_at_it(verifier, tenant)) /* the last round is not through */
            continue;
        struct round *round = hk_engine_alloc(sizeof *round);
        round->verifier = verifier;
        round->tenant = tenant;
        enum hk_status status = hk_ledger_read(engine->ledger, read_round, on_round, round, &error);
        if (status != HK_OK)
            on_round(round, status, &error);
    }
    arm(verifier);
}

/* --- life --- */

enum hk_status hk_verifier_new(
    struct hk_engine *engine, struct hk_verifier **ret_verifier, struct hk_error *error)
{
    struct hk_verifier *verifier = calloc(1, sizeof *verifier);
    if (verifier == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for looks at containments");
    verifier->engine = engine;
    verifier->timer = hk_timer_new(engine->options.loop, on_timer, verifier);
    if (verifier->timer == NULL) {
        free(verifier);
        return hk_fail(error, HK_NOMEM, "no memory for looks at containments");
    }
    *ret_verifier = verifier;
    return HK_OK;
}

void hk_verifier_start(struct hk_verifier *verifier)
{
    verifier->next_us =
        hk_engine_alloc((verifier->engine->tenant_count + 1) * sizeof *verifier->next_us);
    hk_timer_arm(verifier->timer, 0);
}

void hk_verifier_stop(struct hk_verifier *verifier)
{
    hk_timer_disarm(verifier->timer);
    while (verifier->asking != NULL) {
        struct look *look = verifier->asking;
        verifier->asking = look->next;
        hk_out_forget(verifier->engine, look->call);
        refuse(look, HK_BUSY, "the engine is stopping; try again later");
    }
}

void hk_verifier_free(struct hk_verifier *verifier)
{
    if (verifier == NULL)
        return;
    while (verifier->rounds != NULL) {
        struct round *round = verifier->rounds;
        verifier->rounds = round->next;
        free(round->rows);
        free(round);
    }
    hk_timer_free(verifier->timer);
    free(verifier->next_us);
    free(verifier);
}
