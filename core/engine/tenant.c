/*
 * tenant: one customer's configuration in memory, and what of it goes into the ledger: the
 * configuration in force, the text of each playbook, and the descriptor of each plugin.
 */
#include "engine/tenant.h"
#include "base/log.h"
#include "base/table.h"
#include "base/text.h"
#include "engine/contacts.h"
#include "engine/fallback.h"
#include "engine/gap_watch.h"
#include "engine/memory.h"
#include "engine/playbook.h"
#include "engine/retire.h"
#include "engine/rhythm.h"
#include "engine/tx.h"
#include "engine/versions.h"

#include <stdlib.h>
#include <string.h>

enum { DEDUPE_WINDOW_DEFAULT_MS = 10 * 60 * 1000 };

/* --- budgets --- */

static struct hk_spent *spent_of(const struct hk_tenant_state *tenant, enum hk_kind_of_action kind)
{
    if (kind == HK_CONTAIN)
        return tenant->spent_contain;
    return kind == HK_ERADICATE ? tenant->spent_eradicate : NULL;
}

unsigned hk_spent_last_hour(
    const struct hk_tenant_state *tenant, enum hk_kind_of_action kind, int64_t now_us)
{
    const struct hk_spent *spent = spent_of(tenant, kind);
    unsigned count = 0;
    for (size_t i = 0; spent != NULL && i < HK_SPENT_MAX; i++)
        count += spent->times_us[i] > now_us - 3600LL * 1000000;
    return count;
}

void hk_spent_add(struct hk_tenant_state *tenant, enum hk_kind_of_action kind, int64_t now_us)
{
    struct hk_spent *spent = spent_of(tenant, kind);
    if (spent == NULL)
        return;
    spent->times_us[spent->next] = now_us;
    spent->next = (spent->next + 1) % HK_SPENT_MAX;
}

/* --- look-ups --- */

struct hk_tenant_state *hk_tenant_of(const struct hk_engine *engine, hk_tenant number)
{
    for (size_t i = 0; i < engine->tenant_count; i++) {
        if (engine->tenants[i]->number == number)
            return engine->tenants[i];
    }
    return NULL;
}

bool hk_engine_tenant(const struct hk_engine *engine, const char *name, hk_tenant *ret_tenant)
{
    for (size_t i = 0; i < engine->tenant_count; i++) {
        if (strcmp(engine->tenants[i]->name, name) == 0) {
            *ret_tenant = engine->tenants[i]->number;
            return true;
        }
    }
    return false;
}

const char *hk_engine_tenant_name(const struct hk_engine *engine, hk_tenant tenant)
{
    const struct hk_tenant_state *state = hk_tenant_of(engine, tenant);
    return state == NULL ? "" : state->name;
}

const char *hk_engine_only_tenant(const struct hk_engine *engine)
{
    return engine->tenant_count == 1 ? engine->tenants[0]->name : NULL;
}

const char *hk_engine_any_tenant(const struct hk_engine *engine)
{
    return engine->tenant_count > 0 ? engine->tenants[0]->name : NULL;
}

const char *const *hk_engine_dedupe_fields(const struct hk_engine *engine, hk_tenant tenant)
{
    const struct hk_tenant_state *state = hk_tenant_of(engine, tenant);
    return state == NULL ? NULL : state->dedupe_fields;
}

const struct hk_action_info *hk_tenant_action(const struct hk_engine *engine,
    const struct hk_tenant_state *tenant, const char *name, const char **ret_capability)
{
    char plugin[HK_ID_SIZE];
    *ret_capability = NULL;
    const struct hk_json *bindings = hk_json_get(tenant->config.root, "capabilities");
    const char *bound = hk_json_string(hk_json_get(bindings, name));
    if (bound != NULL) {
        *ret_capability = name;
        name = bound;
    }
    const char *dot = strchr(name, '.');
    if (dot == NULL || (size_t)(dot - name) >= sizeof plugin)
        return NULL;
    memcpy(plugin, name, (size_t)(dot - name));
    plugin[dot - name] = 0;
    const struct hk_action_info *info = hk_pool_action(engine->pool, tenant->name, plugin, dot + 1);
    if (info != NULL && *ret_capability == NULL)
        *ret_capability = info->capability;
    return info;
}

