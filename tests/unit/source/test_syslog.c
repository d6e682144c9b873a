/*
 * syslog: what was read arrives once and in order, however often the engine says that it is busy,
 * and also when its sender has gone meanwhile.
 */
#include "base/time.h"
#include "source/syslog.h"

#include "support/suite.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGES_MAX = 20000, PATIENCE_MS = 30000 };

struct bench {
    struct hk_source_config config;
    struct hk_source source;
    struct hk_tally *tally;
    struct hk_loop *loop;
    struct hk_syslog *syslog;
    struct hk_syslog_ports ports;
    struct hk_timer *timer;
    char *messages[MESSAGES_MAX];
    size_t count;
    unsigned offers;
    unsigned busy_every; /* so many offers of as many and one are refused; 0: none */
    bool is_shut;        /* all are */
    size_t wanted;
    int64_t deadline_ms;
};

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    (void)fprintf(stderr, "can't go on: %s\n", what);
    abort();
}

static enum hk_status on_offer(void *ctx, struct hk_batch *batch)
{
    struct bench *b = ctx;

    if (b->is_shut || (b->busy_every > 0 && ++b->offers % (b->busy_every + 1) != 0))
        return HK_BUSY;
    for (unsigned i = 0; i < batch->count; i++) {
        must(b->count < MESSAGES_MAX, "too many messages");
        b->messages[b->count++] =
            strndup(batch->bytes.data + batch->messages[i].at, batch->messages[i].size);
        CU_ASSERT_STRING_EQUAL(batch->messages[i].peer, "127.0.0.1");
    }
    return HK_OK;
}

static void on_look(void *ctx)
{
    struct bench *b = ctx;

    if (b->count >= b->wanted || hk_time_monotonic_ms() > b->deadline_ms)
        hk_loop_stop(b->loop);
    else
        hk_timer_arm(b->timer, 2);
}

static void run_until(struct bench *b, size_t wanted, int64_t patience_ms)
{
    b->wanted = wanted;
    b->deadline_ms = hk_time_monotonic_ms() + patience_ms;
    hk_timer_arm(b->timer, 0);
    must(hk_loop_run(b->loop, NULL) == HK_OK, "the loop failed");
}

static void wait_for(struct bench *b, size_t wanted)
{
    run_until(b, wanted, PATIENCE_MS);
    CU_ASSERT_EQUAL(b->count, wanted);
}

static void begin(struct bench *b)
{
    const struct hk_sink sink = {.offer = on_offer, .ctx = b};
    struct hk_error error = {.text = ""};

    memset(b, 0, sizeof(*b));
    b->config = (struct hk_source_config){.tenant = "main",
        .name = "fw",
        .kind = HK_SOURCE_SYSLOG,
        .syslog = {.udp = "127.0.0.1:0", .tcp = "127.0.0.1:0"}};
    must(hk_tally_new(&b->tally, NULL) == HK_OK &&
             hk_tally_add(b->tally, 1, "fw", HK_SOURCE_SYSLOG, &b->source.row, NULL) == HK_OK,
        "no tally");
    b->source.config = &b->config;
    b->source.tenant = 1;
    must(hk_loop_new(&b->loop, &error) == HK_OK, error.text);
    must(hk_syslog_new(b->loop, &b->source, &sink, &b->syslog, &error) == HK_OK, error.text);
    hk_syslog_ports(b->syslog, &b->ports);
    b->timer = hk_timer_new(b->loop, on_look, b);
    must(b->timer != NULL, "no timer");
}

static void end(struct bench *b)
{
    hk_syslog_free(b->syslog);
    hk_timer_free(b->timer);
    hk_loop_free(b->loop);
    hk_tally_free(b->tally);
    for (size_t i = 0; i < b->count; i++)
        free(b->messages[i]);
}

static int connect_to(unsigned port, int type)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(0x7f000001)}};
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    must(
        fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "no connection");
    return fd;
}

static void send_text(int fd, const char *text)
{
    must(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text), "can't send");
}

/* count messages PREFIX-N, from first on. */
static void send_many(int fd, const char *prefix, int first, int count)
{
    char line[64];

    for (int i = first; i < first + count; i++) {
        (void)snprintf(line, sizeof(line), "<13>%s-%05d\n", prefix, i);
        send_text(fd, line);
    }
}

/* Messages of a sender, in their order. */
static bool came_in_order(const struct bench *b, const char *prefix, int count)
{
    int next = 0;
    char wanted[64];

    for (size_t i = 0; i < b->count; i++) {
        if (strstr(b->messages[i], prefix) == NULL)
            continue;
        (void)snprintf(wanted, sizeof(wanted), "<13>%s-%05d", prefix, next++);
        if (strcmp(b->messages[i], wanted) != 0)
            return false;
    }
    return next == count;
}

struct told {
    uint64_t malformed;
    uint64_t dropped;
};

static void on_source(void *ctx, const struct hk_tally_source *source)
{
    struct told *told = ctx;

    told->malformed = source->counts[HK_TALLY_malformed];
    told->dropped = source->counts[HK_TALLY_dropped];
}

