/*
 * Any text as a URL, as a redirect's Location and as a header line: what is accepted has a host and
 * port that a check can be made on, reads the same when it is read again, and never leads to
 * another server than it did the first time.
 */
#include "loop/http_fetch.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_read(const struct hk_http_url *url)
{
    static const char name[] = "abcdefghijklmnopqrstuvwxyz0123456789-._";
    static const char address[] = "0123456789abcdef:.";
    struct hk_http_url again;

    must(url->port >= 1 && url->port <= 65535);
    must(url->host[0] != '\0');
    must(url->host[strspn(url->host, name)] == '\0' ||
         url->host[strspn(url->host, address)] == '\0');
    must(strncmp(url->text, url->is_https ? "https://" : "http://", url->is_https ? 8 : 7) == 0);
    must(strchr(url->text, '\n') == NULL && strchr(url->text, '\r') == NULL);
    must(strcspn(url->text + 8, "/?#") <= strcspn(url->text + 8, "@"));
    must(hk_http_url_read(url->text, &again, NULL) == HK_OK);
    must(hk_http_url_same_origin(url, &again));
    hk_http_url_done(&again);
}

static void check_line(const char *line)
{
    if (hk_http_line_fault(line) == NULL) {
        must(strpbrk(line, "\r\n") == NULL);
        must(strchr(line, ':') != NULL && line[0] != ':');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[1025];
    struct hk_http_url base;
    struct hk_http_url url;

    if (size >= sizeof(text))
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    check_line(text);
    if (hk_http_url_read(text, &url, NULL) == HK_OK) {
        check_read(&url);
        hk_http_url_done(&url);
    }
    must(hk_http_url_read("https://base.example:8443/a/b?c", &base, NULL) == HK_OK);
    if (hk_http_url_join(&base, text, &url, NULL) == HK_OK) {
        check_read(&url);
        hk_http_url_done(&url);
    }
    hk_http_url_done(&base);
    return 0;
}
