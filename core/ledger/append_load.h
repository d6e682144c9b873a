/*
 * append_load: what an appender is made of, and how it is read from the file at start. Shared by
 * append.c and append_load.c only.
 */
#ifndef HK_LEDGER_APPEND_LOAD_H
#define HK_LEDGER_APPEND_LOAD_H

#include "ledger/append.h"
#include "ledger/erase.h"
#include "ledger/project.h"

#define HK_SALTS_AT_ONCE 64

struct hk_appender {
    sqlite3 *db;
    struct hk_fold *fold;
    char *data_dir;
    struct hk_key *key;
    struct hk_key *key_before; /* replaced in the transaction that is open; else NULL */
    char ledger_id[HK_ID_SIZE];
    char provider[HK_ID_SIZE]; /* "" for none */
    struct hk_append_tenant **tenants;
    size_t tenant_count;
    size_t tenant_capacity;
    uint64_t entries; /* appended since open */
    size_t salts_left;
    uint8_t salts[HK_SALTS_AT_ONCE][HK_SALT_SIZE];
    sqlite3_stmt *put_entry[HK_NOUN_COUNT];
    sqlite3_stmt *put_node;
    sqlite3_stmt *put_tree;
    sqlite3_stmt *put_checkpoint;
    sqlite3_stmt *put_hash;
    sqlite3_stmt *drop_hash;
    sqlite3_stmt *put_answer;
    sqlite3_stmt *put_cursor;
    sqlite3_stmt *drop_cursor;
    sqlite3_stmt *put_credential;
    sqlite3_stmt *drop_credential;
    struct hk_eraser *eraser;
    sqlite3_stmt *begin;
    sqlite3_stmt *commit;
};

HK_MUST_CHECK enum hk_status hk_append_prepare(struct hk_appender *a, struct hk_error *error);
/* A tenant without entries; NULL when memory is short. */
struct hk_append_tenant *hk_append_add_tenant(struct hk_appender *a, hk_tenant number);
/* Name and origin from the tenant's row. */
HK_MUST_CHECK enum hk_status hk_append_load_origin(
    struct hk_appender *a, struct hk_append_tenant *tenant, struct hk_error *error);

#endif
