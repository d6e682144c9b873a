/*
 * line: ids of runs that wait until there is room for their Lua state. A ring of ids, first in,
 * first out; a run costs its id here and nothing else.
 */
#include "engine/line.h"
#include "base/text.h"
#include "engine/memory.h"
#include "engine/objects.h"

#include <stdlib.h>
#include <string.h>

struct place {
    hk_tenant tenant;
    char run[HK_ID_SIZE];
};

struct hk_line {
    struct place *ring;
    size_t capacity;
    size_t first;
    size_t count;
};

struct hk_line *hk_line_new(void)
{
    return calloc(1, sizeof(struct hk_line));
}

void hk_line_free(struct hk_line *line)
{
    if (line == NULL)
        return;
    free(line->ring);
    free(line);
}

static void grow(struct hk_line *line)
{
    size_t capacity = line->capacity == 0 ? 64 : line->capacity * 2;
    struct place *ring = hk_engine_alloc(capacity * sizeof *ring);
    for (size_t i = 0; i < line->count; i++)
        ring[i] = line->ring[(line->first + i) % line->capacity];
    free(line->ring);
    line->ring = ring;
    line->capacity = capacity;
    line->first = 0;
}

void hk_line_put(struct hk_line *line, hk_tenant tenant, const char *run)
{
    if (line->count == line->capacity)
        grow(line);
    struct place *place = &line->ring[(line->first + line->count) % line->capacity];
    place->tenant = tenant;
    (void)hk_copy_text(place->run, sizeof place->run, run);
    line->count++;
}

bool hk_line_take(struct hk_line *line, hk_tenant *ret_tenant, char ret_run[HK_ID_SIZE])
{
    if (line->count == 0)
        return false;
    const struct place *place = &line->ring[line->first];
    *ret_tenant = place->tenant;
    (void)hk_copy_text(ret_run, HK_ID_SIZE, place->run);
    line->first = (line->first + 1) % line->capacity;
    line->count--;
    if (line->count == 0) { /* a long line was a burst: give its memory back */
        free(line->ring);
        line->ring = NULL;
        line->capacity = 0;
        line->first = 0;
    }
    return true;
}

size_t hk_line_count(const struct hk_line *line)
{
    return line->count;
}
