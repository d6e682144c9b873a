/*
 * mapping_fields: read what a mapping's patterns find, its fields and its cases.
 */
#include "intake/mapping_reader.h"

#include <stdlib.h>
#include <string.h>

/* --- what patterns find --- */

static int slot_known(void *ctx, struct hk_slice name)
{
    const struct hk_mapping_reader *reader = ctx;

    for (unsigned i = 0; i < reader->slot_count; i++)
        if (hk_slice_is(name, reader->slots[i]))
            return (int)i;
    return -1;
}

static int slot_for(void *ctx, struct hk_slice name)
{
    struct hk_mapping_reader *reader = ctx;
    int known = slot_known(ctx, name);

    if (known >= 0 || reader->slot_count == HK_MAPPING_SLOTS_MAX)
        return known;
    reader->slots[reader->slot_count] = hk_arena_copy(reader->arena, name.at, name.size);
    return reader->slots[reader->slot_count] != NULL ? (int)reader->slot_count++ : -1;
}

enum hk_status hk_mapping_path(struct hk_mapping_reader *reader, const struct hk_json *node,
    struct hk_slice text, struct hk_path *ret_path)
{
    enum hk_status status =
        hk_path_read(text, reader->arena, slot_known, reader, ret_path, reader->error);

    return status == HK_OK ? HK_OK : hk_mapping_locate(reader, node, status);
}

static enum hk_status read_patterns(
    struct hk_mapping_reader *reader, const struct hk_json *node, struct hk_find *find)
{
    bool is_list = node->type == HK_JSON_ARRAY;
    const struct hk_json *item = is_list ? node->first : node;
    const struct hk_pattern **any = hk_arena_alloc(
        reader->arena, ((is_list ? node->count : 1) + 1) * sizeof(struct hk_pattern *));
    size_t count = 0;

    if (any == NULL)
        return hk_mapping_no_memory(reader);
    for (; item != NULL; item = is_list ? item->next : NULL) {
        const char *text = hk_json_string(item);
        enum hk_status status;
        if (text == NULL)
            return hk_mapping_fail(reader, item, "expected a pattern such as \"from {src:ip}\"");
        status =
            hk_pattern_read(text, reader->arena, slot_for, reader, &any[count++], reader->error);
        if (status != HK_OK)
            return hk_mapping_locate(reader, item, status);
    }
    find->any = any;
    return HK_OK;
}

static enum hk_status add_find(struct hk_mapping_reader *reader, const struct hk_json *node,
    struct hk_slice in, const struct hk_find **in_out_list)
{
    struct hk_find *find = hk_arena_alloc(reader->arena, sizeof(*find));
    const struct hk_find **link = in_out_list;
    enum hk_status status;

    if (find == NULL)
        return hk_mapping_no_memory(reader);
    status = hk_mapping_path(reader, node, in, &find->in);
    if (status == HK_OK)
        status = read_patterns(reader, node, find);
    while (*link != NULL)
        link = (const struct hk_find **)&(*link)->next;
    *link = find;
    return status;
}

/* Patterns of which one is enough, or a list of such lists, which are asked one after the other. */
static enum hk_status add_finds(struct hk_mapping_reader *reader, const struct hk_json *node,
    struct hk_slice in, const struct hk_find **in_out_list)
{
    enum hk_status status = HK_OK;

    if (node->type != HK_JSON_ARRAY || node->count == 0 || node->first->type != HK_JSON_ARRAY)
        return add_find(reader, node, in, in_out_list);
    for (const struct hk_json *item = node->first; item != NULL && status == HK_OK;
         item = item->next)
        status = add_find(reader, item, in, in_out_list);
    return status;
}

