/*
 * The whole plugin ABI of Hikeshi, version 0.2.
 *
 * A plugin is one shared object. It runs in a process of its own that has already given up what it
 * can give up when the object is loaded: no sockets of its own, no new programs, no files but those
 * that were granted, an empty environment. Connections are asked for and arrive connected.
 *
 * The version is read from an ELF note without loading the object. Tables begin with their size and
 * only ever grow at their end: compare a size before using a member that a later version added,
 * never for equality. While the major version is 0 the minor version must match exactly.
 *
 * All functions of a plugin are called on one thread, one at a time; they return at once. What
 * takes long goes to a worker (host->work; there are no other threads) or waits for a timer or
 * connection. Each call is settled exactly once, by its id, from that thread. Strings are UTF-8 and
 * NUL-terminated; those handed to a function live until it returns, and those a plugin hands over
 * are copied.
 */
#ifndef HIKESHI_PLUGIN_H
#define HIKESHI_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#define HK_ABI_MAJOR 0
#define HK_ABI_MINOR 2

/* ---- what a call can end with ---- */

enum hk_outcome {
    HK_DONE = 0,    /* done, text is the result as a JSON object (or NULL for {}) */
    HK_FAILED = 1,  /* certainly not done, text is the reason in words */
    HK_UNKNOWN = 2, /* nobody can know whether it happened, text says why */
    HK_DID_NOT = 3, /* probe only: it did not happen */
};

/* ---- what an action may do when a crash or time-out falls between sending and settling ---- */

enum hk_effect {
    HK_READ = 0,       /* changes nothing: call again */
    HK_IDEMPOTENT = 1, /* the same key twice is as once: send again */
    HK_PROBEABLE = 2,  /* probe() can tell whether key happened */
    HK_ONCE = 3,       /* never send again: people are asked */
};

enum hk_kind_of_action {
    HK_ENRICH = 0,
    HK_NOTIFY = 1,
    HK_CONTAIN = 2,
    HK_ERADICATE = 3,
    HK_RESTORE = 4, /* undoes one of the above */
    HK_CHANGE = 5,  /* changes something that no lease is kept of, and that nothing here takes back:
                       people are asked unless a rule of the tenant lets it through */
};

enum hk_plugin_log_level {
    HK_PLUGIN_ERROR = 0,
    HK_PLUGIN_WARNING = 1,
    HK_PLUGIN_INFO = 2,
    HK_PLUGIN_DEBUG = 3,
};

/* ---- one call ---- */

struct hk_call {
    size_t size;
    uint64_t id;          /* settle with it; never reused in this process */
    const char *key;      /* idempotency key: the same on every repetition of the same step */
    const char *undoes;   /* for an undo action: the key of what is undone, else NULL */
    const char *args;     /* JSON object, checked against the action's schema */
    uint64_t deadline_ms; /* from now; later the call is lost for the engine */
    uint64_t lease_ms;    /* how long what it does is to hold, from now; 0: until it is undone */
};

/* ---- what the host gives; valid from init to done ---- */

typedef void hk_timer_cb(void *ctx);
/* fd >= 0: a connected, non-blocking socket, now the plugin's. fd < 0: reason says why. */
typedef void hk_connect_cb(void *ctx, int fd, const char *reason);
typedef void hk_fd_cb(void *ctx, int fd, int readable, int writable);
typedef void hk_work_cb(void *ctx);

/* One HTTP request. The names and texts are copied. */
struct hk_http_ask {
    size_t size;
    const char *method;         /* "GET", "POST" … */
    const char *url;            /* http or https; host and port must be granted ("net:HOST:PORT") */
    const char *const *headers; /* "Name: value", NULL-ended; may be NULL */
    const char *body;           /* may be NULL */
    size_t body_size;
    uint64_t time_max_ms;   /* over all, redirects included */
    size_t answer_size_max; /* bytes of body; a longer answer is a failure */
    unsigned redirects_max; /* followed for GET and HEAD only; each one is checked like the first */
    const char
        *authorities; /* PEM of certificate authorities instead of the system's; may be NULL */
};
/* status 0: no whole answer came; failure says why in words, and may_have_arrived whether the
 * request may have reached the other side all the same. headers are "name: value" with the name in
 * lower case, NULL-ended. */
