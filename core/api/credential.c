/*
 * credential: see credential.h.
 */
#include "api/credential.h"

#include "base/text.h"
#include "limits.h"

#include <string.h>

/* Put the finished value on a shelf. */
static enum hk_status keep(struct hk_write *write, hk_tenant tenant, const char *shelf,
    const char *id, struct hk_buf *value, struct hk_error *error)
{
    enum hk_status status = hk_buf_check(value, shelf, error);

    if (status == HK_OK)
        status = hk_write_credential(write,
            &(struct hk_credential){
                .tenant = tenant, .shelf = shelf, .id = id, .value = value->data},
            error);
    hk_buf_done(value);
    return status;
}

static enum hk_status drop(struct hk_write *write, hk_tenant tenant, const char *shelf,
    const char *id, struct hk_error *error)
{
    return hk_write_credential(
        write, &(struct hk_credential){.tenant = tenant, .shelf = shelf, .id = id}, error);
}

enum hk_status hk_person_event_write(struct hk_write *write, const struct hk_user *user,
    const struct hk_person_event *event, struct hk_error *error)
{
    struct hk_buf out;
    struct hk_jw jw;
    size_t size = 0;
    char *payload;

    hk_buf_init(&out, HK_ARGS_SIZE_MAX);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    if (event->key1 != NULL)
        hk_jw_kv(&jw, event->key1, event->value1);
    if (event->key2 != NULL)
        hk_jw_kv(&jw, event->key2, event->value2);
    if (event->number_key != NULL)
        hk_jw_kv_i64(&jw, event->number_key, event->number);
    hk_jw_object_end(&jw);
    payload = hk_buf_take(&out, &size);
    if (payload == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for an entry");
    return hk_write_add(write, user->tenant, event->kind, user->id, event->actor, event->time_us,
        payload, size, error);
}

/* --- links --- */

void hk_link_new(int64_t time_us, char ret_text[HK_LINK_TEXT_SIZE], struct hk_link *ret_link)
{
    uint8_t bytes[(HK_LINK_TEXT_SIZE - 1) / 2];

    hk_random(bytes, sizeof(bytes));
    hk_hex(bytes, sizeof(bytes), ret_text);
    hk_sha256_one(ret_text, strlen(ret_text), ret_link->hash);
    ret_link->expires_us = time_us + HK_LINK_MS * 1000;
    explicit_bzero(bytes, sizeof(bytes));
}

enum hk_status hk_link_read(const char *value, struct hk_link *ret_link, struct hk_error *error)
{
    struct hk_json_doc doc = {.root = NULL};
    struct hk_link link;
    enum hk_status status = hk_json_parse(value, strlen(value), &hk_json_limits_own, &doc, error);

    if (status == HK_OK)
        status =
            hk_hex_decode(hk_json_string_at(doc.root, "hash", ""), link.hash, sizeof(link.hash));
    link.expires_us = hk_json_i64_at(doc.root, "expires_us", 0);
    hk_json_doc_done(&doc);
    if (status != HK_OK)
        return hk_fail(error, HK_CORRUPT, "a link can't be read");
    *ret_link = link;
    return HK_OK;
}

enum hk_status hk_link_write(struct hk_write *write, const struct hk_user *user,
    const struct hk_link *link, const char *actor, int64_t time_us, struct hk_error *error)
{
    const struct hk_person_event event = {.kind = HK_KIND_USER_LINK_MADE,
        .actor = actor,
        .time_us = time_us,
        .number_key = "expires_us",
        .number = link->expires_us};
    char hex[HK_SHA256_HEX_SIZE];
    struct hk_buf value;
    struct hk_jw jw;
    enum hk_status status = hk_person_event_write(write, user, &event, error);

    if (status != HK_OK)
        return status;
    hk_hex(link->hash, sizeof(link->hash), hex);
    hk_buf_init(&value, HK_CREDENTIAL_SIZE_MAX);
    hk_jw_init(&jw, &value);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "hash", hex);
    hk_jw_kv_i64(&jw, "expires_us", link->expires_us);
    hk_jw_object_end(&jw);
    return keep(write, user->tenant, HK_SHELF_LINK, user->id, &value, error);
}

