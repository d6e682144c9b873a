/*
 * pool: each call is settled exactly once, whatever the plugin does, and what is left behind by a
 * process never meets its successor.
 */
#include "plugin/pool.h"

#include "fixture.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#define PROBE "pool_probe"

static const char *const all_grants[] = {"net:127.41.7.3:47113", "net:localhost:47113", NULL};
static const char good_options[] = "{\"must\":7,\"wait\":\"3s\"}";

static void begin_probe(struct fixture *f)
{
    fixture_begin(f);
    fixture_load(f, PROBE, good_options, all_grants);
    if (f->load_error.status != HK_OK)
        fprintf(stderr, "%s\n", f->load_error.text);
    CU_ASSERT_EQUAL_FATAL(f->load_error.status, HK_OK);
    CU_ASSERT_EQUAL(f->loaded_count, 1);
}

struct seen {
    unsigned count;
    bool is_loaded;
    bool is_running;
    unsigned restarts;
    unsigned calls_open;
    pid_t pid;
};

static void see(void *ctx, const char *tenant, const char *plugin, bool is_loaded, bool is_running,
    unsigned restarts, unsigned calls_open, pid_t pid)
{
    struct seen *seen = ctx;

    CU_ASSERT_STRING_EQUAL(tenant, "acme");
    CU_ASSERT_STRING_EQUAL(plugin, PROBE);
    *seen = (struct seen){seen->count + 1, is_loaded, is_running, restarts, calls_open, pid};
}

static struct seen look(const struct fixture *f)
{
    struct seen seen = {0};

    hk_pool_each(f->pool, see, &seen);
    return seen;
}

static bool is_not_running(struct fixture *f)
{
    return !look(f).is_running;
}

static void descriptor_is_known_and_checked(void)
{
    struct fixture f;
    char path[512];
    const char *type = NULL;

    begin_probe(&f);
    const struct hk_action_info *action = hk_pool_action(f.pool, "acme", PROBE, "block_ip");
    CU_ASSERT_PTR_NOT_NULL(action);
    if (action == NULL)
        return;
    CU_ASSERT_STRING_EQUAL(action->plugin, PROBE);
    CU_ASSERT_STRING_EQUAL(action->plugin_version, "1.2.3");
    CU_ASSERT_EQUAL(strlen(action->plugin_sha256), 64);
    CU_ASSERT_EQUAL(action->effect, HK_PROBEABLE);
    CU_ASSERT_EQUAL(action->kind, HK_CONTAIN);
    CU_ASSERT_STRING_EQUAL(action->capability, "contain.block_ip");
    CU_ASSERT_STRING_EQUAL(action->undo, "unblock_ip");
    CU_ASSERT_STRING_EQUAL(action->target, "ip");
    CU_ASSERT_EQUAL(action->time_max_ms, 5000);
    CU_ASSERT_TRUE(action->can_probe);
    CU_ASSERT_TRUE(action->can_verify);
    CU_ASSERT_TRUE(action->can_tell_ready);
    CU_ASSERT_TRUE(action->can_renew);
    const struct hk_action_info *plain = hk_pool_action(f.pool, "acme", PROBE, "echo");
    CU_ASSERT_PTR_NOT_NULL_FATAL(plain);
    CU_ASSERT_FALSE(plain->can_verify || plain->can_tell_ready || plain->can_renew);
    CU_ASSERT_PTR_NULL(hk_pool_action(f.pool, "acme", PROBE, "nothing"));
    CU_ASSERT_PTR_NULL(hk_pool_action(f.pool, "other", PROBE, "block_ip"));
    struct hk_json_doc doc = {0};
    const char *text = hk_pool_descriptor(f.pool, "acme", PROBE);
    CU_ASSERT_PTR_NOT_NULL(text);
    if (text == NULL)
        return;
    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse(text, strlen(text), &hk_json_limits_own, &doc, NULL), HK_OK);
    CU_ASSERT_STRING_EQUAL(hk_json_string_at(doc.root, "name", ""), PROBE);
    CU_ASSERT_STRING_EQUAL(hk_json_string_at(doc.root, "state", ""), "loaded");
    hk_json_doc_done(&doc);
    CU_ASSERT_FALSE(
        hk_pool_served_file(f.pool, "acme", PROBE, "started", path, sizeof(path), &type));
    fixture_write(&f, "plugins/acme/" PROBE "/started", "x");
    CU_ASSERT_TRUE(
        hk_pool_served_file(f.pool, "acme", PROBE, "started", path, sizeof(path), &type));
    CU_ASSERT_STRING_EQUAL(type, "text/plain");
    snprintf(path, sizeof(path), "%s/plugins/acme/" PROBE "/trap", f.data_dir);
    CU_ASSERT_EQUAL(symlink("../../../key", path), 0);
    CU_ASSERT_FALSE(hk_pool_served_file(f.pool, "acme", PROBE, "trap", path, sizeof(path), &type));
    CU_ASSERT_FALSE(
        hk_pool_served_file(f.pool, "acme", PROBE, "../key", path, sizeof(path), &type));
    fixture_end(&f);
}

