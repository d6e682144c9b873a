/*
 * search: texts and questions are cut into the same words; questions become what FTS5 takes, and
 * nothing that was written between them; entries give the words that may be looked for; what is
 * missing of an index is known.
 */
#include "ledger/search_doc.h"
#include "ledger/search_part.h"
#include "ledger/search_words.h"

#include "limits.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW INT64_C(1800000000000000) /* 2027-01-15T08:00:00Z */

static void texts_are_cut_into_words(void)
{
    static const struct {
        const char *text;
        const char *words;
    } cases[] = {
        {"", ""},
        {"  --- \n", ""},
        {"Ransomware.Locky on fin-pc_12", "Ransomware Locky on fin pc 12"},
        {"from 203.0.113.66:443, to 10.0.0.1.", "from 203.0.113.66 443 to 10.0.0.1"},
        {"v1.2.3-rc1 1..2 .5 5.", "v1 2.3 rc1 1 2 5 5"},
        {"192.0.2.1x", "192 0 2 1x"},
        {"2001:DB8:0:0::5 2001:db8::", "2001:db8::5 2001:db8::"},
        {"[2001:db8::5]:443", "2001:db8::5 443"},
        {"::ffff:192.0.2.1 ::1", "192.0.2.1 ::1"},
        {"12:30:45 a:b", "12 30 45 a b"},
        {"alice@acme.example", "alice acme example"},
        {"C:\\Users\\évil.exe", "C Users évil exe"},
        {"https://x.example/a?b=c#d", "https x example a b c d"},
        {"端末", "端末 末"},
        {"端末隔離ABC", "端末 末隔 隔離 離 ABC"},
        {"離", "離"},
        {"ﾏﾙｳｪｱ ｶﾞﾊﾟ", "マル ルウ ウェ ェア ア ガパ パ"},
        {"ＡＢＣ　１２．３", "ABC 12 3"},
        {"ユーザー・名", "ユー ーザ ザー ー 名"},
        {"한국어", "한국 국어 어"},
        {"“quoted”–dash", "quoted dash"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hk_buf out;

        hk_buf_init(&out, 4096);
        hk_search_words(cases[i].text, strlen(cases[i].text), &out);
        CU_ASSERT_STRING_EQUAL(out.data != NULL ? out.data : "", cases[i].words);
        if (strcmp(out.data != NULL ? out.data : "", cases[i].words) != 0)
            printf("\n  %s: %s\n", cases[i].text, out.data);
        hk_buf_done(&out);
    }
}

static void questions_are_cut_alike(void)
{
    static const struct {
        const char *text;
        bool has_star;
        const char *words;
        bool is_prefix;
    } cases[] = {
        {"端末隔離", false, "端末 末隔 隔離", false},
        {"離", false, "離", true},
        {"末ABC", false, "末 ABC", false},
        {"203.0.113.", true, "203.0.113.", true},
        {"203.0.113.6", true, "203.0.113.6", true},
        {"203.0.113.", false, "203.0.113", false},
        {"203", true, "203", true},
        {"2001:db8:", true, "2001:db8:", true},
        {"2001:DB8:1", true, "2001:db8:1", true},
        {"2001:db8::1", true, "2001:db8::1", true},
        {"acme.", true, "acme", false},
        {"acme.ex", true, "acme ex", true},
        {"9F86", true, "9F86", true},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hk_buf out;
        bool is_prefix = false;

        hk_buf_init(&out, 4096);
        (void)hk_search_asked_words(
            cases[i].text, strlen(cases[i].text), cases[i].has_star, &out, &is_prefix);
        CU_ASSERT_STRING_EQUAL(out.data != NULL ? out.data : "", cases[i].words);
        CU_ASSERT_EQUAL(is_prefix, cases[i].is_prefix);
        if (strcmp(out.data != NULL ? out.data : "", cases[i].words) != 0)
            printf("\n  %s: %s\n", cases[i].text, out.data);
        hk_buf_done(&out);
    }
}

/* A text without end costs time that rises with its length, not with its square. */
static void long_texts_are_cut_in_time(void)
{
    static const char *const patterns[] = {":", ".", "1.", "a:", "離", "a", "f:1."};
    const size_t size_max = 1000000;
    char *text = malloc(size_max);

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        size_t step = strlen(patterns[i]);
        size_t size = size_max - size_max % step;
        struct hk_buf out;

        for (size_t at = 0; at < size; at += step)
            memcpy(text + at, patterns[i], step);
        hk_buf_init(&out, 64 * size_max);
        hk_search_words(text, size, &out);
        CU_ASSERT_FALSE(out.failed);
        hk_buf_done(&out);
    }
    free(text);
}

