/*
 * match: find the mapping that knows an event, without asking each. Inside the room only.
 *
 * Each alternative of a mapping is filed under one key that a message must have to fit (of all its
 * keys the one that the fewest others name): with the value where one is asked for, and where that
 * has stars, under the key, to be tried when the value there fits. A message's own top keys and
 * those of its envelope are looked up, and only what is filed there is tried. What asks for parts
 * of the text alone is tried on every message, by the grams of the text first (glob.h).
 */
#ifndef HK_INTAKE_MATCH_H
#define HK_INTAKE_MATCH_H

#include "intake/event.h"

struct hk_match_index;

/* Build over mappings, which stay where they are; all in the arena. Those that come first win where
 * others know a message as well. */
HK_MUST_CHECK enum hk_status hk_match_index_new(const struct hk_mapping *const *mappings,
    size_t count, struct hk_arena *arena, const struct hk_match_index **ret_index,
    struct hk_error *error);

/* The mapping that knows the event best, or NULL. Of an event with a title at its top, which may be
 * an alert view, only those may that ask for a title themselves. */
const struct hk_mapping *hk_match_find(
    const struct hk_match_index *index, const struct hk_event *event);

/* How well does this mapping know the event? 0: not at all. */
int hk_match_score(const struct hk_mapping *mapping, const struct hk_event *event);

#endif
