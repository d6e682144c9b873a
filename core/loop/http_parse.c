/*
 * Invariants:
 *   - each byte is looked at once, in order, and what is refused depends on the bytes alone, never
 *     on how they were split into feeds: a limit is checked before the byte that would pass it;
 *   - head holds the strings of the request one after the other, each with its NUL; they are known
 *     by offset until the head is complete, since the buffer moves while it grows;
 *   - body.size never passes HK_HTTP_BODY_SIZE_MAX: a length is refused before its bytes are read.
 *
 * METHOD → TARGET → VERSION → REQUEST_LF → LINE_START ⇄ NAME → OWS → VALUE → VALUE_LF
 *                                              └→ HEAD_LF → LENGTH ───────────────→ DONE
 *                                                        └→ CHUNK_… ⇄ → TRAILER_… ┘
 * Every state may end in BAD.
 */
#include "loop/http_parse.h"

#include "base/text.h"
#include "loop/http_target.h"
#include "loop/http_value.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum state {
    STATE_METHOD,
    STATE_TARGET,
    STATE_VERSION,
    STATE_REQUEST_LF,
    STATE_LINE_START,
    STATE_NAME,
    STATE_OWS,
    STATE_VALUE,
    STATE_VALUE_LF,
    STATE_HEAD_LF,
    STATE_LENGTH,
    STATE_CHUNK_SIZE,
    STATE_CHUNK_SIZE_LF,
    STATE_CHUNK_DATA,
    STATE_CHUNK_DATA_CR,
    STATE_CHUNK_DATA_LF,
    STATE_TRAILER_CR,
    STATE_TRAILER_LF,
    STATE_DONE,
    STATE_BAD,
};

enum {
    CHUNK_DIGITS_MAX = 8,
    /* a header line has three bytes besides its strings, so their two NULs always fit */
    HEAD_SIZE_MAX = HK_HTTP_REQUEST_LINE_MAX + HK_HTTP_HEADERS_SIZE_MAX,
    KEEP_SIZE_MAX = 64 * 1024, /* memory that a connection keeps between requests */
};

struct hk_http_parser {
    enum state state;
    struct hk_http_request request;
    struct hk_buf head;
    size_t target_at; /* where the path is, once split */
    size_t query_at;
    size_t name_at[HK_HTTP_HEADERS_COUNT_MAX];
    size_t value_at[HK_HTTP_HEADERS_COUNT_MAX];
    size_t method_size;
    char version[8];
    size_t version_size;
    size_t line_size;  /* bytes of the request line so far */
    size_t lines_size; /* bytes of all header lines so far */
    uint64_t length;   /* declared */
    uint64_t left;     /* of the body or the chunk */
    unsigned chunk_digits;
    bool has_length;
    bool has_chunked;
    bool has_host;
    bool is_started;
    int problem_status;
    const char *problem_text;
};

enum { IS_TOKEN = 1, IS_VALUE = 2 };

/* RFC 9110: token bytes; bytes of a field value (visible ASCII, blank, tab). */
static const uint8_t byte_kinds[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, /* 0x00 */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 0x10 */
    2, 3, 2, 3, 3, 3, 3, 3, 2, 2, 3, 3, 2, 3, 3, 2, /* 0x20 */
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, /* 0x30 */
    2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, /* 0x40 */
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 3, 3, /* 0x50 */
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, /* 0x60 */
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 3, 2, 3, 0, /* 0x70 */
};

static bool is_kind(char c, unsigned kind)
{
    return (byte_kinds[(unsigned char)c] & kind) != 0;
}

/* Refuse the request; eats nothing. */
static size_t refuse(struct hk_http_parser *p, int status, const char *text)
{
    p->state = STATE_BAD;
    p->problem_status = status;
    p->problem_text = text;
    return 0;
}

/* --- request line --- */

static size_t take_method(struct hk_http_parser *p, const char *data, size_t size)
{
    char *method = p->request.method;
    (void)size;

    if (data[0] == ' ' && p->method_size > 0) {
        method[p->method_size] = '\0';
        if (!hk_http_method_is_known(method)) {
            return refuse(p, 501, "The method is not known here.");
        }
        p->target_at = p->head.size;
        p->state = STATE_TARGET;
        return 1;
    }
    if (!is_kind(data[0], IS_TOKEN)) {
        return refuse(p, 400, "The request does not begin with a method.");
    }
    if (p->method_size + 1 == sizeof p->request.method) {
        return refuse(p, 501, "The method is not known here.");
    }
    method[p->method_size++] = data[0];
    return 1;
}

