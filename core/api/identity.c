/*
 * identity: users and tokens in memory, found by id and, tokens, by their hash.
 */
#include "api/identity.h"

#include "base/map.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct user_item {
    struct hk_user user;
    struct user_item *next;
};

struct token_item {
    struct hk_token token;
    char hash_hex[HK_SHA256_HEX_SIZE]; /* the key in by_hash */
    struct token_item *next;
};

struct hk_identity {
    struct user_item *users;
    struct token_item *tokens;
    struct hk_map users_by_id;
    struct hk_map tokens_by_id;
    struct hk_map tokens_by_hash;
    struct hk_error load_error; /* hk_identity_fn can't fail */
};

enum hk_status hk_identity_new(struct hk_identity **ret_identity, struct hk_error *error)
{
    struct hk_identity *identity = calloc(1, sizeof(*identity));

    if (identity == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for identities");
    hk_map_init(&identity->users_by_id);
    hk_map_init(&identity->tokens_by_id);
    hk_map_init(&identity->tokens_by_hash);
    *ret_identity = identity;
    return HK_OK;
}

void hk_identity_free(struct hk_identity *identity)
{
    if (identity == NULL)
        return;
    hk_map_done(&identity->users_by_id);
    hk_map_done(&identity->tokens_by_id);
    hk_map_done(&identity->tokens_by_hash);
    while (identity->users != NULL) {
        struct user_item *item = identity->users;
        identity->users = item->next;
        free(item);
    }
    while (identity->tokens != NULL) {
        struct token_item *item = identity->tokens;
        identity->tokens = item->next;
        free(item);
    }
    free(identity);
}

static void add_row(void *ctx, const struct hk_identity_row *row)
{
    struct hk_identity *identity = ctx;
    struct hk_error *error = &identity->load_error;

    if (row->token[0] == '\0') {
        struct hk_user user = {.tenant = row->tenant, .is_disabled = row->is_disabled};
        (void)hk_copy_text(user.id, sizeof(user.id), row->user);
        (void)hk_copy_text(user.name, sizeof(user.name), row->name);
        (void)hk_copy_text(user.role, sizeof(user.role), row->role);
        if (hk_identity_put_user(identity, &user, error) != HK_OK)
            return;
    } else {
        struct hk_token token = {.tenant = row->tenant, .is_revoked = row->is_disabled};
        (void)hk_copy_text(token.id, sizeof(token.id), row->token);
        (void)hk_copy_text(token.user, sizeof(token.user), row->user);
        (void)hk_copy_text(token.name, sizeof(token.name), row->name);
        (void)hk_copy_text(token.role, sizeof(token.role), row->role);
        memcpy(token.hash, row->hash, sizeof(token.hash));
        if (hk_identity_put_token(identity, &token, error) != HK_OK)
            return;
    }
}

static enum hk_status read_all(struct hk_reading *reading, void *job, struct hk_error *error)
{
    return hk_query_identities(reading, add_row, job, error);
}

enum hk_status hk_identity_load(
    struct hk_identity *identity, struct hk_ledger *ledger, struct hk_error *error)
{
    enum hk_status status;

