/* Tests of playbooks: what they find, and how it is told. */
#include "author/drive.h"
#include "author/report.h"
#include "author/suite.h"
#include "base/text.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static const char blocker[] =
    "return playbook { name = 'b', on = { severity = at_least 'high' },\n"
    "run = function(alert)\n"
    "  local found, why = act.intel.lookup { ip = alert.src.ip }\n"
    "  if not found then note('no: ' .. why) end\n"
    "  local lease, no = act.contain.block_ip({ ip = alert.src.ip },\n"
    "    { expires = '4h' })\n"
    "  if not lease then return close { verdict = 'undetermined', note = no } end\n"
    "  wait '30m'\n"
    "  note('at ' .. (now() - 1767225600))\n"
    "  return close { verdict = 'true_positive' }\n"
    "end }\n";

static const char asker[] =
    "return playbook { name = 'a', run = function(alert)\n"
    "  local got = together {\n"
    "    fast = function() return act.x.get { n = 1 } end,\n"
    "    slow = function() return act.x.get { n = 2 } end,\n"
    "  }\n"
    "  local answer, why = ask { question = 'Is it yours?', timeout = '4h',\n"
    "    choices = { 'yes', 'no' } }\n"
    "  note((answer or why) .. ' at ' .. (now() - 1767225600))\n"
    "  return { fast = got.fast, slow = got.slow, dice = random(1000000) }\n"
    "end }\n";

/* Run tests against a playbook; the report as JSON, or "error: …". */
static char answer[65536];
static const char *run_with(
    const char *playbook, const char *tests, const struct hk_suite_checker *checker)
{
    const struct hk_suite_setup setup = {.file = "x.test.lua",
        .source = tests,
        .size = strlen(tests),
        .playbook = "x.lua",
        .playbook_source = playbook,
        .playbook_size = strlen(playbook),
        .checker = checker};
    struct hk_suite_counts counts = {0};
    struct hk_error error = {0};
    struct hk_buf out;
    struct hk_jw jw;

    hk_buf_init(&out, sizeof(answer));
    hk_jw_init(&jw, &out);
    if (hk_suite_run(&setup, &jw, &counts, &error) != HK_OK)
        (void)snprintf(answer, sizeof(answer), "error: %s", error.text);
    else
        (void)snprintf(answer, sizeof(answer), "%u/%u %s", counts.tests - counts.failed,
            counts.tests, out.data);
    hk_buf_done(&out);
    return answer;
}

static void check(const char *playbook, int line, const char *body, const char *words)
{
    char tests[4096];
    const char *got;

    (void)snprintf(tests, sizeof(tests),
        "test('it', function(t)\n"
        "  local alert = { severity = 'high', src = { ip = '192.0.2.7' } }\n"
        "  %s\nend)\n",
        body);
    got = run_with(playbook, tests, NULL);
    if (strncmp(got, *words == '\0' ? "1/1" : "0/1", 3) != 0 || strstr(got, words) == NULL) {
        fprintf(stderr, "\n%s:%d: %s\n  gave      %s\n  expected  %s\n", __FILE__, line, body, got,
            *words == '\0' ? "a pass" : words);
        CU_FAIL("unequal");
        return;
    }
    CU_PASS("equal");
}
#define PASSES(playbook, body) check(playbook, __LINE__, body, "")
#define FAILS(playbook, body, words) check(playbook, __LINE__, body, words)

#define YES "t.on('intel.lookup', { ok = 1 }) t.on('contain.block_ip', { id = 'co-1' }) "

