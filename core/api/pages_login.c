/*
 * pages_login: log in, log out, and set a password with a link. The account's own pages are in
 * pages_account.c.
 */
#include "api/login_job.h"

#include "api/route_table.h"
#include "base/text.h"
#include "base/time.h"
#include "console/login.h"
#include "limits.h"

#include <stdio.h>
#include <string.h>

enum { BUSY_MS = 2000 }; /* in which a full queue of passwords is hashed */

static int64_t now_us(const struct hk_exchange *exchange)
{
    return hk_clock_now_us(hk_ledger_clock(exchange->api->ledger));
}

/* --- the form --- */

void hk_answer_login_page(const struct hk_exchange *exchange, const struct hk_login_job *job,
    int status, enum hk_notice_kind kind, const char *notice)
{
    const struct hk_page_login what = {
        .asks_tenant = hk_engine_only_tenant(exchange->api->engine) == NULL,
        .tenant = job->tenant_name[0] != '\0' ? job->tenant_name : NULL,
        .name = job->name[0] != '\0' ? job->name : NULL,
        .then = job->then[0] != '\0' ? job->then : NULL};
    struct hk_page page;
    struct hk_buf out;

    hk_login_frame(exchange, kind, notice, &page);
    hk_buf_init(&out, HK_HTTP_RESPONSE_SIZE_MAX);
    hk_page_login(&out, &page, &what);
    if (status == 429 || status == 503)
        hk_answer_page_later(exchange, status, &out, job->wait_ms);
    else
        hk_answer_page(exchange, status, &out, NULL);
    hk_buf_done(&out);
}

static enum hk_word notice_of(const struct hk_http_request *request)
{
    char done[16];

    if (!hk_http_query(request, "done", done, sizeof(done)))
        return HK_WORD_NO_TEXT;
    if (strcmp(done, "password") == 0)
        return HK_WORD_LOGIN_PASSWORD_SET;
    return strcmp(done, "logout") == 0 ? HK_WORD_LOGIN_LOGGED_OUT : HK_WORD_NO_TEXT;
}

static void show_login(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const char *site = hk_http_header(request, "sec-fetch-site");
    enum hk_word notice = notice_of(request);
    struct hk_page_login what = {
        .asks_tenant = hk_engine_only_tenant(exchange->api->engine) == NULL,
        /* A link in a mail: the session's cookie stayed at home (SameSite), but it may be there. */
        .may_be_in = site == NULL || strcmp(site, "cross-site") == 0};
    struct hk_page page;
    struct hk_buf out;
    char then[1024];

    (void)body;
    if (hk_http_query(request, "then", then, sizeof(then)) && hk_path_is_ours(then))
        what.then = then;
    hk_login_frame(exchange, notice != HK_WORD_NO_TEXT ? HK_NOTICE_DONE : HK_NOTICE_NONE,
        hk_word(exchange->language, notice), &page);
    hk_buf_init(&out, HK_HTTP_RESPONSE_SIZE_MAX);
    hk_page_login(&out, &page, &what);
    hk_answer_page(exchange, 200, &out, NULL);
    hk_buf_done(&out);
}

/* --- logging in --- */

static void refuse(struct hk_login_job *job, int status, const char *notice)
{
    hk_answer_login_page(&job->job.exchange, job, status, HK_NOTICE_PROBLEM, notice);
    hk_job_free(&job->job);
}

/* The second factor, when the person has one. *ret_with says what it was all done with. */
static bool second_factor_is_good(
    struct hk_login_job *job, struct hk_person *person, const char **ret_with, bool *ret_is_proven)
{
    const char *with = "";

    *ret_is_proven = false;
    if (!person->totp.is_set) {
        *ret_with = "password";
        return true;
    }
    if (!hk_people_take_code(
            job->job.exchange.api->people, person, job->code, true, hk_time_wall_us(), &with))
        return false;
    *ret_with = strcmp(with, "totp") == 0 ? "password+totp" : "password+recovery";
    *ret_is_proven = true;
    return true;
}

