/*
 * severity: see severity.h.
 */
#include "base/severity.h"

#include <stddef.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const severities[] = {
    [HK_SEVERITY_NONE] = "none",
    [HK_SEVERITY_INFORMATIONAL] = "informational",
    [HK_SEVERITY_LOW] = "low",
    [HK_SEVERITY_MEDIUM] = "medium",
    [HK_SEVERITY_HIGH] = "high",
    [HK_SEVERITY_CRITICAL] = "critical",
    [HK_SEVERITY_FATAL] = "fatal",
};

enum hk_severity hk_severity_from_text(const char *text)
{
    for (size_t i = HK_SEVERITY_INFORMATIONAL; text != NULL && i < COUNT(severities); i++)
        if (strcmp(text, severities[i]) == 0)
            return (enum hk_severity)i;
    return HK_SEVERITY_NONE;
}

const char *hk_severity_text(enum hk_severity severity)
{
    return (size_t)severity < COUNT(severities) ? severities[severity] : severities[0];
}
