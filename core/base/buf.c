/*
 * buf: a byte buffer with a ceiling; see buf.h.
 */
#include "base/buf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64

void hk_buf_init(struct hk_buf *buf, size_t size_max)
{
    memset(buf, 0, sizeof(*buf));
    buf->size_max = size_max < SIZE_MAX ? size_max : SIZE_MAX - 1;
}

void hk_buf_done(struct hk_buf *buf)
{
    free(buf->data);
    hk_buf_init(buf, buf->size_max);
}

void hk_buf_clear(struct hk_buf *buf)
{
    buf->size = 0;
    buf->failed = false;
    buf->short_of_memory = false;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

/* Make room for size more bytes and the NUL; false marks the buffer as failed. */
static bool reserve(struct hk_buf *buf, size_t size)
{
    size_t capacity = buf->capacity;
    char *data;

    if (buf->failed)
        return false;
    if (size > buf->size_max - buf->size) {
        buf->failed = true;
        return false;
    }
    if (buf->size + size < capacity)
        return true;
    if (capacity == 0)
        capacity = FIRST_CAPACITY;
    else
        capacity = capacity <= buf->size_max / 2 ? capacity * 2 : buf->size_max + 1;
    if (capacity > buf->size_max + 1)
        capacity = buf->size_max + 1;
    if (capacity < buf->size + size + 1)
        capacity = buf->size + size + 1;
    data = realloc(buf->data, capacity);
    if (data == NULL) {
        buf->failed = true;
        buf->short_of_memory = true;
        return false;
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void hk_buf_reserve(struct hk_buf *buf, size_t size)
{
    if (size > buf->size)
        (void)reserve(buf, size - buf->size);
}

char *hk_buf_extend(struct hk_buf *buf, size_t size)
{
    char *data;

    if (!reserve(buf, size))
        return NULL;
    data = buf->data + buf->size;
    buf->size += size;
    buf->data[buf->size] = '\0';
    return data;
}

void hk_buf_append(struct hk_buf *buf, const void *data, size_t size)
{
    if (!reserve(buf, size))
        return;
    if (size > 0)
        memcpy(buf->data + buf->size, data, size);
    buf->size += size;
    buf->data[buf->size] = '\0';
}

void hk_buf_append_text(struct hk_buf *buf, const char *text)
{
    hk_buf_append(buf, text, strlen(text));
}

void hk_buf_append_char(struct hk_buf *buf, char c)
{
    if (!reserve(buf, 1))
        return;
    buf->data[buf->size] = c;
    buf->size++;
    buf->data[buf->size] = '\0';
}

void hk_buf_appendf(struct hk_buf *buf, const char *format, ...)
{
    va_list args;
    size_t room;
    int size;

    if (!reserve(buf, 0))
        return;
    /* Mostly it fits where there is room already. */
    room = buf->capacity - buf->size;
    va_start(args, format);
    size = vsnprintf(buf->data + buf->size, room, format, args);
    va_end(args);
    if (size >= 0 && (size_t)size < room && (size_t)size <= buf->size_max - buf->size) {
        buf->size += (size_t)size;
        return;
    }
    buf->data[buf->size] = '\0';
    if (size < 0) {
        buf->failed = true;
        return;
    }
    if (!reserve(buf, (size_t)size))
        return;
    va_start(args, format);
    (void)vsnprintf(buf->data + buf->size, (size_t)size + 1, format, args);
    va_end(args);
    buf->size += (size_t)size;
}

void hk_buf_drop_front(struct hk_buf *buf, size_t size)
{
    assert(size <= buf->size);
    if (size == 0)
        return;
    buf->size -= size;
    memmove(buf->data, buf->data + size, buf->size + 1);
}

char *hk_buf_take(struct hk_buf *buf, size_t *ret_size)
{
    char *data = NULL;

    if (!reserve(buf, 0))
        goto out;
    data = buf->data;
    data[buf->size] = '\0';
    if (ret_size != NULL)
        *ret_size = buf->size;
    buf->data = NULL;
out:
    hk_buf_done(buf);
    return data;
}

enum hk_status hk_buf_check(const struct hk_buf *buf, const char *what, struct hk_error *error)
{
    if (!buf->failed)
        return HK_OK;
    if (buf->short_of_memory)
        return hk_fail(error, HK_NOMEM, "%s: out of memory", what);
    return hk_fail(error, HK_LIMIT, "%s: larger than %zu bytes", what, buf->size_max);
}
