/*
 * read: tell the form of an alert, have it read, and keep what came; see intake.h.
 */
#include "base/text.h"
#include "intake/dedupe.h"
#include "intake/forms.h"
#include "intake/intake.h"
#include "limits.h"

#include <stdlib.h>
#include <string.h>

static const struct hk_json_limits limits = {
    .size_max = HK_ALERT_SIZE_MAX,
    .depth_max = HK_ALERT_DEPTH_MAX,
    .nodes_max = HK_ALERT_NODES_MAX,
};

void hk_alert_in_done(struct hk_alert_in *alert)
{
    free(alert->view);
    free(alert->raw);
    hk_json_doc_done(&alert->parsed);
    memset(alert, 0, sizeof(*alert));
}

static enum hk_status read_form(const struct hk_json *root, struct hk_jw *jw,
    struct hk_form_facts *facts, const char **ret_form, struct hk_error *error)
{
    const char *event_type = hk_json_string(hk_json_get(root, "event_type"));

    if (root->type != HK_JSON_OBJECT)
        return hk_fail(error, HK_INVALID, "an alert is a JSON object, this is %s",
            hk_json_type_name(root->type));
    if (hk_json_get(root, "title") != NULL) {
        *ret_form = "view";
        return hk_view_read(root, jw, facts, error);
    }
    if (event_type == NULL)
        return hk_fail(error, HK_INVALID,
            "neither an alert with a title nor a Suricata EVE event (no event_type)");
    if (strcmp(event_type, "alert") != 0)
        return hk_fail(error, HK_INVALID,
            "a Suricata EVE event of event_type \"%.40s\" is no alert", event_type);
    *ret_form = "suricata";
    return hk_eve_read(root, jw, facts, error);
}

enum hk_status hk_alert_finish(struct hk_buf *view, char *take_raw, const char *form,
    const struct hk_form_facts *facts, const struct hk_dedupe_rule *rule,
    struct hk_alert_in *ret_alert, struct hk_error *error)
{
    const char *const *fields =
        rule != NULL && rule->fields != NULL ? rule->fields : hk_dedupe_fields_default;
    struct hk_alert_in alert = {
        .raw = take_raw, .form = form, .severity = facts->severity, .event_us = facts->event_us};
    enum hk_status status = hk_buf_check(view, "alert view", error);

    if (status == HK_OK && take_raw == NULL)
        status = hk_fail(error, HK_NOMEM, "out of memory");
    /* Read what was written, which has all values in their normal form, and sign it. */
    if (status == HK_OK)
        status = hk_json_parse(view->data, view->size, &hk_json_limits_own, &alert.parsed, error);
    if (status == HK_OK)
        status = hk_dedupe_key(alert.parsed.root, fields, alert.dedupe, error);
    if (status == HK_OK && (alert.view = hk_buf_take(view, NULL)) == NULL)
        status = hk_fail(error, HK_NOMEM, "out of memory");
    if (status == HK_OK)
        *ret_alert = alert;
    else
        hk_alert_in_done(&alert);
    return status;
}

enum hk_status hk_intake_read(const char *text, size_t size, const struct hk_dedupe_rule *dedupe,
    int64_t now_us, struct hk_alert_in *ret_alert, struct hk_error *error)
{
    struct hk_form_facts facts = {.event_us = now_us};
    struct hk_json_doc doc = {0};
    const char *form = "";
    struct hk_buf view;
    struct hk_jw jw;
    enum hk_status status;

    hk_buf_init(&view, HK_VIEW_SIZE_MAX);
    hk_jw_init(&jw, &view);
    status = hk_json_parse(text, size, &limits, &doc, error);
    if (status == HK_OK)
        status = read_form(doc.root, &jw, &facts, &form, error);
    if (status == HK_OK)
        status = hk_alert_finish(&view, hk_strndup(doc.root->source, doc.root->source_size), form,
            &facts, dedupe, ret_alert, error);
    hk_buf_done(&view);
    hk_json_doc_done(&doc);
    return status;
}
