/*
 * totp: see totp.h.
 */
#include "login/totp.h"

#include "base/digest.h"
#include "base/fatal.h"
#include "login/base32.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHA1_SIZE = 20 };

void hk_totp_secret_new(uint8_t ret_secret[HK_TOTP_SECRET_SIZE])
{
    hk_random(ret_secret, HK_TOTP_SECRET_SIZE);
}

void hk_totp_secret_text(
    const uint8_t secret[HK_TOTP_SECRET_SIZE], char ret_text[HK_TOTP_SECRET_TEXT_SIZE])
{
    _Static_assert(HK_BASE32_SIZE(HK_TOTP_SECRET_SIZE) + 1 == HK_TOTP_SECRET_TEXT_SIZE, "");
    hk_base32(secret, HK_TOTP_SECRET_SIZE, ret_text);
}

/* RFC 4226 section 5.3 */
void hk_totp_code(
    const uint8_t *secret, size_t secret_size, int64_t step, unsigned digits, char *ret_code)
{
    static const uint32_t powers[] = {1000000, 10000000, 100000000};
    uint8_t counter[8];
    uint8_t mac[SHA1_SIZE];
    unsigned size = sizeof(mac);
    unsigned offset;
    uint32_t number;

    assert(digits >= 6 && digits <= 8);
    for (unsigned i = 0; i < sizeof(counter); i++)
        counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
    /* Without SHA-1 there is nothing to go on with, and no code that could be right. */
    if (HMAC(EVP_sha1(), secret, (int)secret_size, counter, sizeof(counter), mac, &size) == NULL)
        hk_fatal("HMAC-SHA-1 failed");
    offset = mac[SHA1_SIZE - 1] & 15U;
    number = ((uint32_t)mac[offset] & 0x7f) << 24 | (uint32_t)mac[offset + 1] << 16 |
             (uint32_t)mac[offset + 2] << 8 | (uint32_t)mac[offset + 3];
    number %= powers[digits - 6];
    for (unsigned i = digits; i > 0; i--, number /= 10)
        ret_code[i - 1] = (char)('0' + number % 10);
    ret_code[digits] = '\0';
    explicit_bzero(mac, sizeof(mac));
}

bool hk_totp_accepts(const uint8_t secret[HK_TOTP_SECRET_SIZE], const char *text, int64_t now_us,
    int64_t last_step, int64_t *ret_step)
{
    char given[HK_TOTP_DIGITS + 1] = "";
    char code[HK_TOTP_DIGITS + 1];
    int64_t now = now_us / 1000000 / HK_TOTP_STEP_S;
    bool is_accepted = false;
    size_t size = 0;

    for (; *text != '\0'; text++) {
        if (*text == ' ')
            continue;
        if (size < HK_TOTP_DIGITS)
            given[size] = *text;
        size++;
    }
    for (int64_t step = now - 1; step <= now + 1; step++) {
        hk_totp_code(secret, HK_TOTP_SECRET_SIZE, step, HK_TOTP_DIGITS, code);
        if (hk_equal_constant_time(code, given, HK_TOTP_DIGITS) && step > last_step) {
            is_accepted = size == HK_TOTP_DIGITS;
            *ret_step = step;
        }
    }
    explicit_bzero(code, sizeof(code));
    return is_accepted;
}

/* Percent-encode all that isn't unreserved (RFC 3986). */
static void append_encoded(struct hk_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            strchr("-._~", c) != NULL)
            hk_buf_append_char(out, (char)c);
        else
            hk_buf_appendf(out, "%%%02X", c);
    }
}

void hk_totp_uri(const uint8_t secret[HK_TOTP_SECRET_SIZE], const char *issuer, const char *name,
    struct hk_buf *out)
{
    char text[HK_TOTP_SECRET_TEXT_SIZE];

    hk_totp_secret_text(secret, text);
    hk_buf_append_text(out, "otpauth://totp/");
    append_encoded(out, issuer);
    hk_buf_append_char(out, ':');
    append_encoded(out, name);
    hk_buf_append_text(out, "?secret=");
    hk_buf_append_text(out, text);
    hk_buf_append_text(out, "&issuer=");
    append_encoded(out, issuer);
    explicit_bzero(text, sizeof(text));
}
