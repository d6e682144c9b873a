/*
 * rollback: is the ledger still what others were told that it is? See rollback.h.
 */
#include "ledger/rollback.h"

#include "base/json.h"
#include "base/log.h"
#include "ledger/keychain.h"
#include "ledger/move_place.h"
#include "ledger/newest.h"
#include "ledger/node.h"
#include "ledger/recorded.h"
#include "ledger/store.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PENDING_SIZE_MAX = 65536 };

#define WHAT_TO_DO                                                                                 \
    ". Put the right folder back or restore the newest backup; or accept the loss:"                \
    " `hikeshi audit accept`"

/* --- one note --- */

static enum hk_status count_entries(
    sqlite3 *db, hk_tenant tenant, uint64_t *ret_size, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status =
        hk_stmt_prepare(db, "SELECT size FROM tree WHERE tenant = ?1", &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "i", (int64_t)tenant);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK)
        *ret_size = has_row ? (uint64_t)hk_stmt_i64(stmt, 0) : 0;
    hk_stmt_free(stmt);
    return status;
}

static enum hk_status judge(sqlite3 *db, hk_tenant tenant, const struct hk_keychain *chain,
    const char *text, const struct hk_note *note, struct hk_error *error)
{
    struct hk_node_source source = {.db = db, .tenant = tenant};
    uint8_t root[HK_SHA256_SIZE];
    uint64_t entries = 0;
    struct hk_error why;
    enum hk_status status = count_entries(db, tenant, &entries, error);

    if (status != HK_OK)
        return status;
    if (note->size > entries)
        return hk_fail(error, HK_CONFLICT,
            "the ledger has %" PRIu64 " entries, but %" PRIu64 " had been signed", entries,
            note->size);
    if (hk_keychain_check(chain, text, note, &why) != HK_OK)
        return hk_fail(error, HK_CONFLICT,
            "the checkpoint over %" PRIu64 " entries is none of this ledger's: %s", note->size,
            why.text);
    status = note->size > 0 ? hk_node_range(&source, 0, note->size, root, error) : HK_OK;
    if (status == HK_OK && note->size > 0 && memcmp(root, note->root, sizeof(root)) != 0)
        status = hk_fail(error, HK_CONFLICT,
            "the first %" PRIu64 " entries (of %" PRIu64 ") are not those that had been signed",
            note->size, entries);
    return status;
}

enum hk_status hk_rollback_judge(sqlite3 *db, hk_tenant tenant, const char *text, size_t size,
    struct hk_note *ret_note, struct hk_error *error)
{
    struct hk_keychain chain;
    enum hk_status status = hk_note_parse(text, size, ret_note, error);

    hk_keychain_init(&chain);
    if (status == HK_OK)
        status = hk_keychain_load(db, tenant, &chain, error);
    if (status == HK_OK && strcmp(ret_note->origin, chain.links->verifier.name) != 0)
        status = hk_fail(error, HK_NOT_FOUND, "the checkpoint is of %s, and this ledger is %s",
            ret_note->origin, chain.links->verifier.name);
    if (status == HK_OK)
        status = hk_keychain_believe(&chain, ret_note, error);
    if (status == HK_OK)
        status = judge(db, tenant, &chain, text, ret_note, error);
    hk_keychain_done(&chain);
    return status;
}

/* --- what the ledger itself says of it --- */

/* Is there an entry ledger.restored for which test holds? */
static enum hk_status find_restored(sqlite3 *db, hk_tenant tenant,
    bool (*test)(const struct hk_json *payload, const struct hk_entry *entry, const void *ctx),
    const void *ctx, bool *ret_found, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = true;
    enum hk_status status = hk_stmt_prepare(db,
        "WITH RECURSIVE walk(pos) AS ("
        " SELECT last FROM subject WHERE tenant = ?1 AND subject = 'restore'"
        " UNION SELECT prev FROM entry JOIN walk USING(pos) WHERE prev IS NOT NULL)"
        " SELECT line, payload FROM walk JOIN entry USING(pos)",
        &stmt, error);

    *ret_found = false;
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "i", (int64_t)tenant);
    while (status == HK_OK && !*ret_found &&
           (status = hk_stmt_step(stmt, &has_row, error)) == HK_OK && has_row) {
        struct hk_json_doc doc = {.root = NULL};
        const char *payload = hk_stmt_text(stmt, 1);
        const char *line = hk_stmt_text(stmt, 0);
        struct hk_entry entry;

        if (hk_entry_parse(line, strlen(line), &entry, NULL) == HK_OK &&
            hk_json_parse(payload, strlen(payload), &hk_json_limits_own, &doc, NULL) == HK_OK)
            *ret_found = test(doc.root, &entry, ctx);
        hk_json_doc_done(&doc);
    }
    hk_stmt_free(stmt);
    return status;
}

