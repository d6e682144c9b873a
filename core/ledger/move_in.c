/*
 * move_in: take the tenant of a file into this folder; see move.h.
 */
#include "ledger/move_stage.h"

#include "base/crashpoint.h"
#include "base/json.h"
#include "base/time.h"
#include "ledger/node.h"
#include "ledger/refold.h"
#include "limits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct arrival {
    const struct hk_move_options *options;
    struct hk_appender *appender;
    struct hk_stage stage;
    hk_tenant number; /* that it is to have here */
    struct hk_append_tenant *tenant;
    sqlite3_stmt *get; /* what lies beside a line, from the stage */
    sqlite3_stmt *put;
};

/* --- from the stage into the ledger --- */

/* Of each entry before it is folded. */
static enum hk_status take_entry(void *ctx, const struct hk_refold_row *row, struct hk_error *error)
{
    struct arrival *a = ctx;
    int64_t last = 0;
    uint8_t leaf[HK_SHA256_SIZE];
    bool has_row = false;
    enum hk_status status = hk_fold_last(a->appender->fold, row->pos, row->entry, &last, error);

    if (status == HK_OK)
        status = hk_stmt_bind(a->get, error, "i", row->pos);
    if (status == HK_OK)
        status = hk_stmt_step(a->get, &has_row, error);
    if (status == HK_OK)
        status = hk_stmt_bind(a->put, error, "itbti", row->pos, row->line, hk_stmt_blob(a->get, 0),
            hk_stmt_size(a->get, 0), hk_stmt_text_or_null(a->get, 1), last);
    if (status == HK_OK)
        status = hk_stmt_step(a->put, &has_row, error);
    hk_stmt_reset(a->put);
    hk_stmt_reset(a->get);
    hk_merkle_leaf(row->line, row->line_size, leaf);
    if (status == HK_OK)
        status = hk_node_append(a->appender->put_node, a->number, &a->tenant->tree, leaf, error);
    a->tenant->last_time_us = row->entry->time_us;
    return status;
}

static enum hk_status take_entries(struct arrival *a, struct hk_error *error)
{
    enum hk_status status = hk_fold_learn_holes(a->appender->fold, a->stage.db, error);

    if (status == HK_OK)
        status = hk_stmt_prepare(
            a->stage.db, "SELECT salt, payload FROM entry WHERE pos = ?1", &a->get, error);
    if (status == HK_OK)
        status = hk_stmt_prepare(a->appender->db,
            "INSERT INTO entry(pos, line, salt, payload, prev)"
            " VALUES(?1, ?2, ?3, ?4, nullif(?5, 0))",
            &a->put, error);
    if (status == HK_OK)
        status = hk_refold_tenant(a->stage.db, a->number, a->appender->fold, take_entry, a, error);
    return status;
}

static enum hk_status take_checkpoints(struct arrival *a, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(a->stage.db,
        "SELECT size, time_us, note FROM checkpoint WHERE tenant = ?1 ORDER BY size", &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "i", (int64_t)a->number);
    while (status == HK_OK && (status = hk_stmt_step(stmt, &has_row, error)) == HK_OK && has_row) {
        sqlite3_stmt *put = a->appender->put_checkpoint;
        bool ignored;

        status = hk_stmt_bind(put, error, "iiit", (int64_t)a->number, hk_stmt_i64(stmt, 0),
            hk_stmt_i64(stmt, 1), hk_stmt_text(stmt, 2));
        if (status == HK_OK)
            status = hk_stmt_step(put, &ignored, error);
        hk_stmt_reset(put);
        a->tenant->checkpointed_size = (uint64_t)hk_stmt_i64(stmt, 0);
    }
    hk_stmt_free(stmt);
    return status;
}

static enum hk_status append_moved_in(struct arrival *a, struct hk_error *error)
{
    struct hk_write *write = hk_write_new();
    struct hk_buf payload;
    struct hk_jw jw;
    size_t size = 0;
    char *text;
    enum hk_status status;

    if (write == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a write");
    hk_buf_init(&payload, HK_PAYLOAD_SIZE_MAX);
    hk_jw_init(&jw, &payload);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "move", a->stage.moved.move);
    hk_jw_kv(&jw, "from", a->stage.moved.from);
    hk_jw_kv(&jw, "to", a->stage.moved.to);
    hk_jw_kv_i64(&jw, "size", (int64_t)a->tenant->tree.size);
    hk_jw_object_end(&jw);
    status = hk_buf_check(&payload, "ledger.moved_in", error);
    text = hk_buf_take(&payload, &size);
    if (status == HK_OK)
        status = hk_write_add(write, a->number, HK_KIND_LEDGER_MOVED_IN, HK_MOVE_SUBJECT, "tool",
            hk_time_wall_us(), text, size, error);
    else
        free(text);
    if (status == HK_OK)
        status = hk_append_write(a->appender, write, error);
    hk_write_free(write);
    return status;
}

