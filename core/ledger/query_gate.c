/*
 * query_gate: see query_gate.h.
 */
#include "ledger/query_gate.h"

#include <string.h>

static void write_or_null(struct hk_jw *jw, const char *key, const struct hk_json *value)
{
    hk_jw_key(jw, key);
    if (value == NULL)
        hk_jw_null(jw);
    else
        hk_jw_value(jw, value);
}

/* Exactly as it was recorded: this is what a digest covers. */
static void write_source(struct hk_jw *jw, const char *key, const struct hk_json *value)
{
    hk_jw_key(jw, key);
    if (value == NULL)
        hk_jw_null(jw);
    else
        hk_jw_raw(jw, value->source, value->source_size);
}

/* Who and when: the end of each item of what people did. */
static void end_item(const struct hk_stored *stored, struct hk_jw *jw)
{
    hk_jw_kv_time(jw, "time", stored->entry.time_us);
    hk_jw_object_end(jw);
}

static void write_decision(const struct hk_stored *stored, const struct hk_json *payload,
    int64_t revision, struct hk_jw *jw)
{
    bool is_vote = stored->entry.kind == HK_KIND_GATE_VOTED;
    const char *outcome = hk_json_string_at(payload, "outcome", "");

    hk_jw_object(jw);
    hk_jw_kv(jw, "by",
        is_vote ? stored->entry.actor : hk_json_string_at(payload, "by", stored->entry.actor));
    if (is_vote)
        hk_jw_kv(jw, "decision", hk_json_string_at(payload, "decision", NULL));
    else
        hk_jw_kv(jw, "decision", strcmp(outcome, "approved") == 0 ? "approve" : "reject");
    hk_jw_kv_i64(jw, "revision", revision);
    hk_jw_kv(jw, "reason", hk_json_string_at(payload, "reason", NULL));
    write_or_null(jw, "choice", hk_json_get(payload, "choice"));
    end_item(stored, jw);
}

/* Votes, each on the revision that stood then. A decision repeats the vote that made it; without
 * votes it stands alone. */
static void write_decisions(const struct hk_history *history, struct hk_jw *jw)
{
    bool has_votes = false;
    int64_t revision = 1;

    hk_jw_key(jw, "decisions");
    hk_jw_array(jw);
    for (size_t i = 0; i < history->chain.count; i++) {
        const struct hk_stored *stored = &history->chain.items[i];

        if (stored->entry.kind == HK_KIND_GATE_NARROWED)
            revision++;
        if (stored->entry.kind == HK_KIND_GATE_VOTED ||
            (stored->entry.kind == HK_KIND_GATE_DECIDED && !has_votes))
            write_decision(stored, history->docs[i].root, revision, jw);
        has_votes = has_votes || stored->entry.kind == HK_KIND_GATE_VOTED;
    }
    hk_jw_array_end(jw);
}

/* Each revision: what is asked since then, and who narrowed it. The first is as it was opened. */
static void write_revisions(const struct hk_history *history, struct hk_jw *jw)
{
    int64_t revision = 0;

    hk_jw_key(jw, "revisions");
    hk_jw_array(jw);
    for (size_t i = 0; i < history->chain.count; i++) {
        const struct hk_stored *stored = &history->chain.items[i];
        const struct hk_json *payload = history->docs[i].root;

        if (stored->entry.kind != HK_KIND_GATE_OPENED &&
            stored->entry.kind != HK_KIND_GATE_NARROWED)
            continue;
        hk_jw_object(jw);
        hk_jw_kv_i64(jw, "revision", ++revision);
        hk_jw_kv(jw, "by", stored->entry.actor);
        hk_jw_kv(jw, "summary", hk_json_string_at(payload, "summary", NULL));
        hk_jw_kv(jw, "digest", hk_json_string_at(payload, "digest", NULL));
        write_or_null(jw, "args", hk_json_at(payload, "covers.args"));
        hk_jw_kv_i64(jw, "lease_ms", hk_json_i64_at(payload, "covers.lease_ms", 0));
        hk_jw_kv(jw, "reason", hk_json_string_at(payload, "reason", NULL));
        end_item(stored, jw);
    }
    hk_jw_array_end(jw);
    hk_jw_kv_i64(jw, "revision", revision);
}

static void write_talk(const struct hk_history *history, enum hk_kind kind, const char *key,
    const char *const *members, struct hk_jw *jw)
{
    hk_jw_key(jw, key);
    hk_jw_array(jw);
    for (size_t i = 0; i < history->chain.count; i++) {
        const struct hk_stored *stored = &history->chain.items[i];

        if (stored->entry.kind != kind)
            continue;
        hk_jw_object(jw);
        hk_jw_kv(jw, "by", stored->entry.actor);
        for (const char *const *member = members; *member != NULL; member++)
            hk_jw_kv(jw, *member, hk_json_string_at(history->docs[i].root, *member, NULL));
        end_item(stored, jw);
    }
    hk_jw_array_end(jw);
}

/* The newest entry of one of two kinds, as its payload; NULL when there is none. */
static const struct hk_json *newest(
    const struct hk_history *history, enum hk_kind kind, enum hk_kind other)
{
    for (size_t i = history->chain.count; i > 0; i--)
        if (history->chain.items[i - 1].entry.kind == kind ||
            history->chain.items[i - 1].entry.kind == other)
            return history->docs[i - 1].root;
    return NULL;
}

void hk_history_gate(const struct hk_history *history, struct hk_jw *jw)
{
    static const char *const delegation[] = {"to", "reason", NULL};
    static const char *const note[] = {"text", NULL};
    const struct hk_json *opened = newest(history, HK_KIND_GATE_OPENED, HK_KIND_GATE_OPENED);
    const struct hk_json *asked = newest(history, HK_KIND_GATE_OPENED, HK_KIND_GATE_NARROWED);
    const struct hk_json *voided = newest(history, HK_KIND_GATE_VOIDED, HK_KIND_GATE_VOIDED);

    write_source(jw, "shown", hk_json_get(asked, "covers"));
    write_or_null(jw, "choices", hk_json_get(opened, "choices"));
    write_or_null(jw, "otherwise", hk_json_get(opened, "otherwise"));
    write_or_null(jw, "excluded", hk_json_get(opened, "excluded"));
    if (voided != NULL)
        write_or_null(jw, "why", hk_json_get(voided, "why"));
    write_revisions(history, jw);
    write_decisions(history, jw);
    write_talk(history, HK_KIND_GATE_DELEGATED, "delegations", delegation, jw);
    write_talk(history, HK_KIND_GATE_NOTED, "notes", note, jw);
}
