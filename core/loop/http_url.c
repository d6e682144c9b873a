#include "loop/http_url.h"

#include "base/ip.h"
#include "base/text.h"
#include "limits.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

static enum hk_status refuse(struct hk_error *error, const char *why)
{
    return hk_fail(error, HK_INVALID, "the URL %s", why);
}

static bool is_plain(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text > '~') {
            return false;
        }
    }
    return true;
}

/* curl has made numbers in loose forms (0x7f.1) plain ones. */
static enum hk_status read_host(const char *given, struct hk_http_url *url, struct hk_error *error)
{
    static const char name_bytes[] = "abcdefghijklmnopqrstuvwxyz0123456789-._";
    size_t size = strlen(given);
    bool in_brackets = size > 2 && given[0] == '[' && given[size - 1] == ']';
    struct hk_ip ip;

    if (in_brackets) {
        given++;
        size -= 2;
    }
    if (size == 0 || size >= sizeof url->host) {
        return refuse(error, "has no host, or one that is too long");
    }
    for (size_t i = 0; i < size; i++) {
        url->host[i] = (char)(given[i] >= 'A' && given[i] <= 'Z' ? given[i] | 0x20 : given[i]);
    }
    url->host[size] = '\0';
    if (in_brackets) {
        if (hk_ip_parse(url->host, &ip, NULL) != HK_OK) {
            return refuse(error, "has no address in its brackets");
        }
    } else if (url->host[strspn(url->host, name_bytes)] != '\0') {
        return refuse(error, "has a host that is no name (an international one is written xn--…)");
    }
    return HK_OK;
}

static enum hk_status read_port(const char *given, struct hk_http_url *url, struct hk_error *error)
{
    unsigned long port = strtoul(given, NULL, 10);

    if (port < 1 || port > 65535) {
        return refuse(error, "has a port that does not exist");
    }
    url->port = (unsigned)port;
    return HK_OK;
}

static enum hk_status get(CURLU *parts, CURLUPart part, char **ret_text, struct hk_error *error)
{
    CURLUcode code = curl_url_get(parts, part, ret_text, CURLU_DEFAULT_PORT);

    if (code == CURLUE_OUT_OF_MEMORY) {
        return hk_fail(error, HK_NOMEM, "out of memory for a URL");
    }
    return code == CURLUE_OK ? HK_OK : refuse(error, curl_url_strerror(code));
}

static enum hk_status read_parts(CURLU *parts, struct hk_http_url *url, struct hk_error *error)
{
    char *scheme = NULL;
    char *zone = NULL;
    char *host = NULL;
    char *port = NULL;

    enum hk_status status = get(parts, CURLUPART_SCHEME, &scheme, error);
    if (status == HK_OK) {
        url->is_https = strcmp(scheme, "https") == 0;
        if (!url->is_https && strcmp(scheme, "http") != 0) {
            status = refuse(error, "is neither http nor https");
        }
    }
    if (status == HK_OK && curl_url_get(parts, CURLUPART_ZONEID, &zone, 0) != CURLUE_NO_ZONEID) {
        status = refuse(error, "has an address with a zone");
    }
    if (status == HK_OK) {
        status = get(parts, CURLUPART_HOST, &host, error);
    }
    if (status == HK_OK) {
        status = read_host(host, url, error);
    }
    if (status == HK_OK) {
        status = get(parts, CURLUPART_PORT, &port, error);
    }
    if (status == HK_OK) {
        status = read_port(port, url, error);
    }
    curl_free(scheme);
    curl_free(zone);
    curl_free(host);
    curl_free(port);
    return status;
}

/* The text goes through malloc: it outlives curl's own copy. */
static enum hk_status write_text(CURLU *parts, struct hk_http_url *url, struct hk_error *error)
{
    char *text = NULL;

    if (curl_url_set(parts, CURLUPART_FRAGMENT, NULL, 0) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_URL, &text, 0) != CURLUE_OK) {
        return refuse(error, "can't be written in its normal form");
    }
    bool fits = strlen(text) <= HK_HTTP_URL_SIZE_MAX;
    url->text = fits ? hk_strdup(text) : NULL;
    curl_free(text);
    if (!fits) {
        return refuse(error, "is too long");
    }
    return url->text != NULL ? HK_OK : hk_fail(error, HK_NOMEM, "out of memory for a URL");
}

static enum hk_status read_with(CURLU *parts, const char *text, unsigned flags,
    struct hk_http_url *ret_url, struct hk_error *error)
{
    struct hk_http_url url = {.text = NULL};

    if (strlen(text) > HK_HTTP_URL_SIZE_MAX) {
        return refuse(error, "is too long");
    }
    CURLUcode code = curl_url_set(parts, CURLUPART_URL, text, CURLU_DISALLOW_USER | flags);
    if (code == CURLUE_USER_NOT_ALLOWED) {
        return refuse(error, "holds a user name, which belongs into a header");
    }
    if (code != CURLUE_OK) {
        return hk_fail(error, code == CURLUE_OUT_OF_MEMORY ? HK_NOMEM : HK_INVALID,
            "the URL can't be read: %s", curl_url_strerror(code));
    }
    enum hk_status status = write_text(parts, &url, error);
    /* Read again what libcurl will be given: a host that was spelled "12%37.0.0.1" is a name at
     * first sight, and an address at the second. */
    if (status == HK_OK &&
        curl_url_set(parts, CURLUPART_URL, url.text, CURLU_DISALLOW_USER) != CURLUE_OK) {
        status = refuse(error, "can't be read in its normal form");
    }
    if (status == HK_OK) {
        status = read_parts(parts, &url, error);
    }
    if (status == HK_OK) {
        *ret_url = url;
    } else {
        hk_http_url_done(&url);
    }
    return status;
}

enum hk_status hk_http_url_read(
    const char *text, struct hk_http_url *ret_url, struct hk_error *error)
{
    if (!is_plain(text)) {
        return refuse(error, "holds a blank or a byte that must be written as %XX");
    }
    CURLU *parts = curl_url();
    if (parts == NULL) {
        return hk_fail(error, HK_NOMEM, "out of memory for a URL");
    }
    enum hk_status status = read_with(parts, text, 0, ret_url, error);
    curl_url_cleanup(parts);
    return status;
}

enum hk_status hk_http_url_join(const struct hk_http_url *base, const char *location,
    struct hk_http_url *ret_url, struct hk_error *error)
{
    enum hk_status status = HK_NOMEM;
    CURLU *parts = curl_url();

    if (parts == NULL || curl_url_set(parts, CURLUPART_URL, base->text, 0) != CURLUE_OK) {
        status = hk_fail(error, HK_NOMEM, "out of memory for a URL");
    } else {
        /* servers do send blanks and bytes of UTF-8 here */
        status = read_with(parts, location, CURLU_URLENCODE | CURLU_ALLOW_SPACE, ret_url, error);
    }
    curl_url_cleanup(parts);
    return status;
}

void hk_http_url_done(struct hk_http_url *url)
{
    free(url->text);
    *url = (struct hk_http_url){.text = NULL};
}

bool hk_http_url_same_origin(const struct hk_http_url *a, const struct hk_http_url *b)
{
    return a->is_https == b->is_https && a->port == b->port && strcmp(a->host, b->host) == 0;
}
