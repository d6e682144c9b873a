/*
 * routes_people: what an administrator does about somebody's ways in: a link to set a password, an
 * end to waiting, to a device, to sessions.
 */
#include "api/people.h"
#include "api/route_table.h"
#include "api/routes.h"
#include "api/tries.h"
#include "base/time.h"

#include <string.h>

struct people_job {
    struct hk_job job;
};

static int64_t now_us(const struct hk_exchange *exchange)
{
    return hk_clock_now_us(hk_ledger_clock(exchange->api->ledger));
}

/* Whom the path names, if whoever asks may do such things about them. NULL: it is answered. */
static const struct hk_user *find_user(struct hk_exchange *exchange)
{
    const struct hk_user *user = hk_identity_user(
        exchange->api->identity, exchange->tenant, hk_route_param(&exchange->match, "id"));

    if (user == NULL)
        hk_answer_problem(exchange, 404, "there is no such user");
    else if (user->is_disabled)
        hk_answer_problem(exchange, 409, "the user %s is disabled", user->name);
    else if (!hk_identity_may_grant(exchange->actor.role, user->role))
        hk_answer_problem(exchange, 403, "the role %s is above your own", user->role);
    else if (hk_may_make_persons(exchange))
        return user;
    return NULL;
}

static void forget(struct hk_job *job)
{
    if (job->out.data != NULL)
        explicit_bzero(job->out.data, job->out.size);
}

static void on_written(void *ctx, hk_tenant tenant, uint64_t first_seq)
{
    struct hk_job *job = ctx;

    (void)tenant;
    (void)first_seq;
    hk_answer_buf(&job->exchange, 200, &job->out);
    hk_job_free(job);
}

/* Write, and answer with what the job's buffer holds. Takes the write. */
static void submit(const struct hk_exchange *exchange, struct hk_job *job,
    struct hk_write *take_write, enum hk_status status, const struct hk_error *error)
{
    if (job == NULL || status != HK_OK) {
        hk_write_free(take_write);
        if (job != NULL)
            hk_answer_error(exchange, status, error);
        hk_job_free(job);
        return;
    }
    job->done = forget;
    hk_ledger_submit(exchange->api->ledger, take_write, HK_LANE_NORMAL, on_written, job);
}

static void write_user(struct hk_jw *jw, struct hk_buf *out, const struct hk_user *user)
{
    hk_jw_init(jw, out);
    hk_jw_object(jw);
    hk_jw_kv(jw, "id", user->id);
    hk_jw_kv(jw, "name", user->name);
}

