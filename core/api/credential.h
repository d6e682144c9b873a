/*
 * credential: what proves who a person is, as it is kept beside the ledger, and the entries that
 * say that it changed. The secrets themselves are nowhere: hashes, and the secret of a device
 * sealed.
 *
 *   shelf      id           value
 *   password   user         Argon2id in its text form
 *   link       user         {"hash","expires_us"}   the one link with which a password may be set
 *   totp       user         {"is_set","secret","last_step","recovery":[…]}
 *   session    session      see login/sessions.h
 *
 * Internal to api/ and for the command line on a folder.
 */
#ifndef HK_API_CREDENTIAL_H
#define HK_API_CREDENTIAL_H

#include "api/identity.h"
#include "ledger/ledger.h"
#include "login/recovery.h"
#include "login/sessions.h"

#define HK_SHELF_PASSWORD "password"
#define HK_SHELF_LINK "link"
#define HK_SHELF_TOTP "totp"
#define HK_SHELF_SESSION "session"

/* --- links --- */

#define HK_LINK_TEXT_SIZE 65 /* 64 hexadecimal digits and NUL: it stands in a path */

struct hk_link {
    uint8_t hash[HK_SHA256_SIZE];
    int64_t expires_us;
};

/* A new link, valid for HK_LINK_MS. */
void hk_link_new(int64_t time_us, char ret_text[HK_LINK_TEXT_SIZE], struct hk_link *ret_link);
HK_MUST_CHECK enum hk_status hk_link_read(
    const char *value, struct hk_link *ret_link, struct hk_error *error);
/* Add user.link_made and the link, in the place of an earlier one. */
HK_MUST_CHECK enum hk_status hk_link_write(struct hk_write *write, const struct hk_user *user,
    const struct hk_link *link, const char *actor, int64_t time_us, struct hk_error *error);

/* --- devices --- */

#define HK_TOTP_SEALED_SIZE 72 /* base64 of 48 bytes, and NUL */

struct hk_totp {
    char sealed[HK_TOTP_SEALED_SIZE]; /* the secret; "": there is no device */
    bool is_set;                      /* it has shown a code; else it is only on its way */
    int64_t last_step;                /* of the last code that was taken; -1: none */
    unsigned recovery_count;
    uint8_t recovery[HK_RECOVERY_COUNT][HK_SHA256_SIZE];
};

HK_MUST_CHECK enum hk_status hk_totp_read(
    const char *value, struct hk_totp *ret_totp, struct hk_error *error);
/* Keep it, or drop it when sealed is "". No entry. */
HK_MUST_CHECK enum hk_status hk_totp_write(struct hk_write *write, const struct hk_user *user,
    const struct hk_totp *totp, struct hk_error *error);

/* --- the rest --- */

HK_MUST_CHECK enum hk_status hk_password_write(
    struct hk_write *write, const struct hk_user *user, const char *hash, struct hk_error *error);
HK_MUST_CHECK enum hk_status hk_session_write(
    struct hk_write *write, const struct hk_login *login, bool is_dropped, struct hk_error *error);

/* Add an entry about a person with at most two members of text and one number (keys may be NULL).
 */
struct hk_person_event {
    enum hk_kind kind;
    const char *actor;
    int64_t time_us;
    const char *key1;
    const char *value1;
    const char *key2;
    const char *value2;
    const char *number_key;
    int64_t number;
};
HK_MUST_CHECK enum hk_status hk_person_event_write(struct hk_write *write,
    const struct hk_user *user, const struct hk_person_event *event, struct hk_error *error);

#endif
