/*
 * settings: what a configuration may hold, and where relative paths lead.
 */
#include "app/settings.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/hk-settings-XXXXXX";
static char file[64];

static enum hk_status read_text(
    const char *json, struct hk_app_settings *settings, struct hk_error *error)
{
    return hk_app_settings_read(json, strlen(json), file, "/data", settings, error);
}

static void defaults_are_filled_in(void)
{
    struct hk_app_settings settings;

    CU_ASSERT_EQUAL(read_text("{\"tenants\":{\"main\":{}}}", &settings, NULL), HK_OK);
    CU_ASSERT_STRING_EQUAL(settings.listen, "127.0.0.1:8686");
    CU_ASSERT_TRUE(settings.has_socket);
    CU_ASSERT_EQUAL(settings.sink_count, 0);
    CU_ASSERT_EQUAL(settings.log_level, HK_LOG_INFO);
    CU_ASSERT_EQUAL(settings.tenant_count, 1);
    CU_ASSERT_STRING_EQUAL(settings.tenants[0].setup.name, "main");
    hk_app_settings_done(&settings);
}

static void secret_files_are_private(void)
{
    static const char json[] = "{\"tenants\":{\"main\":{\"secrets\":{\"smtp\":\"smtp.key\"}}}}";
    char path[96];
    struct hk_app_settings settings;
    struct hk_error error = {.text = ""};
    FILE *out;

    (void)snprintf(path, sizeof(path), "%s/smtp.key", folder);
    out = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT_TRUE(fputs("pass word\n", out) >= 0 && fclose(out) == 0);
    CU_ASSERT_EQUAL(chmod(path, 0640), 0);
    CU_ASSERT_EQUAL(read_text(json, &settings, &error), HK_DENIED);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "tenants.main.secrets.smtp: others may read"));
    hk_app_settings_done(&settings);
    CU_ASSERT_EQUAL(chmod(path, 0600), 0);
    CU_ASSERT_EQUAL(read_text(json, &settings, &error), HK_OK);
    CU_ASSERT_STRING_EQUAL(hk_secrets_get(settings.tenants[0].setup.secrets, "smtp"), "pass word");
    hk_app_settings_done(&settings);
    (void)unlink(path);
}

static void relative_paths_begin_at_the_file(void)
{
    static const char json[] =
        "{\"checkpoint_sink\":\"sink\",\"tenants\":{\"main\":{\"playbooks\":[\"one.lua\"],"
        "\"plugins\":{\"edl\":{\"file\":\"./edl.so\",\"options\":{\"folder\":\"../x\",\"n\":1,"
        "\"list\":[{\"file\":\"./y\"},\"z\"]},\"grants\":[\"read:lists\",\"net:h:1\"]}}}}}";
    char expected[256];
    struct hk_app_settings settings;
    struct hk_error error = {.text = ""};
    const struct hk_plugin_config *plugin;

    CU_ASSERT_EQUAL_FATAL(read_text(json, &settings, &error), HK_OK);
    (void)snprintf(expected, sizeof(expected), "%s/sink", folder);
    CU_ASSERT_EQUAL_FATAL(settings.sink_count, 1);
    CU_ASSERT_EQUAL(settings.sinks[0].kind, HK_SINK_FOLDER);
    CU_ASSERT_STRING_EQUAL(settings.sinks[0].place, expected);
    CU_ASSERT_EQUAL(settings.tenants[0].setup.playbook_count, 1);
    CU_ASSERT_STRING_EQUAL(settings.tenants[0].playbooks[0].source, "return 1\n");
    CU_ASSERT_STRING_EQUAL(settings.tenants[0].playbooks[0].file, "one.lua");
    CU_ASSERT_EQUAL_FATAL(settings.tenants[0].setup.plugin_count, 1);
    plugin = &settings.tenants[0].plugins[0];
    (void)snprintf(expected, sizeof(expected), "%s/./edl.so", folder);
    CU_ASSERT_STRING_EQUAL(plugin->path, expected);
    (void)snprintf(expected, sizeof(expected),
        "{\"folder\":\"%s/../x\",\"n\":1,\"list\":[{\"file\":\"%s/./y\"},\"z\"]}", folder, folder);
    CU_ASSERT_STRING_EQUAL(plugin->options, expected);
    (void)snprintf(expected, sizeof(expected), "read:%s/lists", folder);
    CU_ASSERT_STRING_EQUAL(plugin->grants[0], expected);
    CU_ASSERT_STRING_EQUAL(plugin->grants[1], "net:h:1");
    CU_ASSERT_PTR_NULL(plugin->grants[2]);
    CU_ASSERT_STRING_EQUAL(plugin->state_dir, "/data/plugins/main/edl");
    hk_app_settings_done(&settings);
}

