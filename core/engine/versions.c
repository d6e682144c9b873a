/*
 * versions: see versions.h. versions_op.c is what people do while the engine runs.
 */
#include "engine/versions.h"

#include "base/log.h"
#include "base/text.h"
#include "engine/memory.h"
#include "engine/playbook.h"
#include "engine/trial.h"
#include "ledger/query_playbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The same name is the same subject, whatever becomes of it. */
static void subject_of(const char *name, char ret_id[HK_ID_SIZE])
{
    char hex[HK_SHA256_HEX_SIZE];
    hk_sha256_hex(name, strlen(name), hex);
    (void)snprintf(ret_id, HK_ID_SIZE, "pb-%.24s", hex);
}

struct hk_named *hk_versions_of(const struct hk_tenant_state *tenant, const char *name)
{
    for (size_t i = 0; i < tenant->named_count; i++) {
        if (strcmp(tenant->named[i].name, name) == 0)
            return &tenant->named[i];
    }
    return NULL;
}

enum hk_status hk_versions_read(struct hk_tenant_state *tenant,
    const struct hk_playbook_file *files, size_t count, struct hk_error *error)
{
    tenant->named = hk_engine_alloc((count + 1) * sizeof *tenant->named);
    for (size_t i = 0; i < count; i++) {
        struct hk_playbook *playbook =
            hk_playbook_new(files[i].file, files[i].source, files[i].source_size, error);
        if (playbook == NULL)
            return error->status;
        const struct hk_named *other = hk_versions_of(tenant, playbook->name);
        if (other != NULL) {
            (void)hk_fail(error, HK_CONFLICT, "%s: playbook \"%s\" is in %s already", files[i].file,
                playbook->name, other->in_force->file);
            hk_playbook_free(playbook);
            return HK_CONFLICT;
        }
        struct hk_named *named = &tenant->named[tenant->named_count++];
        (void)hk_copy_text(named->name, sizeof named->name, playbook->name);
        subject_of(named->name, named->id);
        named->in_force = hk_playbook_adopt(tenant, playbook);
    }
    return HK_OK;
}

/* --- putting into force --- */

static const char *const how_texts[] = {
    [HK_ENFORCE_FILE] = "file",
    [HK_ENFORCE_AGAIN] = "configured",
    [HK_ENFORCE_PROMOTE] = "promote",
    [HK_ENFORCE_ROLLBACK] = "rollback",
};

void hk_versions_enforce(struct hk_tx *tx, struct hk_named *named, struct hk_playbook *playbook,
    enum hk_enforcing how, const char *reason)
{
    const char *before = named->in_force == playbook ? NULL : named->in_force->version;
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_PLAYBOOK_ENFORCED, named->id);
    hk_jw_kv(jw, "name", named->name);
    hk_jw_kv(jw, "version", playbook->version);
    if (before != NULL)
        hk_jw_kv(jw, "previous", before);
    hk_jw_kv(jw, "how", how_texts[how]);
    if (how == HK_ENFORCE_FILE)
        hk_jw_kv(jw, "file", playbook->version);
    if (reason != NULL)
        hk_jw_kv(jw, "reason", reason);
    hk_tx_end(tx);
    if (how == HK_ENFORCE_FILE)
        (void)hk_copy_text(named->file, sizeof named->file, playbook->version);
    if (before == NULL)
        return;
    /* As the fold does it: after a rollback there is nothing to go back to by itself. */
    (void)hk_copy_text(
        named->previous, sizeof named->previous, how == HK_ENFORCE_ROLLBACK ? "" : before);
    (void)hk_copy_text(named->by, sizeof named->by, tx->actor);
    named->in_force = playbook;
    if (named->trial.playbook == playbook)
        hk_trial_end(tx, named, "promoted", NULL);
}

/* --- at a start --- */

struct opening {
    hk_tenant number;
    struct hk_arena arena;
    struct hk_in_force_row *rows;
    size_t row_count;
    const char *version; /* to be read, into… */
    struct hk_arena text;
    struct hk_stored stored;
    bool failed; /* no memory */
};

