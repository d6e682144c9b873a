/* The block list: what is settled is in the store and in the served file, whatever happens. */
#include "support/plugin_host.h"

#include <CUnit/Basic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const struct hk_plugin *plugin;
static char folder[256];

static void begin_with(const char *options)
{
    strncpy(folder, plugin_host_folder(), sizeof(folder) - 1);
    CU_ASSERT_EQUAL_FATAL(plugin_host_start(plugin, folder, options), 0);
}

static void restart(void)
{
    plugin_host_stop();
    CU_ASSERT_EQUAL_FATAL(plugin_host_start(plugin, folder, "{}"), 0);
}

static void end(void)
{
    CU_ASSERT_EQUAL(plugin_host_stray(), 0);
    plugin_host_stop();
    plugin_host_remove_folder(folder);
}

static void assert_file(const char *name, const char *expected)
{
    char *text = plugin_host_read(folder, name);
    CU_ASSERT_PTR_NOT_NULL(text);
    if (text)
        CU_ASSERT_STRING_EQUAL(text, expected);
    free(text);
}

static void assert_list(const char *expected)
{
    assert_file("blocklist.txt", expected);
}

static void assert_call(const char *action, const char *key, const char *undoes, const char *args,
    int outcome, const char *expected)
{
    const char *text;
    CU_ASSERT_EQUAL(plugin_host_call(action, key, undoes, args, &text), outcome);
    if (strcmp(text, expected) != 0)
        fprintf(stderr, "\n%s %s: %s, not %s\n", action, args, text, expected);
    CU_ASSERT_STRING_EQUAL(text, expected);
}

static void assert_probe(const char *key, int outcome)
{
    const char *text;
    CU_ASSERT_EQUAL(plugin_host_probe("block_ip", key, "{\"ip\":\"192.0.2.1\"}", &text), outcome);
}

static void test_list_is_sorted_and_survives(void)
{
    begin_with("{}");
    assert_list("");
    assert_call("block_ip", "k1", NULL, "{\"ip\":\"2001:db8::1\"}", HK_DONE,
        "{\"listed\":true,\"already\":false,\"entries\":1}");
    assert_call("block_ip", "k2", NULL, "{\"ip\":\"203.0.113.9\",\"comment\":\"a \\\"b\\\"\"}",
        HK_DONE, "{\"listed\":true,\"already\":false,\"entries\":2}");
    assert_call("block_ip", "k3", NULL, "{\"ip\":\"9.0.0.0/8\"}", HK_DONE,
        "{\"listed\":true,\"already\":false,\"entries\":3}");
    const char *lines = "9.0.0.0/8\n203.0.113.9\n2001:db8::1\n";
    assert_list(lines);
    restart();
    assert_list(lines);
    assert_call("verify", "k", NULL, "{\"ip\":\"9.1.2.3\"}", HK_DONE, "{\"listed\":true}");
    assert_call("verify", "k", NULL, "{\"ip\":\"203.0.113.9\"}", HK_DONE, "{\"listed\":true}");
    assert_call("verify", "k", NULL, "{\"ip\":\"203.0.113.8\"}", HK_DONE, "{\"listed\":false}");
    const char *text;
    CU_ASSERT_EQUAL(plugin_host_call("list", "k", NULL, "{}", &text), HK_DONE);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"comment\":\"a \\\"b\\\"\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"entries\":3"));
    end();
}

static void test_keys_are_counted(void)
{
    begin_with("{}");
    const char *args = "{\"ip\":\"192.0.2.1\"}";
    const char *mapped = "{\"ip\":\"::ffff:192.0.2.1\"}";
    assert_call(
        "block_ip", "k1", NULL, args, HK_DONE, "{\"listed\":true,\"already\":false,\"entries\":1}");
    assert_call(
        "block_ip", "k1", NULL, args, HK_DONE, "{\"listed\":true,\"already\":true,\"entries\":1}");
    assert_call("block_ip", "k2", NULL, mapped, HK_DONE,
        "{\"listed\":true,\"already\":true,\"entries\":1}");
    assert_list("192.0.2.1\n");
    assert_call("unblock_ip", "u1", "k1", args, HK_DONE,
        "{\"removed\":true,\"listed\":true,\"entries\":1}");
    assert_call("unblock_ip", "u1", "k1", args, HK_DONE,
        "{\"removed\":false,\"listed\":false,\"entries\":1}");
    assert_list("192.0.2.1\n");
    assert_call("unblock_ip", "u2", "k2", args, HK_DONE,
        "{\"removed\":true,\"listed\":false,\"entries\":0}");
    assert_list("");
    end();
}

