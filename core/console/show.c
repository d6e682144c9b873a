/*
 * show: see show.h.
 */
#include "console/show.h"

#include "base/time.h"

#include <stdio.h>
#include <string.h>

enum {
    TREE_ITEMS_MAX = 20, /* of one object or list */
    TREE_DEPTH_MAX = 2,
    PRETTY_DEPTH_MAX = 40,
};
#define PRETTY_SIZE_MAX ((size_t)64 * 1024)

int64_t hk_show_us(const struct hk_json *object, const char *path)
{
    const char *text = hk_json_string_at(object, path, NULL);
    int64_t time_us;

    return text != NULL && hk_time_parse(text, &time_us, NULL) == HK_OK ? time_us : 0;
}

/* --- people --- */

const char *hk_show_name(const struct hk_html *html, const struct hk_json *names, const char *id)
{
    const char *name;

    if (id == NULL || strcmp(id, "engine") == 0)
        return hk_word(html->language, HK_WORD_ENGINE_ITSELF);
    if (strcmp(id, "local") == 0 || strcmp(id, "tool") == 0)
        return hk_word(html->language, HK_WORD_LOCAL_COMMAND);
    name = hk_json_string(hk_json_get(names, id));
    return name != NULL && name[0] != '\0' ? name : id;
}

void hk_show_who(struct hk_html *html, const struct hk_json *names, const char *id)
{
    hk_html_foreign(html, hk_show_name(html, names, id), HK_HTML_SHORT);
}

bool hk_show_all(struct hk_html *html, const struct hk_json *names, const struct hk_json *ids)
{
    bool is_first = true;

    if (ids == NULL || ids->type != HK_JSON_ARRAY)
        return false;
    for (const struct hk_json *id = ids->first; id != NULL; id = id->next) {
        if (!is_first)
            hk_html_text(html, html->language == HK_LANGUAGE_JA ? "、" : ", ");
        hk_show_who(html, names, hk_json_string(id));
        is_first = false;
    }
    return !is_first;
}

/* --- values --- */

void hk_show_value(struct hk_html *html, const struct hk_json *value, size_t size_max)
{
    struct hk_buf text;

    if (value == NULL || value->type == HK_JSON_NULL) {
        hk_html_text(html, "–");
    } else if (value->type == HK_JSON_STRING) {
        hk_html_foreign(html, value->text, size_max);
    } else if (value->type == HK_JSON_TRUE || value->type == HK_JSON_FALSE) {
        hk_html_word(html, value->type == HK_JSON_TRUE ? HK_WORD_YES : HK_WORD_NO);
    } else if (value->type == HK_JSON_NUMBER) {
        hk_html_text(html, value->text);
    } else {
        hk_buf_init(&text, html->out->size_max);
        hk_json_canonical(value, &text);
        hk_html_code(html, text.data, size_max);
        hk_buf_done(&text);
    }
}

static bool is_empty(const struct hk_json *value)
{
    return value->type == HK_JSON_NULL ||
           (value->type == HK_JSON_STRING && value->text_size == 0) ||
           ((value->type == HK_JSON_ARRAY || value->type == HK_JSON_OBJECT) && value->count == 0);
}

static void put_more(struct hk_html *html, unsigned count)
{
    char number[16];

    (void)snprintf(number, sizeof(number), "%u", count);
    hk_html_open_class(html, "li", "soft");
    hk_html_say(html, HK_WORD_AND_MORE, number);
    hk_html_end(html);
}

/* Nothing but texts, numbers and the like, and few of them? */
static bool is_row(const struct hk_json *value)
{
    if (value->type != HK_JSON_ARRAY || value->count > TREE_ITEMS_MAX)
        return false;
    for (const struct hk_json *item = value->first; item != NULL; item = item->next)
        if (item->type == HK_JSON_ARRAY || item->type == HK_JSON_OBJECT)
            return false;
    return true;
}

static void put_row(struct hk_html *html, const struct hk_json *value)
{
    for (const struct hk_json *item = value->first; item != NULL; item = item->next) {
        if (item != value->first)
            hk_html_text(html, html->language == HK_LANGUAGE_JA ? "、" : ", ");
        hk_show_value(html, item, HK_HTML_SHORT);
    }
}

static void put_tree(struct hk_html *html, const struct hk_json *value, unsigned depth)
{
    unsigned count = 0;

    if (is_row(value)) {
        put_row(html, value);
        return;
    }

    if (value->type != HK_JSON_OBJECT && value->type != HK_JSON_ARRAY) {
        hk_show_value(html, value, HK_HTML_SHORT * 4);
        return;
    }
    if (depth == TREE_DEPTH_MAX) {
        hk_show_value(html, value, HK_HTML_SHORT * 2);
        return;
    }
    hk_html_open_class(html, "ul", "tree");
    for (const struct hk_json *item = value->first; item != NULL; item = item->next) {
        if (is_empty(item))
            continue;
        if (++count > TREE_ITEMS_MAX)
            continue;
        hk_html_open(html, "li");
        if (item->key != NULL) {
            hk_html_open_class(html, "span", "key");
            hk_html_foreign(html, item->key, HK_HTML_SHORT);
            hk_html_text(html, ": ");
            hk_html_end(html);
        }
        put_tree(html, item, depth + 1);
        hk_html_end(html);
    }
    if (count > TREE_ITEMS_MAX)
        put_more(html, count - TREE_ITEMS_MAX);
    hk_html_end(html);
}

