/*
 * lockout: see lockout.h. Keys are kept as digests: names and addresses of any length take the same
 * room. When there are too many, the one that has been quiet for longest goes.
 */
#include "login/lockout.h"

#include "base/digest.h"
#include "base/map.h"
#include "limits.h"

#include <stdlib.h>
#include <string.h>

static const unsigned free_tries[HK_LOCKOUT_LANES] = {
    /* Many people may share an address. */
    [HK_LOCKOUT_ADDRESS] = 20,
    [HK_LOCKOUT_PERSON] = 5,
    [HK_LOCKOUT_DEVICE] = 5,
};

struct counter {
    char key[HK_SHA256_HEX_SIZE];
    unsigned failures;
    int64_t last_ms;
    struct counter *older; /* quiet for longer */
    struct counter *newer;
};

struct hk_lockout {
    struct hk_map by_key;
    struct counter *oldest;
    struct counter *newest;
    size_t count;
};

enum hk_status hk_lockout_new(struct hk_lockout **ret_lockout, struct hk_error *error)
{
    struct hk_lockout *lockout = calloc(1, sizeof(*lockout));

    if (lockout == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for failed logins");
    hk_map_init(&lockout->by_key);
    *ret_lockout = lockout;
    return HK_OK;
}

static void leave_line(struct hk_lockout *lockout, struct counter *counter)
{
    *(counter->older != NULL ? &counter->older->newer : &lockout->oldest) = counter->newer;
    *(counter->newer != NULL ? &counter->newer->older : &lockout->newest) = counter->older;
    counter->older = NULL;
    counter->newer = NULL;
}

static void enter_line(struct hk_lockout *lockout, struct counter *counter)
{
    counter->older = lockout->newest;
    *(lockout->newest != NULL ? &lockout->newest->newer : &lockout->oldest) = counter;
    lockout->newest = counter;
}

static void drop(struct hk_lockout *lockout, struct counter *counter)
{
    (void)hk_map_remove(&lockout->by_key, counter->key);
    leave_line(lockout, counter);
    lockout->count--;
    free(counter);
}

void hk_lockout_free(struct hk_lockout *lockout)
{
    if (lockout == NULL)
        return;
    while (lockout->oldest != NULL)
        drop(lockout, lockout->oldest);
    hk_map_done(&lockout->by_key);
    free(lockout);
}

static void make_key(enum hk_lockout_lane lane, const char *key, char ret_key[HK_SHA256_HEX_SIZE])
{
    const uint8_t number = (uint8_t)lane;
    const struct hk_bytes parts[] = {{&number, 1}, {key, strlen(key)}};
    uint8_t digest[HK_SHA256_SIZE];

    hk_sha256(parts, 2, digest);
    hk_hex(digest, sizeof(digest), ret_key);
}

static struct counter *find(
    const struct hk_lockout *lockout, enum hk_lockout_lane lane, const char *key)
{
    char digest[HK_SHA256_HEX_SIZE];

    make_key(lane, key, digest);
    return hk_map_get(&lockout->by_key, digest);
}

static int64_t wait_after(enum hk_lockout_lane lane, unsigned failures)
{
    int64_t wait_ms = HK_LOCKOUT_WAIT_MIN_MS;

    if (failures < free_tries[lane])
        return 0;
    for (unsigned i = free_tries[lane]; i < failures && wait_ms < HK_LOCKOUT_WAIT_MAX_MS; i++)
        wait_ms *= 2;
    return wait_ms < HK_LOCKOUT_WAIT_MAX_MS ? wait_ms : HK_LOCKOUT_WAIT_MAX_MS;
}

int64_t hk_lockout_wait_ms(
    const struct hk_lockout *lockout, enum hk_lockout_lane lane, const char *key, int64_t now_ms)
{
    const struct counter *counter = find(lockout, lane, key);
    int64_t until_ms;

    if (counter == NULL || now_ms - counter->last_ms >= HK_LOCKOUT_FORGET_MS)
        return 0;
    until_ms = counter->last_ms + wait_after(lane, counter->failures);
    return until_ms > now_ms ? until_ms - now_ms : 0;
}

static struct counter *add(struct hk_lockout *lockout, enum hk_lockout_lane lane, const char *key)
{
    struct counter *counter;

    if (lockout->count >= HK_LOCKOUT_KEYS_MAX)
        drop(lockout, lockout->oldest);
    counter = calloc(1, sizeof(*counter));
    if (counter == NULL)
        return NULL;
    make_key(lane, key, counter->key);
    if (hk_map_put(&lockout->by_key, counter->key, counter) != HK_OK) {
        free(counter);
        return NULL;
    }
    enter_line(lockout, counter);
    lockout->count++;
    return counter;
}

unsigned hk_lockout_charge(
    struct hk_lockout *lockout, enum hk_lockout_lane lane, const char *key, int64_t now_ms)
{
    struct counter *counter = find(lockout, lane, key);

    if (counter == NULL)
        counter = add(lockout, lane, key);
    if (counter == NULL)
        return 0;
    if (now_ms - counter->last_ms >= HK_LOCKOUT_FORGET_MS)
        counter->failures = 0;
    if (counter->failures < UINT16_MAX)
        counter->failures++;
    counter->last_ms = now_ms;
    leave_line(lockout, counter);
    enter_line(lockout, counter);
    return counter->failures;
}

void hk_lockout_settle(
    struct hk_lockout *lockout, enum hk_lockout_lane lane, const char *key, int64_t now_ms)
{
    struct counter *counter = find(lockout, lane, key);

    if (counter == NULL || now_ms <= counter->last_ms)
        return;
    counter->last_ms = now_ms;
    leave_line(lockout, counter);
    enter_line(lockout, counter);
}

void hk_lockout_refund(struct hk_lockout *lockout, enum hk_lockout_lane lane, const char *key)
{
    struct counter *counter = find(lockout, lane, key);

    if (counter == NULL)
        return;
    counter->failures--;
    if (counter->failures == 0)
        drop(lockout, counter);
}

void hk_lockout_clear(struct hk_lockout *lockout, enum hk_lockout_lane lane, const char *key)
{
    struct counter *counter = find(lockout, lane, key);

    if (counter != NULL)
        drop(lockout, counter);
}

unsigned hk_lockout_worst(enum hk_lockout_lane lane)
{
    unsigned failures = free_tries[lane];

    while (wait_after(lane, failures) < HK_LOCKOUT_WAIT_MAX_MS)
        failures++;
    return failures;
}

unsigned hk_lockout_failures(
    const struct hk_lockout *lockout, enum hk_lockout_lane lane, const char *key)
{
    const struct counter *counter = find(lockout, lane, key);

    return counter != NULL ? counter->failures : 0;
}
