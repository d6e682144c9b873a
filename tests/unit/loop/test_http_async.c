/*
 * http_async: real servers, good and bad. What is promised: one callback, within the time and size
 * that were allowed, over sockets that were asked for, to the server that the certificate names.
 */
#include "loop/http_async.h"

#include "base/time.h"
#include "limits.h"
#include "support/suite.h"
#include "support/web.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct web web;

struct fixture {
    struct hk_loop *loop;
    struct hk_connector *connector;
    struct hk_http_async *client;
    struct hk_http_way way;
    /* which targets were asked for */
    unsigned socket_count;
    char last_host[256];
    unsigned last_port;
    const char *refused_host; /* "": all */
    /* sockets that are not given until the test does so */
    bool holds;
    hk_connect_done_fn *held[2];
    void *held_ctx[2];
    /* what came back */
    unsigned expected;
    unsigned count;
    int status;
    struct hk_error error;
    bool may_have_arrived;
    bool was_cancelled;
    char *body;
    size_t body_size;
    char headers[4096];
    int64_t time_ms;
};

static void socket_of(
    void *ctx, const char *host, unsigned port, hk_connect_done_fn *done, void *done_ctx)
{
    struct fixture *f = ctx;
    struct hk_error error;

    f->socket_count++;
    (void)snprintf(f->last_host, sizeof f->last_host, "%s", host);
    f->last_port = port;
    if (f->refused_host != NULL &&
        (f->refused_host[0] == '\0' || strcmp(f->refused_host, host) == 0)) {
        (void)hk_fail(&error, HK_DENIED, "%s is not granted", host);
        done(done_ctx, -1, &error);
    } else if (f->holds) {
        f->held[f->socket_count % 2] = done;
        f->held_ctx[f->socket_count % 2] = done_ctx;
    } else {
        hk_http_way_socket(&f->way, host, port, done, done_ctx);
    }
}

static void on_answer(void *ctx, const struct hk_http_async_answer *answer)
{
    struct fixture *f = ctx;

    f->count++;
    f->status = answer->status;
    f->error = answer->error;
    f->may_have_arrived = answer->may_have_arrived;
    f->was_cancelled = answer->was_cancelled;
    CU_ASSERT_EQUAL(answer->status == 0, answer->error.status != HK_OK);
    CU_ASSERT(answer->status != 0 || answer->error.text[0] != '\0');
    free(f->body);
    f->body = malloc(answer->body_size + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->body);
    memcpy(f->body, answer->body, answer->body_size + 1);
    f->body_size = answer->body_size;
    f->headers[0] = '\n';
    f->headers[1] = '\0';
    for (size_t i = 0; answer->headers[i] != NULL; i++) {
        size_t size = strlen(f->headers);
        (void)snprintf(f->headers + size, sizeof f->headers - size, "%s\n", answer->headers[i]);
    }
    if (f->count == f->expected) {
        hk_loop_stop(f->loop);
    }
}

static void set_up(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    CU_ASSERT_EQUAL_FATAL(hk_loop_new(&f->loop, NULL), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_connector_new(f->loop, &f->connector, NULL), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_http_async_new(f->loop, &f->client, NULL), HK_OK);
    f->way = (struct hk_http_way){.connector = f->connector, .may_be_private = true};
    f->expected = 1;
}

static void take_down(struct fixture *f)
{
    hk_http_async_free(f->client);
    hk_connector_free(f->connector);
    hk_loop_free(f->loop);
    free(f->body);
}

static struct hk_http_async_ask ask_of(struct fixture *f, const char *method, const char *url)
{
    return (struct hk_http_async_ask){.method = method,
        .url = url,
        .time_max_ms = 20000,
        .answer_size_max = 100000,
        .authorities = web.authorities,
        .socket = socket_of,
        .socket_ctx = f};
}

static const char *url_of(const char *server, const char *path)
{
    static char url[1024];
    bool is_plain = strncmp(server, "plain", 5) == 0;

    (void)snprintf(url, sizeof url, "%s://%s:%u%s", is_plain ? "http" : "https",
        strcmp(server, "plain6") == 0 ? "[::1]" : "localhost", web_port(&web, server), path);
    return url;
}