void hk_show_tree(struct hk_html *html, const struct hk_json *value)
{
    if (value == NULL)
        hk_html_text(html, "–");
    else
        put_tree(html, value, 0);
}

static void put_pretty(struct hk_buf *out, const struct hk_json *value, unsigned depth)
{
    bool is_object = value->type == HK_JSON_OBJECT;
    struct hk_jw jw;

    if ((!is_object && value->type != HK_JSON_ARRAY) || value->count == 0 ||
        depth > PRETTY_DEPTH_MAX) {
        hk_json_canonical(value, out);
        return;
    }
    hk_buf_append_char(out, is_object ? '{' : '[');
    for (const struct hk_json *item = value->first; item != NULL; item = item->next) {
        hk_buf_appendf(out, "\n%*s", (int)(2 * (depth + 1)), "");
        if (is_object) {
            hk_jw_init(&jw, out);
            hk_jw_string_n(&jw, item->key, item->key_size);
            hk_buf_append_text(out, ": ");
        }
        put_pretty(out, item, depth + 1);
        if (item->next != NULL)
            hk_buf_append_char(out, ',');
    }
    hk_buf_appendf(out, "\n%*s%c", (int)(2 * depth), "", is_object ? '}' : ']');
}

void hk_show_pretty(struct hk_html *html, const struct hk_json *value)
{
    struct hk_buf text;

    if (value == NULL)
        return;
    hk_buf_init(&text, html->out->size_max);
    put_pretty(&text, value, 0);
    hk_html_open(html, "pre");
    hk_html_attr(html, "dir", "ltr");
    hk_html_attr(html, "tabindex", "0");
    hk_html_cut(html, text.data, PRETTY_SIZE_MAX);
    hk_html_end(html);
    hk_buf_done(&text);
}

/* --- facts and links --- */

void hk_show_fact(struct hk_html *html, enum hk_word label, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    hk_page_fact(html, label);
    hk_html_foreign(html, text, HK_HTML_SHORT * 8);
    hk_page_fact_end(html);
}

void hk_show_fact_code(struct hk_html *html, enum hk_word label, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    hk_page_fact(html, label);
    hk_html_code(html, text, HK_HTML_SHORT * 8);
    hk_page_fact_end(html);
}

void hk_show_link(struct hk_html *html, const char *path, const char *id, const char *text)
{
    hk_html_open(html, "a");
    hk_html_url(html, "href", path, id);
    hk_html_foreign(html, text != NULL ? text : id, HK_HTML_SHORT);
    hk_html_end(html);
}

void hk_show_fact_link(
    struct hk_html *html, enum hk_word label, const char *path, const char *id, const char *text)
{
    if (id == NULL || id[0] == '\0')
        return;
    hk_page_fact(html, label);
    hk_show_link(html, path, id, text);
    hk_page_fact_end(html);
}

void hk_show_fact_time(struct hk_html *html, enum hk_word label, int64_t time_us)
{
    if (time_us == 0)
        return;
    hk_page_fact(html, label);
    hk_html_time(html, HK_TIME_SECONDS, time_us);
    hk_page_fact_end(html);
}

void hk_show_ledger_link(struct hk_html *html, const char *subject)
{
    hk_html_open(html, "p");
    hk_html_open(html, "a");
    hk_html_url(html, "href", "/ledger?subject={}", subject);
    hk_html_word(html, HK_WORD_LEDGER_OF_THIS);
    hk_html_end(html);
    hk_html_end(html);
}

const char *hk_show_path_of(const char *subject)
{
    static const struct {
        const char *prefix;
        const char *path;
    } paths[] = {{"ga-", "/approvals/{}"}, {"ru-", "/runs/{}"}, {"al-", "/alerts/{}"},
        {"co-", "/containments/{}"}, {"ca-", "/cases/{}"}, {"ta-", "/tasks/{}"}};

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        if (strncmp(subject, paths[i].prefix, 3) == 0)
            return paths[i].path;
    return NULL;
}

/* --- sentences --- */

static const struct sentence {
    const char *capability;
    enum hk_word asked; /* what is to be done */
    enum hk_word held;  /* what was done */
} sentences[] = {
    {"contain.block_ip", HK_WORD_ACT_BLOCK_IP, HK_WORD_HELD_BLOCK_IP},
    {"contain.isolate_host", HK_WORD_ACT_ISOLATE_HOST, HK_WORD_HELD_ISOLATE_HOST},
    {"contain.disable_user", HK_WORD_ACT_DISABLE_USER, HK_WORD_HELD_DISABLE_USER},
    {"contain.revoke_sessions", HK_WORD_ACT_REVOKE_SESSIONS, HK_WORD_HELD_REVOKE_SESSIONS},
    {"contain.block_domain", HK_WORD_ACT_BLOCK_DOMAIN, HK_WORD_HELD_BLOCK_DOMAIN},
    {"contain.block_url", HK_WORD_ACT_BLOCK_URL, HK_WORD_HELD_BLOCK_URL},
    {"contain.block_hash", HK_WORD_ACT_BLOCK_HASH, HK_WORD_HELD_BLOCK_HASH},
    {"contain.quarantine_file", HK_WORD_ACT_QUARANTINE_FILE, HK_WORD_HELD_QUARANTINE_FILE},
    {"contain.remove_mail", HK_WORD_ACT_REMOVE_MAIL, HK_WORD_HELD_REMOVE_MAIL},
};

