/*
 * entity: see entity.h.
 */
#include "engine/entity.h"
#include "base/digest.h"
#include "base/ip.h"
#include "base/text.h"
#include "base/time.h"
#include "limits.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- the policy --- */

static const struct {
    const char *name;
    enum hk_join_by bit;
} join_names[] = {
    {"src.ip", HK_JOIN_SRC_IP},
    {"dst.ip", HK_JOIN_DST_IP},
    {"device", HK_JOIN_DEVICE},
    {"user", HK_JOIN_USER},
    {"file", HK_JOIN_FILE},
    {"url", HK_JOIN_URL},
    {"domain", HK_JOIN_DOMAIN},
};

static enum hk_status read_join_by(
    const struct hk_json *list, unsigned *ret_join_by, struct hk_error *error)
{
    *ret_join_by = HK_JOIN_ALL;
    if (list == NULL)
        return HK_OK;
    bool is_empty = list->count == 0 && list->type == HK_JSON_OBJECT; /* as Lua's empty table is */
    if (!is_empty && !hk_json_is_texts(list))
        return hk_fail(error, HK_INVALID, "cases.join_by: expected a list of texts");
    *ret_join_by = 0;
    for (const struct hk_json *item = list->first; item != NULL; item = item->next) {
        size_t i = 0;
        while (i < COUNT(join_names) && strcmp(item->text, join_names[i].name) != 0)
            i++;
        if (i == COUNT(join_names))
            return hk_fail(error, HK_INVALID,
                "cases.join_by: \"%.40s\" is none of src.ip, dst.ip, device, user, file, url, "
                "domain",
                item->text);
        *ret_join_by |= join_names[i].bit;
    }
    return HK_OK;
}

static enum hk_status read_open_at(
    const struct hk_json *value, enum hk_severity *ret_severity, struct hk_error *error)
{
    const char *text = hk_json_string(value);
    if (text == NULL)
        text = hk_json_string_at(value, "at_least", value == NULL ? "medium" : "");
    *ret_severity = hk_severity_from_text(text);
    if (*ret_severity == HK_SEVERITY_NONE)
        return hk_fail(
            error, HK_INVALID, "cases.open_at: expected a severity such as at_least \"medium\"");
    return HK_OK;
}

static enum hk_status read_window(
    const struct hk_json *value, int64_t *ret_window_us, struct hk_error *error)
{
    int64_t window_ms = HK_CASE_WINDOW_DEFAULT_MS;
    if (value != NULL && hk_json_string(value) == NULL)
        return hk_fail(error, HK_INVALID, "cases.window: a duration such as \"24h\" is wanted");
    if (value != NULL && hk_duration_parse(value->text, &window_ms, error) != HK_OK)
        return hk_error_prefix(error, "cases.window");
    if (window_ms > HK_CASE_WINDOW_MAX_MS)
        return hk_fail(error, HK_INVALID, "cases.window: longer than 30d");
    *ret_window_us = window_ms * 1000;
    return HK_OK;
}

enum hk_status hk_case_policy_read(const struct hk_json *config, struct hk_authority *authority,
    struct hk_case_policy *ret_policy, struct hk_error *error)
{
    static const char *const keys[] = {"join_by", "window", "open_at", "ignore", "own"};
    const struct hk_json *cases = hk_json_get(config, "cases");
    struct hk_case_policy *policy = ret_policy;
    for (const struct hk_json *item = cases == NULL ? NULL : cases->first; item != NULL;
         item = item->next) {
        size_t i = 0;
        while (i < COUNT(keys) && (item->key == NULL || strcmp(item->key, keys[i]) != 0))
            i++;
        if (i == COUNT(keys))
            return hk_fail(error, HK_INVALID, "cases.%.40s: there is no such key",
                item->key == NULL ? "?" : item->key);
    }
    enum hk_status status = read_join_by(hk_json_get(cases, "join_by"), &policy->join_by, error);
    if (status == HK_OK)
        status = read_window(hk_json_get(cases, "window"), &policy->window_us, error);
    if (status == HK_OK)
        status = read_open_at(hk_json_get(cases, "open_at"), &policy->open_at, error);
    if (status == HK_OK)
        status = hk_authority_scope(
            authority, hk_json_get(cases, "ignore"), "cases.ignore", &policy->ignore, error);
    if (status == HK_OK)
        status = hk_authority_scope(
            authority, hk_json_get(cases, "own"), "cases.own", &policy->own, error);
    return status;
}

