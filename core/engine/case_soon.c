/*
 * case_soon: see case_soon.h.
 */
#include "engine/case_soon.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/case_op.h"
#include "engine/memory.h"
#include "engine/tenant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AFTER_MS = 1000, AGAIN_MS = 50, AT_ONCE_MAX = 16 };

struct pending {
    struct pending *next;
    struct hk_tenant_state *tenant;
    int64_t due_us;
    char key[HK_ID_SIZE + 12]; /* "TENANT ID" */
    char id[HK_ID_SIZE];       /* of a case, or of a run */
};

struct hk_case_soon {
    struct hk_engine *engine;
    struct hk_timer *timer;
    struct hk_map by_key;
    struct pending *first; /* in the order in which they are due */
    struct pending **end;
};

static void on_timer(void *ctx);

enum hk_status hk_case_soon_new(
    struct hk_engine *engine, struct hk_case_soon **ret_soon, struct hk_error *error)
{
    struct hk_case_soon *soon = calloc(1, sizeof *soon);
    if (soon == NULL)
        return hk_fail(error, HK_NOMEM, "engine: out of memory");
    soon->engine = engine;
    soon->end = &soon->first;
    hk_map_init(&soon->by_key);
    soon->timer = hk_timer_new(engine->options.loop, on_timer, soon);
    if (soon->timer == NULL) {
        hk_case_soon_free(soon);
        return hk_fail(error, HK_NOMEM, "engine: out of memory");
    }
    *ret_soon = soon;
    return HK_OK;
}

void hk_case_soon_free(struct hk_case_soon *soon)
{
    if (soon == NULL)
        return;
    hk_timer_free(soon->timer);
    while (soon->first != NULL) {
        struct pending *next = soon->first->next;
        free(soon->first);
        soon->first = next;
    }
    hk_map_done(&soon->by_key);
    free(soon);
}

static void add(struct hk_engine *engine, struct hk_tenant_state *tenant, const char *id)
{
    struct hk_case_soon *soon = engine->soon;
    char key[HK_ID_SIZE + 12];
    if (id[0] == 0 || engine->is_stopping)
        return;
    (void)snprintf(key, sizeof key, "%u %.64s", (unsigned)tenant->number, id);
    if (hk_map_get(&soon->by_key, key) != NULL)
        return;
    struct pending *pending = hk_engine_alloc(sizeof *pending);
    pending->tenant = tenant;
    pending->due_us = hk_engine_now_us(engine) + AFTER_MS * 1000;
    memcpy(pending->key, key, sizeof key);
    (void)hk_copy_text(pending->id, sizeof pending->id, id);
    hk_engine_must(hk_map_put(&soon->by_key, pending->key, pending), "a case", NULL);
    if (soon->first == NULL)
        hk_timer_arm(soon->timer, AFTER_MS);
    *soon->end = pending;
    soon->end = &pending->next;
}

void hk_case_soon(struct hk_engine *engine, struct hk_tenant_state *tenant, const char *in_case)
{
    add(engine, tenant, in_case);
}

void hk_case_soon_of_run(struct hk_engine *engine, struct hk_tenant_state *tenant, const char *run)
{
    add(engine, tenant, run);
}

/* --- looking --- */

struct finding {
    struct hk_engine *engine;
    struct hk_tenant_state *tenant;
    char run[HK_ID_SIZE];
    char in_case[HK_ID_SIZE];
};

static void look(struct hk_engine *engine, struct hk_tenant_state *tenant, const char *in_case)
{
    hk_case_op_start(hk_case_op_new(engine, tenant, in_case, HK_CASE_CONSIDER));
}

static enum hk_status find_case(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct finding *finding = job;
    return hk_query_case_of_run(
        reading, finding->tenant->number, finding->run, finding->in_case, error);
}

static void on_found(void *job, enum hk_status status, const struct hk_error *error)
{
    struct finding *finding = job;
    (void)error;
    if (status == HK_OK && finding->in_case[0] != 0 && !finding->engine->is_stopping)
        look(finding->engine, finding->tenant, finding->in_case);
    else if (status == HK_BUSY || status == HK_TIMEOUT)
        add(finding->engine, finding->tenant, finding->run);
    free(finding);
}

static void take_up(struct hk_case_soon *soon, const struct pending *pending)
{
    struct hk_error error;
    if (strncmp(pending->id, "ca-", 3) == 0) {
        look(soon->engine, pending->tenant, pending->id);
        return;
    }
    struct finding *finding = hk_engine_alloc(sizeof *finding);
    finding->engine = soon->engine;
    finding->tenant = pending->tenant;
    (void)hk_copy_text(finding->run, sizeof finding->run, pending->id);
    enum hk_status status =
        hk_ledger_read(soon->engine->ledger, find_case, on_found, finding, &error);
    if (status != HK_OK)
        on_found(finding, status, &error);
}

static void on_timer(void *ctx)
{
    struct hk_case_soon *soon = ctx;
    int64_t now_us = hk_engine_now_us(soon->engine);
    if (soon->engine->is_stopping)
        return;
    for (int i = 0; i < AT_ONCE_MAX && soon->first != NULL && soon->first->due_us <= now_us; i++) {
        struct pending *pending = soon->first;
        soon->first = pending->next;
        if (soon->first == NULL)
            soon->end = &soon->first;
        (void)hk_map_remove(&soon->by_key, pending->key);
        take_up(soon, pending);
        free(pending);
    }
    if (soon->first == NULL)
        return;
    int64_t after_ms = (soon->first->due_us - now_us) / 1000;
    hk_timer_arm(soon->timer, after_ms < AGAIN_MS ? AGAIN_MS : after_ms);
}

/* --- after a start --- */

struct listing {
    struct hk_engine *engine;
    struct pending *found;
};

static void on_unattended(
    void *ctx, hk_tenant tenant, const char *in_case, bool is_open, const char *into)
{
    struct listing *listing = ctx;
    (void)is_open;
    (void)into;
    struct pending *pending = calloc(1, sizeof *pending);
    if (pending == NULL)
        return;
    pending->due_us = tenant;
    (void)hk_copy_text(pending->id, sizeof pending->id, in_case);
    pending->next = listing->found;
    listing->found = pending;
}

static enum hk_status list_unattended(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct listing *listing = job;
    const struct hk_engine *engine = listing->engine;
    enum hk_status status = HK_OK;
    for (size_t i = 0; i < engine->tenant_count && status == HK_OK; i++)
        status = hk_query_cases_unattended(reading, engine->tenant_numbers[i],
            HK_CASES_LOOKED_AT_MAX / engine->tenant_count + 1, on_unattended, listing, error);
    return status;
}

static void on_listed(void *job, enum hk_status status, const struct hk_error *error)
{
    struct listing *listing = job;
    if (status != HK_OK)
        hk_log(HK_LOG_WARNING, "cases that may be closed: %s", error->text);
    while (listing->found != NULL) {
        struct pending *pending = listing->found;
        struct hk_tenant_state *tenant = hk_tenant_of(listing->engine, (hk_tenant)pending->due_us);
        listing->found = pending->next;
        if (tenant != NULL)
            add(listing->engine, tenant, pending->id);
        free(pending);
    }
    free(listing);
}

void hk_case_soon_all(struct hk_engine *engine)
{
    struct hk_error error;
    struct listing *listing = hk_engine_alloc(sizeof *listing);
    listing->engine = engine;
    enum hk_status status =
        hk_ledger_read(engine->ledger, list_unattended, on_listed, listing, &error);
    if (status != HK_OK)
        on_listed(listing, status, &error);
}
