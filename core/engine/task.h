/*
 * task: what a person is to do, and whose it is. Opened for what was recommended or failed, for
 * what was done by hand and is to be undone, and by people. Ended by a person (task_done.c), or as
 * not needed any more.
 */
#ifndef HK_ENGINE_TASK_H
#define HK_ENGINE_TASK_H

#include "engine/cases.h"
#include "engine/tx.h"

struct hk_act;

/* kinds: manual, recommended, fallback, release (a release that failed), undo (of what was done by
 * hand) */

void hk_task_open_manual(struct hk_tx *tx, const char *in_case, const struct hk_case_task *task,
    int severity, char ret_task[HK_ID_SIZE]);

/* Authority recommends it: what to do by hand, why, and how it is taken back. */
void hk_task_open_recommended(struct hk_tx *tx, struct hk_run *run, const struct hk_step *step,
    const struct hk_act *act, char ret_task[HK_ID_SIZE]);

/* The step's action failed: a task when the tenant has a word for it, or when it was to change the
 * world. kind NULL: told by the capability's name. Nothing is opened for others. */
void hk_task_open_fallback(
    struct hk_tx *tx, struct hk_run *run, const struct hk_step *step, const char *reason);

/* About a containment, of which starting is the first payload. kind is "release" or "undo". */
void hk_task_open_for_lease(struct hk_tx *tx, const char *kind, const char *containment,
    const struct hk_json *starting, const char *reason, char ret_task[HK_ID_SIZE]);

/* The task is not needed any more. In the turn of its containment. */
void hk_task_end_unneeded(struct hk_tx *tx, const char *task, const char *why);

#endif
