/*
 * http_async: real servers. What is promised: one callback, over sockets that were asked for, to
 * the server that the certificate names, and redirects that are looked at like the first target.
 */
#include "loop/http_async.h"

#include "http_async_fixture.h"

#include "limits.h"

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
    (void)snprintf(back, sizeof back, "%.1023s", escape(url_of("plain", "/echo")));
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
    };

    return run_suite("http_async", tests, COUNT_OF(tests));
}
