/*
 * notice_lane: what waits goes out, one lane for each contact and channel, one message at a time in
 * it. Shared by notice_lane.c and notice_send.c only.
 *
 * A lane holds no notices: it asks the ledger for those that are due, in their order. When there
 * are more than may go now they are gathered, by an entry of their own, into one message with a
 * list.
 *
 * Twice is better than never, and seldom: after a restart the first notice of a lane is the one
 * that may have been under way when the engine ended, so it is sent alone, as itself.
 */
#ifndef HK_ENGINE_NOTICE_LANE_H
#define HK_ENGINE_NOTICE_LANE_H

#include "engine/notice.h"
#include "ledger/query_notice.h"
#include "loop/http_async.h"

struct lane {
    char key[2 * HK_ID_SIZE + 32];
    bool is_busy;
    bool has_sent;     /* something, since the start */
    unsigned tokens;   /* messages that may go at once */
    int64_t refill_us; /* when there is one more */
    int64_t pause_us;  /* nothing before that: the last try failed */
};

/* One message on its way. */
struct sending {
    struct hk_notices *notices;
    struct lane *lane;
    struct hk_notice_lane at;
    struct hk_tenant_state *tenant;
    struct hk_notice_row *rows; /* that are due */
    size_t row_count;
    char id[HK_ID_SIZE]; /* of the notice that is sent */
    struct hk_notice_row row;
    struct hk_buf doc;
    bool is_given_up;
};

struct hk_notices {
    struct hk_engine *engine;
    struct hk_timer *timer;
    struct hk_http_async *http;
    struct hk_http_way way;         /* out of private networks only */
    struct hk_http_way private_way; /* and into them */
    struct hk_map lanes;
    size_t open;     /* lanes that are busy */
    int64_t wake_us; /* when the timer fires; INT64_MAX: it isn't armed */
    bool is_started;
    bool is_looking;
};

/* Read, make and hand over the notice sending->id; ends with hk_lane_end. */
void hk_notice_send(struct sending *sending);
/* The lane is free again. Takes sending. */
void hk_lane_end(struct sending *sending);

#endif
