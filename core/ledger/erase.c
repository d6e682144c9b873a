/*
 * erase: take payloads away; see erase.h.
 */
#include "ledger/erase.h"

#include "base/crashpoint.h"
#include "base/json.h"
#include "base/text.h"
#include "ledger/append_load.h"
#include "ledger/erase_cover.h"
#include "ledger/erase_kept.h"
#include "ledger/scrub.h"
#include "ledger/store.h"
#include "limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hk_eraser {
    sqlite3_stmt *read_entry;
    sqlite3_stmt *clear_entry;
    sqlite3_stmt *drop_answers;
    sqlite3_stmt *want_scrub;
};

enum hk_status hk_eraser_new(sqlite3 *db, struct hk_eraser **ret_eraser, struct hk_error *error)
{
    struct hk_eraser *eraser = calloc(1, sizeof(*eraser));
    enum hk_status status;

    if (eraser == NULL)
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    status = hk_stmt_prepare(
        db, "SELECT line, payload FROM entry WHERE pos = ?1", &eraser->read_entry, error);
    if (status == HK_OK)
        /* Kept for a day only, so that this is a walk over few rows. */
        status =
            hk_stmt_prepare(db, "DELETE FROM answer WHERE tenant = ?1 AND instr(answer, ?2) > 0",
                &eraser->drop_answers, error);
    if (status == HK_OK)
        status = hk_stmt_prepare(db,
            "INSERT OR REPLACE INTO cursor(tenant, source, key, value, time_us)"
            " VALUES(?1, '" HK_SCRUB_SHELF "', '" HK_SCRUB_KEY "', '', ?2)",
            &eraser->want_scrub, error);
    if (status != HK_OK) {
        hk_eraser_free(eraser);
        return status;
    }
    *ret_eraser = eraser;
    return HK_OK;
}

void hk_eraser_free(struct hk_eraser *eraser)
{
    if (eraser == NULL)
        return;
    hk_stmt_free(eraser->read_entry);
    hk_stmt_free(eraser->clear_entry);
    hk_stmt_free(eraser->drop_answers);
    hk_stmt_free(eraser->want_scrub);
    free(eraser);
}

static enum hk_status run(sqlite3_stmt *stmt, struct hk_error *error)
{
    bool has_row;
    enum hk_status status = hk_stmt_step(stmt, &has_row, error);

    hk_stmt_reset(stmt);
    return status;
}

/* {"seq", "kept"} of one entry that goes. */
static enum hk_status write_one(
    struct hk_eraser *eraser, int64_t pos, struct hk_jw *jw, struct hk_error *error)
{
    struct hk_json_doc doc = {.root = NULL};
    struct hk_entry entry;
    bool has_row = false;
    enum hk_status status = hk_stmt_bind(eraser->read_entry, error, "i", pos);

    if (status == HK_OK)
        status = hk_stmt_step(eraser->read_entry, &has_row, error);
    if (status == HK_OK && !has_row)
        status = hk_fail(error, HK_CORRUPT, "ledger: an entry is missing; see audit verify");
    if (status == HK_OK)
        status = hk_entry_parse(hk_stmt_text(eraser->read_entry, 0),
            hk_stmt_size(eraser->read_entry, 0), &entry, error);
    if (status == HK_OK)
        status = hk_json_parse(hk_stmt_text(eraser->read_entry, 1),
            hk_stmt_size(eraser->read_entry, 1), &hk_json_limits_own, &doc, error);
    if (status == HK_OK) {
        hk_jw_object(jw);
        hk_jw_kv_i64(jw, "seq", (int64_t)entry.seq);
        hk_jw_key(jw, "kept");
        hk_erase_kept(entry.kind, doc.root, jw);
        hk_jw_object_end(jw);
    }
    hk_json_doc_done(&doc);
    hk_stmt_reset(eraser->read_entry);
    return status;
}

/* The payload over some of the positions, from *in_out_at on; the last of them says the rest. */
static enum hk_status write_payload(struct hk_eraser *eraser, const struct hk_cover *cover,
    const struct hk_op *op, size_t *in_out_at, struct hk_buf *out, struct hk_error *error)
{
    enum hk_status status = HK_OK;
    struct hk_jw jw;

    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, op->payload != NULL ? "rule" : "subject", op->key);
    hk_jw_kv(&jw, "reason", op->request);
    hk_jw_key(&jw, "entries");
    hk_jw_array(&jw);
    while (
        *in_out_at < cover->position_count && status == HK_OK && out->size < HK_ERASED_PAYLOAD_SIZE)
        status = write_one(eraser, cover->positions[(*in_out_at)++], &jw, error);
    hk_jw_array_end(&jw);
    if (*in_out_at == cover->position_count)
        hk_cover_write(cover, &jw);
    hk_jw_object_end(&jw);
    return status == HK_OK ? hk_buf_check(out, "payload.erased", error) : status;
}

/* payload.erased over all positions: one entry, or as many as it takes. */
static enum hk_status append_said(struct hk_appender *a, struct hk_write *write,
    const struct hk_cover *cover, const struct hk_op *op, struct hk_error *error)
{
    enum hk_status status = HK_OK;
    size_t at = 0;

    while (status == HK_OK && at < cover->position_count) {
        struct hk_op said = {.type = HK_OP_ENTRY,
            .tenant = op->tenant,
            .kind = HK_KIND_PAYLOAD_ERASED,
            .time_us = op->time_us,
            .subject = HK_ERASURE_SUBJECT};
        struct hk_buf payload;

        (void)hk_copy_text(said.actor, sizeof(said.actor), op->actor);
        hk_buf_init(&payload, HK_PAYLOAD_SIZE_MAX);
        status = write_payload(a->eraser, cover, op, &at, &payload, error);
        said.payload = payload.data;
        said.payload_size = payload.size;
        if (status == HK_OK)
            status = hk_append_entry(a, write, &said, &write->erasure->seq, error);
        hk_buf_done(&payload);
    }
    return status;
}