static void calls_end_as_the_plugin_says(void)
{
    struct fixture f;
    const struct answer *a;

    begin_probe(&f);
    a = fixture_call(&f, PROBE, "echo", "{\"a\":[1,2.50,12345678901234567890]}");
    CU_ASSERT_EQUAL(a->end, HK_CALL_DONE);
    CU_ASSERT_PTR_NOT_NULL(strstr(a->text, "\"args\":{\"a\":[1,2.50,12345678901234567890]}"));
    CU_ASSERT_PTR_NOT_NULL(strstr(a->text, "\"key\":\"k\""));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(a->text, "{\"greeting\":\"hello\",\"wait\":3000,\"hosts\":[],\"must\":7}"));
    a = fixture_call(&f, PROBE, "fail", "{}");
    CU_ASSERT_EQUAL(a->end, HK_CALL_FAILED);
    CU_ASSERT_STRING_EQUAL(a->text, "no such host");
    a = fixture_call(&f, PROBE, "unknown", "{}");
    CU_ASSERT_EQUAL(a->end, HK_CALL_LOST);
    CU_ASSERT_STRING_EQUAL(a->text, "the line went dead");
    a = fixture_call(&f, PROBE, "later", "{\"ms\":20}");
    CU_ASSERT_EQUAL(a->end, HK_CALL_DONE);
    a = fixture_call(&f, PROBE, "work", "{}");
    CU_ASSERT_EQUAL(a->end, HK_CALL_DONE);
    CU_ASSERT_STRING_EQUAL(a->text, "{\"result\":500500}");
    fixture_end(&f);
}

/* Whether something still holds, or could be done, is said in so many words or not known. */
static void verify_and_ready_are_judged_strictly(void)
{
    static const struct {
        enum hk_call_mode mode;
        const char *action;
        const char *key;
        enum hk_call_end end;
        const char *text;
    } cases[] = {
        {HK_CALL_VERIFY, "block_ip", "{\"holds\":true}", HK_CALL_DONE, "{\"holds\":true}"},
        {HK_CALL_VERIFY, "block_ip", "{\"holds\":false,\"found\":\"nothing\"}", HK_CALL_DONE,
            "{\"holds\":false,\"found\":\"nothing\"}"},
        {HK_CALL_VERIFY, "block_ip", "{}", HK_CALL_LOST,
            "its result does not say whether it holds"},
        {HK_CALL_VERIFY, "block_ip", "{\"holds\":1}", HK_CALL_LOST,
            "its result does not say whether it holds"},
        {HK_CALL_VERIFY, "block_ip", "[true]", HK_CALL_LOST, "its result is no JSON object"},
        {HK_CALL_VERIFY, "block_ip", "failed", HK_CALL_LOST, "can't look"},
        {HK_CALL_VERIFY, "block_ip", "unknown", HK_CALL_LOST, "can't tell"},
        {HK_CALL_VERIFY, "echo", "k", HK_CALL_NOT_SENT, "this action has no such function"},
        {HK_CALL_READY, "block_ip", "", HK_CALL_DONE, "{}"},
        {HK_CALL_READY, "block_ip", "missing", HK_CALL_FAILED, "the token may not block"},
        {HK_CALL_READY, "block_ip", "unknown", HK_CALL_LOST, "no answer from it"},
        {HK_CALL_READY, "echo", "", HK_CALL_NOT_SENT, "this action has no such function"},
        {HK_CALL_RENEW, "block_ip", "", HK_CALL_DONE, "{\"lease_ms\":14400000}"},
        {HK_CALL_RENEW, "unblock_ip", "", HK_CALL_NOT_SENT, "this action has no such function"},
    };
    struct fixture f;

    begin_probe(&f);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t id = fixture_begin_call(
            &f, cases[i].mode, PROBE, cases[i].action, cases[i].key, "{}", 10000);
        CU_ASSERT_TRUE_FATAL(fixture_until(&f, fixture_all_answered));
        const struct answer *a = fixture_answer(&f, id);
        CU_ASSERT_EQUAL(a->end, cases[i].end);
        CU_ASSERT_STRING_EQUAL(a->text, cases[i].text);
    }
    fixture_end(&f);
}

