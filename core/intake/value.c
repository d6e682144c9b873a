/*
 * value: see value.h.
 */
#include "intake/value.h"

#include "base/digest.h"
#include "base/text.h"

#include <string.h>

#define PORT_MAX 65535
#define WORD_SIZE_MAX 13 /* of the words below */
#define HOST_SIZE_MAX 255
#define MAIL_SIZE_MAX 320
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

bool hk_value_is_nothing(struct hk_slice value)
{
    static const char *const words[] = {"-", "--", "n/a", "na", "null", "(null)", "none", "nil",
        "unknown", "(empty)", "undefined", "<nil>", "not available"};

    if (value.size == 0)
        return true;
    if (value.size > WORD_SIZE_MAX || strchr("-n(u<", hk_lower(value.at[0])) == NULL)
        return false;
    for (size_t i = 0; i < COUNT(words); i++)
        if (hk_slice_is_like(value, words[i]))
            return true;
    return false;
}

/* --- severity --- */

enum hk_severity hk_value_severity(struct hk_slice value)
{
    static const struct {
        const char *word;
        enum hk_severity severity;
    } words[] = {
        {"informational", HK_SEVERITY_INFORMATIONAL},
        {"information", HK_SEVERITY_INFORMATIONAL},
        {"info", HK_SEVERITY_INFORMATIONAL},
        {"debug", HK_SEVERITY_INFORMATIONAL},
        {"notice", HK_SEVERITY_INFORMATIONAL},
        {"notification", HK_SEVERITY_INFORMATIONAL},
        {"none", HK_SEVERITY_INFORMATIONAL},
        {"audit", HK_SEVERITY_INFORMATIONAL},
        {"default", HK_SEVERITY_INFORMATIONAL},
        {"normal", HK_SEVERITY_INFORMATIONAL},
        {"success", HK_SEVERITY_INFORMATIONAL},
        {"verbose", HK_SEVERITY_INFORMATIONAL},
        {"low", HK_SEVERITY_LOW},
        {"minor", HK_SEVERITY_LOW},
        {"warning", HK_SEVERITY_LOW},
        {"warn", HK_SEVERITY_LOW},
        {"medium", HK_SEVERITY_MEDIUM},
        {"moderate", HK_SEVERITY_MEDIUM},
        {"error", HK_SEVERITY_MEDIUM},
        {"err", HK_SEVERITY_MEDIUM},
        {"high", HK_SEVERITY_HIGH},
        {"important", HK_SEVERITY_HIGH},
        {"major", HK_SEVERITY_HIGH},
        {"severe", HK_SEVERITY_HIGH},
        {"alert", HK_SEVERITY_HIGH},
        {"critical", HK_SEVERITY_CRITICAL},
        {"crit", HK_SEVERITY_CRITICAL},
        {"very high", HK_SEVERITY_CRITICAL},
        {"very-high", HK_SEVERITY_CRITICAL},
        {"emergency", HK_SEVERITY_CRITICAL},
        {"emerg", HK_SEVERITY_CRITICAL},
        {"fatal", HK_SEVERITY_FATAL},
    };

    if (value.size == 0 || value.size > WORD_SIZE_MAX)
        return HK_SEVERITY_NONE;
    for (size_t i = 0; i < COUNT(words); i++)
        if (words[i].word[0] == hk_lower(value.at[0]) && hk_slice_is_like(value, words[i].word))
            return words[i].severity;
    return HK_SEVERITY_NONE;
}

/* A device's own troubles are its keepers' business before they are a threat: high is the most. */
enum hk_severity hk_value_syslog_severity(int level)
{
    static const enum hk_severity severities[] = {HK_SEVERITY_HIGH, HK_SEVERITY_HIGH,
        HK_SEVERITY_HIGH, HK_SEVERITY_MEDIUM, HK_SEVERITY_LOW, HK_SEVERITY_INFORMATIONAL,
        HK_SEVERITY_INFORMATIONAL, HK_SEVERITY_INFORMATIONAL};

    return level >= 0 && level < 8 ? severities[level] : HK_SEVERITY_INFORMATIONAL;
}

/* --- time --- */