/* --- adding one --- */

static enum hk_status read_duration(const struct hk_json *config, const char *path,
    int64_t fallback_ms, int64_t *ret_ms, struct hk_error *error)
{
    const struct hk_json *value = hk_json_at(config, path);
    const char *text = value != NULL ? hk_json_string(value) : NULL;
    *ret_ms = fallback_ms;
    if (value == NULL)
        return HK_OK;
    if (text == NULL)
        return hk_fail(error, HK_INVALID, "%s: expected a duration such as \"4h\"", path);
    if (hk_duration_parse(text, ret_ms, error) != HK_OK)
        return hk_error_prefix(error, "%s", path);
    return HK_OK;
}

/* dedupe and lease, which are read by their paths: no key but those known. */
static enum hk_status check_keys(const struct hk_json *config, struct hk_error *error)
{
    static const char *const dedupe_keys[] = {"fields", "window", NULL};
    static const char *const lease_keys[] = {"default", "max", NULL};
    const struct hk_json *dedupe = hk_json_get(config, "dedupe");
    const struct hk_json *lease = hk_json_get(config, "lease");
    enum hk_status status = HK_OK;
    if (dedupe != NULL)
        status = hk_check_keys(dedupe, "dedupe", dedupe_keys, error);
    if (status == HK_OK && lease != NULL)
        status = hk_check_keys(lease, "lease", lease_keys, error);
    return status;
}

/* verify = { every = "15m" }, and ready and heartbeat likewise. */
static enum hk_status read_every(const struct hk_json *config, const char *name, int64_t default_ms,
    int64_t *ret_ms, struct hk_error *error)
{
    static const char *const keys[] = {"every", NULL};
    const struct hk_json *value = hk_json_get(config, name);
    *ret_ms = default_ms;
    if (value == NULL)
        return HK_OK;
    enum hk_status status = hk_check_keys(value, name, keys, error);
    if (status == HK_OK)
        status =
            hk_duration_of(value, name, "every", default_ms, HK_ASK_EVERY_MAX_MS, ret_ms, error);
    if (status == HK_OK && *ret_ms < HK_ASK_EVERY_MIN_MS)
        status = hk_fail(error, HK_INVALID, "%s.every: must be 1s or more", name);
    return status;
}

static enum hk_status read_dedupe(
    struct hk_tenant_state *tenant, const struct hk_json *config, struct hk_error *error)
{
    int64_t window_ms;
    enum hk_status status =
        read_duration(config, "dedupe.window", DEDUPE_WINDOW_DEFAULT_MS, &window_ms, error);
    if (status != HK_OK)
        return status;
    tenant->dedupe_window_us = window_ms * 1000;
    const struct hk_json *fields = hk_json_at(config, "dedupe.fields");
    if (fields == NULL)
        return HK_OK;
    tenant->dedupe_fields = hk_engine_alloc((fields->count + 1) * sizeof(char *));
    size_t count = 0;
    for (const struct hk_json *item = fields->first; item != NULL; item = item->next) {
        if (hk_json_string(item) == NULL)
            return hk_fail(error, HK_INVALID, "dedupe.fields[%zu]: not a text", count);
        tenant->dedupe_fields[count++] = hk_json_string(item);
    }
    return HK_OK;
}

static enum hk_status read_authors(
    struct hk_tenant_state *tenant, const struct hk_json *config, struct hk_error *error)
{
    const struct hk_json *value = hk_json_get(config, "authors_decide");
    tenant->authors_decide = true;
    if (value != NULL && !hk_json_bool(value, &tenant->authors_decide))
        return hk_fail(error, HK_INVALID, "authors_decide: expected true or false");
    return HK_OK;
}

