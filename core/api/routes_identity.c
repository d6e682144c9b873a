/*
 * routes_identity: users and tokens. The identities in memory change when the entry is on disk.
 */
#include "api/people.h"
#include "api/route_table.h"
#include "api/routes.h"
#include "base/time.h"
#include "limits.h"

#include <string.h>

struct identity_job {
    struct hk_job job;
    bool is_token;
    int status; /* of the answer */
    struct hk_user user;
    struct hk_token token;
    char secret[HK_TOKEN_TEXT_SIZE]; /* "" unless the token is new */
};

static void forget_secret(struct hk_job *base)
{
    struct identity_job *job = (struct identity_job *)base;

    explicit_bzero(job->secret, sizeof(job->secret));
    if (base->out.data != NULL)
        explicit_bzero(base->out.data, base->out.size);
}

static void write_user(struct hk_jw *jw, const struct hk_user *user)
{
    hk_jw_kv(jw, "id", user->id);
    hk_jw_kv(jw, "name", user->name);
    hk_jw_kv(jw, "role", user->role);
    hk_jw_kv(jw, "state", user->is_disabled ? "disabled" : "active");
}

static void write_token(struct hk_jw *jw, const struct identity_job *job)
{
    bool is_person = job->token.user[0] != '\0';

    hk_jw_kv(jw, "id", job->token.id);
    hk_jw_kv(jw, "user", is_person ? job->token.user : NULL);
    hk_jw_kv(jw, "service", is_person ? NULL : job->token.name);
    hk_jw_kv(jw, "name", job->token.name);
    hk_jw_kv(jw, "role", is_person ? NULL : job->token.role);
    hk_jw_kv(jw, "state", job->token.is_revoked ? "revoked" : "active");
    if (job->secret[0] != '\0')
        hk_jw_kv(jw, "token", job->secret);
}

static void on_written(void *ctx, hk_tenant tenant, uint64_t first_seq)
{
    struct identity_job *job = ctx;
    struct hk_exchange *exchange = &job->job.exchange;
    struct hk_identity *identity = exchange->api->identity;
    struct hk_error error;
    enum hk_status status;
    struct hk_jw jw;

    (void)tenant;
    (void)first_seq;
    status = job->is_token ? hk_identity_put_token(identity, &job->token, &error)
                           : hk_identity_put_user(identity, &job->user, &error);
    if (status != HK_OK) {
        hk_answer_error(exchange, status, &error);
        hk_job_free(&job->job);
        return;
    }
    if (job->job.out.size == 0) {
        hk_jw_init(&jw, &job->job.out);
        hk_jw_object(&jw);
        if (job->is_token)
            write_token(&jw, job);
        else
            write_user(&jw, &job->user);
        hk_jw_object_end(&jw);
    }
    hk_answer_buf(exchange, job->status, &job->job.out);
    hk_job_free(&job->job);
}

/* A new person's link is in the answer; one who is disabled is nowhere logged in any more. */
static enum hk_status write_user_and_more(struct identity_job *job, struct hk_write *write,
    const char *reason, int64_t time_us, struct hk_error *error)
{
    struct hk_exchange *exchange = &job->job.exchange;
    const char *actor = exchange->actor.id;
    enum hk_status status = hk_user_write(write, &job->user, actor, time_us, reason, error);
    struct hk_jw jw;

    if (status != HK_OK)
        return status;
    if (job->user.is_disabled)
        return hk_people_close(exchange->api->people, write,
            &(struct hk_closing){
                .user = &job->user, .actor = actor, .why = "disabled", .time_us = time_us},
            error);
    hk_jw_init(&jw, &job->job.out);
    hk_jw_object(&jw);
    write_user(&jw, &job->user);
    status = hk_people_add_link(exchange, write, &job->user, time_us, &jw, error);
    hk_jw_object_end(&jw);
    return status;
}

