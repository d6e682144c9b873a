/*
 * erase: what goes with an alert, what is refused, what the guards let through; that the erased
 * bytes are in no file afterwards, that rows are still the fold of the entries, and that the record
 * still verifies.
 */
#include "ledger/erase.h"

#include "folder.h"
#include "ledger/scrub.h"
#include "ledger/store.h"

#include <dirent.h>
#include <sys/stat.h>

/* --- looking for bytes --- */

static bool file_has(const char *path, const char *marker)
{
    FILE *file = fopen(path, "rb");
    struct stat info;
    bool found;
    char *bytes;

    if (file == NULL)
        return false;
    must(fstat(fileno(file), &info) == 0, path);
    bytes = malloc((size_t)info.st_size + 1);
    must(
        bytes != NULL && fread(bytes, 1, (size_t)info.st_size, file) == (size_t)info.st_size, path);
    found = memmem(bytes, (size_t)info.st_size, marker, strlen(marker)) != NULL;
    free(bytes);
    (void)fclose(file);
    return found;
}

/* Is the text in any file at the top of the folder? */
static bool folder_has(const struct folder *folder, const char *marker)
{
    DIR *dir = opendir(folder->path);
    const struct dirent *item;
    bool found = false;

    must(dir != NULL, "folder");
    while ((item = readdir(dir)) != NULL) {
        char path[PATH_MAX];

        (void)snprintf(path, sizeof(path), "%s/%s", folder->path, item->d_name);
        if (item->d_name[0] != '.' && strcmp(item->d_name, "key") != 0 && file_has(path, marker)) {
            (void)fprintf(stderr, "%s is in %s\n", marker, item->d_name);
            found = true;
        }
    }
    (void)closedir(dir);
    return found;
}

/* --- erasing --- */

struct outcome {
    bool is_known;
    struct hk_erasure erasure;
};

static void on_erased(void *ctx, const struct hk_erasure *erasure)
{
    struct outcome *outcome = ctx;

    outcome->is_known = true;
    outcome->erasure = *erasure;
}

static void submit(struct folder *folder, const char *subject, struct outcome *outcome)
{
    struct hk_write *write = hk_write_new();
    struct hk_erase_request request = {.tenant = folder->tenant,
        .subject = subject,
        .actor = "us-admin",
        .reason = "asked for by the person",
        .time_us = hk_clock_now_us(hk_ledger_clock(folder->ledger))};
    struct hk_error error = {.text = ""};

    must(write != NULL && hk_write_erase(write, &request, &error) == HK_OK, error.text);
    memset(outcome, 0, sizeof(*outcome));
    hk_ledger_submit_erase(folder->ledger, write, on_erased, outcome);
}

static struct hk_erasure erase(struct folder *folder, const char *subject)
{
    struct outcome outcome;

    submit(folder, subject, &outcome);
    while (!outcome.is_known)
        folder_drain(folder);
    return outcome.erasure;
}

static bool is_refused(
    struct folder *folder, const char *subject, enum hk_status status, const char *why)
{
    uint64_t size = 0;
    char before[32];
    char after[32];
    struct hk_erasure erasure;

    (void)size;
    ask(folder, "SELECT count(*) || total(payload IS NULL) FROM entry", before, sizeof(before));
    erasure = erase(folder, subject);
    ask(folder, "SELECT count(*) || total(payload IS NULL) FROM entry", after, sizeof(after));
    if (erasure.status == status && strstr(erasure.error.text, why) != NULL &&
        strcmp(before, after) == 0)
        return true;
    (void)fprintf(stderr, "%s: %d %s\n", subject, erasure.status, erasure.error.text);
    return false;
}

static bool is_sound(struct folder *folder)
{
    struct hk_buf out;
    bool verified = verify(folder, NULL, &out);
    bool rebuilt;

    if (!verified)
        (void)fprintf(stderr, "%s\n", out.data);
    hk_buf_done(&out);
    rebuilt = rebuild(folder, &out);
    if (!rebuilt)
        (void)fprintf(stderr, "%s\n", out.data);
    hk_buf_done(&out);
    return verified && rebuilt;
}

/* --- a story: an alert, what its run did, whom it was told, and its case --- */

#define SECRET "MARKER-7f3a"

