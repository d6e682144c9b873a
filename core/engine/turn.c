/*
 * turn: one at a time per subject. A decision reads a gate's entries, thinks, and writes; a second
 * decision about the same gate waits until the first is on disk.
 */
#include "engine/turn.h"
#include "base/text.h"
#include "engine/memory.h"
#include "engine/start.h"

#include <stdlib.h>

struct hk_turns {
    char subject[HK_ID_SIZE];
    struct hk_turn *waiting;
};

static void take(
    struct hk_engine *engine, const char *subject, bool is_first, void (*go)(void *ctx), void *ctx)
{
    struct hk_turns *turns = hk_map_get(&engine->turns, subject);
    if (turns == NULL) {
        turns = hk_engine_alloc(sizeof *turns);
        (void)hk_copy_text(turns->subject, sizeof turns->subject, subject);
        hk_engine_must(hk_map_put(&engine->turns, turns->subject, turns), "taking turns", NULL);
        go(ctx);
        return;
    }
    struct hk_turn *turn = hk_engine_alloc(sizeof *turn);
    turn->is_first = is_first;
    turn->go = go;
    turn->ctx = ctx;
    struct hk_turn **at = &turns->waiting;
    while (*at != NULL && (!is_first || (*at)->is_first))
        at = &(*at)->next;
    turn->next = *at;
    *at = turn;
}

void hk_turn_take(struct hk_engine *engine, const char *subject, void (*go)(void *ctx), void *ctx)
{
    take(engine, subject, false, go, ctx);
}

void hk_turn_take_first(
    struct hk_engine *engine, const char *subject, void (*go)(void *ctx), void *ctx)
{
    take(engine, subject, true, go, ctx);
}

void hk_turn_end(struct hk_engine *engine, const char *subject)
{
    struct hk_turns *turns = hk_map_get(&engine->turns, subject);
    if (turns == NULL)
        return;
    struct hk_turn *turn = turns->waiting;
    if (turn == NULL) {
        (void)hk_map_remove(&engine->turns, subject);
        free(turns);
        hk_engine_check_stopped(engine);
        return;
    }
    turns->waiting = turn->next;
    void (*go)(void *ctx) = turn->go;
    void *ctx = turn->ctx;
    free(turn);
    go(ctx);
}
