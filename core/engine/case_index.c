/*
 * case_index: see case_index.h. Entities and cases are held by name in two maps; an entity has a
 * few links to cases, and stands in one list, that unseen longest first. A case lives while an
 * entity links to it or a case that was merged into it does.
 */
#include "engine/case_index.h"
#include "base/map.h"
#include "base/text.h"
#include "engine/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASE_KEY_SIZE (HK_ID_SIZE + 12)
enum { LINKS_MAX = HK_ENTITY_CASES_MAX + 1, MERGES_DEEP_MAX = 64 };

struct held_case {
    struct held_case *into;
    const char *id; /* in key */
    unsigned uses;  /* links and cases merged into it */
    unsigned entity_count;
    uint64_t joins;
    bool is_open;
    char phase[15]; /* "": not known */
    char key[];     /* "TENANT ID" */
};

struct link {
    struct held_case *held;
    int64_t last_us;
};

struct seen {
    struct seen *older;
    struct seen *newer;
    struct link *links; /* room for the next power of two */
    unsigned link_count;
    char key[]; /* "TENANT ENTITY" */
};

struct hk_case_index {
    struct hk_map entities;
    struct hk_map cases;
    struct seen *oldest;
    struct seen *newest;
    size_t entities_max;
};

struct hk_case_index *hk_case_index_new(size_t entities_max)
{
    struct hk_case_index *index = calloc(1, sizeof *index);
    if (index == NULL)
        return NULL;
    hk_map_init(&index->entities);
    hk_map_init(&index->cases);
    index->entities_max = entities_max;
    return index;
}

void hk_case_index_free(struct hk_case_index *index)
{
    if (index == NULL)
        return;
    for (struct seen *seen = index->oldest; seen != NULL;) {
        struct seen *next = seen->newer;
        free(seen->links);
        free(seen);
        seen = next;
    }
    size_t cursor = 0;
    void *held;
    while ((held = hk_map_next(&index->cases, &cursor)) != NULL)
        free(held);
    hk_map_done(&index->entities);
    hk_map_done(&index->cases);
    free(index);
}

/* --- cases --- */

static struct held_case *find_case(
    const struct hk_case_index *index, hk_tenant tenant, const char *id)
{
    char key[CASE_KEY_SIZE];
    (void)snprintf(key, sizeof key, "%u %.64s", (unsigned)tenant, id);
    return hk_map_get(&index->cases, key);
}

static struct held_case *hold_case(struct hk_case_index *index, hk_tenant tenant, const char *id)
{
    struct held_case *held = find_case(index, tenant, id);
    if (held != NULL)
        return held;
    size_t size = strnlen(id, HK_ID_SIZE - 1) + CASE_KEY_SIZE - HK_ID_SIZE + 1;
    held = hk_engine_alloc(sizeof *held + size);
    (void)snprintf(held->key, size, "%u %.64s", (unsigned)tenant, id);
    held->id = strchr(held->key, ' ') + 1;
    hk_engine_must(hk_map_put(&index->cases, held->key, held), "remembering a case", NULL);
    return held;
}

static void let_case_go(struct hk_case_index *index, struct held_case *held)
{
    while (held != NULL && held->uses == 0) {
        struct held_case *into = held->into;
        (void)hk_map_remove(&index->cases, held->key);
        free(held);
        if (into != NULL)
            into->uses--;
        held = into;
    }
}

static const struct held_case *root_of(const struct held_case *held)
{
    for (int i = 0; held->into != NULL && i < MERGES_DEEP_MAX; i++)
        held = held->into;
    return held;
}

static void set_case(struct hk_case_index *index, hk_tenant tenant, struct held_case *held,
    bool is_open, const char *into)
{
    struct held_case *before = held->into;
    held->is_open = is_open;
    held->into = into[0] == 0 ? NULL : hold_case(index, tenant, into);
    if (held->into != NULL)
        held->into->uses++;
    if (before != NULL) {
        before->uses--;
        let_case_go(index, before);
    }
}

void hk_case_index_set(
    struct hk_case_index *index, hk_tenant tenant, const char *id, bool is_open, const char *into)
{
    struct held_case *held = find_case(index, tenant, id);
    if (held != NULL)
        set_case(index, tenant, held, is_open, into);
}

bool hk_case_index_state(const struct hk_case_index *index, hk_tenant tenant, const char *id,
    char ret_root[HK_ID_SIZE], bool *ret_is_open)
{
    const struct held_case *held = find_case(index, tenant, id);
    if (held == NULL)
        return false;
    const struct held_case *root = root_of(held);
    (void)hk_copy_text(ret_root, HK_ID_SIZE, root->id);
    *ret_is_open = root->is_open;
    return true;
}