struct hk_http_answer {
    size_t size;
    int status;
    const char *failure; /* NULL when status is not 0 */
    int may_have_arrived;
    const char *const *headers;
    const char *body; /* NUL-terminated behind its end */
    size_t body_size;
};
typedef void hk_http_cb(void *ctx, const struct hk_http_answer *answer);

struct hk_host {
    size_t size;
    /* One line of diagnostics, shown with the plugin's name. No secrets. */
    void (*log)(enum hk_plugin_log_level level, const char *text);
    /* Memory; never returns NULL (the process ends instead and its calls fail). */
    void *(*alloc)(size_t size);
    void (*free)(void *memory);
    /* End a call. A second settlement of the same id, or of an id that is not open, is logged and
     * dropped. */
    void (*settle)(uint64_t call_id, enum hk_outcome outcome, const char *text);
    /* Run cb once, after_ms from now. Returns an id for timer_cancel. */
    uint64_t (*timer)(uint64_t after_ms, hk_timer_cb *cb, void *ctx);
    void (*timer_cancel)(uint64_t timer_id);
    /* Ask for a TCP connection to a host and port that `needs` names and the tenant has granted.
     * cb is called exactly once. */
    void (*connect)(const char *host, uint16_t port, hk_connect_cb *cb, void *ctx);
    /* Watch a descriptor; want_write 0 or 1. Watching again changes what is wanted; unwatch before
     * closing. */
    void (*watch)(int fd, int want_write, hk_fd_cb *cb, void *ctx);
    void (*unwatch)(int fd);
    /* Run work on one of four worker threads (which may use alloc and free, nothing else of the
     * host), then finished on the plugin's thread. A plugin can make no threads of its own:
     * pthread_create fails with EAGAIN. */
    void (*work)(hk_work_cb *work, hk_work_cb *finished, void *ctx);
    /* Microseconds since 1970 UTC. */
    int64_t (*now_us)(void);
    /* Ask a server over HTTP or HTTPS (certificates and names are checked, always). cb is called
     * exactly once, later, unless the process ends before. Returns an id for http_cancel. */
    uint64_t (*http)(const struct hk_http_ask *ask, hk_http_cb *cb, void *ctx);
    /* Give up; cb is still called. */
    void (*http_cancel)(uint64_t http_id);
};

/* ---- settings, given to init ---- */

struct hk_settings {
    size_t size;
    const char *tenant;
    const char *state_dir; /* absolute path of a folder that only this plugin of this tenant has */
    const char *options;   /* JSON object: the plugin's options, checked, defaults filled in */
};

/* ---- the descriptor ---- */

enum hk_option_type {
    HK_OPTION_TEXT = 0,
    HK_OPTION_INTEGER = 1,
    HK_OPTION_BOOLEAN = 2,
    HK_OPTION_LIST = 3,     /* of texts */
    HK_OPTION_DURATION = 4, /* "4h"; given as milliseconds */
    HK_OPTION_JSON = 5,     /* any value */
};

struct hk_option {
    const char *name; /* NULL ends the table */
    enum hk_option_type type;
    const char *default_json; /* the default as JSON text; NULL: the option is required */
    const char *help;
};

