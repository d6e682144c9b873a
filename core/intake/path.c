/*
 * path: see path.h.
 */
#include "intake/path.h"

#include "limits.h"

#include <string.h>

#define STEPS_MAX 16
#define RUN_DOTS_MAX 12

enum step_kind { STEP_KEYS, STEP_INDEX, STEP_EACH, STEP_WHERE };

struct hk_path_step {
    enum step_kind kind;
    const char *keys; /* "a.b", or the key of k=v; in lower case */
    size_t keys_size;
    const char *value; /* of k=v */
    int index;
};

/* --- sets of keys --- */

/* The bit of a key by its first two bytes. The end of a key, '.' and '_' are one, as they are in
 * is_key. */
static uint64_t key_bit(const char *key, size_t size)
{
    unsigned first = size > 0 ? (unsigned char)hk_lower(key[0]) : 0;
    unsigned second = size > 1 ? (unsigned char)hk_lower(key[1]) : '.';

    if (first == '_')
        first = '.';
    if (second == '_')
        second = '.';
    return UINT64_C(1) << ((first * 37 + second * 11) & 63);
}

uint64_t hk_path_keys_of(const struct hk_json *object)
{
    uint64_t keys = 0;

    for (const struct hk_json *child = object->first; child != NULL; child = child->next)
        keys |= key_bit(child->key, child->key_size);
    return keys;
}

/* --- reading --- */

static enum hk_status no_memory(struct hk_error *error)
{
    return hk_fail(error, HK_NOMEM, "no memory for a mapping");
}

/* A copy in lower case. */
static const char *copy_lower(struct hk_arena *arena, struct hk_slice text)
{
    char *copy = hk_arena_copy(arena, text.at, text.size);

    for (size_t i = 0; copy != NULL && i < text.size; i++)
        copy[i] = hk_lower(copy[i]);
    return copy;
}

static enum hk_status read_keys(
    struct hk_slice keys, struct hk_arena *arena, struct hk_path_step *step, struct hk_error *error)
{
    unsigned dots = 0;

    for (size_t i = 0; i < keys.size; i++)
        dots += keys.at[i] == '.';
    if (keys.size == 0 || dots > RUN_DOTS_MAX)
        return hk_fail(error, HK_INVALID, "\"%.*s\" is no path", (int)keys.size, keys.at);
    step->kind = STEP_KEYS;
    step->keys = copy_lower(arena, keys);
    step->keys_size = keys.size;
    return step->keys != NULL ? HK_OK : no_memory(error);
}

/* What stands between brackets. */
static enum hk_status read_bracket(struct hk_slice inside, struct hk_arena *arena,
    struct hk_path_step *step, struct hk_error *error)
{
    size_t equals = hk_slice_until(inside, '=');
    bool is_negative = inside.size > 1 && inside.at[0] == '-';
    long long number;

    if (hk_slice_is(inside, "*")) {
        step->kind = STEP_EACH;
        return HK_OK;
    }
    if (hk_slice_number(is_negative ? hk_slice_after(inside, 1) : inside, &number) &&
        number < 100000) {
        step->kind = STEP_INDEX;
        step->index = (int)(is_negative ? -number : number);
        return HK_OK;
    }
    if (equals == 0 || equals == inside.size)
        return hk_fail(error, HK_INVALID, "\"[%.*s]\": expected [0], [-1], [*] or [key=value]",
            (int)inside.size, inside.at);
    step->kind = STEP_WHERE;
    step->keys = copy_lower(arena, (struct hk_slice){inside.at, equals});
    step->keys_size = equals;
    step->value = hk_arena_copy(arena, inside.at + equals + 1, inside.size - equals - 1);
    return step->keys != NULL && step->value != NULL ? HK_OK : no_memory(error);
}

