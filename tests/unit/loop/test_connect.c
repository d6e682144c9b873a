/*
 * connect: what is connected was checked first, every request ends once, and the socket is the
 * caller's.
 */
#include "loop/connect.h"

#include "support/suite.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct outcome {
    struct hk_loop *loop;
    struct hk_connector *connector;
    bool is_allowed;
    unsigned checks;
    char checked[HK_IP_TEXT_SIZE];
    unsigned checked_port;
    unsigned dones;
    int fd;
    struct hk_error error;
};

static bool on_check(void *ctx, const struct hk_ip *address, unsigned port)
{
    struct outcome *o = ctx;

    o->checks++;
    o->checked_port = port;
    hk_ip_format(address, o->checked);
    return o->is_allowed;
}

static void on_done(void *ctx, int fd, const struct hk_error *error)
{
    struct outcome *o = ctx;

    o->dones++;
    o->fd = fd;
    CU_ASSERT_EQUAL(fd < 0, error != NULL);
    if (error != NULL) {
        o->error = *error;
        CU_ASSERT(error->text[0] != '\0');
    }
    hk_loop_stop(o->loop);
}

static void set_up(struct outcome *o, bool is_allowed)
{
    memset(o, 0, sizeof *o);
    o->is_allowed = is_allowed;
    o->fd = -1;
    CU_ASSERT_EQUAL_FATAL(hk_loop_new(&o->loop, NULL), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_connector_new(o->loop, &o->connector, NULL), HK_OK);
}

static void take_down(struct outcome *o)
{
    hk_connector_free(o->connector);
    hk_loop_free(o->loop);
}

/* Connect and wait for the end. */
static void attempt(
    struct outcome *o, const char *host, unsigned port, int64_t time_max_ms, bool is_allowed)
{
    set_up(o, is_allowed);
    hk_connector_start(o->connector, host, port, time_max_ms, on_check, on_done, o);
    CU_ASSERT_EQUAL(o->dones, 0); /* not within the call */
    CU_ASSERT_EQUAL(hk_loop_run(o->loop, NULL), HK_OK);
    CU_ASSERT_EQUAL(o->dones, 1);
    take_down(o);
    CU_ASSERT_EQUAL(o->dones, 1);
}

/* A listening socket on the loopback; backlog < 0 takes the port and refuses. */
static int listen_somewhere(int backlog, unsigned *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&address, size), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    if (backlog >= 0) {
        CU_ASSERT_EQUAL_FATAL(listen(fd, backlog), 0);
    }
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static void addresses_and_names_connect(void)
{
    static const char *const hosts[] = {
        "127.0.0.1", "::ffff:127.0.0.1", "[::ffff:127.0.0.1]", "localhost"};
    unsigned port = 0;
    int listening = listen_somewhere(8, &port);

    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        struct outcome o;
        attempt(&o, hosts[i], port, 10000, true);
        CU_ASSERT_FATAL(o.fd >= 0);
        CU_ASSERT_EQUAL(o.checked_port, port);
        CU_ASSERT_STRING_EQUAL(o.checked, "127.0.0.1");
        CU_ASSERT((fcntl(o.fd, F_GETFL) & O_NONBLOCK) != 0);
        CU_ASSERT((fcntl(o.fd, F_GETFD) & FD_CLOEXEC) != 0);
        int accepted = accept(listening, NULL, NULL);
        CU_ASSERT_EQUAL(write(o.fd, "x", 1), 1); /* still open, connector and loop being gone */
        char byte = 0;
        CU_ASSERT_EQUAL(read(accepted, &byte, 1), 1);
        close(accepted);
        close(o.fd);
    }
    close(listening);
}

static void refusal_of_the_peer_is_told(void)
{
    struct outcome o;
    unsigned port = 0;
    int taken = listen_somewhere(-1, &port);

    attempt(&o, "127.0.0.1", port, 10000, true);
    CU_ASSERT_EQUAL(o.fd, -1);
    CU_ASSERT_EQUAL(o.error.status, HK_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(o.error.text, "127.0.0.1"));
    close(taken);
}

