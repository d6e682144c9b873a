/*
 * fixture: a data folder, a spawner and a pool on a loop, and what became of calls. The test
 * program is itself what the spawner executes: its main begins with FIXTURE_HOST.
 */
#ifndef HK_TESTS_PLUGIN_FIXTURE_H
#define HK_TESTS_PLUGIN_FIXTURE_H

#include "base/time.h"
#include "plugin/pool_internal.h"
#include "plugin/spawner.h"
#include "support/suite.h"

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIXTURE_HOST(argc, argv)                                                                   \
    if ((argc) > 1 && strcmp((argv)[1], "plugin-host") == 0)                                       \
    return hk_plugin_host_main(argc, argv)

#define PATIENCE_MS 30000 /* a test that waits longer has failed */
#define ANSWERS_MAX 256

struct answer {
    uint64_t call_id;
    enum hk_call_end end;
    char text[8192];
};

struct fixture {
    char data_dir[64];
    int spawner_fd;
    pid_t spawner;
    struct hk_loop *loop;
    struct hk_connector *connector;
    struct hk_pool *pool;
    struct hk_timer *tick;
    struct answer *answers;
    unsigned answer_count;
    unsigned loaded_count;
    struct hk_error load_error; /* HK_OK when it loaded */
    unsigned log_count;
    char last_log[1200];
    const char *never_logged;         /* NULL: nothing */
    const struct hk_secrets *secrets; /* for plugins that are added; may be NULL */
    bool inside_call;
    bool (*is_done)(struct fixture *);
    int64_t give_up_at_ms;
    uint64_t next_id;
};

static inline void fixture_check(void *ctx)
{
    struct fixture *f = ctx;

    if (f->is_done(f) || hk_time_monotonic_ms() > f->give_up_at_ms)
        hk_loop_stop(f->loop);
    else
        hk_timer_arm(f->tick, 5);
}

/* Run the loop until is_done; false when patience ended. */
static inline bool fixture_until(struct fixture *f, bool (*is_done)(struct fixture *))
{
    f->is_done = is_done;
    f->give_up_at_ms = hk_time_monotonic_ms() + PATIENCE_MS;
    hk_timer_arm(f->tick, 0);
    CU_ASSERT_EQUAL_FATAL(hk_loop_run(f->loop, NULL), HK_OK);
    hk_timer_disarm(f->tick);
    return is_done(f);
}

static inline void fixture_settled(
    void *ctx, uint64_t call_id, enum hk_call_end end, const char *text)
{
    struct fixture *f = ctx;

    CU_ASSERT_FALSE(f->inside_call);
    CU_ASSERT_FATAL(f->answer_count < ANSWERS_MAX);
    struct answer *answer = &f->answers[f->answer_count++];
    answer->call_id = call_id;
    answer->end = end;
    snprintf(answer->text, sizeof(answer->text), "%s", text);
    hk_timer_arm(f->tick, 0);
}

static inline void fixture_loaded(
    void *ctx, const char *tenant, const char *plugin, const struct hk_error *error)
{
    struct fixture *f = ctx;
    (void)tenant;
    (void)plugin;

    f->loaded_count++;
    f->load_error = error != NULL ? *error : (struct hk_error){0};
    hk_timer_arm(f->tick, 0);
}

static inline void fixture_log(
    void *ctx, const char *tenant, const char *plugin, int level, const char *text)
{
    struct fixture *f = ctx;
    (void)tenant;
    (void)plugin;
    (void)level;

    f->log_count++;
    CU_ASSERT(f->never_logged == NULL || strstr(text, f->never_logged) == NULL);
    snprintf(f->last_log, sizeof(f->last_log), "%s", text);
}

static inline void fixture_write(const struct fixture *f, const char *name, const char *text)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/%s", f->data_dir, name);
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

static inline bool fixture_has(const struct fixture *f, const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/%s", f->data_dir, name);
    return access(path, F_OK) == 0;
}

