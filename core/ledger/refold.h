/*
 * refold: fold what is recorded once more, from the first entry on: to check the projections, to
 * make them anew, and for the tables of a later schema.
 */
#ifndef HK_LEDGER_REFOLD_H
#define HK_LEDGER_REFOLD_H

#include "ledger/ledger.h"
#include "ledger/project.h"

struct hk_refold_row {
    int64_t pos;
    const char *line;
    size_t line_size;
    int64_t prev; /* as stored; 0 for none */
    const struct hk_entry *entry;
};

/* Called before an entry is folded. */
typedef enum hk_status hk_refold_fn(
    void *ctx, const struct hk_refold_row *row, struct hk_error *error);

/* Fold a tenant's entries, as they stand in from, in their order; a payload that was erased is
 * what was kept of it (hk_fold_learn_holes, before) to the fold. HK_UNSUPPORTED for an entry of a
 * later version, HK_CORRUPT for one that is missing or can't be read; both name it. */
HK_MUST_CHECK enum hk_status hk_refold_tenant(sqlite3 *from, hk_tenant tenant, struct hk_fold *fold,
    hk_refold_fn *each, void *ctx, struct hk_error *error);

/* Read the line that stands at a position: it must be the line of that place. Errors as above. */
HK_MUST_CHECK enum hk_status hk_refold_parse(
    int64_t pos, const char *line, size_t size, struct hk_entry *ret_entry, struct hk_error *error);

#endif
