/*
 * pages_case: the pages of cases and tasks, and what people do on them.
 */
#include "api/page_job.h"
#include "api/route_table.h"
#include "base/text.h"
#include "engine/cases.h"
#include "ledger/query_timeline.h"
#include "limits.h"

#include <stdlib.h>
#include <string.h>

struct case_job {
    struct hk_page_job page; /* first */
    bool may_release;
    bool from_start;
    uint64_t from; /* of the timeline */
};

/* --- showing --- */

static enum hk_status read_timeline(struct hk_reading *reading, const struct case_job *job,
    struct hk_json_doc *ret_doc, struct hk_error *error)
{
    struct hk_buf text;
    enum hk_status status;

    hk_buf_init(&text, HK_HTTP_RESPONSE_SIZE_MAX);
    status = hk_query_timeline(reading, job->page.job.exchange.tenant, job->page.id, job->from,
        job->from_start, HK_PAGE_ITEMS, &text, error);
    if (status == HK_OK)
        status = hk_json_parse(text.data, text.size, &hk_json_limits_own, ret_doc, error);
    hk_buf_done(&text);
    return status;
}

static enum hk_status read_case(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct case_job *job = ctx;
    struct hk_json_doc it = {.root = NULL};
    struct hk_json_doc timeline = {.root = NULL};
    enum hk_status status =
        hk_page_read_one(reading, job->page.job.exchange.tenant, "cases", job->page.id, &it, error);

    if (status == HK_OK)
        status = read_timeline(reading, job, &timeline, error);
    if (status == HK_OK)
        hk_page_case(&job->page.job.out, &job->page.page,
            &(struct hk_page_case){.it = it.root,
                .timeline = timeline.root,
                .may_work = job->page.may_act,
                .may_release = job->may_release});
    hk_json_doc_done(&it);
    hk_json_doc_done(&timeline);
    return status;
}

static void show_case(struct hk_page_job *job)
{
    hk_page_job_read(job, read_case);
}

static struct case_job *case_job(
    const struct hk_exchange *exchange, const struct hk_http_request *request)
{
    struct case_job *job = hk_page_job_new(exchange, request, sizeof(*job), show_case);
    char from[24];

    if (job == NULL)
        return NULL;
    job->page.may_act = hk_role_fulfils(exchange->actor.role, "analyst");
    job->may_release = hk_role_fulfils(exchange->actor.role, "approver");
    job->from_start = !hk_http_query(request, "from", from, sizeof(from));
    if (!job->from_start)
        job->from = strtoull(from, NULL, 10) & INT64_MAX;
    return job;
}

static void one_case(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct case_job *job = case_job(exchange, request);

    (void)body;
    if (job == NULL)
        return;
    hk_engine_seen(exchange->api->engine, exchange->tenant, &exchange->actor, 'c', job->page.id);
    job->page.show(&job->page);
}

static enum hk_status read_task(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct hk_page_job *job = ctx;
    struct hk_json_doc doc = {.root = NULL};
    enum hk_status status =
        hk_page_read_one(reading, job->job.exchange.tenant, "tasks", job->id, &doc, error);

    if (status == HK_OK)
        hk_page_task(&job->job.out, &job->page, doc.root, job->may_act);
    hk_json_doc_done(&doc);
    return status;
}

static void show_task(struct hk_page_job *job)
{
    hk_page_job_read(job, read_task);
}

static struct hk_page_job *task_job(
    const struct hk_exchange *exchange, const struct hk_http_request *request)
{
    struct hk_page_job *job = hk_page_job_new(exchange, request, sizeof(*job), show_task);

    if (job != NULL)
        job->may_act = hk_role_fulfils(exchange->actor.role, "analyst");
    return job;
}

static void one_task(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_page_job *job = task_job(exchange, request);

    (void)body;
    if (job != NULL)
        job->show(job);
}

/* --- what people do to a case --- */

static void on_case(
    void *ctx, enum hk_status status, const struct hk_error *error, const char *json)
{
    struct hk_page_job *job = ctx;

    (void)json;
    if (status == HK_OK)
        hk_page_job_done(job, "/cases/", "saved");
    else
        hk_page_job_finish(job, status, error, "/cases/");
}

static void change(const struct hk_exchange *exchange, const struct hk_http_request *request,
    const struct hk_case_change *what)
{
    struct case_job *job = case_job(exchange, request);

    if (job != NULL)
        hk_engine_case(exchange->api->engine, exchange->tenant, &exchange->actor, job->page.id,
            what, on_case, job);
}

/* A field; NULL when it isn't there, is empty or is longer than people's texts may be: what is
 * needed is then missed by the engine, which says so. */
static const char *field(const struct hk_exchange *exchange, const char *name)
{
    const char *text = hk_form_get(exchange->form, name);

    return text != NULL && text[0] != '\0' && strlen(text) <= HK_REASON_SIZE_MAX ? text : NULL;
}

/* What a form is for: the text in it that must be there, and the change that it makes. */
static void change_with_text(const struct hk_exchange *exchange,
    const struct hk_http_request *request, enum hk_case_verb verb, const char *name)
{
    const char *text = field(exchange, name);
    struct case_job *job;
    struct hk_error error;

    if (text != NULL) {
        change(exchange, request, &(struct hk_case_change){.verb = verb, .text = text});
        return;
    }
    job = case_job(exchange, request);
    if (job != NULL)
        hk_page_job_refuse(&job->page,
            hk_fail(&error, HK_INVALID, "%s: 1 to %d bytes of text", name, HK_REASON_SIZE_MAX),
            &error);
}

static void note(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    (void)body;
    change_with_text(exchange, request, HK_CASE_NOTE, "text");
}

