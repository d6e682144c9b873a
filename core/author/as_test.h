/*
 * as_test: a playbook test made of what a real run did: the alert, the answers and their times, and
 * what came of them. The names and values are the run's own.
 */
#ifndef HK_AUTHOR_AS_TEST_H
#define HK_AUTHOR_AS_TEST_H

#include "base/json.h"

struct hk_as_test {
    const struct hk_json *run;   /* what GET /v1/runs/{id} answers */
    const struct hk_json *alert; /* its alert's view */
    /* Does a step that was settled so count as refused (it is not tried again)? */
    bool (*is_refused)(const char *how);
};

/* Append the text of the test. HK_INVALID when the run can't be made a test of: it was cancelled or
 * has diverged, parts of it are erased, or it came from an engine that does not tell the order. */
HK_MUST_CHECK enum hk_status hk_as_test_write(
    const struct hk_as_test *setup, struct hk_buf *out, struct hk_error *error);

#endif