static void run(struct fixture *f, const struct hk_http_async_ask *ask)
{
    int64_t begin_ms = hk_time_monotonic_ms();

    f->count = 0;
    f->socket_count = 0;
    CU_ASSERT_NOT_EQUAL(hk_http_async_start(f->client, ask, on_answer, f), 0);
    CU_ASSERT_EQUAL(f->count, 0); /* not within the call */
    CU_ASSERT_EQUAL_FATAL(hk_loop_run(f->loop, NULL), HK_OK);
    CU_ASSERT_EQUAL(f->count, 1);
    f->time_ms = hk_time_monotonic_ms() - begin_ms;
}

static void get(struct fixture *f, const char *server, const char *path)
{
    struct hk_http_async_ask ask = ask_of(f, "GET", url_of(server, path));

    run(f, &ask);
}

static void check_failure(
    const struct fixture *f, enum hk_status status, bool may_have_arrived, const char *says)
{
    if (f->status != 0 || f->error.status != status || strstr(f->error.text, says) == NULL ||
        f->may_have_arrived != may_have_arrived) {
        printf("\n  %d %s: %s (%s)\n", f->status, hk_status_text(f->error.status), f->error.text,
            f->may_have_arrived ? "may have arrived" : "not sent");
    }
    CU_ASSERT_EQUAL(f->status, 0);
    CU_ASSERT_EQUAL(f->error.status, status);
    CU_ASSERT_PTR_NOT_NULL(strstr(f->error.text, says));
    CU_ASSERT_EQUAL(f->may_have_arrived, may_have_arrived);
    CU_ASSERT_EQUAL(f->body_size, 0);
}

/* --- what goes well --- */

static void requests_are_answered(void)
{
    static const char *const servers[] = {"plain", "plain6", "tls"};
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    static const char *const headers[] = {
        "Authorization: Bearer abc", "X-Mine: a, b", "Content-Type: text/x", NULL};
    char wanted[64];
    struct fixture f;

    set_up(&f);
    for (size_t s = 0; s < COUNT_OF(servers); s++) {
        if (web_port(&web, servers[s]) == 0) {
            printf("\n  no server %s here: left out\n", servers[s]);
            continue;
        }
        for (size_t m = 0; m < COUNT_OF(methods); m++) {
            struct hk_http_async_ask ask = ask_of(&f, methods[m], url_of(servers[s], "/echo?a=b"));
            ask.headers = headers;
            ask.body = m > 0 ? "the body" : NULL;
            ask.body_size = 8;
            run(&f, &ask);
            CU_ASSERT_EQUAL(f.status, 200);
            (void)snprintf(wanted, sizeof wanted, "\"method\": \"%s\"", methods[m]);
            CU_ASSERT_PTR_NOT_NULL(strstr(f.body, wanted));
            CU_ASSERT_PTR_NOT_NULL(strstr(f.body, "\"path\": \"/echo?a=b\""));
            CU_ASSERT_PTR_NOT_NULL(strstr(f.body, "\"authorization\": \"Bearer abc\""));
            CU_ASSERT_PTR_NOT_NULL(strstr(f.body, "\"x-mine\": \"a, b\""));
            CU_ASSERT_PTR_NOT_NULL(strstr(f.body, "\"user-agent\": \"hikeshi/"));
            CU_ASSERT_EQUAL(strstr(f.body, "\"body\": \"the body\"") != NULL, m > 0);
            CU_ASSERT_PTR_NULL(strstr(f.body, "accept-encoding"));
            CU_ASSERT_PTR_NULL(strstr(f.body, "cookie"));
            CU_ASSERT_PTR_NULL(strstr(f.body, "expect"));
            CU_ASSERT_PTR_NOT_NULL(strstr(f.headers, "\ncontent-type: application/json\n"));
            CU_ASSERT_PTR_NOT_NULL(strstr(f.headers, "\nx-two: two  words\n"));
            CU_ASSERT_EQUAL(f.socket_count, 1);
            CU_ASSERT_EQUAL(f.last_port, web_port(&web, servers[s]));
        }
    }
    take_down(&f);
}