static void probes_tell_what_happened(void)
{
    static const struct {
        const char *key;
        enum hk_call_end end;
    } cases[] = {{"did", HK_CALL_DONE}, {"not", HK_CALL_DID_NOT}, {"lost", HK_CALL_LOST}};
    struct fixture f;

    begin_probe(&f);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint64_t id = fixture_begin_call(
            &f, HK_CALL_PROBE, PROBE, "block_ip", cases[i].key, "{\"ip\":\"192.0.2.1\"}", 5000);
        CU_ASSERT_TRUE(fixture_until(&f, fixture_all_answered));
        CU_ASSERT_EQUAL(fixture_answer(&f, id)->end, cases[i].end);
    }
    uint64_t id = fixture_begin_call(&f, HK_CALL_PROBE, PROBE, "echo", "k", "{}", 5000);
    CU_ASSERT_TRUE(fixture_until(&f, fixture_all_answered));
    CU_ASSERT_EQUAL(fixture_answer(&f, id)->end, HK_CALL_NOT_SENT);
    fixture_end(&f);
}

static void nonsense_is_not_knowing(void)
{
    static const char *const lost[] = {"text", "list", "utf8", "big", "outcome", "wire"};
    struct fixture f;
    char args[64];

    begin_probe(&f);
    for (size_t i = 0; i < COUNT_OF(lost); i++) {
        snprintf(args, sizeof(args), "{\"give\":\"%s\"}", lost[i]);
        CU_ASSERT_EQUAL(fixture_call(&f, PROBE, "nonsense", args)->end, HK_CALL_LOST);
    }
    /* What only reads has certainly done nothing. */
    CU_ASSERT_EQUAL(
        fixture_call(&f, PROBE, "nonsense_read", "{\"give\":\"text\"}")->end, HK_CALL_FAILED);
    const struct answer *a = fixture_call(&f, PROBE, "nonsense", "{\"give\":\"twice\"}");
    CU_ASSERT_EQUAL(a->end, HK_CALL_DONE);
    CU_ASSERT_STRING_EQUAL(a->text, "{\"first\":true}");
    unsigned before = f.log_count;
    CU_ASSERT_EQUAL(fixture_call(&f, PROBE, "nonsense", "{\"give\":\"log\"}")->end, HK_CALL_DONE);
    CU_ASSERT_TRUE(f.log_count - before <= HK_PLUGIN_LOG_BURST + 2);
    /* What the engine says about its nonsense counts as its words. */
    before = f.log_count;
    CU_ASSERT_EQUAL(fixture_call(&f, PROBE, "nonsense", "{\"give\":\"stray\"}")->end, HK_CALL_DONE);
    CU_ASSERT_TRUE(f.log_count - before <= HK_PLUGIN_LOG_BURST + 2);
    fixture_end(&f);
}

static bool has_logged(struct fixture *f)
{
    return f->log_count > 0;
}

static void check_repeated(
    struct fixture *f, const char *action, const char *args, enum hk_call_end end, const char *text)
{
    const struct answer *a = fixture_call(f, PROBE, action, args);

    CU_ASSERT_EQUAL(a->end, end);
    CU_ASSERT_STRING_EQUAL(a->text, text);
}

