/*
 * connection: how commands talk to the engine. HIKESHI_URL with HIKESHI_TOKEN (and HIKESHI_CA for
 * https), else the socket in the data folder.
 */
#include "app/cli.h"
#include "base/id.h"
#include "base/text.h"
#include "limits.h"
#include "loop/http_client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CALL_TIME_MAX_MS = 60000, URL_SIZE_MAX = 16384 };

static const struct hk_json_limits reply_limits = {
    .size_max = HK_HTTP_RESPONSE_SIZE_MAX, .depth_max = 256, .nodes_max = 4000000};

int hk_cli_fail(enum hk_exit status, const char *format, ...)
{
    struct hk_error safe;
    char text[1024];
    va_list args;

    va_start(args, format);
    if (vsnprintf(text, sizeof(text), format, args) < 0)
        text[0] = '\0';
    va_end(args);
    (void)hk_fail(&safe, HK_INVALID, "%s", text); /* makes control bytes harmless */
    fprintf(stderr, "hikeshi: %s\n", safe.text);
    return status;
}

int hk_cli_error(const struct hk_error *error)
{
    static const enum hk_exit exits[] = {
        [HK_NOT_FOUND] = HK_EXIT_NOT_FOUND,
        [HK_DENIED] = HK_EXIT_NOT_ALLOWED,
        [HK_UNPROVEN] = HK_EXIT_NOT_ALLOWED,
        [HK_TIMEOUT] = HK_EXIT_TIMED_OUT,
        [HK_INTERNAL] = HK_EXIT_FAILED,
    };
    enum hk_exit status = exits[error->status];

    return hk_cli_fail(status != HK_EXIT_DONE ? status : HK_EXIT_FAILED, "%s", error->text);
}

const char *hk_cli_data_dir(const struct hk_cli *cli)
{
    const char *data = cli->data != NULL ? cli->data : getenv("HIKESHI_DATA");

    return data != NULL && data[0] != '\0' ? data : "data";
}

enum hk_status hk_cli_data_path(
    const struct hk_cli *cli, char *ret_path, size_t capacity, struct hk_error *error)
{
    const char *data = hk_cli_data_dir(cli);
    char here[4096] = "";
    int size;

    if (data[0] != '/' && getcwd(here, sizeof(here) - 1) == NULL)
        return hk_fail(error, HK_IO, "cannot tell the current folder: %s", strerror(errno));
    if (data[0] != '/')
        (void)strncat(here, "/", sizeof(here) - strlen(here) - 1);
    size = snprintf(ret_path, capacity, "%s%s", here, data);
    if (size < 0 || (size_t)size >= capacity)
        return hk_fail(error, HK_LIMIT, "the path of the data folder is too long");
    while (size > 1 && ret_path[size - 1] == '/')
        ret_path[--size] = '\0';
    return HK_OK;
}

enum hk_status hk_cli_whole_path(const char *file, char ret_path[PATH_MAX], struct hk_error *error)
{
    char here[PATH_MAX];
    int size;

    if (file[0] == '/')
        size = snprintf(ret_path, PATH_MAX, "%s", file);
    else if (getcwd(here, sizeof(here)) == NULL)
        return hk_fail(error, HK_IO, "cannot tell the current folder: %s", strerror(errno));
    else
        size = snprintf(ret_path, PATH_MAX, "%s/%s", here, file);
    return size < PATH_MAX ? HK_OK : hk_fail(error, HK_INVALID, "the file's path is too long");
}

static const char *engine_url(const struct hk_cli *cli)
{
    const char *url = getenv("HIKESHI_URL");

    return cli->data == NULL && url != NULL && url[0] != '\0' ? url : NULL;
}

static bool socket_path(const struct hk_cli *cli, char *ret_path, size_t capacity)
{
    int size = snprintf(ret_path, capacity, "%s/hikeshi.sock", hk_cli_data_dir(cli));

    return size > 0 && (size_t)size < capacity;
}

bool hk_cli_engine_runs(const struct hk_cli *cli)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    bool runs;
    int fd;

    if (engine_url(cli) != NULL)
        return true;
    if (!socket_path(cli, address.sun_path, sizeof(address.sun_path)))
        return false;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    runs = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
    (void)close(fd);
    return runs;
}

void hk_reply_done(struct hk_reply *reply)
{
    hk_json_doc_done(&reply->doc);
    hk_buf_done(&reply->body);
}

void hk_cli_url_append(struct hk_buf *out, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != 0; at++) {
        if ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
            (*at >= '0' && *at <= '9') || strchr("-._~", *at) != NULL)
            hk_buf_append_char(out, (char)*at);
        else
            hk_buf_appendf(out, "%%%02X", *at);
    }
}

bool hk_cli_id_is_good(const char *id)
{
    if (hk_id_is_valid(id))
        return true;
    (void)hk_cli_fail(HK_EXIT_NOT_FOUND, "\"%s\" is no id", id);
    return false;
}

bool hk_cli_run_has_ended(const char *state)
{
    return strcmp(state, "finished") == 0 || strcmp(state, "failed") == 0 ||
           strcmp(state, "cancelled") == 0;
}

