/*
 * lines: cut lines out of bytes that are read piece by piece. Pure.
 *
 * A line ends with LF; CR before it is not part of it. Blank lines are passed over, and so are NULs
 * at a line's beginning, which a writer leaves that goes on at its old place in a file that was
 * truncated. A line longer than line_max is given as its first line_max bytes, marked as cut; the
 * rest of it is passed over, however long it is.
 */
#ifndef HK_SOURCE_LINES_H
#define HK_SOURCE_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct hk_lines {
    size_t line_max;
    bool is_skipping; /* within a line of which the beginning was given */
};

struct hk_line {
    const char *text; /* NULL: no line is complete */
    size_t size;
    bool is_cut;
};

/* Look for the next line in bytes that follow what was consumed before; returns how many are
 * consumed with it. Without a line, all is consumed that can't be part of one; more bytes are
 * needed then. At most line_max + 1 bytes are left over. */
size_t hk_lines_next(
    struct hk_lines *lines, const char *data, size_t size, struct hk_line *ret_line);

#endif
