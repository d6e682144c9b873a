/*
 * shelf: statements of one connection that are kept between queries. Understanding a statement
 * costs more than reading the few rows that most of them ask for; runs come back from disk by the
 * same five again and again.
 *
 * A statement is on loan from hk_shelf_take until hk_shelf_give. Which one it is, is told by the
 * address of its text: a literal, or a text that lives as long as the shelf.
 */
#ifndef HK_LEDGER_SHELF_H
#define HK_LEDGER_SHELF_H

#include "ledger/db.h"

#define HK_SHELF_SIZE 16 /* statements kept; a few kilobytes each */

struct hk_shelf {
    struct hk_shelf_place {
        const char *sql;
        sqlite3_stmt *stmt;
        bool is_on_loan;
    } places[HK_SHELF_SIZE];
    unsigned next; /* place that is looked at first when one has to be cleared */
};

/* A statement with this text, ready to be bound and run. Whatever is short of a place is prepared
 * for this loan alone. */
HK_MUST_CHECK enum hk_status hk_shelf_take(struct hk_shelf *shelf, sqlite3 *db, const char *sql,
    sqlite3_stmt **ret_stmt, struct hk_error *error);
/* Give it back; NULL is fine. Its rows are gone. */
void hk_shelf_give(struct hk_shelf *shelf, sqlite3_stmt *stmt);
/* Free all; before the connection is closed. Nothing is on loan. */
void hk_shelf_clear(struct hk_shelf *shelf);

#endif
