/*
 * query_playbook: see query_playbook.h.
 */
#include "ledger/query_playbook.h"

#include "base/text.h"
#include "ledger/query_names.h"
#include "ledger/query_rows.h"
#include "ledger/reader.h"
#include "ledger/store.h"
#include "limits.h"

#include <string.h>

enum { STORY_VERSIONS_MAX = 200, STORY_ENTRIES_MAX = 500 };

static void tell_row(sqlite3_stmt *stmt, hk_in_force_fn *fn, void *ctx)
{
    const struct hk_in_force_row row = {
        .id = hk_stmt_text(stmt, 0),
        .name = hk_stmt_text(stmt, 1),
        .state = hk_stmt_text(stmt, 2),
        .version = hk_stmt_text(stmt, 3),
        .previous = hk_stmt_text_or_null(stmt, 4),
        .file = hk_stmt_text_or_null(stmt, 5),
        .by = hk_stmt_text_or_null(stmt, 6),
        .trial = hk_stmt_text_or_null(stmt, 7),
        .trial_id = hk_stmt_text_or_null(stmt, 8),
        .trial_kind = hk_stmt_text_or_null(stmt, 9),
        .trial_by = hk_stmt_text_or_null(stmt, 10),
        .trial_share = hk_stmt_i64(stmt, 11),
        .trial_until_us = hk_stmt_i64(stmt, 12),
    };
    fn(ctx, &row);
}

enum hk_status hk_query_in_force(struct hk_reading *reading, hk_tenant tenant, hk_in_force_fn *fn,
    void *ctx, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT id, name, state, version, previous, file, by_whom, trial, trial_id, trial_kind,"
        " trial_by, trial_share, trial_until_us FROM in_force WHERE tenant = ?1 ORDER BY id",
        &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "i", (int64_t)tenant);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    while (status == HK_OK && has_row) {
        tell_row(stmt, fn, ctx);
        status = hk_stmt_step(stmt, &has_row, error);
    }
    hk_stmt_free(stmt);
    return status;
}

enum hk_status hk_query_playbook_version(struct hk_reading *reading, hk_tenant tenant,
    const char *name, const char *prefix, char ret_version[HK_SHA256_HEX_SIZE],
    struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    bool has_second = false;
    size_t size = strlen(prefix);
    enum hk_status status;

    if (size < HK_VERSION_PREFIX_MIN || size >= HK_SHA256_HEX_SIZE ||
        strspn(prefix, "0123456789abcdef") != size)
        return hk_fail(error, HK_INVALID, "a version is %d to %d digits of 0-9 and a-f",
            HK_VERSION_PREFIX_MIN, HK_SHA256_HEX_SIZE - 1);
    status = hk_stmt_prepare(reading->db,
        "SELECT version FROM playbook WHERE tenant = ?1 AND name = ?2"
        " AND substr(version, 1, length(?3)) = ?3 LIMIT 2",
        &stmt, error);
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "itt", (int64_t)tenant, name, prefix);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && has_row) {
        hk_stmt_copy(stmt, 0, ret_version, HK_SHA256_HEX_SIZE);
        status = hk_stmt_step(stmt, &has_second, error);
    }
    hk_stmt_free(stmt);
    if (status == HK_OK && !has_row)
        status = hk_fail(error, HK_NOT_FOUND, "playbook %s has no version %s", name, prefix);
    if (status == HK_OK && has_second)
        status =
            hk_fail(error, HK_CONFLICT, "playbook %s has more than one version %s…", name, prefix);
    return status;
}

/* --- the story --- */

static enum hk_status write_versions(struct hk_reading *reading, hk_tenant tenant, const char *name,
    struct hk_jw *jw, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT version, " HK_VERSION_STATE_SQL ", added_us FROM playbook WHERE tenant = ?1"
        " AND name = ?2 ORDER BY last DESC LIMIT ?3",
        &stmt, error);

    hk_jw_key(jw, "versions");
    hk_jw_array(jw);
    if (status == HK_OK)
        status =
            hk_stmt_bind(stmt, error, "iti", (int64_t)tenant, name, (int64_t)STORY_VERSIONS_MAX);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    while (status == HK_OK && has_row) {
        hk_jw_object(jw);
        hk_jw_kv(jw, "version", hk_stmt_text(stmt, 0));
        hk_jw_kv(jw, "state", hk_stmt_text(stmt, 1));
        hk_jw_kv_time(jw, "added", hk_stmt_i64(stmt, 2));
        hk_jw_object_end(jw);
        status = hk_stmt_step(stmt, &has_row, error);
    }
    hk_jw_array_end(jw);
    hk_stmt_free(stmt);
    return status;
}

/* One entry: when, what, who, and what it says but for the name, which is that of all. */
static enum hk_status write_entry(const struct hk_stored *stored, struct hk_names *names,
    struct hk_jw *jw, struct hk_error *error)
{
    struct hk_json_doc doc = {.root = NULL};
    enum hk_status status = HK_OK;

    if (stored->payload != NULL)
        status =
            hk_json_parse(stored->payload, stored->payload_size, &hk_json_limits_own, &doc, error);
    hk_jw_object(jw);
    hk_jw_kv_time(jw, "time", stored->entry.time_us);
    hk_jw_kv(jw, "kind", hk_kind_text(stored->entry.kind));
    hk_jw_kv(jw, "by", stored->entry.actor);
    hk_names_add(names, stored->entry.actor);
    for (const struct hk_json *item = doc.root == NULL ? NULL : doc.root->first; item != NULL;
         item = item->next)
        if (strcmp(item->key, "name") != 0)
            hk_jw_kv_value(jw, item->key, item);
    hk_jw_object_end(jw);
    hk_json_doc_done(&doc);
    return status;
}

static enum hk_status write_history(struct hk_reading *reading, hk_tenant tenant, const char *id,
    struct hk_names *names, struct hk_jw *jw, struct hk_error *error)
{
    struct hk_chain chain;
    struct hk_arena arena;
    bool is_cut = false;
    enum hk_status status = HK_OK;

    hk_arena_init(&arena, (size_t)HK_PAYLOAD_SIZE_MAX * 8);
    hk_jw_key(jw, "history");
    hk_jw_array(jw);
    if (id[0] != '\0')
        status = hk_query_chain_newest(
            reading, tenant, id, STORY_ENTRIES_MAX, &arena, &chain, &is_cut, error);
    for (size_t i = 0; id[0] != '\0' && status == HK_OK && i < chain.count; i++)
        status = write_entry(&chain.items[i], names, jw, error);
    hk_jw_array_end(jw);
    hk_arena_done(&arena);
    return status;
}

enum hk_status hk_query_playbook_story(struct hk_reading *reading, hk_tenant tenant,
    const char *version, struct hk_names *names, struct hk_jw *jw, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    char name[HK_ID_SIZE] = "";
    char id[HK_ID_SIZE] = "";
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT p.name, i.id FROM playbook p LEFT JOIN in_force i ON i.tenant = p.tenant"
        " AND i.name = p.name WHERE p.tenant = ?1 AND p.version = ?2",
        &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "it", (int64_t)tenant, version);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && has_row) {
        hk_stmt_copy(stmt, 0, name, sizeof(name));
        hk_stmt_copy(stmt, 1, id, sizeof(id));
    }
    hk_stmt_free(stmt);
    if (status == HK_OK)
        status = write_versions(reading, tenant, name, jw, error);
    if (status == HK_OK)
        status = write_history(reading, tenant, id, names, jw, error);
    return status;
}
