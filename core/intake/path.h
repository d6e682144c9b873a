/*
 * path: address values inside an event, "a.b[0].c". Inside the room only.
 *
 * - a.b: the child b of the child a; a key may hold dots itself ("id.orig_h"). Where a list is met,
 *   all its items are looked into. The case of a key's letters does not matter, and "a_b" is taken
 *   for a.b: stores on the way change both.
 * - a[0], a[-1]: an item of a list, from its beginning or its end
 * - a[*]: all items
 * - a[k=v].b: items whose field k is v, but for the case of letters
 * - @host: what the envelope says, see event.h
 * - $name: what a pattern has found
 */
#ifndef HK_INTAKE_PATH_H
#define HK_INTAKE_PATH_H

#include "base/arena.h"
#include "base/json.h"
#include "intake/slice.h"

enum hk_path_root { HK_PATH_BODY, HK_PATH_ENVELOPE, HK_PATH_FOUND };

struct hk_path_step;

struct hk_path {
    enum hk_path_root root;
    unsigned slot;    /* of what was found */
    const char *text; /* as it was written */
    const struct hk_path_step *steps;
    unsigned step_count;
    uint64_t keys; /* a value is here only if hk_path_keys_of(object) has a bit of these */
};

/* Gives the slot of a name that a pattern finds, or -1. */
typedef int hk_path_slot_fn(void *ctx, struct hk_slice name);

/* Read a path; what it points to lives in the arena. HK_INVALID says what is wrong with it. */
HK_MUST_CHECK enum hk_status hk_path_read(struct hk_slice text, struct hk_arena *arena,
    hk_path_slot_fn *slot_of, void *ctx, struct hk_path *ret_path, struct hk_error *error);

/* Call fn with each value at path under root, in order, until it answers true or
 * HK_MAPPING_VALUES_MAX were shown; lists at the end of the path are shown item by item. Gives what
 * the last call answered. Not for what was found. */
typedef bool hk_path_value_fn(void *ctx, const struct hk_json *value);
bool hk_path_walk(
    const struct hk_path *path, const struct hk_json *root, hk_path_value_fn *fn, void *ctx);

/* The set of an object's keys, hashed: so most paths that lead nowhere need not be followed. */
uint64_t hk_path_keys_of(const struct hk_json *object);
static inline bool hk_path_may_lead(const struct hk_path *path, uint64_t keys)
{
    return path->keys == UINT64_MAX || (path->keys & keys) != 0;
}

/* The key at which the path begins, in lower case, as far as it is certain: of "a.b[0]" it is
 * "a.b". */
struct hk_slice hk_path_first_keys(const struct hk_path *path);
/* Is the path nothing but keys? */
bool hk_path_is_plain(const struct hk_path *path);

#endif
