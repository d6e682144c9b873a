/*
 * lines: see lines.h.
 */
#include "source/lines.h"

#include "base/text.h"

#include <string.h>

/* Bytes up to and with the end of the line that is being passed over. */
static size_t skip_rest(struct hk_lines *lines, const char *data, size_t size)
{
    const char *end = memchr(data, '\n', size);

    if (end == NULL)
        return size;
    lines->is_skipping = false;
    return (size_t)(end - data) + 1;
}

size_t hk_lines_next(
    struct hk_lines *lines, const char *data, size_t size, struct hk_line *ret_line)
{
    size_t at = 0;
    const char *end;
    size_t length;

    *ret_line = (struct hk_line){.text = NULL};
    if (lines->is_skipping && size > 0)
        at = skip_rest(lines, data, size);
    if (lines->is_skipping)
        return at;
    while (at < size && (data[at] == '\0' || data[at] == '\n' || data[at] == '\r'))
        at++;
    if (at == size)
        return at;
    end = memchr(data + at, '\n', size - at);
    length = end != NULL ? (size_t)(end - data) - at : size - at;
    if (end == NULL && length <= lines->line_max + 1) /* the last byte may be a CR */
        return at;
    *ret_line = (struct hk_line){.text = data + at, .size = length};
    if (end != NULL && end[-1] == '\r')
        ret_line->size--;
    if (ret_line->size <= lines->line_max)
        return at + length + 1;
    ret_line->size = hk_utf8_prefix(ret_line->text, ret_line->size, lines->line_max);
    ret_line->is_cut = true;
    lines->is_skipping = true;
    return at + ret_line->size;
}
