/*
 * suite: see suite.h.
 */
#include "author/suite.h"
#include "author/bench.h"
#include "base/text.h"
#include "base/time.h"
#include "limits.h"
#include "script/api.h"
#include "script/lib.h"
#include "script/playbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_SIZE_MAX (1024 * 1024)

struct test {
    const char *name;
    int line;
};

struct suite {
    const struct hk_suite_setup *setup;
    struct hk_arena arena; /* the names */
    struct test *tests;
    unsigned count;
    /* while a file is read */
    struct hk_trial trial;
    bool is_listing;
    unsigned seen;
    unsigned wanted;
};

static struct suite *suite_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

static void list_test(lua_State *L, struct suite *suite, const char *name, size_t size)
{
    lua_Debug ar;
    struct test *test = &suite->tests[suite->count];

    for (unsigned i = 0; i < suite->count; i++) {
        if (strcmp(suite->tests[i].name, name) == 0)
            hk_state_raise(
                L, "there is a test with this name already, on line %d", suite->tests[i].line);
    }
    if (suite->count == HK_TESTS_MAX)
        hk_state_raise(L, "more than %d tests in one file", HK_TESTS_MAX);
    test->name = hk_arena_copy(&suite->arena, name, size);
    if (test->name == NULL)
        hk_state_raise(L, "the names of the tests are too long");
    if (lua_getstack(L, 1, &ar) != 0 && lua_getinfo(L, "l", &ar) != 0)
        test->line = ar.currentline;
    suite->count++;
}

/* test(name, function(t) … end) */
static int add_test(lua_State *L)
{
    struct suite *suite = suite_of(L);
    size_t size;
    const char *name;

    if (lua_type(L, 1) != LUA_TSTRING || lua_rawlen(L, 1) == 0 || !lua_isfunction(L, 2))
        hk_state_raise(
            L, "test needs a name and a function, as in test(\"blocks it\", function(t) … end)");
    name = lua_tolstring(L, 1, &size);
    if (suite->is_listing)
        list_test(L, suite, name, size);
    else if (suite->seen == suite->wanted) {
        lua_pushvalue(L, 2);
        lua_rawsetp(L, LUA_REGISTRYINDEX, suite);
    }
    suite->seen++;
    return 0;
}

/* Read the file; run the test that is wanted, if any. */
static int read_file(lua_State *L)
{
    struct suite *suite = lua_touserdata(L, 1);

    hk_state_of(L)->owner = &suite->trial;
    suite->seen = 0;
    lua_settop(L, 0);
    hk_api_open_helpers(L);
    lua_pushlightuserdata(L, suite);
    lua_pushcclosure(L, add_test, 1);
    lua_setfield(L, -2, "test");
    hk_lib_seal_globals(L);
    hk_bench_push(L);
    hk_state_compile(L, suite->setup->source, suite->setup->size, suite->setup->file);
    lua_call(L, 0, 0);
    if (suite->is_listing)
        return 0;
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, suite) != LUA_TFUNCTION)
        hk_state_raise(L, "the file gives other tests each time it is read");
    lua_call(L, 1, 0);
    return 0;
}

static void write_failure(struct hk_jw *out, const struct hk_trial *trial, const char *error)
{
    const char *text = trial->failure.size > 0 ? trial->failure.data : error;

    hk_jw_kv(out, "where", trial->where);
    hk_jw_kv(out, "failure", text);
}

static void run_test(struct suite *suite, unsigned number, const struct hk_json *descriptor,
    struct hk_jw *out, struct hk_suite_counts *counts)
{
    int64_t began_ms = hk_time_monotonic_ms();
    struct hk_error error = {0};
    bool ok;

    hk_trial_init(&suite->trial, suite->setup, descriptor);
    suite->is_listing = false;
    suite->wanted = number;
    ok = hk_state_once(read_file, suite, &error) == HK_OK && suite->trial.failure.size == 0;
    counts->tests++;
    counts->failed += ok ? 0 : 1;
    hk_jw_object(out);
    hk_jw_kv(out, "name", suite->tests[number].name);
    hk_jw_kv_i64(out, "line", suite->tests[number].line);
    hk_jw_kv_bool(out, "ok", ok);
    if (!ok)
        write_failure(out, &suite->trial, error.text);
    hk_jw_kv_i64(out, "runs", suite->trial.runs);
    hk_jw_kv_i64(out, "steps", (int64_t)suite->trial.steps);
    hk_jw_kv_i64(out, "ms", hk_time_monotonic_ms() - began_ms);
    hk_jw_object_end(out);
    hk_trial_done(&suite->trial);
}

static bool is_wanted(const struct suite *suite, unsigned number)
{
    return suite->setup->only == NULL ||
           strstr(suite->tests[number].name, suite->setup->only) != NULL;
}

static enum hk_status list_tests(
    struct suite *suite, const struct hk_json *descriptor, struct hk_error *error)
{
    enum hk_status status;

    hk_trial_init(&suite->trial, suite->setup, descriptor);
    suite->is_listing = true;
    status = hk_state_once(read_file, suite, error);
    hk_trial_done(&suite->trial);
    if (status == HK_OK && suite->count == 0)
        status = hk_fail(error, HK_INVALID, "%s: no tests: test(\"name\", function(t) … end)",
            suite->setup->file);
    return status;
}

enum hk_status hk_suite_run(const struct hk_suite_setup *setup, struct hk_jw *out,
    struct hk_suite_counts *counts, struct hk_error *error)
{
    struct suite suite = {.setup = setup};
    struct hk_json_doc descriptor = {.root = NULL};
    struct hk_buf text;
    enum hk_status status;

    hk_arena_init(&suite.arena, NAMES_SIZE_MAX);
    hk_buf_init(&text, HK_PAYLOAD_SIZE_MAX);
    suite.tests = calloc(HK_TESTS_MAX, sizeof(*suite.tests));
    status = suite.tests == NULL ? hk_fail(error, HK_NOMEM, "no memory for tests") : HK_OK;
    if (status == HK_OK)
        status = hk_playbook_describe(
            setup->playbook_source, setup->playbook_size, setup->playbook, &text, error);
    if (status == HK_OK)
        status = hk_json_parse(text.data, text.size, &hk_json_limits_own, &descriptor, error);
    if (status == HK_OK)
        status = list_tests(&suite, descriptor.root, error);
    if (status == HK_OK) {
        hk_jw_object(out);
        hk_jw_kv(out, "file", setup->file);
        hk_jw_kv(out, "playbook", setup->playbook);
        hk_jw_kv_bool(out, "is_checked", setup->checker != NULL);
        hk_jw_key(out, "tests");
        hk_jw_array(out);
        for (unsigned i = 0; i < suite.count; i++) {
            if (is_wanted(&suite, i))
                run_test(&suite, i, descriptor.root, out, counts);
        }
        hk_jw_array_end(out);
        hk_jw_object_end(out);
    }
    hk_json_doc_done(&descriptor);
    hk_buf_done(&text);
    hk_arena_done(&suite.arena);
    free(suite.tests);
    return status;
}
