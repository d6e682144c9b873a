#include "engine/gap.h"

#include "base/text.h"
#include "engine/memory.h"
#include "engine/tenant.h"
#include "engine/tx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_SIZE (HK_GAP_NAME_SIZE + 40)

struct gap {
    char key[KEY_SIZE]; /* "TENANT KIND NAME" */
    char name[HK_GAP_NAME_SIZE];
    hk_tenant tenant;
    enum hk_gap_kind kind;
    bool is_found; /* in the round that goes on */
};

struct hk_gaps {
    struct hk_engine *engine;
    struct hk_map open; /* by key */
};

const char *hk_gap_kind_text(enum hk_gap_kind kind)
{
    static const char *const texts[] = {
#define X(name, text) text,
        HK_GAP_KINDS(X)
#undef X
    };
    return texts[kind];
}

static bool kind_of(const char *text, enum hk_gap_kind *ret_kind)
{
    for (unsigned i = 0; i < HK_GAP_KIND_COUNT; i++) {
        if (strcmp(hk_gap_kind_text((enum hk_gap_kind)i), text) == 0) {
            *ret_kind = (enum hk_gap_kind)i;
            return true;
        }
    }
    return false;
}

enum hk_status hk_gaps_new(
    struct hk_engine *engine, struct hk_gaps **ret_gaps, struct hk_error *error)
{
    struct hk_gaps *gaps = calloc(1, sizeof *gaps);
    if (gaps == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for gaps");
    gaps->engine = engine;
    hk_map_init(&gaps->open);
    *ret_gaps = gaps;
    return HK_OK;
}

void hk_gaps_free(struct hk_gaps *gaps)
{
    size_t cursor = 0;
    struct gap *gap;
    if (gaps == NULL)
        return;
    while ((gap = hk_map_next(&gaps->open, &cursor)) != NULL)
        free(gap);
    hk_map_done(&gaps->open);
    free(gaps);
}

static void key_of(
    hk_tenant tenant, enum hk_gap_kind kind, const char *name, char ret_key[KEY_SIZE])
{
    (void)snprintf(ret_key, KEY_SIZE, "%u %u %s", (unsigned)tenant, (unsigned)kind, name);
}

static struct gap *add(
    struct hk_gaps *gaps, hk_tenant tenant, enum hk_gap_kind kind, const char *name)
{
    struct gap *gap = hk_engine_alloc(sizeof *gap);
    (void)snprintf(gap->name, sizeof gap->name, "%s", name);
    gap->tenant = tenant;
    gap->kind = kind;
    key_of(tenant, kind, gap->name, gap->key);
    hk_engine_must(hk_map_put(&gaps->open, gap->key, gap), "a gap", NULL);
    return gap;
}

static void on_open_row(void *ctx, hk_tenant tenant, const char *kind_text, const char *name)
{
    struct hk_gaps *gaps = ctx;
    enum hk_gap_kind kind;
    if (kind_of(kind_text, &kind))
        (void)add(gaps, tenant, kind, name);
}

static enum hk_status read_open(struct hk_reading *reading, void *job, struct hk_error *error)
{
    return hk_query_gaps_open(reading, on_open_row, job, error);
}

enum hk_status hk_gaps_load(struct hk_gaps *gaps, struct hk_error *error)
{
    return hk_ledger_read_now(gaps->engine->ledger, read_open, gaps, error);
}

void hk_gaps_each_open(const struct hk_gaps *gaps, hk_tenant tenant, enum hk_gap_kind kind,
    hk_gap_open_fn *fn, void *ctx)
{
    const struct gap *gap;
    size_t cursor = 0;
    while ((gap = hk_map_next(&gaps->open, &cursor)) != NULL)
        if (gap->tenant == tenant && gap->kind == kind)
            fn(ctx, gap->name);
}

/* The same gap is the same subject, however often it opens. */
static void subject_of(enum hk_gap_kind kind, const char *name, char ret_id[HK_ID_SIZE])
{
    char text[KEY_SIZE];
    char hex[HK_SHA256_HEX_SIZE];
    int size = snprintf(text, sizeof text, "%s %s", hk_gap_kind_text(kind), name);
    hk_sha256_hex(text, (size_t)size, hex);
    (void)snprintf(ret_id, HK_ID_SIZE, "gp-%.24s", hex);
}

static void write_opened(struct hk_tx *tx, const struct gap *gap, const char *detail)
{
    char id[HK_ID_SIZE];
    subject_of(gap->kind, gap->name, id);
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_GAP_OPENED, id);
    hk_jw_kv(jw, "gap", hk_gap_kind_text(gap->kind));
    hk_jw_kv(jw, "name", gap->name);
    hk_jw_kv(jw, "detail", detail);
    hk_tx_end(tx);
}