bool hk_case_index_move(
    struct hk_case_index *index, hk_tenant tenant, const char *id, const char *phase)
{
    struct held_case *held = find_case(index, tenant, id);
    if (held == NULL)
        return true;
    if (strcmp(held->phase, phase) == 0)
        return false;
    (void)hk_copy_text(held->phase, sizeof held->phase, phase);
    return true;
}

uint64_t hk_case_index_joins(const struct hk_case_index *index, hk_tenant tenant, const char *id)
{
    const struct held_case *held = find_case(index, tenant, id);
    return held == NULL ? 0 : held->joins;
}

void hk_case_index_joined(struct hk_case_index *index, hk_tenant tenant, const char *id)
{
    struct held_case *held = find_case(index, tenant, id);
    if (held != NULL)
        held->joins++;
}

/* --- entities --- */

static struct seen *find_seen(
    const struct hk_case_index *index, hk_tenant tenant, const char *entity)
{
    char key[HK_ENTITY_SIZE + 12];
    (void)snprintf(key, sizeof key, "%u %s", (unsigned)tenant, entity);
    return hk_map_get(&index->entities, key);
}

static void take_out(struct hk_case_index *index, struct seen *seen)
{
    *(seen->older != NULL ? &seen->older->newer : &index->oldest) = seen->newer;
    *(seen->newer != NULL ? &seen->newer->older : &index->newest) = seen->older;
}

static void put_newest(struct hk_case_index *index, struct seen *seen)
{
    seen->newer = NULL;
    seen->older = index->newest;
    *(seen->older != NULL ? &seen->older->newer : &index->oldest) = seen;
    index->newest = seen;
}

static void unlink_case(struct hk_case_index *index, struct seen *seen, unsigned at)
{
    struct held_case *held = seen->links[at].held;
    seen->links[at] = seen->links[--seen->link_count];
    held->uses--;
    held->entity_count--;
    let_case_go(index, held);
}

static void forget(struct hk_case_index *index, struct seen *seen)
{
    while (seen->link_count > 0)
        unlink_case(index, seen, seen->link_count - 1);
    take_out(index, seen);
    (void)hk_map_remove(&index->entities, seen->key);
    free(seen->links);
    free(seen);
}

static struct seen *new_seen(struct hk_case_index *index, hk_tenant tenant, const char *entity)
{
    if (index->entities.count >= index->entities_max)
        forget(index, index->oldest);
    size_t size = strlen(entity) + 12;
    struct seen *seen = hk_engine_alloc(sizeof *seen + size);
    (void)snprintf(seen->key, size, "%u %s", (unsigned)tenant, entity);
    put_newest(index, seen);
    hk_engine_must(hk_map_put(&index->entities, seen->key, seen), "remembering an entity", NULL);
    return seen;
}

/* Room for one more link: that of a closed case goes first, then the one seen last longest ago. */
static void make_room(struct hk_case_index *index, struct seen *seen)
{
    unsigned worst = 0;
    if (seen->link_count < LINKS_MAX)
        return;
    for (unsigned i = 1; i < seen->link_count; i++) {
        bool is_open = root_of(seen->links[i].held)->is_open;
        bool worst_is_open = root_of(seen->links[worst].held)->is_open;
        if (is_open != worst_is_open ? worst_is_open
                                     : seen->links[i].last_us < seen->links[worst].last_us)
            worst = i;
    }
    unlink_case(index, seen, worst);
}

/* Most entities have one. */
static void add_link(struct seen *seen, struct link link)
{
    unsigned count = seen->link_count++;
    if ((count & (count - 1)) == 0) /* 0, 1, 2, 4: the room is used up */
        seen->links = hk_engine_grow(seen->links, (count == 0 ? 1 : count * 2) * sizeof link);
    seen->links[count] = link;
}

