/*
 * intake: bytes from outside become alert views. Pure: no I/O, no clock but the one it is given.
 *
 * The alert view, version 1 (the contract with playbooks, rules, API and pages): title, category,
 * severity, time, uid, product, src and dst {ip, port, host}, device {host, ip, os}, user {name,
 * mail}, file {path, sha256}, url, process, technique, count. An alert sent in this form is taken
 * as it is, further fields included; other products' forms are mapped to it.
 */
#ifndef HK_INTAKE_INTAKE_H
#define HK_INTAKE_INTAKE_H

#include "base/json.h"

struct hk_alert_in {
    char *view;                /* the alert view, JSON object, without raw */
    struct hk_json_doc parsed; /* the same, read */
    char *raw;                 /* the bytes that came, as one JSON value's exact text */
    const char *form;          /* "view", "suricata", or a mapping's; not freed */
    int severity;              /* 1 informational … 6 fatal */
    int64_t event_us;
    char dedupe[33]; /* hex of the first half of SHA-256 over the key fields */
};
void hk_alert_in_done(struct hk_alert_in *alert);

struct hk_dedupe_rule {
    const char *const *fields; /* paths into the view; NULL-ended; NULL: hk_dedupe_fields_default */
};
extern const char *const hk_dedupe_fields_default[];

/* Read one alert (exactly one JSON object). The error names the field and what is wrong. now_us is
 * taken when the alert has no time. */
HK_MUST_CHECK enum hk_status hk_intake_read(const char *text, size_t size,
    const struct hk_dedupe_rule *dedupe, int64_t now_us, struct hk_alert_in *ret_alert,
    struct hk_error *error);

/* Does the object hold nothing but fields of the alert view, or nothing at all? Without a title it
 * is a view that was not finished, and no product's. */
bool hk_view_is_own(const struct hk_json *object);

/* Cut a request body into its items without reading them: one object, an array of objects, or one
 * object a line (NDJSON; blank lines are skipped). fn gets each item's bytes in order. HK_INVALID
 * when the cut itself is impossible (unbalanced brackets), with nothing having been called;
 * HK_LIMIT beyond items_max. */
typedef void hk_intake_item_fn(void *ctx, unsigned index, const char *text, size_t size);
HK_MUST_CHECK enum hk_status hk_intake_split(const char *body, size_t size, bool is_ndjson,
    unsigned items_max, hk_intake_item_fn *fn, void *ctx, unsigned *ret_count,
    struct hk_error *error);

#endif
