/*
 * writer: order, lanes, durability, prev, time, guards, token hashes, answers, checkpoints, reads.
 */
#include "ledger/ledger.h"

#include "folder.h"

#include "limits.h"

#include <fcntl.h>
#include <sys/wait.h>

struct seen {
    unsigned count;
    uint64_t seqs[64];
    uint64_t last;
    bool in_order;
};

static void on_written(void *ctx, hk_tenant tenant, uint64_t first_seq)
{
    struct seen *seen = ctx;

    (void)tenant;
    if (seen->count < COUNT_OF(seen->seqs))
        seen->seqs[seen->count] = first_seq;
    seen->in_order = seen->count == 0 || first_seq > seen->last;
    seen->last = first_seq;
    seen->count++;
}

static struct hk_write *write_of(struct folder *folder, enum hk_kind kind, const char *subject)
{
    struct hk_write *write = hk_write_new();

    must(write != NULL, "out of memory");
    add(folder, write, kind, subject, "{\"clean\":true}");
    return write;
}

static void writes_come_back_in_order(void)
{
    struct folder folder;
    struct seen seen = {.count = 0, .in_order = true};

    folder_init(&folder);
    for (int i = 0; i < 5000; i++)
        hk_ledger_submit(folder.ledger, write_of(&folder, HK_KIND_ENGINE_STARTED, "engine"),
            HK_LANE_NORMAL, on_written, &seen);
    while (seen.count < 5000) {
        folder_drain(&folder);
        CU_ASSERT_TRUE(seen.in_order);
    }
    CU_ASSERT_EQUAL(seen.last, 5000);
    CU_ASSERT_EQUAL(hk_ledger_backlog(folder.ledger), 0);
    CU_ASSERT_TRUE(answers(&folder, "SELECT count(*) FROM entry", "5001"));
    folder_done(&folder);
}

static void entries_of_a_write_stay_together(void)
{
    struct folder folder;
    struct seen seen = {.count = 0};
    struct hk_ledger_stats stats;

    folder_init(&folder);
    for (int i = 0; i < 20; i++) {
        struct hk_write *write = write_of(&folder, HK_KIND_ENGINE_STARTED, "engine");
        add(&folder, write, HK_KIND_ENGINE_STOPPED, "engine", "{}");
        add(&folder, write, HK_KIND_CONFIG_APPLIED, "config", "{}");
        hk_ledger_submit(
            folder.ledger, write, i % 2 == 0 ? HK_LANE_NORMAL : HK_LANE_URGENT, on_written, &seen);
    }
    while (seen.count < 20)
        folder_drain(&folder);
    for (int i = 0; i < 20; i++)
        CU_ASSERT_EQUAL(seen.seqs[i] % 3, 1);
    CU_ASSERT_TRUE(answers(&folder,
        "SELECT count(*) FROM entry WHERE (pos & 0xffffff) % 3 = 0 AND (pos & 0xffffff) > 0"
        " AND line LIKE '%config.applied%'",
        "20"));
    hk_ledger_stats(folder.ledger, &stats);
    CU_ASSERT_EQUAL(stats.entries, 61);
    CU_ASSERT_TRUE(stats.transactions >= 2 && stats.transactions <= 21);
    folder_done(&folder);
}

/* What was acknowledged is seen by another process at once. */
static void acknowledged_is_on_disk(void)
{
    struct folder folder;
    pid_t child;
    int code = -1;

    folder_init(&folder);
    put(&folder, HK_KIND_ALERT_RECEIVED, "al-1", "{\"view\":{\"title\":\"t\"}}");
    child = fork();
    if (child == 0)
        _exit(
            answers(&folder, "SELECT state || title FROM alert WHERE id = 'al-1'", "newt") ? 0 : 1);
    CU_ASSERT_EQUAL(waitpid(child, &code, 0), child);
    CU_ASSERT_EQUAL(code, 0);
    folder_done(&folder);
}

