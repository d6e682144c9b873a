/*
 * tell_text: texts from outside made harmless, and lines of "label: value". Internal to tell/.
 */
#ifndef HK_TELL_TELL_TEXT_H
#define HK_TELL_TELL_TEXT_H

#include "tell/tell.h"

enum {
    HK_TELL_SUBJECT_MAX = 160,   /* bytes of what a subject is about: two lines on a phone */
    HK_TELL_LINE_MAX = 400,      /* bytes of one value from outside */
    HK_TELL_TEXT_MAX = 4000,     /* of what a playbook says */
    HK_TELL_SIZE_MAX = 64 * 1024 /* of a whole message */
};

/* Append text as one line of at most size_max bytes of it: blanks for what ends lines, control
 * and direction characters left out, links taken apart; an ellipsis where it was cut. */
void hk_tell_put(struct hk_buf *out, const char *text, size_t size_max);
/* The same, but its own line ends stay. */
void hk_tell_put_lines(struct hk_buf *out, const char *text, size_t size_max);
/* A value that may be any JSON: texts as they are, the rest as JSON. */
void hk_tell_put_value(struct hk_buf *out, const struct hk_json *value, size_t size_max);

/* "Label: " in the scene's language. */
void hk_tell_label(struct hk_buf *out, const struct hk_tell_scene *scene, enum hk_word label);
/* A whole line of label and text from outside; nothing when text is NULL or empty. */
void hk_tell_fact(
    struct hk_buf *out, const struct hk_tell_scene *scene, enum hk_word label, const char *text);
void hk_tell_fact_time(
    struct hk_buf *out, const struct hk_tell_scene *scene, enum hk_word label, int64_t time_us);
/* A line of the catalogue. */
void hk_tell_say(struct hk_buf *out, const struct hk_tell_scene *scene, enum hk_word word);
void hk_tell_time(struct hk_buf *out, const struct hk_tell_scene *scene, int64_t time_us);
/* A time of a row: RFC 3339 text; 0 when there is none. */
int64_t hk_tell_time_at(const struct hk_json *object, const char *path);

/* Lists (tell_list.c): gathered and digest. */
void hk_tell_gathered(
    const struct hk_tell_scene *scene, const struct hk_json *notice, struct hk_buf *out);
void hk_tell_digest(const struct hk_tell_scene *scene, const struct hk_json *notice,
    struct hk_buf *subject, struct hk_buf *out);

#endif
