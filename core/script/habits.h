/*
 * habits: which runs, and which versions of playbooks, took long lately, so that they go on beside
 * the others from the beginning and cost them nothing. A guess that only decides where a run goes
 * on, never what it does: what is forgotten, or mistaken for another, costs time. For one thread at
 * a time.
 *
 * The weight of a run grows with each turn (activation) that was long, the longer the more, and
 * falls with each short one. One long turn of some milliseconds is forgiven: a machine that is
 * busy makes short turns look like that.
 */
#ifndef HK_SCRIPT_HABITS_H
#define HK_SCRIPT_HABITS_H

#include "limits.h"

#include <stdbool.h>
#include <stdint.h>

/* The weight after a turn that took so much CPU time; 0: it was short. */
unsigned hk_weight_after(unsigned weight, uint64_t took_us);
bool hk_weight_is_slow(unsigned weight);

/* A zeroed one knows nothing. A version's place is its key modulo the number of places: who comes
 * later takes it. */
struct hk_habits {
    struct hk_habit {
        uint64_t key;
        unsigned weight; /* over the turns of all its runs */
        unsigned late;   /* of these runs: in a turn that holds up others right now */
    } places[HK_SCRIPT_HABITS];
};

uint64_t hk_habits_key(const char *version);
/* The weight with which a run of the version begins, at least HK_SCRIPT_WEIGHT_SLOW while another
 * of its runs is late. False: nothing is known, *ret_weight is 0. */
bool hk_habits_knows(const struct hk_habits *habits, uint64_t key, unsigned *ret_weight);
/* A run of the version is found to be late. Its turn is noted when it is over. */
void hk_habits_note_late(struct hk_habits *habits, uint64_t key);
/* A run of the version had a turn. */
void hk_habits_note(struct hk_habits *habits, uint64_t key, uint64_t took_us, bool was_late);

#endif
