/*
 * Which alerts a trial takes: a share of them, the same ones whenever it is asked, others for
 * another trial, more when the share grows, and none when its time is over.
 */
#include "engine/trial.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>

enum { ALERTS = 20000 };

static struct hk_playbook in_force;
static struct hk_playbook tried;

static struct hk_named named_with(const char *id, unsigned share)
{
    struct hk_named named = {.in_force = &in_force,
        .by = "us-1",
        .trial = {.playbook = &tried, .by = "us-2", .share = share}};
    (void)snprintf(named.trial.id, sizeof named.trial.id, "%s", id);
    return named;
}

static bool takes(const struct hk_named *named, unsigned number, int64_t now_us)
{
    char alert[32];
    struct hk_chosen chosen;
    (void)snprintf(alert, sizeof alert, "al-%08u", number);
    hk_trial_choose(named, alert, now_us, &chosen);
    CU_ASSERT_EQUAL(chosen.playbook == &tried, hk_trial_takes(&named->trial, alert, now_us));
    if (chosen.playbook == &tried) {
        CU_ASSERT_STRING_EQUAL(chosen.trial, named->trial.id);
        CU_ASSERT_STRING_EQUAL(chosen.by, "us-2");
    } else {
        CU_ASSERT_PTR_NULL(chosen.trial);
        CU_ASSERT_STRING_EQUAL(chosen.by, "us-1");
    }
    return chosen.playbook == &tried;
}

static unsigned count(const struct hk_named *named)
{
    unsigned taken = 0;
    for (unsigned i = 0; i < ALERTS; i++)
        taken += takes(named, i, 1);
    return taken;
}

/* Six standard deviations of ALERTS coins are under 3%. */
static void a_share_is_near_what_was_said(void)
{
    static const unsigned shares[] = {1, 10, 50, 90};
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        struct hk_named named = named_with("tr-1", shares[i]);
        unsigned wanted = ALERTS / 100 * shares[i];
        unsigned taken = count(&named);
        CU_ASSERT_TRUE(taken + ALERTS / 50 > wanted && taken < wanted + ALERTS / 50);
    }
    struct hk_named all = named_with("tr-1", 100);
    struct hk_named none = named_with("tr-1", 0);
    CU_ASSERT_EQUAL(count(&all), ALERTS);
    CU_ASSERT_EQUAL(count(&none), 0);
}

static void an_alert_goes_the_same_way(void)
{
    struct hk_named few = named_with("tr-1", 10);
    struct hk_named more = named_with("tr-1", 30);
    struct hk_named other = named_with("tr-2", 10);
    unsigned both = 0;
    for (unsigned i = 0; i < ALERTS; i++) {
        CU_ASSERT_EQUAL(takes(&few, i, 1), takes(&few, i, 2));
        if (takes(&few, i, 1))
            CU_ASSERT_TRUE(takes(&more, i, 1)); /* who was in stays in */
        both += takes(&few, i, 1) && takes(&other, i, 1);
    }
    CU_ASSERT_TRUE(both < ALERTS / 50); /* about a hundredth */
}

static void its_time_is_over(void)
{
    struct hk_named named = named_with("tr-1", 100);
    named.trial.until_us = 10;
    CU_ASSERT_TRUE(takes(&named, 1, 9));
    CU_ASSERT_FALSE(takes(&named, 1, 10));
    named.trial = (struct hk_trial){.playbook = NULL};
    CU_ASSERT_FALSE(takes(&named, 1, 9));
}

/* A shadow takes nothing: it comes beside the version in force. */
static void a_shadow_comes_beside(void)
{
    struct hk_named named = named_with("tr-1", 30);
    unsigned watched = 0;
    for (unsigned i = 0; i < ALERTS; i++) {
        char alert[32];
        struct hk_chosen chosen;
        struct hk_chosen beside;
        (void)snprintf(alert, sizeof alert, "al-%08u", i);
        named.trial.is_shadow = true;
        hk_trial_choose(&named, alert, 1, &chosen);
        CU_ASSERT_TRUE(chosen.playbook == &in_force && !chosen.is_shadow && chosen.trial == NULL);
        bool is_watched = hk_trial_watches(&named, alert, 1, &beside);
        if (is_watched)
            CU_ASSERT_TRUE(
                beside.playbook == &tried && beside.is_shadow && beside.trial == named.trial.id);
        watched += is_watched;
        named.trial.is_shadow = false;
        CU_ASSERT_FALSE(hk_trial_watches(&named, alert, 1, &beside));
    }
    CU_ASSERT_TRUE(watched > ALERTS / 100 * 28 && watched < ALERTS / 100 * 32);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"a share is near what was said", a_share_is_near_what_was_said},
        {"an alert goes the same way", an_alert_goes_the_same_way},
        {"its time is over", its_time_is_over},
        {"a shadow comes beside", a_shadow_comes_beside},
    };
    return suite_run("trial", tests, COUNT_OF(tests));
}
