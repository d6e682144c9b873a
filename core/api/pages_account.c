/*
 * pages_account: what people see and change about their own ways in: sessions, password, device;
 * and the code that some decisions want.
 */
#include "api/login_job.h"

#include "api/route_table.h"
#include "base/text.h"
#include "base/time.h"
#include "console/login.h"
#include "limits.h"
#include "login/qr.h"
#include "login/totp.h"

#include <stdio.h>
#include <string.h>

static int64_t now_us(const struct hk_exchange *exchange)
{
    return hk_clock_now_us(hk_ledger_clock(exchange->api->ledger));
}

static struct hk_person *person_of(const struct hk_exchange *exchange)
{
    const struct hk_user *user = hk_login_user(exchange);

    return user != NULL ? hk_people_find(exchange->api->people, user->tenant, user->id) : NULL;
}

/* A job about whoever asks, and its try; wait > 0: too many. NULL: answered. */
static struct hk_login_job *begin(
    struct hk_exchange *exchange, const struct hk_http_request *request, int64_t *ret_wait_ms)
{
    const struct hk_user *user = hk_login_user(exchange);
    struct hk_login_job *job;

    if (user == NULL || person_of(exchange) == NULL) {
        hk_answer_problem(exchange, 403, "the session has ended");
        return NULL;
    }
    job = hk_login_job_new(exchange, request);
    if (job == NULL)
        return NULL;
    job->tenant = user->tenant;
    (void)hk_copy_text(job->user, sizeof(job->user), user->id);
    hk_try_in_session(exchange, &job->try_);
    *ret_wait_ms = hk_try_begin(exchange->api->people, &job->try_);
    return job;
}

static struct hk_write *new_write(enum hk_status *ret_status, struct hk_error *error)
{
    struct hk_write *write = hk_write_new();

    *ret_status = write != NULL ? HK_OK : hk_fail(error, HK_NOMEM, "no memory for a write");
    return write;
}

/* --- the account --- */

void hk_answer_account(const struct hk_exchange *exchange, int status, enum hk_notice_kind kind,
    const char *notice, int64_t wait_ms)
{
    const struct hk_user *user = hk_login_user(exchange);
    const struct hk_person *person = person_of(exchange);
    struct hk_account_session sessions[HK_SESSIONS_PER_USER_MAX];
    struct hk_page_account what = {.sessions = sessions};
    const struct hk_login *login = NULL;
    struct hk_page page;
    struct hk_buf out;

    while (user != NULL && what.session_count < HK_SESSIONS_PER_USER_MAX &&
           (login = hk_sessions_next(
                exchange->api->people->sessions, user->tenant, user->id, login)) != NULL)
        sessions[what.session_count++] = (struct hk_account_session){.id = login->id,
            .from = login->from[0] != '\0' ? login->from : NULL,
            .agent = login->agent[0] != '\0' ? login->agent : NULL,
            .opened_us = login->opened_us,
            .seen_us = login->seen_us,
            .is_this = strcmp(login->id, exchange->session.id) == 0};
    what.has_totp = person != NULL && person->totp.is_set;
    what.paper_count = person != NULL ? person->totp.recovery_count : 0;
    hk_login_frame(exchange, kind, notice, &page);
    hk_buf_init(&out, HK_HTTP_RESPONSE_SIZE_MAX);
    hk_page_account(&out, &page, &what);
    if (wait_ms > 0)
        hk_answer_page_later(exchange, status, &out, wait_ms);
    else
        hk_answer_page(exchange, status, &out, NULL);
    hk_buf_done(&out);
}

static void show_account(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    static const struct {
        const char *done;
        enum hk_word word;
    } notices[] = {{"ended", HK_WORD_ACCOUNT_ENDED}, {"password", HK_WORD_ACCOUNT_PASSWORD_DONE},
        {"totp", HK_WORD_TOTP_REMOVED}};
    char done[16];

    (void)body;
    (void)hk_http_query(request, "done", done, sizeof(done));
    for (size_t i = 0; i < sizeof(notices) / sizeof(notices[0]); i++) {
        if (strcmp(done, notices[i].done) == 0) {
            hk_answer_account(
                exchange, 200, HK_NOTICE_DONE, hk_word(exchange->language, notices[i].word), 0);
            return;
        }
    }
    hk_answer_account(exchange, 200, HK_NOTICE_NONE, NULL, 0);
}

