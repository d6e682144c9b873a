/*
 * reader: messages become alerts, by the mappings of their tenant. For all that comes in: what is
 * posted, webhooks, syslog, files.
 *
 * No message of a source is refused for what it says: what is too large for the ledger is cut until
 * it fits, and its alert says so ("cut": true).
 */
#ifndef HK_API_READER_H
#define HK_API_READER_H

#include "api/offering.h"
#include "intake/products.h"
#include "source/tally.h"

struct hk_reader;

struct hk_reader_options {
    struct hk_engine *engine;
    struct hk_tally *tally;             /* told which mappings fail */
    const struct hk_products *products; /* of tenants that have no mappings of their own */
};
HK_MUST_CHECK enum hk_status hk_reader_new(
    const struct hk_reader_options *options, struct hk_reader **ret_reader, struct hk_error *error);
void hk_reader_free(struct hk_reader *reader); /* NULL is fine */
/* A tenant's mappings (borrowed: they outlive the reader). */
HK_MUST_CHECK enum hk_status hk_reader_tenant(struct hk_reader *reader, hk_tenant tenant,
    const struct hk_products *products, struct hk_error *error);

struct hk_reader_message {
    hk_tenant tenant;
    const char *text;
    size_t size;
    bool is_cut; /* already */
    struct hk_message_hint hint;
};
/* What became of messages, for the tally. */
struct hk_reader_counts {
    uint64_t counts[HK_TALLY_COUNT_MAX];
};

/* Read a message of a source into an offering that has room. HK_OK also when it is no alert; then
 * nothing was added. HK_NOMEM: not now. */
HK_MUST_CHECK enum hk_status hk_reader_take(struct hk_reader *reader,
    const struct hk_reader_message *message, struct hk_offering *offering,
    struct hk_reader_counts *counts, struct hk_error *error);
/* Read what is posted as an alert; the error is for its sender. */
HK_MUST_CHECK enum hk_status hk_reader_post(struct hk_reader *reader,
    const struct hk_reader_message *message, struct hk_offering *offering, struct hk_error *error);

#endif
