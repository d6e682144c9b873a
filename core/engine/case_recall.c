/*
 * case_recall: see case_recall.h. The ledger is asked tenant by tenant, the index wants what was
 * seen longest ago first: so all is gathered, and put in order.
 */
#include "engine/case_recall.h"
#include "engine/case_index.h"
#include "engine/memory.h"
#include "ledger/query_work.h"

#include <stdlib.h>
#include <string.h>

/* What the largest number of entities takes is far less. */
#define TEXTS_SIZE_MAX (1024UL * 1024 * 1024)

struct sighting {
    int64_t last_us;
    size_t text; /* in texts: the case's id and the entity, each with its NUL */
    hk_tenant tenant;
};

struct recall {
    struct hk_engine *engine;
    struct hk_buf texts;
    struct sighting *items;
    size_t count;
    size_t capacity;
};

static void on_entity(
    void *ctx, hk_tenant tenant, const char *in_case, const char *entity, int64_t last_us)
{
    struct recall *recall = ctx;
    if (recall->count == recall->capacity) {
        recall->capacity = recall->capacity == 0 ? 256 : recall->capacity * 2;
        recall->items = hk_engine_grow(recall->items, recall->capacity * sizeof *recall->items);
    }
    recall->items[recall->count++] =
        (struct sighting){.last_us = last_us, .text = recall->texts.size, .tenant = tenant};
    hk_buf_append(&recall->texts, in_case, strlen(in_case) + 1);
    hk_buf_append(&recall->texts, entity, strlen(entity) + 1);
}

static void on_place(
    void *ctx, hk_tenant tenant, const char *in_case, bool is_open, const char *into)
{
    struct hk_engine *engine = ctx;
    hk_case_index_set(engine->cases, tenant, in_case, is_open, into);
}

/* Longest ago first; what was seen at the same time, as it came. */
static int by_time(const void *a, const void *b)
{
    const struct sighting *left = a;
    const struct sighting *right = b;
    if (left->last_us != right->last_us)
        return left->last_us < right->last_us ? -1 : 1;
    return (left->text > right->text) - (left->text < right->text);
}

static void remember(const struct recall *recall)
{
    for (size_t i = 0; i < recall->count; i++) {
        const struct sighting *item = &recall->items[i];
        const char *in_case = recall->texts.data + item->text;
        const char *entity = in_case + strlen(in_case) + 1;
        (void)hk_case_index_see(
            recall->engine->cases, item->tenant, in_case, entity, item->last_us, 0);
    }
}

enum hk_status hk_case_recall(
    struct hk_reading *reading, struct hk_engine *engine, struct hk_error *error)
{
    struct recall recall = {.engine = engine};
    enum hk_status status = HK_OK;
    int64_t window_us = 0;
    hk_buf_init(&recall.texts, TEXTS_SIZE_MAX);
    for (size_t i = 0; i < engine->tenant_count; i++) {
        if (engine->tenants[i]->cases.window_us > window_us)
            window_us = engine->tenants[i]->cases.window_us;
    }
    for (size_t i = 0; i < engine->tenant_count && status == HK_OK; i++)
        status = hk_query_case_entities(reading, engine->tenant_numbers[i],
            hk_engine_now_us(engine) - window_us, HK_CASE_INDEX_MAX, on_entity, &recall, error);
    if (status == HK_OK)
        status = hk_buf_check(&recall.texts, "what cases are joined by", error);
    if (status == HK_OK && recall.count > 0) {
        qsort(recall.items, recall.count, sizeof *recall.items, by_time);
        remember(&recall);
    }
    if (status == HK_OK)
        status = hk_query_case_places(reading, on_place, engine, error);
    free(recall.items);
    hk_buf_done(&recall.texts);
    return status;
}
