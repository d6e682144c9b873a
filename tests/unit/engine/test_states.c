/*
 * The state diagrams: every arrow of core/ARCHITECTURE.md and nothing else, over all states and all
 * kinds of entries.
 */
#include "engine/states.h"

#include "support/suite.h"

#include <stdio.h>

struct arrow {
    int from;
    enum hk_kind kind;
    int to;
};

static const struct arrow alert[] = {
    {HK_ALERT_NONE, HK_KIND_ALERT_RECEIVED, HK_ALERT_NEW},
    {HK_ALERT_NONE, HK_KIND_ALERT_MERGED, HK_ALERT_MERGED},
    {HK_ALERT_NEW, HK_KIND_ALERT_ROUTED, HK_ALERT_ROUTED},
    {HK_ALERT_NEW, HK_KIND_ALERT_CLOSED, HK_ALERT_CLOSED},
    {HK_ALERT_ROUTED, HK_KIND_ALERT_CLOSED, HK_ALERT_CLOSED},
};

static const struct arrow step[] = {
    {HK_STEP_NONE, HK_KIND_STEP_WAITING, HK_STEP_WAITING},
    {HK_STEP_NONE, HK_KIND_STEP_INTENDED, HK_STEP_INTENDED},
    {HK_STEP_NONE, HK_KIND_STEP_SETTLED, HK_STEP_SETTLED},
    {HK_STEP_WAITING, HK_KIND_STEP_WAITING, HK_STEP_WAITING},
    {HK_STEP_WAITING, HK_KIND_STEP_INTENDED, HK_STEP_INTENDED},
    {HK_STEP_WAITING, HK_KIND_STEP_SETTLED, HK_STEP_SETTLED},
    {HK_STEP_INTENDED, HK_KIND_STEP_REPEATED, HK_STEP_INTENDED},
    {HK_STEP_INTENDED, HK_KIND_STEP_UNKNOWN, HK_STEP_UNKNOWN},
    {HK_STEP_INTENDED, HK_KIND_STEP_SETTLED, HK_STEP_SETTLED},
    {HK_STEP_UNKNOWN, HK_KIND_STEP_RESOLVED, HK_STEP_SETTLED},
};

