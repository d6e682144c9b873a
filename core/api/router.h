/*
 * router: the table of routes, and what is read from it: which handler a request goes to, what its
 * body may hold, and /openapi.json. The description is made from what is checked, so that it
 * can't lie.
 */
#ifndef HK_API_ROUTER_H
#define HK_API_ROUTER_H

#include "base/id.h"
#include "base/json.h"
#include "loop/http_parse.h"

struct hk_exchange;

/* body is NULL when the route takes none, or takes its bytes as they are. */
typedef void hk_handler_fn(struct hk_exchange *exchange, const struct hk_http_request *request,
    const struct hk_json *body);

enum hk_member_type {
    HK_MEMBER_TEXT,
    HK_MEMBER_NAME,     /* hk_name_is_valid */
    HK_MEMBER_CHOICE,   /* one of choices */
    HK_MEMBER_DURATION, /* "4h" */
    HK_MEMBER_OBJECT,
    HK_MEMBER_NUMBER, /* a whole one from 0 on */
};

/* One member of a request's body; a NULL name ends a table. */
struct hk_member {
    const char *name;
    enum hk_member_type type;
    bool is_required;
    size_t size_max;     /* bytes of a text; 0: HK_REASON_SIZE_MAX */
    const char *choices; /* "approve|reject" */
    const char *help;
};

/* One parameter in the query; a NULL name ends a table. */
struct hk_param {
    const char *name;
    const char *help;
};

enum hk_route_flag {
    HK_ROUTE_RAW_BODY = 1,     /* the handler reads the bytes */
    HK_ROUTE_BASIC_AUTH = 2,   /* a token may also come as the password of HTTP Basic */
    HK_ROUTE_PAGE = 4,         /* HTML for people: see session.h */
    HK_ROUTE_BEFORE_TOTP = 8,  /* also for those who still have to set up their device */
    HK_ROUTE_ENGINE_WIDE = 16, /* concerns all tenants: none need be named */
};

struct hk_route {
    const char *method;   /* "GET" (HEAD comes with it) or "POST"; NULL ends a table, see more */
    const char *path;     /* "/v1/alerts/{id}"; {tenant} names whose it is */
    const char *role;     /* least role; NULL: no identity is asked for */
    const char *role_too; /* a role beside that line that may too, or NULL */
    hk_handler_fn *handler;
    const char *summary;
    const struct hk_param *query; /* may be NULL */
    const struct hk_member *body; /* may be NULL */
    const char *collection;       /* of the ledger's lists; may be NULL */
    unsigned flags;
    int status;                  /* when it is done */
    const char *answer;          /* what comes back then, in words */
    const char *answer_type;     /* NULL: application/json */
    short problems[8];           /* further statuses, 0-ended */
    const struct hk_route *more; /* at a table's end: the table that follows, or NULL */
};

/* The first route of a table, or of those that follow it while they are empty; NULL: none. */
const struct hk_route *hk_route_first(const struct hk_route *routes);
/* The one after it, over the ends of tables; NULL after the last. */
const struct hk_route *hk_route_next(const struct hk_route *route);

#define HK_ROUTE_PARAMS_MAX 3
#define HK_ROUTE_PARAM_SIZE HK_ID_SIZE

struct hk_route_match {
    const struct hk_route *route;
    unsigned count;
    char names[HK_ROUTE_PARAMS_MAX][16];
    char values[HK_ROUTE_PARAMS_MAX][HK_ROUTE_PARAM_SIZE];
};

enum hk_route_result { HK_ROUTE_FOUND, HK_ROUTE_NO_PATH, HK_ROUTE_NO_METHOD };

/* Find the route. For HK_ROUTE_NO_METHOD allow is filled with the path's methods: "GET, HEAD". */
enum hk_route_result hk_router_match(const struct hk_route *routes, const char *method,
    const char *path, struct hk_route_match *ret_match, char *ret_allow, size_t allow_capacity);
/* The value of {name}; "" when the path has none. */
const char *hk_route_param(const struct hk_route_match *match, const char *name);

/* Hold a body against a table: unknown members, missing ones, wrong types and long texts are
 * HK_INVALID by name. */
HK_MUST_CHECK enum hk_status hk_body_check(
    const struct hk_member *members, const struct hk_json *body, struct hk_error *error);

/* Append the OpenAPI 3.1 description. */
void hk_openapi_write(const struct hk_route *routes, const char *version, struct hk_buf *out);

#endif
