/*
 * drive: one run of a playbook with answers that the caller gives, and a clock that moves on when
 * everything waits. The same runtime as the engine's (script/play.h), but no engine, no record on
 * disk and no effect: what is asked for is only told.
 *
 *   hk_drive_new ─► hk_drive_next ─► a step ─► hk_drive_answer, or nothing: ──────┐
 *                        ▲   │                                                    │
 *                        └───┼────────────────────────────────────────────────────┘
 *                            └─► NULL: it has ended, see hk_drive_end
 *
 * Answers are delivered by their time, and those of the same time in the order in which the steps
 * were asked for. The same answers give the same run, each time and on each machine.
 */
#ifndef HK_AUTHOR_DRIVE_H
#define HK_AUTHOR_DRIVE_H

#include "script/thread.h"

#include <stdbool.h>

struct hk_drive;

/* Texts are copied. */
struct hk_drive_setup {
    const char *chunk; /* the playbook's file, for errors */
    const char *source;
    size_t source_size;
    const char *alert; /* the alert view, JSON */
    const char *args;  /* what a caller, or the run before, hands over, a JSON object; NULL: {} */
    uint64_t seed;
    int64_t started_us;
};

enum hk_drive_end {
    HK_DRIVE_RUNS,      /* not yet */
    HK_DRIVE_FINISHED,  /* text is what `run` returned, JSON */
    HK_DRIVE_CONTINUED, /* as a new run; text is what that is given, a JSON object */
    HK_DRIVE_FAILED,    /* text is the error with its lines */
    HK_DRIVE_HELD,      /* steps that were left without an answer hold it up */
};

struct hk_drive_step {
    size_t number; /* from 0, in the order in which they were asked for */
    char step[HK_STEP_PATH_SIZE];
    const char *op;
    const char *name;
    const char *args;    /* canonical JSON */
    const char *options; /* canonical JSON */
    const char *where;   /* "file:line" */
    int64_t asked_us;
    bool is_answered;
    bool is_settled; /* the answer was delivered */
    bool ok;
    bool is_refused;   /* as in hk_script_record */
    const char *value; /* as in hk_script_record; NULL before it is answered */
    int64_t due_us;    /* when the answer is, or was, delivered */
};

HK_MUST_CHECK enum hk_status hk_drive_new(
    const struct hk_drive_setup *setup, struct hk_drive **ret_drive, struct hk_error *error);
void hk_drive_free(struct hk_drive *drive);

/* Go on until the playbook asks for a step, and give that; NULL when it has ended. The step lives
 * as long as the drive. */
const struct hk_drive_step *hk_drive_next(struct hk_drive *drive);
enum hk_drive_answer { HK_ANSWER_OK, HK_ANSWER_FAILED, HK_ANSWER_REFUSED };
/* Answer a step that hk_drive_next gave, after_ms from when it was asked for. value as in
 * hk_script_record. A step that is never answered holds its branch up. */
void hk_drive_answer(struct hk_drive *drive, size_t number, enum hk_drive_answer answer,
    const char *value, int64_t after_ms);

enum hk_drive_end hk_drive_end(const struct hk_drive *drive);
/* "finished", "continued", "failed", "held" */
const char *hk_drive_end_text(enum hk_drive_end end);
/* What it ended with; "" while it runs or is held. */
const char *hk_drive_text(const struct hk_drive *drive);
int64_t hk_drive_now_us(const struct hk_drive *drive);
size_t hk_drive_count(const struct hk_drive *drive);
const struct hk_drive_step *hk_drive_step(const struct hk_drive *drive, size_t number);

/* Run the playbook once more on the record of this run, as the engine does after a restart. HK_OK
 * when it does the very same; HK_INVALID says where it differs. Only after the end. */
HK_MUST_CHECK enum hk_status hk_drive_repeat(const struct hk_drive *drive, struct hk_error *error);

#endif
