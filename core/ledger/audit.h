/*
 * audit: check the record without trusting the engine. Works on a data folder with or without a
 * running engine, on a read-only connection.
 */
#ifndef HK_LEDGER_AUDIT_H
#define HK_LEDGER_AUDIT_H

#include "base/buf.h"

/* Called now and then with how far it is. May be NULL. */
typedef void hk_audit_progress_fn(void *ctx, uint64_t done, uint64_t total);

struct hk_audit_options {
    const char *data_dir;
    const char *tenant;          /* NULL: all */
    const char *checkpoint_text; /* an earlier signed note to hold against the ledger, or NULL */
    hk_audit_progress_fn *progress;
    void *progress_ctx;
};

/* Append the newest whole checkpoint in a file of them, as sinks write it, or of one. HK_NOT_FOUND
 * when there is none. */
HK_MUST_CHECK enum hk_status hk_audit_read_checkpoint(
    const char *path, struct hk_buf *out, struct hk_error *error);

/* Verify lines, sequence, time, commitments, tree, stored tree heads, checkpoints and their
 * signatures. Appends {"ok":true,"tenants":[{"tenant","size","root"}]}, or {"ok":false,"tenants":[…
 * "ok":false,"seq":N,"problem":"…"]}; *ret_ok says which. Fails only when it can't read. */
HK_MUST_CHECK enum hk_status hk_audit_verify(const struct hk_audit_options *options,
    struct hk_buf *out, bool *ret_ok, struct hk_error *error);

/* Append {"inclusion":…,"consistency":…|null} of one tenant, as prove_path.h has them: that entry
 * seq is in the newest checkpoint, and, with options.checkpoint_text, that this one's tree is the
 * beginning of the newest one's. HK_CONFLICT when it isn't: a fork. */
HK_MUST_CHECK enum hk_status hk_audit_prove(const struct hk_audit_options *options, uint64_t seq,
    struct hk_buf *out, struct hk_error *error);

/* Fold all entries into a scratch database and compare canonical row dumps of each projection.
 * Appends {"ok":…,"tables":[{"table","rows","sha256"}],"difference":…}. */
HK_MUST_CHECK enum hk_status hk_audit_rebuild_check(const struct hk_audit_options *options,
    struct hk_buf *out, bool *ret_ok, struct hk_error *error);

/* Drop all projections, make them anew and fold the entries into them, in one transaction; the
 * blocks of the tree too. Takes the engine's lock: HK_BUSY while an engine runs. */
HK_MUST_CHECK enum hk_status hk_audit_rebuild(
    const struct hk_audit_options *options, struct hk_error *error);

/* Write the auditor's bundle of one tenant into a new folder: entries (one line each), salts and
 * payloads, checkpoints, public key, and HOWTO.txt that says how to check them with sha256sum,
 * openssl and thirty lines of any language. */
HK_MUST_CHECK enum hk_status hk_audit_export(
    const struct hk_audit_options *options, const char *out_dir, struct hk_error *error);

#endif
