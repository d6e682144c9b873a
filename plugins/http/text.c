#include "text.h"

#include <stdio.h>
#include <string.h>

void text_init(struct text *text, const struct hk_host *host)
{
    *text = (struct text){.host = host};
}

void text_done(struct text *text)
{
    if (text->data != NULL)
        text->host->free(text->data);
    text_init(text, text->host);
}

void text_add(struct text *text, const char *bytes, size_t size)
{
    if (text->size + size + 1 > text->capacity) {
        size_t capacity = (text->size + size + 1) * 2;
        char *data = text->host->alloc(capacity);
        if (text->data != NULL) {
            memcpy(data, text->data, text->size);
            text->host->free(text->data);
        }
        text->data = data;
        text->capacity = capacity;
    }
    if (size > 0)
        memcpy(text->data + text->size, bytes, size);
    text->size += size;
    text->data[text->size] = '\0';
}

void text_put(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_put_json(struct text *text, const char *bytes, size_t size)
{
    char escape[8];

    text_put(text, "\"");
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte < ' ' || byte == 0x7f) {
            snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)byte);
            text_put(text, escape);
        } else {
            if (byte == '"' || byte == '\\')
                text_put(text, "\\");
            text_add(text, bytes + i, 1);
        }
    }
    text_put(text, "\"");
}

void text_put_encoded(struct text *text, const char *bytes, size_t size, const char *also)
{
    static const char unreserved[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    char escape[4];

    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != '\0' &&
            (strchr(unreserved, bytes[i]) != NULL || strchr(also, bytes[i]) != NULL)) {
            text_add(text, bytes + i, 1);
        } else {
            snprintf(escape, sizeof(escape), "%%%02X", (unsigned)(unsigned char)bytes[i]);
            text_put(text, escape);
        }
    }
}

/* Bytes of the character that begins here; 0 when none does. */
static size_t character_size(const unsigned char *at, size_t left)
{
    static const struct {
        unsigned char mask;
        unsigned char lead;
        size_t size;
        unsigned least;
    } forms[] = {
        {0x80, 0, 1, 1}, {0xe0, 0xc0, 2, 0x80}, {0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}};

    for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
        if ((at[0] & forms[f].mask) != forms[f].lead || forms[f].size > left)
            continue;
        unsigned value = at[0] & (unsigned char)~forms[f].mask;
        for (size_t i = 1; i < forms[f].size; i++) {
            if ((at[i] & 0xc0) != 0x80)
                return 0;
            value = value << 6 | (at[i] & 0x3f);
        }
        bool is_surrogate = value >= 0xd800 && value <= 0xdfff;
        return value >= forms[f].least && value <= 0x10ffff && !is_surrogate ? forms[f].size : 0;
    }
    return 0;
}

bool text_is_utf8(const char *bytes, size_t size)
{
    const unsigned char *at = (const unsigned char *)bytes;

    while (size > 0) {
        size_t one = character_size(at, size);
        if (one == 0)
            return false;
        at += one;
        size -= one;
    }
    return true;
}

bool text_is_plain(const char *string)
{
    for (; *string != '\0'; string++)
        if (*string <= ' ' || *string > '~')
            return false;
    return true;
}
