/*
 * finding: what a look at a playbook's text found, and where.
 */
#ifndef HK_AUTHOR_FINDING_H
#define HK_AUTHOR_FINDING_H

#include "base/json.h"

#include <stdbool.h>

enum hk_finding_weight {
    HK_FINDING_WARNING, /* it may be meant */
    HK_FINDING_ERROR,   /* it can't work */
};

struct hk_finding;

struct hk_findings {
    struct hk_finding *items; /* HK_FINDINGS_MAX; NULL: memory was short, all are only counted */
    unsigned count;
    unsigned errors;
    unsigned warnings;
};

void hk_findings_init(struct hk_findings *findings);
void hk_findings_done(struct hk_findings *findings);
/* code is words of small letters and "-", for programs; hint says what to do, or is NULL. */
void hk_findings_add(struct hk_findings *findings, enum hk_finding_weight weight, unsigned line,
    unsigned column, const char *code, const char *hint, const char *format, ...) HK_PRINTF(7, 8);
/* Append the list, by place: [{"line","column","weight","code","text",["hint"]}]. */
void hk_findings_write(struct hk_findings *findings, struct hk_buf *out);

#endif
