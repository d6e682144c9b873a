/*
 * match: see match.h. The table is open addressing over the keys; it is made by those who write
 * mappings, so its hash need not withstand an attacker: a message only looks up.
 */
#include "intake/match.h"

#include "intake/eval.h"

#include <string.h>

#define VALUE_SIZE_MAX 128
#define KEY_SIZE_MAX 256
#define RANK_WEIGHT 1000

/* An alternative of a mapping. */
struct ref {
    const struct hk_mapping *mapping;
    const struct hk_alternative *alternative;
    unsigned order;             /* of the mapping */
    const struct hk_glob *glob; /* that the value must fit under whose key this is; or NULL */
    const struct ref *next;
};

struct slot {
    const char *key; /* NULL: free. "key", or "key\nvalue", in lower case */
    size_t size;
    uint64_t hash;
    unsigned uses;   /* alternatives that could be filed here */
    bool has_values; /* there are slots "key\n…" */
    const struct ref *refs;
};

struct hk_match_index {
    struct slot *slots;
    size_t capacity; /* a power of two */
    const struct ref *scanned;
};

struct found {
    const struct ref *ref;
    int score;
};

/* --- the table --- */

static uint64_t hash_of(const char *key, size_t size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)key[i]) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 29;
}

static struct slot *find_slot(
    const struct hk_match_index *index, const char *key, size_t size, uint64_t hash)
{
    size_t at = hash & (index->capacity - 1);

    while (index->slots[at].key != NULL &&
           !(index->slots[at].hash == hash && index->slots[at].size == size &&
               memcmp(index->slots[at].key, key, size) == 0))
        at = (at + 1) & (index->capacity - 1);
    return &index->slots[at];
}

/* The slot of a key, made when it is new; NULL: no memory. */
static struct slot *use_slot(
    struct hk_match_index *index, struct hk_arena *arena, const char *key, size_t size)
{
    uint64_t hash = hash_of(key, size);
    struct slot *slot = find_slot(index, key, size, hash);

    if (slot->key == NULL) {
        slot->key = hk_arena_copy(arena, key, size);
        slot->size = size;
        slot->hash = hash;
    }
    return slot->key != NULL ? slot : NULL;
}

/* --- what can be filed --- */

/* "key\nvalue", in lower case as far as the value goes. 0: it is too long. */
static size_t join(struct hk_slice key, const char *value, size_t value_size, char *out)
{
    if (key.size + 1 + value_size > KEY_SIZE_MAX)
        return 0;
    memcpy(out, key.at, key.size);
    out[key.size] = '\n';
    for (size_t i = 0; i < value_size; i++)
        out[key.size + 1 + i] = hk_lower(value[i]);
    return key.size + 1 + value_size;
}

/* Is the condition one for values of a key at the top? */
static bool asks_values(const struct hk_condition *condition)
{
    struct hk_slice keys = hk_path_first_keys(&condition->path);

    return hk_path_is_plain(&condition->path) && hk_slice_until(keys, '.') == keys.size &&
           !condition->is_range;
}

/* Must a message that fits have this key? */
static bool asks_key(const struct hk_condition *condition)
{
    struct hk_slice keys = hk_path_first_keys(&condition->path);

    return !condition->is_negated && condition->path.root != HK_PATH_FOUND && keys.size > 0 &&
           !hk_slice_is(keys, "@text");
}

typedef bool key_fn(void *ctx, const char *key, size_t size, const struct hk_glob *glob);

/* Each text of a key at the top by itself: with its value, or where it has stars, under the key
 * alone. */
static bool each_value(const struct hk_condition *condition, key_fn *fn, void *ctx)
{
    struct hk_slice keys = hk_path_first_keys(&condition->path);
    char joined[KEY_SIZE_MAX];

    for (unsigned i = 0; i < condition->glob_count; i++) {
        const struct hk_glob *glob = &condition->globs[i];
        size_t value_size = strlen(glob->text);
        size_t size = hk_glob_is_open(glob) || value_size > VALUE_SIZE_MAX
                          ? 0
                          : join(keys, glob->text, value_size, joined);
        if (!(size > 0 ? fn(ctx, joined, size, NULL) : fn(ctx, keys.at, keys.size, glob)))
            return false;
    }
    return true;
}

/* Call fn with each key under which the condition is to be filed: "a.b" may be the key a that holds
 * b, or the key "a.b", or "a_b". */
static bool each_key(const struct hk_condition *condition, key_fn *fn, void *ctx)
{
    struct hk_slice keys = hk_path_first_keys(&condition->path);
    char joined[KEY_SIZE_MAX];

    if (asks_values(condition))
        return each_value(condition, fn, ctx);
    for (size_t i = 0; i <= keys.size; i++)
        if ((i == keys.size || keys.at[i] == '.') && !fn(ctx, keys.at, i, NULL))
            return false;
    if (hk_slice_until(keys, '.') == keys.size || keys.size > sizeof(joined))
        return true;
    for (size_t i = 0; i < keys.size; i++)
        joined[i] = (char)(keys.at[i] == '.' ? '_' : keys.at[i]);
    return fn(ctx, joined, keys.size, NULL);
}