bool hk_case_index_see(struct hk_case_index *index, hk_tenant tenant, const char *id,
    const char *entity, int64_t now_us, int64_t refresh_us)
{
    bool is_new = find_case(index, tenant, id) == NULL;
    struct held_case *held = hold_case(index, tenant, id);
    struct seen *seen = find_seen(index, tenant, entity);
    bool is_recorded = true;
    unsigned at = 0;
    held->uses++; /* while places are made for it */
    if (is_new)
        held->is_open = true;
    while (seen != NULL && at < seen->link_count && seen->links[at].held != held)
        at++;
    if (seen != NULL && at < seen->link_count) {
        is_recorded = seen->links[at].last_us < refresh_us;
        if (is_recorded)
            seen->links[at].last_us = now_us;
    } else if (held->entity_count >= HK_CASE_ENTITIES_MAX) {
        is_recorded = false;
    } else {
        if (seen == NULL)
            seen = new_seen(index, tenant, entity);
        make_room(index, seen);
        add_link(seen, (struct link){.held = held, .last_us = now_us});
        held->uses++;
        held->entity_count++;
    }
    if (seen != NULL) {
        take_out(index, seen);
        put_newest(index, seen);
    }
    held->uses--;
    let_case_go(index, held);
    return is_recorded;
}

/* --- finding --- */

enum { CANDIDATES_MAX = HK_ENTITIES_PER_ALERT_MAX * LINKS_MAX };

struct candidate {
    const struct held_case *root;
    const char *entity; /* the first that it shares */
    unsigned shared;
    int64_t last_us;
};

/* Open cases that hold the entity since then, each once; more than tells anything: none. */
static unsigned open_roots(
    const struct seen *seen, int64_t since_us, const struct link *ret_roots[LINKS_MAX])
{
    unsigned count = 0;
    for (unsigned i = 0; i < seen->link_count; i++) {
        const struct held_case *root = root_of(seen->links[i].held);
        unsigned at = 0;
        if (!root->is_open || seen->links[i].last_us < since_us)
            continue;
        while (at < count && root_of(ret_roots[at]->held) != root)
            at++;
        if (at == count || seen->links[i].last_us > ret_roots[at]->last_us)
            ret_roots[at] = &seen->links[i];
        count += at == count;
    }
    return count > HK_ENTITY_CASES_MAX ? 0 : count;
}

static void vote(
    struct candidate *candidates, size_t *count, const struct link *link, const char *entity)
{
    const struct held_case *root = root_of(link->held);
    size_t at = 0;
    while (at < *count && candidates[at].root != root)
        at++;
    if (at == *count)
        candidates[(*count)++] = (struct candidate){.root = root, .entity = entity};
    struct candidate *candidate = &candidates[at];
    candidate->shared++;
    if (link->last_us > candidate->last_us)
        candidate->last_us = link->last_us;
}

static bool is_better(const struct candidate *a, const struct candidate *b)
{
    if (a->shared != b->shared)
        return a->shared > b->shared;
    if (a->last_us != b->last_us)
        return a->last_us > b->last_us;
    return strcmp(a->root->id, b->root->id) > 0; /* the younger */
}

/* Ids begin with their time, so that the greatest is the youngest. */
static void note_closed(const struct seen *seen, struct hk_case_match *match)
{
    for (unsigned i = 0; i < seen->link_count; i++) {
        const struct held_case *root = root_of(seen->links[i].held);
        if (!root->is_open && strcmp(root->id, match->after) > 0)
            (void)hk_copy_text(match->after, sizeof match->after, root->id);
    }
}

void hk_case_index_find(const struct hk_case_index *index, hk_tenant tenant,
    const struct hk_entities *entities, int64_t since_us, struct hk_case_match *ret_match)
{
    struct candidate candidates[CANDIDATES_MAX];
    const struct link *roots[LINKS_MAX];
    struct hk_case_match *match = ret_match;
    size_t count = 0;
    size_t best = 0;
    memset(match, 0, sizeof *match);
    for (size_t i = 0; i < entities->count; i++) {
        const struct seen *seen = find_seen(index, tenant, entities->items[i]);
        if (seen == NULL)
            continue;
        unsigned root_count = open_roots(seen, since_us, roots);
        for (unsigned r = 0; r < root_count; r++)
            vote(candidates, &count, roots[r], entities->items[i]);
        note_closed(seen, match);
    }
    if (count == 0)
        return;
    for (size_t i = 1; i < count; i++) {
        if (is_better(&candidates[i], &candidates[best]))
            best = i;
    }
    (void)hk_copy_text(match->id, sizeof match->id, candidates[best].root->id);
    match->entity = candidates[best].entity;
    match->after[0] = 0;
    for (size_t i = 0; i < count && match->also_count < HK_CASE_ALSO_MAX; i++) {
        if (i != best)
            (void)hk_copy_text(
                match->also[match->also_count++], HK_ID_SIZE, candidates[i].root->id);
    }
}