static const struct {
    enum hk_kind kind;
    const char *subject;
    const char *payload;
} story[] = {
    {HK_KIND_ALERT_RECEIVED, "al-1",
        "{\"severity\":\"high\",\"event_us\":5,\"dedupe\":\"" SECRET
        "\",\"view\":{\"title\":\"" SECRET
        "\",\"product\":\"p\",\"category\":\"c\"},\"raw\":\"" SECRET "\"}"},
    {HK_KIND_ALERT_MERGED, "al-2",
        "{\"severity\":\"low\",\"event_us\":6,\"into\":\"al-1\",\"view\":{\"title\":\"" SECRET
        "\"}}"},
    {HK_KIND_CASE_OPENED, "ca-1",
        "{\"title\":\"" SECRET
        "\",\"severity\":\"high\",\"alert\":\"al-1\",\"entities\":[\"ip:" SECRET "\"]}"},
    {HK_KIND_RUN_STARTED, "ru-1",
        "{\"alert\":\"al-1\",\"playbook\":\"p\",\"version\":\"v\",\"ends_us\":99}"},
    {HK_KIND_STEP_WAITING, "ru-1",
        "{\"step\":\"0\",\"from\":\"none\",\"for\":\"gate\",\"args\":\"" SECRET "\"}"},
    {HK_KIND_GATE_OPENED, "ga-1",
        "{\"run\":\"ru-1\",\"step\":\"0\",\"gate_kind\":\"action\",\"action\":\"a.b\",\"target\":"
        "\"" SECRET "\",\"summary\":\"" SECRET
        "\",\"digest\":\"d\",\"role\":\"approver\",\"quorum\":1,"
        "\"expires_us\":77}"},
    {HK_KIND_NOTICE_QUEUED, "no-1",
        "{\"reason\":\"gate\",\"about\":\"ga-1\",\"contact\":\"c\",\"channel\":\"mail\","
        "\"event_back\":1,\"text\":\"" SECRET "\"}"},
    {HK_KIND_GATE_VOTED, "ga-1", "{\"decision\":\"approve\",\"reason\":\"" SECRET "\"}"},
    {HK_KIND_GATE_DECIDED, "ga-1", "{\"outcome\":\"approved\"}"},
    {HK_KIND_STEP_INTENDED, "ru-1",
        "{\"step\":\"0\",\"from\":\"waiting\",\"call\":\"" SECRET "\"}"},
    {HK_KIND_CONTAINMENT_STARTING, "co-1",
        "{\"run\":\"ru-1\",\"step\":\"0\",\"gate\":\"ga-1\",\"action\":\"a.b\",\"target\":\"" SECRET
        "\",\"target_type\":\"ip\"}"},
    {HK_KIND_STEP_SETTLED, "ru-1",
        "{\"step\":\"0\",\"from\":\"intended\",\"value\":\"" SECRET "\"}"},
    {HK_KIND_CONTAINMENT_ACTIVE, "co-1", "{\"from\":\"starting\",\"expires_us\":88}"},
    {HK_KIND_CASE_DESCRIBED, "ca-1", "{\"happening\":\"" SECRET "\",\"run\":\"ru-1\"}"},
    {HK_KIND_CASE_NOTED, "ca-1", "{\"text\":\"" SECRET "\"}"},
    {HK_KIND_TASK_OPENED, "ta-1",
        "{\"kind\":\"fallback\",\"title\":\"" SECRET
        "\",\"owner\":\"analyst\",\"run\":\"ru-1\",\"case\":\"ca-1\"}"},
};
static const struct {
    enum hk_kind kind;
    const char *subject;
    const char *payload;
    const char *why; /* what refuses to be erased until this is written */
} endings[] = {
    {HK_KIND_RUN_FINISHED, "ru-1", "{\"value\":\"" SECRET "\"}",
        "ru-1 can't be erased yet: it is "
        "running"},
    {HK_KIND_CONTAINMENT_RELEASED, "co-1", "{}", "co-1 can't be erased yet: it is active"},
    {HK_KIND_TASK_DONE, "ta-1", "{\"outcome\":\"happened\",\"evidence\":\"" SECRET "\"}",
        "ta-1 can't be erased yet: it is open"},
    {HK_KIND_NOTICE_SENT, "no-1", "{\"answer\":\"ok\"}",
        "no-1 can't be erased yet: it has not gone"},
};

