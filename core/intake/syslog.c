/*
 * syslog: see syslog.h. One walk from left to right; each part is taken when it looks as it should,
 * else it is left for the next part.
 */
#include "intake/syslog.h"

#include <string.h>

#define TAG_SIZE_MAX 64   /* RFC 3164 says 32, programs go beyond */
#define HOST_SIZE_MAX 255 /* RFC 5424, 6 */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- RFC 5424 --- */

/* Take a header field and the blank after it. False when there is none. */
static bool take_field(struct hk_slice *rest, struct hk_slice *ret_field)
{
    size_t size = hk_slice_until(*rest, ' ');

    if (size == 0)
        return false;
    *ret_field = (struct hk_slice){rest->at, size};
    if (hk_slice_is(*ret_field, "-"))
        ret_field->size = 0;
    *rest = hk_slice_after(*rest, size < rest->size ? size + 1 : size);
    return true;
}

/* Bytes of the structured data that begins text, or 0. */
static size_t measure_sd(struct hk_slice text)
{
    size_t at = 0;

    if (text.size > 0 && text.at[0] == '-' && (text.size == 1 || text.at[1] == ' '))
        return 1;
    while (at < text.size && text.at[at] == '[') {
        bool is_quoted = false;
        for (at++; at < text.size; at++) {
            char c = text.at[at];
            if (c == '\\' && is_quoted && at + 1 < text.size)
                at++;
            else if (c == '"')
                is_quoted = !is_quoted;
            else if (c == ']' && !is_quoted)
                break;
        }
        if (at >= text.size)
            return 0; /* no end: it is text with a bracket */
        at++;
    }
    return at;
}

static struct hk_slice trim_message(struct hk_slice text)
{
    text = hk_slice_trim(text);
    return hk_slice_starts(text, "\xef\xbb\xbf") ? hk_slice_after(text, 3) : text;
}

/* "-", "[id]" or "[id name=\"…", not "[a message in brackets]". */
static bool looks_like_sd(struct hk_slice text)
{
    size_t at = 1;

    if (text.size == 0 || text.at[0] != '[')
        return text.size > 0 && text.at[0] == '-';
    while (at < text.size && text.at[at] != ' ' && text.at[at] != ']')
        at++;
    if (at < 2 || at == text.size || text.at[at] == ']')
        return at >= 2 && at < text.size;
    for (at++; at < text.size && text.at[at] != ' ' && text.at[at] != ']'; at++)
        if (text.at[at] == '=')
            return at + 1 < text.size && text.at[at + 1] == '"';
    return false;
}

/* rest begins after "<PRI>1 ". False: it only looked like RFC 5424. */
static bool read_5424(
    struct hk_slice rest, const struct hk_when_ground *ground, struct hk_syslog *syslog)
{
    struct hk_syslog read = *syslog;
    struct hk_slice time;
    size_t used;
    size_t sd;

    if (!take_field(&rest, &time))
        return false;
    if (time.size > 0) {
        read.has_time = hk_when_read(time, "%Y-%m-%dT%H:%M:%S%f%z", ground, &read.time_us, &used);
        if (read.has_time ? used != time.size : true)
            return false;
    }
    if (!take_field(&rest, &read.host) || !take_field(&rest, &read.app) ||
        !take_field(&rest, &read.pid) || !take_field(&rest, &read.msgid))
        return false;
    read.is_5424 = true;
    sd = looks_like_sd(rest) ? measure_sd(rest) : 0;
    if (sd > 1)
        read.sd = (struct hk_slice){rest.at, sd};
    read.msg = trim_message(hk_slice_after(rest, sd));
    *syslog = read;
    return true;
}

/* Go to the next parameter's name; false at the end. */
static bool find_param(struct hk_slice sd, struct hk_sd_cursor *cursor)
{
    size_t at = cursor->at;
    size_t begin;

    while (at < sd.size) {
        if (sd.at[at] == '[') {
            for (begin = ++at; at < sd.size && sd.at[at] != ' ' && sd.at[at] != ']'; at++)
                ;
            cursor->id = (struct hk_slice){sd.at + begin, at - begin};
        } else if (sd.at[at] == ' ' || sd.at[at] == ']') {
            at++;
        } else {
            break;
        }
    }
    cursor->at = at;
    return at < sd.size;
}

bool hk_sd_next(struct hk_slice sd, struct hk_sd_cursor *cursor, struct hk_sd_param *ret_param)
{
    size_t at;
    size_t begin;

    if (!find_param(sd, cursor))
        return false;
    begin = at = cursor->at;
    while (at < sd.size && sd.at[at] != '=')
        at++;
    if (at + 1 >= sd.size || sd.at[at + 1] != '"')
        return false;
    ret_param->id = cursor->id;
    ret_param->name = (struct hk_slice){sd.at + begin, at - begin};
    for (begin = at += 2; at < sd.size && sd.at[at] != '"'; at++)
        if (sd.at[at] == '\\' && at + 1 < sd.size)
            at++;
    if (at >= sd.size)
        return false;
    ret_param->value = (struct hk_slice){sd.at + begin, at - begin};
    cursor->at = at + 1;
    return true;
}

