/*
 * Modes and tuning: for every mode, kind and rule what may be done; that a mode never loosens; that
 * deny and protection win; and what is written about it.
 */
#include "authority/authority.h"
#include "base/time.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static const struct hk_json_limits limits = {
    .size_max = 1 << 20, .depth_max = 32, .nodes_max = 10000};

static enum hk_status try_config(
    const char *config, struct hk_authority **ret_authority, struct hk_error *error)
{
    struct hk_json_doc doc = {0};
    enum hk_status status = hk_json_parse(config, strlen(config), &limits, &doc, error);

    if (status == HK_OK)
        status = hk_authority_new(doc.root, ret_authority, error);
    hk_json_doc_done(&doc);
    return status;
}

static struct hk_authority *make(const char *config)
{
    struct hk_authority *authority = NULL;
    struct hk_error error = {0};

    if (try_config(config, &authority, &error) != HK_OK) {
        (void)printf("\n  %s", error.text);
        CU_FAIL_FATAL("the configuration was refused");
    }
    return authority;
}

static struct hk_verdict decide(
    const struct hk_authority *authority, const struct hk_question *question)
{
    struct hk_verdict verdict = {0};
    struct hk_error error = {0};

    CU_ASSERT_EQUAL(hk_authority_decide(authority, question, &verdict, &error), HK_OK);
    return verdict;
}

static struct hk_question ask(const char *kind)
{
    return (struct hk_question){.action = "edr.act",
        .kind = kind,
        .target = "192.0.2.7",
        .target_type = "address",
        .severity = HK_SEVERITY_HIGH};
}

static const char *const kinds[] = {
    "enrich", "notify", "restore", "contain", "eradicate", "change", "new"};
static const char *const outcomes[] = {"deny", "recommend", "ask", "do_then_tell", "do"};

/* What a mode lets through at most: restore is held back only where nothing is done at all. */
static enum hk_outcome_of_authority most(const char *mode, const char *kind)
{
    if (strcmp(kind, "enrich") == 0 || strcmp(kind, "notify") == 0 || strcmp(mode, "act") == 0)
        return HK_MAY_DO;
    if (strcmp(mode, "watch") == 0)
        return HK_MAY_WATCH;
    if (strcmp(mode, "recommend") == 0)
        return HK_MAY_RECOMMEND;
    return strcmp(kind, "restore") == 0 ? HK_MAY_DO : HK_MAY_ASK;
}

static void check_one(const char *mode, const char *kind, const char *outcome)
{
    char config[256];
    char rule[32];
    (void)snprintf(config, sizeof config,
        "{\"mode\":\"%s\",\"authority\":[{\"name\":\"r\",\"outcome\":\"%s\"}]}", mode, outcome);
    (void)snprintf(rule, sizeof rule, "mode:%s", mode);
    struct hk_authority *authority = make(config);
    struct hk_question question = ask(kind);
    struct hk_verdict verdict = decide(authority, &question);
    enum hk_outcome_of_authority alone = HK_MAY_DENY;
    while (strcmp(hk_outcome_text(alone), outcome) != 0)
        alone++;
    enum hk_outcome_of_authority limit = most(mode, kind);
    if (verdict.outcome != (alone < limit ? alone : limit))
        (void)printf("\n  mode %s, kind %s, rule %s: %s", mode, kind, outcome,
            hk_outcome_text(verdict.outcome));
    CU_ASSERT_EQUAL(verdict.outcome, alone < limit ? alone : limit);
    CU_ASSERT_STRING_EQUAL(verdict.rule, alone <= limit ? "r" : rule);
    CU_ASSERT_STRING_EQUAL(verdict.would_rule, alone <= limit ? "" : "r");
    if (alone > limit)
        CU_ASSERT_EQUAL(verdict.would, alone);
    CU_ASSERT_EQUAL(verdict.quorum > 0, verdict.outcome == HK_MAY_ASK);
    CU_ASSERT_EQUAL(verdict.role[0] != 0, verdict.outcome == HK_MAY_ASK);
    CU_ASSERT_EQUAL(verdict.expires_ms > 0, verdict.outcome == HK_MAY_ASK);
    hk_authority_free(authority);
}

