/*
 * room: how much room the disk has left for the ledger, and what follows from that; and a reserve,
 * a file that holds nothing but room. The writer's thread looks at it, before each transaction and
 * every HK_ROOM_LOOK_MS; others may read the state.
 *
 *     ENOUGH ─free < HK_ROOM_TIGHT_SIZE─► TIGHT    new alerts are not taken; work goes on
 *     TIGHT  ─free < HK_ROOM_LAST_SIZE─►  LAST     nobody's word is taken; what the engine has
 * begun still finds room to be ended LAST   ─twice as much is free─►     TIGHT TIGHT | LAST ─free ≥
 * HK_ROOM_AGAIN_SIZE─► ENOUGH
 *
 * When less than HK_ROOM_LAST_SIZE is free, the reserve is given back to the disk, and only then it
 * is looked whether that is LAST. Above HK_ROOM_AGAIN_SIZE it is made again. By itself in all
 * directions. A disk that can't be asked counts as one with room.
 */
#ifndef HK_LEDGER_ROOM_H
#define HK_LEDGER_ROOM_H

#include "ledger/ledger.h"

#include <limits.h>
#include <stdatomic.h>

struct hk_room {
    char folder[PATH_MAX];
    char reserve[PATH_MAX];
    bool has_reserve;
    _Atomic(enum hk_room_state) state;
    _Atomic(uint64_t) free_bytes; /* at the last look */
};

/* Look for the first time: makes the reserve where there is room for it, gives it back where there
 * is none. Before anything is written to the folder. */
HK_MUST_CHECK enum hk_status hk_room_open(
    struct hk_room *room, const char *data_dir, struct hk_error *error);
void hk_room_look(struct hk_room *room);

#endif
