/*
 * search_doc: see search_doc.h.
 */
#include "ledger/search_doc.h"

#include "base/severity.h"
#include "base/text.h"
#include "ledger/search_words.h"
#include "limits.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Payloads' texts, by kind. A kind that is not here, nor an alert's, is not indexed. */
static const struct {
    enum hk_kind kind;
    const char *path;
    enum hk_search_column column;
} texts[] = {
    {HK_KIND_ALERT_CLOSED, "note", HK_SEARCH_NOTE},
    {HK_KIND_ALERT_CLOSED, "verdict", HK_SEARCH_TEXT},
    {HK_KIND_RUN_STARTED, "playbook", HK_SEARCH_TITLE},
    {HK_KIND_RUN_DIVERGED, "where", HK_SEARCH_TEXT},
    {HK_KIND_RUN_FAILED, "error", HK_SEARCH_TEXT},
    {HK_KIND_RUN_CANCELLED, "reason", HK_SEARCH_NOTE},
    {HK_KIND_PLAYBOOK_ADDED, "name", HK_SEARCH_TITLE},
    {HK_KIND_PLAYBOOK_ADDED, "summary", HK_SEARCH_TEXT},
    {HK_KIND_GATE_OPENED, "summary", HK_SEARCH_TITLE},
    {HK_KIND_GATE_OPENED, "action", HK_SEARCH_ACTION},
    {HK_KIND_GATE_OPENED, "target", HK_SEARCH_TARGET},
    {HK_KIND_GATE_VOTED, "reason", HK_SEARCH_NOTE},
    {HK_KIND_GATE_VOTED, "choice", HK_SEARCH_TEXT},
    {HK_KIND_GATE_NARROWED, "reason", HK_SEARCH_NOTE},
    {HK_KIND_GATE_NARROWED, "summary", HK_SEARCH_TITLE},
    {HK_KIND_GATE_NARROWED, "target", HK_SEARCH_TARGET},
    {HK_KIND_GATE_DELEGATED, "reason", HK_SEARCH_NOTE},
    {HK_KIND_GATE_NOTED, "text", HK_SEARCH_NOTE},
    {HK_KIND_GATE_DECIDED, "reason", HK_SEARCH_NOTE},
    {HK_KIND_GATE_VOIDED, "why", HK_SEARCH_TEXT},
    {HK_KIND_GAP_OPENED, "name", HK_SEARCH_TITLE},
    {HK_KIND_GAP_OPENED, "detail", HK_SEARCH_TEXT},
    {HK_KIND_CONTAINMENT_STARTING, "action", HK_SEARCH_ACTION},
    {HK_KIND_CONTAINMENT_STARTING, "target", HK_SEARCH_TARGET},
    {HK_KIND_CONTAINMENT_STARTING, "residual", HK_SEARCH_TEXT},
    {HK_KIND_CONTAINMENT_FAILED, "reason", HK_SEARCH_NOTE},
    {HK_KIND_CONTAINMENT_UNKNOWN, "why", HK_SEARCH_TEXT},
    {HK_KIND_CONTAINMENT_RENEWING, "reason", HK_SEARCH_NOTE},
    {HK_KIND_CONTAINMENT_RELEASING, "reason", HK_SEARCH_NOTE},
    {HK_KIND_CONTAINMENT_HELD, "reason", HK_SEARCH_NOTE},
    {HK_KIND_CONTAINMENT_RELEASED, "reason", HK_SEARCH_NOTE},
    {HK_KIND_CASE_OPENED, "title", HK_SEARCH_TITLE},
    {HK_KIND_CASE_SPLIT, "reason", HK_SEARCH_NOTE},
    {HK_KIND_CASE_PHASE, "reason", HK_SEARCH_NOTE},
    {HK_KIND_CASE_ASSIGNED, "to", HK_SEARCH_USER},
    {HK_KIND_CASE_NOTED, "text", HK_SEARCH_NOTE},
    {HK_KIND_CASE_DESCRIBED, "happening", HK_SEARCH_NOTE},
    {HK_KIND_CASE_DESCRIBED, "title", HK_SEARCH_TITLE},
    {HK_KIND_CASE_DESCRIBED, "do_now", HK_SEARCH_NOTE},
    {HK_KIND_CASE_DESCRIBED, "impact", HK_SEARCH_NOTE},
    {HK_KIND_CASE_DESCRIBED, "scope", HK_SEARCH_NOTE},
    {HK_KIND_CASE_EVIDENCE, "note", HK_SEARCH_NOTE},
    {HK_KIND_CASE_EVIDENCE, "name", HK_SEARCH_FILE},
    {HK_KIND_CASE_EVIDENCE, "place", HK_SEARCH_FILE},
    {HK_KIND_CASE_EVIDENCE, "sha256", HK_SEARCH_HASH},
    {HK_KIND_CASE_PROPOSED, "note", HK_SEARCH_NOTE},
    {HK_KIND_CASE_RELEASING, "reason", HK_SEARCH_NOTE},
    {HK_KIND_CASE_CLOSED, "note", HK_SEARCH_NOTE},
    {HK_KIND_CASE_CLOSED, "verdict", HK_SEARCH_TEXT},
    {HK_KIND_CASE_REOPENED, "reason", HK_SEARCH_NOTE},
    {HK_KIND_CASE_MERGED, "reason", HK_SEARCH_NOTE},
    {HK_KIND_CASE_UNMERGED, "reason", HK_SEARCH_NOTE},
    {HK_KIND_TASK_OPENED, "reason", HK_SEARCH_NOTE},
    {HK_KIND_TASK_OPENED, "title", HK_SEARCH_TITLE},
    {HK_KIND_TASK_OPENED, "instruction", HK_SEARCH_TEXT},
    {HK_KIND_TASK_OPENED, "owner", HK_SEARCH_USER},
    {HK_KIND_TASK_OPENED, "action", HK_SEARCH_ACTION},
    {HK_KIND_TASK_OPENED, "target", HK_SEARCH_TARGET},
    {HK_KIND_TASK_ASSIGNED, "to", HK_SEARCH_USER},
    {HK_KIND_TASK_DONE, "evidence", HK_SEARCH_NOTE},
};

