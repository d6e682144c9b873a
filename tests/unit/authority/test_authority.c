/*
 * The matrix, hours, budgets and protections: who may do what, and why.
 */
#include "authority/authority.h"
#include "authority/hours.h"
#include "base/time.h"

#include <CUnit/Basic.h>
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

static struct hk_question block(const char *target)
{
    return (struct hk_question){.action = "edl.block_ip",
        .capability = "contain.block_ip",
        .kind = "contain",
        .target = target,
        .target_type = "address",
        .severity = HK_SEVERITY_HIGH};
}

static struct hk_verdict decide(
    const struct hk_authority *authority, const struct hk_question *question)
{
    struct hk_verdict verdict = {0};
    struct hk_error error = {0};

    CU_ASSERT_EQUAL(hk_authority_decide(authority, question, &verdict, &error), HK_OK);
    return verdict;
}

static void expect(const struct hk_authority *authority, const struct hk_question *question,
    enum hk_outcome_of_authority outcome, const char *rule)
{
    struct hk_verdict verdict = decide(authority, question);

    if (verdict.outcome != outcome || strcmp(verdict.rule, rule) != 0)
        (void)printf("\n  expected %s by %s, got %s by %s", hk_outcome_text(outcome), rule,
            hk_outcome_text(verdict.outcome), verdict.rule);
    CU_ASSERT_EQUAL(verdict.outcome, outcome);
    CU_ASSERT_STRING_EQUAL(verdict.rule, rule);
    CU_ASSERT_TRUE(verdict.why[0] != '\0');
    CU_ASSERT_EQUAL(verdict.role[0] != '\0', outcome == HK_MAY_ASK);
    CU_ASSERT_EQUAL(verdict.quorum > 0, outcome == HK_MAY_ASK);
}

static void test_defaults(void)
{
    struct hk_authority *authority = make("{}");
    static const struct {
        const char *kind;
        enum hk_outcome_of_authority outcome;
    } cases[] = {{"enrich", HK_MAY_DO}, {"notify", HK_MAY_DO}, {"restore", HK_MAY_DO},
        {"contain", HK_MAY_ASK}, {"eradicate", HK_MAY_ASK}, {"change", HK_MAY_ASK},
        {"other", HK_MAY_ASK}, {NULL, HK_MAY_ASK}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hk_question question = {.action = "a.b", .kind = cases[i].kind};
        expect(authority, &question, cases[i].outcome, "default");
    }
    hk_authority_free(authority);
    authority = NULL;
    CU_ASSERT_EQUAL(hk_authority_new(NULL, &authority, NULL), HK_OK);
    hk_authority_free(authority);
    hk_authority_free(NULL);
}

static void test_first_match_wins(void)
{
    struct hk_authority *authority = make(
        "{\"lists\":{\"servers\":[\"192.0.2.0/25\",\"srv*.corp.example\"]},\"authority\":["
        "{\"name\":\"servers\",\"targets\":[\"list:servers\"],\"kind\":\"contain\","
        "\"outcome\":\"recommend\"},"
        "{\"action\":\"contain.*\",\"severity\":{\"at_least\":\"high\"},"
        "\"targets\":[\"192.0.2.0/24\"],\"outcome\":\"do\"},"
        "{\"action\":\"edl.*\",\"severity\":[\"low\",\"medium\"],\"outcome\":\"do_then_tell\"},"
        "{\"kind\":\"contain\",\"outcome\":\"ask\",\"role\":\"responder\",\"quorum\":2,"
        "\"expires\":\"30m\"}]}");
    struct hk_question question = block("192.0.2.1");
    struct hk_verdict verdict;

    expect(authority, &question, HK_MAY_RECOMMEND, "servers");
    question = block("192.0.2.200");
    expect(authority, &question, HK_MAY_DO, "authority[1]");
    question.severity = HK_SEVERITY_FATAL;
    expect(authority, &question, HK_MAY_DO, "authority[1]");
    question.severity = HK_SEVERITY_MEDIUM;
    expect(authority, &question, HK_MAY_DO_THEN_TELL, "authority[2]");
    question.severity = HK_SEVERITY_INFORMATIONAL;
    expect(authority, &question, HK_MAY_ASK, "authority[3]");
    verdict = decide(authority, &question);
    CU_ASSERT_STRING_EQUAL(verdict.role, "responder");
    CU_ASSERT_EQUAL(verdict.quorum, 2);
    CU_ASSERT_EQUAL(verdict.expires_ms, 1800000);
    CU_ASSERT_STRING_EQUAL(verdict.target, "192.0.2.200");
    question.target = "SRV7.corp.example";
    question.target_type = "host";
    expect(authority, &question, HK_MAY_RECOMMEND, "servers");
    question.target = NULL;
    expect(authority, &question, HK_MAY_ASK, "authority[3]");
    hk_authority_free(authority);
}

