/*
 * catalog: see catalog.h.
 */
#include "app/catalog.h"
#include "app/cli.h"
#include "app/settings.h"
#include "author/actions.h"
#include "base/text.h"
#include "engine/act.h"
#include "limits.h"
#include "loop/connect.h"
#include "loop/loop.h"
#include "plugin/pool.h"
#include "plugin/result.h"
#include "plugin/spawner.h"
#include "script/playbook.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CATALOG_SIZE_MAX (16 * 1024 * 1024)

/* What is there while the plugins are asked. */
struct asking {
    char folder[sizeof("/tmp/hikeshi-author-XXXXXX")];
    bool has_folder;
    int spawner_fd;
    pid_t spawner;
    struct hk_loop *loop;
    struct hk_connector *connector;
    struct hk_pool *pool;
    struct hk_timer *timer;
    bool is_late;
    struct hk_app_settings settings;
};

static void on_settled(void *ctx, uint64_t call_id, enum hk_call_end end, const char *text)
{
    (void)ctx;
    (void)call_id;
    (void)end;
    (void)text;
}

static void on_loaded(
    void *ctx, const char *tenant, const char *plugin, const struct hk_error *error)
{
    struct asking *asking = ctx;

    (void)tenant;
    if (error != NULL)
        (void)hk_cli_fail(HK_EXIT_FAILED,
            "the plugin %s can't be asked, so its actions are not checked: %s", plugin,
            error->text);
    if (hk_pool_is_settled(asking->pool))
        hk_loop_stop(asking->loop);
}

static void on_log(void *ctx, const char *tenant, const char *plugin, int level, const char *text)
{
    (void)ctx;
    (void)tenant;
    (void)plugin;
    (void)level;
    (void)text;
}

static void on_late(void *ctx)
{
    struct asking *asking = ctx;

    asking->is_late = true;
    hk_loop_stop(asking->loop);
}

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *at)
{
    (void)about;
    (void)type;
    (void)at;
    return remove(path);
}

