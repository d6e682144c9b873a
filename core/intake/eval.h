/*
 * eval: what a mapping's conditions and sources say of one event. Inside the room only.
 */
#ifndef HK_INTAKE_EVAL_H
#define HK_INTAKE_EVAL_H

#include "intake/event.h"

struct hk_scope {
    const struct hk_event *event;
    const struct hk_json
        *under[HK_MAPPING_UNDER_MAX];          /* where paths are looked up after the body */
    uint64_t under_keys[HK_MAPPING_UNDER_MAX]; /* hk_path_keys_of */
    unsigned under_count;
    uint64_t keys; /* of the body and of what is under it */
    const struct hk_slice
        *slots; /* what patterns found; at NULL: not found. NULL: none were asked */
    unsigned slot_count;
};

/* Find the objects of the event under which the mapping looks too. Before values are asked for. */
void hk_scope_look_under(struct hk_scope *scope, const struct hk_mapping *mapping);

/* Do all of the list hold? An empty list does. */
bool hk_conditions_hold(const struct hk_condition *conditions, const struct hk_scope *scope);

/* May the source have a value at all? False for most of those that have none. */
static inline bool hk_source_may(const struct hk_source *source, const struct hk_scope *scope)
{
    const struct hk_path *path = &source->path;

    if (source->kind != HK_SOURCE_PATH)
        return true;
    if (path->root == HK_PATH_FOUND)
        return scope->slots != NULL && scope->slots[path->slot].at != NULL;
    return hk_path_may_lead(
        path, path->root == HK_PATH_ENVELOPE ? scope->event->envelope_keys : scope->keys);
}

/* Call fn with each value of one source, in order, until it answers true; gives its last answer. A
 * value lives for the call alone. */
typedef bool hk_value_fn(void *ctx, const struct hk_source *source, struct hk_slice value);
bool hk_source_values(
    const struct hk_source *source, const struct hk_scope *scope, hk_value_fn *fn, void *ctx);

#endif
