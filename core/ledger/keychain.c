/*
 * keychain: which key may sign what; see keychain.h.
 */
#include "ledger/keychain.h"

#include "base/json.h"
#include "ledger/store.h"
#include "limits.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void hk_keychain_init(struct hk_keychain *chain)
{
    *chain = (struct hk_keychain){.count = 0};
}

void hk_keychain_done(struct hk_keychain *chain)
{
    free(chain->links);
    hk_keychain_init(chain);
}

static enum hk_status push(struct hk_keychain *chain, const struct hk_verifier *verifier,
    uint64_t first, struct hk_error *error)
{
    struct hk_keychain_link *links;

    if (chain->count == HK_LEDGER_KEYS_MAX)
        return hk_fail(
            error, HK_LIMIT, "more than %d keys, one after the other", HK_LEDGER_KEYS_MAX);
    links = realloc(chain->links, (chain->count + 1) * sizeof(*links));
    if (links == NULL)
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    chain->links = links;
    links[chain->count++] = (struct hk_keychain_link){.verifier = *verifier, .first = first};
    return HK_OK;
}

enum hk_status hk_keychain_begin(
    struct hk_keychain *chain, const char *payload, size_t size, struct hk_error *error)
{
    struct hk_json_doc doc = {.root = NULL};
    struct hk_verifier verifier;
    char origin[HK_NOTE_ORIGIN_SIZE];
    enum hk_status status = HK_CORRUPT;

    if (payload != NULL && hk_json_parse(payload, size, &hk_json_limits_own, &doc, NULL) == HK_OK) {
        const char *tenant = hk_json_string_at(doc.root, "tenant", "");
        const char *ledger = hk_json_string_at(doc.root, "ledger", "");

        if (hk_name_is_valid(tenant) && hk_id_is_valid(ledger) &&
            hk_verifier_parse(hk_json_string_at(doc.root, "key", ""), &verifier, NULL) == HK_OK) {
            hk_note_origin(ledger, tenant, origin);
            status = strcmp(origin, verifier.name) == 0 ? HK_OK : HK_CORRUPT;
        }
    }
    hk_json_doc_done(&doc);
    if (status != HK_OK)
        return hk_fail(error, HK_CORRUPT, "the first entry does not tell the ledger's key");
    return push(chain, &verifier, 1, error);
}

enum hk_status hk_keychain_begin_with(
    struct hk_keychain *chain, const struct hk_verifier *verifier, struct hk_error *error)
{
    return push(chain, verifier, 1, error);
}

static bool is_same_key(const struct hk_verifier *a, const struct hk_verifier *b)
{
    return memcmp(a->public_key, b->public_key, sizeof(a->public_key)) == 0 &&
           strcmp(a->name, b->name) == 0;
}

static struct hk_keychain_link *find(struct hk_keychain *chain, const struct hk_verifier *verifier)
{
    for (size_t i = 0; i < chain->count; i++)
        if (is_same_key(&chain->links[i].verifier, verifier))
            return &chain->links[i];
    return NULL;
}

static enum hk_status rotated(struct hk_keychain *chain, uint64_t seq,
    const struct hk_verifier *verifier, const struct hk_json *payload, struct hk_error *error)
{
    const struct hk_keychain_link *last = hk_keychain_last(chain);
    char id[HK_KEY_ID_TEXT_SIZE];

    hk_verifier_id(&last->verifier, id);
    if (strcmp(verifier->name, last->verifier.name) != 0)
        return hk_fail(error, HK_CORRUPT, "it names a key of another ledger");
    if (strcmp(hk_json_string_at(payload, "from", ""), id) != 0)
        return hk_fail(error, HK_CORRUPT, "it replaces another key than %s, which is in force", id);
    if (find(chain, verifier) != NULL)
        return hk_fail(error, HK_CORRUPT, "it names a key that was in force before");
    return push(chain, verifier, seq + 1, error);
}

