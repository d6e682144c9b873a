/*
 * report: see report.h.
 */
#include "author/report.h"

#include <stdio.h>
#include <string.h>

static bool is_ok(const struct hk_json *test)
{
    return hk_json_bool_at(test, "ok", false);
}

/* "file:line: text", where the place is known. */
static void append_failure(const struct hk_json *test, struct hk_buf *out)
{
    const char *where = hk_json_string_at(test, "where", "");

    if (*where != '\0')
        hk_buf_appendf(out, "%s: ", where);
    hk_buf_append_text(out, hk_json_string_at(test, "failure", ""));
}

/* Each line of text behind indent. */
static void append_lines(struct hk_buf *out, const char *indent, const char *text)
{
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        hk_buf_append_text(out, indent);
        hk_buf_append(out, text, size);
        hk_buf_append_char(out, '\n');
        text += size;
        text += *text == '\n' ? 1 : 0;
    }
}

static void append_indented_failure(
    const struct hk_json *test, const char *indent, struct hk_buf *out)
{
    struct hk_buf failure;

    hk_buf_init(&failure, out->size_max);
    append_failure(test, &failure);
    append_lines(out, indent, failure.data == NULL ? "" : failure.data);
    hk_buf_done(&failure);
}

/* A name on one line. */
static void append_name(struct hk_buf *out, const char *name)
{
    for (; *name != '\0'; name++)
        hk_buf_append_char(out, *name == '\n' || *name == '\r' ? ' ' : *name);
}

/* --- for people --- */

static void write_text(const struct hk_json *report, struct hk_buf *out)
{
    const struct hk_json *files = hk_json_get(report, "files");

    for (const struct hk_json *file = files->first; file != NULL; file = file->next) {
        const struct hk_json *tests = hk_json_get(file, "tests");
        const char *problem = hk_json_string_at(file, "problem", NULL);
        append_name(out, hk_json_string_at(file, "file", ""));
        hk_buf_append_char(out, '\n');
        if (problem != NULL)
            append_lines(out, "  FAIL  ", problem);
        for (const struct hk_json *test = tests == NULL ? NULL : tests->first; test != NULL;
             test = test->next) {
            hk_buf_append_text(out, is_ok(test) ? "  ok    " : "  FAIL  ");
            append_name(out, hk_json_string_at(test, "name", ""));
            hk_buf_append_char(out, '\n');
            if (!is_ok(test))
                append_indented_failure(test, "        ", out);
        }
    }
    hk_buf_appendf(out, "%lld tests, %lld failed\n", (long long)hk_json_i64_at(report, "tests", 0),
        (long long)hk_json_i64_at(report, "failed", 0));
}

/* --- TAP --- */

/* In a description "#" would begin a directive. */
static void append_tap_name(struct hk_buf *out, const char *file, const char *name)
{
    struct hk_buf text;

    hk_buf_init(&text, out->size_max);
    append_name(&text, file);
    if (*name != '\0') {
        hk_buf_append_text(&text, ": ");
        append_name(&text, name);
    }
    for (const char *at = text.data == NULL ? "" : text.data; *at != '\0'; at++) {
        if (*at == '#' || *at == '\\')
            hk_buf_append_char(out, '\\');
        hk_buf_append_char(out, *at);
    }
    hk_buf_append_char(out, '\n');
    hk_buf_done(&text);
}

static void write_tap_file(const struct hk_json *file, unsigned *count, struct hk_buf *out)
{
    const struct hk_json *tests = hk_json_get(file, "tests");
    const char *name = hk_json_string_at(file, "file", "");
    const char *problem = hk_json_string_at(file, "problem", NULL);

    if (problem != NULL) {
        hk_buf_appendf(out, "not ok %u - ", ++*count);
        append_tap_name(out, name, "");
        append_lines(out, "# ", problem);
    }
    for (const struct hk_json *test = tests == NULL ? NULL : tests->first; test != NULL;
         test = test->next) {
        hk_buf_appendf(out, "%s %u - ", is_ok(test) ? "ok" : "not ok", ++*count);
        append_tap_name(out, name, hk_json_string_at(test, "name", ""));
        if (!is_ok(test))
            append_indented_failure(test, "# ", out);
    }
}

