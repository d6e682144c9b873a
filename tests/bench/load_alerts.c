/*
 * Sends distinct alerts to an engine on the loopback and counts what it acknowledged. One thread,
 * keep-alive connections, one request at a time on each.
 *
 *   load_alerts PORT TOKEN CONNECTIONS PER_REQUEST REQUESTS [RATE]
 *
 * Without RATE each connection sends again as soon as it was answered; with RATE that many requests
 * a second become due, and go out on whichever connection is free. Each alert's uid is the time at
 * which its request was sent, in microseconds, and its number. Prints one JSON object.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTIONS_MAX = 512,
    ALERTS_MAX = 5000,
    ALERT_SIZE_MAX = 512,
    ANSWER_SIZE_MAX = 1024 * 1024,
    STALL_MS = 30000, /* nothing came for so long: something is broken */
};

struct connection {
    int fd;
    char *answer;
    size_t size;
    int64_t sent_us;
    int is_busy;
};

struct load {
    struct connection connections[CONNECTIONS_MAX];
    unsigned connection_count;
    unsigned per_request;
    unsigned long requests; /* to send */
    unsigned long sent;
    unsigned long answered;
    unsigned long alerts; /* made so far */
    unsigned long accepted;
    unsigned long refused; /* requests with another answer than 202 */
    unsigned long salt;    /* addresses differ from those of earlier loads */
    const char *token;
    char *body;
    char *request;
    int64_t *waits_us; /* of each request, to its acknowledgement */
};

