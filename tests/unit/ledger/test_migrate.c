/*
 * migrate: a ledger of an earlier schema is brought to this one whole, or left as it was; later
 * ones, and later entries, are refused by name.
 */
#include "ledger/project.h"
#include "ledger/store.h"

#include "folder.h"
#include "schema2.h"

#include <signal.h>
#include <sys/wait.h>

#define ENTRIES 600 /* two blocks of 256 and a rest */

static void fill(struct folder *folder)
{
    struct hk_write *write = NULL;
    char id[32];

    folder_init(folder);
    for (unsigned i = 1; i < ENTRIES; i++) {
        if (write == NULL)
            write = hk_write_new();
        (void)snprintf(id, sizeof(id), "al-%08u", i / 3);
        add(folder, write, (i % 3) == 0 ? HK_KIND_ALERT_RECEIVED : HK_KIND_ALERT_SEEN, id,
            "{\"severity\":\"high\",\"view\":{\"title\":\"t\"}}");
        if (i % 50 != 0 && i != ENTRIES - 1)
            continue;
        must(hk_ledger_write_now(folder->ledger, write, NULL) == HK_OK, "not written");
        write = NULL;
    }
    folder_close(folder);
}

static void run_sql(const struct folder *folder, const char *sql)
{
    sqlite3 *db = folder_db(folder, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    char *problem = NULL;

    must(sqlite3_exec(db, sql, NULL, NULL, &problem) == SQLITE_OK, problem);
    (void)sqlite3_close(db);
}

/* Put a file of version 2 with the same record in the place of the ledger's. Its projections hold
 * nonsense, which must not survive. */
static void make_old(const struct folder *folder)
{
    char sql[2 * sizeof(schema2)];
    char from[128];
    char to[128];

    (void)snprintf(from, sizeof(from), "%s/ledger.db", folder->path);
    (void)snprintf(to, sizeof(to), "%s/new.db", folder->path);
    must(rename(from, to) == 0, "can't rename");
    (void)snprintf(sql, sizeof(sql),
        "PRAGMA journal_mode = WAL; %s; ATTACH '%s' AS new;"
        "INSERT INTO meta SELECT name, CASE name WHEN 'schema' THEN 2 ELSE value END FROM new.meta;"
        "INSERT INTO entry SELECT * FROM new.entry; INSERT INTO tree SELECT * FROM new.tree;"
        "INSERT INTO checkpoint SELECT * FROM new.checkpoint;"
        "INSERT INTO credential VALUES(1, 'password', 'us-one', 'kept');"
        "INSERT INTO alert(tenant, id, title) VALUES(1, 'al-none', 'nonsense');",
        schema2, to);
    run_sql(folder, sql);
    must(remove(to) == 0, "can't remove");
}

static void a_file_of_version_2_becomes_one_of_this(void)
{
    struct folder folder;
    struct hk_buf out;

    fill(&folder);
    make_old(&folder);
    CU_ASSERT_TRUE(verify(&folder, NULL, &out)); /* the record can be judged before */
    hk_buf_done(&out);
    folder_open(&folder);
    put(&folder, HK_KIND_ALERT_RECEIVED, "al-more", "{}");
    CU_ASSERT_TRUE(answers(&folder, "SELECT value FROM meta WHERE name = 'schema'", "4"));
    CU_ASSERT_TRUE(
        answers(&folder, "SELECT group_concat(level || ':' || idx) FROM node", "8:0,8:1"));
    CU_ASSERT_TRUE(answers(&folder, "SELECT count(*) FROM alert WHERE id = 'al-none'", "0"));
    CU_ASSERT_TRUE(answers(&folder, "SELECT count(*) FROM alert", "200"));
    CU_ASSERT_TRUE(answers(&folder, "SELECT value FROM credential", "kept"));
    folder_close(&folder);
    CU_ASSERT_TRUE(verify(&folder, NULL, &out));
    hk_buf_done(&out);
    CU_ASSERT_TRUE(rebuild(&folder, &out));
    hk_buf_done(&out);
    folder_done(&folder);
}

/* The first schema had no cursors; credentials came later still. */
static void tables_that_are_missing_are_made(void)
{
    struct folder folder;
    struct hk_buf out;

    fill(&folder);
    make_old(&folder);
    run_sql(&folder, "DROP TABLE cursor; DROP TABLE credential; DROP TABLE gap; DROP TABLE cases;"
                     "UPDATE meta SET value = 1 WHERE name = 'schema'");
    folder_open(&folder);
    CU_ASSERT_TRUE(answers(&folder,
        "SELECT count(*) FROM sqlite_schema WHERE name IN ('cursor', 'credential', 'gap', 'cases')",
        "4"));
    folder_close(&folder);
    CU_ASSERT_TRUE(rebuild(&folder, &out));
    hk_buf_done(&out);
    folder_done(&folder);
}

static void kill_myself(void *ctx, uint64_t done, uint64_t total)
{
    (void)ctx;
    (void)done;
    (void)total;
    (void)kill(getpid(), SIGKILL);
}

/* In the child: begin to migrate, and die in the middle of it. */
static _Noreturn void die_in_the_middle(const struct folder *folder)
{
    const struct hk_store_progress progress = {.fn = kill_myself};
    sqlite3 *db = NULL;

    _exit(hk_store_open_writer(folder->path, false, &progress, &db, NULL) == HK_OK ? 1 : 2);
}

static void a_crash_leaves_the_old_one(void)
{
    struct folder folder;
    int status = 0;
    pid_t child;

    folder_init(&folder);
    for (unsigned batch = 0; batch < 9; batch++) { /* more than one call of progress */
        struct hk_write *write = hk_write_new();
        for (unsigned i = 0; i < 500; i++)
            add(&folder, write, HK_KIND_ALERT_RECEIVED, "al-1", "{}");
        must(hk_ledger_write_now(folder.ledger, write, NULL) == HK_OK, "not written");
    }
    folder_close(&folder);
    make_old(&folder);
    child = fork();
    if (child == 0)
        die_in_the_middle(&folder);
    must(waitpid(child, &status, 0) == child, "no child");
    CU_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    CU_ASSERT_TRUE(answers(&folder, "SELECT value FROM meta WHERE name = 'schema'", "2"));
    CU_ASSERT_TRUE(answers(&folder, "SELECT title FROM alert", "nonsense"));
    CU_ASSERT_TRUE(answers(&folder, "SELECT count(*) FROM sqlite_schema WHERE name = 'node'", "0"));
    folder_open(&folder);
    CU_ASSERT_TRUE(answers(&folder, "SELECT count(*) FROM node", "17"));
    folder_done(&folder);
}

static void what_cannot_be_brought_here_is_refused(void)
{
    static const struct {
        const char *sql;
        enum hk_status status;
        const char *says;
    } cases[] = {
        {"UPDATE meta SET value = 99 WHERE name = 'schema'", HK_UNSUPPORTED, "schema 99"},
        {"UPDATE meta SET value = 0 WHERE name = 'schema'", HK_CORRUPT, "no schema version"},
        {"UPDATE entry SET line = replace(line, 'hk1 ', 'hk2 ') WHERE pos = (1 << 40) + 77",
            HK_UNSUPPORTED, "number 77 of tenant 1, entry: version hk2 is not known"},
        {"UPDATE entry SET line = replace(line, ' alert.seen ', ' alert.painted ')"
         " WHERE pos = (1 << 40) + 76",
            HK_UNSUPPORTED, "number 76 of tenant 1, entry: kind alert.painted is not known"},
        {"UPDATE entry SET line = replace(line, 'al-', 'AL-') WHERE pos = (1 << 40) + 75",
            HK_CORRUPT, "number 75 of tenant 1 can't be read"},
        {"UPDATE entry SET line = replace(line, 'us-one', 'us-two') WHERE pos = (1 << 40) + 74",
            HK_CORRUPT, "not those that its tree was made of"},
        {"DELETE FROM entry WHERE pos = (1 << 40) + 73", HK_CORRUPT,
            "number 73 of tenant 1 is mis"},
        {"DELETE FROM tree", HK_CORRUPT, "its tree"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct folder folder;
        struct hk_error error = {.text = ""};
        enum hk_status status;

        fill(&folder);
        make_old(&folder);
        tamper(&folder, cases[i].sql);
        status = folder_try_open(&folder, &error);
        if (status != cases[i].status || strstr(error.text, cases[i].says) == NULL)
            (void)fprintf(stderr, "%s\n  gives %s\n", cases[i].sql, error.text);
        CU_ASSERT_EQUAL(status, cases[i].status);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, cases[i].says));
        CU_ASSERT_TRUE(answers(&folder, "SELECT title FROM alert LIMIT 1", "nonsense"));
        folder_done(&folder);
    }
}