static void answers_come_as_they_are(void)
{
    struct fixture f;

    set_up(&f);
    get(&f, "plain", "/status?code=503&text=busy");
    CU_ASSERT_EQUAL(f.status, 503);
    CU_ASSERT_STRING_EQUAL(f.body, "busy");
    get(&f, "plain", "/bytes");
    CU_ASSERT_EQUAL(f.status, 200);
    CU_ASSERT_EQUAL(f.body_size, 8);
    CU_ASSERT_EQUAL(memcmp(f.body, "\xff\xfe\0bytes", 8), 0);
    get(&f, "plain", "/status?code=204");
    CU_ASSERT_EQUAL(f.status, 204);
    CU_ASSERT_EQUAL(f.body_size, 0);
    get(&f, "plain", "/early-hints");
    CU_ASSERT_EQUAL(f.status, 200);
    CU_ASSERT_STRING_EQUAL(f.body, "late");
    CU_ASSERT_PTR_NULL(strstr(f.headers, "x-early"));
    CU_ASSERT_PTR_NOT_NULL(strstr(f.headers, "\nx-late: yes\n"));
    get(&f, "plain", "/latin");
    CU_ASSERT_EQUAL(f.status, 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.headers, "\nx-name: Caf?\n"));
    get(&f, "plain", "/big?size=100000");
    CU_ASSERT_EQUAL(f.status, 200);
    CU_ASSERT_EQUAL(f.body_size, 100000);
    struct hk_http_async_ask head = ask_of(&f, "HEAD", url_of("plain", "/big?size=100"));
    run(&f, &head);
    CU_ASSERT_EQUAL(f.status, 200);
    CU_ASSERT_EQUAL(f.body_size, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.headers, "\ncontent-length: 100\n"));
    take_down(&f);
}

static void many_are_answered_at_once(void)
{
    struct fixture f;

    set_up(&f);
    f.expected = 200; /* most wait in line */
    struct hk_http_async_ask ask = ask_of(&f, "GET", url_of("plain", "/text"));
    for (unsigned i = 0; i < f.expected; i++) {
        CU_ASSERT_NOT_EQUAL(hk_http_async_start(f.client, &ask, on_answer, &f), 0);
    }
    CU_ASSERT_EQUAL_FATAL(hk_loop_run(f.loop, NULL), HK_OK);
    CU_ASSERT_EQUAL(f.count, 200);
    CU_ASSERT_EQUAL(f.status, 200);
    f.expected = HK_HTTP_ASKS_OPEN_MAX + 1;
    f.count = 0;
    f.refused_host = "";
    for (unsigned i = 0; i < f.expected; i++) {
        (void)hk_http_async_start(f.client, &ask, on_answer, &f);
    }
    CU_ASSERT_EQUAL_FATAL(hk_loop_run(f.loop, NULL), HK_OK);
    CU_ASSERT_EQUAL(f.count, HK_HTTP_ASKS_OPEN_MAX + 1);
    CU_ASSERT_EQUAL(f.error.status, HK_DENIED);
    take_down(&f);
}

/* --- requests that are not made --- */

static void bad_requests_are_refused(void)
{
    static const char *const urls[] = {"", "localhost/", "ftp://localhost/", "file:///etc/passwd",
        "http://", "http:///", "http://a b/", "http://localhost/a b", "http://localhost/\xc3\xa9",
        "http://user@localhost/", "http://user:word@localhost/", "http://localhost:0/",
        "http://localhost:99999/", "http://localhost:port/", "http://[::1/",
        "http://[fe80::1%25lo]/", "http://[::g]/", "http://lo\ncalhost/",
        "http://b\xc3\xbc"
        "cher.example/",
        "http://good.example\\@localhost/", "http://exa$mple/", "gopher://localhost/",
        "//localhost/"};
    static const char *const bad_headers[] = {"NoColon", ": value", "Name :v",
        "Name:", "Name: ", "A: b\r\nC: d", "A: b\nC: d", "A: \x01", "Host: other",
        "content-length: 3", "Transfer-Encoding: chunked", "Connection: close",
        "Accept-Encoding: gzip", "Proxy-Authorization: x", "Expect: 100-continue", "Bad Name: x"};
    struct fixture f;

    set_up(&f);
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        struct hk_http_async_ask ask = ask_of(&f, "GET", urls[i]);
        run(&f, &ask);
        if (f.error.status != HK_INVALID) {
            printf("\n  %s\n", urls[i]);
        }
        check_failure(&f, HK_INVALID, false, "");
        CU_ASSERT_EQUAL(f.socket_count, 0);
    }
    for (size_t i = 0; i < COUNT_OF(bad_headers); i++) {
        const char *const headers[] = {"Good: yes", bad_headers[i], NULL};
        struct hk_http_async_ask ask = ask_of(&f, "GET", url_of("plain", "/text"));
        ask.headers = headers;
        run(&f, &ask);
        check_failure(&f, HK_INVALID, false, "header");
        CU_ASSERT_EQUAL(f.socket_count, 0);
    }
    static const char *const methods[] = {"", "get", "CONNECT", "TRACE", "GET /", "G\r\n"};
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        struct hk_http_async_ask ask = ask_of(&f, methods[i], url_of("plain", "/text"));
        run(&f, &ask);
        check_failure(&f, HK_INVALID, false, "method");
    }
    take_down(&f);
}

