/*
 * audit_payloads: a tenant's payloads; see audit_payloads.h.
 */
#include "ledger/audit_payloads.h"

#include "base/json.h"
#include "ledger/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMITMENT_DIGITS ((size_t)2 * HK_SHA256_SIZE)

/* A bit for each entry, grown as it is needed. */
struct bits {
    uint8_t *bytes;
    size_t size;
};

struct hk_audit_payloads {
    pthread_t thread;
    sqlite3 *db;
    hk_tenant tenant;
    _Atomic uint64_t end; /* entries from here on need not be looked at */
    struct bits holes;    /* entries without payload */
    struct bits erased;   /* those of which an entry says that it was erased */
    struct hk_payload_verdict verdict;
    enum hk_status status;
    struct hk_error error;
};

static void bad(struct hk_audit_payloads *p, uint64_t seq, const char *problem)
{
    if (p->verdict.is_bad)
        return;
    p->verdict.is_bad = true;
    p->verdict.seq = seq;
    (void)snprintf(p->verdict.problem, sizeof(p->verdict.problem), "%s", problem);
}

static enum hk_status set_bit(struct bits *bits, uint64_t n, struct hk_error *error)
{
    size_t at = (size_t)(n / 8);

    if (at >= bits->size) {
        size_t size = bits->size * 2 > at + 1 ? bits->size * 2 : at + 1;
        uint8_t *bytes = realloc(bits->bytes, size);

        if (bytes == NULL)
            return hk_fail(error, HK_NOMEM, "audit: out of memory");
        memset(bytes + bits->size, 0, size - bits->size);
        bits->bytes = bytes;
        bits->size = size;
    }
    bits->bytes[at] |= (uint8_t)(1U << (n % 8));
    return HK_OK;
}

static bool has_bit(const struct bits *bits, uint64_t n)
{
    return n / 8 < bits->size && (bits->bytes[n / 8] & 1U << (n % 8)) != 0;
}

/* What a payload.erased says: it can take away only what stands before it. */
static enum hk_status note_erased(
    struct hk_audit_payloads *p, uint64_t seq, const char *payload, size_t size)
{
    struct hk_json_doc doc = {.root = NULL};
    const struct hk_json *entries;
    enum hk_status status = HK_OK;

    if (hk_json_parse(payload, size, &hk_json_limits_own, &doc, NULL) != HK_OK)
        return HK_OK; /* then it explains nothing */
    entries = hk_json_get(doc.root, "entries");
    for (const struct hk_json *item = entries != NULL ? entries->first : NULL;
         item != NULL && status == HK_OK; item = item->next) {
        int64_t gone = hk_json_i64_at(item, "seq", -1);

        if (gone >= 0 && (uint64_t)gone < seq)
            status = set_bit(&p->erased, (uint64_t)gone, &p->error);
    }
    hk_json_doc_done(&doc);
    return status;
}

/* Every hole needs an entry that says who made it, and no payload may be back. */
static void check_holes(struct hk_audit_payloads *p)
{
    size_t size = p->holes.size > p->erased.size ? p->holes.size : p->erased.size;

    for (uint64_t n = 0; n < (uint64_t)size * 8; n++) {
        bool is_hole = has_bit(&p->holes, n);

        if (is_hole == has_bit(&p->erased, n))
            continue;
        if (p->verdict.is_bad && p->verdict.seq < n)
            return;
        p->verdict.is_bad = false; /* this one is the first */
        bad(p, n,
            is_hole ? "salt and payload are missing, and no entry says that they were erased"
                    : "an entry says that the payload was erased, but it is there");
        return;
    }
}

static bool is_erasure(const char *line, size_t size)
{
    static const char kind[] = " payload.erased ";

    return memmem(line, size, kind, sizeof(kind) - 1) != NULL;
}

/* The row that stmt stands on: pos, line, salt, payload. */
static enum hk_status check_row(struct hk_audit_payloads *p, sqlite3_stmt *stmt)
{
    uint64_t seq = HK_POS_SEQ(hk_stmt_i64(stmt, 0));
    const char *line = hk_stmt_text(stmt, 1);
    size_t line_size = hk_stmt_size(stmt, 1);
    const void *salt = hk_stmt_blob(stmt, 2);
    const char *payload = hk_stmt_text_or_null(stmt, 3);
    size_t size = hk_stmt_size(stmt, 3);
    uint8_t committed[HK_SHA256_SIZE];
    uint8_t commitment[HK_SHA256_SIZE];