#define ALL "{ facet } : \":all\""

static void questions_are_read(void)
{
    static const struct {
        const char *text;
        const char *match;
    } cases[] = {
        {"", "((" ALL "))"},
        {"a", "(((\"a\")))"},
        {"a b*", "(((\"a\") AND (\"b\" *)))"},
        {"\"a b\"", "(((\"a b\")))"},
        {"a-b -c", "(((\"a b\")) NOT ((\"c\")))"},
        {"-a", "((" ALL ") NOT ((\"a\")))"},
        {"not a and b", "(((\"b\")) NOT ((\"a\")))"},
        {"a or b c", "((((\"a\") OR (\"b\")) AND (\"c\")))"},
        {"a or -b", "((((\"a\") OR (" ALL " NOT (\"b\")))))"},
        {"(a b) or c", "((((((\"a\") AND (\"b\"))) OR (\"c\"))))"},
        {"user:al*", "((({ user mail } : \"al\" *)))"},
        {"src.ip:192.0.2.1", "((({ src_ip } : \"192.0.2.1\")))"},
        {"note:\"a b\"", "((({ note } : \"a b\")))"},
        {"https://x.example", "(((\"https x example\")))"},
        {"2001:db8::1", "(((\"2001:db8::1\")))"},
        {"C:\\x", "(((\"C x\")))"},
        {"\"or\" \"user:x\"", "(((\"or\") AND (\"user x\")))"},
        {"severity:high", "((({ facet } : \":severity4\")))"},
        {"severity:>high", "((({ facet } : \":severity5\" OR { facet } : \":severity6\")))"},
        {"kind:case", "((({ facet } : \":case\")))"},
        {"NEAR(a, b) ^c + d", NULL}, /* "+" is no word */
        {"a^b{c}", "(((\"a b c\")))"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hk_search_query query;
        struct hk_error error = {.text = ""};
        enum hk_status status =
            hk_search_query_read(cases[i].text, strlen(cases[i].text), NOW, &query, &error);

        if (cases[i].match == NULL) {
            CU_ASSERT_EQUAL(status, HK_INVALID);
        } else {
            CU_ASSERT_EQUAL(status, HK_OK);
            CU_ASSERT_STRING_EQUAL(
                query.match.data != NULL ? query.match.data : "", cases[i].match);
            if (status != HK_OK || strcmp(query.match.data, cases[i].match) != 0)
                printf("\n  %s: %s %s\n", cases[i].text, query.match.data, error.text);
        }
        hk_search_query_done(&query);
    }
}

static void conditions_on_the_whole_are_read(void)
{
    static const char text[] = "since:24h before:2027-01-15 -state:closed a";
    struct hk_search_query query;

    CU_ASSERT_EQUAL_FATAL(hk_search_query_read(text, strlen(text), NOW, &query, NULL), HK_OK);
    CU_ASSERT_EQUAL(query.from_us, NOW - INT64_C(86400000000));
    CU_ASSERT_EQUAL(query.to_us, NOW - INT64_C(8) * 3600 * 1000000);
    CU_ASSERT_STRING_EQUAL(query.state, "closed");
    CU_ASSERT_TRUE(query.is_other_state);
    CU_ASSERT_STRING_EQUAL(query.match.data, "(((\"a\")))");
    hk_search_query_done(&query);
}

static void too_much_is_refused(void)
{
    char text[HK_SEARCH_QUERY_SIZE_MAX + 2];
    struct hk_search_query query;
    struct hk_error error;

    memset(text, 'a', sizeof(text));
    CU_ASSERT_EQUAL(hk_search_query_read(text, sizeof(text), NOW, &query, &error), HK_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "longer than"));
    hk_search_query_done(&query);
    for (size_t i = 1; i < sizeof(text); i += 2)
        text[i] = ' ';
    CU_ASSERT_EQUAL(hk_search_query_read(text, 1000, NOW, &query, &error), HK_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "more than 64 words"));
    hk_search_query_done(&query);
    memset(text, '(', sizeof(text));
    CU_ASSERT_EQUAL(hk_search_query_read(text, 100, NOW, &query, &error), HK_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "brackets in each other"));
    hk_search_query_done(&query);
    CU_ASSERT_EQUAL(hk_search_query_read("a\xff", 2, NOW, &query, &error), HK_INVALID);
    hk_search_query_done(&query);
}