/* --- RFC 3164 and its relatives --- */

static struct hk_slice skip_blanks(struct hk_slice text)
{
    while (text.size > 0 && hk_is_blank(text.at[0]))
        text = hk_slice_after(text, 1);
    return text;
}

/* Cisco: "57: ", "000045: ", ": ", and what marks a clock that is not set ("*", "."). */
static struct hk_slice skip_sequence(struct hk_slice text)
{
    for (int i = 0; i < 2; i++) {
        size_t digits = 0;
        while (digits < text.size && hk_is_digit(text.at[digits]))
            digits++;
        if (digits + 1 < text.size && text.at[digits] == ':' && text.at[digits + 1] == ' ')
            text = skip_blanks(hk_slice_after(text, digits + 1));
    }
    if (text.size > 1 && (text.at[0] == '*' || text.at[0] == '.') && hk_lower(text.at[1]) >= 'a' &&
        hk_lower(text.at[1]) <= 'z')
        text = hk_slice_after(text, 1);
    return text;
}

/* Does the header's time end here? A number that goes on, or a word, was something else. */
static bool ends_time(struct hk_slice rest)
{
    return rest.size == 0 || hk_is_blank(rest.at[0]) || rest.at[0] == ':' || rest.at[0] == ',' ||
           rest.at[0] == '|' || rest.at[0] == '\n';
}

static bool take_time(
    struct hk_slice *rest, const struct hk_when_ground *ground, struct hk_syslog *syslog)
{
    static const char *const word_forms[] = {"%b %d %Y %H:%M:%S%f %Z", "%b %d %Y %H:%M:%S%f %z",
        "%b %d %Y %H:%M:%S%f", "%b %d %H:%M:%S%f %Y", "%b %d %H:%M:%S%f %Z %Y",
        "%b %d %H:%M:%S%f %Z", "%b %d %H:%M:%S%f %z", "%b %d %H:%M:%S%f", "%a %b %d %H:%M:%S%f %Y",
        "%a %b %d %H:%M:%S%f %Z %Y", "%a %b %d %H:%M:%S%f"};
    static const char *const digit_forms[] = {"%Y-%m-%dT%H:%M:%S%f%z", "%Y-%m-%dT%H:%M:%S%f",
        "%Y-%m-%d %H:%M:%S%f %z", "%Y-%m-%d %H:%M:%S%f%z", "%Y-%m-%d %H:%M:%S%f %Z",
        "%Y-%m-%d %H:%M:%S%f", "%Y %b %d %H:%M:%S%f %z", "%Y %b %d %H:%M:%S%f %Z",
        "%Y %b %d %H:%M:%S%f", "%Y/%m/%d %H:%M:%S%f", "%d %b %Y %H:%M:%S%f %Z",
        "%d %b %Y %H:%M:%S%f", "%s"};
    bool is_digit = rest->size > 0 && hk_is_digit(rest->at[0]);
    const char *const *forms = is_digit ? digit_forms : word_forms;
    size_t count = is_digit ? COUNT(digit_forms) : COUNT(word_forms);

    for (size_t i = 0; i < count; i++) {
        size_t used;
        if (hk_when_read(*rest, forms[i], ground, &syslog->time_us, &used) &&
            ends_time(hk_slice_after(*rest, used))) {
            syslog->has_time = true;
            *rest = skip_blanks(hk_slice_after(*rest, used));
            if (rest->size > 1 && rest->at[0] == ':' && hk_is_blank(rest->at[1]))
                *rest = skip_blanks(hk_slice_after(*rest, 1));
            return true;
        }
    }
    return false;
}

static bool is_host_byte(char c)
{
    return hk_is_digit(c) || (hk_lower(c) >= 'a' && hk_lower(c) <= 'z') || c == '.' || c == '-' ||
           c == '_' || c == ':' || c == '/' || c == '\\';
}

/* A token of the header is a host when it is made of a host's bytes and is no tag. */
static bool take_host(struct hk_slice *rest, struct hk_syslog *syslog)
{
    size_t size = hk_slice_until(*rest, ' ');
    struct hk_slice token = {rest->at, size};
    struct hk_slice after = skip_blanks(hk_slice_after(*rest, size));
    size_t i;

    if (size == 0 || size == rest->size)
        return false;
    if (token.at[0] == '[' && token.at[size - 1] == ']' && size > 2) {
        token = (struct hk_slice){token.at + 1, size - 2};
    } else if (token.at[size - 1] == ':') {
        /* "host: %ASA-6-…" has a host where others have a tag. */
        if (after.size == 0 || after.at[0] != '%')
            return false;
        token.size--;
    }
    for (i = 0; i < token.size && is_host_byte(token.at[i]); i++)
        ;
    /* "host,mac,version" of access points */
    if (i < token.size && token.at[i] == ',')
        token.size = i;
    else if (i < token.size)
        return false;
    if (token.size == 0 || token.size > HOST_SIZE_MAX)
        return false;
    syslog->host = token;
    *rest = after;
    if (rest->size > 1 && rest->at[0] == ':' && hk_is_blank(rest->at[1]))
        *rest = skip_blanks(hk_slice_after(*rest, 1));
    return true;
}

