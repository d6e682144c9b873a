/*
 * task: see task.h.
 */
#include "engine/task.h"
#include "base/text.h"
#include "engine/act.h"
#include "engine/dispatch.h"
#include "engine/fallback.h"
#include "engine/memory.h"
#include "engine/notice.h"
#include "engine/places.h"
#include "engine/tenant.h"

#include <stdlib.h>
#include <string.h>

struct facts {
    const char *kind;
    const char *title;
    const char *instruction;
    const char *owner;
    const char *role;
    int64_t due_us;
    const char *severity;
    const char *in_case;
    const char *run;
    const char *step;
    const char *containment;
    const char *reason;
};

/* Begin task.opened with what every task has. */
static struct hk_jw *begin(struct hk_tx *tx, const struct facts *facts, char ret_task[HK_ID_SIZE])
{
    const struct {
        const char *key;
        const char *text;
    } texts[] = {{"kind", facts->kind}, {"title", facts->title},
        {"instruction", facts->instruction}, {"owner", facts->owner}, {"role", facts->role},
        {"severity", facts->severity}, {"case", facts->in_case}, {"run", facts->run},
        {"step", facts->step}, {"containment", facts->containment}, {"reason", facts->reason}};
    hk_id_new("ta", tx->time_us, ret_task);
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_TASK_OPENED, ret_task);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].text != NULL)
            hk_jw_kv(jw, texts[i].key, texts[i].text);
    }
    if (facts->due_us > 0)
        hk_jw_kv_i64(jw, "due_us", facts->due_us);
    tx->engine->stats.tasks_opened++;
    return jw;
}

/* People are told of it. */
static void end(struct hk_tx *tx, const char *task)
{
    hk_tx_end(tx);
    hk_notice_about(tx, HK_REASON_TASK, task);
}

void hk_task_open_manual(struct hk_tx *tx, const char *in_case, const struct hk_case_task *task,
    int severity, char ret_task[HK_ID_SIZE])
{
    const struct facts facts = {
        .kind = "manual",
        .title = task->title,
        .instruction = task->instruction,
        .owner = task->owner,
        .role = "analyst",
        .due_us = task->due_us,
        .severity = hk_severity_text((enum hk_severity)severity),
        .in_case = in_case,
    };
    (void)begin(tx, &facts, ret_task);
    end(tx, ret_task);
}

/* --- about an action --- */

/* What is known of an action that people are to do. */
struct deed {
    const char *action; /* "edl.block_ip", or the name that the playbook used */
    const char *capability;
    const char *action_kind; /* "contain"; NULL: not known */
    const char *summary;     /* with places */
    const char *target;
    const char *target_type;
    const struct hk_json *args;
    const char *undo;
    const char *residual;
    const char *reason;
};

static char *fill(const char *text, const struct deed *deed)
{
    const struct hk_place places[] = {
        {"action", deed->action}, {"target", deed->target}, {"reason", deed->reason}, {NULL, NULL}};
    struct hk_error error = {0};
    struct hk_buf out;
    hk_buf_init(&out, HK_PAYLOAD_SIZE_MAX / 4);
    hk_buf_append_text(&out, ""); /* an empty text is a text */
    hk_places_fill(text, deed->args, places, &out);
    hk_engine_must(hk_buf_check(&out, "a task", &error), "a task", &error);
    return hk_buf_take(&out, NULL);
}

/* What to do where the tenant gave no words of its own: the action and its exact arguments. */
static char *plain_words(const char *verb, const struct deed *deed, const char *summary)
{
    struct hk_error error = {0};
    struct hk_buf out;
    hk_buf_init(&out, HK_PAYLOAD_SIZE_MAX / 4);
    hk_buf_appendf(&out, "%s: %s. This is %s with ", verb, summary, deed->action);
    hk_json_canonical(deed->args, &out);
    hk_engine_must(hk_buf_check(&out, "a task", &error), "a task", &error);
    return hk_buf_take(&out, NULL);
}

