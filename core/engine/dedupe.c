/*
 * dedupe: which alert holds which dedupe key. A bounded memory of keys, the oldest forgotten first;
 * what it decides is recorded in the ledger (alert.merged), never computed again.
 *
 * The keys lie in a ring of places, and are found by two hash tables of chains, by key and by
 * alert. Chains are numbers of places + 1. Every place is a few dozen bytes, since there may be
 * very many.
 */
#include "engine/dedupe.h"
#include "base/digest.h"
#include "base/text.h"
#include "engine/memory.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_SIZE = 16, ALERT_SIZE = 32 }; /* an alert's id has 29 characters */

struct held {
    hk_tenant tenant;
    int64_t time_us;
    uint8_t key[KEY_SIZE];
    char alert[ALERT_SIZE]; /* "": nothing is held here */
    uint32_t next_by_key;
    uint32_t next_by_alert;
};

struct hk_dedupe {
    struct held *ring; /* memory that was never written takes none */
    uint32_t *by_key;
    uint32_t *by_alert;
    uint64_t seed;  /* so that keys chosen from outside can't pile up in one chain */
    size_t buckets; /* of each table, a power of two */
    size_t count_max;
    size_t next;
    size_t recalled; /* places at the end of the ring that hk_dedupe_recall has filled */
};

struct hk_dedupe *hk_dedupe_new(size_t count_max)
{
    struct hk_dedupe *dedupe = calloc(1, sizeof *dedupe);
    if (dedupe == NULL)
        return NULL;
    for (dedupe->buckets = 16; dedupe->buckets < count_max;)
        dedupe->buckets *= 2;
    dedupe->count_max = count_max;
    dedupe->ring = calloc(count_max, sizeof *dedupe->ring);
    dedupe->by_key = calloc(dedupe->buckets, sizeof *dedupe->by_key);
    dedupe->by_alert = calloc(dedupe->buckets, sizeof *dedupe->by_alert);
    hk_random(&dedupe->seed, sizeof dedupe->seed);
    if (dedupe->ring == NULL || dedupe->by_key == NULL || dedupe->by_alert == NULL) {
        hk_dedupe_free(dedupe);
        return NULL;
    }
    return dedupe;
}

void hk_dedupe_free(struct hk_dedupe *dedupe)
{
    if (dedupe == NULL)
        return;
    free(dedupe->ring);
    free(dedupe->by_key);
    free(dedupe->by_alert);
    free(dedupe);
}

/* --- chains --- */

static uint32_t *bucket_of(const struct hk_dedupe *dedupe, uint32_t *table, hk_tenant tenant,
    const void *data, size_t size)
{
    uint64_t hash = 1469598103934665603ULL ^ dedupe->seed ^ ((uint64_t)tenant << 40);
    for (const unsigned char *p = data, *end = p + size; p < end; p++)
        hash = (hash ^ *p) * 1099511628211ULL;
    hash ^= hash >> 29;
    hash *= 0x9e3779b97f4a7c15ULL;
    return &table[(hash ^ (hash >> 32)) & (dedupe->buckets - 1)];
}

static uint32_t *chain_of_key(const struct hk_dedupe *dedupe, const struct held *held)
{
    return bucket_of(dedupe, dedupe->by_key, held->tenant, held->key, KEY_SIZE);
}

static uint32_t *chain_of_alert(const struct hk_dedupe *dedupe, const char *alert)
{
    return bucket_of(dedupe, dedupe->by_alert, 0, alert, strlen(alert));
}

/* A key is sixteen bytes in hexadecimal; of any other text, sixteen of its digest. */
static void read_key(struct held *ret_held, hk_tenant tenant, const char *key)
{
    uint8_t digest[HK_SHA256_SIZE];
    size_t size = strlen(key);
    ret_held->tenant = tenant;
    if (hk_hex_decode_exact(key, size, ret_held->key, KEY_SIZE))
        return;
    hk_sha256(&(struct hk_bytes){key, size}, 1, digest);
    memcpy(ret_held->key, digest, KEY_SIZE);
}

static struct held *find(const struct hk_dedupe *dedupe, const struct held *wanted)
{
    uint32_t at = *chain_of_key(dedupe, wanted);
    for (; at != 0; at = dedupe->ring[at - 1].next_by_key) {
        struct held *held = &dedupe->ring[at - 1];
        if (held->tenant == wanted->tenant && memcmp(held->key, wanted->key, KEY_SIZE) == 0)
            return held;
    }
    return NULL;
}

static void drop(struct hk_dedupe *dedupe, struct held *held)
{
    uint32_t place = (uint32_t)(held - dedupe->ring) + 1;
    if (held->alert[0] == 0)
        return;
    uint32_t *link = chain_of_key(dedupe, held);
    while (*link != place)
        link = &dedupe->ring[*link - 1].next_by_key;
    *link = held->next_by_key;
    link = chain_of_alert(dedupe, held->alert);
    while (*link != place)
        link = &dedupe->ring[*link - 1].next_by_alert;
    *link = held->next_by_alert;
    held->alert[0] = 0;
}

/* Let an empty place hold what draft says. */
static void hold(struct hk_dedupe *dedupe, size_t at, const struct held *draft)
{
    struct held *held = &dedupe->ring[at];
    uint32_t *by_key = chain_of_key(dedupe, draft);
    uint32_t *by_alert = chain_of_alert(dedupe, draft->alert);
    *held = *draft;
    held->next_by_key = *by_key;
    held->next_by_alert = *by_alert;
    *by_key = *by_alert = (uint32_t)at + 1;
}

/* --- what is asked --- */

const char *hk_dedupe_find(
    const struct hk_dedupe *dedupe, hk_tenant tenant, const char *key, int64_t since_us)
{
    struct held wanted;
    read_key(&wanted, tenant, key);
    const struct held *held = find(dedupe, &wanted);
    return held != NULL && held->time_us >= since_us ? held->alert : NULL;
}

void hk_dedupe_put(
    struct hk_dedupe *dedupe, hk_tenant tenant, const char *key, const char *alert, int64_t time_us)
{
    struct held draft = {.time_us = time_us};
    size_t at = dedupe->next;
    read_key(&draft, tenant, key);
    hk_engine_must(hk_copy_text(draft.alert, sizeof draft.alert, alert) ? HK_OK : HK_INTERNAL,
        "remembering a key", NULL);
    dedupe->next = (at + 1) % dedupe->count_max;
    drop(dedupe, &dedupe->ring[at]);
    struct held *older = find(dedupe, &draft);
    if (older != NULL)
        drop(dedupe, older);
    hold(dedupe, at, &draft);
}

bool hk_dedupe_recall(
    struct hk_dedupe *dedupe, hk_tenant tenant, const char *key, const char *alert, int64_t time_us)
{
    struct held draft = {.time_us = time_us};
    if (dedupe->recalled == dedupe->count_max)
        return false;
    read_key(&draft, tenant, key);
    if (find(dedupe, &draft) == NULL && hk_copy_text(draft.alert, sizeof draft.alert, alert))
        hold(dedupe, dedupe->count_max - ++dedupe->recalled, &draft);
    return true;
}

void hk_dedupe_forget(struct hk_dedupe *dedupe, const char *alert)
{
    uint32_t at = *chain_of_alert(dedupe, alert);
    while (at != 0 && strcmp(dedupe->ring[at - 1].alert, alert) != 0)
        at = dedupe->ring[at - 1].next_by_alert;
    if (at != 0)
        drop(dedupe, &dedupe->ring[at - 1]);
}
