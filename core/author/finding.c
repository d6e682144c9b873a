/*
 * finding: see finding.h.
 */
#include "author/finding.h"
#include "limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hk_finding {
    enum hk_finding_weight weight;
    unsigned line;
    unsigned column;
    unsigned number; /* in the order in which they were found */
    char code[32];
    char text[320];
    char hint[200]; /* "" when there is none */
};

void hk_findings_init(struct hk_findings *findings)
{
    *findings = (struct hk_findings){.items = calloc(HK_FINDINGS_MAX, sizeof(struct hk_finding))};
}

void hk_findings_done(struct hk_findings *findings)
{
    free(findings->items);
    findings->items = NULL;
    findings->count = 0;
}

void hk_findings_add(struct hk_findings *findings, enum hk_finding_weight weight, unsigned line,
    unsigned column, const char *code, const char *hint, const char *format, ...)
{
    struct hk_finding *finding;
    va_list args;

    if (weight == HK_FINDING_ERROR)
        findings->errors++;
    else
        findings->warnings++;
    if (findings->items == NULL || findings->count == HK_FINDINGS_MAX)
        return;
    finding = &findings->items[findings->count];
    finding->number = findings->count++;
    finding->weight = weight;
    finding->line = line;
    finding->column = column;
    (void)snprintf(finding->code, sizeof(finding->code), "%s", code);
    (void)snprintf(finding->hint, sizeof(finding->hint), "%s", hint == NULL ? "" : hint);
    va_start(args, format);
    (void)vsnprintf(finding->text, sizeof(finding->text), format, args);
    va_end(args);
}

static int compare(const void *left, const void *right)
{
    const struct hk_finding *a = left;
    const struct hk_finding *b = right;

    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (a->column != b->column)
        return a->column < b->column ? -1 : 1;
    return a->number < b->number ? -1 : 1;
}

void hk_findings_write(struct hk_findings *findings, struct hk_buf *out)
{
    struct hk_jw jw;

    if (findings->count > 1)
        qsort(findings->items, findings->count, sizeof(*findings->items), compare);
    hk_jw_init(&jw, out);
    hk_jw_array(&jw);
    for (unsigned i = 0; i < findings->count; i++) {
        const struct hk_finding *finding = &findings->items[i];
        hk_jw_object(&jw);
        hk_jw_kv_i64(&jw, "line", finding->line);
        hk_jw_kv_i64(&jw, "column", finding->column);
        hk_jw_kv(&jw, "weight", finding->weight == HK_FINDING_ERROR ? "error" : "warning");
        hk_jw_kv(&jw, "code", finding->code);
        hk_jw_kv(&jw, "text", finding->text);
        if (finding->hint[0] != '\0')
            hk_jw_kv(&jw, "hint", finding->hint);
        hk_jw_object_end(&jw);
    }
    hk_jw_array_end(&jw);
}
