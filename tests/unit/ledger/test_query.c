/*
 * query: chains, what is due, identities, answers, lists with pages and states, one thing shown.
 */
#include "ledger/query.h"

#include "folder.h"

struct box {
    struct folder *folder;
    const char *subject;
    size_t count_max;
    struct hk_arena arena;
    struct hk_chain chain;
    struct hk_stored stored;
    struct hk_due due[8];
    size_t due_max;
    size_t due_skip;
    size_t count;
    int64_t next_us;
    int64_t now_us;
    bool serves_nobody;
    char text[1024];
    int code;
    struct hk_buf out;
    uint64_t after;
    bool from_start;
    unsigned limit;
    int64_t since_us;
};

static enum hk_status read_chain(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct box *box = job;

    return hk_query_chain(reading, box->folder->tenant, box->subject, box->count_max, &box->arena,
        &box->chain, error);
}

static enum hk_status read_last(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct box *box = job;

    return hk_query_last(
        reading, box->folder->tenant, box->subject, &box->arena, &box->stored, error);
}

static void chains_are_whole_and_in_order(void)
{
    struct folder folder;
    struct box box = {.folder = &folder, .count_max = 10};
    struct hk_error error;

    folder_init(&folder);
    hk_arena_init(&box.arena, 1 << 20);
    put(&folder, HK_KIND_RUN_STARTED, "ru-1", "{\"n\":1}");
    put(&folder, HK_KIND_RUN_STARTED, "ru-2", "{\"n\":2}");
    put(&folder, HK_KIND_STEP_INTENDED, "ru-1", "{\"n\":3,\"step\":\"0\"}");
    put(&folder, HK_KIND_STEP_SETTLED, "ru-1", "{\"n\":4,\"step\":\"0\",\"from\":\"intended\"}");
    box.subject = "ru-1";
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_chain, &box, &error), HK_OK);
    CU_ASSERT_EQUAL(box.chain.count, 3);
    CU_ASSERT_STRING_EQUAL(box.chain.items[0].payload, "{\"n\":1}");
    CU_ASSERT_EQUAL(box.chain.items[2].entry.kind, HK_KIND_STEP_SETTLED);
    CU_ASSERT_EQUAL(box.chain.items[2].entry.seq, 4);
    box.count_max = 2;
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_chain, &box, &error), HK_LIMIT);
    box.subject = "ru-9";
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_chain, &box, &error), HK_NOT_FOUND);
    put(&folder, HK_KIND_CONFIG_APPLIED, "config", "{\"sha256\":\"a\"}");
    put(&folder, HK_KIND_CONFIG_APPLIED, "config", "{\"sha256\":\"b\"}");
    put(&folder, HK_KIND_PLUGIN_LOADED, "world", "{\"version\":\"3\"}");
    box.subject = "config";
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_last, &box, &error), HK_OK);
    CU_ASSERT_STRING_EQUAL(box.stored.payload, "{\"sha256\":\"b\"}");
    box.subject = "world";
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_last, &box, &error), HK_OK);
    CU_ASSERT_STRING_EQUAL(box.stored.payload, "{\"version\":\"3\"}");
    hk_arena_done(&box.arena);
    folder_done(&folder);
}

static enum hk_status read_due(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct box *box = job;

    const struct hk_due_question question = {
        .now_us = box->now_us,
        .tenants = &box->folder->tenant,
        .tenant_count = box->serves_nobody ? 0 : 1,
        .skip = box->due_skip,
        .count_max = box->due_max,
    };
    return hk_query_due(reading, &question, box->due, &box->count, &box->next_us, error);
}

