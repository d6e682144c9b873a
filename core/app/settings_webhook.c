/*
 * settings_webhook: a source of kind webhook. Each scheme has its own keys; those of products are
 * given, since they are the products'.
 */
#include "app/settings_sources.h"

#include "base/secrets.h"
#include "base/time.h"
#include "source/sign.h"

#include <string.h>

#define MINUTE_MS INT64_C(60000)
#define DAY_MS (INT64_C(86400) * 1000)

static const char *const webhook_keys[] = {
    "kind", "auth", "window", "remember", "items", "short_path", "product", "zone", NULL};

static const char *const hmac_keys[] = {
    "scheme", "secret", "header", "prefix", "encoding", "signs", "time_header", "id_header", NULL};
static const char *const secret_keys[] = {"scheme", "secret", "id_header", NULL};
static const char *const basic_keys[] = {"scheme", "secret", "user", "id_header", NULL};
static const char *const header_keys[] = {"scheme", "secret", "header", "id_header", NULL};
static const char *const preset_keys[] = {"scheme", "secret", NULL};
static const char *const stripe_keys[] = {"scheme", "secret", "header", NULL};

static const struct {
    const char *name;
    enum hk_webhook_scheme scheme;
    const char *const *keys;
} schemes[] = {
    {"github", HK_WEBHOOK_GITHUB, preset_keys},
    {"slack", HK_WEBHOOK_SLACK, preset_keys},
    {"stripe", HK_WEBHOOK_STRIPE, stripe_keys},
    {"standard-webhooks", HK_WEBHOOK_STANDARD, preset_keys},
    {"hmac", HK_WEBHOOK_HMAC, hmac_keys},
    {"bearer", HK_WEBHOOK_BEARER, secret_keys},
    {"basic", HK_WEBHOOK_BASIC, basic_keys},
    {"header", HK_WEBHOOK_HEADER, header_keys},
    {"graph", HK_WEBHOOK_GRAPH, preset_keys},
};

/* A secret by its name: a text here would end in the ledger with the rest of the configuration. */
static enum hk_status add_secret(const struct hk_source_place *place, const struct hk_json *value,
    struct hk_webhook_config *config, struct hk_error *error)
{
    char what[320];

    (void)snprintf(what, sizeof(what), "%s.secret", place->path);
    if (value == NULL || hk_secret_name(value) == NULL)
        return hk_fail(error, HK_INVALID, "%s: expected secret \"NAME\"", what);
    if (config->secret_count == HK_WEBHOOK_SECRETS_MAX)
        return hk_fail(
            error, HK_LIMIT, "%s: %d secrets are the most", what, HK_WEBHOOK_SECRETS_MAX);
    return hk_secret_text(
        place->secrets, value, what, &config->secrets[config->secret_count++], error);
}

static enum hk_status read_secrets(const struct hk_source_place *place, const struct hk_json *auth,
    struct hk_webhook_config *config, struct hk_error *error)
{
    const struct hk_json *value = hk_json_get(auth, "secret");
    enum hk_status status = HK_OK;

    if (value == NULL || value->type != HK_JSON_ARRAY || value->count == 0)
        return add_secret(place, value, config, error);
    for (const struct hk_json *item = value->first; item != NULL && status == HK_OK;
         item = item->next)
        status = add_secret(place, item, config, error);
    return status;
}

