/*
 * words: see words.h.
 */
#include "intake/words.h"

#include <stddef.h>
#include <string.h>

#define SHA256_DIGITS 64

static const char *const severities[] = {
    [HK_ALERT_INFORMATIONAL] = "informational",
    [HK_ALERT_LOW] = "low",
    [HK_ALERT_MEDIUM] = "medium",
    [HK_ALERT_HIGH] = "high",
    [HK_ALERT_CRITICAL] = "critical",
    [HK_ALERT_FATAL] = "fatal",
};

int hk_alert_severity_from_text(const char *text)
{
    for (int i = HK_ALERT_INFORMATIONAL; text != NULL && i <= HK_ALERT_FATAL; i++)
        if (strcmp(text, severities[i]) == 0)
            return i;
    return 0;
}

const char *hk_alert_severity_text(int severity)
{
    return severities[severity];
}

bool hk_is_sha256(const char *text)
{
    return strlen(text) == SHA256_DIGITS && strspn(text, "0123456789abcdefABCDEF") == SHA256_DIGITS;
}