/* A rule that covers a part of a range never lets the rest through. */
static void test_ranges_over_several_rules(void)
{
    struct hk_authority *authority =
        make("{\"authority\":["
             "{\"name\":\"lab\",\"targets\":[\"198.51.100.0/24\"],\"outcome\":\"do\"},"
             "{\"name\":\"office\",\"targets\":[\"203.0.113.0/25\"],\"outcome\":\"deny\"},"
             "{\"name\":\"pair\",\"targets\":[\"203.0.113.128/25\"],\"outcome\":\"ask\","
             "\"quorum\":3},"
             "{\"name\":\"rest\",\"outcome\":\"ask\",\"role\":\"tenant-admin\"}]}");
    struct hk_question question = block("198.51.100.0/25");

    expect(authority, &question, HK_MAY_DO, "lab");
    question = block("198.51.100.0/23");
    expect(authority, &question, HK_MAY_ASK, "rest");
    question = block("203.0.113.0/24");
    expect(authority, &question, HK_MAY_DENY, "office");
    question = block("0.0.0.0/0");
    expect(authority, &question, HK_MAY_DENY, "office");
    question = block("203.0.113.128/25");
    expect(authority, &question, HK_MAY_ASK, "pair");
    question = block("203.0.113.192/26");
    CU_ASSERT_EQUAL(decide(authority, &question).quorum, 3);
    question = block("203.0.113.128/24");
    CU_ASSERT_EQUAL(hk_authority_decide(authority, &question, &(struct hk_verdict){0}, NULL),
        HK_INVALID); /* bits beyond the prefix */
    hk_authority_free(authority);
}

static int64_t at(const char *text)
{
    int64_t time_us = 0;

    CU_ASSERT_EQUAL(hk_time_parse(text, &time_us, NULL), HK_OK);
    return time_us;
}

static void test_hours(void)
{
    static const struct {
        const char *hours;
        const char *time;
        bool holds;
    } cases[] = {
        /* 2026-11-23 is a Monday */
        {"{\"from\":\"09:00\",\"to\":\"17:00\"}", "2026-11-23T09:00:00Z", true},
        {"{\"from\":\"09:00\",\"to\":\"17:00\"}", "2026-11-23T16:59:59.999999Z", true},
        {"{\"from\":\"09:00\",\"to\":\"17:00\"}", "2026-11-23T17:00:00Z", false},
        {"{\"from\":\"09:00\",\"to\":\"17:00\"}", "2026-11-23T08:59:59Z", false},
        {"{\"from\":\"09:00\",\"to\":\"17:00\",\"outside\":true}", "2026-11-23T08:59:59Z", true},
        {"{\"from\":\"09:00\",\"to\":\"17:00\",\"outside\":true}", "2026-11-23T12:00:00Z", false},
        {"{\"from\":\"09:00\",\"to\":\"17:00\",\"zone\":\"+09:00\"}", "2026-11-23T00:00:00Z", true},
        {"{\"from\":\"09:00\",\"to\":\"17:00\",\"zone\":\"+09:00\"}", "2026-11-23T09:00:00Z",
            false},
        {"{\"from\":\"09:00\",\"to\":\"17:00\",\"zone\":\"-03:30\"}", "2026-11-23T12:30:00Z", true},
        {"{\"days\":[\"mon\"],\"zone\":\"+09:00\"}", "2026-11-22T15:00:00Z", true},
        {"{\"days\":[\"mon\"],\"zone\":\"+09:00\"}", "2026-11-23T15:00:00Z", false},
        {"{\"days\":[\"mon\",\"fri\"]}", "2026-11-27T10:00:00Z", true},
        {"{\"days\":[\"sat\",\"sun\"],\"outside\":true}", "2026-11-28T10:00:00Z", false},
        {"{\"from\":\"22:00\",\"to\":\"06:00\",\"days\":[\"mon\"]}", "2026-11-23T23:00:00Z", true},
        {"{\"from\":\"22:00\",\"to\":\"06:00\",\"days\":[\"mon\"]}", "2026-11-24T05:59:00Z", true},
        {"{\"from\":\"22:00\",\"to\":\"06:00\",\"days\":[\"mon\"]}", "2026-11-23T05:59:00Z", false},
        {"{\"from\":\"22:00\",\"to\":\"06:00\"}", "2026-11-23T12:00:00Z", false},
        {"{\"from\":\"18:00\"}", "2026-11-23T23:59:00Z", true},
        {"{\"to\":\"24:00\",\"days\":[\"thu\"]}", "1970-01-01T00:00:00Z", true},
        {"{\"days\":[\"wed\"],\"zone\":\"-01:00\"}", "1970-01-01T00:30:00Z", true},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hk_question question = block("192.0.2.1");
        struct hk_authority *authority;
        char config[256];
        (void)snprintf(config, sizeof(config),
            "{\"authority\":[{\"hours\":%s,\"outcome\":\"deny\"}]}", cases[i].hours);
        authority = make(config);
        question.time_us = at(cases[i].time);
        if (decide(authority, &question).outcome != (cases[i].holds ? HK_MAY_DENY : HK_MAY_ASK)) {
            (void)printf("\n  %s at %s", cases[i].hours, cases[i].time);
            CU_FAIL("wrong hours");
        }
        hk_authority_free(authority);
    }
}