static size_t end_target(struct hk_http_parser *p)
{
    if (p->head.size == p->target_at) {
        return refuse(p, 400, "The request target is empty.");
    }
    hk_buf_append_char(&p->head, '\0');
    if (p->head.failed) {
        return refuse(p, 431, "The request head does not fit in memory.");
    }
    const char *problem =
        hk_http_target_split(p->head.data + p->target_at, &p->request.path, &p->request.query);
    if (problem != NULL) {
        return refuse(p, 400, problem);
    }
    p->query_at = (size_t)(p->request.query - p->head.data);
    p->state = STATE_VERSION;
    return 1;
}

static size_t take_target(struct hk_http_parser *p, const char *data, size_t size)
{
    size_t run = 0;

    if (p->head.size == p->target_at && data[0] != '/' && data[0] != ' ') {
        return refuse(p, 400, "The request target does not begin with a slash.");
    }
    while (run < size && hk_http_is_target_byte((unsigned char)data[run])) {
        run++;
    }
    if (run > 0) {
        hk_buf_append(&p->head, data, run);
        return run;
    }
    if (data[0] == ' ') {
        return end_target(p);
    }
    return refuse(p, 400, "The request target has a byte that is not allowed there.");
}

static size_t take_version(struct hk_http_parser *p, const char *data, size_t size)
{
    static const char pattern[] = "HTTP/d.d";
    size_t at = p->version_size;
    char c = data[0];
    (void)size;

    if (at == sizeof p->version) {
        if (memcmp(p->version + 5, "1.1", 3) != 0) {
            return refuse(p, 505, "Only HTTP/1.1 is spoken here.");
        }
        if (c != '\r') {
            return refuse(p, 400, "The request line does not end after its version.");
        }
        p->state = STATE_REQUEST_LF;
        return 1;
    }
    if (pattern[at] == 'd' ? c < '0' || c > '9' : c != pattern[at]) {
        return refuse(p, 400, "The request line has no HTTP version.");
    }
    p->version[p->version_size++] = c;
    return 1;
}

static size_t take_request_lf(struct hk_http_parser *p, const char *data, size_t size)
{
    (void)size;
    if (data[0] != '\n') {
        return refuse(p, 400, "The request line does not end in CR LF.");
    }
    p->state = STATE_LINE_START;
    return 1;
}

/* --- header fields --- */

static void end_host(struct hk_http_parser *p, const char *value)
{
    if (p->has_host) {
        refuse(p, 400, "The Host header is given twice.");
    } else if (!hk_http_host_is_good(value)) {
        refuse(p, 400, "The Host header is not a host and port.");
    }
    p->has_host = true;
}

static void end_content_length(struct hk_http_parser *p, const char *value)
{
    if (p->has_length) {
        refuse(p, 400, "The Content-Length header is given twice.");
        return;
    }
    p->has_length = true;
    if (!hk_http_length_read(value, &p->length)) {
        refuse(p, 400, "The Content-Length header is not a number.");
    } /* one that is too large is refused when the head is complete */
}

static void end_transfer_encoding(struct hk_http_parser *p, const char *value)
{
    if (p->has_chunked) {
        refuse(p, 400, "The Transfer-Encoding header is given twice.");
    } else if (strcmp(value, "chunked") != 0) {
        refuse(p, 501, "The only transfer encoding here is \"chunked\".");
    }
    p->has_chunked = true;
}

static void end_connection(struct hk_http_parser *p, const char *value)
{
    if (hk_http_connection_closes(value)) {
        p->request.keep_alive = false;
    }
}

static void end_expect(struct hk_http_parser *p, const char *value)
{
    if (strcasecmp(value, "100-continue") != 0) {
        refuse(p, 417, "The only expectation met here is \"100-continue\".");
    }
    p->request.expect_continue = true;
}

static const struct {
    const char *name;
    void (*end)(struct hk_http_parser *p, const char *value);
} known_headers[] = {
    {"host", end_host},
    {"content-length", end_content_length},
    {"transfer-encoding", end_transfer_encoding},
    {"connection", end_connection},
    {"expect", end_expect},
};

