/*
 * crew: the threads on which playbooks run, and who goes on when one of them is held up.
 *
 *   standby ──the leader's turn is long──▶ leader ──its turn was long──▶ slowed ──▶ ended
 *
 * One thread leads: it gives each run its turn. One stands by: while turns are taken it wakes every
 * millisecond and looks at the CPU clock of the leader's thread. When a turn takes long it takes
 * the lead over, and goes on with the other runs; the thread that had it ends that turn with low
 * priority. Nothing of this asks the code that runs: one endless instruction, the parser, the
 * collector and the freeing of memory hold up nobody either.
 * A thread can't raise its priority again, so a slowed one never leads again. It serves: it does
 * what the leader hands over, or ends when enough others do.
 *
 * Invariant: `turn` is odd while the leader takes a turn, else even, and only grows. Whoever makes
 * it even leads from then on: the leader itself (hk_crew_leave) or the one who stands by. So what
 * only the leader touches needs no lock: that one write hands it on.
 *
 * When all places are taken nobody stands by (hk_crew_is_watched), and a turn is as long as it is.
 * A slowed thread seldom holds a lock (heap.h says why) and for some instructions only, but where
 * the machine has no processor left it may be stopped between them, for up to a tenth of a second.
 */
#ifndef HK_SCRIPT_CREW_H
#define HK_SCRIPT_CREW_H

#include "base/queue.h"
#include "base/status.h"
#include "limits.h"

#include <stdint.h>

struct hk_crew;

struct hk_crew_work {
    /* Called once on each thread that leads, until it has lost the lead or everything ends. */
    void (*lead)(void *ctx);
    /* Called on a slowed thread: do what was handed over. */
    void (*serve)(void *ctx, struct hk_queue_item *item);
};

/* Start a leader and one who stands by. work is borrowed until hk_crew_free. */
HK_MUST_CHECK enum hk_status hk_crew_new(
    const struct hk_crew_work *work, void *ctx, struct hk_crew **ret_crew, struct hk_error *error);
/* End all threads, each after what it is at; whoever leads must have been told to. What was handed
 * over and not begun stays undone. NULL is fine. */
void hk_crew_free(struct hk_crew *crew);

/* --- for the leader, in lead() --- */

/* Begin a turn, which is watched until hk_crew_leave. Answers its number. */
uint64_t hk_crew_enter(struct hk_crew *crew);
/* End it. False: the lead is lost; return from lead() and touch nothing that is the leader's. */
HK_MUST_CHECK bool hk_crew_leave(struct hk_crew *crew, uint64_t turn);
/* Have a slowed thread do it, in turn. False: there is none and none can be made. */
HK_MUST_CHECK bool hk_crew_hand(struct hk_crew *crew, struct hk_queue_item *item);
/* Does anybody stand by? */
bool hk_crew_is_watched(const struct hk_crew *crew);

#endif