/* Write the entry of what the job holds; it is answered in on_written. */
static void submit(struct identity_job *job, const char *reason, int64_t time_us)
{
    const struct hk_exchange *exchange = &job->job.exchange;
    struct hk_write *write = hk_write_new();
    struct hk_error error;
    enum hk_status status;

    if (write == NULL)
        status = hk_fail(&error, HK_NOMEM, "no memory for a write");
    else if (job->is_token)
        status = hk_token_write(write, &job->token, exchange->actor.id, time_us, reason, &error);
    else
        status = write_user_and_more(job, write, reason, time_us, &error);
    if (status != HK_OK) {
        hk_write_free(write);
        hk_answer_error(exchange, status, &error);
        hk_job_free(&job->job);
        return;
    }
    hk_ledger_submit(exchange->api->ledger, write, HK_LANE_NORMAL, on_written, job);
}

static struct identity_job *new_job(const struct hk_exchange *exchange, bool is_token, int status)
{
    struct identity_job *job = hk_job_new(exchange, sizeof(*job));

    if (job == NULL)
        return NULL;
    job->job.done = forget_secret;
    job->is_token = is_token;
    job->status = status;
    return job;
}

/* Is another write about the same name on its way? Then two could get one name. */
static bool is_pending(const struct hk_exchange *exchange, const char *name)
{
    for (const struct hk_job *job = exchange->api->jobs; job != NULL; job = job->next) {
        const struct identity_job *other = (const struct identity_job *)job;
        if (job->done == forget_secret && !other->is_token && !other->user.is_disabled &&
            job->exchange.tenant == exchange->tenant && strcmp(other->user.name, name) == 0)
            return true;
    }
    return false;
}

static int64_t now_us(const struct hk_exchange *exchange)
{
    return hk_clock_now_us(hk_ledger_clock(exchange->api->ledger));
}

bool hk_may_make_persons(const struct hk_exchange *exchange)
{
    const struct hk_actor *actor = &exchange->actor;

    if (actor->is_person || strcmp(actor->id, "local") == 0)
        return true;
    hk_answer_problem(exchange, 403,
        "a service makes no persons and no tokens for them: it would decide by proxy");
    return false;
}

bool hk_may_make_ways_in(const struct hk_exchange *exchange)
{
    struct hk_error error;

    if (hk_engine_login_policy(exchange->api->engine, exchange->tenant)->step_up == 0 ||
        strcmp(exchange->actor.id, "local") == 0 ||
        hk_session_is_fresh(&exchange->session, now_us(exchange)))
        return true;
    if (exchange->actor.has_session)
        hk_answer_error(exchange,
            hk_fail(&error, HK_UNPROVEN, "this wants a code of your device, given just now"),
            &error);
    else
        hk_answer_problem(exchange, 403,
            "this wants a code of a person's device: log in, a token can't give one");
    return false;
}

void hk_route_user_add(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const char *name = hk_json_string_at(body, "name", "");
    const char *role = hk_json_string_at(body, "role", "");
    int64_t time_us = now_us(exchange);
    struct identity_job *job;
    struct hk_user user;
    struct hk_error error;
    enum hk_status status;

    (void)request;
    if (!hk_may_make_persons(exchange) || !hk_may_make_ways_in(exchange))
        return;
    status = hk_user_prepare(
        exchange->api->identity, exchange->tenant, name, role, time_us, &user, &error);
    if (status != HK_OK) {
        hk_answer_error(exchange, status, &error);
        return;
    }
    if (!hk_identity_may_grant(exchange->actor.role, role)) {
        hk_answer_problem(exchange, 403, "role: %s is above your own", role);
        return;
    }
    if (is_pending(exchange, name)) {
        hk_answer_problem(exchange, 409, "the user %s is being added", name);
        return;
    }
    job = new_job(exchange, false, 201);
    if (job == NULL)
        return;
    job->user = user;
    submit(job, NULL, time_us);
}

void hk_route_user_disable(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const struct hk_user *user = hk_identity_user(
        exchange->api->identity, exchange->tenant, hk_route_param(&exchange->match, "id"));
    struct identity_job *job;

    (void)request;
    if (user == NULL) {
        hk_answer_problem(exchange, 404, "there is no such user");
        return;
    }
    if (user->is_disabled) {
        hk_answer_problem(exchange, 409, "the user %s is disabled already", user->name);
        return;
    }
    if (!hk_identity_may_grant(exchange->actor.role, user->role)) {
        hk_answer_problem(exchange, 403, "the role %s is above your own", user->role);
        return;
    }
    job = new_job(exchange, false, 200);
    if (job == NULL)
        return;
    job->user = *user;
    job->user.is_disabled = true;
    submit(job, hk_json_string_at(body, "reason", NULL), now_us(exchange));
}