static void what_is_due_comes_oldest_first(void)
{
    struct folder folder;
    struct box box = {.folder = &folder, .now_us = 50, .due_max = 8};

    folder_init(&folder);
    put(&folder, HK_KIND_RUN_STARTED, "ru-1", "{}");
    put(&folder, HK_KIND_STEP_WAITING, "ru-1", "{\"step\":\"4\",\"for\":\"timer\",\"due_us\":30}");
    put(&folder, HK_KIND_STEP_WAITING, "ru-1", "{\"step\":\"5\",\"for\":\"timer\",\"due_us\":90}");
    put(&folder, HK_KIND_GATE_OPENED, "ga-1", "{\"expires_us\":20}");
    put(&folder, HK_KIND_GATE_OPENED, "ga-2", "{\"expires_us\":10}");
    put(&folder, HK_KIND_GATE_DECIDED, "ga-2", "{\"outcome\":\"approved\"}");
    put(&folder, HK_KIND_CONTAINMENT_STARTING, "co-1", "{}");
    put(&folder, HK_KIND_CONTAINMENT_ACTIVE, "co-1", "{\"expires_us\":40}");
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_due, &box, NULL), HK_OK);
    CU_ASSERT_EQUAL(box.count, 3);
    CU_ASSERT_EQUAL(box.due[0].kind, HK_DUE_GATE);
    CU_ASSERT_STRING_EQUAL(box.due[0].id, "ga-1");
    CU_ASSERT_EQUAL(box.due[1].kind, HK_DUE_WAIT);
    CU_ASSERT_STRING_EQUAL(box.due[1].step, "4");
    CU_ASSERT_EQUAL(box.due[2].kind, HK_DUE_LEASE);
    CU_ASSERT_EQUAL(box.next_us, 90);
    box.due_max = 1;
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_due, &box, NULL), HK_OK);
    CU_ASSERT_EQUAL(box.count, 1);
    CU_ASSERT_EQUAL(box.next_us, 30);
    box.due_skip = 2;
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_due, &box, NULL), HK_OK);
    CU_ASSERT_EQUAL(box.count, 1);
    CU_ASSERT_EQUAL(box.due[0].kind, HK_DUE_LEASE);
    CU_ASSERT_EQUAL(box.next_us, 90);
    box.due_skip = 3;
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_due, &box, NULL), HK_OK);
    CU_ASSERT_EQUAL(box.count, 0);
    CU_ASSERT_EQUAL(box.next_us, 90);
    box.due_skip = 0;
    box.due_max = 8;
    box.now_us = 100;
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_due, &box, NULL), HK_OK);
    CU_ASSERT_EQUAL(box.count, 4);
    CU_ASSERT_EQUAL(box.next_us, INT64_MAX);
    box.serves_nobody = true;
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_due, &box, NULL), HK_OK);
    CU_ASSERT_EQUAL(box.count, 0);
    folder_done(&folder);
}

static void a_run_s_time_ends_unless_it_is_unknown(void)
{
    struct folder folder;
    struct box box = {.folder = &folder, .now_us = 50, .due_max = 8};

    folder_init(&folder);
    put(&folder, HK_KIND_RUN_STARTED, "ru-1", "{\"ends_us\":30}");
    put(&folder, HK_KIND_RUN_STARTED, "ru-2", "{\"ends_us\":40}");
    put(&folder, HK_KIND_STEP_INTENDED, "ru-2", "{\"step\":\"0\",\"from\":\"none\"}");
    put(&folder, HK_KIND_STEP_UNKNOWN, "ru-2", "{\"step\":\"0\"}");
    put(&folder, HK_KIND_RUN_STARTED, "ru-3", "{\"ends_us\":20}");
    put(&folder, HK_KIND_RUN_FINISHED, "ru-3", "{}");
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_due, &box, NULL), HK_OK);
    CU_ASSERT_EQUAL(box.count, 1);
    CU_ASSERT_STRING_EQUAL(box.due[0].id, "ru-1");
    CU_ASSERT_STRING_EQUAL(box.due[0].step, "");
    folder_done(&folder);
}

static void note_text(struct box *box, const char *text)
{
    (void)strncat(box->text, text, sizeof(box->text) - strlen(box->text) - 1);
    (void)strncat(box->text, ";", sizeof(box->text) - strlen(box->text) - 1);
}

static void on_identity(void *ctx, const struct hk_identity_row *row)
{
    struct box *box = ctx;
    char text[512];

    (void)snprintf(text, sizeof(text), "%s/%s/%s/%s/%s/%d/%02x", row->tenant_name, row->token,
        row->user, row->name, row->role, row->is_disabled, row->hash[0]);
    note_text(box, text);
}