static void tell_story(struct folder *folder)
{
    for (size_t i = 0; i < COUNT_OF(story); i++)
        put(folder, story[i].kind, story[i].subject, story[i].payload);
}

static void end_story(struct folder *folder)
{
    for (size_t i = 0; i < COUNT_OF(endings); i++)
        put(folder, endings[i].kind, endings[i].subject, endings[i].payload);
}

static void an_alert_goes_with_all_that_hangs_on_it(void)
{
    struct folder folder;
    struct hk_erasure erasure;

    folder_init(&folder);
    tell_story(&folder);
    end_story(&folder);
    CU_ASSERT_TRUE(folder_has(&folder, SECRET)); /* the search finds */
    erasure = erase(&folder, "al-1");
    CU_ASSERT_EQUAL(erasure.status, HK_OK);
    CU_ASSERT_EQUAL(erasure.entries, COUNT_OF(story) + COUNT_OF(endings));
    CU_ASSERT_EQUAL(erasure.subjects, 8);
    CU_ASSERT_FALSE(folder_has(&folder, SECRET));
    CU_ASSERT_TRUE(is_sound(&folder));
    /* Ids, states, numbers and times stay. */
    CU_ASSERT_TRUE(answers(&folder,
        "SELECT group_concat(id || state || severity || event_us || coalesce(into_alert, '-') ||"
        " coalesce(title, '-') || coalesce(dedupe, '-')) FROM alert",
        "al-1new45---,al-2merged26al-1--"));
    CU_ASSERT_TRUE(answers(&folder,
        "SELECT r.state || r.waits || r.intents || g.state || g.votes || g.action ||"
        " coalesce(g.target, '-') || c.state || c.action || coalesce(c.target, '-')"
        " FROM run r, gate g, containment c",
        "finished00approved1a.b-releaseda.b-"));
    CU_ASSERT_TRUE(answers(&folder,
        "SELECT c.state || c.alerts || coalesce(c.title, '-') || coalesce(c.happening, '-') ||"
        " (SELECT count(*) FROM case_entity) || t.state || coalesce(t.title, '-') || n.state"
        " FROM cases c, task t, notice n",
        "open1--0done-sent"));
    CU_ASSERT_TRUE(is_refused(&folder, "al-1", HK_CONFLICT, "is erased already"));
    /* What is written about it afterwards can be erased too. */
    put(&folder, HK_KIND_CASE_NOTED, "ca-1", "{\"text\":\"" SECRET "\"}");
    CU_ASSERT_EQUAL(erase(&folder, "al-1").entries, 1);
    CU_ASSERT_FALSE(folder_has(&folder, SECRET));
    CU_ASSERT_TRUE(is_sound(&folder));
    folder_close(&folder);
    CU_ASSERT_FALSE(folder_has(&folder, SECRET));
    CU_ASSERT_TRUE(is_sound(&folder));
    folder_done(&folder);
}

static void what_is_needed_is_refused_whole(void)
{
    struct folder folder;

    folder_init(&folder);
    tell_story(&folder);
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        CU_ASSERT_TRUE(is_refused(&folder, "al-1", HK_CONFLICT, endings[i].why));
        put(&folder, endings[i].kind, endings[i].subject, endings[i].payload);
    }
    CU_ASSERT_TRUE(is_refused(&folder, "al-9", HK_NOT_FOUND, "nothing is recorded"));
    CU_ASSERT_TRUE(is_refused(&folder, "ledger", HK_INVALID, "can't be erased"));
    CU_ASSERT_TRUE(is_refused(&folder, "erasure", HK_INVALID, "can't be erased"));
    put(&folder, HK_KIND_GATE_OPENED, "ga-2", "{\"quorum\":1}");
    CU_ASSERT_TRUE(is_refused(&folder, "ga-2", HK_CONFLICT, "waits for a decision"));
    put(&folder, HK_KIND_CONFIG_APPLIED, "config", "{\"config\":\"" SECRET "\"}");
    CU_ASSERT_TRUE(is_refused(&folder, "config", HK_CONFLICT, "in force"));
    put(&folder, HK_KIND_CONFIG_APPLIED, "config", "{\"config\":\"new\"}");
    CU_ASSERT_EQUAL(erase(&folder, "config").entries, 1);
    CU_ASSERT_EQUAL(erase(&folder, "al-1").status, HK_OK);
    CU_ASSERT_FALSE(folder_has(&folder, SECRET));
    CU_ASSERT_TRUE(is_sound(&folder));
    folder_done(&folder);
}