/* Where the engine said it answers is no help when it doesn't: name what was tried. */
static int tell_unreached(const struct hk_cli *cli, const struct hk_error *error)
{
    if (error->status == HK_TIMEOUT)
        return hk_cli_fail(HK_EXIT_TIMED_OUT, "%s", error->text);
    if (engine_url(cli) == NULL && error->status == HK_IO)
        return hk_cli_fail(HK_EXIT_FAILED,
            "no engine answers on %s/hikeshi.sock (start it with `hikeshi serve`, or name its "
            "folder with --data)",
            hk_cli_data_dir(cli));
    return hk_cli_fail(HK_EXIT_FAILED, "%s", error->text);
}

static int call(const struct hk_cli *cli, struct hk_reply *ret_reply, const char *method,
    const char *path, const char *type, const char *body, size_t size)
{
    const char *base = engine_url(cli);
    const char *headers[2] = {NULL, NULL};
    char socket[4096];
    char tenant[128];
    struct hk_http_call http = {.method = method,
        .token = getenv("HIKESHI_TOKEN"),
        .ca_file = getenv("HIKESHI_CA"),
        .headers = headers,
        .body = body,
        .body_size = size,
        .body_type = type,
        .time_max_ms = CALL_TIME_MAX_MS};
    struct hk_buf url;
    struct hk_error error;
    enum hk_status status;

    memset(ret_reply, 0, sizeof(*ret_reply));
    hk_buf_init(&ret_reply->body, HK_HTTP_RESPONSE_SIZE_MAX);
    hk_buf_init(&url, URL_SIZE_MAX);
    hk_buf_append_text(&url, base != NULL ? base : "http://localhost");
    while (url.size > 0 && url.data[url.size - 1] == '/')
        url.data[--url.size] = '\0';
    hk_buf_append_text(&url, path);
    if (base == NULL) {
        if (!socket_path(cli, socket, sizeof(socket)))
            return hk_cli_fail(HK_EXIT_FAILED, "the path of the data folder is too long");
        http.unix_socket = socket;
        http.token = NULL;
    }
    if (http.token != NULL && http.token[0] == '\0')
        http.token = NULL;
    if (http.ca_file != NULL && http.ca_file[0] == '\0')
        http.ca_file = NULL;
    if (cli->tenant != NULL) {
        (void)snprintf(tenant, sizeof(tenant), "X-Hikeshi-Tenant: %.100s", cli->tenant);
        headers[0] = tenant;
    }
    http.url = url.data;
    status = hk_http_call(&http, &ret_reply->status, &ret_reply->body, &error);
    hk_buf_done(&url);
    if (status != HK_OK)
        return tell_unreached(cli, &error);
    if (ret_reply->body.size > 0 && hk_json_parse(ret_reply->body.data, ret_reply->body.size,
                                        &reply_limits, &ret_reply->doc, NULL) != HK_OK)
        ret_reply->doc.root = NULL;
    return 0;
}

int hk_cli_problem(const struct hk_reply *reply)
{
    const char *detail = hk_json_string_at(
        reply->doc.root, "detail", hk_json_string_at(reply->doc.root, "title", NULL));
    enum hk_exit status = HK_EXIT_FAILED;

    if (reply->status == 404)
        status = HK_EXIT_NOT_FOUND;
    else if (reply->status == 401 || reply->status == 403)
        status = HK_EXIT_NOT_ALLOWED;
    if (detail != NULL)
        return hk_cli_fail(status, "%s", detail);
    return hk_cli_fail(status, "the engine answered with status %d", reply->status);
}

static int check(const struct hk_reply *reply)
{
    return reply->status >= 200 && reply->status < 300 ? 0 : hk_cli_problem(reply);
}

int hk_cli_get(const struct hk_cli *cli, struct hk_reply *ret_reply, const char *path_format, ...)
{
    char path[URL_SIZE_MAX / 2];
    va_list args;
    int status;

    va_start(args, path_format);
    (void)vsnprintf(path, sizeof(path), path_format, args);
    va_end(args);
    status = call(cli, ret_reply, "GET", path, NULL, NULL, 0);
    return status != 0 ? status : check(ret_reply);
}

int hk_cli_post(const struct hk_cli *cli, struct hk_reply *ret_reply, const char *body,
    const char *path_format, ...)
{
    char path[URL_SIZE_MAX / 2];
    va_list args;
    int status;

    va_start(args, path_format);
    (void)vsnprintf(path, sizeof(path), path_format, args);
    va_end(args);
    status = call(cli, ret_reply, "POST", path, "application/json", body, strlen(body));
    return status != 0 ? status : check(ret_reply);
}

int hk_cli_post_raw(const struct hk_cli *cli, struct hk_reply *ret_reply, const char *path,
    const char *type, const char *body, size_t size)
{
    return call(cli, ret_reply, "POST", path, type, body, size);
}

int hk_cli_tenant_name(const struct hk_cli *cli, char ret_name[HK_ID_SIZE])
{
    struct hk_reply reply;
    int status;

    if (cli->tenant != NULL) {
        if (hk_copy_text(ret_name, HK_ID_SIZE, cli->tenant) && hk_name_is_valid(ret_name))
            return 0;
        return hk_cli_fail(HK_EXIT_NOT_FOUND, "there is no such tenant");
    }
    status = hk_cli_get(cli, &reply, "/v1/whoami");
    if (status == 0 &&
        !hk_copy_text(ret_name, HK_ID_SIZE, hk_json_string_at(reply.doc.root, "tenant", "")))
        status = hk_cli_fail(HK_EXIT_FAILED, "the engine names no tenant");
    hk_reply_done(&reply);
    return status;
}
