/*
 * versions_op: what people do about versions while the engine runs: take what the files now say,
 * try, promote, roll back. Texts are read and looked up on a reader's thread; what is in force is
 * judged and changed on the loop, in one transaction with its entry.
 */
#include "base/text.h"
#include "engine/memory.h"
#include "engine/playbook.h"
#include "engine/start.h"
#include "engine/tenant.h"
#include "engine/trial.h"
#include "engine/versions.h"
#include "ledger/query_playbook.h"

#include <stdlib.h>
#include <string.h>

struct text {
    char *file;
    char *source;
    size_t size;
    struct hk_playbook *playbook; /* once read; NULL: error says why not */
    struct hk_error error;
    bool is_recorded;
};

struct op {
    struct hk_engine *engine;
    struct hk_tenant_state *tenant;
    struct hk_actor actor;
    enum hk_enforcing how;
    char name[HK_ID_SIZE];
    char version[HK_SHA256_HEX_SIZE]; /* as it was asked for, and then the whole of it */
    char *reason;                     /* may be NULL */
    struct hk_trial trial;
    int64_t for_ms; /* of a trial; 0: until somebody ends it */
    struct text *texts;
    size_t count;
    hk_reply_fn *reply;
    void *reply_ctx;
    struct hk_buf answer;
};

static void op_end(struct op *op, enum hk_status status, const struct hk_error *error)
{
    if (op->reply != NULL)
        op->reply(op->reply_ctx, status, status == HK_OK ? NULL : error, op->answer.data);
    for (size_t i = 0; i < op->count; i++) {
        hk_playbook_free(op->texts[i].playbook);
        free(op->texts[i].file);
        free(op->texts[i].source);
    }
    free(op->texts);
    free(op->reason);
    hk_buf_done(&op->answer);
    free(op);
}

static void op_written(void *ctx)
{
    op_end(ctx, HK_OK, NULL);
}

static struct op *op_new(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    hk_reply_fn *reply, void *ctx)
{
    struct op *op = hk_engine_alloc(sizeof *op);
    op->engine = engine;
    op->tenant = hk_tenant_of(engine, tenant);
    op->actor = *actor;
    op->reply = reply;
    op->reply_ctx = ctx;
    hk_buf_init(&op->answer, HK_PAYLOAD_SIZE_MAX);
    return op;
}

static void op_read(struct op *op, hk_read_fn *read, hk_read_done_fn *done)
{
    struct hk_error error = {0};
    if (hk_ledger_read(op->engine->ledger, read, done, op, &error) != HK_OK)
        op_end(op, error.status, &error);
}

/* {"name","version","state","by","previous"[,"trial":{"version","kind","share","by","until"}]} */
static void write_standing(struct hk_jw *jw, const struct hk_named *named)
{
    hk_jw_kv(jw, "name", named->name);
    hk_jw_kv(jw, "version", named->in_force->version);
    hk_jw_kv(jw, "state", "in_force");
    hk_jw_kv(jw, "by", named->by);
    hk_jw_kv(jw, "previous", named->previous[0] == 0 ? NULL : named->previous);
    if (named->trial.playbook == NULL)
        return;
    hk_jw_key(jw, "trial");
    hk_jw_object(jw);
    hk_jw_kv(jw, "id", named->trial.id);
    hk_jw_kv(jw, "version", named->trial.playbook->version);
    hk_jw_kv(jw, "kind", named->trial.is_shadow ? "shadow" : "share");
    hk_jw_kv_i64(jw, "share", named->trial.share);
    hk_jw_kv(jw, "by", named->trial.by);
    hk_jw_kv_time(jw, "until", named->trial.until_us);
    hk_jw_object_end(jw);
}

static void answer_standing(struct op *op, const struct hk_named *named)
{
    struct hk_jw jw;
    hk_buf_clear(&op->answer);
    hk_jw_init(&jw, &op->answer);
    hk_jw_object(&jw);
    write_standing(&jw, named);
    hk_jw_object_end(&jw);
}

/* --- what the files say --- */