/* A plugin that doesn't keep its word has not said what it did; one that only looks did nothing. */
static void results_follow_their_schema(void)
{
    static const char lie[] = "its result does not follow its schema: n must be of type integer, "
                              "not string";
    struct hk_secrets *secrets = NULL;
    struct fixture f;

    CU_ASSERT_EQUAL_FATAL(hk_secrets_new(&secrets, NULL), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_secrets_put(secrets, "key", "s3cret-value", 12, NULL), HK_OK);
    fixture_begin(&f);
    f.secrets = secrets;
    f.never_logged = "s3cret-value";
    fixture_load(&f, PROBE, good_options, all_grants);
    check_repeated(&f, "repeat_once", "{\"n\":1}", HK_CALL_DONE, "{\"n\":1}");
    check_repeated(&f, "repeat_once", "{\"n\":\"1\"}", HK_CALL_LOST, lie);
    check_repeated(&f, "repeat_read", "{\"n\":\"1\"}", HK_CALL_FAILED, lie);
    check_repeated(&f, "repeat_once", "{}", HK_CALL_LOST,
        "its result does not follow its schema: n is missing");
    check_repeated(&f, "repeat_once", "{\"n\":1,\"token\":\"abc\",\"m\":\"a s3cret-value b\"}",
        HK_CALL_DONE, "{\"n\":1,\"token\":{\"$redacted\":true},\"m\":\"a [secret key] b\"}");
    CU_ASSERT_PTR_NOT_NULL(strstr(f.last_log, "a [secret key] b"));
    fixture_end(&f);
    hk_secrets_free(secrets);
}

static void stderr_is_not_the_engines(void)
{
    char path[] = "/tmp/hikeshi-stderr-XXXXXX";
    struct fixture f;
    struct stat about = {0};

    int kept = dup(2);
    int file = mkstemp(path);
    CU_ASSERT_EQUAL_FATAL(write(file, "precious", 8), 8);
    CU_ASSERT_EQUAL(dup2(file, 2), 2);
    begin_probe(&f); /* the spawner's stderr is what it was at its start */
    CU_ASSERT_EQUAL(dup2(kept, 2), 2);
    CU_ASSERT_EQUAL(
        fixture_call(&f, PROBE, "nonsense", "{\"give\":\"stderr\"}")->end, HK_CALL_DONE);
    CU_ASSERT_TRUE(fixture_until(&f, has_logged));
    CU_ASSERT_STRING_EQUAL(f.last_log, "stderr: \033[2Jforged ? line");
    fixture_end(&f);
    CU_ASSERT_EQUAL(fstat(file, &about), 0);
    CU_ASSERT_EQUAL(about.st_size, 8);
    close(kept);
    close(file);
    unlink(path);
}

static void bad_requests_are_not_sent(void)
{
    struct fixture f;

    begin_probe(&f);
    CU_ASSERT_EQUAL(fixture_call(&f, PROBE, "nothing", "{}")->end, HK_CALL_NOT_SENT);
    CU_ASSERT_EQUAL(fixture_call(&f, "nobody", "echo", "{}")->end, HK_CALL_NOT_SENT);
    CU_ASSERT_EQUAL(fixture_call(&f, PROBE, "echo", "[]")->end, HK_CALL_NOT_SENT);
    CU_ASSERT_EQUAL(fixture_call(&f, PROBE, "echo", "{\"a\":1,\"a\":2}")->end, HK_CALL_NOT_SENT);
    fixture_end(&f);
}

static void cancelled_calls_settle(void)
{
    struct fixture f;

    begin_probe(&f);
    uint64_t id = fixture_begin_call(&f, HK_CALL_START, PROBE, "hold", "k", "{}", 20000);
    CU_ASSERT_EQUAL(look(&f).calls_open, 1);
    hk_pool_cancel(f.pool, id);
    hk_pool_cancel(f.pool, id);
    CU_ASSERT_TRUE(fixture_until(&f, fixture_all_answered));
    CU_ASSERT_EQUAL(fixture_answer(&f, id)->end, HK_CALL_FAILED);
    /* In line behind a full process: nothing was sent. */
    for (unsigned i = 0; i < HK_PLUGIN_CALLS_MAX; i++)
        (void)fixture_begin_call(&f, HK_CALL_START, PROBE, "hold", "k", "{}", 20000);
    uint64_t waiting = fixture_begin_call(&f, HK_CALL_START, PROBE, "echo", "k", "{}", 20000);
    hk_pool_cancel(f.pool, waiting);
    for (uint64_t i = id + 1; i < waiting; i++)
        hk_pool_cancel(f.pool, i);
    CU_ASSERT_TRUE(fixture_until(&f, fixture_all_answered));
    CU_ASSERT_EQUAL(fixture_answer(&f, waiting)->end, HK_CALL_NOT_SENT);
    fixture_end(&f);
}

