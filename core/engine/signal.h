/*
 * signal: what people, programs and other runs tell a run by name. It is in the record before
 * anything follows from it. A run that waits for that name goes on with what came with it, in the
 * same transaction; else it is kept until the run asks, each once, the oldest first.
 */
#ifndef HK_ENGINE_SIGNAL_H
#define HK_ENGINE_SIGNAL_H

#include "engine/tx.h"

/* wait(signal "name") */
void hk_signal_wait(struct hk_run *run, struct hk_step *step, const struct hk_json *args);
/* signal {to = …, name = …} */
void hk_signal_send(struct hk_run *run, struct hk_step *step, const struct hk_json *args);
/* For run_load: a run.signalled was read, and a step that a signal settled. */
void hk_signal_loaded(struct hk_run *run, const struct hk_json *payload);
void hk_signal_taken(struct hk_run *run, const struct hk_step *step);
/* The run goes on as another one: those that it did not take are that one's. Into tx, after its
 * run.started. */
void hk_signal_hand_over(struct hk_tx *tx, const struct hk_run *run, const char *next);

#endif