static const char *keep(struct opening *opening, const char *text)
{
    return text == NULL ? NULL : hk_arena_copy(&opening->arena, text, strlen(text));
}

static void take_row(void *ctx, const struct hk_in_force_row *row)
{
    struct opening *opening = ctx;
    opening->rows = hk_engine_grow(opening->rows, (opening->row_count + 1) * sizeof *opening->rows);
    struct hk_in_force_row *kept = &opening->rows[opening->row_count++];
    *kept = *row;
    kept->id = keep(opening, row->id);
    kept->name = keep(opening, row->name);
    kept->state = keep(opening, row->state);
    kept->version = keep(opening, row->version);
    kept->previous = keep(opening, row->previous);
    kept->file = keep(opening, row->file);
    kept->by = keep(opening, row->by);
    kept->trial = keep(opening, row->trial);
    kept->trial_id = keep(opening, row->trial_id);
    kept->trial_by = keep(opening, row->trial_by);
    kept->trial_kind = keep(opening, row->trial_kind);
    opening->failed = opening->failed || kept->id == NULL || kept->name == NULL ||
                      kept->state == NULL || kept->version == NULL;
}

static enum hk_status read_rows(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct opening *opening = job;
    enum hk_status status = hk_query_in_force(reading, opening->number, take_row, opening, error);
    if (status == HK_OK && opening->failed)
        status = hk_fail(error, HK_LIMIT, "more names of playbooks than fit the memory for them");
    return status;
}

static enum hk_status read_text(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct opening *opening = job;
    return hk_query_last(
        reading, opening->number, opening->version, &opening->text, &opening->stored, error);
}

static enum hk_status find_text(
    struct hk_tx *tx, struct opening *opening, const char *version, struct hk_error *error)
{
    hk_arena_init(&opening->text, HK_PAYLOAD_SIZE_MAX * 2);
    opening->version = version;
    return hk_ledger_read_now(tx->engine->ledger, read_text, opening, error);
}

static void add_missing(
    struct hk_tx *tx, struct opening *opening, const struct hk_playbook *playbook)
{
    struct hk_error error;
    if (find_text(tx, opening, playbook->version, &error) != HK_OK)
        hk_playbook_write(tx, playbook);
    hk_arena_done(&opening->text);
}

/* The recorded text of a version that no file has; NULL, and why, when it can't be read. */
static struct hk_playbook *recorded(
    struct hk_tx *tx, struct opening *opening, const char *version, struct hk_error *error)
{
    struct hk_playbook *playbook = hk_map_get(&tx->tenant->playbooks, version);
    if (playbook != NULL)
        return playbook;
    if (find_text(tx, opening, version, error) == HK_OK)
        playbook = hk_playbook_recorded(&opening->stored, error);
    hk_arena_done(&opening->text);
    return playbook == NULL ? NULL : hk_playbook_adopt(tx->tenant, playbook);
}

/* What is tried goes on; one whose text can't be read ends. */
static void open_trial(struct hk_tx *tx, struct opening *opening, struct hk_named *named,
    const struct hk_in_force_row *row)
{
    struct hk_error error = {0};
    struct hk_playbook *playbook;
    if (row->trial == NULL)
        return;
    playbook = recorded(tx, opening, row->trial, &error);
    named->trial = (struct hk_trial){.playbook = playbook == NULL ? named->in_force : playbook,
        .is_shadow = row->trial_kind != NULL && strcmp(row->trial_kind, "shadow") == 0,
        .share = (unsigned)row->trial_share,
        .until_us = row->trial_until_us};
    (void)hk_copy_text(
        named->trial.id, sizeof named->trial.id, row->trial_id == NULL ? "" : row->trial_id);
    (void)hk_copy_text(
        named->trial.by, sizeof named->trial.by, row->trial_by == NULL ? "" : row->trial_by);
    if (playbook == NULL)
        hk_trial_end(tx, named, "stopped", error.text);
    else
        hk_trial_end_due(tx, named);
}

