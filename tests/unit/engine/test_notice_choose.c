/*
 * notice_choose: who is asked about a gate, who next, who is reminded, and when to look again.
 */
#include "engine/notice_choose.h"

#include "support/suite.h"

#include "base/time.h"

#include <stdio.h>
#include <string.h>

#define S INT64_C(1000000)
#define T0 (INT64_C(1795305600) * S) /* 2026-11-22T00:00:00Z, a Sunday */
#define CONTACTS_MAX 8

struct scene {
    struct hk_json_doc config;
    struct hk_contacts *contacts;
    struct hk_asked asked[CONTACTS_MAX];
    struct hk_choice choices[CONTACTS_MAX];
    struct hk_choosing choosing;
};

static void begin(struct scene *scene, const char *contacts, const char *notices)
{
    char json[4096];
    struct hk_error error = {.text = ""};

    memset(scene, 0, sizeof(*scene));
    (void)snprintf(json, sizeof(json),
        "{\"channels\":{\"m\":{\"kind\":\"smtp\",\"host\":\"h.example\",\"from\":\"a@b.example\"}},"
        "\"contacts\":[%s],\"notices\":{%s}}",
        contacts, notices);
    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse(json, strlen(json), &hk_json_limits_own, &scene->config, &error), HK_OK);
    enum hk_status status =
        hk_contacts_new(scene->config.root, NULL, NULL, &scene->contacts, &error);
    if (status != HK_OK)
        fprintf(stderr, "%s\n", error.text);
    CU_ASSERT_EQUAL_FATAL(status, HK_OK);
    for (unsigned i = 0; i < CONTACTS_MAX; i++)
        scene->asked[i].may_decide = true;
    scene->choosing = (struct hk_choosing){.contacts = scene->contacts,
        .asked = scene->asked,
        .choices = scene->choices,
        .expires_us = T0 + 3600 * S};
}

static void done(struct scene *scene)
{
    hk_contacts_free(scene->contacts);
    hk_json_doc_done(&scene->config);
}

/* Choose, and say what was chosen: "a:approval b:reminder lapsed:c nobody next:30". Whoever is
 * told has been told then. */
static const char *choose(struct scene *scene, int64_t seconds)
{
    static char said[512];
    size_t size = 0;

    scene->choosing.now_us = T0 + seconds * S;
    memset(scene->choices, 0, sizeof(scene->choices));
    hk_notice_choose(&scene->choosing);
    said[0] = '\0';
    for (unsigned i = 0; i < scene->contacts->count; i++) {
        struct hk_asked *asked = &scene->asked[i];
        if (scene->choices[i].has_lapsed)
            size += (size_t)snprintf(
                said + size, sizeof(said) - size, "lapsed:%s ", scene->contacts->items[i].name);
        if (!scene->choices[i].is_told)
            continue;
        size += (size_t)snprintf(said + size, sizeof(said) - size, "%s:%s ",
            scene->contacts->items[i].name, hk_reason_text(scene->choices[i].reason));
        if (!asked->was_asked) {
            asked->first_us = scene->choosing.now_us;
            scene->choosing.was_nobody = false;
        }
        asked->was_asked = asked->was_reached = true;
        asked->last_us = scene->choosing.now_us;
    }
    if (scene->choosing.is_nobody)
        size += (size_t)snprintf(said + size, sizeof(said) - size, "nobody ");
    scene->choosing.was_nobody = scene->choosing.was_nobody || scene->choosing.is_nobody;
    if (scene->choosing.next_us != 0)
        size += (size_t)snprintf(said + size, sizeof(said) - size, "next:%lld ",
            (long long)((scene->choosing.next_us - T0) / S));
    if (size > 0)
        said[size - 1] = '\0';
    return said;
}

#define CONTACT(name, more)                                                                        \
    "{\"name\":\"" name "\",\"channels\":{\"m\":\"" name "@b.example\"}" more "}"

static void in_turn_and_then_the_next_level(void)
{
    struct scene scene;

    begin(&scene,
        CONTACT("c", ",\"level\":\"tier2\"") "," CONTACT(
            "b", ",\"order\":2,\"answer_within\":\"1m\"") "," CONTACT("a",
            ",\"answer_within\":\"5m\"") "," CONTACT("a2", ",\"answer_within\":\"10m\""),
        "\"escalate_to\":\"tier2\"");
    CU_ASSERT_STRING_EQUAL(choose(&scene, 0), "a:approval a2:approval next:600");
    CU_ASSERT_STRING_EQUAL(choose(&scene, 599), "next:600");
    CU_ASSERT_STRING_EQUAL(choose(&scene, 600), "lapsed:a lapsed:a2 b:approval next:660");
    CU_ASSERT_STRING_EQUAL(choose(&scene, 660), "lapsed:b c:escalation next:1560");
    CU_ASSERT_STRING_EQUAL(choose(&scene, 1560), "lapsed:c nobody");
    CU_ASSERT_STRING_EQUAL(choose(&scene, 1561), "");
    done(&scene);
}

