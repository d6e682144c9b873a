/*
 * tries: a try to prove who one is, and the lanes of the lock-out that it is counted in: where it
 * comes from, and whom it is about, or which known browser of theirs it comes from. Internal to
 * api/.
 */
#ifndef HK_API_TRIES_H
#define HK_API_TRIES_H

#include "api/exchange.h"
#include "api/people.h"
#include "base/ip.h"
#include "login/device.h"

struct hk_try {
    char address[HK_IP_TEXT_SIZE]; /* IPv6: its first 64 bits, of which one place has all; "": not
                                      counted, as for a known browser */
    enum hk_lockout_lane lane;
    char whom[HK_ID_SIZE * 2 + 2];
};

/* By name, as it was typed, whether there is such a person or not. device is the cookie of a known
 * browser, or "". */
void hk_try_by_name(const struct hk_exchange *exchange, const char *tenant, const char *name,
    const struct hk_person *person, const char *device, struct hk_try *ret_try);
/* Known browsers and sessions are looked at first: strangers can't fill their places. */
enum hk_lane hk_try_lane(const struct hk_try *try_);
/* In a session: what whoever has its cookie can't know. */
void hk_try_in_session(const struct hk_exchange *exchange, struct hk_try *ret_try);

/* How long to wait before it is looked at; 0: now, and it is charged. */
int64_t hk_try_begin(struct hk_people *people, const struct hk_try *try_);
/* It was not looked at after all. */
void hk_try_cancel(struct hk_people *people, const struct hk_try *try_);
/* It was right: what was counted against the person is forgotten. */
void hk_try_succeeded(struct hk_people *people, const struct hk_try *try_);
/* It was wrong. user is whom it was about, or NULL; when this makes the longest wait, that is
 * recorded. */
void hk_try_failed(struct hk_people *people, const struct hk_try *try_, const struct hk_user *user);
/* Forget the failures of strangers about a person. */
void hk_try_forgive(struct hk_people *people, const char *tenant, const struct hk_user *user);

#endif
