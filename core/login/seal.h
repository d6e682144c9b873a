/*
 * seal: small secrets that we must be able to read again, such as that of a person's device, kept
 * so that a copy of the database alone doesn't give them away. AES-256-GCM under a key of its own
 * in the data folder (key/login.key). Whoever has the folder, or a backup of it, has both.
 *
 * What is sealed is bound to what it is for: opened under another name it is damaged.
 */
#ifndef HK_LOGIN_SEAL_H
#define HK_LOGIN_SEAL_H

#include "base/digest.h"

#define HK_SEAL_KEY_SIZE 32
#define HK_SEAL_OVERHEAD 28 /* nonce and tag */

struct hk_seal;

/* Read DATA/key/login.key, or make it when it is missing. Blocks on the disk. */
HK_MUST_CHECK enum hk_status hk_seal_open(
    const char *data_dir, struct hk_seal **ret_seal, struct hk_error *error);
HK_MUST_CHECK enum hk_status hk_seal_new(
    const uint8_t key[HK_SEAL_KEY_SIZE], struct hk_seal **ret_seal, struct hk_error *error);
void hk_seal_free(struct hk_seal *seal); /* NULL is fine; wipes */

/* Append base64 of nonce, ciphertext and tag. */
HK_MUST_CHECK enum hk_status hk_seal_put(const struct hk_seal *seal, const char *name,
    const void *data, size_t size, struct hk_buf *out, struct hk_error *error);
/* HK_CORRUPT unless it was sealed with this key under this name and has exactly this size. */
HK_MUST_CHECK enum hk_status hk_seal_get(const struct hk_seal *seal, const char *name,
    const char *text, void *ret_data, size_t size, struct hk_error *error);

/* HMAC-SHA-256 of the parts under a key made from ours for this purpose alone: for what a browser
 * keeps for us. */
void hk_seal_mac(const struct hk_seal *seal, const char *purpose, const struct hk_bytes *parts,
    size_t count, uint8_t ret_mac[HK_SHA256_SIZE]);

#endif
