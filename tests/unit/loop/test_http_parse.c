/*
 * http_parse: what is a request and what is refused with which status, whatever the pieces in which
 * the bytes come.
 */
#include "loop/http_parse.h"

#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_AND_SIZE(text) (text), sizeof(text) - 1
#define HOST "Host: a\r\n"
#define GET(target) "GET " target " HTTP/1.1\r\n" HOST "\r\n"
#define WITH(lines) "GET / HTTP/1.1\r\n" HOST lines "\r\n"
#define POST(lines, body) "POST /x HTTP/1.1\r\n" HOST lines "\r\n" body
#define CHUNKED(body) POST("Transfer-Encoding: chunked\r\n", body)

/* Everything that may be seen of a parser after a feeding. */
struct seen {
    enum hk_http_phase phase;
    size_t used;
    int status;
    const char *problem;
    char text[1024]; /* the request, written out and cut */
    size_t body_size;
};

static void describe(struct hk_http_parser *parser, struct seen *seen)
{
    const struct hk_http_request *request = hk_http_parser_request(parser);
    struct hk_buf out;

    hk_buf_init(&out, 256 * 1024);
    hk_buf_appendf(&out, "%s %s ?%s keep %d continue %d\n", request->method, request->path,
        request->query, request->keep_alive, request->expect_continue);
    for (unsigned i = 0; i < request->header_count; i++) {
        hk_buf_appendf(&out, "%s=%s\n", request->headers[i].name, request->headers[i].value);
    }
    CU_ASSERT_FALSE(out.failed);
    seen->text[0] = '\0';
    strncat(seen->text, out.data, sizeof seen->text - 1);
    seen->body_size = request->body.size;
    hk_buf_done(&out);
}

/* Feed one piece, held in memory of its exact size so that a read beyond it doesn't go unseen. */
static enum hk_http_phase feed(
    struct hk_http_parser *parser, const char *data, size_t size, size_t *used)
{
    size_t now = 0;
    char *exact = malloc(size > 0 ? size : 1);

    CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
    memcpy(exact, data, size);
    enum hk_http_phase phase = hk_http_parser_feed(parser, exact, size, &now);
    free(exact);
    CU_ASSERT(now == size || phase == HK_HTTP_DONE || phase == HK_HTTP_BAD);
    *used += now;
    return phase;
}

/* Feed data cut into a first piece of `first` bytes, then pieces of `rest` bytes. */
static void run(struct hk_http_parser *parser, const char *data, size_t size, size_t first,
    size_t rest, struct seen *seen)
{
    size_t at = 0;

    memset(seen, 0, sizeof *seen);
    hk_http_parser_reset(parser);
    seen->phase = HK_HTTP_HEAD;
    while (at < size && seen->phase != HK_HTTP_DONE && seen->phase != HK_HTTP_BAD) {
        size_t piece = at == 0 ? first : rest;
        piece = piece > size - at ? size - at : piece;
        seen->phase = feed(parser, data + at, piece, &seen->used);
        at += piece;
    }
    if (seen->phase == HK_HTTP_BAD) {
        seen->status = hk_http_parser_problem(parser, &seen->problem);
    } else if (seen->phase == HK_HTTP_DONE) {
        describe(parser, seen);
    }
}

static bool is_same(const struct seen *a, const struct seen *b)
{
    return a->phase == b->phase && a->used == b->used && a->status == b->status &&
           a->problem == b->problem && a->body_size == b->body_size &&
           strcmp(a->text, b->text) == 0;
}

/* Feed in all ways; they agree, and *ret_seen is what they agree on. */
static void run_all_ways(const char *name, const char *data, size_t size, struct seen *ret_seen)
{
    struct hk_http_parser *parser = hk_http_parser_new();
    struct seen other;
    size_t step = size > 4096 ? 7 : 1;

    CU_ASSERT_PTR_NOT_NULL_FATAL(parser);
    CU_ASSERT_FALSE(hk_http_parser_is_started(parser));
    run(parser, data, size, size, size, ret_seen);
    CU_ASSERT(hk_http_parser_is_started(parser));
    run(parser, data, size, 1, 1, &other);
    if (!is_same(ret_seen, &other)) {
        CU_FAIL("byte by byte gives another result");
        printf("\n  byte by byte: %s\n", name);
    }
    for (size_t split = 1; split < size; split += step) {
        run(parser, data, size, split, size, &other);
        if (!is_same(ret_seen, &other)) {
            CU_FAIL("a split gives another result");
            printf("\n  split at %zu: %s\n", split, name);
            break;
        }
    }
    hk_http_parser_free(parser);
}