/* A refusal on the account's page; frees the job. */
static void refuse(struct hk_login_job *job, int status, enum hk_word word)
{
    hk_answer_account(&job->job.exchange, status, HK_NOTICE_PROBLEM,
        hk_word(job->job.exchange.language, word), 0);
    hk_job_free(&job->job);
}

static void refuse_waiting(struct hk_login_job *job, int64_t wait_ms)
{
    struct hk_buf text;

    hk_buf_init(&text, 1024);
    hk_login_wait_text(&job->job.exchange, wait_ms, &text);
    hk_answer_account(&job->job.exchange, 429, HK_NOTICE_PROBLEM, text.data, wait_ms);
    hk_buf_done(&text);
    hk_job_free(&job->job);
}

static void end_sessions(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const char *session = hk_form_get_or(exchange->form, "session", "");
    bool is_others = strcmp(session, "others") == 0;
    const struct hk_user *user = hk_login_user(exchange);
    struct hk_login_job *job;
    struct hk_write *write;
    struct hk_error error = {.status = HK_OK};
    enum hk_status status;

    (void)body;
    if (user == NULL) {
        hk_answer_problem(exchange, 403, "the session has ended");
        return;
    }
    job = hk_login_job_new(exchange, request);
    if (job == NULL)
        return;
    write = new_write(&status, &error);
    if (status == HK_OK)
        status = hk_people_close(exchange->api->people, write,
            &(struct hk_closing){.user = user,
                .session = is_others ? NULL : session,
                .except = is_others ? exchange->session.id : NULL,
                .actor = user->id,
                .why = "ended",
                .time_us = now_us(exchange)},
            &error);
    (void)hk_copy_text(job->location, sizeof(job->location), "/account?done=ended");
    hk_login_job_submit(job, write, status, &error);
}

/* --- a new password --- */

static void on_new_hashed(
    void *ctx, enum hk_status status, const char *hash, const struct hk_error *hash_error)
{
    struct hk_login_job *job = ctx;
    const struct hk_exchange *exchange = &job->job.exchange;
    struct hk_people *people = exchange->api->people;
    const struct hk_user *user = hk_login_job_user(job);
    struct hk_device_owner owner;
    char device[HK_DEVICE_TEXT_SIZE];
    struct hk_write *write;
    struct hk_error error = {.status = HK_OK};

    if (status != HK_OK || user == NULL) {
        hk_login_job_fail(job, status != HK_OK ? status : HK_DENIED, hash_error);
        return;
    }
    write = new_write(&status, &error);
    if (status == HK_OK)
        status = hk_people_set_password(people, write,
            &(struct hk_new_password){.user = user,
                .hash = hash,
                .with = "password",
                .except = exchange->session.id,
                .time_us = now_us(exchange)},
            &error);
    /* With another password this browser is a stranger, unless it is told again. */
    owner =
        (struct hk_device_owner){.tenant = user->tenant, .user = user->id, .password_hash = hash};
    hk_device_new(people->seal, &owner, device);
    hk_device_cookie(exchange, device, job->device);
    (void)hk_copy_text(job->location, sizeof(job->location), "/account?done=password");
    hk_login_job_submit(job, write, status, &error);
}

static void on_old_checked(
    void *ctx, enum hk_status status, const char *hash, const struct hk_error *error)
{
    struct hk_login_job *job = ctx;
    struct hk_people *people = job->job.exchange.api->people;
    struct hk_error failure;

    (void)hash;
    if (status == HK_DENIED) {
        hk_try_failed(people, &job->try_, hk_login_job_user(job));
        refuse(job, 403, HK_WORD_ACCOUNT_PASSWORD_WRONG);
        return;
    }
    if (status != HK_OK) {
        hk_try_cancel(people, &job->try_);
        hk_login_job_fail(job, status, error);
        return;
    }
    hk_try_succeeded(people, &job->try_);
    status = hk_hasher_make(people->hasher, job->password, on_new_hashed, job, &failure);
    if (status != HK_OK)
        hk_login_job_fail(job, status, &failure);
}

