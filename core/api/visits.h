/*
 * visits: that somebody of another tenant (a provider's person or service) looked into this one, or
 * acted in it, stands in this tenant's ledger as tenant.entered, where its own people see it: the
 * first request, and then one an hour for each of them. What they did has entries of its own.
 *
 * When the last one was is in memory only: a restart writes one more, never one less. Who sits at
 * the machine (the data folder's socket) is of no tenant and is not recorded for looking. Internal
 * to api/.
 */
#ifndef HK_API_VISITS_H
#define HK_API_VISITS_H

#include "api/exchange.h"

struct hk_visits;

HK_MUST_CHECK enum hk_status hk_visits_new(struct hk_visits **ret_visits, struct hk_error *error);
void hk_visits_free(struct hk_visits *visits); /* NULL is fine */

/* Is an entry due for a request by this actor in this tenant? Then it counts as written at now_ms,
 * which is monotonic. When memory is short: always. */
bool hk_visits_is_due(
    struct hk_visits *visits, hk_tenant tenant, const char *actor, int64_t now_ms);
/* The exchange was let into exchange->tenant by somebody of the tenant home: queue the entry when
 * one is due. */
void hk_visit_record(const struct hk_exchange *exchange, hk_tenant home);

#endif