/* --- building --- */

struct building {
    struct hk_match_index *index;
    struct hk_arena *arena;
    struct ref ref; /* what is being filed */
    unsigned uses;
};

static bool count_use(void *ctx, const char *key, size_t size, const struct hk_glob *glob)
{
    (void)glob;
    struct building *building = ctx;
    struct slot *slot = use_slot(building->index, building->arena, key, size);

    if (slot == NULL)
        return false;
    slot->uses++;
    return true;
}

static bool sum_uses(void *ctx, const char *key, size_t size, const struct hk_glob *glob)
{
    (void)glob;
    struct building *building = ctx;
    struct slot *slot = use_slot(building->index, building->arena, key, size);

    if (slot == NULL)
        return false;
    building->uses += slot->uses;
    return true;
}

/* Put it at the end, so that earlier mappings are tried first. */
static bool file_ref(void *ctx, const char *key, size_t size, const struct hk_glob *glob)
{
    struct building *building = ctx;
    struct slot *slot = use_slot(building->index, building->arena, key, size);
    struct ref *ref = hk_arena_alloc(building->arena, sizeof(*ref));
    const char *line = memchr(key, '\n', size);
    const struct ref **link;

    if (slot == NULL || ref == NULL)
        return false;
    if (line != NULL) {
        struct slot *plain = use_slot(building->index, building->arena, key, (size_t)(line - key));
        if (plain == NULL)
            return false;
        plain->has_values = true;
    }
    *ref = building->ref;
    ref->glob = glob;
    link = &slot->refs;
    while (*link != NULL)
        link = (const struct ref **)&(*link)->next;
    *link = ref;
    return true;
}

static bool file_alternative(struct building *building)
{
    const struct hk_condition *best = NULL;
    unsigned best_uses = 0;
    struct ref *ref;

    for (const struct hk_condition *c = building->ref.alternative->conditions; c != NULL;
         c = c->next) {
        if (!asks_key(c))
            continue;
        building->uses = 0;
        if (!each_key(c, sum_uses, building))
            return false;
        if (best == NULL || building->uses < best_uses) {
            best = c;
            best_uses = building->uses;
        }
    }
    if (best != NULL)
        return each_key(best, file_ref, building);
    ref = hk_arena_alloc(building->arena, sizeof(*ref));
    if (ref == NULL)
        return false;
    *ref = building->ref;
    ref->next = building->index->scanned;
    building->index->scanned = ref;
    return true;
}

typedef bool alternative_fn(struct building *building);

static bool count_alternative(struct building *building)
{
    for (const struct hk_condition *c = building->ref.alternative->conditions; c != NULL;
         c = c->next)
        if (asks_key(c) && !each_key(c, count_use, building))
            return false;
    return true;
}

static bool each_alternative(const struct hk_mapping *const *mappings, size_t count,
    alternative_fn *fn, struct building *building)
{
    for (size_t i = 0; i < count; i++) {
        for (const struct hk_alternative *a = mappings[i]->match; a != NULL; a = a->next) {
            building->ref = (struct ref){mappings[i], a, (unsigned)i, NULL, NULL};
            if (!fn(building))
                return false;
        }
    }
    return true;
}

/* No more keys than this can be filed. */
static size_t count_keys(const struct hk_mapping *const *mappings, size_t count)
{
    size_t keys = 0;

    for (size_t i = 0; i < count; i++)
        for (const struct hk_alternative *a = mappings[i]->match; a != NULL; a = a->next)
            for (const struct hk_condition *c = a->conditions; c != NULL; c = c->next) {
                struct hk_slice run = hk_path_first_keys(&c->path);
                keys += c->glob_count + 3;
                for (size_t d = 0; d < run.size; d++)
                    keys += run.at[d] == '.';
            }
    return keys;
}

enum hk_status hk_match_index_new(const struct hk_mapping *const *mappings, size_t count,
    struct hk_arena *arena, const struct hk_match_index **ret_index, struct hk_error *error)
{
    struct hk_match_index *index = hk_arena_alloc(arena, sizeof(*index));
    struct building building = {.index = index, .arena = arena};
    size_t keys = count_keys(mappings, count);

