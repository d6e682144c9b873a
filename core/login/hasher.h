/*
 * hasher: the one thread that hashes passwords, so that the loop never waits for one.
 *
 * Its queue is bounded: when HK_HASH_QUEUE_MAX passwords wait (twice as many for urgent ones), the
 * next is refused (HK_BUSY), and whoever logs in is told to try again. One thread also means that
 * at most HK_ARGON2_MEMORY_KIB of memory is used, whatever comes.
 *
 * Callbacks run in hk_hasher_drain, on the thread that calls it; hk_hasher_free calls none. The
 * passwords are copied and wiped after use.
 */
#ifndef HK_LOGIN_HASHER_H
#define HK_LOGIN_HASHER_H

#include "base/queue.h"

struct hk_hasher;

/* Of a check: HK_OK, HK_DENIED (another password), or a failure of ours. Of a new password: HK_OK
 * and its hash, or a failure. error is borrowed for the call. */
typedef void hk_hashed_fn(
    void *ctx, enum hk_status status, const char *hash, const struct hk_error *error);

/* notify is called on the hasher's thread when hk_hasher_drain has work. */
HK_MUST_CHECK enum hk_status hk_hasher_new(
    hk_notify_fn *notify, void *notify_ctx, struct hk_hasher **ret_hasher, struct hk_error *error);
/* Ends the thread after what it is at. NULL is fine. */
void hk_hasher_free(struct hk_hasher *hasher);

/* Urgent ones go first, and find places (as many again) when strangers have taken all the others.
 *
 * Hold a password against a hash. hash NULL: there is no such person, or they have no password; it
 * takes as long, and is HK_DENIED. */
HK_MUST_CHECK enum hk_status hk_hasher_check(struct hk_hasher *hasher, enum hk_lane lane,
    const char *password, const char *hash, hk_hashed_fn *fn, void *ctx, struct hk_error *error);
/* Urgent: whoever wants a new password has a link, or is in a session. */
HK_MUST_CHECK enum hk_status hk_hasher_make(struct hk_hasher *hasher, const char *password,
    hk_hashed_fn *fn, void *ctx, struct hk_error *error);
void hk_hasher_drain(struct hk_hasher *hasher);

#endif