/* The configuration is kept in canonical form: the same settings in another order are the same. */
static enum hk_status read_config(
    struct hk_tenant_state *tenant, const struct hk_tenant_setup *setup, struct hk_error *error)
{
    const struct hk_json *config = setup->config;
    struct hk_buf text;
    hk_buf_init(&text, HK_PAYLOAD_SIZE_MAX / 2);
    hk_json_canonical(config, &text);
    enum hk_status status = hk_buf_check(&text, "the tenant's configuration", error);
    if (status == HK_OK)
        status = hk_json_parse(text.data, text.size, &hk_json_limits_own, &tenant->config, error);
    hk_buf_done(&text);
    if (status != HK_OK)
        return status;
    const struct hk_json *root = tenant->config.root;
    status = check_keys(root, error);
    if (status == HK_OK)
        status = read_authors(tenant, root, error);
    if (status == HK_OK)
        status = hk_authority_new(root, &tenant->authority, error);
    if (status == HK_OK)
        status = read_dedupe(tenant, root, error);
    if (status == HK_OK)
        status = hk_fallback_check(root, error);
    if (status == HK_OK)
        status = hk_case_policy_read(root, tenant->authority, &tenant->cases, error);
    if (status == HK_OK)
        status = read_duration(
            root, "lease.default", HK_LEASE_DEFAULT_MS, &tenant->lease_default_ms, error);
    if (status == HK_OK)
        status = read_duration(root, "lease.max", HK_LEASE_MAX_MS, &tenant->lease_max_ms, error);
    if (status == HK_OK)
        status =
            read_every(root, "verify", HK_ASK_EVERY_DEFAULT_MS, &tenant->verify_every_ms, error);
    if (status == HK_OK)
        status = read_every(root, "ready", HK_ASK_EVERY_DEFAULT_MS, &tenant->ready_every_ms, error);
    if (status == HK_OK)
        status = read_every(
            root, "heartbeat", HK_HEARTBEAT_DEFAULT_MS, &tenant->heartbeat_every_ms, error);
    if (status == HK_OK)
        status = hk_business_read(root, &tenant->business, error);
    if (status == HK_OK)
        status = hk_gap_policy_read(root, &tenant->gap_look_every_ms, error);
    if (status == HK_OK)
        status = hk_retention_read(root, tenant->retain_ms, error);
    if (status == HK_OK)
        status = hk_login_policy_read(hk_json_get(root, "login"), &tenant->login, error);
    if (status == HK_OK)
        status = hk_contacts_new(root, setup->url, setup->secrets, &tenant->contacts, error);
    return status;
}

/* --- recording what changed --- */

struct last {
    hk_tenant tenant;
    const char *subject;
    struct hk_arena arena;
    struct hk_stored stored;
};

static enum hk_status read_last(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct last *last = job;
    return hk_query_last(reading, last->tenant, last->subject, &last->arena, &last->stored, error);
}

static bool config_is_recorded(
    struct hk_engine *engine, const struct hk_tenant_state *tenant, const char *sha256)
{
    struct last last = {.tenant = tenant->number, .subject = "config"};
    struct hk_json_doc doc = {0};
    struct hk_error error;
    bool same = false;
    hk_arena_init(&last.arena, HK_PAYLOAD_SIZE_MAX * 2);
    if (hk_ledger_read_now(engine->ledger, read_last, &last, &error) == HK_OK &&
        last.stored.payload != NULL &&
        hk_json_parse(last.stored.payload, last.stored.payload_size, &hk_json_limits_own, &doc,
            &error) == HK_OK)
        same = strcmp(hk_json_string_at(doc.root, "sha256", ""), sha256) == 0;
    hk_json_doc_done(&doc);
    hk_arena_done(&last.arena);
    return same;
}

static enum hk_status record_config(
    struct hk_engine *engine, struct hk_tenant_state *tenant, struct hk_error *error)
{
    struct hk_buf text;
    char sha256[HK_SHA256_HEX_SIZE];
    struct hk_tx tx;
    hk_buf_init(&text, HK_PAYLOAD_SIZE_MAX / 2);
    hk_json_canonical(tenant->config.root, &text);
    hk_sha256_hex(text.data, text.size, sha256);
    hk_buf_done(&text);