static enum hk_status read_texts(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct op *op = job;
    struct hk_arena arena;
    (void)error;
    for (size_t i = 0; i < op->count; i++) {
        struct text *text = &op->texts[i];
        struct hk_stored stored;
        struct hk_error absent;
        text->playbook = hk_playbook_new(text->file, text->source, text->size, &text->error);
        if (text->playbook == NULL)
            continue;
        hk_arena_init(&arena, HK_PAYLOAD_SIZE_MAX * 2);
        text->is_recorded = hk_query_last(reading, op->tenant->number, text->playbook->version,
                                &arena, &stored, &absent) == HK_OK;
        hk_arena_done(&arena);
    }
    return HK_OK;
}

/* Must the text stay out? All that is asked for together goes into force together: one playbook may
 * call another. */
static enum hk_status check_text(const struct op *op, size_t i, struct hk_error *error)
{
    const struct text *text = &op->texts[i];
    if (text->playbook == NULL)
        return hk_fail(error, HK_CONFLICT, "%s", text->error.text);
    if (hk_versions_of(op->tenant, text->playbook->name) == NULL)
        return hk_fail(error, HK_CONFLICT,
            "%s: it is playbook \"%s\" now, which the configuration in force doesn't have: names "
            "come and go with `config apply`",
            text->file, text->playbook->name);
    for (size_t k = 0; k < i; k++) {
        const struct hk_playbook *other = op->texts[k].playbook;
        if (other != NULL && strcmp(other->name, text->playbook->name) == 0)
            return hk_fail(error, HK_CONFLICT, "%s: playbook \"%s\" is in %s already", text->file,
                text->playbook->name, op->texts[k].file);
    }
    return HK_OK;
}

static enum hk_status check_texts(const struct op *op, struct hk_error *error)
{
    struct hk_error more;
    size_t broken = 0;
    for (size_t i = 0; i < op->count; i++)
        broken += check_text(op, i, broken == 0 ? error : &more) != HK_OK;
    if (broken == 0)
        return HK_OK;
    if (broken > 1)
        return hk_error_prefix(
            error, "nothing has changed, %zu files can't be taken; the first", broken);
    return hk_error_prefix(error, "nothing has changed");
}

/* One file: {"file","name","version","changed"[,"previous"][,"kept"]} */
static bool take_text(struct hk_tx *tx, struct text *text, struct hk_jw *jw)
{
    struct hk_named *named = hk_versions_of(tx->tenant, text->playbook->name);
    const char *before = named->in_force->version;
    bool is_new = strcmp(named->file, text->playbook->version) != 0;
    if (is_new) {
        if (!text->is_recorded)
            hk_playbook_write(tx, text->playbook);
        struct hk_playbook *playbook = hk_playbook_adopt(tx->tenant, text->playbook);
        text->playbook = NULL;
        hk_versions_enforce(tx, named, playbook, HK_ENFORCE_FILE, NULL);
    }
    bool is_changed = strcmp(before, named->in_force->version) != 0;
    hk_jw_object(jw);
    hk_jw_kv(jw, "file", text->file);
    write_standing(jw, named);
    hk_jw_kv_bool(jw, "changed", is_changed);
    /* People put another one into force; the file's goes there when it changes, or is promoted. */
    if (strcmp(named->file, named->in_force->version) != 0)
        hk_jw_kv(jw, "set_aside", named->file);
    hk_jw_object_end(jw);
    return is_changed;
}

static void take_texts(struct op *op)
{
    struct hk_tx tx;
    struct hk_jw jw;
    int64_t changed = 0;
    hk_tx_begin(&tx, op->engine, op->tenant, op->actor.id);
    hk_jw_init(&jw, &op->answer);
    hk_jw_object(&jw);
    hk_jw_key(&jw, "items");
    hk_jw_array(&jw);
    for (size_t i = 0; i < op->count; i++)
        changed += take_text(&tx, &op->texts[i], &jw);
    hk_jw_array_end(&jw);
    hk_jw_kv_i64(&jw, "changed", changed);
    hk_jw_object_end(&jw);
    if (tx.entry_count > 0) {
        hk_tx_commit(&tx, HK_LANE_NORMAL, NULL, op_written, op);
        return;
    }
    hk_write_free(tx.write);
    hk_buf_done(&tx.payload);
    op_end(op, HK_OK, NULL);
}

