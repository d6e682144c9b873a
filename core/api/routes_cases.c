/*
 * routes_cases: cases and tasks: what people and services do with them, and the table of it.
 */
#include "api/route_table.h"
#include "base/time.h"
#include "engine/cases.h"
#include "limits.h"

#include <string.h>

#define PHASES "identify|contain|eradicate|recover|learn"
#define VERDICTS "true_positive|false_positive|expected|undetermined"

#define TEXT(key, needed, most, words)                                                             \
    {                                                                                              \
        .name = (key), .type = HK_MEMBER_TEXT, .is_required = (needed), .size_max = (most),        \
        .help = (words)                                                                            \
    }
#define CHOICE(key, of, words)                                                                     \
    {                                                                                              \
        .name = (key), .type = HK_MEMBER_CHOICE, .is_required = true, .choices = (of),             \
        .help = (words)                                                                            \
    }
#define ID(key, needed, words)                                                                     \
    {                                                                                              \
        .name = (key), .type = HK_MEMBER_NAME, .is_required = (needed), .help = (words)            \
    }
#define NUMBER(key, words)                                                                         \
    {                                                                                              \
        .name = (key), .type = HK_MEMBER_NUMBER, .help = (words)                                   \
    }

static const struct hk_param timeline_query[] = {
    {"after", "the sequence number after which to go on"},
    {"limit", "items of one page, 1 to 500; 100 unless given"},
    {NULL, NULL},
};

static const struct hk_member note_body[] = {
    TEXT("text", true, 0, "what is known"),
    {.name = NULL},
};
static const struct hk_member assign_body[] = {
    TEXT("to", false, HK_ID_SIZE - 1, "a user's name; left out or empty: nobody"),
    {.name = NULL},
};
static const struct hk_member phase_body[] = {
    CHOICE("phase", PHASES, "where the work on it is"),
    TEXT("reason", false, 0, "why"),
    {.name = NULL},
};
static const struct hk_member summary_body[] = {
    TEXT("title", false, HK_CASE_TITLE_SIZE_MAX, "what it is called"),
    TEXT("happening", false, 0, "what is happening"),
    TEXT("do_now", false, 0, "what must be done now"),
    TEXT("impact", false, 0, "what it does to whom"),
    TEXT("scope", false, 0, "how far it reaches"),
    {.name = NULL},
};
static const struct hk_member close_body[] = {
    CHOICE("verdict", VERDICTS, "what it was; its open alerts are closed with it"),
    TEXT("note", false, 0, "how that is known"),
    {.name = NULL},
};
static const struct hk_member merge_body[] = {
    ID("into", true, "the open case that it goes into"),
    TEXT("reason", false, 0, "why"),
    {.name = NULL},
};
static const struct hk_member split_body[] = {
    ID("alert", true, "the alert that goes out of it"),
    ID("to", false, "the open case that it goes into; left out: one of its own"),
    TEXT("reason", false, 0, "why"),
    {.name = NULL},
};
static const struct hk_member evidence_body[] = {
    TEXT("name", true, HK_CASE_TITLE_SIZE_MAX, "what it is called"),
    TEXT("text", false, HK_EVIDENCE_SIZE_MAX, "the content itself"),
    NUMBER("entry", "or the number of the ledger's entry that it is"),
    TEXT("place", false, 0, "or where it is kept"),
    TEXT("sha256", false, 64, "of what lies there"),
    NUMBER("size", "of it, in bytes"),
    TEXT("note", false, 0, "how it was come by"),
    {.name = NULL},
};
static const struct hk_member new_task_body[] = {
    TEXT("title", true, HK_CASE_TITLE_SIZE_MAX, "what is to be done"),
    TEXT("instruction", false, 0, "how"),
    TEXT("owner", false, HK_ID_SIZE - 1, "a user's name or a role"),
    {.name = "due", .type = HK_MEMBER_DURATION, .size_max = 32, .help = "from now, such as 4h"},
    {.name = NULL},
};
static const struct hk_member done_body[] = {
    CHOICE("outcome", "happened|did_not|not_needed", "what became of it"),
    TEXT("evidence", true, 0, "how that is known"),
    TEXT("when", false, 64, "when it was done, RFC 3339; now unless given"),
    {.name = NULL},
};

/* --- cases --- */

static const char *text_of(const struct hk_json *body, const char *key)
{
    const char *text = hk_json_string_at(body, key, NULL);

    return text != NULL && text[0] != '\0' ? text : NULL;
}

static void change(struct hk_exchange *exchange, const struct hk_case_change *what)
{
    struct hk_job *job = hk_job_new(exchange, sizeof(*job));

    if (job != NULL)
        hk_engine_case(exchange->api->engine, exchange->tenant, &exchange->actor,
            hk_route_param(&exchange->match, "id"), what, hk_job_reply, job);
}

