/*
 * dedupe: which alert holds which dedupe key. A bounded memory of keys, the oldest forgotten first;
 * what it decides is recorded in the ledger (alert.merged), never computed again.
 */
#include "engine/dedupe.h"
#include "base/text.h"
#include "engine/memory.h"
#include "engine/objects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct held {
    char key[64]; /* "TENANT HEX" */
    char alert[HK_ID_SIZE];
    int64_t time_us;
    bool is_used;
};

struct hk_dedupe {
    struct hk_map by_key;
    struct hk_map by_alert;
    struct held **ring; /* allocated as needed */
    size_t count_max;
    size_t next;
};

struct hk_dedupe *hk_dedupe_new(size_t count_max)
{
    struct hk_dedupe *dedupe = calloc(1, sizeof *dedupe);
    if (dedupe == NULL)
        return NULL;
    dedupe->ring = calloc(count_max, sizeof(struct held *));
    if (dedupe->ring == NULL) {
        free(dedupe);
        return NULL;
    }
    dedupe->count_max = count_max;
    hk_map_init(&dedupe->by_key);
    hk_map_init(&dedupe->by_alert);
    return dedupe;
}

void hk_dedupe_free(struct hk_dedupe *dedupe)
{
    if (dedupe == NULL)
        return;
    for (size_t i = 0; i < dedupe->count_max; i++)
        free(dedupe->ring[i]);
    free(dedupe->ring);
    hk_map_done(&dedupe->by_key);
    hk_map_done(&dedupe->by_alert);
    free(dedupe);
}

static void key_of(hk_tenant tenant, const char *key, char ret_key[64])
{
    snprintf(ret_key, 64, "%u %s", (unsigned)tenant, key);
}

const char *hk_dedupe_find(
    const struct hk_dedupe *dedupe, hk_tenant tenant, const char *key, int64_t since_us)
{
    char full[64];
    key_of(tenant, key, full);
    const struct held *held = hk_map_get(&dedupe->by_key, full);
    return held != NULL && held->time_us >= since_us ? held->alert : NULL;
}

static void drop(struct hk_dedupe *dedupe, struct held *held)
{
    if (!held->is_used)
        return;
    if (hk_map_get(&dedupe->by_key, held->key) == held)
        (void)hk_map_remove(&dedupe->by_key, held->key);
    (void)hk_map_remove(&dedupe->by_alert, held->alert);
    held->is_used = false;
}

void hk_dedupe_put(
    struct hk_dedupe *dedupe, hk_tenant tenant, const char *key, const char *alert, int64_t time_us)
{
    struct held **place = &dedupe->ring[dedupe->next];
    dedupe->next = (dedupe->next + 1) % dedupe->count_max;
    if (*place == NULL)
        *place = hk_engine_alloc(sizeof **place);
    struct held *held = *place;
    drop(dedupe, held);
    key_of(tenant, key, held->key);
    struct held *older = hk_map_get(&dedupe->by_key, held->key);
    if (older != NULL)
        drop(dedupe, older);
    (void)hk_copy_text(held->alert, sizeof held->alert, alert);
    held->time_us = time_us;
    held->is_used = true;
    hk_engine_must(hk_map_put(&dedupe->by_key, held->key, held), "remembering a key", NULL);
    hk_engine_must(hk_map_put(&dedupe->by_alert, held->alert, held), "remembering a key", NULL);
}

void hk_dedupe_forget(struct hk_dedupe *dedupe, const char *alert)
{
    struct held *held = hk_map_get(&dedupe->by_alert, alert);
    if (held != NULL)
        drop(dedupe, held);
}