/* --- what an alert is about --- */

static bool is_plain(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != 0; at++) {
        if (*at < 0x20 || *at == 0x7f)
            return false;
    }
    return text[0] != 0;
}

static void lower(char *text)
{
    for (; *text != 0; text++) {
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text - 'A' + 'a');
    }
}

struct adding {
    const struct hk_case_policy *policy;
    struct hk_entities *entities;
};

/* scope_type is how authority calls such a target. */
static void add(
    struct adding *adding, const char *type, const char *scope_type, const char *text, bool folds)
{
    struct hk_entities *entities = adding->entities;
    if (text == NULL || !is_plain(text) || entities->count == HK_ENTITIES_PER_ALERT_MAX)
        return;
    char *item = entities->items[entities->count];
    if ((size_t)snprintf(item, HK_ENTITY_SIZE, "%s:%s", type, text) >= HK_ENTITY_SIZE)
        return;
    if (folds)
        lower(item);
    if (hk_scope_has(adding->policy->ignore, scope_type, text))
        return;
    for (size_t i = 0; i < entities->count; i++) {
        if (strcmp(entities->items[i], item) == 0)
            return;
    }
    entities->count++;
}

#define V4(a, b, c, d, size)                                                                       \
    {                                                                                              \
        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, (a), (b), (c), (d)}}, 96 + (size)              \
    }
#define V6(a, b, size)                                                                             \
    {                                                                                              \
        {{(a), (b)}}, (size)                                                                       \
    }

static bool is_in(const struct hk_ip *ip, const struct hk_ip_range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (hk_ip_range_has(&ranges[i], ip))
            return true;
    }
    return false;
}

/* "This network", loopback, link-local, multicast, reserved. */
static bool names_nobody(const struct hk_ip *ip)
{
    static const struct hk_ip_range ranges[] = {V4(0, 0, 0, 0, 8), V4(127, 0, 0, 0, 8),
        V4(169, 254, 0, 0, 16), V4(224, 0, 0, 0, 4), V4(240, 0, 0, 0, 4), V6(0, 0, 64),
        V6(0xfe, 0x80, 10), V6(0xff, 0, 8)};
    return !hk_ip_is_v4(ip) ? is_in(ip, ranges + 5, 3) : is_in(ip, ranges, 5);
}

/* RFC 1918, RFC 6598, RFC 4193, and what the tenant says is its own. */
static bool is_own(const struct hk_case_policy *policy, const struct hk_ip *ip, const char *text)
{
    static const struct hk_ip_range ranges[] = {V4(10, 0, 0, 0, 8), V4(172, 16, 0, 0, 12),
        V4(192, 168, 0, 0, 16), V4(100, 64, 0, 0, 10), V6(0xfc, 0, 7)};
    return is_in(ip, ranges, COUNT(ranges)) || hk_scope_has(policy->own, "address", text);
}

static void add_ip(struct adding *adding, const char *text, bool leave_own)
{
    struct hk_ip ip;
    char normal[HK_IP_TEXT_SIZE];
    if (text == NULL || hk_ip_parse(text, &ip, NULL) != HK_OK || names_nobody(&ip))
        return;
    hk_ip_format(&ip, normal);
    if (!leave_own || !is_own(adding->policy, &ip, normal))
        add(adding, "ip", "address", normal, false);
}

