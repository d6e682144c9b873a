/*
 * trial: see trial.h.
 */
#include "engine/trial.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { PARTS = 10000 }; /* of which a percent is a hundred */

bool hk_trial_takes(const struct hk_trial *trial, const char *alert, int64_t now_us)
{
    char text[2 * HK_ID_SIZE];
    uint8_t digest[HK_SHA256_SIZE];
    uint64_t number = 0;
    if (trial->playbook == NULL || (trial->until_us != 0 && trial->until_us <= now_us))
        return false;
    int size = snprintf(text, sizeof text, "%s %s", trial->id, alert);
    hk_sha256_one(text, (size_t)size, digest);
    for (size_t i = 0; i < sizeof number; i++)
        number = number << 8 | digest[i];
    return number % PARTS < (uint64_t)trial->share * (PARTS / 100);
}

void hk_trial_choose(
    const struct hk_named *named, const char *alert, int64_t now_us, struct hk_chosen *ret_chosen)
{
    *ret_chosen = (struct hk_chosen){.playbook = named->in_force, .by = named->by};
    if (!named->trial.is_shadow && hk_trial_takes(&named->trial, alert, now_us))
        *ret_chosen = (struct hk_chosen){
            .playbook = named->trial.playbook, .trial = named->trial.id, .by = named->trial.by};
}

bool hk_trial_watches(
    const struct hk_named *named, const char *alert, int64_t now_us, struct hk_chosen *ret_chosen)
{
    if (!named->trial.is_shadow || !hk_trial_takes(&named->trial, alert, now_us))
        return false;
    *ret_chosen = (struct hk_chosen){.playbook = named->trial.playbook,
        .trial = named->trial.id,
        .by = named->trial.by,
        .is_shadow = true};
    return true;
}

void hk_trial_end(struct hk_tx *tx, struct hk_named *named, const char *why, const char *reason)
{
    if (named->trial.playbook == NULL)
        return;
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_PLAYBOOK_TRIAL_ENDED, named->id);
    hk_jw_kv(jw, "name", named->name);
    hk_jw_kv(jw, "trial", named->trial.id);
    hk_jw_kv(jw, "version", named->trial.playbook->version);
    hk_jw_kv(jw, "why", why);
    if (reason != NULL)
        hk_jw_kv(jw, "reason", reason);
    hk_tx_end(tx);
    named->trial = (struct hk_trial){.playbook = NULL};
}

void hk_trial_end_due(struct hk_tx *tx, struct hk_named *named)
{
    if (named->trial.until_us != 0 && named->trial.until_us <= tx->time_us)
        hk_trial_end(tx, named, "over", NULL);
}

void hk_trial_begin(
    struct hk_tx *tx, struct hk_named *named, const struct hk_trial *trial, const char *reason)
{
    struct hk_trial begun = *trial;
    hk_id_new("tr", tx->time_us, begun.id);
    (void)hk_copy_text(begun.by, sizeof begun.by, tx->actor);
    if (named->trial.playbook == trial->playbook && named->trial.is_shadow == trial->is_shadow)
        memcpy(begun.id, named->trial.id, sizeof begun.id);
    else
        hk_trial_end(tx, named, "replaced", NULL);
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_PLAYBOOK_TRIED, named->id);
    hk_jw_kv(jw, "name", named->name);
    hk_jw_kv(jw, "trial", begun.id);
    hk_jw_kv(jw, "version", begun.playbook->version);
    hk_jw_kv(jw, "trial_kind", begun.is_shadow ? "shadow" : "share");
    hk_jw_kv_i64(jw, "share", begun.share);
    if (begun.until_us != 0)
        hk_jw_kv_i64(jw, "until_us", begun.until_us);
    if (reason != NULL)
        hk_jw_kv(jw, "reason", reason);
    hk_tx_end(tx);
    named->trial = begun;
}
