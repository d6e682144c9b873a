/*
 * digest: SHA-256, random bytes, hex and base64; see digest.h.
 *
 * SHA-256 by libcrypto's old functions: the same code for the processor at hand, without looking up
 * an algorithm and making a context each time, which takes longer than hashing a short row.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/digest.h"

#include "base/fatal.h"
#include "base/text.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/sha.h>
#include <string.h>
#include <sys/random.h>

void hk_sha256(const struct hk_bytes *parts, size_t count, uint8_t ret_digest[HK_SHA256_SIZE])
{
    SHA256_CTX context;
    bool ok = SHA256_Init(&context) == 1;

    for (size_t i = 0; ok && i < count; i++)
        ok = SHA256_Update(&context, parts[i].data, parts[i].size) == 1;
    if (!ok || SHA256_Final(ret_digest, &context) != 1)
        hk_fatal("SHA-256 failed");
}

void hk_sha256_one(const void *data, size_t size, uint8_t ret_digest[HK_SHA256_SIZE])
{
    const struct hk_bytes part = {data, size};

    hk_sha256(&part, 1, ret_digest);
}

void hk_hmac_sha256(const void *key, size_t key_size, const struct hk_bytes *parts, size_t count,
    uint8_t ret_mac[HK_SHA256_SIZE])
{
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
    size_t size = 0;
    bool ok = context != NULL &&
              EVP_MAC_init(context, key_size > 0 ? key : (const void *)"", key_size, params) == 1;

    for (size_t i = 0; ok && i < count; i++)
        ok = EVP_MAC_update(context, parts[i].data, parts[i].size) == 1;
    if (!ok || EVP_MAC_final(context, ret_mac, &size, HK_SHA256_SIZE) != 1)
        hk_fatal("HMAC failed");
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
}

void hk_sha256_hex(const void *data, size_t size, char ret_hex[HK_SHA256_HEX_SIZE])
{
    uint8_t digest[HK_SHA256_SIZE];

    hk_sha256_one(data, size, digest);
    hk_hex(digest, sizeof(digest), ret_hex);
}

bool hk_sha256_hex_is_valid(const char *text)
{
    size_t digits = HK_SHA256_HEX_SIZE - 1;

    return strlen(text) == digits && strspn(text, "0123456789abcdefABCDEF") == digits;
}

void hk_random(void *ret_data, size_t size)
{
    uint8_t *at = ret_data;

    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            hk_fatal("the system gives no random bytes");
        at += got;
        size -= (size_t)got;
    }
}

bool hk_equal_constant_time(const void *a, const void *b, size_t size)
{
    return size == 0 || CRYPTO_memcmp(a, b, size) == 0;
}

void hk_hex(const void *data, size_t size, char *ret_text)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *bytes = data;

    for (size_t i = 0; i < size; i++) {
        ret_text[2 * i] = digits[bytes[i] >> 4];
        ret_text[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret_text[2 * size] = '\0';
}

/* What each digit stands for, and one more, so that 0 is no digit; capitals have a bit beside. A
 * table, since each entry that is read has 64 of them. */
#define CAPITAL 32
static const uint8_t hex_values[256] = {['0'] = 1,
    ['1'] = 2,
    ['2'] = 3,
    ['3'] = 4,
    ['4'] = 5,
    ['5'] = 6,
    ['6'] = 7,
    ['7'] = 8,
    ['8'] = 9,
    ['9'] = 10,
    ['a'] = 11,
    ['b'] = 12,
    ['c'] = 13,
    ['d'] = 14,
    ['e'] = 15,
    ['f'] = 16,
    ['A'] = 11 | CAPITAL,
    ['B'] = 12 | CAPITAL,
    ['C'] = 13 | CAPITAL,
    ['D'] = 14 | CAPITAL,
    ['E'] = 15 | CAPITAL,
    ['F'] = 16 | CAPITAL};

