/*
 * pages_ledger: the ledger of one subject with its verification; and what lies beside all pages:
 * the style sheet, the choice of a language.
 */
#include "api/page_answer.h"
#include "api/page_job.h"
#include "api/route_table.h"
#include "api/session_in.h"
#include "base/text.h"
#include "ledger/prove.h"
#include "ledger/query_names.h"
#include "limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ledger_job {
    struct hk_page_job page; /* first */
    char subject[HK_ID_SIZE];
    uint64_t after;
    bool from_start;
};

/* The numbers of the entries, and whom they are by. */
static size_t look_through(
    const struct hk_json *entries, uint64_t seqs[HK_PROVE_ENTRIES_MAX], struct hk_names *names)
{
    const struct hk_json *items = hk_json_get(entries, "items");
    size_t count = 0;

    for (const struct hk_json *item = items != NULL ? items->first : NULL;
         item != NULL && count < HK_PROVE_ENTRIES_MAX; item = item->next) {
        const char *line = hk_json_string_at(item, "line", "");
        struct hk_entry entry;
        seqs[count++] = (uint64_t)hk_json_i64_at(item, "seq", 0);
        if (hk_entry_parse(line, strlen(line), &entry, NULL) == HK_OK)
            hk_names_add(names, entry.actor);
    }
    return count;
}

static enum hk_status read_names(struct hk_reading *reading, hk_tenant tenant,
    const struct hk_names *names, struct hk_buf *out, struct hk_error *error)
{
    struct hk_jw jw;
    enum hk_status status;

    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    status = hk_names_write(reading, tenant, names, &jw, error);
    hk_jw_object_end(&jw);
    return status != HK_OK ? status : hk_buf_check(out, "page", error);
}

static enum hk_status parse(struct hk_buf *text, struct hk_json_doc *doc, struct hk_error *error)
{
    return hk_json_parse(text->data, text->size, &hk_json_limits_own, doc, error);
}

static enum hk_status read_ledger(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct ledger_job *job = ctx;
    struct hk_exchange *exchange = &job->page.job.exchange;
    const char *subject = job->subject[0] != '\0' ? job->subject : NULL;
    struct hk_json_doc entries = {.root = NULL};
    struct hk_json_doc proof = {.root = NULL};
    struct hk_json_doc names = {.root = NULL};
    struct hk_names actors = {.count = 0};
    uint64_t seqs[HK_PROVE_ENTRIES_MAX];
    struct hk_buf texts[3];
    size_t count = 0;
    enum hk_status status;

    for (size_t i = 0; i < 3; i++)
        hk_buf_init(&texts[i], HK_HTTP_RESPONSE_SIZE_MAX);
    status = hk_query_entries(reading, exchange->tenant, subject, job->after, job->from_start,
        HK_PAGE_ITEMS, &texts[0], error);
    if (status == HK_OK)
        status = parse(&texts[0], &entries, error);
    if (status == HK_OK) {
        count = look_through(entries.root, seqs, &actors);
        status = hk_prove(reading, exchange->tenant, seqs, count, &texts[1], error);
    }
    if (status == HK_OK)
        status = parse(&texts[1], &proof, error);
    if (status == HK_OK)
        status = read_names(reading, exchange->tenant, &actors, &texts[2], error);
    if (status == HK_OK)
        status = parse(&texts[2], &names, error);
    if (status == HK_OK)
        hk_page_ledger(&job->page.job.out, &job->page.page,
            &(struct hk_page_ledger){.entries = entries.root,
                .proof = proof.root,
                .names = hk_json_get(names.root, "names"),
                .subject = job->subject});
    hk_json_doc_done(&entries);
    hk_json_doc_done(&proof);
    hk_json_doc_done(&names);
    for (size_t i = 0; i < 3; i++)
        hk_buf_done(&texts[i]);
    return status;
}

static void show_ledger(struct hk_page_job *job)
{
    hk_page_job_read(job, read_ledger);
}

static void ledger(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct ledger_job *job = hk_page_job_new(exchange, request, sizeof(*job), show_ledger);
    char after[24] = "";
    char *end = NULL;

    (void)body;
    if (job == NULL)
        return;
    if (!hk_take_query(exchange, request, "subject", job->subject, sizeof(job->subject)) ||
        !hk_take_query(exchange, request, "after", after, sizeof(after))) {
        hk_job_free(&job->page.job);
        return;
    }
    job->from_start = after[0] == '\0';
    job->after = strtoull(after, &end, 10);
    if ((job->subject[0] != '\0' && !hk_id_is_valid(job->subject)) ||
        (!job->from_start && (*end != '\0' || job->after > INT64_MAX))) {
        hk_answer_problem(exchange, 404, "there is no such subject");
        hk_job_free(&job->page.job);
        return;
    }
    job->page.show(&job->page);
}

/* --- beside all pages --- */

static void static_file(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    static const char *const headers[] = {
        "Cache-Control", "public, max-age=31536000, immutable", NULL};
    struct hk_page_static file;

    (void)body;
    if (!hk_page_static(request->path, &file)) {
        hk_answer_problem(exchange, 404, "there is no such file");
        return;
    }
    (void)hk_http_respond(exchange->api->server, exchange->id,
        &(struct hk_http_response){.status = 200,
            .content_type = file.type,
            .body = file.data,
            .body_size = file.size,
            .headers = headers});
}

/* Remember a language in the browser, and go back. Changes nothing here, so a link may do it. */
static void language(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    enum hk_language chosen;
    char to[8];
    char then[1024];
    char cookie[HK_SET_COOKIE_SIZE];
    const char *cookies[] = {cookie, NULL};

    (void)body;
    if (!hk_http_query(request, "to", to, sizeof(to)) || !hk_language_from_tag(to, &chosen)) {
        hk_answer_problem(exchange, 404, "there is no such language");
        return;
    }
    if (!hk_http_query(request, "then", then, sizeof(then)) || !hk_path_is_ours(then))
        (void)hk_copy_text(then, sizeof(then), "/");
    (void)snprintf(cookie, sizeof(cookie),
        "hikeshi-language=%s; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly%s",
        hk_language_tag(chosen), exchange->is_secure ? "; Secure" : "");
    hk_answer_see_other(exchange, then, cookies);
}

/* --- the table --- */

const struct hk_route hk_routes_pages_ledger[] = {
    {.method = "GET",
        .path = "/ledger",
        .role = "analyst",
        .role_too = "auditor",
        .handler = ledger,
        .summary = "The ledger of a subject, verified",
        .flags = HK_ROUTE_PAGE},
    {.method = "GET",
        .path = "/static/{file}",
        .handler = static_file,
        .summary = "What pages refer to",
        .flags = HK_ROUTE_PAGE},
    {.method = "GET",
        .path = "/language",
        .handler = language,
        .summary = "Choose a language",
        .flags = HK_ROUTE_PAGE | HK_ROUTE_BEFORE_TOTP},
    {.method = NULL, .more = hk_routes_pages_case},
};
