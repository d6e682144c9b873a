/*
 * playbook: read a playbook's text without running it: its name, summary, triggers and limits.
 *
 * A playbook is text (Lua 5.4, no bytecode) that returns playbook{…}. Its version is the SHA-256 of
 * that text in hex. Safe on any thread: a state of its own is made and thrown away.
 */
#ifndef HK_SCRIPT_PLAYBOOK_H
#define HK_SCRIPT_PLAYBOOK_H

#include "base/buf.h"
#include "base/digest.h"

/* Evaluate the top level of the text (same sandbox and limits as a run, no actions) and append the
 * descriptor to *out as JSON: {"name","summary","on":[{"FIELD": "text" | ["a","b"] |
 * {"at_least":"high"}}, …],"limits":{"run_for_ms":N}}. `on` is always a list: any one of its
 * members may match, and all fields of that member must. chunk names the file in errors. HK_INVALID
 * with file:line and what is wrong. */
HK_MUST_CHECK enum hk_status hk_playbook_describe(
    const char *source, size_t size, const char *chunk, struct hk_buf *out, struct hk_error *error);

void hk_playbook_version(const char *source, size_t size, char ret_version[HK_SHA256_HEX_SIZE]);

/* What runs playbooks, for the record: the Lua release and the version of our own library. A run
 * that began under another runtime may diverge. */
const char *hk_script_runtime(void);

#endif