static void people_go_once_they_are_disabled(void)
{
    struct folder folder;

    folder_init(&folder);
    put(&folder, HK_KIND_USER_ADDED, "us-1", "{\"name\":\"" SECRET "\",\"role\":\"analyst\"}");
    put(&folder, HK_KIND_TOKEN_CREATED, "to-1", "{\"user\":\"us-1\",\"name\":\"" SECRET "\"}");
    put(&folder, HK_KIND_CASE_OPENED, "ca-1", "{\"title\":\"T\"}");
    put(&folder, HK_KIND_CASE_ASSIGNED, "ca-1", "{\"to\":\"" SECRET "\",\"user\":\"us-1\"}");
    put(&folder, HK_KIND_TASK_OPENED, "ta-1", "{\"title\":\"T\",\"owner\":\"" SECRET "\"}");
    put(&folder, HK_KIND_TASK_OPENED, "ta-2", "{\"title\":\"U\",\"owner\":\"analyst\"}");
    put(&folder, HK_KIND_TASK_ASSIGNED, "ta-2", "{\"to\":\"" SECRET "\",\"user\":\"us-1\"}");
    CU_ASSERT_TRUE(is_refused(&folder, "us-1", HK_CONFLICT, "disable them first"));
    put(&folder, HK_KIND_USER_DISABLED, "us-1", "{\"reason\":\"" SECRET "\"}");
    CU_ASSERT_TRUE(is_refused(&folder, "us-1", HK_CONFLICT, "revoke it first"));
    put(&folder, HK_KIND_TOKEN_REVOKED, "to-1", "{}");
    CU_ASSERT_TRUE(
        is_refused(&folder, "us-1", HK_CONFLICT, "ta-1 can't be erased yet: it is open"));
    put(&folder, HK_KIND_TASK_DONE, "ta-1", "{\"outcome\":\"happened\"}");
    CU_ASSERT_EQUAL(erase(&folder, "us-1").entries, 8);
    CU_ASSERT_FALSE(folder_has(&folder, SECRET));
    CU_ASSERT_TRUE(answers(&folder,
        "SELECT c.title || coalesce(c.assignee, '-') || u.state || u.role ||"
        " coalesce(u.name, '-') || k.state || (SELECT group_concat(t.state ||"
        " coalesce(t.title, '-') || coalesce(t.owner, '-')) FROM task t)"
        " FROM cases c, user u, token k",
        "T-disabledanalyst-revokeddone--,openU-"));
    CU_ASSERT_TRUE(is_sound(&folder));
    folder_done(&folder);
}

/* Of a case with other alerts only that goes which the erased one brought in. */
static void a_shared_case_keeps_the_rest(void)
{
    struct folder folder;

    folder_init(&folder);
    put(&folder, HK_KIND_ALERT_RECEIVED, "al-1", "{\"view\":{\"title\":\"" SECRET "\"}}");
    put(&folder, HK_KIND_CASE_OPENED, "ca-1",
        "{\"title\":\"" SECRET "\",\"alert\":\"al-1\",\"entities\":[\"ip:" SECRET "\"]}");
    put(&folder, HK_KIND_ALERT_RECEIVED, "al-2", "{\"view\":{\"title\":\"other\"}}");
    put(&folder, HK_KIND_CASE_JOINED, "al-2", "{\"case\":\"ca-1\",\"entities\":[\"user:b\"]}");
    put(&folder, HK_KIND_CASE_NOTED, "ca-1", "{\"text\":\"stays\"}");
    put(&folder, HK_KIND_CASE_DESCRIBED, "ca-1", "{\"happening\":\"stays\"}");
    /* Moved to a case of its own, and back. */
    put(&folder, HK_KIND_CASE_OPENED, "ca-2", "{\"title\":\"" SECRET "\",\"from\":\"ca-1\"}");
    put(&folder, HK_KIND_CASE_SPLIT, "al-1", "{\"from\":\"ca-1\",\"to\":\"ca-2\"}");
    CU_ASSERT_EQUAL(erase(&folder, "al-1").status, HK_OK);
    CU_ASSERT_FALSE(folder_has(&folder, SECRET));
    CU_ASSERT_TRUE(answers(&folder,
        "SELECT group_concat(id || alerts || coalesce(title, '-') || coalesce(happening, '-'))"
        " FROM cases",
        "ca-11-stays,ca-21--"));
    CU_ASSERT_TRUE(answers(&folder, "SELECT title FROM alert WHERE id = 'al-2'", "other"));
    CU_ASSERT_TRUE(
        answers(&folder, "SELECT count(*) FROM entry WHERE payload LIKE '%stays%'", "2"));
    CU_ASSERT_TRUE(is_sound(&folder));
    folder_done(&folder);
}

