/*
 * search_doc: what of an entry can be searched for, as words in the columns of the index. Pure.
 *
 * Indexed is what whoever may look at alerts may read: alerts with their view and the beginning of
 * what came, and what people and playbooks write about cases, approvals, containments, tasks, runs,
 * playbooks and gaps. Persons, sessions, tokens, the configuration, steps' arguments and results,
 * and messages are not.
 */
#ifndef HK_LEDGER_SEARCH_DOC_H
#define HK_LEDGER_SEARCH_DOC_H

#include "base/json.h"
#include "ledger/search_query.h"

struct hk_search_doc {
    struct hk_buf columns[HK_SEARCH_COLUMN_COUNT]; /* words; see search_words.h */
    uint64_t seen[64]; /* hashes of texts that are in it already, at most one for each place */
};

void hk_search_doc_init(struct hk_search_doc *doc);
void hk_search_doc_done(struct hk_search_doc *doc);

/* Fill it anew. False: nothing of this entry is searched for, or its payload is gone (NULL). */
bool hk_search_doc_fill(struct hk_search_doc *doc, const struct hk_entry *entry,
    const char *payload, size_t payload_size);

/* The text that a person wrote in it, the first of what goes to the column note; NULL for none. */
const char *hk_search_doc_note(enum hk_kind kind, const struct hk_json *payload);

#endif
