/*
 * page_ledger: the entries about one subject, each with its line and payload, and whether they lead
 * to the newest signed checkpoint.
 */
#include "base/time.h"
#include "console/pages.h"
#include "console/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- the proof --- */

static void put_number(struct hk_html *html, enum hk_word word, int64_t one, int64_t other)
{
    char texts[2][24];

    (void)snprintf(texts[0], sizeof(texts[0]), "%" PRId64, one);
    (void)snprintf(texts[1], sizeof(texts[1]), "%" PRId64, other);
    hk_html_open(html, "p");
    hk_html_say(html, word, texts[0], texts[1]);
    hk_html_end(html);
}

static enum hk_word badge_of(const char *state)
{
    if (strcmp(state, "verified") == 0)
        return HK_WORD_PROOF_VERIFIED;
    if (strcmp(state, "wrong") == 0)
        return HK_WORD_PROOF_WRONG;
    return HK_WORD_PROOF_LATER;
}

static void put_verdict(struct hk_html *html, const struct hk_json *proof)
{
    const char *state = hk_json_string_at(proof, "state", "");
    const char *problem = hk_json_string_at(proof, "problem", "");
    int64_t size = hk_json_i64_at(proof, "size", 0);

    if (strcmp(state, "verified") == 0)
        hk_html_line(html, "p", NULL, HK_WORD_PROOF_VERIFIED_HINT);
    else if (strcmp(problem, "payload") == 0)
        put_number(html, HK_WORD_PROOF_PAYLOAD_HINT, hk_json_i64_at(proof, "seq", 0), 0);
    else if (strcmp(problem, "signature") == 0)
        hk_html_line(html, "p", NULL, HK_WORD_PROOF_UNSIGNED_HINT);
    else if (strcmp(state, "wrong") == 0)
        hk_html_line(html, "p", NULL, HK_WORD_PROOF_WRONG_HINT);
    else if (strcmp(state, "none") == 0)
        hk_html_line(html, "p", NULL, HK_WORD_PROOF_NONE_HINT);
    if (hk_json_bool_at(proof, "has_later", false))
        put_number(html, HK_WORD_PROOF_LATER_HINT, size, 0);
}

static void put_proof(struct hk_html *html, const struct hk_json *proof)
{
    const char *state = hk_json_string_at(proof, "state", "");
    const char *checkpoint = hk_json_string_at(proof, "checkpoint", NULL);
    const char *look = strcmp(state, "verified") == 0 ? "verified"
                       : strcmp(state, "wrong") == 0  ? "failed"
                                                      : "waiting";

    if (proof == NULL)
        return;
    hk_page_section(html, "proof", HK_WORD_LEDGER_PROOF);
    hk_html_open(html, "p");
    hk_page_badge(html, look, hk_word(html->language, badge_of(state)));
    hk_html_end(html);
    put_verdict(html, proof);
    if (checkpoint != NULL) {
        hk_html_open_class(html, "dl", "facts");
        hk_page_fact(html, HK_WORD_PROOF_CHECKPOINT);
        hk_html_count(html, HK_WORD_PROOF_SIZE, hk_json_i64_at(proof, "size", 0));
        hk_html_open(html, "pre");
        hk_html_attr(html, "dir", "ltr");
        hk_html_attr(html, "tabindex", "0");
        hk_html_text(html, checkpoint);
        hk_html_end(html);
        hk_page_fact_end(html);
        hk_show_fact_code(html, HK_WORD_PROOF_KEY, hk_json_string_at(proof, "key", NULL));
        hk_html_end(html);
        hk_html_line(html, "p", "soft", HK_WORD_PROOF_OUTSIDE);
    }
    hk_html_end(html);
}

/* --- entries --- */

/* The word of that number in a line, which words stand in with single blanks between: "" when there
 * are fewer. */
static void word_of_line(const char *line, unsigned number, char *ret_word, size_t capacity)
{
    size_t size;

    for (unsigned i = 0; i < number && line != NULL; i++) {
        line = strchr(line, ' ');
        line = line != NULL ? line + 1 : NULL;
    }
    size = line != NULL ? strcspn(line, " ") : 0;
    if (size >= capacity)
        size = capacity - 1;
    if (size > 0)
        memcpy(ret_word, line, size);
    ret_word[size] = '\0';
}

static const struct hk_json *leaf_of(const struct hk_json *proof, int64_t seq)
{
    const struct hk_json *leaves = hk_json_get(proof, "leaves");
    char key[24];

    (void)snprintf(key, sizeof(key), "%" PRId64, seq);
    return hk_json_get(leaves, key);
}

static void put_erased(struct hk_html *html, const struct hk_json *entry)
{
    if (hk_json_get(entry, "erased") == NULL)
        hk_html_line(html, "p", NULL, HK_WORD_LEDGER_ERASED);
    hk_show_erased(html, entry);
}

static void put_entry(
    struct hk_html *html, const struct hk_json *entry, const struct hk_page_ledger *what)
{
    const char *line = hk_json_string_at(entry, "line", "");
    const struct hk_json *payload = hk_json_get(entry, "payload");
    int64_t seq = hk_json_i64_at(entry, "seq", 0);
    const char *leaf = hk_json_string(leaf_of(what->proof, seq));
    int64_t time_us = 0;
    char number[24];
    char word[128];