/* Fields of the view; what is not here goes to the column text. A path that ends in '.' stands for
 * all below it. */
static const struct {
    const char *path;
    enum hk_search_column column;
} view_fields[] = {
    {"title", HK_SEARCH_TITLE},
    {"product", HK_SEARCH_PRODUCT},
    {"category", HK_SEARCH_CATEGORY},
    {"src.ip", HK_SEARCH_SRC_IP},
    {"src.host", HK_SEARCH_SRC_HOST},
    {"dst.ip", HK_SEARCH_DST_IP},
    {"dst.host", HK_SEARCH_DST_HOST},
    {"device.ip", HK_SEARCH_DEVICE_IP},
    {"device.host", HK_SEARCH_DEVICE_HOST},
    {"device.id", HK_SEARCH_ID},
    {"user.mail", HK_SEARCH_MAIL},
    {"user.", HK_SEARCH_USER},
    {"file.sha256", HK_SEARCH_HASH},
    {"file.sha1", HK_SEARCH_HASH},
    {"file.md5", HK_SEARCH_HASH},
    {"file.", HK_SEARCH_FILE},
    {"url", HK_SEARCH_URL},
    {"domain", HK_SEARCH_DOMAIN},
    {"process.user", HK_SEARCH_USER},
    {"process.sha256", HK_SEARCH_HASH},
    {"process", HK_SEARCH_PROCESS},
    {"process.", HK_SEARCH_PROCESS},
    {"technique", HK_SEARCH_TECHNIQUE},
    {"rule.", HK_SEARCH_RULE},
    {"action", HK_SEARCH_ACTION},
    {"target.user", HK_SEARCH_USER},
    {"target.", HK_SEARCH_TARGET},
    {"mail.from", HK_SEARCH_MAIL},
    {"mail.to", HK_SEARCH_MAIL},
    {"uid", HK_SEARCH_ID},
};

void hk_search_doc_init(struct hk_search_doc *doc)
{
    memset(doc, 0, sizeof(*doc));
    for (int i = 0; i < HK_SEARCH_COLUMN_COUNT; i++)
        hk_buf_init(&doc->columns[i], HK_SEARCH_COLUMN_SIZE_MAX);
}

void hk_search_doc_done(struct hk_search_doc *doc)
{
    for (int i = 0; i < HK_SEARCH_COLUMN_COUNT; i++)
        hk_buf_done(&doc->columns[i]);
}

/* --- texts --- */

/* FNV-1a, which is enough to see that a text came before: one that is left out by chance is a word
 * less to find, once in 2^58 texts. */
