/*
 * openapi: the description of the API, made from the table of routes.
 */
#include "api/router.h"
#include "loop/http_server.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void write_choices(struct hk_jw *jw, const char *choices)
{
    hk_jw_key(jw, "enum");
    hk_jw_array(jw);
    while (*choices != '\0') {
        size_t size = strcspn(choices, "|");
        hk_jw_string_n(jw, choices, size);
        choices += size + (choices[size] == '|' ? 1 : 0);
    }
    hk_jw_array_end(jw);
}

static void write_member(struct hk_jw *jw, const struct hk_member *member)
{
    hk_jw_key(jw, member->name);
    hk_jw_object(jw);
    hk_jw_kv(jw, "type",
        member->type == HK_MEMBER_OBJECT   ? "object"
        : member->type == HK_MEMBER_NUMBER ? "integer"
                                           : "string");
    if (member->help != NULL)
        hk_jw_kv(jw, "description", member->help);
    if (member->type == HK_MEMBER_CHOICE)
        write_choices(jw, member->choices);
    else if (member->type == HK_MEMBER_NAME)
        hk_jw_kv(jw, "pattern", "^[a-z0-9_-]{1,64}$");
    else if (member->type == HK_MEMBER_DURATION)
        hk_jw_kv(jw, "pattern", "^[0-9]+(ms|s|m|h|d|w)$");
    else if (member->type == HK_MEMBER_TEXT)
        hk_jw_kv_i64(jw, "maxLength",
            (int64_t)(member->size_max > 0 ? member->size_max : HK_REASON_SIZE_MAX));
    hk_jw_object_end(jw);
}

static void write_body_schema(struct hk_jw *jw, const struct hk_member *members)
{
    hk_jw_object(jw);
    hk_jw_kv(jw, "type", "object");
    hk_jw_kv_bool(jw, "additionalProperties", false);
    hk_jw_key(jw, "required");
    hk_jw_array(jw);
    for (const struct hk_member *member = members; member->name != NULL; member++)
        if (member->is_required)
            hk_jw_string(jw, member->name);
    hk_jw_array_end(jw);
    hk_jw_key(jw, "properties");
    hk_jw_object(jw);
    for (const struct hk_member *member = members; member->name != NULL; member++)
        write_member(jw, member);
    hk_jw_object_end(jw);
    hk_jw_object_end(jw);
}

static void write_media(struct hk_jw *jw, const char *type, const char *schema)
{
    hk_jw_key(jw, type);
    hk_jw_object(jw);
    hk_jw_kv_raw(jw, "schema", schema);
    hk_jw_object_end(jw);
}

static void write_body(struct hk_jw *jw, const struct hk_route *route)
{
    hk_jw_key(jw, "requestBody");
    hk_jw_object(jw);
    hk_jw_kv_bool(jw, "required", true);
    hk_jw_key(jw, "content");
    hk_jw_object(jw);
    if (route->flags & HK_ROUTE_RAW_BODY) {
        write_media(jw, "application/json",
            "{\"oneOf\":[{\"type\":\"object\"},"
            "{\"type\":\"array\",\"items\":{\"type\":\"object\"}}]}");
        write_media(jw, "application/x-ndjson", "{\"type\":\"string\"}");
    } else {
        hk_jw_key(jw, "application/json");
        hk_jw_object(jw);
        hk_jw_key(jw, "schema");
        write_body_schema(jw, route->body);
        hk_jw_object_end(jw);
    }
    hk_jw_object_end(jw);
    hk_jw_object_end(jw);
}

static void write_parameter(
    struct hk_jw *jw, const char *name, size_t name_size, const char *in, const char *help)
{
    hk_jw_object(jw);
    hk_jw_key(jw, "name");
    hk_jw_string_n(jw, name, name_size);
    hk_jw_kv(jw, "in", in);
    hk_jw_kv_bool(jw, "required", strcmp(in, "path") == 0);
    if (help != NULL)
        hk_jw_kv(jw, "description", help);
    hk_jw_kv_raw(jw, "schema", "{\"type\":\"string\"}");
    hk_jw_object_end(jw);
}

