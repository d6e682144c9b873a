/*
 * mapping_source: read the sources of a mapping's fields: paths, templates, constants, and what is
 * done with their values.
 */
#include "intake/mapping_reader.h"

#include "base/severity.h"
#include "intake/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEMPLATE_PARTS_MAX 32
#define RANGE_DOTS ".."

static const char *const source_keys[] = {
    "from", "when", "map", "after", "after_last", "before", "time", NULL};

/* --- conditions --- */

/* "7..", "..3", "4..6": a range of numbers. */
static bool read_range(const char *text, double *ret_low, double *ret_high)
{
    const char *dots = strstr(text, RANGE_DOTS);
    char low[32];
    char none = '\0';
    char *end = &none; /* an open end was read whole */

    if (dots == NULL || (size_t)(dots - text) >= sizeof(low))
        return false;
    memcpy(low, text, (size_t)(dots - text));
    low[dots - text] = '\0';
    dots += strlen(RANGE_DOTS);
    if (low[0] == '\0' && *dots == '\0')
        return false;
    *ret_low = low[0] == '\0' ? -1e300 : strtod(low, &end);
    if (low[0] != '\0' && *end != '\0')
        return false;
    *ret_high = *dots == '\0' ? 1e300 : strtod(dots, &end);
    return *dots == '\0' || *end == '\0';
}

static enum hk_status add_text(struct hk_mapping_reader *reader, const struct hk_json *value,
    struct hk_condition *condition, struct hk_glob *globs)
{
    const char *text = value->text;

    if (value->type == HK_JSON_TRUE || value->type == HK_JSON_FALSE)
        text = value->type == HK_JSON_TRUE ? "true" : "false";
    if (text == NULL)
        return hk_mapping_fail(reader, value, "expected a text, a number, true or false");
    if (!hk_glob_read(hk_slice_of(text), reader->arena, &globs[condition->glob_count++]))
        return hk_mapping_no_memory(reader);
    return HK_OK;
}

/* "*.exe", 4624, true, ["a", "b"], {"not": …}, {"range": "7.."} */
static enum hk_status read_test(/* NOLINT(misc-no-recursion): "not" once */
    struct hk_mapping_reader *reader, const struct hk_json *test, struct hk_condition *condition)
{
    const struct hk_json *inner = hk_json_get(test, "not");
    const char *range = hk_json_string_at(test, "range", NULL);
    struct hk_glob *globs;
    enum hk_status status = HK_OK;

    if (test->type == HK_JSON_OBJECT) {
        if (inner != NULL && test->count == 1 && !condition->is_negated) {
            condition->is_negated = true;
            return read_test(reader, inner, condition);
        }
        condition->is_range = range != NULL && test->count == 1 &&
                              read_range(range, &condition->low, &condition->high);
        if (!condition->is_range)
            return hk_mapping_fail(reader, test, "expected {\"not\": …} or {\"range\": \"7..10\"}");
        return HK_OK;
    }
    globs = hk_arena_alloc(
        reader->arena, (test->type == HK_JSON_ARRAY ? test->count + 1 : 1) * sizeof(*globs));
    if (globs == NULL)
        return hk_mapping_no_memory(reader);
    condition->globs = globs;
    if (test->type != HK_JSON_ARRAY)
        return add_text(reader, test, condition, globs);
    for (const struct hk_json *item = test->first; item != NULL && status == HK_OK;
         item = item->next)
        status = add_text(reader, item, condition, globs);
    return status;
}

enum hk_status hk_mapping_conditions(struct hk_mapping_reader *reader, const struct hk_json *object,
    const struct hk_condition **ret_first, unsigned *ret_count)
{
    const struct hk_condition **link = ret_first;
    enum hk_status status = HK_OK;

    *ret_first = NULL;
    if (object->type != HK_JSON_OBJECT || object->count == 0)
        return hk_mapping_fail(reader, object, "expected {\"path\": test, …}");
    for (const struct hk_json *test = object->first; test != NULL && status == HK_OK;
         test = test->next) {
        struct hk_condition *condition = hk_arena_alloc(reader->arena, sizeof(*condition));
        size_t mark = hk_mapping_enter(reader, test->key);
        if (condition == NULL)
            return hk_mapping_no_memory(reader);
        status = hk_mapping_path(
            reader, test, (struct hk_slice){test->key, test->key_size}, &condition->path);
        condition->is_of_text = strcmp(test->key, "@text") == 0;
        if (status == HK_OK)
            status = read_test(reader, test, condition);
        hk_mapping_leave(reader, mark);
        *link = condition;
        link = &condition->next;
    }
    if (ret_count != NULL)
        *ret_count = object->count;
    return status;
}

