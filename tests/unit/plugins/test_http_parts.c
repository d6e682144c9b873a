/*
 * http, its parts: no value leads out from below the configured URL, numbers keep their digits, and
 * an outcome never claims more than an answer says.
 */
#include "http/answer.h"
#include "http/span.h"
#include "http/strict.h"
#include "http/text.h"
#include "http/url.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *take(size_t size)
{
    return malloc(size);
}

static const struct hk_host host = {.size = sizeof(host), .alloc = take, .free = free};

static struct span span_of(const char *text)
{
    return (struct span){text, text != NULL ? strlen(text) : 0};
}

/* --- span --- */

static void check_get(const char *object, const char *key, const char *value)
{
    struct span found;

    bool is_there = span_get(span_of(object), key, &found);
    CU_ASSERT_EQUAL(is_there, value != NULL);
    if (is_there && value != NULL) {
        CU_ASSERT_EQUAL(found.size, strlen(value));
        CU_ASSERT_EQUAL(memcmp(found.at, value, found.size), 0);
    }
}

static void members_are_found_as_written(void)
{
    static const char object[] =
        " { \"a\" : 1 , \"bc\":\"x\\\"}, y\",\"d\":{\"e\":[1,{\"a\":2}]},"
        "\"f\":[ ] ,\"g\":-1.50e+10,\"h\":18446744073709551617 , \"i\":null }";

    check_get(object, "a", "1");
    check_get(object, "bc", "\"x\\\"}, y\"");
    check_get(object, "d", "{\"e\":[1,{\"a\":2}]}");
    check_get(object, "e", NULL);
    check_get(object, "f", "[ ]");
    check_get(object, "g", "-1.50e+10");
    check_get(object, "h", "18446744073709551617");
    check_get(object, "i", "null");
    check_get(object, "b", NULL);
    check_get("{}", "a", NULL);
    check_get("[1,2]", "a", NULL);
    check_get("", "a", NULL);
    check_get("{\"a\"", "a", NULL);
    check_get("{\"a\":", "a", NULL);
    check_get("{\"a\":\"x", "a", "\"x"); /* not well-formed, and still inside */
}

/* --- url --- */

#define BASE "https://api.example/v1/"

static void check_url(const char *base, const char *path, const char *query, const char *expected)
{
    struct text out;

    text_init(&out, &host);
    const char *fault = url_build(&out, base, span_of(path), span_of(query));
    if (fault != NULL || expected == NULL || strcmp(out.data, expected) != 0)
        if (expected != NULL || fault == NULL)
            printf("\n  %s %s: %s\n", path != NULL ? path : "-", query != NULL ? query : "-",
                fault != NULL ? fault : out.data);
    CU_ASSERT_EQUAL(fault == NULL, expected != NULL);
    if (fault == NULL && expected != NULL)
        CU_ASSERT_STRING_EQUAL(out.data, expected);
    text_done(&out);
}

static void paths_stay_below(void)
{
    check_url(BASE, NULL, NULL, BASE);
    check_url(BASE, "\"\"", NULL, BASE);
    check_url(BASE, "\"ip/192.0.2.1\"", NULL, BASE "ip/192.0.2.1");
    check_url(BASE, "\"/ip/\"", NULL, BASE "ip/");
    check_url("https://api.example", "\"x\"", NULL, "https://api.example/x");
    check_url("https://api.example/v1", "\"x\"", NULL, "https://api.example/v1/x");
    check_url(BASE, "[\"ip\",\"a/b?c#d\"]", NULL, BASE "ip/a%2Fb%3Fc%23d");
    check_url(BASE, "\"a b\\u00e9%2e\"", NULL, BASE "a%20b%C3%A9%252e");
    check_url(BASE, "\"a?b=c&d#e\"", NULL, BASE "a%3Fb%3Dc%26d%23e");
    check_url(BASE, "\"a\\\\..\\\\b\"", NULL, BASE "a%5C..%5Cb");
    check_url(BASE, "\"a\\r\\nHost: b\"", NULL, BASE "a%0D%0AHost%3A%20b");
    check_url(BASE, "\"...\"", NULL, BASE "...");
    check_url(BASE, "\"https://evil.example/\"", NULL, NULL); /* an empty part */
    check_url(BASE, "[\"https://evil.example/\"]", NULL, BASE "https%3A%2F%2Fevil.example%2F");
    check_url(BASE, "\"@evil.example\"", NULL, BASE "%40evil.example");
    check_url(BASE, "\"..\"", NULL, NULL);
    check_url(BASE, "\"a/../b\"", NULL, NULL);
    check_url(BASE, "\"./a\"", NULL, NULL);
    check_url(BASE, "\"a//b\"", NULL, NULL);
    check_url(BASE, "[\"..\",\"a\"]", NULL, NULL);
    check_url(BASE, "[\"a\",\"\"]", NULL, NULL);
    check_url(BASE, "[1]", NULL, NULL);
    check_url(BASE, "5", NULL, NULL);
}

