/*
 * facts: what others may ask of the engine without changing anything.
 */
#include "base/text.h"
#include "engine/line.h"
#include "engine/narrow.h"
#include "engine/retire.h"
#include "engine/tenant.h"
#include "words/words.h"

#include <stdio.h>
#include <string.h>

void hk_engine_stats(const struct hk_engine *engine, struct hk_engine_stats *ret_stats)
{
    *ret_stats = engine->stats;
    ret_stats->runs_active = engine->active;
    ret_stats->runs_in_line = hk_line_count(engine->line) + hk_line_count(engine->slow_line);
    hk_retirer_stats(engine->retirer, &ret_stats->retired_entries, &ret_stats->retained);
}

/* "lowers": the numbers among an action's arguments that people may lower. */
static void write_lowers(const struct hk_action_info *info, struct hk_jw *jw)
{
    struct hk_json_doc schema = {0};
    const struct hk_json *properties = NULL;

    if (info->args_schema != NULL && hk_json_parse(info->args_schema, strlen(info->args_schema),
                                         &hk_json_limits_own, &schema, NULL) == HK_OK)
        properties = hk_json_get(schema.root, "properties");
    hk_jw_key(jw, "lowers");
    hk_jw_array(jw);
    for (const struct hk_json *item = properties != NULL ? properties->first : NULL; item != NULL;
         item = item->next)
        if (hk_narrow_lowers(item))
            hk_jw_string(jw, item->key);
    hk_jw_array_end(jw);
    hk_json_doc_done(&schema);
}

enum hk_status hk_engine_explain(struct hk_engine *engine, hk_tenant tenant, const char *action,
    const char *target, enum hk_severity severity, int64_t time_us, struct hk_buf *out,
    struct hk_error *error)
{
    struct hk_verdict verdict;
    struct hk_jw jw;
    char full[160];
    const char *capability;
    const struct hk_tenant_state *state = hk_tenant_of(engine, tenant);
    const struct hk_action_info *info = hk_tenant_action(engine, state, action, &capability);
    if (info == NULL)
        return hk_fail(error, HK_NOT_FOUND, "there is no action \"%s\"", action);
    snprintf(full, sizeof full, "%s.%s", info->plugin, info->name);
    const struct hk_question question = {
        .action = full,
        .capability = capability,
        .kind = hk_kind_of_action_text(info->kind),
        .target = target,
        .target_type = info->target_type,
        .severity = severity,
        .time_us = time_us,
        .spent_last_hour = hk_spent_last_hour(state, info->kind, hk_engine_now_us(engine)),
    };
    enum hk_status status = hk_authority_decide(state->authority, &question, &verdict, error);
    if (status != HK_OK)
        return status;
    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "action", full);
    hk_jw_kv(&jw, "kind", question.kind);
    hk_jw_kv(&jw, "severity", hk_severity_text(severity));
    hk_jw_kv_time(&jw, "at", time_us);
    hk_jw_kv(&jw, "mode", hk_authority_mode(state->authority));
    hk_jw_key(&jw, "verdict");
    hk_verdict_write(&verdict, &jw);
    write_lowers(info, &jw);
    if (target != NULL) {
        hk_jw_key(&jw, "about");
        status =
            hk_authority_about(state->authority, info->target_type, target, time_us, &jw, error);
        if (status != HK_OK)
            return status;
    }
    hk_jw_object_end(&jw);
    return hk_buf_check(out, "the explanation", error);
}

int hk_engine_zone_minutes(const struct hk_engine *engine, hk_tenant tenant)
{
    const struct hk_tenant_state *state = hk_tenant_of(engine, tenant);
    const char *zone =
        state != NULL ? hk_json_string_at(state->config.root, "notices.zone", NULL) : NULL;
    int minutes = 0;

    if (zone == NULL || hk_zone_parse(zone, &minutes, NULL) != HK_OK)
        return 0;
    return minutes;
}

/* --- plugins --- */

struct listing {
    const struct hk_engine *engine;
    const char *tenant;
    const char *plugin; /* only this one, or NULL */
    struct hk_jw jw;
    bool is_found;
};

static void write_members(struct listing *listing, const char *plugin, bool is_loaded)
{
    struct hk_json_doc doc = {0};
    const char *descriptor = hk_pool_descriptor(listing->engine->pool, listing->tenant, plugin);
    if (descriptor != NULL &&
        hk_json_parse(descriptor, strlen(descriptor), &hk_json_limits_own, &doc, NULL) == HK_OK) {
        hk_jw_kv(&listing->jw, "version", hk_json_string_at(doc.root, "version", ""));
        hk_jw_kv(&listing->jw, "sha256", hk_json_string_at(doc.root, "sha256", ""));
        if (listing->plugin != NULL)
            hk_jw_kv_value(&listing->jw, "descriptor", doc.root);
    }
    hk_json_doc_done(&doc);
    hk_jw_kv(&listing->jw, "state",
        is_loaded                                   ? "loaded"
        : hk_pool_is_settled(listing->engine->pool) ? "failed"
                                                    : "starting");
}

static void on_plugin(void *ctx, const char *tenant, const char *plugin, bool is_loaded,
    bool is_running, unsigned restarts, unsigned calls_open, pid_t pid)
{
    struct listing *listing = ctx;
    if (strcmp(tenant, listing->tenant) != 0 ||
        (listing->plugin != NULL && strcmp(plugin, listing->plugin) != 0))
        return;
    listing->is_found = true;
    hk_jw_object(&listing->jw);
    hk_jw_kv(&listing->jw, "name", plugin);
    write_members(listing, plugin, is_loaded);
    hk_jw_kv_bool(&listing->jw, "running", is_running);
    hk_jw_kv_i64(&listing->jw, "pid", is_running ? pid : 0);
    hk_jw_kv_i64(&listing->jw, "restarts", restarts);
    hk_jw_kv_i64(&listing->jw, "calls_open", calls_open);
    hk_jw_object_end(&listing->jw);
}

enum hk_status hk_engine_plugins(
    const struct hk_engine *engine, hk_tenant tenant, struct hk_buf *out, struct hk_error *error)
{
    struct listing listing = {.engine = engine, .tenant = hk_engine_tenant_name(engine, tenant)};
    hk_jw_init(&listing.jw, out);
    hk_jw_object(&listing.jw);
    hk_jw_key(&listing.jw, "items");
    hk_jw_array(&listing.jw);
    hk_pool_each(engine->pool, on_plugin, &listing);
    hk_jw_array_end(&listing.jw);
    hk_jw_key(&listing.jw, "next");
    hk_jw_null(&listing.jw);
    hk_jw_object_end(&listing.jw);
    return hk_buf_check(out, "the list of plugins", error);
}

enum hk_status hk_engine_plugin(const struct hk_engine *engine, hk_tenant tenant,
    const char *plugin, struct hk_buf *out, struct hk_error *error)
{
    struct listing listing = {
        .engine = engine, .tenant = hk_engine_tenant_name(engine, tenant), .plugin = plugin};
    hk_jw_init(&listing.jw, out);
    hk_pool_each(engine->pool, on_plugin, &listing);
    if (!listing.is_found)
        return hk_fail(error, HK_NOT_FOUND, "there is no plugin %s", plugin);
    return hk_buf_check(out, "the plugin", error);
}

bool hk_engine_served_file(const struct hk_engine *engine, hk_tenant tenant, const char *plugin,
    const char *file, char *ret_path, size_t capacity, const char **ret_content_type)
{
    return hk_pool_served_file(engine->pool, hk_engine_tenant_name(engine, tenant), plugin, file,
        ret_path, capacity, ret_content_type);
}
