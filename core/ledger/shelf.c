/*
 * shelf: statements that are kept; see shelf.h.
 */
#include "ledger/shelf.h"

static struct hk_shelf_place *find(struct hk_shelf *shelf, const char *sql)
{
    for (size_t i = 0; i < HK_SHELF_SIZE; i++) {
        struct hk_shelf_place *place = &shelf->places[i];

        if (place->sql == sql && !place->is_on_loan)
            return place;
    }
    return NULL;
}

/* An empty place, made empty if need be; NULL when all are on loan. */
static struct hk_shelf_place *clear_one(struct hk_shelf *shelf)
{
    for (size_t i = 0; i < HK_SHELF_SIZE; i++) {
        struct hk_shelf_place *place = &shelf->places[(shelf->next + i) % HK_SHELF_SIZE];

        if (place->is_on_loan)
            continue;
        shelf->next = (shelf->next + (unsigned)i + 1) % HK_SHELF_SIZE;
        hk_stmt_free(place->stmt);
        *place = (struct hk_shelf_place){0};
        return place;
    }
    return NULL;
}

enum hk_status hk_shelf_take(struct hk_shelf *shelf, sqlite3 *db, const char *sql,
    sqlite3_stmt **ret_stmt, struct hk_error *error)
{
    struct hk_shelf_place *place = find(shelf, sql);
    enum hk_status status;

    if (place == NULL) {
        status = hk_stmt_prepare(db, sql, ret_stmt, error);
        if (status != HK_OK)
            return status;
        place = clear_one(shelf);
        if (place == NULL)
            return HK_OK;
        place->sql = sql;
        place->stmt = *ret_stmt;
    }
    place->is_on_loan = true;
    *ret_stmt = place->stmt;
    return HK_OK;
}

void hk_shelf_give(struct hk_shelf *shelf, sqlite3_stmt *stmt)
{
    for (size_t i = 0; stmt != NULL && i < HK_SHELF_SIZE; i++) {
        struct hk_shelf_place *place = &shelf->places[i];

        if (place->stmt == stmt) {
            hk_stmt_reset(stmt);
            place->is_on_loan = false;
            return;
        }
    }
    hk_stmt_free(stmt);
}

void hk_shelf_clear(struct hk_shelf *shelf)
{
    for (size_t i = 0; i < HK_SHELF_SIZE; i++) {
        hk_stmt_free(shelf->places[i].stmt);
        shelf->places[i] = (struct hk_shelf_place){0};
    }
}
