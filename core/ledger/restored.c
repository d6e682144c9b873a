/*
 * restored: the ledger says in itself that it was put back; see ledger.h.
 */
#include "ledger/rollback.h"

#include "base/json.h"
#include "ledger/reader.h"
#include "ledger/recorded.h"
#include "limits.h"

#include <stdlib.h>
#include <string.h>

static void write_known(struct hk_jw *jw, uint64_t size, const uint8_t root[HK_SHA256_SIZE])
{
    struct hk_buf text;

    hk_buf_init(&text, 128);
    hk_base64(root, HK_SHA256_SIZE, &text);
    hk_jw_object(jw);
    hk_jw_kv_i64(jw, "size", (int64_t)size);
    hk_jw_kv(jw, "root", text.data);
    hk_jw_object_end(jw);
    hk_buf_done(&text);
}

static enum hk_status put(
    struct hk_ledger *ledger, hk_tenant tenant, struct hk_buf *payload, struct hk_error *error)
{
    struct hk_write *write = hk_write_new();
    enum hk_status status = hk_buf_check(payload, "restored", error);
    size_t size = 0;

    if (write == NULL)
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    if (status == HK_OK) {
        char *text = hk_buf_take(payload, &size);
        status = hk_write_add(write, tenant, HK_KIND_LEDGER_RESTORED, "restore", "tool",
            hk_clock_now_us(hk_ledger_clock(ledger)), text, size, error);
    }
    if (status != HK_OK) {
        hk_write_free(write);
        return status;
    }
    return hk_ledger_write_now(ledger, write, error);
}

/* --- from a backup --- */

struct pending {
    hk_tenant tenant;
    struct hk_buf text;
};

static enum hk_status read_pending(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct pending *pending = job;

    return hk_rollback_pending(reading->db, pending->tenant, &pending->text, error);
}

enum hk_status hk_ledger_record_restored(
    struct hk_ledger *ledger, hk_tenant tenant, struct hk_error *error)
{
    const struct hk_rollback_list *excused = hk_ledger_excused(ledger);
    struct pending pending = {.tenant = tenant};
    struct hk_json_doc doc = {.root = NULL};
    struct hk_buf payload;
    struct hk_jw jw;
    enum hk_status status;

    hk_buf_init(&pending.text, 65536);
    hk_buf_init(&payload, HK_PAYLOAD_SIZE_MAX);
    status = hk_ledger_read_now(ledger, read_pending, &pending, error);
    if (status == HK_OK)
        status =
            hk_json_parse(pending.text.data, pending.text.size, &hk_json_limits_own, &doc, error);
    if (status == HK_OK) {
        hk_jw_init(&jw, &payload);
        hk_jw_object(&jw);
        for (const struct hk_json *field = doc.root->first; field != NULL; field = field->next)
            hk_jw_kv_value(&jw, field->key, field);
        hk_jw_key(&jw, "known");
        hk_jw_array(&jw);
        for (size_t i = 0; i < excused->count; i++)
            if (excused->items[i].tenant == tenant)
                write_known(&jw, excused->items[i].size, excused->items[i].root);
        hk_jw_array_end(&jw);
        hk_jw_object_end(&jw);
        status = put(ledger, tenant, &payload, error);
    }
    hk_json_doc_done(&doc);
    hk_buf_done(&payload);
    hk_buf_done(&pending.text);
    return status == HK_NOT_FOUND ? HK_OK : status;
}

/* --- by somebody's word --- */

struct judged {
    hk_tenant tenant;
    struct hk_buf text; /* empty: the newest that the provider's ledger records */
    struct hk_note note;
};

static enum hk_status judge(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct judged *judged = job;
    enum hk_status status = HK_OK;

    if (judged->text.size == 0)
        status = hk_recorded_newest(reading->db, judged->tenant, &judged->text, error);
    return status == HK_OK ? hk_rollback_judge(reading->db, judged->tenant, judged->text.data,
                                 judged->text.size, &judged->note, error)
                           : status;
}

enum hk_status hk_ledger_accept(struct hk_ledger *ledger, hk_tenant tenant, const char *note,
    const char *reason, struct hk_error *error)
{
    struct judged judged = {.tenant = tenant};
    char id[HK_ID_SIZE];
    struct hk_buf payload;
    struct hk_jw jw;
    int64_t now_us = hk_clock_now_us(hk_ledger_clock(ledger));
    enum hk_status status;

    if (reason[0] == '\0' || strlen(reason) > HK_REASON_SIZE_MAX)
        return hk_fail(error, HK_INVALID, "say why, in at most %d bytes", HK_REASON_SIZE_MAX);
    hk_buf_init(&judged.text, HK_NOTE_SIZE_MAX + 1);
    hk_buf_append_text(&judged.text, note != NULL ? note : "");
    status = hk_ledger_read_now(ledger, judge, &judged, error);
    hk_buf_done(&judged.text);
    if (status == HK_OK)
        return hk_fail(
            error, HK_INVALID, "the ledger leads to this checkpoint: there is nothing to accept");
    if (status != HK_CONFLICT)
        return status;
    hk_id_new("re", now_us, id);
    hk_buf_init(&payload, HK_PAYLOAD_SIZE_MAX);
    hk_jw_init(&jw, &payload);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "restore", id);
    hk_jw_kv_i64(&jw, "restored_us", now_us);
    hk_jw_kv(&jw, "reason", reason);
    hk_jw_key(&jw, "known");
    hk_jw_array(&jw);
    write_known(&jw, judged.note.size, judged.note.root);
    hk_jw_array_end(&jw);
    hk_jw_object_end(&jw);
    status = put(ledger, tenant, &payload, error);
    hk_buf_done(&payload);
    return status;
}