static void write_tap(const struct hk_json *report, struct hk_buf *out)
{
    const struct hk_json *files = hk_json_get(report, "files");
    unsigned count = 0;

    hk_buf_append_text(out, "TAP version 13\n");
    for (const struct hk_json *file = files->first; file != NULL; file = file->next)
        write_tap_file(file, &count, out);
    hk_buf_appendf(out, "1..%u\n", count);
}

/* --- JUnit --- */

/* Text in an attribute or an element; characters that XML 1.0 (2.2) has no place for as U+FFFD. */
static void append_xml(struct hk_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '&')
            hk_buf_append_text(out, "&amp;");
        else if (c == '<')
            hk_buf_append_text(out, "&lt;");
        else if (c == '>')
            hk_buf_append_text(out, "&gt;");
        else if (c == '"')
            hk_buf_append_text(out, "&quot;");
        else if (c == '\n')
            hk_buf_append_text(out, "&#10;");
        else if (c < 0x20 && c != '\t')
            hk_buf_append_text(out, "\xef\xbf\xbd");
        else
            hk_buf_append_char(out, (char)c);
    }
}

static void write_junit_case(
    const struct hk_json *file, const struct hk_json *test, struct hk_buf *out)
{
    int64_t ms = hk_json_i64_at(test, "ms", 0);
    struct hk_buf failure;

    hk_buf_append_text(out, "    <testcase classname=\"");
    append_xml(out, hk_json_string_at(file, "file", ""));
    hk_buf_append_text(out, "\" name=\"");
    append_xml(out, hk_json_string_at(test, "name", ""));
    hk_buf_appendf(out, "\" time=\"%lld.%03lld\"", (long long)(ms / 1000), (long long)(ms % 1000));
    if (is_ok(test)) {
        hk_buf_append_text(out, "/>\n");
        return;
    }
    hk_buf_init(&failure, out->size_max);
    append_failure(test, &failure);
    hk_buf_append_text(out, "><failure message=\"");
    append_xml(out, hk_json_string_at(test, "where", ""));
    hk_buf_append_text(out, "\">");
    append_xml(out, failure.data == NULL ? "" : failure.data);
    hk_buf_append_text(out, "</failure></testcase>\n");
    hk_buf_done(&failure);
}

static void write_junit_file(const struct hk_json *file, struct hk_buf *out)
{
    const struct hk_json *tests = hk_json_get(file, "tests");
    const char *problem = hk_json_string_at(file, "problem", NULL);
    unsigned failed = 0;

    for (const struct hk_json *test = tests == NULL ? NULL : tests->first; test != NULL;
         test = test->next)
        failed += is_ok(test) ? 0 : 1;
    hk_buf_append_text(out, "  <testsuite name=\"");
    append_xml(out, hk_json_string_at(file, "file", ""));
    hk_buf_appendf(out, "\" tests=\"%u\" failures=\"%u\" errors=\"%d\">\n",
        tests == NULL ? 1 : tests->count, failed, problem == NULL ? 0 : 1);
    if (problem != NULL) {
        hk_buf_append_text(out, "    <testcase classname=\"");
        append_xml(out, hk_json_string_at(file, "file", ""));
        hk_buf_append_text(out, "\" name=\"the file\"><error>");
        append_xml(out, problem);
        hk_buf_append_text(out, "</error></testcase>\n");
    }
    for (const struct hk_json *test = tests == NULL ? NULL : tests->first; test != NULL;
         test = test->next)
        write_junit_case(file, test, out);
    hk_buf_append_text(out, "  </testsuite>\n");
}

static void write_junit(const struct hk_json *report, struct hk_buf *out)
{
    const struct hk_json *files = hk_json_get(report, "files");

    hk_buf_appendf(out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"%lld\" "
        "failures=\"%lld\">\n",
        (long long)hk_json_i64_at(report, "tests", 0),
        (long long)hk_json_i64_at(report, "failed", 0));
    for (const struct hk_json *file = files->first; file != NULL; file = file->next)
        write_junit_file(file, out);
    hk_buf_append_text(out, "</testsuites>\n");
}

void hk_report_write(const struct hk_json *report, enum hk_report_form form, struct hk_buf *out)
{
    switch (form) {
    case HK_REPORT_TEXT:
        write_text(report, out);
        break;
    case HK_REPORT_TAP:
        write_tap(report, out);
        break;
    case HK_REPORT_JUNIT:
        write_junit(report, out);
        break;
    }
}
