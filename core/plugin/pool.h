/*
 * pool: the plugins of all tenants, their processes and the calls in flight.
 *
 * One process per tenant and plugin, made when first needed, let go when idle, made again with
 * back-off after a crash. A call is settled exactly once, by its id, from the loop; what the plugin
 * says after that is dropped. The pool knows nothing of runs or gates: it says what became of a
 * call, and the engine decides what that means for the effect class.
 */
#ifndef HK_PLUGIN_POOL_H
#define HK_PLUGIN_POOL_H

#include "base/digest.h"
#include "base/json.h"
#include "base/secrets.h"
#include "hikeshi/plugin.h"
#include "loop/connect.h"
#include "loop/loop.h"

#include <sys/types.h>

struct hk_pool;

/* What the engine may know about an action; lives as long as the pool. Texts are never NULL unless
 * said. */
struct hk_action_info {
    const char *plugin;         /* "edl" */
    const char *plugin_version; /* "1.0.0" */
    const char *plugin_sha256;  /* hex, of the file that was loaded */
    const char *name;           /* "block_ip" */
    const char *summary;
    enum hk_effect effect;
    enum hk_kind_of_action kind;
    const char *capability;  /* may be NULL */
    const char *undo;        /* may be NULL */
    const char *residual;    /* may be NULL */
    const char *target;      /* may be NULL */
    const char *target_type; /* may be NULL */
    const char *args_schema; /* JSON */
    const char *result_schema;
    uint32_t time_max_ms;
    bool can_probe;
    bool can_verify;
    bool can_tell_ready;
    bool can_renew;
};

/* Does an action of this kind do what the capability's name says? "contain.block_ip" is no name for
 * an action that only reads: it would be done without anybody being asked. */
bool hk_capability_fits(const char *capability, enum hk_kind_of_action kind);

struct hk_plugin_config {
    const char *tenant;
    const char *name;                 /* must equal the descriptor's */
    const char *path;                 /* of the .so */
    const char *options;              /* JSON object; {"$secret": "NAME"} stands for a secret */
    const struct hk_secrets *secrets; /* that options name; may be NULL; outlives the pool */
    const char *const *grants;        /* see plugin/grants.h; NULL-ended; may be NULL */
    const char *state_dir;            /* made (0700) when it is missing */
};

/* May every secret that stands in the arguments ({"$secret": "NAME"}) be handed to the plugin? It
 * must be there, and be granted ("secret:NAME"). HK_DENIED names the first that may not. */
HK_MUST_CHECK enum hk_status hk_pool_secrets_check(struct hk_pool *pool, const char *tenant,
    const char *plugin, const struct hk_json *args, struct hk_error *error);

enum hk_call_mode {
    HK_CALL_START,
    HK_CALL_PROBE,
    HK_CALL_VERIFY, /* result {"holds": bool, ["found": text]} */
    HK_CALL_READY,  /* may the action be carried out with what the plugin was given? */
    HK_CALL_RENEW,  /* what was done is to hold for lease_ms from now */
};

enum hk_call_end {
    HK_CALL_DONE,     /* text is the result, a JSON object that was checked strictly */
    HK_CALL_FAILED,   /* certainly not done (ready: it can't be); text is the reason */
    HK_CALL_DID_NOT,  /* probe: it did not happen */
    HK_CALL_LOST,     /* sent, and no answer will come: crash, time-out, nonsense, or the plugin
                         said unknown. The effect class decides what next. */
    HK_CALL_NOT_SENT, /* no byte went out: queue full, process can't start, cancelled in line */
};

struct hk_call_request {
    uint64_t call_id; /* the engine's, unique while open */
    const char *tenant;
    const char *plugin;
    const char *action;
    enum hk_call_mode mode;
    const char *key;
    const char *undoes;  /* may be NULL */
    const char *args;    /* JSON object */
    int64_t deadline_ms; /* from now, time in line included */
    int64_t lease_ms;    /* how long it is to hold; 0: no end */
};

struct hk_pool_events {
    /* Never called from inside hk_pool_call. text is borrowed. */
    void (*settled)(void *ctx, uint64_t call_id, enum hk_call_end end, const char *text);
    /* A plugin's descriptor is known (first start), or it could not be started (error != NULL). */
    void (*loaded)(void *ctx, const char *tenant, const char *plugin, const struct hk_error *error);
    /* One line of a plugin's diagnostics. */
    void (*log)(void *ctx, const char *tenant, const char *plugin, int level, const char *text);
    /* The spawner has ended, and with it every plugin process: no plugin will ever start again.
     * Called before open calls are settled. May be NULL. */
    void (*spawner_gone)(void *ctx);
};

/* connector may be NULL: connections are refused then. spawner_fd stays the caller's, who closes it
 * after hk_pool_free. events must outlive the pool. */
HK_MUST_CHECK enum hk_status hk_pool_new(struct hk_loop *loop, struct hk_connector *connector,
    int spawner_fd, const struct hk_pool_events *events, void *ctx, struct hk_pool **ret_pool,
    struct hk_error *error);
/* Ends all processes (stop frame, then the spawner kills what stays). Open calls are dropped
 * without being settled: after a stop their steps are found open in the ledger. */
void hk_pool_free(struct hk_pool *pool);

/* Read the file, check its ELF note without loading, keep its bytes in a sealed memory file, and
 * start a first process to learn its descriptor (events.loaded follows). */
HK_MUST_CHECK enum hk_status hk_pool_add(
    struct hk_pool *pool, const struct hk_plugin_config *config, struct hk_error *error);
/* Make no process for plugins added from now on, until hk_pool_go: a process of an earlier engine
 * may still be at work on the same things. */
void hk_pool_hold(struct hk_pool *pool);
void hk_pool_go(struct hk_pool *pool);
/* True once every plugin that was added is loaded or has failed to load. */
bool hk_pool_is_settled(const struct hk_pool *pool);

/* NULL when tenant, plugin or action is unknown or not loaded. */
const struct hk_action_info *hk_pool_action(
    const struct hk_pool *pool, const char *tenant, const char *plugin, const char *action);
/* The descriptor as JSON for the API and the ledger: name, version, sha256, state, actions…; NULL
 * when not loaded. Borrowed. */
const char *hk_pool_descriptor(const struct hk_pool *pool, const char *tenant, const char *plugin);
/* Absolute path of a file that the plugin serves, and its content type; false when it serves no
 * file of that name, or the file is not there yet. Open it with O_NOFOLLOW. */
bool hk_pool_served_file(const struct hk_pool *pool, const char *tenant, const char *plugin,
    const char *file, char *ret_path, size_t capacity, const char **ret_content_type);
/* List plugins: fn is called for each. */
typedef void hk_pool_each_fn(void *ctx, const char *tenant, const char *plugin, bool is_loaded,
    bool is_running, unsigned restarts, unsigned calls_open, pid_t pid);
void hk_pool_each(const struct hk_pool *pool, hk_pool_each_fn *fn, void *ctx);

/* Start a call; events.settled follows exactly once (also when it can't be sent). */
void hk_pool_call(struct hk_pool *pool, const struct hk_call_request *request);
/* Ask the plugin to stop working on it; the settlement still follows. */
void hk_pool_cancel(struct hk_pool *pool, uint64_t call_id);

/* Check args against an action's schema (the subset that plugin.md documents: type, properties,
 * required, additionalProperties, enum, items, minimum, maximum, minLength, maxLength). HK_INVALID
 * names the path and what is wrong. */
HK_MUST_CHECK enum hk_status hk_schema_check(
    const char *schema, const struct hk_json *value, struct hk_error *error);

#endif
