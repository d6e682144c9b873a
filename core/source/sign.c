/*
 * sign: see sign.h.
 */
#include "source/sign.h"

#include "base/json.h"
#include "base/time.h"
#include "limits.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SIGNATURES_MAX = 8, TEXT_SIZE_MAX = 512, SECRET_SIZE = HK_SECRET_SIZE_MAX };

#define MS_FROM 100000000000LL /* a time above, in seconds, would be the year 5138 */

struct mac {
    uint8_t bytes[HK_SHA256_SIZE];
};

/* What came as signatures, decoded. */
struct given {
    struct mac macs[SIGNATURES_MAX];
    size_t count;
};

struct check {
    const struct hk_webhook_config *config;
    const struct hk_sign_request *request;
    const char *why;
    const char *id;  /* signed, or NULL */
    bool has_hashed; /* the body */
};

static const char *header(const struct check *check, const char *name)
{
    return check->request->header(check->request->ctx, name);
}

static bool fail(struct check *check, const char *why)
{
    check->why = why;
    return false;
}

/* --- signatures --- */

static void add_hex(struct given *given, const char *text, size_t size)
{
    char hex[HK_SHA256_HEX_SIZE];

    if (given->count == SIGNATURES_MAX || size != sizeof(hex) - 1)
        return;
    memcpy(hex, text, size);
    hex[size] = '\0';
    if (hk_hex_decode(hex, given->macs[given->count].bytes, HK_SHA256_SIZE) == HK_OK)
        given->count++;
}

static void add_base64(struct given *given, const char *text, size_t size)
{
    size_t decoded = 0;

    if (given->count < SIGNATURES_MAX &&
        hk_base64_decode(text, size, given->macs[given->count].bytes, HK_SHA256_SIZE, &decoded) ==
            HK_OK &&
        decoded == HK_SHA256_SIZE)
        given->count++;
}

/* Is one of those given the MAC of these parts, under one of the secrets? */
static bool matches(struct check *check, const struct given *given, const struct hk_bytes *parts,
    size_t count, bool is_encoded)
{
    static const char prefix[] = "whsec_";
    bool found = false;

    check->has_hashed = true;
    for (size_t i = 0; i < check->config->secret_count; i++) {
        const char *secret = check->config->secrets[i];
        size_t size = strlen(secret);
        unsigned char decoded[SECRET_SIZE];
        struct mac mac;
        if (is_encoded && strncmp(secret, prefix, sizeof(prefix) - 1) == 0 &&
            hk_base64_decode(secret + sizeof(prefix) - 1, size - (sizeof(prefix) - 1), decoded,
                sizeof(decoded), &size) == HK_OK)
            hk_hmac_sha256(decoded, size, parts, count, mac.bytes);
        else
            hk_hmac_sha256(secret, strlen(secret), parts, count, mac.bytes);
        explicit_bzero(decoded, sizeof(decoded));
        for (size_t j = 0; j < given->count; j++)
            found = hk_equal_constant_time(mac.bytes, given->macs[j].bytes, sizeof(mac)) || found;
        explicit_bzero(&mac, sizeof(mac));
    }
    return found;
}

static bool judge(struct check *check, const struct given *given, const struct hk_bytes *parts,
    size_t count, bool is_encoded)
{
    bool found = matches(check, given, parts, count, is_encoded);

    if (given->count == 0)
        return fail(check, "there is no signature, or none that can be read");
    return found || fail(check, "the signature is another's: is it the right secret?");
}

/* --- times --- */

static bool read_time(const char *text, int64_t *ret_us)
{
    size_t digits = strspn(text, "0123456789");
    long long number;

    if (digits == 0 || digits > 13 || text[digits] != '\0' || text[0] == '0')
        return hk_time_parse(text, ret_us, NULL) == HK_OK;
    number = strtoll(text, NULL, 10);
    *ret_us = number >= MS_FROM ? number * 1000 : number * 1000000;
    return true;
}