static size_t take_line_start(struct hk_http_parser *p, const char *data, size_t size)
{
    (void)size;
    if (data[0] == '\r') {
        p->state = STATE_HEAD_LF;
        return 1;
    }
    if (!is_kind(data[0], IS_TOKEN)) {
        return refuse(p, 400, "A header line does not begin with a name.");
    }
    if (p->request.header_count == HK_HTTP_HEADERS_COUNT_MAX) {
        return refuse(p, 431, "The request has too many headers.");
    }
    p->name_at[p->request.header_count] = p->head.size;
    p->state = STATE_NAME;
    return 0; /* the byte is the name's first */
}

static size_t take_name(struct hk_http_parser *p, const char *data, size_t size)
{
    size_t run = 0;

    while (run < size && is_kind(data[run], IS_TOKEN)) {
        run++;
    }
    if (run > 0) {
        size_t at = p->head.size;
        hk_buf_append(&p->head, data, run);
        for (; at < p->head.size; at++) {
            char c = p->head.data[at];
            p->head.data[at] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        }
        return run;
    }
    if (data[0] != ':') {
        return refuse(p, 400, "A header name has a byte that is not allowed there.");
    }
    hk_buf_append_char(&p->head, '\0');
    p->value_at[p->request.header_count] = p->head.size;
    p->state = STATE_OWS;
    return 1;
}

static size_t take_ows(struct hk_http_parser *p, const char *data, size_t size)
{
    size_t run = 0;

    while (run < size && (data[run] == ' ' || data[run] == '\t')) {
        run++;
    }
    if (run == 0) {
        p->state = STATE_VALUE;
    }
    return run;
}

/* The value's line ended with CR. */
static size_t end_value(struct hk_http_parser *p)
{
    unsigned index = p->request.header_count;
    size_t value_at = p->value_at[index];

    while (p->head.size > value_at &&
           (p->head.data[p->head.size - 1] == ' ' || p->head.data[p->head.size - 1] == '\t')) {
        p->head.size--;
    }
    hk_buf_append_char(&p->head, '\0');
    if (p->head.failed) {
        return refuse(p, 431, "The request head does not fit in memory.");
    }
    p->request.header_count++;
    p->state = STATE_VALUE_LF;
    return 1;
}

static size_t take_value(struct hk_http_parser *p, const char *data, size_t size)
{
    size_t run = 0;

    while (run < size && is_kind(data[run], IS_VALUE)) {
        run++;
    }
    if (run > 0) {
        hk_buf_append(&p->head, data, run);
        return run;
    }
    if (data[0] == '\r') {
        return end_value(p);
    }
    return refuse(p, 400, "A header value has a byte that is not allowed there.");
}

static size_t take_value_lf(struct hk_http_parser *p, const char *data, size_t size)
{
    unsigned index = p->request.header_count - 1;
    const char *name = p->head.data + p->name_at[index];
    (void)size;

    if (data[0] != '\n') {
        return refuse(p, 400, "A header line does not end in CR LF.");
    }
    p->state = STATE_LINE_START;
    for (size_t i = 0; i < sizeof known_headers / sizeof known_headers[0]; i++) {
        if (strcmp(name, known_headers[i].name) == 0) {
            known_headers[i].end(p, p->head.data + p->value_at[index]);
        }
    }
    return p->state == STATE_BAD ? 0 : 1;
}

static size_t take_head_lf(struct hk_http_parser *p, const char *data, size_t size)
{
    struct hk_http_request *request = &p->request;
    (void)size;

    if (data[0] != '\n') {
        return refuse(p, 400, "The request head does not end in CR LF.");
    }
    if (!p->has_host) {
        return refuse(p, 400, "The Host header is missing.");
    }
    if (p->has_length && p->has_chunked) {
        return refuse(p, 400, "The request has both Content-Length and Transfer-Encoding.");
    }
    if (p->length > HK_HTTP_BODY_SIZE_MAX) {
        return refuse(p, 413, "The request body is too large.");
    }
    request->path = p->head.data + p->target_at;
    request->query = p->head.data + p->query_at;
    for (unsigned i = 0; i < request->header_count; i++) {
        request->headers[i].name = p->head.data + p->name_at[i];
        request->headers[i].value = p->head.data + p->value_at[i];
    }
    p->left = p->length;
    if (p->has_chunked) {
        p->state = STATE_CHUNK_SIZE;
    } else {
        p->state = p->length > 0 ? STATE_LENGTH : STATE_DONE;
    }
    return 1;
}