enum hk_status hk_people_add_link(struct hk_exchange *exchange, struct hk_write *write,
    const struct hk_user *user, int64_t time_us, struct hk_jw *jw, struct hk_error *error)
{
    struct hk_person *person = hk_people_get(exchange->api->people, user->tenant, user->id);
    char text[HK_LINK_TEXT_SIZE];
    struct hk_buf url;
    enum hk_status status;

    if (person == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a person");
    hk_link_new(time_us, text, &person->link);
    person->has_link = true;
    status = hk_link_write(write, user, &person->link, exchange->actor.id, time_us, error);
    hk_buf_init(&url, 1024);
    hk_buf_appendf(&url, "%s/link/%s", exchange->api->url, text);
    hk_jw_kv(jw, "link", url.data != NULL ? url.data : "");
    hk_jw_kv_time(jw, "link_expires", person->link.expires_us);
    if (url.data != NULL)
        explicit_bzero(url.data, url.size);
    hk_buf_done(&url);
    explicit_bzero(text, sizeof(text));
    return status;
}

static void make_link(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const struct hk_user *user = find_user(exchange);
    struct hk_error error = {.status = HK_OK};
    struct hk_write *write;
    struct hk_job *job;
    struct hk_jw jw;
    enum hk_status status;

    (void)request;
    (void)body;
    if (user == NULL || !hk_may_make_ways_in(exchange) ||
        (job = hk_job_new(exchange, sizeof(struct people_job))) == NULL)
        return;
    write = hk_write_new();
    write_user(&jw, &job->out, user);
    status = write == NULL
                 ? hk_fail(&error, HK_NOMEM, "no memory for a write")
                 : hk_people_add_link(exchange, write, user, now_us(exchange), &jw, &error);
    hk_jw_object_end(&jw);
    submit(exchange, job, write, status, &error);
}

static void unlock(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const struct hk_user *user = find_user(exchange);
    const struct hk_person_event event = {.kind = HK_KIND_USER_UNLOCKED,
        .actor = exchange->actor.id,
        .time_us = now_us(exchange),
        .key1 = "reason",
        .value1 = hk_json_string_at(body, "reason", "")};
    struct hk_error error = {.status = HK_OK};
    struct hk_write *write;
    struct hk_job *job;
    struct hk_jw jw;
    enum hk_status status;

    (void)request;
    if (user == NULL || (job = hk_job_new(exchange, sizeof(struct people_job))) == NULL)
        return;
    hk_try_forgive(
        exchange->api->people, hk_engine_tenant_name(exchange->api->engine, user->tenant), user);
    write = hk_write_new();
    write_user(&jw, &job->out, user);
    hk_jw_object_end(&jw);
    status = write == NULL ? hk_fail(&error, HK_NOMEM, "no memory for a write")
                           : hk_person_event_write(write, user, &event, &error);
    submit(exchange, job, write, status, &error);
}

static void remove_totp(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const struct hk_user *user = find_user(exchange);
    int64_t time_us = now_us(exchange);
    struct hk_error error = {.status = HK_OK};
    struct hk_write *write;
    struct hk_job *job;
    struct hk_jw jw;
    enum hk_status status;

    (void)request;
    (void)body;
    if (user == NULL || !hk_may_make_ways_in(exchange) ||
        (job = hk_job_new(exchange, sizeof(struct people_job))) == NULL)
        return;
    write = hk_write_new();
    write_user(&jw, &job->out, user);
    hk_jw_object_end(&jw);
    status = write == NULL ? hk_fail(&error, HK_NOMEM, "no memory for a write")
                           : hk_people_remove_totp(exchange->api->people, write, user,
                                 exchange->actor.id, "administrator", time_us, &error);
    if (status == HK_OK)
        status = hk_people_close(exchange->api->people, write,
            &(struct hk_closing){
                .user = user, .actor = exchange->actor.id, .why = "totp", .time_us = time_us},
            &error);
    submit(exchange, job, write, status, &error);
}

static void end_sessions(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const struct hk_user *user = find_user(exchange);
    struct hk_error error = {.status = HK_OK};
    struct hk_write *write;
    struct hk_job *job;
    struct hk_jw jw;
    enum hk_status status;

    (void)request;
    (void)body;
    if (user == NULL || (job = hk_job_new(exchange, sizeof(struct people_job))) == NULL)
        return;
    write = hk_write_new();
    write_user(&jw, &job->out, user);
    hk_jw_object_end(&jw);
    status = write == NULL ? hk_fail(&error, HK_NOMEM, "no memory for a write")
                           : hk_people_close(exchange->api->people, write,
                                 &(struct hk_closing){.user = user,
                                     .actor = exchange->actor.id,
                                     .why = "administrator",
                                     .time_us = now_us(exchange)},
                                 &error);
    submit(exchange, job, write, status, &error);
}

static void list_sessions(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const struct hk_user *user = hk_identity_user(
        exchange->api->identity, exchange->tenant, hk_route_param(&exchange->match, "id"));
    const struct hk_login *login = NULL;
    struct hk_buf out;
    struct hk_jw jw;

    (void)request;
    (void)body;
    if (user == NULL) {
        hk_answer_problem(exchange, 404, "there is no such user");
        return;
    }
    hk_buf_init(&out, 1024 * 1024);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    hk_jw_key(&jw, "items");
    hk_jw_array(&jw);
    while ((login = hk_sessions_next(
                exchange->api->people->sessions, user->tenant, user->id, login)) != NULL) {
        hk_jw_object(&jw);
        hk_jw_kv(&jw, "id", login->id);
        hk_jw_kv(&jw, "from", login->from);
        hk_jw_kv(&jw, "agent", login->agent);
        hk_jw_kv_time(&jw, "opened", login->opened_us);
        hk_jw_kv_time(&jw, "seen", login->seen_us);
        hk_jw_kv_time(&jw, "ends", login->ends_us);
        hk_jw_object_end(&jw);
    }
    hk_jw_array_end(&jw);
    hk_jw_key(&jw, "next");
    hk_jw_null(&jw);
    hk_jw_object_end(&jw);
    hk_answer_buf(exchange, 200, &out);
    hk_buf_done(&out);
}

/* --- the table --- */

const struct hk_route hk_routes_people[] = {
    HK_ROUTE_WRITE("/v1/users/{id}/link", "tenant-admin", make_link, hk_reason_body,
        "Make a one-time link with which a person sets a password"),
    HK_ROUTE_WRITE("/v1/users/{id}/unlock", "tenant-admin", unlock, hk_reason_body,
        "End the wait that strangers' failed logins have brought a person"),
    HK_ROUTE_WRITE("/v1/users/{id}/remove-totp", "tenant-admin", remove_totp, hk_reason_body,
        "Take away the device that gives a person's codes, and end their sessions"),
    {.method = "GET",
        .path = "/v1/users/{id}/sessions",
        .role = "tenant-admin",
        .handler = list_sessions,
        .summary = "Where a person is logged in",
        .status = 200,
        .answer = "items",
        .problems = {404}},
    HK_ROUTE_WRITE("/v1/users/{id}/end-sessions", "tenant-admin", end_sessions, hk_reason_body,
        "Log a person out everywhere"),
    {.method = NULL, .more = hk_routes_login},
};
