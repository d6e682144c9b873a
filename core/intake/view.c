/*
 * view: an alert in the form of the view. The table says what each known field must be; null counts
 * as absent; addresses, the time and hashes are written in their normal form; further fields are
 * kept as they came.
 */
#include "base/digest.h"
#include "base/ip.h"
#include "base/time.h"
#include "intake/forms.h"

#include <stdio.h>
#include <string.h>

#define PORT_MAX 65535
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum shape {
    SHAPE_TITLE,
    SHAPE_TEXT,
    SHAPE_SEVERITY,
    SHAPE_TIME,
    SHAPE_IP,
    SHAPE_PORT,
    SHAPE_SHA256,
    SHAPE_COUNT,
    SHAPE_OBJECT,
    SHAPE_PROCESS,
    SHAPE_TECHNIQUE,
    SHAPE_DROPPED, /* the raw bytes are kept beside the view, never in it */
};

static const struct {
    const char *path;
    enum shape shape;
} fields[] = {
    {"title", SHAPE_TITLE},
    {"category", SHAPE_TEXT},
    {"severity", SHAPE_SEVERITY},
    {"time", SHAPE_TIME},
    {"uid", SHAPE_TEXT},
    {"product", SHAPE_TEXT},
    {"src", SHAPE_OBJECT},
    {"src.ip", SHAPE_IP},
    {"src.port", SHAPE_PORT},
    {"src.host", SHAPE_TEXT},
    {"dst", SHAPE_OBJECT},
    {"dst.ip", SHAPE_IP},
    {"dst.port", SHAPE_PORT},
    {"dst.host", SHAPE_TEXT},
    {"device", SHAPE_OBJECT},
    {"device.host", SHAPE_TEXT},
    {"device.ip", SHAPE_IP},
    {"device.os", SHAPE_TEXT},
    {"user", SHAPE_OBJECT},
    {"user.name", SHAPE_TEXT},
    {"user.mail", SHAPE_TEXT},
    {"file", SHAPE_OBJECT},
    {"file.path", SHAPE_TEXT},
    {"file.sha256", SHAPE_SHA256},
    {"url", SHAPE_TEXT},
    {"process", SHAPE_PROCESS},
    {"technique", SHAPE_TECHNIQUE},
    {"count", SHAPE_COUNT},
    {"raw", SHAPE_DROPPED},
};

struct writer {
    struct hk_jw *jw;
    struct hk_form_facts *facts;
    struct hk_error *error;
};

static enum hk_status wrong(struct writer *writer, const char *path, const char *what)
{
    return hk_fail(writer->error, HK_INVALID, "%s is not %s", path, what);
}

static enum hk_status write_ip(struct writer *writer, const char *path, const char *text)
{
    char normal[HK_IP_TEXT_SIZE];
    struct hk_ip ip;
    enum hk_status status = hk_ip_parse(text, &ip, writer->error);

    if (status != HK_OK) {
        (void)hk_error_prefix(writer->error, "%s", path);
        return status;
    }
    hk_ip_format(&ip, normal);
    hk_jw_string(writer->jw, normal);
    return HK_OK;
}

/* Does the text say its time as RFC 3339 has it? It is known to be a time. */
static bool is_rfc3339(const char *text)
{
    size_t size = strlen(text);

    if (size < 20 || text[10] != 'T')
        return false;
    return text[size - 1] == 'Z' || (text[size - 3] == ':' && strchr("+-", text[size - 6]) != NULL);
}

static enum hk_status write_time(struct writer *writer, const char *path, const char *text)
{
    char normal[HK_TIME_TEXT_SIZE];
    enum hk_status status = hk_time_parse(text, &writer->facts->event_us, writer->error);

    if (status != HK_OK) {
        (void)hk_error_prefix(writer->error, "%s", path);
        return status;
    }
    hk_time_format(writer->facts->event_us, normal);
    hk_jw_string(writer->jw, is_rfc3339(text) ? text : normal);
    return HK_OK;
}

static void write_sha256(struct writer *writer, const char *text)
{
    char lower[65];
    size_t i;

    if (!hk_sha256_hex_is_valid(text)) {
        hk_jw_string(writer->jw, text);
        return;
    }
    for (i = 0; i < sizeof(lower) - 1; i++)
        lower[i] = (char)(text[i] >= 'A' && text[i] <= 'F' ? text[i] - 'A' + 'a' : text[i]);
    lower[i] = '\0';
    hk_jw_string(writer->jw, lower);
}

static enum hk_status write_text(
    struct writer *writer, const char *path, enum shape shape, const struct hk_json *value)
{
    const char *text = hk_json_string(value);

    if (text == NULL)
        return wrong(writer, path, "a text");
    switch (shape) {
    case SHAPE_IP:
        return write_ip(writer, path, text);
    case SHAPE_TIME:
        return write_time(writer, path, text);
    case SHAPE_SHA256:
        write_sha256(writer, text);
        return HK_OK;
    case SHAPE_TITLE:
        if (text[0] == '\0')
            return hk_fail(writer->error, HK_INVALID, "title is empty");
        break;
    case SHAPE_SEVERITY:
        writer->facts->severity = hk_severity_from_text(text);
        if (writer->facts->severity == HK_SEVERITY_NONE)
            return wrong(writer, path, "one of informational, low, medium, high, critical, fatal");
        break;
    default:
        break;
    }
    hk_jw_value(writer->jw, value);
    return HK_OK;
}