static void the_socket_decides(void)
{
    struct fixture f;

    set_up(&f);
    f.refused_host = "localhost";
    get(&f, "plain", "/text");
    check_failure(&f, HK_DENIED, false, "localhost is not granted");
    /* a name that leads to this machine, and an address of it, unless that is allowed */
    f.refused_host = NULL;
    f.way.may_be_private = false;
    get(&f, "plain", "/text");
    check_failure(&f, HK_DENIED, false, "not allowed");
    get(&f, "tls", "/text");
    check_failure(&f, HK_DENIED, false, "not allowed");
    static const char *const spellings[] = {"127.0.0.1", "0x7f.1", "2130706433", "0177.0.0.1",
        "[::ffff:127.0.0.1]", "[::7f00:1]", "[64:ff9b::127.0.0.1]", "LOCALHOST", "%6cocalhost",
        "0.0.0.0", "[::]", "169.254.169.254", "[fe80::1]", "[ff02::1]", "224.0.0.1"};
    for (size_t i = 0; i < COUNT_OF(spellings); i++) {
        char url[128];
        (void)snprintf(url, sizeof url, "http://%s:%u/text", spellings[i], web_port(&web, "plain"));
        struct hk_http_async_ask ask = ask_of(&f, "GET", url);
        run(&f, &ask);
        check_failure(&f, HK_DENIED, false, "not allowed");
    }
    take_down(&f);
}

/* --- trust --- */

static void certificates_are_checked(void)
{
    static const struct {
        const char *server;
        enum hk_status status;
        const char *says;
    } cases[] = {
        {"wrong-name", HK_DENIED, "name"},
        {"expired", HK_DENIED, "expired"},
        {"self-signed", HK_DENIED, "self-signed"},
        {"old-tls", HK_IO, ""},
    };
    struct fixture f;

    set_up(&f);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hk_http_async_ask ask = ask_of(&f, "POST", url_of(cases[i].server, "/echo"));
        ask.body = "secret";
        ask.body_size = 6;
        run(&f, &ask);
        check_failure(&f, cases[i].status, false, cases[i].says);
    }
    /* the system's authorities know nothing of ours, and a good answer before changes nothing */
    get(&f, "tls", "/text");
    CU_ASSERT_EQUAL(f.status, 200);
    struct hk_http_async_ask ask = ask_of(&f, "GET", url_of("tls", "/text"));
    ask.authorities = NULL;
    run(&f, &ask);
    check_failure(&f, HK_DENIED, false, "certificate");
    ask.authorities = "no PEM at all";
    run(&f, &ask);
    check_failure(&f, HK_INVALID, false, "certificate");
    ask.authorities = "";
    run(&f, &ask);
    check_failure(&f, HK_INVALID, false, "authorities");
    /* TLS to who does not speak it, and the other way around */
    char url[128];
    (void)snprintf(url, sizeof url, "https://localhost:%u/text", web_port(&web, "plain"));
    ask = ask_of(&f, "GET", url);
    run(&f, &ask);
    check_failure(&f, HK_IO, false, "");
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%u/text", web_port(&web, "tls"));
    ask = ask_of(&f, "GET", url);
    run(&f, &ask);
    CU_ASSERT_EQUAL(f.status, 200);
    take_down(&f);
}

/* --- redirects --- */

static char *escape(const char *url)
{
    static char text[2048];
    size_t size = 0;

    for (; *url != '\0'; url++) {
        size += (size_t)snprintf(
            text + size, sizeof text - size, "%%%02X", (unsigned)(unsigned char)*url);
    }
    return text;
}

