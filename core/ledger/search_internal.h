/*
 * search_internal: the index's thread and what it shares; see search_index.h. Internal to it.
 */
#ifndef HK_LEDGER_SEARCH_INTERNAL_H
#define HK_LEDGER_SEARCH_INTERNAL_H

#include "ledger/reader.h"
#include "ledger/search_index.h"
#include "ledger/search_part.h"

struct hk_search {
    char *data_dir;
    enum hk_search_mode mode;
    const struct hk_room *room;
    pthread_t thread;
    atomic_bool stop;
    atomic_bool is_poked;

    pthread_mutex_t lock; /* for what follows */
    pthread_cond_t changed;
    struct hk_search_part *parts;
    size_t part_count;
    uint64_t wanted; /* looks for what was erased: asked for, and done */
    uint64_t clean;
    char damaged[HK_SHARD_FILE_SIZE]; /* the last that was told; "" for none */
    hk_tenant damaged_of;
    struct hk_search_stats stats;

    /* the thread's alone */
    struct hk_reading *reading;
    struct hk_search_doc doc;
    struct hk_shard_writer writer;
    size_t writer_part;  /* whose the writer's file is */
    size_t turn;         /* the tenant whose turn it is */
    uint64_t looked_for; /* in this turn */
    bool is_loaded;
    bool has_failed;
};

/* --- search_look.c: on the index's thread --- */

/* A tenant's file as it now stands. */
HK_MUST_CHECK enum hk_status hk_search_put_shard(
    struct hk_search *search, size_t part, const struct hk_shard *shard, struct hk_error *error);
/* Take a file out, so that nobody opens it any more, and away. */
HK_MUST_CHECK enum hk_status hk_search_drop_shard(
    struct hk_search *search, size_t part, const char *file, struct hk_error *error);
/* What there is in the ledger, and, when search->looked_for says so, what was erased; job is the
 * search. */
hk_read_fn hk_search_look;

#endif