static void on_texts(void *job, enum hk_status status, const struct hk_error *read_error)
{
    struct op *op = job;
    struct hk_error error = {0};
    if (status != HK_OK)
        error = *read_error;
    else if (op->engine->is_stopping)
        status = hk_fail(&error, HK_BUSY, "the engine is stopping; try again later");
    else
        status = check_texts(op, &error);
    if (status == HK_OK)
        take_texts(op);
    else
        op_end(op, status, &error);
}

static void copy_texts(struct op *op, const struct hk_playbook_file *files, size_t count)
{
    op->texts = hk_engine_alloc((count + 1) * sizeof *op->texts);
    op->count = count;
    for (size_t i = 0; i < count; i++) {
        struct text *text = &op->texts[i];
        text->file = hk_strdup(files[i].file);
        text->source = hk_engine_alloc(files[i].source_size + 1);
        hk_engine_must(text->file == NULL ? HK_NOMEM : HK_OK, "a playbook's file", NULL);
        memcpy(text->source, files[i].source, files[i].source_size);
        text->size = files[i].source_size;
    }
}

void hk_engine_playbooks_reload(struct hk_engine *engine, hk_tenant tenant,
    const struct hk_actor *actor, const struct hk_playbook_file *files, size_t count,
    hk_reply_fn *reply, void *ctx)
{
    struct op *op = op_new(engine, tenant, actor, reply, ctx);
    copy_texts(op, files, count);
    op_read(op, read_texts, on_texts);
}

/* --- a trial --- */

static void refuse_standing(
    struct op *op, const struct hk_named *named, const char *what, const char *version)
{
    struct hk_error error = {0};
    answer_standing(op, named);
    (void)hk_fail(
        &error, HK_CONFLICT, "version %.12s of %s is %s already", version, named->name, what);
    op_end(op, HK_CONFLICT, &error);
}

/* Whatever there is against it: then the op has ended. */
static bool refuse_trial(struct op *op, const struct hk_named *named, const char *version)
{
    const struct hk_trial *trial = &named->trial;
    struct hk_error error = {0};
    if (strcmp(named->in_force->version, version) == 0) {
        refuse_standing(op, named, "in force", version);
        return true;
    }
    if (trial->playbook != NULL && strcmp(trial->playbook->version, version) == 0 &&
        trial->is_shadow == op->trial.is_shadow && trial->share == op->trial.share &&
        trial->until_us == 0 && op->for_ms == 0) {
        refuse_standing(op, named, "tried so", version);
        return true;
    }
    if (op->tenant->playbooks.count < HK_PLAYBOOK_TEXTS_MAX ||
        hk_map_get(&op->tenant->playbooks, version) != NULL)
        return false;
    (void)hk_fail(&error, HK_BUSY,
        "the engine has %d texts of playbooks in memory; a restart lets go of those not in use",
        HK_PLAYBOOK_TEXTS_MAX);
    op_end(op, HK_BUSY, &error);
    return true;
}

static void try_text(struct op *op, struct hk_named *named)
{
    struct text *text = &op->texts[0];
    struct hk_trial *trial = &op->trial;
    struct hk_tx tx;
    if (refuse_trial(op, named, text->playbook->version))
        return;
    hk_tx_begin(&tx, op->engine, op->tenant, op->actor.id);
    if (!text->is_recorded)
        hk_playbook_write(&tx, text->playbook);
    trial->playbook = hk_playbook_adopt(op->tenant, text->playbook);
    text->playbook = NULL;
    trial->until_us = op->for_ms == 0 ? 0 : tx.time_us + op->for_ms * 1000;
    hk_trial_begin(&tx, named, trial, op->reason);
    answer_standing(op, named);
    hk_tx_commit(&tx, HK_LANE_NORMAL, NULL, op_written, op);
}

