/*
 * sinks: where copies of checkpoints go, outside of the data folder: whoever has database and key
 * can rewrite what no checkpoint outside covers.
 *
 * Each sink has a thread of its own, so that one that hangs holds up neither the writer nor
 * another sink. A sink that fails is tried again, with the newest checkpoint of each tenant alone:
 * a later one covers what the ones before it did. Notes are signed and hold nothing secret.
 */
#ifndef HK_LEDGER_SINKS_H
#define HK_LEDGER_SINKS_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hk_sink_kind {
    HK_SINK_FOLDER,  /* FOLDER/TENANT.checkpoints, appended to and synced */
    HK_SINK_SYSLOG,  /* RFC 5424 to a server; over UDP nobody learns whether it came */
    HK_SINK_COMMAND, /* a program, with notes on its standard input; status 0 is success */
};

/* Borrowed until hk_sinks_start returns. */
struct hk_sink_setup {
    enum hk_sink_kind kind;
    const char *place;          /* the folder, absolute; or "udp:HOST:PORT", "tcp:HOST:PORT" */
    const char *const *command; /* absolute path and arguments, NULL-ended; or NULL */
};

struct hk_sinks;

/* HK_INVALID names what is wrong with a setup; nothing is connected to yet. */
HK_MUST_CHECK enum hk_status hk_sink_check(
    const struct hk_sink_setup *setup, struct hk_error *error);
HK_MUST_CHECK enum hk_status hk_sinks_start(const struct hk_sink_setup *setups, size_t count,
    struct hk_sinks **ret_sinks, struct hk_error *error);
/* Send what waits, once, and end the threads. NULL is fine. */
void hk_sinks_stop(struct hk_sinks *sinks);
/* A new checkpoint of a tenant, for every sink. Waits for nothing; any thread. */
void hk_sinks_put(struct hk_sinks *sinks, const char *tenant, const char *note);

#define HK_SINK_PROBLEM_SIZE 160

struct hk_sink_state {
    enum hk_sink_kind kind;
    uint64_t sent;
    uint64_t failures;
    bool fails;                         /* the last try did */
    char problem[HK_SINK_PROBLEM_SIZE]; /* of the last failure, without the place; "" for none */
};

size_t hk_sinks_count(const struct hk_sinks *sinks); /* of NULL: 0 */
void hk_sinks_state(struct hk_sinks *sinks, size_t index, struct hk_sink_state *ret_state);
/* "folder", "syslog", "command" */
const char *hk_sink_kind_text(enum hk_sink_kind kind);

#endif
