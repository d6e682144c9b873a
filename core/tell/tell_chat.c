/*
 * tell_chat: a message as the body of a chat product's webhook. What is said goes only where the
 * product reads no markup: plain_text of Slack, text runs of an Adaptive Card, a code block of
 * Mattermost. The link is the one thing written as markup, and it is ours.
 */
#include "tell/tell.h"

#include "base/text.h"
#include "base/time.h"

#include <string.h>

/* Characters are counted by the products, bytes here: never more. */
enum {
    SLACK_HEADER_MAX = 150,
    SLACK_SECTION_MAX = 3000,
    SLACK_SECTIONS_MAX = 5,
    TEAMS_LINES_MAX = 80,
    TEAMS_TEXT_MAX = 12000, /* a message is at most 28 KB, and each line has a frame */
    MATTERMOST_TEXT_MAX = 8000,
};

/* --- Slack --- */

static void slack_text(struct hk_jw *jw, const char *type, const char *text, size_t size)
{
    hk_jw_object(jw);
    hk_jw_kv(jw, "type", type);
    hk_jw_key(jw, "text");
    hk_jw_string_n(jw, text, size);
    if (strcmp(type, "plain_text") == 0)
        hk_jw_kv_bool(jw, "emoji", false);
    hk_jw_object_end(jw);
}

static void slack_block(
    struct hk_jw *jw, const char *block, const char *type, const char *text, size_t size)
{
    hk_jw_object(jw);
    hk_jw_kv(jw, "type", block);
    hk_jw_key(jw, "text");
    slack_text(jw, type, text, size);
    hk_jw_object_end(jw);
}

/* Bytes of the next piece: whole lines where that is possible. */
static size_t piece_size(const char *text, size_t size_max)
{
    size_t size = strlen(text);
    size_t cut;

    if (size <= size_max)
        return size;
    cut = size_max;
    while (cut > size_max / 2 && text[cut - 1] != '\n')
        cut--;
    return text[cut - 1] == '\n' ? cut : hk_utf8_prefix(text, size, size_max);
}

/* In the fallback text &, < and > are markup (mentions are written "<!channel>"). */
static void slack_escape(struct hk_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '&')
            hk_buf_append_text(out, "&amp;");
        else if (*text == '<')
            hk_buf_append_text(out, "&lt;");
        else if (*text == '>')
            hk_buf_append_text(out, "&gt;");
        else
            hk_buf_append_char(out, *text);
    }
}

static void slack(
    const struct hk_tell_scene *scene, const struct hk_tell_message *message, struct hk_jw *jw)
{
    const char *text = message->text;
    struct hk_buf line;

    hk_buf_init(&line, 16 * 1024);
    slack_escape(&line, message->subject);
    hk_jw_object(jw);
    hk_jw_kv(jw, "text", line.data != NULL ? line.data : "");
    hk_jw_kv_bool(jw, "mrkdwn", false);
    hk_jw_kv_bool(jw, "unfurl_links", false);
    hk_jw_kv_bool(jw, "unfurl_media", false);
    hk_jw_key(jw, "blocks");
    hk_jw_array(jw);
    slack_block(jw, "header", "plain_text", message->subject,
        hk_utf8_prefix(message->subject, strlen(message->subject), SLACK_HEADER_MAX));
    for (int i = 0; i < SLACK_SECTIONS_MAX && *text != '\0'; i++) {
        size_t size = piece_size(text, SLACK_SECTION_MAX);
        slack_block(jw, "section", "plain_text", text, size);
        text += size;
    }
    if (message->link != NULL) {
        hk_buf_clear(&line);
        hk_buf_appendf(
            &line, "<%s|%s>", message->link, hk_word(scene->language, HK_WORD_MAIL_OPEN));
        slack_block(jw, "section", "mrkdwn", line.data != NULL ? line.data : "", line.size);
    }
    hk_jw_array_end(jw);
    hk_jw_object_end(jw);
    hk_buf_done(&line);
}

/* --- Teams --- */

static void teams_line(
    struct hk_jw *jw, const char *text, size_t size, bool is_title, bool is_apart)
{
    hk_jw_object(jw);
    hk_jw_kv(jw, "type", "RichTextBlock");
    hk_jw_kv(jw, "spacing", is_apart ? "Medium" : "None");
    hk_jw_key(jw, "inlines");
    hk_jw_array(jw);
    hk_jw_object(jw);
    hk_jw_kv(jw, "type", "TextRun");
    hk_jw_key(jw, "text");
    hk_jw_string_n(jw, text, size);
    if (is_title) {
        hk_jw_kv(jw, "weight", "Bolder");
        hk_jw_kv(jw, "size", "Medium");
    }
    hk_jw_object_end(jw);
    hk_jw_array_end(jw);
    hk_jw_object_end(jw);
}

