/*
 * tx: the one way in which the engine writes entries. A transaction is begun, entries are added,
 * and it is committed; whatever rests on it happens in its done callback, once it is on disk.
 */
#ifndef HK_ENGINE_TX_H
#define HK_ENGINE_TX_H

#include "engine/objects.h"

struct hk_tx {
    struct hk_engine *engine;
    struct hk_tenant_state *tenant;
    const char *actor;
    int64_t time_us; /* of every entry of this write */
    struct hk_write *write;
    struct hk_buf payload;
    struct hk_jw jw;
    enum hk_kind kind;
    char subject[HK_ID_SIZE];
    unsigned entry_count; /* that were ended */
    /* what people are to be told once it is on disk: see notice.h */
    int64_t notice_due_us;      /* of the first notice in it; 0: there is none */
    int64_t due_us;             /* see hk_tx_due; INT64_MAX: nothing in it becomes due */
    char tell_gate[HK_ID_SIZE]; /* a gate that was opened, or has ended; "" */
};

void hk_tx_begin(
    struct hk_tx *tx, struct hk_engine *engine, struct hk_tenant_state *tenant, const char *actor);
/* Start one entry; write its payload's members into the returned writer, then hk_tx_end. */
struct hk_jw *hk_tx_entry(struct hk_tx *tx, enum hk_kind kind, const char *subject);
void hk_tx_end(struct hk_tx *tx);
/* An entry whose payload has at most two text members (a value of NULL leaves its member out). */
void hk_tx_simple(struct hk_tx *tx, enum hk_kind kind, const char *subject, const char *key1,
    const char *value1, const char *key2, const char *value2);
/* Something in it becomes due then. The timer hears of that when it is on disk: before, whoever
 * looks would find nothing, and nobody would look again. */
void hk_tx_due(struct hk_tx *tx, int64_t due_us);
/* Queue the write. done may be NULL; run may be NULL, else it is pinned until the sync. A run's
 * entries keep their order, since replay follows it: a write is urgent only when none of the run's
 * earlier ones still waits. */
typedef void hk_tx_done_fn(void *ctx);
void hk_tx_commit(
    struct hk_tx *tx, enum hk_lane lane, struct hk_run *run, hk_tx_done_fn *done, void *ctx);
/* The same, on the normal lane, for entries of two runs, of which the other may be the same one, or
 * NULL. */
void hk_tx_commit_two(
    struct hk_tx *tx, struct hk_run *run, struct hk_run *other, hk_tx_done_fn *done, void *ctx);

#endif
