/*
 * text: small questions about bytes that are text.
 */
#ifndef HK_BASE_TEXT_H
#define HK_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Is this well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms)? */
bool hk_utf8_is_valid(const char *text, size_t size);
/* Bytes of the longest prefix that is well-formed UTF-8. */
size_t hk_utf8_valid_prefix(const char *text, size_t size);
/* Bytes of the longest prefix, at most size_max, that does not cut a character. */
size_t hk_utf8_prefix(const char *text, size_t size, size_t size_max);
/* The character at text, which is well-formed UTF-8; *ret_size is its bytes. */
uint32_t hk_utf8_decode(const char *text, size_t *ret_size);
/* Would this character hide, reorder, or act on what stands around it: a control character (but new
 * line and tab), a mark of direction, one that joins or has no width, a variation, a tag? What
 * comes from outside must not be shown to people with it. */
bool hk_character_is_unseen(uint32_t character);
/* Copy src into dst (capacity bytes with NUL); false when it did not fit, and then dst is "". */
bool hk_copy_text(char *dst, size_t capacity, const char *src);
/* Does text match pattern, where '*' stands for any run of characters? Bounded work. */
bool hk_glob_matches(const char *pattern, const char *text);
/* What a hexadecimal digit of either case stands for; -1 when it is none. */
int hk_hex_digit(char c);
/* malloc'd copy, or NULL when src is NULL or memory is short. */
char *hk_strdup(const char *src);
/* The same of size bytes, which need not end in a NUL; one is put behind them. */
char *hk_strndup(const char *src, size_t size);

#endif
