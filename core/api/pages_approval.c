/*
 * pages_approval: the page on which a person decides, and what follows from its forms.
 *
 * The ledger is read on a reader's thread; what lists say of the target, and who may do what, only
 * the loop knows: so this page is written there. It is small: what a gate covers is bounded.
 */
#include "api/page_answer.h"
#include "api/page_job.h"
#include "api/route_table.h"
#include "api/session_in.h"
#include "base/text.h"
#include "base/time.h"
#include "ledger/query.h"
#include "limits.h"
#include "login/policy.h"

#include <stdio.h>
#include <string.h>

struct approval_job {
    struct hk_page_job page; /* first */
    char stale[HK_SHA256_HEX_SIZE];
    struct hk_json_doc approval;
    struct hk_json_doc alert;
    struct hk_json_doc users;
    struct hk_json_doc pending; /* of a void one: its successor is in here */
    struct hk_json_doc about;
    struct hk_json_doc people;
};

static void done(struct hk_job *base)
{
    struct approval_job *job = (struct approval_job *)base;

    hk_json_doc_done(&job->approval);
    hk_json_doc_done(&job->alert);
    hk_json_doc_done(&job->users);
    hk_json_doc_done(&job->pending);
    hk_json_doc_done(&job->about);
    hk_json_doc_done(&job->people);
}

/* --- reading --- */

static enum hk_status read_approval(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    static const struct hk_page_ask users = {"users", "active", NULL, HK_PAGE_ITEMS_MAX};
    static const struct hk_page_ask pending = {"approvals", "pending", NULL, HK_PAGE_ITEMS_MAX};
    struct approval_job *job = ctx;
    hk_tenant tenant = job->page.job.exchange.tenant;
    const char *alert;
    enum hk_status status =
        hk_page_read_one(reading, tenant, "approvals", job->page.id, &job->approval, error);

    if (status != HK_OK)
        return status;
    alert = hk_json_string_at(job->approval.root, "shown.alert", "");
    status = hk_page_read_one(reading, tenant, "alerts", alert, &job->alert, error);
    if (status == HK_NOT_FOUND) /* erased: the page says less */
        status = HK_OK;
    if (status == HK_OK)
        status = hk_page_read_list(reading, tenant, &users, &job->users, error);
    if (status == HK_OK && strcmp(hk_json_string_at(job->approval.root, "state", ""), "void") == 0)
        status = hk_page_read_list(reading, tenant, &pending, &job->pending, error);
    return status;
}

/* --- what the loop adds --- */

static bool is_excluded(const struct hk_json *approval, const char *id)
{
    const struct hk_json *excluded = hk_json_get(approval, "excluded");

    for (const struct hk_json *who = excluded != NULL ? excluded->first : NULL; who != NULL;
         who = who->next)
        if (hk_json_string(who) != NULL && strcmp(hk_json_string(who), id) == 0)
            return true;
    return false;
}

/* Has this person approved the revision that stands? */
static bool has_voted(const struct hk_json *approval, const char *id)
{
    const struct hk_json *decisions = hk_json_get(approval, "decisions");
    int64_t revision = hk_json_i64_at(approval, "revision", 1);

    for (const struct hk_json *item = decisions != NULL ? decisions->first : NULL; item != NULL;
         item = item->next)
        if (hk_json_i64_at(item, "revision", 1) == revision &&
            strcmp(hk_json_string_at(item, "by", ""), id) == 0)
            return true;
    return false;
}

static enum hk_bar bar_of(const struct hk_exchange *exchange, const struct hk_json *approval)
{
    if (strcmp(hk_json_string_at(approval, "state", ""), "pending") != 0)
        return HK_BAR_DECIDED;
    if (!hk_role_fulfils(exchange->actor.role, hk_json_string_at(approval, "role", "approver")))
        return HK_BAR_ROLE;
    if (is_excluded(approval, exchange->actor.id))
        return HK_BAR_ASKED;
    return has_voted(approval, exchange->actor.id) ? HK_BAR_VOTED : HK_BAR_NONE;
}

