/*
 * html: whatever a text holds, it stays text; what would hide or reorder is made visible.
 */
#include "console/html.h"

#include "console/page.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct hk_buf out;
static struct hk_html html;

static void begin(void)
{
    hk_buf_init(&out, 1 << 20);
    hk_html_init(&html, &out, HK_LANGUAGE_EN, 0, INT64_C(1800000000000000));
}

static void expect(const char *text)
{
    hk_html_finish(&html);
    if (out.data == NULL || strcmp(out.data, text) != 0)
        printf("\n  got: %s\n  not: %s\n", out.data != NULL ? out.data : "(nothing)", text);
    CU_ASSERT_TRUE(out.data != NULL && strcmp(out.data, text) == 0);
    hk_buf_done(&out);
}

static void text_is_escaped(void)
{
    static const struct {
        const char *text;
        const char *shown;
    } cases[] = {
        {"plain", "plain"},
        {"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
        {"a & b \"c\" 'd'", "a &amp; b &quot;c&quot; &#39;d&#39;"},
        {"&lt;", "&amp;lt;"},
        {"日本語 é 🔥", "日本語 é 🔥"},
        {"line\nnext\ttab", "line\nnext\ttab"},
        {"bell\aescape\x1b[31m", "bell[U+0007]escape[U+001B][31m"},
        {"\x7f\xc2\x80\xc2\x9b", "[U+007F][U+0080][U+009B]"},
        {"file\xe2\x80\xaegpj.exe", "file[U+202E]gpj.exe"},
        {"\xe2\x81\xa6x\xe2\x81\xa9", "[U+2066]x[U+2069]"},
        {"no\xe2\x80\x8bwidth\xef\xbb\xbf", "no[U+200B]width[U+FEFF]"},
        {"soft\xc2\xadhyphen", "soft[U+00AD]hyphen"},
        {"tag\xf3\xa0\x81\x81", "tag[U+E0041]"},
        {"\xe2\x80\xa8\xe2\x80\xa9", "[U+2028][U+2029]"},
        {"bad\xff\xc3", "bad\xef\xbf\xbd\xef\xbf\xbd"},
        {"cut\xe2\x80", "cut\xef\xbf\xbd\xef\xbf\xbd"},
        {"\r", "[U+000D]"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        begin();
        hk_html_text(&html, cases[i].text);
        expect(cases[i].shown);
    }
}

static void attributes_are_escaped(void)
{
    begin();
    hk_html_open_class(&html, "span", "\" onclick=\"x");
    hk_html_attr(&html, "title", "a\"'><b\xe2\x80\xae");
    hk_html_attr(&html, "lang", NULL);
    hk_html_text(&html, "t");
    hk_html_end(&html);
    expect(
        "<span class=\"&quot; onclick=&quot;x\" title=\"a&quot;&#39;&gt;&lt;b[U+202E]\">t</span>");
}

static void urls_are_of_ours(void)
{
    begin();
    hk_html_open(&html, "a");
    hk_html_url(&html, "href", "/runs/{}?tab={}", "../x y", "a&b\"<\xe3\x81\x82");
    hk_html_end(&html);
    expect("<a href=\"/runs/..%2Fx%20y?tab=a%26b%22%3C%E3%81%82\"></a>");
    begin();
    hk_html_open(&html, "a");
    hk_html_url(&html, "href", "/runs/{}/{}", "one");
    hk_html_end(&html);
    expect("<a href=\"/runs/one/\"></a>");
}

static void other_sites_are_https_alone(void)
{
    static const char *const refused[] = {NULL, "", "javascript:alert(1)", "http://siem.example/",
        "https://", "https:///x", "https://bank.example@evil.example/", "https://a.example\\@b",
        "https://a.example/\nx", "https://a.example/ x", "https://\xe2\x80\xae.example",
        " https://a.example/", "HTTPS://a.example", "//a.example", "data:text/html,x"};

    begin();
    hk_html_open(&html, "a");
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        CU_ASSERT_FALSE(hk_html_outside(&html, refused[i]));
    CU_ASSERT_TRUE(hk_html_outside(&html, "https://siem.example/q?a=1&b='\"<"));
    hk_html_end(&html);
    expect("<a href=\"https://siem.example/q?a=1&amp;b=&#39;&quot;&lt;\""
           " rel=\"noreferrer noopener external\"></a>");
}

static void long_texts_are_cut_between_characters(void)
{
    begin();
    hk_html_foreign(&html, "あいう", 7);
    expect("<bdi>あい…</bdi>");
    begin();
    hk_html_code(&html, "203.0.113.66", 160);
    expect("<code dir=\"ltr\">203.0.113.66</code>");
    begin();
    hk_html_foreign(&html, NULL, 7);
    expect("<bdi></bdi>");
}

static void elements_nest(void)
{
    begin();
    hk_html_open(&html, "p");
    hk_html_open(&html, "input");
    hk_html_attr(&html, "name", "x");
    hk_html_flag(&html, "required");
    hk_html_open(&html, "b");
    hk_html_end(&html);
    hk_html_end(&html);
    expect("<p><input name=\"x\" required><b></b></p>\n");
}

static void messages_are_escaped_with_what_is_in_them(void)
{
    begin();
    hk_html_say(&html, HK_WORD_TIME_LEFT, "<b>");
    expect("&lt;b&gt; left");
    begin();
    hk_html_count(&html, HK_WORD_ALERTS, 1);
    expect("1 alert");
}

static void times_say_both(void)
{
    begin();
    hk_html_left(&html, INT64_C(1800000000000000) + INT64_C(5400000000));
    expect("<time datetime=\"2027-01-15T09:30:00.000000Z\">90 minutes left</time>");
    begin();
    hk_html_time(&html, HK_TIME_MINUTES, 0);
    expect("–");
}

/* Random bytes through every door: between the tags there is never a bare < or ", and the text
 * doesn't leave its element. */
static void no_bytes_get_out(void)
{
    char text[256];

    srand(1);
    for (unsigned round = 0; round < 20000; round++) {
        size_t size = (size_t)rand() % (sizeof(text) - 1);
        for (size_t i = 0; i < size; i++)
            text[i] =
                (char)(rand() % 3 == 0 ? "<>\"'&\x1b\xe2\x80\xae"[rand() % 9] : 1 + rand() % 255);
        text[size] = '\0';
        begin();
        hk_html_open_class(&html, "p", text);
        hk_html_text(&html, text);
        hk_html_end(&html);
        CU_ASSERT_FATAL(strncmp(out.data, "<p class=\"", 10) == 0);
        char *end = strchr(out.data + 10, '"');
        CU_ASSERT_FATAL(end != NULL && end[1] == '>');
        CU_ASSERT_FATAL(strcspn(out.data + 10, "<>'") >= (size_t)(end - out.data - 10));
        CU_ASSERT_FATAL(strcmp(end + 2 + strcspn(end + 2, "<>\"'"), "</p>\n") == 0);
        hk_buf_done(&out);
    }
}

static void a_page_has_its_frame(void)
{
    const struct hk_page page = {.language = HK_LANGUAGE_JA,
        .zone_minutes = 540,
        .title = "</title><script>x</script>",
        .place = HK_PLACE_QUEUE,
        .path = "/?a=1&b=2",
        .person = "approver-1",
        .tenant = "main",
        .csrf = "secret",
        .notice_kind = HK_NOTICE_PROBLEM,
        .notice = "<i>"};
    static const char *const wanted[] = {"<!DOCTYPE html>\n<html lang=\"ja\"><head><meta charset",
        "<title>&lt;/title&gt;&lt;script&gt;x&lt;/script&gt; – Hikeshi</title>",
        "<a class=\"skip\" href=\"#content\">", "aria-current=\"page\">要対応</a>",
        "role=\"alert\"><bdi>&lt;i&gt;</bdi></p>",
        "href=\"/language?to=en&amp;then=%2F%3Fa%3D1%26b%3D2\"", "name=\"csrf\" value=\"secret\"",
        "UTC+09:00", "</html>\n"};
    struct hk_page_static file;
    char path[64] = "";
    const char *at;

    hk_buf_init(&out, 1 << 20);
    hk_page_begin(&html, &out, &page);
    hk_page_end(&html, &page);
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        if (strstr(out.data, wanted[i]) == NULL)
            printf("\n  lacks: %s\n", wanted[i]);
        CU_ASSERT_PTR_NOT_NULL(strstr(out.data, wanted[i]));
    }
    CU_ASSERT_PTR_NULL(strstr(out.data, "<script"));
    CU_ASSERT_PTR_NULL(strstr(out.data, "style="));
    at = strstr(out.data, "/static/");
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    (void)snprintf(path, sizeof(path), "%.*s", (int)strcspn(at, "\""), at);
    CU_ASSERT_TRUE(hk_page_static(path, &file));
    CU_ASSERT_TRUE(file.size > 1000);
    CU_ASSERT_FALSE(hk_page_static("/static/hikeshi-0000000000000000.css", &file));
    hk_buf_done(&out);
}

/* A page that doesn't fit fails; it is never half a page. */
static void a_full_buffer_is_an_error(void)
{
    const struct hk_page page = {.title = "t"};
    struct hk_error error;

    for (size_t size_max = 1; size_max < 1200; size_max += 7) {
        hk_buf_init(&out, size_max);
        hk_page_begin(&html, &out, &page);
        hk_page_end(&html, &page);
        CU_ASSERT_EQUAL(hk_buf_check(&out, "page", &error) == HK_OK, !out.failed);
        if (!out.failed)
            CU_ASSERT_PTR_NOT_NULL(strstr(out.data, "</html>"));
        hk_buf_done(&out);
    }
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"text is escaped", text_is_escaped},
        {"attributes are escaped", attributes_are_escaped},
        {"urls are of ours", urls_are_of_ours},
        {"other sites are https alone", other_sites_are_https_alone},
        {"long texts are cut between characters", long_texts_are_cut_between_characters},
        {"elements nest", elements_nest},
        {"messages are escaped with what is in them", messages_are_escaped_with_what_is_in_them},
        {"times say both", times_say_both},
        {"no bytes get out", no_bytes_get_out},
        {"a page has its frame", a_page_has_its_frame},
        {"a full buffer is an error", a_full_buffer_is_an_error},
    };
    return suite_run("html", tests, COUNT_OF(tests));
}