    identity->load_error = (struct hk_error){.status = HK_OK};
    status = hk_ledger_read_now(ledger, read_all, identity, error);
    if (status == HK_OK && identity->load_error.status != HK_OK)
        status = hk_fail(error, identity->load_error.status, "%s", identity->load_error.text);
    return status;
}

enum hk_status hk_identity_check(const struct hk_identity *identity, const char *token,
    hk_tenant *ret_tenant, struct hk_actor *ret_actor, struct hk_error *error)
{
    uint8_t hash[HK_SHA256_SIZE];
    char hex[HK_SHA256_HEX_SIZE];
    const struct token_item *item;
    const struct hk_user *user = NULL;
    struct hk_actor actor = {.is_person = false};

    hk_sha256_one(token, strlen(token), hash);
    hk_hex(hash, sizeof(hash), hex);
    item = hk_map_get(&identity->tokens_by_hash, hex);
    if (item == NULL || !hk_equal_constant_time(item->token.hash, hash, sizeof(hash)) ||
        item->token.is_revoked)
        return hk_fail(error, HK_DENIED, "the token is not valid");
    if (item->token.user[0] != '\0') {
        user = hk_identity_user(identity, item->token.tenant, item->token.user);
        if (user == NULL || user->is_disabled)
            return hk_fail(error, HK_DENIED, "the token's user is disabled");
    }
    actor.is_person = user != NULL;
    (void)hk_copy_text(actor.id, sizeof(actor.id), user != NULL ? user->id : item->token.id);
    (void)hk_copy_text(
        actor.name, sizeof(actor.name), user != NULL ? user->name : item->token.name);
    (void)hk_copy_text(
        actor.role, sizeof(actor.role), user != NULL ? user->role : item->token.role);
    *ret_tenant = item->token.tenant;
    *ret_actor = actor;
    return HK_OK;
}

const struct hk_user *hk_identity_user(
    const struct hk_identity *identity, hk_tenant tenant, const char *id_or_name)
{
    const struct user_item *item = hk_map_get(&identity->users_by_id, id_or_name);
    const struct hk_user *found = NULL;

    if (item != NULL && item->user.tenant == tenant)
        return &item->user;
    /* A name may be used again after its user was disabled: the enabled one is meant. */
    for (item = identity->users; item != NULL; item = item->next)
        if (item->user.tenant == tenant && strcmp(item->user.name, id_or_name) == 0 &&
            (found == NULL || found->is_disabled))
            found = &item->user;
    return found;
}

const struct hk_token *hk_identity_token(
    const struct hk_identity *identity, hk_tenant tenant, const char *id)
{
    const struct token_item *item = hk_map_get(&identity->tokens_by_id, id);

    return item != NULL && item->token.tenant == tenant ? &item->token : NULL;
}

bool hk_identity_has_name(const struct hk_identity *identity, hk_tenant tenant, const char *name)
{
    const struct hk_user *user = hk_identity_user(identity, tenant, name);

    return user != NULL && !user->is_disabled;
}

enum hk_status hk_identity_put_user(
    struct hk_identity *identity, const struct hk_user *user, struct hk_error *error)
{
    struct user_item *item = hk_map_get(&identity->users_by_id, user->id);

    if (item != NULL) {
        item->user = *user;
        return HK_OK;
    }
    item = calloc(1, sizeof(*item));
    if (item == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a user");
    item->user = *user;
    if (hk_map_put(&identity->users_by_id, item->user.id, item) != HK_OK) {
        free(item);
        return hk_fail(error, HK_NOMEM, "no memory for a user");
    }
    item->next = identity->users;
    identity->users = item;
    return HK_OK;
}

enum hk_status hk_identity_put_token(
    struct hk_identity *identity, const struct hk_token *token, struct hk_error *error)
{
    struct token_item *item = hk_map_get(&identity->tokens_by_id, token->id);

    if (item != NULL) {
        item->token = *token;
        return HK_OK;
    }
    item = calloc(1, sizeof(*item));
    if (item == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a token");
    item->token = *token;
    hk_hex(token->hash, sizeof(token->hash), item->hash_hex);
    if (hk_map_put(&identity->tokens_by_id, item->token.id, item) != HK_OK)
        goto out_free;
    if (hk_map_put(&identity->tokens_by_hash, item->hash_hex, item) != HK_OK) {
        (void)hk_map_remove(&identity->tokens_by_id, item->token.id);
        goto out_free;
    }
    item->next = identity->tokens;
    identity->tokens = item;
    return HK_OK;
out_free:
    free(item);
    return hk_fail(error, HK_NOMEM, "no memory for a token");
}

bool hk_identity_may_grant(const char *has, const char *role)
{
    if (strcmp(has, "provider-admin") == 0)
        return true;
    return strcmp(has, "tenant-admin") == 0 && strcmp(role, "provider-admin") != 0;
}