static void test_every_mode(void)
{
    static const char *const modes[] = {"watch", "recommend", "ask", "act"};
    for (size_t m = 0; m < COUNT_OF(modes); m++)
        for (size_t k = 0; k < COUNT_OF(kinds); k++)
            for (size_t o = 0; o < COUNT_OF(outcomes); o++)
                check_one(modes[m], kinds[k], outcomes[o]);
}

static void test_protection_wins(void)
{
    static const char *const modes[] = {"watch", "recommend", "ask", "act"};
    for (size_t m = 0; m < COUNT_OF(modes); m++) {
        char config[160];
        (void)snprintf(config, sizeof config,
            "{\"mode\":\"%s\",\"protected\":[\"192.0.2.0/24\"],"
            "\"authority\":[{\"outcome\":\"do\"}]}",
            modes[m]);
        struct hk_authority *authority = make(config);
        struct hk_question question = ask("contain");
        struct hk_verdict verdict = decide(authority, &question);
        CU_ASSERT_EQUAL(verdict.outcome, HK_MAY_DENY);
        CU_ASSERT_STRING_EQUAL(verdict.rule, "protected[0]");
        CU_ASSERT_STRING_EQUAL(hk_authority_mode(authority), modes[m]);
        hk_authority_free(authority);
    }
}

/* A protection that asks is met by an approval, and there is none in recommend. */
static void test_soft_protection_loosens_nothing(void)
{
    struct hk_authority *authority =
        make("{\"mode\":\"recommend\",\"protected\":[{\"target\":\"192.0.2.7\",\"mode\":\"ask\"}],"
             "\"authority\":[{\"outcome\":\"do\"}]}");
    struct hk_question question = ask("contain");
    CU_ASSERT_EQUAL(decide(authority, &question).outcome, HK_MAY_RECOMMEND);
    hk_authority_free(authority);
}

static void expect_at(const struct hk_authority *authority, struct hk_question question,
    const char *time, enum hk_outcome_of_authority outcome, const char *rule)
{
    struct hk_error error = {0};
    CU_ASSERT_EQUAL(hk_time_parse(time, &question.time_us, &error), HK_OK);
    struct hk_verdict verdict = decide(authority, &question);
    CU_ASSERT_EQUAL(verdict.outcome, outcome);
    CU_ASSERT_STRING_EQUAL(verdict.rule, rule);
}

static void test_tuning(void)
{
    struct hk_authority *authority = make(
        "{\"tuning_until\":\"2027-01-31\",\"authority\":[{\"name\":\"r\",\"outcome\":\"do\"}]}");
    struct hk_question host = ask("contain");
    host.target = "fin-pc-12";
    host.target_type = "host";
    expect_at(authority, host, "2027-01-31T23:59:59Z", HK_MAY_RECOMMEND, "tuning");
    expect_at(authority, host, "2027-02-01T00:00:00Z", HK_MAY_DO, "r");
    struct hk_question by_name = ask("contain");
    by_name.action = "nft.isolate_address";
    expect_at(authority, by_name, "2026-11-22T00:00:00Z", HK_MAY_RECOMMEND, "tuning");
    by_name.action = "nft.block";
    by_name.capability = "contain.isolate";
    expect_at(authority, by_name, "2026-11-22T00:00:00Z", HK_MAY_RECOMMEND, "tuning");
    expect_at(authority, ask("contain"), "2026-11-22T00:00:00Z", HK_MAY_DO, "r");
    expect_at(authority, ask("eradicate"), "2026-11-22T00:00:00Z", HK_MAY_DO, "r");
    hk_authority_free(authority);
}

/* What stands first in the record is the rule, however much was laid over it. */
static void test_mode_then_tuning(void)
{
    struct hk_authority *authority = make("{\"mode\":\"ask\",\"tuning_until\":\"2027-01-31\","
                                          "\"authority\":[{\"name\":\"r\",\"outcome\":\"do\"}]}");
    struct hk_question question = ask("contain");
    question.target_type = "host";
    struct hk_verdict verdict = decide(authority, &question);
    CU_ASSERT_EQUAL(verdict.outcome, HK_MAY_RECOMMEND);
    CU_ASSERT_STRING_EQUAL(verdict.rule, "tuning");
    CU_ASSERT_EQUAL(verdict.would, HK_MAY_DO);
    CU_ASSERT_STRING_EQUAL(verdict.would_rule, "r");
    hk_authority_free(authority);
}

