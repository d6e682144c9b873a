/*
 * json: what is accepted and refused, that nothing is lost, limits, the writer, and agreement with
 * a peer on good documents.
 */
#include "base/json.h"

#include "support/suite.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TEXT_AND_SIZE(text) (text), sizeof(text) - 1

static const struct hk_json_limits limits = {
    .size_max = 1 << 20, .depth_max = 64, .nodes_max = 30000};

static enum hk_status parse(const char *text, struct hk_json_doc *doc, struct hk_error *error)
{
    return hk_json_parse(text, strlen(text), &limits, doc, error);
}

/* Bytes between guards that the sanitizer watches: no read beyond the end goes unseen. */
static enum hk_status parse_exact(
    const char *text, size_t size, struct hk_json_doc *doc, struct hk_error *error)
{
    char *exact = malloc(size > 0 ? size : 1);
    enum hk_status status;

    CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
    if (size > 0)
        memcpy(exact, text, size);
    status = hk_json_parse(exact, size, &limits, doc, error);
    free(exact);
    return status;
}

static void bad_documents_are_refused_with_their_offset(void)
{
    static const struct {
        const char *text;
        size_t size;
        const char *error;
    } cases[] = {
        {TEXT_AND_SIZE(""), "byte 0: expected a value, not the end"},
        {TEXT_AND_SIZE("  "), "byte 2: expected a value, not the end"},
        {TEXT_AND_SIZE("\xef\xbb\xbf{}"), "byte 0: expected a value, not a byte order mark"},
        {TEXT_AND_SIZE("{}x"), "byte 2: expected nothing after the value"},
        {TEXT_AND_SIZE("{} {}"), "byte 3: expected nothing after the value"},
        {TEXT_AND_SIZE("{}\0"), "byte 2: expected nothing after the value"},
        {TEXT_AND_SIZE("\0"), "byte 0: expected a value"},
        {TEXT_AND_SIZE("{\"src\":1, \"src\":2}"), "byte 10: duplicate key \"src\""},
        {TEXT_AND_SIZE("{\"a\":1,\"\\u0061\":2}"), "byte 7: duplicate key \"a\""},
        {TEXT_AND_SIZE("{\"\":1,\"b\":{},\"\":2}"), "byte 13: duplicate key \"\""},
        {TEXT_AND_SIZE("[{\"a\":{\"b\":1 , \"b\":1}}]"), "byte 15: duplicate key \"b\""},
        {TEXT_AND_SIZE("{\"a\"}"), "byte 4: expected ':' after a key"},
        {TEXT_AND_SIZE("{\"a\":}"), "byte 5: expected a value"},
        {TEXT_AND_SIZE("{\"a\":1,}"), "byte 7: expected a key in quotes"},
        {TEXT_AND_SIZE("{a:1}"), "byte 1: expected a key in quotes or '}'"},
        {TEXT_AND_SIZE("{'a':1}"), "byte 1: expected a key in quotes or '}'"},
        {TEXT_AND_SIZE("{\"a\":1 \"b\":2}"), "byte 7: expected ',' or '}'"},
        {TEXT_AND_SIZE("{\"a\":1]"), "byte 6: expected ',' or '}'"},
        {TEXT_AND_SIZE("{"), "byte 1: expected a key in quotes or '}'"},
        {TEXT_AND_SIZE("[1,]"), "byte 3: expected a value"},
        {TEXT_AND_SIZE("[,1]"), "byte 1: expected a value"},
        {TEXT_AND_SIZE("[1 2]"), "byte 3: expected ',' or ']'"},
        {TEXT_AND_SIZE("[1}"), "byte 2: expected ',' or ']'"},
        {TEXT_AND_SIZE("["), "byte 1: expected a value, not the end"},
        {TEXT_AND_SIZE("]"), "byte 0: expected a value"},
        {TEXT_AND_SIZE("[1"), "byte 2: expected ',' or ']'"},
        {TEXT_AND_SIZE("01"), "byte 0: number with a leading zero"},
        {TEXT_AND_SIZE("-01"), "byte 1: number with a leading zero"},
        {TEXT_AND_SIZE("-"), "byte 1: expected a digit"},
        {TEXT_AND_SIZE("+1"), "byte 0: expected a value"},
        {TEXT_AND_SIZE(".5"), "byte 0: expected a value"},
        {TEXT_AND_SIZE("1."), "byte 2: expected a digit after the decimal point"},
        {TEXT_AND_SIZE("1.e1"), "byte 2: expected a digit after the decimal point"},
        {TEXT_AND_SIZE("1e"), "byte 2: expected a digit in the exponent"},
        {TEXT_AND_SIZE("1e+"), "byte 3: expected a digit in the exponent"},
        {TEXT_AND_SIZE("0x10"), "byte 1: expected nothing after the value"},
        {TEXT_AND_SIZE("NaN"), "byte 0: expected a value"},
        {TEXT_AND_SIZE("Infinity"), "byte 0: expected a value"},
        {TEXT_AND_SIZE("-Infinity"), "byte 1: expected a digit"},
        {TEXT_AND_SIZE("nul"), "byte 0: expected a value"},
        {TEXT_AND_SIZE("nulll"), "byte 4: expected nothing after the value"},
        {TEXT_AND_SIZE("True"), "byte 0: expected a value"},
        {TEXT_AND_SIZE("[1] // no"), "byte 4: expected nothing after the value"},
        {TEXT_AND_SIZE("\"abc"), "byte 0: string without a closing quote"},
        {TEXT_AND_SIZE("[\"abc\\\""), "byte 1: string without a closing quote"},
        {TEXT_AND_SIZE("\"a\nb\""), "byte 2: control byte in a string, expected an escape"},
        {TEXT_AND_SIZE("\"a\0b\""), "byte 2: control byte in a string, expected an escape"},
        {TEXT_AND_SIZE("\"12345678\x1f\""), "byte 9: control byte in a string, expected an escape"},
        {TEXT_AND_SIZE("\"\\x\""), "byte 1: expected one of \"\\/bfnrtu after a backslash"},
        {TEXT_AND_SIZE("\"\\"), "byte 1: expected one of \"\\/bfnrtu after a backslash"},
        {TEXT_AND_SIZE("\"\\u12g4\""), "byte 1: expected four hex digits after \\u"},
        {TEXT_AND_SIZE("\"\\u12"), "byte 1: expected four hex digits after \\u"},
        {TEXT_AND_SIZE("\"a\\u0000\""), "byte 2: \\u0000 is not accepted"},
        {TEXT_AND_SIZE("{\"a\\u0000\":1}"), "byte 3: \\u0000 is not accepted"},
        {TEXT_AND_SIZE("\"\\ud800\""), "byte 1: half of a surrogate pair"},
        {TEXT_AND_SIZE("\"\\udc00\\ud800\""), "byte 1: half of a surrogate pair"},
        {TEXT_AND_SIZE("\"\\ud800\\u0041\""), "byte 1: half of a surrogate pair"},
        {TEXT_AND_SIZE("\"\\ud800\\ud800\""), "byte 1: half of a surrogate pair"},
        {TEXT_AND_SIZE("\"\xff\""), "byte 1: bytes that are not UTF-8"},
        {TEXT_AND_SIZE("\"\xc0\xaf\""), "byte 1: bytes that are not UTF-8"},
        {TEXT_AND_SIZE("\"\xed\xa0\x80\""), "byte 1: bytes that are not UTF-8"},
        {TEXT_AND_SIZE("\"\xf4\x90\x80\x80\""), "byte 1: bytes that are not UTF-8"},
        {TEXT_AND_SIZE("\"\xe2\x82"), "byte 1: bytes that are not UTF-8"},
        {TEXT_AND_SIZE("\xc2\xa0[]"), "byte 0: expected a value"},
        {TEXT_AND_SIZE("\v[]"), "byte 0: expected a value"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hk_json_doc doc;
        struct hk_error error = {0};
        enum hk_status status = parse_exact(cases[i].text, cases[i].size, &doc, &error);
        CU_ASSERT_EQUAL(status, HK_INVALID);
        CU_ASSERT_PTR_NULL(doc.root);
        CU_ASSERT_STRING_EQUAL(error.text, cases[i].error);
        if (strcmp(error.text, cases[i].error) != 0)
            (void)printf("\ncase %zu \"%s\": %s\n", i, cases[i].text, error.text);
        hk_json_doc_done(&doc);
    }
}

static void strings_are_decoded(void)
{
    static const struct {
        const char *text;
        const char *decoded;
    } cases[] = {
        {"\"\"", ""},
        {"\"abc\"", "abc"},
        {"\"1234567\"", "1234567"},
        {"\"12345678\"", "12345678"},
        {"\"123456789 and more\"", "123456789 and more"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"C:\\\\Windows\\\\system32\"", "C:\\Windows\\system32"},
        {"\"\\u0041\\u00e9\\u20ac\\uFFFF\"", "A\xc3\xa9\xe2\x82\xac\xef\xbf\xbf"},
        {"\"\\uD83D\\uDD25\\uDBFF\\uDFFF\"", "\xf0\x9f\x94\xa5\xf4\x8f\xbf\xbf"},
        {"\"\\u0001\\u001f\\u007f\"", "\x01\x1f\x7f"},
        {"\"\x7f\xc3\xa9\xf0\x9f\x94\xa5\"", "\x7f\xc3\xa9\xf0\x9f\x94\xa5"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hk_json_doc doc;
        CU_ASSERT_EQUAL_FATAL(parse_exact(cases[i].text, strlen(cases[i].text), &doc, NULL), HK_OK);
        CU_ASSERT_STRING_EQUAL(hk_json_string(doc.root), cases[i].decoded);
        CU_ASSERT_EQUAL(doc.root->text_size, strlen(cases[i].decoded));
        CU_ASSERT_EQUAL(doc.root->source_size, strlen(cases[i].text));
        hk_json_doc_done(&doc);
    }
}

static void numbers_stay_exact(void)
{
    static const struct {
        const char *text;
        bool is_i64;
        int64_t i64;
        bool is_double;
        double number;
    } cases[] = {
        {"0", true, 0, true, 0},
        {"-0", true, 0, true, -0.0},
        {"9007199254740993", true, INT64_C(9007199254740993), true, 9007199254740992.0},
        {"9223372036854775807", true, INT64_MAX, true, 9223372036854775807.0},
        {"-9223372036854775808", true, INT64_MIN, true, -9223372036854775808.0},
        {"9223372036854775808", false, 0, true, 9223372036854775808.0},
        {"-9223372036854775809", false, 0, true, -9223372036854775808.0},
        {"18446744073709551616", false, 0, true, 18446744073709551616.0},
        {"99999999999999999999999999", false, 0, true, 1e26},
        {"1.5", false, 0, true, 1.5},
        {"1e2", false, 0, true, 100},
        {"1E-2", false, 0, true, 0.01},
        {"1.0", false, 0, true, 1},
        {"1e999", false, 0, false, 0},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hk_json_doc doc;
        int64_t i64 = 0;
        double number = 0;
        CU_ASSERT_EQUAL_FATAL(parse_exact(cases[i].text, strlen(cases[i].text), &doc, NULL), HK_OK);
        CU_ASSERT_STRING_EQUAL(doc.root->text, cases[i].text);
        CU_ASSERT_EQUAL(hk_json_i64(doc.root, &i64), cases[i].is_i64);
        CU_ASSERT_EQUAL(i64, cases[i].i64);
        CU_ASSERT_EQUAL(hk_json_double(doc.root, &number), cases[i].is_double);
        CU_ASSERT_DOUBLE_EQUAL(number, cases[i].number, 0);
        hk_json_doc_done(&doc);
    }
}

static void getters_follow_paths(void)
{
    struct hk_json_doc doc;
    int64_t i64 = 7;
    double number = 7;
    bool flag = true;

    CU_ASSERT_EQUAL_FATAL(
        parse("{\"src\":{\"ip\":\"192.0.2.1\",\"port\":443,\"up\":true},\"n\":null,"
              "\"list\":[1,{\"x\":2}],\"\":{\"\":5}}",
            &doc, NULL),
        HK_OK);
    CU_ASSERT_STRING_EQUAL(hk_json_string_at(doc.root, "src.ip", NULL), "192.0.2.1");
    CU_ASSERT_STRING_EQUAL(hk_json_string_at(doc.root, "src.port", "none"), "none");
    CU_ASSERT_PTR_NULL(hk_json_string_at(doc.root, "src.ip.x", NULL));
    CU_ASSERT_EQUAL(hk_json_i64_at(doc.root, "src.port", -1), 443);
    CU_ASSERT_EQUAL(hk_json_i64_at(doc.root, "src.ip", -1), -1);
    CU_ASSERT_EQUAL(hk_json_i64_at(doc.root, ".", -1), 5);
    CU_ASSERT_TRUE(hk_json_bool_at(doc.root, "src.up", false));
    CU_ASSERT_TRUE(hk_json_bool_at(doc.root, "src.down", true));
    CU_ASSERT_PTR_NULL(hk_json_at(doc.root, "list.x"));
    CU_ASSERT_PTR_NULL(hk_json_get(doc.root, "SRC"));
    CU_ASSERT_EQUAL(hk_json_get(doc.root, "list")->count, 2);
    CU_ASSERT_STRING_EQUAL(hk_json_type_name(hk_json_get(doc.root, "n")->type), "null");

    CU_ASSERT_PTR_NULL(hk_json_get(NULL, "x"));
    CU_ASSERT_PTR_NULL(hk_json_at(NULL, "x.y"));
    CU_ASSERT_PTR_NULL(hk_json_string(NULL));
    CU_ASSERT_FALSE(hk_json_i64(NULL, &i64));
    CU_ASSERT_FALSE(hk_json_double(doc.root, &number));
    CU_ASSERT_FALSE(hk_json_bool(NULL, &flag));
    CU_ASSERT_TRUE(i64 == 7 && number == 7 && flag);
    hk_json_doc_done(&doc);
    hk_json_doc_done(&doc);
}

static void sources_are_the_exact_bytes(void)
{
    static const char text[] = " { \"a\" : [ 1 , \"\\u0041\" ] , \"b\" : { } } ";
    struct hk_json_doc doc;
    const struct hk_json *a;

    CU_ASSERT_EQUAL_FATAL(parse(text, &doc, NULL), HK_OK);
    a = hk_json_get(doc.root, "a");
    CU_ASSERT_EQUAL(doc.root->source_size, strlen(text) - 2);
    CU_ASSERT_EQUAL(memcmp(doc.root->source, text + 1, doc.root->source_size), 0);
    CU_ASSERT_EQUAL(a->source_size, strlen("[ 1 , \"\\u0041\" ]"));
    CU_ASSERT_EQUAL(memcmp(a->source, "[ 1 , \"\\u0041\" ]", a->source_size), 0);
    CU_ASSERT_EQUAL(a->first->next->source_size, 8);
    CU_ASSERT_EQUAL(memcmp(a->first->next->source, "\"\\u0041\"", 8), 0);
    CU_ASSERT_EQUAL(a->next->source_size, 3);
    CU_ASSERT_PTR_NULL(a->first->key);
    CU_ASSERT_PTR_NULL(doc.root->key);
    hk_json_doc_done(&doc);
}

static void limits_hold(void)
{
    static const struct {
        const char *text;
        enum hk_status status;
        const char *error;
    } cases[] = {
        {"[[[1]]]", HK_OK, ""},
        {"[[[[1]]]]", HK_LIMIT, "byte 3: nested deeper than 3 levels"},
        {"[{\"a\":[{}]}]", HK_LIMIT, "byte 7: nested deeper than 3 levels"},
        {"[[],[],[],[]]", HK_OK, ""},
        {"[1,2,3,4,5]", HK_OK, ""},
        {"[1,2,3,4,5,6]", HK_LIMIT, "byte 11: more than 6 values"},
        {"\"12345678901234567890\"", HK_LIMIT, "JSON of 22 bytes, at most 20 are accepted"},
        {"\"123456789012345678\"", HK_OK, ""},
    };
    static const struct hk_json_limits small = {.size_max = 20, .depth_max = 3, .nodes_max = 6};
    static const struct hk_json_limits deep = {
        .size_max = 4096, .depth_max = 4096, .nodes_max = 4096};
    struct hk_json_doc doc;
    char nest[2 * (HK_JSON_DEPTH_MAX + 1)];

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hk_error error = {0};
        CU_ASSERT_EQUAL(hk_json_parse(cases[i].text, strlen(cases[i].text), &small, &doc, &error),
            cases[i].status);
        CU_ASSERT_STRING_EQUAL(error.text, cases[i].error);
        hk_json_doc_done(&doc);
    }
    memset(nest, '[', sizeof(nest) / 2);
    memset(nest + sizeof(nest) / 2, ']', sizeof(nest) / 2);
    CU_ASSERT_EQUAL(hk_json_parse(nest, sizeof(nest), &deep, &doc, NULL), HK_LIMIT);
    CU_ASSERT_EQUAL(hk_json_parse(nest + 1, sizeof(nest) - 2, &deep, &doc, NULL), HK_OK);
    hk_json_doc_done(&doc);
}

/* Every kind of document up to the limits must fit the arena that the limits give it. */
static void dense_documents_fit(void)
{
    static const char *const units[] = {"1", "[]", "{}", "\"\"", "{\"a\":1}", "[[],1,{}]"};
    struct hk_buf text;

    hk_buf_init(&text, 1 << 20);
    for (size_t u = 0; u < COUNT_OF(units); u++) {
        struct hk_json_doc doc;
        struct hk_error error = {0};
        hk_buf_clear(&text);
        for (int i = 0; i < 7000; i++) {
            hk_buf_append_char(&text, i == 0 ? '[' : ',');
            hk_buf_append_text(&text, units[u]);
        }
        hk_buf_append_char(&text, ']');
        CU_ASSERT_EQUAL(hk_json_parse(text.data, text.size, &limits, &doc, &error), HK_OK);
        CU_ASSERT_STRING_EQUAL(error.text, "");
        hk_json_doc_done(&doc);
    }
    hk_buf_done(&text);
}

static void append_keys(struct hk_buf *text, int count, int duplicate)
{
    hk_buf_clear(text);
    for (int i = 0; i < count; i++)
        hk_buf_appendf(text, "%c\"k%d\":%d", i == 0 ? '{' : ',', i, i);
    if (duplicate >= 0)
        hk_buf_appendf(text, ",\"k%d\":0", duplicate);
    hk_buf_append_char(text, '}');
}

static void duplicates_are_found_among_many_keys(void)
{
    static const int counts[] = {2, 15, 16, 17, 63, 64, 65, 1000, 20000};
    struct hk_buf text;

    hk_buf_init(&text, 1 << 20);
    for (size_t c = 0; c < COUNT_OF(counts); c++) {
        const int duplicates[] = {-1, 0, counts[c] / 2, counts[c] - 1};
        for (size_t d = 0; d < COUNT_OF(duplicates); d++) {
            struct hk_json_doc doc;
            struct hk_error error = {0};
            char expected[64];
            enum hk_status status;
            append_keys(&text, counts[c], duplicates[d]);
            status = hk_json_parse(text.data, text.size, &limits, &doc, &error);
            (void)snprintf(expected, sizeof(expected), "duplicate key \"k%d\"", duplicates[d]);
            CU_ASSERT_EQUAL(status, duplicates[d] < 0 ? HK_OK : HK_INVALID);
            if (duplicates[d] >= 0)
                CU_ASSERT_PTR_NOT_NULL(strstr(error.text, expected));
            hk_json_doc_done(&doc);
        }
    }
    hk_buf_done(&text);
}

/* CPU time of reading so many documents with so many keys each. */
static int64_t cost_us(struct hk_buf *text, int keys, int documents)
{
    struct timespec begin;
    struct timespec end;
    struct hk_json_doc doc;

    append_keys(text, keys, -1);
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    for (int i = 0; i < documents; i++) {
        CU_ASSERT_EQUAL(hk_json_parse(text->data, text->size, &limits, &doc, NULL), HK_OK);
        hk_json_doc_done(&doc);
    }
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    return (int64_t)(end.tv_sec - begin.tv_sec) * 1000000 + (end.tv_nsec - begin.tv_nsec) / 1000;
}

/* As many keys in one object as in forty: comparing all pairs would cost forty times as much. */
static void many_keys_cost_no_square(void)
{
    struct hk_buf text;
    int64_t small_us;
    int64_t large_us;

    hk_buf_init(&text, 1 << 20);
    small_us = cost_us(&text, 500, 40);
    large_us = cost_us(&text, 20000, 1);
    CU_ASSERT_TRUE(large_us < 10 * (small_us + 1000));
    hk_buf_done(&text);
}

static void values_are_written_as_they_were_read(void)
{
    static const struct {
        const char *text;
        const char *written;
        const char *canonical;
    } cases[] = {
        {"null", "null", "null"},
        {" [ ] ", "[]", "[]"},
        {"{ }", "{}", "{}"},
        {"[true,false,null,[],{}]", "[true,false,null,[],{}]", "[true,false,null,[],{}]"},
        {"{\"b\":1,\"a\":[{\"d\":1.50,\"c\":1E2}]}", "{\"b\":1,\"a\":[{\"d\":1.50,\"c\":1E2}]}",
            "{\"a\":[{\"c\":1E2,\"d\":1.50}],\"b\":1}"},
        {"{\"\xc3\xa9\":1,\"z\":2,\"\":3,\"zz\":4,\"Z\":5}",
            "{\"\xc3\xa9\":1,\"z\":2,\"\":3,\"zz\":4,\"Z\":5}",
            "{\"\":3,\"Z\":5,\"z\":2,\"zz\":4,\"\xc3\xa9\":1}"},
        {"\"\\u0022\\u005c\\/\\u0008\\u000c\\u000a\\u000d\\u0009\\u0001\\u007f\\u00e9\"",
            "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7f\xc3\xa9\"",
            "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7f\xc3\xa9\""},
        {"18446744073709551616", "18446744073709551616", "18446744073709551616"},
    };
    struct hk_buf out;
    struct hk_jw jw;

    hk_buf_init(&out, 4096);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hk_json_doc doc;
        CU_ASSERT_EQUAL_FATAL(parse(cases[i].text, &doc, NULL), HK_OK);
        hk_buf_clear(&out);
        hk_jw_init(&jw, &out);
        hk_jw_value(&jw, doc.root);
        CU_ASSERT_STRING_EQUAL(out.data, cases[i].written);
        hk_buf_clear(&out);
        hk_json_canonical(doc.root, &out);
        CU_ASSERT_STRING_EQUAL(out.data, cases[i].canonical);
        hk_json_doc_done(&doc);
    }
    hk_buf_done(&out);
}