static void prev_walks_back_over_a_subject(void)
{
    struct folder folder;
    struct hk_write *write;

    folder_init(&folder);
    write = write_of(&folder, HK_KIND_ALERT_RECEIVED, "al-1");
    add(&folder, write, HK_KIND_ALERT_RECEIVED, "al-2", "{}");
    add(&folder, write, HK_KIND_ALERT_ROUTED, "al-1", "{\"runs\":[]}");
    add(&folder, write, HK_KIND_ALERT_CLOSED, "al-1", "{}");
    CU_ASSERT_EQUAL(hk_ledger_write_now(folder.ledger, write, NULL), HK_OK);
    put(&folder, HK_KIND_ALERT_CLOSED, "al-2", "{}");
    CU_ASSERT_TRUE(answers(&folder,
        "SELECT group_concat(coalesce(prev - (1 << 40), 'none'))"
        " FROM (SELECT prev FROM entry ORDER BY pos)",
        "none,none,none,1,3,2"));
    folder_done(&folder);
}

static void time_never_goes_back(void)
{
    struct folder folder;
    struct hk_write *write = hk_write_new();
    char *payload = strdup("{}");

    folder_init(&folder);
    CU_ASSERT_EQUAL(hk_write_add(write, folder.tenant, HK_KIND_ENGINE_STARTED, "engine", "engine",
                        1000, payload, 2, NULL),
        HK_OK);
    CU_ASSERT_EQUAL(hk_ledger_write_now(folder.ledger, write, NULL), HK_OK);
    CU_ASSERT_TRUE(answers(&folder, "SELECT count(DISTINCT substr(line, 7, 27)) FROM entry", "1"));
    folder_done(&folder);
}

static void bad_entries_are_refused(void)
{
    struct folder folder;
    struct hk_write *write = hk_write_new();
    struct hk_error error;

    folder_init(&folder);
    CU_ASSERT_EQUAL(hk_write_add(write, 1, HK_KIND_ENGINE_STARTED, "Engine", "engine", 1,
                        strdup("{}"), 2, &error),
        HK_INVALID);
    CU_ASSERT_EQUAL(
        hk_write_add(write, 1, HK_KIND_ENGINE_STARTED, "engine", "", 1, strdup("{}"), 2, &error),
        HK_INVALID);
    CU_ASSERT_EQUAL(hk_write_add(write, 1, HK_KIND_ENGINE_STARTED, "engine", "engine", 1,
                        strdup("[]"), 2, &error),
        HK_INVALID);
    CU_ASSERT_EQUAL(hk_write_add(write, 0, HK_KIND_ENGINE_STARTED, "engine", "engine", 1,
                        strdup("{}"), 2, &error),
        HK_INTERNAL);
    CU_ASSERT_EQUAL(
        hk_write_add(write, 1, HK_KIND_ENGINE_STARTED, "engine", "engine", 1, NULL, 0, &error),
        HK_INVALID);
    hk_write_free(write);
    hk_write_free(NULL);
    folder_done(&folder);
}

static void refused(const struct folder *folder, const char *sql, const char *why)
{
    sqlite3 *db = folder_db(folder, SQLITE_OPEN_READWRITE);
    char *problem = NULL;

    (void)sqlite3_exec(db, "PRAGMA recursive_triggers = ON", NULL, NULL, NULL);
    CU_ASSERT_NOT_EQUAL(sqlite3_exec(db, sql, NULL, NULL, &problem), SQLITE_OK);
    CU_ASSERT_TRUE(problem != NULL && strstr(problem, why) != NULL);
    sqlite3_free(problem);
    (void)sqlite3_close(db);
}