/* A payload of any kind may be gone: its fold leaves the hole and goes on. */
static void holes_are_folded(void)
{
    struct folder folder;
    struct hk_buf out;
    struct hk_audit_options options = {.data_dir = folder.path};
    struct hk_error error = {.text = ""};

    folder_init(&folder);
    for (int again = 0; again < 2; again++)
        for (int kind = HK_KIND_LEDGER_OPENED + 1; kind < HK_KIND_COUNT; kind++) {
            enum hk_noun noun = hk_kind_noun((enum hk_kind)kind);
            char id[32];

            if (kind == HK_KIND_LEDGER_MOVED_OUT) /* nothing comes after it; see test_move.c */
                continue;
            (void)snprintf(id, sizeof(id), "thing-%d", (int)noun);
            put(&folder, (enum hk_kind)kind, id,
                "{\"step\":\"0\",\"for\":\"timer\",\"of\":[\"a\"]}");
        }
    folder_close(&folder);
    make_old(&folder);
    run_sql(&folder, "UPDATE entry SET salt = NULL, payload = NULL WHERE pos > (1 << 40)");
    folder_open(&folder);
    folder_close(&folder);
    CU_ASSERT_TRUE(rebuild(&folder, &out));
    hk_buf_done(&out);
    CU_ASSERT_EQUAL(hk_audit_rebuild(&options, &error), HK_OK);
    CU_ASSERT_TRUE(rebuild(&folder, &out));
    hk_buf_done(&out);
    folder_done(&folder);
}