static enum hk_status revoked(struct hk_keychain *chain, const struct hk_verifier *verifier,
    const struct hk_json *payload, struct hk_error *error)
{
    struct hk_keychain_link *link = find(chain, verifier);
    int64_t since = hk_json_i64_at(payload, "since", -1);

    if (link == NULL || since < 1)
        return hk_fail(error, HK_CORRUPT, "it revokes a key that this ledger never named");
    if (link == hk_keychain_last(chain))
        return hk_fail(error, HK_CORRUPT, "it revokes the key that is in force");
    if (!link->is_revoked || (uint64_t)since < link->revoked_since)
        link->revoked_since = (uint64_t)since;
    link->is_revoked = true;
    return HK_OK;
}

enum hk_status hk_keychain_add(struct hk_keychain *chain, enum hk_kind kind, uint64_t seq,
    const char *payload, size_t size, struct hk_error *error)
{
    struct hk_json_doc doc = {.root = NULL};
    struct hk_verifier verifier;
    enum hk_status status = HK_OK;

    if (payload == NULL || chain->count == 0 ||
        hk_json_parse(payload, size, &hk_json_limits_own, &doc, NULL) != HK_OK ||
        hk_verifier_parse(hk_json_string_at(doc.root, "key", ""), &verifier, NULL) != HK_OK)
        status = hk_fail(error, HK_CORRUPT, "it does not tell a key");
    else if (kind == HK_KIND_KEY_ROTATED)
        status = rotated(chain, seq, &verifier, doc.root, error);
    else if (kind == HK_KIND_KEY_REVOKED)
        status = revoked(chain, &verifier, doc.root, error);
    hk_json_doc_done(&doc);
    return status;
}

const struct hk_keychain_link *hk_keychain_last(const struct hk_keychain *chain)
{
    assert(chain->count > 0);
    return &chain->links[chain->count - 1];
}

const struct hk_keychain_link *hk_keychain_at(const struct hk_keychain *chain, uint64_t size)
{
    size_t i = chain->count;

    assert(chain->count > 0);
    while (i > 1 && chain->links[i - 1].first > size)
        i--;
    return &chain->links[i - 1];
}

bool hk_keychain_is_handover(const struct hk_keychain *chain, uint64_t size)
{
    const struct hk_keychain_link *link = hk_keychain_at(chain, size);

    return link != chain->links && link->first == size;
}

/* Signed by one of the others: which, and what it may sign. */
static enum hk_status tell_whose(const struct hk_keychain *chain, const char *text,
    const struct hk_note *note, struct hk_error *error)
{
    char id[HK_KEY_ID_TEXT_SIZE];

    for (size_t i = 0; i < chain->count; i++) {
        if (hk_note_verify(text, note, &chain->links[i].verifier, NULL) != HK_OK)
            continue;
        hk_verifier_id(&chain->links[i].verifier, id);
        if (chain->links[i].first > note->size)
            return hk_fail(error, HK_DENIED,
                "it is signed with the key %s, which came into force with %" PRIu64 " entries", id,
                chain->links[i].first);
        if (hk_keychain_is_handover(chain, note->size))
            return hk_fail(error, HK_DENIED,
                "it is signed with the key %s alone, and not by both with which the key was "
                "replaced there",
                id);
        return hk_fail(error, HK_DENIED,
            "it is signed with the key %s, which was replaced at %" PRIu64 " entries", id,
            i + 1 < chain->count ? chain->links[i + 1].first : chain->links[i].first);
    }
    return hk_fail(error, HK_DENIED, "it is not signed by the ledger's key");
}

enum hk_status hk_keychain_check(const struct hk_keychain *chain, const char *text,
    const struct hk_note *note, struct hk_error *error)
{
    const struct hk_keychain_link *link = hk_keychain_at(chain, note->size);

    if (strcmp(note->origin, link->verifier.name) != 0)
        return hk_fail(error, HK_DENIED, "it is of another ledger, %s", note->origin);
    if (hk_note_verify(text, note, &link->verifier, NULL) != HK_OK ||
        (hk_keychain_is_handover(chain, note->size) &&
            hk_note_verify(text, note, &link[-1].verifier, NULL) != HK_OK))
        return tell_whose(chain, text, note, error);
    return HK_OK;
}