void hk_route_token_create(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const struct hk_identity *identity = exchange->api->identity;
    const char *user = hk_json_string_at(body, "user", NULL);
    int64_t time_us = now_us(exchange);
    struct identity_job *job;
    struct hk_error error;
    enum hk_status status;
    const char *role;

    (void)request;
    if ((user != NULL && !hk_may_make_persons(exchange)) || !hk_may_make_ways_in(exchange))
        return;
    job = new_job(exchange, true, 201);
    if (job == NULL)
        return;
    status =
        hk_token_prepare(identity, exchange->tenant, user, hk_json_string_at(body, "service", NULL),
            hk_json_string_at(body, "role", NULL), time_us, &job->token, job->secret, &error);
    if (status != HK_OK) {
        hk_answer_error(exchange, status, &error);
        hk_job_free(&job->job);
        return;
    }
    role =
        user != NULL ? hk_identity_user(identity, exchange->tenant, user)->role : job->token.role;
    if (!hk_identity_may_grant(exchange->actor.role, role)) {
        hk_answer_problem(exchange, 403, "the role %s is above your own", role);
        hk_job_free(&job->job);
        return;
    }
    submit(job, NULL, time_us);
}

/* The role that a token gives; "" when its user is gone. */
static const char *role_of_token(const struct hk_exchange *exchange, const struct hk_token *token)
{
    const struct hk_user *user;

    if (token->user[0] == '\0')
        return token->role;
    user = hk_identity_user(exchange->api->identity, exchange->tenant, token->user);
    return user != NULL ? user->role : "";
}

void hk_route_token_revoke(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const struct hk_token *token = hk_identity_token(
        exchange->api->identity, exchange->tenant, hk_route_param(&exchange->match, "id"));
    struct identity_job *job;

    (void)request;
    if (token == NULL) {
        hk_answer_problem(exchange, 404, "there is no such token");
        return;
    }
    if (token->is_revoked) {
        hk_answer_problem(exchange, 409, "the token is revoked already");
        return;
    }
    if (!hk_identity_may_grant(exchange->actor.role, role_of_token(exchange, token))) {
        hk_answer_problem(exchange, 403, "the token's role is above your own");
        return;
    }
    job = new_job(exchange, true, 200);
    if (job == NULL)
        return;
    job->token = *token;
    job->token.is_revoked = true;
    submit(job, hk_json_string_at(body, "reason", NULL), now_us(exchange));
}

/* --- the table --- */

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

const struct hk_route hk_routes_identity[] = {
    HK_ROUTE_LIST("users", "tenant-admin"),
    {.method = "POST",
        .path = "/v1/users",
        .role = "tenant-admin",
        .handler = hk_route_user_add,
        .summary = "Add a person",
        .body = user_body,
        .status = 201,
        .answer = "the user, and a link for them to set a password with, shown this once",
        .problems = {400, 409, 415, 503}},
    HK_ROUTE_SHOW("users", "tenant-admin"),
    HK_ROUTE_WRITE("/v1/users/{id}/disable", "tenant-admin", hk_route_user_disable, hk_reason_body,
        "Disable a person, and with that their tokens"),

    HK_ROUTE_LIST("tokens", "tenant-admin"),
    {.method = "POST",
        .path = "/v1/tokens",
        .role = "tenant-admin",
        .handler = hk_route_token_create,
        .summary = "Make a token for a person or a service",
        .body = token_body,
        .status = 201,
        .answer = "the token, shown this once",
        .problems = {400, 404, 409, 415, 503}},
    HK_ROUTE_SHOW("tokens", "tenant-admin"),
    HK_ROUTE_WRITE("/v1/tokens/{id}/revoke", "tenant-admin", hk_route_token_revoke, hk_reason_body,
        "Revoke a token"),
    {.method = NULL, .more = hk_routes_people},
};
