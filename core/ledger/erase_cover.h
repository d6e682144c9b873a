/*
 * erase_cover: what an erasure takes with it. From one subject the relations in the projections
 * lead to all others that carry its bytes: an alert to its duplicates, its runs, their gates,
 * containments and tasks, what people were told of them, and what its case has of it. What is still
 * needed refuses the whole, with the reason.
 */
#ifndef HK_LEDGER_ERASE_COVER_H
#define HK_LEDGER_ERASE_COVER_H

#include "base/json.h"
#include "ledger/ledger.h"
#include "ledger/project.h"

/* Columns of rows of which only a part goes. */
enum hk_cover_column {
    HK_COVER_TITLE,
    HK_COVER_HAPPENING,
    HK_COVER_DO_NOW,
    HK_COVER_IMPACT,
    HK_COVER_SCOPE,
    HK_COVER_ASSIGNEE,
    HK_COVER_ENTITIES, /* of a case: all of them */
    HK_COVER_OWNER,    /* of a task */
    HK_COVER_COLUMN_COUNT
};

struct hk_cover_subject {
    enum hk_noun noun;
    char id[HK_ID_SIZE];
};
struct hk_cover_part {
    char id[HK_ID_SIZE];
    unsigned columns; /* bits by hk_cover_column */
};

struct hk_cover {
    sqlite3 *db;
    hk_tenant tenant;
    struct hk_cover_subject *subjects; /* whole; the first is what was named */
    size_t subject_count, subject_capacity;
    struct hk_cover_part *parts; /* cases and tasks */
    size_t part_count, part_capacity;
    int64_t *positions; /* whose payload goes, in their order */
    size_t position_count, position_capacity;
};

/* Find out, on any connection, within one snapshot or transaction. HK_NOT_FOUND: nobody knows the
 * subject; HK_CONFLICT: it is still needed, or was erased before; HK_INVALID: such things are not
 * erased; HK_LIMIT: more than HK_ERASE_ENTRIES_MAX entries. Done with hk_cover_done, also after a
 * failure. */
HK_MUST_CHECK enum hk_status hk_cover_find(sqlite3 *db, hk_tenant tenant, const char *subject,
    struct hk_cover *cover, struct hk_error *error);
void hk_cover_done(struct hk_cover *cover);

/* The same for several: begin, add each (what is refused leaves the cover as it was), end. */
void hk_cover_begin(sqlite3 *db, hk_tenant tenant, struct hk_cover *cover);
HK_MUST_CHECK enum hk_status hk_cover_add(
    struct hk_cover *cover, const char *subject, struct hk_error *error);
/* One entry about a session, if it still has its payload; others can't go alone. */
HK_MUST_CHECK enum hk_status hk_cover_add_entry(
    struct hk_cover *cover, uint64_t seq, struct hk_error *error);
void hk_cover_end(struct hk_cover *cover);

/* "subjects": […] and "parts": {"title": [ids], …} as members of the object that is open. */
void hk_cover_write(const struct hk_cover *cover, struct hk_jw *jw);

#endif