static void test_expectations_that_hold(void)
{
    PASSES(blocker,
        YES "t.run(alert) t.did('contain.block_ip', { ip = '192.0.2.7' }, { expires = '4h' })");
    PASSES(blocker, YES "t.run(alert) t.closed 'true_positive' t.waited '30m' t.noted 'at 1800'");
    PASSES(blocker,
        YES "t.run(alert) t.order { 'intel.lookup', 'contain.block_ip', 'wait', 'note', 'close' }");
    PASSES(blocker, YES "local run = t.run(alert) t.equal(run.state, 'finished') "
                        "t.returned { verdict = 'true_positive' } t.equal(#run.steps, 5)");
    PASSES(blocker,
        "t.on('intel.lookup', t.fails 'slow') t.on('contain.block_ip', t.rejects 'ours') "
        "t.run(alert) t.noted 'no: slow' t.closed('undetermined', 'rejected: ours')");
    PASSES(blocker, "t.on('intel.lookup', {}) t.on('contain.block_ip', t.denies 'rule 2: office') "
                    "t.run(alert) t.closed('undetermined', 'denied by rule 2: office')");
    PASSES(blocker, "t.on('intel.lookup', {}) t.on('contain.block_ip', t.recommends()) "
                    "t.run(alert) t.closed('undetermined', 'recommended: ')");
    PASSES(blocker, "t.on('intel.lookup', {}) t.on('contain.block_ip', t.after('1h', t.expires())) "
                    "t.run(alert) t.closed('undetermined', 'expired: nobody answered in time')");
    PASSES(blocker, "t.on('intel.lookup', {}) t.on('contain.block_ip', t.unknown()) t.run(alert) "
                    "t.held() t.not_closed()");
    PASSES(blocker,
        "t.on('intel.lookup', {}) t.on('contain.block_ip', t.unknown { did_not = true }) "
        "t.run(alert) t.closed('undetermined', 'a person found')");
    PASSES(blocker,
        YES "t.on('contain.block_ip', t.narrows({ args = { ip = '192.0.2.7' }, lease = '1h' }, "
            "{ id = 'co-1' })) t.run(alert) "
            "t.equal(t.did('contain.block_ip').value.narrowed.lease_ms, 3600000)");
    PASSES(blocker, "t.on('intel.lookup', t.fails 'a') t.run({}) t.failed 'x.lua:3'");
    PASSES(blocker, "t.starts(alert) t.does_not_start { severity = 'low' }");
    PASSES(blocker, YES "t.at '2026-01-01T01:00:00Z' t.run(alert) t.noted 'at 5400'");
}

/* Counts its runs, a day each. */
static const char watcher[] = "return playbook { name = 'x', run = function(alert, args)\n"
                              "  local n = (args.n or 0) + 1\n"
                              "  wait '1d'\n"
                              "  note(alert.title .. ' ' .. n .. ' at ' .. now())\n"
                              "  if n == 3 then return { n = n } end\n"
                              "  return continue_as_new { n = n, who = this_run() }\n"
                              "end }\n";

static void test_going_on(void)
{
    PASSES(watcher, "local run = t.run { title = 'a' } t.equal(run.state, 'continued') "
                    "t.equal(run.value.n, 1) t.continued { n = 1 } t.continued()");
    PASSES(watcher,
        "t.at '2026-01-01T00:00:00Z' t.run { title = 'a' } t.go_on() t.continued { n = 2 } "
        "t.noted 'a 2 at 1767398400' t.go_on() t.returned { n = 3 } t.waited '1d'");
    /* Any of the chain can be had at once. */
    PASSES(watcher, "t.run({ title = 'a' }, { n = 2 }) t.returned { n = 3 }");
    FAILS(watcher, "t.run({ title = 'a' }, { n = 2 }) t.continued()", "but it is finished");
    FAILS(watcher, "t.run { title = 'a' } t.continued { n = 2 }", "the state.n is 1, not 2");
    FAILS(watcher, "t.run { title = 'a' } t.returned { n = 1 }", "but it goes on as a new run");
    FAILS(watcher, "t.run({ title = 'a' }, { n = 2 }) t.go_on()", "but it is finished");
    FAILS(watcher, "t.go_on()", "needs a run that ended with continue_as_new");
    FAILS(watcher, "t.run({ title = 'a' }, 7)", "is a table");
}

