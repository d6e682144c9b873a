/* What may stand in the head of a request, and what is kept of an answer's. */
#include "loop/http_fetch.h"

#include "base/text.h"
#include "limits.h"
#include "loop/http_value.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* RFC 9110 5.6.2 */
static const char token_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "!#$%&'*+-.^_`|~";

/* Names that frame a request, or say where it goes or what its connection is for: ours to set. */
static const char *const own_names[] = {"host", "content-length", "transfer-encoding", "connection",
    "keep-alive", "te", "trailer", "upgrade", "expect", "accept-encoding", "http2-settings", NULL};

const char *hk_http_method_fault(const char *method)
{
    return method == NULL || !hk_http_method_is_known(method) ? "the method is not known" : NULL;
}

const char *hk_http_line_fault(const char *line)
{
    size_t name_size = strspn(line, token_bytes);
    const char *value = line + name_size;

    if (name_size == 0 || *value != ':') {
        return "a header must be \"Name: value\"";
    }
    for (size_t i = 0; own_names[i] != NULL; i++) {
        if (strlen(own_names[i]) == name_size && strncasecmp(own_names[i], line, name_size) == 0) {
            return "a header frames the request, which is not for the caller";
        }
    }
    if (strncasecmp(line, "proxy-", 6) == 0) {
        return "a header speaks to a proxy, and there is none";
    }
    value += 1 + strspn(value + 1, " \t");
    if (*value == '\0') { /* libcurl takes this for: leave that header out */
        return "a header has no value";
    }
    for (; *value != '\0'; value++) {
        if (((unsigned char)*value < ' ' && *value != '\t') || *value == 0x7f) {
            return "a header's value holds a control byte";
        }
    }
    return NULL;
}

static bool refuse(struct hk_http_fetch *fetch, enum hk_status status, const char *why)
{
    (void)hk_fail(&fetch->error, status, "%s: %s", fetch->url.host, why);
    return false;
}

const char *hk_http_head_get(const struct hk_http_fetch *fetch, const char *name)
{
    const char *at = fetch->head.data;
    size_t size = strlen(name);

    for (size_t i = 0; i < fetch->head_count; i++, at += strlen(at) + 1) {
        if (strncmp(at, name, size) == 0 && at[size] == ':') {
            return at + size + 2;
        }
    }
    return NULL;
}

/* RFC 9112 4: "HTTP/1.1 200 OK"; 0 when there is no status in it. */
static int status_of(const char *line, size_t size)
{
    const char *at = memchr(line, ' ', size);
    int status = 0;

    if (at == NULL || line + size - at < 4) {
        return 0;
    }
    for (int i = 1; i <= 3; i++) {
        if (at[i] < '0' || at[i] > '9') {
            return 0;
        }
        status = status * 10 + (at[i] - '0');
    }
    return status;
}

/* A new head: of an interim answer, or of the one that counts. */
static bool begin_head(struct hk_http_fetch *fetch, const char *line, size_t size)
{
    int status = status_of(line, size);

    if (status < 100 || status > 599) {
        return refuse(fetch, HK_IO, "the answer has no status that HTTP knows");
    }
    hk_buf_clear(&fetch->head);
    fetch->head_count = 0;
    fetch->head_is_whole = false;
    fetch->status = status;
    return true;
}

/* RFC 9110 15.4; which of them are followed. */
static bool leads_on(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* RFC 9110 8.4: has the content a coding of which we don't know what it unpacks to? */
static bool is_packed(const struct hk_http_fetch *fetch)
{
    static const char name[] = "content-encoding: ";
    const char *at = fetch->head.data;

    for (size_t i = 0; i < fetch->head_count; i++, at += strlen(at) + 1) {
        if (strncmp(at, name, sizeof name - 1) == 0 &&
            strcasecmp(at + sizeof name - 1, "identity") != 0) {
            return true;
        }
    }
    return false;
}

static bool end_head(struct hk_http_fetch *fetch)
{
    if (fetch->status < 200) {
        return true;
    }
    fetch->head_is_whole = true;
    fetch->is_redirect = fetch->follows_redirects && leads_on(fetch->status) &&
                         hk_http_head_get(fetch, "location") != NULL;
    if (!fetch->is_redirect && is_packed(fetch)) {
        return refuse(fetch, HK_LIMIT, "the answer is packed, which was not asked for");
    }
    return true;
}

/* Keep "name: value"; a byte that is no UTF-8 becomes '?'. */
static void keep(struct hk_http_fetch *fetch, const char *line, size_t name_size, const char *value,
    size_t value_size)
{
    size_t start;

    for (size_t i = 0; i < name_size; i++) {
        hk_buf_append_char(&fetch->head, (char)tolower((unsigned char)line[i]));
    }
    hk_buf_append(&fetch->head, ": ", 2);
    start = fetch->head.size;
    hk_buf_append(&fetch->head, value, value_size);
    hk_buf_append_char(&fetch->head, '\0');
    if (fetch->head.failed) {
        return;
    }
    char *kept = fetch->head.data + start;
    size_t good = 0;
    while ((good += hk_utf8_valid_prefix(kept + good, value_size - good)) < value_size) {
        kept[good] = '?';
    }
    fetch->head_count++;
}

bool hk_http_head_take(struct hk_http_fetch *fetch, const char *line, size_t size)
{
    fetch->head_received += size;
    if (fetch->head_received > HK_HTTP_ANSWER_HEADERS_SIZE_MAX ||
        fetch->head_count >= HK_HTTP_ANSWER_HEADERS_MAX) {
        return refuse(fetch, HK_LIMIT, "the answer's head is larger than allowed");
    }
    if (fetch->head_is_whole) {
        return true; /* trailers: counted, not kept */
    }
    while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r')) {
        size--;
    }
    if (size == 0) {
        return end_head(fetch);
    }
    if (size > 5 && memcmp(line, "HTTP/", 5) == 0) {
        return begin_head(fetch, line, size);
    }
    const char *colon = memchr(line, ':', size);
    size_t name_size = colon != NULL ? (size_t)(colon - line) : 0;
    if (name_size == 0 || memchr(line, '\0', size) != NULL ||
        strspn(line, token_bytes) != name_size) {
        return refuse(fetch, HK_IO, "the answer has a line that is no header");
    }
    const char *value = colon + 1;
    const char *end = line + size;
    while (value < end && (*value == ' ' || *value == '\t')) {
        value++;
    }
    while (end > value && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    keep(fetch, line, name_size, value, (size_t)(end - value));
    return !fetch->head.failed || refuse(fetch, HK_NOMEM, "out of memory for an answer");
}