static void mistakes_are_named_by_their_path(void)
{
    static const struct {
        const char *json;
        const char *error;
    } cases[] = {
        {"{}", "tenants: expected a table with at least one tenant"},
        {"{\"tenants\":{}}", "tenants: expected a table with at least one tenant"},
        {"{\"tenants\":{\"main\":1}}", "tenants.main: expected a table"},
        {"{\"tenants\":{\"Main\":{}}}", "tenants.Main: this can't be a name"},
        {"{\"listn\":1,\"tenants\":{\"a\":{}}}", "listn: there is no such key"},
        {"{\"listen\":1,\"tenants\":{\"a\":{}}}", "listen: expected a text"},
        {"{\"socket\":1,\"tenants\":{\"a\":{}}}", "socket: expected true or false"},
        {"{\"log_level\":\"loud\",\"tenants\":{\"a\":{}}}", "log_level: must be one of"},
        {"{\"tenants\":{\"a\":{\"x\":1}}}", "tenants.a.x: there is no such key"},
        {"{\"tenants\":{\"a\":{\"playbooks\":\"x\"}}}", "tenants.a.playbooks: expected a list"},
        {"{\"tenants\":{\"a\":{\"playbooks\":[1]}}}", "tenants.a.playbooks[0]: expected"},
        {"{\"tenants\":{\"a\":{\"playbooks\":[\"one.lua\",\"no.lua\"]}}}",
            "tenants.a.playbooks[1]: cannot open"},
        {"{\"tenants\":{\"a\":{\"plugins\":{\"edl\":1}}}}", "tenants.a.plugins.edl: expected"},
        {"{\"tenants\":{\"a\":{\"plugins\":{\"edl\":{\"fil\":1}}}}}",
            "tenants.a.plugins.edl.fil: there is no such key"},
        {"{\"tenants\":{\"a\":{\"plugins\":{\"none\":[]}}}}",
            "tenants.a.plugins.none.file: there is no plugin none"},
        {"{\"tenants\":{\"a\":{\"plugins\":{\"e\":{\"file\":\"./e\",\"options\":1}}}}}",
            "tenants.a.plugins.e.options: expected a table"},
        {"{\"tenants\":{\"a\":{\"plugins\":1}}}", "tenants.a.plugins: expected a table"},
        {"{\"tenants\":{\"a\":{\"plugins\":{\"e\":{\"file\":\"./e\",\"grants\":[1]}}}}}",
            "tenants.a.plugins.e.grants: expected a list of texts"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hk_app_settings settings;
        struct hk_error error = {.text = ""};
        const char *text;
        enum hk_status status = read_text(cases[i].json, &settings, &error);
        CU_ASSERT_NOT_EQUAL(status, HK_OK);
        text = strstr(error.text, ": ");
        CU_ASSERT_PTR_NOT_NULL(text);
        if (text != NULL)
            CU_ASSERT_EQUAL(strncmp(text + 2, cases[i].error, strlen(cases[i].error)), 0);
        hk_app_settings_done(&settings);
    }
}

int main(void)
{
    char playbook[64];
    CU_pSuite suite;
    unsigned failures;
    FILE *out;

    if (mkdtemp(folder) == NULL || CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    (void)snprintf(file, sizeof(file), "%s/hikeshi.lua", folder);
    (void)snprintf(playbook, sizeof(playbook), "%s/one.lua", folder);
    out = fopen(playbook, "we");
    if (out == NULL || fputs("return 1\n", out) < 0 || fclose(out) != 0)
        return 1;
    suite = CU_add_suite("settings", NULL, NULL);
    CU_ADD_TEST(suite, defaults_are_filled_in);
    CU_ADD_TEST(suite, secret_files_are_private);
    CU_ADD_TEST(suite, relative_paths_begin_at_the_file);
    CU_ADD_TEST(suite, mistakes_are_named_by_their_path);
    (void)CU_basic_run_tests();
    failures = CU_get_number_of_failures();
    (void)unlink(playbook);
    (void)rmdir(folder);
    CU_cleanup_registry();
    return (int)failures;
}
