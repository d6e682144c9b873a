/*
 * eval: see eval.h.
 */
#include "intake/eval.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define TEMPLATE_SIZE_MAX 4096
#define TEMPLATE_GROUPS_MAX 32
#define NUMBER_SIZE_MAX 40

/* --- values at paths --- */

static bool text_of(const struct hk_json *value, struct hk_slice *ret_text)
{
    switch (value->type) {
    case HK_JSON_STRING:
    case HK_JSON_NUMBER:
        *ret_text = (struct hk_slice){value->text, value->text_size};
        return true;
    case HK_JSON_TRUE:
        *ret_text = (struct hk_slice){"true", 4};
        return true;
    case HK_JSON_FALSE:
        *ret_text = (struct hk_slice){"false", 5};
        return true;
    default:
        return false;
    }
}

typedef bool text_fn(void *ctx, struct hk_slice text);

struct text_walk {
    text_fn *fn;
    void *ctx;
    bool objects_too; /* an object counts as an empty text: it is there */
};

static bool on_value(void *ctx, const struct hk_json *value)
{
    const struct text_walk *walk = ctx;
    struct hk_slice text = {"", 0};

    if (!text_of(value, &text) && !(walk->objects_too && value->type == HK_JSON_OBJECT))
        return false;
    return walk->fn(walk->ctx, text);
}

static bool walk_texts(
    const struct hk_path *path, const struct hk_scope *scope, struct text_walk *walk)
{
    if (path->root == HK_PATH_FOUND) {
        if (scope->slots == NULL || path->slot >= scope->slot_count ||
            scope->slots[path->slot].at == NULL)
            return false;
        return walk->fn(walk->ctx, scope->slots[path->slot]);
    }
    if (path->root == HK_PATH_ENVELOPE)
        return hk_path_may_lead(path, scope->event->envelope_keys) &&
               hk_path_walk(path, scope->event->envelope, on_value, walk);
    if (hk_path_may_lead(path, scope->event->body_keys) &&
        hk_path_walk(path, scope->event->body, on_value, walk))
        return true;
    for (unsigned i = 0; i < scope->under_count; i++)
        if (hk_path_may_lead(path, scope->under_keys[i]) &&
            hk_path_walk(path, scope->under[i], on_value, walk))
            return true;
    return false;
}

static bool take_object(void *ctx, const struct hk_json *value)
{
    struct hk_scope *scope = ctx;

    if (value->type != HK_JSON_OBJECT)
        return false;
    scope->under_keys[scope->under_count] = hk_path_keys_of(value);
    scope->keys |= scope->under_keys[scope->under_count];
    scope->under[scope->under_count++] = value;
    return true;
}

void hk_scope_look_under(struct hk_scope *scope, const struct hk_mapping *mapping)
{
    scope->under_count = 0;
    scope->keys = scope->event->body_keys;
    for (unsigned i = 0; i < mapping->under_count; i++)
        (void)hk_path_walk(&mapping->under[i], scope->event->body, take_object, scope);
}

/* --- conditions --- */

static bool read_number(struct hk_slice text, double *ret_number)
{
    char copy[NUMBER_SIZE_MAX];
    char *end;

    text = hk_slice_trim(text);
    if (text.size == 0 || text.size >= sizeof(copy) ||
        (!hk_is_digit(text.at[0]) && text.at[0] != '-' && text.at[0] != '.'))
        return false;
    memcpy(copy, text.at, text.size);
    copy[text.size] = '\0';
    *ret_number = strtod(copy, &end);
    return *end == '\0';
}

static bool is_in_range(struct hk_slice text, double low, double high)
{
    double number;

    return read_number(text, &number) && number >= low && number <= high;
}

struct asked {
    const struct hk_condition *condition;
    long *steps;
};

static bool fits_condition(void *ctx, struct hk_slice text)
{
    const struct asked *asked = ctx;
    const struct hk_condition *condition = asked->condition;

    if (condition->is_range)
        return is_in_range(text, condition->low, condition->high);
    for (unsigned i = 0; i < condition->glob_count; i++)
        if (hk_glob_may_begin(&condition->globs[i], text) &&
            hk_glob_fits(&condition->globs[i], text, asked->steps))
            return true;
    return false;
}

/* The whole text is asked for by many mappings: there is a copy of it in lower case. */
static bool fits_text(const struct hk_condition *condition, const struct hk_event *event)
{
    for (unsigned i = 0; i < condition->glob_count; i++)
        if (hk_grams_may(&event->grams, &condition->globs[i].needs) &&
            hk_glob_fits_lower(&condition->globs[i], event->lower, event->glob_steps))
            return true;
    return false;
}