static bool is_of_id(const struct hk_json *payload, const struct hk_entry *entry, const void *id)
{
    (void)entry;
    return strcmp(hk_json_string_at(payload, "restore", ""), id) == 0;
}

static bool names_note(const struct hk_json *payload, const struct hk_entry *entry, const void *ctx)
{
    const struct hk_json *known = hk_json_get(payload, "known");
    const struct hk_note *note = ctx;
    struct hk_buf root;
    bool is_named = false;

    (void)entry;
    hk_buf_init(&root, 128);
    hk_base64(note->root, sizeof(note->root), &root);
    for (const struct hk_json *item = known != NULL ? known->first : NULL; item != NULL;
         item = item->next)
        if (hk_json_i64_at(item, "size", -1) == (int64_t)note->size && !root.failed &&
            strcmp(hk_json_string_at(item, "root", ""), root.data) == 0)
            is_named = true;
    hk_buf_done(&root);
    return is_named;
}

struct moment {
    uint64_t size;
    int64_t time_us;
};

static bool is_since(const struct hk_json *payload, const struct hk_entry *entry, const void *ctx)
{
    const struct moment *moment = ctx;

    (void)payload;
    return entry->time_us >= moment->time_us && entry->seq < moment->size;
}

enum hk_status hk_rollback_explains(sqlite3 *db, hk_tenant tenant, uint64_t size, int64_t time_us,
    bool *ret_explains, struct hk_error *error)
{
    const struct moment moment = {.size = size, .time_us = time_us};

    return find_restored(db, tenant, is_since, &moment, ret_explains, error);
}

enum hk_status hk_rollback_pending(
    sqlite3 *db, hk_tenant tenant, struct hk_buf *out, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    struct hk_json_doc doc = {.root = NULL};
    bool has_row = false;
    bool is_recorded = false;
    enum hk_status status =
        hk_stmt_prepare(db, "SELECT value FROM meta WHERE name = 'restored'", &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && !has_row)
        status = hk_fail(error, HK_NOT_FOUND, "this ledger was never restored");
    if (status == HK_OK)
        status = hk_json_parse(
            hk_stmt_text(stmt, 0), hk_stmt_size(stmt, 0), &hk_json_limits_own, &doc, error);
    if (status == HK_OK)
        status = find_restored(
            db, tenant, is_of_id, hk_json_string_at(doc.root, "restore", ""), &is_recorded, error);
    if (status == HK_OK && is_recorded)
        status = hk_fail(error, HK_NOT_FOUND, "the ledger says so already");
    if (status == HK_OK) {
        hk_buf_append(out, hk_stmt_text(stmt, 0), hk_stmt_size(stmt, 0));
        status = hk_buf_check(out, "restored", error);
    }
    hk_json_doc_done(&doc);
    hk_stmt_free(stmt);
    return status;
}

/* --- at start --- */

/* Was the folder just restored, and the ledger will say so with the first that is written? */
static bool is_just_restored(sqlite3 *db, hk_tenant tenant)
{
    struct hk_error ignored;
    struct hk_buf pending;
    enum hk_status status;

    hk_buf_init(&pending, PENDING_SIZE_MAX);
    status = hk_rollback_pending(db, tenant, &pending, &ignored);
    hk_buf_done(&pending);
    return status == HK_OK;
}

struct check {
    sqlite3 *db;
    hk_tenant tenant;
    char name[HK_ID_SIZE];
    char origin[HK_NOTE_ORIGIN_SIZE];
    struct hk_keychain chain;
    struct hk_rollback_list *excused;
};

/* Of revoked keys anybody may have made one. */
static bool is_believed(void *ctx, const char *text, size_t size)
{
    const struct check *check = ctx;
    struct hk_note note;

    return hk_note_parse(text, size, &note, NULL) == HK_OK &&
           hk_keychain_believe(&check->chain, &note, NULL) == HK_OK;
}

static enum hk_status excuse(
    struct check *check, const struct hk_note *note, struct hk_error *error)
{
    struct hk_rollback_list *list = check->excused;
    struct hk_rollback *items = realloc(list->items, (list->count + 1) * sizeof(*items));

    if (items == NULL)
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    list->items = items;
    items[list->count] = (struct hk_rollback){.tenant = check->tenant, .size = note->size};
    memcpy(items[list->count++].root, note->root, sizeof(note->root));
    return HK_OK;
}

/* A note that was found in a place. */
static enum hk_status hold(
    struct check *check, const char *text, size_t size, const char *place, struct hk_error *error)
{
    struct hk_error why = {.text = ""};
    struct hk_note note;
    bool is_accepted = false;
    enum hk_status status = hk_note_parse(text, size, &note, error);

