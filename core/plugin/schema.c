/* The subset of JSON Schema that actions use. Small on purpose: what it can't say, an action checks
 * itself in start. */
#include "base/secrets.h"
#include "limits.h"
#include "plugin/descriptor.h"
#include "plugin/pool.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32
#define PATH_SIZE 256

static const char *const type_names[] = {
    "null", "boolean", "integer", "number", "string", "array", "object"};
static const char *const annotations[] = {"title", "description", "default", "examples", "format",
    "x-secret", "x-narrow", "$schema", "$comment", "deprecated"};

struct check {
    char path[PATH_SIZE]; /* of the value that is looked at, "" at the top */
    struct hk_error *error;
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_among(const char *text, const char *const *list, size_t count)
{
    for (size_t i = 0; text != NULL && i < count; i++)
        if (strcmp(list[i], text) == 0)
            return true;
    return false;
}

static const char *shown(const struct check *check)
{
    return check->path[0] != '\0' ? check->path : "arguments";
}

/* --- is the schema itself one that we understand? --- */

static enum hk_status check_schema(
    struct check *check, const struct hk_json *schema, unsigned depth);

static enum hk_status bad(const struct check *check, const char *word, const char *what)
{
    return hk_fail(check->error, HK_INVALID, "schema%s%s: '%s' must be %s",
        check->path[0] != '\0' ? " of " : "", check->path, word, what);
}

/* Make the path of a child; return the old length to cut back to. */
static size_t descend(struct check *check, const char *name, unsigned index)
{
    size_t old = strlen(check->path);
    char *end = check->path + old;

    if (name != NULL)
        snprintf(end, PATH_SIZE - old, "%s%s", old > 0 ? "." : "", name);
    else
        snprintf(end, PATH_SIZE - old, "[%u]", index);
    return old;
}

static enum hk_status check_properties(
    struct check *check, const struct hk_json *properties, unsigned depth)
{
    if (properties->type != HK_JSON_OBJECT)
        return bad(check, "properties", "an object");
    for (const struct hk_json *p = properties->first; p != NULL; p = p->next) {
        size_t old = descend(check, p->key, 0);
        enum hk_status status = check_schema(check, p, depth + 1);
        if (status != HK_OK)
            return status;
        check->path[old] = '\0';
    }
    return HK_OK;
}

static bool is_type(const struct hk_json *type)
{
    if (type->type == HK_JSON_STRING)
        return is_among(type->text, type_names, COUNT(type_names));
    if (type->type != HK_JSON_ARRAY || type->count == 0)
        return false;
    for (const struct hk_json *item = type->first; item != NULL; item = item->next)
        if (!is_among(hk_json_string(item), type_names, COUNT(type_names)))
            return false;
    return true;
}

static enum hk_status check_word(struct check *check, const struct hk_json *word, unsigned depth)
{
    static const char *const bounds[] = {"minLength", "maxLength", "minItems", "maxItems"};
    const char *name = word->key;
    int64_t count = 0;

    if (strcmp(name, "type") == 0)
        return is_type(word) ? HK_OK : bad(check, name, "a type or a list of types");
    if (strcmp(name, "properties") == 0)
        return check_properties(check, word, depth);
    if (strcmp(name, "items") == 0)
        return check_schema(check, word, depth + 1);
    if (strcmp(name, "additionalProperties") == 0)
        return word->type == HK_JSON_TRUE || word->type == HK_JSON_FALSE
                   ? HK_OK
                   : check_schema(check, word, depth + 1);
    if (strcmp(name, "required") == 0)
        return hk_json_is_texts(word) ? HK_OK : bad(check, name, "a list of names");
    if (strcmp(name, "enum") == 0)
        return word->type == HK_JSON_ARRAY && word->count > 0
                   ? HK_OK
                   : bad(check, name, "a list of values");
    if (strcmp(name, "minimum") == 0 || strcmp(name, "maximum") == 0)
        return word->type == HK_JSON_NUMBER ? HK_OK : bad(check, name, "a number");
    if (is_among(name, bounds, COUNT(bounds)))
        return hk_json_i64(word, &count) && count >= 0 ? HK_OK : bad(check, name, "a count");
    if (is_among(name, annotations, COUNT(annotations)))
        return HK_OK;
    return hk_fail(check->error, HK_UNSUPPORTED,
        "schema%s%s: '%s' is not among the words that this engine applies",
        check->path[0] != '\0' ? " of " : "", check->path, name);
}

static enum hk_status check_schema(
    struct check *check, const struct hk_json *schema, unsigned depth)
{
    if (depth > DEPTH_MAX)
        return hk_fail(check->error, HK_LIMIT, "schema: nested too deeply");
    if (schema->type != HK_JSON_OBJECT)
        return hk_fail(check->error, HK_INVALID, "schema%s%s: not a JSON object",
            check->path[0] != '\0' ? " of " : "", check->path);
    for (const struct hk_json *word = schema->first; word != NULL; word = word->next) {
        enum hk_status status = check_word(check, word, depth);
        if (status != HK_OK)
            return status;
    }
    return HK_OK;
}

/* *ret_doc is for the caller to end, also after a failure. */
static enum hk_status read_schema(
    struct check *check, const char *schema, struct hk_json_doc *ret_doc)
{
    enum hk_status status =
        hk_json_parse(schema, strlen(schema), &hk_json_limits_own, ret_doc, check->error);

