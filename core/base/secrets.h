/*
 * secrets: what must not be in the ledger, the configuration's record, diagnostics or answers:
 * passwords of mail servers, keys of webhooks, tokens of products. Each has a name; configuration
 * refers to it by {"$secret": "NAME"} (in Lua: secret "NAME"), and whoever uses it puts the value
 * in at the last moment.
 *
 * Values are kept in memory that is wiped when it is freed. A table of NULL knows no secret.
 */
#ifndef HK_BASE_SECRETS_H
#define HK_BASE_SECRETS_H

#include "base/json.h"

struct hk_secrets;

HK_MUST_CHECK enum hk_status hk_secrets_new(
    struct hk_secrets **ret_secrets, struct hk_error *error);
void hk_secrets_free(struct hk_secrets *secrets); /* NULL is fine */
/* Keep a copy; a second value of the same name is HK_CONFLICT. */
HK_MUST_CHECK enum hk_status hk_secrets_put(struct hk_secrets *secrets, const char *name,
    const char *value, size_t value_size, struct hk_error *error);
/* Borrowed until the next put; NULL when there is none of that name. */
const char *hk_secrets_get(const struct hk_secrets *secrets, const char *name);

/* The name when the value is {"$secret": "NAME"} and nothing else, else NULL. */
const char *hk_secret_name(const struct hk_json *value);
/* The text itself, or the value of the secret that stands for it. HK_INVALID when it is neither (or
 * value is NULL), HK_NOT_FOUND when there is no such secret; what names the place in the error.
 * *ret_text is borrowed from value or from secrets. */
HK_MUST_CHECK enum hk_status hk_secret_text(const struct hk_secrets *secrets,
    const struct hk_json *value, const char *what, const char **ret_text, struct hk_error *error);
/* Append text with "[secret NAME]" in place of each secret that stands in it; true when there was
 * one. Secrets of fewer than HK_SECRET_HIDDEN_SIZE_MIN bytes are left: they would be found
 * everywhere. For what strangers say, who may repeat what they were told. out may be NULL: then
 * only the question is answered. */
bool hk_secrets_hide(const struct hk_secrets *secrets, const char *text, struct hk_buf *out);
/* Is there a secret for every {"$secret": "NAME"} within the value? HK_NOT_FOUND names the first
 * that is missing. */
HK_MUST_CHECK enum hk_status hk_secrets_check(
    const struct hk_secrets *secrets, const struct hk_json *value, struct hk_error *error);
/* Write the value with every secret in its place. HK_NOT_FOUND as above. */
HK_MUST_CHECK enum hk_status hk_secrets_fill(const struct hk_secrets *secrets,
    const struct hk_json *value, struct hk_jw *jw, struct hk_error *error);

#endif
