#include "script/roster.h"

#include <assert.h>

void hk_roster_init(struct hk_roster *roster)
{
    roster->ready_tail = &roster->ready;
}

static struct hk_play **find(struct hk_roster *roster, hk_script_run id)
{
    struct hk_play **link = &roster->buckets[id % HK_ROSTER_BUCKETS];

    while (*link != NULL && (*link)->id != id)
        link = &(*link)->place.next_in_bucket;
    return link;
}

/* Take it off the table and free it. */
static void forget(struct hk_roster *roster, struct hk_play **link)
{
    struct hk_play *run = *link;

    *link = run->place.next_in_bucket;
    hk_play_free(run);
    roster->count--;
    roster->freed++;
}

void hk_roster_done(struct hk_roster *roster)
{
    for (size_t i = 0; i < HK_ROSTER_BUCKETS; i++) {
        while (roster->buckets[i] != NULL)
            forget(roster, &roster->buckets[i]);
    }
}

/* --- whose turn it is --- */

static void make_ready(struct hk_roster *roster, struct hk_play *run)
{
    struct hk_place *place = &run->place;

    if (place->is_ready || !hk_play_is_due(run))
        return;
    place->is_ready = true;
    place->next_ready = NULL;
    *roster->ready_tail = run;
    roster->ready_tail = &place->next_ready;
}

static void remove_ready(struct hk_roster *roster, struct hk_play *run)
{
    struct hk_play **link = &roster->ready;

    if (!run->place.is_ready)
        return;
    while (*link != run)
        link = &(*link)->place.next_ready;
    *link = run->place.next_ready;
    if (*link == NULL)
        roster->ready_tail = link;
    run->place.is_ready = false;
}

struct hk_play *hk_roster_next(struct hk_roster *roster)
{
    struct hk_play *run = roster->ready;

    if (run == NULL)
        return NULL;
    remove_ready(roster, run);
    run->place.is_away = true;
    if (run->phase == HK_PLAY_NEW)
        run->place.is_proven =
            hk_habits_knows(&roster->habits, run->place.version, &run->place.weight);
    return run;
}

void hk_roster_late(struct hk_roster *roster, struct hk_play *run)
{
    run->place.is_late = true;
    hk_habits_note_late(&roster->habits, run->place.version);
}

bool hk_roster_is_ready(const struct hk_roster *roster)
{
    return roster->ready != NULL;
}

bool hk_roster_is_slow(const struct hk_play *run, bool careful)
{
    return hk_weight_is_slow(run->place.weight) || (careful && !run->place.is_proven);
}

bool hk_roster_is_slow_kind(const struct hk_roster *roster, const struct hk_play *run)
{
    unsigned weight;

    return hk_habits_knows(&roster->habits, run->place.version, &weight) &&
           hk_weight_is_slow(weight);
}

/* --- what the engine orders --- */

void hk_roster_add(struct hk_roster *roster, struct hk_play *run)
{
    struct hk_play **link = find(roster, run->id);
    struct hk_place *place = &run->place;

    if (*link != NULL) {
        hk_play_free(run);
        return;
    }
    *link = run;
    roster->count++;
    place->version = hk_habits_key(run->version);
    make_ready(roster, run);
}

void hk_roster_settle(struct hk_roster *roster, hk_script_run id, struct hk_delivery *delivery)
{
    struct hk_play *run = *find(roster, id);

    if (run != NULL && run->place.is_away && !run->place.is_dropped) {
        delivery->next = NULL;
        *run->place.late_tail = delivery;
        run->place.late_tail = &delivery->next;
    } else if (run != NULL && !run->place.is_away && run->phase != HK_PLAY_ENDED) {
        hk_play_add(run, delivery);
        make_ready(roster, run);
    } else {
        hk_delivery_free(delivery);
    }
}

struct hk_play *hk_roster_drop(struct hk_roster *roster, hk_script_run id)
{
    struct hk_play **link = find(roster, id);
    struct hk_play *run = *link;

    if (run == NULL)
        return NULL;
    if (run->place.is_away) {
        run->place.is_dropped = true;
        return NULL;
    }
    remove_ready(roster, run);
    if (run->st.L == NULL || run->st.memory < HK_SCRIPT_CLOSE_SIZE) {
        forget(roster, link);
        return NULL;
    }
    run->place.is_away = true;
    run->place.is_dropped = true;
    run->place.is_closing = true;
    return run;
}

/* --- coming back --- */

static void note_pace(struct hk_roster *roster, struct hk_play *run)
{
    struct hk_place *place = &run->place;

    place->is_proven = run->took_us == 0;
    place->weight = hk_weight_after(place->weight, run->took_us);
    hk_habits_note(&roster->habits, place->version, run->took_us, place->is_late);
    place->is_late = false;
}

static void give_late(struct hk_play *run)
{
    struct hk_delivery *delivery = run->place.late;

    run->place.late = NULL;
    run->place.late_tail = &run->place.late;
    while (delivery != NULL) {
        struct hk_delivery *next = delivery->next;
        if (run->phase == HK_PLAY_ENDED)
            hk_delivery_free(delivery);
        else
            hk_play_add(run, delivery);
        delivery = next;
    }
}

bool hk_roster_back(struct hk_roster *roster, struct hk_play *run)
{
    assert(run->place.is_away);
    run->place.is_away = false;
    if (!run->place.is_closing)
        note_pace(roster, run);
    if (run->place.is_dropped)
        return false;
    give_late(run);
    make_ready(roster, run);
    return true;
}