    if (status == HK_OK)
        status = judge(check->db, check->tenant, &check->chain, text, &note, &why);
    if (status != HK_CONFLICT)
        return status == HK_OK ? HK_OK : hk_fail(error, status, "%s", why.text);
    status = find_restored(check->db, check->tenant, names_note, &note, &is_accepted, error);
    if (status != HK_OK || is_accepted)
        return status;
    if (is_just_restored(check->db, check->tenant))
        return excuse(check, &note, error);
    return hk_fail(error, HK_CONFLICT, "tenant %s: %.150s, see %.150s" WHAT_TO_DO, check->name,
        why.text, place);
}

static enum hk_status check_folder(
    struct check *check, const struct hk_sink_setup *sink, struct hk_error *error)
{
    char path[PATH_MAX];
    struct hk_buf note;
    enum hk_status status;

    if (snprintf(path, sizeof(path), "%s/%s.checkpoints", sink->place, check->name) >=
        (int)sizeof(path))
        return hk_fail(error, HK_INVALID, "%s: the path is too long", sink->place);
    hk_buf_init(&note, 2 * HK_NOTE_SIZE_MAX);
    status = hk_newest_read(path, check->origin, is_believed, check, &note, error);
    if (status == HK_OK)
        status = hold(check, note.data, note.size, path, error);
    else if (status == HK_IO)
        hk_log(HK_LOG_WARNING, "the checkpoints outside can't be held against the ledger: %s",
            error->text);
    hk_buf_done(&note);
    return status == HK_NOT_FOUND || status == HK_IO ? HK_OK : status;
}

static enum hk_status check_tenant(struct check *check, const char *ledger,
    const struct hk_sink_setup *sinks, size_t sink_count, struct hk_error *error)
{
    bool is_closed = false;
    enum hk_status status = hk_moved_is_closed(check->db, check->tenant, &is_closed, error);

    /* One that was moved out goes on elsewhere, and may write to the same places from there. */
    if (status != HK_OK || is_closed)
        return status;
    hk_note_origin(ledger, check->name, check->origin);
    hk_keychain_init(&check->chain);
    status = hk_keychain_load(check->db, check->tenant, &check->chain, error);
    for (size_t i = 0; i < sink_count && status == HK_OK; i++)
        if (sinks[i].kind == HK_SINK_FOLDER)
            status = check_folder(check, &sinks[i], error);
    hk_keychain_done(&check->chain);
    return status;
}

/* The newest that the ledger of a provider says of each other tenant. */
static enum hk_status check_recorded(sqlite3 *db, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = true;
    enum hk_status status = hk_stmt_prepare(db,
        "SELECT subject, line, payload FROM subject JOIN entry ON pos = last"
        " WHERE subject GLOB 'tn-[0-9]*'",
        &stmt, error);

    while (status == HK_OK && (status = hk_stmt_step(stmt, &has_row, error)) == HK_OK && has_row) {
        struct hk_error why = {.text = ""};
        struct hk_entry entry;
        hk_tenant tenant = 0;

        if (hk_entry_parse(hk_stmt_text(stmt, 1), strlen(hk_stmt_text(stmt, 1)), &entry, NULL) !=
                HK_OK ||
            entry.kind != HK_KIND_TENANT_CHECKPOINTED ||
            !hk_recorded_subject(entry.subject, &tenant))
            continue;
        status = hk_recorded_check(db, entry.subject, entry.time_us, hk_stmt_text(stmt, 2), &why);
        if (status == HK_OK)
            continue;
        if (status != HK_CONFLICT) {
            status = hk_fail(error, status, "%s", why.text);
            break;
        }
        status = HK_OK;
        if (!is_just_restored(db, tenant))
            status = hk_fail(
                error, HK_CONFLICT, "the provider's ledger says: %.180s" WHAT_TO_DO, why.text);
    }
    hk_stmt_free(stmt);
    return status;
}

enum hk_status hk_rollback_check(sqlite3 *db, const struct hk_sink_setup *sinks, size_t sink_count,
    bool has_provider, struct hk_rollback_list *ret_excused, struct hk_error *error)
{
    struct check check = {.db = db, .excused = ret_excused};
    sqlite3_stmt *stmt = NULL;
    bool has_row = true;
    enum hk_status status = hk_stmt_prepare(
        db, "SELECT tenant, name, ledger FROM tenant ORDER BY tenant", &stmt, error);

    *ret_excused = (struct hk_rollback_list){.count = 0};
    while (status == HK_OK && (status = hk_stmt_step(stmt, &has_row, error)) == HK_OK && has_row) {
        check.tenant = (hk_tenant)hk_stmt_i64(stmt, 0);
        hk_stmt_copy(stmt, 1, check.name, sizeof(check.name));
        status = check_tenant(&check, hk_stmt_text(stmt, 2), sinks, sink_count, error);
    }
    hk_stmt_free(stmt);
    return status == HK_OK && has_provider ? check_recorded(db, error) : status;
}
