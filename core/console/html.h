/*
 * html: a writer of HTML that can't forget escaping and can't leave an element open.
 *
 * Element and attribute names are literals of ours; everything else goes through one of three
 * doors: text, an attribute's value, or a piece of a URL's path. There is no way to write markup
 * from a string. Attributes that hold URLs, code or styles are refused by hk_html_attr: URLs have
 * their own functions, and there is no code and no style on any page.
 *
 * What an attacker may have put into a text is made visible, so that no page can be made to say
 * something else than what is there: control characters, bidirectional controls and characters
 * without width are shown as [U+202E], bad UTF-8 as U+FFFD.
 *
 * Wrong use (an unknown door, an end too many) is an assert. Failure for lack of room is sticky in
 * the buffer; check it once at the end.
 */
#ifndef HK_CONSOLE_HTML_H
#define HK_CONSOLE_HTML_H

#include "words/words.h"

#define HK_HTML_DEPTH_MAX 32
/* Texts from outside are cut to so many bytes where they stand in a line or in a list. */
#define HK_HTML_SHORT 160
/* … and to so many where they are the thing that is shown. */
#define HK_HTML_LONG ((size_t)64 * 1024)

struct hk_html {
    struct hk_buf *out; /* borrowed */
    enum hk_language language;
    int zone_minutes;
    int64_t now_us;
    unsigned depth;
    const char *open[HK_HTML_DEPTH_MAX];
    bool in_tag; /* the start tag still takes attributes */
};

void hk_html_init(struct hk_html *html, struct hk_buf *out, enum hk_language language,
    int zone_minutes, int64_t now_us);
/* Every element has ended? An assert. */
void hk_html_finish(struct hk_html *html);

/* --- elements --- */

/* Begin an element; its attributes follow. Void elements (input, img, link, meta, br, hr) have no
 * end.
 */
void hk_html_open(struct hk_html *html, const char *tag);
/* The same with a class. */
void hk_html_open_class(struct hk_html *html, const char *tag, const char *classes);
/* End the innermost element. */
void hk_html_end(struct hk_html *html);
/* Attributes of the element just begun. A NULL value leaves the attribute out. */
void hk_html_attr(struct hk_html *html, const char *name, const char *value);
void hk_html_flag(struct hk_html *html, const char *name); /* required, checked, disabled … */
/* A URL of ours: format is a path such as "/approvals/{}?tab={}"; each {} takes the next of pieces,
 * percent-encoded. name is href, action or src. */
void hk_html_url_list(
    struct hk_html *html, const char *name, const char *format, const char *const *pieces);
#define hk_html_url(html, name, ...)                                                               \
    hk_html_url_of((html), (name), (const char *const[]){__VA_ARGS__, NULL})
/* The same with format as the first of list. */
void hk_html_url_of(struct hk_html *html, const char *name, const char *const *list);
/* href to another site, which learns nothing from it. False, and nothing is written, unless url is
 * an https URL without credentials in it. */
HK_MUST_CHECK bool hk_html_outside(struct hk_html *html, const char *url);

/* --- text --- */

void hk_html_text(struct hk_html *html, const char *text); /* NULL: nothing */
/* At most so many bytes of it, and "…" when there was more. */
void hk_html_cut(struct hk_html *html, const char *text, size_t size_max);
/* A text from outside, kept apart from what stands around it (bdi) and cut to size_max bytes. */
void hk_html_foreign(struct hk_html *html, const char *text, size_t size_max);
/* The same, as something that is copied: an address, an id, a hash (code). */
void hk_html_code(struct hk_html *html, const char *text, size_t size_max);

void hk_html_word(struct hk_html *html, enum hk_word word);
void hk_html_say_list(struct hk_html *html, enum hk_word word, const char *const *args);
#define hk_html_say(html, word, ...)                                                               \
    hk_html_say_list(html, word, (const char *const[]){__VA_ARGS__, NULL})
void hk_html_count(struct hk_html *html, enum hk_word word, int64_t count);
/* A whole element with a message in it; classes may be NULL. */
void hk_html_line(struct hk_html *html, const char *tag, const char *classes, enum hk_word word);

/* <time datetime=…>; time_us 0 writes what stands for "none". */
void hk_html_time(struct hk_html *html, enum hk_time_style style, int64_t time_us);
/* "90 minutes left", "5 minutes ago", with the point in time behind it. */
void hk_html_left(struct hk_html *html, int64_t time_us);
void hk_html_ago(struct hk_html *html, int64_t time_us);

#endif
