/*
 * http_parse: any bytes, in any pieces. The first byte tells the size of the pieces; fed whole, the
 * rest gives the same result, and what is taken keeps the promises of the header.
 */
#include "loop/http_parse.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct result {
    enum hk_http_phase phase;
    size_t used;
    int status;
    size_t body_size;
};

static void must(bool promise)
{
    if (!promise) {
        abort();
    }
}

static struct result feed(
    struct hk_http_parser *parser, const char *data, size_t size, size_t piece_size)
{
    struct result r = {.phase = HK_HTTP_HEAD};
    const char *text = NULL;

    hk_http_parser_reset(parser);
    for (size_t at = 0; at < size && r.phase < HK_HTTP_DONE; at += piece_size) {
        size_t now = 0;
        size_t piece = size - at < piece_size ? size - at : piece_size;
        r.phase = hk_http_parser_feed(parser, data + at, piece, &now);
        must(now == piece || r.phase >= HK_HTTP_DONE);
        r.used += now;
    }
    if (r.phase == HK_HTTP_BAD) {
        r.status = hk_http_parser_problem(parser, &text);
        must(r.status >= 400 && text != NULL);
    }
    r.body_size = hk_http_parser_request(parser)->body.size;
    return r;
}

static void check_request(const struct hk_http_request *request)
{
    char value[64];

    must(request->path[0] == '/' && strstr(request->path, "//") == NULL);
    must(strstr(request->path, "/../") == NULL && strstr(request->path, "/./") == NULL);
    must(request->header_count <= HK_HTTP_HEADERS_COUNT_MAX);
    must(hk_http_header(request, "host") != NULL);
    must(request->body.size <= HK_HTTP_BODY_SIZE_MAX);
    for (unsigned i = 0; i < request->header_count; i++) {
        must(request->headers[i].name[0] != '\0');
        must(strpbrk(request->headers[i].value, "\r\n") == NULL);
    }
    (void)hk_http_query(request, "a", value, sizeof value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct hk_http_parser *whole = hk_http_parser_new();
    struct hk_http_parser *pieces = hk_http_parser_new();
    must(whole != NULL && pieces != NULL);
    const char *bytes = (const char *)data + 1;
    struct result a = feed(whole, bytes, size - 1, size);
    struct result b = feed(pieces, bytes, size - 1, (size_t)data[0] % 32 + 1);
    must(a.phase == b.phase && a.used == b.used && a.status == b.status);
    must(a.body_size == b.body_size);
    if (a.phase == HK_HTTP_DONE) {
        check_request(hk_http_parser_request(whole));
        check_request(hk_http_parser_request(pieces));
    }
    hk_http_parser_free(whole);
    hk_http_parser_free(pieces);
    return 0;
}