/* Take a document that was written to text; what can't be had is left out. */
static void take_doc(struct hk_buf *text, struct hk_json_doc *ret_doc)
{
    struct hk_error error;

    if (hk_buf_check(text, "page", &error) != HK_OK || text->size == 0 ||
        hk_json_parse(text->data, text->size, &hk_json_limits_own, ret_doc, &error) != HK_OK)
        *ret_doc = (struct hk_json_doc){.root = NULL};
    hk_buf_done(text);
}

/* What lists and the protected list say of the target now. */
static void explain(struct approval_job *job)
{
    const struct hk_exchange *exchange = &job->page.job.exchange;
    const struct hk_json *shown = hk_json_get(job->approval.root, "shown");
    const char *target = hk_json_string_at(shown, "target", "");
    struct hk_buf text;
    struct hk_error error;

    hk_buf_init(&text, HK_HTTP_RESPONSE_SIZE_MAX);
    if (target[0] != '\0' && hk_engine_explain(exchange->api->engine, exchange->tenant,
                                 hk_json_string_at(shown, "action", ""), target,
                                 hk_severity_from_text(hk_json_string_at(shown, "severity", NULL)),
                                 job->page.page.now_us, &text, &error) != HK_OK)
        hk_buf_clear(&text);
    take_doc(&text, &job->about);
}

/* To whom it may be passed on. */
static void find_people(struct approval_job *job)
{
    const struct hk_exchange *exchange = &job->page.job.exchange;
    const struct hk_json *approval = job->approval.root;
    const struct hk_json *users = hk_json_get(job->users.root, "items");
    const char *role = hk_json_string_at(approval, "role", "approver");
    struct hk_buf text;
    struct hk_jw jw;

    hk_buf_init(&text, HK_HTTP_RESPONSE_SIZE_MAX);
    hk_jw_init(&jw, &text);
    hk_jw_array(&jw);
    for (const struct hk_json *user = users != NULL ? users->first : NULL; user != NULL;
         user = user->next) {
        const char *id = hk_json_string_at(user, "id", "");
        if (strcmp(id, exchange->actor.id) != 0 && !is_excluded(approval, id) &&
            hk_role_fulfils(hk_json_string_at(user, "role", ""), role))
            hk_jw_value(&jw, user);
    }
    hk_jw_array_end(&jw);
    take_doc(&text, &job->people);
}

/* The one that took the place of a void one: it is about the same step. */
static const char *successor_of(const struct approval_job *job)
{
    const struct hk_json *items = hk_json_get(job->pending.root, "items");

    for (const struct hk_json *item = items != NULL ? items->first : NULL; item != NULL;
         item = item->next)
        if (strcmp(hk_json_string_at(item, "run", ""),
                hk_json_string_at(job->approval.root, "run", "-")) == 0 &&
            strcmp(hk_json_string_at(item, "step", ""),
                hk_json_string_at(job->approval.root, "step", "-")) == 0)
            return hk_json_string_at(item, "id", NULL);
    return NULL;
}

static bool needs_code(const struct approval_job *job)
{
    const struct hk_exchange *exchange = &job->page.job.exchange;
    const char *kind = hk_json_string_at(job->approval.root, "shown.kind", "");

    return hk_login_wants_code(
               hk_engine_login_policy(exchange->api->engine, exchange->tenant), kind) &&
           !hk_session_is_fresh(&exchange->session, job->page.page.now_us);
}