static void change_password(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const char *password = hk_form_get_or(exchange->form, "password", "");
    struct hk_people *people = exchange->api->people;
    int64_t wait_ms = 0;
    struct hk_login_job *job;
    struct hk_error error;
    enum hk_status status;
    enum hk_word flaw;

    (void)body;
    flaw = hk_login_password_flaw(
        password, hk_form_get_or(exchange->form, "again", ""), exchange->actor.name);
    if (flaw != HK_WORD_NO_TEXT) {
        hk_answer_account(exchange, 400, HK_NOTICE_PROBLEM, hk_word(exchange->language, flaw), 0);
        return;
    }
    job = begin(exchange, request, &wait_ms);
    if (job == NULL)
        return;
    if (wait_ms > 0) {
        refuse_waiting(job, wait_ms);
        return;
    }
    (void)hk_copy_text(job->password, sizeof(job->password), password);
    status =
        hk_hasher_check(people->hasher, HK_LANE_URGENT, hk_form_get_or(exchange->form, "now", ""),
            person_of(exchange)->password, on_old_checked, job, &error);
    if (status != HK_OK) {
        hk_try_cancel(people, &job->try_);
        hk_login_job_fail(job, status, &error);
    }
}

/* --- a device --- */

static bool totp_is_required(const struct hk_exchange *exchange)
{
    return hk_engine_login_policy(exchange->api->engine, exchange->tenant)->totp_is_required;
}

static void answer_totp(
    const struct hk_exchange *exchange, int status, enum hk_notice_kind kind, const char *notice)
{
    const struct hk_person *person = person_of(exchange);
    struct hk_page page;
    struct hk_buf out;

    hk_login_frame(exchange, kind, notice, &page);
    hk_buf_init(&out, HK_HTTP_RESPONSE_SIZE_MAX);
    hk_page_totp(&out, &page, person != NULL && person->totp.is_set, totp_is_required(exchange),
        person != NULL ? person->totp.recovery_count : 0);
    hk_answer_page(exchange, status, &out, NULL);
    hk_buf_done(&out);
}

static void refuse_totp(struct hk_login_job *job, int status, const char *text)
{
    answer_totp(&job->job.exchange, status, HK_NOTICE_PROBLEM, text);
    hk_job_free(&job->job);
}

static void show_totp(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    (void)request;
    (void)body;
    answer_totp(exchange, 200, HK_NOTICE_NONE, NULL);
}

/* The page with the secret that waits for its first code. */
static enum hk_status write_scan(const struct hk_exchange *exchange, const struct hk_person *person,
    enum hk_notice_kind kind, const char *notice, struct hk_buf *out, struct hk_error *error)
{
    uint8_t secret[HK_TOTP_SECRET_SIZE];
    char text[HK_TOTP_SECRET_TEXT_SIZE];
    struct hk_page page;
    enum hk_status status = hk_people_secret(exchange->api->people, person, secret, error);

    if (status != HK_OK)
        return status;
    hk_totp_secret_text(secret, text);
    hk_login_frame(exchange, kind, notice, &page);
    hk_page_totp_scan(out, &page, text);
    explicit_bzero(secret, sizeof(secret));
    explicit_bzero(text, sizeof(text));
    return HK_OK;
}

static void on_totp_checked(
    void *ctx, enum hk_status status, const char *hash, const struct hk_error *check_error)
{
    struct hk_login_job *job = ctx;
    const struct hk_exchange *exchange = &job->job.exchange;
    struct hk_people *people = exchange->api->people;
    const struct hk_user *user = hk_login_job_user(job);
    struct hk_person *person = user != NULL ? hk_people_find(people, user->tenant, user->id) : NULL;
    struct hk_write *write;
    struct hk_error error = {.status = HK_OK};

    (void)hash;
    if (status == HK_DENIED || person == NULL) {
        hk_try_failed(people, &job->try_, user);
        refuse_totp(job, 403, hk_word(exchange->language, HK_WORD_ACCOUNT_PASSWORD_WRONG));
        return;
    }
    if (status != HK_OK) {
        hk_try_cancel(people, &job->try_);
        hk_login_job_fail(job, status, check_error);
        return;
    }
    hk_try_succeeded(people, &job->try_);
    if (person->totp.is_set) { /* another of their browsers was quicker */
        refuse_totp(job, 409, hk_word(exchange->language, HK_WORD_TOTP_IS_SET));
        return;
    }
    write = new_write(&status, &error);
    if (status == HK_OK)
        status = hk_people_new_secret(people, person, &error);
    if (status == HK_OK)
        status = hk_totp_write(write, user, &person->totp, &error);
    if (status == HK_OK)
        status = write_scan(exchange, person, HK_NOTICE_NONE, NULL, &job->page, &error);
    hk_login_job_submit(job, write, status, &error);
}

