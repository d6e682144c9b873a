/*
 * admit: who asks, whose things they ask about, and whether they may, before any handler runs.
 *
 * Three ways in: a bearer token, the Unix socket, the cookie of a session (see session.h). With an
 * Authorization header the cookie is not looked at. Internal to api/.
 */
#ifndef HK_API_ADMIT_H
#define HK_API_ADMIT_H

#include "api/exchange.h"

/* Fill in actor, tenant, session and where it comes from. False: it is answered. */
HK_MUST_CHECK bool hk_admit(struct hk_exchange *exchange, const struct hk_http_request *request,
    const struct hk_http_peer *peer);

#endif
