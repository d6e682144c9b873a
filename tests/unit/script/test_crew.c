/* The crew of script threads, with turns that last until the test ends them: nothing here depends
 * on how fast a machine is. */
#include "helper.h"

#include "script/crew.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

struct scene {
    struct hk_crew *crew;
    _Atomic(struct hk_crew *) known; /* the same, for threads that may be faster than hk_crew_new */
    atomic_bool is_over;             /* whoever leads returns */
    atomic_bool is_released;         /* long turns end */
    atomic_uint leads;               /* calls of lead() so far */
    atomic_uint lost;                /* turns after which the lead was lost */
    atomic_uint turns;               /* short ones, while a long one is under way */
    atomic_uint served;
    atomic_int slowest; /* niceness of the threads that served */
    atomic_int leader_nice;
    atomic_uint unwatched; /* the call of lead() in which nobody stood by */
};

static int niceness(void)
{
    return getpriority(PRIO_PROCESS, (id_t)gettid());
}

static struct hk_crew *crew_of(struct scene *scene)
{
    struct hk_crew *crew;

    while ((crew = atomic_load(&scene->known)) == NULL)
        (void)sched_yield();
    return crew;
}

/* Spend CPU time until released; true: still the leader. */
static bool long_turn(struct scene *scene)
{
    uint64_t turn = hk_crew_enter(scene->crew);

    while (!atomic_load(&scene->is_released))
        ;
    return hk_crew_leave(scene->crew, turn);
}

static bool short_turn(struct scene *scene)
{
    return hk_crew_leave(scene->crew, hk_crew_enter(scene->crew));
}

static void serve(void *ctx, struct hk_queue_item *item)
{
    struct scene *scene = ctx;

    free(item);
    atomic_store(&scene->slowest, niceness());
    (void)atomic_fetch_add(&scene->served, 1);
}

static void run_scene(struct scene *scene, const struct hk_crew_work *work)
{
    struct hk_error error;

    CU_ASSERT_EQUAL_FATAL(hk_crew_new(work, scene, &scene->crew, &error), HK_OK);
    atomic_store(&scene->known, scene->crew);
    while (!atomic_load(&scene->is_over))
        (void)sched_yield();
    hk_crew_free(scene->crew);
}

/* The first leader is held up; the second one takes a thousand turns meanwhile, and lets it go. */
static void lead_after_first(void *ctx)
{
    struct scene *scene = ctx;

    (void)crew_of(scene);
    if (atomic_fetch_add(&scene->leads, 1) == 0) {
        if (!long_turn(scene))
            (void)atomic_fetch_add(&scene->lost, 1);
        return;
    }
    for (unsigned i = 0; i < 1000; i++) {
        if (!short_turn(scene))
            return;
        (void)atomic_fetch_add(&scene->turns, 1);
    }
    atomic_store(&scene->leader_nice, niceness());
    atomic_store(&scene->is_released, true);
    for (unsigned i = 0; i < 20; i++) {
        struct hk_queue_item *item = malloc(sizeof *item);
        if (item == NULL || !hk_crew_hand(scene->crew, item))
            abort();
    }
    while (atomic_load(&scene->served) < 20)
        (void)sched_yield();
    atomic_store(&scene->is_over, true);
}

static void test_take_over(void)
{
    static const struct hk_crew_work work = {.lead = lead_after_first, .serve = serve};
    struct scene scene = {.crew = NULL};

    run_scene(&scene, &work);
    CU_ASSERT_EQUAL(scene.leads, 2);
    CU_ASSERT_EQUAL(scene.lost, 1);
    CU_ASSERT_EQUAL(scene.turns, 1000);
    CU_ASSERT_EQUAL(scene.served, 20);
    CU_ASSERT_EQUAL(scene.leader_nice, niceness());
    CU_ASSERT_EQUAL(scene.slowest, HK_SCRIPT_NICE);
}

/* Each leader is held up, until no place is left for one who stands by; then all go on. */
static void lead_until_unwatched(void *ctx)
{
    struct scene *scene = ctx;
    unsigned lead = atomic_fetch_add(&scene->leads, 1) + 1;

    (void)crew_of(scene);
    if (hk_crew_is_watched(scene->crew)) {
        if (!long_turn(scene))
            (void)atomic_fetch_add(&scene->lost, 1);
        return;
    }
    atomic_store(&scene->unwatched, lead);
    atomic_store(&scene->is_released, true);
    /* A turn asks for one who stands by, as soon as a place is free. */
    while (!hk_crew_is_watched(scene->crew)) {
        if (!short_turn(scene))
            return;
    }
    atomic_store(&scene->is_over, true);
}

static void test_no_place_left(void)
{
    static const struct hk_crew_work work = {.lead = lead_until_unwatched, .serve = serve};
    struct scene scene = {.crew = NULL};

    run_scene(&scene, &work);
    CU_ASSERT_EQUAL(scene.unwatched, HK_SCRIPT_THREADS_MAX);
    CU_ASSERT_EQUAL(scene.lost, HK_SCRIPT_THREADS_MAX - 1);
    CU_ASSERT_EQUAL(scene.leads, HK_SCRIPT_THREADS_MAX);
}

/* What is handed over is done, although no thread was ever slowed; what is not begun at the end
 * stays undone. */
static void lead_and_hand(void *ctx)
{
    struct scene *scene = ctx;
    struct hk_queue_item *item = malloc(sizeof *item);

    (void)crew_of(scene);
    if (item == NULL || !hk_crew_hand(scene->crew, item))
        abort();
    while (atomic_load(&scene->served) == 0)
        (void)sched_yield();
    atomic_store(&scene->is_over, true);
}

static void test_hand_over(void)
{
    static const struct hk_crew_work work = {.lead = lead_and_hand, .serve = serve};

    for (unsigned round = 0; round < 20; round++) {
        struct scene scene = {.crew = NULL};
        run_scene(&scene, &work);
        CU_ASSERT_EQUAL(scene.served, 1);
        CU_ASSERT_EQUAL(scene.slowest, HK_SCRIPT_NICE);
    }
    hk_crew_free(NULL);
}

static CU_TestInfo tests[] = {
    {"the lead is taken over", test_take_over},
    {"no place is left", test_no_place_left},
    {"handed over", test_hand_over},
    CU_TEST_INFO_NULL,
};

TEST_MAIN("crew", tests)