static void on_try(void *job, enum hk_status status, const struct hk_error *read_error)
{
    struct op *op = job;
    struct hk_error error = {0};
    struct hk_named *named = hk_versions_of(op->tenant, op->name);
    if (status != HK_OK)
        error = *read_error;
    else if (op->engine->is_stopping)
        status = hk_fail(&error, HK_BUSY, "the engine is stopping; try again later");
    else if (op->texts[0].playbook == NULL)
        status = hk_fail(&error, HK_INVALID, "%s", op->texts[0].error.text);
    else if (strcmp(op->texts[0].playbook->name, op->name) != 0)
        status = hk_fail(&error, HK_INVALID, "%s is playbook \"%s\", not \"%s\"", op->texts[0].file,
            op->texts[0].playbook->name, op->name);
    if (status == HK_OK)
        try_text(op, named);
    else
        op_end(op, status, &error);
}

void hk_engine_playbook_try(struct hk_engine *engine, hk_tenant tenant,
    const struct hk_actor *actor, const char *playbook, const struct hk_try_wish *wish,
    hk_reply_fn *reply, void *ctx)
{
    struct op *op = op_new(engine, tenant, actor, reply, ctx);
    struct hk_error error = {0};
    enum hk_status status = HK_OK;
    op->for_ms = wish->for_ms;
    op->reason = wish->reason == NULL ? NULL : hk_strdup(wish->reason);
    if (hk_versions_of(op->tenant, playbook) == NULL ||
        !hk_copy_text(op->name, sizeof op->name, playbook))
        status = hk_fail(&error, HK_NOT_FOUND, "there is no playbook of that name in force");
    else if (wish->share < 1 || wish->share > 100)
        status = hk_fail(&error, HK_INVALID, "share: from 1 to 100 percent of the alerts");
    else if (wish->for_ms < 0 || wish->for_ms > HK_TRIAL_TIME_MAX_MS)
        status = hk_fail(&error, HK_INVALID, "for: at most %lld days",
            (long long)(HK_TRIAL_TIME_MAX_MS / 86400000));
    else if (wish->text.source_size > HK_PLAYBOOK_SIZE_MAX)
        status = hk_fail(
            &error, HK_INVALID, "a playbook has at most %d KiB", HK_PLAYBOOK_SIZE_MAX / 1024);
    if (status != HK_OK) {
        op_end(op, status, &error);
        return;
    }
    op->trial.is_shadow = wish->is_shadow;
    op->trial.share = (unsigned)wish->share;
    copy_texts(op, &wish->text, 1);
    op_read(op, read_texts, on_try);
}

void hk_engine_playbook_stop_trial(struct hk_engine *engine, hk_tenant tenant,
    const struct hk_actor *actor, const char *playbook, const char *reason, hk_reply_fn *reply,
    void *ctx)
{
    struct op *op = op_new(engine, tenant, actor, reply, ctx);
    struct hk_error error = {0};
    struct hk_named *named = hk_versions_of(op->tenant, playbook);
    struct hk_tx tx;
    enum hk_status status = HK_OK;
    if (named == NULL)
        status = hk_fail(&error, HK_NOT_FOUND, "there is no playbook of that name in force");
    else if (engine->is_stopping)
        status = hk_fail(&error, HK_BUSY, "the engine is stopping; try again later");
    else if (named->trial.playbook == NULL)
        status = hk_fail(&error, HK_CONFLICT, "nothing is tried for %s", playbook);
    if (status != HK_OK) {
        if (status == HK_CONFLICT)
            answer_standing(op, named);
        op_end(op, status, &error);
        return;
    }
    hk_tx_begin(&tx, op->engine, op->tenant, op->actor.id);
    hk_trial_end(&tx, named, "stopped", reason);
    answer_standing(op, named);
    hk_tx_commit(&tx, HK_LANE_NORMAL, NULL, op_written, op);
}

/* --- another version --- */