static void reminders_go_on_until_the_end(void)
{
    struct scene scene;

    begin(&scene, CONTACT("a", ",\"remind_every\":\"20m\",\"answer_within\":\"30m\""), "");
    CU_ASSERT_STRING_EQUAL(choose(&scene, 0), "a:approval next:1200");
    CU_ASSERT_STRING_EQUAL(choose(&scene, 1200), "a:reminder next:1800");
    CU_ASSERT_STRING_EQUAL(choose(&scene, 1800), "lapsed:a nobody next:2400");
    CU_ASSERT_STRING_EQUAL(choose(&scene, 2400), "a:reminder");
    done(&scene);
}

static void who_may_not_decide_or_is_not_reached_is_passed_over(void)
{
    struct scene scene;

    begin(&scene,
        CONTACT("a", "") "," CONTACT("b", ",\"order\":2") "," CONTACT("c", ",\"order\":3"), "");
    scene.asked[0].may_decide = false;
    CU_ASSERT_STRING_EQUAL(choose(&scene, 0), "b:approval next:900");
    scene.asked[1].was_reached = false; /* the mail was refused */
    CU_ASSERT_STRING_EQUAL(choose(&scene, 5), "c:approval next:905");
    done(&scene);

    begin(&scene, CONTACT("a", ""), "");
    scene.asked[0].may_decide = false;
    CU_ASSERT_STRING_EQUAL(choose(&scene, 0), "nobody");
    done(&scene);
    begin(&scene, "", "");
    done(&scene);
}

static void hours_decide_who_is_on_duty(void)
{
    struct scene scene;

    begin(&scene,
        CONTACT("a",
            ",\"hours\":{\"from\":\"00:10\",\"to\":\"08:00\"},\"remind_every\":\"10m\"") "," CONTACT("b",
            ",\"order\":2,\"hours\":{\"from\":\"00:30\",\"to\":\"08:00\"}"),
        "");
    CU_ASSERT_STRING_EQUAL(choose(&scene, 0), "nobody next:600");
    CU_ASSERT_STRING_EQUAL(choose(&scene, 600), "a:approval next:1200");
    CU_ASSERT_STRING_EQUAL(choose(&scene, 1200), "a:reminder next:1500");
    /* Nobody else yet; said once, and counted once. */
    CU_ASSERT_STRING_EQUAL(choose(&scene, 1500), "lapsed:a nobody next:1800");
    CU_ASSERT_STRING_EQUAL(choose(&scene, 1800), "a:reminder b:approval next:2400");
    done(&scene);
}

static void some_want_to_hear_of_some_things_only(void)
{
    struct scene scene;

    begin(&scene,
        CONTACT("a", ",\"only\":[\"done\"]") "," CONTACT(
            "b", ",\"only\":[\"approval\"],\"remind_every\":\"1m\""),
        "");
    CU_ASSERT_STRING_EQUAL(choose(&scene, 0), "b:approval next:900");
    done(&scene);
}

static void whoever_it_was_passed_on_to_is_told_at_once(void)
{
    struct scene scene;

    begin(&scene, CONTACT("a", "") "," CONTACT("z", ",\"level\":\"other\""), "");
    CU_ASSERT_STRING_EQUAL(choose(&scene, 0), "a:approval next:900");
    scene.asked[1].is_delegate = true;
    CU_ASSERT_STRING_EQUAL(choose(&scene, 60), "z:approval next:900");
    CU_ASSERT_STRING_EQUAL(choose(&scene, 61), "next:900");
    done(&scene);
}

static void nothing_is_looked_at_after_the_end(void)
{
    struct scene scene;

    begin(&scene, CONTACT("a", ",\"answer_within\":\"2h\",\"remind_every\":\"90m\""), "");
    CU_ASSERT_STRING_EQUAL(choose(&scene, 0), "a:approval");
    done(&scene);
}

static void one_contact_may_be_the_next_level(void)
{
    struct scene scene;

    begin(&scene,
        CONTACT("a", "") "," CONTACT("b", ",\"level\":\"tier2\"") "," CONTACT(
            "c", ",\"level\":\"tier2\",\"order\":2"),
        "\"escalate_to\":\"c\"");
    CU_ASSERT_STRING_EQUAL(choose(&scene, 0), "a:approval next:900");
    CU_ASSERT_STRING_EQUAL(choose(&scene, 900), "lapsed:a c:escalation next:1800");
    done(&scene);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"in turn, and then the next level", in_turn_and_then_the_next_level},
        {"reminders go on until the end", reminders_go_on_until_the_end},
        {"who may not decide or is not reached is passed over",
            who_may_not_decide_or_is_not_reached_is_passed_over},
        {"hours decide who is on duty", hours_decide_who_is_on_duty},
        {"some want to hear of some things only", some_want_to_hear_of_some_things_only},
        {"whoever it was passed on to is told at once",
            whoever_it_was_passed_on_to_is_told_at_once},
        {"nothing is looked at after the end", nothing_is_looked_at_after_the_end},
        {"one contact may be the next level", one_contact_may_be_the_next_level},
    };
    return suite_run("notice_choose", tests, COUNT_OF(tests));
}