static enum hk_status read_steps(struct hk_slice rest, struct hk_arena *arena,
    struct hk_path_step *steps, struct hk_path *path, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    while (rest.size > 0 && status == HK_OK) {
        struct hk_path_step *step = &steps[path->step_count++];
        size_t size = hk_slice_until(rest, '[');
        if (path->step_count > STEPS_MAX)
            return hk_fail(error, HK_INVALID, "a path of more than %d steps", STEPS_MAX);
        if (size > 0) {
            status = read_keys((struct hk_slice){rest.at, size}, arena, step, error);
            rest = hk_slice_after(rest, size);
            continue;
        }
        size = hk_slice_until(rest, ']');
        if (size == rest.size)
            return hk_fail(
                error, HK_INVALID, "\"%.*s\": the bracket does not end", (int)rest.size, rest.at);
        status = read_bracket((struct hk_slice){rest.at + 1, size - 1}, arena, step, error);
        rest = hk_slice_after(rest, size + 1);
        if (rest.size > 0 && rest.at[0] == '.')
            rest = hk_slice_after(rest, 1);
        else if (rest.size > 0 && rest.at[0] != '[')
            return hk_fail(error, HK_INVALID, "\"%.*s\": expected '.' or '[' after ']'",
                (int)rest.size, rest.at);
    }
    return status;
}

/* "@host", but not "@timestamp", which bodies have. */
static bool is_of_envelope(struct hk_slice text)
{
    static const char *const names[] = {"text", "prefix", "host", "app", "pid", "msgid", "time",
        "facility", "level", "sd", "vendor", "device", "version", "id", "name", "severity", "csv",
        "source", "peer", "transport"};
    size_t size = 1;

    if (text.at[0] != '@')
        return false;
    while (size < text.size && text.at[size] != '.' && text.at[size] != '[')
        size++;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (hk_slice_is((struct hk_slice){text.at + 1, size - 1}, names[i]))
            return true;
    return false;
}

enum hk_status hk_path_read(struct hk_slice text, struct hk_arena *arena, hk_path_slot_fn *slot_of,
    void *ctx, struct hk_path *ret_path, struct hk_error *error)
{
    struct hk_path_step steps[STEPS_MAX + 1] = {{.kind = STEP_KEYS}};
    struct hk_path path = {.root = HK_PATH_BODY};
    struct hk_path_step *kept;
    enum hk_status status;

    if (text.size == 0 || text.size > 512)
        return hk_fail(error, HK_INVALID, "a path has 1 to 512 bytes");
    path.text = hk_arena_copy(arena, text.at, text.size);
    if (path.text == NULL)
        return no_memory(error);
    if (text.at[0] == '$') {
        int slot = slot_of != NULL ? slot_of(ctx, hk_slice_after(text, 1)) : -1;
        if (slot < 0)
            return hk_fail(error, HK_INVALID, "\"%s\": no pattern finds that name", path.text);
        path.root = HK_PATH_FOUND;
        path.slot = (unsigned)slot;
        *ret_path = path;
        return HK_OK;
    }
    if (is_of_envelope(text))
        path.root = HK_PATH_ENVELOPE;
    status = read_steps(text, arena, steps, &path, error);
    if (status != HK_OK)
        return status;
    kept = hk_arena_alloc(arena, path.step_count * sizeof(*kept));
    if (kept == NULL)
        return no_memory(error);
    memcpy(kept, steps, path.step_count * sizeof(*kept));
    path.steps = kept;
    path.keys = kept[0].kind == STEP_KEYS ? key_bit(kept[0].keys, kept[0].keys_size) : UINT64_MAX;
    *ret_path = path;
    return HK_OK;
}

/* --- walking --- */

struct walk {
    const struct hk_path *path;
    hk_path_value_fn *fn;
    void *ctx;
    unsigned left; /* values and nodes that may still be looked at */
};

static bool walk_step(struct walk *walk, const struct hk_json *node, unsigned at);

static bool show(struct walk *walk, const struct hk_json *value)
{
    if (walk->left == 0)
        return true;
    walk->left--;
    return walk->fn(walk->ctx, value);
}

/* Is it the key, but for the case of letters, and "_" where the path has a dot? */
static bool is_key(const char *key, const char *lower, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (key[i] != lower[i] && hk_lower(key[i]) != lower[i] &&
            !(key[i] == '_' && lower[i] == '.'))
            return false;
    return true;
}

