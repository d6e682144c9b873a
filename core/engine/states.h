/*
 * states: the state diagrams, one transition function each. The events are kinds of entries: what
 * is not in the diagram can't be written.
 *
 *   alert        ∅ → new → routed → closed, ∅ → merged
 *   case         ∅ → open → closed → open, open → merged → open
 *   task         ∅ → open → done
 *   step         ∅ → waiting → intended → unknown → settled, with the short cuts
 *   run          running, waiting and unknown follow from its steps (hk_run_state_of); the rest
 * ends it gate         ∅ → pending → approved | rejected | expired | void containment  ∅ → starting
 * → active → releasing → released, and unknown and failed
 *
 * The full diagrams are drawn in core/ARCHITECTURE.md; the tables in states.c are those arrows.
 */
#ifndef HK_ENGINE_STATES_H
#define HK_ENGINE_STATES_H

#include "ledger/entry.h"

enum hk_alert_state {
    HK_ALERT_NONE,
    HK_ALERT_NEW,
    HK_ALERT_MERGED,
    HK_ALERT_ROUTED,
    HK_ALERT_CLOSED
};
enum hk_step_state {
    HK_STEP_NONE,
    HK_STEP_WAITING,
    HK_STEP_INTENDED,
    HK_STEP_UNKNOWN,
    HK_STEP_SETTLED
};
enum hk_run_state {
    HK_RUN_NONE,
    HK_RUN_RUNNING,
    HK_RUN_WAITING,
    HK_RUN_UNKNOWN,
    HK_RUN_DIVERGED,
    HK_RUN_FINISHED,
    HK_RUN_FAILED,
    HK_RUN_CANCELLED,
};
enum hk_gate_state {
    HK_GATE_NONE,
    HK_GATE_PENDING,
    HK_GATE_APPROVED,
    HK_GATE_REJECTED,
    HK_GATE_EXPIRED,
    HK_GATE_VOID,
};
enum hk_containment_state {
    HK_CONTAINMENT_NONE,
    HK_CONTAINMENT_STARTING,
    HK_CONTAINMENT_ACTIVE,
    HK_CONTAINMENT_DRIFTED, /* should hold, and a look said that it doesn't */
    HK_CONTAINMENT_UNKNOWN,
    HK_CONTAINMENT_RELEASING,
    HK_CONTAINMENT_RELEASED,
    HK_CONTAINMENT_FAILED,
};
enum hk_case_state { HK_CASE_NONE, HK_CASE_OPEN, HK_CASE_CLOSED, HK_CASE_MERGED };
enum hk_task_state { HK_TASK_NONE, HK_TASK_OPEN, HK_TASK_DONE };

enum hk_notice_state {
    HK_NOTICE_STATE_NONE,
    HK_NOTICE_STATE_QUEUED,
    HK_NOTICE_STATE_GATHERED,
    HK_NOTICE_STATE_NOBODY,
    HK_NOTICE_STATE_SENT,
    HK_NOTICE_STATE_FAILED,
    HK_NOTICE_STATE_DROPPED,
};

/* Each: may an entry of this kind follow in this state, and where does it lead? False changes
 * nothing. For gate.decided the outcome decides between approved and rejected. */
HK_MUST_CHECK bool hk_alert_step_to(enum hk_alert_state *state, enum hk_kind kind);
HK_MUST_CHECK bool hk_step_step_to(enum hk_step_state *state, enum hk_kind kind);
HK_MUST_CHECK bool hk_run_step_to(enum hk_run_state *state, enum hk_kind kind);
HK_MUST_CHECK bool hk_gate_step_to(enum hk_gate_state *state, enum hk_kind kind, bool approved);
/* For notice.failed is_final says that it isn't tried again. */
HK_MUST_CHECK bool hk_notice_step_to(enum hk_notice_state *state, enum hk_kind kind, bool is_final);
HK_MUST_CHECK bool hk_containment_step_to(enum hk_containment_state *state, enum hk_kind kind);
HK_MUST_CHECK bool hk_case_step_to(enum hk_case_state *state, enum hk_kind kind);
HK_MUST_CHECK bool hk_task_step_to(enum hk_task_state *state, enum hk_kind kind);

/* Is this one of the phases of a case: identify, contain, eradicate, recover, learn? */
bool hk_phase_is_valid(const char *phase);
/* Does phase come before the other? */
bool hk_phase_is_before(const char *phase, const char *other);

/* The state of a run that has not ended, from the states of its steps. */
enum hk_run_state hk_run_state_of(unsigned waits, unsigned intents, unsigned unknowns);
bool hk_run_has_ended(enum hk_run_state state);

const char *hk_step_state_text(enum hk_step_state state); /* "none", "waiting", … as in `from` */
const char *hk_run_state_text(enum hk_run_state state);
const char *hk_gate_state_text(enum hk_gate_state state);
const char *hk_containment_state_text(enum hk_containment_state state);
const char *hk_case_state_text(enum hk_case_state state);
/* HK_CASE_NONE for NULL and other words. */
enum hk_case_state hk_case_state_from_text(const char *text);

#endif