static enum hk_status on_run(void *ctx, const struct hk_run_row *row)
{
    note_text(ctx, row->id);
    return HK_OK;
}

static enum hk_status on_containment(void *ctx, const struct hk_containment_row *row)
{
    note_text(ctx, row->id);
    return HK_OK;
}

static void on_dedupe(
    void *ctx, hk_tenant tenant, const char *key, const char *alert, int64_t time_us)
{
    (void)tenant;
    (void)time_us;
    note_text(ctx, key);
    note_text(ctx, alert);
}

static void on_spent(void *ctx, hk_tenant tenant, const char *kind, int64_t time_us)
{
    (void)tenant;
    (void)time_us;
    note_text(ctx, kind);
}

static void on_count(void *ctx, const char *what, const char *state, int64_t count)
{
    char text[64];

    (void)snprintf(text, sizeof(text), "%s.%s=%d", what, state, (int)count);
    note_text(ctx, text);
}

static enum hk_status read_lists(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct box *box = job;
    enum hk_status status = hk_query_runs_open(reading, on_run, box, error);

    if (status == HK_OK)
        status = hk_query_containments_in_state(reading, "starting", on_containment, box, error);
    if (status == HK_OK)
        status = hk_query_dedupe(reading, 0, 100, on_dedupe, box, error);
    if (status == HK_OK)
        status = hk_query_spent(reading, 0, on_spent, box, error);
    if (status == HK_OK)
        status = hk_query_counts(reading, on_count, box, error);
    return status;
}

static void the_engine_finds_what_it_needs(void)
{
    struct folder folder;
    struct box box = {.folder = &folder};

    folder_init(&folder);
    put(&folder, HK_KIND_RUN_STARTED, "ru-2", "{}");
    put(&folder, HK_KIND_RUN_STARTED, "ru-1", "{}");
    put(&folder, HK_KIND_RUN_STARTED, "ru-3", "{}");
    put(&folder, HK_KIND_RUN_FAILED, "ru-3", "{}");
    put(&folder, HK_KIND_CONTAINMENT_STARTING, "co-1", "{\"kind\":\"block\"}");
    put(&folder, HK_KIND_ALERT_RECEIVED, "al-2", "{\"dedupe\":\"k2\"}");
    put(&folder, HK_KIND_ALERT_RECEIVED, "al-1", "{\"dedupe\":\"k1\"}");
    put(&folder, HK_KIND_ALERT_RECEIVED, "al-3", "{\"dedupe\":\"k3\"}");
    put(&folder, HK_KIND_ALERT_CLOSED, "al-3", "{}");
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_lists, &box, NULL), HK_OK);
    CU_ASSERT_STRING_EQUAL(box.text,
        "ru-1;ru-2;co-1;k1;al-1;k2;al-2;block;alert.closed=1;alert.new=2;run.failed=1;"
        "run.running=2;containment.starting=1;");
    folder_done(&folder);
}

static enum hk_status read_identities(struct hk_reading *reading, void *job, struct hk_error *error)
{
    return hk_query_identities(reading, on_identity, job, error);
}