/* --- documents --- */

static const char *column_of(const struct hk_search_doc *doc, enum hk_search_column column)
{
    return doc->columns[column].data != NULL && doc->columns[column].size > 0
               ? doc->columns[column].data
               : "";
}

static bool fill(struct hk_search_doc *doc, enum hk_kind kind, const char *payload)
{
    struct hk_entry entry = {.kind = kind, .subject = "al-1", .actor = "engine"};

    return hk_search_doc_fill(doc, &entry, payload, payload != NULL ? strlen(payload) : 0);
}

static void alerts_become_documents(void)
{
    static const char payload[] =
        "{\"source\":\"edge-1\",\"severity\":\"high\",\"view\":{\"title\":\"A b\","
        "\"severity\":\"high\",\"src\":{\"ip\":\"192.0.2.1\",\"port\":443},"
        "\"user\":{\"name\":\"alice\",\"mail\":\"a@x.example\"},\"process\":{\"name\":\"p.exe\","
        "\"sha256\":\"ab12\"},\"own\":{\"deep\":[\"w1\",{\"x\":\"w2\"}]},\"technique\":[\"T1\"]},"
        "\"raw\":{\"title\":\"A b\",\"vendor\":{\"k\":\"only in the raw\"}}}";
    struct hk_search_doc doc;

    hk_search_doc_init(&doc);
    CU_ASSERT_TRUE_FATAL(fill(&doc, HK_KIND_ALERT_RECEIVED, payload));
    CU_ASSERT_STRING_EQUAL(column_of(&doc, HK_SEARCH_FACET), ":all :alert :severity4");
    CU_ASSERT_STRING_EQUAL(column_of(&doc, HK_SEARCH_TITLE), "A b");
    CU_ASSERT_STRING_EQUAL(column_of(&doc, HK_SEARCH_SOURCE), "edge 1");
    CU_ASSERT_STRING_EQUAL(column_of(&doc, HK_SEARCH_SRC_IP), "192.0.2.1");
    CU_ASSERT_STRING_EQUAL(column_of(&doc, HK_SEARCH_USER), "alice");
    CU_ASSERT_STRING_EQUAL(column_of(&doc, HK_SEARCH_MAIL), "a x example");
    CU_ASSERT_STRING_EQUAL(column_of(&doc, HK_SEARCH_PROCESS), "p exe");
    CU_ASSERT_STRING_EQUAL(column_of(&doc, HK_SEARCH_HASH), "ab12");
    CU_ASSERT_STRING_EQUAL(column_of(&doc, HK_SEARCH_TECHNIQUE), "T1");
    CU_ASSERT_STRING_EQUAL(column_of(&doc, HK_SEARCH_ID), "al 1");
    CU_ASSERT_STRING_EQUAL(column_of(&doc, HK_SEARCH_TEXT), "443 w1 w2 only in the raw");
    hk_search_doc_done(&doc);
}

