#include "plugin/host.h"

#include "base/time.h"

#include <string.h>

static const struct hk_option *find_option(
    const struct hk_option *options, unsigned count, const char *name)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(options[i].name, name) == 0)
            return &options[i];
    return NULL;
}

/* Write value as the plugin gets it; return what it should have been, or NULL when it is right. */
static const char *write_value(
    struct hk_jw *jw, const struct hk_option *option, const struct hk_json *value)
{
    int64_t number = 0;
    bool truth = false;

    hk_jw_key(jw, option->name);
    switch (option->type) {
    case HK_OPTION_TEXT:
        hk_jw_value(jw, value);
        return value->type == HK_JSON_STRING ? NULL : "a text";
    case HK_OPTION_INTEGER:
        hk_jw_value(jw, value);
        return hk_json_i64(value, &number) ? NULL : "an integer";
    case HK_OPTION_BOOLEAN:
        hk_jw_value(jw, value);
        return hk_json_bool(value, &truth) ? NULL : "true or false";
    case HK_OPTION_LIST:
        hk_jw_value(jw, value);
        return hk_json_is_texts(value) ? NULL : "a list of texts";
    case HK_OPTION_DURATION:
        if (value->type != HK_JSON_STRING || hk_duration_parse(value->text, &number, NULL) != HK_OK)
            number = -1;
        hk_jw_i64(jw, number);
        return number >= 0 ? NULL : "a duration such as \"30s\" or \"4h\"";
    case HK_OPTION_JSON:
        hk_jw_value(jw, value);
        return NULL;
    }
    hk_jw_null(jw);
    return "of a type that exists (the plugin's table is wrong)";
}

static enum hk_status write_option(struct hk_jw *jw, const struct hk_option *option,
    const struct hk_json *given, struct hk_error *error)
{
    const struct hk_json *value = hk_json_get(given, option->name);
    struct hk_json_doc fallback = {0};
    const char *wanted = NULL;

    if (value == NULL) {
        if (option->default_json == NULL)
            return hk_fail(error, HK_INVALID, "option %s is missing (%s)", option->name,
                option->help != NULL ? option->help : "required");
        enum hk_status status = hk_json_parse(option->default_json, strlen(option->default_json),
            &hk_json_limits_own, &fallback, error);
        if (status != HK_OK) {
            (void)hk_error_prefix(error, "the default of option %s", option->name);
            return status;
        }
        value = fallback.root;
        /* A default of null means: not set, which any type may be. */
        if (value->type == HK_JSON_NULL) {
            hk_jw_key(jw, option->name);
            hk_jw_null(jw);
            hk_json_doc_done(&fallback);
            return HK_OK;
        }
    }
    wanted = write_value(jw, option, value);
    hk_json_doc_done(&fallback);
    if (wanted != NULL)
        return hk_fail(error, HK_INVALID, "option %s must be %s", option->name, wanted);
    return HK_OK;
}

enum hk_status hk_host_options(const struct hk_option *options, unsigned option_count,
    const struct hk_json *given, struct hk_buf *out, struct hk_error *error)
{
    struct hk_jw jw;

    if (given != NULL && given->type != HK_JSON_OBJECT)
        return hk_fail(error, HK_INVALID, "its options must be an object");
    for (const struct hk_json *item = given != NULL ? given->first : NULL; item != NULL;
         item = item->next)
        if (find_option(options, option_count, item->key) == NULL)
            return hk_fail(error, HK_INVALID, "there is no option %s", item->key);
    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    for (unsigned i = 0; i < option_count; i++) {
        enum hk_status status = write_option(&jw, &options[i], given, error);
        if (status != HK_OK)
            return status;
    }
    hk_jw_object_end(&jw);
    return hk_buf_check(out, "options", error);
}