static void write_deed(struct hk_jw *jw, const struct deed *deed, const char *summary)
{
    const struct {
        const char *key;
        const char *text;
    } texts[] = {{"action", deed->action}, {"capability", deed->capability},
        {"action_kind", deed->action_kind}, {"target", deed->target},
        {"target_type", deed->target_type}, {"summary", summary}, {"undo", deed->undo},
        {"residual", deed->residual}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].text != NULL && texts[i].text[0] != 0)
            hk_jw_kv(jw, texts[i].key, texts[i].text);
    }
    if (deed->args != NULL)
        hk_jw_kv_value(jw, "args", deed->args);
}

static void of_info(struct deed *deed, const struct hk_action_info *info)
{
    deed->action_kind = hk_kind_of_action_text(info->kind);
    deed->summary = info->summary;
    deed->target_type = info->target_type;
    deed->undo = info->undo;
    deed->residual = info->residual;
    if (info->target != NULL)
        deed->target = hk_json_string(hk_json_get(deed->args, info->target));
}

static struct facts facts_of(const struct hk_run *run, const struct hk_step *step,
    const struct hk_fallback *fallback, const char *kind)
{
    return (struct facts){
        .kind = kind,
        .owner = fallback->owner,
        .role = "analyst",
        .severity = hk_severity_text(run->severity),
        .run = run->id,
        .step = step->path,
    };
}

static void write_because(struct hk_jw *jw, const char *options)
{
    struct hk_json_doc doc = {0};
    if (hk_json_parse(options, strlen(options), &hk_json_limits_own, &doc, NULL) == HK_OK &&
        hk_json_get(doc.root, "because") != NULL)
        hk_jw_kv_value(jw, "because", hk_json_get(doc.root, "because"));
    hk_json_doc_done(&doc);
}

void hk_task_open_recommended(struct hk_tx *tx, struct hk_run *run, const struct hk_step *step,
    const struct hk_act *act, char ret_task[HK_ID_SIZE])
{
    struct hk_json_doc call = {0};
    struct hk_error error = {0};
    struct hk_fallback fallback;
    hk_engine_must(hk_json_parse(act->call, strlen(act->call), &hk_json_limits_own, &call, &error),
        "a task", &error);
    struct deed deed = {.action = act->action,
        .capability = act->capability,
        .args = call.root,
        .reason = act->verdict.why};
    of_info(&deed, act->info);
    deed.target = act->verdict.target;
    hk_fallback_find(
        tx->tenant->config.root, deed.action, deed.capability, deed.action_kind, &fallback);
    struct facts facts = facts_of(run, step, &fallback, "recommended");
    char *summary = fill(deed.summary, &deed);
    char *instruction = fallback.instruction != NULL ? fill(fallback.instruction, &deed)
                                                     : plain_words("Do by hand", &deed, summary);
    facts.title = summary;
    facts.instruction = instruction;
    facts.reason = act->verdict.why;
    facts.due_us = tx->time_us + fallback.due_ms * 1000;
    struct hk_jw *jw = begin(tx, &facts, ret_task);
    write_deed(jw, &deed, summary);
    hk_plugin_write(jw, act->info);
    write_because(jw, step->options);
    hk_jw_kv_i64(jw, "lease_ms", act->lease_ms);
    hk_jw_kv(jw, "rule", act->verdict.rule);
    end(tx, ret_task);
    free(summary);
    free(instruction);
    hk_json_doc_done(&call);
}

/* "contain.block_ip" → "contain"; what is no kind gives NULL. */
static const char *kind_by_name(const char *name)
{
    static const char *const kinds[] = {"contain", "eradicate"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t size = strlen(kinds[i]);
        if (strncmp(name, kinds[i], size) == 0 && name[size] == '.')
            return kinds[i];
    }
    return NULL;
}