/* Names and URLs have lists of their own, in one form however they are written. */
static void test_names_and_urls(void)
{
    const char *text;
    begin_with("{}");
    assert_file("domains.txt", "");
    assert_file("urls.txt", "");
    assert_call("block_domain", "k1", NULL, "{\"domain\":\"WWW.Evil.example.\"}", HK_DONE,
        "{\"listed\":true,\"already\":false,\"entries\":1}");
    assert_call("block_domain", "k2", NULL, "{\"domain\":\"www.evil.example\"}", HK_DONE,
        "{\"listed\":true,\"already\":true,\"entries\":1}");
    assert_call("block_domain", "k3", NULL, "{\"domain\":\"_x.a-b.example\"}", HK_DONE,
        "{\"listed\":true,\"already\":false,\"entries\":2}");
    assert_call("block_url", "k4", NULL,
        "{\"url\":\"HTTPS://Evil.example:0443/A?b=%20#c\",\"expires_ms\":60000}", HK_DONE,
        "{\"listed\":true,\"already\":false,\"entries\":1}");
    assert_call("block_url", "k5", NULL, "{\"url\":\"https://[2001:DB8::1]:80?x\"}", HK_DONE,
        "{\"listed\":true,\"already\":false,\"entries\":2}");
    assert_call("block_ip", "k6", NULL, "{\"ip\":\"192.0.2.1\"}", HK_DONE,
        "{\"listed\":true,\"already\":false,\"entries\":1}");
    restart();
    assert_file("domains.txt", "_x.a-b.example\nwww.evil.example\n");
    assert_file("urls.txt", "[2001:db8::1]:80/?x\nevil.example/A?b=%20\n");
    assert_list("192.0.2.1\n");
    CU_ASSERT_EQUAL(plugin_host_probe("block_url", "k4", "{}", &text), HK_DONE);
    CU_ASSERT_EQUAL(
        plugin_host_verify("block_domain", "k1", "{\"domain\":\"www.evil.example\"}", &text),
        HK_DONE);
    CU_ASSERT_STRING_EQUAL(text, "{\"holds\":true}");
    CU_ASSERT_EQUAL(
        plugin_host_verify("block_url", "k1", "{\"url\":\"http://www.evil.example\"}", &text),
        HK_DONE);
    CU_ASSERT_STRING_EQUAL(text, "{\"holds\":false,\"found\":\"no block of this has this key\"}");
    assert_call("unblock_domain", "u1", "k1", "{\"domain\":\"www.evil.example\"}", HK_DONE,
        "{\"removed\":true,\"listed\":true,\"entries\":2}");
    assert_call("unblock_domain", "u2", "k2", "{\"domain\":\"www.evil.example\"}", HK_DONE,
        "{\"removed\":true,\"listed\":false,\"entries\":1}");
    assert_call("unblock_domain", "u2", "k2", "{\"domain\":\"www.evil.example\"}", HK_DONE,
        "{\"removed\":false,\"listed\":false,\"entries\":1}");
    plugin_host_advance(61000);
    assert_file("domains.txt", "_x.a-b.example\n");
    assert_file("urls.txt", "[2001:db8::1]:80/?x\n");
    assert_call("block_domain", "k6", NULL, "{\"domain\":\"a.example\"}", HK_FAILED,
        "this key already blocks something else");
    CU_ASSERT_EQUAL(plugin_host_call("list", "k", NULL, "{}", &text), HK_DONE);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"entries\":3"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"url\":\"[2001:db8::1]:80/?x\""));
    end();
}

