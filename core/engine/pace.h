/*
 * pace: runs of playbooks that take long have few of the places for runs with a Lua state
 * (HK_RUNS_SLOW_MAX of HK_RUNS_ACTIVE_MAX), so that others find one however many such runs there
 * are. The others of their kind wait as ids in a line of their own. Which ones take long is said by
 * the script threads (hk_script_event.is_slow), who have seen it.
 */
#ifndef HK_ENGINE_PACE_H
#define HK_ENGINE_PACE_H

#include "engine/objects.h"

/* May this run be loaded, as far as its pace is concerned? If not, it belongs into the slow line.
 */
bool hk_pace_has_place(const struct hk_run *run);
/* The run gets its Lua state, loses it. */
void hk_pace_enter(struct hk_run *run);
void hk_pace_leave(struct hk_run *run);
/* It was said whether the playbook takes long. If that is new, those of its runs that are beyond
 * their places, and have not begun, give them back and wait in the slow line. */
void hk_pace_note(struct hk_playbook *playbook, struct hk_engine *engine, bool is_slow);

#endif
