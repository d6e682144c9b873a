/*
 * notice: people are told: who, when, in which words, and that they were.
 *
 * A notice is one message to one contact in one channel. It is queued in the ledger, and leaves
 * only once that is on disk; what the server answered is an entry too. So it is sent at least once:
 * after a crash between the two it is sent again, a mail with the same Message-ID, so that a
 * mailbox shows it once.
 *
 *   notice_queue   what happened becomes notices, in the transaction of what happened
 *   notice_choose  who is asked about a gate, who next, whom to remind: pure
 *   notice_plan    the same with the record: reads what stands about a gate, queues what follows
 *   notice_lane    what waits goes out, contact by contact, gathered where there is much of it
 *   notice_send    one message: made, handed over, and what became of it
 *   notice_digest  the daily digest, and a test
 *
 * Nothing here decides anything.
 */
#ifndef HK_ENGINE_NOTICE_H
#define HK_ENGINE_NOTICE_H

#include "engine/contacts.h"
#include "engine/tx.h"

struct hk_notices;

HK_MUST_CHECK enum hk_status hk_notices_new(
    struct hk_engine *engine, struct hk_notices **ret_notices, struct hk_error *error);
/* What is under way is given up; it is queued still. NULL is fine. */
void hk_notices_free(struct hk_notices *notices);
/* Send what waits from now on; once, when the engine is ready. */
void hk_notices_start(struct hk_notices *notices);
/* Something may be due then, or now. */
void hk_notices_wake(struct hk_engine *engine, int64_t due_us);
/* Messages that are being handed over: a clean stop waits for them. */
size_t hk_notices_open(const struct hk_notices *notices);

/* --- in a transaction --- */

/* The entry that was ended last in tx is one that the tenant's people are told about. */
void hk_notice_about(struct hk_tx *tx, enum hk_reason reason, const char *about);
/* In the payload of gate.opened, and of gate.delegated: people are to be asked. */
void hk_notice_ask(struct hk_tx *tx, struct hk_jw *jw, const char *gate);
/* What a playbook says to a level or contact (to NULL: where it escalates to, or the first level).
 * HK_NOT_FOUND when there is none. text may be NULL. */
HK_MUST_CHECK enum hk_status hk_notice_to(struct hk_tx *tx, enum hk_reason reason,
    const char *about, const char *to, const char *text, struct hk_error *error);
/* A notice for each of the contact's ways; for those rooms only that are not in *rooms yet (may be
 * NULL). */
struct hk_notice_draft {
    enum hk_reason reason;
    const char *about;         /* NULL: nothing */
    const char *text;          /* NULL: none */
    const char *user;          /* id of the contact's person, NULL */
    int64_t due_us;            /* 0: now */
    unsigned event;            /* number of the entry in tx that it tells about, from 1; 0: none */
    int64_t next_us;           /* of the gate: see core/ARCHITECTURE.md; < 0: left out */
    const char *const *lapsed; /* NULL-ended, NULL: none */
    struct hk_jw *ids;         /* an array to which {"id","channel"} is written, NULL: none */
};
void hk_notice_queue(struct hk_tx *tx, const struct hk_contact *contact,
    const struct hk_notice_draft *draft, uint64_t *rooms);
/* notice.nobody: somebody should have been told, and there was nobody. why is for people. */
void hk_notice_nobody(struct hk_tx *tx, const struct hk_notice_draft *draft, const char *why);
/* The same where nobody need be told: it only says when to look again. */
void hk_notice_quiet(struct hk_tx *tx, const struct hk_notice_draft *draft, const char *why);

/* --- gates --- */

/* Tell whoever is to be told about this gate now. */
void hk_notice_gate(struct hk_engine *engine, struct hk_tenant_state *tenant, const char *gate);

/* --- digest --- */

/* At the start: when the last ones were. */
HK_MUST_CHECK enum hk_status hk_digests_load(
    struct hk_reading *reading, struct hk_engine *engine, struct hk_error *error);
/* Queue the digests that are due; when the next one is (INT64_MAX: never). */
int64_t hk_digests_check(struct hk_engine *engine);

#endif