static void test_time_and_people(void)
{
    /* Both are asked for at once; the slow one ends last, and time is not spent twice. */
    PASSES(asker, "t.on('x.get', t.after('10s', { n = 1 }), t.after('20s', t.fails 'no'))"
                  "t.on('ask', t.after('1m', 'yes')) local run = t.run() t.noted 'yes at 80' "
                  "t.equal(run.value.fast, { ok = true, value = { n = 1 } }) "
                  "t.equal(run.value.slow, { ok = false, error = 'no' })");
    PASSES(asker, "t.on('x.get', {}) t.on('ask', t.expires()) t.run() "
                  "t.noted 'expired: nobody answered in time at 14400' t.asked 'yours'");
    PASSES(asker, "t.on('x.get', function(args, options, n) return args.n == n and { n = n } or "
                  "nil, 'other' end) "
                  "t.on('ask', 'no') local run = t.run() t.equal(run.value.slow.value.n, 2)");
    PASSES(asker, "t.on('x.get', {}) t.on('ask', 'no') local a = t.run().value.dice t.seed(2) "
                  "assert(a ~= t.run().value.dice) t.seed(1) t.equal(t.run().value.dice, a)");
    FAILS(asker, "t.on('x.get', {}) t.on('ask', 'maybe') t.run()", "none of the choices");
}

static const char tries[] = "return playbook { name = 'r', run = function()\n"
                            "  local got, why = retry(function(n) return act.x.get { n = n } end,\n"
                            "    { times = 3, first = '10s' })\n"
                            "  note(got and 'got it' or why)\n"
                            "end }\n";

/* What people and rules said no to is not tried again, as in the engine. */
static void test_retry(void)
{
    PASSES(tries, "t.on('x.get', t.fails 'slow', t.fails 'slow', { id = 1 }) t.run() "
                  "t.equal(t.count 'x.get', 3) t.equal(t.count 'wait', 2) t.noted 'got it'");
    PASSES(
        tries, "t.on('x.get', t.fails 'slow') t.run() t.equal(t.count 'x.get', 3) t.noted 'slow'");
    PASSES(tries,
        "for _, no in ipairs { t.rejects 'ours', t.denies(), t.recommends(), t.expires() } do "
        "t.on('x.get', no) t.run() t.equal(t.count 'x.get', 1) end");
}

static void test_failures_are_told(void)
{
    FAILS(blocker, "t.run(alert)",
        "\"where\":\"x.test.lua:3\",\"failure\":\"x.lua:3: the test has no answer to "
        "act.intel.lookup "
        "{\\\"ip\\\":\\\"192.0.2.7\\\"}");
    FAILS(blocker, YES "t.run(alert) t.did('contain.block_ip', { ip = '192.0.2.8' })",
        "arguments.ip is \\\"192.0.2.7\\\", not \\\"192.0.2.8\\\"");
    FAILS(blocker, YES "t.run(alert) t.did('contain.block_ip', nil, { expires = '2h' })",
        "options.expires is \\\"4h\\\", not \\\"2h\\\"\\n  the steps:\\n    x.lua:3  "
        "act.intel.lookup");
    FAILS(blocker, YES "t.run(alert) t.did 'mail.send'", "it was not asked for");
    FAILS(blocker, YES "t.run(alert) t.did_not 'contain.block_ip'", "but x.lua:5 asked for");
    FAILS(blocker, YES "t.run(alert) t.order { 'intel.lookup' }", "but they were [");
    FAILS(blocker, YES "t.run(alert) t.closed 'expected'", "but it is \\\"true_positive\\\"");
    FAILS(blocker, YES "t.run(alert) t.noted 'nothing like it'",
        "a text with \\\"nothing like it\\\"");
    FAILS(blocker, YES "t.run(alert) t.returned {}", "and nothing was expected");
    FAILS(blocker, YES "t.run(alert) t.failed()", "but it is finished");
    FAILS(blocker, YES "t.run(alert) t.held()", "but it is finished");
    FAILS(blocker, "t.on('intel.lookup', {}) t.run({})", "the run failed: x.lua:3: ");
    FAILS(blocker, "t.on('intel.lookup', t.unknown()) t.run(alert)", "the run does not end");
    FAILS(blocker, "t.starts { severity = 'low' }", "no trigger in `on` matches");
    FAILS(blocker, "t.does_not_start(alert)", "a trigger in `on` matches");
    FAILS(blocker, "t.did 'note'", "t.run comes first");
    FAILS(blocker, "t.run { x = print_it }", "undefined global 'print_it'");
    FAILS(blocker, "t.run { x = function() end }", "alert.x is a function");
    FAILS(blocker, "t.on('intel.lookup')", "needs an answer");
    FAILS(blocker, "t.on('intel.lookup', t.after('soon', 1))", "t.after: the time");
    FAILS(blocker, "t.equal({ 1, 2 }, { 1, 3 }, 'it')", "it[2] is 2, not 3");
}