/* One transaction: with it the tenant is here, and before it nothing of it is. */
static enum hk_status take_in(struct arrival *a, struct hk_error *error)
{
    enum hk_status status;

    a->tenant = hk_append_add_tenant(a->appender, a->number);
    if (a->tenant == NULL)
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    status = hk_append_begin(a->appender, error);
    if (status == HK_OK)
        status = take_entries(a, error);
    if (status == HK_OK)
        status = take_checkpoints(a, error);
    if (status == HK_OK)
        status = hk_append_load_origin(a->appender, a->tenant, error);
    if (status == HK_OK)
        status = append_moved_in(a, error);
    hk_stmt_free(a->get);
    hk_stmt_free(a->put);
    hk_crashpoint("move.taking");
    if (status == HK_OK)
        status = hk_append_commit(a->appender, true, error);
    hk_crashpoint("move.taken");
    return status;
}

/* --- all of it --- */

/* The tenant is here: by this very move, or not. */
static enum hk_status check_known(struct arrival *a, const struct hk_append_tenant *tenant,
    const struct hk_move_head *head, struct hk_error *error)
{
    struct hk_moved moved;

    if (!tenant->is_closed &&
        hk_moved_read(a->appender->db, tenant->number, &moved, error) == HK_OK &&
        strcmp(moved.move, head->move) == 0)
        return HK_OK;
    return hk_fail(error, HK_CONFLICT, "there is a tenant %s here already%s", tenant->name,
        tenant->is_closed ? ", which was moved out: it can't come back to a folder that it left"
                          : "");
}

static enum hk_status read_in(
    struct arrival *a, struct hk_move_reader *reader, struct hk_error *error)
{
    const struct hk_key *key = a->appender->key;
    enum hk_status status;

    for (size_t i = 0; i < a->appender->tenant_count; i++)
        if (a->appender->tenants[i]->number > a->number)
            a->number = a->appender->tenants[i]->number;
    a->number++;
    if (a->number >= HK_TENANTS_MAX)
        return hk_fail(error, HK_LIMIT, "more than %d tenants", HK_TENANTS_MAX);
    status = hk_stage_fill(a->options, reader, a->number, key, &a->stage, error);
    if (status == HK_OK)
        status = hk_stage_check(&a->stage, a->options, a->number, key, error);
    hk_crashpoint("move.staged");
    if (status == HK_OK)
        status = hk_backup_files_place(
            &a->stage.files, a->options->data_dir, a->stage.head.tenant, error);
    hk_crashpoint("move.placed");
    if (status == HK_OK)
        status = take_in(a, error);
    hk_stage_done(&a->stage);
    return status;
}

static enum hk_status arrive(struct arrival *a, struct hk_move_reader *reader,
    struct hk_move_result *result, struct hk_error *error)
{
    const struct hk_move_head *head = hk_move_reader_head(reader);
    const struct hk_append_tenant *tenant = hk_move_find(a->appender, head->tenant);
    enum hk_status status;

    if (strcmp(head->to, a->appender->ledger_id) != 0)
        return hk_fail(error, HK_DENIED,
            "the tenant in it was moved to hikeshi/%s, and this folder is hikeshi/%s", head->to,
            a->appender->ledger_id);
    memcpy(result->move, head->move, sizeof(result->move));
    memcpy(result->tenant, head->tenant, sizeof(result->tenant));
    result->was_done = tenant != NULL;
    status = tenant != NULL ? check_known(a, tenant, head, error) : read_in(a, reader, error);
    if (status == HK_OK)
        result->entries = tenant != NULL ? tenant->tree.size : a->tenant->tree.size;
    return status;
}

enum hk_status hk_move_in(const struct hk_move_options *options, struct hk_move_result *ret_result,
    struct hk_error *error)
{
    struct arrival a = {.options = options};
    struct hk_move_reader *reader = NULL;
    struct hk_move_desk desk;
    struct stat info;
    FILE *file;
    enum hk_status status;

    if (stat(options->file, &info) == 0 && !S_ISREG(info.st_mode))
        return hk_fail(error, HK_INVALID, "%s is no plain file", options->file);
    file = fopen(options->file, "re");
    if (file == NULL)
        return hk_fail(error, HK_NOT_FOUND, "cannot open %s: %s", options->file, strerror(errno));
    status = hk_move_reader_new(file, &reader, error);
    if (status == HK_OK) {
        status = hk_move_desk_open(options->data_dir, &desk, error);
        a.appender = desk.appender;
        if (status == HK_OK) {
            status = arrive(&a, reader, ret_result, error);
            hk_move_sweep(options->data_dir);
        }
        hk_move_desk_done(&desk);
    }
    hk_move_reader_free(reader);
    (void)fclose(file);
    return status == HK_OK ? HK_OK : hk_error_prefix(error, "%s", options->file);
}
