/*
 * unpack: see unpack.h.
 */
#include "source/unpack.h"

#include "base/form.h"
#include "base/json.h"
#include "base/text.h"
#include "intake/intake.h"
#include "limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct hk_json_limits limits = {
    .size_max = HK_WEBHOOK_BODY_SIZE_MAX,
    .depth_max = HK_ALERT_DEPTH_MAX,
    .nodes_max = 10 * HK_ALERT_NODES_MAX,
};

void hk_unpacked_done(struct hk_unpacked *unpacked)
{
    hk_buf_done(&unpacked->text);
    free(unpacked->items);
    free(unpacked->answer);
    memset(unpacked, 0, sizeof(*unpacked));
}

/* The media type, without its parameters. */
static bool is_type(const char *content_type, const char *wanted)
{
    size_t size = content_type != NULL ? strcspn(content_type, "; \t") : 0;

    return size == strlen(wanted) && strncasecmp(content_type, wanted, size) == 0;
}

static enum hk_status add_item(
    struct hk_unpacked *unpacked, const char *text, size_t size, struct hk_error *error)
{
    struct hk_unpacked_item *items;

    if (unpacked->count == HK_ALERTS_PER_REQUEST_MAX)
        return hk_fail(
            error, HK_LIMIT, "more than %d alerts in one request", HK_ALERTS_PER_REQUEST_MAX);
    items = realloc(unpacked->items, (unpacked->count + 1) * sizeof(*items));
    if (items == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for the alerts");
    unpacked->items = items;
    items[unpacked->count++] = (struct hk_unpacked_item){.at = unpacked->text.size, .size = size};
    hk_buf_append(&unpacked->text, text, size);
    return hk_buf_check(&unpacked->text, "body", error);
}

/* --- handshakes and envelopes --- */

/* "https://…", so that what is told can be used and does no harm where it is shown. */
static bool is_plain_address(const char *text)
{
    return text != NULL && strncmp(text, "https://", 8) == 0 &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             "-._~:/?#[]@!$&'()*+,;=%")] == '\0';
}

static void tell_subscription(const struct hk_json *root, struct hk_unpacked *unpacked)
{
    const char *address = hk_json_string_at(root, "SubscribeURL", NULL);
    const char *topic = hk_json_string_at(root, "TopicArn", "");

    if (is_plain_address(address))
        (void)snprintf(unpacked->notice, sizeof(unpacked->notice),
            "to confirm the subscription of %.80s, open %.300s", topic, address);
    else
        (void)snprintf(unpacked->notice, sizeof(unpacked->notice),
            "a subscription of %.80s is to be confirmed", topic);
}

/* Is it one of the envelopes of Amazon SNS? */
static bool is_sns(const struct hk_json *root)
{
    return hk_json_string_at(root, "Type", NULL) != NULL &&
           hk_json_string_at(root, "TopicArn", NULL) != NULL &&
           hk_json_string_at(root, "MessageId", NULL) != NULL;
}

static enum hk_status take_list(
    const struct hk_json *list, struct hk_unpacked *unpacked, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    for (const struct hk_json *item = list->first; item != NULL && status == HK_OK;
         item = item->next)
        status = add_item(unpacked, item->source, item->source_size, error);
    return status;
}

static enum hk_status take_body(const struct hk_webhook_config *config, bool is_ndjson,
    const char *body, size_t size, struct hk_unpacked *unpacked, struct hk_error *error);

/* Look into one JSON object. *ret_is_done: it was an envelope or a handshake. */
static enum hk_status look_into(const struct hk_webhook_config *config, const struct hk_json *root,
    struct hk_unpacked *unpacked, bool *ret_is_done, struct hk_error *error)
{
    const char *type = hk_json_string_at(root, "type", "");
    const char *challenge = hk_json_string_at(root, "challenge", NULL);
    const struct hk_json *list = config->items != NULL ? hk_json_at(root, config->items) : NULL;

    *ret_is_done = true;
    if (strcmp(type, "url_verification") == 0 && challenge != NULL) {
        unpacked->answer = hk_strdup(challenge);
        return unpacked->answer != NULL ? HK_OK : hk_fail(error, HK_NOMEM, "out of memory");
    }
    if (is_sns(root) && strcmp(hk_json_string_at(root, "Type", ""), "Notification") == 0) {
        const char *message = hk_json_string_at(root, "Message", "");
        return take_body(config, false, message, strlen(message), unpacked, error);
    }
    if (is_sns(root)) {
        tell_subscription(root, unpacked);
        return HK_OK;
    }
    if (list != NULL && list->type == HK_JSON_ARRAY)
        return take_list(list, unpacked, error);
    *ret_is_done = false;
    return HK_OK;
}

/* --- the body --- */

struct cut {
    struct hk_unpacked *unpacked;
    struct hk_error *error;
    enum hk_status status;
};

static void on_item(void *ctx, unsigned index, const char *text, size_t size)
{
    struct cut *cut = ctx;

    (void)index;
    if (cut->status == HK_OK)
        cut->status = add_item(cut->unpacked, text, size, cut->error);
}

/* The items of an array or of lines; the whole where it can't be cut. */
static enum hk_status cut_body(bool is_ndjson, const char *body, size_t size,
    struct hk_unpacked *unpacked, struct hk_error *error)
{
    struct cut cut = {.unpacked = unpacked, .error = error, .status = HK_OK};
    unsigned count = 0;
    enum hk_status status = hk_intake_split(
        body, size, is_ndjson, HK_ALERTS_PER_REQUEST_MAX, on_item, &cut, &count, error);

    if (status == HK_LIMIT)
        return status;
    if (status != HK_OK)
        return add_item(unpacked, body, size, error);
    return cut.status;
}

static enum hk_status take_body(/* NOLINT(misc-no-recursion): an envelope's message is smaller */
    const struct hk_webhook_config *config, bool is_ndjson, const char *body, size_t size,
    struct hk_unpacked *unpacked, struct hk_error *error)
{
    struct hk_json_doc doc = {.root = NULL};
    bool is_done = false;
    enum hk_status status = HK_OK;

    if (!is_ndjson && hk_json_parse(body, size, &limits, &doc, NULL) == HK_OK &&
        doc.root->type == HK_JSON_OBJECT)
        status = look_into(config, doc.root, unpacked, &is_done, error);
    hk_json_doc_done(&doc);
    if (status != HK_OK || is_done)
        return status;
    return size > 0 ? cut_body(is_ndjson, body, size, unpacked, error) : HK_OK;
}

enum hk_status hk_unpack(const struct hk_webhook_config *config, const char *content_type,
    const char *body, size_t size, struct hk_unpacked *ret_unpacked, struct hk_error *error)
{
    bool is_ndjson = is_type(content_type, "application/x-ndjson") ||
                     is_type(content_type, "application/ndjson") ||
                     is_type(content_type, "application/jsonl");
    struct hk_form form = {.text = NULL};
    const char *payload = NULL;
    enum hk_status status;

    memset(ret_unpacked, 0, sizeof(*ret_unpacked));
    hk_buf_init(&ret_unpacked->text, 2 * HK_WEBHOOK_BODY_SIZE_MAX);
    if (is_type(content_type, "application/x-www-form-urlencoded") &&
        hk_form_read(body, size, &form, NULL) == HK_OK)
        payload = hk_form_get(&form, "payload");
    if (payload != NULL) {
        body = payload;
        size = strlen(payload);
    }
    status = take_body(config, is_ndjson, body, size, ret_unpacked, error);
    hk_form_done(&form);
    return status;
}
