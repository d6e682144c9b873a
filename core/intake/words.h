/*
 * words: severities of the alert view by name, and small checks of texts. Inside the room only.
 */
#ifndef HK_INTAKE_WORDS_H
#define HK_INTAKE_WORDS_H

#include <stdbool.h>

enum hk_alert_severity {
    HK_ALERT_INFORMATIONAL = 1,
    HK_ALERT_LOW,
    HK_ALERT_MEDIUM, /* also of an alert that names none: neither lost nor alarming */
    HK_ALERT_HIGH,
    HK_ALERT_CRITICAL,
    HK_ALERT_FATAL,
};

/* 1 to 6, or 0 for other words. */
int hk_alert_severity_from_text(const char *text);
const char *hk_alert_severity_text(int severity);
/* 64 hexadecimal digits? */
bool hk_is_sha256(const char *text);

#endif
