/*
 * buf: a byte buffer that declares its ceiling at birth.
 *
 * Failure is sticky: once an append would pass size_max or memory is short, the buffer is marked
 * failed and further appends do nothing, so a writer appends freely and checks once at the end.
 * The bytes are always followed by a NUL that is not counted.
 */
#ifndef HK_BASE_BUF_H
#define HK_BASE_BUF_H

#include "base/status.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

struct hk_buf {
    char *data; /* NULL while empty */
    size_t size;
    size_t capacity;
    size_t size_max;
    bool failed;
    bool short_of_memory; /* why it failed, when it did */
};

void hk_buf_init(struct hk_buf *buf, size_t size_max);
/* Free the bytes; the buffer is then as after hk_buf_init with the same ceiling. */
void hk_buf_done(struct hk_buf *buf);
/* Forget the bytes and the failure, keep the memory. */
void hk_buf_clear(struct hk_buf *buf);
/* Have room for size bytes in all from the beginning, where it is known how many they will be. */
void hk_buf_reserve(struct hk_buf *buf, size_t size);
void hk_buf_append(struct hk_buf *buf, const void *data, size_t size);
/* Append size bytes that the caller writes at once, at what is given back; NULL when it failed. */
HK_MUST_CHECK char *hk_buf_extend(struct hk_buf *buf, size_t size);
void hk_buf_append_text(struct hk_buf *buf, const char *text);
void hk_buf_append_char(struct hk_buf *buf, char c);
void hk_buf_appendf(struct hk_buf *buf, const char *format, ...) HK_PRINTF(2, 3);
/* Drop the first size bytes (size <= buf->size). */
void hk_buf_drop_front(struct hk_buf *buf, size_t size);
/* Give the bytes, NUL-terminated, to the caller, who frees them with free(); NULL when the buffer
 * failed. The buffer is empty afterwards. *ret_size may be NULL. */
HK_MUST_CHECK char *hk_buf_take(struct hk_buf *buf, size_t *ret_size);
/* HK_OK, or HK_LIMIT / HK_NOMEM with a text that names what (e.g. "response"). */
HK_MUST_CHECK enum hk_status hk_buf_check(
    const struct hk_buf *buf, const char *what, struct hk_error *error);

#endif
