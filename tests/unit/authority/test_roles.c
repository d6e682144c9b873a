/*
 * Roles, severities and outcomes by name, and who fulfils what.
 */
#include "authority/authority.h"

#include "support/suite.h"

#include <string.h>

static void test_line_of_roles(void)
{
    static const char *const line[] = {
        "viewer", "analyst", "approver", "responder", "tenant-admin", "provider-admin"};

    for (size_t has = 0; has < 6; has++) {
        CU_ASSERT_TRUE(hk_role_is_valid(line[has]));
        for (size_t needs = 0; needs < 6; needs++)
            CU_ASSERT_EQUAL(hk_role_fulfils(line[has], line[needs]), has >= needs);
    }
}

static void test_roles_beside_the_line(void)
{
    static const char *const beside[] = {"author", "auditor"};

    for (size_t i = 0; i < 2; i++) {
        CU_ASSERT_TRUE(hk_role_is_valid(beside[i]));
        CU_ASSERT_TRUE(hk_role_fulfils(beside[i], beside[i]));
        CU_ASSERT_TRUE(hk_role_fulfils(beside[i], "viewer"));
        CU_ASSERT_FALSE(hk_role_fulfils(beside[i], beside[1 - i]));
        CU_ASSERT_FALSE(hk_role_fulfils(beside[i], "analyst"));
        CU_ASSERT_FALSE(hk_role_fulfils("provider-admin", beside[i]));
    }
}

static void test_unknown_roles_fulfil_nothing(void)
{
    static const char *const unknown[] = {NULL, "", "root", "Viewer", "approver "};

    for (size_t i = 0; i < 5; i++) {
        CU_ASSERT_FALSE(hk_role_is_valid(unknown[i]));
        CU_ASSERT_FALSE(hk_role_fulfils(unknown[i], "viewer"));
        CU_ASSERT_FALSE(hk_role_fulfils("provider-admin", unknown[i]));
        CU_ASSERT_FALSE(hk_role_fulfils(unknown[i], unknown[i]));
    }
}

static void test_words(void)
{
    for (int i = HK_SEVERITY_INFORMATIONAL; i <= HK_SEVERITY_FATAL; i++)
        CU_ASSERT_EQUAL(
            hk_severity_from_text(hk_severity_text((enum hk_severity)i)), (enum hk_severity)i);
    CU_ASSERT_EQUAL(hk_severity_from_text("none"), HK_SEVERITY_NONE);
    CU_ASSERT_EQUAL(hk_severity_from_text("High"), HK_SEVERITY_NONE);
    CU_ASSERT_EQUAL(hk_severity_from_text(NULL), HK_SEVERITY_NONE);
    CU_ASSERT_STRING_EQUAL(hk_outcome_text(HK_MAY_DENY), "deny");
    CU_ASSERT_STRING_EQUAL(hk_outcome_text(HK_MAY_DO_THEN_TELL), "do_then_tell");
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"each role fulfils those below it", test_line_of_roles},
        {"author and auditor stand beside the line", test_roles_beside_the_line},
        {"unknown roles fulfil nothing", test_unknown_roles_fulfil_nothing},
        {"severities and outcomes by name", test_words},
    };
    return suite_run("roles", tests, COUNT_OF(tests));
}
