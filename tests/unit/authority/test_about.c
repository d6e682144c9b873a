/*
 * about: what an approver reads of a target: which lists name it, and what protects it.
 */
#include "authority/authority.h"
#include "base/time.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static const char config[] =
    "{\"lists\":{\"servers\":[\"198.51.100.0/28\",\"*.srv.example\"],"
    "\"clerks\":[\"fin-*\"],\"empty\":[]},"
    "\"protected\":[{\"target\":\"198.51.100.1\",\"reason\":\"the gateway\"},"
    "{\"target\":\"list:clerks\",\"mode\":\"ask\",\"reason\":\"month's end\",\"until\":"
    "\"2026-12-01T00:00:00Z\"}]}";

static const struct {
    const char *type;
    const char *target;
    const char *time;
    const char *text; /* NULL: refused */
} cases[] = {
    {"address", "203.0.113.66", "2026-11-22T00:00:00Z",
        "{\"target\":\"203.0.113.66\",\"addresses\":1,\"lists\":[],\"protected\":[]}"},
    {"address", "203.0.113.0/24", "2026-11-22T00:00:00Z",
        "{\"target\":\"203.0.113.0/24\",\"addresses\":256,\"lists\":[],\"protected\":[]}"},
    {"address", "2001:db8::/32", "2026-11-22T00:00:00Z",
        "{\"target\":\"2001:db8::/32\",\"lists\":[],\"protected\":[]}"},
    {"address", "::ffff:198.51.100.1", "2026-11-22T00:00:00Z",
        "{\"target\":\"198.51.100.1\",\"addresses\":1,\"lists\":[{\"name\":\"servers\",\"covers\":"
        "\"all\"}],\"protected\":[{\"mode\":\"never\",\"reason\":\"the gateway\",\"until\":null,"
        "\"covers\":\"all\"}]}"},
    {"address", "198.51.100.0/24", "2026-11-22T00:00:00Z",
        "{\"target\":\"198.51.100.0/24\",\"addresses\":256,\"lists\":[{\"name\":\"servers\","
        "\"covers\":\"part\"}],\"protected\":[{\"mode\":\"never\",\"reason\":\"the gateway\","
        "\"until\":null,\"covers\":\"part\"}]}"},
    {"host", "FIN-PC-12", "2026-11-22T00:00:00Z",
        "{\"target\":\"fin-pc-12\",\"lists\":[{\"name\":\"clerks\",\"covers\":\"all\"}],"
        "\"protected\":[{\"mode\":\"ask\",\"reason\":\"month's end\",\"until\":"
        "\"2026-12-01T00:00:00.000000Z\",\"covers\":\"all\"}]}"},
    {"host", "fin-pc-12", "2026-12-01T00:00:00Z",
        "{\"target\":\"fin-pc-12\",\"lists\":[{\"name\":\"clerks\",\"covers\":\"all\"}],"
        "\"protected\":[]}"},
    {"address", "010.1.1.1", "2026-11-22T00:00:00Z", NULL},
};

static void table_holds(void)
{
    struct hk_authority *authority = NULL;
    struct hk_json_doc doc = {0};
    struct hk_error error = {0};

    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse(config, strlen(config), &hk_json_limits_own, &doc, &error), HK_OK);
    if (hk_authority_new(doc.root, &authority, &error) != HK_OK) {
        printf("\n  %s\n", error.text);
        CU_FAIL_FATAL("the configuration was refused");
    }
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hk_buf out;
        struct hk_jw jw;
        int64_t time_us = 0;
        bool ok;

        hk_buf_init(&out, 65536);
        hk_jw_init(&jw, &out);
        CU_ASSERT_EQUAL(hk_time_parse(cases[i].time, &time_us, NULL), HK_OK);
        ok = hk_authority_about(authority, cases[i].type, cases[i].target, time_us, &jw, &error) ==
             HK_OK;
        if (ok && (cases[i].text == NULL || strcmp(out.data, cases[i].text) != 0))
            printf("\n  %s: %s\n", cases[i].target, out.data);
        CU_ASSERT_EQUAL(ok, cases[i].text != NULL);
        if (ok && cases[i].text != NULL)
            CU_ASSERT_STRING_EQUAL(out.data, cases[i].text);
        hk_buf_done(&out);
    }
    hk_authority_free(authority);
    hk_json_doc_done(&doc);
}

int main(void)
{
    static const struct suite_test tests[] = {{"table holds", table_holds}};

    return suite_run("about", tests, COUNT_OF(tests));
}