static void identities_carry_their_hash(void)
{
    struct folder folder;
    struct box box = {.folder = &folder};
    struct hk_write *write = hk_write_new();
    uint8_t hash[HK_SHA256_SIZE] = {0xab};

    folder_init(&folder);
    add(&folder, write, HK_KIND_USER_ADDED, "us-1", "{\"name\":\"one\",\"role\":\"approver\"}");
    add(&folder, write, HK_KIND_USER_ADDED, "us-2", "{\"name\":\"two\",\"role\":\"viewer\"}");
    add(&folder, write, HK_KIND_USER_DISABLED, "us-2", "{}");
    add(&folder, write, HK_KIND_TOKEN_CREATED, "to-1", "{\"user\":\"us-1\",\"role\":\"approver\"}");
    add(&folder, write, HK_KIND_TOKEN_CREATED, "to-2", "{\"user\":\"us-2\",\"role\":\"viewer\"}");
    add(&folder, write, HK_KIND_TOKEN_CREATED, "to-3",
        "{\"service\":\"siem\",\"role\":\"viewer\"}");
    CU_ASSERT_EQUAL(hk_write_token_hash(write, folder.tenant, "to-1", hash, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_write_token_hash(write, folder.tenant, "to-2", hash, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_ledger_write_now(folder.ledger, write, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_identities, &box, NULL), HK_OK);
    CU_ASSERT_STRING_EQUAL(box.text,
        "main//us-1/one/approver/0/00;main//us-2/two/viewer/1/00;"
        "main/to-1/us-1/one/approver/0/ab;main/to-2/us-2/two/viewer/1/ab;"
        "main/to-3//siem/viewer/1/00;");
    folder_done(&folder);
}

static enum hk_status read_answer(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct box *box = job;

    return hk_query_answer(reading, box->folder->tenant, "us-1", "key 1", box->subject,
        box->since_us, &box->code, &box->out, error);
}

static void answers_are_kept_by_key(void)
{
    struct folder folder;
    struct box box = {.folder = &folder};
    struct hk_write *write = hk_write_new();

    folder_init(&folder);
    hk_buf_init(&box.out, 1024);
    CU_ASSERT_EQUAL(hk_write_answer(write, folder.tenant, "us-1", "key 1", "aa", 202, "{\"ok\":1}",
                        hk_time_wall_us(), NULL),
        HK_OK);
    CU_ASSERT_EQUAL(hk_ledger_write_now(folder.ledger, write, NULL), HK_OK);
    box.subject = "aa";
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_answer, &box, NULL), HK_OK);
    CU_ASSERT_EQUAL(box.code, 202);
    CU_ASSERT_STRING_EQUAL(box.out.data, "{\"ok\":1}");
    box.subject = "bb";
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_answer, &box, NULL), HK_CONFLICT);
    /* One that is too old doesn't count, and another takes its place. */
    box.since_us = hk_time_wall_us();
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_answer, &box, NULL), HK_NOT_FOUND);
    write = hk_write_new();
    CU_ASSERT_EQUAL(hk_write_answer(write, folder.tenant, "us-1", "key 1", "bb", 200, "{}",
                        hk_time_wall_us(), NULL),
        HK_OK);
    CU_ASSERT_EQUAL(hk_ledger_write_now(folder.ledger, write, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_answer, &box, NULL), HK_OK);
    CU_ASSERT_EQUAL(box.code, 200);
    folder.tenant++;
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_answer, &box, NULL), HK_NOT_FOUND);
    hk_buf_done(&box.out);
    folder_done(&folder);
}

static void lists_have_pages(void)
{
    struct folder folder;
    char after[HK_ID_SIZE] = "";
    unsigned seen = 0;
    char id[16];

    folder_init(&folder);
    for (int i = 0; i < 7; i++) {
        (void)snprintf(id, sizeof(id), "al-%d", i);
        put(&folder, HK_KIND_ALERT_RECEIVED, id, "{\"severity\":\"low\"}");
    }
    do {
        struct question q = {.collection = "alerts", .limit = 3};
        const struct hk_json *items;

        q.after = after[0] != '\0' ? after : NULL;
        CU_ASSERT_EQUAL(pose(&folder, &q, NULL), HK_OK);
        items = hk_json_get(q.doc.root, "items");
        for (const struct hk_json *item = items->first; item != NULL; item = item->next) {
            (void)snprintf(id, sizeof(id), "al-%u", 6 - seen);
            CU_ASSERT_STRING_EQUAL(hk_json_string_at(item, "id", ""), id);
            CU_ASSERT_STRING_EQUAL(hk_json_string_at(item, "severity", ""), "low");
            seen++;
        }
        (void)snprintf(after, sizeof(after), "%s", hk_json_string_at(q.doc.root, "next", ""));
        question_done(&q);
    } while (after[0] != '\0');
    CU_ASSERT_EQUAL(seen, 7);
    folder_done(&folder);
}

static unsigned count_of(struct folder *folder, const char *collection, const char *state)
{
    struct question q = {.collection = collection, .state = state};
    unsigned count;

    must(pose(folder, &q, NULL) == HK_OK, "no list");
    count = hk_json_get(q.doc.root, "items")->count;
    question_done(&q);
    return count;
}

