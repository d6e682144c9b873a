/*
 * Any bytes as a question and as a text that is indexed. What is taken as a question is one for
 * SQLite, too, whatever was written; and a text is found by its own words.
 */
#include "ledger/search_query.h"
#include "ledger/search_shard.h"
#include "ledger/search_words.h"

#include "base/text.h"
#include "limits.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_SIZE_MAX 200 /* of what is indexed: a phrase of as many words is asked for */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static sqlite3 *db;

static sqlite3_stmt *prepared(const char *sql)
{
    sqlite3_stmt *stmt = NULL;

    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        abort();
    return stmt;
}

/* How many documents match; anything but an answer is a failure. */
static int64_t matches(const char *match, size_t size)
{
    static sqlite3_stmt *stmt;
    int64_t count;

    if (stmt == NULL)
        stmt = prepared("SELECT count(*) FROM words WHERE words MATCH ?1");
    (void)sqlite3_bind_text64(stmt, 1, match, size, SQLITE_STATIC, SQLITE_UTF8);
    if (sqlite3_step(stmt) != SQLITE_ROW)
        abort();
    count = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_reset(stmt);
    return count;
}

static void as_question(const char *text, size_t size)
{
    struct hk_search_query query;

    if (hk_search_query_read(text, size, INT64_C(1790000000000000), &query, NULL) == HK_OK)
        (void)matches(query.match.data, query.match.size);
    hk_search_query_done(&query);
}

static void index_words(const struct hk_buf *words)
{
    static sqlite3_stmt *stmt;

    if (stmt == NULL)
        stmt = prepared("INSERT INTO words(rowid, title) VALUES(1, ?1)");
    (void)sqlite3_bind_text64(stmt, 1, words->data, words->size, SQLITE_STATIC, SQLITE_UTF8);
    if (sqlite3_step(stmt) != SQLITE_DONE)
        abort();
    (void)sqlite3_reset(stmt);
}

static void as_text(const char *text, size_t size)
{
    struct hk_buf words;
    struct hk_buf asked;
    struct hk_buf match;
    bool is_prefix = false;
    size_t count;

    size = hk_utf8_valid_prefix(text, size < TEXT_SIZE_MAX ? size : TEXT_SIZE_MAX);
    hk_buf_init(&words, HK_SEARCH_COLUMN_SIZE_MAX);
    hk_buf_init(&asked, HK_SEARCH_COLUMN_SIZE_MAX);
    hk_buf_init(&match, HK_SEARCH_COLUMN_SIZE_MAX);
    hk_search_words(text, size, &words);
    count = hk_search_asked_words(text, size, false, &asked, &is_prefix);
    if (asked.size > 0 && memchr(asked.data, '"', asked.size) != NULL)
        abort();
    if (count > 0) {
        (void)sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
        index_words(&words);
        hk_buf_appendf(&match, "\"%s\"%s", asked.data, is_prefix ? " *" : "");
        /* A character that SQLite takes for none leaves a phrase of nothing, which finds nothing.
         */
        if (matches(match.data, match.size) != 1 && matches("\"a\" *", 5) == 1)
            abort();
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    }
    hk_buf_done(&words);
    hk_buf_done(&asked);
    hk_buf_done(&match);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    if (db == NULL && (sqlite3_open(":memory:", &db) != SQLITE_OK ||
                          sqlite3_exec(db, hk_shard_schema, NULL, NULL, NULL) != SQLITE_OK))
        abort();
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    as_question(text, size);
    if (memchr(text, '\0', size) == NULL)
        as_text(text, size);
    free(text);
    return 0;
}