/* What is left after a time must not be more of it. */
static bool ends_well(struct hk_slice rest)
{
    return rest.size == 0 || !(hk_is_digit(rest.at[0]) || rest.at[0] == ':' ||
                                 (hk_lower(rest.at[0]) >= 'a' && hk_lower(rest.at[0]) <= 'z'));
}

bool hk_value_time(struct hk_slice value, const char *const *patterns,
    const struct hk_when_ground *ground, int64_t *ret_time_us)
{
    size_t used = 0;
    int64_t time_us;

    value = hk_slice_trim(value);
    if (value.size >= 2 && (value.at[0] == '"' || value.at[0] == '[' || value.at[0] == '\''))
        value = (struct hk_slice){value.at + 1, value.size - 2};
    for (; patterns != NULL && *patterns != NULL; patterns++) {
        if (hk_when_read(value, *patterns, ground, &time_us, &used) &&
            ends_well(hk_slice_after(value, used))) {
            *ret_time_us = time_us;
            return true;
        }
    }
    if (hk_when_epoch(value, ret_time_us))
        return true;
    if (!hk_when_guess(value, ground, &time_us, &used) || !ends_well(hk_slice_after(value, used)))
        return false;
    *ret_time_us = time_us;
    return true;
}

/* --- addresses and names --- */

static bool parse_ip(struct hk_slice text, struct hk_ip *ret_ip)
{
    char copy[64];

    if (text.size == 0 || text.size >= sizeof(copy))
        return false;
    memcpy(copy, text.at, text.size);
    copy[text.size] = '\0';
    return hk_ip_parse(copy, ret_ip, NULL) == HK_OK;
}

/* The address of "[address]:port", "address:port", "address/24", "address, …", and the rest. */
static bool split_ip(struct hk_slice value, struct hk_ip *ret_ip, struct hk_slice *ret_rest)
{
    static const char ends[] = ",; /%(|";
    size_t end;

    value = hk_slice_trim(value);
    if (value.size == 0)
        return false;
    end = value.size;
    *ret_rest = hk_slice_after(value, end);
    if (parse_ip(value, ret_ip))
        return true;
    if (value.at[0] == '[') {
        end = hk_slice_until(value, ']');
        if (end == value.size)
            return false;
        *ret_rest = hk_slice_after(value, end + 1);
        return parse_ip((struct hk_slice){value.at + 1, end - 1}, ret_ip);
    }
    for (size_t i = 0; ends[i] != '\0'; i++) {
        size_t at = hk_slice_until(value, ends[i]);
        end = at < end ? at : end;
    }
    *ret_rest = hk_slice_after(value, end);
    value.size = end;
    if (parse_ip(value, ret_ip))
        return true;
    end = hk_slice_until(value, ':'); /* of an IPv4 address with a port: of IPv6 nothing parses */
    *ret_rest = hk_slice_after(value, end);
    value.size = end;
    return parse_ip(value, ret_ip);
}

bool hk_value_ip(struct hk_slice value, char ret_text[HK_IP_TEXT_SIZE])
{
    struct hk_slice rest;
    struct hk_ip ip;
    char text[HK_IP_TEXT_SIZE];

    if (!split_ip(value, &ip, &rest))
        return false;
    hk_ip_format(&ip, text);
    if (strcmp(text, "0.0.0.0") == 0 || strcmp(text, "::") == 0)
        return false;
    memcpy(ret_text, text, sizeof(text));
    return true;
}

bool hk_value_port(struct hk_slice value, int *ret_port)
{
    struct hk_slice rest;
    struct hk_ip ip;
    long long port;

    value = hk_slice_trim(value);
    if (!hk_slice_number(value, &port)) {
        size_t digits = 1;
        if (!split_ip(value, &ip, &rest) || rest.size < 2 || rest.at[0] != ':')
            return false;
        while (digits < rest.size && hk_is_digit(rest.at[digits]))
            digits++;
        if (!hk_slice_number((struct hk_slice){rest.at + 1, digits - 1}, &port))
            return false;
    }
    if (port > PORT_MAX)
        return false;
    *ret_port = (int)port;
    return true;
}