static void lists_have_states(void)
{
    struct folder folder;
    struct question q = {.collection = "plugins", .state = "new"};
    struct hk_error error;

    folder_init(&folder);
    put(&folder, HK_KIND_CONTAINMENT_STARTING, "co-1", "{}");
    put(&folder, HK_KIND_CONTAINMENT_STARTING, "co-2", "{}");
    put(&folder, HK_KIND_CONTAINMENT_UNKNOWN, "co-2", "{}");
    put(&folder, HK_KIND_CONTAINMENT_STARTING, "co-3", "{}");
    put(&folder, HK_KIND_CONTAINMENT_FAILED, "co-3", "{}");
    put(&folder, HK_KIND_PLAYBOOK_ADDED, "v1", "{\"name\":\"p\"}");
    put(&folder, HK_KIND_PLAYBOOK_ADDED, "v2", "{\"name\":\"p\"}");
    put(&folder, HK_KIND_PLAYBOOK_ADDED, "v3", "{\"name\":\"q\"}");
    put(&folder, HK_KIND_PLAYBOOK_ENFORCED, "pb-p", "{\"name\":\"p\",\"version\":\"v1\"}");
    put(&folder, HK_KIND_PLAYBOOK_ENFORCED, "pb-q", "{\"name\":\"q\",\"version\":\"v3\"}");
    CU_ASSERT_EQUAL(count_of(&folder, "containments", NULL), 3);
    CU_ASSERT_EQUAL(count_of(&folder, "containments", "live"), 2);
    CU_ASSERT_EQUAL(count_of(&folder, "containments", "failed"), 1);
    CU_ASSERT_EQUAL(count_of(&folder, "playbooks", NULL), 2);
    CU_ASSERT_EQUAL(count_of(&folder, "approvals", NULL), 0);
    CU_ASSERT_EQUAL(count_of(&folder, "runs", "running"), 0);
    CU_ASSERT_EQUAL(count_of(&folder, "users", NULL), 0);
    CU_ASSERT_EQUAL(count_of(&folder, "tokens", "active"), 0);
    CU_ASSERT_EQUAL(pose(&folder, &q, &error), HK_INVALID);
    question_done(&q);
    q = (struct question){.collection = "entry"};
    CU_ASSERT_EQUAL(pose(&folder, &q, &error), HK_NOT_FOUND);
    question_done(&q);
    /* Another tenant sees nothing of it. */
    folder.tenant++;
    CU_ASSERT_EQUAL(count_of(&folder, "containments", NULL), 0);
    folder_done(&folder);
}

static bool shows(struct folder *folder, const char *collection, const char *id, const char *part)
{
    struct question q = {.collection = collection, .id = id};
    struct hk_error error = {.text = ""};
    bool found = pose(folder, &q, &error) == HK_OK && strstr(q.out.data, part) != NULL;

    if (!found)
        (void)fprintf(stderr, "%s %s\n  gives %s\n  not %s\n", collection, id,
            q.out.data != NULL ? q.out.data : error.text, part);
    question_done(&q);
    return found;
}

