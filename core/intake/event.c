/*
 * event: see event.h.
 */
#include "intake/event.h"

#include "base/text.h"
#include "base/time.h"
#include "intake/fields.h"
#include "limits.h"

#include <stdio.h>
#include <string.h>

#define ARENA_SIZE_MAX (32UL * 1024 * 1024) /* 4096 fields, each copied, of an alert's size */
#define CSV_COMMAS_MIN 4
#define REPLACEMENT "\xef\xbf\xbd"

static const struct hk_json_limits json_limits = {
    .size_max = HK_ALERT_SIZE_MAX,
    .depth_max = HK_ALERT_DEPTH_MAX,
    .nodes_max = HK_ALERT_NODES_MAX,
};

/* What is being put together. */
struct making {
    struct hk_event *event;
    struct hk_tree tree;
    struct hk_tree_node *envelope;
};

static void put(struct making *making, const char *key, struct hk_slice text)
{
    if (text.size > 0)
        hk_tree_text(&making->tree, making->envelope, hk_slice_of(key), text);
}

static void put_text(struct making *making, const char *key, const char *text)
{
    if (text != NULL)
        put(making, key, hk_slice_of(text));
}

static void put_number(struct making *making, const char *key, int number)
{
    char text[16];

    (void)snprintf(text, sizeof(text), "%d", number);
    put_text(making, key, text);
}

/* A copy that is good UTF-8 and has no NUL. */
static bool clean(struct hk_arena *arena, struct hk_slice bytes, struct hk_slice *ret_text)
{
    char *copy;
    size_t size = 0;
    size_t part = 0;
    size_t at = 0;

    if (hk_utf8_is_valid(bytes.at, bytes.size) && memchr(bytes.at, '\0', bytes.size) == NULL) {
        ret_text->at = hk_arena_copy(arena, bytes.at, bytes.size);
        ret_text->size = bytes.size;
        return ret_text->at != NULL;
    }
    copy = hk_arena_alloc(arena, bytes.size * strlen(REPLACEMENT) + 1);
    if (copy == NULL)
        return false;
    while (at < bytes.size) {
        size_t good;
        if (at >= part) /* up to the next NUL: so no byte is looked at for each one before it */
            part = at + hk_slice_until(hk_slice_after(bytes, at), '\0');
        good = hk_utf8_valid_prefix(bytes.at + at, part - at);
        memcpy(copy + size, bytes.at + at, good);
        size += good;
        at += good;
        if (at == bytes.size)
            break;
        memcpy(copy + size, REPLACEMENT, strlen(REPLACEMENT));
        size += strlen(REPLACEMENT);
        at++;
    }
    *ret_text = (struct hk_slice){copy, size};
    return true;
}

/* --- the body --- */

static bool try_json(struct hk_event *event, struct hk_slice text)
{
    struct hk_json_limits limits = json_limits;

    if (text.size == 0 || text.at[0] != '{')
        return false;
    limits.is_lenient = true;
    if (hk_json_parse(text.at, text.size, &json_limits, &event->doc, NULL) != HK_OK &&
        hk_json_parse(text.at, text.size, &limits, &event->doc, NULL) != HK_OK)
        return false;
    event->reads |= HK_READS_JSON;
    event->body = event->doc.root;
    return true;
}

/* JSON at the end of a text: "name -: {…}". */
static bool try_json_behind(struct making *making)
{
    struct hk_slice text = making->event->text;
    size_t open = hk_slice_until(text, '{');

    if (text.size < 2 || text.at[text.size - 1] != '}' || open + 2 >= text.size)
        return false;
    if (text.at[open + 1] != '"' && text.at[open + 1] != ' ' && text.at[open + 1] != '\n')
        return false;
    if (!try_json(making->event, hk_slice_after(text, open)))
        return false;
    put(making, "@prefix", hk_slice_trim((struct hk_slice){text.at, open}));
    return true;
}

/* Four bytes; case does not matter. */
static bool may_hold(const struct hk_event *event, const char *four)
{
    struct hk_needs needs = {.count = 0};

    hk_needs_add(&needs, hk_slice_of(four));
    return hk_grams_may(&event->grams, &needs);
}