void hk_task_open_fallback(
    struct hk_tx *tx, struct hk_run *run, const struct hk_step *step, const char *reason)
{
    const char *args = step->call != NULL && step->call[0] != 0 ? step->call : step->args;
    const char *capability = NULL;
    const struct hk_action_info *info =
        hk_tenant_action(run->engine, run->tenant, step->name, &capability);
    struct hk_json_doc call = {0};
    struct hk_fallback fallback;
    char task[HK_ID_SIZE];
    if (run->is_shadow ||
        hk_json_parse(args, strlen(args), &hk_json_limits_own, &call, NULL) != HK_OK)
        return;
    struct deed deed = {
        .action = step->action != NULL && step->action[0] != 0 ? step->action : step->name,
        .capability = capability,
        .args = call.root,
        .summary = "What the playbook wanted done",
        .action_kind = kind_by_name(step->name),
        .reason = reason,
    };
    if (info != NULL)
        of_info(&deed, info);
    hk_fallback_find(tx->tenant->config.root, deed.action,
        capability != NULL ? capability : step->name, deed.action_kind, &fallback);
    if (!hk_fallback_is_wanted(&fallback, deed.action_kind)) {
        hk_json_doc_done(&call);
        return;
    }
    struct facts facts = facts_of(run, step, &fallback, "fallback");
    char *summary = fill(deed.summary, &deed);
    char *instruction = fallback.instruction != NULL
                            ? fill(fallback.instruction, &deed)
                            : plain_words("It failed; do it by hand", &deed, summary);
    facts.title = summary;
    facts.instruction = instruction;
    facts.reason = reason;
    facts.due_us = tx->time_us + fallback.due_ms * 1000;
    struct hk_jw *jw = begin(tx, &facts, task);
    write_deed(jw, &deed, summary);
    if (info != NULL)
        hk_plugin_write(jw, info);
    write_because(jw, step->options);
    hk_jw_kv_i64(jw, "lease_ms", step->lease_ms);
    end(tx, task);
    free(summary);
    free(instruction);
    hk_json_doc_done(&call);
}

/* --- about a containment --- */

void hk_task_open_for_lease(struct hk_tx *tx, const char *kind, const char *containment,
    const struct hk_json *starting, const char *reason, char ret_task[HK_ID_SIZE])
{
    const struct hk_action_info *info = NULL;
    const char *capability = NULL;
    struct hk_fallback fallback;
    struct deed deed = {
        .action = hk_json_string_at(starting, "action", ""),
        .action_kind = hk_json_string_at(starting, "kind", NULL),
        .target = hk_json_string_at(starting, "target", NULL),
        .target_type = hk_json_string_at(starting, "target_type", NULL),
        .undo = hk_json_string_at(starting, "undo", NULL),
        .residual = hk_json_string_at(starting, "residual", NULL),
        .args = hk_json_get(starting, "args"),
        .summary = "{action} on {target}",
        .reason = reason,
    };
    info = hk_tenant_action(tx->engine, tx->tenant, deed.action, &capability);
    if (info != NULL)
        deed.summary = info->summary;
    deed.capability = capability;
    hk_fallback_find(tx->tenant->config.root, deed.action, capability, deed.action_kind, &fallback);
    char *summary = fill(deed.summary, &deed);
    char *words = fallback.undo != NULL ? fill(fallback.undo, &deed)
                                        : plain_words("Take back by hand", &deed, summary);
    struct hk_buf title;
    hk_buf_init(&title, HK_PAYLOAD_SIZE_MAX / 4);
    hk_buf_appendf(&title, "Take back: %s", summary);
    const struct facts facts = {
        .kind = kind,
        .title = title.data,
        .instruction = words,
        .owner = fallback.owner,
        .role = "analyst",
        .due_us = tx->time_us + fallback.due_ms * 1000,
        .run = hk_json_string_at(starting, "run", NULL),
        .step = hk_json_string_at(starting, "step", NULL),
        .containment = containment,
        .reason = reason,
    };
    struct hk_jw *jw = begin(tx, &facts, ret_task);
    write_deed(jw, &deed, summary);
    end(tx, ret_task);
    hk_buf_done(&title);
    free(summary);
    free(words);
}

void hk_task_end_unneeded(struct hk_tx *tx, const char *task, const char *why)
{
    hk_tx_simple(tx, HK_KIND_TASK_DONE, task, "outcome", "not_needed", "evidence", why);
}
