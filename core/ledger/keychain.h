/*
 * keychain: the keys that one tenant's ledger has named, one after the other, and which of them may
 * sign what.
 *
 * ledger.opened names the first key. key.rotated, entry number S, names the next one. From then on:
 *
 *   1. a checkpoint over S entries or less is signed by the key before;
 *   2. the checkpoint over just S + 1 entries, the handover, is signed by both: the key before
 *      vouches for the entry that names the next one, the next one shows that it is there;
 *   3. a checkpoint over more is signed by the next key, and the key before counts no more.
 *
 * So nobody can bring in a key without the one before, and one that was replaced can't speak of
 * what came after it. With a key that was stolen, its span can still be written anew (a fork, which
 * checkpoints outside tell). key.revoked says from which size on its word alone is not believed.
 */
#ifndef HK_LEDGER_KEYCHAIN_H
#define HK_LEDGER_KEYCHAIN_H

#include "ledger/db.h"
#include "ledger/entry.h"
#include "ledger/ledger.h"
#include "ledger/note.h"

#define HK_KEY_SUBJECT "key" /* of key.rotated and key.revoked */
#define HK_KEY_ID_TEXT_SIZE (2 * HK_NOTE_KEY_ID_SIZE + 1)

struct hk_keychain_link {
    struct hk_verifier verifier;
    uint64_t first; /* the smallest tree that it signs: of its handover, 1 for the first key */
    bool is_revoked;
    uint64_t revoked_since; /* the smallest tree for which its word is not believed */
};

struct hk_keychain {
    struct hk_keychain_link *links; /* oldest first */
    size_t count;
};

void hk_keychain_init(struct hk_keychain *chain);
void hk_keychain_done(struct hk_keychain *chain);
/* The payload of ledger.opened begins the chain. HK_CORRUPT when it does not tell the key, or a key
 * of another ledger or tenant. */
HK_MUST_CHECK enum hk_status hk_keychain_begin(
    struct hk_keychain *chain, const char *payload, size_t size, struct hk_error *error);
/* The same with a key that was read from it. */
HK_MUST_CHECK enum hk_status hk_keychain_begin_with(
    struct hk_keychain *chain, const struct hk_verifier *verifier, struct hk_error *error);
/* Take key.rotated or key.revoked, entry number seq. HK_CORRUPT says why it can't be right. */
HK_MUST_CHECK enum hk_status hk_keychain_add(struct hk_keychain *chain, enum hk_kind kind,
    uint64_t seq, const char *payload, size_t size, struct hk_error *error);

/* The newest; the chain must have begun. */
const struct hk_keychain_link *hk_keychain_last(const struct hk_keychain *chain);
/* The key that signs a tree of so many entries alone, or with the one before it. */
const struct hk_keychain_link *hk_keychain_at(const struct hk_keychain *chain, uint64_t size);
/* Is a tree of so many entries a handover, which needs a checkpoint of its own? */
bool hk_keychain_is_handover(const struct hk_keychain *chain, uint64_t size);
/* Is the note, which was parsed from text, of this ledger and signed by whom its size wants?
 * HK_DENIED with the reason. */
HK_MUST_CHECK enum hk_status hk_keychain_check(const struct hk_keychain *chain, const char *text,
    const struct hk_note *note, struct hk_error *error);
/* May a note that comes from outside, and that hk_keychain_check took, be believed? HK_DENIED when
 * its key was revoked for trees of its size. */
HK_MUST_CHECK enum hk_status hk_keychain_believe(
    const struct hk_keychain *chain, const struct hk_note *note, struct hk_error *error);

/* Read a tenant's chain from the ledger, by way of the projections. */
HK_MUST_CHECK enum hk_status hk_keychain_load(
    sqlite3 *db, hk_tenant tenant, struct hk_keychain *chain, struct hk_error *error);

#endif
