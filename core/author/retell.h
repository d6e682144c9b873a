/*
 * retell: a recorded run told again by another text of its playbook: the same alert, and for each
 * step the result that the record has. Nothing is sent. What comes out is how the decisions differ.
 *
 * A step has a result in the record when the run asked for the same thing: same operation, same
 * name, same arguments (options such as `expires` may differ); each result counts once, in the
 * order of the record. Waits pass, and note, close, case, notify and escalate succeed when the
 * record has none. For anything else there is no result to go on with: that branch stops there, and
 * it is told.
 */
#ifndef HK_AUTHOR_RETELL_H
#define HK_AUTHOR_RETELL_H

#include "base/json.h"

struct hk_retell {
    const char *file; /* of the playbook, for errors */
    const char *source;
    size_t source_size;
    const struct hk_json *descriptor; /* of that text */
    const struct hk_json *run;        /* what GET /v1/runs/{id} answers */
    const struct hk_json *alert;      /* its alert's view */
    bool (*is_refused)(const char *how);
};

/* Append {"run","alert","started","same","starts","removed":[step],"added":[step],"verdict":
 * {"was","is"},"end":{"was","is"},["error"],["open":step]}, a step being {"op","name","args",
 * "options","where"}. removed: what the run did and this text does not; added: the other way round;
 * open: the first step for which the record has no result. HK_INVALID when the record is not whole.
 */
HK_MUST_CHECK enum hk_status hk_retell_run(
    const struct hk_retell *setup, struct hk_jw *out, bool *ret_same, struct hk_error *error);

#endif
