/*
 * event: one message, read as far as it goes without knowing its product: the envelope, and the
 * body as a tree. Inside the room only.
 *
 * The envelope is an object with the keys
 * - @text, @prefix: the message after the syslog header; what stands before JSON in it
 * - @host, @app, @pid, @msgid, @time: of the syslog header
 * - @facility, @level: numbers, when there is a PRI
 * - @sd: structured data, {id: {name: value}}
 * - @vendor, @device, @version, @id, @name, @severity: what heads CEF and LEEF; @device is the
 * product
 * - @csv: the values of a line with commas
 * - @source, @peer, @transport: where it came from
 */
#ifndef HK_INTAKE_EVENT_H
#define HK_INTAKE_EVENT_H

#include "intake/mapping.h"
#include "intake/syslog.h"

struct hk_event {
    struct hk_arena arena;
    struct hk_json_doc doc;         /* of a JSON body */
    unsigned reads;                 /* what the body is: bits of enum hk_reads */
    const struct hk_json *body;     /* an object, perhaps empty */
    const struct hk_json *envelope; /* an object */
    uint64_t body_keys;             /* of both: hk_path_keys_of */
    uint64_t envelope_keys;
    bool has_syslog; /* a PRI, or a time that heads the line */
    struct hk_syslog syslog;
    long *glob_steps;       /* that may still be made to compare globs */
    struct hk_slice lower;  /* the text in lower case; at NULL when there is none, and no grams */
    struct hk_grams grams;  /* of the text */
    struct hk_slice shown;  /* "@text" in the envelope, which is a copy of the text */
    struct hk_slice text;   /* the message after the header, clean UTF-8; size 0 for JSON alone */
    bool is_object;         /* the bytes are one strict JSON object and nothing else */
    struct hk_slice source; /* its exact bytes then */
    struct hk_when_ground ground;
    struct hk_slice outer_host; /* what a message around this one says of its device */
    struct hk_slice outer_ip;
};

/* The grams of the event's text, if this is a part of it; else NULL. */
static inline const struct hk_grams *hk_event_grams(
    const struct hk_event *event, struct hk_slice part)
{
    const char *begin = event->shown.at;

    return begin != NULL && part.at >= begin && part.at < begin + event->shown.size ? &event->grams
                                                                                    : NULL;
}

/* Read. HK_LIMIT, HK_NOMEM, HK_INVALID when there is nothing but blanks. */
HK_MUST_CHECK enum hk_status hk_event_read(const char *bytes, size_t size,
    const struct hk_message_hint *hint, struct hk_event *ret_event, struct hk_error *error);
void hk_event_done(struct hk_event *event);

/* Read the pairs of the text again, as the mapping says that they are parted, or the line of a Zeek
 * file by the mapping's columns. */
void hk_event_read_as(struct hk_event *event, const struct hk_mapping *mapping);

/* Is another message wrapped in this one (a forwarder's "message", an envelope's "detail" or a list
 * of one record)? Then its bytes, which live as long as the event. */
bool hk_event_inner(const struct hk_event *event, struct hk_slice *ret_bytes);
/* Note what the message around it says of its device. Borrowed from outer. */
void hk_event_note_outer(struct hk_event *event, const struct hk_event *outer);

#endif