static void begin_totp(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_people *people = exchange->api->people;
    int64_t wait_ms = 0;
    struct hk_login_job *job = begin(exchange, request, &wait_ms);
    struct hk_error error;
    enum hk_status status;

    (void)body;
    if (job == NULL)
        return;
    if (wait_ms > 0) {
        refuse_waiting(job, wait_ms);
        return;
    }
    status = hk_hasher_check(people->hasher, HK_LANE_URGENT,
        hk_form_get_or(exchange->form, "password", ""), person_of(exchange)->password,
        on_totp_checked, job, &error);
    if (status != HK_OK) {
        hk_try_cancel(people, &job->try_);
        hk_login_job_fail(job, status, &error);
    }
}

/* The picture of the secret that waits for its first code; of no other. */
static void show_qr(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const struct hk_person *person = person_of(exchange);
    const struct hk_user *user = hk_login_user(exchange);
    uint8_t secret[HK_TOTP_SECRET_SIZE];
    char issuer[HK_ID_SIZE + 16];
    struct hk_buf uri;
    struct hk_buf path;
    struct hk_buf out;
    struct hk_error error;
    unsigned side = 0;
    enum hk_status status = HK_OK;

    (void)request;
    (void)body;
    if (person == NULL || user == NULL || person->totp.is_set || person->totp.sealed[0] == '\0') {
        hk_answer_problem(exchange, 404, "no device is being set up");
        return;
    }
    hk_buf_init(&uri, 4096);
    hk_buf_init(&path, 256 * 1024);
    hk_buf_init(&out, 512 * 1024);
    (void)snprintf(issuer, sizeof(issuer), "Hikeshi (%s)",
        hk_engine_tenant_name(exchange->api->engine, user->tenant));
    status = hk_people_secret(exchange->api->people, person, secret, &error);
    if (status == HK_OK) {
        hk_totp_uri(secret, issuer, user->name, &uri);
        status = hk_buf_check(&uri, "URI", &error);
    }
    if (status == HK_OK)
        status = hk_qr_path(uri.data, &side, &path, &error);
    if (status == HK_OK) {
        hk_page_qr(&out, path.data, side);
        status = hk_buf_check(&out, "picture", &error);
    }
    if (status == HK_OK)
        hk_answer_text(exchange, 200, "image/svg+xml", out.data, out.size);
    else
        hk_answer_error(exchange, status, &error);
    explicit_bzero(secret, sizeof(secret));
    struct hk_buf *const wiped[] = {&uri, &path, &out};
    for (size_t i = 0; i < sizeof(wiped) / sizeof(wiped[0]); i++) {
        if (wiped[i]->data != NULL)
            explicit_bzero(wiped[i]->data, wiped[i]->size);
        hk_buf_done(wiped[i]);
    }
}

/* The device has shown that it has the secret: it is the person's from here on, and there are codes
 * for paper. All other sessions were opened with less, and end. */
