/*
 * gate: the question that is put to people, and what their answer covers.
 *
 * `covers` is everything that an approval is about, in canonical form; the digest is its SHA-256.
 * It is computed when the gate opens and again when the answer comes: an approval of anything else
 * is void.
 */
#include "engine/gate.h"
#include "base/text.h"
#include "engine/act.h"
#include "engine/dispatch.h"
#include "engine/memory.h"
#include "engine/notice.h"
#include "engine/run.h"
#include "engine/step.h"
#include "engine/tx.h"

#include <stdlib.h>
#include <string.h>

/* Canonical form of what was written to *out, in place, and its digest. */
static void seal(struct hk_buf *out, char ret_digest[HK_SHA256_HEX_SIZE])
{
    struct hk_json_doc doc = {0};
    struct hk_error error = {0};
    struct hk_buf canonical;
    hk_engine_must(hk_buf_check(out, "what an approval covers", &error), "a gate", &error);
    hk_engine_must(
        hk_json_parse(out->data, out->size, &hk_json_limits_own, &doc, &error), "a gate", &error);
    hk_buf_init(&canonical, out->size_max);
    hk_json_canonical(doc.root, &canonical);
    hk_json_doc_done(&doc);
    hk_engine_must(hk_buf_check(&canonical, "what an approval covers", &error), "a gate", &error);
    hk_buf_done(out);
    *out = canonical;
    hk_sha256_hex(out->data, out->size, ret_digest);
}

static void write_context(struct hk_run *run, const struct hk_step *step, struct hk_jw *jw)
{
    hk_jw_kv(jw, "tenant", run->tenant->name);
    hk_jw_kv(jw, "run", run->id);
    hk_jw_kv(jw, "step", step->path);
    hk_jw_kv(jw, "alert", run->alert->id);
    hk_jw_kv(jw, "severity", hk_severity_text(run->severity));
    hk_jw_key(jw, "playbook");
    hk_jw_object(jw);
    hk_jw_kv(jw, "name", run->playbook->name);
    hk_jw_kv(jw, "version", run->playbook->version);
    hk_jw_object_end(jw);
}

/* What was found before the question came up: the title of the alert and the playbook's reasons. */
static void write_evidence(struct hk_run *run, const struct hk_json *because, struct hk_jw *jw)
{
    struct hk_json_doc alert = {0};
    if (hk_json_parse(
            run->alert->json, strlen(run->alert->json), &hk_json_limits_own, &alert, NULL) == HK_OK)
        hk_jw_kv(jw, "title", hk_json_string_at(alert.root, "title", ""));
    hk_json_doc_done(&alert);
    if (because != NULL)
        hk_jw_kv_value(jw, "because", because);
}

void hk_gate_covers(struct hk_run *run, const struct hk_step *step, const struct hk_act *act,
    struct hk_buf *out, char ret_digest[HK_SHA256_HEX_SIZE])
{
    const struct hk_action_info *info = act->info;
    struct hk_buf summary;
    struct hk_jw jw;
    hk_buf_init(&summary, HK_ARGS_SIZE_MAX);
    hk_act_summary(act, &summary);
    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    write_context(run, step, &jw);
    write_evidence(run, hk_json_get(act->options.root, "because"), &jw);
    hk_jw_kv(&jw, "summary", summary.data == NULL ? "" : summary.data);
    hk_jw_kv(&jw, "action", act->action);
    if (act->capability != NULL)
        hk_jw_kv(&jw, "capability", act->capability);
    hk_plugin_write(&jw, info);
    hk_jw_kv(&jw, "kind", hk_kind_of_action_text(info->kind));
    hk_jw_kv(&jw, "effect", hk_effect_text(info->effect));
    hk_jw_kv(&jw, "target", act->verdict.target);
    hk_jw_kv_raw(&jw, "args", act->call);
    if (info->undo != NULL)
        hk_jw_kv(&jw, "undo", info->undo);
    hk_jw_kv(&jw, "residual", info->residual == NULL ? "" : info->residual);
    hk_jw_kv_i64(&jw, "lease_ms", act->lease_ms);
    hk_jw_kv(&jw, "rule", act->verdict.rule);
    hk_jw_kv(&jw, "role", act->verdict.role);
    hk_jw_kv_i64(&jw, "quorum", act->verdict.quorum);
    hk_jw_kv(&jw, "without_answer", "nothing is done");
    hk_jw_object_end(&jw);
    hk_buf_done(&summary);
    seal(out, ret_digest);
}