    (void)snprintf(number, sizeof(number), "%" PRId64, seq);
    hk_html_open(html, "li");
    hk_html_open_class(html, "p", "row");
    hk_html_open_class(html, "span", "title");
    word_of_line(line, 3, word, sizeof(word));
    hk_html_text(html, hk_name(html->language, HK_NAME_KIND, word));
    hk_html_end(html);
    hk_html_open_class(html, "span", "soft");
    hk_html_say(html, HK_WORD_LEDGER_ENTRY, number);
    hk_html_end(html);
    hk_html_end(html);
    hk_html_open_class(html, "p", "soft");
    word_of_line(line, 5, word, sizeof(word));
    hk_show_who(html, what->names, word);
    hk_html_text(html, " · ");
    word_of_line(line, 2, word, sizeof(word));
    hk_html_time(html, HK_TIME_SECONDS, hk_time_parse(word, &time_us, NULL) == HK_OK ? time_us : 0);
    word_of_line(line, 4, word, sizeof(word));
    if (what->subject[0] == '\0' && hk_show_path_of(word) != NULL) {
        hk_html_text(html, " · ");
        hk_show_link(html, hk_show_path_of(word), word, NULL);
    }
    hk_html_end(html);
    hk_html_open(html, "details");
    hk_html_line(html, "summary", NULL, HK_WORD_LEDGER_PAYLOAD);
    hk_html_open_class(html, "div", "entry");
    if (payload == NULL || payload->type == HK_JSON_NULL)
        put_erased(html, entry);
    else
        hk_show_pretty(html, payload);
    hk_html_line(html, "p", "soft", HK_WORD_LEDGER_LINE);
    hk_html_code(html, line, HK_HTML_SHORT * 4);
    if (leaf != NULL) {
        hk_html_line(html, "p", "soft", HK_WORD_LEDGER_LEAF);
        hk_html_code(html, leaf, HK_HTML_SHORT);
    }
    hk_html_end(html);
    hk_html_end(html);
    hk_html_end(html);
}

static void put_entries(struct hk_html *html, const struct hk_page_ledger *what)
{
    const struct hk_json *items = hk_json_get(what->entries, "items");
    int64_t next = hk_json_i64_at(what->entries, "next", -1);
    char after[24];

    hk_page_section(html, "entries", HK_WORD_LEDGER_ENTRIES);
    if (items == NULL || items->count == 0)
        hk_html_line(html, "p", "empty", HK_WORD_LEDGER_NONE);
    hk_html_open_class(html, "ol", "line");
    for (const struct hk_json *entry = items != NULL ? items->first : NULL; entry != NULL;
         entry = entry->next)
        put_entry(html, entry, what);
    hk_html_end(html);
    if (next >= 0) {
        (void)snprintf(after, sizeof(after), "%" PRId64, next);
        hk_html_open_class(html, "p", "next");
        hk_html_open(html, "a");
        hk_html_url(html, "href", "/ledger?subject={}&after={}", what->subject, after);
        hk_html_word(html, HK_WORD_LATER_PAGE);
        hk_html_end(html);
        hk_html_end(html);
    }
    hk_html_end(html);
}

static void put_search(struct hk_html *html, const char *subject)
{
    hk_html_open_class(html, "form", "panel");
    hk_html_attr(html, "method", "get");
    hk_html_url(html, "action", "/ledger");
    hk_page_field(html, &(struct hk_field){.id = "subject",
                            .name = "subject",
                            .label = HK_WORD_LEDGER_SUBJECT,
                            .hint = HK_WORD_NO_TEXT,
                            .value = subject,
                            .size_max = 64});
    hk_page_button(html, HK_WORD_LEDGER_FIND, NULL, NULL, NULL);
    hk_html_end(html);
}

void hk_page_ledger(
    struct hk_buf *out, const struct hk_page *base, const struct hk_page_ledger *what)
{
    struct hk_page page = *base;
    struct hk_buf title;
    struct hk_html html;

    hk_buf_init(&title, out->size_max);
    if (what->subject[0] != '\0')
        hk_words_put(&title, base->language, HK_WORD_LEDGER_OF, what->subject);
    else
        hk_buf_append_text(&title, hk_word(base->language, HK_WORD_LEDGER_TITLE));
    page.title = title.data != NULL ? title.data : "";
    page.place = HK_PLACE_LEDGER;
    hk_page_begin(&html, out, &page);
    if (hk_show_path_of(what->subject) != NULL) {
        hk_html_open_class(&html, "p", "back");
        hk_show_link(&html, hk_show_path_of(what->subject), what->subject,
            hk_word(page.language, HK_WORD_LEDGER_PAGE));
        hk_html_end(&html);
    }
    put_proof(&html, what->proof);
    if (what->entries != NULL)
        put_entries(&html, what);
    put_search(&html, what->subject);
    hk_page_end(&html, &page);
    hk_buf_done(&title);
}
