#include "plugin/result.h"

#include "limits.h"
#include "plugin/pool.h"

#include <string.h>

struct writer {
    struct hk_jw *jw;
    const struct hk_secrets *secrets;
};

static bool is_secret(const struct hk_json *schema)
{
    return hk_json_bool_at(schema, "x-secret", false);
}

/* The part of the schema that a member or item follows; NULL: none. */
static const struct hk_json *rule_of(const struct hk_json *schema, const struct hk_json *child)
{
    const struct hk_json *rule = NULL;

    if (child->key == NULL)
        return hk_json_get(schema, "items");
    rule = hk_json_get(hk_json_get(schema, "properties"), child->key);
    return rule != NULL ? rule : hk_json_get(schema, "additionalProperties");
}

static void write_text(const struct writer *writer, const char *text)
{
    struct hk_buf hidden;

    hk_buf_init(&hidden, 16 * HK_PLUGIN_RESULT_SIZE_MAX);
    if (hk_secrets_hide(writer->secrets, text, NULL)) {
        (void)hk_secrets_hide(writer->secrets, text, &hidden);
        text = hidden.failed ? "[secret]" : hidden.data;
    }
    hk_jw_string(writer->jw, text);
    hk_buf_done(&hidden);
}

/* As deep as the document is: its reader bounds that. */
static void write(
    const struct writer *writer, const struct hk_json *schema, const struct hk_json *value)
{
    bool is_object = value->type == HK_JSON_OBJECT;

    if (is_secret(schema)) {
        hk_jw_object(writer->jw);
        hk_jw_kv_bool(writer->jw, "$redacted", true);
        hk_jw_object_end(writer->jw);
    } else if (is_object || value->type == HK_JSON_ARRAY) {
        is_object ? hk_jw_object(writer->jw) : hk_jw_array(writer->jw);
        for (const struct hk_json *child = value->first; child != NULL; child = child->next) {
            if (is_object)
                hk_jw_key(writer->jw, child->key);
            write(writer, rule_of(schema, child), child);
        }
        is_object ? hk_jw_object_end(writer->jw) : hk_jw_array_end(writer->jw);
    } else if (value->type == HK_JSON_STRING) {
        write_text(writer, value->text);
    } else {
        hk_jw_value(writer->jw, value);
    }
}

/* Does a text hold a secret, however it is escaped? */
static bool repeats_secret(const struct hk_secrets *secrets, const struct hk_json *value)
{
    if (value->type == HK_JSON_STRING)
        return hk_secrets_hide(secrets, value->text, NULL);
    for (const struct hk_json *child = value->first; child != NULL; child = child->next)
        if (repeats_secret(secrets, child))
            return true;
    return false;
}

/* A name can't be replaced: it might become another one that is there. */
static bool names_secret(const struct hk_secrets *secrets, const struct hk_json *value)
{
    if (value->key != NULL && hk_secrets_hide(secrets, value->key, NULL))
        return true;
    for (const struct hk_json *child = value->first; child != NULL; child = child->next)
        if (names_secret(secrets, child))
            return true;
    return false;
}

static void write_result(const struct hk_json *value, const char *schema,
    const struct hk_secrets *secrets, struct hk_buf *out)
{
    struct hk_json_doc rules = {0};
    struct hk_jw jw;
    const struct writer writer = {&jw, secrets};

    if (schema != NULL &&
        hk_json_parse(schema, strlen(schema), &hk_json_limits_own, &rules, NULL) != HK_OK) {
        out->failed = true; /* it was read a moment ago: memory is short */
        return;
    }
    hk_jw_init(&jw, out);
    write(&writer, rules.root, value);
    hk_json_doc_done(&rules);
}

enum hk_status hk_result_read(const char *text, const char *schema,
    const struct hk_secrets *secrets, struct hk_buf *out, struct hk_error *error)
{
    struct hk_json_doc doc = {0};

    if (strlen(text) > HK_PLUGIN_RESULT_SIZE_MAX)
        return hk_fail(error, HK_LIMIT, "its result is too big");
    if (hk_json_parse(text, strlen(text), &hk_json_limits_own, &doc, error) != HK_OK)
        return hk_error_prefix(error, "its result is no JSON");
    enum hk_status status = doc.root->type == HK_JSON_OBJECT
                                ? HK_OK
                                : hk_fail(error, HK_INVALID, "its result is no JSON object");
    if (status == HK_OK && schema != NULL && hk_schema_check(schema, doc.root, error) != HK_OK)
        status = hk_error_prefix(error, "its result does not follow its schema");
    if (status == HK_OK && names_secret(secrets, doc.root))
        status = hk_fail(error, HK_INVALID, "its result has a secret for a name");
    if (status == HK_OK) {
        if ((schema != NULL && strstr(schema, "\"x-secret\"") != NULL) ||
            repeats_secret(secrets, doc.root))
            write_result(doc.root, schema, secrets, out);
        else
            hk_buf_append_text(out, text);
        status = hk_buf_check(out, "result", error);
    }
    hk_json_doc_done(&doc);
    return status;
}