static void redirect(struct fixture *f, const char *method, const char *from, const char *code,
    const char *to, unsigned redirects_max)
{
    static const char *const headers[] = {"Authorization: Bearer abc", "X-Key: key", NULL};
    char path[2304];

    (void)snprintf(path, sizeof path, "/redirect?code=%s&to=%s", code, escape(to));
    struct hk_http_async_ask ask = ask_of(f, method, url_of(from, path));
    ask.headers = headers;
    ask.redirects_max = redirects_max;
    if (strcmp(method, "POST") == 0) {
        ask.body = "x";
        ask.body_size = 1;
    }
    run(f, &ask);
}

static void redirects_are_followed_with_care(void)
{
    static const char *const codes[] = {"301", "302", "303", "307", "308"};
    struct fixture f;
    char to[256];

    set_up(&f);
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        redirect(&f, "GET", "plain", codes[i], "/echo?there", 1);
        CU_ASSERT_EQUAL(f.status, 200);
        CU_ASSERT_EQUAL(f.socket_count, 2);
        CU_ASSERT_PTR_NOT_NULL(strstr(f.body, "\"authorization\": \"Bearer abc\""));
        redirect(&f, "GET", "plain", codes[i], "/echo", 0);
        CU_ASSERT_EQUAL(f.status, atoi(codes[i]));
        CU_ASSERT_EQUAL(f.socket_count, 1);
        redirect(&f, "POST", "plain", codes[i], "/echo", 5);
        CU_ASSERT_EQUAL(f.status, atoi(codes[i]));
        CU_ASSERT_EQUAL(f.socket_count, 1);
    }
    redirect(&f, "HEAD", "plain", "302", "/echo", 1);
    CU_ASSERT_EQUAL(f.status, 200);
    redirect(&f, "GET", "plain", "304", "/echo", 1);
    CU_ASSERT_EQUAL(f.status, 304);
    /* another port is another server: nothing that was given goes there */
    redirect(&f, "GET", "plain", "302", url_of("tls", "/echo"), 1);
    CU_ASSERT_EQUAL(f.status, 200);
    CU_ASSERT_PTR_NULL(strstr(f.body, "authorization"));
    CU_ASSERT_PTR_NULL(strstr(f.body, "x-key"));
    (void)snprintf(to, sizeof to, "http://127.0.0.1:%u/echo", web_port(&web, "plain"));
    redirect(&f, "GET", "plain", "302", to, 1);
    CU_ASSERT_EQUAL(f.status, 200);
    CU_ASSERT_PTR_NULL(strstr(f.body, "authorization"));
    /* and back to the first one neither */
    char back[1024];
    char middle[2048];
    (void)snprintf(back, sizeof back, "%s", escape(url_of("plain", "/echo")));
    (void)snprintf(
        middle, sizeof middle, "http://127.0.0.1:%u/redirect?to=%s", web_port(&web, "plain"), back);
    redirect(&f, "GET", "plain", "302", middle, 2);
    CU_ASSERT_EQUAL(f.status, 200);
    CU_ASSERT_EQUAL(f.socket_count, 3);
    CU_ASSERT_PTR_NULL(strstr(f.body, "authorization"));
    take_down(&f);
}

static void redirects_that_are_refused(void)
{
    struct fixture f;

    set_up(&f);
    redirect(&f, "GET", "tls", "302", url_of("plain", "/echo"), 3);
    check_failure(&f, HK_DENIED, true, "from https to http");
    CU_ASSERT_EQUAL(f.socket_count, 1);
    redirect(&f, "GET", "plain", "302", "ftp://localhost/", 3);
    check_failure(&f, HK_INVALID, true, "redirect");
    redirect(&f, "GET", "plain", "302", "http://user:word@localhost/", 3);
    check_failure(&f, HK_INVALID, true, "redirect");
    redirect(&f, "GET", "plain", "302", "http://", 3);
    check_failure(&f, HK_INVALID, true, "redirect");
    /* each target is asked for like the first one */
    f.refused_host = "other.example";
    redirect(&f, "GET", "plain", "302", "http://OTHER.example:8080/x", 3);
    check_failure(&f, HK_DENIED, true, "other.example is not granted");
    CU_ASSERT_EQUAL(f.socket_count, 2);
    CU_ASSERT_STRING_EQUAL(f.last_host, "other.example");
    CU_ASSERT_EQUAL(f.last_port, 8080);
    f.refused_host = "169.254.169.254";
    redirect(&f, "GET", "plain", "302", "http://0xa9fea9fe/latest/meta-data", 3);
    check_failure(&f, HK_DENIED, true, "not granted");
    CU_ASSERT_STRING_EQUAL(f.last_host, "169.254.169.254");
    CU_ASSERT_EQUAL(f.last_port, 80);
    f.refused_host = NULL;
    struct hk_http_async_ask ask = ask_of(&f, "GET", url_of("plain", "/loop"));
    ask.redirects_max = 4;
    run(&f, &ask);
    check_failure(&f, HK_LIMIT, true, "too many redirects");
    CU_ASSERT_EQUAL(f.socket_count, 5);
    take_down(&f);
}

