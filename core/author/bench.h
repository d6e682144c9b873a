/*
 * bench: what test.lua needs from the program: a run to drive, and ways to say what went wrong.
 * Internal to author/.
 */
#ifndef HK_AUTHOR_BENCH_H
#define HK_AUTHOR_BENCH_H

#include "author/drive.h"
#include "author/suite.h"
#include "script/state.h"

/* One test. The owner of its Lua state, so that nothing is lost when Lua raises. */
struct hk_trial {
    const struct hk_suite_setup *setup;
    const struct hk_json *descriptor; /* of the playbook */
    /* The last run, and within it what was called: the innermost one is driven. */
    struct hk_drive *drives[HK_CALL_DEPTH_MAX + 1];
    unsigned depth;     /* of them */
    struct hk_buf file; /* a called playbook's text, while it is looked at */
    unsigned runs;
    size_t steps;          /* of all runs */
    struct hk_buf failure; /* the first one; what is caught stays a failure */
    char where[LUA_IDSIZE + 16];
};

void hk_trial_init(
    struct hk_trial *trial, const struct hk_suite_setup *setup, const struct hk_json *descriptor);
void hk_trial_done(struct hk_trial *trial);
/* Push the function of test.lua that runs a test's body. The state's owner is the trial. */
void hk_bench_push(lua_State *L);
/* "file:line" of the innermost function that is the author's own, "" when there is none. */
void hk_bench_where(lua_State *L, char *ret_where, size_t capacity);

#endif