static void only_what_is_for_all_is_indexed(void)
{
    static const enum hk_kind never[] = {HK_KIND_USER_ADDED, HK_KIND_SESSION_OPENED,
        HK_KIND_TOKEN_CREATED, HK_KIND_CONFIG_APPLIED, HK_KIND_STEP_INTENDED, HK_KIND_STEP_SETTLED,
        HK_KIND_PLUGIN_LOADED, HK_KIND_TENANT_ENTERED, HK_KIND_NOTICE_QUEUED,
        HK_KIND_PAYLOAD_ERASED};
    static const char payload[] =
        "{\"name\":\"n\",\"reason\":\"r\",\"text\":\"t\",\"title\":\"x\",\"config\":{\"a\":\"b\"}}";
    struct hk_search_doc doc;

    hk_search_doc_init(&doc);
    for (size_t i = 0; i < COUNT_OF(never); i++)
        CU_ASSERT_FALSE(fill(&doc, never[i], payload));
    CU_ASSERT_FALSE(fill(&doc, HK_KIND_ALERT_RECEIVED, NULL));
    CU_ASSERT_FALSE(fill(&doc, HK_KIND_CASE_NOTED, "{"));
    CU_ASSERT_TRUE(fill(&doc, HK_KIND_CASE_NOTED, payload));
    CU_ASSERT_STRING_EQUAL(column_of(&doc, HK_SEARCH_NOTE), "t");
    CU_ASSERT_STRING_EQUAL(column_of(&doc, HK_SEARCH_FACET), ":all :case");
    hk_search_doc_done(&doc);
}

/* --- what is missing --- */

static struct hk_shard shard(uint64_t number, uint64_t count)
{
    struct hk_shard it = {.number = number,
        .end = number * HK_SEARCH_SHARD_ENTRIES + count,
        .is_full = count == HK_SEARCH_SHARD_ENTRIES};

    (void)snprintf(it.file, sizeof(it.file), "%u", (unsigned)number);
    return it;
}

static void the_newest_that_is_missing_comes_first(void)
{
    struct hk_search_part part = {.size = 3 * HK_SEARCH_SHARD_ENTRIES + 10};
    struct hk_shard it;
    uint64_t number = 99;

    for (unsigned wanted = 4; wanted > 0; wanted--) {
        CU_ASSERT_TRUE(hk_search_part_wants(&part, &number));
        CU_ASSERT_EQUAL(number, wanted - 1);
        it = shard(number, wanted == 4 ? 10 : HK_SEARCH_SHARD_ENTRIES);
        CU_ASSERT_EQUAL(hk_search_part_put(&part, &it, NULL), HK_OK);
    }
    CU_ASSERT_FALSE(hk_search_part_wants(&part, &number));
    CU_ASSERT_EQUAL(hk_search_part_behind(&part), 0);
    part.size++;
    CU_ASSERT_TRUE(hk_search_part_wants(&part, &number));
    CU_ASSERT_EQUAL(number, 3);
    CU_ASSERT_EQUAL(hk_search_part_behind(&part), 1);
    part.size--;
    hk_search_part_drop(&part, "1");
    CU_ASSERT_PTR_NULL(hk_search_part_find(&part, 1));
    CU_ASSERT_TRUE(hk_search_part_wants(&part, &number));
    CU_ASSERT_EQUAL(number, 1);
    CU_ASSERT_EQUAL(hk_search_part_behind(&part), HK_SEARCH_SHARD_ENTRIES);
    /* All words are in it, but it is not made compact yet. */
    it = shard(1, HK_SEARCH_SHARD_ENTRIES);
    it.is_full = false;
    CU_ASSERT_EQUAL(hk_search_part_put(&part, &it, NULL), HK_OK);
    CU_ASSERT_TRUE(hk_search_part_wants(&part, &number));
    CU_ASSERT_EQUAL(number, 1);
    free(part.shards);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"texts are cut into words", texts_are_cut_into_words},
        {"questions are cut alike", questions_are_cut_alike},
        {"long texts are cut in time", long_texts_are_cut_in_time},
        {"questions are read", questions_are_read},
        {"conditions on the whole are read", conditions_on_the_whole_are_read},
        {"too much is refused", too_much_is_refused},
        {"alerts become documents", alerts_become_documents},
        {"only what is for all is indexed", only_what_is_for_all_is_indexed},
        {"the newest that is missing comes first", the_newest_that_is_missing_comes_first},
    };
    return suite_run("search", tests, COUNT_OF(tests));
}
