/*
 * shelf: a statement is kept, never lent twice at once, and nothing of its last use stays.
 */
#include "ledger/shelf.h"
#include "ledger/store.h"

#include "folder.h"

static const char doubled[] = "SELECT ?1 * 2 UNION ALL SELECT ?1 * 3";

static sqlite3 *open_scratch(void)
{
    sqlite3 *db = NULL;
    struct hk_error error;

    must(hk_store_open_scratch(&db, &error) == HK_OK, "no database");
    return db;
}

static sqlite3_stmt *take(struct hk_shelf *shelf, sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    struct hk_error error;

    must(hk_shelf_take(shelf, db, sql, &stmt, &error) == HK_OK, error.text);
    return stmt;
}

static int64_t value_of(sqlite3_stmt *stmt, int64_t value)
{
    struct hk_error error;
    bool has_row = false;

    must(hk_stmt_bind(stmt, &error, "i", value) == HK_OK, error.text);
    must(hk_stmt_step(stmt, &has_row, &error) == HK_OK && has_row, "no row");
    return hk_stmt_i64(stmt, 0);
}

static unsigned statements_of(sqlite3 *db)
{
    unsigned count = 0;

    for (sqlite3_stmt *stmt = sqlite3_next_stmt(db, NULL); stmt != NULL;
         stmt = sqlite3_next_stmt(db, stmt))
        count++;
    return count;
}

static void what_was_given_back_is_lent_again(void)
{
    struct hk_shelf shelf = {0};
    sqlite3 *db = open_scratch();
    sqlite3_stmt *first = take(&shelf, db, doubled);

    CU_ASSERT_EQUAL(value_of(first, 4), 8);
    hk_shelf_give(&shelf, first); /* with a row left */
    CU_ASSERT_PTR_EQUAL(take(&shelf, db, doubled), first);
    CU_ASSERT_EQUAL(value_of(first, 5), 10);
    hk_shelf_give(&shelf, first);
    hk_shelf_give(&shelf, NULL);
    CU_ASSERT_EQUAL(statements_of(db), 1);
    hk_shelf_clear(&shelf);
    CU_ASSERT_EQUAL(statements_of(db), 0);
    hk_db_close(db);
}

static void nothing_is_lent_twice_at_once(void)
{
    struct hk_shelf shelf = {0};
    sqlite3 *db = open_scratch();
    sqlite3_stmt *first = take(&shelf, db, doubled);
    sqlite3_stmt *second = take(&shelf, db, doubled);

    CU_ASSERT_PTR_NOT_EQUAL(first, second);
    CU_ASSERT_EQUAL(value_of(first, 1), 2);
    CU_ASSERT_EQUAL(value_of(second, 10), 20);
    hk_shelf_give(&shelf, second);
    hk_shelf_give(&shelf, first);
    hk_shelf_clear(&shelf);
    hk_db_close(db);
}

static void more_than_it_holds_are_lent(void)
{
    static char texts[HK_SHELF_SIZE * 2][16];
    struct hk_shelf shelf = {0};
    sqlite3_stmt *taken[HK_SHELF_SIZE * 2];
    sqlite3 *db = open_scratch();

    for (int i = 0; i < HK_SHELF_SIZE * 2; i++) {
        (void)snprintf(texts[i], sizeof(texts[i]), "SELECT ?1 + %d", i);
        taken[i] = take(&shelf, db, texts[i]);
        CU_ASSERT_EQUAL(value_of(taken[i], 100), 100 + i);
    }
    CU_ASSERT_EQUAL(statements_of(db), HK_SHELF_SIZE * 2);
    for (int i = 0; i < HK_SHELF_SIZE * 2; i++)
        hk_shelf_give(&shelf, taken[i]);
    CU_ASSERT_EQUAL(statements_of(db), HK_SHELF_SIZE);
    /* One after the other, none is left over. */
    for (int i = 0; i < HK_SHELF_SIZE * 2; i++) {
        sqlite3_stmt *stmt = take(&shelf, db, texts[i]);

        CU_ASSERT_EQUAL(value_of(stmt, 1), 1 + i);
        hk_shelf_give(&shelf, stmt);
    }
    CU_ASSERT_EQUAL(statements_of(db), HK_SHELF_SIZE);
    hk_shelf_clear(&shelf);
    CU_ASSERT_EQUAL(statements_of(db), 0);
    hk_db_close(db);
}

static void a_wrong_statement_is_an_error(void)
{
    struct hk_shelf shelf = {0};
    struct hk_error error;
    sqlite3_stmt *stmt = NULL;
    sqlite3 *db = open_scratch();

    CU_ASSERT_NOT_EQUAL(hk_shelf_take(&shelf, db, "SELECT 1 FROM nowhere", &stmt, &error), HK_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "nowhere"));
    hk_shelf_give(&shelf, stmt);
    hk_shelf_clear(&shelf);
    hk_db_close(db);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"what was given back is lent again", what_was_given_back_is_lent_again},
        {"nothing is lent twice at once", nothing_is_lent_twice_at_once},
        {"more than it holds are lent", more_than_it_holds_are_lent},
        {"a wrong statement is an error", a_wrong_statement_is_an_error},
    };
    return suite_run("shelf", tests, COUNT_OF(tests));
}
