#include "loop/http_fetch.h"

#include "base/text.h"
#include "limits.h"
#include "loop/loop.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* --- the request --- */

static enum hk_status take_headers(
    struct hk_http_fetch *fetch, const char *const *headers, struct hk_error *error)
{
    for (size_t i = 0; headers != NULL && headers[i] != NULL; i++) {
        const char *fault = i < HK_HTTP_ASK_HEADERS_MAX ? hk_http_line_fault(headers[i])
                                                        : "there are too many headers";
        if (fault != NULL) {
            return hk_fail(error, HK_INVALID, "%s: %s", fetch->url.host, fault);
        }
        struct curl_slist *longer = curl_slist_append(fetch->headers, headers[i]);
        if (longer == NULL) {
            return hk_fail(error, HK_NOMEM, "out of memory for a request");
        }
        fetch->headers = longer;
    }
    return HK_OK;
}

static const char *fault_of(const struct hk_http_async_ask *ask)
{
    if (ask->url == NULL) {
        return "it has no URL";
    }
    if (ask->time_max_ms <= 0) {
        return "it has no time limit";
    }
    if (ask->answer_size_max > HK_HTTP_ANSWER_SIZE_MAX) {
        return "it asks for a larger answer than is taken";
    }
    if (ask->redirects_max > HK_HTTP_REDIRECTS_MAX) {
        return "it allows more redirects than are followed";
    }
    if (ask->body != NULL && ask->body_size > HK_HTTP_ASK_BODY_SIZE_MAX) {
        return "its body is larger than is sent";
    }
    if (ask->authorities != NULL &&
        (ask->authorities[0] == '\0' || strlen(ask->authorities) > HK_HTTP_AUTHORITIES_SIZE_MAX)) {
        return "its authorities are none, or larger than is read";
    }
    return hk_http_method_fault(ask->method);
}

enum hk_status hk_http_fetch_take(
    struct hk_http_fetch *fetch, const struct hk_http_async_ask *ask, struct hk_error *error)
{
    const char *fault = fault_of(ask);

    if (fault != NULL) {
        return hk_fail(error, HK_INVALID, "the request can't be made: %s", fault);
    }
    enum hk_status status = hk_http_url_read(ask->url, &fetch->url, error);
    if (status == HK_OK) {
        status = take_headers(fetch, ask->headers, error);
    }
    if (status != HK_OK) {
        return status;
    }
    fetch->method = hk_strdup(ask->method);
    fetch->authorities = hk_strdup(ask->authorities);
    if (ask->body != NULL) {
        fetch->body_size = ask->body_size;
        fetch->body = malloc(ask->body_size + 1);
    }
    if (fetch->method == NULL || (ask->authorities != NULL && fetch->authorities == NULL) ||
        (ask->body != NULL && fetch->body == NULL)) {
        return hk_fail(error, HK_NOMEM, "out of memory for a request");
    }
    if (ask->body != NULL) {
        memcpy(fetch->body, ask->body, ask->body_size);
    }
    fetch->answer_size_max = ask->answer_size_max;
    fetch->redirects_left = ask->redirects_max;
    fetch->follows_redirects =
        ask->redirects_max > 0 && ask->body == NULL &&
        (strcmp(ask->method, "GET") == 0 || strcmp(ask->method, "HEAD") == 0);
    fetch->socket = ask->socket;
    fetch->socket_ctx = ask->socket_ctx;
    return HK_OK;
}

/* --- inside libcurl's callbacks --- */

static size_t on_head(char *data, size_t one, size_t size, void *ctx)
{
    struct hk_http_fetch *fetch = ctx;

    if (!hk_http_head_take(fetch, data, one * size)) {
        return 0;
    }
    /* what comes with a redirect is of no use */
    return fetch->is_redirect ? 0 : one * size;
}