static void guards_refuse_changes(void)
{
    struct folder folder;
    sqlite3 *db;

    folder_init(&folder);
    put(&folder, HK_KIND_ALERT_RECEIVED, "al-1", "{}");
    folder_close(&folder);
    refused(&folder, "UPDATE entry SET line = 'x'", "never changed");
    refused(&folder, "UPDATE entry SET payload = NULL", "never changed");
    refused(&folder, "UPDATE entry SET payload = '{}', salt = salt", "never changed");
    refused(
        &folder, "UPDATE entry SET pos = pos + 9, salt = NULL, payload = NULL", "never changed");
    refused(&folder, "DELETE FROM entry", "never deleted");
    refused(&folder, "INSERT OR REPLACE INTO entry SELECT * FROM entry", "never deleted");
    refused(&folder, "DELETE FROM checkpoint", "never deleted");
    refused(&folder, "UPDATE checkpoint SET note = ''", "never changed");
    /* Not without the entry that says so. */
    refused(&folder, "UPDATE entry SET salt = NULL, payload = NULL", "never changed");
    db = folder_db(&folder, SQLITE_OPEN_READWRITE);
    CU_ASSERT_EQUAL(sqlite3_exec(db,
                        "INSERT INTO erased VALUES(1, 1, 2);"
                        "UPDATE entry SET salt = NULL, payload = NULL WHERE pos = (1 << 40) + 1",
                        NULL, NULL, NULL),
        SQLITE_OK);
    (void)sqlite3_close(db);
    folder_done(&folder);
}

struct cursors {
    hk_tenant tenant;
    const char *source;
    char text[256];
};

static void on_cursor(void *ctx, const struct hk_cursor *cursor, int64_t time_us)
{
    struct cursors *cursors = ctx;
    size_t size = strlen(cursors->text);

    CU_ASSERT_EQUAL(time_us, 5);
    (void)snprintf(
        cursors->text + size, sizeof(cursors->text) - size, "%s=%s ", cursor->key, cursor->value);
}

static enum hk_status read_cursors(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct cursors *cursors = job;

    cursors->text[0] = '\0';
    return hk_query_cursors(reading, cursors->tenant, cursors->source, on_cursor, cursors, error);
}

static bool cursors_are(
    struct folder *folder, hk_tenant tenant, const char *source, const char *expected)
{
    struct cursors cursors = {.tenant = tenant, .source = source};

    return hk_ledger_read_now(folder->ledger, read_cursors, &cursors, NULL) == HK_OK &&
           strcmp(cursors.text, expected) == 0;
}

