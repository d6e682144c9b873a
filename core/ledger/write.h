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
    HK_OP_ERASE,
    HK_OP_KEY_ROTATE, /* of all tenants: both */
    HK_OP_KEY_REVOKE
};

struct hk_op {
    struct hk_op *next;
    enum hk_op_type type;
    hk_tenant tenant;
    enum hk_kind kind;
    int64_t time_us;
    int64_t since_us;         /* HK_OP_KEY_REVOKE: signatures of before this are believed */
    char subject[HK_ID_SIZE]; /* or token id, source, or the id of a credential */
    char actor[HK_ID_SIZE];
    char *
        payload; /* owned; or the answer; or the value of a cursor or credential, NULL to drop it */
    size_t payload_size;
    char *key;     /* owned: idempotency key, or the cursor's, or the shelf, or what is erased */
    char *request; /* owned; or why it is erased, or why a key is replaced or revoked */
    int status;
    bool has_hash;
    uint8_t hash[HK_SHA256_SIZE]; /* of a token; or the public key that is revoked */
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

/* For ledger_key.c: the operation that a change of keys is. */
HK_MUST_CHECK enum hk_status hk_write_key(struct hk_write *write,
    const struct hk_key_change *change, enum hk_op_type type, int64_t time_us,
    struct hk_op **ret_op, struct hk_error *error);

/* Free what the operations hold, keep the rest for the callback. */
void hk_write_drop_ops(struct hk_write *write);

#endif
