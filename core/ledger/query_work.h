/*
 * query_work: what the engine asks about cases and tasks.
 */
#ifndef HK_LEDGER_QUERY_WORK_H
#define HK_LEDGER_QUERY_WORK_H

#include "ledger/query.h"

/* --- at the start --- */

/* Entities of the tenant's open and merged cases that were seen since since_us: at most count_max
 * of either, those of the youngest cases first. */
typedef void hk_case_entity_fn(
    void *ctx, hk_tenant tenant, const char *in_case, const char *entity, int64_t last_us);
HK_MUST_CHECK enum hk_status hk_query_case_entities(struct hk_reading *reading, hk_tenant tenant,
    int64_t since_us, size_t count_max, hk_case_entity_fn *fn, void *ctx, struct hk_error *error);
/* Merged cases with the one they were merged into, then those of the latter that are open (into is
 * "" then). */
typedef void hk_case_place_fn(
    void *ctx, hk_tenant tenant, const char *in_case, bool is_open, const char *into);
HK_MUST_CHECK enum hk_status hk_query_case_places(
    struct hk_reading *reading, hk_case_place_fn *fn, void *ctx, struct hk_error *error);

/* --- one case --- */

struct hk_case_row {
    char id[HK_ID_SIZE];
    char state[16];
    char phase[16];
    char into[HK_ID_SIZE]; /* "" unless it is merged */
    char assignee[HK_ID_SIZE];
    char verdict[24];
    char proposed[24];
    int severity;
    /* of it and those merged into it */
    int64_t alerts;
    int64_t alerts_open;
    int64_t runs_live;
    int64_t containments_live;
    int64_t tasks_open;
    int64_t approvals_pending;
    char verdict_of_alerts[24]; /* the worst of those that are closed; "" when there are none */
};
/* HK_NOT_FOUND. The counts cost a look at each alert of the case. */
HK_MUST_CHECK enum hk_status hk_query_case_row(struct hk_reading *reading, hk_tenant tenant,
    const char *id, bool with_counts, struct hk_case_row *ret_row, struct hk_error *error);

/* Has a person looked at it? HK_NOT_FOUND. */
HK_MUST_CHECK enum hk_status hk_query_case_is_seen(struct hk_reading *reading, hk_tenant tenant,
    const char *id, bool *ret_is_seen, struct hk_error *error);

/* The case of an alert, and of a run's alert; "" when it is in none. HK_NOT_FOUND for no such. */
HK_MUST_CHECK enum hk_status hk_query_case_of_alert(struct hk_reading *reading, hk_tenant tenant,
    const char *alert, char ret_case[HK_ID_SIZE], struct hk_error *error);
HK_MUST_CHECK enum hk_status hk_query_case_of_run(struct hk_reading *reading, hk_tenant tenant,
    const char *run, char ret_case[HK_ID_SIZE], struct hk_error *error);

/* Ids that belong to a case (and those merged into it), oldest first, at most count_max. */
enum hk_case_part {
    HK_CASE_ALERTS_OPEN,
    HK_CASE_CONTAINMENTS_LIVE,
};
HK_MUST_CHECK enum hk_status hk_query_case_part(struct hk_reading *reading, hk_tenant tenant,
    const char *id, enum hk_case_part part, size_t count_max, char (*ret_ids)[HK_ID_SIZE],
    size_t *ret_count, struct hk_error *error);

/* The tenant's open cases that nobody took on and that have alerts, youngest first. */
HK_MUST_CHECK enum hk_status hk_query_cases_unattended(struct hk_reading *reading, hk_tenant tenant,
    size_t count_max, hk_case_place_fn *fn, void *ctx, struct hk_error *error);

/* --- tasks --- */

struct hk_task_row {
    char id[HK_ID_SIZE];
    char state[16];
    char kind[16];
    char containment[HK_ID_SIZE];
    char run[HK_ID_SIZE];
    char owner[HK_ID_SIZE];
    char role[32];
};
HK_MUST_CHECK enum hk_status hk_query_task_row(struct hk_reading *reading, hk_tenant tenant,
    const char *id, struct hk_task_row *ret_row, struct hk_error *error);
/* Open tasks about a containment, oldest first, at most count_max. */
HK_MUST_CHECK enum hk_status hk_query_tasks_of_containment(struct hk_reading *reading,
    hk_tenant tenant, const char *containment, size_t count_max, char (*ret_ids)[HK_ID_SIZE],
    size_t *ret_count, struct hk_error *error);

#endif
