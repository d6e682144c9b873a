/*
 * http_client: calls to our own server, over TCP and the Unix socket, and the ways to get no
 * answer.
 */
#include "loop/http_client.h"

#include "fixture.h"

static char url[128];

static const char *url_of(const struct fixture *f, const char *path)
{
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u%s", f->port, path);
    return url;
}

static void check_call(
    const struct hk_http_call *call, size_t size_max, enum hk_status status, const char *body)
{
    struct hk_error error = {0};
    struct hk_buf out;
    int http_status = 0;

    hk_buf_init(&out, size_max);
    enum hk_status result = hk_http_call(call, &http_status, &out, &error);
    if (result != status) {
        printf("\n  %s: %s\n", hk_status_text(result), error.text);
    }
    CU_ASSERT_EQUAL(result, status);
    if (status == HK_OK) {
        CU_ASSERT_EQUAL(http_status, 200);
    } else {
        CU_ASSERT(error.text[0] != '\0');
    }
    if (body != NULL) {
        CU_ASSERT_STRING_EQUAL(out.size > 0 ? out.data : "", body);
    }
    hk_buf_done(&out);
}

static void calls_are_answered(void)
{
    static const char *const methods[] = {"GET", "PUT", "DELETE", "PATCH", "POST"};
    static const char *const headers[] = {"X-A: b", NULL};
    struct fixture f;

    fixture_start(&f, NULL);
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        struct hk_http_call call = {.url = url_of(&f, "/one"),
            .method = methods[i],
            .token = "secret",
            .headers = headers,
            .time_max_ms = 10000};
        check_call(&call, 1024, HK_OK, "/one remote");
        call.url = url_of(&f, "/echo");
        call.body = "hello";
        call.body_size = 5;
        call.body_type = "text/plain";
        check_call(&call, 1024, HK_OK, "hello");
    }
    struct hk_http_call head = {.url = url_of(&f, "/one"), .method = "HEAD", .time_max_ms = 10000};
    check_call(&head, 1024, HK_OK, "");
    struct hk_http_call big = {.url = url_of(&f, "/echo"),
        .method = "POST",
        .body = f.big,
        .body_size = 3000000, /* sent with Expect: 100-continue */
        .time_max_ms = 10000};
    check_call(&big, 4000000, HK_OK, NULL);
    fixture_stop(&f);
}

static char socket_path[80];

static void job_listen(struct fixture *f)
{
    char address[96];

    (void)snprintf(address, sizeof address, "unix:%s", socket_path);
    CU_ASSERT_EQUAL(hk_http_server_listen(f->server, address, NULL, NULL, NULL), HK_OK);
}

static void unix_sockets_are_called(void)
{
    char folder[] = "/tmp/hk-test-XXXXXX";
    struct fixture f;
    struct hk_http_call call = {.url = "http://localhost/one",
        .unix_socket = socket_path,
        .method = "GET",
        .time_max_ms = 10000};

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    (void)snprintf(socket_path, sizeof socket_path, "%s/socket", folder);
    fixture_start(&f, NULL);
    fixture_do(&f, job_listen);
    check_call(&call, 1024, HK_OK, "/one local");
    fixture_stop(&f);
    check_call(&call, 1024, HK_IO, NULL);
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

static void calls_without_answer_say_why(void)
{
    struct fixture f;
    struct hk_http_call call = {.method = "GET", .time_max_ms = 50};

    fixture_start(&f, NULL);
    call.url = url_of(&f, "/later");
    check_call(&call, 1024, HK_TIMEOUT, NULL);
    call.time_max_ms = 10000;
    call.url = url_of(&f, "/big");
    check_call(&call, 1024, HK_LIMIT, NULL);
    call.url = "file:///etc/hostname";
    check_call(&call, 1024, HK_INVALID, NULL);
    call.url = "ftp://127.0.0.1/";
    check_call(&call, 1024, HK_INVALID, NULL);
    call.url = url_of(&f, "/one");
    call.token = "a\r\nX-Evil: b";
    check_call(&call, 1024, HK_INVALID, NULL);
    call.token = NULL;
    call.time_max_ms = 0;
    check_call(&call, 1024, HK_INVALID, NULL);
    fixture_stop(&f);
    call.time_max_ms = 10000;
    check_call(&call, 1024, HK_IO, NULL);
}

static void environment_gives_no_proxy(void)
{
    struct fixture f;
    struct hk_http_call call = {.method = "GET", .time_max_ms = 10000};

    CU_ASSERT_EQUAL(setenv("http_proxy", "http://127.0.0.1:1/", 1), 0);
    CU_ASSERT_EQUAL(setenv("ALL_PROXY", "http://127.0.0.1:1/", 1), 0);
    fixture_start(&f, NULL);
    call.url = url_of(&f, "/one");
    check_call(&call, 1024, HK_OK, "/one remote");
    fixture_stop(&f);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"calls are answered", calls_are_answered},
        {"unix sockets are called", unix_sockets_are_called},
        {"calls without answer say why", calls_without_answer_say_why},
        {"the environment gives no proxy", environment_gives_no_proxy},
    };

    return suite_run("http_client", tests, COUNT_OF(tests));
}
