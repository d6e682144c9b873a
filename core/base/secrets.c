#include "base/secrets.h"

#include "limits.h"

#include <stdlib.h>
#include <string.h>

struct secret {
    struct secret *next;
    char *name;
    char *value;
    size_t value_size;
};

struct hk_secrets {
    struct secret *first;
};

enum hk_status hk_secrets_new(struct hk_secrets **ret_secrets, struct hk_error *error)
{
    *ret_secrets = calloc(1, sizeof(**ret_secrets));
    return *ret_secrets != NULL ? HK_OK : hk_fail(error, HK_NOMEM, "no memory for secrets");
}

static void secret_free(struct secret *secret)
{
    if (secret->value != NULL)
        explicit_bzero(secret->value, secret->value_size);
    free(secret->value);
    free(secret->name);
    free(secret);
}

void hk_secrets_free(struct hk_secrets *secrets)
{
    if (secrets == NULL)
        return;
    while (secrets->first != NULL) {
        struct secret *secret = secrets->first;
        secrets->first = secret->next;
        secret_free(secret);
    }
    free(secrets);
}

enum hk_status hk_secrets_put(struct hk_secrets *secrets, const char *name, const char *value,
    size_t value_size, struct hk_error *error)
{
    struct secret *secret;

    if (hk_secrets_get(secrets, name) != NULL)
        return hk_fail(error, HK_CONFLICT, "there is a secret %s already", name);
    secret = calloc(1, sizeof(*secret));
    if (secret == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for secrets");
    secret->name = strdup(name);
    secret->value = calloc(1, value_size + 1);
    secret->value_size = value_size;
    if (secret->name == NULL || secret->value == NULL) {
        secret_free(secret);
        return hk_fail(error, HK_NOMEM, "no memory for secrets");
    }
    memcpy(secret->value, value, value_size);
    secret->next = secrets->first;
    secrets->first = secret;
    return HK_OK;
}

const char *hk_secrets_get(const struct hk_secrets *secrets, const char *name)
{
    if (secrets == NULL)
        return NULL;
    for (const struct secret *secret = secrets->first; secret != NULL; secret = secret->next)
        if (strcmp(secret->name, name) == 0)
            return secret->value;
    return NULL;
}

const char *hk_secret_name(const struct hk_json *value)
{
    if (value == NULL || value->type != HK_JSON_OBJECT || value->count != 1)
        return NULL;
    return hk_json_string(hk_json_get(value, "$secret"));
}

enum hk_status hk_secret_text(const struct hk_secrets *secrets, const struct hk_json *value,
    const char *what, const char **ret_text, struct hk_error *error)
{
    const char *name = hk_secret_name(value);

    *ret_text = name != NULL ? hk_secrets_get(secrets, name) : hk_json_string(value);
    if (*ret_text != NULL)
        return HK_OK;
    if (name != NULL)
        return hk_fail(error, HK_NOT_FOUND, "%s: there is no secret %s", what, name);
    return hk_fail(error, HK_INVALID, "%s: expected a text or secret \"NAME\"", what);
}

/* The longest secret that stands at the beginning of text. */
static const struct secret *secret_at(const struct hk_secrets *secrets, const char *text)
{
    const struct secret *found = NULL;

    for (const struct secret *secret = secrets->first; secret != NULL; secret = secret->next)
        if (secret->value[0] == text[0] && secret->value_size >= HK_SECRET_HIDDEN_SIZE_MIN &&
            strncmp(text, secret->value, secret->value_size) == 0 &&
            (found == NULL || secret->value_size > found->value_size))
            found = secret;
    return found;
}

bool hk_secrets_hide(const struct hk_secrets *secrets, const char *text, struct hk_buf *out)
{
    const char *begin = text;
    bool is_found = false;

    for (; secrets != NULL && *text != '\0'; text++) {
        const struct secret *secret = secret_at(secrets, text);
        if (secret == NULL)
            continue;
        is_found = true;
        if (out == NULL)
            return true;
        hk_buf_append(out, begin, (size_t)(text - begin));
        hk_buf_appendf(out, "[secret %s]", secret->name);
        text += secret->value_size - 1;
        begin = text + 1;
    }
    if (out != NULL)
        hk_buf_append_text(out, begin);
    return is_found;
}

/* As deep as the document is: its reader bounds that. */
enum hk_status hk_secrets_check(
    const struct hk_secrets *secrets, const struct hk_json *value, struct hk_error *error)
{
    const char *name = hk_secret_name(value);
    enum hk_status status = HK_OK;

    if (name != NULL)
        return hk_secrets_get(secrets, name) != NULL
                   ? HK_OK
                   : hk_fail(error, HK_NOT_FOUND, "there is no secret %s", name);
    for (const struct hk_json *child = value->first; child != NULL && status == HK_OK;
         child = child->next)
        status = hk_secrets_check(secrets, child, error);
    return status;
}

static enum hk_status fill_children(const struct hk_secrets *secrets, const struct hk_json *value,
    struct hk_jw *jw, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    for (const struct hk_json *child = value->first; child != NULL && status == HK_OK;
         child = child->next) {
        if (value->type == HK_JSON_OBJECT)
            hk_jw_key(jw, child->key);
        status = hk_secrets_fill(secrets, child, jw, error);
    }
    return status;
}

/* As deep as the document is: its reader bounds that. */
enum hk_status hk_secrets_fill(const struct hk_secrets *secrets, const struct hk_json *value,
    struct hk_jw *jw, struct hk_error *error)
{
    const char *name = hk_secret_name(value);
    enum hk_status status;

    if (name != NULL) {
        const char *text = hk_secrets_get(secrets, name);
        if (text == NULL)
            return hk_fail(error, HK_NOT_FOUND, "there is no secret %s", name);
        hk_jw_string(jw, text);
        return HK_OK;
    }
    if (value->type == HK_JSON_OBJECT) {
        hk_jw_object(jw);
        status = fill_children(secrets, value, jw, error);
        hk_jw_object_end(jw);
    } else if (value->type == HK_JSON_ARRAY) {
        hk_jw_array(jw);
        status = fill_children(secrets, value, jw, error);
        hk_jw_array_end(jw);
    } else {
        hk_jw_value(jw, value);
        status = HK_OK;
    }
    return status;
}
