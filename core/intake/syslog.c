/*
 * syslog: see syslog.h. One walk from left to right; each part is taken when it looks as it should,
 * else it is left for the next part.
 */
#include "intake/syslog.h"

#include <string.h>

#define TAG_SIZE_MAX 64   /* RFC 3164 says 32, programs go beyond */
#define HOST_SIZE_MAX 255 /* RFC 5424, 6 */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Texts that stand for themselves, where others have a host or a tag. */
static bool begins_body(struct hk_slice text)
{
    static const char *const begins[] = {"CEF:", "LEEF:", "{", "<", "%", "[{", "\""};

    for (size_t i = 0; i < COUNT(begins); i++)
        if (hk_slice_starts(text, begins[i]))
            return true;
    return false;
}

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
    if (!take_field(&rest, &read.host) || begins_body(rest) || !take_field(&rest, &read.app) ||
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

/* Does the header's time end here? A number that goes on, or a word, was something else: what reads
 * as a year may begin an address ("2001:db8::1"). */
static bool ends_time(const char *form, struct hk_slice rest)
{
    if (rest.size > 1 && rest.at[0] == ':' && form[strlen(form) - 1] == 'Y')
        return hk_is_blank(rest.at[1]) || rest.at[1] == '%';
    return rest.size == 0 || hk_is_blank(rest.at[0]) || rest.at[0] == ':' || rest.at[0] == ',' ||
           rest.at[0] == '|' || rest.at[0] == '\n';
}

/* Cisco: a zone's name that is not known, as the clock's owner set it ("WIB: %SYS-5-…"). */
static struct hk_slice skip_unknown_zone(struct hk_slice text)
{
    size_t size = 0;

    while (size < text.size && size < 6 && text.at[size] >= 'A' && text.at[size] <= 'Z')
        size++;
    if (size < 2 || size + 2 >= text.size || memcmp(text.at + size, ": %", 3) != 0)
        return text;
    return hk_slice_after(text, size + 2);
}

static bool take_time(
    struct hk_slice *rest, const struct hk_when_ground *ground, struct hk_syslog *syslog)
{
    /* "%f%f": Huawei counts messages of one moment behind the milliseconds. */
    static const char *const word_forms[] = {"%b %d %Y %H:%M:%S%f %Z", "%b %d %Y %H:%M:%S%f %z",
        "%b %d %Y %I:%M:%S %p%f %Z", "%b %d %Y %H:%M:%S%f%f", "%b %d %Y %H:%M:%S%f",
        "%b %d %H:%M:%S%f %Y", "%b %d %H:%M:%S%f %Z %Y", "%b %d %H:%M:%S%f %Z",
        "%b %d %H:%M:%S%f %z", "%b %d %H:%M:%S%f", "%a %b %d %H:%M:%S%f %Y",
        "%a %b %d %H:%M:%S%f %Z %Y", "%a %b %d %H:%M:%S%f"};
    static const char *const digit_forms[] = {"%Y-%m-%dT%H:%M:%S%f%z", "%Y-%m-%dT%H:%M:%S%f",
        "%Y-%m-%d %H:%M:%S%f %z", "%Y-%m-%d %H:%M:%S%f%z", "%Y-%m-%d %H:%M:%S%f %Z",
        "%Y-%m-%d %H:%M:%S%f", "%Y %b %d %H:%M:%S%f %z", "%Y %b %d %H:%M:%S%f %Z",
        "%Y %b %d %H:%M:%S%f", "%Y/%m/%d %H:%M:%S%f", "%d %b %Y %H:%M:%S%f %Z",
        "%d %b %Y %H:%M:%S%f", "%m/%d/%Y:%H:%M:%S%f %Z", "%d/%m/%Y:%H:%M:%S%f %Z",
        "%Y-%m-%dT%H:%M%z", "%s"};
    bool is_digit = rest->size > 0 && hk_is_digit(rest->at[0]);
    const char *const *forms = is_digit ? digit_forms : word_forms;
    size_t count = is_digit ? COUNT(digit_forms) : COUNT(word_forms);

    for (size_t i = 0; i < count; i++) {
        size_t used;
        if (hk_when_read(*rest, forms[i], ground, &syslog->time_us, &used) &&
            ends_time(forms[i], hk_slice_after(*rest, used))) {
            syslog->has_time = true;
            *rest = skip_blanks(hk_slice_after(*rest, used));
            if (rest->size > 1 && rest->at[0] == ':' && hk_is_blank(rest->at[1]))
                *rest = skip_blanks(hk_slice_after(*rest, 1));
            *rest = skip_unknown_zone(*rest);
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

/* Bytes of the token that are a host; 0 when it is none. */
static size_t measure_host(struct hk_slice token)
{
    size_t size = 0;

    while (size < token.size && is_host_byte(token.at[size]))
        size++;
    /* "host,mac,version" of access points, "host,key=value,…" */
    if (size < token.size && token.at[size] != ',')
        return 0;
    return size <= HOST_SIZE_MAX ? size : 0;
}

/* Blades put their slot before the name: "slot1/host". */
static struct hk_slice without_slot(struct hk_slice host)
{
    size_t slash = hk_slice_until(host, '/');

    return hk_slice_starts(host, "slot") && slash + 1 < host.size ? hk_slice_after(host, slash + 1)
                                                                  : host;
}

/* A token of the header is a host when it is made of a host's bytes and is no tag. */
static bool take_host(struct hk_slice *rest, struct hk_syslog *syslog)
{
    struct hk_slice token = {rest->at, hk_slice_until(*rest, ' ')};
    struct hk_slice after = skip_blanks(hk_slice_after(*rest, token.size));
    size_t comma = hk_slice_until(token, ',');
    struct hk_slice behind = hk_slice_after(token, comma);
    size_t size;

    if (token.size == 0)
        return false;
    if (hk_slice_until(behind, '=') < behind.size)
        after = hk_slice_after(*rest, comma + 1);
    else if (token.size == rest->size)
        return false;
    if (token.at[0] == '[' && token.at[token.size - 1] == ']' && token.size > 2) {
        token = (struct hk_slice){token.at + 1, token.size - 2};
    } else if (token.at[token.size - 1] == ':' && comma == token.size) {
        /* "host: %ASA-6-…" has a host where others have a tag. */
        if (after.size == 0 || after.at[0] != '%')
            return false;
        token.size--;
    }
    size = measure_host(token);
    if (size == 0)
        return false;
    syslog->host = without_slot((struct hk_slice){token.at, size});
    *rest = after;
    if (rest->size > 1 && rest->at[0] == ':' && hk_is_blank(rest->at[1]))
        *rest = skip_blanks(hk_slice_after(*rest, 1));
    return true;
}

/* "host notice app[pid]:": the level stands before the tag. */
static struct hk_slice skip_level(struct hk_slice text)
{
    static const char *const levels[] = {
        "emerg", "alert", "crit", "err", "error", "warning", "warn", "notice", "info", "debug"};
    struct hk_slice word = {text.at, hk_slice_until(text, ' ')};

    for (size_t i = 0; i < COUNT(levels); i++)
        if (hk_slice_is(word, levels[i]) && word.size < text.size)
            return skip_blanks(hk_slice_after(text, word.size));
    return text;
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

/* A time behind what stands for a host or a card: "host: *Mar 1 …", "host 57: Mar 1 …",
 * "host RP/0/RSP0/CPU0:Mar 1 …" and the latter without a host. */
static bool take_late_time(
    struct hk_slice *rest, const struct hk_when_ground *ground, struct hk_syslog *syslog)
{
    struct hk_slice at = *rest;
    struct hk_slice host = {NULL, 0};

    for (int words = 0; words < 2; words++) {
        struct hk_slice word = {at.at, hk_slice_until(at, ' ')};
        size_t colon = word.size;
        struct hk_slice next;
        while (colon > 0 && word.at[colon - 1] != ':')
            colon--;
        next = colon > 0 && colon < word.size
                   ? hk_slice_after(at, colon)
                   : skip_sequence(skip_blanks(hk_slice_after(at, word.size)));
        if (word.size > 1 && word.at[word.size - 1] == ':')
            word.size--;
        if (host.size == 0 && (colon == 0 || colon >= word.size))
            host = word;
        if (next.size == 0 || measure_host(word) != word.size)
            return false;
        if (take_time(&next, ground, syslog)) {
            syslog->host = host;
            *rest = next;
            return true;
        }
        at = skip_blanks(hk_slice_after(at, hk_slice_until(at, ' ')));
    }
    return false;
}

/* Cisco without a time: "host: %SYS-5-…", "20: host: 00:01:01: %SYS-5-…" */
static void take_host_before_percent(struct hk_slice *rest, struct hk_syslog *syslog)
{
    size_t percent = hk_slice_find(*rest, ": %", 3);
    struct hk_slice before = {rest->at, percent};

    if (percent > TAG_SIZE_MAX || percent >= rest->size)
        return;
    *rest = hk_slice_after(*rest, percent + 2);
    while (before.size > 0) {
        struct hk_slice word = {before.at, hk_slice_until(before, ' ')};
        struct hk_slice name = word;
        while (name.size > 0 && name.at[name.size - 1] == ':')
            name.size--;
        if (name.size > 0 && hk_lower(name.at[0]) >= 'a' && hk_lower(name.at[0]) <= 'z' &&
            measure_host(name) == name.size) {
            syslog->host = name;
            return;
        }
        before = skip_blanks(hk_slice_after(before, word.size));
    }
}

static void read_3164(
    struct hk_slice rest, const struct hk_when_ground *ground, struct hk_syslog *syslog)
{
    struct hk_slice begin = skip_blanks(rest);

    rest = skip_sequence(begin);
    if (!take_time(&rest, ground, syslog)) {
        bool is_late = !begins_body(rest) && take_late_time(&rest, ground, syslog);
        if (!is_late)
            rest = begin;
        if (!is_late && !begins_body(rest) && syslog->severity >= 0)
            take_host_before_percent(&rest, syslog);
    }
    if (!begins_body(rest) && syslog->has_time && syslog->host.size == 0)
        (void)take_host(&rest, syslog);
    if (!begins_body(rest) && (syslog->has_time || syslog->severity >= 0)) {
        struct hk_slice tagged = skip_level(rest);
        take_tag(&tagged, syslog);
        if (syslog->app.size > 0)
            rest = tagged;
    }
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
