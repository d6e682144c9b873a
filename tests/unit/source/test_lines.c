/*
 * lines: what is a line, whatever pieces it comes in.
 */
#include "source/lines.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>

enum { LINE_MAX_HERE = 8 };

/* Feed text in pieces of that size, as from a file that grows; gives the lines joined by '|', '!'
 * before those that were cut, and what is left over after '~'. */
static void cut(const char *text, size_t size, size_t piece, char *ret_out, size_t capacity)
{
    struct hk_lines lines = {.line_max = LINE_MAX_HERE};
    size_t at = 0;
    size_t out = 0;

    ret_out[0] = '\0';
    for (size_t end = piece; at < size; end += piece) {
        struct hk_line line;
        if (end > size)
            end = size;
        do {
            at += hk_lines_next(&lines, text + at, end - at, &line);
            if (line.text != NULL)
                out += (size_t)snprintf(ret_out + out, capacity - out, "%s%.*s|",
                    line.is_cut ? "!" : "", (int)line.size, line.text);
        } while (line.text != NULL);
        if (end == size)
            break;
    }
    if (at < size)
        (void)snprintf(ret_out + out, capacity - out, "~%.*s", (int)(size - at), text + at);
}

static void lines_are_cut_out(void)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"a\nb\n", "a|b|"},
        {"a\r\nb\r\n", "a|b|"},
        {"a\n\n\r\nb\n", "a|b|"},
        {"a\nb", "a|~b"},
        {"a\rb\n", "a\rb|"},
        {"a\r\r\n", "a\r|"},
        {"12345678\n", "12345678|"},
        {"12345678\r\n", "12345678|"},
        {"123456789\nb\n", "!12345678|b|"},
        {"123456789\r\nb\n", "!12345678|b|"},
        {"12345678901234567890123\nb\n", "!12345678|b|"},
        {"12345678901234567890123", "!12345678|"},
        {"1234567\xc3\xa4z\nb\n", "!1234567|b|"},
        {"12345678", "~12345678"},
        {"12345678\r", "~12345678\r"},
        {"\n\n\n", ""},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (size_t piece = 1; piece < 32; piece++) {
            char out[128];
            cut(cases[i].text, strlen(cases[i].text), piece, out, sizeof(out));
            if (strcmp(out, cases[i].expected) != 0)
                (void)fprintf(stderr, "case %zu in pieces of %zu: %s\n", i, piece, out);
            CU_ASSERT_STRING_EQUAL(out, cases[i].expected);
        }
    }
}

/* A writer that goes on at its old place leaves a hole in front of its next line. */
static void a_hole_before_a_line_is_passed_over(void)
{
    static const char text[] = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0a\n\0\0b\0c\n";
    char out[64];

    for (size_t piece = 1; piece < 32; piece++) {
        cut(text, sizeof(text) - 1, piece, out, sizeof(out));
        CU_ASSERT_STRING_EQUAL(out, "a|b|"); /* the NUL in a line is the line's */
    }
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"lines are cut out", lines_are_cut_out},
        {"a hole before a line is passed over", a_hole_before_a_line_is_passed_over},
    };

    return suite_run("source lines", tests, COUNT_OF(tests));
}
