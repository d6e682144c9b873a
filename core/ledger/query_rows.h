/*
 * query_rows: the rows of each collection as JSON objects, for lists and for one thing shown.
 */
#ifndef HK_LEDGER_QUERY_ROWS_H
#define HK_LEDGER_QUERY_ROWS_H

#include "ledger/db.h"
#include "ledger/query.h"

enum hk_column_type {
    HK_COLUMN_TEXT,
    HK_COLUMN_TIME,
    HK_COLUMN_INT,
    HK_COLUMN_BOOL,
    HK_COLUMN_SEVERITY
};

struct hk_column {
    const char *name; /* in JSON */
    const char *sql;
    enum hk_column_type type;
};

struct hk_collection {
    const char *name;
    const char *table;
    const char *key;    /* the column that is the id */
    const char *one;    /* further condition of `show`, where the id may be something else */
    const char *newest; /* further condition of `list` */
    bool is_ascending;  /* names; ids are listed newest first */
    bool has_state;
    const char *live;             /* states that "live" stands for, as SQL, or NULL */
    struct hk_column columns[28]; /* ends with a NULL name */
};

/* What a row of `playbook`, that is a version, is to its name: in_force, trial, set_aside (the file
 * has it, and people put another one into force), withdrawn, former. */
#define HK_VERSION_STATE_SQL                                                                       \
    "coalesce((SELECT CASE WHEN i.version = playbook.version"                                      \
    " THEN CASE i.state WHEN 'withdrawn' THEN 'withdrawn' ELSE 'in_force' END"                     \
    " WHEN i.trial = playbook.version THEN 'trial' WHEN i.file = playbook.version THEN"            \
    " 'set_aside' END FROM in_force i WHERE i.tenant = playbook.tenant"                            \
    " AND i.name = playbook.name), 'former')"

/* HK_NOT_FOUND for no such collection. */
HK_MUST_CHECK enum hk_status hk_collection_find(
    const char *name, const struct hk_collection **ret_collection, struct hk_error *error);
/* After a failure: take back what was appended since the buffer had this size; returns status. */
enum hk_status hk_query_take_back(struct hk_buf *out, size_t size, enum hk_status status);
/* "SELECT " and the columns and the table, and " WHERE tenant = ?1". */
void hk_collection_select(const struct hk_collection *collection, struct hk_buf *sql);
/* Write the fields of the row that stmt stands on; the object is opened and closed by the caller.
 */
void hk_collection_fields(
    const struct hk_collection *collection, sqlite3_stmt *stmt, struct hk_jw *jw);

#endif