static size_t on_body(char *data, size_t one, size_t size, void *ctx)
{
    struct hk_http_fetch *fetch = ctx;

    hk_buf_append(&fetch->answer, data, one * size);
    if (fetch->answer.failed) {
        (void)hk_fail(&fetch->error, fetch->answer.short_of_memory ? HK_NOMEM : HK_LIMIT,
            "%s: the answer is larger than %zu bytes", fetch->url.host, fetch->answer_size_max);
        return 0;
    }
    return one * size;
}

/* Hand over the socket that was given, once. */
static curl_socket_t on_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct hk_http_fetch *fetch = ctx;
    int fd = fetch->fd;
    (void)purpose;
    (void)address;

    fetch->fd = -1;
    return fd >= 0 ? fd : CURL_SOCKET_BAD;
}

/* libcurl 7.88, which Debian 12 has, calls connect() all the same (later ones don't): see
 * hk_http_socket_fn. */
static int on_opened(void *ctx, curl_socket_t fd, curlsocktype purpose)
{
    (void)ctx;
    (void)fd;
    (void)purpose;
    return CURL_SOCKOPT_ALREADY_CONNECTED;
}

/* TLS, where there is any, is done: from now on bytes of the request go out. */
static int on_ready(void *ctx, char *to, char *from, int to_port, int from_port)
{
    struct hk_http_fetch *fetch = ctx;
    (void)to;
    (void)from;
    (void)to_port;
    (void)from_port;

    fetch->may_have_arrived = true;
    return CURL_PREREQFUNC_OK;
}

/* --- the transfer --- */

static bool add_line(struct hk_http_fetch *fetch, const char *line)
{
    struct curl_slist *longer = curl_slist_append(fetch->lines, line);

    if (longer != NULL) {
        fetch->lines = longer;
    }
    return longer != NULL;
}

static bool is_given(const struct hk_http_fetch *fetch, const char *name_and_colon)
{
    for (const struct curl_slist *at = fetch->headers; at != NULL; at = at->next) {
        if (strncasecmp(at->data, name_and_colon, strlen(name_and_colon)) == 0) {
            return true;
        }
    }
    return false;
}

static bool make_lines(struct hk_http_fetch *fetch)
{
    for (const struct curl_slist *at = fetch->headers; at != NULL; at = at->next) {
        if (!add_line(fetch, at->data)) {
            return false;
        }
    }
    /* A name and nothing else leaves a header out that libcurl would send: no waiting for 100, and
     * no guess at what the body is. */
    return (is_given(fetch, "user-agent:") || add_line(fetch, "User-Agent: hikeshi/" HK_VERSION)) &&
           (is_given(fetch, "content-type:") || add_line(fetch, "Content-Type:")) &&
           add_line(fetch, "Expect:");
}

#define SET(option, value)                                                                         \
    if (code == CURLE_OK) {                                                                        \
        code = curl_easy_setopt(fetch->easy, option, value);                                       \
    }

static CURLcode set_request(struct hk_http_fetch *fetch)
{
    bool sends_body = fetch->body != NULL || strcmp(fetch->method, "POST") == 0 ||
                      strcmp(fetch->method, "PUT") == 0 || strcmp(fetch->method, "PATCH") == 0;
    CURLcode code = CURLE_OK;

    SET(CURLOPT_URL, fetch->url.text)
    SET(CURLOPT_PROTOCOLS_STR, "http,https")
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1)
    SET(CURLOPT_HTTPHEADER, fetch->lines)
    if (strcmp(fetch->method, "HEAD") == 0) {
        SET(CURLOPT_NOBODY, 1L)
        return code;
    }
    if (sends_body) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)fetch->body_size)
        SET(CURLOPT_POSTFIELDS, fetch->body != NULL ? fetch->body : "")
    }
    SET(CURLOPT_CUSTOMREQUEST, fetch->method)
    return code;
}