static void denied_addresses_see_no_packet(void)
{
    static const char *const hosts[] = {"127.0.0.1", "localhost"};
    unsigned port = 0;
    int listening = listen_somewhere(8, &port);

    CU_ASSERT_EQUAL(fcntl(listening, F_SETFL, O_NONBLOCK), 0);
    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        struct outcome o;
        attempt(&o, hosts[i], port, 10000, false);
        CU_ASSERT(o.checks >= 1);
        CU_ASSERT_EQUAL(o.fd, -1);
        CU_ASSERT_EQUAL(o.error.status, HK_DENIED);
        CU_ASSERT_EQUAL(accept(listening, NULL, NULL), -1);
    }
    close(listening);
}

static void what_is_no_host_is_refused_unchecked(void)
{
    static const char *const hosts[] = {"", ".", "a b", "a/b", "a..b", ".a", "127.1", "0x7f.1",
        "2130706433", "127.0.0.01", "017700000001", "a.0x7f", "[::1", "a:80", "1.2.3.4.",
        "\xc3\xa9.example",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "a"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "a"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "a"};

    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        struct outcome o;
        attempt(&o, hosts[i], 80, 10000, true);
        CU_ASSERT_EQUAL(o.checks, 0);
        CU_ASSERT_EQUAL(o.fd, -1);
        CU_ASSERT_EQUAL(o.error.status, HK_INVALID);
    }
}

/* A full backlog: the kernel leaves further connections without an answer. */
static void silence_is_out_of_time(void)
{
    struct outcome o;
    unsigned port = 0;
    int listening = listen_somewhere(0, &port);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fillers[4];

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (size_t i = 0; i < COUNT_OF(fillers); i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(fillers[i], (struct sockaddr *)&address, sizeof address);
    }
    attempt(&o, "127.0.0.1", port, 60, true);
    CU_ASSERT_EQUAL(o.fd, -1);
    CU_ASSERT_EQUAL(o.error.status, HK_TIMEOUT);
    for (size_t i = 0; i < COUNT_OF(fillers); i++) {
        close(fillers[i]);
    }
    close(listening);
}

static void unknown_names_end_in_an_error(void)
{
    struct outcome o;

    attempt(&o, "no-such-host.invalid", 80, 200, true);
    CU_ASSERT_EQUAL(o.checks, 0);
    CU_ASSERT_EQUAL(o.fd, -1);
    CU_ASSERT(o.error.status == HK_NOT_FOUND || o.error.status == HK_TIMEOUT);
}

static void stop_soon(void *ctx)
{
    hk_loop_stop(ctx);
}

/* One request not begun, one that waits for the resolver, one that waits for its peer. */
static void open_requests_end_with_the_connector(void)
{
    struct outcome o;
    unsigned port = 0;
    int listening = listen_somewhere(8, &port);

    set_up(&o, true);
    hk_connector_start(o.connector, "no-such-host.invalid", 80, 60000, on_check, on_done, &o);
    struct hk_timer *soon = hk_timer_new(o.loop, stop_soon, o.loop);
    CU_ASSERT_PTR_NOT_NULL_FATAL(soon);
    hk_timer_arm(soon, 0);
    CU_ASSERT_EQUAL(hk_loop_run(o.loop, NULL), HK_OK);
    hk_timer_free(soon);
    unsigned before = o.dones;
    hk_connector_start(o.connector, "127.0.0.1", port, 60000, on_check, on_done, &o);
    hk_connector_start(o.connector, "localhost", port, 60000, on_check, on_done, &o);
    CU_ASSERT_EQUAL(o.dones, before);
    take_down(&o);
    CU_ASSERT_EQUAL(o.dones, 3);
    CU_ASSERT_EQUAL(o.error.status, HK_DENIED);
    hk_connector_free(NULL);
    close(listening);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"addresses and names connect", addresses_and_names_connect},
        {"refusal of the peer is told", refusal_of_the_peer_is_told},
        {"denied addresses see no packet", denied_addresses_see_no_packet},
        {"what is no host is refused unchecked", what_is_no_host_is_refused_unchecked},
        {"silence is out of time", silence_is_out_of_time},
        {"unknown names end in an error", unknown_names_end_in_an_error},
        {"open requests end with the connector", open_requests_end_with_the_connector},
    };

    return suite_run("connect", tests, COUNT_OF(tests));
}