/* Rows of two tenants between each other, so that pages are split and cells moved about; a reader
 * holds the WAL back for a while. */
static void bytes_are_nowhere_after_pages_were_split(void)
{
    enum { ALERTS = 400 };
    struct folder folder;
    struct outcome outcome;
    hk_tenant second;
    hk_tenant first;
    char payload[3000];
    char id[32];
    sqlite3 *reader;

    folder_init(&folder);
    first = folder.tenant;
    CU_ASSERT_EQUAL(hk_ledger_tenant_open(folder.ledger, "second", &second, NULL), HK_OK);
    for (int i = 0; i < ALERTS; i++) {
        (void)snprintf(id, sizeof(id), "al-%d", i);
        (void)snprintf(payload, sizeof(payload), "{\"view\":{\"title\":\"%s\"},\"raw\":\"%0*d\"}",
            i % 2 == 0 ? SECRET : "other", 20 + i * 37 % 2500, i);
        folder.tenant = i % 4 < 2 ? first : second;
        put(&folder, HK_KIND_ALERT_RECEIVED, id, payload);
    }
    for (int i = 0; i < ALERTS; i += 2) {
        (void)snprintf(id, sizeof(id), "al-%d", i);
        folder.tenant = i % 4 < 2 ? first : second;
        if (i + 2 < ALERTS)
            CU_ASSERT_EQUAL(erase(&folder, id).status, HK_OK);
    }
    CU_ASSERT_TRUE(folder_has(&folder, SECRET));
    reader = folder_db(&folder, SQLITE_OPEN_READONLY);
    must(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM entry", NULL, NULL, NULL) == SQLITE_OK,
        "reader");
    submit(&folder, id, &outcome);
    put(&folder, HK_KIND_CASE_OPENED, "ca-1", "{}"); /* the writer goes on meanwhile */
    CU_ASSERT_FALSE(outcome.is_known);
    must(sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL) == SQLITE_OK, "reader");
    (void)sqlite3_close(reader);
    while (!outcome.is_known)
        folder_drain(&folder);
    CU_ASSERT_EQUAL(outcome.erasure.status, HK_OK);
    CU_ASSERT_FALSE(folder_has(&folder, SECRET));
    CU_ASSERT_TRUE(answers(&folder, "SELECT count(*) FROM alert WHERE title = 'other'", "200"));
    CU_ASSERT_TRUE(is_sound(&folder));
    CU_ASSERT_TRUE(answers(&folder, "PRAGMA integrity_check", "ok"));
    folder_done(&folder);
}

static struct hk_erasure retire(struct folder *folder, char (*ids)[HK_ID_SIZE], size_t id_count,
    const uint64_t *seqs, size_t seq_count)
{
    struct hk_write *write = hk_write_new();
    struct hk_retire_request request = {.tenant = folder->tenant,
        .rule = "alerts",
        .reason = "retention.alerts = 1d",
        .ids = ids,
        .id_count = id_count,
        .seqs = seqs,
        .seq_count = seq_count,
        .time_us = hk_clock_now_us(hk_ledger_clock(folder->ledger))};
    struct hk_error error = {.text = ""};
    struct outcome outcome = {.is_known = false};

    must(write != NULL && hk_write_retire(write, &request, &error) == HK_OK, error.text);
    hk_ledger_submit_erase(folder->ledger, write, on_erased, &outcome);
    while (!outcome.is_known)
        folder_drain(folder);
    return outcome.erasure;
}

/* Rows of many lengths, of three tenants between each other, and changed again: SQLite moves their
 * cells about, and leaves copies where they were. */