static uint64_t hash_of(const char *text, size_t size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static void put_text(
    struct hk_search_doc *doc, enum hk_search_column column, const char *text, size_t size)
{
    uint64_t hash;

    size = hk_utf8_prefix(text, size, HK_SEARCH_TEXT_SIZE_MAX);
    hash = hash_of(text, size);
    doc->seen[hash % COUNT(doc->seen)] = hash;
    hk_search_words(text, size, &doc->columns[column]);
}

/* What came and stands in the view already is not indexed a second time. */
static bool was_put(const struct hk_search_doc *doc, const char *text, size_t size)
{
    uint64_t hash = hash_of(text, size);

    return doc->seen[hash % COUNT(doc->seen)] == hash;
}

/* All texts and numbers below a value go to one column. */
static void put_value(
    struct hk_search_doc *doc, enum hk_search_column column, const struct hk_json *value)
{
    if (value == NULL)
        return;
    if (value->type == HK_JSON_STRING || value->type == HK_JSON_NUMBER)
        put_text(doc, column, value->text, value->text_size);
    for (const struct hk_json *child = value->first; child != NULL; child = child->next)
        put_value(doc, column, child);
}

static enum hk_search_column view_column(const char *path)
{
    for (size_t i = 0; i < COUNT(view_fields); i++) {
        size_t size = strlen(view_fields[i].path);

        if (strcmp(path, view_fields[i].path) == 0 ||
            (view_fields[i].path[size - 1] == '.' && strncmp(path, view_fields[i].path, size) == 0))
            return view_fields[i].column;
    }
    return HK_SEARCH_TEXT;
}

/* Two levels have names; what is further down is text. */
static void put_view(struct hk_search_doc *doc, const struct hk_json *object, const char *prefix)
{
    char path[64];

    for (const struct hk_json *item = object != NULL ? object->first : NULL; item != NULL;
         item = item->next) {
        if (strcmp(item->key, "severity") == 0 || strcmp(item->key, "time") == 0)
            continue;
        (void)snprintf(path, sizeof(path), "%s%s", prefix, item->key);
        if (item->type == HK_JSON_OBJECT && prefix[0] == '\0') {
            (void)snprintf(path, sizeof(path), "%.60s.", item->key);
            put_view(doc, item, path);
        } else {
            put_value(doc, view_column(path), item);
        }
    }
}

/* The bytes that came: texts in them that the view hasn't, up to a bound. */
static void put_raw(struct hk_search_doc *doc, const struct hk_json *value, size_t *left)
{
    if (value == NULL || *left == 0)
        return;
    if (value->type == HK_JSON_STRING && !was_put(doc, value->text, value->text_size)) {
        size_t size = value->text_size < *left ? value->text_size : *left;

        size = hk_utf8_prefix(value->text, value->text_size, size);
        put_text(doc, HK_SEARCH_TEXT, value->text, size);
        *left = size < value->text_size ? 0 : *left - size;
    }
    for (const struct hk_json *child = value->first; child != NULL; child = child->next)
        put_raw(doc, child, left);
}

/* --- entries --- */

static void put_facets(
    struct hk_search_doc *doc, const struct hk_entry *entry, const struct hk_json *payload)
{
    struct hk_buf *out = &doc->columns[HK_SEARCH_FACET];
    enum hk_severity severity = hk_severity_from_text(hk_json_string_at(payload, "severity", NULL));

    hk_buf_appendf(out, HK_SEARCH_FACET_ALL " :%s", hk_search_noun_text(hk_kind_noun(entry->kind)));
    if (severity != HK_SEVERITY_NONE)
        hk_buf_appendf(out, " " HK_SEARCH_FACET_SEVERITY "%d", (int)severity);
}

static bool put_payload(struct hk_search_doc *doc, enum hk_kind kind, const struct hk_json *payload)
{
    size_t raw_left = HK_SEARCH_RAW_SIZE_MAX;
    bool is_known = false;

    if (kind == HK_KIND_ALERT_RECEIVED || kind == HK_KIND_ALERT_MERGED) {
        put_value(doc, HK_SEARCH_SOURCE, hk_json_get(payload, "source"));
        put_view(doc, hk_json_get(payload, "view"), "");
        put_raw(doc, hk_json_get(payload, "raw"), &raw_left);
        return true;
    }
    for (size_t i = 0; i < COUNT(texts); i++) {
        if (texts[i].kind != kind)
            continue;
        put_value(doc, texts[i].column, hk_json_at(payload, texts[i].path));
        is_known = true;
    }
    if (kind == HK_KIND_CASE_OPENED) /* "ip:203.0.113.66": the kind is a word, too */
        put_value(doc, HK_SEARCH_TARGET, hk_json_get(payload, "entities"));
    return is_known;
}

bool hk_search_doc_fill(struct hk_search_doc *doc, const struct hk_entry *entry,
    const char *payload, size_t payload_size)
{
    struct hk_json_doc parsed = {.root = NULL};
    bool is_known = false;

    for (int i = 0; i < HK_SEARCH_COLUMN_COUNT; i++)
        hk_buf_clear(&doc->columns[i]);
    memset(doc->seen, 0, sizeof(doc->seen));
    if (payload == NULL || hk_search_noun_text(hk_kind_noun(entry->kind)) == NULL ||
        hk_json_parse(payload, payload_size, &hk_json_limits_own, &parsed, NULL) != HK_OK)
        return false;
    is_known = put_payload(doc, entry->kind, parsed.root);
    if (is_known) {
        put_facets(doc, entry, parsed.root);
        put_text(doc, HK_SEARCH_ID, entry->subject, strlen(entry->subject));
    }
    hk_json_doc_done(&parsed);
    return is_known;
}

const char *hk_search_doc_note(enum hk_kind kind, const struct hk_json *payload)
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        const char *text;

        if (texts[i].kind != kind || texts[i].column != HK_SEARCH_NOTE)
            continue;
        text = hk_json_string_at(payload, texts[i].path, NULL);
        if (text != NULL)
            return text;
    }
    return NULL;
}
