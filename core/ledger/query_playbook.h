/*
 * query_playbook: which version of each playbook is in force or on trial, and how that came about.
 */
#ifndef HK_LEDGER_QUERY_PLAYBOOK_H
#define HK_LEDGER_QUERY_PLAYBOOK_H

#include "ledger/query.h"

/* What stands for a playbook's name; texts are borrowed for the call, NULL where there is none. */
struct hk_in_force_row {
    const char *id;
    const char *name;
    const char *state;   /* "in_force", "withdrawn" */
    const char *version; /* in force, also while it is withdrawn */
    const char *previous;
    const char *file; /* version of the file when something was made of it last */
    const char *by;   /* actor who put the version into force */
    const char *trial;
    const char *trial_id;
    const char *trial_kind; /* "share", "shadow" */
    const char *trial_by;
    int64_t trial_share; /* percent */
    int64_t trial_until_us;
};
typedef void hk_in_force_fn(void *ctx, const struct hk_in_force_row *row);
/* All names of a tenant that ever had a version in force. */
HK_MUST_CHECK enum hk_status hk_query_in_force(struct hk_reading *reading, hk_tenant tenant,
    hk_in_force_fn *fn, void *ctx, struct hk_error *error);

/* Shortest beginning of a version that is taken for the whole of it. */
#define HK_VERSION_PREFIX_MIN 8
/* The recorded version of a playbook that begins so. HK_NOT_FOUND; HK_CONFLICT when more than one
 * does; HK_INVALID for what is no beginning of a version. */
HK_MUST_CHECK enum hk_status hk_query_playbook_version(struct hk_reading *reading, hk_tenant tenant,
    const char *name, const char *prefix, char ret_version[HK_SHA256_HEX_SIZE],
    struct hk_error *error);

struct hk_names;
/* For `show`: write "versions" [{"version","state","added"}], newest first, and "history" of the
 * name that the version is of [{"time","kind","by", …payload}], oldest first; whom the ids stand
 * for goes into names. Both are empty for a version whose name was erased. */
HK_MUST_CHECK enum hk_status hk_query_playbook_story(struct hk_reading *reading, hk_tenant tenant,
    const char *version, struct hk_names *names, struct hk_jw *jw, struct hk_error *error);

#endif
