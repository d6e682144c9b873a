/*
 * move: a tenant with a hole in it goes from folder to folder, and is the same ledger everywhere;
 * a folder that it left appends nothing to it.
 */
#include "ledger/move.h"

#include "folder.h"

#include <sys/stat.h>

#define SECRET "a word that was erased"
#define FOREIGN "a word of another tenant"

static void on_erased(void *ctx, const struct hk_erasure *erasure)
{
    must(erasure->status == HK_OK, erasure->error.text);
    *(bool *)ctx = true;
}

static void erase(struct folder *folder, const char *subject)
{
    struct hk_write *write = hk_write_new();
    struct hk_erase_request request = {.tenant = folder->tenant,
        .subject = subject,
        .actor = "us-admin",
        .reason = "asked for",
        .time_us = hk_clock_now_us(hk_ledger_clock(folder->ledger))};
    bool is_done = false;

    must(write != NULL && hk_write_erase(write, &request, NULL) == HK_OK, "erase");
    hk_ledger_submit_erase(folder->ledger, write, on_erased, &is_done);
    while (!is_done)
        folder_drain(folder);
}

static void put_alert(struct folder *folder, const char *id, const char *title)
{
    char payload[256];

    (void)snprintf(payload, sizeof(payload),
        "{\"source\":\"so-x\",\"severity\":\"high\",\"view\":{\"title\":\"%s\"},\"dedupe\":\"d\"}",
        title);
    put(folder, HK_KIND_ALERT_RECEIVED, id, payload);
}

/* A folder in which nobody but a tenant "home" lives. */
static void make_target(struct folder *target, char place[HK_MOVE_PLACE_SIZE])
{
    struct hk_ledger_options options = {.data_dir = target->path};
    hk_tenant home;
    struct hk_error error = {.text = ""};

    folder_make(target);
    options.data_dir = target->path;
    must(hk_ledger_open(&options, &target->ledger, &error) == HK_OK, error.text);
    must(hk_ledger_tenant_open(target->ledger, "home", &home, &error) == HK_OK, error.text);
    folder_close(target);
    must(hk_move_place(target->path, place, &error) == HK_OK, error.text);
}

static bool has_text(const char *path, const char *text)
{
    struct hk_buf out;
    FILE *file = fopen(path, "rb");
    char piece[4096];
    size_t size;
    bool has;

    must(file != NULL, path);
    hk_buf_init(&out, (size_t)16 * 1024 * 1024);
    while ((size = fread(piece, 1, sizeof(piece), file)) > 0)
        hk_buf_append(&out, piece, size);
    (void)fclose(file);
    has = memmem(out.data, out.size, text, strlen(text)) != NULL;
    hk_buf_done(&out);
    return has;
}

static void is_whole(const struct folder *folder)
{
    struct hk_buf out;

    CU_ASSERT_TRUE(verify(folder, NULL, &out));
    if (out.data != NULL && strstr(out.data, "\"ok\":false") != NULL)
        (void)fprintf(stderr, "%s\n", out.data);
    hk_buf_done(&out);
    CU_ASSERT_TRUE(rebuild(folder, &out));
    if (out.data != NULL && strstr(out.data, "\"ok\":false") != NULL)
        (void)fprintf(stderr, "%s\n", out.data);
    hk_buf_done(&out);
}

/* From one to the other, both closed; the file is left in `from`. */
static void move(struct folder *from, const struct folder *to, const char *place, const char *name)
{
    char path[128];
    struct hk_move_result result = {.entries = 0};
    struct hk_error error = {.text = ""};
    struct hk_move_options options = {
        .data_dir = from->path, .tenant = "main", .place = place, .file = path};

    (void)snprintf(path, sizeof(path), "%s/%s", from->path, name);
    must(hk_move_out(&options, &result, &error) == HK_OK, error.text);
    CU_ASSERT_FALSE(result.was_done);
    options = (struct hk_move_options){.data_dir = to->path, .file = path};
    must(hk_move_in(&options, &result, &error) == HK_OK, error.text);
    CU_ASSERT_FALSE(result.was_done);
    CU_ASSERT_STRING_EQUAL(result.tenant, "main");
    CU_ASSERT_EQUAL(hk_move_in(&options, &result, &error), HK_OK);
    CU_ASSERT_TRUE(result.was_done);
}