/* The name of a header, in lower case as they are kept. */
static enum hk_status read_header(const struct hk_source_place *place, const struct hk_json *auth,
    const char *key, const char **ret_name, struct hk_error *error)
{
    const char *text = NULL;
    char *name;
    enum hk_status status = hk_place_text(place, auth, key, &text, error);

    if (status != HK_OK || text == NULL)
        return status;
    if (text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")] !=
        '\0')
        return hk_fail(error, HK_INVALID, "%s.%s: expected the name of a header", place->path, key);
    name = hk_arena_copy(&place->settings->arena, text, strlen(text));
    if (name == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for settings");
    for (char *at = name; *at != '\0'; at++)
        *at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
    *ret_name = name;
    return HK_OK;
}

static enum hk_status read_encoding(const struct hk_source_place *place, const struct hk_json *auth,
    struct hk_webhook_config *config, struct hk_error *error)
{
    const char *encoding = "hex";
    enum hk_status status = hk_place_text(place, auth, "encoding", &encoding, error);

    if (status != HK_OK)
        return status;
    if (strcmp(encoding, "hex") != 0 && strcmp(encoding, "base64") != 0)
        return hk_fail(error, HK_INVALID, "%s.encoding: must be one of hex, base64", place->path);
    config->is_base64 = encoding[0] == 'b';
    return HK_OK;
}

static enum hk_status check_hmac(const struct hk_source_place *place,
    const struct hk_webhook_config *config, struct hk_error *error)
{
    if (config->header == NULL)
        return hk_fail(error, HK_INVALID,
            "%s.header: expected the name of the header that holds the signature", place->path);
    if (!hk_sign_template_is_good(config->signs))
        return hk_fail(error, HK_INVALID,
            "%s.signs: expected a text with {body} once, and {time} and {id} at most once",
            place->path);
    if ((strstr(config->signs, "{time}") != NULL) != (config->time_header != NULL))
        return hk_fail(error, HK_INVALID,
            "%s: time_header and {time} in signs need each other: a time that isn't signed "
            "proves nothing",
            place->path);
    if ((strstr(config->signs, "{id}") != NULL) != (config->id_header != NULL))
        return hk_fail(error, HK_INVALID,
            "%s: id_header and {id} in signs need each other: an id that isn't signed proves "
            "nothing",
            place->path);
    return HK_OK;
}

static enum hk_status read_own(const struct hk_source_place *place, const struct hk_json *auth,
    struct hk_webhook_config *config, struct hk_error *error)
{
    enum hk_status status = read_header(place, auth, "header", &config->header, error);

    if (status == HK_OK)
        status = read_header(place, auth, "time_header", &config->time_header, error);
    if (status == HK_OK)
        status = read_header(place, auth, "id_header", &config->id_header, error);
    config->prefix = "";
    if (status == HK_OK)
        status = hk_place_text(place, auth, "prefix", &config->prefix, error);
    config->signs = config->time_header != NULL ? "{time}.{body}" : "{body}";
    if (status == HK_OK)
        status = hk_place_text(place, auth, "signs", &config->signs, error);
    if (status == HK_OK)
        status = hk_place_text(place, auth, "user", &config->user, error);
    if (status == HK_OK)
        status = read_encoding(place, auth, config, error);
    if (status == HK_OK && config->scheme == HK_WEBHOOK_HMAC)
        status = check_hmac(place, config, error);
    if (status == HK_OK && config->scheme == HK_WEBHOOK_HEADER && config->header == NULL)
        status = hk_fail(error, HK_INVALID,
            "%s.header: expected the name of the header that holds the secret", place->path);
    return status;
}

static enum hk_status read_auth(struct hk_source_place place, const struct hk_json *auth,
    struct hk_webhook_config *config, struct hk_error *error)
{
    const char *name = hk_json_string(hk_json_get(auth, "scheme"));
    size_t size = strlen(place.path);
    size_t i = 0;
    enum hk_status status;

    (void)snprintf(place.path + size, sizeof(place.path) - size, ".auth");
    while (i < sizeof(schemes) / sizeof(schemes[0]) &&
           (name == NULL || strcmp(schemes[i].name, name) != 0))
        i++;
    if (i == sizeof(schemes) / sizeof(schemes[0]))
        return hk_fail(error, HK_INVALID,
            "%s.scheme: must be one of github, slack, stripe, standard-webhooks, hmac, bearer, "
            "basic, header, graph",
            place.path);
    config->scheme = schemes[i].scheme;
    status = hk_settings_keys(auth, place.path, schemes[i].keys, error);
    if (status == HK_OK)
        status = read_secrets(&place, auth, config, error);
    if (status == HK_OK)
        status = read_own(&place, auth, config, error);
    return status;
}

static enum hk_status read_duration(const struct hk_source_place *place,
    const struct hk_json *table, const char *key, int64_t max_ms, int64_t *ret_ms,
    struct hk_error *error)
{
    const char *text = NULL;
    enum hk_status status = hk_place_text(place, table, key, &text, error);

    if (status != HK_OK || text == NULL)
        return status;
    status = hk_duration_parse(text, ret_ms, error);
    if (status == HK_OK && (*ret_ms < 1000 || *ret_ms > max_ms))
        status = hk_fail(error, HK_INVALID, "%s: expected 1s to %lldh", text,
            (long long)(max_ms / (60 * MINUTE_MS)));
    return status == HK_OK ? HK_OK : hk_error_prefix(error, "%s.%s", place->path, key);
}

enum hk_status hk_settings_webhook(const struct hk_source_place *place, const struct hk_json *table,
    struct hk_webhook_config *config, struct hk_error *error)
{
    const struct hk_json *is_short = hk_json_get(table, "short_path");
    enum hk_status status = hk_settings_keys(table, place->path, webhook_keys, error);

    if (status == HK_OK)
        status = read_auth(*place, hk_json_get(table, "auth"), config, error);
    config->window_ms = 5 * MINUTE_MS;
    if (status == HK_OK)
        status = read_duration(place, table, "window", 60 * MINUTE_MS, &config->window_ms, error);
    config->remember_ms = hk_sign_remembers_long(config) ? DAY_MS : 2 * config->window_ms;
    if (status == HK_OK)
        status = read_duration(place, table, "remember", DAY_MS, &config->remember_ms, error);
    config->items = config->scheme == HK_WEBHOOK_GRAPH ? "value" : NULL;
    if (status == HK_OK)
        status = hk_place_text(place, table, "items", &config->items, error);
    config->is_short = true;
    if (status == HK_OK && is_short != NULL && !hk_json_bool(is_short, &config->is_short))
        status = hk_fail(error, HK_INVALID, "%s.short_path: expected true or false", place->path);
    return status;
}
