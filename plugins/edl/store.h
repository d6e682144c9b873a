/*
 * store: which block holds what, `edl.json` in the state folder, and the lists that firewalls poll:
 * addresses, names and URLs, one file each (entry.h).
 *
 * Promises:
 *   1. All files are always whole: each is written beside its place, synced, and renamed over it.
 *   2. store_save returns 0 only when the store is on the disk.
 *   3. A store that can't be read, or whose sum is wrong, is never overwritten: store_open fails.
 *   4. An entry is on its list while at least one block that has not expired holds it.
 *
 * A block that expired is kept STORE_KEEP_EXPIRED_MS longer, off the lists, so that a late question
 * whether it ever took place has an answer.
 */
#ifndef EDL_STORE_H
#define EDL_STORE_H

#include "entry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_FILE "edl.json"
#define STORE_KEY_MAX 200
#define STORE_COMMENT_MAX 200
#define STORE_KEEP_EXPIRED_MS (24 * 3600 * INT64_C(1000))

struct block {
    struct entry entry;
    int64_t since_ms;   /* since 1970 */
    int64_t expires_ms; /* since 1970; 0: never by itself */
    char *key;
    char *comment; /* "" when there is none */
};

struct store {
    char *folder;
    struct block *blocks; /* sorted by key */
    size_t count;
    size_t capacity;
};

/* Read the store, or begin an empty one when there is no file. Returns 0, or -1 and why. */
int store_open(struct store *store, const char *folder, char *ret_why, size_t why_size);
void store_close(struct store *store);

struct block *store_find(struct store *store, const char *key);
/* The key must not be there. Copies the texts. */
void store_add(struct store *store, const char *key, const struct entry *entry, int64_t since_ms,
    int64_t expires_ms, const char *comment);
/* Returns whether it was there. */
bool store_remove(struct store *store, const char *key);
/* Does a block that has not expired hold exactly this? except_key may be NULL. */
bool store_holds(
    const struct store *store, const struct entry *entry, int64_t now_ms, const char *except_key);
/* Drop what expired longer ago than STORE_KEEP_EXPIRED_MS. Returns how many. */
size_t store_purge(struct store *store, int64_t now_ms);
/* When the next block expires; 0: none will. */
int64_t store_next_expiry(const struct store *store, int64_t now_ms);
bool block_is_listed(const struct block *block, int64_t now_ms);

/* Both return 0; -1 and why when what was there before is still in place; -2 and why when the new
 * file is in place but might not outlive a power cut. */
int store_save(const struct store *store, char *ret_why, size_t why_size);
int store_write_list(const struct store *store, enum entry_kind kind, int64_t now_ms,
    size_t *ret_entries, char *ret_why, size_t why_size);
/* Does the served file, as it is on the disk now, cover the entry? Returns -1 and why. */
int store_list_covers(const struct store *store, const struct entry *entry, bool *ret_covers,
    char *ret_why, size_t why_size);
/* A block with texts of its own, to be put back by store_add; block_done frees it. */
struct block block_copy(const struct block *block);
void block_done(struct block *block);

#endif
