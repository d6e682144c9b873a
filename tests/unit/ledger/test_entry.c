/*
 * entry: one form of a line, refused otherwise; all kinds; commitments.
 */
#include "ledger/entry.h"

#include "support/suite.h"

#include <string.h>

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define GOOD "hk1 7 2026-11-22T01:23:45.123456Z run.started ru-1 engine " ZEROS

static void lines_come_back(void)
{
    struct hk_entry entry;
    struct hk_error error;
    char line[HK_ENTRY_LINE_SIZE];

    CU_ASSERT_EQUAL(hk_entry_parse(GOOD, strlen(GOOD), &entry, &error), HK_OK);
    CU_ASSERT_EQUAL(entry.seq, 7);
    CU_ASSERT_EQUAL(entry.kind, HK_KIND_RUN_STARTED);
    CU_ASSERT_STRING_EQUAL(entry.subject, "ru-1");
    CU_ASSERT_EQUAL(hk_entry_format(&entry, line), strlen(GOOD));
    CU_ASSERT_EQUAL(memcmp(line, GOOD, strlen(GOOD)), 0);
}

static void other_forms_are_refused(void)
{
    static const struct {
        const char *line;
        enum hk_status status;
    } cases[] = {
        {"", HK_INVALID},
        {"hk1 ", HK_INVALID},
        {"hk2 7 2026-11-22T01:23:45.123456Z run.started ru-1 engine " ZEROS, HK_UNSUPPORTED},
        {"hk12 7", HK_UNSUPPORTED},
        {"hkx 7", HK_INVALID},
        {"hk1 07 2026-11-22T01:23:45.123456Z run.started ru-1 engine " ZEROS, HK_INVALID},
        {"hk1 -7 2026-11-22T01:23:45.123456Z run.started ru-1 engine " ZEROS, HK_INVALID},
        {"hk1 18446744073709551616 2026-11-22T01:23:45.123456Z run.started ru-1 engine " ZEROS,
            HK_INVALID},
        {"hk1 7 2026-11-22T01:23:45Z run.started ru-1 engine " ZEROS, HK_INVALID},
        {"hk1 7 2026-11-22T01:23:45.123456+00:00 run.started ru-1 engine " ZEROS, HK_INVALID},
        {"hk1 7 2026-11-22T01:23:45.123456Z run.begun ru-1 engine " ZEROS, HK_UNSUPPORTED},
        {"hk1 7 2026-11-22T01:23:45.123456Z run ru-1 engine " ZEROS, HK_INVALID},
        {"hk1 7 2026-11-22T01:23:45.123456Z run.Started ru-1 engine " ZEROS, HK_INVALID},
        {"hk1 7 2026-11-22T01:23:45.123456Z run.started RU-1 engine " ZEROS, HK_INVALID},
        {"hk1 7 2026-11-22T01:23:45.123456Z run.started ru-1  engine " ZEROS, HK_INVALID},
        {"hk1 7 2026-11-22T01:23:45.123456Z run.started ru-1 engine x" ZEROS, HK_INVALID},
        {"hk1 7 2026-11-22T01:23:45.123456Z run.started ru-1 engine 0", HK_INVALID},
        {GOOD " ", HK_INVALID},
        {GOOD "\n", HK_INVALID},
        {"hk1 7 2026-11-22T01:23:45.123456Z run.started ru-1 engine "
         "A000000000000000000000000000000000000000000000000000000000000000",
            HK_INVALID},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hk_entry entry;
        struct hk_error error = {.text = ""};

        CU_ASSERT_EQUAL(
            hk_entry_parse(cases[i].line, strlen(cases[i].line), &entry, &error), cases[i].status);
        CU_ASSERT_TRUE(error.text[0] != '\0');
    }
}

static void every_kind_has_one_text(void)
{
    for (int kind = 0; kind < HK_KIND_COUNT; kind++) {
        enum hk_kind back = HK_KIND_COUNT;

        CU_ASSERT_TRUE(hk_kind_from_text(hk_kind_text((enum hk_kind)kind), &back));
        CU_ASSERT_EQUAL(back, (enum hk_kind)kind);
    }
}

static void the_longest_line_fits(void)
{
    struct hk_entry entry = {
        .seq = UINT64_MAX, .time_us = 0, .kind = HK_KIND_CONTAINMENT_RELEASING};
    struct hk_entry back;
    char line[HK_ENTRY_LINE_SIZE];
    size_t size;

    memset(entry.subject, 'a', sizeof(entry.subject) - 1);
    memset(entry.actor, 'b', sizeof(entry.actor) - 1);
    size = hk_entry_format(&entry, line);
    CU_ASSERT_TRUE(size < sizeof(line));
    CU_ASSERT_EQUAL(hk_entry_parse(line, size, &back, NULL), HK_OK);
    CU_ASSERT_EQUAL(back.seq, UINT64_MAX);
}

static void commitments_cover_salt_and_payload(void)
{
    static const uint8_t salt[HK_SALT_SIZE] = "0123456789abcdef0123456789abcdef";
    uint8_t a[HK_SHA256_SIZE];
    uint8_t b[HK_SHA256_SIZE];

    hk_entry_commit(salt, "{}", 2, a);
    hk_sha256_one("0123456789abcdef0123456789abcdef{}", 34, b);
    CU_ASSERT_EQUAL(memcmp(a, b, sizeof(a)), 0);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"lines come back", lines_come_back},
        {"other forms are refused", other_forms_are_refused},
        {"every kind has one text", every_kind_has_one_text},
        {"the longest line fits", the_longest_line_fits},
        {"commitments cover salt and payload", commitments_cover_salt_and_payload},
    };
    return suite_run("entry", tests, COUNT_OF(tests));
}
