/*
 * roster: the runs in memory, by number, and whose turn it is. The leader's alone (crew.h).
 *
 *   at home ──hk_roster_next──▶ away ──hk_roster_back──▶ at home ──hk_roster_drop──▶ freed
 *
 * While a run is away another thread may be at it, and its struct hk_play isn't touched here:
 * results that come for it are kept, and given to it when it is back; so is its end.
 */
#ifndef HK_SCRIPT_ROSTER_H
#define HK_SCRIPT_ROSTER_H

#include "script/habits.h"
#include "script/play.h"

#define HK_ROSTER_BUCKETS 1024

struct hk_roster {
    struct hk_play *buckets[HK_ROSTER_BUCKETS];
    struct hk_play *ready; /* runs with something to do, in turn */
    struct hk_play **ready_tail;
    size_t count;
    size_t freed; /* since the roster's owner last set it to 0 */
    struct hk_habits habits;
};

/* A zeroed roster is to be initialised. */
void hk_roster_init(struct hk_roster *roster);
/* Free all runs, also those away: no other thread may be at one any more. */
void hk_roster_done(struct hk_roster *roster);

/* Take the run; a number that is there already is freed, since none is used twice. */
void hk_roster_add(struct hk_roster *roster, struct hk_play *run);
/* Take the result for the run of this number, or free it when there is none. */
void hk_roster_settle(struct hk_roster *roster, hk_script_run id, struct hk_delivery *delivery);
/* Free the run of this number, at once or when it is back. A run whose Lua state is large is
 * answered, away: have it closed (hk_play_close) and give it to hk_roster_back. Else NULL. */
struct hk_play *hk_roster_drop(struct hk_roster *roster, hk_script_run id);

/* The run whose turn it is, away from now on; NULL when none has anything to do. */
struct hk_play *hk_roster_next(struct hk_roster *roster);
bool hk_roster_is_ready(const struct hk_roster *roster);
/* The run, which is away, holds up others: its like begin their turns beside them at once. */
void hk_roster_late(struct hk_roster *roster, struct hk_play *run);
/* Is the run, which is away, one that takes long, as far as is known? Careful: also one of which
 * nothing is known. */
bool hk_roster_is_slow(const struct hk_play *run, bool careful);
/* And its playbook, in that version? */
bool hk_roster_is_slow_kind(const struct hk_roster *roster, const struct hk_play *run);
/* The run was activated, or closed, and is back. False: it was dropped meanwhile, and has to be
 * dropped again now. */
HK_MUST_CHECK bool hk_roster_back(struct hk_roster *roster, struct hk_play *run);

#endif
