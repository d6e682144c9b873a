/*
 * act: what an act step means right now: which action, with which arguments, and what authority
 * says.
 */
#ifndef HK_ENGINE_ACT_H
#define HK_ENGINE_ACT_H

#include "engine/objects.h"

struct hk_act {
    const struct hk_action_info *info;
    const char *capability; /* may be NULL */
    char action[160];       /* "edl.block_ip" */
    struct hk_json_doc args;
    struct hk_json_doc options;
    char *call; /* arguments with the target in normal form, canonical JSON */
    struct hk_question question;
    struct hk_verdict verdict;
    int64_t lease_ms;
    int64_t deadline_ms;
};
/* Look the action up, check its arguments, ask authority. On failure *error says why in words for
 * the playbook. Free with hk_act_done in every case. */
HK_MUST_CHECK enum hk_status hk_act_prepare(
    struct hk_run *run, const struct hk_step *step, struct hk_act *ret_act, struct hk_error *error);
void hk_act_done(struct hk_act *act);
/* The part of that which needs no tenant: options by name, durations within what any tenant may
 * allow. */
HK_MUST_CHECK enum hk_status hk_act_options_check(
    const struct hk_json *options, struct hk_error *error);
/* "Block 203.0.113.66 at the edge" */
void hk_act_summary(const struct hk_act *act, struct hk_buf *out);
bool hk_act_is_lease(const struct hk_act *act);

#endif