    if (status != HK_OK)
        return hk_error_prefix(check->error, "schema");
    return check_schema(check, ret_doc->root, 0);
}

enum hk_status hk_schema_is_supported(const char *schema, struct hk_error *error)
{
    struct check check = {.error = error};
    struct hk_json_doc doc = {0};

    enum hk_status status = read_schema(&check, schema, &doc);
    hk_json_doc_done(&doc);
    return status;
}

/* --- does a value follow it? --- */

static bool is_integer(const struct hk_json *value)
{
    double number = 0;

    /* 1.0 is an integer in JSON Schema; a long literal without fraction is one whatever its size.
     */
    if (strpbrk(value->text, ".eE") == NULL)
        return true;
    if (!hk_json_double(value, &number) || !isfinite(number))
        return false;
    return fabs(number) >= 9007199254740992.0 || (double)(int64_t)number == number;
}

static bool has_type(const struct hk_json *value, const char *type)
{
    switch (value->type) {
    case HK_JSON_NULL:
        return strcmp(type, "null") == 0;
    case HK_JSON_FALSE:
    case HK_JSON_TRUE:
        return strcmp(type, "boolean") == 0;
    case HK_JSON_NUMBER:
        return strcmp(type, "number") == 0 || (strcmp(type, "integer") == 0 && is_integer(value));
    case HK_JSON_STRING:
        return strcmp(type, "string") == 0;
    case HK_JSON_ARRAY:
        return strcmp(type, "array") == 0;
    case HK_JSON_OBJECT: /* a secret stands for a text, which nobody looks at before it is sent */
        return strcmp(type, hk_secret_name(value) != NULL ? "string" : "object") == 0;
    }
    return false;
}

static enum hk_status check_type(
    struct check *check, const struct hk_json *type, const struct hk_json *value)
{
    char wanted[96] = "";

    if (type == NULL)
        return HK_OK;
    const struct hk_json *item = type->type == HK_JSON_ARRAY ? type->first : type;
    for (; item != NULL; item = item->next) {
        if (has_type(value, item->text))
            return HK_OK;
        size_t used = strlen(wanted);
        snprintf(wanted + used, sizeof(wanted) - used, "%s%s", used > 0 ? " or " : "", item->text);
        if (type->type != HK_JSON_ARRAY)
            break;
    }
    return hk_fail(check->error, HK_INVALID, "%s must be of type %s, not %s", shown(check), wanted,
        hk_json_type_name(value->type));
}

static int compare_integers(const char *a, const char *b)
{
    bool negative = *a == '-';

    if (negative != (*b == '-'))
        return negative ? -1 : 1;
    a += negative ? 1 : 0;
    b += negative ? 1 : 0;
    size_t a_size = strlen(a);
    size_t b_size = strlen(b);
    int order = a_size != b_size ? (a_size < b_size ? -1 : 1) : strcmp(a, b);
    return negative ? -order : order;
}

/* Exact between integers of any length, else as doubles. */
static int compare_numbers(const struct hk_json *a, const struct hk_json *b)
{
    double x = 0;
    double y = 0;

    if (strpbrk(a->text, ".eE") == NULL && strpbrk(b->text, ".eE") == NULL &&
        strcmp(a->text, "-0") != 0 && strcmp(b->text, "-0") != 0)
        return compare_integers(a->text, b->text);
    if (!hk_json_double(a, &x))
        x = a->text[0] == '-' ? -INFINITY : INFINITY;
    if (!hk_json_double(b, &y))
        y = b->text[0] == '-' ? -INFINITY : INFINITY;
    return x < y ? -1 : x > y;
}

static bool is_same(const struct hk_json *a, const struct hk_json *b)
{
    struct hk_buf x;
    struct hk_buf y;

    if (a->type != b->type)
        return false;
    if (a->type == HK_JSON_NUMBER)
        return compare_numbers(a, b) == 0;
    hk_buf_init(&x, HK_WIRE_FRAME_SIZE_MAX);
    hk_buf_init(&y, HK_WIRE_FRAME_SIZE_MAX);
    hk_json_canonical(a, &x);
    hk_json_canonical(b, &y);
    bool same = !x.failed && !y.failed && x.size == y.size && memcmp(x.data, y.data, x.size) == 0;
    hk_buf_done(&x);
    hk_buf_done(&y);
    return same;
}

static enum hk_status check_enum(
    struct check *check, const struct hk_json *list, const struct hk_json *value)
{
    if (list == NULL)
        return HK_OK;
    for (const struct hk_json *item = list->first; item != NULL; item = item->next)
        if (is_same(item, value))
            return HK_OK;
    return hk_fail(check->error, HK_INVALID, "%s must be one of %.*s", shown(check),
        (int)(list->source_size > 160 ? 160 : list->source_size), list->source);
}

static int64_t characters(const struct hk_json *text)
{
    int64_t count = 0;

    for (size_t i = 0; i < text->text_size; i++)
        count += ((unsigned char)text->text[i] & 0xc0) != 0x80;
    return count;
}

static enum hk_status check_counts(
    struct check *check, const struct hk_json *schema, const struct hk_json *value)
{
    bool is_text = value->type == HK_JSON_STRING;

