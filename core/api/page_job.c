/*
 * page_job: see page_job.h.
 */
#include "api/page_job.h"

#include "api/page_answer.h"
#include "api/session_in.h"
#include "base/text.h"
#include "ledger/query.h"
#include "limits.h"

#include <stdio.h>
#include <string.h>

/* What a page says after a POST, by the code in its address. No text comes in with the address. */
static const struct {
    const char *code;
    enum hk_word word;
} notices[] = {
    {"approved", HK_WORD_DONE_APPROVED},
    {"voted", HK_WORD_DONE_VOTED},
    {"rejected", HK_WORD_DONE_REJECTED},
    {"narrowed", HK_WORD_DONE_NARROWED},
    {"delegated", HK_WORD_DONE_DELEGATED},
    {"noted", HK_WORD_DONE_NOTED},
    {"already", HK_WORD_DONE_ALREADY},
    {"released", HK_WORD_DONE_RELEASED},
    {"releasing", HK_WORD_DONE_RELEASING},
    {"renewed", HK_WORD_DONE_RENEWED},
    {"checked", HK_WORD_DONE_CHECKED},
    {"cancelled", HK_WORD_DONE_CANCELLED},
    {"resolved", HK_WORD_DONE_RESOLVED},
    {"saved", HK_WORD_DONE_SAVED},
};

static void take_notice(struct hk_page_job *job, const struct hk_http_request *request)
{
    char code[16];

    if (!hk_http_query(request, "done", code, sizeof(code)))
        return;
    for (size_t i = 0; i < sizeof(notices) / sizeof(notices[0]); i++) {
        if (strcmp(notices[i].code, code) == 0) {
            job->page.notice_kind = HK_NOTICE_DONE;
            job->page.notice = hk_word(job->page.language, notices[i].word);
        }
    }
}

void *hk_page_job_new(const struct hk_exchange *exchange, const struct hk_http_request *request,
    size_t size, void (*show)(struct hk_page_job *job))
{
    struct hk_page_job *job = hk_job_new(exchange, size);

    if (job == NULL)
        return NULL;
    hk_page_frame(&job->job.exchange, &job->page);
    job->status = 200;
    job->show = show;
    (void)hk_copy_text(job->id, sizeof(job->id), hk_route_param(&exchange->match, "id"));
    take_notice(job, request);
    return job;
}

void hk_page_job_answer(struct hk_page_job *job)
{
    hk_answer_page(&job->job.exchange, job->status, &job->job.out, NULL);
    hk_job_free(&job->job);
}

static void answer(struct hk_job *job)
{
    hk_page_job_answer((struct hk_page_job *)job);
}

void hk_page_job_read(struct hk_page_job *job, hk_read_fn *read)
{
    job->job.answer = answer;
    hk_job_read(&job->job, read);
}

void hk_page_job_done(struct hk_page_job *job, const char *path, const char *code)
{
    char location[HK_LOCATION_SIZE];

    (void)snprintf(location, sizeof(location), "%s%s?done=%s", path, job->id, code);
    hk_answer_see_other(&job->job.exchange, location, NULL);
    hk_job_free(&job->job);
}

static enum hk_word word_of(enum hk_status status)
{
    switch (status) {
    case HK_DENIED:
        return HK_WORD_PROBLEM_403;
    case HK_CONFLICT:
        return HK_WORD_PROBLEM_409;
    case HK_BUSY:
    case HK_TIMEOUT:
        return HK_WORD_PROBLEM_503;
    default:
        return HK_WORD_PROBLEM_400;
    }
}

void hk_page_job_refuse(
    struct hk_page_job *job, enum hk_status status, const struct hk_error *error)
{
    int code = hk_problem_status(status);

    if (status == HK_NOT_FOUND || code >= 500) {
        hk_answer_error(&job->job.exchange, status, error);
        hk_job_free(&job->job);
        return;
    }
    (void)snprintf(job->notice, sizeof(job->notice), "%s: %s",
        hk_word(job->page.language, word_of(status)),
        error != NULL ? error->text : hk_status_text(status));
    job->page.notice_kind = HK_NOTICE_PROBLEM;
    job->page.notice = job->notice;
    job->status = code;
    job->show(job);
}

void hk_page_job_finish(
    struct hk_page_job *job, enum hk_status status, const struct hk_error *error, const char *path)
{
    char from[HK_ID_SIZE + 24];
    char location[HK_LOCATION_SIZE];

    if (status != HK_UNPROVEN) {
        hk_page_job_refuse(job, status, error);
        return;
    }
    (void)snprintf(from, sizeof(from), "%s%s", path, job->id);
    if (!hk_step_up_location(from, location, sizeof(location)))
        (void)hk_copy_text(location, sizeof(location), "/step-up");
    hk_answer_see_other(&job->job.exchange, location, NULL);
    hk_job_free(&job->job);
}

/* --- on a reader's thread --- */

static enum hk_status parse(
    enum hk_status status, struct hk_buf *text, struct hk_json_doc *ret_doc, struct hk_error *error)
{
    if (status == HK_OK)
        status = hk_json_parse(text->data, text->size, &hk_json_limits_own, ret_doc, error);
    hk_buf_done(text);
    return status;
}

enum hk_status hk_page_read_one(struct hk_reading *reading, hk_tenant tenant,
    const char *collection, const char *id, struct hk_json_doc *ret_doc, struct hk_error *error)
{
    struct hk_buf text;

    hk_buf_init(&text, HK_HTTP_RESPONSE_SIZE_MAX);
    return parse(
        hk_query_show(reading, tenant, collection, id, &text, error), &text, ret_doc, error);
}

static const char *text_or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : NULL;
}

enum hk_status hk_page_read_list(struct hk_reading *reading, hk_tenant tenant,
    const struct hk_page_ask *ask, struct hk_json_doc *ret_doc, struct hk_error *error)
{
    struct hk_buf text;

    hk_buf_init(&text, HK_HTTP_RESPONSE_SIZE_MAX);
    return parse(hk_query_list(reading, tenant, ask->collection, text_or_null(ask->state),
                     text_or_null(ask->after), ask->limit, &text, error),
        &text, ret_doc, error);
}
