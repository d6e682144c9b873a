/*
 * identity_write: new users and tokens, and their entries in the ledger.
 */
#include "api/identity.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { PAYLOAD_SIZE_MAX = 16384 };

enum hk_status hk_user_prepare(const struct hk_identity *identity, hk_tenant tenant,
    const char *name, const char *role, int64_t time_us, struct hk_user *ret_user,
    struct hk_error *error)
{
    struct hk_user user = {.tenant = tenant};

    if (!hk_name_is_valid(name))
        return hk_fail(error, HK_INVALID,
            "name: 1 to 63 of a-z, 0-9, '_' and '-', beginning with a letter or digit");
    if (!hk_role_is_valid(role))
        return hk_fail(error, HK_INVALID, "role: there is no role \"%s\"", role);
    if (hk_identity_has_name(identity, tenant, name))
        return hk_fail(error, HK_CONFLICT, "there is a user %s already", name);
    hk_id_new("us", time_us, user.id);
    (void)hk_copy_text(user.name, sizeof(user.name), name);
    (void)hk_copy_text(user.role, sizeof(user.role), role);
    *ret_user = user;
    return HK_OK;
}

static void make_secret(char ret_secret[HK_TOKEN_TEXT_SIZE])
{
    uint8_t bytes[32];

    hk_random(bytes, sizeof(bytes));
    hk_base64url_32(bytes, ret_secret);
    explicit_bzero(bytes, sizeof(bytes));
}

enum hk_status hk_token_prepare(const struct hk_identity *identity, hk_tenant tenant,
    const char *user, const char *service, const char *role, int64_t time_us,
    struct hk_token *ret_token, char ret_secret[HK_TOKEN_TEXT_SIZE], struct hk_error *error)
{
    struct hk_token token = {.tenant = tenant};

    if ((user != NULL) == (service != NULL))
        return hk_fail(error, HK_INVALID, "a token is for a user or for a service");
    if (user != NULL) {
        const struct hk_user *person = hk_identity_user(identity, tenant, user);
        if (person == NULL || person->is_disabled)
            return hk_fail(error, HK_NOT_FOUND, "there is no user %s", user);
        if (role != NULL)
            return hk_fail(error, HK_INVALID, "role: a person's token has the role of the user");
        (void)hk_copy_text(token.user, sizeof(token.user), person->id);
        (void)hk_copy_text(token.name, sizeof(token.name), person->name);
    } else {
        if (!hk_name_is_valid(service))
            return hk_fail(error, HK_INVALID,
                "service: 1 to 63 of a-z, 0-9, '_' and '-', beginning with a letter or digit");
        if (role == NULL)
            return hk_fail(error, HK_INVALID, "role: a service's token needs one");
        if (!hk_role_is_valid(role))
            return hk_fail(error, HK_INVALID, "role: there is no role \"%s\"", role);
        (void)hk_copy_text(token.name, sizeof(token.name), service);
        (void)hk_copy_text(token.role, sizeof(token.role), role);
    }
    hk_id_new(user != NULL ? "to" : "sv", time_us, token.id);
    make_secret(ret_secret);
    hk_sha256_one(ret_secret, strlen(ret_secret), token.hash);
    *ret_token = token;
    return HK_OK;
}

/* Finish the payload in out and add the entry. */
static enum hk_status add_entry(struct hk_write *write, hk_tenant tenant, enum hk_kind kind,
    const char *subject, const char *actor, int64_t time_us, struct hk_buf *out,
    struct hk_error *error)
{
    size_t size = 0;
    char *payload = hk_buf_take(out, &size);

    if (payload == NULL)
        return hk_fail(error, HK_LIMIT, "the payload of %s is too large", hk_kind_text(kind));
    return hk_write_add(write, tenant, kind, subject, actor, time_us, payload, size, error);
}

enum hk_status hk_user_write(struct hk_write *write, const struct hk_user *user, const char *actor,
    int64_t time_us, const char *reason, struct hk_error *error)
{
    struct hk_buf out;
    struct hk_jw jw;

    hk_buf_init(&out, PAYLOAD_SIZE_MAX);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    if (user->is_disabled) {
        hk_jw_kv(&jw, "reason", reason != NULL ? reason : "");
    } else {
        hk_jw_kv(&jw, "name", user->name);
        hk_jw_kv(&jw, "role", user->role);
    }
    hk_jw_object_end(&jw);
    return add_entry(write, user->tenant,
        user->is_disabled ? HK_KIND_USER_DISABLED : HK_KIND_USER_ADDED, user->id, actor, time_us,
        &out, error);
}

enum hk_status hk_token_write(struct hk_write *write, const struct hk_token *token,
    const char *actor, int64_t time_us, const char *reason, struct hk_error *error)
{
    enum hk_kind kind = token->is_revoked ? HK_KIND_TOKEN_REVOKED : HK_KIND_TOKEN_CREATED;
    enum hk_status status;
    struct hk_buf out;
    struct hk_jw jw;

    hk_buf_init(&out, PAYLOAD_SIZE_MAX);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    if (token->is_revoked) {
        hk_jw_kv(&jw, "reason", reason != NULL ? reason : "");
    } else if (token->user[0] != '\0') {
        hk_jw_kv(&jw, "user", token->user);
        hk_jw_kv(&jw, "name", token->name);
    } else {
        hk_jw_kv(&jw, "service", token->name);
        hk_jw_kv(&jw, "role", token->role);
    }
    hk_jw_object_end(&jw);
    status = add_entry(write, token->tenant, kind, token->id, actor, time_us, &out, error);
    if (status != HK_OK)
        return status;
    return hk_write_token_hash(
        write, token->tenant, token->id, token->is_revoked ? NULL : token->hash, error);
}
