/*
 * places: texts with places that arguments are filled into: "Block {ip} at the edge". What is
 * filled in is data: its braces are not looked at again, and control characters become blanks.
 */
#ifndef HK_ENGINE_PLACES_H
#define HK_ENGINE_PLACES_H

#include "base/json.h"

struct hk_place {
    const char *name; /* NULL ends a table */
    const char *text; /* NULL: as if it were not there */
};

/* Append text with each {name} replaced: by the argument of that name, else by the place, else by
 * "?". args and places may be NULL. */
void hk_places_fill(const char *text, const struct hk_json *args, const struct hk_place *places,
    struct hk_buf *out);

#endif
