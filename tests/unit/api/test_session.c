/*
 * session: which cookie is ours, which request comes from a page of ours, and where people are
 * sent.
 */
#include "api/session_in.h"

#include "api/session.h"
#include "limits.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

/* A request with these headers: name, value, …, NULL. */
static struct hk_http_request request_of(const char *const *headers)
{
    struct hk_http_request request = {.method = "POST"};

    for (; *headers != NULL; headers += 2) {
        request.headers[request.header_count].name = (char *)(uintptr_t)headers[0];
        request.headers[request.header_count++].value = (char *)(uintptr_t)headers[1];
    }
    return request;
}

static void cookies_are_found(void)
{
    static const struct {
        const char *header;
        const char *value; /* NULL: it isn't there */
    } cases[] = {
        {"hikeshi=abc", "abc"},
        {"a=1; hikeshi=abc; b=2", "abc"},
        {"a=1;hikeshi=abc", "abc"},
        {"a=1;\thikeshi=abc;", "abc"},
        {"hikeshi=a=b", "a=b"},
        {"hikeshi=seven77", "seven77"},
        {"hikeshi=eight888", NULL}, /* doesn't fit */
        {"hikeshi=", NULL},
        {"hikeshi", NULL},
        {"", NULL},
        {"; ; ;", NULL},
        {"hikeshi-device=abc", NULL},
        {"xhikeshi=abc", NULL},
        {"Hikeshi=abc", NULL},
        {"hikeshi =abc", NULL},
        {"hikeshi=abc; hikeshi=abc", NULL},
        {"hikeshi=; hikeshi=abc", NULL},
        {"hikeshi=abc; a=1; hikeshi=def", NULL},
        {"a=hikeshi=abc", NULL},
    };
    char value[8];

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct hk_http_request request =
            request_of((const char *const[]){"cookie", cases[i].header, NULL});
        bool is_found = hk_cookie_find(&request, "hikeshi", value, sizeof(value));

        if (is_found != (cases[i].value != NULL) ||
            strcmp(value, is_found ? cases[i].value : "") != 0) {
            printf("%s: %s\n", cases[i].header, value);
            CU_FAIL("another cookie");
        }
    }
}

static void requests_of_ours_are_told_from_others(void)
{
    static const struct {
        const char *headers[9];
        bool is_ours;
    } cases[] = {
        {{"host", "soc.example"}, true}, /* no browser */
        {{"host", "soc.example", "origin", "https://soc.example"}, true},
        {{"host", "soc.example:8443", "origin", "https://soc.example:8443"}, true},
        {{"host", "SOC.example", "origin", "http://soc.EXAMPLE"}, true},
        {{"host", "soc.example", "origin", "https://soc.example:8443"}, false},
        {{"host", "soc.example", "origin", "https://soc.example.evil.example"}, false},
        {{"host", "soc.example", "origin", "https://evil.example"}, false},
        {{"host", "soc.example", "origin", "null"}, false},
        {{"host", "soc.example", "origin", ""}, false},
        {{"host", "soc.example", "origin", "soc.example"}, false},
        {{"origin", "https://soc.example"}, false},
        {{"host", "soc.example", "sec-fetch-site", "same-origin"}, true},
        {{"host", "soc.example", "sec-fetch-site", "none"}, true},
        {{"host", "soc.example", "sec-fetch-site", "same-site"}, false},
        {{"host", "soc.example", "sec-fetch-site", "cross-site"}, false},
        {{"host", "soc.example", "sec-fetch-site", "Same-Origin"}, false},
        {{"host", "soc.example", "sec-fetch-site", "cross-site", "origin", "https://soc.example"},
            false},
        {{"host", "soc.example", "sec-fetch-site", "same-origin", "origin", "https://evil.example"},
            false},
        {{"host", "soc.example", "origin", "https://soc.example", "origin", "https://evil.example"},
            false},
        {{"host", "soc.example", "sec-fetch-site", "same-origin", "sec-fetch-site", "cross-site"},
            false},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct hk_http_request request = request_of(cases[i].headers);

        if (hk_request_is_ours(&request) != cases[i].is_ours) {
            printf("case %zu\n", i);
            CU_FAIL("taken for the other");
        }
    }
}

