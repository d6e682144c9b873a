/*
 * people: who can log in and who has. In memory for quick answers; every change is made here first
 * and then written, and is told to nobody before the write is on disk. A write that fails ends the
 * process, and the next one reads what is on disk.
 *
 * It owns the waits, the sessions, the hasher's thread and the key under which secrets are sealed.
 * Internal to api/.
 */
#ifndef HK_API_PEOPLE_H
#define HK_API_PEOPLE_H

#include "api/credential.h"
#include "api/exchange.h"
#include "base/map.h"
#include "engine/engine.h"
#include "login/hasher.h"
#include "login/lockout.h"
#include "login/password.h"
#include "login/seal.h"
#include "login/sessions.h"
#include "loop/loop.h"

/* What one person has to prove who they are. */
struct hk_person {
    hk_tenant tenant;
    char user[HK_ID_SIZE];
    char password[HK_PASSWORD_HASH_SIZE]; /* "": none yet */
    bool has_link;
    struct hk_link link;
    struct hk_totp totp;
    char key[16 + HK_ID_SIZE]; /* in the map */
};

struct hk_people {
    struct hk_ledger *ledger;
    const struct hk_engine *engine;
    const struct hk_identity *identity;
    struct hk_map persons; /* by tenant and user */
    struct hk_sessions *sessions;
    struct hk_lockout *lockout;
    struct hk_seal *seal;
    struct hk_hasher *hasher;
    struct hk_wake *wake; /* the hasher has something */
    struct hk_error load_error;
    /* for /metrics */
    uint64_t logins, logins_refused, logins_delayed;
};

struct hk_people_options {
    struct hk_loop *loop;
    struct hk_ledger *ledger;
    const struct hk_engine *engine;
    const struct hk_identity *identity; /* loaded */
    const char *data_dir;
};

/* Reads the key and all credentials: blocks, only before the loop runs. */
HK_MUST_CHECK enum hk_status hk_people_new(
    const struct hk_people_options *options, struct hk_people **ret_people, struct hk_error *error);
void hk_people_free(struct hk_people *people); /* NULL is fine */

/* What the person has; NULL: nothing at all. */
struct hk_person *hk_people_find(
    const struct hk_people *people, hk_tenant tenant, const char *user);
/* The same, made when it isn't there; NULL when memory is short. */
HK_MUST_CHECK struct hk_person *hk_people_get(
    struct hk_people *people, hk_tenant tenant, const char *user);
/* Whose link is this, in time and of somebody who isn't disabled? NULL: nobody's. */
struct hk_person *hk_people_by_link(
    const struct hk_people *people, const char *text, int64_t now_us);
bool hk_people_has_totp(const struct hk_people *people, hk_tenant tenant, const char *user);

/* --- changes: in memory, and into the write --- */

/* Opens a session and gives its cookie. Ends the person's oldest when there are too many, and those
 * of anybody that are over when there is no room. with says how ("password+totp"). */
struct hk_opening {
    const struct hk_user *user;
    const char *with;
    const char *from;
    const char *agent; /* may be NULL */
    int64_t time_us;
    bool is_proven; /* by a code, or one on paper */
};
HK_MUST_CHECK enum hk_status hk_people_open(struct hk_people *people, struct hk_write *write,
    const struct hk_opening *opening, char ret_cookie[HK_COOKIE_TEXT_SIZE], struct hk_error *error);
/* A code was given in the session: a new cookie, and the time of the proof. */
HK_MUST_CHECK enum hk_status hk_people_prove(struct hk_people *people, struct hk_write *write,
    const char *session, int64_t time_us, char ret_cookie[HK_COOKIE_TEXT_SIZE],
    struct hk_error *error);
/* End one session, or (session NULL) all of a person but the one called except (may be NULL); an
 * entry for each, by actor. */
struct hk_closing {
    const struct hk_user *user;
    const char *session;
    const char *except;
    const char *actor;
    const char *why;
    int64_t time_us;
};
HK_MUST_CHECK enum hk_status hk_people_close(struct hk_people *people, struct hk_write *write,
    const struct hk_closing *closing, struct hk_error *error);
/* A new password: the link is used up, and all sessions but the one called except (may be NULL)
 * end.
 */
struct hk_new_password {
    const struct hk_user *user;
    const char *hash;
    const char *with; /* "link", "password" */
    const char *except;
    int64_t time_us;
};
HK_MUST_CHECK enum hk_status hk_people_set_password(struct hk_people *people,
    struct hk_write *write, const struct hk_new_password *what, struct hk_error *error);
/* The person has no device any more, nor codes on paper. how: what it was taken away with. */
HK_MUST_CHECK enum hk_status hk_people_remove_totp(struct hk_people *people, struct hk_write *write,
    const struct hk_user *user, const char *actor, const char *how, int64_t time_us,
    struct hk_error *error);
/* A new link for the person, with members link and link_expires of the answer. */
HK_MUST_CHECK enum hk_status hk_people_add_link(struct hk_exchange *exchange,
    struct hk_write *write, const struct hk_user *user, int64_t time_us, struct hk_jw *jw,
    struct hk_error *error);
/* The request belongs to this session: it isn't idle. Writes by itself, at most once a minute. */
void hk_people_touch(struct hk_people *people, const char *session, int64_t now_us);

/* Give the person a new secret, sealed, that waits for its first code; the caller writes it. */
HK_MUST_CHECK enum hk_status hk_people_new_secret(
    const struct hk_people *people, struct hk_person *person, struct hk_error *error);
/* The secret of the person's device, to be wiped. */
HK_MUST_CHECK enum hk_status hk_people_secret(const struct hk_people *people,
    const struct hk_person *person, uint8_t *ret_secret, struct hk_error *error);
/* Is this a code of the device (or, with may_be_paper, one on paper)? Then it is used up. *ret_with
 * is "totp" or "recovery". */
bool hk_people_take_code(struct hk_people *people, struct hk_person *person, const char *text,
    bool may_be_paper, int64_t now_us, const char **ret_with);

#endif