/* A line that products would read in another way than people did is refused. */
static void test_refuses_names_and_urls(void)
{
    static const char *const domains[] = {"example", "com.", "a..example", ".example", "-a.example",
        "*.example.net", "192.0.2.1", "a.1", "a b.example", "a.example/x", "a.example\\ny.example",
        "\u00fcber.example", "a.example#", "a,b.example"};
    static const char *const urls[] = {"evil.example/x", "ftp://evil.example/", "http://",
        "http:///x", "http://u@evil.example/", "http://evil.example:x/",
        "http://evil.example:70000/", "http://evil.example/a b", "http://evil.example/a\\nb",
        "http://evil.example\\\\@x.example/", "http://example/", "http://[192.0.2.1]/",
        "http://[::ffff:192.0.2.1]/", "http://[x]/", "http://[2001:db8::1", "http://2001:db8::1/",
        "http://0x7f.1/", "http://evil.example/<"};
    const char *text;
    char args[200];
    begin_with("{}");
    for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
        snprintf(args, sizeof(args), "{\"domain\":\"%s\"}", domains[i]);
        CU_ASSERT_EQUAL(plugin_host_call("block_domain", "k", NULL, args, &text), HK_FAILED);
    }
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        snprintf(args, sizeof(args), "{\"url\":\"%s\"}", urls[i]);
        CU_ASSERT_EQUAL(plugin_host_call("block_url", "k", NULL, args, &text), HK_FAILED);
    }
    assert_file("domains.txt", "");
    assert_file("urls.txt", "");
    end();
}

static void assert_verify(const char *key, const char *ip, const char *wanted)
{
    const char *text;
    char args[64];
    snprintf(args, sizeof(args), "{\"ip\":\"%s\"}", ip);
    CU_ASSERT_EQUAL(plugin_host_verify("block_ip", key, args, &text), HK_DONE);
    CU_ASSERT_STRING_EQUAL(text, wanted);
}

static void test_verify_looks_at_store_and_file(void)
{
    begin_with("{}");
    const char *text;
    const char *holds = "{\"holds\":true}";
    CU_ASSERT_EQUAL(plugin_host_call("block_ip", "k1", NULL,
                        "{\"ip\":\"192.0.2.1\",\"expires_ms\":60000}", &text),
        HK_DONE);
    assert_verify("k1", "192.0.2.1", holds);
    const char *nobody = "{\"holds\":false,\"found\":\"no block of this has this key\"}";
    assert_verify("k2", "192.0.2.1", nobody);
    assert_verify("k1", "192.0.2.2", nobody);
    plugin_host_write(folder, "blocklist.txt", "");
    assert_verify("k1", "192.0.2.1",
        "{\"holds\":false,\"found\":\"the file that is served does not have it\"}");
    plugin_host_write(folder, "blocklist.txt", "192.0.2.0/24\n");
    assert_verify("k1", "192.0.2.1", holds);
    plugin_host_advance(61000);
    assert_verify("k1", "192.0.2.1", "{\"holds\":false,\"found\":\"the block has expired\"}");
    end();
}

static void test_probe_knows_the_key(void)
{
    begin_with("{}");
    assert_probe("k1", HK_DID_NOT);
    assert_call("block_ip", "k1", NULL, "{\"ip\":\"192.0.2.1\"}", HK_DONE,
        "{\"listed\":true,\"already\":false,\"entries\":1}");
    assert_probe("k1", HK_DONE);
    restart();
    assert_probe("k1", HK_DONE);
    assert_probe("k2", HK_DID_NOT);
    end();
}

static void test_blocks_expire(void)
{
    begin_with("{}");
    assert_call("block_ip", "k1", NULL, "{\"ip\":\"192.0.2.1\",\"expires_ms\":10000000}", HK_DONE,
        "{\"listed\":true,\"already\":false,\"entries\":1}");
    plugin_host_advance(9999000);
    assert_list("192.0.2.1\n");
    plugin_host_advance(2000);
    assert_list("");
    assert_probe("k1", HK_DONE); /* it did happen */
    assert_call("block_ip", "k2", NULL, "{\"ip\":\"192.0.2.2\",\"expires_ms\":5000}", HK_DONE,
        "{\"listed\":true,\"already\":false,\"entries\":1}");
    plugin_host_stop();
    plugin_host_advance(5001); /* while nothing runs */
    CU_ASSERT_EQUAL_FATAL(plugin_host_start(plugin, folder, "{}"), 0);
    assert_list("");
    plugin_host_advance(25 * 3600 * 1000);
    restart();
    assert_probe("k1", HK_DID_NOT); /* forgotten a day later */
    end();
}