void hk_gate_go_on_asking(const struct hk_json *covers, struct hk_verdict *verdict)
{
    if (verdict->outcome <= HK_MAY_ASK)
        return;
    verdict->outcome = HK_MAY_ASK;
    (void)hk_copy_text(verdict->rule, sizeof verdict->rule, hk_json_string_at(covers, "rule", ""));
    (void)hk_copy_text(
        verdict->role, sizeof verdict->role, hk_json_string_at(covers, "role", "approver"));
    verdict->quorum = (unsigned)hk_json_i64_at(covers, "quorum", 1);
    verdict->expires_ms = HK_GATE_EXPIRES_DEFAULT_MS;
}

/* --- narrowing --- */

void hk_gate_apply_narrowing(
    struct hk_run *run, struct hk_step *step, const struct hk_json *gate_payload)
{
    const struct hk_json *narrowed = hk_json_get(gate_payload, "narrowed");
    struct hk_buf text;
    step->narrowed_lease_ms = hk_json_i64_at(gate_payload, "narrowed_lease_ms", 0);
    hk_buf_init(&text, HK_ARGS_SIZE_MAX * 2);
    if (narrowed != NULL)
        hk_json_canonical(narrowed, &text);
    hk_engine_must(hk_buf_check(&text, "narrowed arguments", NULL), "a gate", NULL);
    if (text.data == NULL)
        step->narrowed = NULL;
    else if (step->narrowed == NULL || strcmp(step->narrowed, text.data) != 0)
        step->narrowed = hk_run_text(run, text.data);
    hk_buf_done(&text);
}

void hk_gate_write_narrowing(struct hk_jw *jw, const struct hk_step *step)
{
    if (step->narrowed != NULL)
        hk_jw_kv_raw(jw, "narrowed", step->narrowed);
    if (step->narrowed_lease_ms > 0)
        hk_jw_kv_i64(jw, "narrowed_lease_ms", step->narrowed_lease_ms);
}

const char *hk_gate_tell_narrowing(
    const struct hk_step *step, const char *result, struct hk_buf *out)
{
    struct hk_json_doc doc = {0};
    struct hk_jw jw;
    if (step->narrowed == NULL ||
        hk_json_parse(result, strlen(result), &hk_json_limits_own, &doc, NULL) != HK_OK)
        return result;
    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    hk_jw_key(&jw, "narrowed");
    hk_jw_object(&jw);
    hk_jw_kv_raw(&jw, "args", step->narrowed);
    hk_jw_kv_i64(&jw, "lease_ms", step->lease_ms);
    hk_jw_object_end(&jw);
    if (doc.root->type == HK_JSON_OBJECT) {
        for (const struct hk_json *item = doc.root->first; item != NULL; item = item->next) {
            if (strcmp(item->key, "narrowed") != 0)
                hk_jw_kv_value(&jw, item->key, item);
        }
    }
    hk_jw_object_end(&jw);
    hk_json_doc_done(&doc);
    hk_engine_must(hk_buf_check(out, "a result", NULL), "telling what was narrowed", NULL);
    return out->data;
}

/* --- opening --- */

struct gate_facts {
    const char *kind; /* "action" or "question" */
    const char *covers;
    const char *digest;
    const char *role;
    unsigned quorum;
    int64_t expires_us;
    const char *action;
    const char *target;
    const char *summary;
    const struct hk_json *choices;
    const struct hk_json *otherwise;
};

static void write_excluded(struct hk_run *run, struct hk_jw *jw)
{
    hk_jw_key(jw, "excluded");
    hk_jw_array(jw);
    for (const char *const *who = run->requesters; *who != NULL; who++)
        hk_jw_string(jw, *who);
    hk_jw_array_end(jw);
}

static void write_opened(struct hk_run *run, const struct hk_step *step,
    const struct gate_facts *facts, struct hk_tx *tx)
{
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_GATE_OPENED, step->gate);
    hk_jw_kv(jw, "run", run->id);
    hk_jw_kv(jw, "step", step->path);
    hk_jw_kv(jw, "gate_kind", facts->kind);
    hk_jw_kv_raw(jw, "covers", facts->covers);
    hk_jw_kv(jw, "digest", facts->digest);
    hk_jw_kv(jw, "role", facts->role);
    hk_jw_kv_i64(jw, "quorum", facts->quorum);
    write_excluded(run, jw);
    hk_jw_kv_i64(jw, "expires_us", facts->expires_us);
    hk_jw_kv(jw, "severity", hk_severity_text(run->severity));
    hk_jw_kv(jw, "action", facts->action);
    hk_jw_kv(jw, "target", facts->target);
    hk_jw_kv(jw, "summary", facts->summary);
    if (facts->choices != NULL)
        hk_jw_kv_value(jw, "choices", facts->choices);
    if (facts->otherwise != NULL)
        hk_jw_kv_value(jw, "otherwise", facts->otherwise);
    hk_gate_write_narrowing(jw, step);
    hk_notice_ask(tx, jw, step->gate);
    hk_tx_end(tx);
}