static void reopen(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    (void)body;
    change_with_text(exchange, request, HK_CASE_REOPEN, "reason");
}

static void release(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    (void)body;
    change_with_text(exchange, request, HK_CASE_RELEASE, "reason");
}

static void summary(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const struct hk_form *form = exchange->form;

    (void)body;
    change(exchange, request,
        &(struct hk_case_change){.verb = HK_CASE_DESCRIBE,
            .happening = hk_form_get_or(form, "happening", ""),
            .do_now = hk_form_get_or(form, "do_now", ""),
            .impact = hk_form_get_or(form, "impact", ""),
            .scope = hk_form_get_or(form, "scope", "")});
}

static void take(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    (void)body;
    change(exchange, request,
        &(struct hk_case_change){
            .verb = HK_CASE_ASSIGN, .to = exchange->actor.name, .user = exchange->actor.id});
}

/* One of the words, or refuse: what the engine is given must be one that it knows. */
static const char *choice(const struct hk_exchange *exchange, const struct hk_http_request *request,
    const char *name, const char *const *words)
{
    const char *word = hk_form_get_or(exchange->form, name, "");
    struct case_job *job;
    struct hk_error error;

    for (; *words != NULL; words++)
        if (strcmp(*words, word) == 0)
            return *words;
    job = case_job(exchange, request);
    if (job != NULL)
        hk_page_job_refuse(
            &job->page, hk_fail(&error, HK_INVALID, "%s: not one of those offered", name), &error);
    return NULL;
}

static void phase(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    static const char *const phases[] = {
        "identify", "contain", "eradicate", "recover", "learn", NULL};
    const char *word = choice(exchange, request, "phase", phases);

    (void)body;
    if (word != NULL)
        change(exchange, request, &(struct hk_case_change){.verb = HK_CASE_PHASE, .phase = word});
}

static void close_case(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    static const char *const verdicts[] = {
        "true_positive", "false_positive", "expected", "undetermined", NULL};
    const char *word = choice(exchange, request, "verdict", verdicts);

    (void)body;
    if (word != NULL)
        change(exchange, request,
            &(struct hk_case_change){
                .verb = HK_CASE_CLOSE, .verdict = word, .text = field(exchange, "note")});
}

/* --- and to a task --- */

static void on_task(
    void *ctx, enum hk_status status, const struct hk_error *error, const char *json)
{
    struct hk_page_job *job = ctx;

    (void)json;
    if (status == HK_OK)
        hk_page_job_done(job, "/tasks/", "saved");
    else
        hk_page_job_finish(job, status, error, "/tasks/");
}

static void take_task(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_page_job *job = task_job(exchange, request);

    (void)body;
    if (job != NULL)
        hk_engine_task_assign(exchange->api->engine, exchange->tenant, &exchange->actor, job->id,
            exchange->actor.name, exchange->actor.id, on_task, job);
}

static void end_task(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_page_job *job = task_job(exchange, request);
    const char *word = hk_form_get_or(exchange->form, "outcome", "");
    struct hk_task_end end = {.outcome = HK_TASK_HAPPENED, .evidence = field(exchange, "evidence")};
    bool is_known = true;
    struct hk_error error;

    (void)body;
    if (job == NULL)
        return;
    if (strcmp(word, "did_not") == 0)
        end.outcome = HK_TASK_DID_NOT;
    else if (strcmp(word, "not_needed") == 0)
        end.outcome = HK_TASK_NOT_NEEDED;
    else
        is_known = strcmp(word, "happened") == 0;
    if (!is_known || end.evidence == NULL)
        hk_page_job_refuse(job,
            hk_fail(&error, HK_INVALID,
                is_known ? "evidence: 1 to %d bytes of text" : "outcome: not one of those offered",
                HK_REASON_SIZE_MAX),
            &error);
    else
        hk_engine_task_done(
            exchange->api->engine, exchange->tenant, &exchange->actor, job->id, &end, on_task, job);
}

/* --- the table --- */

static void cases(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    (void)body;
    hk_page_list(exchange, request, "cases", hk_page_cases);
}

static void tasks(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    (void)body;
    hk_page_list(exchange, request, "tasks", hk_page_tasks);
}

const struct hk_route hk_routes_pages_case[] = {
    HK_ROUTE_SHOW_PAGE("/cases", "viewer", cases, "Cases"),
    HK_ROUTE_SHOW_PAGE("/cases/{id}", "viewer", one_case, "A case"),
    HK_ROUTE_FORM("/cases/{id}/note", "analyst", note, "Add a note"),
    HK_ROUTE_FORM("/cases/{id}/summary", "analyst", summary, "Say what is happening"),
    HK_ROUTE_FORM("/cases/{id}/take", "analyst", take, "Take a case"),
    HK_ROUTE_FORM("/cases/{id}/phase", "analyst", phase, "Say where the work is"),
    HK_ROUTE_FORM("/cases/{id}/close", "analyst", close_case, "Close a case"),
    HK_ROUTE_FORM("/cases/{id}/reopen", "analyst", reopen, "Open a case again"),
    HK_ROUTE_FORM("/cases/{id}/release", "approver", release, "Release all of a case"),
    HK_ROUTE_SHOW_PAGE("/tasks", "viewer", tasks, "Tasks"),
    HK_ROUTE_SHOW_PAGE("/tasks/{id}", "viewer", one_task, "A task"),
    HK_ROUTE_FORM("/tasks/{id}/take", "analyst", take_task, "Take a task"),
    HK_ROUTE_FORM("/tasks/{id}/done", "analyst", end_task, "Say what became of a task"),
    {.method = NULL, .more = hk_routes_cases},
};
