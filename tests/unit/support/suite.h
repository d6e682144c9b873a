/*
 * suite: run a table of tests as one CUnit suite; for the main functions of unit tests.
 */
#ifndef HK_TESTS_SUPPORT_SUITE_H
#define HK_TESTS_SUPPORT_SUITE_H

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stddef.h>

struct suite_test {
    const char *name;
    CU_TestFunc run;
};

/* Returns the failures, for main to return. */
static inline int suite_run(const char *name, const struct suite_test *tests, size_t count)
{
    CU_pSuite suite;
    int failures = 1;

    if (CU_initialize_registry() != CUE_SUCCESS)
        return failures;
    suite = CU_add_suite(name, NULL, NULL);
    if (suite == NULL)
        goto out;
    for (size_t i = 0; i < count; i++)
        if (CU_add_test(suite, tests[i].name, tests[i].run) == NULL)
            goto out;
    CU_basic_set_mode(CU_BRM_NORMAL);
    if (CU_basic_run_tests() == CUE_SUCCESS)
        failures = (int)CU_get_number_of_failures();
out:
    CU_cleanup_registry();
    return failures;
}

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
