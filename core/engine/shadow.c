/*
 * shadow: see shadow.h.
 */
#include "engine/shadow.h"

#include "engine/step.h"

#include <stdio.h>
#include <string.h>

#define HOW "shadow"

/* What a step gives when it seems to succeed, as step.c has it. */
static const struct {
    const char *op;
    const char *value;
} seeming[] = {{"note", "null"}, {"close", "true"}, {"notify", "true"}, {"escalate", "true"}};

static bool seems_done(struct hk_run *run, struct hk_step *step)
{
    char value[HK_ID_SIZE + 2];
    if (strcmp(step->op, "case") == 0) {
        (void)snprintf(value, sizeof value, "\"%.64s\"",
            run->alert->in_case[0] != 0 ? run->alert->in_case : HOW);
        hk_step_settle_now(run, step, true, value, HOW);
        return true;
    }
    for (size_t i = 0; i < sizeof seeming / sizeof seeming[0]; i++) {
        if (strcmp(step->op, seeming[i].op) != 0)
            continue;
        hk_step_settle_now(run, step, true, seeming[i].value, HOW);
        return true;
    }
    return false;
}

bool hk_shadow_settles(struct hk_run *run, struct hk_step *step, const struct hk_json *args)
{
    const char *why = NULL;
    if (seems_done(run, step))
        return true;
    if (strcmp(step->op, "ask") == 0)
        why = "shadow: nobody is asked";
    else if (strcmp(step->op, "signal") == 0)
        why = "shadow: nobody is told";
    else if (strcmp(step->op, "wait") == 0 && hk_json_get(args, "signal") != NULL)
        why = "shadow: nobody tells it";
    else if (strcmp(step->op, "act") != 0 && strcmp(step->op, "wait") != 0 &&
             strcmp(step->op, "call") != 0)
        why = "shadow: this is not done"; /* a word that came later */
    if (why != NULL)
        hk_step_settle_now(run, step, false, why, HOW);
    return why != NULL;
}

bool hk_shadow_withholds(struct hk_run *run, struct hk_step *step, const struct hk_act *act)
{
    const struct hk_verdict *verdict = &act->verdict;
    struct hk_error text = {0};
    bool is_done = verdict->outcome == HK_MAY_DO || verdict->outcome == HK_MAY_DO_THEN_TELL;
    if (verdict->outcome == HK_MAY_DENY || verdict->outcome == HK_MAY_WATCH)
        return false; /* settled so anyway, and nothing is done */
    if (is_done && act->info->kind == HK_ENRICH && act->info->effect == HK_READ)
        return false;
    (void)hk_fail(
        &text, HK_DENIED, "shadow: %s says %s", verdict->rule, hk_outcome_text(verdict->outcome));
    hk_step_settle_now(run, step, false, text.text, HOW);
    return true;
}
