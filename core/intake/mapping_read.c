/*
 * mapping_read: read a mapping's document: its head, what it matches, its fields and cases. What it
 * is like comes after its own, so that its own is asked first.
 */
#include "intake/mapping_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LIKE_DEPTH_MAX 4
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const top_keys[] = {"form", "about", "product", "like", "reads", "match", "rank",
    "under", "find", "maps", "fields", "cases", "required", "zone", "pairs", "columns", NULL};

/* --- errors with a place --- */

size_t hk_mapping_enter(struct hk_mapping_reader *reader, const char *key)
{
    size_t mark = strlen(reader->path);

    (void)snprintf(reader->path + mark, sizeof(reader->path) - mark, "%s%.60s",
        mark > 0 && key[0] != '[' ? "." : "", key);
    return mark;
}

void hk_mapping_leave(struct hk_mapping_reader *reader, size_t mark)
{
    reader->path[mark] = '\0';
}

/* The line of a node, as its bytes lie in the document's copy of the file. */
static unsigned line_of(const struct hk_mapping_reader *reader, const struct hk_json *node)
{
    const char *end = reader->file->text + reader->file->size;
    const char *at = reader->file->text;
    const char *target;
    unsigned line = 1;

    while (at < end && *at != '{') {
        line += *at == '\n';
        at++;
    }
    if (node == NULL || reader->root == NULL || node->source < reader->root->source ||
        (size_t)(node->source - reader->root->source) > (size_t)(end - at))
        return line;
    target = at + (node->source - reader->root->source);
    for (; at < target; at++)
        line += *at == '\n';
    return line;
}

enum hk_status hk_mapping_locate(
    struct hk_mapping_reader *reader, const struct hk_json *node, enum hk_status status)
{
    (void)hk_error_prefix(reader->error, "%s:%u%s%s", reader->file->name, line_of(reader, node),
        reader->path[0] != '\0' ? ": " : "", reader->path);
    return status;
}

enum hk_status hk_mapping_fail(
    struct hk_mapping_reader *reader, const struct hk_json *node, const char *format, ...)
{
    char text[200];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)hk_fail(reader->error, HK_INVALID, "%s", text);
    return hk_mapping_locate(reader, node, HK_INVALID);
}

enum hk_status hk_mapping_no_memory(struct hk_mapping_reader *reader)
{
    return hk_fail(reader->error, HK_NOMEM, "%s: no memory for a mapping", reader->file->name);
}

enum hk_status hk_mapping_keys(
    struct hk_mapping_reader *reader, const struct hk_json *object, const char *const *keys)
{
    for (const struct hk_json *child = object->first; child != NULL; child = child->next) {
        const char *const *key = keys;
        while (*key != NULL && strcmp(*key, child->key) != 0)
            key++;
        if (*key == NULL)
            return hk_mapping_fail(
                reader, child, "there is no such key as \"%.60s\" here", child->key);
    }
    return HK_OK;
}

/* --- the head --- */

static enum hk_status read_reads(
    struct hk_mapping_reader *reader, const struct hk_json *node, unsigned *ret_reads)
{
    static const struct {
        const char *name;
        enum hk_reads bit;
    } names[] = {{"json", HK_READS_JSON}, {"cef", HK_READS_CEF}, {"leef", HK_READS_LEEF},
        {"pairs", HK_READS_PAIRS}, {"csv", HK_READS_CSV}, {"xml", HK_READS_XML},
        {"zeek", HK_READS_ZEEK}, {"text", HK_READS_TEXT}};
    bool is_list = node->type == HK_JSON_ARRAY;

    *ret_reads = 0;
    for (const struct hk_json *item = is_list ? node->first : node; item != NULL;
         item = is_list ? item->next : NULL) {
        size_t i = 0;
        while (i < COUNT(names) &&
               (hk_json_string(item) == NULL || strcmp(names[i].name, hk_json_string(item)) != 0))
            i++;
        if (i == COUNT(names))
            return hk_mapping_fail(
                reader, item, "expected json, cef, leef, pairs, csv, xml, zeek or text");
        *ret_reads |= names[i].bit;
    }
    return *ret_reads != 0 ? HK_OK : hk_mapping_fail(reader, node, "an empty list");
}

static enum hk_status read_alternative(
    struct hk_mapping_reader *reader, const struct hk_json *node, struct hk_mapping *mapping)
{
    struct hk_alternative *alternative = hk_arena_alloc(reader->arena, sizeof(*alternative));
    const struct hk_alternative **link = &mapping->match;
    enum hk_status status;