static void people_are_sent_to_paths_of_ours_alone(void)
{
    static const char *const good[] = {"/", "/account", "/approvals/ga-1?done=1&x=%2F", "/a//b"};
    static const char *const bad[] = {"", "account", "//evil.example", "/\\evil.example",
        "https://evil.example", "/a\\b", "/a b", "/a\nb", "/a\x7f", "/\xc3\xa9", "/a\tb"};
    char location[HK_LOCATION_SIZE];
    char small[16];

    for (size_t i = 0; i < COUNT_OF(good); i++)
        CU_ASSERT_TRUE(hk_path_is_ours(good[i]));
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        CU_ASSERT_FALSE(hk_path_is_ours(bad[i]));
        CU_ASSERT_FALSE(hk_login_location(bad[i], location, sizeof(location)));
        CU_ASSERT_STRING_EQUAL(location, "");
    }
    CU_ASSERT_TRUE(hk_step_up_location("/approvals/ga-1?a=b&c", location, sizeof(location)));
    CU_ASSERT_STRING_EQUAL(location, "/step-up?then=/approvals/ga-1%3Fa%3Db%26c");
    CU_ASSERT_TRUE(hk_login_location("/", location, sizeof(location)));
    CU_ASSERT_STRING_EQUAL(location, "/login?then=/");
    CU_ASSERT_FALSE(hk_login_location("/approvals", small, sizeof(small)));
    CU_ASSERT_STRING_EQUAL(small, "");
}

static void codes_are_fresh_for_five_minutes(void)
{
    const struct hk_session session = {.proven_us = 1000000};

    CU_ASSERT_TRUE(hk_session_is_fresh(&session, 1000000));
    CU_ASSERT_TRUE(hk_session_is_fresh(&session, 1000000 + HK_STEP_UP_MS * 1000LL));
    CU_ASSERT_FALSE(hk_session_is_fresh(&session, 1000001 + HK_STEP_UP_MS * 1000LL));
    CU_ASSERT_FALSE(hk_session_is_fresh(&(struct hk_session){.proven_us = 0}, 1));
}

static void the_token_of_a_form_is_the_sessions(void)
{
    struct hk_exchange exchange = {.id = 1};
    char longer[HK_CSRF_TEXT_SIZE + 1];

    CU_ASSERT_FALSE(hk_session_has_csrf(&exchange, ""));
    CU_ASSERT_FALSE(hk_session_has_csrf(&exchange, NULL));
    memset(exchange.session.csrf, 'a', HK_CSRF_TEXT_SIZE - 1);
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    CU_ASSERT_FALSE(hk_session_has_csrf(&exchange, NULL));
    CU_ASSERT_FALSE(hk_session_has_csrf(&exchange, ""));
    CU_ASSERT_FALSE(hk_session_has_csrf(&exchange, longer));
    CU_ASSERT_FALSE(hk_session_has_csrf(&exchange, longer + 2));
    CU_ASSERT_TRUE(hk_session_has_csrf(&exchange, longer + 1));
    longer[5] = 'b';
    CU_ASSERT_FALSE(hk_session_has_csrf(&exchange, longer + 1));
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"cookies are found", cookies_are_found},
        {"requests of ours are told from others", requests_of_ours_are_told_from_others},
        {"people are sent to paths of ours alone", people_are_sent_to_paths_of_ours_alone},
        {"codes are fresh for five minutes", codes_are_fresh_for_five_minutes},
        {"the token of a form is the session's", the_token_of_a_form_is_the_sessions},
    };
    return suite_run("session", tests, COUNT_OF(tests));
}
