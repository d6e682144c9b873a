/*
 * severity: how bad an alert is, and the words for it. Numbers are in order, so they compare; the
 * record and its projections hold them too, and they never change.
 */
#ifndef HK_BASE_SEVERITY_H
#define HK_BASE_SEVERITY_H

enum hk_severity {
    HK_SEVERITY_NONE,
    HK_SEVERITY_INFORMATIONAL,
    HK_SEVERITY_LOW,
    HK_SEVERITY_MEDIUM,
    HK_SEVERITY_HIGH,
    HK_SEVERITY_CRITICAL,
    HK_SEVERITY_FATAL,
};

/* "high" → HK_SEVERITY_HIGH; HK_SEVERITY_NONE for NULL and other words, "none" among them. */
enum hk_severity hk_severity_from_text(const char *text);
/* "none" for numbers that are no severity. */
const char *hk_severity_text(enum hk_severity severity);

#endif
