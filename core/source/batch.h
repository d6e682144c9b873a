/*
 * batch: messages of one source on their way to the engine, in the order in which they came, and
 * the cursors that move with them.
 *
 * Whoever makes a batch keeps it until it is taken, and offers it again when it is not (HK_BUSY):
 * the engine takes all of it or nothing. A taken batch is in the ledger's queue, behind all that
 * was taken before; a ledger that can't write ends the process, so that it is never half on disk.
 */
#ifndef HK_SOURCE_BATCH_H
#define HK_SOURCE_BATCH_H

#include "base/buf.h"
#include "base/queue.h"
#include "limits.h"
#include "source/tally.h"

#define HK_BATCH_CURSORS_MAX 4
#define HK_BATCH_CURSOR_KEY_SIZE 48

/* A source that runs. */
struct hk_source {
    const struct hk_source_config *config;
    uint32_t tenant;
    struct hk_tally_row *row;
};

struct hk_message {
    size_t at; /* in the batch's bytes */
    size_t size;
    bool is_cut;                /* it was longer than HK_MESSAGE_SIZE_MAX */
    char peer[HK_IP_TEXT_SIZE]; /* who sent it; "" for files */
};

struct hk_batch_cursor {
    char key[HK_BATCH_CURSOR_KEY_SIZE];
    char *value; /* owned; NULL: drop the row */
};

struct hk_batch {
    struct hk_queue_item item; /* for its holder; must be first */
    void *holder;
    const struct hk_source *source;
    const char *transport; /* "udp", "tcp", "tls", "file" */
    int64_t arrived_us;
    int severity; /* of its worst alert, once the sink has read it; 0: not yet */
    char *head;   /* owned: lines at the file's beginning that explain the others, or NULL */
    struct hk_buf bytes;
    struct hk_message messages[HK_BATCH_MESSAGES_MAX];
    unsigned count;
    struct hk_batch_cursor cursors[HK_BATCH_CURSORS_MAX];
    unsigned cursor_count;
};

/* NULL when memory is short. */
HK_MUST_CHECK struct hk_batch *hk_batch_new(const struct hk_source *source, const char *transport);
void hk_batch_free(struct hk_batch *batch); /* NULL is fine */
/* Has it no room for another message? */
bool hk_batch_is_full(const struct hk_batch *batch);
/* Add a message of at most HK_MESSAGE_SIZE_MAX to a batch that isn't full; false when memory is
 * short. peer may be NULL. */
HK_MUST_CHECK bool hk_batch_add(
    struct hk_batch *batch, const char *text, size_t size, bool is_cut, const char *peer);
/* Add a cursor; a value of NULL drops its row. Replaces the cursor of that key. False when memory
 * is short; more than HK_BATCH_CURSORS_MAX keys are an assert. */
HK_MUST_CHECK bool hk_batch_cursor(struct hk_batch *batch, const char *key, const char *value);

/* Offer a batch, on the loop's thread. HK_OK: it is taken, and may be freed. HK_BUSY: not now;
 * offer it again before any later one of the source, after HK_SOURCE_RETRY_MS. */
struct hk_sink {
    enum hk_status (*offer)(void *ctx, struct hk_batch *batch);
    void *ctx;
};

#endif