static void source_with_a_hole(struct folder *source)
{
    hk_tenant other;
    hk_tenant first;

    folder_init(source);
    put_alert(source, "al-1", "one");
    put_alert(source, "al-2", SECRET);
    put_alert(source, "al-3", "three");
    erase(source, "al-2");
    must(hk_ledger_tenant_open(source->ledger, "other", &other, NULL) == HK_OK, "other");
    first = source->tenant;
    source->tenant = other;
    put_alert(source, "al-1", FOREIGN);
    source->tenant = first;
    folder_close(source);
}

static void a_tenant_with_a_hole_is_the_same_elsewhere(void)
{
    struct folder source;
    struct folder target;
    char place[HK_MOVE_PLACE_SIZE];
    char path[128];
    char rows[2][512];
    hk_tenant number = 0;
    struct hk_error error = {.text = ""};

    source_with_a_hole(&source);
    make_target(&target, place);
    ask(&source,
        "SELECT group_concat(line || ifnull(payload, '-'), '|') FROM entry WHERE pos >> 40 = 1",
        rows[0], sizeof(rows[0]));
    move(&source, &target, place, "main.tenant");
    (void)snprintf(path, sizeof(path), "%s/main.tenant", source.path);
    CU_ASSERT_FALSE(has_text(path, SECRET));
    CU_ASSERT_FALSE(has_text(path, FOREIGN));
    CU_ASSERT_TRUE(has_text(path, "three"));
    is_whole(&source);
    is_whole(&target);
    /* The same lines and payloads, under another number, each behind the one before of its kind. */
    ask(&target,
        "SELECT group_concat(line || ifnull(payload, '-'), '|') FROM entry WHERE pos >> 40 = 2",
        rows[1], sizeof(rows[1]));
    CU_ASSERT_EQUAL(strncmp(rows[0], rows[1], 500), 0);
    CU_ASSERT_TRUE(answers(
        &target, "SELECT ifnull(title, '-') FROM alert WHERE tenant = 2 AND id = 'al-2'", "-"));
    CU_ASSERT_TRUE(
        answers(&target, "SELECT title FROM alert WHERE tenant = 2 AND id = 'al-3'", "three"));
    CU_ASSERT_TRUE(answers(&target, "SELECT count(*) FROM erased WHERE tenant = 2", "1"));

    /* It goes on here, and no more there. */
    CU_ASSERT_EQUAL(folder_try_open(&source, &error), HK_CONFLICT);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "moved out"));
    folder_open(&target);
    number = target.tenant;
    CU_ASSERT_EQUAL(number, 2);
    put_alert(&target, "al-4", "four");
    erase(&target, "al-3");
    folder_close(&target);
    is_whole(&target);
    folder_done(&source);
    folder_done(&target);
}

/* What would be a mistake of ours: the appender itself refuses. */
static void a_closed_tenant_takes_no_entry(void)
{
    struct folder source;
    struct folder target;
    char place[HK_MOVE_PLACE_SIZE];

    source_with_a_hole(&source);
    make_target(&target, place);
    move(&source, &target, place, "main.tenant");
    CU_ASSERT_TRUE(answers(&source, "SELECT count(*) FROM token_hash WHERE tenant = 1", "0"));
    CU_ASSERT_TRUE(answers(&source,
        "SELECT instr(line, ' ledger.moved_out move tool ') > 0 FROM entry WHERE pos >> 40 = 1"
        " ORDER BY pos DESC LIMIT 1",
        "1"));
    /* Its other tenant lives on. */
    must(folder_try_open(&source, NULL) == HK_CONFLICT, "main");
    must(hk_ledger_tenant_open(source.ledger, "other", &source.tenant, NULL) == HK_OK, "other");
    put_alert(&source, "al-9", "nine");
    {
        struct hk_write *write = hk_write_new();

        source.tenant = 1;
        must(write != NULL, "write");
        add(&source, write, HK_KIND_ALERT_CLOSED, "al-3", "{\"verdict\":\"expected\"}");
        CU_ASSERT_EQUAL(hk_ledger_write_now(source.ledger, write, NULL), HK_CONFLICT);
    }
    folder_close(&source);
    is_whole(&source);
    folder_done(&source);
    folder_done(&target);
}