static void write_parameters(struct hk_jw *jw, const struct hk_route *route)
{
    hk_jw_key(jw, "parameters");
    hk_jw_array(jw);
    for (const char *at = strchr(route->path, '{'); at != NULL; at = strchr(at, '{')) {
        size_t size = strcspn(++at, "}");
        write_parameter(jw, at, size, "path", NULL);
    }
    for (const struct hk_param *param = route->query; param != NULL && param->name != NULL; param++)
        write_parameter(jw, param->name, strlen(param->name), "query", param->help);
    if (route->role != NULL && strstr(route->path, "{tenant}") == NULL)
        write_parameter(jw, "X-Hikeshi-Tenant", strlen("X-Hikeshi-Tenant"), "header",
            "whose, for a provider-admin where there are several tenants");
    if (route->flags & HK_ROUTE_RAW_BODY)
        write_parameter(jw, "Idempotency-Key", strlen("Idempotency-Key"), "header",
            "at most 128 visible ASCII characters; the same request with it is answered alike");
    hk_jw_array_end(jw);
}

static void write_answer(
    struct hk_jw *jw, int status, const char *description, const char *type, const char *schema)
{
    char key[8];

    (void)snprintf(key, sizeof(key), "%d", status);
    hk_jw_key(jw, key);
    hk_jw_object(jw);
    hk_jw_kv(jw, "description", description);
    hk_jw_key(jw, "content");
    hk_jw_object(jw);
    write_media(jw, type, schema);
    hk_jw_object_end(jw);
    hk_jw_object_end(jw);
}

static void write_problem(struct hk_jw *jw, int status)
{
    write_answer(jw, status, hk_http_status_title(status), "application/problem+json",
        "{\"$ref\":\"#/components/schemas/Problem\"}");
}

static void write_answers(struct hk_jw *jw, const struct hk_route *route)
{
    const char *type = route->answer_type != NULL ? route->answer_type : "application/json";

    hk_jw_key(jw, "responses");
    hk_jw_object(jw);
    write_answer(jw, route->status, route->answer, type,
        route->answer_type != NULL ? "{\"type\":\"string\"}" : "{\"type\":\"object\"}");
    if (route->role != NULL) {
        write_problem(jw, 401);
        write_problem(jw, 403);
    }
    for (const short *status = route->problems; *status != 0; status++)
        write_problem(jw, *status);
    if (strcmp(route->method, "POST") == 0)
        write_problem(jw, 507); /* see has_room in api.c */
    hk_jw_object_end(jw);
}

/* "GET /v1/runs/{id}" → "get_v1_runs_id" */
static void write_operation_id(struct hk_jw *jw, const struct hk_route *route)
{
    char id[128];
    size_t size = 0;

    for (const char *at = route->method; *at != '\0' && size < sizeof(id) - 1; at++)
        id[size++] = (char)tolower((unsigned char)*at);
    for (const char *at = route->path; *at != '\0' && size < sizeof(id) - 1; at++) {
        if (isalnum((unsigned char)*at))
            id[size++] = *at;
        else if (size > 0 && id[size - 1] != '_')
            id[size++] = '_';
    }
    while (size > 0 && id[size - 1] == '_')
        size--;
    hk_jw_key(jw, "operationId");
    hk_jw_string_n(jw, id, size);
}