    if (!is_text && value->type != HK_JSON_ARRAY)
        return HK_OK;
    int64_t count = is_text ? characters(value) : value->count;
    int64_t least = hk_json_i64_at(schema, is_text ? "minLength" : "minItems", 0);
    int64_t most = hk_json_i64_at(schema, is_text ? "maxLength" : "maxItems", INT64_MAX);
    const char *unit = is_text ? "characters" : "items";
    if (count < least)
        return hk_fail(check->error, HK_INVALID, "%s must have at least %lld %s", shown(check),
            (long long)least, unit);
    if (count > most)
        return hk_fail(check->error, HK_INVALID, "%s must have at most %lld %s", shown(check),
            (long long)most, unit);
    return HK_OK;
}

static enum hk_status check_range(
    struct check *check, const struct hk_json *schema, const struct hk_json *value)
{
    const struct hk_json *least = hk_json_get(schema, "minimum");
    const struct hk_json *most = hk_json_get(schema, "maximum");

    if (value->type != HK_JSON_NUMBER)
        return HK_OK;
    if (least != NULL && compare_numbers(value, least) < 0)
        return hk_fail(
            check->error, HK_INVALID, "%s must be at least %s", shown(check), least->text);
    if (most != NULL && compare_numbers(value, most) > 0)
        return hk_fail(check->error, HK_INVALID, "%s must be at most %s", shown(check), most->text);
    return HK_OK;
}

static enum hk_status check_value(
    struct check *check, const struct hk_json *schema, const struct hk_json *value, unsigned depth);

static enum hk_status check_object(
    struct check *check, const struct hk_json *schema, const struct hk_json *value, unsigned depth)
{
    const struct hk_json *required = hk_json_get(schema, "required");
    const struct hk_json *properties = hk_json_get(schema, "properties");
    const struct hk_json *others = hk_json_get(schema, "additionalProperties");

    for (const struct hk_json *name = required != NULL ? required->first : NULL; name != NULL;
         name = name->next) {
        if (hk_json_get(value, name->text) != NULL)
            continue;
        (void)descend(check, name->text, 0);
        return hk_fail(check->error, HK_INVALID, "%s is missing", shown(check));
    }
    for (const struct hk_json *item = value->first; item != NULL; item = item->next) {
        const struct hk_json *rule = hk_json_get(properties, item->key);
        if (rule == NULL)
            rule = others;
        if (rule == NULL || rule->type == HK_JSON_TRUE)
            continue;
        size_t old = descend(check, item->key, 0);
        enum hk_status status =
            rule->type == HK_JSON_FALSE
                ? hk_fail(check->error, HK_INVALID, "%s is not a known name here", shown(check))
                : check_value(check, rule, item, depth + 1);
        if (status != HK_OK)
            return status;
        check->path[old] = '\0';
    }
    return HK_OK;
}

static enum hk_status check_value(
    struct check *check, const struct hk_json *schema, const struct hk_json *value, unsigned depth)
{
    const struct hk_json *items = hk_json_get(schema, "items");
    unsigned index = 0;

    if (depth > DEPTH_MAX)
        return hk_fail(check->error, HK_LIMIT, "%s: nested too deeply", shown(check));
    enum hk_status status = check_type(check, hk_json_get(schema, "type"), value);
    if (status == HK_OK)
        status = check_enum(check, hk_json_get(schema, "enum"), value);
    if (status == HK_OK)
        status = check_counts(check, schema, value);
    if (status == HK_OK)
        status = check_range(check, schema, value);
    if (status == HK_OK && value->type == HK_JSON_OBJECT && hk_secret_name(value) == NULL)
        status = check_object(check, schema, value, depth);
    if (status != HK_OK || value->type != HK_JSON_ARRAY || items == NULL)
        return status;
    for (const struct hk_json *item = value->first; item != NULL; item = item->next) {
        size_t old = descend(check, NULL, index++);
        status = check_value(check, items, item, depth + 1);
        if (status != HK_OK)
            return status;
        check->path[old] = '\0';
    }
    return HK_OK;
}

enum hk_status hk_schema_check(
    const char *schema, const struct hk_json *value, struct hk_error *error)
{
    struct check check = {.error = error};
    struct hk_json_doc doc = {0};

    enum hk_status status = read_schema(&check, schema, &doc);
    check.path[0] = '\0';
    if (status == HK_OK)
        status = check_value(&check, doc.root, value, 0);
    hk_json_doc_done(&doc);
    return status;
}
