/*
 * project: the fold. For each kind of entry, the SQL statements that change the projections. They
 * read the entry alone (line fields and payload) and the rows that they change, so folding the
 * same entries again gives the same rows.
 */
#ifndef HK_LEDGER_PROJECT_H
#define HK_LEDGER_PROJECT_H

#include "ledger/db.h"
#include "ledger/entry.h"

/* What an entry's subject is: one projection each holds the subject's last position. */
enum hk_noun {
    HK_NOUN_ALERT,
    HK_NOUN_RUN,
    HK_NOUN_GATE,
    HK_NOUN_CONTAINMENT,
    HK_NOUN_CASE,
    HK_NOUN_TASK,
    HK_NOUN_NOTICE,
    HK_NOUN_GAP,
    HK_NOUN_USER,
    HK_NOUN_TOKEN,
    HK_NOUN_SUBJECT,  /* ledger, engine, config */
    HK_NOUN_PLAYBOOK, /* a version */
    HK_NOUN_IN_FORCE, /* a playbook's name: which version it stands for */
    HK_NOUN_PLUGIN,
    HK_NOUN_COUNT
};

/* A projection, for comparing dumps. */
struct hk_projection {
    const char *table;
    const char *dump; /* all rows of a tenant (?1) in the order of their key */
};

extern const char hk_project_schema[];
extern const struct hk_projection hk_projections[];
extern const size_t hk_projections_count;

enum hk_noun hk_kind_noun(enum hk_kind kind);
/* SELECT last … WHERE tenant = ?1 AND key = ?2 */
const char *hk_noun_last_sql(enum hk_noun noun);
/* The noun whose ids begin so, HK_NOUN_COUNT when the text does not tell. */
enum hk_noun hk_noun_of_id(const char *id);
/* The statements of a kind, at most so many. */
#define HK_FOLD_STATEMENTS_MAX 15
size_t hk_fold_statements(enum hk_kind kind, const char *const **ret_statements);

struct hk_fold; /* prepared statements on one connection */

HK_MUST_CHECK enum hk_status hk_fold_new(
    sqlite3 *db, struct hk_fold **ret_fold, struct hk_error *error);
void hk_fold_free(struct hk_fold *fold);
/* Before entries are folded again from the first on: read in which of them is a hole, and what was
 * kept of their payloads (erase_kept.h). The fold of an entry without payload is then that of what
 * was kept, so that what payload.erased left alone comes out as it stands. No statement may be
 * under way on the fold's connection. */
HK_MUST_CHECK enum hk_status hk_fold_learn_holes(
    struct hk_fold *fold, sqlite3 *from, struct hk_error *error);
/* Fold one entry. The payload is borrowed for the call; NULL when it was erased. */
HK_MUST_CHECK enum hk_status hk_fold_apply(struct hk_fold *fold, int64_t pos,
    const struct hk_entry *entry, const char *payload, size_t payload_size, struct hk_error *error);
/* Position of the subject's newest entry before this one; 0 when there is none. */
HK_MUST_CHECK enum hk_status hk_fold_last(struct hk_fold *fold, int64_t pos,
    const struct hk_entry *entry, int64_t *ret_last, struct hk_error *error);

#endif
