/*
 * tell_list: messages that are lists: notices that were gathered into one, and the daily digest.
 */
#include "tell/tell_text.h"

#include <string.h>

enum { ITEMS_MAX = 20 };

/* "[high] Block 203.0.113.66 at the edge, until …" */
static void put_item(
    const struct hk_tell_scene *scene, const struct hk_json *item, struct hk_buf *out)
{
    static const char *const paths[] = {"summary", "title", "playbook", "reason"};
    const char *severity = hk_json_string_at(item, "severity", NULL);
    const char *target = hk_json_string_at(item, "target", NULL);
    int64_t expires_us = hk_tell_time_at(item, "expires");
    size_t i = 0;

    hk_buf_append_text(out, "  - ");
    if (severity != NULL) {
        hk_buf_append_char(out, '[');
        hk_tell_put(out, hk_name(scene->language, HK_NAME_SEVERITY, severity), 32);
        hk_buf_append_text(out, "] ");
    }
    while (i < sizeof(paths) / sizeof(paths[0]) && hk_json_string_at(item, paths[i], NULL) == NULL)
        i++;
    if (hk_json_string_at(item, "summary", NULL) == NULL &&
        hk_json_string_at(item, "action", NULL) != NULL) {
        /* A gap has its kind and name in the places of an action and its target. */
        hk_tell_put(out,
            hk_name(scene->language, HK_NAME_GAP, hk_json_string_at(item, "action", "")),
            HK_TELL_SUBJECT_MAX);
        hk_buf_append_char(out, ' ');
        hk_tell_put(out, target != NULL ? target : "", HK_TELL_SUBJECT_MAX);
    } else if (i < sizeof(paths) / sizeof(paths[0])) {
        hk_tell_put(out, hk_json_string_at(item, paths[i], ""), HK_TELL_SUBJECT_MAX);
    }
    if (expires_us != 0) {
        struct hk_buf at;
        hk_buf_init(&at, 256);
        hk_tell_time(&at, scene, expires_us);
        hk_buf_append_text(out, scene->language == HK_LANGUAGE_JA ? "、" : ", ");
        hk_words_put(out, scene->language, HK_WORD_MAIL_UP_TO, at.data != NULL ? at.data : "");
        hk_buf_done(&at);
    }
    hk_buf_append_char(out, '\n');
}

/* The first items, and how many more there are. */
static void put_items(const struct hk_tell_scene *scene, const struct hk_json *items, int64_t count,
    struct hk_buf *out)
{
    char digits[24];
    int64_t shown = 0;

    for (const struct hk_json *item = items != NULL ? items->first : NULL;
         item != NULL && shown < ITEMS_MAX; item = item->next) {
        put_item(scene, item, out);
        shown++;
    }
    if (count <= shown)
        return;
    struct hk_buf number;
    hk_buf_init(&number, sizeof(digits));
    hk_buf_appendf(&number, "%lld", (long long)(count - shown));
    hk_buf_append_text(out, "  ");
    hk_words_put(
        out, scene->language, HK_WORD_MAIL_AND_MORE, number.data != NULL ? number.data : "");
    hk_buf_append_char(out, '\n');
    hk_buf_done(&number);
}

void hk_tell_gathered(
    const struct hk_tell_scene *scene, const struct hk_json *notice, struct hk_buf *out)
{
    put_items(scene, hk_json_get(notice, "items"), hk_json_i64_at(notice, "count", 0), out);
}

/* --- the digest --- */

struct part {
    const char *items; /* in the notice; "count" beside it */
    const char *count;
    enum hk_word heading;
};

static const struct part parts[] = {
    {"pending.items", "pending.count", HK_WORD_MAIL_PENDING},
    {"contained.items", "contained.count", HK_WORD_MAIL_CONTAINED},
    {"unknown.items", "unknown.count", HK_WORD_MAIL_UNKNOWNS},
    {"gaps.items", "gaps.count", HK_WORD_MAIL_GAPS},
};

void hk_tell_digest(const struct hk_tell_scene *scene, const struct hk_json *notice,
    struct hk_buf *subject, struct hk_buf *out)
{
    enum hk_language language = scene->language;
    struct hk_buf counts;
    bool is_quiet = true;

    hk_buf_init(&counts, 1024);
    hk_words_time(out, language, scene->zone_minutes, HK_TIME_DAY, scene->now_us);
    hk_buf_append_text(out, "\n\n");
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        int64_t count = hk_json_i64_at(notice, parts[i].count, 0);

        if (count == 0)
            continue;
        hk_buf_appendf(out, "%s%s%s (%lld)\n", is_quiet ? "" : "\n", "",
            hk_word(language, parts[i].heading), (long long)count);
        put_items(scene, hk_json_at(notice, parts[i].items), count, out);
        hk_buf_appendf(&counts, "%s%s %lld",
            is_quiet                     ? ""
            : language == HK_LANGUAGE_JA ? "、"
                                         : ", ",
            hk_word(language, parts[i].heading), (long long)count);
        is_quiet = false;
    }
    if (is_quiet) {
        hk_tell_say(out, scene, HK_WORD_MAIL_ALL_QUIET);
        hk_buf_append_text(&counts, hk_word(language, HK_WORD_MAIL_ALL_QUIET));
    }
    hk_buf_appendf(subject, "[%s] ", scene->tenant);
    hk_words_put(subject, language, HK_WORD_MAIL_S_DIGEST, counts.data != NULL ? counts.data : "");
    hk_buf_done(&counts);
}
