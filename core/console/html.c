/*
 * html: see html.h.
 */
#include "console/html.h"

#include "base/text.h"
#include "base/time.h"

#include <assert.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789-"

static bool is_one_of(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, list[i]) == 0)
            return true;
    return false;
}

static bool is_void(const char *tag)
{
    static const char *const tags[] = {"input", "img", "link", "meta", "br", "hr"};

    return is_one_of(tag, tags, COUNT(tags));
}

/* Elements that hold or load code, or other documents: no page of ours has any. */
static bool is_banned_tag(const char *tag)
{
    static const char *const tags[] = {
        "script", "style", "iframe", "frame", "object", "embed", "base", "svg", "math", "template"};

    return is_one_of(tag, tags, COUNT(tags));
}

static bool takes_url(const char *name)
{
    static const char *const names[] = {"href", "action", "src"};

    return is_one_of(name, names, COUNT(names));
}

/* Attributes with a door of their own, or with none. */
static bool is_banned_attr(const char *name)
{
    static const char *const names[] = {"style", "formaction", "srcdoc", "srcset", "ping", "poster",
        "background", "cite", "data", "manifest"};

    return takes_url(name) || strncmp(name, "on", 2) == 0 || is_one_of(name, names, COUNT(names));
}

static bool is_name(const char *name)
{
    return name[0] != '\0' && strspn(name, NAME_CHARACTERS) == strlen(name);
}

void hk_html_init(struct hk_html *html, struct hk_buf *out, enum hk_language language,
    int zone_minutes, int64_t now_us)
{
    *html = (struct hk_html){
        .out = out, .language = language, .zone_minutes = zone_minutes, .now_us = now_us};
}

void hk_html_finish(struct hk_html *html)
{
    assert(html->depth == 0 && !html->in_tag);
    (void)html;
}

/* --- escaping --- */

static const char *entity_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* Append text that is safe as an element's content and between double quotes. */
static void escape(struct hk_buf *out, const char *text, size_t size)
{
    size_t begin = 0;
    size_t at = 0;

    while (at < size) {
        size_t width = 1;
        const char *entity = entity_of(text[at]);
        uint32_t c;

        if (entity == NULL && text[at] >= 0x20 && text[at] < 0x7f) {
            at++; /* most of all there is */
            continue;
        }
        hk_buf_append(out, text + begin, at - begin);
        if (entity != NULL) {
            hk_buf_append_text(out, entity);
        } else if (hk_utf8_valid_prefix(text + at, size - at < 4 ? size - at : 4) == 0) {
            hk_buf_append_text(out, "\xef\xbf\xbd");
        } else {
            c = hk_utf8_decode(text + at, &width);
            if (hk_character_is_unseen(c))
                hk_buf_appendf(out, "[U+%04X]", (unsigned)c);
            else
                hk_buf_append(out, text + at, width);
        }
        at += width;
        begin = at;
    }
    hk_buf_append(out, text + begin, at - begin);
}

/* --- elements --- */

/* What follows is content: end the start tag. */
static void close_tag(struct hk_html *html)
{
    if (!html->in_tag)
        return;
    html->in_tag = false;
    hk_buf_append_char(html->out, '>');
}

void hk_html_open(struct hk_html *html, const char *tag)
{
    assert(is_name(tag) && !is_banned_tag(tag));
    close_tag(html);
    hk_buf_appendf(html->out, "<%s", tag);
    html->in_tag = true;
    if (is_void(tag))
        return;
    assert(html->depth < HK_HTML_DEPTH_MAX);
    html->open[html->depth++] = tag;
}

void hk_html_open_class(struct hk_html *html, const char *tag, const char *classes)
{
    hk_html_open(html, tag);
    hk_html_attr(html, "class", classes);
}

/* An element after which a new line makes the source readable, and changes nothing on the page. */
static bool is_block(const char *tag)
{
    static const char *const tags[] = {"p", "div", "li", "ul", "ol", "dl", "dd", "tr", "table",
        "thead", "tbody", "section", "article", "header", "footer", "main", "nav", "form",
        "fieldset", "h1", "h2", "h3", "head", "title", "body", "html", "details"};

    return is_one_of(tag, tags, COUNT(tags));
}

void hk_html_end(struct hk_html *html)
{
    const char *tag;

    assert(html->depth > 0);
    close_tag(html);
    tag = html->open[--html->depth];
    hk_buf_appendf(html->out, "</%s>%s", tag, is_block(tag) ? "\n" : "");
}

static void put_attr(struct hk_html *html, const char *name, const char *value)
{
    assert(html->in_tag && is_name(name));
    hk_buf_appendf(html->out, " %s=\"", name);
    escape(html->out, value, strlen(value));
    hk_buf_append_char(html->out, '"');
}

void hk_html_attr(struct hk_html *html, const char *name, const char *value)
{
    assert(!is_banned_attr(name));
    if (value != NULL)
        put_attr(html, name, value);
}

void hk_html_flag(struct hk_html *html, const char *name)
{
    assert(html->in_tag && is_name(name) && !is_banned_attr(name));
    hk_buf_appendf(html->out, " %s", name);
}

/* Scratch that failed is a page that would lack a piece: the page fails with it. */
static void spend(struct hk_html *html, struct hk_buf *scratch)
{
    if (scratch->failed) {
        html->out->failed = true;
        html->out->short_of_memory = html->out->short_of_memory || scratch->short_of_memory;
    }
    hk_buf_done(scratch);
}

/* --- URLs --- */