bool hk_conditions_hold(const struct hk_condition *conditions, const struct hk_scope *scope)
{
    for (; conditions != NULL; conditions = conditions->next) {
        struct asked asked = {conditions, scope->event->glob_steps};
        struct text_walk walk = {fits_condition, &asked, true};
        bool holds =
            conditions->is_of_text && !conditions->is_range && scope->event->lower.at != NULL
                ? fits_text(conditions, scope->event)
                : walk_texts(&conditions->path, scope, &walk);
        if (holds == conditions->is_negated)
            return false;
    }
    return true;
}

/* --- templates --- */

struct filling {
    char *out;
    size_t size;
    bool found;
};

static void append(struct filling *filling, struct hk_slice text)
{
    size_t room = TEMPLATE_SIZE_MAX - filling->size;
    size_t size = hk_utf8_prefix(text.at, text.size, room);

    if (size > 0)
        memcpy(filling->out + filling->size, text.at, size);
    filling->size += size;
}

static bool fill(void *ctx, struct hk_slice text)
{
    struct filling *filling = ctx;

    text = hk_slice_trim(text);
    if (text.size == 0 || hk_slice_is(text, "-"))
        return false;
    append(filling, text);
    filling->found = true;
    return true;
}

/* Write the template's text. False: a path outside of brackets has no value. */
static bool fill_template(
    const struct hk_template *template, const struct hk_scope *scope, struct filling *filling)
{
    unsigned dropped = 0; /* the group that is left out */
    unsigned group = 0;
    size_t group_at = 0;

    for (unsigned i = 0; i < template->count; i++) {
        const struct hk_template_part *part = &template->parts[i];
        struct text_walk walk = {fill, filling, false};
        if (part->group != group) {
            group = part->group;
            group_at = filling->size;
        }
        if (group != 0 && group == dropped)
            continue;
        if (!part->is_path) {
            append(filling, (struct hk_slice){part->text, part->text_size});
            continue;
        }
        filling->found = false;
        if (walk_texts(&part->path, scope, &walk))
            continue;
        if (part->text != NULL) {
            append(filling, (struct hk_slice){part->text, part->text_size});
        } else if (group == 0) {
            return false;
        } else {
            dropped = group;
            filling->size = group_at;
        }
    }
    return filling->size > 0;
}

/* --- sources --- */

struct source_walk {
    const struct hk_event *event;
    const struct hk_source *source;
    hk_value_fn *fn;
    void *ctx;
};

static struct hk_slice cut(const struct hk_source *source, struct hk_slice value)
{
    size_t size = source->after != NULL ? strlen(source->after) : 0;
    size_t at;

    if (size > 0) {
        do {
            at = hk_slice_find(value, source->after, size);
            if (at < value.size)
                value = hk_slice_after(value, at + size);
        } while (source->is_last && at < value.size);
    }
    if (source->before != NULL) {
        at = hk_slice_find(value, source->before, strlen(source->before));
        if (at <= value.size)
            value.size = at;
    }
    return hk_slice_trim(value);
}

static bool look_up(
    const struct hk_value_map *map, const struct hk_event *event, struct hk_slice *in_out_value)
{
    const struct hk_grams *grams = hk_event_grams(event, *in_out_value);

    for (unsigned i = 0; i < map->count; i++) {
        const struct hk_value_entry *entry = &map->entries[i];
        if (grams != NULL && !entry->is_range && !hk_grams_may(grams, &entry->key.needs))
            continue;
        if (entry->is_range ? is_in_range(*in_out_value, entry->low, entry->high)
                            : hk_glob_fits(&entry->key, *in_out_value, event->glob_steps)) {
            *in_out_value = hk_slice_of(entry->value);
            return true;
        }
    }
    return false;
}

static bool on_text(void *ctx, struct hk_slice text)
{
    const struct source_walk *walk = ctx;

    text = cut(walk->source, text);
    if (text.size == 0 ||
        (walk->source->map != NULL && !look_up(walk->source->map, walk->event, &text)))
        return false;
    return walk->fn(walk->ctx, walk->source, text);
}

static bool on_template(struct source_walk *walk, const struct hk_scope *scope)
{
    HK_UNCLEARED char out[TEMPLATE_SIZE_MAX];
    struct filling filling = {.out = out};

    return fill_template(&walk->source->template, scope, &filling) &&
           on_text(walk, (struct hk_slice){out, filling.size});
}

bool hk_source_values(
    const struct hk_source *source, const struct hk_scope *scope, hk_value_fn *fn, void *ctx)
{
    struct source_walk walk = {scope->event, source, fn, ctx};
    struct text_walk texts = {on_text, &walk, false};

    if (source->when != NULL && !hk_conditions_hold(source->when, scope))
        return false;
    switch (source->kind) {
    case HK_SOURCE_PATH:
        return walk_texts(&source->path, scope, &texts);
    case HK_SOURCE_TEXT:
        return on_text(&walk, hk_slice_of(source->text));
    case HK_SOURCE_TEMPLATE:
        return on_template(&walk, scope);
    default:
        return false;
    }
}
