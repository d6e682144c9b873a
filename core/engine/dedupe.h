/*
 * dedupe: which alert holds which dedupe key; a bounded memory, the oldest forgotten first. What it
 * decides is recorded, never computed again.
 */
#ifndef HK_ENGINE_DEDUPE_H
#define HK_ENGINE_DEDUPE_H

#include "ledger/ledger.h"

struct hk_dedupe;

/* count_max is below 2^32. NULL: no memory. */
struct hk_dedupe *hk_dedupe_new(size_t count_max);
void hk_dedupe_free(struct hk_dedupe *dedupe);
/* The alert that holds this key since at least since_us; NULL. */
const char *hk_dedupe_find(
    const struct hk_dedupe *dedupe, hk_tenant tenant, const char *key, int64_t since_us);
void hk_dedupe_put(struct hk_dedupe *dedupe, hk_tenant tenant, const char *key, const char *alert,
    int64_t time_us);
/* At the start, before the first put, newest first: what an earlier engine remembered. Of two with
 * one key the newer stands. False: no more can be remembered. */
bool hk_dedupe_recall(struct hk_dedupe *dedupe, hk_tenant tenant, const char *key,
    const char *alert, int64_t time_us);
/* The alert is closed: its key is free again. */
void hk_dedupe_forget(struct hk_dedupe *dedupe, const char *alert);

#endif