static void streams_wait_and_lose_nothing(void)
{
    struct bench b;
    int one;
    int other;

    begin(&b);
    b.busy_every = 3;
    one = connect_to(b.ports.tcp, SOCK_STREAM);
    other = connect_to(b.ports.tcp, SOCK_STREAM);
    send_many(one, "one", 0, 2000);
    send_many(other, "other", 0, 2000);
    wait_for(&b, 4000);
    send_many(one, "one", 2000, 100);
    (void)close(other);
    wait_for(&b, 4100);
    CU_ASSERT_TRUE(came_in_order(&b, "one", 2100));
    CU_ASSERT_TRUE(came_in_order(&b, "other", 2000));
    (void)close(one);
    end(&b);
}

/* Who came later waits behind, with nothing but its stream. */
static void many_wait_in_line(void)
{
    enum { SENDERS = 30 };
    char prefix[16];
    struct bench b;
    int fds[SENDERS];

    begin(&b);
    b.is_shut = true;
    for (int i = 0; i < SENDERS; i++) {
        (void)snprintf(prefix, sizeof(prefix), "s%02d", i);
        fds[i] = connect_to(b.ports.tcp, SOCK_STREAM);
        send_many(fds[i], prefix, 0, 200);
        if (i % 3 == 0)
            (void)close(fds[i]);
        run_until(&b, 1, 5);
    }
    CU_ASSERT_EQUAL(b.count, 0);
    b.is_shut = false;
    b.busy_every = 2;
    wait_for(&b, (size_t)SENDERS * 200);
    for (int i = 0; i < SENDERS; i++) {
        (void)snprintf(prefix, sizeof(prefix), "s%02d", i);
        CU_ASSERT_TRUE(came_in_order(&b, prefix, 200));
        if (i % 3 != 0)
            (void)close(fds[i]);
    }
    end(&b);
}

/* The sender leaves while its messages wait, the last of them without an end. */
static void who_left_is_still_heard(void)
{
    struct bench b;
    int fd;

    begin(&b);
    b.is_shut = true;
    fd = connect_to(b.ports.tcp, SOCK_STREAM);
    send_many(fd, "gone", 0, 3000);
    send_text(fd, "<13>gone-03000");
    (void)close(fd);
    run_until(&b, 1, 300);
    CU_ASSERT_EQUAL(b.count, 0);
    b.is_shut = false;
    wait_for(&b, 3001);
    CU_ASSERT_TRUE(came_in_order(&b, "gone", 3001));
    end(&b);
}

/* What came before a stream broke is taken, also while the engine is busy. */
static void what_came_before_a_break_is_taken(void)
{
    for (int is_shut = 0; is_shut < 2; is_shut++) {
        struct told told;
        struct bench b;
        int fd;
        begin(&b);
        b.is_shut = is_shut != 0;
        fd = connect_to(b.ports.tcp, SOCK_STREAM);
        send_many(fd, "broken", 0, 10);
        send_text(fd, "99999999 <13>broken-99999\n<13>broken-99998\n");
        run_until(&b, 10, is_shut != 0 ? 200 : PATIENCE_MS);
        b.is_shut = false;
        wait_for(&b, 10);
        CU_ASSERT_TRUE(came_in_order(&b, "broken", 10));
        hk_tally_sources(b.tally, 1, on_source, &told);
        CU_ASSERT_EQUAL(told.malformed, 1);
        (void)close(fd);
        end(&b);
    }
}

static void a_stop_offers_what_was_read(void)
{
    char text[1024] = "";
    struct bench b;
    int fd;

    begin(&b);
    fd = connect_to(b.ports.tcp, SOCK_STREAM);
    b.is_shut = true;
    for (int i = 0; i < 40; i++)
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "<13>stop-%05d\n", i);
    send_text(fd, text); /* in one piece, so that it is read in one */
    run_until(&b, 1, 200);
    b.is_shut = false;
    hk_syslog_stop(b.syslog);
    CU_ASSERT_EQUAL(b.count, 40);
    CU_ASSERT_TRUE(came_in_order(&b, "stop", 40));
    (void)close(fd);
    end(&b);
}

/* They wait in the kernel while the engine is busy. */
static void datagrams_wait_in_the_kernel(void)
{
    struct told told;
    struct bench b;
    int fd;

    begin(&b);
    fd = connect_to(b.ports.udp, SOCK_DGRAM);
    b.is_shut = true;
    send_many(fd, "gram", 0, 200);
    run_until(&b, 1, 200);
    CU_ASSERT_EQUAL(b.count, 0);
    b.is_shut = false;
    wait_for(&b, 200);
    CU_ASSERT_TRUE(came_in_order(&b, "gram", 200));
    hk_tally_sources(b.tally, 1, on_source, &told);
    CU_ASSERT_EQUAL(told.dropped, 0);
    (void)close(fd);
    end(&b);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"streams wait and lose nothing", streams_wait_and_lose_nothing},
        {"many wait in line", many_wait_in_line},
        {"who left is still heard", who_left_is_still_heard},
        {"what came before a break is taken", what_came_before_a_break_is_taken},
        {"a stop offers what was read", a_stop_offers_what_was_read},
        {"datagrams wait in the kernel", datagrams_wait_in_the_kernel},
    };

    return suite_run("source syslog", tests, COUNT_OF(tests));
}