static void write_role(struct hk_jw *jw, const struct hk_route *route)
{
    char text[96];

    if (route->role == NULL) {
        hk_jw_kv_raw(jw, "security", "[]");
        return;
    }
    (void)snprintf(text, sizeof(text), "Least role: %s%s%s.", route->role,
        route->role_too != NULL ? ", or " : "", route->role_too != NULL ? route->role_too : "");
    hk_jw_kv(jw, "description", text);
    if (route->flags & HK_ROUTE_BASIC_AUTH)
        hk_jw_kv_raw(jw, "security", "[{\"token\":[]},{\"password\":[]},{\"session\":[]}]");
    else if (strcmp(route->method, "GET") != 0)
        hk_jw_kv_raw(jw, "security", "[{\"token\":[]},{\"session\":[],\"csrf\":[]}]");
}

static void write_operation(struct hk_jw *jw, const struct hk_route *route)
{
    hk_jw_key(jw, strcmp(route->method, "GET") == 0 ? "get" : "post");
    hk_jw_object(jw);
    write_operation_id(jw, route);
    hk_jw_kv(jw, "summary", route->summary);
    write_role(jw, route);
    write_parameters(jw, route);
    if (route->body != NULL || (route->flags & HK_ROUTE_RAW_BODY))
        write_body(jw, route);
    write_answers(jw, route);
    hk_jw_object_end(jw);
}

static void write_components(struct hk_jw *jw)
{
    hk_jw_kv_raw(jw, "components",
        "{\"securitySchemes\":{"
        "\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"},"
        "\"password\":{\"type\":\"http\",\"scheme\":\"basic\","
        "\"description\":\"any user name; the password is a token\"},"
        "\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"hikeshi\","
        "\"description\":\"of whoever logged in; __Host-hikeshi over TLS\"},"
        "\"csrf\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"X-Hikeshi-CSRF\","
        "\"description\":\"the token that each form of the session's pages carries\"}},"
        "\"schemas\":{\"Problem\":{\"type\":\"object\","
        "\"description\":\"RFC 9457; further members depend on the problem\","
        "\"required\":[\"type\",\"title\",\"status\"],"
        "\"properties\":{\"type\":{\"type\":\"string\",\"description\":\"about:blank; "
        "/problems/step-up: give a code at /step-up, and ask again\"},"
        "\"title\":{\"type\":\"string\"},"
        "\"status\":{\"type\":\"integer\"},\"detail\":{\"type\":\"string\"},"
        "\"retry_after\":{\"type\":\"integer\",\"description\":\"seconds\"},"
        "\"current\":{\"type\":\"object\",\"description\":\"what stands, of a conflict\"},"
        "\"errors\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}}}");
    hk_jw_kv_raw(jw, "security", "[{\"token\":[]},{\"session\":[]}]");
}

/* This route, or the first after it that isn't a page: those are for people. */
static const struct hk_route *first_of_programs(const struct hk_route *route)
{
    while (route != NULL && (route->flags & HK_ROUTE_PAGE) != 0)
        route = hk_route_next(route);
    return route;
}

void hk_openapi_write(const struct hk_route *routes, const char *version, struct hk_buf *out)
{
    struct hk_jw jw;

    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "openapi", "3.1.0");
    hk_jw_key(&jw, "info");
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "title", "Hikeshi");
    hk_jw_kv(&jw, "version", version);
    hk_jw_object_end(&jw);
    hk_jw_key(&jw, "paths");
    hk_jw_object(&jw);
    /* Routes of one path stand beside each other in the table. */
    const struct hk_route *before = NULL;
    const struct hk_route *next;
    for (const struct hk_route *route = first_of_programs(hk_route_first(routes)); route != NULL;
         route = next) {
        bool is_first = before == NULL || strcmp(before->path, route->path) != 0;
        bool is_last;
        next = first_of_programs(hk_route_next(route));
        is_last = next == NULL || strcmp(next->path, route->path) != 0;
        before = route;
        if (is_first) {
            hk_jw_key(&jw, route->path);
            hk_jw_object(&jw);
        }
        write_operation(&jw, route);
        if (is_last)
            hk_jw_object_end(&jw);
    }
    hk_jw_object_end(&jw);
    write_components(&jw);
    hk_jw_object_end(&jw);
}
