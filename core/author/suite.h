/*
 * suite: tests of a playbook, written in Lua (sdk/docs/playbook-tests.md).
 *
 * A file of tests is read in the same sandbox and under the same limits as playbooks, once to learn
 * its tests and once more for each of them, in a Lua state of its own: tests can't reach each
 * other. What a test runs is the playbook in the runtime of the engine (drive.h). Each run is run
 * again on its own record; a playbook that is not deterministic fails its test.
 */
#ifndef HK_AUTHOR_SUITE_H
#define HK_AUTHOR_SUITE_H

#include "base/buf.h"
#include "base/json.h"

/* What is known about actions: their schemas. Each answers HK_OK, or HK_INVALID with what is wrong.
 */
struct hk_suite_checker {
    /* Would the engine take this call? args and options are JSON objects. */
    enum hk_status (*call)(void *ctx, const char *action, const char *args, const char *options,
        struct hk_error *error);
    /* Could the action give this result? value is JSON. */
    enum hk_status (*result)(
        void *ctx, const char *action, const char *value, struct hk_error *error);
    void *ctx;
};

struct hk_suite_setup {
    const char *file; /* of the tests, for errors */
    const char *source;
    size_t size;
    const char *playbook; /* the file that is tested, for errors */
    const char *playbook_source;
    size_t playbook_size;
    const char *only;                       /* run tests whose name has this in it; NULL: all */
    const struct hk_suite_checker *checker; /* NULL: nothing is known */
};

struct hk_suite_counts {
    unsigned tests;
    unsigned failed;
};

/* Run the tests and append an object to out: {"file","playbook","is_checked" (against schemas),
 * "tests":[{"name","line","ok",["where","failure"],"runs","steps","ms"}]}. The counts are added
 * to. HK_INVALID when a file can't be read as what it is, with file:line. */
HK_MUST_CHECK enum hk_status hk_suite_run(const struct hk_suite_setup *setup, struct hk_jw *out,
    struct hk_suite_counts *counts, struct hk_error *error);

#endif
