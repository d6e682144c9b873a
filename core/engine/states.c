#include "engine/states.h"

#include <string.h>

struct arrow {
    int from;
    enum hk_kind kind;
    int to;
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static bool follow(
    const struct arrow *arrows, size_t count, int from, enum hk_kind kind, int *ret_to)
{
    for (size_t i = 0; i < count; i++) {
        if (arrows[i].from == from && arrows[i].kind == kind) {
            *ret_to = arrows[i].to;
            return true;
        }
    }
    return false;
}

static const struct arrow alert_arrows[] = {
    {HK_ALERT_NONE, HK_KIND_ALERT_RECEIVED, HK_ALERT_NEW},
    {HK_ALERT_NONE, HK_KIND_ALERT_MERGED, HK_ALERT_MERGED},
    {HK_ALERT_NEW, HK_KIND_ALERT_ROUTED, HK_ALERT_ROUTED},
    {HK_ALERT_NEW, HK_KIND_ALERT_CLOSED, HK_ALERT_CLOSED},
    {HK_ALERT_ROUTED, HK_KIND_ALERT_CLOSED, HK_ALERT_CLOSED},
};

static const struct arrow step_arrows[] = {
    {HK_STEP_NONE, HK_KIND_STEP_WAITING, HK_STEP_WAITING},
    {HK_STEP_NONE, HK_KIND_STEP_INTENDED, HK_STEP_INTENDED},
    {HK_STEP_NONE, HK_KIND_STEP_SETTLED, HK_STEP_SETTLED},
    {HK_STEP_WAITING, HK_KIND_STEP_WAITING, HK_STEP_WAITING},
    {HK_STEP_WAITING, HK_KIND_STEP_INTENDED, HK_STEP_INTENDED},
    {HK_STEP_WAITING, HK_KIND_STEP_SETTLED, HK_STEP_SETTLED},
    {HK_STEP_INTENDED, HK_KIND_STEP_REPEATED, HK_STEP_INTENDED},
    {HK_STEP_INTENDED, HK_KIND_STEP_SETTLED, HK_STEP_SETTLED},
    {HK_STEP_INTENDED, HK_KIND_STEP_UNKNOWN, HK_STEP_UNKNOWN},
    {HK_STEP_UNKNOWN, HK_KIND_STEP_RESOLVED, HK_STEP_SETTLED},
};

static const struct arrow run_arrows[] = {
    {HK_RUN_NONE, HK_KIND_RUN_STARTED, HK_RUN_RUNNING},
    {HK_RUN_RUNNING, HK_KIND_RUN_SIGNALLED, HK_RUN_RUNNING},
    {HK_RUN_WAITING, HK_KIND_RUN_SIGNALLED, HK_RUN_WAITING},
    {HK_RUN_UNKNOWN, HK_KIND_RUN_SIGNALLED, HK_RUN_UNKNOWN},
    {HK_RUN_RUNNING, HK_KIND_RUN_FINISHED, HK_RUN_FINISHED},
    {HK_RUN_RUNNING, HK_KIND_RUN_FAILED, HK_RUN_FAILED},
    {HK_RUN_WAITING, HK_KIND_RUN_FAILED, HK_RUN_FAILED},
    {HK_RUN_RUNNING, HK_KIND_RUN_DIVERGED, HK_RUN_DIVERGED},
    {HK_RUN_WAITING, HK_KIND_RUN_DIVERGED, HK_RUN_DIVERGED},
    {HK_RUN_RUNNING, HK_KIND_RUN_CANCELLED, HK_RUN_CANCELLED},
    {HK_RUN_WAITING, HK_KIND_RUN_CANCELLED, HK_RUN_CANCELLED},
    {HK_RUN_UNKNOWN, HK_KIND_RUN_CANCELLED, HK_RUN_CANCELLED},
    {HK_RUN_DIVERGED, HK_KIND_RUN_CANCELLED, HK_RUN_CANCELLED},
};

static const struct arrow gate_arrows[] = {
    {HK_GATE_NONE, HK_KIND_GATE_OPENED, HK_GATE_PENDING},
    {HK_GATE_PENDING, HK_KIND_GATE_SEEN, HK_GATE_PENDING},
    {HK_GATE_PENDING, HK_KIND_GATE_VOTED, HK_GATE_PENDING},
    {HK_GATE_PENDING, HK_KIND_GATE_NARROWED, HK_GATE_PENDING},
    {HK_GATE_PENDING, HK_KIND_GATE_DELEGATED, HK_GATE_PENDING},
    {HK_GATE_PENDING, HK_KIND_GATE_NOTED, HK_GATE_PENDING},
    {HK_GATE_PENDING, HK_KIND_GATE_DECIDED, HK_GATE_APPROVED},
    {HK_GATE_PENDING, HK_KIND_GATE_EXPIRED, HK_GATE_EXPIRED},
    {HK_GATE_PENDING, HK_KIND_GATE_VOIDED, HK_GATE_VOID},
    {HK_GATE_APPROVED, HK_KIND_GATE_SEEN, HK_GATE_APPROVED},
    {HK_GATE_REJECTED, HK_KIND_GATE_SEEN, HK_GATE_REJECTED},
    {HK_GATE_EXPIRED, HK_KIND_GATE_SEEN, HK_GATE_EXPIRED},
    {HK_GATE_VOID, HK_KIND_GATE_SEEN, HK_GATE_VOID},
    {HK_GATE_APPROVED, HK_KIND_GATE_VOIDED, HK_GATE_VOID},
};

static const struct arrow containment_arrows[] = {
    {HK_CONTAINMENT_NONE, HK_KIND_CONTAINMENT_STARTING, HK_CONTAINMENT_STARTING},
    {HK_CONTAINMENT_STARTING, HK_KIND_CONTAINMENT_ACTIVE, HK_CONTAINMENT_ACTIVE},
    {HK_CONTAINMENT_STARTING, HK_KIND_CONTAINMENT_FAILED, HK_CONTAINMENT_FAILED},
    {HK_CONTAINMENT_STARTING, HK_KIND_CONTAINMENT_UNKNOWN, HK_CONTAINMENT_UNKNOWN},
    {HK_CONTAINMENT_UNKNOWN, HK_KIND_CONTAINMENT_ACTIVE, HK_CONTAINMENT_ACTIVE},
    {HK_CONTAINMENT_UNKNOWN, HK_KIND_CONTAINMENT_FAILED, HK_CONTAINMENT_FAILED},
    {HK_CONTAINMENT_UNKNOWN, HK_KIND_CONTAINMENT_RELEASING, HK_CONTAINMENT_RELEASING},
    {HK_CONTAINMENT_ACTIVE, HK_KIND_CONTAINMENT_VERIFIED, HK_CONTAINMENT_ACTIVE},
    {HK_CONTAINMENT_ACTIVE, HK_KIND_CONTAINMENT_DRIFTED, HK_CONTAINMENT_DRIFTED},
    {HK_CONTAINMENT_DRIFTED, HK_KIND_CONTAINMENT_VERIFIED, HK_CONTAINMENT_ACTIVE},
    {HK_CONTAINMENT_DRIFTED, HK_KIND_CONTAINMENT_DRIFTED, HK_CONTAINMENT_DRIFTED},
    {HK_CONTAINMENT_DRIFTED, HK_KIND_CONTAINMENT_RELEASING, HK_CONTAINMENT_RELEASING},
    {HK_CONTAINMENT_ACTIVE, HK_KIND_CONTAINMENT_RENEWING, HK_CONTAINMENT_ACTIVE},
    {HK_CONTAINMENT_ACTIVE, HK_KIND_CONTAINMENT_RENEWED, HK_CONTAINMENT_ACTIVE},
    {HK_CONTAINMENT_ACTIVE, HK_KIND_CONTAINMENT_RELEASING, HK_CONTAINMENT_RELEASING},
    {HK_CONTAINMENT_RELEASING, HK_KIND_CONTAINMENT_RELEASED, HK_CONTAINMENT_RELEASED},
    {HK_CONTAINMENT_RELEASING, HK_KIND_CONTAINMENT_HELD, HK_CONTAINMENT_ACTIVE},
    {HK_CONTAINMENT_RELEASING, HK_KIND_CONTAINMENT_UNKNOWN, HK_CONTAINMENT_UNKNOWN},
};

static const struct arrow case_arrows[] = {
    {HK_CASE_NONE, HK_KIND_CASE_OPENED, HK_CASE_OPEN},
    {HK_CASE_OPEN, HK_KIND_CASE_PHASE, HK_CASE_OPEN},
    {HK_CASE_OPEN, HK_KIND_CASE_ASSIGNED, HK_CASE_OPEN},
    {HK_CASE_OPEN, HK_KIND_CASE_DESCRIBED, HK_CASE_OPEN},
    {HK_CASE_OPEN, HK_KIND_CASE_PROPOSED, HK_CASE_OPEN},
    {HK_CASE_OPEN, HK_KIND_CASE_RELEASING, HK_CASE_OPEN},
    {HK_CASE_OPEN, HK_KIND_CASE_NOTED, HK_CASE_OPEN},
    {HK_CASE_OPEN, HK_KIND_CASE_EVIDENCE, HK_CASE_OPEN},
    {HK_CASE_OPEN, HK_KIND_CASE_SEEN, HK_CASE_OPEN},
    {HK_CASE_OPEN, HK_KIND_CASE_CLOSED, HK_CASE_CLOSED},
    {HK_CASE_OPEN, HK_KIND_CASE_MERGED, HK_CASE_MERGED},
    {HK_CASE_CLOSED, HK_KIND_CASE_NOTED, HK_CASE_CLOSED},
    {HK_CASE_CLOSED, HK_KIND_CASE_EVIDENCE, HK_CASE_CLOSED},
    {HK_CASE_CLOSED, HK_KIND_CASE_SEEN, HK_CASE_CLOSED},
    {HK_CASE_CLOSED, HK_KIND_CASE_RELEASING, HK_CASE_CLOSED},
    {HK_CASE_CLOSED, HK_KIND_CASE_REOPENED, HK_CASE_OPEN},
    {HK_CASE_MERGED, HK_KIND_CASE_NOTED, HK_CASE_MERGED},
    {HK_CASE_MERGED, HK_KIND_CASE_EVIDENCE, HK_CASE_MERGED},
    {HK_CASE_MERGED, HK_KIND_CASE_SEEN, HK_CASE_MERGED},
    {HK_CASE_MERGED, HK_KIND_CASE_UNMERGED, HK_CASE_OPEN},
};

static const struct arrow task_arrows[] = {
    {HK_TASK_NONE, HK_KIND_TASK_OPENED, HK_TASK_OPEN},
    {HK_TASK_OPEN, HK_KIND_TASK_ASSIGNED, HK_TASK_OPEN},
    {HK_TASK_OPEN, HK_KIND_TASK_DONE, HK_TASK_DONE},
};

/* notice.gathered is about a new notice; those that it gathers follow it as members. */
static const struct arrow notice_arrows[] = {
    {HK_NOTICE_STATE_NONE, HK_KIND_NOTICE_QUEUED, HK_NOTICE_STATE_QUEUED},
    {HK_NOTICE_STATE_NONE, HK_KIND_NOTICE_GATHERED, HK_NOTICE_STATE_QUEUED},
    {HK_NOTICE_STATE_NONE, HK_KIND_NOTICE_NOBODY, HK_NOTICE_STATE_NOBODY},
    {HK_NOTICE_STATE_QUEUED, HK_KIND_NOTICE_GATHERED, HK_NOTICE_STATE_GATHERED},
    {HK_NOTICE_STATE_QUEUED, HK_KIND_NOTICE_SENT, HK_NOTICE_STATE_SENT},
    {HK_NOTICE_STATE_QUEUED, HK_KIND_NOTICE_FAILED, HK_NOTICE_STATE_QUEUED},
    {HK_NOTICE_STATE_QUEUED, HK_KIND_NOTICE_DROPPED, HK_NOTICE_STATE_DROPPED},
    {HK_NOTICE_STATE_GATHERED, HK_KIND_NOTICE_SENT, HK_NOTICE_STATE_SENT},
    {HK_NOTICE_STATE_GATHERED, HK_KIND_NOTICE_FAILED, HK_NOTICE_STATE_GATHERED},
    {HK_NOTICE_STATE_GATHERED, HK_KIND_NOTICE_DROPPED, HK_NOTICE_STATE_DROPPED},
};

#define TRANSITION(arrows)                                                                         \
    int to;                                                                                        \
    if (!follow(arrows, COUNT(arrows), (int)*state, kind, &to))                                    \
        return false;

bool hk_alert_step_to(enum hk_alert_state *state, enum hk_kind kind)
{
    TRANSITION(alert_arrows)
    *state = (enum hk_alert_state)to;
    return true;
}

bool hk_step_step_to(enum hk_step_state *state, enum hk_kind kind)
{
    TRANSITION(step_arrows)
    *state = (enum hk_step_state)to;
    return true;
}

bool hk_run_step_to(enum hk_run_state *state, enum hk_kind kind)
{
    TRANSITION(run_arrows)
    *state = (enum hk_run_state)to;
    return true;
}

bool hk_gate_step_to(enum hk_gate_state *state, enum hk_kind kind, bool approved)
{
    TRANSITION(gate_arrows)
    *state = (enum hk_gate_state)to;
    if (kind == HK_KIND_GATE_DECIDED && !approved)
        *state = HK_GATE_REJECTED;
    return true;
}

bool hk_notice_step_to(enum hk_notice_state *state, enum hk_kind kind, bool is_final)
{
    TRANSITION(notice_arrows)
    *state = (enum hk_notice_state)to;
    if (kind == HK_KIND_NOTICE_FAILED && is_final)
        *state = HK_NOTICE_STATE_FAILED;
    return true;
}

bool hk_containment_step_to(enum hk_containment_state *state, enum hk_kind kind)
{
    TRANSITION(containment_arrows)
    *state = (enum hk_containment_state)to;
    return true;
}

bool hk_case_step_to(enum hk_case_state *state, enum hk_kind kind)
{
    TRANSITION(case_arrows)
    *state = (enum hk_case_state)to;
    return true;
}

bool hk_task_step_to(enum hk_task_state *state, enum hk_kind kind)
{
    TRANSITION(task_arrows)
    *state = (enum hk_task_state)to;
    return true;
}

static int phase_of(const char *phase)
{
    static const char *const phases[] = {"identify", "contain", "eradicate", "recover", "learn"};
    for (int i = 0; phase != NULL && i < (int)COUNT(phases); i++) {
        if (strcmp(phase, phases[i]) == 0)
            return i;
    }
    return -1;
}

bool hk_phase_is_valid(const char *phase)
{
    return phase_of(phase) >= 0;
}

bool hk_phase_is_before(const char *phase, const char *other)
{
    return phase_of(phase) < phase_of(other);
}

enum hk_run_state hk_run_state_of(unsigned waits, unsigned intents, unsigned unknowns)
{
    if (unknowns > 0)
        return HK_RUN_UNKNOWN;
    if (intents == 0 && waits > 0)
        return HK_RUN_WAITING;
    return HK_RUN_RUNNING;
}

bool hk_run_has_ended(enum hk_run_state state)
{
    return state == HK_RUN_FINISHED || state == HK_RUN_FAILED || state == HK_RUN_CANCELLED;
}

const char *hk_step_state_text(enum hk_step_state state)
{
    static const char *const texts[] = {"none", "waiting", "intended", "unknown", "settled"};
    return texts[state];
}

const char *hk_run_state_text(enum hk_run_state state)
{
    static const char *const texts[] = {
        "none", "running", "waiting", "unknown", "diverged", "finished", "failed", "cancelled"};
    return texts[state];
}

const char *hk_gate_state_text(enum hk_gate_state state)
{
    static const char *const texts[] = {
        "none", "pending", "approved", "rejected", "expired", "void"};
    return texts[state];
}

const char *hk_containment_state_text(enum hk_containment_state state)
{
    static const char *const texts[] = {
        "none", "starting", "active", "drifted", "unknown", "releasing", "released", "failed"};
    return texts[state];
}

static const char *const case_states[] = {"none", "open", "closed", "merged"};

const char *hk_case_state_text(enum hk_case_state state)
{
    return case_states[state];
}

enum hk_case_state hk_case_state_from_text(const char *text)
{
    for (int i = HK_CASE_OPEN; text != NULL && i <= HK_CASE_MERGED; i++) {
        if (strcmp(text, case_states[i]) == 0)
            return (enum hk_case_state)i;
    }
    return HK_CASE_NONE;
}