static void projections_are_made_anew_on_request(void)
{
    struct folder folder;
    struct hk_audit_options options = {.data_dir = folder.path};
    struct hk_error error = {.text = ""};
    struct hk_buf out;
    int lock_fd = -1;

    fill(&folder);
    run_sql(
        &folder, "DELETE FROM alert; UPDATE subject SET last = 7; DELETE FROM node WHERE idx = 1");
    CU_ASSERT_FALSE(rebuild(&folder, &out));
    hk_buf_done(&out);
    CU_ASSERT_EQUAL(hk_engine_lock(folder.path, &lock_fd, &error), HK_OK);
    CU_ASSERT_EQUAL(hk_audit_rebuild(&options, &error), HK_BUSY);
    (void)close(lock_fd);
    CU_ASSERT_EQUAL(hk_audit_rebuild(&options, &error), HK_OK);
    CU_ASSERT_TRUE(rebuild(&folder, &out));
    hk_buf_done(&out);
    CU_ASSERT_TRUE(verify(&folder, NULL, &out));
    hk_buf_done(&out);
    folder_done(&folder);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"a file of version 2 becomes one of this", a_file_of_version_2_becomes_one_of_this},
        {"tables that are missing are made", tables_that_are_missing_are_made},
        {"a crash leaves the old one", a_crash_leaves_the_old_one},
        {"what can't be brought here is refused", what_cannot_be_brought_here_is_refused},
        {"holes are folded", holes_are_folded},
        {"projections are made anew on request", projections_are_made_anew_on_request},
    };
    return suite_run("migrate", tests, COUNT_OF(tests));
}
