/*
 * field: what a fold asks of an entry's payload. hk_field(source, 'view.title') in SQL is what
 * json_extract(payload, '$.view.title') is: texts as text, integers as integers, true and false as
 * 1 and 0, objects and arrays as their JSON without white space, null and what is not there as
 * NULL. Here a payload is parsed once, however many statements ask for however many fields, and
 * not at all when none does; json_extract copies and parses it for each statement.
 *
 * An expression on a source depends on more than its arguments, so it is no constant to SQLite.
 */
#ifndef HK_LEDGER_FIELD_H
#define HK_LEDGER_FIELD_H

#include "base/json.h"
#include "ledger/db.h"

/* One entry's payload, while it is folded. */
struct hk_field_source {
    const char *payload; /* borrowed; NULL: all fields are NULL */
    size_t size;
    bool is_parsed;
    struct hk_json_doc doc;
};

/* Add the function to a connection, once. */
HK_MUST_CHECK enum hk_status hk_field_add_function(sqlite3 *db, struct hk_error *error);
/* The next payload, in place of the one before. */
void hk_field_source_set(struct hk_field_source *source, const char *payload, size_t size);
void hk_field_source_done(struct hk_field_source *source);
/* Bind the source to a parameter; it must outlive the statement's binding. An SQLite code. */
int hk_field_bind(sqlite3_stmt *stmt, int parameter, struct hk_field_source *source);

#endif
