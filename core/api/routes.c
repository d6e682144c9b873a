/*
 * routes: the table. Routes of one path stand together.
 */
#include "api/routes.h"

static const struct hk_param list_query[] = {
    {"state", "only those in this state"},
    {"after", "where the list goes on: the `next` of the page before"},
    {"limit", "items of one page, 1 to 500; 100 unless given"},
    {NULL, NULL},
};
static const struct hk_param entries_query[] = {
    {"after", "the sequence number after which to go on"},
    {"subject", "only entries about this id"},
    {"limit", "items of one page, 1 to 500; 100 unless given"},
    {NULL, NULL},
};
static const struct hk_param alerts_query[] = {
    {"source", "where they come from; the name of the token unless given"},
    {NULL, NULL},
};
static const struct hk_param explain_query[] = {
    {"action", "a plugin's action or a capability, such as contain.block_ip"},
    {"target", "what it would act on"},
    {"severity", "of the alert; informational to fatal"},
    {"at", "when; a time (RFC 3339), now unless given"},
    {NULL, NULL},
};

static const struct hk_member decision_body[] = {
    {.name = "decision",
        .type = HK_MEMBER_CHOICE,
        .is_required = true,
        .choices = "approve|reject",
        .help = "what is decided"},
    {.name = "digest",
        .type = HK_MEMBER_TEXT,
        .size_max = 128,
        .help = "the digest that was shown; without it the answer is 428"},
    {.name = "reason", .type = HK_MEMBER_TEXT, .help = "why; required to reject"},
    {.name = "choice",
        .type = HK_MEMBER_TEXT,
        .size_max = 256,
        .help = "the answer to a question that has choices"},
    {.name = NULL},
};
static const struct hk_member reason_body[] = {
    {.name = "reason", .type = HK_MEMBER_TEXT, .help = "why"},
    {.name = NULL},
};
static const struct hk_member renew_body[] = {
    {.name = "for",
        .type = HK_MEMBER_DURATION,
        .is_required = true,
        .size_max = 32,
        .help = "from now, such as 4h"},
    {.name = "reason", .type = HK_MEMBER_TEXT, .help = "why"},
    {.name = NULL},
};
static const struct hk_member resolve_body[] = {
    {.name = "resolution",
        .type = HK_MEMBER_CHOICE,
        .is_required = true,
        .choices = "happened|did_not|abandon",
        .help = "what a person found out about the step"},
    {.name = "step",
        .type = HK_MEMBER_TEXT,
        .size_max = HK_STEP_PATH_SIZE - 1,
        .help = "which step; required unless the run is abandoned"},
    {.name = "result", .type = HK_MEMBER_OBJECT, .help = "of the action, when it happened"},
    {.name = "evidence", .type = HK_MEMBER_TEXT, .is_required = true, .help = "how that is known"},
    {.name = NULL},
};
static const struct hk_member user_body[] = {
    {.name = "name", .type = HK_MEMBER_NAME, .is_required = true, .help = "how they are called"},
    {.name = "role",
        .type = HK_MEMBER_TEXT,
        .is_required = true,
        .size_max = 31,
        .help = "viewer, analyst, approver, responder, author, auditor, tenant-admin, "
                "provider-admin"},
    {.name = NULL},
};
static const struct hk_member token_body[] = {
    {.name = "user", .type = HK_MEMBER_NAME, .help = "name or id of a person, or else"},
    {.name = "service", .type = HK_MEMBER_NAME, .help = "name of a service"},
    {.name = "role", .type = HK_MEMBER_TEXT, .size_max = 31, .help = "of the service"},
    {.name = NULL},
};

#define LIST(what, least)                                                                          \
    {                                                                                              \
        .method = "GET", .path = "/v1/" what, .role = (least), .handler = hk_route_list,           \
        .summary = "List " what ", newest first", .query = list_query, .collection = (what),       \
        .status = 200, .answer = "items, and where the next page begins", .problems = {            \
            400,                                                                                   \
            503                                                                                    \
        }                                                                                          \
    }
#define SHOW(what, least)                                                                          \
    {                                                                                              \
        .method = "GET", .path = "/v1/" what "/{id}", .role = (least), .handler = hk_route_show,   \
        .summary = "Show one of the " what, .collection = (what), .status = 200,                   \
        .answer = "the whole of it", .problems = {                                                 \
            404,                                                                                   \
            503                                                                                    \
        }                                                                                          \
    }
#define WRITE(where, least, fn, members, words)                                                    \
    {                                                                                              \
        .method = "POST", .path = (where), .role = (least), .handler = (fn), .summary = (words),   \
        .body = (members), .status = 200, .answer = "it as it now stands", .problems = {           \
            400,                                                                                   \
            404,                                                                                   \
            409,                                                                                   \
            415,                                                                                   \
            503                                                                                    \
        }                                                                                          \
    }
#define OPEN(where, fn, words, gives, type)                                                        \
    {                                                                                              \
        .method = "GET", .path = (where), .handler = (fn), .summary = (words), .status = 200,      \
        .answer = (gives), .answer_type = (type)                                                   \
    }