static bool is_in_window(struct check *check, const char *time)
{
    int64_t time_us;
    int64_t off_us;

    if (time == NULL || !read_time(time, &time_us))
        return fail(check, "there is no time, or none that can be read");
    off_us = time_us - check->request->now_us;
    if (off_us < 0)
        off_us = -off_us;
    return off_us <= check->config->window_ms * 1000 ||
           fail(check, "its time is too far off: is it a replay, or is a clock wrong?");
}

/* --- schemes --- */

static struct hk_bytes bytes_of(const char *text)
{
    assert(text != NULL);
    return (struct hk_bytes){text, strlen(text)};
}

static struct hk_bytes body_of(const struct check *check)
{
    return (struct hk_bytes){check->request->body, check->request->body_size};
}

static bool check_github(struct check *check)
{
    static const char prefix[] = "sha256=";
    const char *signature = header(check, "x-hub-signature-256");
    struct hk_bytes body = body_of(check);
    struct given given = {.count = 0};

    if (signature != NULL && strncmp(signature, prefix, sizeof(prefix) - 1) == 0)
        add_hex(&given, signature + sizeof(prefix) - 1, strlen(signature) - (sizeof(prefix) - 1));
    return judge(check, &given, &body, 1, false);
}

static bool check_slack(struct check *check)
{
    const char *signature = header(check, "x-slack-signature");
    const char *time = header(check, "x-slack-request-timestamp");
    struct given given = {.count = 0};

    if (!is_in_window(check, time))
        return false;
    const struct hk_bytes parts[] = {
        bytes_of("v0:"), bytes_of(time), bytes_of(":"), body_of(check)};
    if (signature != NULL && strncmp(signature, "v0=", 3) == 0)
        add_hex(&given, signature + 3, strlen(signature) - 3);
    return judge(check, &given, parts, 4, false);
}

/* "t=TIME,v1=HEX,v1=HEX,v0=…" */
static bool check_stripe(struct check *check)
{
    const char *name = check->config->header != NULL ? check->config->header : "stripe-signature";
    const char *at = header(check, name);
    struct given given = {.count = 0};
    char time[32] = "";

    while (at != NULL && *at != '\0') {
        size_t size;
        at += strspn(at, " ,");
        size = strcspn(at, ",");
        if (strncmp(at, "t=", 2) == 0 && size - 2 < sizeof(time) && time[0] == '\0') {
            memcpy(time, at + 2, size - 2);
            time[size - 2] = '\0';
        } else if (strncmp(at, "v1=", 3) == 0) {
            add_hex(&given, at + 3, size - 3);
        }
        at += size;
    }
    if (!is_in_window(check, time))
        return false;
    const struct hk_bytes parts[] = {bytes_of(time), bytes_of("."), body_of(check)};
    return judge(check, &given, parts, 3, false);
}

/* "v1,BASE64 v1,BASE64 v1a,…" */
static bool check_standard(struct check *check)
{
    const char *id = header(check, "webhook-id");
    bool is_svix = id == NULL;
    const char *time = header(check, is_svix ? "svix-timestamp" : "webhook-timestamp");
    const char *at = header(check, is_svix ? "svix-signature" : "webhook-signature");
    struct given given = {.count = 0};

    if (is_svix)
        id = header(check, "svix-id");
    if (id == NULL || id[0] == '\0')
        return fail(check, "there is no id");
    if (!is_in_window(check, time))
        return false;
    while (at != NULL && *at != '\0') {
        size_t size;
        at += strspn(at, " ");
        size = strcspn(at, " ");
        if (strncmp(at, "v1,", 3) == 0)
            add_base64(&given, at + 3, size - 3);
        at += size;
    }
    check->id = id;
    const struct hk_bytes parts[] = {
        bytes_of(id), bytes_of("."), bytes_of(time), bytes_of("."), body_of(check)};
    return judge(check, &given, parts, 5, true);
}