static void check_refused(const char *data, size_t size, int status)
{
    struct seen seen;

    run_all_ways(data, data, size, &seen);
    if (seen.phase != HK_HTTP_BAD || seen.status != status) {
        CU_FAIL("not refused, or with another status");
        printf("\n  expected %d, got %d (%s): %s\n", status, seen.status,
            seen.problem != NULL ? seen.problem : "taken", data);
        return;
    }
    CU_ASSERT(seen.problem != NULL && seen.problem[0] != '\0');
}

static void hostile_requests_are_refused(void)
{
    static const struct {
        const char *data;
        size_t size;
        int status;
    } cases[] = {
        /* request line */
        {TEXT_AND_SIZE("\r\n" GET("/")), 400},
        {TEXT_AND_SIZE(" " GET("/")), 400},
        {TEXT_AND_SIZE("\n" GET("/")), 400},
        {TEXT_AND_SIZE("GET\t/ HTTP/1.1\r\n"), 400},
        {TEXT_AND_SIZE("GET  / HTTP/1.1\r\n"), 400},
        {TEXT_AND_SIZE("GET /  HTTP/1.1\r\n"), 400},
        {TEXT_AND_SIZE("GET / HTTP/1.1 \r\n"), 400},
        {TEXT_AND_SIZE("GET /\r\n"), 400},
        {TEXT_AND_SIZE("GET / HTTP/1.1\n" HOST "\r\n"), 400},
        {TEXT_AND_SIZE("GET / HTTP/1.1\r" HOST "\r\n"), 400},
        {TEXT_AND_SIZE("GET / HTTP/1.1\r\r\n" HOST "\r\n"), 400},
        {TEXT_AND_SIZE("GET / HTTP/1.10\r\n"), 400},
        {TEXT_AND_SIZE("GET / HTTP/11.1\r\n"), 400},
        {TEXT_AND_SIZE("GET / http/1.1\r\n"), 400},
        {TEXT_AND_SIZE("GET / HTTX/1.1\r\n"), 400},
        {TEXT_AND_SIZE("GET / HTTP/1,1\r\n"), 400},
        {TEXT_AND_SIZE("G\0T / HTTP/1.1\r\n"), 400},
        {TEXT_AND_SIZE("G(T / HTTP/1.1\r\n"), 400},
        {TEXT_AND_SIZE("\x16\x03\x01\x02"), 400},
        {TEXT_AND_SIZE("GET / HTTP/1.0\r\n" HOST "\r\n"), 505},
        {TEXT_AND_SIZE("GET / HTTP/0.9\r\n"), 505},
        {TEXT_AND_SIZE("GET / HTTP/1.2\r\n"), 505},
        {TEXT_AND_SIZE("GET / HTTP/2.0\r\n"), 505},
        {TEXT_AND_SIZE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 501},
        {TEXT_AND_SIZE("get / HTTP/1.1\r\n"), 501},
        {TEXT_AND_SIZE("CONNECT a:1 HTTP/1.1\r\n"), 501},
        {TEXT_AND_SIZE("TRACE / HTTP/1.1\r\n"), 501},
        {TEXT_AND_SIZE("GETT / HTTP/1.1\r\n"), 501},
        {TEXT_AND_SIZE("ABCDEFGHIJKLMNOPQRSTUVWXYZ / HTTP/1.1\r\n"), 501},
        /* target */
        {TEXT_AND_SIZE(GET("http://a/")), 400},
        {TEXT_AND_SIZE(GET("*")), 400},
        {TEXT_AND_SIZE(GET("a")), 400},
        {TEXT_AND_SIZE(GET("?a")), 400},
        {TEXT_AND_SIZE(GET("/a#b")), 400},
        {TEXT_AND_SIZE(GET("/a\\b")), 400},
        {TEXT_AND_SIZE(GET("/a\"b")), 400},
        {TEXT_AND_SIZE(GET("/<a>")), 400},
        {TEXT_AND_SIZE(GET("/\x01")), 400},
        {TEXT_AND_SIZE(GET("/\x7f")), 400},
        {TEXT_AND_SIZE(GET("/\xc3\xa9")), 400},
        {TEXT_AND_SIZE("GET /a\0b HTTP/1.1\r\n" HOST "\r\n"), 400},
        {TEXT_AND_SIZE(GET("/a%00")), 400},
        {TEXT_AND_SIZE(GET("/a%0a")), 400},
        {TEXT_AND_SIZE(GET("/a%7F")), 400},
        {TEXT_AND_SIZE(GET("/a%2fb")), 400},
        {TEXT_AND_SIZE(GET("/a%2Fb")), 400},
        {TEXT_AND_SIZE(GET("/a%")), 400},
        {TEXT_AND_SIZE(GET("/a%4")), 400},
        {TEXT_AND_SIZE(GET("/a%4g")), 400},
        {TEXT_AND_SIZE(GET("/a%%41")), 400},
        {TEXT_AND_SIZE(GET("/a%4?b")), 400},
        {TEXT_AND_SIZE(GET("/a?b%")), 400},
        {TEXT_AND_SIZE(GET("/a?b=%4")), 400},
        {TEXT_AND_SIZE(GET("/a?b=%zz")), 400},
        {TEXT_AND_SIZE(GET("/a?b=%00")), 400},
        {TEXT_AND_SIZE(GET("/%ff")), 400},
        {TEXT_AND_SIZE(GET("/%c0%af")), 400},
        {TEXT_AND_SIZE(GET("/%ed%a0%80")), 400},
        {TEXT_AND_SIZE(GET("/.")), 400},
        {TEXT_AND_SIZE(GET("/..")), 400},
        {TEXT_AND_SIZE(GET("/a/../b")), 400},
        {TEXT_AND_SIZE(GET("/a/./b")), 400},
        {TEXT_AND_SIZE(GET("/a/%2e%2E/b")), 400},
        {TEXT_AND_SIZE(GET("/a/.%2e")), 400},
        {TEXT_AND_SIZE(GET("//")), 400},
        {TEXT_AND_SIZE(GET("//a")), 400},
        {TEXT_AND_SIZE(GET("/a//b")), 400},
        /* header lines */
        {TEXT_AND_SIZE("GET / HTTP/1.1\r\n\r\n"), 400},
        {TEXT_AND_SIZE("GET / HTTP/1.1\r\n " HOST "\r\n"), 400},
        {TEXT_AND_SIZE(WITH("A: b\r\n c\r\n")), 400},
        {TEXT_AND_SIZE(WITH("A: b\r\n\tc\r\n")), 400},
        {TEXT_AND_SIZE(WITH("A : b\r\n")), 400},
        {TEXT_AND_SIZE(WITH("A\t: b\r\n")), 400},
        {TEXT_AND_SIZE(WITH(": b\r\n")), 400},
        {TEXT_AND_SIZE(WITH("A\r\n")), 400},
        {TEXT_AND_SIZE(WITH("A(b): c\r\n")), 400},
        {TEXT_AND_SIZE(WITH("\xc3\xa9: c\r\n")), 400},
        {TEXT_AND_SIZE(WITH("A: b\n")), 400},
        {TEXT_AND_SIZE(WITH("A: b\rc\r\n")), 400},
        {TEXT_AND_SIZE(WITH("A: b\0c\r\n")), 400},
        {TEXT_AND_SIZE(WITH("A\0: b\r\n")), 400},
        {TEXT_AND_SIZE(WITH("A: b\x01\r\n")), 400},
        {TEXT_AND_SIZE(WITH("A: b\x7f\r\n")), 400},
        {TEXT_AND_SIZE(WITH("A: b\x80\r\n")), 400},
        {TEXT_AND_SIZE(WITH("A: b\xc3\xa9\r\n")), 400},
        {TEXT_AND_SIZE("GET / HTTP/1.1\r\n" HOST "\n"), 400},
        {TEXT_AND_SIZE("GET / HTTP/1.1\r\n" HOST "\rx"), 400},
        /* Host */
        {TEXT_AND_SIZE(WITH(HOST)), 400},
        {TEXT_AND_SIZE(WITH("HOST: b\r\n")), 400},
        {TEXT_AND_SIZE("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400},
        {TEXT_AND_SIZE("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400},
        {TEXT_AND_SIZE("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"), 400},
        {TEXT_AND_SIZE("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400},
        {TEXT_AND_SIZE("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"), 400},
        {TEXT_AND_SIZE("GET / HTTP/1.1\r\nHost: a:\r\n\r\n"), 400},
        {TEXT_AND_SIZE("GET / HTTP/1.1\r\nHost: a:x\r\n\r\n"), 400},
        {TEXT_AND_SIZE("GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n"), 400},
        {TEXT_AND_SIZE("GET / HTTP/1.1\r\nHost: a:99999999999\r\n\r\n"), 400},
        {TEXT_AND_SIZE("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"), 400},
        {TEXT_AND_SIZE("GET / HTTP/1.1\r\nHost: []\r\n\r\n"), 400},
        {TEXT_AND_SIZE("GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n"), 400},
        {TEXT_AND_SIZE("GET / HTTP/1.1\r\nHost: :80\r\n\r\n"), 400},
        /* lengths */
        {TEXT_AND_SIZE(POST("Content-Length: 5, 5\r\n", "hello")), 400},
        {TEXT_AND_SIZE(POST("Content-Length: 5\r\nContent-Length: 5\r\n", "hello")), 400},
        {TEXT_AND_SIZE(POST("Content-Length: 5\r\ncontent-length: 6\r\n", "hello")), 400},
        {TEXT_AND_SIZE(POST("Content-Length: +5\r\n", "hello")), 400},
        {TEXT_AND_SIZE(POST("Content-Length: -5\r\n", "hello")), 400},
        {TEXT_AND_SIZE(POST("Content-Length: 0x5\r\n", "hello")), 400},
        {TEXT_AND_SIZE(POST("Content-Length: 5 5\r\n", "hello")), 400},
        {TEXT_AND_SIZE(POST("Content-Length: five\r\n", "hello")), 400},
        {TEXT_AND_SIZE(POST("Content-Length:\r\n", "")), 400},
        {TEXT_AND_SIZE(POST("Content-Length: 8388609\r\n", "")), 413},
        {TEXT_AND_SIZE(POST("Content-Length: 18446744073709551617\r\n", "")), 413},
        {TEXT_AND_SIZE(POST("Content-Length: 99999999999999999999999999\r\n", "")), 413},
        {TEXT_AND_SIZE(POST("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "")), 400},
        {TEXT_AND_SIZE(POST("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "")), 400},
        {TEXT_AND_SIZE(POST("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", "")), 400},
        /* transfer encodings */
        {TEXT_AND_SIZE(POST("Transfer-Encoding: gzip\r\n", "")), 501},
        {TEXT_AND_SIZE(POST("Transfer-Encoding: identity\r\n", "")), 501},
        {TEXT_AND_SIZE(POST("Transfer-Encoding: gzip, chunked\r\n", "")), 501},
        {TEXT_AND_SIZE(POST("Transfer-Encoding: chunked, gzip\r\n", "")), 501},
        {TEXT_AND_SIZE(POST("Transfer-Encoding: chunked, chunked\r\n", "")), 501},
        {TEXT_AND_SIZE(POST("Transfer-Encoding: Chunked\r\n", "")), 501},
        {TEXT_AND_SIZE(POST("Transfer-Encoding: \"chunked\"\r\n", "")), 501},
        {TEXT_AND_SIZE(POST("Transfer-Encoding: chunked;a=b\r\n", "")), 501},
        {TEXT_AND_SIZE(POST("Transfer-Encoding:\r\n", "")), 501},
        {TEXT_AND_SIZE(POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "")),
            400},
        /* chunks */
        {TEXT_AND_SIZE(CHUNKED("\r\n")), 400},
        {TEXT_AND_SIZE(CHUNKED("x\r\n")), 400},
        {TEXT_AND_SIZE(CHUNKED("-1\r\n")), 400},
        {TEXT_AND_SIZE(CHUNKED(" 5\r\nhello\r\n0\r\n\r\n")), 400},
        {TEXT_AND_SIZE(CHUNKED("5 \r\nhello\r\n0\r\n\r\n")), 400},
        {TEXT_AND_SIZE(CHUNKED("5;a=b\r\nhello\r\n0\r\n\r\n")), 400},
        {TEXT_AND_SIZE(CHUNKED("0x5\r\nhello\r\n0\r\n\r\n")), 400},
        {TEXT_AND_SIZE(CHUNKED("5\nhello\r\n0\r\n\r\n")), 400},
        {TEXT_AND_SIZE(CHUNKED("5\r\rhello\r\n0\r\n\r\n")), 400},
        {TEXT_AND_SIZE(CHUNKED("5\r\nhello0\r\n\r\n")), 400},
        {TEXT_AND_SIZE(CHUNKED("5\r\nhello\n0\r\n\r\n")), 400},
        {TEXT_AND_SIZE(CHUNKED("5\r\nhello\r0\r\n\r\n")), 400},
        {TEXT_AND_SIZE(CHUNKED("5\r\nhello!\r\n0\r\n\r\n")), 400},
        {TEXT_AND_SIZE(CHUNKED("000000005\r\nhello\r\n0\r\n\r\n")), 400},
        {TEXT_AND_SIZE(CHUNKED("100000000\r\n")), 400},
        {TEXT_AND_SIZE(CHUNKED("ffffffff\r\n")), 413},
        {TEXT_AND_SIZE(CHUNKED("800001\r\n")), 413},
        {TEXT_AND_SIZE(CHUNKED("5\r\nhello\r\n7ffffc\r\n")), 413},
        {TEXT_AND_SIZE(CHUNKED("0\r\nA: b\r\n\r\n")), 400},
        {TEXT_AND_SIZE(CHUNKED("0\r\n\n")), 400},
        {TEXT_AND_SIZE(CHUNKED("0\r\n\rx")), 400},
        {TEXT_AND_SIZE(CHUNKED("0;a\r\n\r\n")), 400},
        /* expectations */
        {TEXT_AND_SIZE(POST("Expect: 200-ok\r\n", "")), 417},
        {TEXT_AND_SIZE(POST("Expect:\r\n", "")), 417},
        {TEXT_AND_SIZE(POST("Expect: 100-continue, x\r\n", "")), 417},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        check_refused(cases[i].data, cases[i].size, cases[i].status);
    }
}

static void good_requests_are_taken(void)
{
    static const struct {
        const char *data;
        const char *text;
        size_t body_size;
    } cases[] = {
        {GET("/"), "GET / ? keep 1 continue 0\nhost=a\n", 0},
        {GET("/v1/alerts/"), "GET /v1/alerts/ ? keep 1 continue 0\nhost=a\n", 0},
        {GET("/a%20b%C3%A9~!$&'()*+,;=:@-._"),
            "GET /a b\xc3\xa9~!$&'()*+,;=:@-._ ? keep 1 continue 0\nhost=a\n", 0},
        {GET("/a%25b%3fc"), "GET /a%b?c ? keep 1 continue 0\nhost=a\n", 0},
        {GET("/...a/.b/c..?x=%2f&y=/../?"),
            "GET /...a/.b/c.. ?x=%2f&y=/../? keep 1 continue 0\nhost=a\n", 0},
        {GET("/a?"), "GET /a ? keep 1 continue 0\nhost=a\n", 0},
        {"HEAD / HTTP/1.1\r\nhOST:[::1]:8686\r\n\r\n",
            "HEAD / ? keep 1 continue 0\nhost=[::1]:8686\n", 0},
        {"OPTIONS / HTTP/1.1\r\nHost: \t a-b_c.example:0 \t \r\nX-Y:\r\nZ: \t\r\nQ: a \tb\r\n\r\n",
            "OPTIONS / ? keep 1 continue 0\nhost=a-b_c.example:0\nx-y=\nz=\nq=a \tb\n", 0},
        {WITH("Connection: close\r\n"), "GET / ? keep 0 continue 0\nhost=a\nconnection=close\n", 0},
        {WITH("Connection: keep-alive,\tCLOSE\r\n"),
            "GET / ? keep 0 continue 0\nhost=a\nconnection=keep-alive,\tCLOSE\n", 0},
        {WITH("Connection: closed\r\n"), "GET / ? keep 1 continue 0\nhost=a\nconnection=closed\n",
            0},
        {WITH("Content-Length: 0\r\n"), "GET / ? keep 1 continue 0\nhost=a\ncontent-length=0\n", 0},
        {POST("Content-Length: 5\r\n", "hello"),
            "POST /x ? keep 1 continue 0\nhost=a\ncontent-length=5\n", 5},
        {POST("Content-Length: 0005\r\nExpect: 100-Continue\r\n", "hello"),
            "POST /x ? keep 1 continue 1\nhost=a\ncontent-length=0005\nexpect=100-Continue\n", 5},
        {CHUNKED("0\r\n\r\n"), "POST /x ? keep 1 continue 0\nhost=a\ntransfer-encoding=chunked\n",
            0},
        {CHUNKED("5\r\nhello\r\n00000A\r\n0123456789\r\n1\r\n!\r\n000\r\n\r\n"),
            "POST /x ? keep 1 continue 0\nhost=a\ntransfer-encoding=chunked\n", 16},
        {"PUT / HTTP/1.1\r\n" HOST "\r\n", "PUT / ? keep 1 continue 0\nhost=a\n", 0},
        {"DELETE / HTTP/1.1\r\n" HOST "\r\n", "DELETE / ? keep 1 continue 0\nhost=a\n", 0},
        {"PATCH / HTTP/1.1\r\n" HOST "\r\n", "PATCH / ? keep 1 continue 0\nhost=a\n", 0},
    };
    static const char next[] = "GET /next";

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hk_buf data;
        struct seen seen;
        hk_buf_init(&data, 65536);
        hk_buf_append_text(&data, cases[i].data);
        hk_buf_append_text(&data, next); /* which is left alone */
        run_all_ways(cases[i].data, data.data, data.size, &seen);
        CU_ASSERT_EQUAL(seen.phase, HK_HTTP_DONE);
        CU_ASSERT_EQUAL(seen.used, data.size - strlen(next));
        CU_ASSERT_STRING_EQUAL(seen.text, cases[i].text);
        CU_ASSERT_EQUAL(seen.body_size, cases[i].body_size);
        hk_buf_done(&data);
    }
}

static void append_repeated(struct hk_buf *buf, char c, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hk_buf_append_char(buf, c);
    }
}

static void request_line_has_a_limit(void)
{
    const size_t around = strlen("GET / HTTP/1.1\r\n");

    for (size_t over = 0; over <= 1; over++) {
        struct hk_buf data;
        struct seen seen;
        hk_buf_init(&data, 65536);
        hk_buf_append_text(&data, "GET /");
        append_repeated(&data, 'a', HK_HTTP_REQUEST_LINE_MAX - around + over);
        hk_buf_append_text(&data, " HTTP/1.1\r\n" HOST "\r\n");
        run_all_ways("long target", data.data, data.size, &seen);
        CU_ASSERT_EQUAL(seen.phase, over ? HK_HTTP_BAD : HK_HTTP_DONE);
        CU_ASSERT_EQUAL(seen.status, over ? 414 : 0);
        hk_buf_done(&data);
    }
}

static void headers_have_a_size_limit(void)
{
    const size_t around = strlen(HOST "A: \r\n\r\n");

    for (size_t over = 0; over <= 1; over++) {
        struct hk_buf data;
        struct seen seen;
        hk_buf_init(&data, 65536);
        hk_buf_append_text(&data, "GET / HTTP/1.1\r\n" HOST "A: ");
        append_repeated(&data, 'b', HK_HTTP_HEADERS_SIZE_MAX - around + over);
        hk_buf_append_text(&data, "\r\n\r\n");
        run_all_ways("large headers", data.data, data.size, &seen);
        CU_ASSERT_EQUAL(seen.phase, over ? HK_HTTP_BAD : HK_HTTP_DONE);
        CU_ASSERT_EQUAL(seen.status, over ? 431 : 0);
        hk_buf_done(&data);
    }
}

static void headers_have_a_count_limit(void)
{
    for (size_t over = 0; over <= 1; over++) {
        struct hk_buf data;
        struct seen seen;
        hk_buf_init(&data, 65536);
        hk_buf_append_text(&data, "GET / HTTP/1.1\r\n" HOST);
        for (size_t i = 1; i < HK_HTTP_HEADERS_COUNT_MAX + over; i++) {
            hk_buf_append_text(&data, "A:\r\n");
        }
        hk_buf_append_text(&data, "\r\n");
        run_all_ways("many headers", data.data, data.size, &seen);
        CU_ASSERT_EQUAL(seen.phase, over ? HK_HTTP_BAD : HK_HTTP_DONE);
        CU_ASSERT_EQUAL(seen.status, over ? 431 : 0);
        hk_buf_done(&data);
    }
}

static void body_may_have_its_full_size(void)
{
    static const char head[] = POST("Content-Length: 8388608\r\n", "");
    struct hk_http_parser *parser = hk_http_parser_new();
    char *body = calloc(1, HK_HTTP_BODY_SIZE_MAX);
    size_t used = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(parser);
    CU_ASSERT_PTR_NOT_NULL_FATAL(body);
    CU_ASSERT_EQUAL(hk_http_parser_feed(parser, head, sizeof head - 1, &used), HK_HTTP_BODY);
    CU_ASSERT_STRING_EQUAL(hk_http_parser_request(parser)->path, "/x");
    CU_ASSERT_EQUAL(hk_http_parser_feed(parser, body, HK_HTTP_BODY_SIZE_MAX, &used), HK_HTTP_DONE);
    CU_ASSERT_EQUAL(used, HK_HTTP_BODY_SIZE_MAX);
    hk_http_parser_reset(parser);
    CU_ASSERT_EQUAL(hk_http_parser_request(parser)->body.capacity, 0);
    free(body);
    hk_http_parser_free(parser);
}

static void headers_are_found_when_given_once(void)
{
    static const char data[] = WITH("X-One: 1\r\nTwo: a\r\ntWO: b\r\n");
    struct hk_http_parser *parser = hk_http_parser_new();
    size_t used = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(parser);
    CU_ASSERT_EQUAL(hk_http_parser_feed(parser, data, sizeof data - 1, &used), HK_HTTP_DONE);
    const struct hk_http_request *request = hk_http_parser_request(parser);
    const char *one = hk_http_header(request, "x-one");
    CU_ASSERT(one != NULL && strcmp(one, "1") == 0);
    CU_ASSERT_PTR_NULL(hk_http_header(request, "two"));
    CU_ASSERT_FALSE(hk_http_header_is_repeated(request, "x-one"));
    CU_ASSERT_TRUE(hk_http_header_is_repeated(request, "two"));
    CU_ASSERT_FALSE(hk_http_header_is_repeated(request, "three"));
    CU_ASSERT_PTR_NULL(hk_http_header(request, "three"));
    hk_http_parser_free(parser);
}

static void query_parameters_are_decoded(void)
{
    static const struct {
        const char *query;
        const char *value; /* of "a"; NULL: not given */
    } cases[] = {
        {"a=1", "1"},
        {"", NULL},
        {"a", NULL},
        {"a=", ""},
        {"b=2&a=1&c", "1"},
        {"aa=2&a=1", "1"},
        {"a=1=2", "1=2"},
        {"a=b+c%2Bd%20e", "b c+d e"},
        {"a=%C3%A9", "\xc3\xa9"},
        {"&&a=1&&", "1"},
        {"a=1&a=1", NULL},
        {"a=%", NULL},
        {"a=%4", NULL},
        {"a=%4&b=1", NULL},
        {"a=%zz", NULL},
        {"a=%00", NULL},
        {"a=%ff", NULL},
        {"a=1234567", "1234567"},
        {"a=12345678", NULL},
        {"a=%31%32%33%34%35%36%37", "1234567"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char query[64];
        char value[8] = "before";
        struct hk_http_request request = {.query = query};
        query[0] = '\0';
        strncat(query, cases[i].query, sizeof query - 1);
        bool is_found = hk_http_query(&request, "a", value, sizeof value);
        CU_ASSERT_EQUAL(is_found, cases[i].value != NULL);
        CU_ASSERT_STRING_EQUAL(value, cases[i].value != NULL ? cases[i].value : "");
    }
}

static void query_parameters_are_seen(void)
{
    static const struct {
        const char *query;
        bool is_given; /* "a" */
    } cases[] = {
        {"", false},
        {"a", true},
        {"a=", true},
        {"a=1", true},
        {"b=1&a", true},
        {"a=1&a=2", true},
        {"aa=1", false},
        {"b=a", false},
        {"&&", false},
        {"a=%ff", true},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char query[16];
        struct hk_http_request request = {.query = query};
        query[0] = '\0';
        strncat(query, cases[i].query, sizeof query - 1);
        CU_ASSERT_EQUAL(hk_http_query_is_given(&request, "a"), cases[i].is_given);
    }
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"hostile requests are refused", hostile_requests_are_refused},
        {"good requests are taken", good_requests_are_taken},
        {"the request line has a limit", request_line_has_a_limit},
        {"headers have a size limit", headers_have_a_size_limit},
        {"headers have a count limit", headers_have_a_count_limit},
        {"a body may have its full size", body_may_have_its_full_size},
        {"headers are found when given once", headers_are_found_when_given_once},
        {"query parameters are decoded", query_parameters_are_decoded},
        {"query parameters are seen", query_parameters_are_seen},
    };

    return suite_run("http_parse", tests, COUNT_OF(tests));
}