static void cursors_move_with_their_entries(void)
{
    static const struct hk_cursor first[] = {
        {"eve", "8:12", "100"}, {"eve", "8:13", "7"}, {"other", "8:12", "1"}};
    static const struct hk_cursor then[] = {{"eve", "8:12", "250"}, {"eve", "8:13", NULL}};
    struct folder folder;
    struct hk_write *write;
    hk_tenant second = 0;

    folder_init(&folder);
    CU_ASSERT_EQUAL(hk_ledger_tenant_open(folder.ledger, "second", &second, NULL), HK_OK);
    write = write_of(&folder, HK_KIND_ALERT_RECEIVED, "al-1");
    for (size_t i = 0; i < COUNT_OF(first); i++)
        CU_ASSERT_EQUAL(hk_write_cursor(write, folder.tenant, &first[i], 5, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_write_cursor(write, second, &first[2], 5, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_ledger_write_now(folder.ledger, write, NULL), HK_OK);
    CU_ASSERT_TRUE(cursors_are(&folder, folder.tenant, "eve", "8:12=100 8:13=7 "));
    CU_ASSERT_TRUE(cursors_are(&folder, second, "eve", ""));

    write = hk_write_new(); /* no entry with it */
    for (size_t i = 0; i < COUNT_OF(then); i++)
        CU_ASSERT_EQUAL(hk_write_cursor(write, folder.tenant, &then[i], 5, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_ledger_write_now(folder.ledger, write, NULL), HK_OK);
    CU_ASSERT_TRUE(cursors_are(&folder, folder.tenant, "eve", "8:12=250 "));
    CU_ASSERT_TRUE(cursors_are(&folder, folder.tenant, "other", "8:12=1 "));
    CU_ASSERT_TRUE(cursors_are(&folder, second, "other", "8:12=1 "));
    folder_done(&folder);
}

static void add_credential(void *ctx, const struct hk_credential *credential)
{
    char *text = ctx;
    size_t size = strlen(text);

    (void)snprintf(text + size, 200 - size, "%u/%s/%s=%s ", (unsigned)credential->tenant,
        credential->shelf, credential->id, credential->value);
}

static enum hk_status read_credentials(
    struct hk_reading *reading, void *job, struct hk_error *error)
{
    return hk_query_credentials(reading, add_credential, job, error);
}

static void credentials_stay_in_their_tenant(void)
{
    static const struct hk_credential puts[] = {{1, "password", "us-1", "first"},
        {2, "password", "us-1", "other"}, {1, "session", "se-1", "{}"},
        {1, "password", "us-1", "second"}, {1, "session", "se-1", NULL}};
    char found[200] = "";
    char large[HK_CREDENTIAL_SIZE_MAX + 2];
    struct hk_write *write = hk_write_new();
    struct hk_error error;
    struct folder folder;

    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    folder_init(&folder);
    for (size_t i = 0; i < COUNT_OF(puts); i++)
        CU_ASSERT_EQUAL(hk_write_credential(write, &puts[i], &error), HK_OK);
    CU_ASSERT_EQUAL(
        hk_write_credential(write, &(struct hk_credential){1, "password", "us-2", large}, &error),
        HK_LIMIT);
    CU_ASSERT_EQUAL(
        hk_write_credential(write, &(struct hk_credential){1, "pass word", "us-2", "x"}, &error),
        HK_INVALID);
    CU_ASSERT_EQUAL(
        hk_write_credential(write, &(struct hk_credential){1, "password", "", "x"}, &error),
        HK_INVALID);
    CU_ASSERT_EQUAL(hk_ledger_write_now(folder.ledger, write, &error), HK_OK);
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_credentials, found, &error), HK_OK);
    CU_ASSERT_STRING_EQUAL(found, "1/password/us-1=second 2/password/us-1=other ");
    folder_done(&folder);
}

static void cursors_that_are_too_long_are_refused(void)
{
    char key[HK_CURSOR_KEY_MAX + 2];
    struct hk_write *write = hk_write_new();
    struct hk_error error;

    memset(key, 'k', sizeof(key) - 1);
    key[sizeof(key) - 1] = '\0';
    CU_ASSERT_EQUAL(
        hk_write_cursor(write, 1, &(struct hk_cursor){"eve", key, "1"}, 5, &error), HK_LIMIT);
    CU_ASSERT_EQUAL(
        hk_write_cursor(write, 1, &(struct hk_cursor){"../eve", "1", "1"}, 5, &error), HK_INVALID);
    hk_write_free(write);
}

static void token_hashes_are_kept_and_dropped(void)
{
    struct folder folder;
    struct hk_write *write;
    uint8_t hash[HK_SHA256_SIZE];

    folder_init(&folder);
    memset(hash, 0xab, sizeof(hash));
    write = write_of(&folder, HK_KIND_TOKEN_CREATED, "to-1");
    CU_ASSERT_EQUAL(hk_write_token_hash(write, folder.tenant, "to-1", hash, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_ledger_write_now(folder.ledger, write, NULL), HK_OK);
    CU_ASSERT_TRUE(answers(
        &folder, "SELECT substr(hex(hash), 1, 6) FROM token_hash WHERE id = 'to-1'", "ABABAB"));
    write = hk_write_new();
    CU_ASSERT_EQUAL(hk_write_token_hash(write, folder.tenant, "to-1", NULL, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_ledger_write_now(folder.ledger, write, NULL), HK_OK);
    CU_ASSERT_TRUE(answers(&folder, "SELECT count(*) FROM token_hash", "0"));
    folder_done(&folder);
}

static void checkpoints_are_made_and_copied(void)
{
    struct folder folder;
    char path[128];
    char text[1024] = "";
    int fd;

    folder_make(&folder);
    folder.sink = folder.path;
    folder_open(&folder);
    put(&folder, HK_KIND_ALERT_RECEIVED, "al-1", "{}");
    CU_ASSERT_TRUE(answers(&folder, "SELECT count(*) FROM checkpoint", "0"));
    put(&folder, HK_KIND_CONTAINMENT_STARTING, "co-1", "{\"kind\":\"block_ip\"}");
    CU_ASSERT_TRUE(answers(&folder, "SELECT group_concat(size) FROM checkpoint", "3"));
    folder_await_sink(&folder);
    put(&folder, HK_KIND_CONTAINMENT_ACTIVE, "co-1", "{\"expires_us\":5}");
    folder_close(&folder);
    CU_ASSERT_TRUE(answers(&folder, "SELECT group_concat(size) FROM checkpoint", "3,4"));
    (void)snprintf(path, sizeof(path), "%s/main.checkpoints", folder.path);
    fd = open(path, O_RDONLY);
    CU_ASSERT_TRUE(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
    (void)close(fd);
    CU_ASSERT_TRUE(strstr(text, "/main\n3\n") != NULL && strstr(text, "/main\n4\n") != NULL);
    folder_open(&folder);
    CU_ASSERT_EQUAL(folder.tenant, 1);
    folder_done(&folder);
}

static void tenants_have_their_own_ledgers(void)
{
    struct folder folder;
    hk_tenant other = 0;
    hk_tenant again = 0;

    folder_init(&folder);
    CU_ASSERT_EQUAL(hk_ledger_tenant_open(folder.ledger, "other", &other, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_ledger_tenant_open(folder.ledger, "other", &again, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_ledger_tenant_open(folder.ledger, "Bad name", &again, NULL), HK_INVALID);
    CU_ASSERT_EQUAL(other, 2);
    CU_ASSERT_EQUAL(again, 2);
    CU_ASSERT_TRUE(answers(&folder, "SELECT group_concat(size) FROM tree", "1,1"));
    CU_ASSERT_TRUE(answers(&folder, "SELECT count(*) FROM entry WHERE pos >> 40 = 2", "1"));
    folder_done(&folder);
}

static void one_engine_per_folder(void)
{
    struct folder folder;
    struct hk_error error = {.text = ""};
    int fd = -1;
    int other = -1;

    folder_make(&folder);
    CU_ASSERT_EQUAL(hk_engine_lock(folder.path, &fd, &error), HK_OK);
    CU_ASSERT_EQUAL(hk_engine_lock(folder.path, &other, &error), HK_BUSY);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "process"));
    (void)close(fd);
    CU_ASSERT_EQUAL(hk_engine_lock(folder.path, &other, &error), HK_OK);
    (void)close(other);
    folder_done(&folder);
}

static void a_damaged_ledger_is_not_opened(void)
{
    static const char *const damages[] = {
        "DELETE FROM entry WHERE pos = (1 << 40) + 2",
        "UPDATE tree SET size = size + 1",
        "UPDATE tree SET frontier = randomblob(length(frontier))",
        "UPDATE meta SET value = 99 WHERE name = 'schema'",
        "UPDATE tenant SET key = 'x'",
    };

    for (size_t i = 0; i < COUNT_OF(damages); i++) {
        struct folder folder;
        struct hk_error error = {.text = ""};
        enum hk_status status;

        folder_init(&folder);
        put(&folder, HK_KIND_ALERT_RECEIVED, "al-1", "{}");
        put(&folder, HK_KIND_ALERT_ROUTED, "al-1", "{}");
        folder_close(&folder);
        tamper(&folder, damages[i]);
        status = folder_try_open(&folder, &error);
        CU_ASSERT_EQUAL(status, i == 3 ? HK_UNSUPPORTED : HK_CORRUPT);
        CU_ASSERT_TRUE(error.text[0] != '\0');
        folder_done(&folder);
    }
}

struct read_job {
    struct folder *folder;
    unsigned *done;
    bool endless;
    enum hk_status status;
};

static enum hk_status read_something(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct read_job *read = job;
    struct hk_buf out;
    enum hk_status status = HK_OK;

    hk_buf_init(&out, 1 << 20);
    do {
        hk_buf_clear(&out);
        status =
            hk_query_list(reading, read->folder->tenant, "alerts", NULL, NULL, 500, &out, error);
    } while (read->endless && status == HK_OK);
    hk_buf_done(&out);
    return status;
}

static void on_read(void *job, enum hk_status status, const struct hk_error *error)
{
    struct read_job *read = job;

    (void)error;
    read->status = status;
    (*read->done)++;
}

static void reads_and_writes_do_not_wait_for_each_other(void)
{
    struct folder folder;
    struct seen seen = {.count = 0};
    struct read_job jobs[200];
    unsigned done = 0;
    unsigned put_count = 0;
    char id[32];

    folder_init(&folder);
    for (unsigned i = 0; i < 200; i++) {
        jobs[i] = (struct read_job){.folder = &folder, .done = &done};
        (void)snprintf(id, sizeof(id), "al-%u", i);
        hk_ledger_submit(folder.ledger, write_of(&folder, HK_KIND_ALERT_RECEIVED, id),
            HK_LANE_NORMAL, on_written, &seen);
        if (hk_ledger_read(folder.ledger, read_something, on_read, &jobs[i], NULL) == HK_OK)
            put_count++;
    }
    while (seen.count < 200 || done < put_count)
        folder_drain(&folder);
    for (unsigned i = 0; i < put_count; i++)
        CU_ASSERT_EQUAL(jobs[i].status, HK_OK);
    folder_done(&folder);
}

static void a_read_has_a_time_budget(void)
{
    struct folder folder;
    struct read_job job = {.folder = &folder, .endless = true};
    unsigned done = 0;
    char id[32];

    folder_init(&folder);
    for (int i = 0; i < 300; i++) {
        (void)snprintf(id, sizeof(id), "al-%d", i);
        put(&folder, HK_KIND_ALERT_RECEIVED, id, "{}");
    }
    job.done = &done;
    CU_ASSERT_EQUAL(hk_ledger_read(folder.ledger, read_something, on_read, &job, NULL), HK_OK);
    while (done == 0)
        folder_drain(&folder);
    CU_ASSERT_EQUAL(job.status, HK_TIMEOUT);
    folder_done(&folder);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"writes come back in order", writes_come_back_in_order},
        {"entries of a write stay together", entries_of_a_write_stay_together},
        {"acknowledged is on disk", acknowledged_is_on_disk},
        {"prev walks back over a subject", prev_walks_back_over_a_subject},
        {"time never goes back", time_never_goes_back},
        {"bad entries are refused", bad_entries_are_refused},
        {"guards refuse changes", guards_refuse_changes},
        {"token hashes are kept and dropped", token_hashes_are_kept_and_dropped},
        {"cursors move with the entries of their write", cursors_move_with_their_entries},
        {"credentials stay in their tenant", credentials_stay_in_their_tenant},
        {"cursors that are too long are refused", cursors_that_are_too_long_are_refused},
        {"checkpoints are made and copied", checkpoints_are_made_and_copied},
        {"tenants have their own ledgers", tenants_have_their_own_ledgers},
        {"one engine per folder", one_engine_per_folder},
        {"a damaged ledger is not opened", a_damaged_ledger_is_not_opened},
        {"reads and writes do not wait", reads_and_writes_do_not_wait_for_each_other},
        {"a read has a time budget", a_read_has_a_time_budget},
    };
    return suite_run("writer", tests, COUNT_OF(tests));
}
