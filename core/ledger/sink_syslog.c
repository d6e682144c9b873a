/*
 * sink_syslog: checkpoints to a syslog server; see sink.h.
 */
#include "ledger/sink.h"

#include "base/json.h"
#include "base/time.h"
#include "limits.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PRIORITY (13 * 8 + 5) /* RFC 5424 section 6.2.1: log audit, notice */

struct place {
    int socktype;
    char host[256];
    char port[6];
};

static enum hk_status read_place(const char *text, struct place *ret_place, struct hk_error *error)
{
    const char *host = text + 4;
    const char *colon = strrchr(text, ':');
    size_t size;

    if (strncmp(text, "udp:", 4) != 0 && strncmp(text, "tcp:", 4) != 0)
        goto bad;
    ret_place->socktype = text[0] == 'u' ? SOCK_DGRAM : SOCK_STREAM;
    if (colon < host || strlen(colon + 1) >= sizeof(ret_place->port) || colon[1] == '\0' ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1))
        goto bad;
    size = (size_t)(colon - host);
    if (size >= 2 && host[0] == '[' && host[size - 1] == ']') {
        host++;
        size -= 2;
    } else if (memchr(host, ':', size) != NULL) {
        goto bad;
    }
    if (size == 0 || size >= sizeof(ret_place->host))
        goto bad;
    memcpy(ret_place->host, host, size);
    ret_place->host[size] = '\0';
    memcpy(ret_place->port, colon + 1, strlen(colon + 1) + 1);
    return HK_OK;
bad:
    return hk_fail(error, HK_INVALID, "expected \"udp:HOST:PORT\" or \"tcp:HOST:PORT\"");
}

enum hk_status hk_sink_syslog_check(const char *place, struct hk_error *error)
{
    struct place read;

    return read_place(place, &read, error);
}

/* RFC 5424 section 6, without structured data. */
static void put_message(const struct hk_sink_note *note, struct hk_buf *out)
{
    char host[256] = "-";
    char time[HK_TIME_TEXT_SIZE];
    struct hk_jw jw;

    if (gethostname(host, sizeof(host)) != 0 || host[0] == '\0')
        memcpy(host, "-", sizeof("-"));
    host[sizeof(host) - 1] = '\0';
    hk_time_format(hk_time_wall_us(), time);
    hk_buf_appendf(
        out, "<%d>1 %s %s hikeshi %ld checkpoint - ", PRIORITY, time, host, (long)getpid());
    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "tenant", note->tenant);
    hk_jw_kv(&jw, "checkpoint", note->text);
    hk_jw_object_end(&jw);
}

static int left_ms(int64_t until_ms)
{
    int64_t left = until_ms - hk_time_monotonic_ms();

    return left > 0 ? (int)left : 0;
}

static enum hk_status wait_for(int fd, short events, int64_t until_ms, struct hk_error *error)
{
    struct pollfd poll_fd = {.fd = fd, .events = events};
    int count;

    do
        count = poll(&poll_fd, 1, left_ms(until_ms));
    while (count < 0 && errno == EINTR);
    if (count == 0)
        return hk_fail(error, HK_TIMEOUT, "the server takes too long");
    return count > 0 ? HK_OK : hk_fail(error, HK_IO, "can't wait: %s", strerror(errno));
}