static void test_written(void)
{
    struct hk_authority *authority =
        make("{\"mode\":\"watch\",\"authority\":[{\"name\":\"r\",\"outcome\":\"do\"}]}");
    struct hk_question question = ask("contain");
    struct hk_verdict verdict = decide(authority, &question);
    struct hk_buf out;
    struct hk_jw jw;
    hk_buf_init(&out, 4096);
    hk_jw_init(&jw, &out);
    hk_verdict_write(&verdict, &jw);
    CU_ASSERT_STRING_EQUAL(out.data,
        "{\"outcome\":\"watch\",\"rule\":\"mode:watch\",\"why\":\"This tenant is watched only; "
        "rule r"
        " alone says "
        "do.\",\"role\":\"\",\"quorum\":0,\"target\":\"192.0.2.7\",\"would\":{\"outcome\":"
        "\"do\",\"rule\":\"r\"}}");
    hk_buf_done(&out);
    hk_authority_free(authority);
}

static void test_refused(void)
{
    static const struct {
        const char *config;
        const char *words;
    } cases[] = {
        {"{\"mode\":\"off\"}", "mode: \"off\""},
        {"{\"mode\":1}", "mode"},
        {"{\"tuning_until\":\"soon\"}", "tuning_until"},
        {"{\"tuning_until\":\"2027-13-01\"}", "tuning_until"},
        {"{\"tuning_until\":20270131}", "tuning_until"},
        {"{\"authority\":[{\"outcome\":\"watch\"}]}", "authority[0].outcome"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hk_authority *authority = NULL;
        struct hk_error error = {0};
        CU_ASSERT_EQUAL(try_config(cases[i].config, &authority, &error), HK_INVALID);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, cases[i].words));
    }
}

static void test_scope(void)
{
    struct hk_authority *authority = make("{\"lists\":{\"ours\":[\"192.0.2.0/24\"]}}");
    struct hk_json_doc doc = {0};
    struct hk_error error = {0};
    const char text[] = "[\"list:ours\",\"10.0.0.0/8\",\"*.corp.example\"]";
    const struct hk_scope *scope = NULL;
    CU_ASSERT_EQUAL(hk_json_parse(text, strlen(text), &limits, &doc, &error), HK_OK);
    CU_ASSERT_EQUAL(hk_authority_scope(authority, doc.root, "cases.own", &scope, &error), HK_OK);
    CU_ASSERT_TRUE(hk_scope_has(scope, "address", "192.0.2.9"));
    CU_ASSERT_TRUE(hk_scope_has(scope, "address", "::ffff:10.1.2.3"));
    CU_ASSERT_TRUE(hk_scope_has(scope, "host", "A.Corp.Example"));
    CU_ASSERT_FALSE(hk_scope_has(scope, "address", "198.51.100.1"));
    CU_ASSERT_FALSE(hk_scope_has(scope, "address", "not an address"));
    CU_ASSERT_FALSE(hk_scope_has(NULL, "address", "10.0.0.1"));
    hk_json_doc_done(&doc);
    CU_ASSERT_EQUAL(hk_json_parse("[\"list:none\"]", 13, &limits, &doc, &error), HK_OK);
    CU_ASSERT_EQUAL(
        hk_authority_scope(authority, doc.root, "cases.own", &scope, &error), HK_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "cases.own[0]"));
    hk_json_doc_done(&doc);
    hk_authority_free(authority);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"every mode, kind and rule", test_every_mode},
        {"protection wins", test_protection_wins},
        {"a soft protection loosens nothing", test_soft_protection_loosens_nothing},
        {"tuning", test_tuning},
        {"mode, then tuning", test_mode_then_tuning},
        {"what is written", test_written},
        {"what is refused", test_refused},
        {"scopes", test_scope},
    };
    return suite_run("mode", tests, COUNT_OF(tests));
}
