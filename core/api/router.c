/*
 * router: matching of paths, and checking of bodies.
 */
#include "api/router.h"

#include "base/text.h"
#include "base/time.h"

#include <stdio.h>
#include <string.h>

/* May this stand where the pattern has {name}? */
static bool value_is_good(const char *name, const char *value)
{
    if (strcmp(name, "file") != 0)
        return hk_id_is_valid(value);
    if (value[0] == '.' || value[0] == '\0')
        return false;
    return strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
           strlen(value);
}

/* Take one piece "{name}" of the pattern against one piece of the path. */
static bool take_param(struct hk_route_match *match, const char *name, size_t name_size,
    const char *value, size_t value_size)
{
    unsigned i = match->count;

    if (i == HK_ROUTE_PARAMS_MAX || name_size >= sizeof(match->names[i]) ||
        value_size >= sizeof(match->values[i]))
        return false;
    memcpy(match->names[i], name, name_size);
    match->names[i][name_size] = '\0';
    memcpy(match->values[i], value, value_size);
    match->values[i][value_size] = '\0';
    match->count++;
    return value_is_good(match->names[i], match->values[i]);
}

static bool path_matches(const char *pattern, const char *path, struct hk_route_match *match)
{
    match->count = 0;
    while (*pattern == '/' && *path == '/') {
        size_t pattern_size = strcspn(++pattern, "/");
        size_t path_size = strcspn(++path, "/");
        if (pattern[0] == '{') {
            if (!take_param(match, pattern + 1, pattern_size - 2, path, path_size))
                return false;
        } else if (pattern_size != path_size || memcmp(pattern, path, path_size) != 0) {
            return false;
        }
        pattern += pattern_size;
        path += path_size;
    }
    return *pattern == '\0' && *path == '\0';
}

static void allow_method(char *allow, size_t capacity, const char *method)
{
    size_t used = strlen(allow);

    (void)snprintf(allow + used, capacity - used, "%s%s%s", used > 0 ? ", " : "", method,
        strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

const struct hk_route *hk_route_first(const struct hk_route *routes)
{
    while (routes != NULL && routes->method == NULL)
        routes = routes->more;
    return routes;
}

const struct hk_route *hk_route_next(const struct hk_route *route)
{
    return hk_route_first(route + 1);
}

enum hk_route_result hk_router_match(const struct hk_route *routes, const char *method,
    const char *path, struct hk_route_match *ret_match, char *ret_allow, size_t allow_capacity)
{
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    struct hk_route_match match;

    ret_allow[0] = '\0';
    for (const struct hk_route *route = hk_route_first(routes); route != NULL;
         route = hk_route_next(route)) {
        if (!path_matches(route->path, path, &match))
            continue;
        if (strcmp(route->method, wanted) == 0) {
            match.route = route;
            *ret_match = match;
            return HK_ROUTE_FOUND;
        }
        allow_method(ret_allow, allow_capacity, route->method);
    }
    return ret_allow[0] != '\0' ? HK_ROUTE_NO_METHOD : HK_ROUTE_NO_PATH;
}

const char *hk_route_param(const struct hk_route_match *match, const char *name)
{
    for (unsigned i = 0; i < match->count; i++)
        if (strcmp(match->names[i], name) == 0)
            return match->values[i];
    return "";
}

static bool is_choice(const char *choices, const char *text)
{
    size_t text_size = strlen(text);

    while (*choices != '\0') {
        size_t size = strcspn(choices, "|");
        if (size == text_size && memcmp(choices, text, size) == 0)
            return true;
        choices += size + (choices[size] == '|' ? 1 : 0);
    }
    return false;
}

static enum hk_status check_member(
    const struct hk_member *member, const struct hk_json *value, struct hk_error *error)
{
    size_t size_max = member->size_max > 0 ? member->size_max : HK_REASON_SIZE_MAX;
    const char *text = hk_json_string(value);
    int64_t number;

    if (member->type == HK_MEMBER_OBJECT) {
        if (value->type != HK_JSON_OBJECT)
            return hk_fail(error, HK_INVALID, "%s: expected an object", member->name);
        if (value->source_size > HK_ARGS_SIZE_MAX)
            return hk_fail(
                error, HK_INVALID, "%s: longer than %d bytes", member->name, HK_ARGS_SIZE_MAX);
        return HK_OK;
    }
    if (member->type == HK_MEMBER_NUMBER) {
        if (!hk_json_i64(value, &number) || number < 0)
            return hk_fail(
                error, HK_INVALID, "%s: expected a whole number from 0 on", member->name);
        return HK_OK;
    }
    if (text == NULL)
        return hk_fail(error, HK_INVALID, "%s: expected a string, not %s", member->name,
            hk_json_type_name(value->type));
    if (value->text_size > size_max)
        return hk_fail(error, HK_INVALID, "%s: longer than %zu bytes", member->name, size_max);
    if (member->is_required && value->text_size == 0)
        return hk_fail(error, HK_INVALID, "%s: is empty", member->name);
    if (member->type == HK_MEMBER_CHOICE && !is_choice(member->choices, text))
        return hk_fail(error, HK_INVALID, "%s: must be one of %s", member->name, member->choices);
    if (member->type == HK_MEMBER_NAME && !hk_id_is_valid(text))
        return hk_fail(error, HK_INVALID, "%s: 1 to 64 of a-z, 0-9, '_' and '-'", member->name);
    if (member->type == HK_MEMBER_DURATION && hk_duration_parse(text, &number, error) != HK_OK)
        return hk_error_prefix(error, "%s", member->name);
    return HK_OK;
}

enum hk_status hk_body_check(
    const struct hk_member *members, const struct hk_json *body, struct hk_error *error)
{
    if (body == NULL || body->type != HK_JSON_OBJECT)
        return hk_fail(error, HK_INVALID, "the body must be a JSON object");
    for (const struct hk_json *child = body->first; child != NULL; child = child->next) {
        const struct hk_member *member = members;
        while (member->name != NULL && strcmp(member->name, child->key) != 0)
            member++;
        if (member->name == NULL)
            return hk_fail(error, HK_INVALID, "%.64s: there is no such member here", child->key);
        /* null is as good as not being there */
        if (child->type == HK_JSON_NULL && !member->is_required)
            continue;
        if (check_member(member, child, error) != HK_OK)
            return HK_INVALID;
    }
    for (const struct hk_member *member = members; member->name != NULL; member++)
        if (member->is_required && hk_json_get(body, member->name) == NULL)
            return hk_fail(error, HK_INVALID, "%s: is missing", member->name);
    return HK_OK;
}