/* The session that this browser had before is not the new one's: nobody can have put it there. */
static enum hk_status close_earlier(const struct hk_exchange *exchange, struct hk_write *write,
    int64_t time_us, struct hk_error *error)
{
    const struct hk_login *old =
        exchange->session.id[0] != '\0'
            ? hk_sessions_get(exchange->api->people->sessions, exchange->session.id)
            : NULL;
    const struct hk_user *user =
        old != NULL ? hk_identity_user(exchange->api->identity, old->tenant, old->user) : NULL;

    if (user == NULL)
        return HK_OK;
    return hk_people_close(exchange->api->people, write,
        &(struct hk_closing){.user = user,
            .session = exchange->session.id,
            .actor = user->id,
            .why = "login",
            .time_us = time_us},
        error);
}

static void open_session(struct hk_login_job *job, const struct hk_user *user,
    struct hk_person *person, const char *with, bool is_proven)
{
    struct hk_exchange *exchange = &job->job.exchange;
    const struct hk_device_owner owner = {
        .tenant = user->tenant, .user = user->id, .password_hash = person->password};
    const struct hk_opening opening = {.user = user,
        .with = with,
        .from = exchange->from,
        .agent = job->agent,
        .time_us = now_us(exchange),
        .is_proven = is_proven};
    struct hk_write *write = hk_write_new();
    char cookie[HK_COOKIE_TEXT_SIZE] = "";
    char device[HK_DEVICE_TEXT_SIZE];
    struct hk_error error = {.status = HK_OK};
    enum hk_status status = write != NULL ? HK_OK : hk_fail(&error, HK_NOMEM, "no memory");

    if (status == HK_OK)
        status = close_earlier(exchange, write, opening.time_us, &error);
    if (status == HK_OK && is_proven)
        status = hk_totp_write(write, user, &person->totp, &error);
    if (status == HK_OK)
        status = hk_people_open(exchange->api->people, write, &opening, cookie, &error);
    exchange->tenant = user->tenant;
    hk_session_cookie(exchange, cookie, job->cookie);
    hk_device_new(exchange->api->people->seal, &owner, device);
    hk_device_cookie(exchange, device, job->device);
    explicit_bzero(cookie, sizeof(cookie));
    (void)hk_copy_text(
        job->location, sizeof(job->location), job->then[0] != '\0' ? job->then : "/");
    exchange->api->people->logins++;
    hk_login_job_submit(job, write, status, &error);
}

static void on_checked(
    void *ctx, enum hk_status status, const char *hash, const struct hk_error *error)
{
    struct hk_login_job *job = ctx;
    const struct hk_exchange *exchange = &job->job.exchange;
    struct hk_people *people = exchange->api->people;
    const struct hk_user *user = hk_login_job_user(job);
    struct hk_person *person = user != NULL ? hk_people_find(people, user->tenant, user->id) : NULL;
    const char *with = "";
    bool is_proven = false;

    (void)hash;
    if (status != HK_OK && status != HK_DENIED) {
        hk_try_cancel(people, &job->try_);
        hk_login_job_fail(job, status, error);
    } else if (status != HK_OK || person == NULL ||
               !second_factor_is_good(job, person, &with, &is_proven)) {
        hk_try_failed(people, &job->try_, user);
        refuse(job, 403, hk_word(exchange->language, HK_WORD_LOGIN_REFUSED));
    } else {
        hk_try_succeeded(people, &job->try_);
        open_session(job, user, person, with, is_proven);
    }
}

/* Whom the form means, if there is such a person who can log in. By name alone: an id is none. */
static struct hk_person *find_person(struct hk_login_job *job)
{
    struct hk_api *api = job->job.exchange.api;
    const char *only = hk_engine_only_tenant(api->engine);
    const struct hk_user *user;

    if (only != NULL)
        (void)hk_copy_text(job->tenant_name, sizeof(job->tenant_name), only);
    if (!hk_engine_tenant(api->engine, job->tenant_name, &job->tenant))
        return NULL;
    user = hk_identity_user(api->identity, job->tenant, job->name);
    if (user == NULL || user->is_disabled || strcmp(user->name, job->name) != 0)
        return NULL;
    (void)hk_copy_text(job->user, sizeof(job->user), user->id);
    return hk_people_find(api->people, job->tenant, user->id);
}