/* The words for a capability, or for a plugin's action of the same name; NULL: there are none. */
static const struct sentence *sentence_of(const char *capability, const char *action)
{
    const char *name = strchr(action, '.');

    for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
        const char *short_name = strchr(sentences[i].capability, '.');
        if (strcmp(capability, sentences[i].capability) == 0 ||
            (capability[0] == '\0' && name != NULL && strcmp(name, short_name) == 0))
            return &sentences[i];
    }
    return NULL;
}

static enum hk_word word_of_kind(const char *kind)
{
    if (strcmp(kind, "contain") == 0)
        return HK_WORD_ACT_CONTAIN;
    if (strcmp(kind, "eradicate") == 0)
        return HK_WORD_ACT_ERADICATE;
    return strcmp(kind, "restore") == 0 ? HK_WORD_ACT_RESTORE : HK_WORD_ACT_OTHER;
}

void hk_show_sentence(struct hk_buf *out, enum hk_language language, const struct hk_json *covers,
    const char *fallback)
{
    const char *action = hk_json_string_at(covers, "action", "");
    const char *target = hk_json_string_at(covers, "target", "");
    const struct sentence *sentence =
        sentence_of(hk_json_string_at(covers, "capability", ""), action);

    if (action[0] == '\0' || strcmp(action, "ask") == 0)
        hk_buf_append_text(out, fallback);
    else if (target[0] == '\0')
        hk_words_put(out, language, HK_WORD_ACT_NO_TARGET, action);
    else if (sentence != NULL)
        hk_words_put(out, language, sentence->asked, target);
    else if (language == HK_LANGUAGE_EN && fallback != NULL && fallback[0] != '\0')
        hk_buf_append_text(out, fallback); /* the plugin's own words are English */
    else
        hk_words_put(
            out, language, word_of_kind(hk_json_string_at(covers, "kind", "")), target, action);
}

void hk_show_held(struct hk_buf *out, enum hk_language language, const struct hk_json *containment)
{
    const char *action = hk_json_string_at(containment, "action", "");
    const char *target = hk_json_string_at(containment, "target", "");
    const struct sentence *sentence =
        sentence_of(hk_json_string_at(containment, "capability", ""), action);

    if (target[0] == '\0')
        hk_buf_append_text(out, action);
    else if (sentence != NULL)
        hk_words_put(out, language, sentence->held, target);
    else
        hk_words_put(out, language, HK_WORD_HELD_OTHER, target, action);
}

/* --- lists --- */

static void put_choice(
    struct hk_html *html, const char *path, const char *state, const char *text, bool is_current)
{
    hk_html_open(html, "a");
    hk_html_url(html, "href", path, state);
    hk_html_attr(html, "aria-current", is_current ? "true" : NULL);
    hk_html_text(html, text);
    hk_html_end(html);
}

void hk_show_filter(struct hk_html *html, const char *path, enum hk_name_group group,
    const char *const *states, const char *state)
{
    hk_html_open_class(html, "nav", "filter");
    hk_html_attr(html, "aria-label", hk_word(html->language, HK_WORD_FILTER));
    put_choice(html, path, "", hk_word(html->language, HK_WORD_FILTER_ALL), state[0] == '\0');
    for (; *states != NULL; states++)
        put_choice(html, path, *states,
            strcmp(*states, "live") == 0 ? hk_word(html->language, HK_WORD_FILTER_LIVE)
                                         : hk_name(html->language, group, *states),
            strcmp(*states, state) == 0);
    hk_html_end(html);
}

void hk_show_erased(struct hk_html *html, const struct hk_json *document)
{
    const struct hk_json *erased = hk_json_get(document, "erased");

    if (erased == NULL || erased->type != HK_JSON_OBJECT)
        return;
    hk_html_open_class(html, "div", "panel");
    hk_html_line(html, "p", NULL, HK_WORD_ERASED_HERE);
    hk_html_open_class(html, "p", "soft");
    hk_html_foreign(html, hk_json_string_at(erased, "by_name", ""), HK_HTML_SHORT);
    hk_html_text(html, " · ");
    hk_html_time(html, HK_TIME_SECONDS, hk_show_us(erased, "time"));
    hk_html_end(html);
    hk_html_open(html, "p");
    hk_html_foreign(html, hk_json_string_at(erased, "reason", ""), HK_HTML_SHORT * 16);
    hk_html_end(html);
    hk_html_end(html);
}
