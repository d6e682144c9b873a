/*
 * http_parse: a strict, small HTTP/1.1 request reader (RFC 9110, RFC 9112). What a proxy and we
 * could read differently is refused, not repaired: bare LF, folded lines, white space before the
 * colon, two lengths, length and chunking together, chunked not last, missing or double Host, NUL
 * or control bytes anywhere, absolute-form or asterisk targets, HTTP/1.0 and 2 prefaces.
 *
 * Fed with bytes as they come; holds nothing beyond the limits of limits.h. No I/O, no clock.
 */
#ifndef HK_LOOP_HTTP_PARSE_H
#define HK_LOOP_HTTP_PARSE_H

#include "base/buf.h"
#include "limits.h"

struct hk_http_header {
    char *name;  /* lower-cased */
    char *value; /* white space around it removed */
};

struct hk_http_request {
    char method[16];
    char *path;  /* percent-decoded, "/v1/alerts"; %00, %2f and dot segments are refused */
    char *query; /* as sent, without '?'; "" when there is none */
    struct hk_http_header headers[HK_HTTP_HEADERS_COUNT_MAX];
    unsigned header_count;
    struct hk_buf body;
    bool keep_alive;
    bool expect_continue;
};

enum hk_http_phase { HK_HTTP_HEAD, HK_HTTP_BODY, HK_HTTP_DONE, HK_HTTP_BAD };

struct hk_http_parser; /* opaque */

HK_MUST_CHECK struct hk_http_parser *hk_http_parser_new(void);
void hk_http_parser_free(struct hk_http_parser *parser);
/* Take bytes; *ret_used says how many were eaten (bytes after a complete request are left).
 * In phase HK_HTTP_BAD, hk_http_parser_problem tells status code and text. */
enum hk_http_phase hk_http_parser_feed(
    struct hk_http_parser *parser, const char *data, size_t size, size_t *ret_used);
/* 400, 413, 414, 417, 431, 501 or 505, and one sentence. */
int hk_http_parser_problem(const struct hk_http_parser *parser, const char **ret_text);
/* The request once DONE (head fields already once in BODY); belongs to the parser. */
struct hk_http_request *hk_http_parser_request(struct hk_http_parser *parser);
/* Has at least one byte of a new request arrived? */
bool hk_http_parser_is_started(const struct hk_http_parser *parser);
/* Ready for the next request on the connection. */
void hk_http_parser_reset(struct hk_http_parser *parser);

/* The value of the only header of that lower-case name; NULL when absent or given twice. */
const char *hk_http_header(const struct hk_http_request *request, const char *name);
/* Is there more than one header of that lower-case name? */
bool hk_http_header_is_repeated(const struct hk_http_request *request, const char *name);
/* Does the query name that parameter, with whatever value? */
bool hk_http_query_is_given(const struct hk_http_request *request, const char *name);
/* Percent-decode one query parameter into ret_value ('+' is a blank); false, and "", when it is
 * absent, given twice, too long, or malformed. */
bool hk_http_query(
    const struct hk_http_request *request, const char *name, char *ret_value, size_t capacity);

#endif
