/*
 * tell_text: see tell_text.h.
 */
#include "tell/tell_text.h"

#include "base/defang.h"
#include "base/text.h"
#include "base/time.h"

#include <string.h>

/* Bytes of a character that begins at text, which is well-formed, and must not be passed on; 0 when
 * it is an ordinary one, or none begins there. */
static size_t hidden_size(const char *text)
{
    size_t size = 0;

    if (((unsigned char)*text & 0xc0) == 0x80)
        return 0;
    return hk_character_is_unseen(hk_utf8_decode(text, &size)) ? size : 0;
}

/* Without what isn't shown, and with one blank for any number of them. */
static void clean(struct hk_buf *out, const char *text, size_t end, bool keeps_lines)
{
    bool is_begin = true; /* of a line */
    bool has_blank = false;
    size_t hidden;

    for (size_t i = 0; i < end; i++) {
        unsigned char byte = (unsigned char)text[i];

        if (keeps_lines && byte == '\n') {
            hk_buf_append_char(out, '\n');
            is_begin = true;
            has_blank = false;
        } else if (byte <= ' ' || byte == 0x7f) {
            has_blank = !is_begin;
        } else if ((hidden = hidden_size(text + i)) > 0) {
            i += hidden - 1;
        } else {
            if (has_blank)
                hk_buf_append_char(out, ' ');
            hk_buf_append_char(out, text[i]);
            is_begin = false;
            has_blank = false;
        }
    }
}

static void put(struct hk_buf *out, const char *text, size_t size_max, bool keeps_lines)
{
    size_t size = strlen(text);
    size_t end = hk_utf8_prefix(text, size, size_max);
    struct hk_buf shown;

    if (!hk_utf8_is_valid(text, size))
        end = hk_utf8_valid_prefix(text, end);
    /* First this: what is hidden between ':' and "//" must not come together to a link again. */
    hk_buf_init(&shown, end + 1);
    clean(&shown, text, end, keeps_lines);
    if (shown.failed)
        out->failed = true;
    if (!shown.failed && shown.size > 0)
        hk_defang(shown.data, shown.size, out);
    hk_buf_done(&shown);
    if (end < size)
        hk_buf_append_text(out, "…");
}

void hk_tell_put(struct hk_buf *out, const char *text, size_t size_max)
{
    put(out, text, size_max, false);
}

void hk_tell_put_lines(struct hk_buf *out, const char *text, size_t size_max)
{
    put(out, text, size_max, true);
}

void hk_tell_put_value(struct hk_buf *out, const struct hk_json *value, size_t size_max)
{
    struct hk_buf json;

    if (hk_json_string(value) != NULL) {
        hk_tell_put(out, hk_json_string(value), size_max);
    } else if (value != NULL) {
        hk_buf_init(&json, 1024 * 1024);
        hk_json_canonical(value, &json);
        hk_tell_put(out, json.data != NULL && !json.failed ? json.data : "…", size_max);
        hk_buf_done(&json);
    }
}

/* --- lines --- */

void hk_tell_label(struct hk_buf *out, const struct hk_tell_scene *scene, enum hk_word label)
{
    hk_buf_append_text(out, hk_word(scene->language, label));
    hk_buf_append_text(out, scene->language == HK_LANGUAGE_JA ? "：" : ": ");
}

void hk_tell_fact(
    struct hk_buf *out, const struct hk_tell_scene *scene, enum hk_word label, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    hk_tell_label(out, scene, label);
    hk_tell_put(out, text, HK_TELL_LINE_MAX);
    hk_buf_append_char(out, '\n');
}

void hk_tell_time(struct hk_buf *out, const struct hk_tell_scene *scene, int64_t time_us)
{
    hk_words_time(out, scene->language, scene->zone_minutes, HK_TIME_MINUTES, time_us);
}

void hk_tell_fact_time(
    struct hk_buf *out, const struct hk_tell_scene *scene, enum hk_word label, int64_t time_us)
{
    if (time_us <= 0)
        return;
    hk_tell_label(out, scene, label);
    hk_tell_time(out, scene, time_us);
    hk_buf_append_char(out, '\n');
}

void hk_tell_say(struct hk_buf *out, const struct hk_tell_scene *scene, enum hk_word word)
{
    hk_buf_append_text(out, hk_word(scene->language, word));
    hk_buf_append_char(out, '\n');
}

int64_t hk_tell_time_at(const struct hk_json *object, const char *path)
{
    const char *text = hk_json_string_at(object, path, NULL);
    int64_t time_us = 0;

    if (text == NULL || hk_time_parse(text, &time_us, NULL) != HK_OK)
        return 0;
    return time_us;
}
