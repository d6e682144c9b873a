/*
 * record_schema: the tables that are no projections: the record, and what lies beside it; see
 * core/ARCHITECTURE.md. A column that is added to one of them needs a step in migrate.c too.
 */
#include "ledger/store.h"

const char hk_record_schema[] =
    "CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS entry(pos INTEGER PRIMARY KEY, line TEXT NOT NULL, salt BLOB,"
    " payload TEXT, prev INTEGER);"
    "CREATE TABLE IF NOT EXISTS tree(tenant INTEGER PRIMARY KEY, size INTEGER NOT NULL,"
    " frontier BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS node(tenant INTEGER NOT NULL, level INTEGER NOT NULL,"
    " idx INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY(tenant, level, idx)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS checkpoint(tenant INTEGER NOT NULL, size INTEGER NOT NULL,"
    " time_us INTEGER NOT NULL, note TEXT NOT NULL, PRIMARY KEY(tenant, size)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS token_hash(tenant INTEGER NOT NULL, id TEXT NOT NULL,"
    " hash BLOB NOT NULL, PRIMARY KEY(tenant, id)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS answer(n INTEGER PRIMARY KEY, tenant INTEGER NOT NULL,"
    " actor TEXT NOT NULL, key TEXT NOT NULL, request TEXT NOT NULL, status INTEGER NOT NULL,"
    " answer TEXT NOT NULL, time_us INTEGER NOT NULL, UNIQUE(tenant, actor, key));"
    "CREATE TABLE IF NOT EXISTS cursor(tenant INTEGER NOT NULL, source TEXT NOT NULL,"
    " key TEXT NOT NULL, value TEXT NOT NULL, time_us INTEGER NOT NULL,"
    " PRIMARY KEY(tenant, source, key)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS credential(tenant INTEGER NOT NULL, shelf TEXT NOT NULL,"
    " id TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(tenant, shelf, id)) WITHOUT ROWID;"
    /* Guard-rails against our own mistakes; the proof is the tree. */
    "CREATE TRIGGER IF NOT EXISTS entry_is_not_changed BEFORE UPDATE ON entry"
    " WHEN NOT (NEW.salt IS NULL AND NEW.payload IS NULL AND NEW.pos = OLD.pos"
    "  AND NEW.line = OLD.line AND NEW.prev IS OLD.prev"
    /* Salt and payload go together with the entry that says so. */
    "  AND EXISTS (SELECT 1 FROM erased WHERE erased.tenant = OLD.pos >> 40"
    "   AND erased.seq = OLD.pos & 1099511627775))"
    " BEGIN SELECT RAISE(ABORT, 'an entry is never changed'); END;"
    "CREATE TRIGGER IF NOT EXISTS entry_is_not_deleted BEFORE DELETE ON entry"
    " BEGIN SELECT RAISE(ABORT, 'an entry is never deleted'); END;"
    "CREATE TRIGGER IF NOT EXISTS checkpoint_is_not_changed BEFORE UPDATE ON checkpoint"
    " BEGIN SELECT RAISE(ABORT, 'a checkpoint is never changed'); END;"
    "CREATE TRIGGER IF NOT EXISTS checkpoint_is_not_deleted BEFORE DELETE ON checkpoint"
    " BEGIN SELECT RAISE(ABORT, 'a checkpoint is never deleted'); END;";
