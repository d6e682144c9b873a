/*
 * report: what tests found, for people and for programs that collect results.
 */
#ifndef HK_AUTHOR_REPORT_H
#define HK_AUTHOR_REPORT_H

#include "base/json.h"

enum hk_report_form {
    HK_REPORT_TEXT,  /* for people */
    HK_REPORT_TAP,   /* Test Anything Protocol, version 13 */
    HK_REPORT_JUNIT, /* the XML that CI servers read */
};

/* Append {"ok","tests","failed","files":[what hk_suite_run wrote, or {"file","problem"}]} in this
 * form. Names and texts are whatever a file holds: control bytes are left in for the caller, who
 * knows where it goes, but never so that they break the form. */
void hk_report_write(const struct hk_json *report, enum hk_report_form form, struct hk_buf *out);

#endif
