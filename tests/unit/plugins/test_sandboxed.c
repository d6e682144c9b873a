/* The plugins that come with the engine, in a real plugin process with its sandbox. */
#include "plugin/fixture.h"
#include "support/plugin_host.h"

static const struct answer *call(
    struct fixture *f, const char *plugin, const char *action, const char *args)
{
    const struct answer *answer = fixture_call(f, plugin, action, args);

    if (answer->end != HK_CALL_DONE)
        fprintf(stderr, "%s.%s %s: %s\n", plugin, action, args, answer->text);
    CU_ASSERT_EQUAL(answer->end, HK_CALL_DONE);
    return answer;
}

static void load(struct fixture *f, const char *file, const char *name, const char *options,
    const char *const *grants)
{
    struct hk_error error = {0};

    CU_ASSERT_EQUAL_FATAL(fixture_add_as(f, file, name, options, grants, &error), HK_OK);
    CU_ASSERT_FATAL(fixture_until(f, fixture_is_settled));
    if (f->load_error.status != HK_OK)
        fprintf(stderr, "%s\n", f->load_error.text);
    CU_ASSERT_EQUAL_FATAL(f->load_error.status, HK_OK);
}

static void edl_lists_and_serves(void)
{
    struct fixture f;
    char path[512];
    char line[64] = "";
    const char *content_type = NULL;

    fixture_begin(&f);
    load(&f, "../../plugins/edl", "edl", "{}", NULL);
    const struct answer *a =
        call(&f, "edl", "block_ip", "{\"ip\":\"203.0.113.7\",\"expires_ms\":3600000}");
    CU_ASSERT_STRING_EQUAL(a->text, "{\"listed\":true,\"already\":false,\"entries\":1}");
    CU_ASSERT_TRUE_FATAL(hk_pool_served_file(
        f.pool, "acme", "edl", "blocklist.txt", path, sizeof(path), &content_type));
    FILE *file = fopen(path, "re");
    CU_ASSERT_PTR_NOT_NULL(file);
    if (file) {
        CU_ASSERT_PTR_NOT_NULL(fgets(line, sizeof(line), file));
        fclose(file);
    }
    CU_ASSERT_STRING_EQUAL(line, "203.0.113.7\n");
    CU_ASSERT_PTR_NOT_NULL(content_type);

    uint64_t id = fixture_begin_call(
        &f, HK_CALL_PROBE, "edl", "block_ip", "k", "{\"ip\":\"203.0.113.7\"}", 5000);
    CU_ASSERT_TRUE(fixture_until(&f, fixture_all_answered));
    CU_ASSERT_EQUAL(fixture_answer(&f, id)->end, HK_CALL_DONE);
    a = call(&f, "edl", "verify", "{\"ip\":\"203.0.113.7\"}");
    CU_ASSERT_STRING_EQUAL(a->text, "{\"listed\":true}");
    a = call(&f, "edl", "list", "{}");
    CU_ASSERT_PTR_NOT_NULL(strstr(a->text, "\"ip\":\"203.0.113.7\""));
    fixture_end(&f);
}

static void intel_reads_what_was_granted(void)
{
    struct fixture f;
    const char *folder = plugin_host_folder(); /* the data folder can't be granted */
    char grant[320];
    char options[320];
    const char *const grants[] = {grant, NULL};

    fixture_begin(&f);
    plugin_host_write(folder, "bad.txt", "#verdict: bad\nevil.example\n");
    plugin_host_write(folder, "good.json", "{\"type\":\"cidr\",\"list\":[\"192.0.2.0/24\"]}");
    snprintf(grant, sizeof(grant), "read:%s", folder);
    snprintf(options, sizeof(options), "{\"folder\":\"%s\"}", folder);
    load(&f, "../../plugins/intel", "intel", options, grants);
    const struct answer *a = call(&f, "intel", "lookup", "{\"ip\":\"192.0.2.7\"}");
    CU_ASSERT_PTR_NOT_NULL(strstr(a->text, "\"known_good\":true"));
    a = call(&f, "intel", "lookup", "{\"url\":\"https://www.evil.example/x\"}");
    CU_ASSERT_PTR_NOT_NULL(strstr(a->text, "\"known_bad\":true"));
    a = call(&f, "intel", "lists", "{}");
    CU_ASSERT_PTR_NOT_NULL(strstr(a->text, "\"count\":2"));
    CU_ASSERT_PTR_NULL(strstr(a->text, "\"error\""));
    fixture_end(&f);
    plugin_host_remove_folder(folder);
}

static void world_keeps_its_lines(void)
{
    struct fixture f;

    fixture_begin(&f);
    load(&f, "world", "world", "{}", NULL);
    const char *args = "{\"target\":\"x\",\"before_ms\":5,\"after_ms\":5}";
    const struct answer *a = call(&f, "world", "touch_idempotent", args);
    CU_ASSERT_STRING_EQUAL(a->text, "{\"effects\":1}");
    a = fixture_call(&f, "world", "touch_probeable", "{\"target\":\"x\",\"crash\":\"after\"}");
    CU_ASSERT_EQUAL(a->end, HK_CALL_LOST);
    uint64_t id =
        fixture_begin_call(&f, HK_CALL_PROBE, "world", "touch_probeable", "k", "{}", 20000);
    CU_ASSERT_TRUE(fixture_until(&f, fixture_all_answered));
    CU_ASSERT_NOT_EQUAL(fixture_answer(&f, id)->end, HK_CALL_DID_NOT);
    CU_ASSERT_TRUE(fixture_has(&f, "plugins/acme/world/world.log"));
    fixture_end(&f);
}

int main(int argc, char **argv)
{
    static const struct suite_test tests[] = {
        {"edl lists and serves", edl_lists_and_serves},
        {"intel reads what was granted", intel_reads_what_was_granted},
        {"world keeps its lines", world_keeps_its_lines},
    };

    FIXTURE_HOST(argc, argv);
    return suite_run("sandboxed", tests, COUNT_OF(tests));
}