static void note(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    (void)request;
    change(exchange, &(struct hk_case_change){
                         .verb = HK_CASE_NOTE, .text = hk_json_string_at(body, "text", "")});
}

/* Fill in whom it goes to; false: it is answered. */
static bool find_owner(const struct hk_exchange *exchange, const struct hk_json *body,
    const char **ret_name, const char **ret_user)
{
    const char *to = text_of(body, "to");
    const struct hk_user *user;

    *ret_name = "";
    *ret_user = "";
    if (to == NULL)
        return true;
    user = hk_identity_user(exchange->api->identity, exchange->tenant, to);
    if (user == NULL || user->is_disabled) {
        hk_answer_problem(exchange, 400, "to: there is no such user");
        return false;
    }
    *ret_name = user->name;
    *ret_user = user->id;
    return true;
}

static void assign(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_case_change what = {.verb = HK_CASE_ASSIGN};

    (void)request;
    if (find_owner(exchange, body, &what.to, &what.user))
        change(exchange, &what);
}

static void phase(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    (void)request;
    change(exchange, &(struct hk_case_change){.verb = HK_CASE_PHASE,
                         .phase = hk_json_string_at(body, "phase", ""),
                         .text = text_of(body, "reason")});
}

static void summary(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    (void)request;
    if (body->count == 0) {
        hk_answer_problem(exchange, 400, "expected one of title, happening, do_now, impact, scope");
        return;
    }
    change(exchange, &(struct hk_case_change){.verb = HK_CASE_DESCRIBE,
                         .title = text_of(body, "title"),
                         .happening = hk_json_string_at(body, "happening", NULL),
                         .do_now = hk_json_string_at(body, "do_now", NULL),
                         .impact = hk_json_string_at(body, "impact", NULL),
                         .scope = hk_json_string_at(body, "scope", NULL)});
}

static void close_case(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    (void)request;
    change(exchange, &(struct hk_case_change){.verb = HK_CASE_CLOSE,
                         .verdict = hk_json_string_at(body, "verdict", ""),
                         .text = text_of(body, "note")});
}

static void reopen(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    (void)request;
    change(exchange, &(struct hk_case_change){
                         .verb = HK_CASE_REOPEN, .text = hk_json_string_at(body, "reason", "")});
}

static void merge(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    (void)request;
    change(exchange, &(struct hk_case_change){.verb = HK_CASE_MERGE,
                         .other = hk_json_string_at(body, "into", ""),
                         .text = text_of(body, "reason")});
}

static void unmerge(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    (void)request;
    change(exchange,
        &(struct hk_case_change){.verb = HK_CASE_UNMERGE, .text = text_of(body, "reason")});
}

static void split(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    (void)request;
    change(exchange, &(struct hk_case_change){.verb = HK_CASE_SPLIT,
                         .alert = hk_json_string_at(body, "alert", ""),
                         .other = text_of(body, "to"),
                         .text = text_of(body, "reason")});
}

