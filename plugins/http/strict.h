/*
 * strict: is a text JSON that the engine takes in a result? It reads results more strictly than
 * cJSON does, and a result that it can't read would make a request that was done look like one of
 * which nobody knows.
 */
#ifndef HTTP_STRICT_H
#define HTTP_STRICT_H

#include <stdbool.h>
#include <stddef.h>

/* One value (RFC 8259) and nothing else: no byte order mark, no control bytes or \u0000 in strings,
 * no half of a surrogate pair, no name twice in an object, nested at most 64 deep. The text is
 * UTF-8. */
bool strict_is_json(const char *text, size_t size);

#endif
