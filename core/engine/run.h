/*
 * run: a run in memory, its pins, its Lua state, and how it is brought back from its entries
 * (run_load.c).
 */
#ifndef HK_ENGINE_RUN_H
#define HK_ENGINE_RUN_H

#include "engine/objects.h"

/* The key of a run in the engine's map: the tenant is part of it. */
void hk_run_key(
    const struct hk_tenant_state *tenant, const char *id, char ret_key[HK_RUN_KEY_SIZE]);
struct hk_run *hk_run_make(
    struct hk_engine *engine, struct hk_tenant_state *tenant, const char *id);
/* The alert as a run is given it: its view, its id, and what came as `raw` (JSON). malloc'd. */
char *hk_alert_as_given(const char *id, const struct hk_json *view, const char *raw);
struct hk_alert *hk_alert_hold(struct hk_engine *engine, const char *id, const struct hk_json *view,
    const char *raw, enum hk_alert_state state);
void hk_run_pin(struct hk_run *run);
/* Take a pin away; the run may be gone afterwards. */
void hk_run_unpin(struct hk_run *run);
/* Call fn with the run once it is in memory (perhaps at once), or with NULL and why not. */
typedef void hk_run_fn(void *ctx, struct hk_run *run, const struct hk_error *error);
void hk_run_with(struct hk_engine *engine, struct hk_tenant_state *tenant, const char *id,
    hk_run_fn *fn, void *ctx);
/* Give the run a Lua state (or a place in the line) when it can go on. */
void hk_run_wake(struct hk_run *run);
void hk_run_sleep(struct hk_run *run);
/* Load runs from the line while there is room. */
void hk_runs_advance(struct hk_engine *engine);
enum hk_run_state hk_run_state(const struct hk_run *run);
unsigned hk_run_steps_in(const struct hk_run *run, enum hk_step_state state);
struct hk_step *hk_run_step(const struct hk_run *run, const char *path);
struct hk_step *hk_run_step_add(struct hk_run *run, const char *path);
/* A run's record has a ceiling, so that no playbook and no plugin can take the engine's memory: a
 * step that finds no room ends its run, a result that finds none is left out. */
bool hk_run_has_room(const struct hk_run *run, size_t size);
/* What a step with this request takes up, whatever becomes of it, but for its result. */
size_t hk_step_size(const char *args, const char *options, const char *name, const char *where);
const char *hk_run_text(struct hk_run *run, const char *text); /* copy in the run's arena */
/* Zeroed memory in the run's arena; never NULL. */
void *hk_run_alloc(struct hk_run *run, size_t size) __attribute__((returns_nonnull));

#endif