    hk_tx_begin(&tx, engine, tenant, "engine");
    if (!config_is_recorded(engine, tenant, sha256)) {
        struct hk_jw *jw = hk_tx_entry(&tx, HK_KIND_CONFIG_APPLIED, "config");
        hk_jw_kv(jw, "sha256", sha256);
        hk_jw_kv_value(jw, "config", tenant->config.root);
        hk_tx_end(&tx);
    }
    enum hk_status status = hk_versions_open(tenant, &tx, error);
    hk_buf_done(&tx.payload);
    if (status != HK_OK || tx.entry_count == 0) {
        hk_write_free(tx.write);
        return status;
    }
    return hk_ledger_write_now(engine->ledger, tx.write, error);
}

static void tenant_free(struct hk_tenant_state *tenant)
{
    if (tenant == NULL)
        return;
    size_t cursor = 0;
    struct hk_playbook *playbook;
    while ((playbook = hk_map_next(&tenant->playbooks, &cursor)) != NULL)
        hk_playbook_free(playbook);
    hk_map_done(&tenant->playbooks);
    hk_rhythm_free(tenant->rhythm);
    hk_authority_free(tenant->authority);
    hk_contacts_free(tenant->contacts);
    hk_business_done(&tenant->business);
    hk_json_doc_done(&tenant->config);
    free(tenant->dedupe_fields);
    free(tenant->named);
    free(tenant->spent_contain);
    free(tenant->spent_eradicate);
    free(tenant);
}

void hk_tenants_free(struct hk_engine *engine)
{
    for (size_t i = 0; i < engine->tenant_count; i++)
        tenant_free(engine->tenants[i]);
    free(engine->tenants);
    free(engine->tenant_numbers);
    engine->tenants = NULL;
    engine->tenant_numbers = NULL;
    engine->tenant_count = 0;
}

static void append_tenant(struct hk_engine *engine, struct hk_tenant_state *tenant)
{
    engine->tenants = hk_engine_grow(
        engine->tenants, (engine->tenant_count + 1) * sizeof(struct hk_tenant_state *));
    engine->tenant_numbers = hk_engine_grow(
        engine->tenant_numbers, (engine->tenant_count + 1) * sizeof *engine->tenant_numbers);
    engine->tenant_numbers[engine->tenant_count] = tenant->number;
    engine->tenants[engine->tenant_count++] = tenant;
}

const struct hk_secrets *hk_engine_secrets(const struct hk_engine *engine, hk_tenant tenant)
{
    const struct hk_tenant_state *state = hk_tenant_of(engine, tenant);
    return state != NULL ? state->secrets : NULL;
}

const struct hk_login_policy *hk_engine_login_policy(
    const struct hk_engine *engine, hk_tenant tenant)
{
    const struct hk_tenant_state *state = hk_tenant_of(engine, tenant);
    return state != NULL ? &state->login : &hk_login_policy_default;
}

/* Read what the setup says; nothing is written or started. */
static enum hk_status tenant_new(const struct hk_tenant_setup *setup,
    struct hk_tenant_state **ret_tenant, struct hk_error *error)
{
    enum hk_status status;
    struct hk_tenant_state *tenant = hk_engine_alloc(sizeof *tenant);
    *ret_tenant = tenant;
    hk_map_init(&tenant->playbooks);
    tenant->secrets = setup->secrets;
    tenant->rhythm = hk_rhythm_new();
    hk_engine_must(tenant->rhythm != NULL ? HK_OK : HK_NOMEM, "a tenant", NULL);
    tenant->spent_contain = hk_engine_alloc(sizeof *tenant->spent_contain);
    tenant->spent_eradicate = hk_engine_alloc(sizeof *tenant->spent_eradicate);
    if (!hk_name_is_valid(setup->name) ||
        !hk_copy_text(tenant->name, sizeof tenant->name, setup->name))
        return hk_fail(error, HK_INVALID, "\"%s\" can't be a tenant's name", setup->name);
    status = read_config(tenant, setup, error);
    if (status == HK_OK)
        status = hk_versions_read(tenant, setup->playbooks, setup->playbook_count, error);
    return status;
}

enum hk_status hk_engine_tenant_check(const struct hk_tenant_setup *setup, struct hk_error *error)
{
    struct hk_tenant_state *tenant;
    enum hk_status status = tenant_new(setup, &tenant, error);
    tenant_free(tenant);
    return status == HK_OK ? HK_OK : hk_error_prefix(error, "tenants.%s", setup->name);
}