static void teams_body(const struct hk_tell_message *message, struct hk_jw *jw)
{
    const char *end =
        message->text + hk_utf8_prefix(message->text, strlen(message->text), TEAMS_TEXT_MAX);
    bool is_apart = true;
    int lines = 0;

    teams_line(jw, message->subject, strlen(message->subject), true, false);
    for (const char *at = message->text; at < end && lines < TEAMS_LINES_MAX;) {
        size_t size = strcspn(at, "\n");
        if (size > (size_t)(end - at))
            size = (size_t)(end - at);
        if (size > 0) {
            teams_line(jw, at, size, false, is_apart);
            lines++;
        }
        is_apart = size == 0;
        at += size + 1;
    }
}

static void teams(
    const struct hk_tell_scene *scene, const struct hk_tell_message *message, struct hk_jw *jw)
{
    hk_jw_object(jw);
    hk_jw_kv(jw, "type", "message");
    hk_jw_key(jw, "attachments");
    hk_jw_array(jw);
    hk_jw_object(jw);
    hk_jw_kv(jw, "contentType", "application/vnd.microsoft.card.adaptive");
    hk_jw_key(jw, "contentUrl");
    hk_jw_null(jw);
    hk_jw_key(jw, "content");
    hk_jw_object(jw);
    hk_jw_kv(jw, "$schema", "http://adaptivecards.io/schemas/adaptive-card.json");
    hk_jw_kv(jw, "type", "AdaptiveCard");
    hk_jw_kv(jw, "version", "1.4");
    hk_jw_kv(jw, "lang", hk_language_tag(scene->language));
    hk_jw_key(jw, "body");
    hk_jw_array(jw);
    teams_body(message, jw);
    hk_jw_array_end(jw);
    if (message->link != NULL) {
        hk_jw_key(jw, "actions");
        hk_jw_array(jw);
        hk_jw_object(jw);
        hk_jw_kv(jw, "type", "Action.OpenUrl");
        hk_jw_kv(jw, "title", hk_word(scene->language, HK_WORD_MAIL_OPEN));
        hk_jw_kv(jw, "url", message->link);
        hk_jw_object_end(jw);
        hk_jw_array_end(jw);
    }
    hk_jw_object_end(jw);
    hk_jw_object_end(jw);
    hk_jw_array_end(jw);
    hk_jw_object_end(jw);
}

/* --- Mattermost --- */

/* A code block ends with three backticks: there are none inside. */
static void put_code(struct hk_buf *out, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        hk_buf_append_char(out, text[i] == '`' ? '\'' : text[i]);
}

static void mattermost(
    const struct hk_tell_scene *scene, const struct hk_tell_message *message, struct hk_jw *jw)
{
    size_t size = strlen(message->text);
    struct hk_buf text;

    hk_buf_init(&text, 64 * 1024);
    hk_buf_append_text(&text, "```\n");
    put_code(&text, message->subject, strlen(message->subject));
    hk_buf_append_text(&text, "\n\n");
    put_code(&text, message->text, hk_utf8_prefix(message->text, size, MATTERMOST_TEXT_MAX));
    hk_buf_append_text(&text, size > MATTERMOST_TEXT_MAX ? "…\n```\n" : "```\n");
    if (message->link != NULL)
        hk_buf_appendf(
            &text, "[%s](%s)", hk_word(scene->language, HK_WORD_MAIL_OPEN), message->link);
    hk_jw_object(jw);
    hk_jw_kv(jw, "text", text.data != NULL ? text.data : "");
    hk_jw_object_end(jw);
    hk_buf_done(&text);
}

/* --- programs --- */

static void plain(const struct hk_tell_scene *scene, const struct hk_tell_message *message,
    const struct hk_json *notice, struct hk_jw *jw)
{
    static const char *const members[] = {"id", "reason", "about"};

    hk_jw_object(jw);
    hk_jw_kv_i64(jw, "version", 1);
    hk_jw_kv(jw, "tenant", scene->tenant);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        hk_jw_kv(jw, members[i], hk_json_string_at(notice, members[i], NULL));
    hk_jw_kv_time(jw, "time", scene->now_us);
    hk_jw_kv(jw, "language", hk_language_tag(scene->language));
    hk_jw_kv(jw, "severity", message->severity);
    hk_jw_kv(jw, "subject", message->subject);
    hk_jw_kv(jw, "text", message->text);
    hk_jw_kv(jw, "link", message->link);
    hk_jw_object_end(jw);
}

enum hk_status hk_tell_chat(enum hk_tell_chat kind, const struct hk_tell_scene *scene,
    const struct hk_tell_message *message, const struct hk_json *notice, struct hk_buf *out,
    struct hk_error *error)
{
    struct hk_jw jw;

    hk_jw_init(&jw, out);
    switch (kind) {
    case HK_TELL_SLACK:
        slack(scene, message, &jw);
        break;
    case HK_TELL_TEAMS:
        teams(scene, message, &jw);
        break;
    case HK_TELL_MATTERMOST:
        mattermost(scene, message, &jw);
        break;
    case HK_TELL_PLAIN:
        plain(scene, message, notice, &jw);
        break;
    }
    return hk_buf_check(out, "a chat message", error);
}
