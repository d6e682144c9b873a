/*
 * page: the frame of every page, and the parts that pages are made of; see page.h.
 */
#include "console/page.h"

#include "base/digest.h"
#include "console/embed.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define HASH_DIGITS 16

/* default-src 'none' refuses whatever isn't named here: scripts, frames, fonts, connections. */
static const char content_security_policy[] =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'";

const char *const hk_page_headers[] = {"Content-Security-Policy", content_security_policy,
    /* Not "no-referrer", with which browsers hide the origin of our own forms from us. */
    "Referrer-Policy", "same-origin", "Cross-Origin-Opener-Policy", "same-origin",
    "Cross-Origin-Resource-Policy", "same-origin", "X-Frame-Options", "DENY", "Permissions-Policy",
    "camera=(), microphone=(), geolocation=()", "Vary", "Accept-Language, Cookie", NULL};

/* --- what is served beside the pages, under names that hold the content's hash --- */

#define PATH_SIZE 64

static struct static_file {
    const char *name; /* before the hash */
    const char *end;  /* after it */
    const char *type;
    const unsigned char *data;
    const size_t *size_bytes;
    char path[PATH_SIZE];
} css = {"/static/hikeshi-", ".css", "text/css; charset=utf-8", hk_embed_console_hikeshi_css,
    &hk_embed_console_hikeshi_css_size_bytes, ""},
  icon = {"/static/hikeshi-", ".svg", "image/svg+xml", hk_embed_console_hikeshi_svg,
      &hk_embed_console_hikeshi_svg_size_bytes, ""};

static pthread_once_t files_once = PTHREAD_ONCE_INIT;

static void name_file(struct static_file *file)
{
    char hash[HK_SHA256_HEX_SIZE];

    hk_sha256_hex(file->data, *file->size_bytes, hash);
    (void)snprintf(
        file->path, sizeof(file->path), "%s%.*s%s", file->name, HASH_DIGITS, hash, file->end);
}

static void name_files(void)
{
    name_file(&css);
    name_file(&icon);
}

bool hk_page_static(const char *path, struct hk_page_static *ret_file)
{
    const struct static_file *file;

    (void)pthread_once(&files_once, name_files);
    file = strcmp(path, css.path) == 0 ? &css : strcmp(path, icon.path) == 0 ? &icon : NULL;
    if (file == NULL)
        return false;
    *ret_file =
        (struct hk_page_static){.type = file->type, .data = file->data, .size = *file->size_bytes};
    return true;
}

/* --- the frame --- */

static void put_meta(struct hk_html *html, const char *name, const char *content)
{
    hk_html_open(html, "meta");
    hk_html_attr(html, "name", name);
    hk_html_attr(html, "content", content);
}

static void put_head(struct hk_html *html, const struct hk_page *page)
{
    hk_html_open(html, "head");
    hk_html_open(html, "meta");
    hk_html_attr(html, "charset", "utf-8");
    hk_html_open(html, "title");
    hk_html_cut(html, page->title, HK_HTML_SHORT);
    hk_html_text(html, " – Hikeshi");
    hk_html_end(html);
    put_meta(html, "viewport", "width=device-width, initial-scale=1");
    put_meta(html, "color-scheme", "light dark");
    put_meta(html, "robots", "noindex, nofollow");
    hk_html_open(html, "link");
    hk_html_attr(html, "rel", "stylesheet");
    hk_html_url(html, "href", css.path);
    hk_html_open(html, "link");
    hk_html_attr(html, "rel", "icon");
    hk_html_attr(html, "type", "image/svg+xml");
    hk_html_url(html, "href", icon.path);
    hk_html_end(html);
}

/* To whom a place is of no use: the page would refuse them. The routes decide; this only spares a
 * way that leads nowhere. */
static bool is_of_use(enum hk_page_place place, const char *role)
{
    if (place == HK_PLACE_LEDGER)
        return strcmp(role, "viewer") != 0 && strcmp(role, "author") != 0;
    if (place == HK_PLACE_PEOPLE)
        return strcmp(role, "tenant-admin") == 0 || strcmp(role, "provider-admin") == 0;
    return true;
}

static void put_places(struct hk_html *html, enum hk_page_place here, const char *role)
{
    static const struct {
        enum hk_page_place place;
        const char *path;
        enum hk_word word;
    } places[] = {
        {HK_PLACE_QUEUE, "/", HK_WORD_NAV_QUEUE},
        {HK_PLACE_CASES, "/cases", HK_WORD_NAV_CASES},
        {HK_PLACE_ALERTS, "/alerts", HK_WORD_NAV_ALERTS},
        {HK_PLACE_CONTAINMENTS, "/containments", HK_WORD_NAV_CONTAINMENTS},
        {HK_PLACE_RUNS, "/runs", HK_WORD_NAV_RUNS},
        {HK_PLACE_SEARCH, "/search", HK_WORD_NAV_SEARCH},
        {HK_PLACE_LEDGER, "/ledger", HK_WORD_NAV_LEDGER},
        {HK_PLACE_PEOPLE, "/people", HK_WORD_NAV_PEOPLE},
    };

    hk_html_open(html, "nav");
    hk_html_attr(html, "aria-label", hk_word(html->language, HK_WORD_NAV));
    hk_html_open(html, "ul");
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (!is_of_use(places[i].place, role != NULL ? role : ""))
            continue;
        hk_html_open(html, "li");
        hk_html_open(html, "a");
        hk_html_url(html, "href", places[i].path);
        hk_html_attr(html, "aria-current", places[i].place == here ? "page" : NULL);
        hk_html_word(html, places[i].word);
        hk_html_end(html);
        hk_html_end(html);
    }
    hk_html_end(html);
    hk_html_end(html);
}