/* What stands for a name that the ledger knows, and what its file changes of that. */
static void open_known(struct hk_tx *tx, struct opening *opening, struct hk_named *named,
    const struct hk_in_force_row *row)
{
    struct hk_playbook *file = named->in_force;
    struct hk_error error = {0};
    struct hk_playbook *stands = recorded(tx, opening, row->version, &error);
    bool is_as_before = row->file != NULL && strcmp(row->file, file->version) == 0;
    (void)hk_copy_text(named->by, sizeof named->by, row->by == NULL ? "" : row->by);
    (void)hk_copy_text(
        named->previous, sizeof named->previous, row->previous == NULL ? "" : row->previous);
    (void)hk_copy_text(named->file, sizeof named->file, row->file == NULL ? "" : row->file);
    open_trial(tx, opening, named, row);
    if (stands == NULL) {
        hk_log(HK_LOG_ERROR, "tenant %s: playbook %s: version %.12s is no longer in force: %s",
            tx->tenant->name, named->name, row->version, error.text);
        hk_versions_enforce(tx, named, file, HK_ENFORCE_FILE, error.text);
        return;
    }
    named->in_force = stands;
    if (!is_as_before)
        hk_versions_enforce(tx, named, file, HK_ENFORCE_FILE, NULL);
    else if (strcmp(row->state, "in_force") != 0)
        hk_versions_enforce(tx, named, stands, HK_ENFORCE_AGAIN, NULL);
    if (named->in_force != file)
        hk_log(HK_LOG_WARNING,
            "tenant %s: playbook %s: version %.12s is in force, not that of its file: see"
            " `playbook show %s`",
            tx->tenant->name, named->name, named->in_force->version, named->name);
}

static const struct hk_in_force_row *row_of(const struct opening *opening, const char *name)
{
    for (size_t i = 0; i < opening->row_count; i++) {
        if (strcmp(opening->rows[i].name, name) == 0)
            return &opening->rows[i];
    }
    return NULL;
}

static void write_trial_withdrawn(struct hk_tx *tx, const struct hk_in_force_row *row)
{
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_PLAYBOOK_TRIAL_ENDED, row->id);
    hk_jw_kv(jw, "name", row->name);
    hk_jw_kv(jw, "trial", row->trial_id);
    hk_jw_kv(jw, "version", row->trial);
    hk_jw_kv(jw, "why", "withdrawn");
    hk_tx_end(tx);
}

/* Names that the configuration no longer has. */
static void withdraw(struct hk_tx *tx, const struct opening *opening)
{
    for (size_t i = 0; i < opening->row_count; i++) {
        const struct hk_in_force_row *row = &opening->rows[i];
        if (strcmp(row->state, "in_force") != 0 || hk_versions_of(tx->tenant, row->name) != NULL)
            continue;
        if (row->trial != NULL)
            write_trial_withdrawn(tx, row);
        hk_tx_simple(tx, HK_KIND_PLAYBOOK_WITHDRAWN, row->id, "name", row->name, NULL, NULL);
    }
}

enum hk_status hk_versions_open(
    struct hk_tenant_state *tenant, struct hk_tx *tx, struct hk_error *error)
{
    struct opening opening = {.number = tenant->number};
    hk_arena_init(&opening.arena, HK_VERSIONS_MEMORY_MAX);
    enum hk_status status = hk_ledger_read_now(tx->engine->ledger, read_rows, &opening, error);
    for (size_t i = 0; status == HK_OK && i < tenant->named_count; i++) {
        struct hk_named *named = &tenant->named[i];
        const struct hk_in_force_row *row = row_of(&opening, named->name);
        add_missing(tx, &opening, named->in_force);
        if (row != NULL)
            open_known(tx, &opening, named, row);
        else
            hk_versions_enforce(tx, named, named->in_force, HK_ENFORCE_FILE, NULL);
        if (row == NULL)
            (void)hk_copy_text(named->by, sizeof named->by, tx->actor);
    }
    if (status == HK_OK)
        withdraw(tx, &opening);
    free(opening.rows);
    hk_arena_done(&opening.arena);
    return status;
}
