/*
 * tally: what came from each source since the start, and what went wrong with it last. For
 * /metrics, GET /v1/sources and whoever looks for gaps. Bounded; every function is safe from any
 * thread.
 */
#ifndef HK_SOURCE_TALLY_H
#define HK_SOURCE_TALLY_H

#include "base/id.h"
#include "base/status.h"
#include "source/config.h"

/* name, what it counts */
#define HK_TALLY_COUNTS(X)                                                                         \
    X(messages, "Messages that came in and are on disk, or were no alerts.")                       \
    X(bytes, "Bytes of those messages.")                                                           \
    X(alerts, "Alerts made of them.")                                                              \
    X(unmapped, "Alerts that no mapping knew; they hold what came as it came.")                    \
    X(failed, "Messages whose mapping failed; they came in as unmapped.")                          \
    X(ignored, "Messages that are no alerts, by their mapping.")                                   \
    X(cut, "Messages that were too long and were cut.")                                            \
    X(malformed, "Connections that broke, or broke the protocol.")                                 \
    X(refused, "Messages or connections from where none may come, or with a wrong signature.")     \
    X(repeated, "Deliveries that had come before and were answered as then.")                      \
    X(dropped, "Datagrams that the kernel dropped since they came too fast.")

enum hk_tally_count {
#define X(name, help) HK_TALLY_##name,
    HK_TALLY_COUNTS(X)
#undef X
        HK_TALLY_COUNT_MAX
};

#define HK_TALLY_TEXT_SIZE 200
#define HK_TALLY_NOTICE_SIZE 512 /* may hold an address to be opened */

/* One source. */
struct hk_tally_source {
    uint32_t tenant;
    char name[HK_ID_SIZE];
    enum hk_source_kind kind;
    uint64_t counts[HK_TALLY_COUNT_MAX];
    int64_t last_us;                   /* the last message; 0: none yet */
    char problem[HK_TALLY_TEXT_SIZE];  /* what hinders it now; "" when nothing does */
    int64_t problem_us;                /* since when */
    char notice[HK_TALLY_NOTICE_SIZE]; /* what its operator should do or know; "" for nothing */
    int64_t notice_us;
    char refusal[HK_TALLY_TEXT_SIZE]; /* what was refused last, and why; "" for nothing */
    int64_t refusal_us;
};

/* One mapping that failed for messages of one source. */
struct hk_tally_failure {
    uint32_t tenant;
    char source[HK_ID_SIZE];
    char mapping[HK_ID_SIZE];
    uint64_t count;
    int64_t last_us;
    char reason[HK_TALLY_TEXT_SIZE]; /* of the last one */
};

struct hk_tally;
struct hk_tally_row; /* one source in the tally, for the life of the tally */

HK_MUST_CHECK enum hk_status hk_tally_new(struct hk_tally **ret_tally, struct hk_error *error);
void hk_tally_free(struct hk_tally *tally); /* NULL is fine */

/* The row of that source, made when it isn't there; HK_LIMIT beyond HK_SOURCES_MAX. */
HK_MUST_CHECK enum hk_status hk_tally_add(struct hk_tally *tally, uint32_t tenant, const char *name,
    enum hk_source_kind kind, struct hk_tally_row **ret_row, struct hk_error *error);
void hk_tally_count(struct hk_tally_row *row, enum hk_tally_count what, uint64_t by);
/* Messages came: counts them, and the time. */
void hk_tally_came(struct hk_tally_row *row, uint64_t messages, uint64_t bytes, int64_t now_us);
/* What hinders the source from now on; NULL: nothing does. True when that is news. */
bool hk_tally_problem(struct hk_tally_row *row, int64_t now_us, const char *problem);
void hk_tally_notice(struct hk_tally_row *row, int64_t now_us, const char *notice);
/* Counts it, too. */
void hk_tally_refused(struct hk_tally_row *row, int64_t now_us, const char *refusal);

/* A mapping failed for a message; the source may be any name, also of what is posted. */
void hk_tally_failed(struct hk_tally *tally, uint32_t tenant, const char *source,
    const char *mapping, const char *reason, int64_t now_us);

/* Copies, in the order in which they were added. tenant 0: of all tenants. */
typedef void hk_tally_source_fn(void *ctx, const struct hk_tally_source *source);
void hk_tally_sources(struct hk_tally *tally, uint32_t tenant, hk_tally_source_fn *fn, void *ctx);
typedef void hk_tally_failure_fn(void *ctx, const struct hk_tally_failure *failure);
void hk_tally_failures(struct hk_tally *tally, uint32_t tenant, hk_tally_failure_fn *fn, void *ctx);

/* "messages", "bytes" … and what each counts. */
const char *hk_tally_count_name(enum hk_tally_count what);
const char *hk_tally_count_help(enum hk_tally_count what);

#endif
