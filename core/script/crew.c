#include "script/crew.h"

#include "base/time.h"
#include "script/state.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* A thread that can't be made is not asked for at every turn. */
#define MEND_US 10000
/* Lua may nest 200 C calls; sanitizers make frames large. */
#define STACK_SIZE (16U * 1024 * 1024)

enum role { LEADS, STANDS_BY, SERVES };

struct member {
    struct hk_crew *crew;
    enum role begins_as;
    bool is_taken; /* thread is not joined yet */
    pthread_t thread;
    pid_t tid;       /* set by itself before it leads */
    clockid_t clock; /* of its CPU time */
};

struct hk_crew {
    const struct hk_crew_work *work;
    void *ctx;
    _Atomic uint64_t turn;
    atomic_bool is_asleep; /* the one who stands by: wake it at the next turn */
    /* the leader's own */
    bool is_watched;
    int64_t mended_us;
    /* under the lock */
    pthread_mutex_t lock;
    pthread_cond_t watch; /* of the one who stands by */
    pthread_cond_t handed;
    struct member members[HK_SCRIPT_THREADS_MAX];
    struct member *leader;
    struct hk_queue_item *items; /* handed over, oldest first */
    struct hk_queue_item **items_tail;
    unsigned item_count;
    unsigned slowed;  /* threads that serve, or will when their turn is over */
    unsigned serving; /* of these: those that serve */
    unsigned idle;    /* of these: those that wait for something to do */
    bool is_stopping;
};