static void a_tenant_moves_on_and_on(void)
{
    struct folder source;
    struct folder second;
    struct folder third;
    char places[2][HK_MOVE_PLACE_SIZE];
    char note[1024];
    struct hk_buf out;

    source_with_a_hole(&source);
    ask(&source, "SELECT note FROM checkpoint WHERE tenant = 1 ORDER BY size LIMIT 1", note,
        sizeof(note));
    make_target(&second, places[0]);
    make_target(&third, places[1]);
    move(&source, &second, places[0], "main.tenant");
    folder_open(&second);
    put_alert(&second, "al-4", "four");
    folder_close(&second);
    move(&second, &third, places[1], "main.tenant");
    is_whole(&second);
    is_whole(&third);
    /* A checkpoint of the first folder's key holds in the third. */
    CU_ASSERT_TRUE(verify(&third, note, &out));
    hk_buf_done(&out);
    folder_open(&third);
    put_alert(&third, "al-5", "five");
    folder_close(&third);
    is_whole(&third);
    /* It can't come back to a folder that it left. */
    {
        char path[128];
        struct hk_move_result result;
        struct hk_error error = {.text = ""};
        char place[HK_MOVE_PLACE_SIZE];
        struct hk_move_options options = {.tenant = "main", .place = place, .file = path};

        (void)snprintf(path, sizeof(path), "%s/back.tenant", third.path);
        must(hk_move_place(second.path, place, &error) == HK_OK, error.text);
        options.data_dir = third.path;
        CU_ASSERT_EQUAL(hk_move_out(&options, &result, &error), HK_OK);
        options.data_dir = second.path;
        CU_ASSERT_EQUAL(hk_move_in(&options, &result, &error), HK_CONFLICT);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "can't come back"));
    }
    folder_done(&source);
    folder_done(&second);
    folder_done(&third);
}

/* A tenant that comes in says that something of another one was erased, and what was kept of it. */
static void nobody_speaks_of_anothers_holes(void)
{
    struct folder source;
    struct folder target;
    struct hk_ledger_options options = {.data_dir = target.path};
    struct hk_audit_options audit = {.data_dir = target.path};
    char place[HK_MOVE_PLACE_SIZE];
    struct hk_error error = {.text = ""};

    make_target(&target, place);
    must(hk_ledger_open(&options, &target.ledger, &error) == HK_OK, error.text);
    must(hk_ledger_tenant_open(target.ledger, "home", &target.tenant, &error) == HK_OK, error.text);
    folder_close(&target);
    folder_init(&source);
    put_alert(&source, "al-1", "one");
    /* Number 1 of the tenant before: "home" over there. */
    put(&source, HK_KIND_PAYLOAD_ERASED, "erasure",
        "{\"reason\":\"no\",\"entries\":[{\"seq\":-1099511627775,"
        "\"kept\":{\"severity\":\"low\"}}]}");
    folder_close(&source);

    options = (struct hk_ledger_options){
        .data_dir = target.path, .notify = folder_wake, .notify_ctx = &target};
    must(hk_ledger_open(&options, &target.ledger, &error) == HK_OK, error.text);
    put_alert(&target, "al-1", SECRET);
    erase(&target, "al-1");
    folder_close(&target);
    CU_ASSERT_TRUE(answers(&target, "SELECT severity FROM alert WHERE tenant = 1", "4"));
    move(&source, &target, place, "main.tenant");
    must(hk_audit_rebuild(&audit, &error) == HK_OK, error.text);
    CU_ASSERT_TRUE(answers(&target, "SELECT severity FROM alert WHERE tenant = 1", "4"));
    is_whole(&target);
    folder_done(&source);
    folder_done(&target);
}

/* What a cut-off call left is taken away at the next start: erasure does not look there. */
static void leftovers_are_swept(void)
{
    struct folder folder;
    char path[PATH_MAX];
    struct stat info;
    FILE *file;

    folder_make(&folder);
    (void)snprintf(path, sizeof(path), "%s/move-in", folder.path);
    must(mkdir(path, 0700) == 0, path);
    (void)snprintf(path, sizeof(path), "%s/move-in/ledger.db", folder.path);
    file = fopen(path, "w");
    must(file != NULL && fputs(SECRET, file) >= 0 && fclose(file) == 0, path);
    folder_open(&folder);
    (void)snprintf(path, sizeof(path), "%s/move-in", folder.path);
    CU_ASSERT_NOT_EQUAL(stat(path, &info), 0);
    folder_done(&folder);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"a tenant with a hole is the same elsewhere", a_tenant_with_a_hole_is_the_same_elsewhere},
        {"a closed tenant takes no entry", a_closed_tenant_takes_no_entry},
        {"a tenant moves on and on", a_tenant_moves_on_and_on},
        {"nobody speaks of another's holes", nobody_speaks_of_anothers_holes},
        {"leftovers are swept", leftovers_are_swept},
    };
    return suite_run("move", tests, COUNT_OF(tests));
}
