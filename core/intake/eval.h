/*
 * eval: what a mapping's conditions and sources say of one event. Inside the room only.
 */
#ifndef HK_INTAKE_EVAL_H
#define HK_INTAKE_EVAL_H

#include "intake/event.h"

struct hk_scope {
    const struct hk_event *event;
    const struct hk_json
        *under[HK_MAPPING_UNDER_MAX]; /* where paths are looked up after the body */
    unsigned under_count;
    const struct hk_slice
        *slots; /* what patterns found; at NULL: not found. NULL: none were asked */
    unsigned slot_count;
};

/* Find the objects of the event under which the mapping looks too. */
void hk_scope_look_under(struct hk_scope *scope, const struct hk_mapping *mapping);

/* Do all of the list hold? An empty list does. */
bool hk_conditions_hold(const struct hk_condition *conditions, const struct hk_scope *scope);

/* Does text fit the pattern, in which '*' stands for any run of bytes and '?' for any byte? The
 * pattern is in lower case; the case of the text's ASCII letters does not matter. */
bool hk_glob_is_like(const char *pattern, struct hk_slice text);

/* Call fn with each value of one source, in order, until it answers true; gives its last answer. A
 * value lives for the call alone. */
typedef bool hk_value_fn(void *ctx, const struct hk_source *source, struct hk_slice value);
bool hk_source_values(
    const struct hk_source *source, const struct hk_scope *scope, hk_value_fn *fn, void *ctx);

#endif
