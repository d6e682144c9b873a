/*
 * write: what one hk_write holds, between the header for everybody and the writer.
 */
#ifndef HK_LEDGER_WRITE_H
#define HK_LEDGER_WRITE_H

#include "ledger/ledger.h"

enum hk_op_type {
    HK_OP_ENTRY,
    HK_OP_TOKEN_HASH,
    HK_OP_ANSWER,
    HK_OP_CURSOR,
    HK_OP_CREDENTIAL,
    HK_OP_ERASE
};

struct hk_op {
    struct hk_op *next;
    enum hk_op_type type;
    hk_tenant tenant;
    enum hk_kind kind;
    int64_t time_us;
    char subject[HK_ID_SIZE]; /* or token id, source, or the id of a credential */
    char actor[HK_ID_SIZE];
    char *
        payload; /* owned; or the answer; or the value of a cursor or credential, NULL to drop it */
    size_t payload_size;
    char *key;     /* owned: idempotency key, or the cursor's, or the shelf, or what is erased */
    char *request; /* owned; or why it is erased */
    int status;
    bool has_hash;
    uint8_t hash[HK_SHA256_SIZE];
};

struct hk_write {
    struct hk_queue_item item; /* must be first */
    struct hk_op *first;
    struct hk_op **tail;
    hk_written_fn *done;
    void *ctx;
    bool *waits;      /* hk_ledger_write_now: set under the writer's lock when on disk */
    hk_tenant tenant; /* of the first entry */
    uint64_t first_seq;
    struct hk_erasure *erasure; /* owned; of the one HK_OP_ERASE in it, or NULL */
    hk_erased_fn *erased;       /* called instead of done */
};

/* Free what the operations hold, keep the rest for the callback. */
void hk_write_drop_ops(struct hk_write *write);

#endif