static CURLcode set_answer(struct hk_http_fetch *fetch)
{
    CURLcode code = CURLE_OK;

    SET(CURLOPT_ERRORBUFFER, fetch->curl_text)
    SET(CURLOPT_HEADERFUNCTION, on_head)
    SET(CURLOPT_HEADERDATA, fetch)
    SET(CURLOPT_WRITEFUNCTION, on_body)
    SET(CURLOPT_WRITEDATA, fetch)
    SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)HK_HTTP_ANSWER_SIZE_MAX)
    SET(CURLOPT_FOLLOWLOCATION, 0L)
    return code;
}

/* The connection is there: curl is to look up no name, ask no proxy, and keep nothing. */
static CURLcode set_connection(struct hk_http_fetch *fetch, struct curl_slist *nowhere)
{
    CURLcode code = CURLE_OK;

    SET(CURLOPT_CONNECT_TO, nowhere)
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open)
    SET(CURLOPT_OPENSOCKETDATA, fetch)
    SET(CURLOPT_SOCKOPTFUNCTION, on_opened)
    SET(CURLOPT_PREREQFUNCTION, on_ready)
    SET(CURLOPT_PREREQDATA, fetch)
    SET(CURLOPT_NOPROXY, "*")
    SET(CURLOPT_PROXY, "")
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED)
    SET(CURLOPT_FRESH_CONNECT, 1L)
    SET(CURLOPT_FORBID_REUSE, 1L)
    SET(CURLOPT_NOSIGNAL, 1L)
    SET(CURLOPT_TCP_NODELAY, 1L)
    /* times are ours */
    SET(CURLOPT_TIMEOUT_MS, 0L)
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)HK_CALL_TIME_MAX_MS)
    return code;
}

static CURLcode set_trust(struct hk_http_fetch *fetch)
{
    CURLcode code = CURLE_OK;

    SET(CURLOPT_SSL_VERIFYPEER, 1L)
    SET(CURLOPT_SSL_VERIFYHOST, 2L)
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2)
    /* what one set of authorities vouched for is nothing to another */
    SET(CURLOPT_SSL_SESSIONID_CACHE, 0L)
    SET(CURLOPT_CAPATH, NULL)
    if (fetch->authorities != NULL) {
        struct curl_blob pem = {.data = fetch->authorities,
            .len = strlen(fetch->authorities),
            .flags = CURL_BLOB_NOCOPY};
        SET(CURLOPT_CAINFO_BLOB, &pem)
    }
    return code;
}

#undef SET

enum hk_status hk_http_fetch_open(struct hk_http_fetch *fetch, struct hk_error *error)
{
    /* RFC 5737: an address that nobody has, should libcurl ever connect by itself. */
    static char address[] = "::192.0.2.0:";
    static struct curl_slist nowhere = {.data = address};
    CURLcode code = CURLE_OUT_OF_MEMORY;

    fetch->easy = curl_easy_init();
    if (fetch->easy != NULL && make_lines(fetch)) {
        code = set_connection(fetch, &nowhere);
    }
    if (code == CURLE_OK) {
        code = set_request(fetch);
    }
    if (code == CURLE_OK) {
        code = set_answer(fetch);
    }
    if (code == CURLE_OK) {
        code = set_trust(fetch);
    }
    if (code != CURLE_OK) {
        return hk_fail(error, code == CURLE_OUT_OF_MEMORY ? HK_NOMEM : HK_INTERNAL,
            "%s: the request can't be made: %s", fetch->url.host, curl_easy_strerror(code));
    }
    hk_buf_clear(&fetch->head);
    hk_buf_clear(&fetch->answer);
    fetch->head_count = 0;
    fetch->head_is_whole = false;
    fetch->is_redirect = false;
    fetch->curl_text[0] = '\0';
    return HK_OK;
}

void hk_http_fetch_close(struct hk_http_fetch *fetch)
{
    curl_easy_cleanup(fetch->easy);
    fetch->easy = NULL;
    curl_slist_free_all(fetch->lines);
    fetch->lines = NULL;
    if (fetch->fd >= 0) {
        close(fetch->fd);
        fetch->fd = -1;
    }
}

