#include "engine/rhythm.h"

#include "base/map.h"
#include "base/text.h"
#include "limits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MINUTE_US (60 * INT64_C(1000000))
#define DAY_US (1440 * MINUTE_US)

/* Less than this is no rhythm. */
enum { COUNT_MIN = 20 };
#define KNOWN_FOR_MIN_US (60 * MINUTE_US)
/* Sources that speak all the time may be away while they are updated. */
#define ALLOWED_MIN_US (15 * MINUTE_US)
/* In this time a pause that was long once is forgotten, if nothing like it comes again. */
#define FADES_IN_US (10 * DAY_US)

struct hk_rhythm {
    struct hk_map sources;
    size_t count;
};

struct hk_rhythm *hk_rhythm_new(void)
{
    struct hk_rhythm *rhythm = calloc(1, sizeof *rhythm);
    if (rhythm != NULL)
        hk_map_init(&rhythm->sources);
    return rhythm;
}

void hk_rhythm_free(struct hk_rhythm *rhythm)
{
    size_t cursor = 0;
    struct hk_rhythm_source *source;
    if (rhythm == NULL)
        return;
    while ((source = hk_map_next(&rhythm->sources, &cursor)) != NULL)
        free(source);
    hk_map_done(&rhythm->sources);
    free(rhythm);
}

/* NULL when there are too many, or no memory: then it is not followed. */
static struct hk_rhythm_source *find_or_add(struct hk_rhythm *rhythm, const char *name)
{
    struct hk_rhythm_source *source = hk_map_get(&rhythm->sources, name);
    if (source != NULL || rhythm->count >= HK_RHYTHM_SOURCES_MAX)
        return source;
    source = calloc(1, sizeof *source);
    if (source == NULL || !hk_copy_text(source->name, sizeof source->name, name) ||
        hk_map_put(&rhythm->sources, source->name, source) != HK_OK) {
        free(source);
        return NULL;
    }
    rhythm->count++;
    return source;
}

void hk_rhythm_came(struct hk_rhythm *rhythm, const char *name, uint64_t alerts, int64_t now_us)
{
    struct hk_rhythm_source *source = find_or_add(rhythm, name);
    if (source == NULL || alerts == 0)
        return;
    if (source->count == 0)
        source->first_us = now_us;
    else if (now_us > source->last_us) {
        int64_t pause_us = now_us - source->last_us;
        int64_t share = pause_us < FADES_IN_US ? pause_us : FADES_IN_US;
        source->longest_us -= source->longest_us / (FADES_IN_US / MINUTE_US) * (share / MINUTE_US);
        if (pause_us > source->longest_us)
            source->longest_us = pause_us;
    }
    source->count += alerts;
    if (now_us > source->last_us)
        source->last_us = now_us;
    source->is_changed = true;
    source->was_silent = false;
}

void hk_rhythm_bound(struct hk_rhythm *rhythm, const char *name, int64_t bound_us, int64_t now_us)
{
    struct hk_rhythm_source *source = find_or_add(rhythm, name);
    if (source == NULL)
        return;
    source->bound_us = bound_us;
    if (source->last_us == 0)
        source->last_us = now_us;
}

void hk_rhythm_was_silent(struct hk_rhythm *rhythm, const char *name)
{
    struct hk_rhythm_source *source = hk_map_get(&rhythm->sources, name);
    if (source != NULL)
        source->was_silent = true;
}

int64_t hk_rhythm_silent_us(
    const struct hk_rhythm_source *source, int64_t now_us, int64_t *ret_allowed_us)
{
    int64_t silent_us = now_us - source->last_us;
    int64_t allowed_us = source->bound_us;
    if (allowed_us == 0) {
        if (source->count < COUNT_MIN || source->last_us - source->first_us < KNOWN_FOR_MIN_US)
            return 0;
        allowed_us = 3 * source->longest_us;
        if (allowed_us < ALLOWED_MIN_US)
            allowed_us = ALLOWED_MIN_US;
    }
    *ret_allowed_us = allowed_us;
    if (source->was_silent && silent_us < 1)
        silent_us = 1;
    return source->was_silent || silent_us > allowed_us ? silent_us : 0;
}

struct hk_rhythm_source *hk_rhythm_next(const struct hk_rhythm *rhythm, size_t *cursor)
{
    return hk_map_next(&rhythm->sources, cursor);
}

void hk_rhythm_text(const struct hk_rhythm_source *source, char ret_text[HK_RHYTHM_TEXT_SIZE])
{
    (void)snprintf(ret_text, HK_RHYTHM_TEXT_SIZE, "%" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64,
        source->count, source->first_us, source->last_us, source->longest_us);
}

/* A number of digits alone, and the blank or end behind it. */
static bool take_number(const char **at, char behind, int64_t *ret_value)
{
    char *end;
    if (**at < '0' || **at > '9')
        return false;
    errno = 0;
    *ret_value = strtoll(*at, &end, 10);
    if (errno != 0 || *end != behind)
        return false;
    *at = behind != '\0' ? end + 1 : end;
    return true;
}

bool hk_rhythm_load(struct hk_rhythm *rhythm, const char *name, const char *text)
{
    struct hk_rhythm_source *source;
    int64_t count;
    int64_t first_us;
    int64_t last_us;
    int64_t longest_us;
    if (!take_number(&text, ' ', &count) || !take_number(&text, ' ', &first_us) ||
        !take_number(&text, ' ', &last_us) || !take_number(&text, '\0', &longest_us) ||
        last_us < first_us)
        return false;
    source = find_or_add(rhythm, name);
    if (source == NULL)
        return false;
    source->count = (uint64_t)count;
    source->first_us = first_us;
    source->last_us = last_us;
    source->longest_us = longest_us;
    return true;
}