static void write_waiting(
    struct hk_run *run, struct hk_step *step, const char *waits_for, struct hk_tx *tx)
{
    enum hk_step_state from = step->state;
    hk_engine_must(hk_step_step_to(&step->state, HK_KIND_STEP_WAITING) ? HK_OK : HK_INTERNAL,
        "opening a gate", NULL);
    step->waits_for = waits_for;
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_STEP_WAITING, run->id);
    if (from == HK_STEP_NONE)
        hk_step_write_request(jw, step);
    else
        hk_jw_kv(jw, "step", step->path);
    hk_jw_kv(jw, "from", hk_step_state_text(from));
    hk_jw_kv(jw, "for", waits_for);
    hk_jw_kv(jw, "gate", step->gate);
    hk_tx_end(tx);
}

void hk_gate_open(
    struct hk_run *run, struct hk_step *step, const struct hk_act *act, struct hk_tx *tx)
{
    struct hk_buf covers;
    struct hk_buf summary;
    char digest[HK_SHA256_HEX_SIZE];
    hk_buf_init(&covers, HK_PAYLOAD_SIZE_MAX / 2);
    hk_buf_init(&summary, HK_ARGS_SIZE_MAX);
    hk_gate_covers(run, step, act, &covers, digest);
    hk_act_summary(act, &summary);
    hk_id_new("ga", tx->time_us, step->gate);
    const struct gate_facts facts = {
        .kind = "action",
        .covers = covers.data,
        .digest = digest,
        .role = act->verdict.role,
        .quorum = act->verdict.quorum,
        .expires_us = tx->time_us + act->verdict.expires_ms * 1000,
        .action = act->action,
        .target = act->verdict.target,
        .summary = summary.data == NULL ? "" : summary.data,
    };
    write_waiting(run, step, "gate", tx);
    write_opened(run, step, &facts, tx);
    hk_buf_done(&covers);
    hk_buf_done(&summary);
    hk_tx_due(tx, facts.expires_us);
    run->engine->stats.gates_opened++;
}

void hk_gate_open_question(struct hk_run *run, struct hk_step *step, struct hk_tx *tx)
{
    struct hk_json_doc args = {0};
    struct hk_error error = {0};
    struct hk_buf covers;
    struct hk_jw jw;
    char digest[HK_SHA256_HEX_SIZE];
    int64_t timeout_ms = HK_GATE_EXPIRES_DEFAULT_MS;
    hk_engine_must(
        hk_json_parse(step->args, strlen(step->args), &hk_json_limits_own, &args, &error),
        "a question", &error);
    const struct hk_json *root = args.root;
    const char *timeout = hk_json_string_at(root, "timeout", NULL);
    if (timeout != NULL && hk_duration_parse(timeout, &timeout_ms, &error) != HK_OK)
        timeout_ms = HK_GATE_EXPIRES_DEFAULT_MS;
    const char *role = hk_json_string_at(root, "role", "approver");
    int64_t quorum = hk_json_i64_at(root, "quorum", 1);

    hk_buf_init(&covers, HK_PAYLOAD_SIZE_MAX / 2);
    hk_jw_init(&jw, &covers);
    hk_jw_object(&jw);
    write_context(run, step, &jw);
    write_evidence(run, hk_json_get(root, "because"), &jw);
    hk_jw_kv_value(&jw, "asked", root);
    hk_jw_object_end(&jw);
    seal(&covers, digest);
    hk_id_new("ga", tx->time_us, step->gate);
    const struct gate_facts facts = {
        .kind = "question",
        .covers = covers.data,
        .digest = digest,
        .role = hk_role_is_valid(role) ? role : "approver",
        .quorum = quorum < 1 ? 1 : (unsigned)quorum,
        .expires_us = tx->time_us + timeout_ms * 1000,
        .action = "ask",
        .target = "",
        .summary = hk_json_string_at(root, "question", ""),
        .choices = hk_json_get(root, "choices"),
        .otherwise = hk_json_get(root, "otherwise"),
    };
    write_waiting(run, step, "question", tx);
    write_opened(run, step, &facts, tx);
    hk_buf_done(&covers);
    hk_json_doc_done(&args);
    hk_tx_due(tx, facts.expires_us);
    run->engine->stats.gates_opened++;
}