static void writer_places_commas_and_escapes(void)
{
    struct hk_buf out;
    struct hk_jw jw;

    hk_buf_init(&out, 4096);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "text", "a\"\\\n\x01/\x7f");
    hk_jw_kv(&jw, "none", NULL);
    hk_jw_kv(&jw, "bad", "x\xff\xc3y\xe2\x82");
    hk_jw_key(&jw, "nul");
    hk_jw_string_n(&jw, "a\0b", 3);
    hk_jw_kv_i64(&jw, "min", INT64_MIN);
    hk_jw_kv_i64(&jw, "max", INT64_MAX);
    hk_jw_kv_i64(&jw, "zero", 0);
    hk_jw_kv_bool(&jw, "yes", true);
    hk_jw_kv_raw(&jw, "raw", "{\"x\":[1]}");
    hk_jw_kv_value(&jw, "missing", NULL);
    hk_jw_kv_time(&jw, "at", 1);
    hk_jw_kv_time(&jw, "never", 0);
    hk_jw_key(&jw, "list");
    hk_jw_array(&jw);
    hk_jw_object(&jw);
    hk_jw_object_end(&jw);
    hk_jw_array(&jw);
    hk_jw_array_end(&jw);
    hk_jw_bool(&jw, false);
    hk_jw_null(&jw);
    hk_jw_array_end(&jw);
    hk_jw_key(&jw, "k\"");
    hk_jw_i64(&jw, 1);
    hk_jw_object_end(&jw);
    CU_ASSERT_STRING_EQUAL(out.data,
        "{\"text\":\"a\\\"\\\\\\n\\u0001/\x7f\",\"none\":null,"
        "\"bad\":\"x\xef\xbf\xbd\xef\xbf\xbdy\xef\xbf\xbd\xef\xbf\xbd\","
        "\"nul\":\"a\xef\xbf\xbd"
        "b\",\"min\":-9223372036854775808,\"max\":9223372036854775807,\"zero\":0,\"yes\":true,"
        "\"raw\":{\"x\":[1]},\"missing\":null,\"at\":\"1970-01-01T00:00:00.000001Z\","
        "\"never\":null,\"list\":[{},[],false,null],\"k\\\"\":1}");
    hk_buf_done(&out);
}