static const struct arrow run[] = {
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

/* gate.decided leads to approved here; the other outcome has a test of its own. A look at a gate
 * changes nothing. */
static const struct arrow gate[] = {
    {HK_GATE_NONE, HK_KIND_GATE_OPENED, HK_GATE_PENDING},
    {HK_GATE_PENDING, HK_KIND_GATE_VOTED, HK_GATE_PENDING},
    {HK_GATE_PENDING, HK_KIND_GATE_NARROWED, HK_GATE_PENDING},
    {HK_GATE_PENDING, HK_KIND_GATE_DELEGATED, HK_GATE_PENDING},
    {HK_GATE_PENDING, HK_KIND_GATE_NOTED, HK_GATE_PENDING},
    {HK_GATE_PENDING, HK_KIND_GATE_DECIDED, HK_GATE_APPROVED},
    {HK_GATE_PENDING, HK_KIND_GATE_EXPIRED, HK_GATE_EXPIRED},
    {HK_GATE_PENDING, HK_KIND_GATE_VOIDED, HK_GATE_VOID},
    {HK_GATE_APPROVED, HK_KIND_GATE_VOIDED, HK_GATE_VOID},
    {HK_GATE_PENDING, HK_KIND_GATE_SEEN, HK_GATE_PENDING},
    {HK_GATE_APPROVED, HK_KIND_GATE_SEEN, HK_GATE_APPROVED},
    {HK_GATE_REJECTED, HK_KIND_GATE_SEEN, HK_GATE_REJECTED},
    {HK_GATE_EXPIRED, HK_KIND_GATE_SEEN, HK_GATE_EXPIRED},
    {HK_GATE_VOID, HK_KIND_GATE_SEEN, HK_GATE_VOID},
};

static const struct arrow containment[] = {
    {HK_CONTAINMENT_NONE, HK_KIND_CONTAINMENT_STARTING, HK_CONTAINMENT_STARTING},
    {HK_CONTAINMENT_STARTING, HK_KIND_CONTAINMENT_ACTIVE, HK_CONTAINMENT_ACTIVE},
    {HK_CONTAINMENT_STARTING, HK_KIND_CONTAINMENT_FAILED, HK_CONTAINMENT_FAILED},
    {HK_CONTAINMENT_STARTING, HK_KIND_CONTAINMENT_UNKNOWN, HK_CONTAINMENT_UNKNOWN},
    {HK_CONTAINMENT_ACTIVE, HK_KIND_CONTAINMENT_VERIFIED, HK_CONTAINMENT_ACTIVE},
    {HK_CONTAINMENT_ACTIVE, HK_KIND_CONTAINMENT_DRIFTED, HK_CONTAINMENT_DRIFTED},
    {HK_CONTAINMENT_DRIFTED, HK_KIND_CONTAINMENT_VERIFIED, HK_CONTAINMENT_ACTIVE},
    {HK_CONTAINMENT_DRIFTED, HK_KIND_CONTAINMENT_DRIFTED, HK_CONTAINMENT_DRIFTED},
    {HK_CONTAINMENT_DRIFTED, HK_KIND_CONTAINMENT_RELEASING, HK_CONTAINMENT_RELEASING},
    {HK_CONTAINMENT_ACTIVE, HK_KIND_CONTAINMENT_RENEWING, HK_CONTAINMENT_ACTIVE},
    {HK_CONTAINMENT_ACTIVE, HK_KIND_CONTAINMENT_RENEWED, HK_CONTAINMENT_ACTIVE},
    {HK_CONTAINMENT_ACTIVE, HK_KIND_CONTAINMENT_RELEASING, HK_CONTAINMENT_RELEASING},
    {HK_CONTAINMENT_UNKNOWN, HK_KIND_CONTAINMENT_ACTIVE, HK_CONTAINMENT_ACTIVE},
    {HK_CONTAINMENT_UNKNOWN, HK_KIND_CONTAINMENT_FAILED, HK_CONTAINMENT_FAILED},
    {HK_CONTAINMENT_UNKNOWN, HK_KIND_CONTAINMENT_RELEASING, HK_CONTAINMENT_RELEASING},
    {HK_CONTAINMENT_RELEASING, HK_KIND_CONTAINMENT_RELEASED, HK_CONTAINMENT_RELEASED},
    {HK_CONTAINMENT_RELEASING, HK_KIND_CONTAINMENT_HELD, HK_CONTAINMENT_ACTIVE},
    {HK_CONTAINMENT_RELEASING, HK_KIND_CONTAINMENT_UNKNOWN, HK_CONTAINMENT_UNKNOWN},
};

static const struct arrow case_[] = {
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

static const struct arrow task[] = {
    {HK_TASK_NONE, HK_KIND_TASK_OPENED, HK_TASK_OPEN},
    {HK_TASK_OPEN, HK_KIND_TASK_ASSIGNED, HK_TASK_OPEN},
    {HK_TASK_OPEN, HK_KIND_TASK_DONE, HK_TASK_DONE},
};

/* Where the diagram leads; from itself when there is no arrow. */
static bool expected(
    const struct arrow *arrows, size_t count, int from, enum hk_kind kind, int *ret_to)
{
    *ret_to = from;
    for (size_t i = 0; i < count; i++) {
        if (arrows[i].from == from && arrows[i].kind == kind) {
            *ret_to = arrows[i].to;
            return true;
        }
    }
    return false;
}

static bool move_alert(int *state, enum hk_kind kind)
{
    enum hk_alert_state now = (enum hk_alert_state) * state;
    bool may = hk_alert_step_to(&now, kind);
    *state = (int)now;
    return may;
}

static bool move_step(int *state, enum hk_kind kind)
{
    enum hk_step_state now = (enum hk_step_state) * state;
    bool may = hk_step_step_to(&now, kind);
    *state = (int)now;
    return may;
}

static bool move_run(int *state, enum hk_kind kind)
{
    enum hk_run_state now = (enum hk_run_state) * state;
    bool may = hk_run_step_to(&now, kind);
    *state = (int)now;
    return may;
}

static bool move_gate(int *state, enum hk_kind kind)
{
    enum hk_gate_state now = (enum hk_gate_state) * state;
    bool may = hk_gate_step_to(&now, kind, true);
    *state = (int)now;
    return may;
}

static bool move_containment(int *state, enum hk_kind kind)
{
    enum hk_containment_state now = (enum hk_containment_state) * state;
    bool may = hk_containment_step_to(&now, kind);
    *state = (int)now;
    return may;
}

static bool move_case(int *state, enum hk_kind kind)
{
    enum hk_case_state now = (enum hk_case_state) * state;
    bool may = hk_case_step_to(&now, kind);
    *state = (int)now;
    return may;
}

static bool move_task(int *state, enum hk_kind kind)
{
    enum hk_task_state now = (enum hk_task_state) * state;
    bool may = hk_task_step_to(&now, kind);
    *state = (int)now;
    return may;
}

static void check(const char *name, const struct arrow *arrows, size_t count, int last_state,
    bool (*move)(int *state, enum hk_kind kind))
{
    for (int from = 0; from <= last_state; from++) {
        for (int kind = 0; kind < HK_KIND_COUNT; kind++) {
            int want;
            int got = from;
            bool may_want = expected(arrows, count, from, (enum hk_kind)kind, &want);
            bool may_got = move(&got, (enum hk_kind)kind);
            if (may_got != may_want || got != want)
                fprintf(stderr, "%s: %s in state %d: to %d, not %d\n", name,
                    hk_kind_text((enum hk_kind)kind), from, got, want);
            CU_ASSERT_EQUAL(may_got, may_want);
            CU_ASSERT_EQUAL(got, want);
        }
    }
}

static void test_arrows(void)
{
    check("alert", alert, COUNT_OF(alert), HK_ALERT_CLOSED, move_alert);
    check("step", step, COUNT_OF(step), HK_STEP_SETTLED, move_step);
    check("run", run, COUNT_OF(run), HK_RUN_CANCELLED, move_run);
    check("gate", gate, COUNT_OF(gate), HK_GATE_VOID, move_gate);
    check(
        "containment", containment, COUNT_OF(containment), HK_CONTAINMENT_FAILED, move_containment);
    check("case", case_, COUNT_OF(case_), HK_CASE_MERGED, move_case);
    check("task", task, COUNT_OF(task), HK_TASK_DONE, move_task);
}

/* The outcome of a decision counts in gate.decided and nowhere else. */
static void test_rejected(void)
{
    for (int from = 0; from <= HK_GATE_VOID; from++) {
        for (int kind = 0; kind < HK_KIND_COUNT; kind++) {
            enum hk_gate_state yes = (enum hk_gate_state)from;
            enum hk_gate_state no = (enum hk_gate_state)from;
            bool may = hk_gate_step_to(&yes, (enum hk_kind)kind, true);
            CU_ASSERT_EQUAL(hk_gate_step_to(&no, (enum hk_kind)kind, false), may);
            bool is_decided = may && kind == HK_KIND_GATE_DECIDED;
            CU_ASSERT_EQUAL(no, is_decided ? HK_GATE_REJECTED : yes);
        }
    }
}

/* Nothing brings back what has ended. */
static void test_ends(void)
{
    for (int kind = 0; kind < HK_KIND_COUNT; kind++) {
        for (int state = 0; state <= HK_RUN_CANCELLED; state++) {
            enum hk_run_state now = (enum hk_run_state)state;
            if (hk_run_has_ended(now))
                CU_ASSERT_FALSE(hk_run_step_to(&now, (enum hk_kind)kind));
        }
        enum hk_step_state settled = HK_STEP_SETTLED;
        enum hk_containment_state released = HK_CONTAINMENT_RELEASED;
        enum hk_containment_state failed = HK_CONTAINMENT_FAILED;
        enum hk_alert_state closed = HK_ALERT_CLOSED;
        enum hk_alert_state merged = HK_ALERT_MERGED;
        CU_ASSERT_FALSE(hk_step_step_to(&settled, (enum hk_kind)kind));
        CU_ASSERT_FALSE(hk_containment_step_to(&released, (enum hk_kind)kind));
        CU_ASSERT_FALSE(hk_containment_step_to(&failed, (enum hk_kind)kind));
        CU_ASSERT_FALSE(hk_alert_step_to(&closed, (enum hk_kind)kind));
        CU_ASSERT_FALSE(hk_alert_step_to(&merged, (enum hk_kind)kind));
        enum hk_task_state done = HK_TASK_DONE;
        CU_ASSERT_FALSE(hk_task_step_to(&done, (enum hk_kind)kind));
    }
    CU_ASSERT_TRUE(hk_run_has_ended(HK_RUN_FINISHED));
    CU_ASSERT_TRUE(hk_run_has_ended(HK_RUN_FAILED));
    CU_ASSERT_TRUE(hk_run_has_ended(HK_RUN_CANCELLED));
    CU_ASSERT_FALSE(hk_run_has_ended(HK_RUN_DIVERGED)); /* somebody may still cancel it */
}

static void test_run_from_its_steps(void)
{
    static const struct {
        unsigned waits, intents, unknowns;
        enum hk_run_state state;
    } cases[] = {
        {0, 0, 0, HK_RUN_RUNNING},
        {1, 0, 0, HK_RUN_WAITING},
        {7, 0, 0, HK_RUN_WAITING},
        {0, 1, 0, HK_RUN_RUNNING},
        {3, 1, 0, HK_RUN_RUNNING},
        {0, 0, 1, HK_RUN_UNKNOWN},
        {2, 0, 1, HK_RUN_UNKNOWN},
        {0, 2, 1, HK_RUN_UNKNOWN},
        {1, 1, 1, HK_RUN_UNKNOWN},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        CU_ASSERT_EQUAL(
            hk_run_state_of(cases[i].waits, cases[i].intents, cases[i].unknowns), cases[i].state);
}

static void test_words(void)
{
    CU_ASSERT_STRING_EQUAL(hk_step_state_text(HK_STEP_NONE), "none");
    CU_ASSERT_STRING_EQUAL(hk_step_state_text(HK_STEP_SETTLED), "settled");
    CU_ASSERT_STRING_EQUAL(hk_run_state_text(HK_RUN_RUNNING), "running");
    CU_ASSERT_STRING_EQUAL(hk_run_state_text(HK_RUN_CANCELLED), "cancelled");
    CU_ASSERT_STRING_EQUAL(hk_gate_state_text(HK_GATE_PENDING), "pending");
    CU_ASSERT_STRING_EQUAL(hk_gate_state_text(HK_GATE_VOID), "void");
    CU_ASSERT_STRING_EQUAL(hk_containment_state_text(HK_CONTAINMENT_STARTING), "starting");
    CU_ASSERT_STRING_EQUAL(hk_containment_state_text(HK_CONTAINMENT_FAILED), "failed");
    for (int state = HK_CASE_OPEN; state <= HK_CASE_MERGED; state++)
        CU_ASSERT_EQUAL(
            hk_case_state_from_text(hk_case_state_text((enum hk_case_state)state)), state);
    CU_ASSERT_EQUAL(hk_case_state_from_text("none"), HK_CASE_NONE);
    CU_ASSERT_EQUAL(hk_case_state_from_text(NULL), HK_CASE_NONE);
}

static void test_phases(void)
{
    static const char *const phases[] = {"identify", "contain", "eradicate", "recover", "learn"};
    for (size_t i = 0; i < COUNT_OF(phases); i++) {
        CU_ASSERT_TRUE(hk_phase_is_valid(phases[i]));
        for (size_t k = 0; k < COUNT_OF(phases); k++)
            CU_ASSERT_EQUAL(hk_phase_is_before(phases[i], phases[k]), i < k);
    }
    CU_ASSERT_FALSE(hk_phase_is_valid("done"));
    CU_ASSERT_FALSE(hk_phase_is_valid(NULL));
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"every arrow and nothing else", test_arrows},
        {"a rejection", test_rejected},
        {"ends are ends", test_ends},
        {"a run's state from its steps", test_run_from_its_steps},
        {"phases of a case", test_phases},
        {"words", test_words},
    };
    return suite_run("states", tests, COUNT_OF(tests));
}