static void test_hours_next(void)
{
    static const struct {
        const char *hours;
        const char *now;
        const char *next; /* NULL: never */
    } cases[] = {
        {"{\"from\":\"09:00\",\"to\":\"17:00\"}", "2026-11-23T10:00:00.5Z",
            "2026-11-23T10:00:00.5Z"},
        {"{\"from\":\"09:00\",\"to\":\"17:00\"}", "2026-11-23T08:59:30Z", "2026-11-23T09:00:00Z"},
        {"{\"from\":\"09:00\",\"to\":\"17:00\"}", "2026-11-23T17:00:00Z", "2026-11-24T09:00:00Z"},
        {"{\"from\":\"09:00\",\"to\":\"17:00\",\"days\":[\"mon\"],\"zone\":\"+09:00\"}",
            "2026-11-23T09:00:00Z", "2026-11-30T00:00:00Z"},
        {"{\"from\":\"09:00\",\"to\":\"17:00\",\"outside\":true}", "2026-11-23T12:00:00Z",
            "2026-11-23T17:00:00Z"},
        {"{\"outside\":true}", "2026-11-23T12:00:00Z", NULL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hk_json_doc doc;
        struct hk_hours hours;
        int64_t now_us = 0;
        int64_t next_us = INT64_MAX;

        CU_ASSERT_EQUAL_FATAL(
            hk_json_parse(cases[i].hours, strlen(cases[i].hours), &hk_json_limits_own, &doc, NULL),
            HK_OK);
        CU_ASSERT_EQUAL_FATAL(hk_hours_read(doc.root, "hours", &hours, NULL), HK_OK);
        CU_ASSERT_EQUAL(hk_time_parse(cases[i].now, &now_us, NULL), HK_OK);
        if (cases[i].next != NULL)
            CU_ASSERT_EQUAL(hk_time_parse(cases[i].next, &next_us, NULL), HK_OK);
        CU_ASSERT_EQUAL(hk_hours_next(&hours, now_us), next_us);
        hk_json_doc_done(&doc);
    }
}

static void test_untargeted(void)
{
    struct hk_authority *authority =
        make("{\"authority\":[{\"action\":\"*\",\"outcome\":\"do\"}]}");
    struct hk_question question = {.action = "acme.lock_all", .kind = "contain"};

    expect(authority, &question, HK_MAY_ASK, "untargeted");
    question.kind = "eradicate";
    expect(authority, &question, HK_MAY_ASK, "untargeted");
    question.kind = "enrich";
    expect(authority, &question, HK_MAY_DO, "authority[0]");
    hk_authority_free(authority);
}

static void test_budget(void)
{
    struct hk_authority *authority =
        make("{\"authority\":[{\"kind\":\"contain\",\"outcome\":\"do\"},"
             "{\"kind\":\"eradicate\",\"outcome\":\"do_then_tell\",\"quorum\":2}],"
             "\"budgets\":[{\"kind\":\"contain\",\"per_hour\":2},"
             "{\"kind\":\"eradicate\",\"per_hour\":0}]}");
    struct hk_question question = block("192.0.2.1");

    question.spent_last_hour = 1;
    expect(authority, &question, HK_MAY_DO, "authority[0]");
    question.spent_last_hour = 2;
    expect(authority, &question, HK_MAY_ASK, "budget.contain");
    question.kind = "eradicate";
    question.spent_last_hour = 0;
    expect(authority, &question, HK_MAY_ASK, "budget.eradicate");
    CU_ASSERT_EQUAL(decide(authority, &question).quorum, 2);
    question.kind = "notify";
    question.spent_last_hour = 1000;
    expect(authority, &question, HK_MAY_DO, "default");
    hk_authority_free(authority);
}

static void test_playbook_can_only_add(void)
{
    struct hk_authority *authority =
        make("{\"authority\":[{\"severity\":\"low\",\"outcome\":\"deny\"},"
             "{\"severity\":\"medium\",\"outcome\":\"ask\",\"quorum\":2},{\"outcome\":\"do\"}]}");
    struct hk_question question = block("192.0.2.1");

    question.playbook_asks = true;
    question.playbook_quorum = 3;
    expect(authority, &question, HK_MAY_ASK, "playbook");
    CU_ASSERT_EQUAL(decide(authority, &question).quorum, 3);
    question.severity = HK_SEVERITY_MEDIUM;
    question.playbook_quorum = 1;
    expect(authority, &question, HK_MAY_ASK, "authority[1]");
    CU_ASSERT_EQUAL(decide(authority, &question).quorum, 2);
    question.severity = HK_SEVERITY_LOW;
    expect(authority, &question, HK_MAY_DENY, "authority[0]");
    hk_authority_free(authority);
}

static void test_protection(void)
{
    struct hk_authority *authority = make(
        "{\"authority\":[{\"severity\":\"low\",\"outcome\":\"recommend\"},{\"outcome\":\"do\"}],"
        "\"lists\":{\"dns\":[\"192.0.2.53\"]},\"protected\":["
        "{\"target\":\"198.51.100.0/24\",\"mode\":\"ask\",\"reason\":\"partner network\"},"
        "{\"target\":\"list:dns\",\"reason\":\"name servers\"},"
        "{\"target\":\"203.0.113.1\",\"until\":\"2026-11-22T00:00:00Z\"}]}");
    struct hk_question question = block("192.0.2.53");
    struct hk_verdict verdict = {0};

    expect(authority, &question, HK_MAY_DENY, "protected[1]");
    CU_ASSERT_PTR_NOT_NULL(strstr(decide(authority, &question).why, "name servers"));
    CU_ASSERT_TRUE(hk_authority_is_protected(authority, &question, true, &verdict));
    CU_ASSERT_STRING_EQUAL(verdict.rule, "protected[1]");

    question = block("198.51.100.7");
    expect(authority, &question, HK_MAY_ASK, "protected[0]");
    CU_ASSERT_TRUE(hk_authority_is_protected(authority, &question, false, &verdict));
    CU_ASSERT_EQUAL(verdict.outcome, HK_MAY_ASK);
    CU_ASSERT_FALSE(hk_authority_is_protected(authority, &question, true, &verdict));
    question.severity = HK_SEVERITY_LOW;
    expect(authority, &question, HK_MAY_RECOMMEND, "authority[0]");

    question = block("0.0.0.0/0"); /* hits all three, the strictest counts */
    expect(authority, &question, HK_MAY_DENY, "protected[1]");

    question = block("203.0.113.1");
    question.time_us = at("2026-11-21T23:59:59Z");
    expect(authority, &question, HK_MAY_DENY, "protected[2]");
    question.time_us = at("2026-11-22T00:00:00Z");
    expect(authority, &question, HK_MAY_DO, "authority[1]");
    hk_authority_free(authority);
}

static void test_protection_by_kind(void)
{
    static const struct {
        const char *kind;
        bool is_protected;
    } cases[] = {{"contain", true}, {"eradicate", true}, {"unheard of", true}, {NULL, true},
        {"enrich", false}, {"notify", false}, {"restore", false}};
    struct hk_authority *authority = make("{\"protected\":[\"192.0.2.53\"]}");

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hk_question question = block("192.0.2.53");
        struct hk_verdict verdict;
        question.kind = cases[i].kind;
        CU_ASSERT_EQUAL(decide(authority, &question).outcome == HK_MAY_DENY, cases[i].is_protected);
        CU_ASSERT_EQUAL(
            hk_authority_is_protected(authority, &question, true, &verdict), cases[i].is_protected);
    }
    hk_authority_free(authority);
}

