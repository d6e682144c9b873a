#include "loop/http_client.h"

#include "loop/curl_start.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECT_TIME_MAX_MS = 10000 };

static size_t on_body(char *data, size_t one, size_t size, void *ctx)
{
    struct hk_buf *out = ctx;

    hk_buf_append(out, data, one * size);
    return out->failed ? 0 : one * size; /* anything else ends the transfer */
}

/* Add a line, unless it would smuggle another one in. */
static bool add_line(struct curl_slist **lines, const char *line)
{
    struct curl_slist *longer;

    if (line[strcspn(line, "\r\n")] != '\0') {
        return false;
    }
    longer = curl_slist_append(*lines, line);
    if (longer != NULL) {
        *lines = longer;
    }
    return longer != NULL;
}

static bool add_pair(struct curl_slist **lines, const char *name, const char *value)
{
    struct hk_buf line;
    bool is_added;

    hk_buf_init(&line, 8192);
    hk_buf_appendf(&line, "%s%s", name, value);
    is_added = !line.failed && add_line(lines, line.data);
    hk_buf_done(&line);
    return is_added;
}

static bool make_lines(const struct hk_http_call *call, struct curl_slist **lines)
{
    if (call->token != NULL && !add_pair(lines, "Authorization: Bearer ", call->token)) {
        return false;
    }
    if (call->body != NULL && call->body_type != NULL &&
        !add_pair(lines, "Content-Type: ", call->body_type)) {
        return false;
    }
    for (const char *const *line = call->headers; line != NULL && *line != NULL; line++) {
        if (!add_line(lines, *line)) {
            return false;
        }
    }
    return true;
}

static CURLcode set_method(CURL *curl, const struct hk_http_call *call)
{
    CURLcode code = CURLE_OK;
    bool sends_body = call->body != NULL || strcmp(call->method, "POST") == 0;

    if (strcmp(call->method, "HEAD") == 0) {
        return curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    }
    if (sends_body) {
        const char *body = call->body != NULL ? call->body : "";
        curl_off_t size = call->body != NULL ? (curl_off_t)call->body_size : 0;
        code = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, size);
        if (code == CURLE_OK) {
            code = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        }
    }
    if (code == CURLE_OK) {
        code = curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
    }
    return code;
}

static CURLcode set_up(
    CURL *curl, const struct hk_http_call *call, struct curl_slist *lines, struct hk_buf *out)
{
    long time_max_ms = (long)call->time_max_ms;
    CURLcode code = CURLE_OK;

#define SET(option, value)                                                                         \
    if (code == CURLE_OK) {                                                                        \
        code = curl_easy_setopt(curl, option, value);                                              \
    }
    SET(CURLOPT_URL, call->url)
    SET(CURLOPT_PROTOCOLS_STR, "http,https")
    SET(CURLOPT_NOPROXY, "*")
    SET(CURLOPT_PROXY, "")
    SET(CURLOPT_FOLLOWLOCATION, 0L)
    SET(CURLOPT_NOSIGNAL, 1L)
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1)
    SET(CURLOPT_TIMEOUT_MS, time_max_ms)
    SET(CURLOPT_CONNECTTIMEOUT_MS,
        time_max_ms < CONNECT_TIME_MAX_MS ? time_max_ms : (long)CONNECT_TIME_MAX_MS)
    SET(CURLOPT_WRITEFUNCTION, on_body)
    SET(CURLOPT_WRITEDATA, out)
    SET(CURLOPT_HTTPHEADER, lines)
    if (call->ca_file != NULL) {
        SET(CURLOPT_CAINFO, call->ca_file)
        SET(CURLOPT_CAPATH, NULL)
    }
    if (call->unix_socket != NULL) {
        SET(CURLOPT_UNIX_SOCKET_PATH, call->unix_socket)
    }
#undef SET
    return code == CURLE_OK ? set_method(curl, call) : code;
}

/* The status of a call that brought no answer. */
static enum hk_status status_of(CURLcode code, const struct hk_buf *out)
{
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return HK_TIMEOUT;
    case CURLE_OUT_OF_MEMORY:
        return HK_NOMEM;
    case CURLE_WRITE_ERROR:
        return out->failed ? HK_LIMIT : HK_IO;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return HK_INVALID;
    default:
        return HK_IO;
    }
}

enum hk_status hk_http_call(
    const struct hk_http_call *call, int *ret_status, struct hk_buf *out, struct hk_error *error)
{
    enum hk_status status = HK_NOMEM;
    struct curl_slist *lines = NULL;
    CURL *curl = NULL;
    char text[CURL_ERROR_SIZE] = "";
    long http_status = 0;
    CURLcode code;

    if (call->time_max_ms <= 0) {
        return hk_fail(error, HK_INVALID, "a call needs a time limit");
    }
    if (hk_curl_start(NULL) == HK_OK) {
        curl = curl_easy_init();
    }
    if (curl == NULL) {
        status = hk_fail(error, HK_NOMEM, "cannot start an HTTP client");
        goto out;
    }
    if (!make_lines(call, &lines)) {
        status = hk_fail(error, HK_INVALID, "a header of the call is not one line, or too long");
        goto out;
    }
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text);
    code = set_up(curl, call, lines, out);
    if (code == CURLE_OK) {
        code = curl_easy_perform(curl);
    }
    if (code != CURLE_OK) {
        status = status_of(code, out);
        status = hk_fail(error, status, "%s: %s", call->url,
            status == HK_LIMIT ? "the answer is larger than expected"
            : text[0] != '\0'  ? text
                               : curl_easy_strerror(code));
        goto out;
    }
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &http_status);
    *ret_status = (int)http_status;
    status = HK_OK;
out:
    curl_slist_free_all(lines);
    curl_easy_cleanup(curl);
    return status;
}