static void deadlines_hold_and_hanging_plugins_end(void)
{
    struct fixture f;

    begin_probe(&f);
    f.pool->times.hang_grace_ms = 50;
    f.pool->times.backoff_min_ms = 1;
    pid_t first = look(&f).pid;
    uint64_t id = fixture_begin_call(&f, HK_CALL_START, PROBE, "silent", "k", "{}", 30);
    uint64_t other = fixture_begin_call(&f, HK_CALL_START, PROBE, "hold", "k", "{}", 20000);
    CU_ASSERT_TRUE(fixture_until(&f, fixture_all_answered));
    CU_ASSERT_EQUAL(fixture_answer(&f, id)->end, HK_CALL_LOST);
    CU_ASSERT_PTR_NOT_NULL(strstr(fixture_answer(&f, id)->text, "deadline"));
    /* The other call went down with the process that was ended for it. */
    CU_ASSERT_EQUAL(fixture_answer(&f, other)->end, HK_CALL_LOST);
    CU_ASSERT_PTR_NOT_NULL(strstr(fixture_answer(&f, other)->text, "hangs"));
    CU_ASSERT_EQUAL(fixture_call(&f, PROBE, "echo", "{}")->end, HK_CALL_DONE);
    (void)fixture_begin_call(&f, HK_CALL_START, PROBE, "spin", "k", "{}", 30);
    CU_ASSERT_TRUE(fixture_until(&f, fixture_all_answered));
    CU_ASSERT_EQUAL(fixture_call(&f, PROBE, "echo", "{}")->end, HK_CALL_DONE);
    CU_ASSERT_NOT_EQUAL(look(&f).pid, first);
    CU_ASSERT_EQUAL(look(&f).restarts, 2);
    fixture_end(&f);
}

static void late_answers_are_dropped(void)
{
    struct fixture f;

    begin_probe(&f);
    uint64_t id = fixture_begin_call(&f, HK_CALL_START, PROBE, "later", "k", "{\"ms\":60}", 20);
    (void)fixture_begin_call(&f, HK_CALL_START, PROBE, "later", "k", "{\"ms\":120}", 10000);
    CU_ASSERT_TRUE(fixture_until(&f, fixture_all_answered));
    CU_ASSERT_EQUAL(fixture_answer(&f, id)->end, HK_CALL_LOST);
    CU_ASSERT_EQUAL(look(&f).restarts, 0);
    CU_ASSERT_EQUAL(look(&f).calls_open, 0);
    fixture_end(&f);
}