static bool try_fields(struct making *making)
{
    struct hk_slice text = making->event->text;
    struct hk_fields_head head = {.vendor = {NULL, 0}};
    struct hk_tree_node *body = NULL;
    unsigned reads = HK_READS_CEF;

    if (may_hold(making->event, "CEF:") && hk_slice_find(text, "CEF:", 4) < text.size)
        body = hk_cef_read(text, &making->tree, &head);
    if (body == NULL && may_hold(making->event, "EEF:") &&
        hk_slice_find(text, "LEEF:", 5) < text.size) {
        reads = HK_READS_LEEF;
        body = hk_leef_read(text, &making->tree, &head);
    }
    if (body == NULL)
        return false;
    making->event->reads |= reads | HK_READS_TEXT;
    making->event->body = &body->json;
    put(making, "@vendor", head.vendor);
    put(making, "@device", head.product);
    put(making, "@version", head.version);
    put(making, "@id", head.id);
    put(making, "@name", head.name);
    put(making, "@severity", head.severity);
    return true;
}

static bool try_xml(struct making *making)
{
    static const char *const begins[] = {"<?xml", "<Event>", "<Event "};
    struct hk_slice text = making->event->text;
    struct hk_tree_node *body;
    size_t begin = text.size;

    if (!may_hold(making->event, "<?xm") && !may_hold(making->event, "<Eve"))
        return false;
    for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
        size_t at = hk_slice_find(text, begins[i], strlen(begins[i]));
        begin = at < begin ? at : begin;
    }
    if (begin >= text.size)
        return false;
    body = hk_xml_read(hk_slice_after(text, begin), &making->tree);
    if (body == NULL)
        return false;
    making->event->reads |= HK_READS_XML | HK_READS_TEXT;
    making->event->body = &body->json;
    return true;
}

/* Structured data: under @sd by element, and flat as the first of the body's pairs. */
static void read_sd(struct making *making, struct hk_tree_node *body)
{
    struct hk_sd_cursor cursor = {.at = 0};
    struct hk_tree_node *elements;
    struct hk_tree_node *element = NULL;
    struct hk_slice id = {NULL, 0};
    struct hk_sd_param param;
    char *scratch = hk_arena_alloc(making->tree.arena, making->event->syslog.sd.size + 1);

    if (scratch == NULL)
        making->tree.failed = true;
    elements = hk_tree_branch(&making->tree, making->envelope, hk_slice_of("@sd"), HK_JSON_OBJECT);
    while (scratch != NULL && hk_sd_next(making->event->syslog.sd, &cursor, &param)) {
        size_t size = 0;
        if (element == NULL || param.id.at != id.at)
            element = hk_tree_branch(&making->tree, elements, param.id, HK_JSON_OBJECT);
        id = param.id;
        for (size_t i = 0; i < param.value.size; i++) {
            if (param.value.at[i] == '\\' && i + 1 < param.value.size &&
                strchr("\"\\]", param.value.at[i + 1]) != NULL)
                i++;
            scratch[size++] = param.value.at[i];
        }
        hk_tree_text(&making->tree, element, param.name, (struct hk_slice){scratch, size});
        hk_tree_text(&making->tree, body, param.name, (struct hk_slice){scratch, size});
    }
}

static void add_pairs(struct making *making, struct hk_tree_node *body)
{
    struct hk_slice text = making->event->text;
    struct hk_tree_node *pairs;

    if (text.size == 0)
        return;
    pairs = hk_pairs_read(text, hk_pairs_guess(text), &making->tree);
    if (pairs == NULL || body == NULL)
        return;
    if (body->last == NULL)
        body->json.first = pairs->json.first;
    else
        body->last->next = pairs->json.first;
    if (pairs->last != NULL)
        body->last = pairs->last;
    body->json.count += pairs->json.count;
}