/* An address where a host's name is meant says nothing more than the address. */
static void add_host(struct adding *adding, const char *text)
{
    struct hk_ip ip;
    char name[256];
    if (text == NULL || hk_ip_parse(text, &ip, NULL) == HK_OK ||
        !hk_copy_text(name, sizeof name, text))
        return;
    size_t size = strlen(name);
    if (size > 1 && name[size - 1] == '.')
        name[size - 1] = 0;
    lower(name);
    if (strcmp(name, "localhost") != 0)
        add(adding, "host", "host", name, true);
}

/* "CORP\\a.clerk" and "a.clerk" may be two people: kept as they come, but for case. */
static void add_user(struct adding *adding, const char *text)
{
    static const char *const everywhere[] = {"root", "admin", "administrator", "system",
        "local service", "network service", "localsystem", "guest", "nobody", "anonymous",
        "anonymous logon", "unknown", "n/a", "-", "nt authority\\system",
        "nt authority\\local service", "nt authority\\network service"};
    char name[HK_ENTITY_SIZE];
    if (text == NULL || !hk_copy_text(name, sizeof name, text))
        return;
    lower(name);
    for (size_t i = 0; i < COUNT(everywhere); i++) {
        if (strcmp(name, everywhere[i]) == 0)
            return;
    }
    add(adding, "user", "user", name, true);
}

/* The host of scheme://user@host:port/path, when it is a name. */
static void add_domain(struct adding *adding, const char *url)
{
    const char *begin = url == NULL ? NULL : strstr(url, "://");
    char host[256];
    struct hk_ip ip;
    if (begin == NULL)
        return;
    begin += 3;
    size_t size = strcspn(begin, "/?#\\");
    if (size == 0 || size >= sizeof host)
        return;
    memcpy(host, begin, size);
    host[size] = 0;
    const char *sign = strrchr(host, '@');
    if (sign != NULL)
        memmove(host, sign + 1, strlen(sign + 1) + 1);
    char *port = strrchr(host, ':');
    if (host[0] != '[' && port != NULL && strspn(port + 1, "0123456789") == strlen(port + 1))
        *port = 0;
    if (hk_ip_parse(host, &ip, NULL) == HK_OK) {
        add_ip(adding, host, true);
        return;
    }
    size = strlen(host);
    if (size > 1 && host[size - 1] == '.')
        host[size - 1] = 0;
    lower(host);
    add(adding, "domain", "domain", host, true);
}

void hk_entities_of(const struct hk_case_policy *policy, const struct hk_json *view,
    struct hk_entities *ret_entities)
{
    ret_entities->count = 0;
    struct adding adding = {policy, ret_entities};
    const char *hash = hk_json_string_at(view, "file.sha256", NULL);
    const char *url = hk_json_string_at(view, "url", NULL);
    if ((policy->join_by & HK_JOIN_FILE) != 0 && hash != NULL && hk_sha256_hex_is_valid(hash))
        add(&adding, "hash", "hash", hash, true);
    if ((policy->join_by & HK_JOIN_URL) != 0)
        add(&adding, "url", "url", url, false);
    if ((policy->join_by & HK_JOIN_DOMAIN) != 0)
        add_domain(&adding, url);
    if ((policy->join_by & HK_JOIN_DEVICE) != 0) {
        add_host(&adding, hk_json_string_at(view, "device.host", NULL));
        add_host(&adding, hk_json_string_at(view, "src.host", NULL));
        add_ip(&adding, hk_json_string_at(view, "device.ip", NULL), false);
    }
    if ((policy->join_by & HK_JOIN_USER) != 0) {
        add_user(&adding, hk_json_string_at(view, "user.name", NULL));
        add_user(&adding, hk_json_string_at(view, "user.mail", NULL));
    }
    if ((policy->join_by & HK_JOIN_SRC_IP) != 0)
        add_ip(&adding, hk_json_string_at(view, "src.ip", NULL), false);
    if ((policy->join_by & HK_JOIN_DST_IP) != 0)
        add_ip(&adding, hk_json_string_at(view, "dst.ip", NULL), true);
}
