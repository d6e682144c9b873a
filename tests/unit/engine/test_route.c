/*
 * Which playbook wants which alert: a table of triggers and views.
 */
#include "engine/route.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *on;
    const char *view;
    bool matches;
} cases[] = {
    /* one field */
    {"[{\"category\":\"malware\"}]", "{\"category\":\"malware\"}", true},
    {"[{\"category\":\"malware\"}]", "{\"category\":\"Malware\"}", false},
    {"[{\"category\":\"malware\"}]", "{\"category\":\"mal\"}", false},
    {"[{\"category\":\"malware\"}]", "{\"product\":\"malware\"}", false},
    {"[{\"category\":\"malware\"}]", "{}", false},
    /* all fields of a condition */
    {"[{\"category\":\"web\",\"product\":\"waf\"}]", "{\"category\":\"web\",\"product\":\"waf\"}",
        true},
    {"[{\"category\":\"web\",\"product\":\"waf\"}]", "{\"category\":\"web\"}", false},
    /* one of several conditions */
    {"[{\"category\":\"web\"},{\"category\":\"data\"}]", "{\"category\":\"data\"}", true},
    {"[{\"category\":\"web\"},{\"category\":\"data\"}]", "{\"category\":\"cloud\"}", false},
    {"[]", "{\"category\":\"web\"}", false},
    {"{}", "{\"category\":\"web\"}", false},
    {"[{}]", "{\"category\":\"web\"}", true}, /* asks nothing of the alert */
    {"[\"web\"]", "{\"category\":\"web\"}", false},
    /* one of several texts */
    {"[{\"category\":[\"web\",\"data\"]}]", "{\"category\":\"data\"}", true},
    {"[{\"category\":[\"web\",\"data\"]}]", "{\"category\":\"cloud\"}", false},
    {"[{\"category\":[]}]", "{\"category\":\"cloud\"}", false},
    /* at least */
    {"[{\"severity\":{\"at_least\":\"high\"}}]", "{\"severity\":\"medium\"}", false},
    {"[{\"severity\":{\"at_least\":\"high\"}}]", "{\"severity\":\"high\"}", true},
    {"[{\"severity\":{\"at_least\":\"high\"}}]", "{\"severity\":\"fatal\"}", true},
    {"[{\"severity\":{\"at_least\":\"high\"}}]", "{\"severity\":\"unheard of\"}", false},
    {"[{\"severity\":{\"at_least\":\"high\"}}]", "{}", false},
    {"[{\"severity\":{\"at_least\":\"most\"}}]", "{\"severity\":\"fatal\"}", false},
    {"[{\"severity\":{\"at_most\":\"high\"}}]", "{\"severity\":\"low\"}", false},
    /* inner fields */
    {"[{\"src.ip\":\"192.0.2.1\"}]", "{\"src\":{\"ip\":\"192.0.2.1\"}}", true},
    {"[{\"src.ip\":\"192.0.2.1\"}]", "{\"src\":{\"ip\":\"192.0.2.2\"}}", false},
    {"[{\"src.ip\":\"192.0.2.1\"}]", "{\"src\":\"192.0.2.1\"}", false},
    /* lists in the alert: one of them is enough */
    {"[{\"technique\":\"T1110\"}]", "{\"technique\":[\"T1059\",\"T1110\"]}", true},
    {"[{\"technique\":[\"T1110\",\"T1566\"]}]", "{\"technique\":[\"T1059\",\"T1566\"]}", true},
    {"[{\"technique\":\"T1110\"}]", "{\"technique\":[]}", false},
    {"[{\"technique\":\"T1110\"}]", "{\"technique\":[[\"T1110\"]]}", true},
    /* what is no text matches no text */
    {"[{\"count\":\"3\"}]", "{\"count\":3}", false},
    {"[{\"count\":3}]", "{\"count\":3}", false},
    {"[{\"count\":null}]", "{}", false},
    {"[{\"user\":true}]", "{\"user\":true}", false},
};

static bool matches(const char *on, const char *view)
{
    struct hk_playbook playbook = {.file = NULL};
    struct hk_json_doc doc = {0};
    struct hk_error error = {0};
    char descriptor[512];
    snprintf(descriptor, sizeof descriptor, "{\"name\":\"p\",\"on\":%s}", on);
    CU_ASSERT_EQUAL_FATAL(hk_json_parse(descriptor, strlen(descriptor), &hk_json_limits_own,
                              &playbook.descriptor, &error),
        HK_OK);
    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse(view, strlen(view), &hk_json_limits_own, &doc, &error), HK_OK);
    bool result = hk_route_matches(&playbook, doc.root);
    hk_json_doc_done(&doc);
    hk_json_doc_done(&playbook.descriptor);
    return result;
}

static void test_table(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool got = matches(cases[i].on, cases[i].view);
        if (got != cases[i].matches)
            fprintf(stderr, "on %s, %s\n", cases[i].on, cases[i].view);
        CU_ASSERT_EQUAL(got, cases[i].matches);
    }
}

static void test_without_a_trigger(void)
{
    struct hk_playbook playbook = {.file = NULL};
    struct hk_json_doc view = {0};
    struct hk_error error = {0};
    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse("{\"name\":\"p\"}", 12, &hk_json_limits_own, &playbook.descriptor, &error),
        HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_json_parse("{}", 2, &hk_json_limits_own, &view, &error), HK_OK);
    CU_ASSERT_FALSE(hk_route_matches(&playbook, view.root));
    hk_json_doc_done(&view);
    hk_json_doc_done(&playbook.descriptor);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"triggers and views", test_table},
        {"a playbook without a trigger", test_without_a_trigger},
    };
    return suite_run("route", tests, COUNT_OF(tests));
}