    if ((salt == NULL) != (payload == NULL)) {
        bad(p, seq, "salt or payload is missing");
        return HK_OK;
    }
    if (salt == NULL) {
        p->verdict.erased++;
        return set_bit(&p->holes, seq, &p->error);
    }
    if (hk_stmt_size(stmt, 2) != HK_SALT_SIZE) {
        bad(p, seq, "the salt has a wrong size");
        return HK_OK;
    }
    /* A line that can't be read is for the walk over the lines. */
    if (line_size < COMMITMENT_DIGITS || !hk_hex_decode_exact(line + line_size - COMMITMENT_DIGITS,
                                             COMMITMENT_DIGITS, committed, sizeof(committed)))
        return HK_OK;
    hk_entry_commit(salt, payload, size, commitment);
    if (memcmp(commitment, committed, sizeof(commitment)) != 0) {
        bad(p, seq, "salt or payload is not what the line commits to");
        return HK_OK;
    }
    return is_erasure(line, line_size) ? note_erased(p, seq, payload, size) : HK_OK;
}

static void *check_all(void *ctx)
{
    struct hk_audit_payloads *p = ctx;
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;

    p->status = hk_stmt_prepare(p->db,
        "SELECT pos, line, salt, payload FROM entry WHERE pos >= ?1 AND pos < ?2 ORDER BY pos",
        &stmt, &p->error);
    if (p->status == HK_OK)
        p->status =
            hk_stmt_bind(stmt, &p->error, "ii", HK_POS(p->tenant, 0), HK_POS(p->tenant + 1, 0));
    while (p->status == HK_OK) {
        p->status = hk_stmt_step(stmt, &has_row, &p->error);
        if (p->status != HK_OK || !has_row ||
            HK_POS_SEQ(hk_stmt_i64(stmt, 0)) >= atomic_load_explicit(&p->end, memory_order_relaxed))
            break;
        p->status = check_row(p, stmt);
    }
    hk_stmt_free(stmt);
    if (p->status == HK_OK && atomic_load(&p->end) == UINT64_MAX)
        check_holes(p);
    return NULL;
}

static void free_payloads(struct hk_audit_payloads *p)
{
    free(p->holes.bytes);
    free(p->erased.bytes);
    hk_db_close(p->db);
    free(p);
}

enum hk_status hk_audit_payloads_start(const char *data_dir, hk_tenant tenant,
    struct hk_audit_payloads **ret_payloads, struct hk_error *error)
{
    struct hk_audit_payloads *p = calloc(1, sizeof(*p));
    int64_t schema;
    enum hk_status status;

    if (p == NULL)
        return hk_fail(error, HK_NOMEM, "audit: out of memory");
    p->tenant = tenant;
    atomic_init(&p->end, UINT64_MAX);
    status = hk_store_open_record(data_dir, &p->db, &schema, error);
    if (status == HK_OK)
        status = hk_store_exec(p->db, "BEGIN; SELECT count(*) FROM meta", error);
    if (status == HK_OK && pthread_create(&p->thread, NULL, check_all, p) != 0)
        status = hk_fail(error, HK_NOMEM, "audit: can't start a thread");
    if (status != HK_OK) {
        free_payloads(p);
        return status;
    }
    *ret_payloads = p;
    return HK_OK;
}

enum hk_status hk_audit_payloads_finish(struct hk_audit_payloads *payloads, uint64_t end,
    struct hk_payload_verdict *ret_verdict, struct hk_error *error)
{
    enum hk_status status;

    *ret_verdict = (struct hk_payload_verdict){.is_bad = false};
    if (payloads == NULL)
        return HK_OK;
    atomic_store(&payloads->end, end);
    (void)pthread_join(payloads->thread, NULL);
    status = payloads->status;
    if (status != HK_OK)
        status = hk_fail(error, status, "%s", payloads->error.text);
    *ret_verdict = payloads->verdict;
    free_payloads(payloads);
    return status;
}