/* --- devices --- */

static bool read_recovery(const struct hk_json *list, struct hk_totp *totp)
{
    const struct hk_json *item = list != NULL ? list->first : NULL;

    for (; item != NULL; item = item->next) {
        if (totp->recovery_count == HK_RECOVERY_COUNT || hk_json_string(item) == NULL ||
            hk_hex_decode(item->text, totp->recovery[totp->recovery_count], HK_SHA256_SIZE) !=
                HK_OK)
            return false;
        totp->recovery_count++;
    }
    return true;
}

enum hk_status hk_totp_read(const char *value, struct hk_totp *ret_totp, struct hk_error *error)
{
    struct hk_json_doc doc = {.root = NULL};
    struct hk_totp totp = {.is_set = false};
    const struct hk_json *is_set;
    bool is_good = hk_json_parse(value, strlen(value), &hk_json_limits_own, &doc, error) == HK_OK;

    if (is_good) {
        is_set = hk_json_get(doc.root, "is_set");
        totp.last_step = hk_json_i64_at(doc.root, "last_step", -1);
        is_good = is_set != NULL && hk_json_bool(is_set, &totp.is_set) &&
                  hk_copy_text(totp.sealed, sizeof(totp.sealed),
                      hk_json_string_at(doc.root, "secret", "")) &&
                  totp.sealed[0] != '\0' && read_recovery(hk_json_get(doc.root, "recovery"), &totp);
    }
    hk_json_doc_done(&doc);
    if (!is_good)
        return hk_fail(error, HK_CORRUPT, "a person's device can't be read");
    *ret_totp = totp;
    return HK_OK;
}

enum hk_status hk_totp_write(struct hk_write *write, const struct hk_user *user,
    const struct hk_totp *totp, struct hk_error *error)
{
    char hex[HK_SHA256_HEX_SIZE];
    struct hk_buf value;
    struct hk_jw jw;

    if (totp->sealed[0] == '\0')
        return drop(write, user->tenant, HK_SHELF_TOTP, user->id, error);
    hk_buf_init(&value, HK_CREDENTIAL_SIZE_MAX);
    hk_jw_init(&jw, &value);
    hk_jw_object(&jw);
    hk_jw_kv_bool(&jw, "is_set", totp->is_set);
    hk_jw_kv(&jw, "secret", totp->sealed);
    hk_jw_kv_i64(&jw, "last_step", totp->last_step);
    hk_jw_key(&jw, "recovery");
    hk_jw_array(&jw);
    for (unsigned i = 0; i < totp->recovery_count; i++) {
        hk_hex(totp->recovery[i], HK_SHA256_SIZE, hex);
        hk_jw_string(&jw, hex);
    }
    hk_jw_array_end(&jw);
    hk_jw_object_end(&jw);
    return keep(write, user->tenant, HK_SHELF_TOTP, user->id, &value, error);
}

/* --- the rest --- */

enum hk_status hk_password_write(
    struct hk_write *write, const struct hk_user *user, const char *hash, struct hk_error *error)
{
    enum hk_status status = drop(write, user->tenant, HK_SHELF_LINK, user->id, error);

    if (status == HK_OK)
        status = hk_write_credential(write,
            &(struct hk_credential){
                .tenant = user->tenant, .shelf = HK_SHELF_PASSWORD, .id = user->id, .value = hash},
            error);
    return status;
}

enum hk_status hk_session_write(
    struct hk_write *write, const struct hk_login *login, bool is_dropped, struct hk_error *error)
{
    struct hk_buf value;
    struct hk_jw jw;

    if (is_dropped)
        return drop(write, login->tenant, HK_SHELF_SESSION, login->id, error);
    hk_buf_init(&value, HK_CREDENTIAL_SIZE_MAX);
    hk_jw_init(&jw, &value);
    hk_login_write(login, &jw);
    return keep(write, login->tenant, HK_SHELF_SESSION, login->id, &value, error);
}
