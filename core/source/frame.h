/*
 * frame: cut a stream into syslog messages (RFC 6587; over TLS RFC 5425, which is the first way of
 * it). Pure; fed with bytes as they come.
 *
 * A frame that begins with a number, a blank and '<' is counted: so many bytes after the blank are
 * the message. Once a peer has counted, the '<' is no longer asked for. Every other frame ends with
 * LF, or NUL as some send it. Line ends around messages aren't part of them, and empty messages are
 * none.
 *
 * A message longer than size_max is given as its beginning, marked as cut.
 */
#ifndef HK_SOURCE_FRAME_H
#define HK_SOURCE_FRAME_H

#include "base/buf.h"

struct hk_frames {
    size_t size_max;
    int state;
    size_t left;        /* bytes of the counted frame that are still to come */
    bool is_counting;   /* the peer has counted before */
    bool is_given;      /* what is held was handed out */
    struct hk_buf held; /* the beginning of a frame */
};

struct hk_frame {
    const char *text; /* NULL: no message is complete. Good until the next call */
    size_t size;
    bool is_cut;
};

void hk_frames_init(struct hk_frames *frames, size_t size_max);
void hk_frames_done(struct hk_frames *frames);
/* Look for the next message; returns how many bytes were taken. Without a message, all were. False
 * when the stream can't be read any further: a length that is none, or memory is short. */
HK_MUST_CHECK bool hk_frames_next(struct hk_frames *frames, const char *data, size_t size,
    size_t *ret_taken, struct hk_frame *ret_frame);
/* The stream has ended: what is held is a message, cut if it was a counted one. */
void hk_frames_end(struct hk_frames *frames, struct hk_frame *ret_frame);
/* Bytes that are held. */
size_t hk_frames_held(const struct hk_frames *frames);

#endif