static bool is_tag_byte(char c)
{
    return c > ' ' && c < 0x7f && strchr("[]:{}<>|=,;\"'()", c) == NULL;
}

/* "app:", "app[pid]:", "app[pid] ", "app -:", "app pid -" are tags. */
static void take_tag(struct hk_slice *rest, struct hk_syslog *syslog)
{
    size_t size = 0;
    size_t end;

    while (size < rest->size && size <= TAG_SIZE_MAX && is_tag_byte(rest->at[size]))
        size++;
    if (size == 0 || size > TAG_SIZE_MAX || size == rest->size || rest->at[0] == '%')
        return;
    end = size;
    if (rest->at[size] == '[') {
        size_t close = hk_slice_until(*rest, ']');
        if (close == rest->size || close - size > TAG_SIZE_MAX)
            return;
        syslog->pid = (struct hk_slice){rest->at + size + 1, close - size - 1};
        end = close + 1;
        if (end < rest->size && rest->at[end] == ':')
            end++;
    } else if (rest->at[size] == ':') {
        end = size + 1;
    } else if (rest->size - size > 3 && memcmp(rest->at + size, " -:", 3) == 0) {
        end = size + 3;
    } else {
        return;
    }
    if (end < rest->size && !hk_is_blank(rest->at[end])) {
        syslog->pid.size = 0;
        return;
    }
    syslog->app = (struct hk_slice){rest->at, size};
    *rest = skip_blanks(hk_slice_after(*rest, end));
}

/* Texts that stand for themselves, where others have a host or a tag. */
static bool begins_body(struct hk_slice text)
{
    static const char *const begins[] = {"CEF:", "LEEF:", "{", "<", "%", "[{", "\""};

    for (size_t i = 0; i < COUNT(begins); i++)
        if (hk_slice_starts(text, begins[i]))
            return true;
    return false;
}

static void read_3164(
    struct hk_slice rest, const struct hk_when_ground *ground, struct hk_syslog *syslog)
{
    struct hk_slice begin = skip_blanks(rest);

    rest = skip_sequence(begin);
    if (!take_time(&rest, ground, syslog)) {
        /* "host: *Mar 1 …" or "host 57: Mar 1 …" */
        struct hk_slice first = skip_blanks(hk_slice_after(rest, hk_slice_until(rest, ' ')));
        struct hk_slice host = {rest.at, hk_slice_until(rest, ' ')};
        struct hk_slice next = skip_sequence(first);
        if (host.size > 1 && host.at[host.size - 1] == ':')
            host.size--;
        if (host.size == 0 || begins_body(rest) || !take_time(&next, ground, syslog)) {
            rest = begin;
        } else {
            syslog->host = host;
            rest = next;
        }
    }
    if (!begins_body(rest) && syslog->has_time && syslog->host.size == 0)
        (void)take_host(&rest, syslog);
    if (!begins_body(rest) && (syslog->has_time || syslog->severity >= 0))
        take_tag(&rest, syslog);
    syslog->msg = trim_message(rest);
}

/* --- either --- */

/* "<13>"; RFC 5424 ends at 191, some senders go beyond. */
static bool take_pri(struct hk_slice *rest, struct hk_syslog *syslog)
{
    size_t digits = 0;
    long long pri;

    if (rest->size < 3 || rest->at[0] != '<')
        return false;
    while (digits + 1 < rest->size && hk_is_digit(rest->at[digits + 1]) && digits < 4)
        digits++;
    if (digits < 1 || digits > 3 || digits + 1 >= rest->size || rest->at[digits + 1] != '>')
        return false;
    if (!hk_slice_number((struct hk_slice){rest->at + 1, digits}, &pri))
        return false;
    syslog->facility = pri <= 191 ? (int)(pri / 8) : -1;
    syslog->severity = (int)(pri % 8);
    *rest = hk_slice_after(*rest, digits + 2);
    return true;
}

void hk_syslog_read(
    struct hk_slice message, const struct hk_when_ground *ground, struct hk_syslog *ret_syslog)
{
    struct hk_slice rest = hk_slice_trim(message);
    bool has_pri;

    *ret_syslog = (struct hk_syslog){.facility = -1, .severity = -1};
    has_pri = take_pri(&rest, ret_syslog);
    if (!has_pri) {
        /* A count of octets that the framing left there. */
        struct hk_slice counted = rest;
        size_t digits = 0;
        while (digits < rest.size && digits < 7 && hk_is_digit(rest.at[digits]))
            digits++;
        if (digits > 0 && digits + 1 < rest.size && rest.at[digits] == ' ') {
            counted = hk_slice_after(rest, digits + 1);
            has_pri = take_pri(&counted, ret_syslog);
            if (has_pri)
                rest = counted;
        }
    }
    if (has_pri && rest.size > 2 && rest.at[0] == '1' && rest.at[1] == ' ') {
        rest = hk_slice_after(rest, 2);
        if (read_5424(rest, ground, ret_syslog))
            return;
    }
    read_3164(rest, ground, ret_syslog);
}