static void read_plain(struct making *making)
{
    struct hk_event *event = making->event;
    struct hk_tree_node *body;
    size_t commas = 0;

    making->tree.nodes = 0; /* what was read in vain before leaves no less room */
    body = hk_tree_branch(&making->tree, NULL, (struct hk_slice){NULL, 0}, HK_JSON_OBJECT);
    if (body == NULL)
        return;
    event->body = &body->json;
    event->reads |= HK_READS_TEXT;
    if (event->syslog.sd.size > 0)
        read_sd(making, body);
    add_pairs(making, body);
    if (body->json.count > 0)
        event->reads |= HK_READS_PAIRS;
    for (size_t i = 0; i < event->text.size && commas < CSV_COMMAS_MIN; i++)
        commas += event->text.at[i] == ',';
    if (commas == CSV_COMMAS_MIN) {
        struct hk_tree tree = {.arena = making->tree.arena}; /* beside the pairs, not after them */
        struct hk_tree_node *values = hk_csv_read(event->text, ',', &tree);
        event->reads |= HK_READS_CSV;
        if (values != NULL)
            hk_tree_value(&tree, making->envelope, hk_slice_of("@csv"), &values->json);
        making->tree.failed = making->tree.failed || tree.failed;
    }
}

/* --- the envelope --- */

static void put_header(struct making *making)
{
    struct hk_event *event = making->event;
    const struct hk_syslog *syslog = &event->syslog;

    put(making, "@host", syslog->host);
    put(making, "@app", syslog->app);
    put(making, "@pid", syslog->pid);
    put(making, "@msgid", syslog->msgid);
    if (syslog->facility >= 0)
        put_number(making, "@facility", syslog->facility);
    if (syslog->severity >= 0)
        put_number(making, "@level", syslog->severity);
    if (syslog->has_time) {
        char time[HK_TIME_TEXT_SIZE];
        hk_time_format(syslog->time_us, time);
        put_text(making, "@time", time);
    }
}

static void put_hint(struct making *making, const struct hk_message_hint *hint)
{
    static const char *const transports[] = {"api", "syslog", "file", "webhook"};

    put_text(making, "@source", hint->source);
    put_text(making, "@peer", hint->peer);
    if ((unsigned)hint->transport < sizeof(transports) / sizeof(transports[0]))
        put_text(making, "@transport", transports[hint->transport]);
}

/* The columns' line of a Zeek file's head, and the log's name for "_path". */
static bool try_zeek(struct making *making, struct hk_slice line, const char *head)
{
    struct hk_slice rest = head != NULL ? hk_slice_of(head) : (struct hk_slice){NULL, 0};
    struct hk_slice columns = {NULL, 0};
    struct hk_slice path = {NULL, 0};
    struct hk_tree_node *body;

    while (rest.size > 0) {
        struct hk_slice one = {rest.at, hk_slice_until(rest, '\n')};
        if (hk_slice_starts(one, "#fields\t"))
            columns = one;
        if (hk_slice_starts(one, "#path\t"))
            path = hk_slice_trim(hk_slice_after(one, 6));
        rest = hk_slice_after(rest, one.size < rest.size ? one.size + 1 : one.size);
    }
    if (columns.size == 0 || hk_slice_until(line, '\t') == line.size)
        return false;
    body = hk_zeek_read(line, columns, &making->tree);
    if (body == NULL)
        return false;
    if (path.size > 0)
        hk_tree_text(&making->tree, body, hk_slice_of("_path"), path);
    making->event->body = &body->json;
    making->event->reads |= HK_READS_ZEEK | HK_READS_TEXT;
    return true;
}

/* A line of an export: "<13>…" or "{…}" in quotes. */
static struct hk_slice without_quotes(struct hk_slice text)
{
    if (text.size < 4 || text.at[0] != '"' || text.at[text.size - 1] != '"' ||
        (text.at[1] != '<' && text.at[1] != '{'))
        return text;
    return (struct hk_slice){text.at + 1, text.size - 2};
}

/* Many mappings ask the text for words. */
static bool copy_lower(struct hk_event *event)
{
    char *copy = hk_arena_copy(&event->arena, event->text.at, event->text.size);

    if (copy == NULL)
        return false;
    for (size_t i = 0; i < event->text.size; i++)
        copy[i] = hk_lower(copy[i]);
    event->lower = (struct hk_slice){copy, event->text.size};
    return true;
}

