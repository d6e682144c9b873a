/*
 * result: what does not follow its schema is no result, and nothing that is to stay secret gets
 * through, however a plugin spells it.
 */
#include "plugin/result.h"

#include "limits.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET "pass \"word\"/1"

static struct hk_secrets *secrets;

static void check(const char *text, const char *schema, enum hk_status status, const char *expected)
{
    struct hk_error error = {0};
    struct hk_buf out;

    hk_buf_init(&out, 1024 * 1024);
    enum hk_status result = hk_result_read(text, schema, secrets, &out, &error);
    const char *given = result == HK_OK ? out.data : error.text;
    if (result != status || strstr(given, expected) == NULL)
        printf("\n  %s: %s\n", text, given);
    CU_ASSERT_EQUAL(result, status);
    CU_ASSERT_PTR_NOT_NULL(strstr(given, expected));
    if (result == HK_OK)
        CU_ASSERT_STRING_EQUAL(given, expected);
    hk_buf_done(&out);
}

static void good_results_are_left_alone(void)
{
    check("{}", NULL, HK_OK, "{}");
    check("{}", "{}", HK_OK, "{}");
    check(" { \"n\" : 18446744073709551617 } ", "{\"properties\":{\"n\":{\"type\":\"integer\"}}}",
        HK_OK, " { \"n\" : 18446744073709551617 } ");
}

static void bad_results_are_named(void)
{
    static const char schema[] = "{\"type\":\"object\",\"required\":[\"n\"],"
                                 "\"additionalProperties\":false,\"properties\":{"
                                 "\"n\":{\"type\":\"integer\"}}}";

    check("", NULL, HK_INVALID, "no JSON");
    check("{", NULL, HK_INVALID, "no JSON");
    check("{\"a\":1,\"a\":2}", NULL, HK_INVALID, "no JSON");
    check("[]", NULL, HK_INVALID, "no JSON object");
    check("{}", schema, HK_INVALID, "does not follow its schema: n is missing");
    check("{\"n\":\"1\"}", schema, HK_INVALID, "n must be of type integer");
    check("{\"n\":1,\"m\":2}", schema, HK_INVALID, "m is not a known name");
    char *big = malloc(HK_PLUGIN_RESULT_SIZE_MAX + 64);
    CU_ASSERT_PTR_NOT_NULL_FATAL(big);
    (void)snprintf(
        big, HK_PLUGIN_RESULT_SIZE_MAX + 64, "{\"a\":\"%*s\"}", HK_PLUGIN_RESULT_SIZE_MAX, "x");
    check(big, NULL, HK_LIMIT, "too big");
    free(big);
}

static void marked_fields_are_replaced(void)
{
    static const char schema[] =
        "{\"properties\":{\"token\":{\"type\":\"string\",\"x-secret\":true},"
        "\"list\":{\"items\":{\"properties\":{\"key\":{\"x-secret\":true}}}},"
        "\"not\":{\"x-secret\":false}},"
        "\"additionalProperties\":{\"properties\":{\"key\":{\"x-secret\":true}}}}";

    check("{\"token\":\"abc\",\"a\":1}", schema, HK_OK, "{\"token\":{\"$redacted\":true},\"a\":1}");
    check("{\"list\":[{\"key\":[1,2]},{\"other\":1}],\"not\":\"x\"}", schema, HK_OK,
        "{\"list\":[{\"key\":{\"$redacted\":true}},{\"other\":1}],\"not\":\"x\"}");
    check("{\"any\":{\"key\":\"k\",\"n\":1.50}}", schema, HK_OK,
        "{\"any\":{\"key\":{\"$redacted\":true},\"n\":1.50}}");
    check("{\"a\":1}", "{\"x-secret\":true}", HK_OK, "{\"$redacted\":true}");
    /* what is replaced is checked all the same */
    check("{\"token\":1}", schema, HK_INVALID, "token must be of type string");
}

static void secrets_are_hidden(void)
{
    check("{\"a\":\"x pass \\\"word\\\"/1 y\"}", NULL, HK_OK, "{\"a\":\"x [secret key] y\"}");
    check("{\"a\":[{\"b\":\"\\u0070ass \\u0022word\\u0022\\/1\"}]}", NULL, HK_OK,
        "{\"a\":[{\"b\":\"[secret key]\"}]}");
    check("{\"a\":\"pass pass \\\"word\\\"/1pass \\\"word\\\"/1pass \\\"word\\\"/\"}", NULL, HK_OK,
        "{\"a\":\"pass [secret key][secret key]pass \\\"word\\\"/\"}");
    check("{\"a\":\"long-secret-and-more\"}", NULL, HK_OK, "{\"a\":\"[secret longer]\"}");
    check("{\"a\":\"short\"}", NULL, HK_OK, "{\"a\":\"short\"}");
    check("{\"long-secret\":1}", NULL, HK_INVALID, "a secret for a name");
}

static void texts_are_hidden_too(void)
{
    struct hk_buf out;

    hk_buf_init(&out, 1024);
    CU_ASSERT_TRUE(hk_secrets_hide(secrets, "x " SECRET ".", &out));
    CU_ASSERT_STRING_EQUAL(out.data, "x [secret key].");
    hk_buf_clear(&out);
    CU_ASSERT_FALSE(hk_secrets_hide(secrets, "short long-secre", &out));
    CU_ASSERT_STRING_EQUAL(out.data, "short long-secre");
    hk_buf_clear(&out);
    CU_ASSERT_FALSE(hk_secrets_hide(NULL, SECRET, &out));
    CU_ASSERT_STRING_EQUAL(out.data, SECRET);
    CU_ASSERT_TRUE(hk_secrets_hide(secrets, SECRET, NULL));
    hk_buf_done(&out);
}

static void put(const char *name, const char *value)
{
    if (hk_secrets_put(secrets, name, value, strlen(value), NULL) != HK_OK)
        abort();
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"good results are left alone", good_results_are_left_alone},
        {"bad results are named", bad_results_are_named},
        {"marked fields are replaced", marked_fields_are_replaced},
        {"secrets are hidden", secrets_are_hidden},
        {"texts are hidden too", texts_are_hidden_too},
    };

    if (hk_secrets_new(&secrets, NULL) != HK_OK)
        return 1;
    put("key", SECRET);
    put("long", "long-secret");
    put("longer", "long-secret-and-more");
    put("small", "short");
    int failures = suite_run("result", tests, COUNT_OF(tests));
    hk_secrets_free(secrets);
    return failures;
}