static void encode_piece(struct hk_buf *out, const char *piece)
{
    static const char kept[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

    for (const char *p = piece; *p != '\0'; p++) {
        if (strchr(kept, *p) != NULL)
            hk_buf_append_char(out, *p);
        else
            hk_buf_appendf(out, "%%%02X", (unsigned)(unsigned char)*p);
    }
}

void hk_html_url_list(
    struct hk_html *html, const char *name, const char *format, const char *const *pieces)
{
    struct hk_buf url;

    assert(takes_url(name));
    assert((format[0] == '/' && format[1] != '/') || format[0] == '#' || format[0] == '?');
    hk_buf_init(&url, html->out->size_max);
    for (const char *p = format; *p != '\0'; p++) {
        if (p[0] == '{' && p[1] == '}') {
            if (*pieces != NULL)
                encode_piece(&url, *pieces++);
            p++;
        } else {
            hk_buf_append_char(&url, *p);
        }
    }
    put_attr(html, name, url.data != NULL ? url.data : "");
    spend(html, &url);
}

void hk_html_url_of(struct hk_html *html, const char *name, const char *const *list)
{
    hk_html_url_list(html, name, list[0], list + 1);
}

bool hk_html_outside(struct hk_html *html, const char *url)
{
    static const char scheme[] = "https://";
    const char *host;
    size_t host_size;

    if (url == NULL || strncmp(url, scheme, sizeof(scheme) - 1) != 0)
        return false;
    host = url + sizeof(scheme) - 1;
    host_size = strcspn(host, "/?#");
    /* "https://bank.example@evil.example/" looks like the one and leads to the other. */
    if (host_size == 0 || memchr(host, '@', host_size) != NULL || strchr(url, '\\') != NULL)
        return false;
    for (const char *p = url; *p != '\0'; p++)
        if (*p <= 0x20 || *p >= 0x7f)
            return false;
    put_attr(html, "href", url);
    put_attr(html, "rel", "noreferrer noopener external");
    return true;
}

/* --- text --- */

static void put_text(struct hk_html *html, const char *text, size_t size)
{
    close_tag(html);
    escape(html->out, text, size);
}

void hk_html_text(struct hk_html *html, const char *text)
{
    if (text != NULL)
        put_text(html, text, strlen(text));
}

void hk_html_cut(struct hk_html *html, const char *text, size_t size_max)
{
    size_t size = text != NULL ? strlen(text) : 0;
    size_t cut = hk_utf8_prefix(text, size, size_max);

    if (size > 0)
        put_text(html, text, cut);
    if (cut < size)
        hk_html_text(html, "…");
}

void hk_html_foreign(struct hk_html *html, const char *text, size_t size_max)
{
    hk_html_open(html, "bdi");
    hk_html_cut(html, text, size_max);
    hk_html_end(html);
}

void hk_html_code(struct hk_html *html, const char *text, size_t size_max)
{
    hk_html_open(html, "code");
    hk_html_attr(html, "dir", "ltr");
    hk_html_cut(html, text, size_max);
    hk_html_end(html);
}

void hk_html_word(struct hk_html *html, enum hk_word word)
{
    hk_html_text(html, hk_word(html->language, word));
}

static void put_scratch(struct hk_html *html, struct hk_buf *scratch)
{
    if (scratch->data != NULL)
        put_text(html, scratch->data, scratch->size);
    spend(html, scratch);
}

void hk_html_say_list(struct hk_html *html, enum hk_word word, const char *const *args)
{
    struct hk_buf text;

    hk_buf_init(&text, html->out->size_max);
    hk_words_put_list(&text, html->language, word, args);
    put_scratch(html, &text);
}

void hk_html_count(struct hk_html *html, enum hk_word word, int64_t count)
{
    struct hk_buf text;

    hk_buf_init(&text, html->out->size_max);
    hk_words_count(&text, html->language, word, count);
    put_scratch(html, &text);
}

void hk_html_line(struct hk_html *html, const char *tag, const char *classes, enum hk_word word)
{
    hk_html_open_class(html, tag, classes);
    hk_html_word(html, word);
    hk_html_end(html);
}

/* --- times --- */

static void open_time(struct hk_html *html, int64_t time_us)
{
    char text[HK_TIME_TEXT_SIZE];

    hk_time_format(time_us, text);
    hk_html_open(html, "time");
    hk_html_attr(html, "datetime", text);
}

/* End a time element with what was written to text. */
static void end_time(struct hk_html *html, struct hk_buf *text)
{
    put_scratch(html, text);
    hk_html_end(html);
}

void hk_html_time(struct hk_html *html, enum hk_time_style style, int64_t time_us)
{
    struct hk_buf text;

    if (time_us == 0) {
        hk_html_text(html, "–");
        return;
    }
    hk_buf_init(&text, 256);
    hk_words_time(&text, html->language, html->zone_minutes, style, time_us);
    open_time(html, time_us);
    end_time(html, &text);
}

void hk_html_left(struct hk_html *html, int64_t time_us)
{
    struct hk_buf text;

    hk_buf_init(&text, 256);
    hk_words_left(&text, html->language, time_us, html->now_us);
    open_time(html, time_us);
    end_time(html, &text);
}

void hk_html_ago(struct hk_html *html, int64_t time_us)
{
    struct hk_buf text;

    if (time_us == 0) {
        hk_html_text(html, "–");
        return;
    }
    hk_buf_init(&text, 256);
    hk_words_ago(&text, html->language, time_us, html->now_us);
    open_time(html, time_us);
    end_time(html, &text);
}