/* Connect to the first address that takes it. */
static enum hk_status connect_to(
    const struct place *place, int64_t until_ms, int *ret_fd, struct hk_error *error)
{
    const struct addrinfo hints = {.ai_socktype = place->socktype, .ai_family = AF_UNSPEC};
    struct addrinfo *addresses = NULL;
    enum hk_status status = HK_IO;
    int code = getaddrinfo(place->host, place->port, &hints, &addresses);

    if (code != 0)
        return hk_fail(error, HK_IO, "can't look up the name: %s", gai_strerror(code));
    for (const struct addrinfo *it = addresses; it != NULL && status != HK_OK; it = it->ai_next) {
        int problem = 0;
        socklen_t size = sizeof(problem);
        int fd = socket(it->ai_family, it->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0) {
            status = hk_fail(error, HK_IO, "can't make a socket: %s", strerror(errno));
            continue;
        }
        status = HK_OK;
        if (connect(fd, it->ai_addr, it->ai_addrlen) != 0)
            status = errno == EINPROGRESS
                         ? wait_for(fd, POLLOUT, until_ms, error)
                         : hk_fail(error, HK_IO, "can't connect: %s", strerror(errno));
        if (status == HK_OK && getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &size) == 0 &&
            problem != 0)
            status = hk_fail(error, HK_IO, "can't connect: %s", strerror(problem));
        if (status == HK_OK)
            *ret_fd = fd;
        else
            (void)close(fd);
    }
    freeaddrinfo(addresses);
    return status;
}

static enum hk_status send_all(
    int fd, const char *data, size_t size, int64_t until_ms, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    while (size > 0 && status == HK_OK) {
        ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);

        if (sent > 0) {
            data += sent;
            size -= (size_t)sent;
        } else if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            status = wait_for(fd, POLLOUT, until_ms, error);
        } else if (sent < 0 && errno != EINTR) {
            status = hk_fail(error, HK_IO, "can't send: %s", strerror(errno));
        }
    }
    return status;
}

/* Nobody confirms a message; but who takes it closes in answer to our end, and who doesn't resets
 * the connection. One that stays open says nothing more, and is believed. */
static enum hk_status end_stream(int fd, int64_t until_ms, struct hk_error *error)
{
    char text[256];
    ssize_t size;

    (void)shutdown(fd, SHUT_WR);
    do {
        if (wait_for(fd, POLLIN, until_ms, NULL) != HK_OK)
            return HK_OK;
        size = recv(fd, text, sizeof(text), 0);
    } while (size > 0 || (size < 0 && (errno == EINTR || errno == EAGAIN)));
    return size == 0 ? HK_OK : hk_fail(error, HK_IO, "the server broke off: %s", strerror(errno));
}

static enum hk_status send_note(int fd, const struct place *place, const struct hk_sink_note *note,
    int64_t until_ms, struct hk_error *error)
{
    struct hk_buf message;
    struct hk_buf frame;
    enum hk_status status;

    hk_buf_init(&message, HK_SINK_MESSAGE_SIZE_MAX);
    hk_buf_init(&frame, HK_SINK_MESSAGE_SIZE_MAX + 16);
    put_message(note, &message);
    status = hk_buf_check(&message, "a message", error);
    if (status == HK_OK) {
        if (place->socktype == SOCK_STREAM)
            hk_buf_appendf(&frame, "%zu ", message.size);
        hk_buf_append(&frame, message.data, message.size);
        status = hk_buf_check(&frame, "a message", error);
    }
    if (status == HK_OK)
        status = send_all(fd, frame.data, frame.size, until_ms, error);
    hk_buf_done(&message);
    hk_buf_done(&frame);
    return status;
}

enum hk_status hk_sink_syslog(
    const char *text, const struct hk_sink_note *notes, struct hk_error *error)
{
    int64_t until_ms = hk_time_monotonic_ms() + HK_SINK_TIME_MAX_MS;
    struct place place;
    int fd = -1;
    enum hk_status status = read_place(text, &place, error);

    if (status == HK_OK)
        status = connect_to(&place, until_ms, &fd, error);
    for (const struct hk_sink_note *note = notes; note != NULL && status == HK_OK;
         note = note->next)
        status = send_note(fd, &place, note, until_ms, error);
    if (status == HK_OK && place.socktype == SOCK_STREAM)
        status = end_stream(fd, hk_time_monotonic_ms() + HK_SINK_LINGER_MS, error);
    if (fd >= 0)
        (void)close(fd);
    return status;
}
