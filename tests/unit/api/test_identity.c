/*
 * identity: whose token is whose, and when it stops being.
 */
#include "api/identity.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <string.h>

static struct hk_identity *identity;
static struct hk_error error;

static struct hk_user add_user(hk_tenant tenant, const char *name, const char *role)
{
    struct hk_user user;

    CU_ASSERT_EQUAL_FATAL(hk_user_prepare(identity, tenant, name, role, 1, &user, &error), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_identity_put_user(identity, &user, &error), HK_OK);
    return user;
}

static struct hk_token add_token(hk_tenant tenant, const char *user, const char *service,
    const char *role, char secret[HK_TOKEN_TEXT_SIZE])
{
    struct hk_token token;

    CU_ASSERT_EQUAL_FATAL(
        hk_token_prepare(identity, tenant, user, service, role, 1, &token, secret, &error), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_identity_put_token(identity, &token, &error), HK_OK);
    return token;
}

static void a_person_acts_with_the_role_of_the_moment(void)
{
    struct hk_user user = add_user(1, "analyst-1", "analyst");
    char secret[HK_TOKEN_TEXT_SIZE];
    struct hk_actor actor;
    hk_tenant tenant;

    (void)add_token(1, "analyst-1", NULL, NULL, secret);
    CU_ASSERT_EQUAL(strlen(secret), 43);
    CU_ASSERT_EQUAL(hk_identity_check(identity, secret, &tenant, &actor, &error), HK_OK);
    CU_ASSERT_EQUAL(tenant, 1);
    CU_ASSERT_TRUE(actor.is_person);
    CU_ASSERT_STRING_EQUAL(actor.id, user.id);
    CU_ASSERT_STRING_EQUAL(actor.role, "analyst");
    (void)strcpy(user.role, "viewer");
    CU_ASSERT_EQUAL(hk_identity_put_user(identity, &user, &error), HK_OK);
    CU_ASSERT_EQUAL(hk_identity_check(identity, secret, &tenant, &actor, &error), HK_OK);
    CU_ASSERT_STRING_EQUAL(actor.role, "viewer");
    user.is_disabled = true;
    CU_ASSERT_EQUAL(hk_identity_put_user(identity, &user, &error), HK_OK);
    CU_ASSERT_EQUAL(hk_identity_check(identity, secret, &tenant, &actor, &error), HK_DENIED);
}

static void a_service_is_no_person(void)
{
    char secret[HK_TOKEN_TEXT_SIZE];
    struct hk_token token = add_token(2, NULL, "sensor-1", "analyst", secret);
    struct hk_actor actor;
    hk_tenant tenant;

    CU_ASSERT_EQUAL(hk_identity_check(identity, secret, &tenant, &actor, &error), HK_OK);
    CU_ASSERT_EQUAL(tenant, 2);
    CU_ASSERT_FALSE(actor.is_person);
    CU_ASSERT_STRING_EQUAL(actor.id, token.id);
    CU_ASSERT_STRING_EQUAL(actor.name, "sensor-1");
    token.is_revoked = true;
    CU_ASSERT_EQUAL(hk_identity_put_token(identity, &token, &error), HK_OK);
    CU_ASSERT_EQUAL(hk_identity_check(identity, secret, &tenant, &actor, &error), HK_DENIED);
    secret[0] ^= 1;
    CU_ASSERT_EQUAL(hk_identity_check(identity, secret, &tenant, &actor, &error), HK_DENIED);
    CU_ASSERT_EQUAL(hk_identity_check(identity, "", &tenant, &actor, &error), HK_DENIED);
}

static void names_are_of_a_tenant(void)
{
    struct hk_user user = add_user(3, "approver-1", "approver");
    struct hk_user other;

    CU_ASSERT_EQUAL(
        hk_user_prepare(identity, 3, "approver-1", "viewer", 1, &other, &error), HK_CONFLICT);
    CU_ASSERT_EQUAL(hk_user_prepare(identity, 4, "approver-1", "viewer", 1, &other, &error), HK_OK);
    CU_ASSERT_PTR_NULL(hk_identity_user(identity, 4, user.id));
    CU_ASSERT_PTR_NULL(hk_identity_user(identity, 4, "approver-1"));
    CU_ASSERT_PTR_NOT_NULL(hk_identity_user(identity, 3, "approver-1"));
    user.is_disabled = true;
    CU_ASSERT_EQUAL(hk_identity_put_user(identity, &user, &error), HK_OK);
    CU_ASSERT_EQUAL(hk_user_prepare(identity, 3, "approver-1", "viewer", 1, &other, &error), HK_OK);
}

static void bad_names_and_roles_are_refused(void)
{
    char secret[HK_TOKEN_TEXT_SIZE];
    struct hk_user user;
    struct hk_token token;

    CU_ASSERT_EQUAL(hk_user_prepare(identity, 5, "A b", "viewer", 1, &user, &error), HK_INVALID);
    CU_ASSERT_EQUAL(hk_user_prepare(identity, 5, "a", "king", 1, &user, &error), HK_INVALID);
    CU_ASSERT_EQUAL(
        hk_token_prepare(identity, 5, NULL, NULL, NULL, 1, &token, secret, &error), HK_INVALID);
    CU_ASSERT_EQUAL(
        hk_token_prepare(identity, 5, NULL, "s", NULL, 1, &token, secret, &error), HK_INVALID);
    CU_ASSERT_EQUAL(
        hk_token_prepare(identity, 5, "none", NULL, NULL, 1, &token, secret, &error), HK_NOT_FOUND);
}

static void nobody_gives_more_than_they_have(void)
{
    CU_ASSERT_TRUE(hk_identity_may_grant("provider-admin", "provider-admin"));
    CU_ASSERT_TRUE(hk_identity_may_grant("tenant-admin", "tenant-admin"));
    CU_ASSERT_TRUE(hk_identity_may_grant("tenant-admin", "auditor"));
    CU_ASSERT_FALSE(hk_identity_may_grant("tenant-admin", "provider-admin"));
    CU_ASSERT_FALSE(hk_identity_may_grant("responder", "viewer"));
}

int main(void)
{
    CU_pSuite suite;
    unsigned failures;

    if (CU_initialize_registry() != CUE_SUCCESS || hk_identity_new(&identity, &error) != HK_OK)
        return 1;
    suite = CU_add_suite("identity", NULL, NULL);
    CU_ADD_TEST(suite, a_person_acts_with_the_role_of_the_moment);
    CU_ADD_TEST(suite, a_service_is_no_person);
    CU_ADD_TEST(suite, names_are_of_a_tenant);
    CU_ADD_TEST(suite, bad_names_and_roles_are_refused);
    CU_ADD_TEST(suite, nobody_gives_more_than_they_have);
    (void)CU_basic_run_tests();
    failures = CU_get_number_of_failures();
    hk_identity_free(identity);
    CU_cleanup_registry();
    return (int)failures;
}
