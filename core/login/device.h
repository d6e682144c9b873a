/*
 * device: a browser that its person has logged in from. It keeps a cookie that we can tell to be
 * ours: a random name and a code over it, the person and the hash of their password. It lets nobody
 * in; it only gives this browser a lane of its own in the lock-out, so that a stranger who guesses
 * can't make the person wait. A new password makes all devices strangers.
 */
#ifndef HK_LOGIN_DEVICE_H
#define HK_LOGIN_DEVICE_H

#include "base/id.h"
#include "login/seal.h"

#define HK_DEVICE_TEXT_SIZE 98 /* 32 digits, '.', 64 digits, NUL */
#define HK_DEVICE_NAME_SIZE 33

struct hk_device_owner {
    uint32_t tenant;
    const char *user;          /* id */
    const char *password_hash; /* as it is kept */
};

void hk_device_new(const struct hk_seal *seal, const struct hk_device_owner *owner,
    char ret_text[HK_DEVICE_TEXT_SIZE]);
/* Is it this person's browser? Then what it is called. */
bool hk_device_check(const struct hk_seal *seal, const struct hk_device_owner *owner,
    const char *text, char ret_name[HK_DEVICE_NAME_SIZE]);

#endif