static void test_bad_configurations(void)
{
    static const struct {
        const char *config;
        const char *names; /* must be in the error */
    } cases[] = {
        {"{\"authority\":[{\"outcome\":\"do\"},{\"outcome\":\"do\",\"tragets\":[]}]}",
            "authority[1].tragets"},
        {"{\"authority\":{\"outcome\":\"do\"}}", "authority"},
        {"{\"authority\":[7]}", "authority[0]"},
        {"{\"authority\":[{}]}", "authority[0].outcome"},
        {"{\"authority\":[{\"outcome\":\"maybe\"}]}", "authority[0].outcome"},
        {"{\"authority\":[{\"outcome\":\"do\",\"kind\":\"block\"}]}", "authority[0].kind"},
        {"{\"authority\":[{\"outcome\":\"do\",\"severity\":\"High\"}]}", "authority[0].severity"},
        {"{\"authority\":[{\"outcome\":\"do\",\"severity\":[\"low\",3]}]}",
            "authority[0].severity"},
        {"{\"authority\":[{\"outcome\":\"do\",\"severity\":[]}]}", "authority[0].severity"},
        {"{\"authority\":[{\"outcome\":\"do\",\"severity\":{\"at_most\":\"low\"}}]}",
            "authority[0].severity"},
        {"{\"authority\":[{\"outcome\":\"do\",\"severity\":{\"at_least\":\"low\",\"x\":1}}]}",
            "authority[0].severity.x"},
        {"{\"authority\":[{\"outcome\":\"do\",\"targets\":\"10.0.0.0/8\"}]}",
            "authority[0].targets"},
        {"{\"authority\":[{\"outcome\":\"do\",\"targets\":[\"*\",\"10.0.0.1/8\"]}]}",
            "authority[0].targets[1]"},
        {"{\"authority\":[{\"outcome\":\"do\",\"targets\":[\"10.0.*\"]}]}",
            "authority[0].targets[0]"},
        {"{\"authority\":[{\"outcome\":\"do\",\"targets\":[\"2001:db8::*\"]}]}",
            "authority[0].targets[0]"},
        {"{\"authority\":[{\"outcome\":\"do\",\"targets\":[\"list:nobody\"]}]}", "nobody"},
        {"{\"authority\":[{\"outcome\":\"ask\",\"role\":\"viewer\"}]}", "authority[0].role"},
        {"{\"authority\":[{\"outcome\":\"ask\",\"role\":\"auditor\"}]}", "authority[0].role"},
        {"{\"authority\":[{\"outcome\":\"ask\",\"quorum\":0}]}", "authority[0].quorum"},
        {"{\"authority\":[{\"outcome\":\"ask\",\"quorum\":1.5}]}", "authority[0].quorum"},
        {"{\"authority\":[{\"outcome\":\"ask\",\"expires\":\"soon\"}]}", "authority[0].expires"},
        {"{\"authority\":[{\"outcome\":\"ask\",\"expires\":\"0s\"}]}", "authority[0].expires"},
        {"{\"authority\":[{\"outcome\":\"ask\",\"name\":\"\"}]}", "authority[0].name"},
        {"{\"authority\":[{\"outcome\":\"do\",\"hours\":{\"from\":\"9:00\"}}]}",
            "authority[0].hours.from"},
        {"{\"authority\":[{\"outcome\":\"do\",\"hours\":{\"to\":\"24:01\"}}]}",
            "authority[0].hours.to"},
        {"{\"authority\":[{\"outcome\":\"do\",\"hours\":{\"days\":[\"monday\"]}}]}",
            "authority[0].hours.days"},
        {"{\"authority\":[{\"outcome\":\"do\",\"hours\":{\"zone\":\"Asia/Tokyo\"}}]}",
            "authority[0].hours.zone"},
        {"{\"authority\":[{\"outcome\":\"do\",\"hours\":{\"outside\":1}}]}",
            "authority[0].hours.outside"},
        {"{\"authority\":[{\"outcome\":\"do\",\"hours\":{\"from\":\"09:00\",\"to\":\"09:00\"}}]}",
            "authority[0].hours"},
        {"{\"authority\":[{\"outcome\":\"do\",\"hours\":{\"when\":1}}]}",
            "authority[0].hours.when"},
        {"{\"lists\":{\"a\":[\"10.0.0.0/33\"]}}", "lists.a[0]"},
        {"{\"lists\":{\"a\":[7]}}", "lists.a[0]"},
        {"{\"lists\":{\"a\":\"10.0.0.1\"}}", "lists.a"},
        {"{\"lists\":[\"a\"]}", "lists"},
        {"{\"protected\":[\"010.0.0.1\"]}", "protected[0]"},
        {"{\"protected\":[\"3232235777\"]}", "protected[0]"},
        {"{\"protected\":[{\"mode\":\"never\"}]}", "protected[0].target"},
        {"{\"protected\":[{\"target\":\"a\",\"mode\":\"maybe\"}]}", "protected[0].mode"},
        {"{\"protected\":[{\"target\":\"a\",\"until\":\"later\"}]}", "protected[0].until"},
        {"{\"protected\":[{\"target\":\"a\",\"untill\":\"x\"}]}", "protected[0].untill"},
        {"{\"protected\":[null]}", "protected[0]"},
        {"{\"budgets\":[{\"kind\":\"contain\"}]}", "budgets[0].per_hour"},
        {"{\"budgets\":[{\"per_hour\":1}]}", "budgets[0].kind"},
        {"{\"budgets\":[{\"kind\":\"contain\",\"per_hour\":-1}]}", "budgets[0].per_hour"},
        {"{\"budgets\":[{\"kind\":\"contain\",\"per_hour\":1},"
         "{\"kind\":\"contain\",\"per_hour\":2}]}",
            "budgets[1].kind"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hk_authority *authority = NULL;
        struct hk_error error = {0};
        enum hk_status status = try_config(cases[i].config, &authority, &error);
        if (status != HK_INVALID || strstr(error.text, cases[i].names) == NULL)
            (void)printf("\n  %s: %s", cases[i].config, error.text);
        CU_ASSERT_EQUAL(status, HK_INVALID);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, cases[i].names));
        hk_authority_free(authority);
    }
}