static void test_refuses(void)
{
    static const char *const bad[] = {"{\"ip\":\"0.0.0.0/0\"}", "{\"ip\":\"::/0\"}",
        "{\"ip\":\"::ffff:0.0.0.0/96\"}", "{\"ip\":\"::/1\"}", "{\"ip\":\"10.0.0.1/8\"}",
        "{\"ip\":\"010.0.0.1\"}", "{\"ip\":\"192.0.2.1/33\"}", "{\"ip\":\"\"}",
        "{\"ip\":\"x.example\"}", "{\"ip\":\"1.2.3.4\\n5.6.7.8\"}", "{}",
        "{\"ip\":\"192.0.2.1\",\"expires_ms\":0}"};
    const char *text;
    begin_with("{\"max_entries\":1}");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CU_ASSERT_EQUAL(plugin_host_call("block_ip", "k", NULL, bad[i], &text), HK_FAILED);
        assert_probe("k", HK_DID_NOT);
    }
    assert_list("");
    CU_ASSERT_EQUAL(
        plugin_host_call("block_ip", "k", NULL, "{\"ip\":\"192.0.2.1\"}", &text), HK_DONE);
    assert_call("block_ip", "k", NULL, "{\"ip\":\"192.0.2.2\"}", HK_FAILED,
        "this key already blocks something else");
    assert_call("block_ip", "k2", NULL, "{\"ip\":\"192.0.2.2\"}", HK_FAILED,
        "the list is full, see max_entries");
    assert_call("unblock_ip", "u", NULL, "{\"ip\":\"192.0.2.1\"}", HK_FAILED,
        "only a block can be undone, and none was named");
    assert_list("192.0.2.1\n");
    end();
}

static void test_damaged_store_is_left_alone(void)
{
    const char *text;
    begin_with("{}");
    plugin_host_call("block_ip", "k1", NULL, "{\"ip\":\"192.0.2.1\"}", &text);
    plugin_host_call("block_ip", "k2", NULL, "{\"ip\":\"192.0.2.2\"}", &text);
    plugin_host_stop();
    char *whole = plugin_host_read(folder, "edl.json");
    CU_ASSERT_PTR_NOT_NULL(whole);
    if (!whole)
        return;
    size_t size = strlen(whole);
    for (size_t i = 0; i <= size; i++) {
        char *damaged = strdup(whole);
        if (i < size && damaged[i] != '\n')
            damaged[i] = damaged[i] == '1' ? '2' : '1';
        else
            damaged[size / 2] = '\0';
        plugin_host_write(folder, "edl.json", damaged);
        int result = plugin_host_start(plugin, folder, "{}");
        char *after = plugin_host_read(folder, "edl.json");
        CU_ASSERT_STRING_EQUAL(after, damaged);
        if (result == 0)
            fprintf(stderr, "\nnot noticed: byte %zu of %s\n", i, damaged);
        CU_ASSERT_EQUAL(result, -1);
        if (result != 0)
            CU_ASSERT_PTR_NOT_NULL(strstr(plugin_host_log(), "edl.json is damaged"));
        assert_list("192.0.2.1\n192.0.2.2\n");
        free(after);
        free(damaged);
        if (result == 0)
            plugin_host_stop();
    }
    plugin_host_write(folder, "edl.json", whole);
    free(whole);
    CU_ASSERT_EQUAL_FATAL(plugin_host_start(plugin, folder, "{}"), 0);
    end();
}