static void queries_are_encoded(void)
{
    check_url(BASE, NULL, "{}", BASE);
    check_url(BASE, NULL, "{\"q\":\"a b&c=d\",\"n\":18446744073709551617,\"t\":true,\"d\":1.50}",
        BASE "?q=a%20b%26c%3Dd&n=18446744073709551617&t=true&d=1.50");
    check_url(BASE, "\"x\"", "{\"a&b\":\"\\u00e9\"}", BASE "x?a%26b=%C3%A9");
    check_url(BASE, NULL, "{\"e\":1e+5}", BASE "?e=1e%2B5");
    check_url(BASE, NULL, "{\"a\":null}", NULL);
    check_url(BASE, NULL, "{\"a\":{}}", NULL);
    check_url(BASE, NULL, "{\"a\":[1]}", NULL);
}

static void bases_are_plain(void)
{
    static const char *const good[] = {"https://a.example", "https://a.example/",
        "http://a.example:8080/b/c", "https://[2001:db8::1]:8443/x", "https://a.example/b%20c/..d"};
    static const char *const bad[] = {"", "a.example", "ftp://a.example/", "https://", "https:///x",
        "https://user@a.example/", "https://a:b@c.example/", "https://a.example/?q",
        "https://a.example/#f", "https://a.example/a b", "https://a.example/\\b",
        "https://a.example/..", "https://a.example/a/%2e%2E/b", "https://a.example/./",
        "https://a%2eexample/", "https://a.example\n/", "https://\xc3\xa9.example/"};

    for (size_t i = 0; i < COUNT_OF(good); i++)
        CU_ASSERT_PTR_NULL(url_base_fault(good[i]));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        CU_ASSERT_PTR_NOT_NULL(url_base_fault(bad[i]));
}

/* --- answers --- */

static const char *const json_type[] = {"date: x", "content-type: application/json", NULL};
static const char *const text_type[] = {"content-type: text/plain; charset=utf-8", NULL};
static const char *const problem_type[] = {"content-type: application/problem+json;x=y", NULL};

static void check_answer(const struct hk_http_answer *given, bool is_post, const char *as,
    enum hk_outcome outcome, const char *expected)
{
    struct hk_http_answer answer = *given;
    struct text out;

    if (answer.headers == NULL)
        answer.headers = text_type;
    if (answer.body == NULL)
        answer.body = "";
    if (answer.body_size == 0)
        answer.body_size = strlen(answer.body);
    text_init(&out, &host);
    CU_ASSERT_EQUAL(answer_judge(&answer, is_post, as, 20, &out), outcome);
    if (strcmp(out.data, expected) != 0)
        printf("\n  %s, not %s\n", out.data, expected);
    CU_ASSERT_STRING_EQUAL(out.data, expected);
    text_done(&out);
}

#define ANSWER(...) (&(struct hk_http_answer){__VA_ARGS__})

static void reads_are_done_or_failed(void)
{
    check_answer(ANSWER(.status = 200, .body = "a\"b\n"), false, NULL, HK_DONE,
        "{\"status\":200,\"found\":true,\"text\":\"a\\\"b\\u000a\"}");
    check_answer(ANSWER(.status = 200, .body = " {\"n\":18446744073709}", .headers = json_type),
        false, NULL, HK_FAILED, "the answer is larger than answer_max");
    check_answer(ANSWER(.status = 200, .body = "[18446744073709]", .headers = problem_type), false,
        NULL, HK_DONE, "{\"status\":200,\"found\":true,\"json\":[18446744073709]}");
    check_answer(ANSWER(.status = 200, .body = "[1]", .headers = json_type), false, "text", HK_DONE,
        "{\"status\":200,\"found\":true,\"text\":\"[1]\"}");
    check_answer(ANSWER(.status = 200, .body = "[1]"), false, "json", HK_DONE,
        "{\"status\":200,\"found\":true,\"json\":[1]}");
    check_answer(ANSWER(.status = 204), false, NULL, HK_DONE, "{\"status\":204,\"found\":true}");
    check_answer(ANSWER(.status = 200), false, "json", HK_FAILED, "the answer is empty");
    check_answer(ANSWER(.status = 200, .body = "1},\"x\":{", .headers = json_type), false, NULL,
        HK_FAILED, "the answer is no JSON");
    check_answer(
        ANSWER(.status = 200, .body = "\xff"), false, NULL, HK_FAILED, "the answer is no text");
    check_answer(ANSWER(.status = 200, .body = "a\0b", .body_size = 3), false, NULL, HK_FAILED,
        "the answer is no text");
    check_answer(ANSWER(.status = 404, .body = "gone"), false, "json", HK_DONE,
        "{\"status\":404,\"found\":false,\"text\":\"gone\"}");
    check_answer(ANSWER(.status = 410, .body = "\xff"), false, NULL, HK_DONE,
        "{\"status\":410,\"found\":false}");
    check_answer(ANSWER(.status = 302), false, NULL, HK_FAILED, "it answered 302");
    check_answer(ANSWER(.status = 403, .body = "no\nkey"), false, NULL, HK_FAILED,
        "it answered 403: no key");
    check_answer(ANSWER(.status = 500), false, NULL, HK_FAILED, "it answered 500");
    check_answer(
        ANSWER(.failure = "cut off", .may_have_arrived = 1), false, NULL, HK_FAILED, "cut off");
}