static enum hk_status status_of(CURLcode code)
{
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return HK_TIMEOUT;
    case CURLE_OUT_OF_MEMORY:
        return HK_NOMEM;
    case CURLE_FILESIZE_EXCEEDED:
        return HK_LIMIT;
    case CURLE_SSL_CACERT_BADFILE:
        return HK_INVALID;
    case CURLE_PEER_FAILED_VERIFICATION:
        return HK_DENIED;
    default:
        return HK_IO;
    }
}

enum hk_status hk_http_fetch_judge(
    struct hk_http_fetch *fetch, CURLcode code, struct hk_error *error)
{
    if (fetch->is_redirect && fetch->error.status == HK_OK) {
        return HK_OK;
    }
    if (fetch->error.status != HK_OK) {
        *error = fetch->error;
        return error->status;
    }
    if (code == CURLE_OUT_OF_MEMORY && fetch->may_have_arrived && !fetch->head_is_whole) {
        /* so says libcurl of a line that is longer than it takes */
        return hk_fail(
            error, HK_LIMIT, "%s: the answer's head is larger than allowed", fetch->url.host);
    }
    if (code != CURLE_OK) {
        return hk_fail(error, status_of(code), "%s: %s", fetch->url.host,
            fetch->curl_text[0] != '\0' ? fetch->curl_text : curl_easy_strerror(code));
    }
    if (!fetch->head_is_whole) {
        return hk_fail(error, HK_IO, "%s: the answer has no head", fetch->url.host);
    }
    return HK_OK;
}

enum hk_status hk_http_fetch_redirect(struct hk_http_fetch *fetch, struct hk_error *error)
{
    struct hk_http_url url;

    if (fetch->redirects_left == 0) {
        return hk_fail(error, HK_LIMIT, "%s: too many redirects", fetch->url.host);
    }
    enum hk_status status =
        hk_http_url_join(&fetch->url, hk_http_head_get(fetch, "location"), &url, error);
    if (status != HK_OK) {
        (void)hk_error_prefix(error, "%s: a redirect", fetch->url.host);
        return status;
    }
    if (fetch->url.is_https && !url.is_https) {
        status = hk_fail(error, HK_DENIED,
            "%s: a redirect leads from https to http, which is not followed", fetch->url.host);
        hk_http_url_done(&url);
        return status;
    }
    fetch->redirects_left--;
    if (!hk_http_url_same_origin(&fetch->url, &url)) {
        curl_slist_free_all(fetch->headers);
        fetch->headers = NULL;
    }
    hk_http_url_done(&fetch->url);
    fetch->url = url;
    return HK_OK;
}

/* --- the end --- */

void hk_http_fetch_deliver(struct hk_http_fetch *fetch)
{
    const char *headers[HK_HTTP_ANSWER_HEADERS_MAX + 1] = {NULL};
    struct hk_http_async_answer answer = {.may_have_arrived = fetch->may_have_arrived,
        .was_cancelled = fetch->was_cancelled,
        .error = fetch->error,
        .headers = headers,
        .body = ""};

    if (fetch->error.status == HK_OK) {
        const char *at = fetch->head.data;
        answer.status = fetch->status;
        answer.body = fetch->answer.data != NULL ? fetch->answer.data : "";
        answer.body_size = fetch->answer.size;
        for (size_t i = 0; i < fetch->head_count; i++, at += strlen(at) + 1) {
            headers[i] = at;
        }
    }
    fetch->fn(fetch->ctx, &answer);
    hk_http_fetch_free(fetch);
}

void hk_http_fetch_free(struct hk_http_fetch *fetch)
{
    hk_http_fetch_close(fetch);
    hk_timer_free(fetch->deadline);
    hk_http_url_done(&fetch->url);
    curl_slist_free_all(fetch->headers);
    if (fetch->body != NULL) {
        explicit_bzero(fetch->body, fetch->body_size);
    }
    free(fetch->method);
    free(fetch->body);
    free(fetch->authorities);
    hk_buf_done(&fetch->head);
    hk_buf_done(&fetch->answer);
    free(fetch);
}
