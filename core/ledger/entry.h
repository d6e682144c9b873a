/*
 * entry: the line that is hashed. One entry is one line of text, exactly these bytes, without the
 * line's end:
 *
 *     hk1 SEQ TIME KIND SUBJECT ACTOR COMMITMENT
 *
 * single blanks between; SEQ decimal from 0, TIME RFC 3339 in UTC with six decimals and never
 * decreasing within a tenant, KIND from the list below, SUBJECT and ACTOR ids ([a-z0-9_-], at most
 * 64), COMMITMENT = SHA-256(salt ‖ payload) in hex. No personal data: the payload lies beside the
 * line with its 32 bytes of salt and can be erased without breaking the tree.
 *
 * hk1 is the version of the format. Versions are read for ever; an unknown one is refused by name.
 */
#ifndef HK_LEDGER_ENTRY_H
#define HK_LEDGER_ENTRY_H

#include "base/digest.h"
#include "base/id.h"

#include <stdint.h>

#define HK_ENTRY_LINE_SIZE 384 /* longest line and NUL */
#define HK_SALT_SIZE 32

/* X(NAME, text). The payload of each kind is in core/ARCHITECTURE.md; project.c folds it. */
#define HK_KIND_LIST(X)                                                                            \
    X(LEDGER_OPENED, "ledger.opened")                                                              \
    X(LEDGER_RESTORED, "ledger.restored")                                                          \
    X(LEDGER_HEARTBEAT, "ledger.heartbeat")                                                        \
    X(LEDGER_MOVED_OUT, "ledger.moved_out")                                                        \
    X(LEDGER_MOVED_IN, "ledger.moved_in")                                                          \
    X(KEY_ROTATED, "key.rotated")                                                                  \
    X(KEY_REVOKED, "key.revoked")                                                                  \
    X(PAYLOAD_ERASED, "payload.erased")                                                            \
    X(ENGINE_STARTED, "engine.started")                                                            \
    X(ENGINE_STOPPED, "engine.stopped")                                                            \
    X(CONFIG_APPLIED, "config.applied")                                                            \
    X(PLAYBOOK_ADDED, "playbook.added")                                                            \
    X(PLAYBOOK_ENFORCED, "playbook.enforced")                                                      \
    X(PLAYBOOK_WITHDRAWN, "playbook.withdrawn")                                                    \
    X(PLAYBOOK_TRIED, "playbook.tried")                                                            \
    X(PLAYBOOK_TRIAL_ENDED, "playbook.trial_ended")                                                \
    X(PLUGIN_LOADED, "plugin.loaded")                                                              \
    X(USER_ADDED, "user.added")                                                                    \
    X(USER_DISABLED, "user.disabled")                                                              \
    X(USER_LINK_MADE, "user.link_made")                                                            \
    X(USER_PASSWORD_SET, "user.password_set")                                                      \
    X(USER_TOTP_SET, "user.totp_set")                                                              \
    X(USER_TOTP_REMOVED, "user.totp_removed")                                                      \
    X(USER_LOCKED, "user.locked")                                                                  \
    X(USER_UNLOCKED, "user.unlocked")                                                              \
    X(SESSION_OPENED, "session.opened")                                                            \
    X(SESSION_PROVEN, "session.proven")                                                            \
    X(SESSION_CLOSED, "session.closed")                                                            \
    X(TOKEN_CREATED, "token.created")                                                              \
    X(TOKEN_REVOKED, "token.revoked")                                                              \
    X(TENANT_ENTERED, "tenant.entered")                                                            \
    X(TENANT_CHECKPOINTED, "tenant.checkpointed")                                                  \
    X(ALERT_RECEIVED, "alert.received")                                                            \
    X(ALERT_MERGED, "alert.merged")                                                                \
    X(ALERT_ROUTED, "alert.routed")                                                                \
    X(ALERT_SEEN, "alert.seen")                                                                    \
    X(ALERT_CLOSED, "alert.closed")                                                                \
    X(RUN_STARTED, "run.started")                                                                  \
    X(RUN_SIGNALLED, "run.signalled")                                                              \
    X(RUN_DIVERGED, "run.diverged")                                                                \
    X(RUN_FINISHED, "run.finished")                                                                \
    X(RUN_FAILED, "run.failed")                                                                    \
    X(RUN_CANCELLED, "run.cancelled")                                                              \
    X(STEP_WAITING, "step.waiting")                                                                \
    X(STEP_INTENDED, "step.intended")                                                              \
    X(STEP_REPEATED, "step.repeated")                                                              \
    X(STEP_UNKNOWN, "step.unknown")                                                                \
    X(STEP_SETTLED, "step.settled")                                                                \
    X(STEP_RESOLVED, "step.resolved")                                                              \
    X(GATE_OPENED, "gate.opened")                                                                  \
    X(GATE_SEEN, "gate.seen")                                                                      \
    X(GATE_VOTED, "gate.voted")                                                                    \
    X(GATE_NARROWED, "gate.narrowed")                                                              \
    X(GATE_DELEGATED, "gate.delegated")                                                            \
    X(GATE_NOTED, "gate.noted")                                                                    \
    X(GATE_DECIDED, "gate.decided")                                                                \
    X(GATE_EXPIRED, "gate.expired")                                                                \
    X(GATE_VOIDED, "gate.voided")                                                                  \
    X(GAP_OPENED, "gap.opened")                                                                    \
    X(GAP_CLOSED, "gap.closed")                                                                    \
    X(CONTAINMENT_STARTING, "containment.starting")                                                \
    X(CONTAINMENT_ACTIVE, "containment.active")                                                    \
    X(CONTAINMENT_FAILED, "containment.failed")                                                    \
    X(CONTAINMENT_UNKNOWN, "containment.unknown")                                                  \
    X(CONTAINMENT_VERIFIED, "containment.verified")                                                \
    X(CONTAINMENT_DRIFTED, "containment.drifted")                                                  \
    X(CONTAINMENT_RENEWING, "containment.renewing")                                                \
    X(CONTAINMENT_RENEWED, "containment.renewed")                                                  \
    X(CONTAINMENT_RELEASING, "containment.releasing")                                              \
    X(CONTAINMENT_HELD, "containment.held")                                                        \
    X(CONTAINMENT_RELEASED, "containment.released")                                                \
    X(CASE_OPENED, "case.opened")                                                                  \
    X(CASE_JOINED, "case.joined")                                                                  \
    X(CASE_SPLIT, "case.split")                                                                    \
    X(CASE_SEEN, "case.seen")                                                                      \
    X(CASE_PHASE, "case.phase")                                                                    \
    X(CASE_ASSIGNED, "case.assigned")                                                              \
    X(CASE_NOTED, "case.noted")                                                                    \
    X(CASE_DESCRIBED, "case.described")                                                            \
    X(CASE_EVIDENCE, "case.evidence")                                                              \
    X(CASE_PROPOSED, "case.proposed")                                                              \
    X(CASE_RELEASING, "case.releasing")                                                            \
    X(CASE_CLOSED, "case.closed")                                                                  \
    X(CASE_REOPENED, "case.reopened")                                                              \
    X(CASE_MERGED, "case.merged")                                                                  \
    X(CASE_UNMERGED, "case.unmerged")                                                              \
    X(TASK_OPENED, "task.opened")                                                                  \
    X(TASK_ASSIGNED, "task.assigned")                                                              \
    X(TASK_DONE, "task.done")                                                                      \
    X(NOTICE_QUEUED, "notice.queued")                                                              \
    X(NOTICE_NOBODY, "notice.nobody")                                                              \
    X(NOTICE_GATHERED, "notice.gathered")                                                          \
    X(NOTICE_SENT, "notice.sent")                                                                  \
    X(NOTICE_FAILED, "notice.failed")                                                              \
    X(NOTICE_DROPPED, "notice.dropped")

enum hk_kind {
#define X(name, text) HK_KIND_##name,
    HK_KIND_LIST(X)
#undef X
        HK_KIND_COUNT
};

const char *hk_kind_text(enum hk_kind kind);
/* False for a text that is no kind of this version. */
bool hk_kind_from_text(const char *text, enum hk_kind *ret_kind);

struct hk_entry {
    uint64_t seq;
    int64_t time_us;
    enum hk_kind kind;
    char subject[HK_ID_SIZE];
    char actor[HK_ID_SIZE];
    uint8_t commitment[HK_SHA256_SIZE];
};

/* Write the line; returns its length. */
size_t hk_entry_format(const struct hk_entry *entry, char ret_line[HK_ENTRY_LINE_SIZE]);
/* Read a line strictly: format(parse(line)) is line. HK_UNSUPPORTED for another version, and for a
 * kind that may be a later version's. */
HK_MUST_CHECK enum hk_status hk_entry_parse(
    const char *line, size_t size, struct hk_entry *ret_entry, struct hk_error *error);
/* SHA-256(salt ‖ payload) */
void hk_entry_commit(const uint8_t salt[HK_SALT_SIZE], const void *payload, size_t size,
    uint8_t ret_commitment[HK_SHA256_SIZE]);

#endif
