/*
 * walk: a recorded run followed step by step: each step that its playbook asks for, with the line,
 * what the functions there see, and what the record says came of it. The run is told again as the
 * engine does it after a restart, on its own text or on a changed one; nothing is sent.
 */
#ifndef HK_AUTHOR_WALK_H
#define HK_AUTHOR_WALK_H

#include "base/json.h"

struct hk_walk {
    const char *file; /* of the playbook */
    const char *source;
    size_t source_size;
    const struct hk_json *run;   /* what GET /v1/runs/{id} answers */
    const struct hk_json *alert; /* its alert's view */
    bool (*is_refused)(const char *how);
};

/* Append {"items":[…],"end":{…}}.
 *
 * An item: {"number" (from 1),"step","line","op","name","args","options","frames" (frames.h; absent
 * when all of them would be too much),"recorded"}. recorded is the step as the run shows it, or
 * null: the record has no such step.
 *
 * end: {"kind","text","step","line","expected","got"}. kind is `finished` (text is what run
 * returned, JSON), `continued` (as a new run; text is what that is given), `failed` (text is the
 * error), `waits` (for the result of open steps), `goes_on` (with steps that the record does not
 * have: the last items), `diverged` (at step and line: expected is what the record has, got what
 * came). HK_INVALID when the record is not whole. */
HK_MUST_CHECK enum hk_status hk_walk_run(
    const struct hk_walk *setup, struct hk_jw *out, struct hk_error *error);

#endif