static void put_header(struct hk_html *html, const struct hk_page *page)
{
    hk_html_open_class(html, "header", "top");
    hk_html_open_class(html, "div", "brand");
    if (page->person != NULL) {
        hk_html_open_class(html, "a", "name");
        hk_html_url(html, "href", "/");
        hk_html_text(html, "Hikeshi");
        hk_html_end(html);
    } else {
        hk_html_open_class(html, "span", "name");
        hk_html_text(html, "Hikeshi");
        hk_html_end(html);
    }
    if (page->tenant != NULL) {
        hk_html_open_class(html, "span", "tenant");
        hk_html_text(html, page->tenant);
        hk_html_end(html);
    }
    if (page->person != NULL) {
        hk_html_open_class(html, "a", "person");
        hk_html_url(html, "href", "/account");
        hk_html_attr(html, "aria-current", page->place == HK_PLACE_ACCOUNT ? "page" : NULL);
        hk_html_text(html, page->person);
        hk_html_end(html);
    }
    hk_html_end(html);
    if (page->person != NULL)
        put_places(html, page->place, page->role);
    hk_html_end(html);
}

static void put_notice(struct hk_html *html, const struct hk_page *page)
{
    bool is_problem = page->notice_kind == HK_NOTICE_PROBLEM;

    if (page->notice_kind == HK_NOTICE_NONE || page->notice == NULL)
        return;
    hk_html_open_class(html, "p", is_problem ? "notice problem" : "notice done");
    hk_html_attr(html, "role", is_problem ? "alert" : "status");
    hk_html_foreign(html, page->notice, HK_HTML_LONG);
    hk_html_end(html);
}

void hk_page_begin(struct hk_html *html, struct hk_buf *out, const struct hk_page *page)
{
    (void)pthread_once(&files_once, name_files);
    hk_html_init(html, out, page->language, page->zone_minutes, page->now_us);
    hk_buf_append_text(out, "<!DOCTYPE html>\n");
    hk_html_open(html, "html");
    hk_html_attr(html, "lang", hk_language_tag(page->language));
    put_head(html, page);
    hk_html_open(html, "body");
    hk_html_open_class(html, "a", "skip");
    hk_html_url(html, "href", "#content");
    hk_html_word(html, HK_WORD_SKIP);
    hk_html_end(html);
    put_header(html, page);
    hk_html_open(html, "main");
    hk_html_attr(html, "id", "content");
    hk_html_attr(html, "tabindex", "-1");
    put_notice(html, page);
    hk_html_open(html, "h1");
    hk_html_foreign(html, page->title, HK_HTML_SHORT * 2);
    hk_html_end(html);
}

static void put_switch(struct hk_html *html, const struct hk_page *page)
{
    enum hk_language other = page->language == HK_LANGUAGE_JA ? HK_LANGUAGE_EN : HK_LANGUAGE_JA;

    if (page->path == NULL)
        return;
    hk_html_open(html, "a");
    hk_html_url(html, "href", "/language?to={}&then={}", hk_language_tag(other), page->path);
    hk_html_attr(html, "hreflang", hk_language_tag(other));
    hk_html_attr(html, "lang", hk_language_tag(other));
    hk_html_text(html, hk_word(other, HK_WORD_THIS_LANGUAGE));
    hk_html_end(html);
}

void hk_page_end(struct hk_html *html, const struct hk_page *page)
{
    hk_html_end(html); /* main */
    hk_html_open_class(html, "footer", "bottom");
    put_switch(html, page);
    hk_html_open(html, "span");
    hk_html_word(html, HK_WORD_TIMES_IN);
    hk_html_text(html, " ");
    struct hk_buf zone;
    hk_buf_init(&zone, 64);
    hk_words_zone(&zone, page->zone_minutes);
    hk_html_text(html, zone.data);
    hk_buf_done(&zone);
    hk_html_end(html);
    if (page->person != NULL) {
        hk_page_form(html, page, "/logout");
        hk_page_button(html, HK_WORD_LOG_OUT, "plain", NULL, NULL);
        hk_html_end(html);
    }
    hk_html_end(html);
    hk_html_end(html); /* body */
    hk_html_end(html); /* html */
    hk_html_finish(html);
}

/* --- parts --- */