static void answer(struct hk_job *base)
{
    struct approval_job *job = (struct approval_job *)base;
    const struct hk_exchange *exchange = &base->exchange;
    const struct hk_json *approval = job->approval.root;
    bool is_stale =
        job->stale[0] != '\0' && strcmp(job->stale, hk_json_string_at(approval, "digest", "")) != 0;

    explain(job);
    find_people(job);
    hk_page_approval(&base->out, &job->page.page,
        &(struct hk_page_approval){.approval = approval,
            .alert = job->alert.root,
            .about = hk_json_get(job->about.root, "about"),
            .lowers = hk_json_get(job->about.root, "lowers"),
            .people = job->people.root,
            .bar = bar_of(exchange, approval),
            .may_note = hk_role_fulfils(exchange->actor.role, "analyst"),
            .needs_code = needs_code(job),
            .stale = is_stale ? job->stale : NULL,
            .next = successor_of(job)});
    hk_page_job_answer(&job->page);
}

static void show(struct hk_page_job *job)
{
    job->job.answer = answer;
    hk_job_read(&job->job, read_approval);
}

static struct approval_job *new_job(
    const struct hk_exchange *exchange, const struct hk_http_request *request)
{
    struct approval_job *job = hk_page_job_new(exchange, request, sizeof(*job), show);

    if (job != NULL)
        job->page.job.done = done;
    return job;
}

static void approval(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct approval_job *job = new_job(exchange, request);

    (void)body;
    if (job == NULL)
        return;
    if (hk_http_query(request, "stale", job->stale, sizeof(job->stale)) &&
        !hk_sha256_hex_is_valid(job->stale))
        job->stale[0] = '\0';
    hk_engine_seen(exchange->api->engine, exchange->tenant, &exchange->actor, 'g', job->page.id);
    job->page.show(&job->page);
}

/* --- after a POST --- */

/* What was asked has changed: show what, beside what it is now. */
static void go_stale(struct hk_page_job *job)
{
    char location[HK_LOCATION_SIZE];

    (void)snprintf(location, sizeof(location), "/approvals/%s?stale=%s", job->id, job->digest);
    hk_answer_see_other(&job->job.exchange, location, NULL);
    hk_job_free(&job->job);
}

/* The conflict's document says what stands. */
static void on_conflict(struct hk_page_job *job, const struct hk_error *error, const char *json)
{
    struct hk_json_doc doc = {.root = NULL};
    const char *state;

    if (json == NULL ||
        hk_json_parse(json, strlen(json), &hk_json_limits_own, &doc, NULL) != HK_OK) {
        hk_page_job_refuse(job, HK_CONFLICT, error);
        return;
    }
    state = hk_json_string_at(doc.root, "state", "");
    if (strcmp(state, "pending") != 0)
        hk_page_job_done(job, "/approvals/", "already");
    else if (strcmp(hk_json_string_at(doc.root, "digest", ""), job->digest) != 0)
        go_stale(job);
    else
        hk_page_job_refuse(job, HK_CONFLICT, error);
    hk_json_doc_done(&doc);
}

/* True: the reply was a success; else it is answered. */
static bool is_done(
    struct hk_page_job *job, enum hk_status status, const struct hk_error *error, const char *json)
{
    if (status == HK_OK)
        return true;
    if (status == HK_CONFLICT)
        on_conflict(job, error, json);
    else
        hk_page_job_finish(job, status, error, "/approvals/");
    return false;
}

static void on_decided(
    void *ctx, enum hk_status status, const struct hk_error *error, const char *json)
{
    struct hk_page_job *job = ctx;
    struct hk_json_doc doc = {.root = NULL};
    const char *code = "voted";

    if (!is_done(job, status, error, json))
        return;
    if (json != NULL &&
        hk_json_parse(json, strlen(json), &hk_json_limits_own, &doc, NULL) == HK_OK &&
        strcmp(hk_json_string_at(doc.root, "state", ""), "pending") != 0)
        code = job->approves ? "approved" : "rejected";
    hk_json_doc_done(&doc);
    hk_page_job_done(job, "/approvals/", code);
}

static void on_narrowed(
    void *ctx, enum hk_status status, const struct hk_error *error, const char *json)
{
    if (is_done(ctx, status, error, json))
        hk_page_job_done(ctx, "/approvals/", "narrowed");
}