static void a_crash_loses_what_was_sent_only(void)
{
    struct fixture f;
    uint64_t held[HK_PLUGIN_CALLS_MAX];

    begin_probe(&f);
    f.pool->times.backoff_min_ms = 20;
    for (unsigned i = 0; i + 1 < HK_PLUGIN_CALLS_MAX; i++)
        held[i] = fixture_begin_call(&f, HK_CALL_START, PROBE, "hold", "k", "{}", 20000);
    uint64_t crash = fixture_begin_call(&f, HK_CALL_START, PROBE, "crash", "k", "{}", 20000);
    uint64_t queued = fixture_begin_call(&f, HK_CALL_START, PROBE, "echo", "k", "{}", 20000);
    CU_ASSERT_TRUE(fixture_until(&f, fixture_all_answered));
    CU_ASSERT_EQUAL(fixture_answer(&f, crash)->end, HK_CALL_LOST);
    CU_ASSERT_EQUAL(fixture_answer(&f, held[0])->end, HK_CALL_LOST);
    CU_ASSERT_EQUAL(fixture_answer(&f, queued)->end, HK_CALL_DONE);
    CU_ASSERT_EQUAL(look(&f).restarts, 1);
    /* Each crash doubles the wait for the next process. */
    int64_t before = hk_time_monotonic_ms();
    f.pool->times.backoff_max_ms = 80;
    for (unsigned i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(fixture_call(&f, PROBE, "crash", "{}")->end, HK_CALL_LOST);
    CU_ASSERT_EQUAL(fixture_call(&f, PROBE, "echo", "{}")->end, HK_CALL_DONE);
    CU_ASSERT_TRUE(hk_time_monotonic_ms() - before >= 20 + 40 + 80);
    fixture_end(&f);
}

static void a_deadline_passes_in_line(void)
{
    struct fixture f;

    begin_probe(&f);
    f.pool->times.backoff_min_ms = 60000;
    f.pool->times.backoff_max_ms = 60000;
    CU_ASSERT_EQUAL(fixture_call(&f, PROBE, "crash", "{}")->end, HK_CALL_LOST);
    uint64_t id = fixture_begin_call(&f, HK_CALL_START, PROBE, "echo", "k", "{}", 30);
    CU_ASSERT_TRUE(fixture_until(&f, fixture_all_answered));
    CU_ASSERT_EQUAL(fixture_answer(&f, id)->end, HK_CALL_NOT_SENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(fixture_answer(&f, id)->text, "signal"));
    fixture_end(&f);
}

static void idle_processes_are_let_go(void)
{
    struct fixture f;

    begin_probe(&f);
    f.pool->times.idle_ms = 20;
    CU_ASSERT_EQUAL(fixture_call(&f, PROBE, "echo", "{}")->end, HK_CALL_DONE);
    CU_ASSERT_TRUE(fixture_until(&f, is_not_running));
    CU_ASSERT_TRUE(fixture_has(&f, "plugins/acme/" PROBE "/done"));
    CU_ASSERT_EQUAL(look(&f).restarts, 0);
    CU_ASSERT_EQUAL(fixture_call(&f, PROBE, "echo", "{}")->end, HK_CALL_DONE);
    fixture_end(&f);
}

static void connections_are_made_for_it(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(47113)};
    struct fixture f;
    char got[8] = "";
    int yes = 1;

    begin_probe(&f);
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, "127.41.7.3", &address.sin_addr);
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    CU_ASSERT_EQUAL_FATAL(bind(listening, (struct sockaddr *)&address, sizeof(address)), 0);
    CU_ASSERT_EQUAL_FATAL(listen(listening, 4), 0);
    pid_t peer = fork();
    if (peer == 0) {
        int fd = accept(listening, NULL, NULL);
        if (read(fd, got, 4) == 4 && strcmp(got, "ping") == 0)
            (void)!write(fd, "pong", 4);
        _exit(0);
    }
    const struct answer *a = fixture_call(&f, PROBE, "dial", "{\"to\":\"literal\"}");
    CU_ASSERT_EQUAL(a->end, HK_CALL_DONE);
    CU_ASSERT_STRING_EQUAL(a->text, "{\"got\":\"pong\"}");
    kill(peer, SIGKILL);
    waitpid(peer, NULL, 0);
    close(listening);
    /* A name that was granted must not lead to this machine. */
    a = fixture_call(&f, PROBE, "dial", "{\"to\":\"name\"}");
    CU_ASSERT_EQUAL(a->end, HK_CALL_FAILED);
    a = fixture_call(&f, PROBE, "dial", "{\"to\":\"elsewhere\"}");
    CU_ASSERT_EQUAL(a->end, HK_CALL_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(a->text, "granted"));
    fixture_end(&f);
}

static void refused(
    const char *options, const char *const *grants, const char *first, const char *second)
{
    struct fixture f;

    fixture_begin(&f);
    fixture_load(&f, PROBE, options, grants);
    CU_ASSERT_NOT_EQUAL(f.load_error.status, HK_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.load_error.text, "plugin pool_probe"));
    CU_ASSERT_PTR_NOT_NULL(strstr(f.load_error.text, first));
    CU_ASSERT_PTR_NOT_NULL(strstr(f.load_error.text, second));
    CU_ASSERT_PTR_NULL(hk_pool_action(f.pool, "acme", PROBE, "echo"));
    CU_ASSERT_EQUAL(fixture_call(&f, PROBE, "echo", "{}")->end, HK_CALL_NOT_SENT);
    fixture_end(&f);
}