/* A text or a list of texts, written as a list. */
static enum hk_status write_technique(struct writer *writer, const struct hk_json *value)
{
    if (value->type == HK_JSON_STRING) {
        hk_jw_array(writer->jw);
        hk_jw_value(writer->jw, value);
        hk_jw_array_end(writer->jw);
        return HK_OK;
    }
    if (value->type != HK_JSON_ARRAY)
        return wrong(writer, "technique", "a list of texts");
    for (const struct hk_json *item = value->first; item != NULL; item = item->next)
        if (item->type != HK_JSON_STRING)
            return wrong(writer, "technique", "a list of texts");
    hk_jw_value(writer->jw, value);
    return HK_OK;
}

static enum hk_status write_number(
    struct writer *writer, const char *path, enum shape shape, const struct hk_json *value)
{
    int64_t number;

    if (shape == SHAPE_PORT && (!hk_json_i64(value, &number) || number < 0 || number > PORT_MAX))
        return wrong(writer, path, "a port from 0 to 65535");
    if (shape == SHAPE_COUNT && (!hk_json_i64(value, &number) || number < 1))
        return wrong(writer, path, "a whole number from 1 on");
    hk_jw_i64(writer->jw, number);
    return HK_OK;
}

static enum hk_status write_fields(
    struct writer *writer, const char *prefix, const struct hk_json *object);

static enum hk_status write_field(
    struct writer *writer, const char *path, enum shape shape, const struct hk_json *value)
{
    switch (shape) {
    case SHAPE_PORT:
    case SHAPE_COUNT:
        return write_number(writer, path, shape, value);
    case SHAPE_OBJECT:
        if (value->type != HK_JSON_OBJECT)
            return wrong(writer, path, "an object");
        return write_fields(writer, path, value);
    case SHAPE_PROCESS:
        if (value->type != HK_JSON_OBJECT && value->type != HK_JSON_STRING)
            return wrong(writer, path, "a text or an object");
        hk_jw_value(writer->jw, value);
        return HK_OK;
    case SHAPE_TECHNIQUE:
        return write_technique(writer, value);
    default:
        return write_text(writer, path, shape, value);
    }
}

static size_t find_field(const char *prefix, const char *key)
{
    size_t prefix_size = strlen(prefix);

    for (size_t i = 0; i < COUNT(fields); i++) {
        const char *path = fields[i].path;
        if (prefix_size == 0 && strcmp(path, key) == 0)
            return i;
        if (prefix_size > 0 && strncmp(path, prefix, prefix_size) == 0 &&
            path[prefix_size] == '.' && strcmp(path + prefix_size + 1, key) == 0)
            return i;
    }
    return COUNT(fields);
}

/* prefix is "" at the top and "src" and so on below: two levels, no more. */
static enum hk_status write_fields(
    struct writer *writer, const char *prefix, const struct hk_json *object)
{
    hk_jw_object(writer->jw);
    for (const struct hk_json *value = object->first; value != NULL; value = value->next) {
        /* A key with a dot is nobody's path. */
        size_t i = strchr(value->key, '.') == NULL ? find_field(prefix, value->key) : COUNT(fields);
        enum hk_status status;
        if (i == COUNT(fields)) {
            hk_jw_kv_value(writer->jw, value->key, value);
            continue;
        }
        if (value->type == HK_JSON_NULL || fields[i].shape == SHAPE_DROPPED)
            continue;
        hk_jw_key(writer->jw, value->key);
        status = write_field(writer, fields[i].path, fields[i].shape, value);
        if (status != HK_OK)
            return status;
    }
    if (prefix[0] != '\0')
        hk_jw_object_end(writer->jw);
    return HK_OK;
}

enum hk_status hk_view_read(const struct hk_json *alert, struct hk_jw *jw,
    struct hk_form_facts *facts, struct hk_error *error)
{
    struct writer writer = {jw, facts, error};
    const struct hk_json *time = hk_json_get(alert, "time");
    const struct hk_json *title = hk_json_get(alert, "title");
    const struct hk_json *product = hk_json_get(alert, "product");
    enum hk_status status;

    if (title == NULL || title->type == HK_JSON_NULL)
        return hk_fail(error, HK_INVALID, "title is missing");
    facts->severity = HK_SEVERITY_NONE;
    status = write_fields(&writer, "", alert);
    if (status != HK_OK)
        return status;
    if (facts->severity == HK_SEVERITY_NONE) {
        facts->severity = HK_SEVERITY_MEDIUM; /* neither lost nor alarming */
        hk_jw_kv(jw, "severity", hk_severity_text(facts->severity));
    }
    if (facts->product != NULL && (product == NULL || product->type == HK_JSON_NULL))
        hk_jw_kv(jw, "product", facts->product);
    if (time == NULL || time->type == HK_JSON_NULL)
        hk_jw_kv_time(jw, "time", facts->event_us);
    hk_jw_object_end(jw);
    return HK_OK;
}

bool hk_view_is_own(const struct hk_json *object)
{
    if (object == NULL || object->type != HK_JSON_OBJECT)
        return false;
    for (const struct hk_json *child = object->first; child != NULL; child = child->next) {
        size_t i = 0;
        while (i < COUNT(fields) && strcmp(fields[i].path, child->key) != 0)
            i++;
        if (i == COUNT(fields))
            return false;
    }
    return true;
}
