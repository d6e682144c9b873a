#include "engine/run_begin.h"

#include <stdio.h>
#include <string.h>

/* Who called it, and the playbooks above it, the outermost first. */
static void write_caller(struct hk_jw *jw, const struct hk_run_begin *begin)
{
    const struct hk_run *caller = begin->caller;
    hk_jw_key(jw, "caller");
    hk_jw_object(jw);
    hk_jw_kv(jw, "run", caller->id);
    hk_jw_kv(jw, "step", begin->caller_step->path);
    hk_jw_kv(jw, "where", begin->caller_step->where);
    hk_jw_key(jw, "playbooks");
    hk_jw_array(jw);
    for (size_t i = 0; i < caller->depth; i++)
        hk_jw_string(jw, caller->callers[i]);
    hk_jw_string(jw, caller->playbook->name);
    hk_jw_array_end(jw);
    hk_jw_object_end(jw);
    hk_jw_kv_raw(jw, "args", begin->caller_step->args);
}

/* The caller of the run before is this one's too. */
static void write_before(struct hk_jw *jw, const struct hk_run_begin *begin)
{
    const struct hk_run *before = begin->before;
    hk_jw_key(jw, "continues");
    hk_jw_object(jw);
    hk_jw_kv(jw, "run", before->id);
    hk_jw_kv(jw, "first", begin->place->first);
    hk_jw_kv_i64(jw, "number", begin->place->number);
    hk_jw_kv_i64(jw, "hour_us", begin->place->hour_us);
    hk_jw_kv_i64(jw, "in_hour", begin->place->in_hour);
    hk_jw_object_end(jw);
    if (before->caller[0] != 0) {
        hk_jw_key(jw, "caller");
        hk_jw_object(jw);
        hk_jw_kv(jw, "run", before->caller);
        hk_jw_kv(jw, "step", before->caller_step);
        hk_jw_kv(jw, "where", before->caller_where);
        hk_jw_key(jw, "playbooks");
        hk_jw_array(jw);
        for (size_t i = 0; i < before->depth; i++)
            hk_jw_string(jw, before->callers[i]);
        hk_jw_array_end(jw);
        hk_jw_object_end(jw);
    }
    hk_jw_kv_raw(jw, "args", begin->state);
}

int64_t hk_run_ends_us(const struct hk_run_begin *begin, int64_t time_us)
{
    int64_t run_for_ms = hk_json_i64_at(begin->playbook->descriptor.root, "limits.run_for_ms", 0);
    if (begin->before != NULL && begin->before->ends_us > 0)
        return begin->before->ends_us;
    return run_for_ms > 0 ? time_us + run_for_ms * 1000 : 0;
}

void hk_run_write_started(struct hk_tx *tx, const struct hk_run_begin *begin)
{
    char seed_text[24];
    int64_t ends_us = hk_run_ends_us(begin, tx->time_us);
    snprintf(seed_text, sizeof seed_text, "%llu", (unsigned long long)begin->seed);
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_RUN_STARTED, begin->id);
    hk_jw_kv(jw, "alert", begin->alert);
    hk_jw_kv(jw, "playbook", begin->playbook->name);
    hk_jw_kv(jw, "version", begin->playbook->version);
    if (begin->trial != NULL)
        hk_jw_kv(jw, "trial", begin->trial);
    if (begin->is_shadow || (begin->caller != NULL && begin->caller->is_shadow))
        hk_jw_kv_bool(jw, "shadow", true);
    hk_jw_kv(jw, "severity", hk_severity_text(begin->severity));
    hk_jw_kv(jw, "seed", seed_text);
    hk_jw_kv_i64(jw, "at_us", tx->time_us);
    if (ends_us > 0) {
        hk_jw_kv_i64(jw, "ends_us", ends_us);
        hk_tx_due(tx, ends_us);
    }
    hk_jw_key(jw, "requesters");
    hk_jw_array(jw);
    for (const char *const *who = begin->requesters; *who != NULL; who++)
        hk_jw_string(jw, *who);
    hk_jw_array_end(jw);
    if (begin->caller != NULL)
        write_caller(jw, begin);
    else if (begin->before != NULL)
        write_before(jw, begin);
    hk_tx_end(tx);
}

void hk_run_requesters(const struct hk_tenant_state *tenant, const char *const *before,
    const char *author, const char **ret_requesters)
{
    size_t count = 0;
    bool is_known = tenant->authors_decide || author[0] == 0;
    for (; *before != NULL; before++) {
        is_known = is_known || strcmp(*before, author) == 0;
        ret_requesters[count++] = *before;
    }
    if (!is_known)
        ret_requesters[count++] = author;
    ret_requesters[count] = NULL;
}

uint64_t hk_run_seed(void)
{
    uint64_t seed;
    hk_random(&seed, sizeof seed);
    return seed;
}
