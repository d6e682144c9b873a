/* Local lists: what is on a list is found, in whatever way it is written; broken files change
 * nothing. */
#include "support/plugin_host.h"

#include <CUnit/Basic.h>
#include <cjson/cJSON.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct hk_plugin *plugin;
static char folder[256];

static void begin(void)
{
    strncpy(folder, plugin_host_folder(), sizeof(folder) - 1);
}

static void start(const char *more_options)
{
    char options[1024];
    snprintf(options, sizeof(options), "{\"folder\":\"%s\"%s}", folder, more_options);
    CU_ASSERT_EQUAL_FATAL(plugin_host_start(plugin, folder, options), 0);
}

static void end(void)
{
    CU_ASSERT_EQUAL(plugin_host_stray(), 0);
    plugin_host_stop();
    plugin_host_remove_folder(folder);
}

/* "good", "bad", both, or "" and the first list's name and match: "good|name|match". */
static const char *look(const char *kind, const char *text)
{
    static char answer[4096];
    const char *result;
    cJSON *args = cJSON_CreateObject();
    cJSON_AddStringToObject(args, kind, text);
    char *args_text = cJSON_PrintUnformatted(args);
    int outcome = plugin_host_call("lookup", "k", NULL, args_text, &result);
    if (outcome == HK_DONE) {
        cJSON *root = cJSON_Parse(result);
        const cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "lists"), 0);
        const char *match = cJSON_GetStringValue(cJSON_GetObjectItem(first, "match"));
        snprintf(answer, sizeof(answer), "%s%s|%s|%s",
            cJSON_IsTrue(cJSON_GetObjectItem(root, "known_good")) ? "good" : "",
            cJSON_IsTrue(cJSON_GetObjectItem(root, "known_bad")) ? "bad" : "",
            cJSON_GetStringValue(cJSON_GetObjectItem(root, "list")), match ? match : "");
        cJSON_Delete(root);
    } else {
        snprintf(answer, sizeof(answer), "failed: %s", result);
    }
    cJSON_free(args_text);
    cJSON_Delete(args);
    return answer;
}

static void assert_look(const char *kind, const char *text, const char *expected)
{
    const char *got = look(kind, text);
    if (strcmp(got, expected) != 0)
        fprintf(stderr, "\n%s %s: %s, not %s\n", kind, text, got, expected);
    CU_ASSERT_STRING_EQUAL(got, expected);
}