/* --- body --- */

/* Take what belongs to the body's current stretch; 0 when memory is short. */
static size_t take_body_bytes(struct hk_http_parser *p, const char *data, size_t size)
{
    size_t take = size < p->left ? size : (size_t)p->left;

    hk_buf_append(&p->request.body, data, take);
    if (p->request.body.failed) {
        return refuse(p, 413, "The request body does not fit in memory.");
    }
    p->left -= take;
    return take;
}

static size_t take_length(struct hk_http_parser *p, const char *data, size_t size)
{
    size_t take = take_body_bytes(p, data, size);

    if (p->state != STATE_BAD && p->left == 0) {
        p->state = STATE_DONE;
    }
    return take;
}

static size_t end_chunk_size(struct hk_http_parser *p)
{
    if (p->left > HK_HTTP_BODY_SIZE_MAX - p->request.body.size) {
        return refuse(p, 413, "The request body is too large.");
    }
    p->state = STATE_CHUNK_SIZE_LF;
    return 1;
}

static size_t take_chunk_size(struct hk_http_parser *p, const char *data, size_t size)
{
    char c = data[0];
    int digit = hk_hex_digit(c);
    (void)size;

    if (digit < 0 && c == '\r' && p->chunk_digits > 0) {
        return end_chunk_size(p);
    }
    if (digit < 0) {
        return refuse(p, 400, "A chunk does not begin with its size alone.");
    }
    if (p->chunk_digits == CHUNK_DIGITS_MAX) {
        return refuse(p, 400, "A chunk size has too many digits.");
    }
    p->left = (p->chunk_digits == 0 ? 0 : p->left * 16) + (unsigned)digit;
    p->chunk_digits++;
    return 1;
}

static size_t take_chunk_size_lf(struct hk_http_parser *p, const char *data, size_t size)
{
    (void)size;
    if (data[0] != '\n') {
        return refuse(p, 400, "A chunk size does not end in CR LF.");
    }
    p->chunk_digits = 0;
    p->state = p->left > 0 ? STATE_CHUNK_DATA : STATE_TRAILER_CR;
    return 1;
}

static size_t take_chunk_data(struct hk_http_parser *p, const char *data, size_t size)
{
    size_t take = take_body_bytes(p, data, size);

    if (p->state != STATE_BAD && p->left == 0) {
        p->state = STATE_CHUNK_DATA_CR;
    }
    return take;
}

static size_t take_chunk_data_end(struct hk_http_parser *p, const char *data, size_t size)
{
    bool is_cr = p->state == STATE_CHUNK_DATA_CR;
    (void)size;

    if (data[0] != (is_cr ? '\r' : '\n')) {
        return refuse(p, 400, "A chunk does not end in CR LF.");
    }
    p->state = is_cr ? STATE_CHUNK_DATA_LF : STATE_CHUNK_SIZE;
    return 1;
}

static size_t take_trailer(struct hk_http_parser *p, const char *data, size_t size)
{
    bool is_cr = p->state == STATE_TRAILER_CR;
    (void)size;

    if (data[0] != (is_cr ? '\r' : '\n')) {
        return refuse(p, 400, "Trailers are not taken.");
    }
    p->state = is_cr ? STATE_TRAILER_LF : STATE_DONE;
    return 1;
}

/* --- the machine --- */

/* Take at least one byte of data (size > 0), or change state, and tell how many bytes. */
typedef size_t take_fn(struct hk_http_parser *p, const char *data, size_t size);

static take_fn *const takers[STATE_DONE] = {
    [STATE_METHOD] = take_method,
    [STATE_TARGET] = take_target,
    [STATE_VERSION] = take_version,
    [STATE_REQUEST_LF] = take_request_lf,
    [STATE_LINE_START] = take_line_start,
    [STATE_NAME] = take_name,
    [STATE_OWS] = take_ows,
    [STATE_VALUE] = take_value,
    [STATE_VALUE_LF] = take_value_lf,
    [STATE_HEAD_LF] = take_head_lf,
    [STATE_LENGTH] = take_length,
    [STATE_CHUNK_SIZE] = take_chunk_size,
    [STATE_CHUNK_SIZE_LF] = take_chunk_size_lf,
    [STATE_CHUNK_DATA] = take_chunk_data,
    [STATE_CHUNK_DATA_CR] = take_chunk_data_end,
    [STATE_CHUNK_DATA_LF] = take_chunk_data_end,
    [STATE_TRAILER_CR] = take_trailer,
    [STATE_TRAILER_LF] = take_trailer,
};

