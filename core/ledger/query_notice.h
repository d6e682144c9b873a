/*
 * query_notice: what the engine asks in order to tell people: which notices wait, whom it told
 * about what, and all that one message says.
 */
#ifndef HK_LEDGER_QUERY_NOTICE_H
#define HK_LEDGER_QUERY_NOTICE_H

#include "ledger/query.h"

/* Notices that wait for one contact in one channel: they go out one after the other. */
struct hk_notice_lane {
    hk_tenant tenant;
    char contact[HK_ID_SIZE];
    char channel[HK_ID_SIZE];
    int64_t due_us; /* of the first */
};
typedef void hk_notice_lane_fn(void *ctx, const struct hk_notice_lane *lane);
HK_MUST_CHECK enum hk_status hk_query_notice_lanes(
    struct hk_reading *reading, hk_notice_lane_fn *fn, void *ctx, struct hk_error *error);

struct hk_notice_row {
    char id[HK_ID_SIZE];
    char reason[16];
    char about[HK_ID_SIZE];
    char language[8];
    unsigned tries;
    int64_t queued_us;
    int64_t due_us;
    bool is_stale; /* it asks for a decision that has been taken since */
};
/* The notices of a lane that are due at now_us, in the order in which they go out. */
HK_MUST_CHECK enum hk_status hk_query_notices_due(struct hk_reading *reading,
    const struct hk_notice_lane *lane, int64_t now_us, struct hk_notice_row *ret_rows,
    size_t count_max, size_t *ret_count, struct hk_error *error);

/* Who was told about a thing, oldest first. */
struct hk_told_row {
    char contact[HK_ID_SIZE]; /* "" where nobody could be told */
    char channel[HK_ID_SIZE];
    char reason[16];
    char state[16];
    int64_t queued_us;
};
typedef void hk_told_fn(void *ctx, const struct hk_told_row *row);
HK_MUST_CHECK enum hk_status hk_query_told(struct hk_reading *reading, hk_tenant tenant,
    const char *about, hk_told_fn *fn, void *ctx, struct hk_error *error);

/* What the engine needs of a gate in order to tell people about it. HK_NOT_FOUND. */
struct hk_gate_row {
    char state[16];
    char role[32];
    char delegate[HK_ID_SIZE]; /* id of a person, "" */
    int64_t opened_us;
    int64_t expires_us;
    int64_t tell_us; /* when it is to be looked at; 0: not */
};
HK_MUST_CHECK enum hk_status hk_query_gate_row(struct hk_reading *reading, hk_tenant tenant,
    const char *gate, struct hk_gate_row *ret_row, struct hk_error *error);

/* A person by name; *ret_person is all zero when there is none, or none that is active. */
struct hk_person_row {
    char id[HK_ID_SIZE];
    char role[32];
};
HK_MUST_CHECK enum hk_status hk_query_person(struct hk_reading *reading, hk_tenant tenant,
    const char *name, struct hk_person_row *ret_person, struct hk_error *error);

/* What one message says, as tell/tell.h wants it. HK_NOT_FOUND. */
HK_MUST_CHECK enum hk_status hk_query_notice(struct hk_reading *reading, hk_tenant tenant,
    const char *id, struct hk_buf *out, struct hk_error *error);

/* When the last digest was queued, 0: never; and when the tenant's ledger was opened. */
HK_MUST_CHECK enum hk_status hk_query_digest_last(struct hk_reading *reading, hk_tenant tenant,
    int64_t *ret_last_us, int64_t *ret_opened_us, struct hk_error *error);

#endif
