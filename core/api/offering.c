/*
 * offering: see offering.h.
 */
#include "api/offering.h"

#include "limits.h"

#include <assert.h>
#include <string.h>

enum { ENTRY_REST_SIZE = 4096 }; /* source, form, ids: all that is beside raw and view */

/* Bytes of the text as a JSON string; see hk_jw_string. */
static size_t string_size(const char *text)
{
    size_t size = 2;

    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\' || *at == '\n' || *at == '\r' || *at == '\t')
            size += 2;
        else
            size += *at < 0x20 || *at == 0x7f ? 6 : 1;
    }
    return size;
}

enum hk_status hk_offering_add(
    struct hk_offering *offering, struct hk_alert_in *take_alert, struct hk_error *error)
{
    size_t size = string_size(take_alert->raw) + strlen(take_alert->view) + ENTRY_REST_SIZE;

    assert(offering->count < HK_OFFERING_MAX);
    if (size > HK_PAYLOAD_SIZE_MAX) {
        hk_alert_in_done(take_alert);
        return hk_fail(error, HK_LIMIT, "the alert takes %zu bytes in the ledger, more than %d",
            size, HK_PAYLOAD_SIZE_MAX);
    }
    offering->in[offering->count] = *take_alert;
    memset(take_alert, 0, sizeof(*take_alert));
    take_alert = &offering->in[offering->count];
    offering->offers[offering->count++] = (struct hk_alert_offer){.view = take_alert->view,
        .parsed = take_alert->parsed.root,
        .raw = take_alert->raw,
        .form = take_alert->form,
        .dedupe = take_alert->dedupe,
        .severity = take_alert->severity,
        .event_us = take_alert->event_us};
    return HK_OK;
}

int hk_offering_severity(const struct hk_offering *offering)
{
    int worst = 0;

    for (unsigned i = 0; i < offering->count; i++)
        if (offering->offers[i].severity > worst)
            worst = offering->offers[i].severity;
    return worst;
}

void hk_offering_clear(struct hk_offering *offering)
{
    for (unsigned i = 0; i < offering->count; i++)
        hk_alert_in_done(&offering->in[i]);
    offering->count = 0;
}