/* A test can't hang, reach outside, or hide that it failed. */
static void test_hostile(void)
{
    FAILS(blocker, "while true do end", "ms of CPU time");
    FAILS(blocker,
        "while true do pcall(function() t.on('intel.lookup', t.unknown()) t.run(alert) t.held() "
        "end) end",
        "x.test.lua:3: test ran the playbook too many times");
    FAILS(blocker, "local s = 'x' while true do s = s .. s end", "16 MiB of memory");
    FAILS(blocker, "pcall(t.did, 'note')", "t.run comes first");
    FAILS(
        blocker, "t.on('intel.lookup', function() while true do end end) t.run(alert)", "CPU time");
    FAILS(blocker, "t.on('intel.lookup', function() error 'from the mock' end) t.run(alert)",
        "x.test.lua:3: from the mock");
    FAILS(blocker, "act.intel.lookup {}", "undefined global 'act'");
    FAILS(blocker, "io.open 'x'", "undefined global 'io'");
    FAILS(blocker, "string.rep = nil", "read-only");
    /* what runs may not reach into another test by the table it is given */
    CU_ASSERT_PTR_NOT_NULL(strstr(run_with(blocker,
                                      "test('a', function(t) t.did = nil end)\n"
                                      "test('b', function(t) t.on('intel.lookup', {}) "
                                      "t.on('contain.block_ip', {}) "
                                      "t.run { src = { ip = '192.0.2.7' } } t.did 'close' end)\n",
                                      NULL),
        "2/2"));
}

static void test_files_that_are_none(void)
{
    CU_ASSERT_PTR_NOT_NULL(
        strstr(run_with(blocker, "return 1", NULL), "error: x.test.lua: no tests"));
    CU_ASSERT_PTR_NOT_NULL(strstr(run_with(blocker, "test('a'", NULL), "error: x.test.lua:1:"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(run_with(blocker, "test('a')", NULL), "needs a name and a function"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(run_with(blocker, "test('a', function() end)\ntest('a', function() end)", NULL),
            "on line 1"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(run_with("x", "test('a', function() end)", NULL), "error: x.lua:1:"));
}

static enum hk_status check_call(
    void *ctx, const char *action, const char *args, const char *options, struct hk_error *error)
{
    (void)ctx;
    (void)options;
    if (strcmp(action, "intel.lookup") == 0 && strstr(args, "192.0.2.66") == NULL)
        return HK_OK;
    return hk_fail(error, HK_INVALID, "%s: no such thing", action);
}

static enum hk_status check_result(
    void *ctx, const char *action, const char *value, struct hk_error *error)
{
    (void)ctx;
    (void)action;
    return strstr(value, "wrong") == NULL ? HK_OK : hk_fail(error, HK_INVALID, "wrong is unknown");
}

static void test_schemas(void)
{
    const struct hk_suite_checker checker = {check_call, check_result, NULL};
    const char *got = run_with(blocker,
        "test('a', function(t) t.on('intel.lookup', {}) t.run { src = { ip = '192.0.2.66' } } "
        "end)\n"
        "test('b', function(t) t.on('intel.lookup', { wrong = 1 }) t.run { src = { ip = "
        "'192.0.2.7' } } end)\n"
        "test('c', function(t) t.on('intel.lookup', {}) t.run { src = { ip = '192.0.2.7' } } "
        "end)\n",
        &checker);

    CU_ASSERT_PTR_NOT_NULL(strstr(got, "0/3"));
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "x.lua:3: the engine would refuse act.intel.lookup"));
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "with what the plugin can't give: wrong is unknown"));
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "x.lua:5: the engine would refuse act.contain.block_ip"));
}

static struct hk_drive *drive_blocker(void)
{
    const struct hk_drive_setup setup = {.chunk = "x.lua",
        .source = blocker,
        .source_size = strlen(blocker),
        .alert = "{\"src\":{\"ip\":\"192.0.2.7\"}}",
        .started_us = 1767225600000000};
    struct hk_drive *drive = NULL;
    struct hk_error error;
    const struct hk_drive_step *step;