enum hk_status hk_engine_tenant_add(struct hk_engine *engine, const struct hk_tenant_setup *setup,
    hk_tenant *ret_tenant, struct hk_error *error)
{
    struct hk_tenant_state *tenant;
    enum hk_status status = tenant_new(setup, &tenant, error);
    if (status == HK_OK)
        status = hk_ledger_tenant_open(engine->ledger, setup->name, &tenant->number, error);
    if (status == HK_OK)
        status = hk_ledger_record_restored(engine->ledger, tenant->number, error);
    if (status == HK_OK)
        status = record_config(engine, tenant, error);
    for (size_t i = 0; status == HK_OK && i < setup->plugin_count; i++)
        status = hk_pool_add(engine->pool, &setup->plugins[i], error);
    if (status != HK_OK)
        goto fail;
    append_tenant(engine, tenant);
    *ret_tenant = tenant->number;
    return HK_OK;
fail:
    tenant_free(tenant);
    return hk_error_prefix(error, "tenants.%s", setup->name);
}

/* --- plugins: a descriptor goes into the ledger when it is not the one that was recorded last ---
 */

struct loaded {
    struct hk_engine *engine;
    struct hk_tenant_state *tenant;
    struct last last;
    char plugin[HK_ID_SIZE];
};

static enum hk_status read_loaded(struct hk_reading *reading, void *job, struct hk_error *error)
{
    return read_last(reading, &((struct loaded *)job)->last, error);
}

static void write_loaded(struct loaded *loaded, const struct hk_json *descriptor)
{
    struct hk_tx tx;
    hk_tx_begin(&tx, loaded->engine, loaded->tenant, "engine");
    struct hk_jw *jw = hk_tx_entry(&tx, HK_KIND_PLUGIN_LOADED, loaded->plugin);
    for (const struct hk_json *item = descriptor->first; item != NULL; item = item->next)
        hk_jw_kv_value(jw, item->key, item);
    hk_tx_end(&tx);
    hk_tx_commit(&tx, HK_LANE_NORMAL, NULL, NULL, NULL);
}

static void on_loaded_read(void *job, enum hk_status status, const struct hk_error *error)
{
    struct loaded *loaded = job;
    struct hk_json_doc now = {0};
    struct hk_json_doc before = {0};
    struct hk_error problem = {0};
    (void)error;
    const char *descriptor =
        hk_pool_descriptor(loaded->engine->pool, loaded->tenant->name, loaded->plugin);
    if (descriptor == NULL)
        goto out;
    hk_engine_must(
        hk_json_parse(descriptor, strlen(descriptor), &hk_json_limits_own, &now, &problem),
        "a plugin's descriptor", &problem);
    if (status == HK_OK && loaded->last.stored.payload != NULL)
        status = hk_json_parse(loaded->last.stored.payload, loaded->last.stored.payload_size,
            &hk_json_limits_own, &before, &problem);
    if (status != HK_OK || strcmp(hk_json_string_at(before.root, "sha256", ""),
                               hk_json_string_at(now.root, "sha256", "?")) != 0)
        write_loaded(loaded, now.root);
out:
    hk_json_doc_done(&now);
    hk_json_doc_done(&before);
    hk_arena_done(&loaded->last.arena);
    free(loaded);
}

void hk_tenant_plugin_loaded(
    struct hk_engine *engine, struct hk_tenant_state *tenant, const char *plugin)
{
    struct hk_error error = {0};
    struct loaded *loaded = hk_engine_alloc(sizeof *loaded);
    loaded->engine = engine;
    loaded->tenant = tenant;
    (void)hk_copy_text(loaded->plugin, sizeof loaded->plugin, plugin);
    loaded->last = (struct last){.tenant = tenant->number, .subject = loaded->plugin};
    hk_arena_init(&loaded->last.arena, HK_PAYLOAD_SIZE_MAX * 2);
    enum hk_status status =
        hk_ledger_read(engine->ledger, read_loaded, on_loaded_read, loaded, &error);
    if (status != HK_OK)
        on_loaded_read(loaded, status, &error);
}