static enum hk_status read_version(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct op *op = job;
    struct hk_arena arena;
    struct hk_stored stored;
    char version[HK_SHA256_HEX_SIZE];
    enum hk_status status = hk_query_playbook_version(
        reading, op->tenant->number, op->name, op->version, version, error);
    if (status != HK_OK)
        return status;
    memcpy(op->version, version, sizeof op->version);
    hk_arena_init(&arena, HK_PAYLOAD_SIZE_MAX * 2);
    status = hk_query_last(reading, op->tenant->number, op->version, &arena, &stored, error);
    if (status == HK_OK)
        op->texts[0].playbook = hk_playbook_recorded(&stored, error);
    if (status == HK_OK && op->texts[0].playbook == NULL)
        status = hk_error_prefix(error, "version %.12s", op->version);
    hk_arena_done(&arena);
    return status;
}

static void enforce(struct op *op)
{
    struct hk_named *named = hk_versions_of(op->tenant, op->name);
    struct hk_tx tx;
    if (strcmp(named->in_force->version, op->version) == 0) {
        refuse_standing(op, named, "in force", op->version);
        return;
    }
    struct hk_playbook *playbook = hk_playbook_adopt(op->tenant, op->texts[0].playbook);
    op->texts[0].playbook = NULL;
    hk_tx_begin(&tx, op->engine, op->tenant, op->actor.id);
    hk_versions_enforce(&tx, named, playbook, op->how, op->reason);
    answer_standing(op, named);
    hk_tx_commit(&tx, HK_LANE_NORMAL, NULL, op_written, op);
}

static void on_version(void *job, enum hk_status status, const struct hk_error *read_error)
{
    struct op *op = job;
    struct hk_error error = {0};
    if (status != HK_OK)
        error = *read_error;
    else if (op->engine->is_stopping)
        status = hk_fail(&error, HK_BUSY, "the engine is stopping; try again later");
    if (status == HK_OK)
        enforce(op);
    else
        op_end(op, status, &error);
}

/* Which version is meant when none is named? */
static enum hk_status choose(struct op *op, const struct hk_named *named, struct hk_error *error)
{
    if (op->version[0] != 0)
        return HK_OK;
    if (op->how == HK_ENFORCE_PROMOTE) {
        if (named->trial.playbook == NULL) {
            answer_standing(op, named);
            return hk_fail(
                error, HK_CONFLICT, "nothing is tried for %s: say which version", named->name);
        }
        memcpy(op->version, named->trial.playbook->version, sizeof op->version);
        return HK_OK;
    }
    if (named->previous[0] == 0) {
        answer_standing(op, named);
        return hk_fail(
            error, HK_CONFLICT, "there is no version to go back to by itself: say to which one");
    }
    memcpy(op->version, named->previous, sizeof op->version);
    return HK_OK;
}

void hk_engine_playbook_enforce(struct hk_engine *engine, hk_tenant tenant,
    const struct hk_actor *actor, const char *playbook, const struct hk_enforce_wish *wish,
    hk_reply_fn *reply, void *ctx)
{
    struct op *op = op_new(engine, tenant, actor, reply, ctx);
    struct hk_error error = {0};
    const struct hk_named *named = hk_versions_of(op->tenant, playbook);
    enum hk_status status = HK_OK;
    op->how = wish->is_rollback ? HK_ENFORCE_ROLLBACK : HK_ENFORCE_PROMOTE;
    op->texts = hk_engine_alloc(sizeof *op->texts);
    op->count = 1;
    op->reason = hk_strdup(wish->reason);
    hk_engine_must(op->reason == NULL ? HK_NOMEM : HK_OK, "a reason", NULL);
    if (named == NULL || !hk_copy_text(op->name, sizeof op->name, playbook))
        status = hk_fail(&error, HK_NOT_FOUND, "there is no playbook of that name in force");
    else if (wish->version != NULL && !hk_copy_text(op->version, sizeof op->version, wish->version))
        status = hk_fail(&error, HK_INVALID, "a version has at most 64 digits");
    if (status == HK_OK)
        status = choose(op, named, &error);
    if (status == HK_OK)
        op_read(op, read_version, on_version);
    else
        op_end(op, status, &error);
}
