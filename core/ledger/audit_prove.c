/*
 * audit_prove: proofs from a data folder, beside an engine or without one; see audit.h.
 */
#include "ledger/audit_tenants.h"

#include "ledger/keychain.h"
#include "ledger/node.h"
#include "ledger/prove_path.h"
#include "ledger/reader.h"
#include "ledger/store.h"

#include <inttypes.h>
#include <string.h>

/* The earlier checkpoint must be of this tenant, signed by its key, and over these entries. */
static enum hk_status check_given(
    struct hk_audit *audit, struct hk_note *ret_note, struct hk_error *error)
{
    const struct hk_audit_tenant *tenant = &audit->tenants[0];
    struct hk_node_source source = {.db = audit->db, .tenant = tenant->number};
    const char *text = audit->options->checkpoint_text;
    uint8_t root[HK_SHA256_SIZE];
    struct hk_keychain chain;
    struct hk_error why = {.text = ""};
    enum hk_status status = hk_note_parse(text, strlen(text), ret_note, error);

    hk_keychain_init(&chain);
    if (status == HK_OK &&
        (!tenant->has_verifier || strcmp(tenant->verifier.name, ret_note->origin) != 0))
        status = hk_fail(error, HK_NOT_FOUND,
            "the given checkpoint is of %s, which is not the ledger of %s", ret_note->origin,
            tenant->name);
    if (status == HK_OK)
        status = hk_keychain_load(audit->db, tenant->number, &chain, error);
    if (status == HK_OK && (hk_keychain_check(&chain, text, ret_note, &why) != HK_OK ||
                               hk_keychain_believe(&chain, ret_note, &why) != HK_OK))
        status =
            hk_fail(error, HK_DENIED, "the given checkpoint is not to be believed: %s", why.text);
    hk_keychain_done(&chain);
    if (status == HK_OK && ret_note->size == 0)
        status = hk_fail(error, HK_INVALID, "the given checkpoint covers nothing");
    if (status == HK_OK)
        status = hk_node_range(&source, 0, ret_note->size, root, error);
    if (status == HK_OK && memcmp(root, ret_note->root, sizeof(root)) != 0)
        status = hk_fail(error, HK_CONFLICT,
            "the given checkpoint over %" PRIu64
            " entries was signed over others than these: this ledger is a fork of that one",
            ret_note->size);
    return status;
}

static enum hk_status prove(
    struct hk_audit *audit, uint64_t seq, struct hk_buf *out, struct hk_error *error)
{
    struct hk_reading reading = {.db = audit->db};
    hk_tenant tenant = audit->tenants[0].number;
    struct hk_note given = {.size = 0};
    uint64_t size = 0;
    enum hk_status status = HK_OK;

    if (audit->options->checkpoint_text != NULL)
        status = check_given(audit, &given, error);
    hk_buf_append_text(out, "{\"inclusion\":");
    if (status == HK_OK)
        status = hk_prove_inclusion(&reading, tenant, seq, 0, &size, out, error);
    hk_buf_append_text(out, ",\"consistency\":");
    if (status == HK_OK && given.size > size)
        status = hk_fail(error, HK_CONFLICT,
            "the given checkpoint covers %" PRIu64 " entries, the newest here %" PRIu64
            ": entries are missing at the end",
            given.size, size);
    if (status == HK_OK && given.size > 0)
        status = hk_prove_consistency(&reading, tenant, given.size, size, out, error);
    else
        hk_buf_append_text(out, "null");
    hk_buf_append_text(out, "}");
    return status == HK_OK ? hk_buf_check(out, "a proof", error) : status;
}

enum hk_status hk_audit_prove(const struct hk_audit_options *options, uint64_t seq,
    struct hk_buf *out, struct hk_error *error)
{
    struct hk_audit audit;
    enum hk_status status = hk_audit_begin(options, &audit, error);

    if (status == HK_OK && audit.schema < HK_STORE_SCHEMA_NODES)
        status = hk_fail(error, HK_UNSUPPORTED,
            "the ledger was written by an earlier version (schema %" PRId64
            "); the engine brings it to this one when it starts",
            audit.schema);
    if (status == HK_OK && audit.tenant_count != 1)
        status = hk_fail(error, HK_INVALID,
            audit.tenant_count == 0 ? "the ledger is empty"
                                    : "there are several tenants: name one with --tenant");
    if (status == HK_OK)
        status = prove(&audit, seq, out, error);
    hk_audit_done(&audit);
    return status;
}
