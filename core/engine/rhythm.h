/*
 * rhythm: how often alerts come from each source of a tenant, and which source has fallen silent by
 * its own measure. Pure: time comes in, nothing is written.
 *
 * A source is silent when nothing has come for three times its longest pause of late. The longest
 * pause fades with time, so that a source which has become busier is measured by what it is now. A
 * source of which too little is known is not judged, unless the operator has set a bound for it.
 */
#ifndef HK_ENGINE_RHYTHM_H
#define HK_ENGINE_RHYTHM_H

#include "base/id.h"
#include "base/json.h"

struct hk_rhythm;

struct hk_rhythm_source {
    char name[HK_ID_SIZE];
    uint64_t count; /* alerts */
    int64_t first_us;
    int64_t last_us;
    int64_t longest_us; /* pause, fading */
    int64_t bound_us;   /* set by the operator; 0: none */
    bool is_changed;    /* since it was written last */
    bool was_silent;    /* when an earlier engine looked, and nothing has come since */
};

HK_MUST_CHECK struct hk_rhythm *hk_rhythm_new(void);
void hk_rhythm_free(struct hk_rhythm *rhythm); /* NULL is fine */
/* Alerts came. Beyond HK_RHYTHM_SOURCES_MAX names, further ones are not followed. */
void hk_rhythm_came(struct hk_rhythm *rhythm, const char *source, uint64_t alerts, int64_t now_us);
/* Nothing may come from it for longer than this; also when nothing has come yet: counted from
 * now_us then. */
void hk_rhythm_bound(
    struct hk_rhythm *rhythm, const char *source, int64_t bound_us, int64_t now_us);

/* It was found silent before this engine's time, and is so until something comes. A source that is
 * not known is not added. */
void hk_rhythm_was_silent(struct hk_rhythm *rhythm, const char *source);

/* 0: not silent; else how long it is silent already, longer than *ret_allowed_us. */
int64_t hk_rhythm_silent_us(
    const struct hk_rhythm_source *source, int64_t now_us, int64_t *ret_allowed_us);
/* All sources, NULL after the last; *cursor begins with 0. */
struct hk_rhythm_source *hk_rhythm_next(const struct hk_rhythm *rhythm, size_t *cursor);

#define HK_RHYTHM_TEXT_SIZE 96
/* What is kept over a restart: "COUNT FIRST LAST LONGEST". */
void hk_rhythm_text(const struct hk_rhythm_source *source, char ret_text[HK_RHYTHM_TEXT_SIZE]);
/* False for a text that is none; nothing is taken then. */
bool hk_rhythm_load(struct hk_rhythm *rhythm, const char *source, const char *text);

#endif
