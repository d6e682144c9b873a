#include "engine/pace.h"
#include "engine/line.h"
#include "engine/run.h"

bool hk_pace_has_place(const struct hk_run *run)
{
    return !run->playbook->is_slow || run->engine->slow < HK_RUNS_SLOW_MAX;
}

static void set_slow(struct hk_run *run, bool is_slow)
{
    if (run->is_slow == is_slow)
        return;
    run->is_slow = is_slow;
    if (is_slow)
        run->engine->slow++;
    else
        run->engine->slow--;
}

void hk_pace_enter(struct hk_run *run)
{
    run->has_spoken = false;
    set_slow(run, run->playbook->is_slow);
}

void hk_pace_leave(struct hk_run *run)
{
    set_slow(run, false);
}

/* It was loaded and nothing came of it yet: what it would do is in its record, or not begun. */
static void step_back(struct hk_run *run)
{
    hk_run_pin(run);
    hk_run_sleep(run);
    hk_line_put(run->engine->slow_line, run->tenant->number, run->id);
    hk_run_unpin(run);
}

void hk_pace_note(struct hk_playbook *playbook, struct hk_engine *engine, bool is_slow)
{
    size_t cursor = 0;
    struct hk_run *run;
    if (playbook->is_slow == is_slow)
        return;
    playbook->is_slow = is_slow;
    while ((run = hk_map_next(&engine->scripts, &cursor)) != NULL) {
        if (run->playbook != playbook)
            continue;
        set_slow(run, is_slow);
        if (!run->has_spoken && engine->slow > HK_RUNS_SLOW_MAX)
            step_back(run);
    }
}