static void test_text_lists(void)
{
    begin();
    plugin_host_write(folder, "bad.txt",
        "# name: Bad things\n# verdict: bad\n\n198.51.100.0/25 # a net\n203.0.113.7\n"
        "2001:db8:bad::/48\n192.0.2.1/24\nevil.example\nhttp://Shop.Example:80/Kit.zip#x\n"
        "D41D8CD98F00B204E9800998ECF8427E\n"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n");
    plugin_host_write(folder, "hosts.txt", "#type: host\n# verdict: good\r\nonly.example\r\n");
    plugin_host_write(folder, "notes.txt", "203.0.113.8\n");
    start("");
    assert_look("ip", "198.51.100.127", "bad|Bad things|198.51.100.0/25");
    assert_look("ip", "::ffff:198.51.100.1", "bad|Bad things|198.51.100.0/25");
    assert_look("ip", "198.51.100.128", "||");
    assert_look("ip", "203.0.113.7", "bad|Bad things|203.0.113.7");
    assert_look("ip", "203.0.113.8", "|notes.txt|203.0.113.8");
    assert_look("ip", "192.0.2.99", "bad|Bad things|192.0.2.0/24");
    assert_look("ip", "2001:DB8:BAD:1::9", "bad|Bad things|2001:db8:bad::/48");
    assert_look("domain", "EVIL.example.", "bad|Bad things|evil.example");
    assert_look("domain", "a.b.evil.example", "bad|Bad things|evil.example");
    assert_look("domain", "notevil.example", "||");
    assert_look("domain", "only.example", "good|hosts.txt|only.example");
    assert_look("domain", "not.only.example", "||");
    assert_look("url", "https://shop.example:443/Kit.zip", "bad|Bad things|shop.example/Kit.zip");
    assert_look("url", "https://shop.example/kit.zip", "||");
    assert_look("url", "http://only.example@x.evil.example/", "bad|Bad things|evil.example");
    assert_look("url", "http://x.evil.example\\@only.example/", "bad|Bad things|evil.example");
    assert_look("url", "http://[2001:db8:bad::1]:8080/", "bad|Bad things|2001:db8:bad::/48");
    assert_look("hash", "d41d8cd98f00b204e9800998ecf8427e",
        "bad|Bad things|d41d8cd98f00b204e9800998ecf8427e");
    assert_look("ip", "198.51.100.300", "failed: ip is not an address");
    assert_look("ip", "198.51.100.0/24", "failed: ip is not an address");
    assert_look("url", "http://", "failed: url is not a URL");
    assert_look("url", "http://2130706433/", "||");
    assert_look("none", "x", "failed: one of ip, domain, url, hash is needed");
    end();
}

static void test_warning_lists(void)
{
    begin();
    plugin_host_write(folder, "a.json",
        "{\"name\":\"Nets\",\"type\":\"cidr\",\"list\":[\"10.0.0.0/8\",\"10.1.0.0/16\"]}");
    plugin_host_write(folder, "b.json",
        "{\"name\":\"Names\",\"type\":\"hostname\",\"list\":[\".example.org\",\"example.com\"]}");
    plugin_host_write(folder, "c.json",
        "{\"name\":\"Texts\",\"type\":\"string\",\"list\":[\"example.net\"],"
        "\"matching_attributes\":[\"domain\"]}");
    plugin_host_write(
        folder, "d.json", "{\"name\":\"Parts\",\"type\":\"substring\",\"list\":[\"tracker\"]}");
    plugin_host_write(folder, "e.json",
        "{\"name\":\"Patterns\",\"type\":\"regex\",\"list\":[\"^mail[0-9]+\\\\.\",\"\\\\d+\",\"(\"]"
        "}");
    plugin_host_write(folder, "f.json",
        "{\"name\":\"Sums\",\"type\":\"string\",\"list\":[\"3::\"],"
        "\"matching_attributes\":[\"ssdeep\"]}");
    start("");
    assert_look("ip", "10.1.2.3", "good|Nets|10.0.0.0/8");
    assert_look("domain", "www.example.org", "good|Names|example.org");
    assert_look("domain", "www.example.com", "good|Names|example.com");
    assert_look("domain", "example.net", "good|Texts|example.net");
    assert_look("domain", "www.example.net", "||");
    assert_look("domain", "a-tracker.test", "|Parts|tracker");
    assert_look("domain", "mail12.test", "|Patterns|^mail[0-9]+\\.");
    assert_look("hash", "3::", "good|Sums|3::");
    CU_ASSERT_PTR_NOT_NULL(strstr(plugin_host_log(), "Patterns: 2 of 3 patterns are not used"));
    plugin_host_stop();
    start(",\"folder_verdict\":\"note\"");
    assert_look("ip", "10.1.2.3", "|Nets|10.0.0.0/8");
    end();
}

static void test_options_name_files(void)
{
    char options[1024];
    const char *text;
    begin();
    plugin_host_write(folder, "a.list", "192.0.2.1\n");
    plugin_host_write(folder, "b.list", "192.0.2.1\n");
    snprintf(options, sizeof(options),
        "{\"lists\":[{\"file\":\"%s/a.list\",\"verdict\":\"good\",\"name\":\"A\"},"
        "{\"file\":\"%s/b.list\",\"verdict\":\"bad\",\"type\":\"address\"},"
        "{\"file\":\"%s/missing.list\"}]}",
        folder, folder, folder);
    CU_ASSERT_EQUAL_FATAL(plugin_host_start(plugin, folder, options), 0);
    assert_look("ip", "192.0.2.1", "goodbad|b.list|192.0.2.1"); /* bad is named first */
    CU_ASSERT_EQUAL(plugin_host_call("lookup", "k", NULL, "{\"ip\":\"1.1.1.1\"}", &text), HK_DONE);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"unread\":1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(plugin_host_log(), "missing.list: No such file"));
    CU_ASSERT_EQUAL(plugin_host_call("lists", "k", NULL, "{}", &text), HK_DONE);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"name\":\"A\",\"verdict\":\"good\",\"entries\":1"));
    plugin_host_stop();
    static const char *const bad[] = {"{\"lists\":[{}]}", "{\"lists\":[{\"file\":\"x\"}]}",
        "{\"lists\":[{\"file\":\"/x\",\"verdict\":\"fine\"}]}",
        "{\"lists\":[{\"file\":\"/x\",\"type\":\"thing\"}]}", "{\"lists\":\"/x\"}",
        "{\"folder\":\"x\"}", "{\"folder_verdict\":\"x\"}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CU_ASSERT_EQUAL(plugin_host_start(plugin, folder, bad[i]), -1);
    plugin_host_remove_folder(folder);
}

