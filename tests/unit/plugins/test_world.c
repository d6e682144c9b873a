/* The world of the crash tests: each effect class leaves the lines that its promise allows. */
#include "support/plugin_host.h"

#include <CUnit/Basic.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct hk_plugin *plugin;
static char folder[256];

static void begin(void)
{
    strncpy(folder, plugin_host_folder(), sizeof(folder) - 1);
    CU_ASSERT_EQUAL_FATAL(plugin_host_start(plugin, folder, "{}"), 0);
}

static void end(void)
{
    CU_ASSERT_EQUAL(plugin_host_stray(), 0);
    plugin_host_stop();
    plugin_host_remove_folder(folder);
}

static void assert_log(const char *expected)
{
    char *text = plugin_host_read(folder, "world.log");
    CU_ASSERT_STRING_EQUAL(text, expected);
    free(text);
}

static void assert_call(const char *action, const char *key, const char *undoes, const char *args,
    int outcome, const char *expected)
{
    const char *text;
    CU_ASSERT_EQUAL(plugin_host_call(action, key, undoes, args, &text), outcome);
    CU_ASSERT_STRING_EQUAL(text, expected);
}

static void test_effects(void)
{
    begin();
    const char *args = "{\"target\":\"a b\"}";
    assert_call("touch_idempotent", "k1", NULL, args, HK_DONE, "{\"effects\":1}");
    assert_call("touch_idempotent", "k1", NULL, args, HK_DONE, "{\"effects\":1}");
    assert_call("touch_probeable", "k2", NULL, args, HK_DONE, "{\"effects\":1}");
    assert_call("touch_once", "k3", NULL, args, HK_DONE, "{\"effects\":1}");
    assert_call("touch_once", "k3", NULL, args, HK_DONE, "{\"effects\":2}");
    assert_call("touch_read", "k4", NULL, args, HK_DONE, "{\"effects\":4}");
    assert_call("undo_once", "u3", "k3", args, HK_DONE, "{\"effects\":2}");
    assert_call("undo_once", "u3", "k3", args, HK_DONE, "{\"effects\":2}");
    assert_call("undo_once", "u3", NULL, args, HK_FAILED, "nothing was named to undo");
    assert_call(
        "touch_once", "k5", NULL, "{\"target\":\"x\",\"fail\":true}", HK_FAILED, "asked to fail");
    assert_log("k1 touch_idempotent a_b\nREPEAT k1\nk2 touch_probeable a_b\n"
               "k3 touch_once a_b\nk3 touch_once a_b\nREAD k4 a_b\nUNDO k3\nREPEAT u3\n");
    end();
}

static void test_probe_answers_from_the_store(void)
{
    const char *text;
    begin();
    CU_ASSERT_EQUAL(plugin_host_probe("touch_probeable", "k1", "{}", &text), HK_DID_NOT);
    assert_call("touch_probeable", "k1", NULL, "{\"target\":\"x\"}", HK_DONE, "{\"effects\":1}");
    CU_ASSERT_EQUAL(plugin_host_probe("touch_probeable", "k1", "{}", &text), HK_DONE);
    CU_ASSERT_STRING_EQUAL(text, "{\"effects\":1}");
    plugin_host_stop();
    CU_ASSERT_EQUAL_FATAL(plugin_host_start(plugin, folder, "{}"), 0);
    CU_ASSERT_EQUAL(plugin_host_probe("touch_probeable", "k1", "{}", &text), HK_DONE);
    end();
}

static void test_waits_before_and_after(void)
{
    enum hk_outcome outcome;
    const char *text;
    begin();
    uint64_t id = plugin_host_begin("touch_once", "k1", NULL,
        "{\"target\":\"x\",\"before_ms\":100,\"block_ms\":1,\"after_ms\":100}", false);
    assert_log("");
    plugin_host_advance(100);
    assert_log("k1 touch_once x\n");
    CU_ASSERT_FALSE(plugin_host_settled(id, &outcome, &text));
    plugin_host_advance(100);
    CU_ASSERT_TRUE(plugin_host_settled(id, &outcome, &text));

    id = plugin_host_begin("touch_once", "k2", NULL, "{\"target\":\"x\",\"before_ms\":9}", false);
    plugin_host_cancel("touch_once", id);
    CU_ASSERT_TRUE_FATAL(plugin_host_settled(id, &outcome, &text));
    CU_ASSERT_EQUAL(outcome, HK_FAILED);
    assert_log("k1 touch_once x\n");
    end();
}

static void crash(const char *args, const char *expected_log)
{
    pid_t child = fork();
    if (child == 0) {
        const char *text;
        close(STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        plugin_host_call("touch_probeable", "k1", NULL, args, &text);
        _exit(0);
    }
    int status = 0;
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_log(expected_log);
}

static void test_crashes_on_either_side_of_the_effect(void)
{
    const char *text;
    begin();
    crash("{\"target\":\"x\",\"crash\":\"before\"}", "");
    CU_ASSERT_EQUAL(plugin_host_probe("touch_probeable", "k1", "{}", &text), HK_DID_NOT);
    crash("{\"target\":\"x\",\"crash\":\"after\"}", "k1 touch_probeable x\n");
    CU_ASSERT_EQUAL(plugin_host_probe("touch_probeable", "k1", "{}", &text), HK_DONE);
    end();
}

int main(void)
{
    plugin = plugin_host_load("tests/plugins", "world");
    if (!plugin || CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    CU_pSuite suite = CU_add_suite("world", NULL, NULL);
    CU_ADD_TEST(suite, test_effects);
    CU_ADD_TEST(suite, test_probe_answers_from_the_store);
    CU_ADD_TEST(suite, test_waits_before_and_after);
    CU_ADD_TEST(suite, test_crashes_on_either_side_of_the_effect);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures > 0;
}