void hk_page_section(struct hk_html *html, const char *id, enum hk_word heading)
{
    hk_html_open(html, "section");
    hk_html_attr(html, "aria-labelledby", id);
    hk_html_open(html, "h2");
    hk_html_attr(html, "id", id);
    hk_html_word(html, heading);
    hk_html_end(html);
}

void hk_page_fact(struct hk_html *html, enum hk_word label)
{
    hk_html_open(html, "div");
    hk_html_line(html, "dt", NULL, label);
    hk_html_open(html, "dd");
}

void hk_page_fact_end(struct hk_html *html)
{
    hk_html_end(html);
    hk_html_end(html);
}

/* The classes of a badge: its kind must be a word, whatever the record says. */
void hk_page_badge(struct hk_html *html, const char *kind, const char *text)
{
    char classes[64];
    size_t size = kind != NULL ? strspn(kind, "abcdefghijklmnopqrstuvwxyz-_") : 0;

    if (kind == NULL || kind[size] != '\0' || size > 32)
        size = 0;
    (void)snprintf(classes, sizeof(classes), "badge%s%.*s", size > 0 ? " is-" : "", (int)size,
        size > 0 ? kind : "");
    hk_html_open_class(html, "span", classes);
    hk_html_text(html, text);
    hk_html_end(html);
}

void hk_page_severity(struct hk_html *html, const char *severity)
{
    if (severity != NULL)
        hk_page_badge(html, severity, hk_name(html->language, HK_NAME_SEVERITY, severity));
}

void hk_page_back(struct hk_html *html, enum hk_word word, const char *path)
{
    hk_html_open_class(html, "p", "back");
    hk_html_open(html, "a");
    hk_html_url(html, "href", path);
    hk_html_word(html, word);
    hk_html_end(html);
    hk_html_end(html);
}

void hk_page_next(struct hk_html *html, const char *path, const char *state, const char *next)
{
    if (next == NULL)
        return;
    hk_html_open_class(html, "p", "next");
    hk_html_open(html, "a");
    hk_html_url(html, "href", path, state != NULL ? state : "", next);
    hk_html_attr(html, "rel", "next");
    hk_html_word(html, HK_WORD_NEXT_PAGE);
    hk_html_end(html);
    hk_html_end(html);
}

/* --- forms --- */

void hk_page_hidden(struct hk_html *html, const char *name, const char *value)
{
    hk_html_open(html, "input");
    hk_html_attr(html, "type", "hidden");
    hk_html_attr(html, "name", name);
    hk_html_attr(html, "value", value);
}

void hk_page_form_of(struct hk_html *html, const struct hk_page *page, const char *const *path)
{
    hk_html_open(html, "form");
    hk_html_attr(html, "method", "post");
    hk_html_url_of(html, "action", path);
    if (page->csrf != NULL)
        hk_page_hidden(html, "csrf", page->csrf);
}

static void put_input(struct hk_html *html, const struct hk_field *field, const char *hint_id)
{
    bool is_area = field->type != NULL && strcmp(field->type, "textarea") == 0;
    char number[16];

    hk_html_open(html, is_area ? "textarea" : "input");
    if (!is_area)
        hk_html_attr(html, "type", field->type != NULL ? field->type : "text");
    hk_html_attr(html, "id", field->id);
    hk_html_attr(html, "name", field->name);
    hk_html_attr(html, "aria-describedby", hint_id);
    hk_html_attr(html, "autocomplete", field->complete != NULL ? field->complete : "off");
    if (field->is_numeric)
        hk_html_attr(html, "inputmode", "numeric");
    if (field->size_max > 0) {
        (void)snprintf(number, sizeof(number), "%u", field->size_max);
        hk_html_attr(html, "maxlength", number);
    }
    if (field->is_required)
        hk_html_flag(html, "required");
    if (!is_area) {
        hk_html_attr(html, "value", field->value);
        return;
    }
    hk_html_attr(html, "rows", "3");
    /* The parser drops a first new line: give it one to drop. */
    hk_html_text(html, "\n");
    hk_html_text(html, field->value);
    hk_html_end(html);
}

void hk_page_field(struct hk_html *html, const struct hk_field *field)
{
    bool has_hint = field->hint != HK_WORD_NO_TEXT;
    char hint_id[64];

    (void)snprintf(hint_id, sizeof(hint_id), "%s-hint", field->id);
    hk_html_open_class(html, "div", "field");
    hk_html_open(html, "label");
    hk_html_attr(html, "for", field->id);
    hk_html_word(html, field->label);
    hk_html_end(html);
    put_input(html, field, has_hint ? hint_id : NULL);
    if (has_hint) {
        hk_html_open_class(html, "p", "hint");
        hk_html_attr(html, "id", hint_id);
        hk_html_word(html, field->hint);
        hk_html_end(html);
    }
    hk_html_end(html);
}

void hk_page_button(
    struct hk_html *html, enum hk_word word, const char *look, const char *name, const char *value)
{
    hk_html_open_class(html, "button", look);
    hk_html_attr(html, "type", "submit");
    hk_html_attr(html, "name", name);
    hk_html_attr(html, "value", value);
    hk_html_word(html, word);
    hk_html_end(html);
}