static void copies_on_other_pages_go_too(void)
{
    enum { ALERTS = 2400, TENANTS = 3 };
    static const char lengths[] =
        "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
        "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
        "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy";
    struct folder folder;
    hk_tenant tenants[TENANTS];
    uint32_t random = 1;
    char payload[600];
    char ids[8][HK_ID_SIZE];
    char id[HK_ID_SIZE];

    folder_init(&folder);
    tenants[0] = folder.tenant;
    CU_ASSERT_EQUAL(hk_ledger_tenant_open(folder.ledger, "second", &tenants[1], NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_ledger_tenant_open(folder.ledger, "third", &tenants[2], NULL), HK_OK);
    for (int i = 0; i < ALERTS; i++) {
        struct hk_write *write;
        int length;

        random = random * 1664525U + 1013904223U;
        length = (int)(random >> 24) * (int)(sizeof(lengths) - 1) / 256;
        folder.tenant = tenants[(random >> 16) % TENANTS];
        (void)snprintf(id, sizeof(id), "al-%06d", i);
        (void)snprintf(payload, sizeof(payload),
            "{\"view\":{\"title\":\"%s %.*s\",\"product\":\"%.*s\"}}",
            i % 2 == 0 ? SECRET : "other", length, lengths, length / 2, lengths);
        write = hk_write_new();
        must(write != NULL, "out of memory");
        add(&folder, write, HK_KIND_ALERT_RECEIVED, id, payload);
        (void)snprintf(id, sizeof(id), "al-%06d", i - (int)((random >> 8) % 60));
        (void)snprintf(payload, sizeof(payload), "{\"verdict\":\"%.*s\"}", length % 50, lengths);
        add(&folder, write, HK_KIND_ALERT_CLOSED, id, payload);
        must(hk_ledger_write_now(folder.ledger, write, NULL) == HK_OK, "not written");
    }
    for (int i = 0; i < ALERTS; i += 2 * (int)COUNT_OF(ids)) {
        for (int k = 0; k < (int)COUNT_OF(ids); k++)
            (void)snprintf(ids[k], sizeof(ids[k]), "al-%06d", i + 2 * k);
        for (int t = 0; t < TENANTS; t++) {
            folder.tenant = tenants[t]; /* where they aren't, they are refused */
            (void)retire(&folder, ids, COUNT_OF(ids), NULL, 0);
        }
    }
    folder_close(&folder); /* the scrubbing of them all */
    CU_ASSERT_FALSE(folder_has(&folder, SECRET));
    CU_ASSERT_TRUE(
        answers(&folder, "SELECT count(*) FROM alert WHERE title LIKE 'other%'", "1200"));
    CU_ASSERT_TRUE(answers(&folder, "PRAGMA integrity_check", "ok"));
    CU_ASSERT_TRUE(is_sound(&folder));
    folder_done(&folder);
}

/* The same id in another tenant is another thing. */
static void tenants_are_apart(void)
{
    struct folder folder;
    hk_tenant other;

    folder_init(&folder);
    put(&folder, HK_KIND_ALERT_RECEIVED, "al-1", "{\"view\":{\"title\":\"mine\"}}");
    CU_ASSERT_EQUAL(hk_ledger_tenant_open(folder.ledger, "other", &other, NULL), HK_OK);
    folder.tenant = other;
    CU_ASSERT_TRUE(is_refused(&folder, "al-1", HK_NOT_FOUND, "nothing is recorded"));
    put(&folder, HK_KIND_ALERT_RECEIVED, "al-1", "{\"view\":{\"title\":\"yours\"}}");
    CU_ASSERT_EQUAL(erase(&folder, "al-1").entries, 1);
    CU_ASSERT_TRUE(answers(&folder, "SELECT group_concat(title) FROM alert", "mine"));
    CU_ASSERT_TRUE(answers(&folder, "SELECT count(*) FROM entry WHERE payload IS NULL", "1"));
    CU_ASSERT_TRUE(is_sound(&folder));
    folder_done(&folder);
}

static void guards_let_nothing_else_through(void)
{
    static const char *const refused[] = {
        "UPDATE entry SET salt = NULL, payload = NULL",
        "UPDATE entry SET payload = '{}'",
        "UPDATE entry SET line = 'x'",
        "DELETE FROM entry",
        "INSERT OR REPLACE INTO entry(pos, line) SELECT pos, line FROM entry",
    };
    struct folder folder;
    struct hk_error error = {.text = ""};
    sqlite3_stmt *stmt = NULL;
    sqlite3 *db = NULL;

    folder_init(&folder);
    put(&folder, HK_KIND_ALERT_RECEIVED, "al-1", "{}");
    folder_close(&folder);
    must(hk_store_open_writer(folder.path, false, NULL, &db, &error) == HK_OK, error.text);
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        CU_ASSERT_NOT_EQUAL(hk_store_exec(db, refused[i], &error), HK_OK);
    /* Not even this one, while no entry says so. */
    CU_ASSERT_NOT_EQUAL(hk_store_erase_entry(db, &stmt, HK_POS(1, 1), &error), HK_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "never changed"));
    CU_ASSERT_EQUAL(hk_store_exec(db, "INSERT INTO erased VALUES(1, 1, 2)", &error), HK_OK);
    CU_ASSERT_EQUAL(hk_store_erase_entry(db, &stmt, HK_POS(1, 1), &error), HK_OK);
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    folder_open(&folder);
    CU_ASSERT_TRUE(answers(&folder, "SELECT count(*) FROM entry WHERE payload IS NULL", "1"));
    folder_done(&folder);
}

