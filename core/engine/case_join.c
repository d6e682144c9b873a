/*
 * case_join: see case_join.h.
 */
#include "engine/case_join.h"
#include "base/text.h"
#include "engine/case_index.h"
#include "engine/memory.h"

#include <string.h>

/* What is seen again in its case is recorded anew when this part of the window has passed. */
enum { REFRESH_PARTS = 16 };

void hk_case_write_entities(
    struct hk_tx *tx, struct hk_jw *jw, const char *id, const struct hk_entities *entities)
{
    int64_t refresh_us = tx->time_us - tx->tenant->cases.window_us / REFRESH_PARTS;
    hk_jw_key(jw, "entities");
    hk_jw_array(jw);
    for (size_t i = 0; i < entities->count; i++) {
        if (hk_case_index_see(tx->engine->cases, tx->tenant->number, id, entities->items[i],
                tx->time_us, refresh_us))
            hk_jw_string(jw, entities->items[i]);
    }
    hk_jw_array_end(jw);
}

static void open_with(struct hk_tx *tx, const struct hk_case_opening *opening,
    const struct hk_entities *entities, char ret_case[HK_ID_SIZE])
{
    hk_id_new("ca", tx->time_us, ret_case);
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_CASE_OPENED, ret_case);
    hk_jw_kv(jw, "title", opening->title);
    hk_jw_kv(jw, "severity", hk_severity_text(opening->severity));
    if (opening->alert != NULL)
        hk_jw_kv(jw, "alert", opening->alert);
    if (opening->run != NULL)
        hk_jw_kv(jw, "run", opening->run);
    if (opening->from != NULL)
        hk_jw_kv(jw, "from", opening->from);
    if (opening->after[0] != 0)
        hk_jw_kv(jw, "after", opening->after);
    hk_case_write_entities(tx, jw, ret_case, entities);
    hk_tx_end(tx);
    tx->engine->stats.cases_opened++;
}

void hk_case_open(struct hk_tx *tx, const struct hk_case_opening *opening,
    const struct hk_json *view, char ret_case[HK_ID_SIZE])
{
    struct hk_entities entities;
    hk_entities_of(&tx->tenant->cases, view, &entities);
    open_with(tx, opening, &entities, ret_case);
}

static void join(struct hk_tx *tx, const char *alert, enum hk_severity severity,
    const struct hk_case_match *match, const struct hk_entities *entities)
{
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_CASE_JOINED, alert);
    hk_jw_kv(jw, "case", match->id);
    hk_jw_kv(jw, "severity", hk_severity_text(severity));
    hk_jw_kv(jw, "entity", match->entity);
    hk_case_write_entities(tx, jw, match->id, entities);
    if (match->also_count > 0) {
        hk_jw_key(jw, "also");
        hk_jw_array(jw);
        for (size_t i = 0; i < match->also_count; i++)
            hk_jw_string(jw, match->also[i]);
        hk_jw_array_end(jw);
    }
    hk_tx_end(tx);
    hk_case_index_joined(tx->engine->cases, tx->tenant->number, match->id);
    tx->engine->stats.alerts_joined++;
}

void hk_case_take(struct hk_tx *tx, const char *alert, const struct hk_json *view,
    enum hk_severity severity, char ret_case[HK_ID_SIZE])
{
    const struct hk_case_policy *policy = &tx->tenant->cases;
    struct hk_entities entities;
    struct hk_case_match match;
    ret_case[0] = 0;
    hk_entities_of(policy, view, &entities);
    hk_case_index_find(
        tx->engine->cases, tx->tenant->number, &entities, tx->time_us - policy->window_us, &match);
    if (match.id[0] != 0) {
        join(tx, alert, severity, &match, &entities);
        (void)hk_copy_text(ret_case, HK_ID_SIZE, match.id);
        return;
    }
    if (severity < policy->open_at)
        return;
    const struct hk_case_opening opening = {
        .title = hk_json_string_at(view, "title", ""),
        .severity = severity,
        .alert = alert,
        .after = match.after,
    };
    open_with(tx, &opening, &entities, ret_case);
}