struct hk_action {
    const char *name;    /* [a-z0-9_]; NULL ends the table */
    const char *summary; /* one sentence with {argument} places: "Block {ip} at the edge" */
    enum hk_effect effect;
    enum hk_kind_of_action kind;
    const char *capability;    /* "contain.block_ip", or NULL */
    const char *undo;          /* name of the action that takes it back, or NULL */
    const char *residual;      /* what stays after the undo, in words, or NULL */
    const char *target;        /* the argument that names what is acted on, or NULL */
    const char *target_type;   /* "address", "host", "user", "domain", "url", "hash" */
    const char *args_schema;   /* JSON Schema of the arguments */
    const char *result_schema; /* JSON Schema of the result; "x-secret": true marks secret fields */
    uint32_t time_max_ms;      /* 0: the engine's default */
    void (*start)(void *state, const struct hk_call *call);
    void (*cancel)(void *state, uint64_t call_id); /* may be NULL; the call must still be settled */
    /* Did call->key happen? Settle with HK_DONE and the result, HK_DID_NOT, or HK_UNKNOWN. Required
     * for HK_PROBEABLE. */
    void (*probe)(void *state, const struct hk_call *call);
    /* Is what call->key did, with call->args, still in force? Changes nothing. Settle with HK_DONE
     * and {"holds": true} or {"holds": false, "found": "what is there instead, in words"};
     * HK_UNKNOWN when it can't be told. May be NULL. */
    void (*verify)(void *state, const struct hk_call *call);
    /* Could this action be carried out now, with the privileges, credentials and reach that the
     * plugin has? Changes nothing; call->args is {}. Settle with HK_DONE, or HK_FAILED and what is
     * missing in words. May be NULL. */
    void (*ready)(void *state, const struct hk_call *call);
    /* Let what call->key did, with call->args, hold for call->lease_ms from now: for actions that
     * end by themselves when nobody undoes them. The same again must be as once. Settle with
     * HK_DONE, HK_FAILED (it ends when it would have ended) or HK_UNKNOWN. May be NULL. */
    void (*renew)(void *state, const struct hk_call *call);
};

struct hk_served_file {
    const char *name; /* file name in the state folder; NULL ends the table */
    const char *content_type;
    const char *summary;
};

#define HK_PLUGIN_MAGIC "hikeshi plugin\1"

struct hk_plugin {
    char magic[16];
    size_t size;
    size_t action_size; /* sizeof(struct hk_action) when the plugin was compiled */
    size_t option_size;
    const char *name; /* [a-z0-9_], as in playbooks: act.NAME.ACTION */
    const char *version;
    const char *summary;
    const struct hk_option *options; /* may be NULL */
    /* "net:HOST:PORT", "net" (the servers that the operator grants), "read:PATH", "net_admin";
     * NULL-ended; may be NULL */
    const char *const *needs;
    const struct hk_action *actions;
    const struct hk_served_file *serves; /* files of the state folder that the engine may serve */
    /* Make the state. Returns 0, or -1 after host->log said why. */
    int (*init)(const struct hk_host *host, const struct hk_settings *settings, void **ret_state);
    void (*done)(void *state); /* may be NULL */
};

/* The one symbol that the host looks up. */
#define HK_PLUGIN_SYMBOL "hikeshi_plugin"

struct hk_abi_note {
    uint32_t name_size;
    uint32_t desc_size;
    uint32_t type; /* 1 */
    char name[8];  /* "Hikeshi" */
    uint32_t major;
    uint32_t minor;
};

#define HK_PLUGIN(plugin_name, ...)                                                                \
    __attribute__((section(".note.hikeshi"), used,                                                 \
        aligned(4))) static const struct hk_abi_note hikeshi_abi_note = {                          \
        8, 8, 1, "Hikeshi", HK_ABI_MAJOR, HK_ABI_MINOR};                                           \
    extern const struct hk_plugin hikeshi_plugin;                                                  \
    __attribute__((visibility("default")))                                                         \
    const struct hk_plugin hikeshi_plugin = {.magic = HK_PLUGIN_MAGIC,                             \
        .size = sizeof(struct hk_plugin),                                                          \
        .action_size = sizeof(struct hk_action),                                                   \
        .option_size = sizeof(struct hk_option),                                                   \
        .name = #plugin_name,                                                                      \
        __VA_ARGS__}

#endif