static void writes_are_unknown_when_they_may_have_happened(void)
{
    static const char untold[] = "; whether it took the request can't be told";
    char text[128];

    check_answer(ANSWER(.status = 200, .body = "ok"), true, NULL, HK_DONE,
        "{\"status\":200,\"text\":\"ok\"}");
    check_answer(ANSWER(.status = 201, .body = "this is more than twenty bytes"), true, NULL,
        HK_DONE, "{\"status\":201}");
    check_answer(ANSWER(.status = 200, .body = "\xff"), true, NULL, HK_DONE, "{\"status\":200}");
    check_answer(
        ANSWER(.status = 200, .body = "no json"), true, "json", HK_DONE, "{\"status\":200}");
    check_answer(
        ANSWER(.status = 400, .body = "bad"), true, NULL, HK_FAILED, "it answered 400: bad");
    check_answer(ANSWER(.status = 404), true, NULL, HK_FAILED, "it answered 404");
    check_answer(ANSWER(.status = 429), true, NULL, HK_FAILED, "it answered 429");
    static const int unclear[] = {301, 302, 303, 307, 500, 502, 503, 504};
    for (size_t i = 0; i < COUNT_OF(unclear); i++) {
        snprintf(text, sizeof(text), "it answered %d%s", unclear[i], untold);
        check_answer(ANSWER(.status = unclear[i]), true, NULL, HK_UNKNOWN, text);
    }
    check_answer(ANSWER(.failure = "refused"), true, NULL, HK_FAILED, "refused");
    check_answer(ANSWER(.failure = "cut off", .may_have_arrived = 1), true, NULL, HK_UNKNOWN,
        "cut off; the request may have arrived");
}

/* What passes must pass the engine's reader: the fuzz target holds the two against each other. */
static void json_is_read_strictly(void)
{
    static const char *const good[] = {"0", "-0.5e+10", " [ ] ", "{}", "\"\\u00e9\\ud83d\\ude00\"",
        "{\"a\":{\"a\":[1,{\"a\":null}]},\"b\":true}", "{\"\\u0061\":1}", "\"\\/\\b\"", "1e5"};
    static const char *const bad[] = {"", " ", "01", "1.", ".5", "+1", "1e", "-", "tru", "[1,]",
        "{,}", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "{\"a\":1,\"b\":2,\"a\":3}",
        "{\"\\u0061\":1,\"a\":2}", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\x\"",
        "\"a\nb\"", "\"a", "[1", "{\"a\"", "1 2", "\xef\xbb\xbf{}", "{a:1}", "'a'", "NaN"};
    char deep[200];

    for (size_t i = 0; i < COUNT_OF(good); i++)
        CU_ASSERT_TRUE(strict_is_json(good[i], strlen(good[i])));
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        if (strict_is_json(bad[i], strlen(bad[i])))
            printf("\n  %s\n", bad[i]);
        CU_ASSERT_FALSE(strict_is_json(bad[i], strlen(bad[i])));
    }
    memset(deep, '[', 100);
    memset(deep + 100, ']', 100);
    CU_ASSERT_TRUE(strict_is_json(deep + 40, 120));
    CU_ASSERT_FALSE(strict_is_json(deep, 200));
}

static void utf8_is_checked(void)
{
    static const char *const good[] = {"", "abc", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
        "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf"};
    static const char *const bad[] = {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
        "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "a\xffz", "\xe2\x82"};

    for (size_t i = 0; i < COUNT_OF(good); i++)
        CU_ASSERT_TRUE(text_is_utf8(good[i], strlen(good[i])));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        CU_ASSERT_FALSE(text_is_utf8(bad[i], strlen(bad[i])));
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"members are found as written", members_are_found_as_written},
        {"paths stay below", paths_stay_below},
        {"queries are encoded", queries_are_encoded},
        {"bases are plain", bases_are_plain},
        {"reads are done or failed", reads_are_done_or_failed},
        {"writes are unknown when they may have happened",
            writes_are_unknown_when_they_may_have_happened},
        {"JSON is read strictly", json_is_read_strictly},
        {"UTF-8 is checked", utf8_is_checked},
    };

    return suite_run("http_parts", tests, COUNT_OF(tests));
}
