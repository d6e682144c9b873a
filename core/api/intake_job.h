/*
 * intake_job: one POST of alerts, taken in slices so that nothing else on the loop waits long for
 * it, and answered when all that was taken is on disk. What is posted to /v1/alerts and what
 * webhooks bring. Internal to api/.
 */
#ifndef HK_API_INTAKE_JOB_H
#define HK_API_INTAKE_JOB_H

#include "api/exchange.h"
#include "api/reader.h"
#include "source/batch.h"

#define HK_IDEMPOTENCY_KEY_SIZE 129 /* longest key and NUL */

/* Passed: a webhook's, and no alert. */
enum hk_item_state { HK_ITEM_BAD, HK_ITEM_REFUSED, HK_ITEM_TAKEN, HK_ITEM_PASSED };

struct hk_intake_item {
    size_t at; /* in the body */
    size_t size;
    enum hk_item_state state;
    char *problem; /* of a bad one */
    char id[HK_ID_SIZE];
    char duplicate_of[HK_ID_SIZE];
};

struct hk_intake_job {
    struct hk_job job;
    struct hk_intake_job *next_intake;
    const struct hk_source *webhook; /* whose it is; NULL: posted to /v1/alerts */
    struct hk_reader_counts counts;  /* of a webhook */
    struct hk_buf body;
    char source[HK_ID_SIZE];
    char key[HK_IDEMPOTENCY_KEY_SIZE]; /* "" when there is none */
    char request_sha256[HK_SHA256_HEX_SIZE];
    struct hk_intake_item *items;
    unsigned count;
    unsigned next;                       /* the first that was not looked at */
    unsigned slice_map[HK_OFFERING_MAX]; /* item of each offer of the current slice */
    unsigned taken_count;
    unsigned writes_open;
    bool answer_is_kept;
    bool is_read;
    struct hk_timer *timer;
    struct hk_buf answer_text;
    struct hk_kept_answer kept;
    int64_t kept_since_us; /* older answers don't count */
    int kept_status;
};

/* Is no further body of this size taken in now? Then it is answered. */
bool hk_intake_must_wait(const struct hk_exchange *exchange, size_t size);
/* Is a request of that actor with this key being worked on? */
bool hk_intake_is_under_way(const struct hk_exchange *exchange, const char *key);
/* An empty job; NULL (and it is answered) when memory is short. Then body, items, source and, if
 * its answer is to be kept, key and request_sha256 are filled in. */
HK_MUST_CHECK struct hk_intake_job *hk_intake_job_new(const struct hk_exchange *exchange);
/* Take the alerts in, or answer as before; the job has its own life from here. */
void hk_intake_job_begin(struct hk_intake_job *job);
/* Was anything refused for load? */
bool hk_intake_has_refused(const struct hk_intake_job *job);

/* Append {"accepted","alerts","errors"} or, when nothing was taken and nothing refused for load,
 * the errors alone as an array. */
void hk_intake_answer_write(const struct hk_intake_job *job, struct hk_buf *out);
void hk_intake_errors_write(const struct hk_intake_job *job, struct hk_buf *out);
/* Answer now: nothing waits for the disk any more. */
void hk_intake_answer(struct hk_intake_job *job);

#endif