    if (index == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for mappings");
    index->capacity = 64;
    while (index->capacity < 2 * keys)
        index->capacity *= 2;
    index->slots = hk_arena_alloc(arena, index->capacity * sizeof(*index->slots));
    if (index->slots == NULL || !each_alternative(mappings, count, count_alternative, &building) ||
        !each_alternative(mappings, count, file_alternative, &building))
        return hk_fail(error, HK_NOMEM, "no memory for mappings");
    *ret_index = index;
    return HK_OK;
}

/* --- finding --- */

/* An event that is looked for. */
struct search {
    const struct hk_match_index *index;
    const struct hk_event *event;
    struct hk_scope scope;
    bool has_title;
    struct found best;
};

static int score_of(const struct ref *ref, const struct search *search)
{
    const struct hk_mapping *mapping = ref->mapping;

    if ((mapping->reads & search->event->reads) == 0 ||
        (search->has_title && !mapping->names_title) ||
        !hk_conditions_hold(ref->alternative->conditions, &search->scope))
        return 0;
    return RANK_WEIGHT * 101 + mapping->rank * RANK_WEIGHT + (int)ref->alternative->count;
}

/* value is what stands under the key, or NULL when that is no single text. */
static void try_refs(const struct ref *ref, const struct hk_slice *value, struct search *search)
{
    for (; ref != NULL; ref = ref->next) {
        int score;
        if (value != NULL && ref->glob != NULL &&
            !(hk_glob_may_begin(ref->glob, *value) &&
                hk_glob_fits(ref->glob, *value, search->event->glob_steps)))
            continue;
        score = score_of(ref, search);
        if (score > search->best.score ||
            (score > 0 && score == search->best.score && ref->order < search->best.ref->order))
            search->best = (struct found){ref, score};
    }
}

static void try_value(const struct slot *slot, struct hk_slice value, struct search *search)
{
    HK_UNCLEARED char joined[KEY_SIZE_MAX];
    size_t size;

    if (!slot->has_values || value.size > VALUE_SIZE_MAX)
        return;
    size = join((struct hk_slice){slot->key, slot->size}, value.at, value.size, joined);
    if (size > 0)
        try_refs(find_slot(search->index, joined, size, hash_of(joined, size))->refs, NULL, search);
}

/* What a condition takes for the text of a value; false: it has none. */
static bool text_of(const struct hk_json *value, struct hk_slice *ret_text)
{
    switch (value->type) {
    case HK_JSON_STRING:
    case HK_JSON_NUMBER:
        *ret_text = (struct hk_slice){value->text, value->text_size};
        return true;
    case HK_JSON_TRUE:
    case HK_JSON_FALSE:
        *ret_text = hk_slice_of(value->type == HK_JSON_TRUE ? "true" : "false");
        return true;
    case HK_JSON_OBJECT:
        *ret_text = hk_slice_of("");
        return true;
    default:
        return false;
    }
}

/* Of a list each value may be the one, as in hk_path_walk. */
static void try_list(const struct slot *slot, const struct hk_json *list, struct search *search)
{
    unsigned left = HK_MAPPING_VALUES_MAX;
    struct hk_slice value;

    for (const struct hk_json *item = list->first; item != NULL && left > 0;
         item = item->next, left--)
        if (text_of(item, &value))
            try_value(slot, value, search);
}

static void try_keys(const struct hk_json *object, struct search *search)
{
    for (const struct hk_json *child = object->first; child != NULL; child = child->next) {
        const struct slot *slot;
        struct hk_slice value;
        HK_UNCLEARED char key[KEY_SIZE_MAX / 2];
        size_t size = child->key_size;
        if (size > sizeof(key))
            continue;
        for (size_t i = 0; i < size; i++)
            key[i] = hk_lower(child->key[i]);
        slot = find_slot(search->index, key, size, hash_of(key, size));
        if (slot->key == NULL)
            continue;
        if (text_of(child, &value)) {
            try_refs(slot->refs, &value, search);
            try_value(slot, value, search);
        } else {
            try_refs(slot->refs, NULL, search);
            if (child->type == HK_JSON_ARRAY)
                try_list(slot, child, search);
        }
    }
}

const struct hk_mapping *hk_match_find(
    const struct hk_match_index *index, const struct hk_event *event)
{
    struct search search = {.index = index,
        .event = event,
        .scope = {.event = event},
        .has_title = event->is_object && hk_json_get(event->body, "title") != NULL};

    try_keys(event->body, &search);
    try_keys(event->envelope, &search);
    try_refs(index->scanned, NULL, &search);
    return search.best.ref != NULL ? search.best.ref->mapping : NULL;
}

int hk_match_score(const struct hk_mapping *mapping, const struct hk_event *event)
{
    const struct search search = {.event = event, .scope = {.event = event}};
    int best = 0;

    for (const struct hk_alternative *a = mapping->match; a != NULL; a = a->next) {
        const struct ref ref = {mapping, a, 0, NULL, NULL};
        int score = score_of(&ref, &search);
        best = score > best ? score : best;
    }
    return best;
}