/* --- constants, maps --- */

/* Is the text a value that the field may hold? */
static enum hk_status check_constant(struct hk_mapping_reader *reader, const struct hk_json *node,
    enum hk_shape shape, const char *text)
{
    if (shape == HK_SHAPE_SEVERITY && hk_severity_from_text(text) == HK_SEVERITY_NONE)
        return hk_mapping_fail(reader, node,
            "\"%.40s\" is not one of informational, low, medium, high, critical, fatal", text);
    for (const char *at = text; shape == HK_SHAPE_WORD && *at != '\0'; at++)
        if (!hk_is_digit(*at) && !(*at >= 'a' && *at <= 'z') && *at != '_')
            return hk_mapping_fail(
                reader, node, "\"%.40s\" is not a word of a-z, 0-9 and '_'", text);
    if (text[0] == '\0')
        return hk_mapping_fail(reader, node, "an empty text");
    return HK_OK;
}

static enum hk_status read_entry(struct hk_mapping_reader *reader, const struct hk_json *node,
    enum hk_shape shape, struct hk_value_entry *entry)
{
    const char *value = hk_json_string(node);
    enum hk_status status;

    if (value == NULL)
        return hk_mapping_fail(reader, node, "expected a text");
    status = check_constant(reader, node, shape, value);
    if (status != HK_OK)
        return status;
    entry->is_range = read_range(node->key, &entry->low, &entry->high);
    entry->value = hk_arena_copy(reader->arena, value, strlen(value));
    if (entry->value == NULL || !hk_glob_read(hk_slice_of(node->key), reader->arena, &entry->key))
        return hk_mapping_no_memory(reader);
    return HK_OK;
}

/* {"key": "value", …}, or the name of one under "maps". */
static enum hk_status read_map(struct hk_mapping_reader *reader, const struct hk_json *node,
    enum hk_shape shape, const struct hk_value_map **ret_map)
{
    const char *name = hk_json_string(node);
    const struct hk_json *object = name != NULL ? hk_json_get(reader->maps, name) : node;
    struct hk_value_map *map = hk_arena_alloc(reader->arena, sizeof(*map));
    struct hk_value_entry *entries;

    if (object == NULL)
        return hk_mapping_fail(reader, node, "there is no map \"%.40s\" under \"maps\"", name);
    if (object->type != HK_JSON_OBJECT || object->count == 0)
        return hk_mapping_fail(reader, node, "expected a map {\"theirs\": \"ours\", …}");
    entries = hk_arena_alloc(reader->arena, object->count * sizeof(*entries));
    if (map == NULL || entries == NULL)
        return hk_mapping_no_memory(reader);
    map->entries = entries;
    for (const struct hk_json *entry = object->first; entry != NULL; entry = entry->next) {
        size_t mark = hk_mapping_enter(reader, entry->key);
        enum hk_status status = read_entry(reader, entry, shape, &entries[map->count++]);
        if (status != HK_OK)
            return status;
        hk_mapping_leave(reader, mark);
    }
    *ret_map = map;
    return HK_OK;
}

/* --- templates --- */

struct template_reader {
    struct hk_mapping_reader *reader;
    const struct hk_json *node;
    struct hk_template_part parts[TEMPLATE_PARTS_MAX];
    unsigned count;
    unsigned groups;
    bool is_open;
};

static struct hk_template_part *add_part(struct template_reader *t)
{
    struct hk_template_part *part = &t->parts[t->count];

    if (t->count == TEMPLATE_PARTS_MAX)
        return NULL;
    t->count++;
    part->group = t->is_open ? t->groups : 0;
    return part;
}

/* "{path}" or "{path|what stands there without}"; at is after the brace. */
static enum hk_status read_placeholder(struct template_reader *t, const char **at)
{
    struct hk_slice inside = {*at, strcspn(*at, "}")};
    size_t bar = hk_slice_until(inside, '|');
    struct hk_template_part *part = add_part(t);

    if (part == NULL)
        return hk_mapping_fail(
            t->reader, t->node, "a template of more than %d parts", TEMPLATE_PARTS_MAX);
    if (inside.at[inside.size] != '}')
        return hk_mapping_fail(t->reader, t->node, "a brace does not end");
    part->is_path = true;
    if (bar < inside.size) {
        part->text_size = inside.size - bar - 1;
        part->text = hk_arena_copy(t->reader->arena, inside.at + bar + 1, part->text_size);
        if (part->text == NULL)
            return hk_mapping_no_memory(t->reader);
    }
    *at += inside.size + 1;
    return hk_mapping_path(t->reader, t->node, (struct hk_slice){inside.at, bar}, &part->path);
}