static void writer_nests_beyond_its_checked_levels(void)
{
    struct hk_buf out;
    struct hk_jw jw;
    struct hk_json_doc doc;

    hk_buf_init(&out, 4096);
    hk_jw_init(&jw, &out);
    for (int i = 0; i < 100; i++) {
        hk_jw_object(&jw);
        hk_jw_key(&jw, "a");
        hk_jw_array(&jw);
    }
    for (int i = 0; i < 100; i++) {
        hk_jw_array_end(&jw);
        hk_jw_object_end(&jw);
    }
    CU_ASSERT_EQUAL(hk_json_parse(out.data, out.size, &hk_json_limits_own, &doc, NULL), HK_OK);
    hk_json_doc_done(&doc);
    hk_buf_done(&out);
}

/* Same tree in a cJSON value? Its numbers are doubles. */
static bool agrees(const struct hk_json *ours, const cJSON *peer)
{
    const cJSON *child = peer->child;
    double number;

    switch (ours->type) {
    case HK_JSON_NULL:
        return cJSON_IsNull(peer);
    case HK_JSON_FALSE:
        return cJSON_IsFalse(peer);
    case HK_JSON_TRUE:
        return cJSON_IsTrue(peer);
    case HK_JSON_NUMBER:
        return cJSON_IsNumber(peer) && hk_json_double(ours, &number) && number == peer->valuedouble;
    case HK_JSON_STRING:
        return cJSON_IsString(peer) && strcmp(ours->text, peer->valuestring) == 0;
    case HK_JSON_ARRAY:
    case HK_JSON_OBJECT:
        if (ours->type == HK_JSON_ARRAY ? !cJSON_IsArray(peer) : !cJSON_IsObject(peer))
            return false;
        for (const struct hk_json *mine = ours->first; mine != NULL; mine = mine->next) {
            if (child == NULL || !agrees(mine, child))
                return false;
            if (mine->key != NULL && strcmp(mine->key, child->string) != 0)
                return false;
            child = child->next;
        }
        return child == NULL;
    }
    return false;
}