static void end_asking(struct asking *asking)
{
    hk_pool_free(asking->pool);
    hk_timer_free(asking->timer);
    hk_connector_free(asking->connector);
    if (asking->spawner_fd >= 0)
        (void)close(asking->spawner_fd); /* the spawner ends by that */
    hk_loop_free(asking->loop);
    hk_app_settings_done(&asking->settings);
    if (asking->has_folder)
        (void)nftw(asking->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static enum hk_status make_folder(struct asking *asking, struct hk_error *error)
{
    (void)snprintf(asking->folder, sizeof(asking->folder), "/tmp/hikeshi-author-XXXXXX");
    if (mkdtemp(asking->folder) == NULL)
        return hk_fail(error, HK_IO, "can't make a folder in /tmp: %s", strerror(errno));
    asking->has_folder = true;
    return HK_OK;
}

static enum hk_status start_pool(struct asking *asking, struct hk_error *error)
{
    static const struct hk_pool_events events = {
        .settled = on_settled, .loaded = on_loaded, .log = on_log};
    enum hk_status status = hk_loop_new(&asking->loop, error);

    if (status == HK_OK)
        status = hk_connector_new(asking->loop, &asking->connector, error);
    if (status == HK_OK)
        status = hk_pool_new(asking->loop, asking->connector, asking->spawner_fd, &events, asking,
            &asking->pool, error);
    if (status != HK_OK)
        return status;
    asking->timer = hk_timer_new(asking->loop, on_late, asking);
    if (asking->timer == NULL)
        return hk_fail(error, HK_NOMEM, "out of memory");
    hk_timer_arm(asking->timer, HK_CATALOG_TIME_MAX_MS);
    return HK_OK;
}

static enum hk_status choose_tenant(struct asking *asking, const char *name,
    const struct hk_tenant_settings **ret_tenant, struct hk_error *error)
{
    const struct hk_app_settings *settings = &asking->settings;

    if (name == NULL && settings->tenant_count != 1)
        return hk_fail(error, HK_INVALID,
            "the configuration has %zu tenants: say which one with --tenant",
            settings->tenant_count);
    for (size_t i = 0; i < settings->tenant_count; i++) {
        *ret_tenant = &settings->tenants[i];
        if (name == NULL || strcmp(name, settings->tenants[i].setup.name) == 0)
            return HK_OK;
    }
    return hk_fail(error, HK_NOT_FOUND, "the configuration has no tenant %s", name);
}

static enum hk_status ask_plugins(
    struct asking *asking, const struct hk_tenant_settings *tenant, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < tenant->setup.plugin_count && status == HK_OK; i++)
        status = hk_pool_add(asking->pool, &tenant->plugins[i], error);
    if (status == HK_OK && !hk_pool_is_settled(asking->pool))
        status = hk_loop_run(asking->loop, error);
    if (status == HK_OK && asking->is_late)
        (void)hk_cli_fail(HK_EXIT_FAILED, "not all plugins answered in %d s",
            (int)(HK_CATALOG_TIME_MAX_MS / 1000));
    return status;
}

/* The name of a playbook that the configuration names. */
static void add_playbook(struct hk_jw *jw, const struct hk_playbook_file *file)
{
    struct hk_json_doc doc = {.root = NULL};
    struct hk_error error;
    struct hk_buf text;

    hk_buf_init(&text, HK_WIRE_FRAME_SIZE_MAX);
    if (hk_playbook_describe(file->source, file->source_size, file->file, &text, &error) == HK_OK &&
        hk_json_parse(text.data, text.size, &hk_json_limits_own, &doc, &error) == HK_OK)
        hk_jw_string(jw, hk_json_string_at(doc.root, "name", ""));
    hk_json_doc_done(&doc);
    hk_buf_done(&text);
}

static enum hk_status keep(const struct asking *asking, const struct hk_tenant_settings *tenant,
    struct hk_catalog *catalog, struct hk_error *error)
{
    const struct hk_json *capabilities = hk_json_get(tenant->setup.config, "capabilities");
    enum hk_status status;
    struct hk_buf out;
    struct hk_jw jw;

    hk_buf_init(&out, CATALOG_SIZE_MAX);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    hk_jw_key(&jw, "plugins");
    hk_jw_array(&jw);
    for (size_t i = 0; i < tenant->setup.plugin_count; i++) {
        const char *text =
            hk_pool_descriptor(asking->pool, tenant->setup.name, tenant->plugins[i].name);
        if (text != NULL)
            hk_jw_raw(&jw, text, strlen(text));
    }
    hk_jw_array_end(&jw);
    if (capabilities != NULL)
        hk_jw_kv_value(&jw, "capabilities", capabilities);
    hk_jw_key(&jw, "playbooks");
    hk_jw_array(&jw);
    for (size_t i = 0; i < tenant->setup.playbook_count; i++)
        add_playbook(&jw, &tenant->playbooks[i]);
    hk_jw_array_end(&jw);
    hk_jw_key(&jw, "missing");
    hk_jw_array(&jw);
    for (size_t i = 0; i < tenant->setup.plugin_count; i++) {
        const char *name = tenant->plugins[i].name;
        if (hk_pool_descriptor(asking->pool, tenant->setup.name, name) == NULL)
            hk_jw_string(&jw, name);
    }
    hk_jw_array_end(&jw);
    hk_jw_object_end(&jw);
    status = hk_buf_check(&out, "the plugins' descriptors", error);
    if (status == HK_OK)
        status = hk_json_parse(out.data, out.size, &hk_json_limits_own, &catalog->doc, error);
    hk_buf_done(&out);
    return status;
}

/* --- the checker --- */

/* The action; NULL with HK_OK when nothing is known about it. */
static enum hk_status find(const struct hk_catalog *catalog, const char *name,
    const struct hk_json **ret_action, struct hk_error *error)
{
    if (hk_actions_find(catalog->doc.root, name, ret_action) != HK_ACTION_UNKNOWN)
        return HK_OK;
    return hk_fail(error, HK_NOT_FOUND,
        "there is no action \"%s\": no plugin of the tenant has it and no capability names it",
        name);
}

/* The schema as text, or NULL; malloc'd. */
static char *schema_of(const struct hk_json *action, const char *name)
{
    const struct hk_json *schema = hk_json_get(action, name);

    return schema == NULL || schema->type != HK_JSON_OBJECT
               ? NULL
               : hk_strndup(schema->source, schema->source_size);
}

static enum hk_status check_call(
    void *ctx, const char *name, const char *args, const char *options, struct hk_error *error)
{
    const struct hk_catalog *catalog = ctx;
    const struct hk_json *action = NULL;
    struct hk_json_doc doc = {.root = NULL};
    char *schema = NULL;
    enum hk_status status = find(catalog, name, &action, error);

    if (status == HK_OK && action != NULL) {
        schema = schema_of(action, "args_schema");
        status = hk_json_parse(args, strlen(args), &hk_json_limits_own, &doc, error);
        if (status == HK_OK && schema != NULL)
            status = hk_schema_check(schema, doc.root, error);
    }
    hk_json_doc_done(&doc);
    free(schema);
    if (status == HK_OK)
        status = hk_json_parse(options, strlen(options), &hk_json_limits_own, &doc, error);
    if (status == HK_OK)
        status = hk_act_options_check(doc.root, error);
    hk_json_doc_done(&doc);
    return status;
}

static bool wants_list(const struct hk_json *schema)
{
    const struct hk_json *type = hk_json_get(schema, "type");
    const struct hk_json *item = type != NULL && type->type == HK_JSON_ARRAY ? type->first : type;

    for (; item != NULL; item = type == item ? NULL : item->next) {
        if (hk_json_string(item) != NULL && strcmp(item->text, "array") == 0)
            return true;
    }
    return false;
}

/* Write value, with [] for what Lua can't tell from it: {} where the schema wants a list. As deep
 * as the value, which the converter bounds. */
static void write_as( // NOLINT(misc-no-recursion)
    struct hk_jw *jw, const struct hk_json *value, const struct hk_json *schema)
{
    const struct hk_json *of = hk_json_get(schema, "properties");

    if (value->type == HK_JSON_OBJECT && value->count == 0 && wants_list(schema)) {
        hk_jw_raw(jw, "[]", 2);
    } else if (value->type == HK_JSON_OBJECT) {
        hk_jw_object(jw);
        for (const struct hk_json *item = value->first; item != NULL; item = item->next) {
            hk_jw_key(jw, item->key);
            write_as(jw, item, hk_json_get(of, item->key));
        }
        hk_jw_object_end(jw);
    } else if (value->type == HK_JSON_ARRAY) {
        hk_jw_array(jw);
        for (const struct hk_json *item = value->first; item != NULL; item = item->next)
            write_as(jw, item, hk_json_get(schema, "items"));
        hk_jw_array_end(jw);
    } else {
        hk_jw_value(jw, value);
    }
}

static enum hk_status check_result(
    void *ctx, const char *name, const char *value, struct hk_error *error)
{
    const struct hk_catalog *catalog = ctx;
    const struct hk_json *action = NULL;
    struct hk_json_doc doc = {.root = NULL};
    struct hk_buf given;
    struct hk_buf out;
    struct hk_jw jw;
    char *schema;
    enum hk_status status = find(catalog, name, &action, error);

    if (status != HK_OK || action == NULL)
        return status;
    schema = schema_of(action, "result_schema");
    hk_buf_init(&given, HK_PAYLOAD_SIZE_MAX);
    hk_buf_init(&out, HK_PAYLOAD_SIZE_MAX);
    status = hk_json_parse(value, strlen(value), &hk_json_limits_own, &doc, error);
    if (status == HK_OK) {
        hk_jw_init(&jw, &given);
        write_as(&jw, doc.root, hk_json_get(action, "result_schema"));
        status = hk_buf_check(&given, "the answer", error);
    }
    if (status == HK_OK)
        status = hk_result_read(given.data, schema, NULL, &out, error);
    hk_json_doc_done(&doc);
    hk_buf_done(&given);
    hk_buf_done(&out);
    free(schema);
    return status;
}

/* --- in --- */

enum hk_status hk_catalog_load(
    const char *config, const char *tenant, struct hk_catalog *ret_catalog, struct hk_error *error)
{
    struct asking asking = {.spawner_fd = -1};
    const struct hk_tenant_settings *chosen = NULL;
    enum hk_status status = make_folder(&asking, error);

    memset(ret_catalog, 0, sizeof(*ret_catalog));
    if (status == HK_OK)
        status = hk_spawner_fork(asking.folder, &asking.spawner_fd, &asking.spawner, error);
    if (status == HK_OK)
        status = hk_app_settings_load(config, asking.folder, &asking.settings, error);
    if (status == HK_OK)
        status = choose_tenant(&asking, tenant, &chosen, error);
    if (status == HK_OK)
        status = start_pool(&asking, error);
    if (status == HK_OK)
        status = ask_plugins(&asking, chosen, error);
    if (status == HK_OK)
        status = keep(&asking, chosen, ret_catalog, error);
    end_asking(&asking);
    ret_catalog->checker =
        (struct hk_suite_checker){.call = check_call, .result = check_result, .ctx = ret_catalog};
    return status;
}

void hk_catalog_done(struct hk_catalog *catalog)
{
    hk_json_doc_done(&catalog->doc);
}
