/*
 * wire: frames between the engine and a plugin process. A frame is four bytes of length (little
 * endian) and one JSON object; a descriptor can ride on a frame's first byte (SCM_RIGHTS).
 *
 * Both ends read strictly and within bounds. The engine's end takes no descriptors: what a plugin
 * attaches is dropped by the kernel.
 */
#ifndef HK_PLUGIN_WIRE_H
#define HK_PLUGIN_WIRE_H

#include "base/buf.h"
#include "base/json.h"

#include <sys/types.h>

#define HK_WIRE_HEAD_SIZE 4
#define HK_WIRE_FDS_MAX 64

struct hk_wire_reader {
    struct hk_buf bytes;
    size_t used; /* bytes at the front that are done with */
    bool takes_fds;
    bool at_end;              /* the other side is gone */
    int fds[HK_WIRE_FDS_MAX]; /* that arrived and nobody took yet, oldest first */
    unsigned fd_count;
};

void hk_wire_reader_init(struct hk_wire_reader *reader, bool takes_fds);
/* Frees memory and closes descriptors that nobody took. */
void hk_wire_reader_done(struct hk_wire_reader *reader);
/* Read once what has arrived on a non-blocking socket; nothing there is HK_OK. At the end of the
 * file at_end is set. HK_IO when the socket failed, HK_LIMIT when too many descriptors came. */
HK_MUST_CHECK enum hk_status hk_wire_read(
    struct hk_wire_reader *reader, int fd, size_t *ret_size, struct hk_error *error);
/* Add bytes as if they had been read. */
HK_MUST_CHECK enum hk_status hk_wire_feed(
    struct hk_wire_reader *reader, const void *data, size_t size, struct hk_error *error);
/* Take the next complete frame. *ret_ready is false when there is none yet. HK_LIMIT or HK_INVALID
 * when what came is no frame: nothing after it can be read. Free with hk_json_doc_done. */
HK_MUST_CHECK enum hk_status hk_wire_next(struct hk_wire_reader *reader,
    struct hk_json_doc *ret_doc, bool *ret_ready, struct hk_error *error);
/* The oldest descriptor that arrived, now the caller's; -1 when there is none. */
int hk_wire_take_fd(struct hk_wire_reader *reader);

struct hk_wire_fd {
    size_t at; /* offset in bytes of the frame it rides on */
    int fd;
};

struct hk_wire_writer {
    struct hk_buf bytes;
    size_t used; /* bytes at the front that were sent */
    struct hk_wire_fd fds[HK_WIRE_FDS_MAX];
    unsigned fd_count;
};

void hk_wire_writer_init(struct hk_wire_writer *writer);
void hk_wire_writer_done(struct hk_wire_writer *writer);
/* Queue one frame. take_fd (or -1) is the writer's from now on, also on failure. HK_LIMIT when the
 * frame is too big or the queue is full; nothing was queued then. */
HK_MUST_CHECK enum hk_status hk_wire_put(struct hk_wire_writer *writer, const char *json,
    size_t size, int take_fd, struct hk_error *error);
/* Bytes that wait. */
size_t hk_wire_waiting(const struct hk_wire_writer *writer);
/* Send what the socket takes. HK_IO when the other side is gone. */
HK_MUST_CHECK enum hk_status hk_wire_flush(
    struct hk_wire_writer *writer, int fd, struct hk_error *error);

/* One sendmsg that does not wait, with up to HK_WIRE_FDS_MAX descriptors, which stay the caller's.
 */
ssize_t hk_wire_send(int fd, const void *data, size_t size, const int *fds, unsigned fd_count);

#endif
