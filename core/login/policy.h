/*
 * policy: how the people of a tenant log in, its key "login":
 *
 *     login = { totp = "required", idle = "30m", life = "12h", step_up = { "contain" },
 *               decide_by = "session" }
 */
#ifndef HK_LOGIN_POLICY_H
#define HK_LOGIN_POLICY_H

#include "base/json.h"

struct hk_login_policy {
    bool totp_is_required; /* "required"; else "optional" */
    bool session_decides;  /* decide_by = "session"; else "any": a token of a person too */
    int64_t idle_ms;       /* a session without a request ends; 1m to 24h */
    int64_t life_ms;       /* and after so long in any case; 5m to 30d */
    unsigned step_up;      /* kinds that want a fresh code: hk_login_wants_code */
};

/* What holds when nothing is said: codes are optional, half an hour, twelve hours, no kind, any. */
extern const struct hk_login_policy hk_login_policy_default;

/* Read the value of the key; NULL: the default. HK_INVALID names the key under "login". */
HK_MUST_CHECK enum hk_status hk_login_policy_read(
    const struct hk_json *login, struct hk_login_policy *ret_policy, struct hk_error *error);

/* Does a decision about this want a fresh code? kind is that of an action ("contain"), or
 * "release", or "erase". */
bool hk_login_wants_code(const struct hk_login_policy *policy, const char *kind);

#endif