/* By rule: what is still needed stays, is kept in mind, and takes nothing of the others with it. */
static void rules_take_what_they_can(void)
{
    static char ids[][HK_ID_SIZE] = {"al-7", "al-1", "al-8", "al-none"};
    static const uint64_t seqs[] = {2, 1, 0, 99};
    struct folder folder;
    struct hk_erasure erasure;

    folder_init(&folder);
    put(&folder, HK_KIND_USER_ADDED, "us-1", "{\"name\":\"n\",\"role\":\"viewer\"}"); /* 1 */
    put(&folder, HK_KIND_SESSION_OPENED, "us-1", "{\"from\":\"" SECRET "\"}");        /* 2 */
    put(&folder, HK_KIND_ALERT_RECEIVED, "al-7", "{\"view\":{\"title\":\"" SECRET "-7\"}}");
    tell_story(&folder);
    put(&folder, HK_KIND_ALERT_RECEIVED, "al-8", "{\"view\":{\"title\":\"" SECRET "-8\"}}");
    erasure = retire(&folder, ids, COUNT_OF(ids), seqs, COUNT_OF(seqs));
    CU_ASSERT_EQUAL(erasure.status, HK_OK);
    CU_ASSERT_EQUAL(
        erasure.entries, 3); /* two alerts and the session; a user's name doesn't go alone */
    CU_ASSERT_EQUAL(erasure.subjects, 2);
    CU_ASSERT_EQUAL(erasure.refused, 2);
    CU_ASSERT_TRUE(answers(&folder,
        "SELECT group_concat(key || value) FROM cursor WHERE source = '" HK_RETAINED_SHELF "'",
        "al-1alerts,al-nonealerts"));
    CU_ASSERT_TRUE(answers(&folder,
        "SELECT count(*) || group_concat(id) FROM alert WHERE title IS NOT NULL", "2al-1,al-2"));
    CU_ASSERT_TRUE(answers(&folder, "SELECT count(*) FROM run WHERE reason IS NULL", "1"));
    CU_ASSERT_TRUE(is_sound(&folder));
    /* Once it isn't needed any more it goes, and is forgotten. */
    end_story(&folder);
    erasure = retire(&folder, ids + 1, 1, NULL, 0);
    CU_ASSERT_EQUAL(erasure.entries, COUNT_OF(story) + COUNT_OF(endings));
    CU_ASSERT_EQUAL(erasure.refused, 0);
    CU_ASSERT_TRUE(answers(&folder,
        "SELECT group_concat(key) FROM cursor WHERE source = '" HK_RETAINED_SHELF "'", "al-none"));
    /* Nothing left: nothing is said. */
    erasure = retire(&folder, ids, 2, seqs, 1);
    CU_ASSERT_EQUAL(erasure.entries, 0);
    CU_ASSERT_TRUE(
        answers(&folder, "SELECT count(*) FROM entry WHERE line LIKE '% payload.erased %'", "2"));
    CU_ASSERT_TRUE(is_sound(&folder));
    /* The bytes go soon, and with a stop at once. */
    folder_close(&folder);
    CU_ASSERT_FALSE(folder_has(&folder, SECRET));
    folder_done(&folder);
}

