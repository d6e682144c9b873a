/*
 * field: what hk_field finds in a payload is what json_extract finds in it.
 */
#include "ledger/field.h"
#include "ledger/store.h"

#include "folder.h"

static const char *const payloads[] = {
    "{\"a\":\"text\",\"view\":{\"title\":\"\\u3042 "
    "\\\"quoted\\\"\\n\",\"src\":{\"ip\":\"192.0.2.7\"}}}",
    "{\"a\":1790000000000000,\"view\":{\"title\":-9223372036854775808},\"b\":9223372036854775807}",
    "{\"a\":true,\"b\":false,\"view\":null}",
    "{\"a\":1.5,\"b\":-2e3,\"view\":{\"title\":0}}",
    "{\"a\":[1, \"x , \\\" y\\\\\", {\"k\" : [ ]}],\n \"b\": { \"c\" :\t\"d e\" }, \"view\":[]}",
    "{\"a\":\"\",\"b\":{},\"view\":{\"title\":[true, null ]}}",
    "{\"b\":18446744073709551615}",
    "[]",
    "\"text\"",
    "{}",
};

static const char *const paths[] = {
    "a", "b", "view", "view.title", "view.src.ip", "a.b", "nothing"};

static sqlite3_stmt *prepare(sqlite3 *db, const char *path)
{
    char sql[256];
    sqlite3_stmt *stmt = NULL;

    (void)snprintf(sql, sizeof(sql),
        "SELECT hk_field(?1, '%s') IS json_extract(?2, '$.%s'), typeof(hk_field(?1, '%s')) ="
        " typeof(json_extract(?2, '$.%s'))",
        path, path, path, path);
    must(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK, sqlite3_errmsg(db));
    return stmt;
}

static void fields_are_those_of_json_extract(void)
{
    struct hk_field_source source = {0};
    struct hk_error error;
    sqlite3 *db = NULL;

    must(hk_store_open_scratch(&db, &error) == HK_OK, "no database");
    for (size_t k = 0; k < COUNT_OF(paths); k++) {
        sqlite3_stmt *stmt = prepare(db, paths[k]);

        /* The same statement for one payload after the other: nothing of the last one stays. */
        for (size_t i = 0; i < COUNT_OF(payloads); i++) {
            hk_field_source_set(&source, payloads[i], strlen(payloads[i]));
            must(hk_field_bind(stmt, 1, &source) == SQLITE_OK, "not bound");
            must(sqlite3_bind_text(stmt, 2, payloads[i], -1, SQLITE_STATIC) == SQLITE_OK, "bound");
            CU_ASSERT_EQUAL_FATAL(sqlite3_step(stmt), SQLITE_ROW);
            if (!sqlite3_column_int(stmt, 0) || !sqlite3_column_int(stmt, 1))
                (void)printf("%s in %s\n", paths[k], payloads[i]);
            CU_ASSERT(sqlite3_column_int(stmt, 0));
            CU_ASSERT(sqlite3_column_int(stmt, 1));
            (void)sqlite3_reset(stmt);
        }
        (void)sqlite3_finalize(stmt);
    }
    hk_field_source_done(&source);
    (void)sqlite3_close(db);
}

static void no_payload_has_no_fields_and_a_bad_one_is_an_error(void)
{
    struct hk_field_source source = {0};
    sqlite3_stmt *stmt = NULL;
    sqlite3 *db = NULL;

    must(hk_store_open_scratch(&db, NULL) == HK_OK, "no database");
    must(sqlite3_prepare_v2(db, "SELECT hk_field(?1, 'a')", -1, &stmt, NULL) == SQLITE_OK, "sql");
    must(hk_field_bind(stmt, 1, &source) == SQLITE_OK, "not bound");
    CU_ASSERT_EQUAL(sqlite3_step(stmt), SQLITE_ROW);
    CU_ASSERT_EQUAL(sqlite3_column_type(stmt, 0), SQLITE_NULL);
    (void)sqlite3_reset(stmt);
    hk_field_source_set(&source, "{\"a\":", 5);
    CU_ASSERT_EQUAL(sqlite3_step(stmt), SQLITE_ERROR);
    CU_ASSERT_PTR_NOT_NULL(strstr(sqlite3_errmsg(db), "byte 5"));
    (void)sqlite3_reset(stmt);
    /* A text is no source. */
    must(sqlite3_bind_text(stmt, 1, "{\"a\":1}", -1, SQLITE_STATIC) == SQLITE_OK, "not bound");
    CU_ASSERT_EQUAL(sqlite3_step(stmt), SQLITE_ROW);
    CU_ASSERT_EQUAL(sqlite3_column_type(stmt, 0), SQLITE_NULL);
    (void)sqlite3_finalize(stmt);
    hk_field_source_done(&source);
    (void)sqlite3_close(db);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"fields are those of json_extract", fields_are_those_of_json_extract},
        {"no payload, a bad payload", no_payload_has_no_fields_and_a_bad_one_is_an_error},
    };
    return suite_run("field", tests, COUNT_OF(tests));
}
