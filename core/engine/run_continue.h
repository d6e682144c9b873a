/*
 * run_continue: a run ends and goes on as a new one (continue_as_new), so that a playbook may watch
 * something for months, though a run has its bounds. The end of the one, the beginning of the
 * other, the signals that were kept and what a caller waits for are one transaction: no crash
 * leaves both runs or none.
 *
 * The new run has the same alert, severity, requesters and caller, and the state as its arguments.
 * The end of limits.run_for stays where it was: it is the whole chain's. What is bounded: how many
 * runs a chain has, and how many of them begin within an hour.
 */
#ifndef HK_ENGINE_RUN_CONTINUE_H
#define HK_ENGINE_RUN_CONTINUE_H

#include "engine/objects.h"

/* Let the run go on as a new one with this state (a JSON object), or fail: where is the line. */
void hk_run_continue(struct hk_run *run, const char *state, const char *where);
/* For run_load: the run's place in its chain, from the payload of its run.started. */
void hk_run_continue_loaded(struct hk_run *run, const struct hk_json *started);

#endif