static void alerts_and_runs_are_shown(void)
{
    struct folder folder;

    folder_init(&folder);
    put(&folder, HK_KIND_ALERT_RECEIVED, "al-1",
        "{\"source\":\"s\",\"view\":{\"title\":\"T\"},\"raw\":\"{\\\"a\\\":1}\"}");
    put(&folder, HK_KIND_RUN_STARTED, "ru-1", "{\"alert\":\"al-1\",\"playbook\":\"p\"}");
    put(&folder, HK_KIND_ALERT_ROUTED, "al-1",
        "{\"runs\":[{\"run\":\"ru-1\",\"playbook\":\"p\"}]}");
    put(&folder, HK_KIND_STEP_INTENDED, "ru-1",
        "{\"step\":\"0\",\"op\":\"act\",\"name\":\"world.look\",\"args\":{\"n\":"
        "12345678901234567890},"
        "\"where\":\"p:3\",\"from\":\"none\",\"effect\":\"read\",\"key\":\"kk\"}");
    put(&folder, HK_KIND_STEP_SETTLED, "ru-1",
        "{\"step\":\"0\",\"from\":\"intended\",\"ok\":true,\"value\":[1],\"how\":\"plugin\"}");
    put(&folder, HK_KIND_STEP_WAITING, "ru-1",
        "{\"step\":\"1\",\"op\":\"wait\",\"for\":\"timer\",\"due_us\":1000000,\"from\":\"none\"}");
    CU_ASSERT_TRUE(shows(&folder, "alerts", "al-1", "\"raw\":\"{\\\"a\\\":1}\""));
    CU_ASSERT_TRUE(shows(&folder, "alerts", "al-1",
        "\"runs\":[{\"id\":\"ru-1\",\"playbook\":\"p\",\"state\":\"waiting\"}]"));
    CU_ASSERT_TRUE(
        shows(&folder, "alerts", "al-1", "\"entries\":[{\"seq\":1,\"kind\":\"alert.rec"));
    CU_ASSERT_TRUE(shows(&folder, "runs", "ru-1",
        "{\"step\":\"0\",\"state\":\"settled\",\"op\":\"act\",\"name\":\"world.look\",\"args\":{"
        "\"n\":"
        "12345678901234567890},\"where\":\"p:3\",\"effect\":\"read\",\"key\":\"kk\",\"ok\":true,"
        "\"value\":[1],\"how\":\"plugin\""));
    CU_ASSERT_TRUE(shows(&folder, "runs", "ru-1", "\"due\":\"1970-01-01T00:00:01.000000Z\""));
    CU_ASSERT_FALSE(shows(&folder, "runs", "ru-2", "steps"));
    folder_done(&folder);
}

static void decisions_and_leases_are_shown(void)
{
    struct folder folder;

    folder_init(&folder);
    put(&folder, HK_KIND_GATE_OPENED, "ga-1",
        "{\"covers\":{\"b\": 1, "
        "\"a\":2},\"digest\":\"dd\",\"choices\":[\"x\"],\"excluded\":[\"us-9\"],"
        "\"severity\":\"high\",\"quorum\":1}");
    put(&folder, HK_KIND_GATE_VOTED, "ga-1", "{\"decision\":\"approve\",\"reason\":\"fine\"}");
    put(&folder, HK_KIND_GATE_DECIDED, "ga-1",
        "{\"outcome\":\"approved\",\"by\":\"us-one\",\"reason\":\"fine\"}");
    CU_ASSERT_TRUE(shows(&folder, "approvals", "ga-1", "\"shown\":{\"b\": 1, \"a\":2}"));
    CU_ASSERT_TRUE(shows(&folder, "approvals", "ga-1", "\"excluded\":[\"us-9\"]"));
    CU_ASSERT_TRUE(shows(&folder, "approvals", "ga-1",
        "\"decisions\":[{\"by\":\"us-one\",\"decision\":\"approve\",\"revision\":1,\"reason\":"
        "\"fine\""));
    put(&folder, HK_KIND_CONTAINMENT_STARTING, "co-1",
        "{\"args\":{\"ip\":\"192.0.2.1\"},\"undo\":\"world.unblock\",\"residual\":\"none\",\"by\":["
        "\"us-one\"]}");
    put(&folder, HK_KIND_CONTAINMENT_FAILED, "co-1", "{\"reason\":\"no route\"}");
    CU_ASSERT_TRUE(shows(&folder, "containments", "co-1",
        "\"args\":{\"ip\":\"192.0.2.1\"},\"undo\":\"world.unblock\""));
    CU_ASSERT_TRUE(shows(&folder, "containments", "co-1", "\"reason\":\"no route\""));
    put(&folder, HK_KIND_PLAYBOOK_ADDED, "v1", "{\"name\":\"p\",\"source\":\"old\"}");
    put(&folder, HK_KIND_PLAYBOOK_ADDED, "v2", "{\"name\":\"p\",\"source\":\"new\"}");
    CU_ASSERT_TRUE(shows(&folder, "playbooks", "p", "\"source\":\"new\""));
    CU_ASSERT_TRUE(shows(&folder, "playbooks", "v1", "\"source\":\"old\""));
    /* by its name: the one that is in force, not the newest */
    put(&folder, HK_KIND_PLAYBOOK_ENFORCED, "pb-p",
        "{\"name\":\"p\",\"version\":\"v1\",\"how\":\"promote\",\"reason\":\"r\"}");
    CU_ASSERT_TRUE(shows(&folder, "playbooks", "p", "\"source\":\"old\""));
    CU_ASSERT_TRUE(shows(&folder, "playbooks", "p", "\"how\":\"promote\",\"reason\":\"r\""));
    CU_ASSERT_TRUE(shows(&folder, "playbooks", "v2", "\"state\":\"former\""));
    put(&folder, HK_KIND_PLUGIN_LOADED, "world", "{\"version\":\"3\",\"actions\":[]}");
    CU_ASSERT_TRUE(shows(&folder, "plugins", "world", "\"descriptor\":{\"version\":\"3\""));
    put(&folder, HK_KIND_USER_ADDED, "us-1", "{\"name\":\"one\",\"role\":\"viewer\"}");
    CU_ASSERT_TRUE(shows(&folder, "users", "one", "\"id\":\"us-1\""));
    folder_done(&folder);
}

