/*
 * case_recall: at the start, what the memory of entities (case_index.h) held before: those of open
 * and merged cases that were seen within the longest window of any tenant.
 */
#ifndef HK_ENGINE_CASE_RECALL_H
#define HK_ENGINE_CASE_RECALL_H

#include "engine/objects.h"

/* Fill engine->cases, which is empty. Of a tenant with more than HK_CASE_INDEX_MAX of them, those
 * of the youngest cases. */
HK_MUST_CHECK enum hk_status hk_case_recall(
    struct hk_reading *reading, struct hk_engine *engine, struct hk_error *error);

#endif
