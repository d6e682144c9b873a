/*
 * digest: SHA-256, random bytes, hex and base64; see digest.h.
 *
 * Each thread keeps one hashing context: making one costs more than hashing a short row.
 */
#include "base/digest.h"

#include "base/text.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t context_key;
static EVP_MD *sha256;

/* There is no way on without a hash or randomness, and no caller that could do better. */
static _Noreturn void give_up(const char *what)
{
    (void)fprintf(stderr, "fatal: %s\n", what);
    abort();
}

static void free_context(void *context)
{
    EVP_MD_CTX_free(context);
}

static void set_up(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (sha256 == NULL)
        give_up("libcrypto has no SHA-256");
    if (pthread_key_create(&context_key, free_context) != 0)
        give_up("no thread key for hashing");
}

static EVP_MD_CTX *thread_context(void)
{
    EVP_MD_CTX *context;

    (void)pthread_once(&once, set_up);
    context = pthread_getspecific(context_key);
    if (context != NULL)
        return context;
    context = EVP_MD_CTX_new();
    if (context == NULL || pthread_setspecific(context_key, context) != 0)
        give_up("out of memory for hashing");
    return context;
}

void hk_sha256(const struct hk_bytes *parts, size_t count, uint8_t ret_digest[HK_SHA256_SIZE])
{
    EVP_MD_CTX *context = thread_context();
    bool ok = EVP_DigestInit_ex2(context, sha256, NULL) == 1;

    for (size_t i = 0; ok && i < count; i++)
        ok = EVP_DigestUpdate(context, parts[i].data, parts[i].size) == 1;
    if (!ok || EVP_DigestFinal_ex(context, ret_digest, NULL) != 1)
        give_up("SHA-256 failed");
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
        give_up("HMAC failed");
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
            give_up("the system gives no random bytes");
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

enum hk_status hk_hex_decode(const char *text, void *ret_data, size_t size)
{
    uint8_t *out = ret_data;
    size_t digits = 0;

    while (hk_hex_digit(text[digits]) >= 0)
        digits++;
    if (text[digits] != '\0' || digits % 2 != 0 || digits / 2 != size)
        return HK_INVALID;
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)(hk_hex_digit(text[2 * i]) << 4 | hk_hex_digit(text[2 * i + 1]));
    return HK_OK;
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
