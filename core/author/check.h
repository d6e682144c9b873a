/*
 * check: look at a playbook's text for mistakes, without running it.
 *
 * Only what the text shows is told. A name that is made while it runs, a table that comes from
 * elsewhere, or a function that is called by another name is not followed, and nothing is said
 * about it: no finding does not mean no mistake.
 */
#ifndef HK_AUTHOR_CHECK_H
#define HK_AUTHOR_CHECK_H

#include "author/finding.h"
#include "base/json.h"

struct hk_check_setup {
    const char *source; /* Lua compiled it already */
    size_t size;
    const struct hk_json *catalog; /* see actions.h; NULL: nothing is known about actions */
    const char *name;              /* of the playbook; NULL: not known */
    /* Names that can be called, an array of texts; NULL: nothing is known about other playbooks. */
    const struct hk_json *playbooks;
};

/* Add what is found. HK_LIMIT when the text can't be looked at whole. */
HK_MUST_CHECK enum hk_status hk_check_playbook(
    const struct hk_check_setup *setup, struct hk_findings *findings, struct hk_error *error);

#endif
