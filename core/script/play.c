#include "script/play.h"

#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A replay has proven before that it fits: it may take longer than the live run on a busy machine.
 */
#define REPLAY_PATIENCE 4
#define ERROR_SIZE_MAX (16 * 1024)
#define RUN_RECORDS_SIZE_MAX (1024L * 1024 * 1024)

/* --- events --- */

void hk_script_event_free(struct hk_script_event *event)
{
    if (event == NULL)
        return;
    free(event->name);
    free(event->args);
    free(event->options);
    free(event->value);
    free(event->text);
    free(event->got);
    free(event->where);
    free(event);
}

static void add_event(struct hk_play *run, struct hk_script_event *event)
{
    event->run = run->id;
    event->item.next = NULL;
    *run->events_tail = event;
    run->events_tail = (struct hk_script_event **)(void *)&event->item.next;
}

static void drop_events(struct hk_play *run)
{
    struct hk_script_event *event = run->events;

    while (event != NULL) {
        struct hk_script_event *next = (struct hk_script_event *)(void *)event->item.next;
        hk_script_event_free(event);
        event = next;
    }
    run->events = NULL;
    run->events_tail = &run->events;
}

struct hk_script_event *hk_play_take_events(struct hk_play *run)
{
    struct hk_script_event *events = run->events;

    if (run->is_replay && run->phase != HK_PLAY_ENDED)
        return NULL;
    run->events = NULL;
    run->events_tail = &run->events;
    run->events_size = 0;
    return events;
}

/* --- birth and end --- */

static uint32_t hash_of(const char *text)
{
    uint32_t hash = 2166136261U;

    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619U;
    return hash;
}

static const char *copy(struct hk_play *run, const char *text, bool *failed)
{
    const char *result =
        hk_arena_copy(&run->arena, text == NULL ? "" : text, text == NULL ? 0 : strlen(text));

    if (result == NULL)
        *failed = true;
    return result;
}

static bool copy_records(struct hk_play *run, const struct hk_script_start *start)
{
    size_t count = start->record_count;
    uint32_t slots = 8;
    bool failed = false;

    while (slots < count * 2)
        slots *= 2;
    run->records = hk_arena_alloc(&run->arena, (count + 1) * sizeof *run->records);
    run->asked = hk_arena_alloc(&run->arena, count + 1);
    run->slots = hk_arena_alloc(&run->arena, slots * sizeof *run->slots);
    if (run->records == NULL || run->asked == NULL || run->slots == NULL)
        return false;
    run->slot_mask = slots - 1;
    for (size_t i = 0; i < count && !failed; i++) {
        struct hk_script_record *record = &run->records[i];
        uint32_t slot;
        *record = start->records[i];
        record->step = copy(run, record->step, &failed);
        record->op = copy(run, record->op, &failed);
        record->name = copy(run, record->name, &failed);
        record->args = copy(run, record->args, &failed);
        record->options = copy(run, record->options, &failed);
        record->value = copy(run, record->value, &failed);
        if (failed)
            return false;
        if (record->is_settled)
            run->settled_count = i + 1;
        slot = hash_of(record->step) & run->slot_mask;
        while (run->slots[slot] != 0)
            slot = (slot + 1) & run->slot_mask;
        run->slots[slot] = (uint32_t)i + 1;
    }
    return !failed;
}

/* splitmix64, to spread the seed over the generator's state */
static void seed_random(struct hk_play *run, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t z = (seed += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        run->random[i] = z ^ (z >> 31);
    }
}

static uint64_t rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