static void test_changes_are_taken_and_breakage_is_not(void)
{
    begin();
    plugin_host_write(folder, "a.txt", "#verdict: bad\n192.0.2.1\n");
    plugin_host_write(folder, "b.json", "{\"type\":\"cidr\",\"list\":[\"192.0.2.2\"]}");
    start("");
    assert_look("ip", "192.0.2.1", "bad|a.txt|192.0.2.1");
    plugin_host_write(folder, "a.txt", "#verdict: bad\n192.0.2.1\n192.0.2.3\n");
    plugin_host_write(folder, "c.txt", "192.0.2.4\n");
    assert_look("ip", "192.0.2.3", "||");
    plugin_host_advance(61000);
    assert_look("ip", "192.0.2.3", "bad|a.txt|192.0.2.3");
    assert_look("ip", "192.0.2.4", "|c.txt|192.0.2.4");

    plugin_host_write(folder, "a.txt", "#verdict: bad\n192.0.2.1\n192.0.2.999\n");
    plugin_host_write(folder, "b.json", "{\"type\":\"cidr\",\n\"list\":[\"192.0.2.2\", 5]}");
    plugin_host_write(folder, "c.txt", "#verdict: maybe\n");
    plugin_host_advance(61000);
    assert_look("ip", "192.0.2.3", "bad|a.txt|192.0.2.3");
    assert_look("ip", "192.0.2.2", "good|b.json|192.0.2.2");
    assert_look("ip", "192.0.2.4", "|c.txt|192.0.2.4");
    CU_ASSERT_PTR_NOT_NULL(strstr(plugin_host_log(), "b.json: entry 2: it is not a string"));
    CU_ASSERT_PTR_NOT_NULL(strstr(plugin_host_log(), "c.txt:1: the verdict is none of"));
    plugin_host_write(folder, "b.json", "{\"type\":\"cidr\",\n\n\"list\":");
    plugin_host_advance(61000);
    CU_ASSERT_PTR_NOT_NULL(strstr(plugin_host_log(), "b.json:3: not JSON"));
    assert_look("ip", "192.0.2.2", "good|b.json|192.0.2.2");
    size_t logged = strlen(plugin_host_log());
    plugin_host_advance(600000);
    CU_ASSERT_EQUAL(strlen(plugin_host_log()), logged); /* said once */

    char path[512];
    snprintf(path, sizeof(path), "%s/b.json", folder);
    unlink(path);
    plugin_host_advance(61000);
    assert_look("ip", "192.0.2.2", "||");
    end();
}