static bool is_lower_hex(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static void evidence(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_case_change what = {.verb = HK_CASE_EVIDENCE,
        .evidence = {.name = hk_json_string_at(body, "name", ""),
            .text = text_of(body, "text"),
            .entry = hk_json_i64_at(body, "entry", -1),
            .place = text_of(body, "place"),
            .sha256 = text_of(body, "sha256"),
            .size = hk_json_i64_at(body, "size", -1),
            .note = text_of(body, "note")}};
    int forms =
        (what.evidence.text != NULL) + (what.evidence.entry >= 0) + (what.evidence.place != NULL);

    (void)request;
    if (forms != 1)
        hk_answer_problem(exchange, 400, "expected one of text, entry and place");
    else if (what.evidence.place == NULL &&
             (what.evidence.sha256 != NULL || what.evidence.size >= 0))
        hk_answer_problem(
            exchange, 400, "sha256, size: only of what lies elsewhere; else they are computed");
    else if (what.evidence.sha256 != NULL && !is_lower_hex(what.evidence.sha256))
        hk_answer_problem(exchange, 400, "sha256: expected 64 of 0-9 and a-f");
    else
        change(exchange, &what);
}

static void release(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    (void)request;
    change(exchange,
        &(struct hk_case_change){.verb = HK_CASE_RELEASE, .text = text_of(body, "reason")});
}

static void new_task(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const char *due = text_of(body, "due");
    const char *owner = text_of(body, "owner");
    int64_t due_ms = 0;
    struct hk_case_change what = {.verb = HK_CASE_TASK,
        .task = {.title = hk_json_string_at(body, "title", ""),
            .instruction = text_of(body, "instruction"),
            .owner = owner}};

    (void)request;
    if (owner != NULL && !hk_role_is_valid(owner) &&
        hk_identity_user(exchange->api->identity, exchange->tenant, owner) == NULL) {
        hk_answer_problem(exchange, 400, "owner: there is no such user or role");
        return;
    }
    if (due != NULL && hk_duration_parse(due, &due_ms, NULL) == HK_OK)
        what.task.due_us = hk_time_wall_us() + due_ms * 1000;
    change(exchange, &what);
}

/* --- tasks --- */

static void task_assign(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const char *name;
    const char *user;
    struct hk_job *job;

    (void)request;
    if (!find_owner(exchange, body, &name, &user))
        return;
    job = hk_job_new(exchange, sizeof(*job));
    if (job != NULL)
        hk_engine_task_assign(exchange->api->engine, exchange->tenant, &exchange->actor,
            hk_route_param(&exchange->match, "id"), name, user, hk_job_reply, job);
}

static enum hk_task_outcome outcome_of(const char *text)
{
    if (strcmp(text, "happened") == 0)
        return HK_TASK_HAPPENED;
    return strcmp(text, "did_not") == 0 ? HK_TASK_DID_NOT : HK_TASK_NOT_NEEDED;
}

static void task_done(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_task_end end = {
        .outcome = outcome_of(hk_json_string_at(body, "outcome", "")),
        .evidence = hk_json_string_at(body, "evidence", ""),
    };
    const char *when = text_of(body, "when");
    struct hk_error error;
    struct hk_job *job;

    (void)request;
    if (when != NULL && hk_time_parse(when, &end.when_us, &error) != HK_OK) {
        hk_answer_problem(exchange, 400, "when: %s", error.text);
        return;
    }
    if (end.when_us > hk_time_wall_us() + INT64_C(60000000)) {
        hk_answer_problem(exchange, 400, "when: that has not come yet");
        return;
    }
    job = hk_job_new(exchange, sizeof(*job));
    if (job != NULL)
        hk_engine_task_done(exchange->api->engine, exchange->tenant, &exchange->actor,
            hk_route_param(&exchange->match, "id"), &end, hk_job_reply, job);
}

/* --- the table --- */

const struct hk_route hk_routes_cases[] = {
    HK_ROUTE_LIST("cases", "viewer"),
    HK_ROUTE_SHOW("cases", "viewer"),
    {.method = "GET",
        .path = "/v1/cases/{id}/timeline",
        .role = "viewer",
        .handler = hk_route_timeline,
        .summary = "What happened in a case, oldest first",
        .query = timeline_query,
        .status = 200,
        .answer = "items, each with what it says, and where the next page begins",
        .problems = {400, 404, 503}},
    HK_ROUTE_WRITE("/v1/cases/{id}/note", "analyst", note, note_body, "Add a note to a case"),
    HK_ROUTE_WRITE(
        "/v1/cases/{id}/assign", "analyst", assign, assign_body, "Give a case to somebody"),
    HK_ROUTE_WRITE(
        "/v1/cases/{id}/phase", "analyst", phase, phase_body, "Say where the work on a case is"),
    HK_ROUTE_WRITE("/v1/cases/{id}/summary", "analyst", summary, summary_body,
        "Say what is happening and what must be done now"),
    HK_ROUTE_WRITE("/v1/cases/{id}/evidence", "analyst", evidence, evidence_body,
        "Add evidence: its content, an entry of the ledger, or where it is kept"),
    HK_ROUTE_WRITE(
        "/v1/cases/{id}/task", "analyst", new_task, new_task_body, "Give people something to do"),
    HK_ROUTE_WRITE("/v1/cases/{id}/close", "analyst", close_case, close_body,
        "Close a case with a verdict, and its open alerts with it"),
    HK_ROUTE_WRITE(
        "/v1/cases/{id}/reopen", "analyst", reopen, hk_reason_body, "Open a closed case again"),
    HK_ROUTE_WRITE(
        "/v1/cases/{id}/merge", "analyst", merge, merge_body, "Show a case as part of another"),
    HK_ROUTE_WRITE(
        "/v1/cases/{id}/unmerge", "analyst", unmerge, hk_reason_body, "Take a merge back"),
    HK_ROUTE_WRITE("/v1/cases/{id}/split", "analyst", split, split_body,
        "Move an alert out of a case; moving it back undoes that"),
    HK_ROUTE_WRITE("/v1/cases/{id}/release", "approver", release, hk_reason_body,
        "Take back everything that the runs of a case contained"),

    HK_ROUTE_LIST("tasks", "viewer"),
    HK_ROUTE_SHOW("tasks", "viewer"),
    HK_ROUTE_WRITE(
        "/v1/tasks/{id}/assign", "analyst", task_assign, assign_body, "Give a task to somebody"),
    HK_ROUTE_WRITE("/v1/tasks/{id}/done", "analyst", task_done, done_body,
        "Say what became of a task; only a person does"),
    {.method = NULL, .more = hk_routes_events},
};
