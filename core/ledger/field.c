/*
 * field: fields of a payload, for SQL; see field.h.
 */
#include "ledger/field.h"

#include <sqlite3.h>

#define POINTER_TYPE "hk_field_source"

void hk_field_source_done(struct hk_field_source *source)
{
    if (source->is_parsed)
        hk_json_doc_done(&source->doc);
    source->is_parsed = false;
    source->payload = NULL;
}

void hk_field_source_set(struct hk_field_source *source, const char *payload, size_t size)
{
    hk_field_source_done(source);
    source->payload = payload;
    source->size = size;
}

int hk_field_bind(sqlite3_stmt *stmt, int parameter, struct hk_field_source *source)
{
    return sqlite3_bind_pointer(stmt, parameter, source, POINTER_TYPE, NULL);
}

/* Without the white space between values, as json_extract gives it; strings as they are written. */
static void answer_json(sqlite3_context *context, const struct hk_json *value)
{
    char *text = sqlite3_malloc64(value->source_size + 1);
    bool in_string = false;
    size_t size = 0;

    if (text == NULL) {
        sqlite3_result_error_nomem(context);
        return;
    }
    for (size_t i = 0; i < value->source_size; i++) {
        char c = value->source[i];

        if (!in_string && (c == ' ' || c == '\t' || c == '\n' || c == '\r'))
            continue;
        text[size++] = c;
        if (c == '"')
            in_string = !in_string;
        else if (in_string && c == '\\')
            text[size++] = value->source[++i];
    }
    sqlite3_result_text64(context, text, size, sqlite3_free, SQLITE_UTF8);
}

static void answer_number(sqlite3_context *context, const struct hk_json *value)
{
    int64_t integer;
    double real;

    if (hk_json_i64(value, &integer))
        sqlite3_result_int64(context, integer);
    else if (hk_json_double(value, &real))
        sqlite3_result_double(context, real);
    else
        sqlite3_result_error(context, "a number in a payload is none", -1);
}

static void answer(sqlite3_context *context, const struct hk_json *value)
{
    if (value == NULL)
        return; /* NULL */
    switch (value->type) {
    case HK_JSON_NULL:
        break;
    case HK_JSON_FALSE:
    case HK_JSON_TRUE:
        sqlite3_result_int(context, value->type == HK_JSON_TRUE);
        break;
    case HK_JSON_NUMBER:
        answer_number(context, value);
        break;
    case HK_JSON_STRING:
        sqlite3_result_text64(
            context, value->text, value->text_size, SQLITE_TRANSIENT, SQLITE_UTF8);
        break;
    case HK_JSON_ARRAY:
    case HK_JSON_OBJECT:
        answer_json(context, value);
        break;
    }
}

static void sql_field(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct hk_field_source *source = sqlite3_value_pointer(values[0], POINTER_TYPE);
    const char *path = (const char *)sqlite3_value_text(values[1]);
    struct hk_error error;

    (void)count;
    if (source == NULL || path == NULL || source->payload == NULL)
        return;
    if (!source->is_parsed) {
        if (hk_json_parse(source->payload, source->size, &hk_json_limits_own, &source->doc,
                &error) != HK_OK) {
            sqlite3_result_error(context, error.text, -1);
            return;
        }
        source->is_parsed = true;
    }
    answer(context, hk_json_at(source->doc.root, path));
}

enum hk_status hk_field_add_function(sqlite3 *db, struct hk_error *error)
{
    if (sqlite3_create_function_v2(db, "hk_field", 2, SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL,
            sql_field, NULL, NULL, NULL) != SQLITE_OK)
        return hk_store_fail(db, "can't add a function", error);
    return HK_OK;
}
