/*
 * sink: one try to bring checkpoints to one place; see sinks.h for when. All of these block, for
 * HK_SINK_TIME_MAX_MS at most where the other end is slow (a name that is looked up, or a file
 * system that hangs, may take longer). Errors do not name the place: tenants are shown them.
 */
#ifndef HK_LEDGER_SINK_H
#define HK_LEDGER_SINK_H

#include "base/status.h"

#include <stddef.h>

struct hk_sink_note {
    struct hk_sink_note *next;
    char *tenant;
    char *text; /* the signed note, its last line ended */
};

/* Append each note to FOLDER/TENANT.checkpoints, and sync. */
HK_MUST_CHECK enum hk_status hk_sink_folder(
    const char *folder, const struct hk_sink_note *notes, struct hk_error *error);

/* One message a note: facility "log audit", severity "notice", MSGID "checkpoint", and as MSG the
 * JSON object {"tenant":…,"checkpoint":…}. udp: one datagram each (RFC 5426); tcp: one connection,
 * octet counting (RFC 6587 section 3.4.1), and no success when the server resets it. */
HK_MUST_CHECK enum hk_status hk_sink_syslog(
    const char *place, const struct hk_sink_note *notes, struct hk_error *error);
/* Is this "udp:HOST:PORT" or "tcp:HOST:PORT"? An IPv6 address stands in brackets. */
HK_MUST_CHECK enum hk_status hk_sink_syslog_check(const char *place, struct hk_error *error);

/* Run the program, with the notes on its standard input, an empty line between them, and nothing
 * of the engine's environment but PATH. HK_TIMEOUT: it was killed. */
HK_MUST_CHECK enum hk_status hk_sink_command(
    const char *const *command, const struct hk_sink_note *notes, struct hk_error *error);

#endif
