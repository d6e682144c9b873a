/*
 * shadow: a run of a version that is only looked at. It gets the alert that the version in force
 * got, decides as that would, and does nothing outside of its own record: what it asks for is
 * settled with "shadow", whatever its text tries.
 *
 *   act      done when it only reads (an enrichment of effect `read` that the rules would do
 *            without asking), since it could decide nothing otherwise; denied and watched as
 *            always; else withheld, with what the rules would say
 *   ask, signal, and a wait for a signal    withheld
 *   note, close, case, notify, escalate     seem to succeed
 *   call     a shadow of what is in force
 *   wait     as always
 *
 * No gate, task, notice, containment or entry about anything else than the run comes from it.
 */
#ifndef HK_ENGINE_SHADOW_H
#define HK_ENGINE_SHADOW_H

#include "engine/act.h"
#include "engine/objects.h"

/* Settle a step of a shadow. False: it is one that is carried out as always. */
HK_MUST_CHECK bool hk_shadow_settles(
    struct hk_run *run, struct hk_step *step, const struct hk_json *args);
/* The same for an act, once it is known what that means. */
HK_MUST_CHECK bool hk_shadow_withholds(
    struct hk_run *run, struct hk_step *step, const struct hk_act *act);

#endif
