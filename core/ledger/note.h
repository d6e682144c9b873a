/*
 * note: checkpoints as signed notes (C2SP signed-note and tlog-checkpoint).
 *
 *     hikeshi/LEDGER/TENANT
 *     SIZE
 *     base64 of the root
 *
 *     — hikeshi/LEDGER/TENANT base64(key id ‖ Ed25519 signature)
 *
 * The name of the key is the origin. Other signatures (of witnesses) may follow or precede ours.
 */
#ifndef HK_LEDGER_NOTE_H
#define HK_LEDGER_NOTE_H

#include "base/buf.h"
#include "base/digest.h"
#include "base/id.h"
#include "ledger/key.h"

#define HK_NOTE_ORIGIN_SIZE (2 * HK_ID_SIZE + 16)
#define HK_NOTE_SIZE_MAX 8192
#define HK_NOTE_SIGNATURES_MAX 16
#define HK_NOTE_KEY_ID_SIZE 4
#define HK_VERIFIER_KEY_SIZE (HK_NOTE_ORIGIN_SIZE + 64) /* NAME+hex8+base64, and NUL */

struct hk_note_signature {
    char name[HK_NOTE_ORIGIN_SIZE];
    uint8_t key_id[HK_NOTE_KEY_ID_SIZE];
    uint8_t signature[HK_KEY_SIGNATURE_SIZE];
    bool is_ours; /* has the size of an Ed25519 signature */
};

struct hk_note {
    char origin[HK_NOTE_ORIGIN_SIZE];
    uint64_t size;
    uint8_t root[HK_SHA256_SIZE];
    size_t body_size; /* leading bytes of the text that are signed */
    size_t signature_count;
    struct hk_note_signature signatures[HK_NOTE_SIGNATURES_MAX];
};

struct hk_verifier {
    char name[HK_NOTE_ORIGIN_SIZE];
    uint8_t public_key[HK_KEY_PUBLIC_SIZE];
};

void hk_note_origin(const char *ledger, const char *tenant, char ret_origin[HK_NOTE_ORIGIN_SIZE]);
/* Append the note. */
HK_MUST_CHECK enum hk_status hk_note_sign(const struct hk_key *key, const char *origin,
    uint64_t size, const uint8_t root[HK_SHA256_SIZE], struct hk_buf *out, struct hk_error *error);
/* Sign the note that out holds alone with one more key. */
HK_MUST_CHECK enum hk_status hk_note_cosign(
    const struct hk_key *key, const char *origin, struct hk_buf *out, struct hk_error *error);
/* Read a note strictly; no signature is checked. */
HK_MUST_CHECK enum hk_status hk_note_parse(
    const char *text, size_t size, struct hk_note *ret_note, struct hk_error *error);
/* Is the text, parsed to note, signed by this key? HK_DENIED otherwise. */
HK_MUST_CHECK enum hk_status hk_note_verify(const char *text, const struct hk_note *note,
    const struct hk_verifier *verifier, struct hk_error *error);

/* The verifier key: NAME+hex8+base64(0x01 ‖ public key) */
void hk_verifier_format(const struct hk_verifier *verifier, char ret_text[HK_VERIFIER_KEY_SIZE]);
HK_MUST_CHECK enum hk_status hk_verifier_parse(
    const char *text, struct hk_verifier *ret_verifier, struct hk_error *error);
/* Its key id in hex, as it stands in the verifier key. */
void hk_verifier_id(const struct hk_verifier *verifier, char ret_id[2 * HK_NOTE_KEY_ID_SIZE + 1]);

#endif
