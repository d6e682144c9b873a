/*
 * login_job: see login_job.h.
 */
#include "api/login_job.h"

#include "base/text.h"
#include "base/time.h"
#include "limits.h"

#include <string.h>

static void wipe(struct hk_job *base)
{
    struct hk_login_job *job = (struct hk_login_job *)base;

    explicit_bzero(job->password, sizeof(job->password));
    explicit_bzero(job->code, sizeof(job->code));
    explicit_bzero(job->cookie, sizeof(job->cookie));
    explicit_bzero(job->link, sizeof(job->link));
    if (job->page.data != NULL)
        explicit_bzero(job->page.data, job->page.size);
    hk_buf_done(&job->page);
}

struct hk_login_job *hk_login_job_new(
    const struct hk_exchange *exchange, const struct hk_http_request *request)
{
    struct hk_login_job *job = hk_job_new(exchange, sizeof(*job));
    const char *agent = hk_http_header(request, "user-agent");

    if (job == NULL)
        return NULL;
    job->job.done = wipe;
    hk_buf_init(&job->page, HK_HTTP_RESPONSE_SIZE_MAX);
    if (agent != NULL) {
        size_t size = hk_utf8_prefix(agent, strlen(agent), sizeof(job->agent) - 1);
        memcpy(job->agent, agent, size);
    }
    return job;
}

static void on_written(void *ctx, hk_tenant tenant, uint64_t first_seq)
{
    struct hk_login_job *job = ctx;
    const struct hk_exchange *exchange = &job->job.exchange;
    const char *cookies[3] = {NULL, NULL, NULL};
    size_t count = 0;

    (void)tenant;
    (void)first_seq;
    if (job->cookie[0] != '\0')
        cookies[count++] = job->cookie;
    if (job->device[0] != '\0')
        cookies[count++] = job->device;
    if (job->page.size > 0 || job->page.failed)
        hk_answer_page(exchange, 200, &job->page, cookies);
    else
        hk_answer_see_other(exchange, job->location, cookies);
    hk_job_free(&job->job);
}

void hk_login_job_submit(struct hk_login_job *job, struct hk_write *take_write,
    enum hk_status status, const struct hk_error *error)
{
    if (status != HK_OK) {
        hk_write_free(take_write);
        hk_login_job_fail(job, status, error);
        return;
    }
    hk_ledger_submit(job->job.exchange.api->ledger, take_write, HK_LANE_URGENT, on_written, job);
}

void hk_login_job_fail(
    struct hk_login_job *job, enum hk_status status, const struct hk_error *error)
{
    hk_answer_error(&job->job.exchange, status, error);
    hk_job_free(&job->job);
}

const struct hk_user *hk_login_job_user(const struct hk_login_job *job)
{
    const struct hk_user *user = NULL;

    if (job->user[0] != '\0')
        user = hk_identity_user(job->job.exchange.api->identity, job->tenant, job->user);
    return user != NULL && !user->is_disabled ? user : NULL;
}

const struct hk_user *hk_login_user(const struct hk_exchange *exchange)
{
    const struct hk_login *login =
        hk_sessions_get(exchange->api->people->sessions, exchange->session.id);
    const struct hk_user *user =
        login != NULL ? hk_identity_user(exchange->api->identity, login->tenant, login->user)
                      : NULL;

    return user != NULL && !user->is_disabled ? user : NULL;
}

void hk_login_frame(const struct hk_exchange *exchange, enum hk_notice_kind kind,
    const char *notice, struct hk_page *ret_page)
{
    hk_page_frame(exchange, ret_page);
    ret_page->notice_kind = kind;
    ret_page->notice = notice;
}

void hk_login_wait_text(const struct hk_exchange *exchange, int64_t wait_ms, struct hk_buf *out)
{
    struct hk_buf duration;

    hk_buf_init(&duration, 256);
    hk_words_duration(&duration, exchange->language, (wait_ms + 999) / 1000 * 1000);
    hk_words_put(
        out, exchange->language, HK_WORD_LOGIN_WAIT, duration.data != NULL ? duration.data : "");
    hk_buf_done(&duration);
}

enum hk_word hk_login_password_flaw(const char *password, const char *again, const char *name)
{
    static const enum hk_word words[] = {
        [HK_PASSWORD_GOOD] = HK_WORD_NO_TEXT,
        [HK_PASSWORD_TOO_SHORT] = HK_WORD_PASSWORD_SHORT,
        [HK_PASSWORD_TOO_LONG] = HK_WORD_PASSWORD_LONG,
        [HK_PASSWORD_HAS_NAME] = HK_WORD_PASSWORD_HAS_NAME,
        [HK_PASSWORD_COMMON] = HK_WORD_PASSWORD_COMMON,
    };

    if (strcmp(password, again) != 0)
        return HK_WORD_PASSWORD_DIFFERS;
    return words[hk_password_flaw(password, name)];
}