static void wrong_configuration_is_refused(void)
{
    static const char *const one[] = {"net:localhost:47113", NULL};

    refused("{}", all_grants, "must", "missing");
    refused("{\"must\":1,\"mst\":1}", all_grants, "mst", "no option");
    refused("{\"must\":1.5}", all_grants, "must", "integer");
    refused("{\"must\":1,\"wait\":\"soon\"}", all_grants, "wait", "duration");
    refused("{\"must\":1,\"hosts\":[1]}", all_grants, "hosts", "list of texts");
    refused("{\"must\":1,\"greeting\":\"broken\"}", all_grants, "init", "greeting is broken");
    refused(good_options, one, "net:127.41.7.3:47113", "grants");
    refused(good_options, NULL, "net:127.41.7.3:47113", "grants");
}

static void wrong_files_are_refused(void)
{
    struct hk_error error = {0};
    struct fixture f;

    fixture_begin(&f);
    CU_ASSERT_EQUAL(fixture_add_as(&f, "none", "none", "{}", NULL, &error), HK_NOT_FOUND);
    CU_ASSERT_EQUAL(fixture_add_as(&f, PROBE, "BAD", "{}", NULL, &error), HK_INVALID);
    CU_ASSERT_EQUAL(fixture_add_as(&f, PROBE, "x", "[]", NULL, &error), HK_INVALID);
    CU_ASSERT_EQUAL(
        fixture_add_as(&f, "pool_bad_note", "pool_bad_note", "{}", NULL, &error), HK_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "7.3"));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "0.2"));
    /* Under another name than its own. */
    CU_ASSERT_EQUAL_FATAL(fixture_add_as(&f, PROBE, "other", good_options, NULL, &error), HK_OK);
    CU_ASSERT_TRUE(fixture_until(&f, fixture_is_settled));
    CU_ASSERT_PTR_NOT_NULL(strstr(f.load_error.text, "calls itself pool_probe"));
    CU_ASSERT_EQUAL(fixture_add_as(&f, PROBE, "other", "{}", NULL, &error), HK_CONFLICT);
    fixture_end(&f);
}

static void a_dead_spawner_loses_all(void)
{
    struct fixture f;

    begin_probe(&f);
    uint64_t id = fixture_begin_call(&f, HK_CALL_START, PROBE, "hold", "k", "{}", 20000);
    kill(f.spawner, SIGKILL);
    CU_ASSERT_TRUE(fixture_until(&f, fixture_all_answered));
    CU_ASSERT_EQUAL(fixture_answer(&f, id)->end, HK_CALL_LOST);
    CU_ASSERT_EQUAL(fixture_call(&f, PROBE, "echo", "{}")->end, HK_CALL_NOT_SENT);
    waitpid(f.spawner, NULL, 0);
    hk_pool_free(f.pool);
    f.pool = NULL;
    /* Its children died with it. */
    bool gone = false;
    for (int64_t end = hk_time_monotonic_ms() + PATIENCE_MS; !gone && hk_time_monotonic_ms() < end;)
        CU_ASSERT_EQUAL_FATAL(hk_orphans_are_gone(f.data_dir, &gone, NULL), HK_OK);
    CU_ASSERT_TRUE(gone);
    f.spawner = fork(); /* for fixture_end to wait for */
    if (f.spawner == 0)
        _exit(0);
    fixture_end(&f);
}

