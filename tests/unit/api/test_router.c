/*
 * router: which route a request goes to, what a body may hold, and that the description is made of
 * the same table.
 */
#include "api/router.h"

#include "api/routes.h"

#include "support/suite.h"

#include <string.h>

static enum hk_route_result match(
    const char *method, const char *path, struct hk_route_match *ret_match, char allow[64])
{
    return hk_router_match(hk_routes, method, path, ret_match, allow, 64);
}

static void paths_find_their_route(void)
{
    static const struct {
        const char *method;
        const char *path;
        enum hk_route_result result;
        const char *route;
    } cases[] = {
        {"GET", "/v1/alerts", HK_ROUTE_FOUND, "/v1/alerts"},
        {"HEAD", "/v1/alerts", HK_ROUTE_FOUND, "/v1/alerts"},
        {"POST", "/v1/alerts", HK_ROUTE_FOUND, "/v1/alerts"},
        {"GET", "/v1/alerts/al-1", HK_ROUTE_FOUND, "/v1/alerts/{id}"},
        {"GET", "/v1/alerts/", HK_ROUTE_NO_PATH, NULL},
        {"GET", "/v1/alerts/al-1/", HK_ROUTE_NO_PATH, NULL},
        {"GET", "/v1/alerts/AL", HK_ROUTE_NO_PATH, NULL},
        {"GET", "/v1/alerts/a%b", HK_ROUTE_NO_PATH, NULL},
        {"GET", "/v1/alert", HK_ROUTE_NO_PATH, NULL},
        {"GET", "/", HK_ROUTE_FOUND, "/"},
        {"GET", "", HK_ROUTE_NO_PATH, NULL},
        {"GET", "/lists/main/edl/blocklist.txt", HK_ROUTE_FOUND, "/lists/{tenant}/{plugin}/{file}"},
        {"GET", "/lists/main/edl/.hidden", HK_ROUTE_NO_PATH, NULL},
        {"GET", "/lists/main/edl/..", HK_ROUTE_NO_PATH, NULL},
        {"DELETE", "/v1/alerts", HK_ROUTE_NO_METHOD, NULL},
        {"GET", "/v1/runs/ru-1/cancel", HK_ROUTE_NO_METHOD, NULL},
        {"POST", "/v1/runs/ru-1/cancel", HK_ROUTE_FOUND, "/v1/runs/{id}/cancel"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hk_route_match found = {.route = NULL};
        char allow[64];
        CU_ASSERT_EQUAL(match(cases[i].method, cases[i].path, &found, allow), cases[i].result);
        if (cases[i].route != NULL && found.route != NULL)
            CU_ASSERT_STRING_EQUAL(found.route->path, cases[i].route);
    }
}

static void values_are_taken_from_the_path(void)
{
    struct hk_route_match found;
    char allow[64];

    CU_ASSERT_EQUAL_FATAL(
        match("GET", "/lists/main/edl/blocklist.txt", &found, allow), HK_ROUTE_FOUND);
    CU_ASSERT_STRING_EQUAL(hk_route_param(&found, "tenant"), "main");
    CU_ASSERT_STRING_EQUAL(hk_route_param(&found, "plugin"), "edl");
    CU_ASSERT_STRING_EQUAL(hk_route_param(&found, "file"), "blocklist.txt");
    CU_ASSERT_STRING_EQUAL(hk_route_param(&found, "id"), "");
}

static void long_ids_are_no_path(void)
{
    char path[128] = "/v1/runs/";
    struct hk_route_match found;
    char allow[64];
    size_t size = strlen(path);

    memset(path + size, 'a', 64);
    CU_ASSERT_EQUAL(match("GET", path, &found, allow), HK_ROUTE_FOUND);
    memset(path + size, 'a', 65);
    CU_ASSERT_EQUAL(match("GET", path, &found, allow), HK_ROUTE_NO_PATH);
}

static void other_methods_are_named(void)
{
    struct hk_route_match found;
    char allow[64];

    CU_ASSERT_EQUAL(match("PATCH", "/v1/alerts", &found, allow), HK_ROUTE_NO_METHOD);
    CU_ASSERT_STRING_EQUAL(allow, "GET, HEAD, POST");
    CU_ASSERT_EQUAL(match("GET", "/v1/approvals/ga-1/decision", &found, allow), HK_ROUTE_NO_METHOD);
    CU_ASSERT_STRING_EQUAL(allow, "POST");
}

static void bodies_are_held_against_the_table(void)
{
    static const struct hk_member members[] = {
        {.name = "kind", .type = HK_MEMBER_CHOICE, .is_required = true, .choices = "one|two"},
        {.name = "text", .type = HK_MEMBER_TEXT, .size_max = 4},
        {.name = "for", .type = HK_MEMBER_DURATION},
        {.name = "who", .type = HK_MEMBER_NAME},
        {.name = "what", .type = HK_MEMBER_OBJECT},
        {.name = "seq", .type = HK_MEMBER_NUMBER},
        {.name = NULL},
    };
    static const struct {
        const char *json;
        const char *error; /* NULL: good */
    } cases[] = {
        {"{\"kind\":\"one\"}", NULL},
        {"{\"kind\":\"two\",\"text\":\"four\",\"for\":\"4h\",\"who\":\"a-1\",\"what\":{}}", NULL},
        {"{\"kind\":\"one\",\"text\":null}", NULL},
        {"[]", "the body must be a JSON object"},
        {"{}", "kind: is missing"},
        {"{\"kind\":null}", "kind: expected a string, not null"},
        {"{\"kind\":\"on\"}", "kind: must be one of one|two"},
        {"{\"kind\":\"one|two\"}", "kind: must be one of one|two"},
        {"{\"kind\":\"\"}", "kind: is empty"},
        {"{\"kind\":\"one\",\"kindly\":1}", "kindly: there is no such member here"},
        {"{\"kind\":\"one\",\"text\":\"fives\"}", "text: longer than 4 bytes"},
        {"{\"kind\":\"one\",\"text\":1}", "text: expected a string, not"},
        {"{\"kind\":\"one\",\"for\":\"4 hours\"}", "for: "},
        {"{\"kind\":\"one\",\"who\":\"A\"}", "who: "},
        {"{\"kind\":\"one\",\"what\":[]}", "what: expected an object"},
        {"{\"kind\":\"one\",\"seq\":0}", NULL},
        {"{\"kind\":\"one\",\"seq\":9223372036854775807}", NULL},
        {"{\"kind\":\"one\",\"seq\":-1}", "seq: expected a whole number"},
        {"{\"kind\":\"one\",\"seq\":1.5}", "seq: expected a whole number"},
        {"{\"kind\":\"one\",\"seq\":\"1\"}", "seq: expected a whole number"},
        {"{\"kind\":\"one\",\"seq\":9223372036854775808}", "seq: expected a whole number"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hk_error error = {.text = ""};
        struct hk_json_doc doc;
        enum hk_status status;
        CU_ASSERT_EQUAL_FATAL(
            hk_json_parse(cases[i].json, strlen(cases[i].json), &hk_json_limits_own, &doc, NULL),
            HK_OK);
        status = hk_body_check(members, doc.root, &error);
        CU_ASSERT_EQUAL(status, cases[i].error == NULL ? HK_OK : HK_INVALID);
        if (cases[i].error != NULL)
            CU_ASSERT_EQUAL(strncmp(error.text, cases[i].error, strlen(cases[i].error)), 0);
        hk_json_doc_done(&doc);
    }
}

/* Each route of the table stands in the description, with each of its body's members. */
static void the_description_has_every_route(void)
{
    struct hk_json_doc doc;
    struct hk_buf out;

    hk_buf_init(&out, 1 << 20);
    hk_openapi_write(hk_routes, "1", &out);
    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse(out.data, out.size, &hk_json_limits_own, &doc, NULL), HK_OK);
    for (const struct hk_route *route = hk_route_first(hk_routes); route != NULL;
         route = hk_route_next(route)) {
        const struct hk_json *path = hk_json_get(hk_json_get(doc.root, "paths"), route->path);
        if ((route->flags & HK_ROUTE_PAGE) != 0) {
            CU_ASSERT_PTR_NULL(path); /* for people, not for programs */
            continue;
        }
        const struct hk_json *operation =
            hk_json_get(path, strcmp(route->method, "GET") == 0 ? "get" : "post");
        const struct hk_json *content = hk_json_at(operation, "requestBody.content");
        const struct hk_json *schema =
            hk_json_get(hk_json_get(content, "application/json"), "schema");
        CU_ASSERT_STRING_EQUAL(hk_json_string_at(operation, "summary", "missing"), route->summary);
        for (const struct hk_member *member = route->body; member != NULL && member->name != NULL;
             member++)
            CU_ASSERT_PTR_NOT_NULL(hk_json_get(hk_json_get(schema, "properties"), member->name));
    }
    hk_json_doc_done(&doc);
    hk_buf_done(&out);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"paths find their route", paths_find_their_route},
        {"values are taken from the path", values_are_taken_from_the_path},
        {"long ids are no path", long_ids_are_no_path},
        {"other methods are named", other_methods_are_named},
        {"bodies are held against the table", bodies_are_held_against_the_table},
        {"the description has every route", the_description_has_every_route},
    };
    return suite_run("router", tests, COUNT_OF(tests));
}