static enum hk_status set_totp(struct hk_login_job *job, struct hk_write *write,
    const struct hk_user *user, struct hk_person *person, struct hk_error *error)
{
    const struct hk_exchange *exchange = &job->job.exchange;
    const struct hk_person_event event = {
        .kind = HK_KIND_USER_TOTP_SET, .actor = user->id, .time_us = now_us(exchange)};
    char texts[HK_RECOVERY_COUNT][HK_RECOVERY_TEXT_SIZE];
    const char *codes[HK_RECOVERY_COUNT];
    char cookie[HK_COOKIE_TEXT_SIZE] = "";
    char csrf[HK_COOKIE_TEXT_SIZE];
    struct hk_page page;
    enum hk_status status;

    person->totp.is_set = true;
    for (unsigned i = 0; i < HK_RECOVERY_COUNT; i++) {
        hk_recovery_new(texts[i], person->totp.recovery[i]);
        codes[i] = texts[i];
    }
    person->totp.recovery_count = HK_RECOVERY_COUNT;
    status = hk_person_event_write(write, user, &event, error);
    if (status == HK_OK)
        status = hk_totp_write(write, user, &person->totp, error);
    if (status == HK_OK)
        status = hk_people_close(exchange->api->people, write,
            &(struct hk_closing){.user = user,
                .except = exchange->session.id,
                .actor = user->id,
                .why = "totp",
                .time_us = event.time_us},
            error);
    if (status == HK_OK)
        status = hk_people_prove(
            exchange->api->people, write, exchange->session.id, event.time_us, cookie, error);
    hk_session_cookie(exchange, cookie, job->cookie);
    hk_login_frame(exchange, HK_NOTICE_NONE, NULL, &page);
    hk_cookie_csrf(cookie, csrf); /* of the cookie that this answer brings */
    page.csrf = csrf;
    hk_page_totp_done(&job->page, &page, codes, HK_RECOVERY_COUNT);
    explicit_bzero(texts, sizeof(texts));
    explicit_bzero(cookie, sizeof(cookie));
    return status;
}

static void confirm_totp(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_people *people = exchange->api->people;
    int64_t wait_ms = 0;
    struct hk_login_job *job = begin(exchange, request, &wait_ms);
    struct hk_person *person = person_of(exchange);
    const char *with = "";
    struct hk_write *write;
    struct hk_error error = {.status = HK_OK};
    enum hk_status status;

    (void)body;
    if (job == NULL)
        return;
    if (wait_ms > 0) {
        refuse_waiting(job, wait_ms);
        return;
    }
    if (person->totp.is_set || person->totp.sealed[0] == '\0') {
        hk_try_cancel(people, &job->try_);
        refuse_totp(job, 409,
            hk_word(exchange->language,
                person->totp.is_set ? HK_WORD_TOTP_IS_SET : HK_WORD_STEP_UP_NONE));
        return;
    }
    if (!hk_people_take_code(people, person, hk_form_get_or(exchange->form, "code", ""), false,
            hk_time_wall_us(), &with)) {
        hk_try_failed(people, &job->try_, hk_login_user(exchange));
        status = write_scan(exchange, person, HK_NOTICE_PROBLEM,
            hk_word(exchange->language, HK_WORD_TOTP_WRONG), &job->page, &error);
        if (status == HK_OK)
            hk_answer_page(exchange, 400, &job->page, NULL);
        else
            hk_answer_error(exchange, status, &error);
        hk_job_free(&job->job);
        return;
    }
    hk_try_succeeded(people, &job->try_);
    write = new_write(&status, &error);
    if (status == HK_OK)
        status = set_totp(job, write, hk_login_user(exchange), person, &error);
    hk_login_job_submit(job, write, status, &error);
}

static void remove_totp(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_people *people = exchange->api->people;
    int64_t wait_ms = 0;
    struct hk_login_job *job = begin(exchange, request, &wait_ms);
    struct hk_person *person = person_of(exchange);
    const char *with = "";
    struct hk_write *write;
    struct hk_error error = {.status = HK_OK};
    enum hk_status status;

    (void)body;
    if (job == NULL)
        return;
    if (wait_ms > 0) {
        refuse_waiting(job, wait_ms);
        return;
    }
    if (!person->totp.is_set ||
        !hk_people_take_code(people, person, hk_form_get_or(exchange->form, "code", ""), true,
            hk_time_wall_us(), &with)) {
        hk_try_failed(people, &job->try_, hk_login_user(exchange));
        refuse_totp(job, 403, hk_word(exchange->language, HK_WORD_TOTP_WRONG));
        return;
    }
    hk_try_succeeded(people, &job->try_);
    write = new_write(&status, &error);
    if (status == HK_OK)
        status = hk_people_remove_totp(people, write, hk_login_user(exchange), exchange->actor.id,
            with, now_us(exchange), &error);
    (void)hk_copy_text(job->location, sizeof(job->location), "/account?done=totp");
    hk_login_job_submit(job, write, status, &error);
}

