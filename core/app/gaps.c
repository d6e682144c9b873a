#include "app/gaps.h"

#include "base/time.h"
#include "limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What went wrong stays a gap for so long after the last time. */
#define STAYS_US (3600 * INT64_C(1000000))

/* Datagrams that were dropped: how many, and when that was seen to grow. */
struct drops {
    hk_tenant tenant;
    char name[HK_ID_SIZE];
    uint64_t count;
    int64_t grown_us;
};

struct found {
    char name[HK_GAP_NAME_SIZE];
    char detail[HK_GAP_DETAIL_SIZE];
};

/* One look at one tenant. */
struct look {
    struct hk_app_gaps *gaps;
    int64_t now_us;
    size_t count;
    struct found found[HK_GAPS_MAX];
    struct hk_gap_found items[HK_GAPS_MAX];
};

struct hk_app_gaps {
    struct hk_engine *engine;
    struct hk_tally *tally;
    struct hk_sinks *sinks;
    struct hk_timer *timer;
    hk_tenant *tenants;
    size_t tenant_count;
    struct drops drops[HK_SOURCES_MAX];
    size_t drops_count;
    struct look look;
};

static void find(struct look *look, const char *name, const char *detail)
{
    struct found *found = &look->found[look->count];

    if (look->count == HK_GAPS_MAX)
        return;
    (void)snprintf(found->name, sizeof(found->name), "%s", name);
    (void)snprintf(found->detail, sizeof(found->detail), "%s", detail);
    look->items[look->count++] =
        (struct hk_gap_found){.name = found->name, .detail = found->detail};
}

static struct drops *drops_of(struct hk_app_gaps *gaps, const struct hk_tally_source *source)
{
    struct drops *drops;

    for (size_t i = 0; i < gaps->drops_count; i++)
        if (gaps->drops[i].tenant == source->tenant &&
            strcmp(gaps->drops[i].name, source->name) == 0)
            return &gaps->drops[i];
    if (gaps->drops_count == HK_SOURCES_MAX)
        return NULL;
    drops = &gaps->drops[gaps->drops_count++];
    drops->tenant = source->tenant;
    (void)snprintf(drops->name, sizeof(drops->name), "%s", source->name);
    return drops;
}

static void on_source(void *ctx, const struct hk_tally_source *source)
{
    struct look *look = ctx;
    struct drops *drops = drops_of(look->gaps, source);
    uint64_t dropped = source->counts[HK_TALLY_dropped];
    char detail[HK_GAP_DETAIL_SIZE];

    if (drops != NULL && dropped > drops->count) {
        drops->count = dropped;
        drops->grown_us = look->now_us;
    }
    if (source->problem[0] != '\0') {
        find(look, source->name, source->problem);
    } else if (drops != NULL && dropped > 0 && look->now_us - drops->grown_us < STAYS_US) {
        (void)snprintf(detail, sizeof(detail),
            "messages come faster than they are taken: %" PRIu64 " were dropped since the start",
            dropped);
        find(look, source->name, detail);
    }
}

static void on_failure(void *ctx, const struct hk_tally_failure *failure)
{
    struct look *look = ctx;
    char name[HK_GAP_NAME_SIZE];

    if (look->now_us - failure->last_us >= STAYS_US)
        return;
    (void)snprintf(name, sizeof(name), "%s %s", failure->source, failure->mapping);
    find(look, name, failure->reason);
}

/* Every tenant's record is at stake. What it is told names no place: that is the provider's. */
static void find_failing_sinks(struct look *look, struct hk_sinks *sinks)
{
    for (size_t i = 0; i < hk_sinks_count(sinks); i++) {
        struct hk_sink_state state;
        char name[HK_GAP_NAME_SIZE];

        hk_sinks_state(sinks, i, &state);
        if (!state.fails)
            continue;
        (void)snprintf(name, sizeof(name), "%zu %s", i + 1, hk_sink_kind_text(state.kind));
        find(look, name, state.problem);
    }
}

static void look_at(struct hk_app_gaps *gaps, hk_tenant tenant)
{
    struct look *look = &gaps->look;

    look->gaps = gaps;
    look->now_us = hk_time_wall_us();
    look->count = 0;
    hk_tally_sources(gaps->tally, tenant, on_source, look);
    hk_engine_gaps(gaps->engine, tenant, HK_GAP_SOURCE_HINDERED, look->items, look->count);
    look->count = 0;
    hk_tally_failures(gaps->tally, tenant, on_failure, look);
    hk_engine_gaps(gaps->engine, tenant, HK_GAP_MAPPING_FAILS, look->items, look->count);
    look->count = 0;
    find_failing_sinks(look, gaps->sinks);
    hk_engine_gaps(gaps->engine, tenant, HK_GAP_SINK_FAILS, look->items, look->count);
}

static void on_timer(void *ctx)
{
    struct hk_app_gaps *gaps = ctx;

    for (size_t i = 0; i < gaps->tenant_count; i++)
        look_at(gaps, gaps->tenants[i]);
    hk_timer_arm(gaps->timer, hk_engine_gap_look_every_ms(gaps->engine));
}

enum hk_status hk_app_gaps_new(struct hk_loop *loop, struct hk_engine *engine,
    struct hk_tally *tally, struct hk_sinks *sinks, struct hk_app_gaps **ret_gaps,
    struct hk_error *error)
{
    struct hk_app_gaps *gaps = calloc(1, sizeof(*gaps));

    if (gaps == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for gaps");
    gaps->engine = engine;
    gaps->tally = tally;
    gaps->sinks = sinks;
    gaps->timer = hk_timer_new(loop, on_timer, gaps);
    if (gaps->timer == NULL) {
        free(gaps);
        return hk_fail(error, HK_NOMEM, "no memory for gaps");
    }
    hk_timer_arm(gaps->timer, 0);
    *ret_gaps = gaps;
    return HK_OK;
}

void hk_app_gaps_free(struct hk_app_gaps *gaps)
{
    if (gaps == NULL)
        return;
    hk_timer_free(gaps->timer);
    free(gaps->tenants);
    free(gaps);
}

enum hk_status hk_app_gaps_add(struct hk_app_gaps *gaps, hk_tenant tenant, struct hk_error *error)
{
    hk_tenant *tenants = realloc(gaps->tenants, (gaps->tenant_count + 1) * sizeof(*gaps->tenants));

    if (tenants == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for gaps");
    gaps->tenants = tenants;
    tenants[gaps->tenant_count++] = tenant;
    return HK_OK;
}