static inline void fixture_begin(struct fixture *f)
{
    static const struct hk_pool_events events = {
        .settled = fixture_settled, .loaded = fixture_loaded, .log = fixture_log};
    struct hk_error error = {0};

    memset(f, 0, sizeof(*f));
    f->answers = calloc(ANSWERS_MAX, sizeof(*f->answers));
    snprintf(f->data_dir, sizeof(f->data_dir), "/tmp/hikeshi-plugin-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(f->data_dir));
    fixture_write(f, "key", "secret");
    fixture_write(f, "ledger.db", "record");
    CU_ASSERT_EQUAL_FATAL(hk_spawner_fork(f->data_dir, &f->spawner_fd, &f->spawner, &error), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_loop_new(&f->loop, &error), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_connector_new(f->loop, &f->connector, &error), HK_OK);
    CU_ASSERT_EQUAL_FATAL(
        hk_pool_new(f->loop, f->connector, f->spawner_fd, &events, f, &f->pool, &error), HK_OK);
    f->tick = hk_timer_new(f->loop, fixture_check, f);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->tick);
}

static inline int fixture_remove(
    const char *path, const struct stat *about, int type, struct FTW *at)
{
    (void)about;
    (void)type;
    (void)at;
    return remove(path);
}

static inline void fixture_end(struct fixture *f)
{
    int status = 0;

    hk_pool_free(f->pool);
    hk_connector_free(f->connector);
    hk_timer_free(f->tick);
    hk_loop_free(f->loop);
    close(f->spawner_fd);
    CU_ASSERT_EQUAL(waitpid(f->spawner, &status, 0), f->spawner);
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL(nftw(f->data_dir, fixture_remove, 16, FTW_DEPTH | FTW_PHYS), 0);
    free(f->answers);
}

/* Add a built test plugin by file and name; grants may be NULL. */
static inline enum hk_status fixture_add_as(struct fixture *f, const char *file, const char *name,
    const char *options, const char *const *grants, struct hk_error *error)
{
    const char *build = getenv("HIKESHI_BUILD");
    char path[1024];
    char state_dir[256];

    snprintf(path, sizeof(path), "%s/tests/plugins/%s.so", build != NULL ? build : "build", file);
    snprintf(state_dir, sizeof(state_dir), "%s/plugins/acme/%s", f->data_dir, name);
    const struct hk_plugin_config config = {.tenant = "acme",
        .name = name,
        .path = path,
        .options = options,
        .grants = grants,
        .secrets = f->secrets,
        .state_dir = state_dir};
    return hk_pool_add(f->pool, &config, error);
}

static inline bool fixture_is_settled(struct fixture *f)
{
    return hk_pool_is_settled(f->pool);
}

/* Add and wait until it is loaded or refused. */
static inline void fixture_load(
    struct fixture *f, const char *name, const char *options, const char *const *grants)
{
    struct hk_error error = {0};

    enum hk_status status = fixture_add_as(f, name, name, options, grants, &error);
    if (status != HK_OK)
        fprintf(stderr, "%s\n", error.text);
    CU_ASSERT_EQUAL_FATAL(status, HK_OK);
    CU_ASSERT_FATAL(fixture_until(f, fixture_is_settled));
}

static inline uint64_t fixture_begin_call(struct fixture *f, enum hk_call_mode mode,
    const char *plugin, const char *action, const char *key, const char *args, int64_t deadline_ms)
{
    const struct hk_call_request request = {.call_id = ++f->next_id,
        .tenant = "acme",
        .plugin = plugin,
        .action = action,
        .mode = mode,
        .key = key,
        .args = args,
        .deadline_ms = deadline_ms,
        .lease_ms = 14400000};

    f->inside_call = true;
    hk_pool_call(f->pool, &request);
    f->inside_call = false;
    return request.call_id;
}

static inline bool fixture_all_answered(struct fixture *f)
{
    return f->answer_count == f->next_id;
}

/* The answer to a call; there must be exactly one. */
static inline const struct answer *fixture_answer(const struct fixture *f, uint64_t call_id)
{
    static const struct answer none;
    const struct answer *found = NULL;

    for (unsigned i = 0; i < f->answer_count; i++)
        if (f->answers[i].call_id == call_id) {
            CU_ASSERT_PTR_NULL(found);
            found = &f->answers[i];
        }
    CU_ASSERT_PTR_NOT_NULL(found);
    return found != NULL ? found : &none;
}

static inline const struct answer *fixture_call(
    struct fixture *f, const char *plugin, const char *action, const char *args)
{
    uint64_t id = fixture_begin_call(f, HK_CALL_START, plugin, action, "k", args, 10000);

    CU_ASSERT_TRUE(fixture_until(f, fixture_all_answered));
    return fixture_answer(f, id);
}

#endif
