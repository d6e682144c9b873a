/*
 * identity: who asks. Users and bearer tokens of all tenants, in memory; the ledger has the record.
 *
 * A token is 32 random bytes in base64url and is shown once; only its SHA-256 is kept, by the
 * token's id. A person's token ("to-…") carries the role that the user has when it is used, a
 * service's ("sv-…") its own. The caller writes first and adds here when the write is on disk.
 */
#ifndef HK_API_IDENTITY_H
#define HK_API_IDENTITY_H

#include "base/digest.h"
#include "engine/engine.h"
#include "ledger/query.h"

#define HK_TOKEN_TEXT_SIZE 44 /* 43 characters and NUL */

struct hk_identity;

struct hk_user {
    hk_tenant tenant;
    char id[HK_ID_SIZE];
    char name[HK_ID_SIZE];
    char role[32];
    bool is_disabled;
};

struct hk_token {
    hk_tenant tenant;
    char id[HK_ID_SIZE];
    char user[HK_ID_SIZE]; /* id of the person; "" for a service */
    char name[HK_ID_SIZE]; /* of the service, or what the token is called */
    char role[32];         /* of the service; "" for a person */
    bool is_revoked;
    uint8_t hash[HK_SHA256_SIZE];
};

HK_MUST_CHECK enum hk_status hk_identity_new(
    struct hk_identity **ret_identity, struct hk_error *error);
void hk_identity_free(struct hk_identity *identity);
/* Read all users and tokens. Blocks: only before the loop runs, and in tools. */
HK_MUST_CHECK enum hk_status hk_identity_load(
    struct hk_identity *identity, struct hk_ledger *ledger, struct hk_error *error);

/* Whose token is this? HK_DENIED when nobody's, revoked, or the user's who is disabled. */
HK_MUST_CHECK enum hk_status hk_identity_check(const struct hk_identity *identity,
    const char *token, hk_tenant *ret_tenant, struct hk_actor *ret_actor, struct hk_error *error);

/* By id or by name; NULL when the tenant has no such user. */
const struct hk_user *hk_identity_user(
    const struct hk_identity *identity, hk_tenant tenant, const char *id_or_name);
const struct hk_token *hk_identity_token(
    const struct hk_identity *identity, hk_tenant tenant, const char *id);
/* The tenant's enabled user of that name, or its live service token of that name. */
bool hk_identity_has_name(const struct hk_identity *identity, hk_tenant tenant, const char *name);

/* Add or replace (by id). */
HK_MUST_CHECK enum hk_status hk_identity_put_user(
    struct hk_identity *identity, const struct hk_user *user, struct hk_error *error);
HK_MUST_CHECK enum hk_status hk_identity_put_token(
    struct hk_identity *identity, const struct hk_token *token, struct hk_error *error);

/* May someone with role has give the role to another? */
bool hk_identity_may_grant(const char *has, const char *role);

/* --- the entries --- */

/* Fill in an id; check name and role. HK_INVALID, HK_CONFLICT (the name is taken). */
HK_MUST_CHECK enum hk_status hk_user_prepare(const struct hk_identity *identity, hk_tenant tenant,
    const char *name, const char *role, int64_t time_us, struct hk_user *ret_user,
    struct hk_error *error);
/* For a person (user is an id or name) or, user NULL, a service. Makes the secret. */
HK_MUST_CHECK enum hk_status hk_token_prepare(const struct hk_identity *identity, hk_tenant tenant,
    const char *user, const char *service, const char *role, int64_t time_us,
    struct hk_token *ret_token, char ret_secret[HK_TOKEN_TEXT_SIZE], struct hk_error *error);
/* Add the entry to the write: user.added, user.disabled, token.created, token.revoked. */
HK_MUST_CHECK enum hk_status hk_user_write(struct hk_write *write, const struct hk_user *user,
    const char *actor, int64_t time_us, const char *reason, struct hk_error *error);
HK_MUST_CHECK enum hk_status hk_token_write(struct hk_write *write, const struct hk_token *token,
    const char *actor, int64_t time_us, const char *reason, struct hk_error *error);

#endif