enum hk_status hk_keychain_believe(
    const struct hk_keychain *chain, const struct hk_note *note, struct hk_error *error)
{
    const struct hk_keychain_link *link = hk_keychain_at(chain, note->size);
    char id[HK_KEY_ID_TEXT_SIZE];

    if (!link->is_revoked || note->size < link->revoked_since)
        return HK_OK;
    hk_verifier_id(&link->verifier, id);
    return hk_fail(error, HK_DENIED,
        "it is signed with the key %s, which was revoked from %" PRIu64
        " entries on: whoever stole it may have made this, and it proves nothing",
        id, link->revoked_since);
}

/* --- from the ledger --- */

/* The entry at a position; good while stmt stands on it. */
static enum hk_status find_entry(
    sqlite3_stmt *stmt, int64_t pos, struct hk_entry *ret_entry, struct hk_error *error)
{
    bool has_row = false;
    enum hk_status status;

    hk_stmt_reset(stmt);
    status = hk_stmt_bind(stmt, error, "i", pos);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && (!has_row || hk_entry_parse(hk_stmt_text(stmt, 0), hk_stmt_size(stmt, 0),
                                            ret_entry, NULL) != HK_OK))
        status = hk_fail(error, HK_CORRUPT, "an entry about keys can't be read; see audit verify");
    return status;
}

/* Positions of the entries about keys, oldest first; the caller frees *ret_list. */
static enum hk_status find_all(
    sqlite3 *db, hk_tenant tenant, int64_t **ret_list, size_t *ret_count, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = true;
    enum hk_status status = hk_stmt_prepare(db,
        "WITH RECURSIVE walk(pos) AS ("
        " SELECT last FROM subject WHERE tenant = ?1 AND subject = '" HK_KEY_SUBJECT "'"
        " UNION SELECT prev FROM entry JOIN walk USING(pos) WHERE prev IS NOT NULL)"
        " SELECT pos FROM walk ORDER BY pos",
        &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "i", (int64_t)tenant);
    while (status == HK_OK && (status = hk_stmt_step(stmt, &has_row, error)) == HK_OK && has_row) {
        int64_t *list = realloc(*ret_list, (*ret_count + 1) * sizeof(*list));

        if (list == NULL) {
            status = hk_fail(error, HK_NOMEM, "ledger: out of memory");
            break;
        }
        *ret_list = list;
        list[(*ret_count)++] = hk_stmt_i64(stmt, 0);
    }
    hk_stmt_free(stmt);
    return status;
}

enum hk_status hk_keychain_load(
    sqlite3 *db, hk_tenant tenant, struct hk_keychain *chain, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    struct hk_entry entry;
    int64_t *list = NULL;
    size_t count = 0;
    enum hk_status status = find_all(db, tenant, &list, &count, error);

    if (status == HK_OK)
        status =
            hk_stmt_prepare(db, "SELECT line, payload FROM entry WHERE pos = ?1", &stmt, error);
    if (status == HK_OK)
        status = find_entry(stmt, HK_POS(tenant, 0), &entry, error);
    if (status == HK_OK)
        status =
            hk_keychain_begin(chain, hk_stmt_text_or_null(stmt, 1), hk_stmt_size(stmt, 1), error);
    for (size_t i = 0; i < count && status == HK_OK; i++) {
        status = find_entry(stmt, list[i], &entry, error);
        if (status == HK_OK)
            status = hk_keychain_add(chain, entry.kind, entry.seq, hk_stmt_text_or_null(stmt, 1),
                hk_stmt_size(stmt, 1), error);
    }
    hk_stmt_free(stmt);
    free(list);
    return status;
}
