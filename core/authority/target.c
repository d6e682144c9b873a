/*
 * target: normal forms and patterns; see target.h and authority.h. What programs read in different
 * ways (010.0.0.1, 0xa.1, 167772161, full-width digits) is refused, so that a protected address has
 * no other name.
 */
#include "authority/target.h"

#include "authority/authority.h"
#include "base/arena.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define SHOWN "%.80s"
#define PREFIX_ADDRESS 128

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static void fold(char *text)
{
    for (; *text != '\0'; text++)
        *text = lower(*text);
}

static bool is_type(const char *type, const char *name)
{
    return type != NULL && strcmp(type, name) == 0;
}

/* Is a part of a name a number to inet_aton: decimal, octal, or hexadecimal with 0x? */
static bool is_number(const char *part, size_t size)
{
    const char *digits = "0123456789";

    if (size >= 2 && part[0] == '0' && lower(part[1]) == 'x') {
        digits = "0123456789abcdefABCDEF";
        part += 2;
        size -= 2;
    } else if (size == 0) {
        return false;
    }
    return strspn(part, digits) >= size;
}

/* Some programs read a name whose last part is a number as an address. */
static bool ends_in_number(const char *text)
{
    size_t size = strlen(text);
    size_t begin;

    while (size > 0 && text[size - 1] == '.')
        size--;
    for (begin = size; begin > 0 && text[begin - 1] != '.';)
        begin--;
    return is_number(text + begin, size - begin);
}

static bool has_blank_edge(const char *text)
{
    static const char blanks[] = " \t\r\n\v\f";
    size_t size = strlen(text);

    return size > 0 && (strchr(blanks, text[0]) != NULL || strchr(blanks, text[size - 1]) != NULL);
}

static void write_range(const struct hk_ip_range *range, char ret_text[HK_IP_TEXT_SIZE])
{
    if (range->prefix == PREFIX_ADDRESS)
        hk_ip_format(&range->base, ret_text);
    else
        hk_ip_range_format(range, ret_text);
}

/* Fill in an address or range; HK_INVALID when text is none. */
static enum hk_status read_range(const char *text, struct hk_target *target, struct hk_error *error)
{
    enum hk_status status = hk_ip_range_parse(text, &target->range, error);

    if (status != HK_OK)
        return status;
    target->is_range = true;
    write_range(&target->range, target->text);
    return HK_OK;
}

/* A name of a host or domain, into ret_name in lower case without the last dot. */
static enum hk_status read_name(
    const char *text, char ret_name[HK_TARGET_SIZE], struct hk_error *error)
{
    size_t size = strlen(text);

    for (const char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at >= 0x80)
            return hk_fail(error, HK_INVALID,
                "\"" SHOWN "\" is not plain ASCII, write the name in its xn-- form", text);
        if ((unsigned char)*at < 0x20 || *at == 0x7f || strchr("/\\:@%?#[]<>\"", *at) != NULL)
            return hk_fail(error, HK_INVALID, "\"" SHOWN "\" is not the name of a host", text);
    }
    if (size > 0 && text[size - 1] == '.')
        size--;
    if (size == 0 || text[0] == '.' || text[size - 1] == '.')
        return hk_fail(error, HK_INVALID, "\"" SHOWN "\" is not the name of a host", text);
    if (ends_in_number(text))
        return hk_fail(error, HK_INVALID,
            "\"" SHOWN "\" may be read as an address in several ways, write it as 192.0.2.1", text);
    memcpy(ret_name, text, size);
    ret_name[size] = '\0';
    fold(ret_name);
    return HK_OK;
}

/* The host of scheme://user@host:port/path. */
static enum hk_status read_url(const char *text, struct hk_target *target, struct hk_error *error)
{
    char host[HK_TARGET_SIZE];
    const char *begin = strstr(text, "://");
    const char *sign;
    size_t size;
    char *port;

    if (begin == NULL || begin == text || strcspn(text, "/?#\\@") < (size_t)(begin - text))
        return hk_fail(error, HK_INVALID, "\"" SHOWN "\" is not a URL with scheme and host", text);
    begin += strspn(begin, ":/\\");
    size = strcspn(begin, "/?#\\");
    memcpy(host, begin, size);
    host[size] = '\0';
    sign = strrchr(host, '@');
    if (sign != NULL)
        memmove(host, sign + 1, strlen(sign + 1) + 1);
    port = strrchr(host, ':');
    if (port != NULL && strspn(port + 1, "0123456789") == strlen(port + 1))
        *port = '\0';
    if (hk_ip_range_parse(host, &target->range, NULL) == HK_OK) {
        target->is_range = true;
        write_range(&target->range, target->host);
        return HK_OK;
    }
    return read_name(host, target->host, error);
}