/* --- a code before a decision --- */

static void answer_step_up(const struct hk_exchange *exchange, int status, const char *then,
    enum hk_notice_kind kind, const char *notice)
{
    struct hk_page page;
    struct hk_buf out;

    hk_login_frame(exchange, kind, notice, &page);
    hk_buf_init(&out, HK_HTTP_RESPONSE_SIZE_MAX);
    hk_page_step_up(&out, &page, exchange->session.has_totp, then);
    hk_answer_page(exchange, status, &out, NULL);
    hk_buf_done(&out);
}

static void show_step_up(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    char then[1024];
    bool has_then = hk_http_query(request, "then", then, sizeof(then)) && hk_path_is_ours(then);

    (void)body;
    answer_step_up(exchange, 200, has_then ? then : NULL, HK_NOTICE_NONE, NULL);
}

static void step_up(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const char *then = hk_form_get_or(exchange->form, "then", "");
    struct hk_people *people = exchange->api->people;
    int64_t wait_ms = 0;
    struct hk_login_job *job = begin(exchange, request, &wait_ms);
    struct hk_person *person = person_of(exchange);
    char cookie[HK_COOKIE_TEXT_SIZE] = "";
    const char *with = "";
    struct hk_write *write;
    struct hk_error error = {.status = HK_OK};
    enum hk_status status;

    (void)body;
    if (job == NULL)
        return;
    if (!hk_path_is_ours(then))
        then = "/";
    if (wait_ms > 0) {
        refuse_waiting(job, wait_ms);
        return;
    }
    if (!person->totp.is_set ||
        !hk_people_take_code(people, person, hk_form_get_or(exchange->form, "code", ""), true,
            hk_time_wall_us(), &with)) {
        hk_try_failed(people, &job->try_, hk_login_user(exchange));
        answer_step_up(exchange, 403, then, HK_NOTICE_PROBLEM,
            hk_word(exchange->language, HK_WORD_TOTP_WRONG));
        hk_job_free(&job->job);
        return;
    }
    hk_try_succeeded(people, &job->try_);
    write = new_write(&status, &error);
    if (status == HK_OK)
        status = hk_totp_write(write, hk_login_user(exchange), &person->totp, &error);
    if (status == HK_OK)
        status =
            hk_people_prove(people, write, exchange->session.id, now_us(exchange), cookie, &error);
    hk_session_cookie(exchange, cookie, job->cookie);
    explicit_bzero(cookie, sizeof(cookie));
    (void)hk_copy_text(job->location, sizeof(job->location), then);
    hk_login_job_submit(job, write, status, &error);
}

/* --- the table --- */

#define ACCOUNT(verb, where, fn, words)                                                            \
    {                                                                                              \
        .method = (verb), .path = (where), .role = "viewer", .handler = (fn), .summary = (words),  \
        .flags = HK_ROUTE_PAGE | HK_ROUTE_BEFORE_TOTP                                              \
    }

const struct hk_route hk_routes_account[] = {
    ACCOUNT("GET", "/account", show_account, "Your account"),
    ACCOUNT("POST", "/account/sessions", end_sessions, "End sessions"),
    ACCOUNT("POST", "/account/password", change_password, "Change the password"),
    ACCOUNT("GET", "/account/totp", show_totp, "A device that gives codes"),
    ACCOUNT("POST", "/account/totp", begin_totp, "Set up a device"),
    ACCOUNT("GET", "/account/totp/qr", show_qr, "The secret as a picture"),
    ACCOUNT("POST", "/account/totp/confirm", confirm_totp, "Give the first code"),
    ACCOUNT("POST", "/account/totp/remove", remove_totp, "Remove the device"),
    ACCOUNT("GET", "/step-up", show_step_up, "Give a code"),
    ACCOUNT("POST", "/step-up", step_up, "Give a code"),
    {.method = NULL, .more = hk_routes_intake},
};
