/*
 * search_index: a thread that keeps the index of texts up with the record. It follows the ledger
 * over a read connection of its own, in slices, behind the writer, and holds up nobody: what is
 * durable never waits for it, and it runs with less priority.
 *
 * The index is derived. Its files (search_shard.h) may be lost, damaged or of an earlier version at
 * any time: they are made anew, the newest first, and answers say how much is missing. One promise
 * is kept: what was erased is in none of them once the erasure is told. The writer asks for a look
 * (hk_search_forget) and waits with its answer until it is done; a start looks before anything.
 */
#ifndef HK_LEDGER_SEARCH_INDEX_H
#define HK_LEDGER_SEARCH_INDEX_H

#include "ledger/room.h"
#include "ledger/search_ask.h"
#include "ledger/search_shard.h"

/* All of the below accept NULL, and do nothing. room may be NULL; it is borrowed. */
HK_MUST_CHECK enum hk_status hk_search_start(const char *data_dir, enum hk_search_mode mode,
    const struct hk_room *room, struct hk_search **ret_search, struct hk_error *error);
/* End the thread; what is not full is kept for the next start, as far as there is time. */
void hk_search_stop(struct hk_search *search);

/* For the writer. There are new entries: costs one atomic exchange. */
void hk_search_poke(struct hk_search *search);
/* Something was erased; *ret_mark is for the next. */
void hk_search_forget(struct hk_search *search, uint64_t *ret_mark);
/* Is it in no file of the index any more? */
bool hk_search_is_clean(struct hk_search *search, uint64_t mark);

/* For whoever asks, on any thread. */
struct hk_search_view {
    char folder[PATH_MAX];   /* of the tenant */
    struct hk_shard *shards; /* by number, rising */
    size_t count;
};
/* What there is now. HK_UNSUPPORTED: there is no index. Done with hk_search_view_done. */
HK_MUST_CHECK enum hk_status hk_search_view_take(struct hk_search *search, hk_tenant tenant,
    struct hk_search_view *ret_view, struct hk_error *error);
void hk_search_view_done(struct hk_search_view *view);
/* A file of it could not be read: it is to be made anew. */
void hk_search_is_damaged(struct hk_search *search, hk_tenant tenant, const char *file);

#endif
