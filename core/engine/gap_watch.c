#include "engine/gap_watch.h"

#include "base/table.h"
#include "base/time.h"
#include "engine/gap.h"
#include "engine/memory.h"
#include "engine/ready.h"
#include "engine/rhythm.h"
#include "engine/tenant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RHYTHM_SHELF "engine-rhythm"
#define KEEP_EVERY_US (5 * 60 * INT64_C(1000000))

struct hk_gap_watch {
    struct hk_engine *engine;
    struct hk_timer *timer;
    int64_t every_ms;
    int64_t kept_us;
    bool is_reading; /* contacts */
};

/* What a round has found of one kind. */
struct found {
    struct hk_gap_found items[HK_GAPS_MAX];
    char names[HK_GAPS_MAX][HK_GAP_NAME_SIZE];
    char details[HK_GAPS_MAX][HK_GAP_DETAIL_SIZE];
    size_t count;
};

static void find(struct found *found, const char *name, const char *detail)
{
    size_t i = found->count;
    if (i == HK_GAPS_MAX)
        return;
    (void)snprintf(found->names[i], HK_GAP_NAME_SIZE, "%s", name);
    (void)snprintf(found->details[i], HK_GAP_DETAIL_SIZE, "%s", detail);
    found->items[i] = (struct hk_gap_found){.name = found->names[i], .detail = found->details[i]};
    found->count++;
}

/* --- sources --- */

static void duration_text(int64_t us, char *ret_text, size_t capacity)
{
    int64_t minutes = us / 60000000;
    if (minutes < 1)
        (void)snprintf(ret_text, capacity, "%d s", (int)(us / 1000000));
    else if (minutes < 120)
        (void)snprintf(ret_text, capacity, "%d min", (int)minutes);
    else
        (void)snprintf(ret_text, capacity, "%d h", (int)(minutes / 60));
}

static void look_at_sources(
    struct hk_gap_watch *watch, struct hk_tenant_state *tenant, int64_t now_us, struct found *found)
{
    const struct hk_rhythm_source *source;
    size_t cursor = 0;
    found->count = 0;
    while ((source = hk_rhythm_next(tenant->rhythm, &cursor)) != NULL) {
        char detail[HK_GAP_DETAIL_SIZE];
        char silent[32];
        char allowed[32];
        int64_t allowed_us = 0;
        int64_t silent_us = hk_rhythm_silent_us(source, now_us, &allowed_us);
        if (silent_us == 0)
            continue;
        duration_text(silent_us, silent, sizeof silent);
        duration_text(allowed_us, allowed, sizeof allowed);
        (void)snprintf(detail, sizeof detail, "nothing for %s; %s is %s", silent, allowed,
            source->bound_us > 0 ? "the bound that was set"
                                 : "three times its longest pause of late");
        find(found, source->name, detail);
    }
    hk_gaps_are(watch->engine, tenant, HK_GAP_SOURCE_SILENT, found->items, found->count);
}

/* --- actions --- */

static void look_at_actions(
    struct hk_gap_watch *watch, struct hk_tenant_state *tenant, struct found *found)
{
    struct hk_ready_fault fault;
    size_t cursor = 0;
    found->count = 0;
    while (hk_ready_next_fault(watch->engine->ready, tenant->number, &cursor, &fault)) {
        char name[HK_GAP_NAME_SIZE];
        (void)snprintf(name, sizeof name, "%s (%s)", fault.capability, fault.action);
        find(found, name, fault.why);
    }
    hk_gaps_are(watch->engine, tenant, HK_GAP_ACTION_NOT_READY, found->items, found->count);
}

/* --- contacts: what the record says of those who did not answer --- */

struct contacts_read {
    struct hk_gap_watch *watch;
    size_t tenant_count;
    hk_tenant *tenants;
    struct found *found; /* one for each tenant */
};

static void on_silent_contact(void *ctx, const struct hk_contact_silence *silence)
{
    char detail[HK_GAP_DETAIL_SIZE];
    if (silence->failed > 0)
        (void)snprintf(
            detail, sizeof detail, "%d messages could not be handed over", silence->failed);
    else
        (void)snprintf(
            detail, sizeof detail, "%d times without an answer in time", silence->lapsed);
    find(ctx, silence->name, detail);
}

