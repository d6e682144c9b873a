/*
 * case_merge: one case goes into another, an alert goes out of one; and back. Nothing is moved by a
 * merge: the case points to the other, and taking that back leaves all as it was. A split moves one
 * alert; moving it back undoes it.
 */
#include "base/text.h"
#include "engine/case_index.h"
#include "engine/case_join.h"
#include "engine/case_op.h"
#include "engine/case_soon.h"
#include "engine/memory.h"

#include <string.h>

enum { ALERT_ENTRIES_MAX = 1000 };

static const char *reason_of(const struct hk_case_op *op)
{
    return op->change.text == NULL ? "" : op->change.text;
}

void hk_case_merge(struct hk_case_op *op)
{
    struct hk_tx tx;
    if (op->other[0] == 0) {
        hk_case_op_refuse(op, HK_INVALID, "into: a case can't be merged into itself");
        return;
    }
    if (op->other_state != HK_CASE_OPEN) {
        hk_case_op_refuse(op, HK_CONFLICT, "the case to merge it into is not open");
        return;
    }
    if (!hk_case_op_may(op, HK_KIND_CASE_MERGED))
        return;
    hk_tx_begin(&tx, op->engine, op->tenant, op->actor.id);
    hk_tx_simple(&tx, HK_KIND_CASE_MERGED, op->id, "into", op->other, "reason", reason_of(op));
    (void)hk_copy_text(op->row.into, sizeof op->row.into, op->other);
    hk_case_index_set(op->engine->cases, op->tenant->number, op->id, false, op->other);
    hk_case_op_commit(op, &tx);
}

void hk_case_unmerge(struct hk_case_op *op)
{
    struct hk_tx tx;
    if (!hk_case_op_may(op, HK_KIND_CASE_UNMERGED))
        return;
    hk_tx_begin(&tx, op->engine, op->tenant, op->actor.id);
    hk_tx_simple(&tx, HK_KIND_CASE_UNMERGED, op->id, "from", op->row.into, "reason", reason_of(op));
    op->row.into[0] = 0;
    hk_case_index_set(op->engine->cases, op->tenant->number, op->id, true, "");
    /* Its alerts may have been closed with the other's: then nothing else looks at it. */
    hk_case_soon(op->engine, op->tenant, op->id);
    hk_case_op_commit(op, &tx);
}

/* --- split --- */

/* Is it, or was it merged into, the case? On a reader thread. */
static enum hk_status is_of(
    struct hk_reading *reading, struct hk_case_op *op, bool *ret_is, struct hk_error *error)
{
    struct hk_case_row row = {.into = ""};
    (void)hk_copy_text(row.into, sizeof row.into, op->alert_case);
    *ret_is = false;
    for (int hops = 0; hops < 64 && row.into[0] != 0; hops++) {
        char id[HK_ID_SIZE];
        if (strcmp(row.into, op->id) == 0) {
            *ret_is = true;
            return HK_OK;
        }
        (void)hk_copy_text(id, sizeof id, row.into);
        enum hk_status status =
            hk_query_case_row(reading, op->tenant->number, id, false, &row, error);
        if (status != HK_OK)
            return status;
    }
    return HK_OK;
}

enum hk_status hk_case_read_split(
    struct hk_reading *reading, struct hk_case_op *op, struct hk_error *error)
{
    struct hk_chain chain;
    bool is_its_own = false;
    hk_tenant tenant = op->tenant->number;
    enum hk_status status =
        hk_query_case_of_alert(reading, tenant, op->change.alert, op->alert_case, error);
    if (status == HK_OK)
        status = is_of(reading, op, &is_its_own, error);
    if (status == HK_OK && !is_its_own)
        status = hk_fail(error, HK_NOT_FOUND, "the alert is not in this case");
    if (status == HK_OK)
        status = hk_query_chain(
            reading, tenant, op->change.alert, ALERT_ENTRIES_MAX, &op->arena, &chain, error);
    if (status == HK_OK)
        op->stored = chain.items[0];
    return status;
}

/* The alert is there from now on, for the runs of it that are in memory too. */
static void move(
    struct hk_case_op *op, struct hk_tx *tx, const char *to, const struct hk_entities *entities)
{
    struct hk_alert *held = hk_map_get(&op->engine->alerts, op->change.alert);
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_CASE_SPLIT, op->change.alert);
    hk_jw_kv(jw, "from", op->alert_case);
    hk_jw_kv(jw, "to", to);
    hk_jw_kv(jw, "reason", reason_of(op));
    if (entities != NULL)
        hk_case_write_entities(tx, jw, to, entities);
    hk_tx_end(tx);
    if (held != NULL)
        (void)hk_copy_text(held->in_case, sizeof held->in_case, to);
}

static void answer_with(struct hk_case_op *op, const char *to)
{
    struct hk_jw jw;
    hk_case_op_stand(op, &jw);
    hk_jw_kv(&jw, "alert", op->change.alert);
    hk_jw_kv(&jw, "to", to);
    hk_jw_object_end(&jw);
}

static void split(struct hk_case_op *op, const struct hk_json *payload)
{
    const struct hk_json *view = hk_json_get(payload, "view");
    struct hk_entities entities;
    char to[HK_ID_SIZE];
    struct hk_tx tx;
    hk_tx_begin(&tx, op->engine, op->tenant, op->actor.id);
    if (op->other[0] != 0) {
        (void)hk_copy_text(to, sizeof to, op->other);
        hk_entities_of(&op->tenant->cases, view, &entities);
        move(op, &tx, to, &entities);
    } else {
        const struct hk_case_opening opening = {
            .title = hk_json_string_at(view, "title", ""),
            .severity = hk_severity_from_text(hk_json_string_at(payload, "severity", "")),
            .from = op->id,
            .after = "",
        };
        hk_case_open(&tx, &opening, view, to);
        move(op, &tx, to, NULL);
    }
    answer_with(op, to);
    hk_case_op_commit(op, &tx);
}

void hk_case_split(struct hk_case_op *op)
{
    struct hk_json_doc doc = {0};
    if (op->change.other != NULL && op->other[0] == 0) {
        hk_case_op_refuse(op, HK_INVALID, "to: the alert is in this case");
        return;
    }
    if (op->state == HK_CASE_MERGED) {
        (void)hk_case_op_may(op, HK_KIND_CASE_PHASE); /* says where it was merged into */
        return;
    }
    if (op->other[0] != 0 && op->other_state != HK_CASE_OPEN) {
        hk_case_op_refuse(op, HK_CONFLICT, "the case to move it to is not open");
        return;
    }
    if (op->stored.payload == NULL || hk_json_parse(op->stored.payload, op->stored.payload_size,
                                          &hk_json_limits_own, &doc, NULL) != HK_OK) {
        hk_case_op_refuse(op, HK_NOT_FOUND, "what the alert said was erased");
        return;
    }
    split(op, doc.root);
    hk_json_doc_done(&doc);
}