static void take_fields(struct hk_login_job *job, const struct hk_form *form)
{
    const char *then = hk_form_get_or(form, "then", "");

    (void)hk_copy_text(
        job->tenant_name, sizeof(job->tenant_name), hk_form_get_or(form, "tenant", ""));
    (void)hk_copy_text(job->name, sizeof(job->name), hk_form_get_or(form, "name", ""));
    (void)hk_copy_text(job->code, sizeof(job->code), hk_form_get_or(form, "code", ""));
    if (hk_path_is_ours(then))
        (void)hk_copy_text(job->then, sizeof(job->then), then);
}

static void log_in(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_login_job *job = hk_login_job_new(exchange, request);
    struct hk_people *people = exchange->api->people;
    char device[HK_DEVICE_TEXT_SIZE];
    const struct hk_person *person;
    struct hk_error error;
    struct hk_buf text;
    enum hk_status status;
    int64_t wait_ms;

    (void)body;
    if (job == NULL)
        return;
    take_fields(job, exchange->form);
    person = find_person(job);
    hk_device_cookie_of(exchange, request, device);
    hk_try_by_name(exchange, job->tenant_name, job->name, person, device, &job->try_);
    wait_ms = hk_try_begin(people, &job->try_);
    if (wait_ms > 0) {
        job->wait_ms = wait_ms;
        hk_buf_init(&text, 1024);
        hk_login_wait_text(exchange, wait_ms, &text);
        refuse(job, 429, text.data);
        hk_buf_done(&text);
        return;
    }
    status = hk_hasher_check(people->hasher, hk_try_lane(&job->try_),
        hk_form_get_or(exchange->form, "password", ""),
        person != NULL && person->password[0] != '\0' ? person->password : NULL, on_checked, job,
        &error);
    if (status == HK_BUSY) {
        hk_try_cancel(people, &job->try_);
        job->wait_ms = BUSY_MS;
        refuse(job, 503, hk_word(exchange->language, HK_WORD_LOGIN_BUSY));
    } else if (status != HK_OK) {
        hk_try_cancel(people, &job->try_);
        hk_login_job_fail(job, status, &error);
    }
}

static void log_out(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const struct hk_user *user = hk_login_user(exchange);
    struct hk_login_job *job = hk_login_job_new(exchange, request);
    struct hk_write *write = hk_write_new();
    struct hk_error error = {.status = HK_OK};
    enum hk_status status = HK_OK;

    (void)body;
    if (job == NULL) {
        hk_write_free(write);
        return;
    }
    if (write == NULL || user == NULL)
        status = hk_fail(&error, HK_NOMEM, "no memory for a write");
    else
        status = hk_people_close(exchange->api->people, write,
            &(struct hk_closing){.user = user,
                .session = exchange->session.id,
                .actor = user->id,
                .why = "logout",
                .time_us = now_us(exchange)},
            &error);
    hk_session_cookie(exchange, "", job->cookie);
    (void)hk_copy_text(job->location, sizeof(job->location), "/login?done=logout");
    hk_login_job_submit(job, write, status, &error);
}

/* --- links --- */

static void answer_link(const struct hk_exchange *exchange, const char *link,
    const struct hk_person *person, enum hk_word notice)
{
    const struct hk_user *user =
        person != NULL ? hk_identity_user(exchange->api->identity, person->tenant, person->user)
                       : NULL;
    struct hk_page page;
    struct hk_buf out;

    hk_login_frame(exchange, notice != HK_WORD_NO_TEXT ? HK_NOTICE_PROBLEM : HK_NOTICE_NONE,
        hk_word(exchange->language, notice), &page);
    page.path = NULL; /* a link's path is its secret: in no other link */
    hk_buf_init(&out, HK_HTTP_RESPONSE_SIZE_MAX);
    if (user != NULL)
        hk_page_link(&out, &page, link, user->name);
    else
        hk_page_link_bad(&out, &page);
    hk_answer_page(exchange,
        user == NULL                ? 404
        : notice != HK_WORD_NO_TEXT ? 400
                                    : 200,
        &out, NULL);
    hk_buf_done(&out);
}