static bool are_digits(const uint8_t *text, size_t count, bool with_capitals)
{
    bool are = true;

    for (size_t i = 0; i < count; i++)
        are = are && hex_values[text[i]] != 0 && (with_capitals || hex_values[text[i]] < CAPITAL);
    return are;
}

static void decode_digits(const uint8_t *text, uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)((((hex_values[text[2 * i]] & ~CAPITAL) - 1) << 4) |
                           ((hex_values[text[2 * i + 1]] & ~CAPITAL) - 1));
}

enum hk_status hk_hex_decode(const char *text, void *ret_data, size_t size)
{
    const uint8_t *digits = (const uint8_t *)text;

    if (strnlen(text, 2 * size + 1) != 2 * size || !are_digits(digits, 2 * size, true))
        return HK_INVALID;
    decode_digits(digits, ret_data, size);
    return HK_OK;
}

bool hk_hex_decode_exact(const char *text, size_t text_size, void *ret_data, size_t size)
{
    const uint8_t *digits = (const uint8_t *)text;

    if (text_size != 2 * size || !are_digits(digits, text_size, false))
        return false;
    decode_digits(digits, ret_data, size);
    return true;
}

void hk_base64(const void *data, size_t size, struct hk_buf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *bytes = data;

    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t group = (uint32_t)bytes[i] << 16;
        char text[4];

        if (left > 1)
            group |= (uint32_t)bytes[i + 1] << 8;
        if (left > 2)
            group |= bytes[i + 2];
        text[0] = digits[group >> 18];
        text[1] = digits[group >> 12 & 63];
        text[2] = left > 1 ? digits[group >> 6 & 63] : '=';
        text[3] = left > 2 ? digits[group & 63] : '=';
        hk_buf_append(out, text, sizeof(text));
    }
}

void hk_base64url_32(const uint8_t bytes[32], char ret_text[HK_BASE64URL_32_SIZE])
{
    static const char url_digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    for (size_t i = 0; i < HK_BASE64URL_32_SIZE - 1; i++) {
        /* The six bits from 6 * i on; the last two of them are beyond the end. */
        size_t at = i * 6 / 8;
        uint32_t pair = (uint32_t)bytes[at] << 8 | (at + 1 < 32 ? bytes[at + 1] : 0U);
        ret_text[i] = url_digits[pair >> (10 - i * 6 % 8) & 63];
    }
    ret_text[HK_BASE64URL_32_SIZE - 1] = '\0';
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    if (c == '/')
        return 63;
    return -1;
}

/* Is this base64 with the right padding and no bits left over? Counts the '='. */
static bool base64_is_valid(const char *text, size_t size, size_t *ret_padding)
{
    size_t padding = 0;
    size_t digits;

    if (size % 4 != 0)
        return false;
    while (padding < 2 && padding < size && text[size - 1 - padding] == '=')
        padding++;
    digits = size - padding;
    for (size_t i = 0; i < digits; i++)
        if (base64_digit(text[i]) < 0)
            return false;
    if (padding == 1 && (base64_digit(text[digits - 1]) & 3) != 0)
        return false;
    if (padding == 2 && (base64_digit(text[digits - 1]) & 15) != 0)
        return false;
    *ret_padding = padding;
    return true;
}

enum hk_status hk_base64_decode(
    const char *text, size_t text_size, void *ret_data, size_t capacity, size_t *ret_size)
{
    uint8_t *out = ret_data;
    size_t padding;
    size_t size;
    size_t written = 0;
    uint32_t group = 0;

    if (!base64_is_valid(text, text_size, &padding))
        return HK_INVALID;
    size = text_size / 4 * 3 - padding;
    if (size > capacity)
        return HK_LIMIT;
    for (size_t i = 0; i < text_size; i++) {
        group = group << 6 | (text[i] == '=' ? 0 : (uint32_t)base64_digit(text[i]));
        if (i % 4 != 3)
            continue;
        for (int shift = 16; shift >= 0 && written < size; shift -= 8)
            out[written++] = (uint8_t)(group >> shift);
        group = 0;
    }
    *ret_size = size;
    return HK_OK;
}