static enum hk_status read_text(
    struct making *making, struct hk_slice bytes, const struct hk_message_hint *hint)
{
    struct hk_event *event = making->event;
    struct hk_slice text;

    if (!clean(&event->arena, without_quotes(bytes), &text))
        return HK_NOMEM;
    if (try_zeek(making, text, hint->head)) {
        event->text = text;
        put(making, "@text", text);
        return HK_OK;
    }
    hk_syslog_read(text, &event->ground, &event->syslog);
    event->has_syslog = event->syslog.severity >= 0 || event->syslog.has_time;
    event->text = event->syslog.msg;
    put_header(making);
    put(making, "@text", event->text);
    if (making->envelope->last != NULL) /* the hint's first: there is one */
        event->shown =
            (struct hk_slice){making->envelope->last->text, making->envelope->last->text_size};
    hk_grams_of(event->text, &event->grams);
    if (!copy_lower(event))
        return HK_NOMEM;
    if (!try_json(event, event->text) && !try_json_behind(making) && !try_fields(making) &&
        !try_xml(making))
        read_plain(making);
    return HK_OK;
}

enum hk_status hk_event_read(const char *bytes, size_t size, const struct hk_message_hint *hint,
    struct hk_event *ret_event, struct hk_error *error)
{
    struct hk_slice message = hk_slice_trim((struct hk_slice){bytes, size});
    struct making making = {.event = ret_event, .tree = {.arena = &ret_event->arena}};
    enum hk_status status = HK_OK;

