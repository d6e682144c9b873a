/*
 * notice_choose: see notice_choose.h.
 */
#include "engine/notice_choose.h"

#include <string.h>

#define NEVER INT64_MAX

/* Stages are numbered: the first level's orders, then the escalation's. */
struct stage {
    bool is_escalation;
    unsigned order;
};

static bool is_in(const struct hk_choosing *c, unsigned i, const struct stage *stage)
{
    const struct hk_contact *contact = &c->contacts->items[i];

    if (contact->order != stage->order)
        return false;
    if (!stage->is_escalation)
        return strcmp(contact->level, HK_LEVEL_FIRST) == 0;
    /* Whoever was asked in the first level isn't asked again by the second one's name. */
    return c->contacts->escalate_to != NULL && strcmp(contact->level, HK_LEVEL_FIRST) != 0 &&
           hk_contact_is_in(contact, c->contacts->escalate_to);
}

/* The stage after this one; the first one after {false, 0}. False: there is none. */
static bool next_stage(const struct hk_choosing *c, struct stage *stage)
{
    for (int is_escalation = stage->is_escalation; is_escalation <= 1; is_escalation++) {
        unsigned from = is_escalation == (int)stage->is_escalation ? stage->order : 0;
        unsigned best = 0;

        for (unsigned i = 0; i < c->contacts->count; i++) {
            struct stage at = {is_escalation != 0, c->contacts->items[i].order};
            if (at.order > from && (best == 0 || at.order < best) && is_in(c, i, &at))
                best = at.order;
        }
        if (best != 0) {
            *stage = (struct stage){is_escalation != 0, best};
            return true;
        }
    }
    return false;
}

static bool wants(const struct hk_contact *contact, enum hk_reason reason)
{
    return (contact->reasons >> reason & 1) != 0;
}

static enum hk_reason reason_of(const struct stage *stage)
{
    return stage->is_escalation ? HK_REASON_ESCALATION : HK_REASON_APPROVAL;
}

static bool can_be_asked(const struct hk_choosing *c, unsigned i, const struct stage *stage)
{
    return is_in(c, i, stage) && c->asked[i].may_decide && !c->asked[i].was_asked &&
           wants(&c->contacts->items[i], reason_of(stage));
}

static void sooner(struct hk_choosing *c, int64_t time_us)
{
    if (time_us <= c->now_us)
        time_us = c->now_us + 1;
    if (time_us < c->expires_us && (c->next_us == 0 || time_us < c->next_us))
        c->next_us = time_us;
}

/* --- stages --- */

struct standing {
    struct stage last; /* that somebody was asked in */
    bool has_last;
    int64_t over_us; /* when its time to answer is over; now, when nobody of it was reached */
};

static struct standing stand(const struct hk_choosing *c)
{
    struct standing standing = {.over_us = 0};
    struct stage stage = {false, 0};

    while (next_stage(c, &stage)) {
        int64_t over_us = 0;
        bool was_asked = false;
        bool was_reached = false;

        for (unsigned i = 0; i < c->contacts->count; i++) {
            const struct hk_asked *asked = &c->asked[i];
            int64_t answer_us = asked->first_us + c->contacts->items[i].answer_within_ms * 1000;
            if (!is_in(c, i, &stage) || !asked->was_asked)
                continue;
            was_asked = true;
            was_reached = was_reached || asked->was_reached;
            if (answer_us > over_us)
                over_us = answer_us;
        }
        if (was_asked)
            standing = (struct standing){stage, true, was_reached ? over_us : c->now_us};
    }
    return standing;
}

/* Ask everybody of the first stage after this one in which somebody is on duty. False: nobody was;
 * then *ret_next_us is when somebody comes on duty. */