static enum hk_status read_by_type(
    const char *type, const char *text, struct hk_target *target, struct hk_error *error)
{
    bool is_name = is_type(type, "host") || is_type(type, "domain");

    if (is_type(type, "url"))
        return read_url(text, target, error);
    if (is_type(type, "hash")) {
        fold(target->text);
        return HK_OK;
    }
    if (is_type(type, "address"))
        return read_range(text, target, error);
    if (read_range(text, target, NULL) == HK_OK)
        return HK_OK;
    if (is_name)
        return read_name(text, target->text, error);
    if (type == NULL && ends_in_number(text) &&
        strspn(text, "0123456789abcdefxABCDEFX.") == strlen(text))
        return hk_fail(error, HK_INVALID,
            "\"" SHOWN "\" may be read as an address in several ways, write it as 192.0.2.1", text);
    return HK_OK;
}

enum hk_status hk_target_read(
    const char *type, const char *text, struct hk_target *ret_target, struct hk_error *error)
{
    struct hk_target target = {0};
    enum hk_status status;

    if (text[0] == '\0')
        return hk_fail(error, HK_INVALID, "the target is empty");
    if (!hk_copy_text(target.text, sizeof(target.text), text))
        return hk_fail(error, HK_INVALID, "the target is longer than %d bytes", HK_TARGET_SIZE - 1);
    if (has_blank_edge(text))
        return hk_fail(error, HK_INVALID, "the target begins or ends with a blank");
    status = read_by_type(type, text, &target, error);
    if (status != HK_OK)
        return status;
    memcpy(target.folded, target.text, sizeof(target.folded));
    fold(target.folded);
    *ret_target = target;
    return HK_OK;
}

enum hk_status hk_target_normalise(
    const char *type, const char *text, char *ret_text, size_t capacity, struct hk_error *error)
{
    struct hk_target target;
    enum hk_status status = hk_target_read(type, text, &target, error);

    if (status != HK_OK)
        return status;
    if (strlen(target.text) >= capacity)
        return hk_fail(error, HK_LIMIT, "the target is longer than %zu bytes", capacity);
    memcpy(ret_text, target.text, strlen(target.text) + 1);
    return HK_OK;
}

/* --- patterns --- */

static bool matches_everything(const char *glob)
{
    return glob[0] != '\0' && strspn(glob, "*") == strlen(glob);
}

/* "10.0.*" and "2001:db8:*" are meant as ranges, but a glob sees text only. */
static bool is_glob_of_addresses(const char *text)
{
    size_t size = strlen(text);

    if (matches_everything(text))
        return false;
    return strspn(text, "0123456789.*/") == size ||
           (strchr(text, ':') != NULL && strspn(text, "0123456789abcdefABCDEF.:*/") == size);
}

enum hk_status hk_target_pattern_read(struct hk_arena *arena, const char *text,
    struct hk_target_pattern *ret_pattern, struct hk_error *error)
{
    struct hk_target_pattern pattern = {0};
    struct hk_error why;
    size_t size = strlen(text);

    if (size == 0 || has_blank_edge(text))
        return hk_fail(error, HK_INVALID, "\"" SHOWN "\" names no target", text);
    if (hk_ip_range_parse(text, &pattern.range, &why) == HK_OK) {
        pattern.is_range = true;
        *ret_pattern = pattern;
        return HK_OK;
    }
    if (is_glob_of_addresses(text) || (strchr(text, '*') == NULL && ends_in_number(text)))
        return hk_fail(error, HK_INVALID, "%s", why.text);
    if (size > 1 && text[size - 1] == '.')
        size--;
    pattern.glob = hk_arena_copy(arena, text, size);
    if (pattern.glob == NULL)
        return hk_fail(error, HK_LIMIT, "the configuration is too large");
    fold(pattern.glob);
    *ret_pattern = pattern;
    return HK_OK;
}

static enum hk_cover cover_of_range(
    const struct hk_target_pattern *pattern, const struct hk_target *target)
{
    if (!target->is_range || !hk_ip_ranges_overlap(&pattern->range, &target->range))
        return HK_COVERS_NOTHING;
    return pattern->range.prefix <= target->range.prefix ? HK_COVERS_ALL : HK_COVERS_PART;
}

enum hk_cover hk_target_pattern_covers(
    const struct hk_target_pattern *pattern, const struct hk_target *target)
{
    if (pattern->is_range)
        return cover_of_range(pattern, target);
    if (matches_everything(pattern->glob))
        return HK_COVERS_ALL;
    if (target->host[0] != '\0') {
        if (!target->is_range && hk_glob_matches(pattern->glob, target->host))
            return HK_COVERS_ALL;
    } else if (target->is_range) {
        return HK_COVERS_NOTHING;
    }
    return hk_glob_matches(pattern->glob, target->folded) ? HK_COVERS_ALL : HK_COVERS_NOTHING;
}