    memset(ret_event, 0, sizeof(*ret_event));
    hk_arena_init(&ret_event->arena, ARENA_SIZE_MAX);
    ret_event->ground = (struct hk_when_ground){hint->now_us, hint->utc_offset_min};
    ret_event->syslog.facility = -1;
    ret_event->syslog.severity = -1;
    if (message.size == 0)
        return hk_fail(error, HK_INVALID, "a message of nothing but blanks");
    if (message.size > HK_ALERT_SIZE_MAX)
        return hk_fail(error, HK_LIMIT, "a message of more than %d bytes", HK_ALERT_SIZE_MAX);
    ret_event->glob_steps = hk_arena_alloc(&ret_event->arena, sizeof(*ret_event->glob_steps));
    if (ret_event->glob_steps == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a message");
    *ret_event->glob_steps = HK_MAPPING_GLOB_STEPS_MAX;
    making.envelope =
        hk_tree_branch(&making.tree, NULL, (struct hk_slice){NULL, 0}, HK_JSON_OBJECT);
    put_hint(&making, hint);
    if (message.at[0] == '{' &&
        hk_json_parse(message.at, message.size, &json_limits, &ret_event->doc, NULL) == HK_OK) {
        ret_event->reads = HK_READS_JSON;
        ret_event->body = ret_event->doc.root;
        ret_event->is_object = true;
        ret_event->source = message;
    } else {
        status = read_text(&making, message, hint);
    }
    if (status != HK_OK || making.tree.failed || making.envelope == NULL ||
        ret_event->body == NULL) {
        bool is_large = ret_event->arena.used > ARENA_SIZE_MAX / 2;
        hk_event_done(ret_event);
        /* The same again would fail again: who has it must cut it. */
        if (is_large)
            return hk_fail(error, HK_LIMIT, "a message that takes too much memory");
        return hk_fail(error, HK_NOMEM, "no memory for a message");
    }
    ret_event->envelope = &making.envelope->json;
    ret_event->envelope_keys = hk_path_keys_of(ret_event->envelope);
    ret_event->body_keys = hk_path_keys_of(ret_event->body);
    return HK_OK;
}

void hk_event_done(struct hk_event *event)
{
    hk_json_doc_done(&event->doc);
    hk_arena_done(&event->arena);
}

void hk_event_read_as(struct hk_event *event, const struct hk_mapping *mapping)
{
    struct hk_tree tree = {.arena = &event->arena};
    struct hk_tree_node *body = NULL;

    if (mapping->columns != NULL && (event->reads & (HK_READS_ZEEK | HK_READS_JSON)) == 0)
        body = hk_zeek_read(event->text, hk_slice_of(mapping->columns), &tree);
    else if (mapping->has_pairs && mapping->is_loose && (event->reads & HK_READS_TEXT) != 0)
        body = hk_pairs_read_loose(event->text, &tree);
    else if (mapping->has_pairs && (event->reads & HK_READS_TEXT) != 0)
        body = hk_pairs_read(event->text,
            (struct hk_pairs_rule){mapping->pairs_between, mapping->pairs_equals}, &tree);
    if (body == NULL || tree.failed)
        return;
    event->body = &body->json;
    event->body_keys = hk_path_keys_of(event->body);
}

/* --- messages in messages --- */

/* The one object of a list. */
static const struct hk_json *only_object(const struct hk_json *list)
{
    if (list == NULL || list->type != HK_JSON_ARRAY || list->count != 1 ||
        list->first->type != HK_JSON_OBJECT)
        return NULL;
    return list->first;
}

static const struct hk_json *inner_object(const struct hk_json *body)
{
    static const char *const lists[] = {"Records", "records", "findings", "Findings", "value",
        "events", "alerts", "data", "items", "result", "results", "resources"};
    static const char *const objects[] = {
        "detail", "event", "data", "payload", "alert", "result", "body", "record", "_source"};
    const struct hk_json *inner = NULL;

    for (size_t i = 0; inner == NULL && i < sizeof(lists) / sizeof(lists[0]); i++)
        inner = only_object(hk_json_get(body, lists[i]));
    for (size_t i = 0; inner == NULL && i < sizeof(objects) / sizeof(objects[0]); i++) {
        const struct hk_json *object = hk_json_get(body, objects[i]);
        if (object != NULL && object->type == HK_JSON_OBJECT && object->count > 1)
            inner = object;
    }
    return inner;
}

/* A value of a line with commas that is a JSON object. */
static bool inner_of_csv(const struct hk_event *event, struct hk_slice *ret_bytes)
{
    const struct hk_json *values = hk_json_get(event->envelope, "@csv");

    for (const struct hk_json *value = values != NULL ? values->first : NULL; value != NULL;
         value = value->next) {
        if (value->text_size > 2 && value->text[0] == '{' &&
            value->text[value->text_size - 1] == '}') {
            *ret_bytes = (struct hk_slice){value->text, value->text_size};
            return true;
        }
    }
    return false;
}

bool hk_event_inner(const struct hk_event *event, struct hk_slice *ret_bytes)
{
    static const char *const texts[] = {"_raw", "event.original", "message", "Message", "log",
        "rawMessage", "SyslogMessage", "RawData", "raw", "msg", "event", "data", "properties.log"};
    const struct hk_json *inner;

    if ((event->reads & HK_READS_CSV) != 0 && inner_of_csv(event, ret_bytes))
        return true;
    if ((event->reads & HK_READS_JSON) == 0)
        return false;
    inner = inner_object(event->body);
    if (inner != NULL) {
        *ret_bytes = (struct hk_slice){inner->source, inner->source_size};
        return true;
    }
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        inner = hk_json_at(event->body, texts[i]);
        if (inner != NULL && inner->type == HK_JSON_STRING && inner->text_size > 8) {
            *ret_bytes = (struct hk_slice){inner->text, inner->text_size};
            return true;
        }
    }
    return false;
}

static struct hk_slice first_text(
    const struct hk_json *body, const char *const *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *text = hk_json_string(hk_json_at(body, paths[i]));
        if (text != NULL && text[0] != '\0')
            return hk_slice_of(text);
    }
    return (struct hk_slice){NULL, 0};
}

void hk_event_note_outer(struct hk_event *event, const struct hk_event *outer)
{
    static const char *const hosts[] = {
        "host.name", "agent.hostname", "hostname", "HostName", "Computer", "host"};
    static const char *const ips[] = {"HostIP", "host.ip", "host_ip", "source_ip", "fromhost-ip"};

    event->outer_host = outer->syslog.host.size > 0
                            ? outer->syslog.host
                            : first_text(outer->body, hosts, sizeof(hosts) / sizeof(hosts[0]));
    event->outer_ip = first_text(outer->body, ips, sizeof(ips) / sizeof(ips[0]));
}