static void peer_agrees_on_good_documents(void)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "[[[[]]],{\"a\":{}}]",
        "{\"a\":1,\"b\":[true,false,null],\"c\":\"d\"}",
        "[0,-0,1,-1,1.5,-2.25e3,1E+2,1e-7,123456789012]",
        "[\"\",\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"\\u00e9\\u20ac\\ud83d\\udd25\",\"\xc3\xa9\"]",
        "{\"alert\":{\"id\":\"4688\",\"rule\":{\"level\":12,\"groups\":[\"a\",\"b\"]},"
        "\"agent\":{\"ip\":\"192.0.2.10\"},\"path\":\"C:\\\\Users\\\\x\\\\y.exe\"},\"n\":[1,2,3]}",
        " \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { \"c\" : null } } \n",
    };

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct hk_json_doc doc;
        cJSON *peer = cJSON_Parse(texts[i]);
        CU_ASSERT_EQUAL_FATAL(parse(texts[i], &doc, NULL), HK_OK);
        CU_ASSERT_PTR_NOT_NULL_FATAL(peer);
        CU_ASSERT_TRUE(agrees(doc.root, peer));
        cJSON_Delete(peer);
        hk_json_doc_done(&doc);
    }
}

/* Cut a good document anywhere, and change any of its bytes: no crash, and never a leak. */
static void damaged_documents_do_no_harm(void)
{
    static const char text[] = "{\"a\":[1,-2.5e3,\"x\\u20ac\\ud83d\\udd25\\n\",true,false,null],"
                               "\"b\":{\"c\":\"\xc3\xa9\"}}";
    static const char bytes[] = "\"\\{}[],:0e\x01\x80\xff";
    char damaged[sizeof(text)];

    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        struct hk_json_doc doc;
        CU_ASSERT_EQUAL(parse_exact(text, i, &doc, NULL), HK_INVALID);
        for (size_t b = 0; b < sizeof(bytes); b++) {
            memcpy(damaged, text, sizeof(text));
            damaged[i] = bytes[b];
            (void)!parse_exact(damaged, sizeof(text) - 1, &doc, NULL);
            hk_json_doc_done(&doc);
        }
    }
}