static enum hk_status clear_entries(
    struct hk_eraser *eraser, const struct hk_cover *cover, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < cover->position_count && status == HK_OK; i++)
        status = hk_store_erase_entry(cover->db, &eraser->clear_entry, cover->positions[i], error);
    return status;
}

/* Answers that were kept to be given again, and name what goes. */
static enum hk_status drop_answers(
    struct hk_eraser *eraser, const struct hk_cover *cover, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < cover->subject_count && status == HK_OK; i++) {
        if (cover->subjects[i].noun != HK_NOUN_ALERT)
            continue;
        status = hk_stmt_bind(
            eraser->drop_answers, error, "it", (int64_t)cover->tenant, cover->subjects[i].id);
        if (status == HK_OK)
            status = run(eraser->drop_answers, error);
    }
    return status;
}

static enum hk_status erase(struct hk_appender *a, struct hk_write *write,
    const struct hk_cover *cover, const struct hk_op *op, struct hk_error *error)
{
    struct hk_eraser *eraser = a->eraser;
    /* What says it comes first: the guard on entries looks for it. */
    enum hk_status status = append_said(a, write, cover, op, error);

    if (status == HK_OK)
        status = clear_entries(eraser, cover, error);
    hk_crashpoint("erase.cleared");
    if (status == HK_OK)
        status = drop_answers(eraser, cover, error);
    if (status == HK_OK)
        status = hk_stmt_bind(eraser->want_scrub, error, "ii", (int64_t)op->tenant, op->time_us);
    return status == HK_OK ? run(eraser->want_scrub, error) : status;
}

static bool is_refusal(enum hk_status status)
{
    return status == HK_NOT_FOUND || status == HK_CONFLICT || status == HK_INVALID ||
           status == HK_LIMIT;
}

/* --- by rule --- */

/* Keep in mind what is still needed; forget what has gone. */
static enum hk_status shelve(struct hk_appender *a, const struct hk_op *op, const char *id,
    bool is_kept, struct hk_error *error)
{
    sqlite3_stmt *stmt = is_kept ? a->put_cursor : a->drop_cursor;
    enum hk_status status =
        is_kept ? hk_stmt_bind(stmt, error, "ittti", (int64_t)op->tenant, HK_RETAINED_SHELF, id,
                      op->key, op->time_us)
                : hk_stmt_bind(stmt, error, "itt", (int64_t)op->tenant, HK_RETAINED_SHELF, id);

    return status == HK_OK ? run(stmt, error) : status;
}

/* Cover one of the list, an id or "#SEQ". */
static enum hk_status cover_due(struct hk_appender *a, struct hk_cover *cover,
    const struct hk_op *op, const char *due, struct hk_erasure *erasure, struct hk_error *error)
{
    struct hk_error why = {.text = ""};
    enum hk_status status;

    if (due[0] == '#')
        return hk_cover_add_entry(cover, strtoull(due + 1, NULL, 10), error);
    status = hk_cover_add(cover, due, &why);
    if (status != HK_OK && !is_refusal(status)) {
        *error = why;
        return status;
    }
    erasure->refused += status != HK_OK;
    return shelve(a, op, due, status != HK_OK, error);
}

static enum hk_status apply_rule(
    struct hk_appender *a, struct hk_write *write, const struct hk_op *op, struct hk_error *error)
{
    struct hk_erasure *erasure = write->erasure;
    struct hk_cover cover;
    char due[HK_ID_SIZE];
    enum hk_status status = HK_OK;

    hk_cover_begin(a->db, op->tenant, &cover);
    for (const char *at = op->payload; *at != '\0' && status == HK_OK;) {
        size_t size = strcspn(at, "\n");

        (void)snprintf(due, sizeof(due), "%.*s", (int)size, at);
        status = cover_due(a, &cover, op, due, erasure, error);
        at += size + (at[size] == '\n');
    }
    hk_cover_end(&cover);
    if (status == HK_OK && cover.position_count > 0)
        status = erase(a, write, &cover, op, error);
    erasure->entries = cover.position_count;
    erasure->subjects = cover.subject_count;
    hk_cover_done(&cover);
    return status;
}

enum hk_status hk_erase_apply(struct hk_appender *appender, struct hk_write *write,
    const struct hk_op *op, struct hk_error *error)
{
    struct hk_erasure *erasure = write->erasure;
    struct hk_cover cover;
    enum hk_status status;

    if (op->payload != NULL)
        return apply_rule(appender, write, op, error);
    erasure->status = hk_scrub_check(appender->db, &erasure->error);
    if (erasure->status == HK_LIMIT)
        return HK_OK;
    status = hk_cover_find(appender->db, op->tenant, op->key, &cover, &erasure->error);
    erasure->status = status;
    if (status == HK_OK) {
        status = erase(appender, write, &cover, op, error);
        erasure->entries = cover.position_count;
        erasure->subjects = cover.subject_count;
    } else if (is_refusal(status)) {
        status = HK_OK;
    } else if (error != NULL) {
        *error = erasure->error;
    }
    hk_cover_done(&cover);
    return status;
}