/* Follow keys, of which some bytes are left, from an object, or from each object of a list. */
static bool walk_keys(/* NOLINT(misc-no-recursion): no deeper than a path has keys and lists */
    struct walk *walk, const struct hk_json *node, const char *keys, unsigned at)
{
    size_t left = walk->path->steps[at].keys_size - (size_t)(keys - walk->path->steps[at].keys);

    if (node->type == HK_JSON_ARRAY) {
        for (const struct hk_json *item = node->first; item != NULL; item = item->next)
            if (item->type == HK_JSON_OBJECT && walk_keys(walk, item, keys, at))
                return true;
        return false;
    }
    if (node->type != HK_JSON_OBJECT)
        return false;
    for (const struct hk_json *child = node->first; child != NULL; child = child->next) {
        size_t size = child->key_size;
        if (size > left || !is_key(child->key, keys, size))
            continue;
        if (size == left) {
            if (walk_step(walk, child, at + 1))
                return true;
        } else if (keys[size] == '.' && walk_keys(walk, child, keys + size + 1, at)) {
            return true;
        }
    }
    return false;
}

static bool is_where(const struct hk_path_step *step, const struct hk_json *item)
{
    const struct hk_json *value = item->type == HK_JSON_OBJECT ? item->first : NULL;

    while (value != NULL &&
           !(value->key_size == step->keys_size && is_key(value->key, step->keys, step->keys_size)))
        value = value->next;
    return value != NULL && value->text != NULL &&
           hk_slice_is_like((struct hk_slice){value->text, value->text_size}, step->value);
}

static bool walk_items(/* NOLINT(misc-no-recursion): as above */
    struct walk *walk, const struct hk_json *list, unsigned at)
{
    const struct hk_path_step *step = &walk->path->steps[at];
    int number = step->kind == STEP_INDEX && step->index < 0 ? -(int)list->count : 0;

    for (const struct hk_json *item = list->first; item != NULL; item = item->next, number++) {
        if (step->kind == STEP_INDEX && number != step->index)
            continue;
        if (step->kind == STEP_WHERE && !is_where(step, item))
            continue;
        if (walk_step(walk, item, at + 1))
            return true;
    }
    return false;
}

static bool walk_step(/* NOLINT(misc-no-recursion): as above */
    struct walk *walk, const struct hk_json *node, unsigned at)
{
    const struct hk_path_step *step = &walk->path->steps[at];

    if (at == walk->path->step_count) {
        if (node->type != HK_JSON_ARRAY)
            return show(walk, node);
        for (const struct hk_json *item = node->first; item != NULL; item = item->next)
            if (show(walk, item))
                return true;
        return false;
    }
    if (step->kind == STEP_KEYS)
        return walk_keys(walk, node, step->keys, at);
    if (node->type == HK_JSON_ARRAY)
        return walk_items(walk, node, at);
    /* One thing where others have a list of one. */
    if (step->kind == STEP_WHERE ? is_where(step, node)
                                 : step->kind == STEP_EACH || step->index == 0 || step->index == -1)
        return walk_step(walk, node, at + 1);
    return false;
}

bool hk_path_walk(
    const struct hk_path *path, const struct hk_json *root, hk_path_value_fn *fn, void *ctx)
{
    struct walk walk = {.path = path, .fn = fn, .ctx = ctx, .left = HK_MAPPING_VALUES_MAX};

    if (root == NULL || path->root == HK_PATH_FOUND)
        return false;
    return walk_step(&walk, root, 0);
}

struct hk_slice hk_path_first_keys(const struct hk_path *path)
{
    if (path->step_count == 0 || path->steps[0].kind != STEP_KEYS)
        return (struct hk_slice){NULL, 0};
    return (struct hk_slice){path->steps[0].keys, path->steps[0].keys_size};
}

bool hk_path_is_plain(const struct hk_path *path)
{
    return path->step_count == 1 && path->steps[0].kind == STEP_KEYS;
}
