/*
 * run_begin: the entry with which a run begins, whether an alert starts it, another run calls it,
 * or it goes on where another one ended.
 */
#ifndef HK_ENGINE_RUN_BEGIN_H
#define HK_ENGINE_RUN_BEGIN_H

#include "engine/tx.h"

struct hk_run_begin {
    const char *id;
    const char *alert;
    struct hk_playbook *playbook;
    enum hk_severity severity;
    uint64_t seed;
    const char *const *requesters; /* actor ids, NULL-ended */
    const struct hk_run *caller;   /* NULL: nobody calls it */
    const struct hk_step *caller_step;
    const struct hk_run *before; /* that it goes on from, or NULL; with both that follow */
    const struct hk_chain_place *place;
    const char *state; /* JSON */
    const char *trial; /* id of the trial that the playbook is of; NULL: none */
    bool is_shadow;
};

/* When the run has to be over, which begins then; 0: never. */
int64_t hk_run_ends_us(const struct hk_run_begin *begin, int64_t time_us);

/* Actor ids that a run may have been asked for by: a list, what a version's author adds, NULL. */
#define HK_REQUESTERS_MORE 2
/* Who asked for a run: those of before (NULL-ended), and whoever put its version into force or on
 * trial where the tenant's authors don't decide. ret_requesters has room for HK_REQUESTERS_MORE
 * more than those of before; ids are borrowed. */
void hk_run_requesters(const struct hk_tenant_state *tenant, const char *const *before,
    const char *author, const char **ret_requesters);

/* Write run.started into tx, and when its limits.run_for is over. */
void hk_run_write_started(struct hk_tx *tx, const struct hk_run_begin *begin);
/* A number that nobody can guess, for the run's `random`. */
uint64_t hk_run_seed(void);

#endif
