/*
 * session: what a handler sees of a person who has logged in. Internal to api/.
 *
 * Three ways lead in: a bearer token (programs, and people at a terminal), the Unix socket, and a
 * session (people with a browser). In all three exchange->actor and exchange->tenant say who asks
 * and whose things they may see; exchange->session says more about the third, and its id is ""
 * in the others. The cookie itself never gets here.
 *
 * A session ends when its person logs out, is disabled, gets a new password, was idle for too long,
 * or has had it for too long: nothing that outlives a request may rest on it.
 *
 * Pages. A route with HK_ROUTE_PAGE answers HTML and wants a session (a token is not enough):
 *   - without one, GET goes to /login?then=PATH (303), and POST to /login;
 *   - a POST brings application/x-www-form-urlencoded. Before the handler runs, its field "csrf"
 *     has been held against the session, and Origin and Sec-Fetch-Site were looked at. The handler
 *     finds the fields in exchange->form (base/form.h) and gets body NULL;
 *   - each form that posts has a hidden field HK_CSRF_FIELD with exchange->session.csrf.
 * A page route whose role is NULL is for everybody (/login): there the session may be "", and
 * nothing has been checked about csrf unless there is a session.
 *
 * /v1 with a session: reads as with a token; a write needs the header X-Hikeshi-CSRF.
 *
 * Step-up. What the tenant lists in login.step_up wants a code from the person's device that is at
 * most HK_STEP_UP_MS old. The engine refuses with HK_UNPROVEN: /v1 answers 403 with the type
 * HK_PROBLEM_STEP_UP, a page goes to hk_step_up_location() and comes back after it. A page may ask
 * before (hk_session_is_fresh), so that it can say so beside the button.
 */
#ifndef HK_API_SESSION_H
#define HK_API_SESSION_H

#include "base/id.h"

#define HK_CSRF_TEXT_SIZE 44 /* 43 characters and NUL */
#define HK_CSRF_FIELD "csrf"
#define HK_CSRF_HEADER "x-hikeshi-csrf"
#define HK_PROBLEM_STEP_UP "/problems/step-up"

struct hk_session {
    char id[HK_ID_SIZE]; /* "se-…", in the record and in the list of sessions; "": no session */
    char csrf[HK_CSRF_TEXT_SIZE];
    bool has_totp;     /* the person has a device that gives codes */
    int64_t opened_us; /* when the password was given */
    int64_t ends_us;   /* at the latest */
    int64_t proven_us; /* when a code was last given; 0: never */
};

/* Was a code given so lately that it counts for a decision? */
bool hk_session_is_fresh(const struct hk_session *session, int64_t now_us);

/* "/step-up?then=…": where a person gives a code and comes back to path from, which must begin
 * with one '/'. False when it doesn't fit. */
bool hk_step_up_location(const char *path, char *ret_location, size_t capacity);
/* The same for "/login?then=…". */
bool hk_login_location(const char *path, char *ret_location, size_t capacity);

#endif