static enum hk_status read_plain(struct template_reader *t, const char **at)
{
    struct hk_template_part *part = add_part(t);
    char *copy = hk_arena_alloc(t->reader->arena, strlen(*at) + 1);

    if (part == NULL)
        return hk_mapping_fail(
            t->reader, t->node, "a template of more than %d parts", TEMPLATE_PARTS_MAX);
    if (copy == NULL)
        return hk_mapping_no_memory(t->reader);
    while (**at != '\0') {
        if (strchr("{[]", **at) != NULL) {
            if ((*at)[1] != (*at)[0])
                break;
            (*at)++;
        } else if ((*at)[0] == '}' && (*at)[1] == '}') {
            (*at)++;
        }
        copy[part->text_size++] = *(*at)++;
    }
    part->text = copy;
    return HK_OK;
}

static enum hk_status read_template(struct hk_mapping_reader *reader, const struct hk_json *node,
    const char *text, struct hk_template *ret_template)
{
    struct template_reader t = {.reader = reader, .node = node};
    struct hk_template_part *parts;
    const char *at = text;
    enum hk_status status = HK_OK;

    while (*at != '\0' && status == HK_OK) {
        if (strchr("{[]", *at) == NULL || at[1] == at[0]) {
            status = read_plain(&t, &at);
        } else if (*at == '{') {
            at++;
            status = read_placeholder(&t, &at);
        } else if ((*at == '[') == t.is_open) {
            status = hk_mapping_fail(reader, node, "brackets come in pairs, and not in brackets");
        } else {
            t.is_open = *at++ == '[';
            t.groups += t.is_open;
        }
    }
    if (status == HK_OK && t.is_open)
        status = hk_mapping_fail(reader, node, "a bracket does not end");
    if (status != HK_OK)
        return status;
    parts = hk_arena_alloc(reader->arena, (t.count + 1) * sizeof(*parts));
    if (parts == NULL)
        return hk_mapping_no_memory(reader);
    memcpy(parts, t.parts, t.count * sizeof(*parts));
    *ret_template = (struct hk_template){parts, t.count};
    return HK_OK;
}

/* --- sources --- */

/* "path", "a {template}" or "=constant". */
static enum hk_status read_from(struct hk_mapping_reader *reader, const struct hk_json *node,
    enum hk_shape shape, struct hk_source *source)
{
    const char *text = hk_json_string(node);

    if (text == NULL)
        return hk_mapping_fail(
            reader, node, "expected a text: a path, \"a {template}\" or \"=a constant\"");
    if (text[0] == '=') {
        source->kind = HK_SOURCE_TEXT;
        source->text = hk_arena_copy(reader->arena, text + 1, strlen(text) - 1);
        if (source->text == NULL)
            return hk_mapping_no_memory(reader);
        return source->map != NULL ? HK_OK : check_constant(reader, node, shape, source->text);
    }
    if (strpbrk(text, "{") != NULL) {
        source->kind = HK_SOURCE_TEMPLATE;
        return read_template(reader, node, text, &source->template);
    }
    if (shape == HK_SHAPE_TITLE && strchr(text, ' ') != NULL)
        return hk_mapping_fail(reader, node,
            "\"%.60s\": a text that stands for itself begins with '=', a path with a blank is "
            "written in braces",
            text);
    source->kind = HK_SOURCE_PATH;
    return hk_mapping_path(reader, node, hk_slice_of(text), &source->path);
}

/* A text or a list of texts, NULL-ended. */
static enum hk_status read_time_patterns(
    struct hk_mapping_reader *reader, const struct hk_json *node, const char *const **ret_patterns)
{
    const struct hk_json *item = node->type == HK_JSON_ARRAY ? node->first : node;
    const char **patterns = hk_arena_alloc(
        reader->arena, ((node->type == HK_JSON_ARRAY ? node->count : 1) + 1) * sizeof(*patterns));
    size_t count = 0;

    if (patterns == NULL)
        return hk_mapping_no_memory(reader);
    for (; item != NULL; item = node->type == HK_JSON_ARRAY ? item->next : NULL) {
        const char *text = hk_json_string(item);
        if (text == NULL || text[0] == '\0' || !hk_when_pattern_is_good(text))
            return hk_mapping_fail(
                reader, item, "expected a pattern of a time such as \"%%Y-%%m-%%d %%H:%%M:%%S\"");
        patterns[count] = hk_arena_copy(reader->arena, text, strlen(text));
        if (patterns[count++] == NULL)
            return hk_mapping_no_memory(reader);
    }
    *ret_patterns = patterns;
    return HK_OK;
}

