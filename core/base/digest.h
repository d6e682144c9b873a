/*
 * digest: SHA-256, random bytes, hex and base64. OpenSSL behind it.
 */
#ifndef HK_BASE_DIGEST_H
#define HK_BASE_DIGEST_H

#include "base/buf.h"

#define HK_SHA256_SIZE 32
#define HK_SHA256_HEX_SIZE 65 /* with NUL */

struct hk_bytes {
    const void *data;
    size_t size;
};

/* SHA-256 over the parts one after the other. */
void hk_sha256(const struct hk_bytes *parts, size_t count, uint8_t ret_digest[HK_SHA256_SIZE]);
void hk_sha256_one(const void *data, size_t size, uint8_t ret_digest[HK_SHA256_SIZE]);
void hk_sha256_hex(const void *data, size_t size, char ret_hex[HK_SHA256_HEX_SIZE]);
/* HMAC (RFC 2104) with SHA-256 over the parts one after the other, at most 8 of them. */
#define HK_HMAC_PARTS_MAX 8
void hk_hmac_sha256(const void *key, size_t key_size, const struct hk_bytes *parts, size_t count,
    uint8_t ret_mac[HK_SHA256_SIZE]);
/* 64 hexadecimal digits, in either case? */
bool hk_sha256_hex_is_valid(const char *text);

/* Fill with bytes from the system's generator; ends the process when there are none. */
void hk_random(void *ret_data, size_t size);
/* Compare without telling by time where they differ. */
bool hk_equal_constant_time(const void *a, const void *b, size_t size);

void hk_hex(const void *data, size_t size, char *ret_text /* 2*size+1 */);
HK_MUST_CHECK enum hk_status hk_hex_decode(const char *text, void *ret_data, size_t size);
/* Only what hk_hex writes: small letters, just as many as size takes. */
bool hk_hex_decode_exact(const char *text, size_t text_size, void *ret_data, size_t size);
/* Standard base64 with padding (RFC 4648 section 4). */
void hk_base64(const void *data, size_t size, struct hk_buf *out);
/* 32 bytes, such as a secret or a digest, in the alphabet for URLs without padding (section 5). */
#define HK_BASE64URL_32_SIZE 44 /* with NUL */
void hk_base64url_32(const uint8_t bytes[32], char ret_text[HK_BASE64URL_32_SIZE]);
/* Strict: padding required, no white space. *ret_size is set to the bytes written. */
HK_MUST_CHECK enum hk_status hk_base64_decode(
    const char *text, size_t text_size, void *ret_data, size_t capacity, size_t *ret_size);

#endif
