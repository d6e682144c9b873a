/*
 * case_play: a playbook says what happens in the case of its alert, case { … }, or takes back what
 * that contains, release { … }.
 */
#ifndef HK_ENGINE_CASE_PLAY_H
#define HK_ENGINE_CASE_PLAY_H

#include "engine/case_op.h"

/* Carry the step out and settle it with the case's id: at once when the alert is in no case yet
 * (one is opened for it) or in one that is remembered, else in the turn of its case. A case that is
 * closed fails the step. */
void hk_case_request(struct hk_run *run, struct hk_step *step, const struct hk_json *args);
/* Take everything back that the runs of the alert's case contained, as a person can
 * (case_release.c), and settle the step with what became of each. The rules are asked as for an
 * action "case.release" of the kind restore; where they want a person, the step fails and says how
 * a person does it. After a crash before the end it is asked for again, and takes back what is
 * still contained. */
void hk_case_release_request(struct hk_run *run, struct hk_step *step, const struct hk_json *args);
/* It can't be done: the step is told why. */
void hk_case_play_refused(struct hk_case_op *op, const char *why);

#endif
