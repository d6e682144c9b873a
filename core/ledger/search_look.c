/*
 * search_look: what there is of the index and in the ledger; see search_internal.h.
 */
#include "ledger/search_internal.h"

#include "base/text.h"
#include "ledger/store.h"

#include <stdlib.h>
#include <string.h>

/* --- what there is --- */

static void update_stats(struct hk_search *search)
{
    uint64_t behind = 0;

    for (size_t i = 0; i < search->part_count; i++)
        behind += hk_search_part_behind(&search->parts[i]);
    search->stats.behind = search->mode == HK_SEARCH_ON ? behind : 0;
}

enum hk_status hk_search_put_shard(
    struct hk_search *search, size_t part, const struct hk_shard *shard, struct hk_error *error)
{
    enum hk_status status;

    (void)pthread_mutex_lock(&search->lock);
    status = hk_search_part_put(&search->parts[part], shard, error);
    update_stats(search);
    (void)pthread_mutex_unlock(&search->lock);
    return status;
}

enum hk_status hk_search_drop_shard(
    struct hk_search *search, size_t part, const char *file, struct hk_error *error)
{
    char folder[PATH_MAX];
    char name[HK_SHARD_FILE_SIZE];
    enum hk_status status =
        hk_search_part_folder(search->data_dir, &search->parts[part], folder, error);

    if (status != HK_OK)
        return status;
    (void)hk_copy_text(name, sizeof(name), file);
    if (search->writer.db != NULL && strcmp(search->writer.shard.file, name) == 0)
        hk_shard_close(&search->writer);
    status = hk_shard_remove(folder, name, error);
    if (status == HK_OK)
        status = hk_shard_sync_folder(folder, error);
    (void)pthread_mutex_lock(&search->lock);
    if (status == HK_OK)
        hk_search_part_drop(&search->parts[part], name);
    search->stats.renewed++;
    update_stats(search);
    (void)pthread_mutex_unlock(&search->lock);
    return status;
}

/* --- looking at the ledger --- */

/* A tenant that is new to us. */
static enum hk_status add_part(
    struct hk_search *search, hk_tenant tenant, const char *name, struct hk_error *error)
{
    struct hk_search_part *parts;
    enum hk_status status = HK_OK;

    (void)pthread_mutex_lock(&search->lock);
    parts = realloc(search->parts, (search->part_count + 1) * sizeof(*parts));
    if (parts == NULL) {
        status = hk_fail(error, HK_NOMEM, "search: out of memory");
    } else {
        search->parts = parts;
        memset(&parts[search->part_count], 0, sizeof(*parts));
        parts[search->part_count].tenant = tenant;
        if (hk_copy_text(parts[search->part_count].name, HK_ID_SIZE, name))
            search->part_count++;
    }
    (void)pthread_mutex_unlock(&search->lock);
    return status;
}

static enum hk_status look_for_tenants(
    struct hk_search *search, sqlite3 *db, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status =
        hk_stmt_prepare(db, "SELECT tenant, name FROM tenant ORDER BY tenant", &stmt, error);

    while (status == HK_OK) {
        hk_tenant tenant;
        size_t i = 0;

        status = hk_stmt_step(stmt, &has_row, error);
        if (status != HK_OK || !has_row)
            break;
        tenant = (hk_tenant)hk_stmt_i64(stmt, 0);
        while (i < search->part_count && search->parts[i].tenant != tenant)
            i++;
        /* The name becomes one of a folder. */
        if (i == search->part_count && hk_name_is_valid(hk_stmt_text(stmt, 1)))
            status = add_part(search, tenant, hk_stmt_text(stmt, 1), error);
    }
    hk_stmt_free(stmt);
    return status;
}

static enum hk_status look_for_sizes(struct hk_search *search, sqlite3 *db, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < search->part_count && status == HK_OK; i++) {
        uint64_t size = 0;

        status = hk_store_count_entries(db, search->parts[i].tenant, &size, error);
        if (status == HK_OK && size > 0) {
            (void)pthread_mutex_lock(&search->lock);
            search->parts[i].size = size;
            (void)pthread_mutex_unlock(&search->lock);
        }
    }
    (void)pthread_mutex_lock(&search->lock);
    update_stats(search);
    (void)pthread_mutex_unlock(&search->lock);
    return status;
}

/* Take away what holds something that was erased. */
static enum hk_status look_for_erased(struct hk_search *search, sqlite3 *db, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < search->part_count && status == HK_OK; i++) {
        struct hk_search_part *part = &search->parts[i];

        for (size_t n = part->count; n > 0 && status == HK_OK; n--) {
            bool is_stale = false;

            status = hk_shard_is_stale(db, part->tenant, &part->shards[n - 1], &is_stale, error);
            if (status == HK_OK && is_stale)
                status = hk_search_drop_shard(search, i, part->shards[n - 1].file, error);
        }
    }
    return status;
}

/* Each tenant's files, looked at without the lock: whoever pokes waits for no disk. */
static enum hk_status load_part(
    struct hk_search *search, struct hk_search_part *part, sqlite3 *db, struct hk_error *error)
{
    struct hk_search_part found = {.tenant = part->tenant};
    struct hk_shard *before;
    char folder[PATH_MAX];
    enum hk_status status = hk_search_part_folder(search->data_dir, part, folder, error);

    if (status == HK_OK)
        status = hk_search_part_load(&found, folder, db, search->mode == HK_SEARCH_TOOL, error);
    if (status != HK_OK) {
        free(found.shards);
        return status;
    }
    (void)pthread_mutex_lock(&search->lock);
    before = part->shards;
    part->shards = found.shards;
    part->count = found.count;
    (void)pthread_mutex_unlock(&search->lock);
    free(before);
    return HK_OK;
}

static enum hk_status load(struct hk_search *search, sqlite3 *db, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < search->part_count && status == HK_OK; i++)
        status = load_part(search, &search->parts[i], db, error);
    search->is_loaded = status == HK_OK;
    return status;
}

enum hk_status hk_search_look(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct hk_search *search = job;
    enum hk_status status = look_for_tenants(search, reading->db, error);

    if (status == HK_OK && !search->is_loaded)
        status = load(search, reading->db, error);
    else if (status == HK_OK && search->looked_for != search->clean)
        status = look_for_erased(search, reading->db, error);
    if (status == HK_OK)
        status = look_for_sizes(search, reading->db, error);
    return status;
}