/* The template's parts: texts, and what stands in place of the braces. */
static size_t fill_template(
    const struct check *check, const char *time, const char *id, struct hk_bytes *ret_parts)
{
    const char *at = check->config->signs;
    size_t count = 0;

    while (*at != '\0') {
        size_t size = strcspn(at, "{");
        if (size > 0) {
            ret_parts[count++] = (struct hk_bytes){at, size};
            at += size;
            continue;
        }
        if (strncmp(at, "{body}", 6) == 0)
            ret_parts[count++] = body_of(check);
        else if (strncmp(at, "{time}", 6) == 0)
            ret_parts[count++] = bytes_of(time);
        else
            ret_parts[count++] = bytes_of(id);
        at = strchr(at, '}') + 1;
    }
    return count;
}

static bool check_hmac(struct check *check)
{
    const struct hk_webhook_config *config = check->config;
    const char *signature = header(check, config->header);
    const char *time = config->time_header != NULL ? header(check, config->time_header) : NULL;
    const char *id = config->id_header != NULL ? header(check, config->id_header) : NULL;
    bool signs_id = strstr(config->signs, "{id}") != NULL;
    size_t prefix = strlen(config->prefix);
    struct hk_bytes parts[HK_HMAC_PARTS_MAX];
    struct given given = {.count = 0};
    size_t count;

    if (config->time_header != NULL && !is_in_window(check, time))
        return false;
    if (signs_id && (id == NULL || id[0] == '\0'))
        return fail(check, "there is no id");
    if (signature != NULL && strncmp(signature, config->prefix, prefix) == 0) {
        signature += prefix;
        if (config->is_base64)
            add_base64(&given, signature, strlen(signature));
        else
            add_hex(&given, signature, strlen(signature));
    }
    if (signs_id)
        check->id = id;
    count = fill_template(check, time, id, parts);
    return judge(check, &given, parts, count, false);
}

/* Is the text one of the secrets? Hashed first, so that lengths don't tell either. */
static bool is_secret(const struct check *check, const char *text, size_t size)
{
    uint8_t digest[HK_SHA256_SIZE];
    bool found = false;

    hk_sha256_one(text, size, digest);
    for (size_t i = 0; i < check->config->secret_count; i++) {
        const char *secret = check->config->secrets[i];
        uint8_t expected[HK_SHA256_SIZE];
        hk_sha256_one(secret, strlen(secret), expected);
        found = hk_equal_constant_time(digest, expected, sizeof(digest)) || found;
    }
    return found;
}

static bool check_text(struct check *check, const char *text, size_t size)
{
    if (text == NULL)
        return fail(check, "the secret is missing");
    if (!is_secret(check, text, size))
        return fail(check, "the secret is another");
    /* Not signed, but who knows the secret may say what they like anyway. */
    if (check->config->id_header != NULL)
        check->id = header(check, check->config->id_header);
    return true;
}

static bool check_bearer(struct check *check)
{
    const char *text = header(check, "authorization");

    if (text != NULL)
        text = strncasecmp(text, "Bearer ", 7) == 0 ? text + 7 + strspn(text + 7, " ") : NULL;
    return check_text(check, text, text != NULL ? strlen(text) : 0);
}

static bool check_basic(struct check *check)
{
    const char *user = check->config->user;
    const char *text = header(check, "authorization");
    char pair[TEXT_SIZE_MAX];
    size_t size = 0;
    const char *colon;
    bool is_user;
    bool is_good;

    if (text == NULL || strncasecmp(text, "Basic ", 6) != 0)
        return fail(check, "the secret is missing");
    text += 6 + strspn(text + 6, " ");
    if (hk_base64_decode(text, strlen(text), pair, sizeof(pair), &size) != HK_OK ||
        (colon = memchr(pair, ':', size)) == NULL)
        return fail(check, "the secret is missing");
    is_user = user == NULL || (strlen(user) == (size_t)(colon - pair) &&
                                  hk_equal_constant_time(user, pair, strlen(user)));
    is_good = check_text(check, colon + 1, size - (size_t)(colon + 1 - pair));
    explicit_bzero(pair, sizeof(pair));
    return is_good && (is_user || fail(check, "the user is another"));
}

static bool check_header(struct check *check)
{
    const char *text = header(check, check->config->header);

    return check_text(check, text, text != NULL ? strlen(text) : 0);
}