const struct hk_route hk_routes[] = {
    OPEN("/livez", hk_route_livez, "Does the engine run?", "it runs", "text/plain"),
    {.method = "GET",
        .path = "/readyz",
        .handler = hk_route_readyz,
        .summary = "Is the engine ready for work?",
        .status = 200,
        .answer = "it is ready",
        .answer_type = "text/plain",
        .problems = {503}},
    OPEN("/metrics", hk_route_metrics, "Figures for Prometheus", "text format 0.0.4", "text/plain"),
    OPEN("/openapi.json", hk_route_openapi, "This description", "OpenAPI 3.1", NULL),
    {.method = "GET",
        .path = "/lists/{tenant}/{plugin}/{file}",
        .role = "viewer",
        .handler = hk_route_served_file,
        .summary = "A list that a plugin keeps, for firewalls and proxies to fetch",
        .flags = HK_ROUTE_BASIC_AUTH,
        .status = 200,
        .answer = "the list; with an ETag, so that If-None-Match gives 304",
        .answer_type = "text/plain",
        .problems = {404, 503}},

    {.method = "GET",
        .path = "/v1/whoami",
        .role = "viewer",
        .handler = hk_route_whoami,
        .summary = "Who the token says you are, and whose things you are shown",
        .status = 200,
        .answer = "id, name, role, whether a person, tenant"},

    LIST("alerts", "viewer"),
    {.method = "POST",
        .path = "/v1/alerts",
        .role = "analyst",
        .handler = hk_route_alerts_take,
        .summary = "Send alerts: one object, an array, or one object a line",
        .query = alerts_query,
        .flags = HK_ROUTE_RAW_BODY,
        .status = 202,
        .answer = "accepted, on disk: ids, duplicates, and what was refused",
        .problems = {400, 409, 413, 415, 429, 503}},
    SHOW("alerts", "viewer"),

    LIST("runs", "viewer"),
    SHOW("runs", "viewer"),
    WRITE("/v1/runs/{id}/cancel", "responder", hk_route_run_cancel, reason_body, "End a run"),
    WRITE("/v1/runs/{id}/resolve", "responder", hk_route_run_resolve, resolve_body,
        "Record what became of a step of which nobody knew"),

    LIST("approvals", "viewer"),
    SHOW("approvals", "viewer"),
    {.method = "POST",
        .path = "/v1/approvals/{id}/decision",
        .role = "analyst",
        .handler = hk_route_decide,
        .summary = "Decide what a run waits for",
        .body = decision_body,
        .status = 200,
        .answer = "the approval as it now stands",
        .problems = {400, 404, 409, 415, 428, 503}},

    LIST("containments", "viewer"),
    SHOW("containments", "viewer"),
    WRITE("/v1/containments/{id}/release", "approver", hk_route_release, reason_body,
        "Take a containment back"),
    WRITE("/v1/containments/{id}/renew", "approver", hk_route_renew, renew_body,
        "Let a containment stand for longer"),

    LIST("playbooks", "viewer"),
    SHOW("playbooks", "viewer"),

    {.method = "GET",
        .path = "/v1/plugins",
        .role = "viewer",
        .handler = hk_route_plugins,
        .summary = "List plugins and how they are",
        .status = 200,
        .answer = "items",
        .problems = {503}},
    {.method = "GET",
        .path = "/v1/plugins/{id}",
        .role = "viewer",
        .handler = hk_route_plugin,
        .summary = "Show one of the plugins",
        .status = 200,
        .answer = "its descriptor",
        .problems = {404, 503}},

    {.method = "GET",
        .path = "/v1/authority/explain",
        .role = "viewer",
        .handler = hk_route_explain,
        .summary = "Would an action be done, and by which rule?",
        .query = explain_query,
        .status = 200,
        .answer = "outcome, rule and why",
        .problems = {400, 404}},

    LIST("users", "tenant-admin"),
    {.method = "POST",
        .path = "/v1/users",
        .role = "tenant-admin",
        .handler = hk_route_user_add,
        .summary = "Add a person",
        .body = user_body,
        .status = 201,
        .answer = "the user",
        .problems = {400, 409, 415, 503}},
    SHOW("users", "tenant-admin"),
    WRITE("/v1/users/{id}/disable", "tenant-admin", hk_route_user_disable, reason_body,
        "Disable a person, and with that their tokens"),

    LIST("tokens", "tenant-admin"),
    {.method = "POST",
        .path = "/v1/tokens",
        .role = "tenant-admin",
        .handler = hk_route_token_create,
        .summary = "Make a token for a person or a service",
        .body = token_body,
        .status = 201,
        .answer = "the token, shown this once",
        .problems = {400, 404, 409, 415, 503}},
    SHOW("tokens", "tenant-admin"),
    WRITE("/v1/tokens/{id}/revoke", "tenant-admin", hk_route_token_revoke, reason_body,
        "Revoke a token"),

    {.method = "GET",
        .path = "/v1/tenants/{tenant}/audit/entries",
        .role = "analyst",
        .role_too = "auditor",
        .handler = hk_route_entries,
        .summary = "Read the ledger, oldest first",
        .query = entries_query,
        .status = 200,
        .answer = "lines with their payloads",
        .problems = {400, 404, 503}},
    {.method = "GET",
        .path = "/v1/tenants/{tenant}/audit/checkpoint",
        .role = "analyst",
        .role_too = "auditor",
        .handler = hk_route_checkpoint,
        .summary = "The newest checkpoint, a signed note",
        .status = 200,
        .answer = "the note",
        .answer_type = "text/plain",
        .problems = {404, 503}},
    {.method = NULL},
};