static void test_unwritable_store_fails_the_call(void)
{
    const char *text;
    char path[512];
    begin_with("{}");
    snprintf(path, sizeof(path), "%s/edl.json.new", folder);
    CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0); /* stands in the way */
    CU_ASSERT_EQUAL(
        plugin_host_call("block_ip", "k1", NULL, "{\"ip\":\"192.0.2.1\"}", &text), HK_FAILED);
    assert_probe("k1", HK_DID_NOT);
    assert_list("");
    CU_ASSERT_EQUAL_FATAL(rmdir(path), 0);

    snprintf(path, sizeof(path), "%s/blocklist.txt.new", folder);
    CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
    CU_ASSERT_EQUAL(
        plugin_host_call("block_ip", "k2", NULL, "{\"ip\":\"192.0.2.2\"}", &text), HK_UNKNOWN);
    assert_probe("k2", HK_UNKNOWN);
    CU_ASSERT_EQUAL_FATAL(rmdir(path), 0);
    plugin_host_advance(6000);
    assert_list("192.0.2.2\n");
    assert_probe("k2", HK_DONE);
    end();
}

/* The child blocks and tells each settlement through a pipe, until it is killed. */
static void block_until_killed(int out)
{
    for (unsigned i = 0; i < 60000; i++) {
        char key[16];
        char args[64];
        const char *text;
        snprintf(key, sizeof(key), "k%u", i);
        snprintf(args, sizeof(args), "{\"ip\":\"10.0.%u.%u\"}", i / 256, i % 256);
        if (plugin_host_call("block_ip", key, NULL, args, &text) != HK_DONE ||
            write(out, &i, sizeof(i)) != (ssize_t)sizeof(i))
            _exit(1);
    }
    _exit(0);
}

static unsigned kill_after(long wait_us)
{
    int ends[2];
    if (pipe(ends) < 0)
        abort();
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        block_until_killed(ends[1]);
    }
    close(ends[1]);
    struct timespec wait = {0, wait_us * 1000};
    nanosleep(&wait, NULL);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    unsigned settled = 0;
    unsigned number;
    while (read(ends[0], &number, sizeof(number)) == (ssize_t)sizeof(number))
        settled = number + 1;
    close(ends[0]);
    return settled;
}

static void test_settled_blocks_survive_a_kill(void)
{
    unsigned total = 0;
    uint32_t chance = 7; /* the same run each time, as far as the scheduler lets it */
    for (int round = 0; round < 40; round++) {
        begin_with("{}");
        chance = chance * 1664525U + 1013904223U;
        unsigned settled = kill_after(chance / 65536 % 20000);
        total += settled;
        plugin_host_stop();
        CU_ASSERT_EQUAL_FATAL(plugin_host_start(plugin, folder, "{}"), 0);
        char *list = plugin_host_read(folder, "blocklist.txt");
        for (unsigned i = 0; i < settled; i++) {
            char text[32];
            snprintf(text, sizeof(text), "k%u", i);
            assert_probe(text, HK_DONE);
            snprintf(text, sizeof(text), "10.0.%u.%u\n", i / 256, i % 256);
            CU_ASSERT_PTR_NOT_NULL(strstr(list, text));
        }
        free(list);
        end();
    }
    CU_ASSERT_TRUE(total > 0);
}

int main(void)
{
    plugin = plugin_host_load("plugins", "edl");
    if (!plugin || CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    CU_pSuite suite = CU_add_suite("edl", NULL, NULL);
    CU_ADD_TEST(suite, test_list_is_sorted_and_survives);
    CU_ADD_TEST(suite, test_keys_are_counted);
    CU_ADD_TEST(suite, test_names_and_urls);
    CU_ADD_TEST(suite, test_refuses_names_and_urls);
    CU_ADD_TEST(suite, test_probe_knows_the_key);
    CU_ADD_TEST(suite, test_verify_looks_at_store_and_file);
    CU_ADD_TEST(suite, test_blocks_expire);
    CU_ADD_TEST(suite, test_refuses);
    CU_ADD_TEST(suite, test_damaged_store_is_left_alone);
    CU_ADD_TEST(suite, test_unwritable_store_fails_the_call);
    CU_ADD_TEST(suite, test_settled_blocks_survive_a_kill);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures > 0;
}
