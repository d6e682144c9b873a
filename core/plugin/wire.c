#include "plugin/wire.h"

#include "limits.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_SIZE 16384
#define COMPACT_SIZE 65536

static const struct hk_json_limits frame_limits = {
    .size_max = HK_WIRE_FRAME_SIZE_MAX,
    .depth_max = HK_ALERT_DEPTH_MAX + 16, /* arguments lie a few levels down in a frame */
    .nodes_max = 65536,
};

void hk_wire_reader_init(struct hk_wire_reader *reader, bool takes_fds)
{
    memset(reader, 0, sizeof(*reader));
    /* One unfinished frame and what one read brings beyond it. */
    hk_buf_init(
        &reader->bytes, HK_WIRE_FRAME_SIZE_MAX + HK_WIRE_HEAD_SIZE + COMPACT_SIZE + READ_SIZE);
    reader->takes_fds = takes_fds;
}

void hk_wire_reader_done(struct hk_wire_reader *reader)
{
    hk_buf_done(&reader->bytes);
    reader->used = 0;
    while (reader->fd_count > 0)
        close(reader->fds[--reader->fd_count]);
}

enum hk_status hk_wire_feed(
    struct hk_wire_reader *reader, const void *data, size_t size, struct hk_error *error)
{
    if (reader->used > 0 && (reader->used == reader->bytes.size || reader->used >= COMPACT_SIZE)) {
        hk_buf_drop_front(&reader->bytes, reader->used);
        reader->used = 0;
    }
    hk_buf_append(&reader->bytes, data, size);
    return hk_buf_check(&reader->bytes, "frame", error);
}

/* Keep the descriptors of a message; false when there are too many. */
static bool keep_fds(struct hk_wire_reader *reader, struct msghdr *message)
{
    bool fits = (message->msg_flags & MSG_CTRUNC) == 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
            if (reader->fd_count < HK_WIRE_FDS_MAX) {
                reader->fds[reader->fd_count++] = fd;
            } else {
                close(fd);
                fits = false;
            }
        }
    }
    return fits;
}

enum hk_status hk_wire_read(
    struct hk_wire_reader *reader, int fd, size_t *ret_size, struct hk_error *error)
{
    char data[READ_SIZE];
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * HK_WIRE_FDS_MAX)];
    } control;
    struct iovec part = {.iov_base = data, .iov_len = sizeof(data)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    *ret_size = 0;
    if (reader->takes_fds) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof(control.bytes);
    }
    ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return HK_OK;
    if (n < 0 && errno != ECONNRESET)
        return hk_fail(error, HK_IO, "can't read from the other process: %s", strerror(errno));
    if (reader->takes_fds && n >= 0 && !keep_fds(reader, &message))
        return hk_fail(error, HK_LIMIT, "too many descriptors at once");
    if (n <= 0) {
        reader->at_end = true;
        return HK_OK;
    }
    *ret_size = (size_t)n;
    return hk_wire_feed(reader, data, (size_t)n, error);
}