static void on_delegated(
    void *ctx, enum hk_status status, const struct hk_error *error, const char *json)
{
    if (is_done(ctx, status, error, json))
        hk_page_job_done(ctx, "/approvals/", "delegated");
}

static void on_noted(
    void *ctx, enum hk_status status, const struct hk_error *error, const char *json)
{
    if (is_done(ctx, status, error, json))
        hk_page_job_done(ctx, "/approvals/", "noted");
}

/* --- the forms --- */

/* A field; NULL when it is empty. */
static const char *field(const struct hk_exchange *exchange, const char *name)
{
    const char *value = hk_form_get(exchange->form, name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

static void refuse(struct hk_page_job *job, const char *text)
{
    struct hk_error error;

    hk_page_job_refuse(job, hk_fail(&error, HK_INVALID, "%s", text), &error);
}

/* The job of a form, with the digest that was shown; NULL: it is answered. */
static struct hk_page_job *form_job(
    const struct hk_exchange *exchange, const struct hk_http_request *request)
{
    struct approval_job *job = new_job(exchange, request);
    const char *digest = hk_form_get_or(exchange->form, "digest", "");

    if (job == NULL)
        return NULL;
    if (hk_sha256_hex_is_valid(digest) &&
        hk_copy_text(job->page.digest, sizeof(job->page.digest), digest))
        return &job->page;
    refuse(&job->page, "digest: what was shown did not come with the form");
    return NULL;
}

static void decide(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_page_job *job = form_job(exchange, request);
    const char *word = hk_form_get_or(exchange->form, "decision", "");
    struct hk_decision decision = {
        .approve = strcmp(word, "approve") == 0,
        .reason = field(exchange, "reason"),
        .choice = field(exchange, "choice"),
    };

    (void)body;
    if (job == NULL)
        return;
    if (!decision.approve && strcmp(word, "reject") != 0) {
        refuse(job, "decision: neither approve nor reject");
        return;
    }
    if (!decision.approve && decision.reason == NULL) {
        refuse(job, hk_word(job->page.language, HK_WORD_DECIDE_REASON_HINT));
        return;
    }
    if (decision.reason != NULL && strlen(decision.reason) > HK_REASON_SIZE_MAX) {
        refuse(job, "reason: too long");
        return;
    }
    decision.digest = job->digest;
    job->approves = decision.approve;
    hk_engine_decide(exchange->api->engine, exchange->tenant, &exchange->actor, job->id, &decision,
        on_decided, job);
}

/* One item a line, blank lines left out. */
static void write_lines(struct hk_jw *jw, const char *text)
{
    hk_jw_array(jw);
    while (*text != '\0') {
        size_t size = strcspn(text, "\r\n");
        size_t end = size;
        size_t begin = 0;
        while (begin < end && (text[begin] == ' ' || text[begin] == '\t'))
            begin++;
        while (end > begin && (text[end - 1] == ' ' || text[end - 1] == '\t'))
            end--;
        if (end > begin)
            hk_jw_string_n(jw, text + begin, end - begin);
        text += size;
        text += strspn(text, "\r\n");
    }
    hk_jw_array_end(jw);
}

/* A number as it was typed; false when it is none. */
static bool write_number(struct hk_jw *jw, const char *key, const char *text)
{
    static const struct hk_json_limits limits = {.size_max = 64, .depth_max = 1, .nodes_max = 1};
    struct hk_json_doc doc = {.root = NULL};
    bool is_number = hk_json_parse(text, strlen(text), &limits, &doc, NULL) == HK_OK &&
                     doc.root->type == HK_JSON_NUMBER;

    if (is_number)
        hk_jw_kv_value(jw, key, doc.root);
    hk_json_doc_done(&doc);
    return is_number;
}

/* The arguments that the form's fields stand for: see console/approval_forms.c. False: one is not
 * what it should be. */
static bool write_args(const struct hk_form *form, struct hk_buf *out)
{
    struct hk_jw jw;
    bool ok = true;

    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    for (unsigned i = 0; i < form->count && ok; i++) {
        const char *name = form->fields[i].name;
        const char *value = hk_form_get(form, name); /* NULL: it is there twice */
        if (strncmp(name, "text.", 5) == 0) {
            ok = value != NULL;
            if (ok)
                hk_jw_kv(&jw, name + 5, value);
        } else if (strncmp(name, "number.", 7) == 0) {
            ok = value != NULL && write_number(&jw, name + 7, value);
        } else if (strncmp(name, "lines.", 6) == 0) {
            ok = value != NULL;
            if (ok) {
                hk_jw_key(&jw, name + 6);
                write_lines(&jw, value);
            }
        }
    }
    hk_jw_object_end(&jw);
    return ok && !out->failed;
}

static void narrow(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_page_job *job = form_job(exchange, request);
    const char *expires = field(exchange, "expires");
    struct hk_narrowing narrowing = {.reason = field(exchange, "reason")};
    struct hk_error error;
    struct hk_buf args;

    (void)body;
    if (job == NULL)
        return;
    hk_buf_init(&args, HK_ARGS_SIZE_MAX);
    if (expires != NULL && hk_duration_parse(expires, &narrowing.lease_ms, &error) != HK_OK) {
        hk_page_job_refuse(job, HK_INVALID, &error);
    } else if (!write_args(exchange->form, &args)) {
        refuse(job, "a value is not of the kind that is asked for");
    } else if (narrowing.reason != NULL && strlen(narrowing.reason) > HK_REASON_SIZE_MAX) {
        refuse(job, "reason: too long");
    } else {
        narrowing.args = args.data;
        narrowing.digest = job->digest;
        hk_engine_narrow(exchange->api->engine, exchange->tenant, &exchange->actor, job->id,
            &narrowing, on_narrowed, job);
    }
    hk_buf_done(&args);
}

static void delegate(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_page_job *job = form_job(exchange, request);
    const struct hk_user *user = hk_identity_user(
        exchange->api->identity, exchange->tenant, hk_form_get_or(exchange->form, "to", ""));
    struct hk_delegate to = {.id = ""};

    (void)body;
    if (job == NULL)
        return;
    if (user == NULL || user->is_disabled) {
        refuse(job, "to: there is no such person");
        return;
    }
    (void)hk_copy_text(to.id, sizeof(to.id), user->id);
    (void)hk_copy_text(to.role, sizeof(to.role), user->role);
    hk_engine_delegate(exchange->api->engine, exchange->tenant, &exchange->actor, job->id, &to,
        field(exchange, "reason"), on_delegated, job);
}

static void note(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_page_job *job = form_job(exchange, request);
    const char *text = field(exchange, "text");

    (void)body;
    if (job == NULL)
        return;
    if (text == NULL || strlen(text) > HK_REASON_SIZE_MAX) {
        refuse(job, text == NULL ? "text: is empty" : "text: too long");
        return;
    }
    hk_engine_gate_note(
        exchange->api->engine, exchange->tenant, &exchange->actor, job->id, text, on_noted, job);
}

/* --- the table --- */

const struct hk_route hk_routes_pages_approval[] = {
    HK_ROUTE_SHOW_PAGE("/approvals/{id}", "viewer", approval, "A decision"),
    HK_ROUTE_FORM("/approvals/{id}/decide", "analyst", decide, "Decide"),
    HK_ROUTE_FORM("/approvals/{id}/narrow", "analyst", narrow, "Narrow"),
    HK_ROUTE_FORM("/approvals/{id}/delegate", "analyst", delegate, "Pass on"),
    HK_ROUTE_FORM("/approvals/{id}/note", "analyst", note, "Ask back"),
    {.method = NULL, .more = hk_routes_pages_ledger},
};