static enum hk_status read_contacts(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct contacts_read *read = job;
    enum hk_status status = HK_OK;
    for (size_t i = 0; i < read->tenant_count && status == HK_OK; i++)
        status = hk_query_contacts_silent(
            reading, read->tenants[i], on_silent_contact, &read->found[i], error);
    return status;
}

static void on_contacts_read(void *job, enum hk_status status, const struct hk_error *error)
{
    struct contacts_read *read = job;
    (void)error; /* looked at again in the next round */
    read->watch->is_reading = false;
    for (size_t i = 0; status == HK_OK && i < read->tenant_count; i++)
        hk_engine_gaps(read->watch->engine, read->tenants[i], HK_GAP_CONTACT_SILENT,
            read->found[i].items, read->found[i].count);
    free(read->tenants);
    free(read->found);
    free(read);
}

static void look_at_contacts(struct hk_gap_watch *watch)
{
    struct hk_engine *engine = watch->engine;
    struct hk_error error;
    if (watch->is_reading)
        return;
    struct contacts_read *read = hk_engine_alloc(sizeof *read);
    read->watch = watch;
    read->tenant_count = engine->tenant_count;
    read->tenants = hk_engine_alloc((engine->tenant_count + 1) * sizeof *read->tenants);
    read->found = hk_engine_alloc((engine->tenant_count + 1) * sizeof *read->found);
    memcpy(read->tenants, engine->tenant_numbers, engine->tenant_count * sizeof *read->tenants);
    watch->is_reading = true;
    enum hk_status status =
        hk_ledger_read(engine->ledger, read_contacts, on_contacts_read, read, &error);
    if (status != HK_OK)
        on_contacts_read(read, status, &error);
}

/* --- rhythms over a restart --- */

void hk_gap_watch_keep(struct hk_gap_watch *watch)
{
    struct hk_engine *engine = watch->engine;
    int64_t now_us = hk_engine_now_us(engine);
    struct hk_write *write = hk_write_new();
    struct hk_error error = {0};
    unsigned count = 0;
    for (size_t i = 0; i < engine->tenant_count && write != NULL; i++) {
        struct hk_rhythm_source *source;
        size_t cursor = 0;
        while ((source = hk_rhythm_next(engine->tenants[i]->rhythm, &cursor)) != NULL) {
            char text[HK_RHYTHM_TEXT_SIZE];
            if (!source->is_changed)
                continue;
            hk_rhythm_text(source, text);
            const struct hk_cursor kept = {
                .source = RHYTHM_SHELF, .key = source->name, .value = text};
            hk_engine_must(
                hk_write_cursor(write, engine->tenants[i]->number, &kept, now_us, &error),
                "a rhythm", &error);
            source->is_changed = false;
            count++;
        }
    }
    watch->kept_us = now_us;
    if (count > 0)
        hk_ledger_submit(engine->ledger, write, HK_LANE_NORMAL, NULL, NULL);
    else
        hk_write_free(write);
}

static void on_kept(void *ctx, const struct hk_cursor *cursor, int64_t time_us)
{
    struct hk_tenant_state *tenant = ctx;
    (void)time_us;
    (void)hk_rhythm_load(tenant->rhythm, cursor->key, cursor->value);
}

static enum hk_status read_kept(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct hk_tenant_state *tenant = job;
    return hk_query_cursors(reading, tenant->number, RHYTHM_SHELF, on_kept, tenant, error);
}

/* --- rounds --- */

int64_t hk_engine_gap_look_every_ms(const struct hk_engine *engine)
{
    return engine->gap_watch->every_ms;
}

static void look(void *ctx)
{
    struct hk_gap_watch *watch = ctx;
    struct hk_engine *engine = watch->engine;
    int64_t now_us = hk_engine_now_us(engine);
    if (engine->is_stopping)
        return;
    hk_timer_arm(watch->timer, watch->every_ms);
    if (!engine->is_ready)
        return;
    struct found *found = hk_engine_alloc(sizeof *found);
    for (size_t i = 0; i < engine->tenant_count; i++) {
        look_at_sources(watch, engine->tenants[i], now_us, found);
        look_at_actions(watch, engine->tenants[i], found);
    }
    free(found);
    look_at_contacts(watch);
    if (now_us - watch->kept_us > KEEP_EVERY_US)
        hk_gap_watch_keep(watch);
}