static enum hk_status read_entries(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct box *box = job;

    return hk_query_entries(reading, box->folder->tenant, box->subject, box->after, box->from_start,
        box->limit, &box->out, error);
}

static enum hk_status read_checkpoint(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct box *box = job;

    return hk_query_checkpoint(reading, box->folder->tenant, &box->out, error);
}

static void entries_have_pages(void)
{
    struct folder folder;
    struct box box = {.folder = &folder, .from_start = true, .limit = 2};

    folder_init(&folder);
    hk_buf_init(&box.out, 1 << 20);
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_checkpoint, &box, NULL), HK_NOT_FOUND);
    for (int i = 0; i < 3; i++) {
        put(&folder, HK_KIND_ENGINE_STARTED, "engine", "{\"version\":\"1\"}");
        put(&folder, HK_KIND_CONFIG_APPLIED, "config", "{}");
    }
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_entries, &box, NULL), HK_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(box.out.data, "\"line\":\"hk1 0 "));
    CU_ASSERT_PTR_NOT_NULL(strstr(box.out.data, "\"payload\":{\"version\":\"1\"}"));
    CU_ASSERT_PTR_NOT_NULL(strstr(box.out.data, "\"next\":1}"));
    box.from_start = false;
    box.after = 4;
    hk_buf_clear(&box.out);
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_entries, &box, NULL), HK_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(box.out.data, "{\"items\":[{\"seq\":5,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(box.out.data, "\"next\":null}"));
    box.subject = "config";
    box.after = 2;
    hk_buf_clear(&box.out);
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_entries, &box, NULL), HK_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(box.out.data, "{\"items\":[{\"seq\":4,"));
    CU_ASSERT_PTR_NULL(strstr(box.out.data, "\"seq\":5"));
    put(&folder, HK_KIND_CONTAINMENT_STARTING, "co-1", "{}");
    hk_buf_clear(&box.out);
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_checkpoint, &box, NULL), HK_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(box.out.data, "/main\n8\n"));
    hk_buf_done(&box.out);
    folder_done(&folder);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"chains are whole and in order", chains_are_whole_and_in_order},
        {"what is due comes oldest first", what_is_due_comes_oldest_first},
        {"a run's time ends unless it is unknown", a_run_s_time_ends_unless_it_is_unknown},
        {"the engine finds what it needs", the_engine_finds_what_it_needs},
        {"identities carry their hash", identities_carry_their_hash},
        {"answers are kept by key", answers_are_kept_by_key},
        {"lists have pages", lists_have_pages},
        {"lists have states", lists_have_states},
        {"alerts and runs are shown", alerts_and_runs_are_shown},
        {"decisions and leases are shown", decisions_and_leases_are_shown},
        {"entries have pages", entries_have_pages},
    };
    return suite_run("query", tests, COUNT_OF(tests));
}
