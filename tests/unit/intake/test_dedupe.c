/*
 * The key by which repeated alerts are known.
 */
#include "intake/intake.h"
#include "support.h"

static void key_of(const char *text, const struct hk_dedupe_rule *rule, char ret_key[33])
{
    struct hk_alert_in in = {0};

    CU_ASSERT_EQUAL_FATAL(hk_intake_read(text, strlen(text), rule, NOW_US, &in, NULL), HK_OK);
    memcpy(ret_key, in.dedupe, 33);
    hk_alert_in_done(&in);
}

static bool same(const char *a, const char *b, const struct hk_dedupe_rule *rule)
{
    char key_a[33];
    char key_b[33];

    key_of(a, rule, key_a);
    key_of(b, rule, key_b);
    return strcmp(key_a, key_b) == 0;
}

static void test_default_fields(void)
{
    CU_ASSERT_TRUE(same("{\"title\":\"A\",\"src\":{\"ip\":\"192.0.2.1\",\"port\":1}}",
        "{\"src\":{\"port\":2,\"ip\":\"::ffff:192.0.2.1\"},\"title\":\"A\",\"uid\":\"7\","
        "\"time\":\"2026-11-22T00:00:00Z\",\"severity\":\"high\"}",
        NULL));
    CU_ASSERT_TRUE(same("{\"title\":\"A\"}", "{\"title\":\"A\",\"url\":\"\",\"dst\":{}}", NULL));
    CU_ASSERT_FALSE(same("{\"title\":\"A\"}", "{\"title\":\"B\"}", NULL));
    CU_ASSERT_FALSE(same("{\"title\":\"A\",\"dst\":{\"port\":22}}",
        "{\"title\":\"A\",\"dst\":{\"port\":23}}", NULL));
    CU_ASSERT_FALSE(same("{\"title\":\"A\",\"user\":{\"name\":\"a\"}}",
        "{\"title\":\"A\",\"user\":{\"name\":\"b\"}}", NULL));
}

static void test_join_is_unambiguous(void)
{
    static const char *const texts[] = {
        "{\"product\":\"a\",\"title\":\"bc\"}",
        "{\"product\":\"ab\",\"title\":\"c\"}",
        "{\"product\":\"a1:b\",\"title\":\"c\"}",
        "{\"product\":\"a\",\"title\":\"b1:c\"}",
        "{\"title\":\"x\",\"src\":{\"ip\":\"192.0.2.1\"}}",
        "{\"title\":\"x\",\"dst\":{\"ip\":\"192.0.2.1\"}}",
        "{\"title\":\"x\",\"device\":{\"host\":\"192.0.2.1\"}}",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        for (size_t j = 0; j < i; j++)
            CU_ASSERT_FALSE(same(texts[i], texts[j], NULL));
}

static void test_own_fields(void)
{
    static const char *const fields[] = {"rule.sid", "tags", NULL};
    const struct hk_dedupe_rule rule = {fields};

    CU_ASSERT_TRUE(same("{\"title\":\"A\",\"rule\":{\"sid\":1},\"tags\":{\"a\":1,\"b\":[2]}}",
        "{\"title\":\"B\",\"rule\":{\"sid\":1},\"tags\":{\"b\":[2],\"a\":1}}", &rule));
    CU_ASSERT_FALSE(same(
        "{\"title\":\"A\",\"rule\":{\"sid\":1}}", "{\"title\":\"A\",\"rule\":{\"sid\":2}}", &rule));
}

/* The key is part of the record: it may not change from one version to the next. */
static void test_key_is_stable(void)
{
    char key[33];

    key_of("{\"title\":\"A\"}", NULL, key);
    CU_ASSERT_STRING_EQUAL(key, "99961857b3554662551c8639937c0a61");
}

int main(void)
{
    static const CU_TestInfo tests[] = {{"the default fields count", test_default_fields},
        {"no two joins are alike", test_join_is_unambiguous}, {"own fields", test_own_fields},
        {"the key is stable", test_key_is_stable}, CU_TEST_INFO_NULL};

    return run_tests("dedupe", tests);
}