/* --- answers that are no answers --- */

static void bad_answers_are_failures(void)
{
    static const struct {
        const char *path;
        enum hk_status status;
        const char *says;
    } cases[] = {
        {"/close-before", HK_IO, ""},
        {"/close-head", HK_IO, ""},
        {"/close-body", HK_IO, ""},
        {"/nonsense", HK_IO, ""},
        {"/bad-header", HK_IO, "colon"},
        {"/endless", HK_LIMIT, "larger than 100000"},
        {"/big?size=100001", HK_LIMIT, "larger than 100000"},
        {"/big?size=50000000", HK_LIMIT, ""},
        {"/gzip", HK_LIMIT, "packed"},
        {"/gzip-transfer", HK_LIMIT, "larger than 100000"},
        {"/many-headers", HK_LIMIT, "head"},
        {"/long-header", HK_LIMIT, "head"},
        {"/interim", HK_LIMIT, "head"},
    };
    static const char *const servers[] = {"plain", "tls"};
    struct fixture f;

    set_up(&f);
    for (size_t s = 0; s < COUNT_OF(servers); s++) {
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
            get(&f, servers[s], cases[i].path);
            if (f.error.status != cases[i].status) {
                printf("\n  %s %s\n", servers[s], cases[i].path);
            }
            check_failure(&f, cases[i].status, true, cases[i].says);
        }
    }
    take_down(&f);
}

static void time_is_over_all(void)
{
    static const char *const paths[] = {"/slow-head", "/slow-body"};
    struct fixture f;

    set_up(&f);
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        struct hk_http_async_ask ask = ask_of(&f, "GET", url_of("plain", paths[i]));
        ask.time_max_ms = 200;
        run(&f, &ask);
        check_failure(&f, HK_TIMEOUT, true, "in time");
        CU_ASSERT(f.time_ms >= 200);
    }
    /* the socket does not come */
    f.holds = true;
    struct hk_http_async_ask ask = ask_of(&f, "GET", url_of("plain", "/text"));
    ask.time_max_ms = 50;
    run(&f, &ask);
    check_failure(&f, HK_TIMEOUT, false, "in time");
    /* and comes after all: it is closed */
    int pair[2];
    char byte;
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    f.held[1](f.held_ctx[1], pair[0], NULL);
    CU_ASSERT_EQUAL(read(pair[1], &byte, 1), 0);
    close(pair[1]);
    take_down(&f);
}

