/* What the tests of intake share: read an alert that must be taken, and look into its view. */
#ifndef TEST_INTAKE_SUPPORT_H
#define TEST_INTAKE_SUPPORT_H

#include "base/json.h"
#include "intake/intake.h"

#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#define NOW_US INT64_C(1795306845000000) /* 2026-11-22T01:00:45Z */

struct taken {
    struct hk_alert_in in;
    struct hk_json_doc doc;
    const struct hk_json *view;
};

static inline struct taken take(const char *text)
{
    struct taken taken = {0};
    struct hk_error error = {0};

    if (hk_intake_read(text, strlen(text), NULL, NOW_US, &taken.in, &error) != HK_OK) {
        (void)printf("\n  %s: %s", text, error.text);
        CU_FAIL_FATAL("the alert was refused");
        abort(); /* not reached */
    }
    CU_ASSERT_EQUAL(hk_json_parse(taken.in.view, strlen(taken.in.view), &hk_json_limits_own,
                        &taken.doc, &error),
        HK_OK);
    taken.view = taken.doc.root;
    return taken;
}

static inline void taken_done(struct taken *taken)
{
    hk_json_doc_done(&taken->doc);
    hk_alert_in_done(&taken->in);
}

/* The text or number at path; "" when there is nothing. */
static inline const char *seen(const struct taken *taken, const char *path)
{
    const struct hk_json *value = hk_json_at(taken->view, path);

    return value != NULL && value->text != NULL ? value->text : "";
}

static inline int run_tests(const char *name, const CU_TestInfo *tests)
{
    CU_pSuite suite;
    unsigned failures;

    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    suite = CU_add_suite(name, NULL, NULL);
    for (; tests->pName != NULL; tests++)
        CU_add_test(suite, tests->pName, tests->pTestFunc);
    (void)CU_basic_run_tests();
    failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures == 0 ? 0 : 1;
}

#endif