static void test_broken_lines(void)
{
    static const char *const bad[] = {"#type: address\nx.example\n", "#type: hash\n\n\xff\n",
        "a b\n", "http://\n", "192.0.2.0/33\n", "1.2.3.4,x\n"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        begin();
        plugin_host_write(folder, "a.txt", bad[i]);
        start("");
        look("ip", "192.0.2.1");
        if (!strstr(plugin_host_log(), "a.txt:"))
            fprintf(stderr, "\naccepted: %s\n", bad[i]);
        CU_ASSERT_PTR_NOT_NULL(strstr(plugin_host_log(), "a.txt:"));
        end();
    }
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void test_a_million_entries(void)
{
    begin();
    char path[512];
    snprintf(path, sizeof(path), "%s/big.txt", folder);
    FILE *file = fopen(path, "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (uint32_t i = 0; i < 500000; i++) {
        uint32_t mixed = i * 2654435761U;
        fprintf(file, "%u.%u.%u.%u\nh%08" PRIx32 ".x%u.example\n", mixed >> 24, mixed >> 16 & 255,
            mixed >> 8 & 255, mixed & 255, mixed, i % 100);
    }
    fclose(file);
    double began = seconds();
    start("");
    assert_look("ip", "0.0.0.0", "|big.txt|0.0.0.0");
    double loaded = seconds() - began;
    assert_look("domain", "a.h9e3779b1.x1.example", "|big.txt|h9e3779b1.x1.example");
    began = seconds();
    for (int i = 0; i < 10000; i++)
        look("domain", "www.h9e3779b1.x2.example");
    printf("\n  1000000 entries: read in %.2f s, call with JSON in %.1f us ", loaded,
        (seconds() - began) * 100);
    end();
}

/* ---- the real warning lists ---- */

static const char *shared_folder(void)
{
    static char path[2048];
    const char *shared = getenv("HK_SHARED");
    const char *source = getenv("HIKESHI_SOURCE");
    if (shared)
        snprintf(path, sizeof(path), "%s/data/misp-warninglists", shared);
    else
        snprintf(path, sizeof(path), "%s/../shared/data/misp-warninglists", source ? source : ".");
    return access(path, R_OK) == 0 ? path : NULL;
}

static char *before_slash(const char *text)
{
    char *copy = strdup(text);
    copy[strcspn(copy, "/")] = '\0';
    return copy;
}

static bool names_list(const char *kind, const char *text, const char *name)
{
    const char *result;
    cJSON *args = cJSON_CreateObject();
    cJSON_AddStringToObject(args, kind, text);
    char *args_text = cJSON_PrintUnformatted(args);
    bool is_named = false;
    if (plugin_host_call("lookup", "k", NULL, args_text, &result) == HK_DONE) {
        cJSON *root = cJSON_Parse(result);
        const cJSON *item;
        cJSON_ArrayForEach(item, cJSON_GetObjectItem(root, "lists")) is_named |=
            strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(item, "name")), name) == 0;
        cJSON_Delete(root);
    }
    cJSON_free(args_text);
    cJSON_Delete(args);
    return is_named;
}

static bool entry_is_found(const char *entry, const char *type, const char *name)
{
    char *address = before_slash(entry);
    bool is_found = strcmp(type, "cidr") == 0
                        ? names_list("ip", address, name)
                        : names_list("domain", entry, name) || names_list("hash", entry, name) ||
                              names_list("url", entry, name);
    free(address);
    return is_found;
}

static void check_real_list(const char *dir, const char *file)
{
    char options[4096];
    char *text = plugin_host_read(dir, file);
    cJSON *root = cJSON_Parse(text);
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(root, "name"));
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItem(root, "type"));
    const cJSON *entry;
    snprintf(options, sizeof(options), "{\"lists\":[{\"file\":\"%s/%s\"}]}", dir, file);
    CU_ASSERT_EQUAL_FATAL(plugin_host_start(plugin, folder, options), 0);
    cJSON_ArrayForEach(entry, cJSON_GetObjectItem(root, "list"))
    {
        bool is_found = entry_is_found(entry->valuestring, type, name);
        if (!is_found)
            fprintf(stderr, "\n%s: %s is not found\n", file, entry->valuestring);
        CU_ASSERT_TRUE(is_found);
    }
    CU_ASSERT_STRING_EQUAL(plugin_host_log(), "");
    plugin_host_stop();
    cJSON_Delete(root);
    free(text);
}

static void test_real_warning_lists(void)
{
    const char *shared = shared_folder();
    DIR *dir = shared ? opendir(shared) : NULL;
    if (!dir) {
        printf("\n  skipped: no warning lists here (HK_SHARED/data/misp-warninglists) ");
        return;
    }
    begin();
    unsigned count = 0;
    const struct dirent *entry;
    while ((entry = readdir(dir))) {
        if (!strstr(entry->d_name, ".json") || strcmp(entry->d_name, "schema.json") == 0)
            continue;
        check_real_list(shared, entry->d_name);
        count++;
    }
    closedir(dir);
    plugin_host_remove_folder(folder);
    printf("\n  %u warning lists ", count);
}

int main(void)
{
    plugin = plugin_host_load("plugins", "intel");
    if (!plugin || CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    CU_pSuite suite = CU_add_suite("intel", NULL, NULL);
    CU_ADD_TEST(suite, test_text_lists);
    CU_ADD_TEST(suite, test_warning_lists);
    CU_ADD_TEST(suite, test_options_name_files);
    CU_ADD_TEST(suite, test_changes_are_taken_and_breakage_is_not);
    CU_ADD_TEST(suite, test_broken_lines);
    CU_ADD_TEST(suite, test_a_million_entries);
    CU_ADD_TEST(suite, test_real_warning_lists);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures > 0;
}