    CU_ASSERT_EQUAL_FATAL(hk_drive_new(&setup, &drive, &error), HK_OK);
    while ((step = hk_drive_next(drive)) != NULL)
        hk_drive_answer(
            drive, step->number, HK_ANSWER_OK, "{\"a\":1}", step->op[0] == 'w' ? 1800000 : 0);
    return drive;
}

/* A run is repeated on its record; a record that does not fit is found out. */
static void test_repeat(void)
{
    struct hk_drive *drive = drive_blocker();
    struct hk_error error;

    CU_ASSERT_EQUAL(hk_drive_end(drive), HK_DRIVE_FINISHED);
    CU_ASSERT_STRING_EQUAL(hk_drive_text(drive), "{\"verdict\":\"true_positive\"}");
    CU_ASSERT_EQUAL(hk_drive_now_us(drive), 1767225600000000 + 1800000000);
    CU_ASSERT_EQUAL(hk_drive_count(drive), 5);
    CU_ASSERT_EQUAL(hk_drive_repeat(drive, &error), HK_OK);
    ((struct hk_drive_step *)hk_drive_step(drive, 1))->args = "{\"ip\":\"192.0.2.8\"}";
    CU_ASSERT_EQUAL(hk_drive_repeat(drive, &error), HK_INVALID);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(error.text, "x.lua:5: step 1 was act contain.block_ip {\"ip\":\"192.0.2.8\"}"));
    hk_drive_free(drive);
    drive = drive_blocker();
    ((struct hk_drive_step *)hk_drive_step(drive, 1))->ok = false;
    CU_ASSERT_EQUAL(hk_drive_repeat(drive, &error), HK_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "and now close"));
    hk_drive_free(drive);
    hk_drive_free(NULL);
}

static void test_reports(void)
{
    static const char json[] =
        "{\"ok\":false,\"tests\":3,\"failed\":2,\"files\":[{\"file\":\"a<b.test.lua\",\"tests\":["
        "{\"name\":\"is "
        "#1\",\"ok\":true,\"ms\":1002},{\"name\":\"x\\ny\",\"ok\":false,\"where\":\"f:3\","
        "\"failure\":\"one\\n  <two>\",\"ms\":1}]},{\"file\":\"c\",\"problem\":\"not there\"}]}";
    struct hk_json_doc doc;
    struct hk_buf out;
    struct hk_error error;

    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse(json, strlen(json), &hk_json_limits_own, &doc, &error), HK_OK);
    hk_buf_init(&out, 65536);
    hk_report_write(doc.root, HK_REPORT_TEXT, &out);
    CU_ASSERT_STRING_EQUAL(out.data,
        "a<b.test.lua\n  ok    is #1\n  FAIL  x y\n        f:3: one\n          <two>\nc\n"
        "  FAIL  not there\n3 tests, 2 failed\n");
    hk_buf_clear(&out);
    hk_report_write(doc.root, HK_REPORT_TAP, &out);
    CU_ASSERT_STRING_EQUAL(out.data,
        "TAP version 13\nok 1 - a<b.test.lua: is \\#1\nnot ok 2 - a<b.test.lua: x y\n# f:3: one\n"
        "#   <two>\nnot ok 3 - c\n# not there\n1..3\n");
    hk_buf_clear(&out);
    hk_report_write(doc.root, HK_REPORT_JUNIT, &out);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(out.data, "<testsuite name=\"a&lt;b.test.lua\" tests=\"2\" failures=\"1\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(out.data, "name=\"is #1\" time=\"1.002\"/>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(out.data, ">f:3: one&#10;  &lt;two&gt;</failure>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(out.data, "<error>not there</error>"));
    hk_buf_done(&out);
    hk_json_doc_done(&doc);
}

static const struct suite_test tests[] = {
    {"expectations that hold", test_expectations_that_hold},
    {"a run that goes on as a new one", test_going_on},
    {"time and people", test_time_and_people},
    {"refusals are not retried", test_retry},
    {"failures are told", test_failures_are_told},
    {"hostile tests", test_hostile},
    {"files that are none", test_files_that_are_none},
    {"schemas", test_schemas},
    {"a run is repeated on its record", test_repeat},
    {"reports", test_reports},
};

int main(void)
{
    return suite_run("suite", tests, COUNT_OF(tests));
}
