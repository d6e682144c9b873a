/*
 * HTML: whatever the bytes are, they stay the text, the attribute or the piece of a path that they
 * were put in as, and what comes out is UTF-8 without a character that hides. The same bytes as an
 * Accept-Language header choose a language that there is.
 */
#include "base/text.h"
#include "console/html.h"

#include <stdlib.h>
#include <string.h>

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* No mark-up between begin and end. */
static void check_plain(const char *begin, const char *end, const char *banned)
{
    for (const char *p = begin; p < end; p++)
        check(strchr(banned, *p) == NULL);
    check(hk_utf8_is_valid(begin, (size_t)(end - begin)));
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *text = malloc(size + 1);
    struct hk_html html;
    struct hk_buf out;
    const char *at;
    const char *end;

    check(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    hk_buf_init(&out, 1 << 24);
    hk_html_init(&html, &out, HK_LANGUAGE_JA, 540, INT64_C(1800000000000000));
    hk_html_open(&html, "a");
    hk_html_url(&html, "href", "/x/{}", text);
    hk_html_attr(&html, "title", text);
    hk_html_text(&html, text);
    hk_html_end(&html);
    hk_html_finish(&html);
    check(!out.failed && strncmp(out.data, "<a href=\"/x/", 12) == 0);
    at = out.data + 12;
    end = strchr(at, '"');
    check(end != NULL && strncmp(end, "\" title=\"", 9) == 0);
    check_plain(at, end, "<>\"'/\\?#& ");
    at = end + 9;
    end = strchr(at, '"');
    check(end != NULL && end[1] == '>');
    check_plain(at, end, "<>'");
    at = end + 2;
    end = strchr(at, '<');
    check(end != NULL && strcmp(end, "</a>") == 0);
    check_plain(at, end, "\"'>\r\x1b\x7f");
    check(strstr(at, "\xe2\x80\xae") == NULL);
    check((unsigned)hk_language_accepted(text, HK_LANGUAGE_EN) < HK_LANGUAGE_COUNT);
    hk_buf_done(&out);
    free(text);
    return 0;
}
