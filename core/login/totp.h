/*
 * totp: codes that a device and we make from a shared secret and the time. RFC 6238 (and RFC 4226
 * for a single code) as authenticator apps have it: SHA-1, steps of 30 seconds, six digits.
 *
 * A code counts for its own step and for the one before and after it, since clocks differ, and each
 * step counts once: the caller keeps the step of the last code that was taken and gives it back.
 */
#ifndef HK_LOGIN_TOTP_H
#define HK_LOGIN_TOTP_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

#define HK_TOTP_SECRET_SIZE 20      /* RFC 4226 section 4, R6: 160 bits */
#define HK_TOTP_SECRET_TEXT_SIZE 33 /* base32 and NUL */
#define HK_TOTP_STEP_S 30
#define HK_TOTP_DIGITS 6

void hk_totp_secret_new(uint8_t ret_secret[HK_TOTP_SECRET_SIZE]);
/* Base32 without padding (RFC 4648 section 6): what is typed into a device that has no camera. */
void hk_totp_secret_text(
    const uint8_t secret[HK_TOTP_SECRET_SIZE], char ret_text[HK_TOTP_SECRET_TEXT_SIZE]);

/* The code of a step, digits (6 to 8) and NUL. */
void hk_totp_code(
    const uint8_t *secret, size_t secret_size, int64_t step, unsigned digits, char *ret_code);
/* Is this the code of a step around now_us that is later than last_step (-1: none was taken)?
 * Blanks in the text don't count, since devices show them. Takes as long whatever the text is. */
bool hk_totp_accepts(const uint8_t secret[HK_TOTP_SECRET_SIZE], const char *text, int64_t now_us,
    int64_t last_step, int64_t *ret_step);

/* "otpauth://totp/ISSUER:NAME?secret=…&issuer=ISSUER": what a device scans. */
void hk_totp_uri(const uint8_t secret[HK_TOTP_SECRET_SIZE], const char *issuer, const char *name,
    struct hk_buf *out);

#endif