/* What some senders write beside the standard, read as far as that goes. */
static void lenient_reading_takes_more(void)
{
    static const struct hk_json_limits lenient = {
        .size_max = 1 << 20, .depth_max = 64, .nodes_max = 30000, .is_lenient = true};
    static const char *const cases[][3] = {
        {"{\"a\":\"b\\qc\"}", "a", "b\\qc"},
        {"{\"a\":\"b\\u0000c\"}", "a",
            "b\xEF\xBF\xBD"
            "c"},
        {"{\"a\":\"b\\ud83dc\"}", "a",
            "b\xEF\xBF\xBD"
            "c"},
        {"{\"a\":\"b\tc\"}", "a", "b\tc"},
        {"{\"a\":\"one\",\"a\":\"two\"}", "a", "one"},
    };
    static const char *const bad[] = {
        "{\"a\":}", "{\"a\":\"b", "{\"a\":\"\xFF\"}", "{} {}", "{\"a\\"};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hk_json_doc doc;
        const char *text;
        CU_ASSERT_EQUAL(parse(cases[i][0], &doc, NULL), HK_INVALID);
        CU_ASSERT_EQUAL_FATAL(
            hk_json_parse(cases[i][0], strlen(cases[i][0]), &lenient, &doc, NULL), HK_OK);
        text = hk_json_string(hk_json_get(doc.root, cases[i][1]));
        CU_ASSERT_PTR_NOT_NULL_FATAL(text);
        CU_ASSERT_STRING_EQUAL(text, cases[i][2]);
        hk_json_doc_done(&doc);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct hk_json_doc doc;
        CU_ASSERT_EQUAL(hk_json_parse(bad[i], strlen(bad[i]), &lenient, &doc, NULL), HK_INVALID);
    }
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"bad documents are refused with their offset",
            bad_documents_are_refused_with_their_offset},
        {"strings are decoded", strings_are_decoded},
        {"numbers stay exact", numbers_stay_exact},
        {"getters follow paths", getters_follow_paths},
        {"sources are the exact bytes", sources_are_the_exact_bytes},
        {"limits hold", limits_hold},
        {"dense documents fit", dense_documents_fit},
        {"duplicates are found among many keys", duplicates_are_found_among_many_keys},
        {"many keys cost no square", many_keys_cost_no_square},
        {"values are written as they were read", values_are_written_as_they_were_read},
        {"writer places commas and escapes", writer_places_commas_and_escapes},
        {"writer nests beyond its checked levels", writer_nests_beyond_its_checked_levels},
        {"peer agrees on good documents", peer_agrees_on_good_documents},
        {"damaged documents do no harm", damaged_documents_do_no_harm},
        {"lenient reading takes more", lenient_reading_takes_more},
    };
    return suite_run("json", tests, COUNT_OF(tests));
}
