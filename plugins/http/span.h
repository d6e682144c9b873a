/*
 * span: parts of a JSON text, as they were written. Numbers go out with all their digits this way,
 * which cJSON keeps as doubles. The text must be well-formed, as the arguments of a call are.
 */
#ifndef HTTP_SPAN_H
#define HTTP_SPAN_H

#include <stdbool.h>
#include <stddef.h>

struct span {
    const char *at;
    size_t size;
};

/* The value of a key, which is written without escapes; false when it isn't there, or when this is
 * no object. */
bool span_get(struct span object, const char *key, struct span *ret_value);
/* Go through an object or array: *at is 0 at first. key (may be NULL) is the member's, with its
 * quotes; empty in an array. False at the end. */
bool span_next(struct span container, size_t *at, struct span *ret_key, struct span *ret_value);

#endif