/* An engine of its own process, killed while its plugin works. */
static _Noreturn void be_engine(const char *data_dir)
{
    static const struct hk_pool_events events = {.settled = NULL};
    struct fixture f = {0};
    char path[1024];
    char state_dir[256];

    snprintf(f.data_dir, sizeof(f.data_dir), "%s", data_dir);
    snprintf(path, sizeof(path), "%s/tests/plugins/" PROBE ".so",
        getenv("HIKESHI_BUILD") != NULL ? getenv("HIKESHI_BUILD") : "build");
    snprintf(state_dir, sizeof(state_dir), "%s/state", data_dir);
    const struct hk_plugin_config config = {.tenant = "acme",
        .name = PROBE,
        .path = path,
        .options = good_options,
        .grants = all_grants,
        .state_dir = state_dir};
    if (hk_spawner_fork(data_dir, &f.spawner_fd, &f.spawner, NULL) != HK_OK ||
        hk_loop_new(&f.loop, NULL) != HK_OK ||
        hk_pool_new(f.loop, NULL, f.spawner_fd, &events, &f, &f.pool, NULL) != HK_OK ||
        hk_pool_add(f.pool, &config, NULL) != HK_OK)
        _exit(1);
    f.tick = hk_timer_new(f.loop, fixture_check, &f);
    if (f.tick == NULL || !fixture_until(&f, fixture_is_settled))
        _exit(1);
    (void)fixture_begin_call(&f, HK_CALL_START, PROBE, "block", "k", "{\"ms\":700}", 20000);
    _exit(hk_loop_run(f.loop, NULL) == HK_OK ? 1 : 2);
}

static void orphans_finish_and_hold_the_lock(void)
{
    struct fixture f = {.data_dir = "/tmp/hikeshi-plugin-XXXXXX"};
    bool gone = true;

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(f.data_dir));
    CU_ASSERT_EQUAL(hk_orphans_are_gone(f.data_dir, &gone, NULL), HK_OK);
    CU_ASSERT_TRUE(gone);
    pid_t engine = fork();
    if (engine == 0)
        be_engine(f.data_dir);
    int64_t end = hk_time_monotonic_ms() + PATIENCE_MS;
    while (!fixture_has(&f, "state/started") && hk_time_monotonic_ms() < end)
        CU_ASSERT_EQUAL_FATAL(hk_orphans_are_gone(f.data_dir, &gone, NULL), HK_OK);
    CU_ASSERT_TRUE_FATAL(fixture_has(&f, "state/started"));
    kill(engine, SIGKILL);
    waitpid(engine, NULL, 0);
    CU_ASSERT_EQUAL(hk_orphans_are_gone(f.data_dir, &gone, NULL), HK_OK);
    CU_ASSERT_FALSE(gone);
    CU_ASSERT_FALSE(fixture_has(&f, "state/finished"));
    while (!gone && hk_time_monotonic_ms() < end)
        CU_ASSERT_EQUAL_FATAL(hk_orphans_are_gone(f.data_dir, &gone, NULL), HK_OK);
    CU_ASSERT_TRUE(gone);
    CU_ASSERT_TRUE(fixture_has(&f, "state/finished"));
    CU_ASSERT_EQUAL(nftw(f.data_dir, fixture_remove, 16, FTW_DEPTH | FTW_PHYS), 0);
}

int main(int argc, char **argv)
{
    static const struct suite_test tests[] = {
        {"the descriptor is known and checked", descriptor_is_known_and_checked},
        {"calls end as the plugin says", calls_end_as_the_plugin_says},
        {"probes tell what happened", probes_tell_what_happened},
        {"verify and ready are judged strictly", verify_and_ready_are_judged_strictly},
        {"nonsense is not knowing", nonsense_is_not_knowing},
        {"results follow their schema", results_follow_their_schema},
        {"stderr is not the engine's", stderr_is_not_the_engines},
        {"bad requests are not sent", bad_requests_are_not_sent},
        {"cancelled calls settle", cancelled_calls_settle},
        {"deadlines hold and hanging plugins end", deadlines_hold_and_hanging_plugins_end},
        {"late answers are dropped", late_answers_are_dropped},
        {"a crash loses what was sent only", a_crash_loses_what_was_sent_only},
        {"a deadline passes in line", a_deadline_passes_in_line},
        {"idle processes are let go", idle_processes_are_let_go},
        {"connections are made for it", connections_are_made_for_it},
        {"wrong configuration is refused", wrong_configuration_is_refused},
        {"wrong files are refused", wrong_files_are_refused},
        {"a dead spawner loses all", a_dead_spawner_loses_all},
        {"orphans finish and hold the lock", orphans_finish_and_hold_the_lock},
    };

    FIXTURE_HOST(argc, argv);
    return suite_run("pool", tests, COUNT_OF(tests));
}
