#include "loop/http_response.h"

#include "base/json.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static const struct {
    int status;
    const char *title;
} titles[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {207, "Multi-Status"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

const char *hk_http_status_title(int status)
{
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        if (titles[i].status == status) {
            return titles[i].title;
        }
    }
    return "Status";
}

bool hk_http_status_has_body(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

void hk_http_format_date(int64_t time_s, char ret_text[HK_HTTP_DATE_SIZE])
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)time_s;
    struct tm tm;

    if (gmtime_r(&seconds, &tm) == NULL) {
        memset(&tm, 0, sizeof tm);
    }
    /* the locale must not matter, so no strftime */
    (void)snprintf(ret_text, HK_HTTP_DATE_SIZE, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
        days[(unsigned)tm.tm_wday % 7], (unsigned)tm.tm_mday % 100,
        months[(unsigned)tm.tm_mon % 12], (unsigned)(tm.tm_year + 1900) % 10000,
        (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

static void add_header(struct hk_buf *out, const char *name, const char *value)
{
    bool is_one_line =
        name[strcspn(name, "\r\n: ")] == '\0' && value[strcspn(value, "\r\n")] == '\0';

    assert(is_one_line);
    if (is_one_line) { /* without assert the header is left out rather than let another one in */
        hk_buf_append_text(out, name);
        hk_buf_append(out, ": ", 2);
        hk_buf_append_text(out, value);
        hk_buf_append(out, "\r\n", 2);
    }
}

static void add_number(struct hk_buf *out, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    hk_buf_append(out, digits + at, sizeof digits - at);
}

void hk_http_write_head(struct hk_buf *out, const struct hk_http_response *response,
    const char *date, bool closes, bool is_secure)
{
    bool has_cache_control = false;

    assert(response->status >= 200 && response->status <= 599);
    hk_buf_append_text(out, "HTTP/1.1 ");
    add_number(out, (uint64_t)response->status);
    hk_buf_append_char(out, ' ');
    hk_buf_append_text(out, hk_http_status_title(response->status));
    hk_buf_append_text(out, "\r\nDate: ");
    hk_buf_append_text(out, date);
    hk_buf_append(out, "\r\n", 2);
    if (hk_http_status_has_body(response->status)) {
        if (response->content_type != NULL) {
            add_header(out, "Content-Type", response->content_type);
        }
        hk_buf_append_text(out, "Content-Length: ");
        add_number(out, response->content_type != NULL ? response->body_size : 0);
        hk_buf_append(out, "\r\n", 2);
    }
    for (const char *const *pair = response->headers; pair != NULL && *pair != NULL; pair += 2) {
        add_header(out, pair[0], pair[1]);
        has_cache_control = has_cache_control || strcasecmp(pair[0], "Cache-Control") == 0;
    }
    if (!has_cache_control) {
        hk_buf_append_text(out, "Cache-Control: no-store\r\n");
    }
    if (is_secure) {
        hk_buf_append_text(out, "Strict-Transport-Security: max-age=31536000\r\n");
    }
    hk_buf_append_text(out, closes ? "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
                                   : "X-Content-Type-Options: nosniff\r\n\r\n");
}

void hk_http_write_problem(struct hk_buf *out, int status, const char *detail)
{
    struct hk_jw jw;

    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "type", "about:blank");
    hk_jw_kv(&jw, "title", hk_http_status_title(status));
    hk_jw_kv_i64(&jw, "status", status);
    hk_jw_kv(&jw, "detail", detail);
    hk_jw_object_end(&jw);
}