/* An empty table of Lua is an empty object or an empty list, whichever is meant. */
static void test_empty_tables(void)
{
    hk_authority_free(
        make("{\"authority\":{},\"lists\":[],\"protected\":{},\"budgets\":{},\"plugins\":7}"));
    hk_authority_free(make("{\"lists\":{\"a\":{}},\"protected\":[\"list:a\"]}"));
}

static void test_write(void)
{
    struct hk_authority *authority = make("{\"authority\":[{\"outcome\":\"ask\"}]}");
    struct hk_question question = block("::ffff:192.0.2.1");
    struct hk_verdict verdict = decide(authority, &question);
    struct hk_buf buf;
    struct hk_jw jw;

    hk_buf_init(&buf, 4096);
    hk_jw_init(&jw, &buf);
    hk_verdict_write(&verdict, &jw);
    CU_ASSERT_STRING_EQUAL(buf.data,
        "{\"outcome\":\"ask\",\"rule\":\"authority[0]\",\"why\":\"Rule authority[0] says ask.\","
        "\"role\":\"approver\",\"quorum\":1,\"target\":\"192.0.2.1\"}");
    hk_buf_done(&buf);
    hk_authority_free(authority);
}

int main(void)
{
    CU_pSuite suite;
    unsigned failures;

    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    suite = CU_add_suite("authority", NULL, NULL);
    CU_add_test(suite, "without rules, what changes things asks", test_defaults);
    CU_add_test(suite, "the first rule that matches gives the outcome", test_first_match_wins);
    CU_add_test(suite, "a range over several rules", test_ranges_over_several_rules);
    CU_add_test(suite, "hours, days, zones and their opposite", test_hours);
    CU_add_test(suite, "when hours come next", test_hours_next);
    CU_add_test(suite, "what names no target asks", test_untargeted);
    CU_add_test(suite, "a spent budget asks", test_budget);
    CU_add_test(suite, "a playbook can only add", test_playbook_can_only_add);
    CU_add_test(suite, "protection is last and wins", test_protection);
    CU_add_test(suite, "protection by kind of action", test_protection_by_kind);
    CU_add_test(suite, "bad configurations are named", test_bad_configurations);
    CU_add_test(suite, "empty tables", test_empty_tables);
    CU_add_test(suite, "a verdict as JSON", test_write);
    (void)CU_basic_run_tests();
    failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures == 0 ? 0 : 1;
}