/* Each notification of a batch has the secret that the subscription was given. */
static bool check_graph(struct check *check)
{
    static const struct hk_json_limits limits = {.size_max = HK_WEBHOOK_BODY_SIZE_MAX,
        .depth_max = HK_ALERT_DEPTH_MAX,
        .nodes_max = HK_ALERT_NODES_MAX};
    struct hk_json_doc doc = {.root = NULL};
    const struct hk_json *list;
    bool is_good = true;

    if (hk_json_parse(check->request->body, check->request->body_size, &limits, &doc, NULL) !=
        HK_OK)
        return fail(check, "the body is no JSON");
    list = hk_json_get(doc.root, "value");
    if (list == NULL || list->type != HK_JSON_ARRAY || list->count == 0)
        is_good = fail(check, "the body has no list of notifications");
    for (const struct hk_json *item = is_good ? list->first : NULL; item != NULL;
         item = item->next) {
        const char *state = hk_json_string_at(item, "clientState", NULL);
        is_good = check_text(check, state, state != NULL ? strlen(state) : 0) && is_good;
    }
    hk_json_doc_done(&doc);
    return is_good;
}

/* --- the verdict --- */

static bool check_scheme(struct check *check)
{
    switch (check->config->scheme) {
    case HK_WEBHOOK_GITHUB:
        return check_github(check);
    case HK_WEBHOOK_SLACK:
        return check_slack(check);
    case HK_WEBHOOK_STRIPE:
        return check_stripe(check);
    case HK_WEBHOOK_STANDARD:
        return check_standard(check);
    case HK_WEBHOOK_HMAC:
        return check_hmac(check);
    case HK_WEBHOOK_BEARER:
        return check_bearer(check);
    case HK_WEBHOOK_BASIC:
        return check_basic(check);
    case HK_WEBHOOK_HEADER:
        return check_header(check);
    case HK_WEBHOOK_GRAPH:
        return check_graph(check);
    }
    return fail(check, "there is no such scheme");
}

void hk_sign_check(const struct hk_webhook_config *config, const struct hk_sign_request *request,
    struct hk_sign_verdict *ret_verdict)
{
    struct check check = {.config = config, .request = request};
    uint8_t digest[HK_SHA256_SIZE];

    *ret_verdict = (struct hk_sign_verdict){.is_good = check_scheme(&check)};
    if (!ret_verdict->is_good) {
        ret_verdict->why = check.why;
        if (!check.has_hashed)
            hk_sign_check_nothing(request);
        return;
    }
    if (check.id != NULL) {
        const struct hk_bytes parts[] = {bytes_of("id:"), bytes_of(check.id)};
        hk_sha256(parts, 2, digest);
    } else {
        const struct hk_bytes parts[] = {bytes_of("body:"), body_of(&check)};
        hk_sha256(parts, 2, digest);
    }
    hk_hex(digest, sizeof(digest), ret_verdict->repeat_key);
}

void hk_sign_check_nothing(const struct hk_sign_request *request)
{
    const struct hk_bytes body = {request->body, request->body_size};
    uint8_t mac[HK_SHA256_SIZE];

    hk_hmac_sha256("nobody knows", 12, &body, 1, mac);
}

bool hk_sign_template_is_good(const char *text)
{
    static const char *const names[] = {"{body}", "{time}", "{id}"};
    unsigned counts[3] = {0};

    for (const char *at = text; *at != '\0'; at++) {
        size_t i = 0;
        if (*at == '}')
            return false;
        if (*at != '{')
            continue;
        while (i < 3 && strncmp(at, names[i], strlen(names[i])) != 0)
            i++;
        if (i == 3 || counts[i]++ > 0)
            return false;
        at += strlen(names[i]) - 1;
    }
    return counts[0] == 1;
}

bool hk_sign_remembers_long(const struct hk_webhook_config *config)
{
    switch (config->scheme) {
    case HK_WEBHOOK_GITHUB:
    case HK_WEBHOOK_SLACK:
    case HK_WEBHOOK_STRIPE:
    case HK_WEBHOOK_STANDARD:
        return true;
    case HK_WEBHOOK_HMAC:
        return config->time_header == NULL || strstr(config->signs, "{id}") != NULL;
    default:
        return false;
    }
}
