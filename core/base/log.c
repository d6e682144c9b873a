/*
 * log: one line, one write.
 */
#include "base/log.h"

#include "base/time.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_SIZE 2048                 /* longer texts are cut */
#define LINE_SIZE (6 * TEXT_SIZE + 96) /* every byte escaped, time and level in front */

static _Atomic int level_max = HK_LOG_INFO;

void hk_log_set_level(enum hk_log_level level)
{
    atomic_store_explicit(&level_max, (int)level, memory_order_relaxed);
}

static _Atomic int format_wanted = HK_LOG_TEXT;

void hk_log_set_format(enum hk_log_format format)
{
    atomic_store_explicit(&format_wanted, (int)format, memory_order_relaxed);
}

static enum hk_log_format format_now(void)
{
    return (enum hk_log_format)atomic_load_explicit(&format_wanted, memory_order_relaxed);
}

static const char *level_name(enum hk_log_level level)
{
    switch (level) {
    case HK_LOG_ERROR:
        return "error";
    case HK_LOG_WARNING:
        return "warning";
    case HK_LOG_INFO:
        return "info";
    case HK_LOG_DEBUG:
        return "debug";
    }
    return "error";
}

/* Write text with control bytes as \xNN; line has room for four bytes each. */
static size_t escape(const char *text, char *line)
{
    static const char digits[] = "0123456789abcdef";
    size_t size = 0;

    for (const unsigned char *at = (const unsigned char *)text; *at != 0; at++) {
        if (*at >= 0x20 && *at != 0x7f && !(*at == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f)) {
            line[size++] = (char)*at;
            continue;
        }
        line[size++] = '\\';
        line[size++] = 'x';
        line[size++] = digits[*at >> 4];
        line[size++] = digits[*at & 15];
        if (*at == 0xc2)
            at++; /* with its lead byte gone the rest of a C1 control is dropped */
    }
    return size;
}

/* The inside of a JSON string; line has room for six bytes each. */
static size_t escape_json(const char *text, char *line)
{
    size_t size = 0;

    for (const unsigned char *at = (const unsigned char *)text; *at != 0; at++) {
        if (*at == '"' || *at == '\\') {
            line[size++] = '\\';
            line[size++] = (char)*at;
        } else if (*at < 0x20 || *at == 0x7f) {
            size += (size_t)snprintf(line + size, 7, "\\u%04x", *at);
        } else {
            line[size++] = (char)*at;
        }
    }
    return size;
}

/* What stands before the text; returns its length. */
static int head(enum hk_log_level level, char *line, size_t capacity)
{
    static const int priorities[] = {3, 4, 6, 7}; /* syslog(3) */
    char stamp[HK_TIME_TEXT_SIZE];

    hk_time_format(hk_time_wall_us(), stamp);
    switch (format_now()) {
    case HK_LOG_JSON:
        return snprintf(line, capacity, "{\"time\":\"%s\",\"level\":\"%s\",\"text\":\"", stamp,
            level_name(level));
    case HK_LOG_JOURNAL:
        return snprintf(line, capacity, "<%d>", priorities[level]);
    case HK_LOG_TEXT:
        break;
    }
    return snprintf(line, capacity, "%s %s ", stamp, level_name(level));
}

void hk_log(enum hk_log_level level, const char *format, ...)
{
    char text[TEXT_SIZE];
    char line[LINE_SIZE];
    int saved_errno = errno;
    int size;
    va_list args;
    ssize_t written;

    if ((int)level > atomic_load_explicit(&level_max, memory_order_relaxed))
        return;
    va_start(args, format);
    if (vsnprintf(text, sizeof(text), format, args) < 0)
        text[0] = '\0';
    va_end(args);
    size = head(level, line, sizeof(line));
    size += (int)(format_now() == HK_LOG_JSON ? escape_json(text, line + size)
                                              : escape(text, line + size));
    if (format_now() == HK_LOG_JSON) {
        line[size++] = '"';
        line[size++] = '}';
    }
    line[size++] = '\n';
    do
        written = write(STDERR_FILENO, line, (size_t)size);
    while (written < 0 && errno == EINTR);
    errno = saved_errno;
}
