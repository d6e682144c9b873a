/*
 * key: the Ed25519 key that signs checkpoints. Made when the ledger is first opened, kept in
 * DATA/key/ledger.pem (PKCS#8 PEM, 0600, in a folder of 0700).
 *
 * A new key takes its place in steps of which each may be the last before a crash: it is made as
 * ledger.next.pem; the ledgers name it (rotate.h); hk_key_switch gives it the name ledger.pem while
 * the one before is ledger.old.pem, overwrites that one and takes it away. There is a ledger.pem at
 * every moment, and which of two files is in force is what the ledgers say.
 */
#ifndef HK_LEDGER_KEY_H
#define HK_LEDGER_KEY_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

#define HK_KEY_PUBLIC_SIZE 32
#define HK_KEY_SIGNATURE_SIZE 64

struct hk_key;

/* Read the key; make it when it is missing and may_create. HK_NOT_FOUND, HK_DENIED (others may
 * read the file), HK_CORRUPT, HK_IO. */
HK_MUST_CHECK enum hk_status hk_key_open(
    const char *data_dir, bool may_create, struct hk_key **ret_key, struct hk_error *error);
/* Make the key that is to follow, in place of one that was made and never named. */
HK_MUST_CHECK enum hk_status hk_key_make_next(const char *data_dir, struct hk_error *error);
/* Read it. HK_NOT_FOUND: there is none. */
HK_MUST_CHECK enum hk_status hk_key_open_next(
    const char *data_dir, struct hk_key **ret_key, struct hk_error *error);
/* The next key becomes the key, for good: the one before is overwritten. Also the rest of a switch
 * that was cut off; nothing to do is fine. */
HK_MUST_CHECK enum hk_status hk_key_switch(const char *data_dir, struct hk_error *error);
/* Overwrite and remove a next key that nobody named, and what a switch left. */
HK_MUST_CHECK enum hk_status hk_key_tidy(const char *data_dir, struct hk_error *error);
/* Wipes the key in memory. NULL is fine. */
void hk_key_free(struct hk_key *key);
void hk_key_public(const struct hk_key *key, uint8_t ret_public[HK_KEY_PUBLIC_SIZE]);
HK_MUST_CHECK enum hk_status hk_key_sign(const struct hk_key *key, const void *data, size_t size,
    uint8_t ret_signature[HK_KEY_SIGNATURE_SIZE], struct hk_error *error);
/* Was data signed by the owner of this public key? */
bool hk_key_verify(const uint8_t public_key[HK_KEY_PUBLIC_SIZE], const void *data, size_t size,
    const uint8_t signature[HK_KEY_SIGNATURE_SIZE]);

#endif
