/*
 * case_soon: look soon whether a case can be closed. Its alerts may be many and end together, so
 * each case is looked at once a second at most, and a few at a time.
 */
#ifndef HK_ENGINE_CASE_SOON_H
#define HK_ENGINE_CASE_SOON_H

#include "engine/objects.h"

struct hk_case_soon;

HK_MUST_CHECK enum hk_status hk_case_soon_new(
    struct hk_engine *engine, struct hk_case_soon **ret_soon, struct hk_error *error);
void hk_case_soon_free(struct hk_case_soon *soon); /* NULL is fine */

/* Something of the case has ended. in_case may be "". */
void hk_case_soon(struct hk_engine *engine, struct hk_tenant_state *tenant, const char *in_case);
/* The same for the case of a run's alert; run may be "". */
void hk_case_soon_of_run(struct hk_engine *engine, struct hk_tenant_state *tenant, const char *run);
/* After a start: what was to be looked at when the last engine ended is not known, so all are that
 * nobody took on, the youngest HK_CASES_LOOKED_AT_MAX of them. */
void hk_case_soon_all(struct hk_engine *engine);

#endif