/* Two ends of a TCP connection; the first does not block. */
static void tcp_pair(int ret_pair[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CU_ASSERT_FATAL(listener >= 0);
    CU_ASSERT_EQUAL_FATAL(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    CU_ASSERT_EQUAL_FATAL(listen(listener, 1), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    ret_pair[0] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    CU_ASSERT_FATAL(ret_pair[0] >= 0);
    CU_ASSERT_EQUAL(connect(ret_pair[0], (struct sockaddr *)&address, sizeof address), -1);
    ret_pair[1] = accept(listener, NULL, NULL);
    CU_ASSERT_FATAL(ret_pair[1] >= 0);
    close(listener);
}

static void stop_loop(void *ctx)
{
    hk_loop_stop(ctx);
}

static void stop_when_readable(void *ctx, bool readable, bool writable)
{
    (void)writable;
    if (readable) {
        hk_loop_stop(ctx);
    }
}

/* A server that takes the connection and never says a word of TLS: nothing was sent to it that it
 * could have acted on. */
static void silence_before_tls_is_not_sent(void)
{
    struct fixture f;
    int pair[2];
    char bytes[2048];

    set_up(&f);
    f.holds = true;
    f.expected = 100; /* the test stops the loop */
    struct hk_http_async_ask ask = ask_of(&f, "POST", "https://quiet.example/");
    ask.body = "secret";
    ask.body_size = 6;
    (void)hk_http_async_start(f.client, &ask, on_answer, &f);
    uint64_t id = hk_http_async_start(f.client, &ask, on_answer, &f);
    /* let both come to the point where they wait for a socket */
    struct hk_timer *stop = hk_timer_new(f.loop, stop_loop, f.loop);
    hk_timer_arm(stop, 0);
    CU_ASSERT_EQUAL_FATAL(hk_loop_run(f.loop, NULL), HK_OK);
    CU_ASSERT_EQUAL_FATAL(f.socket_count, 2);
    tcp_pair(pair);
    struct hk_fd_watch *watch = hk_fd_watch_new(f.loop, pair[1], stop_when_readable, f.loop);
    f.held[0](f.held_ctx[0], pair[0], NULL);
    CU_ASSERT_EQUAL_FATAL(hk_loop_run(f.loop, NULL), HK_OK);
    hk_fd_watch_free(watch);
    CU_ASSERT(read(pair[1], bytes, sizeof bytes) > 0); /* the hello of TLS */
    CU_ASSERT_EQUAL(f.count, 0);
    hk_http_async_cancel(f.client, id);
    hk_http_async_cancel(f.client, id);
    hk_http_async_cancel(f.client, 12345);
    CU_ASSERT_EQUAL(f.count, 0); /* not within the call */
    f.expected = 1;
    CU_ASSERT_EQUAL_FATAL(hk_loop_run(f.loop, NULL), HK_OK);
    CU_ASSERT_EQUAL(f.count, 1);
    CU_ASSERT(f.was_cancelled);
    check_failure(&f, HK_IO, false, "given up");
    CU_ASSERT_EQUAL(read(pair[1], bytes, sizeof bytes), 0);
    close(pair[1]);
    hk_timer_free(stop);
    /* the other one is called back by the end of the client */
    hk_http_async_free(f.client);
    f.client = NULL;
    CU_ASSERT_EQUAL(f.count, 2);
    CU_ASSERT(f.was_cancelled);
    /* and its socket comes when nobody is there any more */
    struct hk_error late;
    (void)hk_fail(&late, HK_TIMEOUT, "no answer");
    f.held[1](f.held_ctx[1], -1, &late);
    take_down(&f);
}

struct cancel_inside {
    struct fixture *f;
    uint64_t other;
};

static void cancel_other(void *ctx, const struct hk_http_async_answer *answer)
{
    struct cancel_inside *inside = ctx;

    CU_ASSERT_EQUAL(answer->status, 200);
    hk_http_async_cancel(inside->f->client, inside->other);
}

static void one_may_cancel_another(void)
{
    struct fixture f;

    set_up(&f);
    struct cancel_inside inside = {.f = &f};
    struct hk_http_async_ask slow = ask_of(&f, "GET", url_of("plain", "/slow-body"));
    inside.other = hk_http_async_start(f.client, &slow, on_answer, &f);
    struct hk_http_async_ask quick = ask_of(&f, "GET", url_of("plain", "/text"));
    (void)hk_http_async_start(f.client, &quick, cancel_other, &inside);
    CU_ASSERT_EQUAL_FATAL(hk_loop_run(f.loop, NULL), HK_OK);
    CU_ASSERT_EQUAL(f.count, 1);
    CU_ASSERT(f.was_cancelled);
    take_down(&f);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"requests are answered", requests_are_answered},
        {"answers come as they are", answers_come_as_they_are},
        {"many are answered at once", many_are_answered_at_once},
        {"bad requests are refused", bad_requests_are_refused},
        {"the socket decides", the_socket_decides},
        {"certificates are checked", certificates_are_checked},
        {"redirects are followed with care", redirects_are_followed_with_care},
        {"redirects that are refused", redirects_that_are_refused},
        {"bad answers are failures", bad_answers_are_failures},
        {"time is over all", time_is_over_all},
        {"silence before TLS is not sent", silence_before_tls_is_not_sent},
        {"one may cancel another", one_may_cancel_another},
    };

    /* none of these is looked at */
    (void)setenv("http_proxy", "http://127.0.0.1:1", 1);
    (void)setenv("https_proxy", "http://127.0.0.1:1", 1);
    (void)setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    web_start(&web);
    int failures = suite_run("http_async", tests, COUNT_OF(tests));
    web_stop(&web);
    return failures;
}