static int64_t cpu_us(clockid_t clock)
{
    struct timespec now = {0};

    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* --- threads; under the lock --- */

static void *member_work(void *ctx);

static struct member *free_member(struct hk_crew *crew)
{
    for (size_t i = 0; i < HK_SCRIPT_THREADS_MAX; i++) {
        struct member *member = &crew->members[i];
        /* Never wait for a slowed thread: it may not get a processor for long. */
        if (member->is_taken && pthread_tryjoin_np(member->thread, NULL) == 0)
            member->is_taken = false;
        if (!member->is_taken)
            return member;
    }
    return NULL;
}

/* Answer 0 or an errno. */
static int start_member(struct hk_crew *crew, enum role role)
{
    struct member *member = crew->is_stopping ? NULL : free_member(crew);
    pthread_attr_t attr;
    int result;

    if (member == NULL)
        return EAGAIN;
    *member = (struct member){.crew = crew, .begins_as = role};
    result = pthread_attr_init(&attr);
    if (result != 0)
        return result;
    (void)pthread_attr_setstacksize(&attr, STACK_SIZE);
    result = pthread_create(&member->thread, &attr, member_work, member);
    (void)pthread_attr_destroy(&attr);
    member->is_taken = result == 0;
    if (result == 0)
        (void)pthread_setname_np(member->thread, "hk-script"); /* for those who look at threads */
    return result;
}

static void post_standby(struct hk_crew *crew)
{
    crew->is_watched = start_member(crew, STANDS_BY) == 0;
    crew->mended_us = hk_time_monotonic_us();
}

/* Where it is not allowed, they share. */
static void slow_down(const struct member *member)
{
    (void)setpriority(PRIO_PROCESS, (id_t)member->tid, HK_SCRIPT_NICE);
    (void)pthread_setname_np(member->thread, "hk-script-slow");
}

/* --- standing by --- */

static void wait_tick(struct hk_crew *crew)
{
    int64_t due_us = hk_time_monotonic_us() + HK_SCRIPT_TURN_US;
    struct timespec due = {
        .tv_sec = (time_t)(due_us / 1000000), .tv_nsec = (long)(due_us % 1000000) * 1000};

    (void)pthread_cond_timedwait(&crew->watch, &crew->lock, &due);
}

/* Nothing happens: until a turn begins. Either the leader sees is_asleep, or this sees its turn. */
static void sleep_until_turn(struct hk_crew *crew)
{
    atomic_store(&crew->is_asleep, true);
    while (
        !crew->is_stopping && atomic_load(&crew->is_asleep) && (atomic_load(&crew->turn) & 1) == 0)
        (void)pthread_cond_wait(&crew->watch, &crew->lock);
    atomic_store(&crew->is_asleep, false);
}

static bool take_over(struct hk_crew *crew, struct member *member, uint64_t turn)
{
    if (!atomic_compare_exchange_strong(&crew->turn, &turn, turn + 1))
        return false;
    slow_down(crew->leader);
    crew->slowed++;
    crew->leader = member;
    post_standby(crew);
    return true;
}

/* Until the lead is this thread's (true), or everything ends. */
static bool stand_by(struct hk_crew *crew, struct member *member)
{
    uint64_t seen = 0;
    int64_t seen_us = 0; /* CPU time of the leader when that turn was first seen */
    bool leads = false;

    (void)pthread_mutex_lock(&crew->lock);
    while (!crew->is_stopping && !leads) {
        uint64_t turn = atomic_load(&crew->turn);
        bool is_new = turn != seen;
        if ((turn & 1) == 0 && !is_new) {
            sleep_until_turn(crew);
            continue;
        }
        if ((turn & 1) == 1 && is_new)
            seen_us = cpu_us(crew->leader->clock);
        else if ((turn & 1) == 1 && cpu_us(crew->leader->clock) - seen_us >= HK_SCRIPT_TURN_US / 2)
            leads = take_over(crew, member, turn);
        seen = turn;
        if (!leads)
            wait_tick(crew);
    }
    (void)pthread_mutex_unlock(&crew->lock);
    return leads;
}

/* --- being slowed --- */

/* What to do next; NULL: end. */
static struct hk_queue_item *next_item(struct hk_crew *crew)
{
    struct hk_queue_item *item = NULL;

    (void)pthread_mutex_lock(&crew->lock);
    while (!crew->is_stopping && crew->items == NULL) {
        crew->idle++;
        (void)pthread_cond_wait(&crew->handed, &crew->lock);
        crew->idle--;
    }
    if (!crew->is_stopping) {
        item = crew->items;
        crew->items = item->next;
        crew->item_count--;
        if (crew->items == NULL)
            crew->items_tail = &crew->items;
    }
    (void)pthread_mutex_unlock(&crew->lock);
    return item;
}

/* May this slowed thread serve? If not, it is gone. */
static bool begin_to_serve(struct hk_crew *crew)
{
    bool may;

    (void)pthread_mutex_lock(&crew->lock);
    may = crew->serving < HK_SCRIPT_SERVING_MAX;
    if (may)
        crew->serving++;
    else
        crew->slowed--;
    (void)pthread_mutex_unlock(&crew->lock);
    return may;
}

static void serve(struct hk_crew *crew)
{
    struct hk_queue_item *item;

    while ((item = next_item(crew)) != NULL)
        crew->work->serve(crew->ctx, item);
}

static void *member_work(void *ctx)
{
    struct member *member = ctx;
    struct hk_crew *crew = member->crew;
    struct hk_state_locale locale;
    enum role role = member->begins_as;

    hk_state_locale_enter(&locale);
    (void)pthread_mutex_lock(&crew->lock);
    member->tid = gettid();
    (void)pthread_getcpuclockid(pthread_self(), &member->clock);
    if (role == LEADS)
        crew->leader = member;
    (void)pthread_mutex_unlock(&crew->lock);

    if (role == STANDS_BY && stand_by(crew, member))
        role = LEADS;
    if (role == SERVES) {
        slow_down(member);
        serve(crew);
    } else if (role == LEADS) {
        crew->work->lead(crew->ctx);
        if (begin_to_serve(crew))
            serve(crew);
    }
    hk_state_locale_leave(&locale);
    return NULL;
}

/* --- the leader's side --- */

uint64_t hk_crew_enter(struct hk_crew *crew)
{
    uint64_t turn = atomic_load_explicit(&crew->turn, memory_order_relaxed) + 1;

    if (!crew->is_watched && hk_time_monotonic_us() - crew->mended_us >= MEND_US) {
        (void)pthread_mutex_lock(&crew->lock);
        post_standby(crew);
        (void)pthread_mutex_unlock(&crew->lock);
    }
    atomic_store(&crew->turn, turn);
    if (atomic_load(&crew->is_asleep)) {
        (void)pthread_mutex_lock(&crew->lock);
        atomic_store(&crew->is_asleep, false);
        (void)pthread_cond_signal(&crew->watch);
        (void)pthread_mutex_unlock(&crew->lock);
    }
    return turn;
}

bool hk_crew_leave(struct hk_crew *crew, uint64_t turn)
{
    return atomic_compare_exchange_strong(&crew->turn, &turn, turn + 1);
}

bool hk_crew_hand(struct hk_crew *crew, struct hk_queue_item *item)
{
    bool is_possible;

    (void)pthread_mutex_lock(&crew->lock);
    if (crew->item_count >= crew->idle && crew->serving < HK_SCRIPT_SERVING_MAX &&
        start_member(crew, SERVES) == 0) {
        crew->serving++;
        crew->slowed++;
    }
    is_possible = crew->slowed > 0;
    if (is_possible) {
        item->next = NULL;
        *crew->items_tail = item;
        crew->items_tail = &item->next;
        crew->item_count++;
        (void)pthread_cond_signal(&crew->handed);
    }
    (void)pthread_mutex_unlock(&crew->lock);
    return is_possible;
}

bool hk_crew_is_watched(const struct hk_crew *crew)
{
    return crew->is_watched;
}

/* --- birth and end --- */

enum hk_status hk_crew_new(
    const struct hk_crew_work *work, void *ctx, struct hk_crew **ret_crew, struct hk_error *error)
{
    struct hk_crew *crew = calloc(1, sizeof *crew);
    pthread_condattr_t monotonic;
    int result;

    if (crew == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for the script threads");
    crew->work = work;
    crew->ctx = ctx;
    crew->items_tail = &crew->items;
    (void)pthread_mutex_init(&crew->lock, NULL);
    (void)pthread_cond_init(&crew->handed, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&crew->watch, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);

    (void)pthread_mutex_lock(&crew->lock);
    result = start_member(crew, STANDS_BY);
    crew->is_watched = result == 0;
    if (result == 0)
        result = start_member(crew, LEADS);
    (void)pthread_mutex_unlock(&crew->lock);
    if (result != 0) {
        hk_crew_free(crew);
        return hk_fail(error, HK_INTERNAL, "the script threads can't be started: error %d", result);
    }
    *ret_crew = crew;
    return HK_OK;
}

void hk_crew_free(struct hk_crew *crew)
{
    if (crew == NULL)
        return;
    (void)pthread_mutex_lock(&crew->lock);
    crew->is_stopping = true;
    (void)pthread_cond_broadcast(&crew->watch);
    (void)pthread_cond_broadcast(&crew->handed);
    (void)pthread_mutex_unlock(&crew->lock);
    /* No more are started from now on. */
    for (size_t i = 0; i < HK_SCRIPT_THREADS_MAX; i++) {
        if (crew->members[i].is_taken)
            (void)pthread_join(crew->members[i].thread, NULL);
    }
    (void)pthread_cond_destroy(&crew->watch);
    (void)pthread_cond_destroy(&crew->handed);
    (void)pthread_mutex_destroy(&crew->lock);
    free(crew);
}