enum hk_status hk_mapping_finds(struct hk_mapping_reader *reader, const struct hk_json *node,
    const struct hk_find **in_out_list)
{
    enum hk_status status = HK_OK;

    if (node->type != HK_JSON_OBJECT)
        return add_finds(reader, node, hk_slice_of("@text"), in_out_list);
    for (const struct hk_json *child = node->first; child != NULL && status == HK_OK;
         child = child->next) {
        size_t mark = hk_mapping_enter(reader, child->key);
        status =
            add_finds(reader, child, (struct hk_slice){child->key, child->key_size}, in_out_list);
        hk_mapping_leave(reader, mark);
    }
    return status;
}

/* --- fields and cases --- */

static enum hk_status read_more(
    struct hk_mapping_reader *reader, const struct hk_json *node, struct hk_fields *fields)
{
    struct hk_more *more = hk_arena_alloc(reader->arena, sizeof(*more));
    const struct hk_more **link = &fields->more;
    const char *name = node->key + strlen("more.");

    if (more == NULL)
        return hk_mapping_no_memory(reader);
    if (name[0] == '\0')
        return hk_mapping_fail(reader, node, "expected a name after \"more.\"");
    more->name = hk_arena_copy(reader->arena, name, strlen(name));
    if (more->name == NULL)
        return hk_mapping_no_memory(reader);
    while (*link != NULL && strcmp((*link)->name, name) != 0)
        link = (const struct hk_more **)&(*link)->next;
    if (*link == NULL)
        *link = more;
    return hk_mapping_sources(reader, node, HK_SHAPE_TEXT, &((struct hk_more *)*link)->source);
}

enum hk_status hk_mapping_target(struct hk_mapping_reader *reader, const struct hk_json *node,
    enum hk_target target, struct hk_fields *fields)
{
    fields->targets |= UINT64_C(1) << target;
    return hk_mapping_sources(reader, node, hk_targets[target].shape, &fields->by_target[target]);
}

static enum hk_status read_field(
    struct hk_mapping_reader *reader, const struct hk_json *node, struct hk_fields *fields)
{
    enum hk_target target = hk_target_of((struct hk_slice){node->key, node->key_size});

    if (strncmp(node->key, "more.", strlen("more.")) == 0)
        return read_more(reader, node, fields);
    if (target == HK_TARGET_MAX)
        return hk_mapping_fail(
            reader, node, "the view has no field \"%.60s\"; \"more.NAME\" may be any", node->key);
    return hk_mapping_target(reader, node, target, fields);
}

enum hk_status hk_mapping_fields(
    struct hk_mapping_reader *reader, const struct hk_json *object, struct hk_fields *fields)
{
    enum hk_status status = HK_OK;

    if (object->type != HK_JSON_OBJECT)
        return hk_mapping_fail(reader, object, "expected {\"field\": source, …}");
    for (const struct hk_json *node = object->first; node != NULL && status == HK_OK;
         node = node->next) {
        size_t mark = hk_mapping_enter(reader, node->key);
        if (strcmp(node->key, "find") != 0)
            status = read_field(reader, node, fields);
        hk_mapping_leave(reader, mark);
    }
    return status;
}

/* One case: fields, and under "find" patterns of its own. A text alone is its title. */
static enum hk_status read_case(
    struct hk_mapping_reader *reader, const struct hk_json *node, struct hk_fields *fields)
{
    const struct hk_json *find = hk_json_get(node, "find");
    enum hk_status status = HK_OK;

    if (node->type == HK_JSON_STRING)
        return hk_mapping_target(reader, node, HK_TARGET_TITLE, fields);
    if (find != NULL) {
        size_t mark = hk_mapping_enter(reader, "find");
        status = hk_mapping_finds(reader, find, &fields->finds);
        hk_mapping_leave(reader, mark);
    }
    return status == HK_OK ? hk_mapping_fields(reader, node, fields) : status;
}

static int compare_cases(const void *a, const void *b)
{
    return strcmp(((const struct hk_case *)a)->key.text, ((const struct hk_case *)b)->key.text);
}

/* Keys of one case, "a|b|c". */
static unsigned count_keys(const char *keys)
{
    unsigned count = 1;

    for (; *keys != '\0'; keys++)
        count += *keys == '|';
    return count;
}

