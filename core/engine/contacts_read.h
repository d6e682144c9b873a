/*
 * contacts_read: what the readers of channels and of contacts share. Inside contacts.c and
 * channels.c only.
 */
#ifndef HK_ENGINE_CONTACTS_READ_H
#define HK_ENGINE_CONTACTS_READ_H

#include "engine/contacts.h"

#define HK_CONTACTS_PATH_SIZE 192

struct hk_contacts_reader {
    struct hk_contacts *contacts;
    const struct hk_secrets *secrets;
    enum hk_language language;
    int64_t remind_every_ms;
    int64_t answer_within_ms;
    struct hk_error *error;
    char path[HK_CONTACTS_PATH_SIZE];
};

/* Zeroed memory for count things and one more, in the contacts' arena; NULL and the error. */
HK_MUST_CHECK void *hk_reader_alloc(struct hk_contacts_reader *reader, size_t count, size_t size);
/* HK_INVALID unless the text is one of words (NULL-ended); *ret_index is left alone without text.
 */
HK_MUST_CHECK enum hk_status hk_reader_word(struct hk_contacts_reader *reader,
    const struct hk_json *object, const char *key, const char *const *words, unsigned *ret_index);
HK_MUST_CHECK enum hk_status hk_reader_flag(
    struct hk_contacts_reader *reader, const struct hk_json *object, const char *key, bool *flag);
/* A text or secret; looked up now, so that a missing one is found before it is needed. */
HK_MUST_CHECK enum hk_status hk_reader_hidden(struct hk_contacts_reader *reader,
    const struct hk_json *object, const char *key, const struct hk_json **ret_value,
    const char **ret_text);

HK_MUST_CHECK enum hk_status hk_read_url(
    struct hk_contacts_reader *reader, const struct hk_json *config, const char *fallback);
HK_MUST_CHECK enum hk_status hk_read_channels(
    struct hk_contacts_reader *reader, const struct hk_json *table);

#endif