bool hk_value_host(struct hk_slice value, struct hk_slice *ret_host)
{
    struct hk_slice rest;
    struct hk_ip ip;

    value = hk_slice_trim(value);
    while (value.size > 0 && (value.at[0] == '\\' || value.at[0] == '/'))
        value = hk_slice_after(value, 1);
    while (value.size > 1 && value.at[value.size - 1] == '.')
        value.size--;
    if (hk_value_is_nothing(value) || value.size > HOST_SIZE_MAX || split_ip(value, &ip, &rest))
        return false;
    for (size_t i = 0; i < value.size; i++)
        if ((unsigned char)value.at[i] <= ' ' || strchr("\"<>|;,", value.at[i]) != NULL)
            return false;
    *ret_host = value;
    return true;
}

bool hk_value_mail(struct hk_slice value, struct hk_slice *ret_mail)
{
    size_t open = hk_slice_until(value, '<');
    size_t at;

    if (open < value.size) {
        value = hk_slice_after(value, open + 1);
        value.size = hk_slice_until(value, '>');
    }
    value = hk_slice_trim(value);
    at = hk_slice_until(value, '@');
    if (at == 0 || at + 1 >= value.size || value.size > MAIL_SIZE_MAX)
        return false;
    for (size_t i = 0; i < value.size; i++)
        if ((unsigned char)value.at[i] <= ' ' || strchr("\"<>,;:\\/", value.at[i]) != NULL ||
            (value.at[i] == '@' && i != at))
            return false;
    *ret_mail = value;
    return true;
}

/* --- digests, techniques, products --- */

static bool take_hex(struct hk_slice value, size_t digits, char *ret_text)
{
    for (size_t i = 0; i < digits; i++) {
        if (hk_hex_digit(value.at[i]) < 0)
            return false;
        ret_text[i] = hk_lower(value.at[i]);
    }
    ret_text[digits] = '\0';
    return true;
}

bool hk_value_hash(struct hk_slice value, const char *name, size_t digits, char *ret_text)
{
    size_t name_size = strlen(name);

    value = hk_slice_trim(value);
    if (value.size == digits)
        return take_hex(value, digits, ret_text);
    for (size_t at = 0; at + name_size + 1 + digits <= value.size; at++) {
        const char *next = value.at + at + name_size;
        if (!hk_slice_is_like((struct hk_slice){value.at + at, name_size}, name) ||
            (*next != '=' && *next != ':'))
            continue;
        if (take_hex((struct hk_slice){next + 1, digits}, digits, ret_text))
            return true;
    }
    return false;
}

bool hk_value_technique(
    struct hk_slice value, size_t *in_out_at, char ret_technique[HK_TECHNIQUE_SIZE])
{
    for (size_t at = *in_out_at; at + 5 <= value.size; at++) {
        size_t size = 5;
        if (value.at[at] != 'T' ||
            (at > 0 && hk_lower(value.at[at - 1]) >= 'a' && hk_lower(value.at[at - 1]) <= 'z'))
            continue;
        if (!hk_is_digit(value.at[at + 1]) || !hk_is_digit(value.at[at + 2]) ||
            !hk_is_digit(value.at[at + 3]) || !hk_is_digit(value.at[at + 4]))
            continue;
        if (at + 9 <= value.size && strchr("._/", value.at[at + 5]) != NULL &&
            hk_is_digit(value.at[at + 6]) && hk_is_digit(value.at[at + 7]) &&
            hk_is_digit(value.at[at + 8]))
            size = 9;
        if (at + size < value.size && hk_is_digit(value.at[at + size]))
            continue;
        memcpy(ret_technique, value.at + at, size);
        ret_technique[size] = '\0';
        if (size == 9)
            ret_technique[5] = '.';
        *in_out_at = at + size;
        return true;
    }
    return false;
}

bool hk_value_product(struct hk_slice value, char *ret_word, size_t capacity)
{
    size_t size = 0;

    for (size_t i = 0; i < value.size && size + 1 < capacity; i++) {
        char c = hk_lower(value.at[i]);
        if ((c >= 'a' && c <= 'z') || hk_is_digit(c))
            ret_word[size++] = c;
        else if (size > 0 && ret_word[size - 1] != '_')
            ret_word[size++] = '_';
    }
    while (size > 0 && ret_word[size - 1] == '_')
        size--;
    ret_word[size] = '\0';
    return size > 0;
}
