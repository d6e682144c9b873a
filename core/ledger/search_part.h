/*
 * search_part: what there is of one tenant's index, and what is missing. Internal to search_index:
 * its thread alone changes these, with the lock held; it reads them without.
 */
#ifndef HK_LEDGER_SEARCH_PART_H
#define HK_LEDGER_SEARCH_PART_H

#include "ledger/search_shard.h"

struct hk_search_part {
    hk_tenant tenant;
    char name[HK_ID_SIZE];
    uint64_t size;           /* entries of the ledger, as last seen */
    struct hk_shard *shards; /* by number, rising */
    size_t count;
};

/* DATA/search/NAME */
HK_MUST_CHECK enum hk_status hk_search_part_folder(const char *data_dir,
    const struct hk_search_part *part, char ret_folder[PATH_MAX], struct hk_error *error);
/* Put a shard in its place, or in that of the one with its number. */
HK_MUST_CHECK enum hk_status hk_search_part_put(
    struct hk_search_part *part, const struct hk_shard *shard, struct hk_error *error);
void hk_search_part_drop(struct hk_search_part *part, const char *file);
/* NULL: there is none with that number. */
const struct hk_shard *hk_search_part_find(const struct hk_search_part *part, uint64_t number);
/* Entries that are not in it. */
uint64_t hk_search_part_behind(const struct hk_search_part *part);
/* The newest shard that is missing or not as full as it could be. False: all is there. */
bool hk_search_part_wants(const struct hk_search_part *part, uint64_t *ret_number);

/* Look into the folder at a start: what a crash left, what is of another version, ledger or place,
 * or has what was erased, goes; the others are put. is_tool: files that were kept stay as they
 * are. db is the ledger. */
HK_MUST_CHECK enum hk_status hk_search_part_load(struct hk_search_part *part, const char *folder,
    sqlite3 *db, bool is_tool, struct hk_error *error);
/* Take the whole index away, of all tenants. */
HK_MUST_CHECK enum hk_status hk_search_parts_remove(const char *data_dir, struct hk_error *error);

#endif
