/*
 * password: which passwords are taken, and their hashes: Argon2id (RFC 9106) with the parameters of
 * limits.h, in the usual text form, so that hashes made with other parameters are still read.
 *
 * A password is the bytes that came: no Unicode normalisation, no trimming. Whoever types a letter
 * in two forms on two keyboards has two passwords.
 *
 * hk_password_hash and hk_password_verify take a tenth of a second and HK_ARGON2_MEMORY_KIB of
 * memory on purpose: never on the loop's thread, see hasher.h.
 */
#ifndef HK_LOGIN_PASSWORD_H
#define HK_LOGIN_PASSWORD_H

#include "base/status.h"

#include <stdbool.h>

#define HK_PASSWORD_LENGTH_MIN 12 /* characters */
#define HK_PASSWORD_SIZE_MAX 256  /* bytes */
#define HK_PASSWORD_HASH_SIZE 128 /* "$argon2id$v=19$m=65536,t=3,p=1$…$…" and NUL */

enum hk_password_flaw {
    HK_PASSWORD_GOOD,
    HK_PASSWORD_TOO_SHORT,
    HK_PASSWORD_TOO_LONG,
    HK_PASSWORD_HAS_NAME, /* it is the user's name, or little more */
    HK_PASSWORD_COMMON,   /* what everybody tries first, or one character over and over */
};

/* There are no rules about kinds of characters: they make passwords worse (NIST SP 800-63B). */
enum hk_password_flaw hk_password_flaw(const char *password, const char *name);

HK_MUST_CHECK enum hk_status hk_password_hash(
    const char *password, char ret_hash[HK_PASSWORD_HASH_SIZE], struct hk_error *error);
/* HK_DENIED: it is another one. HK_CORRUPT: the hash can't be read. */
HK_MUST_CHECK enum hk_status hk_password_verify(
    const char *password, const char *hash, struct hk_error *error);

#endif
