/*
 * secrets: a name in the configuration, a value at the last moment, and no value anywhere else.
 */
#include "base/secrets.h"

#include "support/suite.h"

#include <string.h>

static struct hk_secrets *two_secrets(void)
{
    struct hk_secrets *secrets = NULL;
    struct hk_error error;

    CU_ASSERT_EQUAL_FATAL(hk_secrets_new(&secrets, &error), HK_OK);
    CU_ASSERT_EQUAL(hk_secrets_put(secrets, "smtp", "pass \"word\"", 11, &error), HK_OK);
    CU_ASSERT_EQUAL(hk_secrets_put(secrets, "hook", "k", 1, &error), HK_OK);
    return secrets;
}

static void a_name_has_one_value(void)
{
    struct hk_secrets *secrets = two_secrets();
    struct hk_error error;

    CU_ASSERT_STRING_EQUAL(hk_secrets_get(secrets, "smtp"), "pass \"word\"");
    CU_ASSERT_PTR_NULL(hk_secrets_get(secrets, "SMTP"));
    CU_ASSERT_PTR_NULL(hk_secrets_get(NULL, "smtp"));
    CU_ASSERT_EQUAL(hk_secrets_put(secrets, "smtp", "other", 5, &error), HK_CONFLICT);
    CU_ASSERT_STRING_EQUAL(hk_secrets_get(secrets, "smtp"), "pass \"word\"");
    hk_secrets_free(secrets);
}

static void fills_in(const char *json, enum hk_status expected, const char *result)
{
    struct hk_secrets *secrets = two_secrets();
    struct hk_json_doc doc;
    struct hk_error error;
    struct hk_buf out;
    struct hk_jw jw;

    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse(json, strlen(json), &hk_json_limits_own, &doc, &error), HK_OK);
    hk_buf_init(&out, 4096);
    hk_jw_init(&jw, &out);
    CU_ASSERT_EQUAL(hk_secrets_fill(secrets, doc.root, &jw, &error), expected);
    if (result != NULL)
        CU_ASSERT_STRING_EQUAL(out.data, result);
    hk_buf_done(&out);
    hk_json_doc_done(&doc);
    hk_secrets_free(secrets);
}

static void values_take_the_place_of_names(void)
{
    fills_in("{\"a\":[1,{\"$secret\":\"hook\"}],\"b\":{\"c\":{\"$secret\":\"smtp\"}},\"d\":null}",
        HK_OK, "{\"a\":[1,\"k\"],\"b\":{\"c\":\"pass \\\"word\\\"\"},\"d\":null}");
    fills_in("{\"$secret\":\"hook\",\"more\":1}", HK_OK, "{\"$secret\":\"hook\",\"more\":1}");
    fills_in("[{\"$secret\":\"none\"}]", HK_NOT_FOUND, NULL);
}

static void a_text_may_be_a_secret(void)
{
    static const char json[] =
        "{\"plain\":\"p\",\"named\":{\"$secret\":\"hook\"},\"gone\":{\"$secret\":\"x\"},\"n\":1}";
    struct hk_secrets *secrets = two_secrets();
    struct hk_json_doc doc;
    struct hk_error error;
    const char *text;

    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse(json, strlen(json), &hk_json_limits_own, &doc, &error), HK_OK);
    CU_ASSERT_EQUAL(
        hk_secret_text(secrets, hk_json_get(doc.root, "plain"), "w", &text, &error), HK_OK);
    CU_ASSERT_STRING_EQUAL(text, "p");
    CU_ASSERT_EQUAL(
        hk_secret_text(secrets, hk_json_get(doc.root, "named"), "w", &text, &error), HK_OK);
    CU_ASSERT_STRING_EQUAL(text, "k");
    CU_ASSERT_EQUAL(hk_secret_text(secrets, hk_json_get(doc.root, "gone"), "w.key", &text, &error),
        HK_NOT_FOUND);
    CU_ASSERT_STRING_EQUAL(error.text, "w.key: there is no secret x");
    CU_ASSERT_EQUAL(
        hk_secret_text(secrets, hk_json_get(doc.root, "n"), "w", &text, &error), HK_INVALID);
    CU_ASSERT_EQUAL(hk_secret_text(secrets, NULL, "w", &text, &error), HK_INVALID);
    hk_json_doc_done(&doc);
    hk_secrets_free(secrets);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"a name has one value", a_name_has_one_value},
        {"values take the place of names", values_take_the_place_of_names},
        {"a text may be a secret", a_text_may_be_a_secret},
    };
    return suite_run("secrets", tests, COUNT_OF(tests));
}
