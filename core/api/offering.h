/*
 * offering: alerts that were read and go to the engine in one transaction, with what the engine
 * made of them. For whoever takes alerts in: what is posted, webhooks, sources.
 */
#ifndef HK_API_OFFERING_H
#define HK_API_OFFERING_H

#include "engine/engine.h"
#include "intake/intake.h"

#define HK_OFFERING_MAX 64 /* read and offered in one turn of the loop */

struct hk_offering {
    unsigned count;
    struct hk_alert_in in[HK_OFFERING_MAX];
    struct hk_alert_offer offers[HK_OFFERING_MAX];
    struct hk_alert_taken taken[HK_OFFERING_MAX];
};

/* Take the alert into an offering that has room. HK_LIMIT, and the alert is freed, when it is too
 * large for an entry of the ledger. */
HK_MUST_CHECK enum hk_status hk_offering_add(
    struct hk_offering *offering, struct hk_alert_in *take_alert, struct hk_error *error);
/* The worst severity of those in it; 0 when it is empty. */
int hk_offering_severity(const struct hk_offering *offering);
/* Free the alerts; the offering is empty then. */
void hk_offering_clear(struct hk_offering *offering);

#endif
