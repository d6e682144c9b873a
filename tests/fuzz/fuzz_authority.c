/*
 * {"config": …, "type": …, "target": …} : any configuration, any target. What is protected may
 * never be done, and what is decided does not depend on whether it is asked once or twice.
 */
#include "authority/authority.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const struct hk_json_limits limits = {
    .size_max = 1 << 18, .depth_max = 64, .nodes_max = 20000};
static const char *const kinds[] = {
    "enrich", "notify", "contain", "eradicate", "restore", "change", NULL};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds)
        abort();
}

static void ask(const struct hk_authority *authority, const struct hk_question *question)
{
    struct hk_verdict first;
    struct hk_verdict second;
    struct hk_verdict look;
    struct hk_error error;
    enum hk_status status = hk_authority_decide(authority, question, &first, &error);
    bool is_protected = hk_authority_is_protected(authority, question, true, &look);

    if (status != HK_OK) {
        check(question->target != NULL && is_protected);
        return;
    }
    check(!is_protected || first.outcome == HK_MAY_DENY);
    check(memchr(first.why, '\0', sizeof(first.why)) != NULL && first.why[0] != '\0');
    check((first.outcome == HK_MAY_ASK) == (first.quorum > 0));
    check(hk_authority_decide(authority, question, &second, &error) == HK_OK);
    check(memcmp(&first, &second, sizeof(first)) == 0);
    /* The normal form is one: written again, it stays. Only address forms lose their type. */
    if (question->target != NULL) {
        char again[256];
        check(hk_target_normalise(
                  question->target_type, first.target, again, sizeof(again), NULL) == HK_OK);
        check(strcmp(again, first.target) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hk_json_doc doc = {0};
    struct hk_authority *authority = NULL;
    struct hk_error error;

    if (hk_json_parse((const char *)data, size, &limits, &doc, &error) != HK_OK)
        return 0;
    if (hk_authority_new(hk_json_get(doc.root, "config"), &authority, &error) == HK_OK)
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
            const struct hk_question question = {
                .action = "edl.block_ip",
                .capability = "contain.block_ip",
                .kind = kinds[i],
                .target = hk_json_string_at(doc.root, "target", NULL),
                .target_type = hk_json_string_at(doc.root, "type", NULL),
                .severity = (enum hk_severity)(size % (HK_SEVERITY_FATAL + 1)),
                .time_us = (int64_t)size * INT64_C(3600000000),
                .spent_last_hour = (unsigned)size % 8,
                .playbook_asks = size % 2 == 0,
                .playbook_quorum = (unsigned)size % 3,
            };
            ask(authority, &question);
        }
    hk_authority_free(authority);
    hk_json_doc_done(&doc);
    return 0;
}