enum hk_status hk_wire_next(struct hk_wire_reader *reader, struct hk_json_doc *ret_doc,
    bool *ret_ready, struct hk_error *error)
{
    *ret_ready = false;
    size_t there = reader->bytes.size - reader->used;
    if (there < HK_WIRE_HEAD_SIZE)
        return HK_OK;
    const uint8_t *head = (const uint8_t *)reader->bytes.data + reader->used;
    size_t size =
        (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
    if (size > HK_WIRE_FRAME_SIZE_MAX)
        return hk_fail(error, HK_LIMIT, "a frame of %zu bytes, at most %d are allowed", size,
            HK_WIRE_FRAME_SIZE_MAX);
    if (there - HK_WIRE_HEAD_SIZE < size)
        return HK_OK;
    enum hk_status status =
        hk_json_parse((const char *)head + HK_WIRE_HEAD_SIZE, size, &frame_limits, ret_doc, error);
    if (status != HK_OK)
        return hk_error_prefix(error, "bad frame");
    if (ret_doc->root->type != HK_JSON_OBJECT) {
        hk_json_doc_done(ret_doc);
        return hk_fail(error, HK_INVALID, "bad frame: not an object");
    }
    reader->used += HK_WIRE_HEAD_SIZE + size;
    *ret_ready = true;
    return HK_OK;
}

int hk_wire_take_fd(struct hk_wire_reader *reader)
{
    if (reader->fd_count == 0)
        return -1;
    int fd = reader->fds[0];
    reader->fd_count--;
    memmove(reader->fds, reader->fds + 1, reader->fd_count * sizeof(reader->fds[0]));
    return fd;
}

void hk_wire_writer_init(struct hk_wire_writer *writer)
{
    memset(writer, 0, sizeof(*writer));
    hk_buf_init(&writer->bytes, HK_WIRE_QUEUE_SIZE_MAX);
}

void hk_wire_writer_done(struct hk_wire_writer *writer)
{
    hk_buf_done(&writer->bytes);
    writer->used = 0;
    while (writer->fd_count > 0)
        close(writer->fds[--writer->fd_count].fd);
}

size_t hk_wire_waiting(const struct hk_wire_writer *writer)
{
    return writer->bytes.size - writer->used;
}

static void compact(struct hk_wire_writer *writer)
{
    if (writer->used == 0 || (writer->used < writer->bytes.size && writer->used < COMPACT_SIZE))
        return;
    hk_buf_drop_front(&writer->bytes, writer->used);
    for (unsigned i = 0; i < writer->fd_count; i++)
        writer->fds[i].at -= writer->used;
    writer->used = 0;
}

enum hk_status hk_wire_put(struct hk_wire_writer *writer, const char *json, size_t size,
    int take_fd, struct hk_error *error)
{
    const uint8_t head[HK_WIRE_HEAD_SIZE] = {
        (uint8_t)size, (uint8_t)(size >> 8), (uint8_t)(size >> 16), (uint8_t)(size >> 24)};
    const char *why = NULL;

    compact(writer);
    if (size > HK_WIRE_FRAME_SIZE_MAX)
        why = "the frame is too big";
    else if (size + sizeof(head) > HK_WIRE_QUEUE_SIZE_MAX - writer->bytes.size)
        why = "the other process does not read";
    else if (take_fd >= 0 && writer->fd_count == HK_WIRE_FDS_MAX)
        why = "too many descriptors wait";
    if (why != NULL) {
        if (take_fd >= 0)
            close(take_fd);
        return hk_fail(error, HK_LIMIT, "%s", why);
    }
    if (take_fd >= 0)
        writer->fds[writer->fd_count++] =
            (struct hk_wire_fd){.at = writer->bytes.size, .fd = take_fd};
    hk_buf_append(&writer->bytes, head, sizeof(head));
    hk_buf_append(&writer->bytes, json, size);
    return hk_buf_check(&writer->bytes, "wire queue", error);
}

ssize_t hk_wire_send(int fd, const void *data, size_t size, const int *fds, unsigned fd_count)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * HK_WIRE_FDS_MAX)];
    } control;
    struct iovec part = {.iov_base = (void *)data, .iov_len = size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    assert(fd_count <= HK_WIRE_FDS_MAX);
    if (fd_count > 0) {
        memset(&control, 0, sizeof(control));
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
        struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * fd_count);
    }
    return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* One sendmsg: up to the next frame with a descriptor, or from that frame on with it. */
static ssize_t send_part(struct hk_wire_writer *writer, int fd)
{
    bool has_fd = writer->fd_count > 0 && writer->fds[0].at == writer->used;
    unsigned next = has_fd ? 1 : 0;
    size_t end = next < writer->fd_count ? writer->fds[next].at : writer->bytes.size;
    ssize_t n = hk_wire_send(
        fd, writer->bytes.data + writer->used, end - writer->used, &writer->fds[0].fd, next);

    if (n > 0 && has_fd) {
        close(writer->fds[0].fd);
        writer->fd_count--;
        memmove(writer->fds, writer->fds + 1, writer->fd_count * sizeof(writer->fds[0]));
    }
    return n;
}

enum hk_status hk_wire_flush(struct hk_wire_writer *writer, int fd, struct hk_error *error)
{
    while (hk_wire_waiting(writer) > 0) {
        ssize_t n = send_part(writer, fd);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (n < 0)
            return hk_fail(error, HK_IO, "can't write to the other process: %s", strerror(errno));
        writer->used += (size_t)n;
    }
    compact(writer);
    return HK_OK;
}
