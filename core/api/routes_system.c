/*
 * routes_system: liveness, readiness, the description, and lists that plugins serve.
 */
#include "api/routes.h"
#include "base/text.h"
#include "limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void answer_word(const struct hk_exchange *exchange, const char *word)
{
    hk_answer_text(exchange, 200, "text/plain; charset=utf-8", word, strlen(word));
}

void hk_route_livez(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    (void)request;
    (void)body;
    answer_word(exchange, "ok\n");
}

void hk_route_readyz(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    enum hk_room_state room = hk_ledger_room(exchange->api->ledger, NULL);
    const char *why = NULL;

    (void)request;
    (void)body;
    if (exchange->api->is_draining)
        why = "the engine is stopping";
    else if (hk_engine_is_ready(exchange->api->engine, &why))
        why = NULL;
    else if (why == NULL)
        why = "the engine is starting";
    if (why == NULL && hk_ledger_backlog(exchange->api->ledger) >= HK_WRITE_QUEUE_MAX)
        why = "the writer is behind";
    if (why == NULL && room != HK_ROOM_ENOUGH)
        why = room == HK_ROOM_TIGHT ? HK_PROBLEM_TIGHT : HK_PROBLEM_LAST;
    if (why == NULL)
        answer_word(exchange, "ready\n");
    else
        hk_answer_problem_full(
            exchange, &(struct hk_problem){.status = 503, .detail = why, .retry_after_s = 1});
}

void hk_route_openapi(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    (void)request;
    (void)body;
    hk_answer_buf(exchange, 200, &exchange->api->openapi);
}

void hk_route_whoami(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const struct hk_actor *actor = &exchange->actor;
    struct hk_buf out;
    struct hk_jw jw;

    (void)request;
    (void)body;
    hk_buf_init(&out, HK_HTTP_RESPONSE_SIZE_MAX);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "id", actor->id);
    hk_jw_kv(&jw, "name", actor->name);
    hk_jw_kv(&jw, "role", actor->role);
    hk_jw_kv_bool(&jw, "person", actor->is_person);
    hk_jw_kv(&jw, "tenant", hk_engine_tenant_name(exchange->api->engine, exchange->tenant));
    hk_jw_object_end(&jw);
    hk_answer_buf(exchange, 200, &out);
    hk_buf_done(&out);
}

/* --- lists --- */

struct file_job {
    struct hk_job job;
    char path[1024];
    char type[64];
    char if_none_match[256];
    char etag[HK_SHA256_HEX_SIZE + 2]; /* with quotes */
};

/* On a reader's thread, because the disk may be slow. */
static enum hk_status read_served_file(
    struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct file_job *job = ctx;
    char hex[HK_SHA256_HEX_SIZE];
    char piece[16384];
    ssize_t size = 0;
    int fd = open(job->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    (void)reading;
    if (fd < 0)
        return hk_fail(error, errno == ENOENT ? HK_NOT_FOUND : HK_IO, "cannot open the list: %s",
            strerror(errno));
    while (!job->job.out.failed && (size = read(fd, piece, sizeof(piece))) > 0)
        hk_buf_append(&job->job.out, piece, (size_t)size);
    (void)close(fd);
    if (size < 0)
        return hk_fail(error, HK_IO, "cannot read the list");
    hk_sha256_hex(job->job.out.data != NULL ? job->job.out.data : "", job->job.out.size, hex);
    (void)snprintf(job->etag, sizeof(job->etag), "\"%.40s\"", hex);
    return HK_OK;
}

static void answer_served_file(struct hk_job *base)
{
    struct file_job *job = (struct file_job *)base;
    bool is_same =
        strcmp(job->if_none_match, "*") == 0 || strstr(job->if_none_match, job->etag) != NULL;
    /* The bytes and their type are the plugin's: no browser is to run them as ours. */
    const char *headers[] = {"ETag", job->etag, "Cache-Control", "no-cache",
        "Content-Security-Policy", "default-src 'none'; sandbox", NULL};
    struct hk_http_response response = {.status = is_same ? 304 : 200, .headers = headers};

    if (!is_same) {
        response.content_type = job->type;
        response.body = base->out.data != NULL ? base->out.data : "";
        response.body_size = base->out.size;
    }
    (void)hk_http_respond(base->exchange.api->server, base->exchange.id, &response);
    hk_job_free(base);
}

void hk_route_served_file(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const char *if_none_match = hk_http_header(request, "if-none-match");
    const char *type = NULL;
    struct file_job *job;

    (void)body;
    job = hk_job_new(exchange, sizeof(*job));
    if (job == NULL)
        return;
    if (!hk_engine_served_file(exchange->api->engine, exchange->tenant,
            hk_route_param(&exchange->match, "plugin"), hk_route_param(&exchange->match, "file"),
            job->path, sizeof(job->path), &type)) {
        hk_answer_problem(exchange, 404, "there is no such list");
        hk_job_free(&job->job);
        return;
    }
    if (!hk_copy_text(job->type, sizeof(job->type), type != NULL ? type : "text/plain"))
        (void)hk_copy_text(job->type, sizeof(job->type), "text/plain");
    if (if_none_match != NULL)
        (void)hk_copy_text(job->if_none_match, sizeof(job->if_none_match), if_none_match);
    job->job.answer = answer_served_file;
    hk_job_read(&job->job, read_served_file);
}
