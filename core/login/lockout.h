/*
 * lockout: how long somebody who keeps guessing has to wait.
 *
 * Failures are counted by key in three lanes: the address they come from, the person they are
 * about, and the browser of that person (which has shown before that it is theirs, see device.h).
 * Each lane has some tries that cost nothing; after that each failure doubles the wait, from
 * HK_LOCKOUT_WAIT_MIN_MS to HK_LOCKOUT_WAIT_MAX_MS. Nobody is shut out for ever, and since a known
 * browser has a lane of its own, a stranger's failures don't make its owner wait.
 *
 * A try is charged before it is looked at, so that many at once are no way around the wait; success
 * gives it back. What has been quiet for HK_LOCKOUT_FORGET_MS is forgotten. In memory only: a
 * restart forgets too, which nobody outside can bring about. No clock of its own.
 */
#ifndef HK_LOGIN_LOCKOUT_H
#define HK_LOGIN_LOCKOUT_H

#include "base/status.h"

#include <stdint.h>

enum hk_lockout_lane { HK_LOCKOUT_ADDRESS, HK_LOCKOUT_PERSON, HK_LOCKOUT_DEVICE, HK_LOCKOUT_LANES };

struct hk_lockout;

HK_MUST_CHECK enum hk_status hk_lockout_new(
    struct hk_lockout **ret_lockout, struct hk_error *error);
void hk_lockout_free(struct hk_lockout *lockout); /* NULL is fine */

/* How long until the next try is looked at; 0: now. now_ms is monotonic, in all of these. */
int64_t hk_lockout_wait_ms(
    const struct hk_lockout *lockout, enum hk_lockout_lane lane, const char *key, int64_t now_ms);
/* Count a try as failed; how many there are now. When memory is short it isn't counted: 0. */
unsigned hk_lockout_charge(
    struct hk_lockout *lockout, enum hk_lockout_lane lane, const char *key, int64_t now_ms);
/* The try has failed now: the wait begins here, however long it took to look at it. */
void hk_lockout_settle(
    struct hk_lockout *lockout, enum hk_lockout_lane lane, const char *key, int64_t now_ms);
/* The try succeeded after all: take its charge back. */
void hk_lockout_refund(struct hk_lockout *lockout, enum hk_lockout_lane lane, const char *key);
/* Forget all failures. */
void hk_lockout_clear(struct hk_lockout *lockout, enum hk_lockout_lane lane, const char *key);
/* How many failures there are. */
unsigned hk_lockout_failures(
    const struct hk_lockout *lockout, enum hk_lockout_lane lane, const char *key);
/* The number of failures at which the wait becomes the longest: what is worth an entry. */
unsigned hk_lockout_worst(enum hk_lockout_lane lane);

#endif