static bool ask_next(struct hk_choosing *c, struct stage stage, int64_t *ret_next_us)
{
    *ret_next_us = NEVER;
    while (next_stage(c, &stage)) {
        bool is_asked = false;

        for (unsigned i = 0; i < c->contacts->count; i++) {
            int64_t duty_us = hk_hours_next(&c->contacts->items[i].hours, c->now_us);
            if (!can_be_asked(c, i, &stage))
                continue;
            if (duty_us <= c->now_us) {
                c->choices[i] = (struct hk_choice){.is_told = true, .reason = reason_of(&stage)};
                is_asked = true;
            } else if (duty_us < *ret_next_us) {
                *ret_next_us = duty_us;
            }
        }
        if (is_asked)
            return true;
    }
    return false;
}

static void mark_lapsed(struct hk_choosing *c, const struct stage *stage)
{
    for (unsigned i = 0; i < c->contacts->count; i++)
        if (is_in(c, i, stage) && c->asked[i].was_asked && c->asked[i].was_reached)
            c->choices[i].has_lapsed = true;
}

/* When those who are asked now have had their time. */
static void note_answer(struct hk_choosing *c)
{
    int64_t over_us = 0;

    for (unsigned i = 0; i < c->contacts->count; i++) {
        int64_t answer_us = c->now_us + c->contacts->items[i].answer_within_ms * 1000;
        if (c->choices[i].is_told && answer_us > over_us)
            over_us = answer_us;
    }
    if (over_us != 0)
        sooner(c, over_us);
}

static void choose_stage(struct hk_choosing *c)
{
    struct standing standing = stand(c);
    int64_t duty_us;

    if (standing.has_last && c->now_us < standing.over_us) {
        sooner(c, standing.over_us);
        return;
    }
    if (ask_next(c, standing.last, &duty_us)) {
        if (standing.has_last && !c->was_nobody)
            mark_lapsed(c, &standing.last);
        note_answer(c);
        return;
    }
    /* There is nobody else to ask; said once, but again when nobody was asked at all. */
    if (!c->was_nobody || !standing.has_last) {
        c->is_nobody = true;
        if (standing.has_last)
            mark_lapsed(c, &standing.last);
    }
    if (duty_us != NEVER)
        sooner(c, duty_us);
}

/* --- the rest --- */

static void choose_delegates(struct hk_choosing *c)
{
    for (unsigned i = 0; i < c->contacts->count; i++)
        if (c->asked[i].is_delegate && c->asked[i].may_decide && !c->asked[i].was_asked &&
            !c->choices[i].is_told)
            c->choices[i] = (struct hk_choice){.is_told = true, .reason = HK_REASON_APPROVAL};
}

static void remind(struct hk_choosing *c)
{
    for (unsigned i = 0; i < c->contacts->count; i++) {
        const struct hk_contact *contact = &c->contacts->items[i];
        int64_t every_us = contact->remind_every_ms * 1000;
        int64_t due_us = c->asked[i].last_us + every_us;

        if (every_us == 0 || !c->asked[i].may_decide || !wants(contact, HK_REASON_REMINDER))
            continue;
        if (c->choices[i].is_told) {
            sooner(c, hk_hours_next(&contact->hours, c->now_us + every_us));
        } else if (c->asked[i].was_asked) {
            if (due_us <= c->now_us && hk_hours_hold(&contact->hours, c->now_us)) {
                bool has_lapsed = c->choices[i].has_lapsed;
                c->choices[i] = (struct hk_choice){true, HK_REASON_REMINDER, has_lapsed};
                due_us = c->now_us + every_us;
            }
            sooner(c, hk_hours_next(&contact->hours, due_us > c->now_us ? due_us : c->now_us + 1));
        }
    }
}

void hk_notice_choose(struct hk_choosing *choosing)
{
    choosing->next_us = 0;
    choosing->is_nobody = false;
    if (choosing->contacts == NULL || choosing->contacts->count == 0) {
        choosing->is_nobody = true;
        return;
    }
    choose_stage(choosing);
    choose_delegates(choosing);
    remind(choosing);
}