static enum hk_status put_cases(struct hk_mapping_reader *reader, const char *keys,
    const struct hk_fields *fields, struct hk_cases *cases, struct hk_case *exact,
    struct hk_case *open)
{
    for (const char *at = keys;; at++) {
        size_t size = strcspn(at, "|");
        struct hk_case one = {.fields = fields};
        if (!hk_glob_read((struct hk_slice){at, size}, reader->arena, &one.key))
            return hk_mapping_no_memory(reader);
        if (hk_glob_is_open(&one.key))
            open[cases->open_count++] = one;
        else
            exact[cases->exact_count++] = one;
        at += size;
        if (*at == '\0')
            return HK_OK;
    }
}

static enum hk_status read_case_table(
    struct hk_mapping_reader *reader, const struct hk_json *of, struct hk_cases *cases)
{
    struct hk_case *exact;
    struct hk_case *open;
    unsigned count = 0;

    for (const struct hk_json *node = of->first; node != NULL; node = node->next)
        count += count_keys(node->key);
    exact = hk_arena_alloc(reader->arena, (count + 1) * sizeof(*exact));
    open = hk_arena_alloc(reader->arena, (count + 1) * sizeof(*open));
    if (exact == NULL || open == NULL)
        return hk_mapping_no_memory(reader);
    for (const struct hk_json *node = of->first; node != NULL; node = node->next) {
        struct hk_fields *fields = hk_arena_alloc(reader->arena, sizeof(*fields));
        size_t mark = hk_mapping_enter(reader, node->key);
        enum hk_status status =
            fields != NULL ? read_case(reader, node, fields) : hk_mapping_no_memory(reader);
        if (status == HK_OK)
            status = put_cases(reader, node->key, fields, cases, exact, open);
        if (status != HK_OK)
            return status;
        hk_mapping_leave(reader, mark);
    }
    qsort(exact, cases->exact_count, sizeof(*exact), compare_cases);
    for (unsigned i = 1; i < cases->exact_count; i++)
        if (strcmp(exact[i - 1].key.text, exact[i].key.text) == 0)
            return hk_mapping_fail(reader, of, "two cases for \"%.60s\"", exact[i].key.text);
    cases->exact = exact;
    cases->open = open;
    return HK_OK;
}

/* {"by": source, "of": {"key|key*": {…}, …}} */
static enum hk_status read_cases(struct hk_mapping_reader *reader, const struct hk_json *object,
    const struct hk_cases **in_out_list)
{
    static const char *const keys[] = {"by", "of", NULL};
    const struct hk_json *by = hk_json_get(object, "by");
    const struct hk_json *of = hk_json_get(object, "of");
    struct hk_cases *cases = hk_arena_alloc(reader->arena, sizeof(*cases));
    const struct hk_cases **link = in_out_list;
    enum hk_status status = hk_mapping_keys(reader, object, keys);

    if (cases == NULL)
        return hk_mapping_no_memory(reader);
    if (status == HK_OK && (by == NULL || of == NULL || of->type != HK_JSON_OBJECT))
        status = hk_mapping_fail(
            reader, object, "expected {\"by\": source, \"of\": {\"value\": {…}, …}}");
    if (status == HK_OK)
        status = hk_mapping_sources(reader, by, HK_SHAPE_TEXT, &cases->by);
    if (status == HK_OK)
        status = read_case_table(reader, of, cases);
    while (*link != NULL)
        link = (const struct hk_cases **)&(*link)->next;
    *link = cases;
    return status;
}

enum hk_status hk_mapping_cases(struct hk_mapping_reader *reader, const struct hk_json *node,
    const struct hk_cases **in_out_list)
{
    enum hk_status status = HK_OK;

    if (node->type != HK_JSON_ARRAY)
        return read_cases(reader, node, in_out_list);
    for (const struct hk_json *item = node->first; item != NULL && status == HK_OK;
         item = item->next)
        status = read_cases(reader, item, in_out_list);
    return status;
}
