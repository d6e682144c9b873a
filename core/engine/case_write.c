/*
 * case_write: see case_write.h.
 */
#include "engine/case_write.h"

#include <string.h>

static void write_source(struct hk_jw *jw, const char *run, const char *step)
{
    if (run != NULL)
        hk_jw_kv(jw, "run", run);
    if (step != NULL)
        hk_jw_kv(jw, "step", step);
}

void hk_case_write_described(struct hk_tx *tx, const char *id, const struct hk_case_change *change,
    const char *run, const char *step)
{
    const struct {
        const char *key;
        const char *text;
    } fields[] = {{"title", change->title}, {"happening", change->happening},
        {"do_now", change->do_now}, {"impact", change->impact}, {"scope", change->scope}};
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_CASE_DESCRIBED, id);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (fields[i].text != NULL)
            hk_jw_kv(jw, fields[i].key, fields[i].text);
    }
    write_source(jw, run, step);
    hk_tx_end(tx);
}

void hk_case_write_evidence(struct hk_tx *tx, const char *id, const struct hk_evidence *evidence,
    const struct hk_stored *entry, const char *run, const char *step)
{
    char sha256[HK_SHA256_HEX_SIZE] = "";
    int64_t size = evidence->size;
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_CASE_EVIDENCE, id);
    hk_jw_kv(jw, "name", evidence->name);
    if (evidence->entry >= 0) {
        hk_sha256_hex(entry->payload, entry->payload_size, sha256);
        size = (int64_t)entry->payload_size;
        hk_jw_kv_i64(jw, "entry", evidence->entry);
    } else if (evidence->text != NULL) {
        hk_sha256_hex(evidence->text, strlen(evidence->text), sha256);
        size = (int64_t)strlen(evidence->text);
        hk_jw_kv(jw, "text", evidence->text);
    } else {
        hk_jw_kv(jw, "place", evidence->place);
    }
    if (sha256[0] != 0 || evidence->sha256 != NULL)
        hk_jw_kv(jw, "sha256", sha256[0] != 0 ? sha256 : evidence->sha256);
    if (size >= 0)
        hk_jw_kv_i64(jw, "size", size);
    if (evidence->note != NULL)
        hk_jw_kv(jw, "note", evidence->note);
    write_source(jw, run, step);
    hk_tx_end(tx);
}

void hk_case_write_note(
    struct hk_tx *tx, const char *id, const char *text, const char *run, const char *step)
{
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_CASE_NOTED, id);
    hk_jw_kv(jw, "text", text);
    write_source(jw, run, step);
    hk_tx_end(tx);
}