/* xoshiro256** */
uint64_t hk_play_random(struct hk_play *run)
{
    uint64_t *s = run->random;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

enum hk_status hk_play_new(
    const struct hk_script_start *start, struct hk_play **ret_run, struct hk_error *error)
{
    struct hk_play *run;
    bool failed = false;

    if (start->record_count > HK_RUN_STEPS_MAX)
        return hk_fail(error, HK_LIMIT, "the record has more than %d steps", HK_RUN_STEPS_MAX);
    run = calloc(1, sizeof *run);
    if (run == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a run");
    run->id = start->run;
    run->events_tail = &run->events;
    run->waiting_tail = &run->waiting;
    run->place.late_tail = &run->place.late;
    run->now_us = start->started_us;
    hk_buf_init(&run->code, HK_LUA_MEMORY_MAX);
    hk_arena_init(&run->arena, RUN_RECORDS_SIZE_MAX);
    seed_random(run, start->seed);
    (void)snprintf(run->chunk, sizeof run->chunk, "%s", start->chunk);
    (void)hk_copy_text(run->name, sizeof run->name, start->name == NULL ? "" : start->name);
    run->start = *start;
    run->version = hk_strdup(start->version);
    run->start.alert = copy(run, start->alert, &failed);
    run->start.args = copy(run, start->args == NULL ? "{}" : start->args, &failed);
    run->start.source = hk_arena_copy(&run->arena, start->source, start->source_size);
    run->last = calloc(1, sizeof *run->last);
    run->is_replay = start->record_count > 0;
    if (failed || run->version == NULL || run->start.source == NULL || run->last == NULL ||
        !copy_records(run, start)) {
        hk_play_free(run);
        return hk_fail(error, HK_NOMEM, "no memory for a run's record");
    }
    *ret_run = run;
    return HK_OK;
}

void hk_delivery_free(struct hk_delivery *delivery)
{
    if (delivery == NULL)
        return;
    free(delivery->step);
    free(delivery->value);
    free(delivery);
}

static void free_deliveries(struct hk_delivery *delivery)
{
    while (delivery != NULL) {
        struct hk_delivery *next = delivery->next;
        hk_delivery_free(delivery);
        delivery = next;
    }
}

void hk_play_close(struct hk_play *run)
{
    hk_state_done(&run->st);
    for (size_t i = 0; i < run->branch_count; i++)
        free(run->branches[i]);
    free(run->branches);
    run->branches = NULL;
    run->branch_count = 0;
    run->branch_capacity = 0;
    hk_arena_done(&run->arena);
    free(run->expected);
    free(run->got);
    run->expected = NULL;
    run->got = NULL;
}

void hk_play_free(struct hk_play *run)
{
    if (run == NULL)
        return;
    hk_play_close(run);
    hk_buf_done(&run->code);
    hk_code_release(run->cached);
    free(run->version);
    drop_events(run);
    hk_script_event_free(run->last);
    free_deliveries(run->waiting);
    free_deliveries(run->place.late);
    free(run);
}

/* The last event of a run. */
static struct hk_script_event *end_run(struct hk_play *run, enum hk_script_event_kind kind)
{
    struct hk_script_event *event = run->last;

    run->last = NULL;
    run->phase = HK_PLAY_ENDED;
    event->kind = kind;
    event->memory = run->st.memory;
    if (kind != HK_SCRIPT_FINISHED && kind != HK_SCRIPT_CONTINUED)
        drop_events(run);
    add_event(run, event);
    return event;
}

/* --- the record --- */

static size_t find_record(const struct hk_play *run, const char *step)
{
    uint32_t slot = hash_of(step) & run->slot_mask;

    while (run->slots[slot] != 0) {
        size_t i = run->slots[slot] - 1;
        if (strcmp(run->records[i].step, step) == 0)
            return i;
        slot = (slot + 1) & run->slot_mask;
    }
    return SIZE_MAX;
}

static char *describe(const char *op, const char *name, const char *args, const char *options)
{
    char *text;

    if (asprintf(&text, "%s%s%s %s %s", op, *name == '\0' ? "" : " ", name, args, options) < 0)
        return NULL;
    return text;
}

static char *describe_record(const struct hk_script_record *record)
{
    return describe(record->op, record->name, record->args, record->options);
}

/* Is anything recorded that did not happen again yet? Answer its place, or SIZE_MAX. */
static size_t next_unmet(const struct hk_play *run)
{
    if (!run->is_replay)
        return SIZE_MAX;
    if (run->delivered < run->settled_count)
        return run->delivered;
    for (size_t i = 0; i < run->start.record_count; i++) {
        if (!run->asked[i])
            return i;
    }
    return SIZE_MAX;
}

/* End as diverged: got is malloc'd and taken. */
static void diverge_at(struct hk_play *run, size_t record, char *got)
{
    struct hk_script_event *event;

    event = end_run(run, HK_SCRIPT_DIVERGED);
    event->text = describe_record(&run->records[record]);
    event->got = got;
    event->where = hk_strdup(run->chunk);
    (void)hk_copy_text(event->step, sizeof event->step, run->records[record].step);
}

/* End because a coroutine, or loading, went wrong. text is an error's text. */
static void end_with_error(struct hk_play *run, struct hk_buf *text)
{
    struct hk_script_event *event;
    size_t unmet = next_unmet(run);
    size_t size;

    if (run->st.end == HK_STATE_DIVERGED) {
        event = end_run(run, HK_SCRIPT_DIVERGED);
        memcpy(event->step, run->diverged_step, sizeof event->step);
        event->text = run->expected;
        event->got = run->got;
        event->where = hk_strdup(run->where);
        run->expected = NULL;
        run->got = NULL;
        return;
    }
    if (run->st.end == HK_STATE_RUNS && unmet != SIZE_MAX) {
        char *got = hk_buf_take(text, &size);
        diverge_at(run, unmet, got);
        return;
    }
    event = end_run(run, HK_SCRIPT_FAILED);
    event->text = hk_buf_take(text, &size);
}

enum hk_ask hk_play_ask(struct hk_play *run, const char *op, const char *name, const char *args,
    const char *options, const char *where)
{
    struct hk_branch *branch = run->current;
    struct hk_script_event *event;
    size_t record = SIZE_MAX;
    int size = snprintf(branch->step, sizeof branch->step, "%s%u", branch->prefix, branch->ordinal);

    if (size < 0 || (size_t)size >= sizeof branch->step)
        return HK_ASK_TOO_DEEP;
    if (++run->step_count > HK_RUN_STEPS_MAX)
        return HK_ASK_TOO_MANY;
    branch->ordinal++;
    branch->state = HK_BRANCH_STEP;
    if (*where == '\0')
        where = run->chunk;
    if (run->watcher != NULL) {
        const struct hk_play_asked asked = {branch->step, op, name, args, options, where};
        run->watcher->on_ask(run->watcher->ctx, branch->co, &asked);
    }
    if (run->is_replay)
        record = find_record(run, branch->step);
    if (record != SIZE_MAX) {
        const struct hk_script_record *old = &run->records[record];
        run->asked[record] = true;
        if (strcmp(old->op, op) == 0 && strcmp(old->name, name) == 0 &&
            strcmp(old->args, args) == 0 && strcmp(old->options, options) == 0)
            return HK_ASK_OK;
        memcpy(run->diverged_step, branch->step, sizeof run->diverged_step);
        run->expected = describe_record(old);
        run->got = describe(op, name, args, options);
        (void)snprintf(run->where, sizeof run->where, "%s", where);
        return HK_ASK_DIVERGED;
    }
    run->events_size += sizeof *event + strlen(name) + strlen(args) + strlen(options);
    if (run->events_size + run->st.memory > run->st.memory_max)
        return HK_ASK_NOMEM;
    event = calloc(1, sizeof *event);
    if (event == NULL)
        return HK_ASK_NOMEM;
    event->kind = HK_SCRIPT_REQUEST;
    memcpy(event->step, branch->step, sizeof event->step);
    (void)hk_copy_text(event->op, sizeof event->op, op);
    event->name = hk_strdup(name);
    event->args = hk_strdup(args);
    event->options = hk_strdup(options);
    event->where = hk_strdup(where);
    if (event->name == NULL || event->args == NULL || event->options == NULL ||
        event->where == NULL) {
        hk_script_event_free(event);
        return HK_ASK_NOMEM;
    }
    add_event(run, event);
    return HK_ASK_OK;
}

/* --- branches --- */

struct hk_branch *hk_play_branch_new(struct hk_play *run, const char *prefix)
{
    struct hk_branch *branch;

    if (run->branch_count == run->branch_capacity) {
        size_t capacity = run->branch_capacity == 0 ? 4 : run->branch_capacity * 2;
        struct hk_branch **branches = realloc(run->branches, capacity * sizeof(struct hk_branch *));
        if (branches == NULL)
            return NULL;
        run->branches = branches;
        run->branch_capacity = capacity;
    }
    branch = calloc(1, sizeof *branch);
    if (branch == NULL)
        return NULL;
    branch->parent = run->current;
    branch->ref = LUA_NOREF;
    (void)snprintf(branch->prefix, sizeof branch->prefix, "%s", prefix);
    run->branches[run->branch_count++] = branch;
    return branch;
}

void hk_play_drop_ended(struct hk_play *run)
{
    size_t kept = 0;

    for (size_t i = 0; i < run->branch_count; i++) {
        if (run->branches[i]->parent == run->current && run->branches[i]->state == HK_BRANCH_DONE)
            free(run->branches[i]);
        else
            run->branches[kept++] = run->branches[i];
    }
    run->branch_count = kept;
}

static void finish_top(struct hk_play *run)
{
    size_t unmet = next_unmet(run);
    struct hk_script_event *event;

    if (unmet != SIZE_MAX) {
        diverge_at(run, unmet,
            hk_strdup(
                run->is_continued ? "the playbook went on as a new run" : "the playbook ended"));
        return;
    }
    event = end_run(run, run->is_continued ? HK_SCRIPT_CONTINUED : HK_SCRIPT_FINISHED);
    event->value = hk_strdup(run->st.out.size == 0 ? "null" : run->st.out.data);
    if (run->is_continued)
        event->where = hk_strdup(run->where[0] == '\0' ? run->chunk : run->where);
}

/* Resume one branch until it waits, returns or fails; false when the run is over. */
static bool resume(struct hk_play *run, struct hk_branch *branch)
{
    struct hk_buf text;
    int argument_count = branch->argument_count;
    int status;

    hk_state_arm(branch->co);
    run->st.work += 256; /* the hook of each coroutine counts from zero */
    branch->argument_count = 0;
    branch->state = HK_BRANCH_DONE;
    run->current = branch;
    run->st.running = branch->co;
    status = lua_resume(branch->co, NULL, argument_count, &branch->result_count);
    run->st.running = NULL;
    run->current = NULL;
    if (status == LUA_YIELD && run->st.end == HK_STATE_RUNS && run->is_continued) {
        finish_top(run);
        return false;
    }
    if (status == LUA_YIELD && run->st.end == HK_STATE_RUNS) {
        assert(branch->state == HK_BRANCH_STEP || branch->state == HK_BRANCH_TOGETHER ||
               branch->state == HK_BRANCH_EACH);
        return true;
    }
    if (status == LUA_OK && run->st.end == HK_STATE_RUNS) {
        if (branch->parent == NULL) {
            finish_top(run);
            return false;
        }
        branch->state = HK_BRANCH_DONE;
        if (--branch->parent->children_left == 0 || branch->parent->state == HK_BRANCH_EACH)
            branch->parent->state = HK_BRANCH_RUNNABLE;
        return true;
    }
    hk_buf_init(&text, ERROR_SIZE_MAX);
    (void)hk_state_explain(&run->st, branch->co, status, &text);
    end_with_error(run, &text);
    hk_buf_done(&text);
    return false;
}

static void drain(struct hk_play *run)
{
    bool progressed = true;

    while (progressed) {
        progressed = false;
        for (size_t i = 0; i < run->branch_count; i++) {
            if (run->branches[i]->state != HK_BRANCH_RUNNABLE)
                continue;
            progressed = true;
            if (!resume(run, run->branches[i]))
                return;
        }
    }
}

/* --- activation --- */

static void begin(struct hk_play *run)
{
    struct hk_buf text;
    struct hk_error error;

    hk_buf_init(&text, ERROR_SIZE_MAX);
    if (hk_state_init(&run->st, &error) != HK_OK) {
        hk_buf_append_text(&text, error.text);
        run->st.end = HK_STATE_LIMIT;
        end_with_error(run, &text);
        hk_buf_done(&text);
        return;
    }
    run->st.owner = run;
    run->phase = HK_PLAY_WAITING;
    hk_state_begin(&run->st, run->is_replay ? REPLAY_PATIENCE : 1);
    if (hk_state_protect(&run->st, hk_play_load, run, &text) != HK_OK) {
        hk_buf_done(&run->code);
        end_with_error(run, &text);
    } else {
        drain(run);
    }
    hk_buf_done(&text);
}

static void count_refusal(struct hk_branch *branch)
{
    for (; branch != NULL; branch = branch->parent)
        branch->refusals++;
}

/* Hand the result to the branch that asked, and let all go on. False: nobody asked for it. */
static bool deliver(struct hk_play *run, const struct hk_delivery *delivery)
{
    for (size_t i = 0; i < run->branch_count; i++) {
        struct hk_branch *branch = run->branches[i];
        if (branch->state != HK_BRANCH_STEP || strcmp(branch->step, delivery->step) != 0)
            continue;
        if (delivery->time_us > run->now_us)
            run->now_us = delivery->time_us;
        branch->state = HK_BRANCH_RUNNABLE;
        if (!delivery->ok && delivery->is_refused)
            count_refusal(branch);
        run->delivering = delivery;
        drain(run);
        run->delivering = NULL;
        return true;
    }
    return false;
}

static void deliver_record(struct hk_play *run)
{
    const struct hk_script_record *record = &run->records[run->delivered];
    struct hk_delivery delivery = {.step = (char *)record->step,
        .value = (char *)record->value,
        .ok = record->ok,
        .is_refused = record->is_refused,
        .time_us = record->time_us};

    if (!run->asked[run->delivered]) {
        diverge_at(run, run->delivered, hk_strdup("this step is not asked for"));
        return;
    }
    run->delivered++;
    if (record->is_settled && !deliver(run, &delivery))
        diverge_at(run, run->delivered - 1, hk_strdup("nobody waits for this result"));
}

static void deliver_live(struct hk_play *run)
{
    struct hk_delivery *delivery = run->waiting;

    run->deliveries++;
    run->waiting = delivery->next;
    if (run->waiting == NULL)
        run->waiting_tail = &run->waiting;
    if (!deliver(run, delivery)) {
        struct hk_script_event *event = end_run(run, HK_SCRIPT_DIVERGED);
        (void)hk_copy_text(event->step, sizeof event->step, delivery->step);
        event->text = hk_strdup("a step that waits for this result");
        event->got = hk_strdup("a result for a step that nobody waits for");
        event->where = hk_strdup(run->chunk);
    }
    hk_delivery_free(delivery);
}

void hk_play_add(struct hk_play *run, struct hk_delivery *delivery)
{
    delivery->next = NULL;
    *run->waiting_tail = delivery;
    run->waiting_tail = &delivery->next;
}

bool hk_play_is_due(const struct hk_play *run)
{
    if (run->phase == HK_PLAY_ENDED)
        return false;
    return run->phase == HK_PLAY_NEW || run->is_replay || run->waiting != NULL;
}

/* The record is used up: what is open must have been asked for; from here on the run is live. */
static void end_replay(struct hk_play *run)
{
    size_t unmet = next_unmet(run);

    if (unmet != SIZE_MAX) {
        diverge_at(run, unmet, hk_strdup("this step is not asked for"));
        return;
    }
    run->is_replay = false;
}

void hk_play_prepare(struct hk_play *run, struct hk_cache *cache)
{
    if (run->phase == HK_PLAY_NEW)
        run->cached = hk_cache_hold(cache, run->version, run->chunk);
}

void hk_play_keep(struct hk_play *run, struct hk_cache *cache)
{
    if (run->code.size > 0 && !run->code.failed)
        hk_cache_put(cache, run->version, run->chunk, run->code.data, run->code.size);
    hk_buf_done(&run->code);
    hk_code_release(run->cached);
    run->cached = NULL;
}

static void tell_blocked(struct hk_play *run)
{
    struct hk_script_event *event = calloc(1, sizeof *event);

    if (event == NULL)
        return;
    event->kind = HK_SCRIPT_BLOCKED;
    event->memory = run->st.memory;
    event->deliveries = run->deliveries;
    add_event(run, event);
}

void hk_play_go(struct hk_play *run)
{
    if (run->phase == HK_PLAY_NEW) {
        begin(run);
    } else {
        hk_state_begin(&run->st, run->is_replay ? REPLAY_PATIENCE : 1);
        if (run->is_replay)
            deliver_record(run);
        else
            deliver_live(run);
    }
    if (run->phase != HK_PLAY_ENDED && run->is_replay && run->delivered == run->settled_count)
        end_replay(run);
    if (run->phase == HK_PLAY_ENDED) {
        hk_play_close(run);
    } else {
        if (!run->is_replay)
            hk_arena_done(&run->arena);
        if (!hk_play_is_due(run))
            tell_blocked(run);
    }
    run->took_us = hk_state_took_us(&run->st, HK_SCRIPT_TURN_US);
}

void hk_play_activate(struct hk_play *run, struct hk_cache *cache)
{
    hk_play_prepare(run, cache);
    hk_play_go(run);
    hk_play_keep(run, cache);
}