    if (alternative == NULL)
        return hk_mapping_no_memory(reader);
    status = hk_mapping_conditions(reader, node, &alternative->conditions, &alternative->count);
    if (status != HK_OK)
        return status;
    for (const struct hk_condition *c = alternative->conditions; c != NULL; c = c->next)
        if (strcmp(c->path.text, "title") == 0)
            mapping->names_title = true;
    while (*link != NULL)
        link = (const struct hk_alternative **)&(*link)->next;
    *link = alternative;
    return status;
}

static enum hk_status read_match(
    struct hk_mapping_reader *reader, const struct hk_json *node, struct hk_mapping *mapping)
{
    enum hk_status status = HK_OK;

    if (node->type != HK_JSON_ARRAY)
        return read_alternative(reader, node, mapping);
    for (const struct hk_json *item = node->first; item != NULL && status == HK_OK;
         item = item->next)
        status = read_alternative(reader, item, mapping);
    return status;
}

static enum hk_status read_required(
    struct hk_mapping_reader *reader, const struct hk_json *node, struct hk_mapping *mapping)
{
    if (!hk_json_is_texts(node))
        return hk_mapping_fail(reader, node, "expected a list of fields");
    for (const struct hk_json *item = node->first; item != NULL; item = item->next) {
        enum hk_target target = hk_target_of((struct hk_slice){item->text, item->text_size});
        if (target == HK_TARGET_MAX || mapping->required_count == HK_TARGET_MAX)
            return hk_mapping_fail(reader, item, "the view has no field \"%.60s\"", item->text);
        mapping->required[mapping->required_count++] = target;
    }
    return HK_OK;
}

static enum hk_status read_zone(
    struct hk_mapping_reader *reader, const struct hk_json *node, struct hk_mapping *mapping)
{
    const char *text = hk_json_string(node);
    long long hours;
    long long minutes;

    mapping->has_zone = true;
    if (text != NULL && strcmp(text, "UTC") == 0)
        return HK_OK;
    if (text == NULL || strlen(text) != 6 || strchr("+-", text[0]) == NULL || text[3] != ':' ||
        !hk_slice_number((struct hk_slice){text + 1, 2}, &hours) ||
        !hk_slice_number((struct hk_slice){text + 4, 2}, &minutes) || hours > 14 || minutes > 59)
        return hk_mapping_fail(reader, node, "expected \"UTC\" or an offset such as \"+09:00\"");
    mapping->utc_offset_min = (int)(hours * 60 + minutes) * (text[0] == '-' ? -1 : 1);
    return HK_OK;
}

static enum hk_status read_pairs(
    struct hk_mapping_reader *reader, const struct hk_json *node, struct hk_mapping *mapping)
{
    static const char *const keys[] = {"between", "equals", "loose", NULL};
    const char *between = hk_json_string_at(node, "between", " ");
    const char *equals = hk_json_string_at(node, "equals", "=");
    enum hk_status status;

    if (node->type != HK_JSON_OBJECT || strlen(between) != 1 || strlen(equals) != 1)
        return hk_mapping_fail(
            reader, node, "expected {\"between\": \"|\", \"equals\": \"=\"}, one character each");
    status = hk_mapping_keys(reader, node, keys);
    mapping->has_pairs = true;
    mapping->is_loose = hk_json_bool_at(node, "loose", false);
    mapping->pairs_between = (char)(between[0] == ' ' ? '\0' : between[0]);
    mapping->pairs_equals = equals[0];
    return status;
}

/* "pan_os" is the same for all messages; a list or an object says where to find it. */
static enum hk_status read_product(
    struct hk_mapping_reader *reader, const struct hk_json *node, struct hk_mapping *mapping)
{
    const char *text = hk_json_string(node);

    if (text == NULL)
        return hk_mapping_target(reader, node, HK_TARGET_PRODUCT, &mapping->fields);
    for (const char *at = text; *at != '\0' || at == text; at++)
        if (!(*at >= 'a' && *at <= 'z') && !hk_is_digit(*at) && *at != '_')
            return hk_mapping_fail(reader, node, "expected a word of a-z, 0-9 and '_'");
    mapping->product = hk_arena_copy(reader->arena, text, strlen(text));
    return mapping->product != NULL ? HK_OK : hk_mapping_no_memory(reader);
}