static void write_closed(struct hk_tx *tx, const struct gap *gap)
{
    char id[HK_ID_SIZE];
    subject_of(gap->kind, gap->name, id);
    hk_tx_simple(tx, HK_KIND_GAP_CLOSED, id, "gap", hk_gap_kind_text(gap->kind), "name", gap->name);
}

struct round {
    struct hk_engine *engine;
    struct hk_tenant_state *tenant;
    struct hk_tx tx;
    bool has_begun; /* tx */
};

static struct hk_tx *tx_of(struct round *round)
{
    if (!round->has_begun)
        hk_tx_begin(&round->tx, round->engine, round->tenant, "engine");
    round->has_begun = true;
    return &round->tx;
}

static void take_found(
    struct round *round, enum hk_gap_kind kind, const struct hk_gap_found *found, size_t count)
{
    struct hk_gaps *gaps = round->engine->gaps;
    for (size_t i = 0; i < count; i++) {
        char key[KEY_SIZE];
        char name[HK_GAP_NAME_SIZE];
        (void)snprintf(name, sizeof name, "%s", found[i].name);
        key_of(round->tenant->number, kind, name, key);
        struct gap *gap = hk_map_get(&gaps->open, key);
        if (gap == NULL) {
            gap = add(gaps, round->tenant->number, kind, name);
            write_opened(tx_of(round), gap, found[i].detail);
        }
        gap->is_found = true;
    }
}

/* One gap of the round that was not found; NULL: no more. A map that is walked can't be changed. */
static struct gap *next_lost(const struct round *round, enum hk_gap_kind kind)
{
    size_t cursor = 0;
    struct gap *gap;
    while ((gap = hk_map_next(&round->engine->gaps->open, &cursor)) != NULL)
        if (gap->tenant == round->tenant->number && gap->kind == kind && !gap->is_found)
            return gap;
    return NULL;
}

static void forget_round(const struct round *round)
{
    size_t cursor = 0;
    struct gap *gap;
    while ((gap = hk_map_next(&round->engine->gaps->open, &cursor)) != NULL)
        gap->is_found = false;
}

void hk_gaps_are(struct hk_engine *engine, const struct hk_tenant_state *tenant,
    enum hk_gap_kind kind, const struct hk_gap_found *found, size_t count)
{
    struct round round = {.engine = engine, .tenant = hk_tenant_of(engine, tenant->number)};
    struct gap *lost;
    take_found(&round, kind, found, count < HK_GAPS_MAX ? count : HK_GAPS_MAX);
    while ((lost = next_lost(&round, kind)) != NULL) {
        write_closed(tx_of(&round), lost);
        (void)hk_map_remove(&engine->gaps->open, lost->key);
        free(lost);
    }
    forget_round(&round);
    if (round.has_begun)
        hk_tx_commit(&round.tx, HK_LANE_NORMAL, NULL, NULL, NULL);
}

void hk_engine_gaps(struct hk_engine *engine, hk_tenant tenant, enum hk_gap_kind kind,
    const struct hk_gap_found *found, size_t count)
{
    struct hk_tenant_state *state = hk_tenant_of(engine, tenant);
    if (state != NULL && engine->is_ready && !engine->is_stopping)
        hk_gaps_are(engine, state, kind, found, count);
}
