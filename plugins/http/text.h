/* text: a text that grows, and questions about bytes. */
#ifndef HTTP_TEXT_H
#define HTTP_TEXT_H

#include <hikeshi/plugin.h>

#include <stdbool.h>

struct text {
    const struct hk_host *host;
    char *data; /* NUL-terminated; NULL while nothing was added */
    size_t size;
    size_t capacity;
};

void text_init(struct text *text, const struct hk_host *host);
void text_done(struct text *text);
void text_add(struct text *text, const char *bytes, size_t size);
void text_put(struct text *text, const char *string);
/* As a JSON string, in quotes. The bytes must be UTF-8. */
void text_put_json(struct text *text, const char *bytes, size_t size);
/* Percent-encode all but unreserved characters (RFC 3986, 2.3) and those of also. */
void text_put_encoded(struct text *text, const char *bytes, size_t size, const char *also);

/* Is this well-formed UTF-8 (RFC 3629) without a NUL? */
bool text_is_utf8(const char *bytes, size_t size);
/* No blanks, control bytes or bytes outside of ASCII. */
bool text_is_plain(const char *string);

#endif
