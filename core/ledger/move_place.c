/*
 * move_place: what the two ends of a move share; see move_place.h.
 */
#include "ledger/move_place.h"

#include "base/json.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define PREFIX "hikeshi/"

enum hk_status hk_place_parse(const char *text, struct hk_place *ret_place, struct hk_error *error)
{
    struct hk_verifier verifier;

    if (hk_verifier_parse(text, &verifier, NULL) != HK_OK ||
        strncmp(verifier.name, PREFIX, strlen(PREFIX)) != 0 ||
        !hk_id_is_valid(verifier.name + strlen(PREFIX)))
        return hk_fail(error, HK_INVALID,
            "it is no place that a tenant can be moved to: expected what `hikeshi tenant place`"
            " prints there");
    (void)hk_copy_text(
        ret_place->ledger, sizeof(ret_place->ledger), verifier.name + strlen(PREFIX));
    memcpy(ret_place->public_key, verifier.public_key, sizeof(ret_place->public_key));
    return HK_OK;
}

/* Each plugin process holds it shared until it is gone (plugin/spawner.h). */
static enum hk_status lock_plugins(const char *data_dir, int *ret_fd, struct hk_error *error)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof(path), "%s/plugins.lock", data_dir) >= (int)sizeof(path))
        return hk_fail(error, HK_INVALID, "the folder's path is too long");
    *ret_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*ret_fd < 0)
        return hk_fail(error, HK_IO, "can't open %s: %s", path, strerror(errno));
    if (flock(*ret_fd, LOCK_EX | LOCK_NB) != 0)
        return hk_fail(error, HK_BUSY,
            "plugins of an engine that ended still run on %s: try again when they are gone",
            data_dir);
    return HK_OK;
}

enum hk_status hk_move_desk_open(
    const char *data_dir, struct hk_move_desk *ret_desk, struct hk_error *error)
{
    enum hk_status status;

    *ret_desk = (struct hk_move_desk){.lock_fd = -1, .plugins_fd = -1};
    status = hk_engine_lock(data_dir, &ret_desk->lock_fd, error);
    if (status == HK_OK)
        status = lock_plugins(data_dir, &ret_desk->plugins_fd, error);
    if (status == HK_OK)
        status = hk_appender_open(data_dir, NULL, &ret_desk->appender, error);
    return status;
}

void hk_move_desk_done(struct hk_move_desk *desk)
{
    hk_appender_free(desk->appender);
    if (desk->plugins_fd >= 0)
        (void)close(desk->plugins_fd);
    if (desk->lock_fd >= 0)
        (void)close(desk->lock_fd);
}

struct hk_append_tenant *hk_move_find(struct hk_appender *appender, const char *tenant)
{
    for (size_t i = 0; i < appender->tenant_count; i++)
        if (strcmp(appender->tenants[i]->name, tenant) == 0)
            return appender->tenants[i];
    return NULL;
}

enum hk_status hk_move_place(
    const char *data_dir, char ret_place[HK_MOVE_PLACE_SIZE], struct hk_error *error)
{
    struct hk_move_desk desk;
    struct hk_verifier verifier;
    char text[HK_VERIFIER_KEY_SIZE];
    enum hk_status status = hk_move_desk_open(data_dir, &desk, error);

    if (status == HK_OK) {
        (void)snprintf(verifier.name, sizeof(verifier.name), PREFIX "%s", desk.appender->ledger_id);
        hk_key_public(desk.appender->key, verifier.public_key);
        hk_verifier_format(&verifier, text);
        if (!hk_copy_text(ret_place, HK_MOVE_PLACE_SIZE, text))
            status = hk_fail(error, HK_INTERNAL, "the place's name is too long");
    }
    hk_move_desk_done(&desk);
    return status;
}

enum hk_status hk_moved_parse(
    const char *payload, size_t size, struct hk_moved *ret_moved, struct hk_error *error)
{
    struct hk_json_doc doc = {.root = NULL};
    bool is_good =
        payload != NULL && hk_json_parse(payload, size, &hk_json_limits_own, &doc, NULL) == HK_OK;
    int64_t entries = is_good ? hk_json_i64_at(doc.root, "size", -1) : -1;

    memset(ret_moved, 0, sizeof(*ret_moved));
    if (is_good)
        is_good =
            hk_copy_text(ret_moved->move, HK_ID_SIZE, hk_json_string_at(doc.root, "move", "")) &&
            hk_copy_text(ret_moved->from, HK_ID_SIZE, hk_json_string_at(doc.root, "from", "")) &&
            hk_copy_text(ret_moved->to, HK_ID_SIZE, hk_json_string_at(doc.root, "to", "")) &&
            hk_copy_text(
                ret_moved->key, sizeof(ret_moved->key), hk_json_string_at(doc.root, "key", "")) &&
            hk_copy_text(ret_moved->files, sizeof(ret_moved->files),
                hk_json_string_at(doc.root, "files", "")) &&
            hk_id_is_valid(ret_moved->move) && hk_id_is_valid(ret_moved->from) &&
            hk_id_is_valid(ret_moved->to) && entries >= 0;
    ret_moved->size = (uint64_t)entries;
    hk_json_doc_done(&doc);
    return is_good ? HK_OK : hk_fail(error, HK_CORRUPT, "the entry about the move can't be read");
}

enum hk_status hk_moved_read(
    sqlite3 *db, hk_tenant tenant, struct hk_moved *ret_moved, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(db,
        "SELECT payload FROM entry WHERE pos = (SELECT last FROM subject WHERE tenant = ?1"
        " AND subject = '" HK_MOVE_SUBJECT "')",
        &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "i", (int64_t)tenant);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && !has_row)
        status = hk_fail(error, HK_NOT_FOUND, "the tenant was never moved");
    if (status == HK_OK)
        status =
            hk_moved_parse(hk_stmt_text_or_null(stmt, 0), hk_stmt_size(stmt, 0), ret_moved, error);
    hk_stmt_free(stmt);
    return status;
}

enum hk_status hk_moved_is_closed(
    sqlite3 *db, hk_tenant tenant, bool *ret_is, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(db,
        "SELECT instr(line, ' ledger.moved_out ') > 0 FROM entry WHERE pos >= ?1 AND pos < ?2"
        " ORDER BY pos DESC LIMIT 1",
        &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "ii", HK_POS(tenant, 0), HK_POS(tenant + 1, 0));
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK)
        *ret_is = has_row && hk_stmt_bool(stmt, 0);
    hk_stmt_free(stmt);
    return status;
}
