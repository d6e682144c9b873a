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
    unsigned order; /* of the mapping */
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

/* Is the condition one for certain values of a key at the top? */
static bool asks_values(const struct hk_condition *condition)
{
    struct hk_slice keys = hk_path_first_keys(&condition->path);

    if (!hk_path_is_plain(&condition->path) || hk_slice_until(keys, '.') < keys.size ||
        condition->is_range)
        return false;
    for (unsigned i = 0; i < condition->text_count; i++)
        if (strpbrk(condition->texts[i], "*?") != NULL ||
            strlen(condition->texts[i]) > VALUE_SIZE_MAX)
            return false;
    return true;
}

/* Must a message that fits have this key? */
static bool asks_key(const struct hk_condition *condition)
{
    struct hk_slice keys = hk_path_first_keys(&condition->path);

    return !condition->is_negated && condition->path.root != HK_PATH_FOUND && keys.size > 0 &&
           !hk_slice_is(keys, "@text");
}

typedef bool key_fn(void *ctx, const char *key, size_t size);

/* Call fn with each key under which the condition is to be filed: "a.b" may be the key a that holds
 * b, or the key "a.b", or "a_b". */
static bool each_key(const struct hk_condition *condition, key_fn *fn, void *ctx)
{
    struct hk_slice keys = hk_path_first_keys(&condition->path);
    char joined[KEY_SIZE_MAX];

    if (asks_values(condition)) {
        for (unsigned i = 0; i < condition->text_count; i++) {
            size_t size = join(keys, condition->texts[i], strlen(condition->texts[i]), joined);
            if (size == 0 || !fn(ctx, joined, size))
                return false;
        }
        return true;
    }
    for (size_t i = 0; i <= keys.size; i++)
        if ((i == keys.size || keys.at[i] == '.') && !fn(ctx, keys.at, i))
            return false;
    if (hk_slice_until(keys, '.') == keys.size || keys.size > sizeof(joined))
        return true;
    for (size_t i = 0; i < keys.size; i++)
        joined[i] = (char)(keys.at[i] == '.' ? '_' : keys.at[i]);
    return fn(ctx, joined, keys.size);
}

/* --- building --- */

struct building {
    struct hk_match_index *index;
    struct hk_arena *arena;
    struct ref ref; /* what is being filed */
    unsigned uses;
};

static bool count_use(void *ctx, const char *key, size_t size)
{
    struct building *building = ctx;
    struct slot *slot = use_slot(building->index, building->arena, key, size);

    if (slot == NULL)
        return false;
    slot->uses++;
    return true;
}

static bool sum_uses(void *ctx, const char *key, size_t size)
{
    struct building *building = ctx;
    struct slot *slot = use_slot(building->index, building->arena, key, size);

    if (slot == NULL)
        return false;
    building->uses += slot->uses;
    return true;
}

/* Put it at the end, so that earlier mappings are tried first. */
static bool file_ref(void *ctx, const char *key, size_t size)
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
            building->ref = (struct ref){mappings[i], a, (unsigned)i, NULL};
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
                keys += c->text_count + 3;
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

static int score_of(const struct ref *ref, const struct hk_event *event, bool has_title)
{
    const struct hk_mapping *mapping = ref->mapping;
    struct hk_scope scope = {.event = event};

    if ((mapping->reads & event->reads) == 0 || (has_title && !mapping->names_title) ||
        !hk_conditions_hold(ref->alternative->conditions, &scope))
        return 0;
    return RANK_WEIGHT * 101 + mapping->rank * RANK_WEIGHT + (int)ref->alternative->count;
}

static void try_refs(
    const struct ref *ref, const struct hk_event *event, bool has_title, struct found *best)
{
    for (; ref != NULL; ref = ref->next) {
        int score = score_of(ref, event, has_title);
        if (score > best->score ||
            (score > 0 && score == best->score && ref->order < best->ref->order))
            *best = (struct found){ref, score};
    }
}

static void try_keys(const struct hk_match_index *index, const struct hk_json *object,
    const struct hk_event *event, bool has_title, struct found *best)
{
    for (const struct hk_json *child = object->first; child != NULL; child = child->next) {
        const struct slot *slot;
        struct hk_slice value = {child->text, child->text_size};
        char joined[KEY_SIZE_MAX];
        size_t size = child->key_size;
        if (size > KEY_SIZE_MAX / 2)
            continue;
        for (size_t i = 0; i < size; i++)
            joined[i] = hk_lower(child->key[i]);
        slot = find_slot(index, joined, size, hash_of(joined, size));
        if (slot->key == NULL)
            continue;
        try_refs(slot->refs, event, has_title, best);
        if (child->type == HK_JSON_TRUE || child->type == HK_JSON_FALSE)
            value = hk_slice_of(child->type == HK_JSON_TRUE ? "true" : "false");
        if (!slot->has_values || value.at == NULL || value.size > VALUE_SIZE_MAX)
            continue;
        size = join((struct hk_slice){slot->key, slot->size}, value.at, value.size, joined);
        if (size > 0)
            try_refs(find_slot(index, joined, size, hash_of(joined, size))->refs, event, has_title,
                best);
    }
}

const struct hk_mapping *hk_match_find(
    const struct hk_match_index *index, const struct hk_event *event)
{
    bool has_title = event->is_object && hk_json_get(event->body, "title") != NULL;
    struct found best = {.ref = NULL};

    try_keys(index, event->body, event, has_title, &best);
    try_keys(index, event->envelope, event, has_title, &best);
    try_refs(index->scanned, event, has_title, &best);
    return best.ref != NULL ? best.ref->mapping : NULL;
}

int hk_match_score(const struct hk_mapping *mapping, const struct hk_event *event)
{
    int best = 0;

    for (const struct hk_alternative *a = mapping->match; a != NULL; a = a->next) {
        struct ref ref = {mapping, a, 0, NULL};
        int score = score_of(&ref, event, false);
        best = score > best ? score : best;
    }
    return best;
}