/* What an engine that was killed had still to overwrite is done by the next. */
static void the_next_start_goes_on(void)
{
    struct folder folder;
    struct hk_ledger_stats stats = {.is_scrubbing = true};

    folder_init(&folder);
    tell_story(&folder);
    end_story(&folder);
    CU_ASSERT_EQUAL(erase(&folder, "al-1").status, HK_OK);
    CU_ASSERT_TRUE(answers(&folder, "SELECT count(*) FROM cursor", "0"));
    folder_close(&folder);
    tamper(
        &folder, "INSERT INTO cursor VALUES(1, '" HK_SCRUB_SHELF "', '" HK_SCRUB_KEY "', '', 1)");
    folder_open(&folder);
    while (stats.is_scrubbing) {
        (void)usleep(1000);
        hk_ledger_stats(folder.ledger, &stats);
    }
    CU_ASSERT_TRUE(answers(&folder, "SELECT count(*) FROM cursor", "0"));
    folder_done(&folder);
}

static void free_places_of_a_page_are_found(void)
{
    static const struct {
        const char *name;
        uint8_t type;
        uint16_t cells, content, first_free;
        uint16_t block_at, block_next, block_size; /* a free block; 0: none */
        uint16_t cleared;                          /* a byte that must be zero */
        uint16_t kept;                             /* and one that must not */
    } cases[] = {
        {"gap of a leaf", 13, 3, 400, 0, 0, 0, 0, 14, 13},
        {"its last byte", 10, 3, 400, 0, 0, 0, 0, 399, 400},
        {"gap of an inner page", 5, 3, 400, 0, 0, 0, 0, 18, 17},
        {"a free block", 13, 0, 100, 200, 200, 0, 20, 204, 203},
        {"its end", 13, 0, 100, 200, 200, 0, 20, 219, 220},
        {"no b-tree page", 0, 3, 400, 0, 0, 0, 0, 0, 14},
        {"content beyond the page", 13, 3, 600, 0, 0, 0, 0, 0, 14},
        {"cells beyond the content", 13, 300, 400, 0, 0, 0, 0, 0, 14},
        {"a block beyond the page", 13, 0, 100, 500, 500, 0, 40, 0, 505},
        {"a chain that goes back", 13, 0, 100, 200, 200, 150, 20, 0, 205},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint8_t page[512];
        bool good;

        memset(page, 0xaa, sizeof(page));
        page[0] = cases[i].type;
        page[1] = (uint8_t)(cases[i].first_free >> 8);
        page[2] = (uint8_t)cases[i].first_free;
        page[3] = (uint8_t)(cases[i].cells >> 8);
        page[4] = (uint8_t)cases[i].cells;
        page[5] = (uint8_t)(cases[i].content >> 8);
        page[6] = (uint8_t)cases[i].content;
        if (cases[i].block_at != 0) {
            page[cases[i].block_at] = (uint8_t)(cases[i].block_next >> 8);
            page[cases[i].block_at + 1] = (uint8_t)cases[i].block_next;
            page[cases[i].block_at + 2] = (uint8_t)(cases[i].block_size >> 8);
            page[cases[i].block_at + 3] = (uint8_t)cases[i].block_size;
        }
        (void)hk_scrub_page(page, sizeof(page), false);
        good = page[cases[i].kept] != 0 && (cases[i].cleared == 0 || page[cases[i].cleared] == 0);
        if (!good)
            (void)fprintf(stderr, "%s\n", cases[i].name);
        CU_ASSERT_TRUE(good);
    }
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"an alert goes with all that hangs on it", an_alert_goes_with_all_that_hangs_on_it},
        {"what is needed is refused whole", what_is_needed_is_refused_whole},
        {"people go once they are disabled", people_go_once_they_are_disabled},
        {"a shared case keeps the rest", a_shared_case_keeps_the_rest},
        {"bytes are nowhere after pages were split", bytes_are_nowhere_after_pages_were_split},
        {"copies on other pages go too", copies_on_other_pages_go_too},
        {"tenants are apart", tenants_are_apart},
        {"guards let nothing else through", guards_let_nothing_else_through},
        {"rules take what they can", rules_take_what_they_can},
        {"the next start goes on", the_next_start_goes_on},
        {"free places of a page are found", free_places_of_a_page_are_found},
    };
    return suite_run("erase", tests, COUNT_OF(tests));
}