static enum hk_status read_cut(struct hk_mapping_reader *reader, const struct hk_json *object,
    const char *key, const char **ret_text)
{
    const struct hk_json *node = hk_json_get(object, key);
    const char *text = hk_json_string(node);

    if (node == NULL)
        return HK_OK;
    if (text == NULL || text[0] == '\0')
        return hk_mapping_fail(reader, node, "%s: expected a text", key);
    *ret_text = hk_arena_copy(reader->arena, text, strlen(text));
    return *ret_text != NULL ? HK_OK : hk_mapping_no_memory(reader);
}

/* All of {"from": …, …} but its "from". */
static enum hk_status read_options(struct hk_mapping_reader *reader, const struct hk_json *object,
    enum hk_shape shape, struct hk_source *source)
{
    const struct hk_json *when = hk_json_get(object, "when");
    const struct hk_json *map = hk_json_get(object, "map");
    const struct hk_json *time = hk_json_get(object, "time");
    enum hk_status status = hk_mapping_keys(reader, object, source_keys);

    if (status == HK_OK && when != NULL)
        status = hk_mapping_conditions(reader, when, &source->when, NULL);
    if (status == HK_OK && map != NULL) {
        size_t mark = hk_mapping_enter(reader, "map");
        status = read_map(reader, map, shape, &source->map);
        if (status == HK_OK)
            hk_mapping_leave(reader, mark);
    }
    if (status == HK_OK && time != NULL && shape != HK_SHAPE_TIME)
        status = hk_mapping_fail(reader, time, "\"time\" is for the field time only");
    if (status == HK_OK && time != NULL)
        status = read_time_patterns(reader, time, &source->patterns);
    if (status == HK_OK)
        status = read_cut(reader, object, "before", &source->before);
    if (status == HK_OK)
        status = read_cut(reader, object, "after", &source->after);
    if (status == HK_OK && source->after == NULL) {
        status = read_cut(reader, object, "after_last", &source->after);
        source->is_last = source->after != NULL;
    }
    return status;
}

static enum hk_status add_source(struct hk_mapping_reader *reader, const struct hk_json *node,
    enum hk_shape shape, const struct hk_source *options, const struct hk_source **in_out_list)
{
    struct hk_source *source = hk_arena_alloc(reader->arena, sizeof(*source));
    const struct hk_source **link = in_out_list;

    if (source == NULL)
        return hk_mapping_no_memory(reader);
    if (options != NULL)
        *source = *options;
    source->next = NULL;
    while (*link != NULL)
        link = (const struct hk_source **)&(*link)->next;
    *link = source;
    return read_from(reader, node, shape, source);
}

/* A text, or an object whose "from" is a text or a list of texts with the same options. */
static enum hk_status read_source(struct hk_mapping_reader *reader, const struct hk_json *node,
    enum hk_shape shape, const struct hk_source **in_out_list)
{
    const struct hk_json *from = hk_json_get(node, "from");
    struct hk_source options = {.kind = HK_SOURCE_PATH};
    enum hk_status status;

    if (node->type != HK_JSON_OBJECT)
        return add_source(reader, node, shape, NULL, in_out_list);
    if (from == NULL)
        return hk_mapping_fail(reader, node, "\"from\" is missing");
    status = read_options(reader, node, shape, &options);
    if (status != HK_OK)
        return status;
    if (from->type != HK_JSON_ARRAY)
        return add_source(reader, from, shape, &options, in_out_list);
    for (const struct hk_json *item = from->first; item != NULL && status == HK_OK;
         item = item->next)
        status = add_source(reader, item, shape, &options, in_out_list);
    return status;
}

enum hk_status hk_mapping_sources(struct hk_mapping_reader *reader, const struct hk_json *node,
    enum hk_shape shape, const struct hk_source **in_out_list)
{
    enum hk_status status = HK_OK;

    unsigned index = 0;

    if (node->type != HK_JSON_ARRAY)
        return read_source(reader, node, shape, in_out_list);
    for (const struct hk_json *item = node->first; item != NULL; item = item->next) {
        char step[16];
        size_t mark;
        (void)snprintf(step, sizeof(step), "[%u]", index++);
        mark = hk_mapping_enter(reader, step);
        status = read_source(reader, item, shape, in_out_list);
        if (status != HK_OK)
            break;
        hk_mapping_leave(reader, mark);
    }
    return status;
}