typedef enum hk_status part_fn(
    struct hk_mapping_reader *reader, const struct hk_json *node, struct hk_mapping *mapping);

static enum hk_status read_rank(
    struct hk_mapping_reader *reader, const struct hk_json *node, struct hk_mapping *mapping)
{
    int64_t rank;

    if (!hk_json_i64(node, &rank) || rank < -100 || rank > 100)
        return hk_mapping_fail(reader, node, "expected a whole number from -100 to 100");
    mapping->rank = (int)rank;
    return HK_OK;
}

static enum hk_status read_columns(
    struct hk_mapping_reader *reader, const struct hk_json *node, struct hk_mapping *mapping)
{
    struct hk_buf joined;
    enum hk_status status = HK_OK;

    if (!hk_json_is_texts(node))
        return hk_mapping_fail(reader, node, "expected a list of names");
    hk_buf_init(&joined, HK_MAPPING_SIZE_MAX);
    for (const struct hk_json *item = node->first; item != NULL; item = item->next) {
        hk_buf_append_text(&joined, item->text);
        if (item->next != NULL)
            hk_buf_append_char(&joined, '\t');
    }
    if (joined.failed || joined.size == 0)
        status = hk_mapping_fail(reader, node, "expected a list of names");
    else if ((mapping->columns = hk_arena_copy(reader->arena, joined.data, joined.size)) == NULL)
        status = hk_mapping_no_memory(reader);
    hk_buf_done(&joined);
    return status;
}

static enum hk_status read_under(
    struct hk_mapping_reader *reader, const struct hk_json *node, struct hk_mapping *mapping)
{
    struct hk_path *under;

    if (!hk_json_is_texts(node) || node->count > HK_MAPPING_UNDER_MAX)
        return hk_mapping_fail(
            reader, node, "expected a list of up to %d paths", HK_MAPPING_UNDER_MAX);
    under = hk_arena_alloc(reader->arena, (node->count + 1) * sizeof(*under));
    if (under == NULL)
        return hk_mapping_no_memory(reader);
    mapping->under = under;
    for (const struct hk_json *item = node->first; item != NULL; item = item->next) {
        struct hk_path *path = &under[mapping->under_count++];
        enum hk_status status =
            hk_mapping_path(reader, item, (struct hk_slice){item->text, item->text_size}, path);
        if (status != HK_OK)
            return status;
        if (path->root != HK_PATH_BODY)
            return hk_mapping_fail(reader, item, "expected a path of the message's body");
    }
    return HK_OK;
}

static enum hk_status read_reads_of(
    struct hk_mapping_reader *reader, const struct hk_json *node, struct hk_mapping *mapping)
{
    return read_reads(reader, node, &mapping->reads);
}

static enum hk_status read_find_of(
    struct hk_mapping_reader *reader, const struct hk_json *node, struct hk_mapping *mapping)
{
    return hk_mapping_finds(reader, node, &mapping->fields.finds);
}

static enum hk_status read_fields_of(
    struct hk_mapping_reader *reader, const struct hk_json *node, struct hk_mapping *mapping)
{
    return hk_mapping_fields(reader, node, &mapping->fields);
}

static enum hk_status read_cases_of(
    struct hk_mapping_reader *reader, const struct hk_json *node, struct hk_mapping *mapping)
{
    return hk_mapping_cases(reader, node, &mapping->cases);
}

/* What a mapping gets from the one that it is like. */
enum inherited {
    NEVER,
    IF_MISSING,
    WITH_MATCH, /* if the match is missing: a match of its own has a rank of its own */
    BEHIND,     /* what both have is asked after its own */
};

/* Parts in the order in which they must be read: patterns name what paths may use. */
static const struct {
    const char *key;
    part_fn *read;
    enum inherited inherited;
} parts[] = {
    {"reads", read_reads_of, IF_MISSING},
    {"match", read_match, IF_MISSING}, /* before anything was found */
    {"under", read_under, IF_MISSING},
    {"find", read_find_of, BEHIND},
    {"rank", read_rank, WITH_MATCH},
    {"zone", read_zone, IF_MISSING},
    {"pairs", read_pairs, IF_MISSING},
    {"columns", read_columns, IF_MISSING},
    {"required", read_required, NEVER},
    {"cases", read_cases_of, BEHIND},
    {"fields", read_fields_of, BEHIND},
    {"product", read_product, IF_MISSING},
};