/* Looking decides nothing: those who check mails for malice open what is in them. */
static void show_link(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const char *link = hk_route_param(&exchange->match, "id");

    (void)request;
    (void)body;
    answer_link(exchange, link, hk_people_by_link(exchange->api->people, link, now_us(exchange)),
        HK_WORD_NO_TEXT);
}

static void on_link_hashed(
    void *ctx, enum hk_status status, const char *hash, const struct hk_error *hash_error)
{
    struct hk_login_job *job = ctx;
    const struct hk_exchange *exchange = &job->job.exchange;
    struct hk_people *people = exchange->api->people;
    /* Still good? It counts once, and somebody else may have been quicker. */
    struct hk_person *person = hk_people_by_link(people, job->link, now_us(exchange));
    const struct hk_user *user =
        person != NULL ? hk_identity_user(exchange->api->identity, person->tenant, person->user)
                       : NULL;
    struct hk_write *write;
    struct hk_error error = {.status = HK_OK};

    if (status != HK_OK) {
        hk_login_job_fail(job, status, hash_error);
        return;
    }
    if (user == NULL) {
        answer_link(exchange, job->link, NULL, HK_WORD_NO_TEXT);
        hk_job_free(&job->job);
        return;
    }
    write = hk_write_new();
    status = write != NULL
                 ? hk_people_set_password(people, write,
                       &(struct hk_new_password){
                           .user = user, .hash = hash, .with = "link", .time_us = now_us(exchange)},
                       &error)
                 : hk_fail(&error, HK_NOMEM, "no memory for a write");
    hk_try_forgive(people, hk_engine_tenant_name(exchange->api->engine, user->tenant), user);
    (void)hk_copy_text(job->location, sizeof(job->location), "/login?done=password");
    hk_login_job_submit(job, write, status, &error);
}

static void use_link(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const char *link = hk_route_param(&exchange->match, "id");
    const char *password = hk_form_get_or(exchange->form, "password", "");
    struct hk_people *people = exchange->api->people;
    const struct hk_person *person = hk_people_by_link(people, link, now_us(exchange));
    const struct hk_user *user =
        person != NULL ? hk_identity_user(exchange->api->identity, person->tenant, person->user)
                       : NULL;
    struct hk_login_job *job;
    struct hk_error error;
    enum hk_status status;
    enum hk_word flaw;

    (void)body;
    if (user == NULL) {
        answer_link(exchange, link, NULL, HK_WORD_NO_TEXT);
        return;
    }
    flaw =
        hk_login_password_flaw(password, hk_form_get_or(exchange->form, "again", ""), user->name);
    if (flaw != HK_WORD_NO_TEXT) {
        answer_link(exchange, link, person, flaw);
        return;
    }
    job = hk_login_job_new(exchange, request);
    if (job == NULL)
        return;
    (void)hk_copy_text(job->link, sizeof(job->link), link);
    status = hk_hasher_make(people->hasher, password, on_link_hashed, job, &error);
    if (status != HK_OK)
        hk_login_job_fail(job, status, &error);
}

/* --- the table --- */

const struct hk_route hk_routes_login[] = {
    {.method = "GET",
        .path = "/login",
        .handler = show_login,
        .summary = "Log in",
        .flags = HK_ROUTE_PAGE},
    {.method = "POST",
        .path = "/login",
        .handler = log_in,
        .summary = "Log in",
        .flags = HK_ROUTE_PAGE},
    {.method = "POST",
        .path = "/logout",
        .role = "viewer",
        .handler = log_out,
        .summary = "Log out",
        .flags = HK_ROUTE_PAGE | HK_ROUTE_BEFORE_TOTP},
    {.method = "GET",
        .path = "/link/{id}",
        .handler = show_link,
        .summary = "Set a password",
        .flags = HK_ROUTE_PAGE},
    {.method = "POST",
        .path = "/link/{id}",
        .handler = use_link,
        .summary = "Set a password",
        .flags = HK_ROUTE_PAGE},
    {.method = NULL, .more = hk_routes_account},
};