/* One move of the machine within the limits of the head. */
static size_t step(struct hk_http_parser *p, const char *data, size_t size)
{
    size_t *used_so_far = NULL;
    size_t room = size;

    if (p->state <= STATE_REQUEST_LF) {
        used_so_far = &p->line_size;
        room = HK_HTTP_REQUEST_LINE_MAX - p->line_size;
        if (room == 0) {
            return refuse(p, 414, "The request line is too long.");
        }
    } else if (p->state <= STATE_HEAD_LF) {
        used_so_far = &p->lines_size;
        room = HK_HTTP_HEADERS_SIZE_MAX - p->lines_size;
        if (room == 0) {
            return refuse(p, 431, "The request headers are too large.");
        }
    }
    size_t used = takers[p->state](p, data, size < room ? size : room);
    if (used_so_far != NULL) {
        *used_so_far += used;
    }
    return used;
}

static enum hk_http_phase phase_of(enum state state)
{
    if (state == STATE_DONE) {
        return HK_HTTP_DONE;
    }
    if (state == STATE_BAD) {
        return HK_HTTP_BAD;
    }
    return state < STATE_LENGTH ? HK_HTTP_HEAD : HK_HTTP_BODY;
}

enum hk_http_phase hk_http_parser_feed(
    struct hk_http_parser *parser, const char *data, size_t size, size_t *ret_used)
{
    size_t at = 0;

    while (at < size && parser->state < STATE_DONE) {
        parser->is_started = true;
        at += step(parser, data + at, size - at);
    }
    *ret_used = at;
    return phase_of(parser->state);
}

int hk_http_parser_problem(const struct hk_http_parser *parser, const char **ret_text)
{
    *ret_text = parser->problem_text;
    return parser->problem_status;
}

struct hk_http_request *hk_http_parser_request(struct hk_http_parser *parser)
{
    return &parser->request;
}

bool hk_http_parser_is_started(const struct hk_http_parser *parser)
{
    return parser->is_started;
}

struct hk_http_parser *hk_http_parser_new(void)
{
    struct hk_http_parser *parser = calloc(1, sizeof *parser);

    if (parser != NULL) {
        hk_buf_init(&parser->head, HEAD_SIZE_MAX);
        hk_buf_init(&parser->request.body, HK_HTTP_BODY_SIZE_MAX);
        hk_http_parser_reset(parser);
    }
    return parser;
}

void hk_http_parser_free(struct hk_http_parser *parser)
{
    if (parser != NULL) {
        hk_buf_done(&parser->head);
        hk_buf_done(&parser->request.body);
        free(parser);
    }
}

void hk_http_parser_reset(struct hk_http_parser *parser)
{
    struct hk_http_request *request = &parser->request;

    hk_buf_clear(&parser->head);
    if (request->body.capacity > KEEP_SIZE_MAX) {
        hk_buf_done(&request->body);
    } else {
        hk_buf_clear(&request->body);
    }
    request->method[0] = '\0';
    request->path = NULL;
    request->query = NULL;
    request->header_count = 0;
    request->keep_alive = true;
    request->expect_continue = false;
    parser->state = STATE_METHOD;
    parser->target_at = 0;
    parser->query_at = 0;
    parser->method_size = 0;
    parser->version_size = 0;
    parser->line_size = 0;
    parser->lines_size = 0;
    parser->length = 0;
    parser->left = 0;
    parser->chunk_digits = 0;
    parser->has_length = false;
    parser->has_chunked = false;
    parser->has_host = false;
    parser->is_started = false;
    parser->problem_status = 0;
    parser->problem_text = NULL;
}

const char *hk_http_header(const struct hk_http_request *request, const char *name)
{
    const char *found = NULL;

    for (unsigned i = 0; i < request->header_count; i++) {
        if (strcmp(request->headers[i].name, name) == 0) {
            if (found != NULL) {
                return NULL;
            }
            found = request->headers[i].value;
        }
    }
    return found;
}

bool hk_http_header_is_repeated(const struct hk_http_request *request, const char *name)
{
    unsigned count = 0;

    for (unsigned i = 0; i < request->header_count; i++) {
        count += strcmp(request->headers[i].name, name) == 0 ? 1 : 0;
    }
    return count > 1;
}