/* given: bits of the parts that the documents before this one have. */
static enum hk_status read_document(struct hk_mapping_reader *reader, const struct hk_json *root,
    unsigned *in_out_given, struct hk_mapping *mapping)
{
    unsigned given = 0;

    reader->maps = hk_json_get(root, "maps");
    for (unsigned i = 0; i < COUNT(parts); i++) {
        const struct hk_json *node = hk_json_get(root, parts[i].key);
        enum hk_status status;
        size_t mark;
        if (node == NULL || (*in_out_given >> i & 1) != 0)
            continue;
        if (parts[i].inherited != BEHIND)
            given |= 1U << i;
        mark = hk_mapping_enter(reader, parts[i].key);
        status = parts[i].read(reader, node, mapping);
        if (status != HK_OK)
            return status;
        hk_mapping_leave(reader, mark);
    }
    *in_out_given |= given;
    for (unsigned i = 0; i < COUNT(parts); i++)
        if (parts[i].inherited == NEVER ||
            (parts[i].inherited == WITH_MATCH && mapping->match != NULL))
            *in_out_given |= 1U << i;
    return HK_OK;
}

/* What it is like gives what it has not itself. */
static enum hk_status read_likes(struct hk_mapping_reader *reader, hk_mapping_like_fn *like,
    void *ctx, unsigned given, struct hk_mapping *mapping)
{
    const struct hk_json *root = reader->root;

    for (int depth = 0;; depth++) {
        const struct hk_json *node = hk_json_get(root, "like");
        const char *form = hk_json_string(node);
        enum hk_status status;
        if (node == NULL)
            return HK_OK;
        root = form != NULL ? like(ctx, form) : NULL;
        if (root == NULL || depth == LIKE_DEPTH_MAX)
            return hk_mapping_fail(reader, node, "like: there is no mapping of that form");
        reader->root = NULL; /* lines of another document mean nothing here */
        status = read_document(reader, root, &given, mapping);
        if (status != HK_OK)
            return status;
    }
}

enum hk_status hk_mapping_form(const struct hk_mapping_file *file, const struct hk_json *root,
    const char **ret_form, struct hk_error *error)
{
    struct hk_mapping_reader reader = {.file = file, .root = root, .error = error};
    const struct hk_json *node = hk_json_get(root, "form");
    const char *form = hk_json_string(node);
    size_t size = form != NULL ? strlen(form) : 0;

    if (root->type != HK_JSON_OBJECT)
        return hk_mapping_fail(&reader, root, "a mapping is a JSON object");
    if (size == 0 || size > 63 || strspn(form, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != size)
        return hk_mapping_fail(
            &reader, node, "form: expected a name of up to 63 of a-z, 0-9, '-', '_' and '.'");
    *ret_form = form;
    return HK_OK;
}

enum hk_status hk_mapping_read(const struct hk_mapping_file *file, const struct hk_json *root,
    struct hk_arena *arena, hk_mapping_like_fn *like, void *ctx, struct hk_mapping *ret_mapping,
    struct hk_error *error)
{
    struct hk_mapping_reader reader = {.file = file, .root = root, .arena = arena, .error = error};
    struct hk_mapping mapping = {.reads = HK_READS_JSON};
    unsigned given = 0;
    enum hk_status status = hk_mapping_form(file, root, &mapping.form, error);

    if (status != HK_OK)
        return status;
    mapping.file = file->name;
    status = hk_mapping_keys(&reader, root, top_keys);
    if (status == HK_OK)
        status = read_document(&reader, root, &given, &mapping);
    if (status == HK_OK)
        status = read_likes(&reader, like, ctx, given, &mapping);
    if (status == HK_OK && mapping.match == NULL)
        status = hk_mapping_fail(&reader, root, "\"match\" is missing");
    if (status == HK_OK && mapping.fields.by_target[HK_TARGET_TITLE] == NULL)
        status = hk_mapping_fail(&reader, root, "fields: there is no source for the title");
    if (status == HK_OK && mapping.product == NULL &&
        mapping.fields.by_target[HK_TARGET_PRODUCT] == NULL)
        status = hk_mapping_fail(&reader, root, "\"product\" is missing");
    mapping.slot_count = reader.slot_count;
    if (mapping.has_pairs || mapping.columns != NULL)
        mapping.reads |= HK_READS_TEXT; /* without it the text may look like none of that */
    if (status == HK_OK)
        *ret_mapping = mapping;
    return status;
}
