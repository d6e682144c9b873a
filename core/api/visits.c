/*
 * visits: see visits.h.
 */
#include "api/visits.h"

#include "base/log.h"
#include "base/map.h"
#include "base/text.h"
#include "base/time.h"
#include "limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct visit {
    char key[16 + HK_ID_SIZE];
    int64_t last_ms;
};

struct hk_visits {
    struct hk_map by_key; /* by tenant and actor */
    size_t count;
};

enum hk_status hk_visits_new(struct hk_visits **ret_visits, struct hk_error *error)
{
    struct hk_visits *visits = calloc(1, sizeof(*visits));

    if (visits == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for visits");
    hk_map_init(&visits->by_key);
    *ret_visits = visits;
    return HK_OK;
}

/* Forget all of them: the next request of each writes one entry more. */
static void clear(struct hk_visits *visits)
{
    struct visit *visit;
    size_t cursor = 0;

    while ((visit = hk_map_next(&visits->by_key, &cursor)) != NULL)
        free(visit);
    hk_map_done(&visits->by_key);
    hk_map_init(&visits->by_key);
    visits->count = 0;
}

void hk_visits_free(struct hk_visits *visits)
{
    if (visits == NULL)
        return;
    clear(visits);
    hk_map_done(&visits->by_key);
    free(visits);
}

bool hk_visits_is_due(struct hk_visits *visits, hk_tenant tenant, const char *actor, int64_t now_ms)
{
    char key[16 + HK_ID_SIZE];
    struct visit *visit;

    (void)snprintf(key, sizeof(key), "%u/%s", (unsigned)tenant, actor);
    visit = hk_map_get(&visits->by_key, key);
    if (visit != NULL) {
        if (now_ms - visit->last_ms < HK_VISIT_MS)
            return false;
        visit->last_ms = now_ms;
        return true;
    }
    if (visits->count >= HK_VISITS_MAX)
        clear(visits);
    visit = calloc(1, sizeof(*visit));
    if (visit == NULL)
        return true;
    (void)hk_copy_text(visit->key, sizeof(visit->key), key);
    visit->last_ms = now_ms;
    if (hk_map_put(&visits->by_key, visit->key, visit) != HK_OK)
        free(visit);
    else
        visits->count++;
    return true;
}

static enum hk_status add_entry(struct hk_write *write, const struct hk_exchange *exchange,
    hk_tenant home, struct hk_error *error)
{
    const struct hk_actor *actor = &exchange->actor;
    struct hk_buf out;
    struct hk_jw jw;
    size_t size = 0;
    char *payload;

    hk_buf_init(&out, HK_ARGS_SIZE_MAX);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "name", actor->name);
    hk_jw_kv(&jw, "role", actor->role);
    hk_jw_kv(&jw, "of", hk_engine_tenant_name(exchange->api->engine, home));
    hk_jw_kv(&jw, "via", actor->has_session ? "session" : "token");
    hk_jw_object_end(&jw);
    payload = hk_buf_take(&out, &size);
    if (payload == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for an entry");
    return hk_write_add(write, exchange->tenant, HK_KIND_TENANT_ENTERED, "tenant", actor->id,
        hk_clock_now_us(hk_ledger_clock(exchange->api->ledger)), payload, size, error);
}

void hk_visit_record(const struct hk_exchange *exchange, hk_tenant home)
{
    struct hk_api *api = exchange->api;
    struct hk_write *write;
    struct hk_error error;

    if (!hk_visits_is_due(
            api->visits, exchange->tenant, exchange->actor.id, hk_time_monotonic_ms()))
        return;
    write = hk_write_new();
    if (write == NULL || add_entry(write, exchange, home, &error) != HK_OK) {
        hk_write_free(write);
        hk_log(HK_LOG_ERROR, "that somebody looks into another tenant could not be recorded");
        return;
    }
    /* Before whatever follows: the ledger keeps the order. */
    hk_ledger_submit(api->ledger, write, HK_LANE_URGENT, NULL, NULL);
}