static void check(int holds, const char *what)
{
    if (holds)
        return;
    (void)fprintf(stderr, "load_alerts: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t time_us(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static size_t write_alert(struct load *load, char *out, int64_t now_us)
{
    unsigned long n = load->alerts++;
    unsigned long address = (load->salt + n) & 0xffffff;
    int size = snprintf(out, ALERT_SIZE_MAX,
        "{\"title\":\"Repeated failed logins for one account\",\"category\":\"authentication\","
        "\"severity\":\"high\",\"uid\":\"%lld-%lu\",\"product\":\"bench\",\"src\":{\"ip\":"
        "\"45.%lu.%lu.%lu\",\"port\":51234},\"dst\":{\"ip\":\"198.51.100.9\",\"port\":22,\"host\":"
        "\"bastion\"},\"user\":{\"name\":\"root\"},\"count\":41,\"rule\":{\"id\":\"ssh-guessing\","
        "\"attempts\":41,\"window\":\"5m\"}}",
        (long long)now_us, n, address >> 16 & 255, address >> 8 & 255, address & 255);

    return (size_t)size;
}

static void send_request(struct load *load, struct connection *c)
{
    int64_t now_us = time_us(CLOCK_REALTIME);
    size_t size = 0;
    size_t sent = 0;
    int head;

    load->body[size++] = '[';
    for (unsigned i = 0; i < load->per_request; i++) {
        if (i > 0)
            load->body[size++] = ',';
        size += write_alert(load, load->body + size, now_us);
    }
    load->body[size++] = ']';
    head = sprintf(load->request,
        "POST /v1/alerts HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n"
        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
        load->token, size);
    memcpy(load->request + head, load->body, size);
    size += (size_t)head;
    c->sent_us = time_us(CLOCK_MONOTONIC);
    c->is_busy = 1;
    c->size = 0;
    while (sent < size) { /* the socket blocks: the engine reads what it asked for */
        ssize_t result = send(c->fd, load->request + sent, size - sent, MSG_NOSIGNAL);
        check(result > 0, "can't send");
        sent += (size_t)result;
    }
    load->sent++;
}

/* Is the answer whole? Then count it. */
static int take_answer(struct load *load, struct connection *c)
{
    const char *end;
    const char *length;
    const char *accepted;

    c->answer[c->size] = '\0';
    end = strstr(c->answer, "\r\n\r\n");
    if (end == NULL)
        return 0;
    length = strstr(c->answer, "Content-Length: ");
    check(length != NULL && length < end, "an answer has no length");
    if (c->size < (size_t)(end + 4 - c->answer) + strtoul(length + 16, NULL, 10))
        return 0;
    if (strncmp(c->answer, "HTTP/1.1 202 ", 13) == 0) {
        accepted = strstr(end, "\"accepted\":");
        check(accepted != NULL, "an answer doesn't say how many were accepted");
        load->accepted += strtoul(accepted + 11, NULL, 10);
    } else {
        load->refused++;
    }
    load->waits_us[load->answered++] = time_us(CLOCK_MONOTONIC) - c->sent_us;
    c->is_busy = 0;
    return 1;
}

static void receive(struct load *load, struct connection *c)
{
    ssize_t size = recv(c->fd, c->answer + c->size, ANSWER_SIZE_MAX - 1 - c->size, MSG_DONTWAIT);

    if (size < 0 && errno == EAGAIN)
        return;
    check(size > 0, "the engine closed a connection");
    c->size += (size_t)size;
    (void)take_answer(load, c);
}

static int open_connection(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(fd >= 0, "no socket");
    check(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "can't connect");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

static void send_what_is_due(struct load *load, double rate, int64_t begun_us)
{
    unsigned long due = load->requests;

    if (rate > 0) {
        double seconds = (double)(time_us(CLOCK_MONOTONIC) - begun_us) / 1e6;
        due = (unsigned long)(seconds * rate) + 1;
        due = due < load->requests ? due : load->requests;
    }
    for (unsigned i = 0; i < load->connection_count && load->sent < due; i++)
        if (!load->connections[i].is_busy)
            send_request(load, &load->connections[i]);
}

static void run(struct load *load, int poll_fd, double rate)
{
    struct epoll_event events[CONNECTIONS_MAX];
    int64_t begun_us = time_us(CLOCK_MONOTONIC);
    int64_t last_us = begun_us;

    while (load->answered < load->requests) {
        int count;

        send_what_is_due(load, rate, begun_us);
        count = epoll_wait(poll_fd, events, CONNECTIONS_MAX, rate > 0 ? 1 : 1000);
        for (int i = 0; i < count; i++)
            receive(load, events[i].data.ptr);
        if (count > 0)
            last_us = time_us(CLOCK_MONOTONIC);
        check(time_us(CLOCK_MONOTONIC) - last_us < STALL_MS * 1000LL, "no answer came");
    }
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static void print_result(struct load *load, double seconds)
{
    size_t last = load->answered - 1;

    qsort(load->waits_us, load->answered, sizeof(load->waits_us[0]), compare);
    (void)printf("{\"seconds\":%.6f,\"accepted\":%lu,\"refused\":%lu,\"p50_us\":%lld,"
                 "\"p99_us\":%lld,\"max_us\":%lld}\n",
        seconds, load->accepted, load->refused, (long long)load->waits_us[last / 2],
        (long long)load->waits_us[last * 99 / 100], (long long)load->waits_us[last]);
}

int main(int argc, char **argv)
{
    static struct load load;
    double rate = argc > 6 ? strtod(argv[6], NULL) : 0;
    int poll_fd = epoll_create1(EPOLL_CLOEXEC);
    int64_t begun_us;

    errno = 0;
    check(argc >= 6 && poll_fd >= 0,
        "usage: load_alerts PORT TOKEN CONNECTIONS PER_REQUEST REQUESTS [RATE]");
    load.token = argv[2];
    load.connection_count = (unsigned)strtoul(argv[3], NULL, 10);
    load.per_request = (unsigned)strtoul(argv[4], NULL, 10);
    load.requests = strtoul(argv[5], NULL, 10);
    load.salt = (unsigned long)time_us(CLOCK_REALTIME) / 10;
    check(load.connection_count >= 1 && load.connection_count <= CONNECTIONS_MAX &&
              load.per_request >= 1 && load.per_request <= ALERTS_MAX && load.requests >= 1,
        "a number is out of range");
    load.body = malloc((size_t)load.per_request * (ALERT_SIZE_MAX + 1) + 2);
    load.request = malloc((size_t)load.per_request * (ALERT_SIZE_MAX + 1) + 4096);
    load.waits_us = calloc(load.requests, sizeof(load.waits_us[0]));
    check(load.body != NULL && load.request != NULL && load.waits_us != NULL, "out of memory");
    for (unsigned i = 0; i < load.connection_count; i++) {
        struct connection *c = &load.connections[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};

        c->fd = open_connection((unsigned)strtoul(argv[1], NULL, 10));
        c->answer = malloc(ANSWER_SIZE_MAX);
        check(c->answer != NULL, "out of memory");
        check(epoll_ctl(poll_fd, EPOLL_CTL_ADD, c->fd, &event) == 0, "can't poll");
    }
    begun_us = time_us(CLOCK_MONOTONIC);
    run(&load, poll_fd, rate);
    print_result(&load, (double)(time_us(CLOCK_MONOTONIC) - begun_us) / 1e6);
    return 0;
}