enum hk_status hk_gap_watch_new(
    struct hk_engine *engine, struct hk_gap_watch **ret_watch, struct hk_error *error)
{
    struct hk_gap_watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for gaps");
    watch->engine = engine;
    watch->timer = hk_timer_new(engine->options.loop, look, watch);
    if (watch->timer == NULL) {
        free(watch);
        return hk_fail(error, HK_NOMEM, "no memory for gaps");
    }
    *ret_watch = watch;
    return HK_OK;
}

void hk_gap_watch_free(struct hk_gap_watch *watch)
{
    if (watch == NULL)
        return;
    hk_timer_free(watch->timer);
    free(watch);
}

static void set_bounds(struct hk_tenant_state *tenant, int64_t now_us)
{
    const struct hk_json *bounds = hk_json_at(tenant->config.root, "gaps.silent_after");
    int64_t bound_ms = 0;
    if (bounds == NULL)
        return;
    for (const struct hk_json *item = bounds->first; item != NULL; item = item->next)
        if (hk_duration_parse(hk_json_string(item), &bound_ms, NULL) == HK_OK)
            hk_rhythm_bound(tenant->rhythm, item->key, bound_ms * 1000, now_us);
}

/* When it was last heard of may not have been kept: a gap that is open stays open. */
static void on_open_gap(void *ctx, const char *source)
{
    hk_rhythm_was_silent(ctx, source);
}

enum hk_status hk_gap_watch_start(struct hk_gap_watch *watch, struct hk_error *error)
{
    struct hk_engine *engine = watch->engine;
    enum hk_status status = HK_OK;
    watch->every_ms = HK_GAP_LOOK_EVERY_MS;
    watch->kept_us = hk_engine_now_us(engine);
    for (size_t i = 0; i < engine->tenant_count && status == HK_OK; i++) {
        struct hk_tenant_state *tenant = engine->tenants[i];
        status = hk_ledger_read_now(engine->ledger, read_kept, tenant, error);
        set_bounds(tenant, watch->kept_us);
        hk_gaps_each_open(
            engine->gaps, tenant->number, HK_GAP_SOURCE_SILENT, on_open_gap, tenant->rhythm);
        if (tenant->gap_look_every_ms < watch->every_ms)
            watch->every_ms = tenant->gap_look_every_ms;
    }
    hk_timer_arm(watch->timer, 0);
    return status;
}

enum hk_status hk_gap_policy_read(
    const struct hk_json *config, int64_t *ret_every_ms, struct hk_error *error)
{
    static const char *const keys[] = {"look_every", "silent_after", NULL};
    const struct hk_json *gaps = hk_json_get(config, "gaps");
    const struct hk_json *every = hk_json_get(gaps, "look_every");
    const struct hk_json *bounds = hk_json_get(gaps, "silent_after");
    int64_t ms;
    *ret_every_ms = HK_GAP_LOOK_EVERY_MS;
    if (gaps == NULL)
        return HK_OK;
    enum hk_status status = hk_check_keys(gaps, "gaps", keys, error);
    if (status == HK_OK && every != NULL &&
        (hk_json_string(every) == NULL ||
            hk_duration_parse(every->text, ret_every_ms, NULL) != HK_OK || *ret_every_ms < 100))
        status =
            hk_fail(error, HK_INVALID, "gaps.look_every: expected a duration of 100ms or more");
    if (status == HK_OK && bounds != NULL && bounds->type != HK_JSON_OBJECT && bounds->count > 0)
        status = hk_fail(error, HK_INVALID, "gaps.silent_after: expected a table of durations");
    for (const struct hk_json *item = bounds != NULL ? bounds->first : NULL;
         item != NULL && status == HK_OK; item = item->next)
        if (hk_json_string(item) == NULL || hk_duration_parse(item->text, &ms, NULL) != HK_OK)
            status = hk_fail(error, HK_INVALID,
                "gaps.silent_after.%.64s: expected a duration such as \"30m\"", item->key);
    return status;
}
