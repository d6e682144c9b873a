/*
 * products: see products.h. A message is read as an event, the mapping that knows it is looked up,
 * and its view is written. What nobody knows, and what its mapping fails on, is written by a
 * mapping of ours that knows nothing but names that are in common use.
 */
#include "intake/products.h"

#include "base/severity.h"
#include "base/time.h"
#include "intake/apply.h"
#include "intake/embed.h"
#include "intake/forms.h"
#include "intake/match.h"
#include "intake/raw.h"
#include "intake/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_SIZE_MAX (256UL * 1024 * 1024)
#define INNER_DEPTH_MAX 3 /* of messages in messages */
#define RANK_OWN 1000     /* a tenant's mappings stand above all that are built in */
#define FILE_UNMAPPED "unmapped.json"
#define VIEW_SIZE_USUAL 1024

#define LIKES_MAX 64 /* built-in mappings that those of one tenant are like */

/* A mapping of this set. Its document is kept while the set is being made; afterwards its text,
 * when it is built in, since mappings of others may be like it. */
struct entry {
    const char *form;
    struct hk_mapping mapping;
    struct hk_json_doc doc;
    struct hk_mapping_file file;
};

struct hk_products {
    struct hk_arena arena;
    const struct hk_products *builtin; /* NULL: this is it */
    struct entry *entries;             /* of this set alone */
    size_t entry_count;
    struct entry *likes; /* documents of built-in mappings, while this set is being made */
    size_t like_count;
    struct hk_mapping unmapped;         /* of the built-in set */
    const struct hk_mapping **mappings; /* all, in the order in which they are asked */
    size_t mapping_count;
    const struct hk_match_index *index;
    const struct entry *reading; /* while the set is being made */
};

/* --- making a set --- */

static struct entry *entry_in(struct entry *entries, size_t count, const char *form)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(entries[i].form, form) == 0)
            return &entries[i];
    return NULL;
}

static const struct entry *entry_of(const struct hk_products *products, const char *form)
{
    return products != NULL ? entry_in(products->entries, products->entry_count, form) : NULL;
}

static unsigned line_at(const char *text, const char *error_text)
{
    size_t offset = 0;
    unsigned line = 1;

    if (strncmp(error_text, "byte ", 5) == 0)
        offset = strtoul(error_text + 5, NULL, 10);
    for (size_t i = 0; i < offset && text[i] != '\0'; i++)
        line += text[i] == '\n';
    return line;
}

static enum hk_status parse_file(
    const struct hk_mapping_file *file, struct hk_json_doc *ret_doc, struct hk_error *error)
{
    static const struct hk_json_limits limits = {
        .size_max = HK_MAPPING_SIZE_MAX, .depth_max = 16, .nodes_max = 50000};
    enum hk_status status = hk_json_parse(file->text, file->size, &limits, ret_doc, error);

    if (status != HK_OK && error != NULL)
        (void)hk_error_prefix(error, "%s:%u", file->name, line_at(file->text, error->text));
    return status;
}

/* The document of a mapping that another one is like, of this set or built in. What stands in for
 * a built-in one may be like that. */
static const struct hk_json *like(void *ctx, const char *form)
{
    struct hk_products *products = ctx;
    const struct entry *known = entry_of(products, form);
    struct entry *read;

    if (known == NULL || known == products->reading)
        known = entry_of(products->builtin, form);
    if (known == NULL || products->like_count == LIKES_MAX)
        return NULL;
    for (size_t i = 0; i < products->like_count; i++)
        if (products->likes[i].file.text == known->file.text)
            return products->likes[i].doc.root;
    read = &products->likes[products->like_count];
    read->file = known->file;
    if (parse_file(&known->file, &read->doc, NULL) != HK_OK)
        return NULL;
    products->like_count++;
    return read->doc.root;
}

static bool is_taken(const char *form)
{
    return strcmp(form, "view") == 0 || strcmp(form, "suricata") == 0 ||
           strcmp(form, HK_FORM_UNMAPPED) == 0;
}

static enum hk_status read_form(struct hk_products *products, const struct hk_mapping_file *file,
    const struct hk_json *root, struct hk_error *error)
{
    struct entry *entry = &products->entries[products->entry_count];
    const struct entry *other;
    const char *form;
    enum hk_status status = hk_mapping_form(file, root, &form, error);

    if (status != HK_OK)
        return status;
    other = entry_of(products, form);
    if (is_taken(form))
        return hk_fail(error, HK_INVALID, "%s:1: form: \"%s\" is taken", file->name, form);
    if (other != NULL)
        return hk_fail(error, HK_INVALID, "%s:1: form: \"%s\" is that of %s too", file->name, form,
            other->file.name);
    entry->form = hk_arena_copy(&products->arena, form, strlen(form));
    entry->file = *file;
    entry->file.name = hk_arena_copy(&products->arena, file->name, strlen(file->name));
    if (entry->form == NULL || entry->file.name == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for mappings");
    products->entry_count++;
    return HK_OK;
}

/* The names of all first, so that each can be like any other. Documents are many times as large as
 * what is made of them: there is one at a time. */
static enum hk_status read_forms(struct hk_products *products, const struct hk_mapping_file *files,
    size_t count, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < count && status == HK_OK; i++) {
        struct hk_json_doc doc = {.root = NULL};
        status = parse_file(&files[i], &doc, error);
        if (status == HK_OK)
            status = read_form(products, &files[i], doc.root, error);
        hk_json_doc_done(&doc);
    }
    return status;
}

static enum hk_status read_mappings(struct hk_products *products, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < products->entry_count && status == HK_OK; i++) {
        struct entry *entry = &products->entries[i];
        struct hk_json_doc doc = {.root = NULL};
        products->reading = entry;
        status = parse_file(&entry->file, &doc, error);
        if (status == HK_OK)
            status = hk_mapping_read(
                &entry->file, doc.root, &products->arena, like, products, &entry->mapping, error);
        entry->mapping.form = entry->form;
        hk_json_doc_done(&doc);
    }
    return status;
}

/* What was needed to make the set only. Texts that are built in stay. */
static void drop_documents(struct hk_products *products)
{
    for (size_t i = 0; products->builtin != NULL && i < products->entry_count; i++)
        products->entries[i].file.text = NULL;
    for (size_t i = 0; i < products->like_count; i++)
        hk_json_doc_done(&products->likes[i].doc);
    free(products->likes);
    products->likes = NULL;
    products->like_count = 0;
}

/* Its own mappings, then those built in that none of its own stands in for. */
static enum hk_status make_index(struct hk_products *products, struct hk_error *error)
{
    const struct hk_products *builtin = products->builtin;
    size_t count = products->entry_count + (builtin != NULL ? builtin->entry_count : 0);

    products->mappings =
        hk_arena_alloc(&products->arena, (count + 1) * sizeof(products->mappings[0]));
    if (products->mappings == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for mappings");
    for (size_t i = 0; i < products->entry_count; i++) {
        if (builtin != NULL)
            products->entries[i].mapping.rank += RANK_OWN;
        products->mappings[products->mapping_count++] = &products->entries[i].mapping;
    }
    for (size_t i = 0; builtin != NULL && i < builtin->entry_count; i++)
        if (entry_of(products, builtin->entries[i].mapping.form) == NULL)
            products->mappings[products->mapping_count++] = &builtin->entries[i].mapping;
    return hk_match_index_new(
        products->mappings, products->mapping_count, &products->arena, &products->index, error);
}

enum hk_status hk_products_new(const struct hk_products *builtin,
    const struct hk_mapping_file *files, size_t count, struct hk_products **ret_products,
    struct hk_error *error)
{
    struct hk_products *products = NULL;
    enum hk_status status = HK_OK;

    if (count > HK_MAPPINGS_MAX)
        return hk_fail(error, HK_LIMIT, "more than %d mappings", HK_MAPPINGS_MAX);
    products = calloc(1, sizeof(*products));
    if (products == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for mappings");
    hk_arena_init(&products->arena, ARENA_SIZE_MAX);
    products->builtin = builtin;
    products->entries = calloc(count + 1, sizeof(*products->entries));
    products->likes = calloc(LIKES_MAX, sizeof(*products->likes));
    if (products->entries == NULL || products->likes == NULL)
        status = hk_fail(error, HK_NOMEM, "no memory for mappings");
    if (status == HK_OK)
        status = read_forms(products, files, count, error);
    if (status == HK_OK)
        status = read_mappings(products, error);
    if (status == HK_OK)
        status = make_index(products, error);
    drop_documents(products);
    if (status != HK_OK) {
        hk_products_free(products);
        return status;
    }
    *ret_products = products;
    return HK_OK;
}

static enum hk_status read_unmapped(
    struct hk_products *products, const struct hk_mapping_file *file, struct hk_error *error)
{
    struct hk_json_doc doc = {.root = NULL};
    enum hk_status status = parse_file(file, &doc, error);

    if (status == HK_OK)
        status = hk_mapping_read(
            file, doc.root, &products->arena, like, products, &products->unmapped, error);
    products->unmapped.form = HK_FORM_UNMAPPED;
    hk_json_doc_done(&doc);
    return status;
}

enum hk_status hk_products_new_builtin(struct hk_products **ret_products, struct hk_error *error)
{
    static const struct {
        const char *name;
        const unsigned char *text;
        const size_t *size;
    } embedded[] = {
#define X(path, label) {path, hk_embed_intake_##label, &hk_embed_intake_##label##_size_bytes},
        HK_EMBED_LIST_intake(X)
#undef X
    };
    struct hk_mapping_file files[sizeof(embedded) / sizeof(embedded[0])] = {{.name = NULL}};
    struct hk_mapping_file unmapped = {.name = NULL};
    struct hk_products *products = NULL;
    size_t count = 0;
    enum hk_status status;

    for (size_t i = 0; i < sizeof(embedded) / sizeof(embedded[0]); i++) {
        struct hk_mapping_file file = {
            embedded[i].name, (const char *)embedded[i].text, *embedded[i].size};
        if (strcmp(file.name, FILE_UNMAPPED) == 0)
            unmapped = file;
        else
            files[count++] = file;
    }
    status = hk_products_new(NULL, files, count, &products, error);
    if (status == HK_OK)
        status = read_unmapped(products, &unmapped, error);
    if (status != HK_OK) {
        hk_products_free(products);
        return status;
    }
    *ret_products = products;
    return HK_OK;
}

void hk_products_free(struct hk_products *products)
{
    if (products == NULL)
        return;
    free(products->entries);
    hk_arena_done(&products->arena);
    free(products);
}

/* --- questions --- */

bool hk_products_has(const struct hk_products *products, const char *form)
{
    for (size_t i = 0; i < products->mapping_count; i++) {
        const struct hk_mapping *mapping = products->mappings[i];
        if (strcmp(mapping->form, form) == 0 ||
            (mapping->product != NULL && strcmp(mapping->product, form) == 0))
            return true;
    }
    return strcmp(form, "view") == 0 || strcmp(form, "suricata") == 0;
}

void hk_products_each(const struct hk_products *products, hk_mapping_fn *fn, void *ctx)
{
    const char *last = "";

    for (size_t n = 0; n < products->mapping_count; n++) {
        const struct hk_mapping *next = NULL;
        struct hk_mapping_facts facts;
        for (size_t i = 0; i < products->mapping_count; i++) {
            const struct hk_mapping *mapping = products->mappings[i];
            if (strcmp(mapping->form, last) > 0 &&
                (next == NULL || strcmp(mapping->form, next->form) < 0))
                next = mapping;
        }
        if (next == NULL)
            return;
        last = next->form;
        facts = (struct hk_mapping_facts){next->form, next->product,
            entry_of(products->builtin, last) != NULL && entry_of(products, last) == NULL
                ? "built in"
                : next->file};
        fn(ctx, &facts);
    }
}

/* --- reading --- */

struct reading {
    const struct hk_products *products;
    const struct hk_message_hint *hint;
    struct hk_mapping_trouble *trouble;
    struct hk_buf view;
    struct hk_form_facts facts;
    const char *form; /* NULL until somebody knew the message */
    char product[64]; /* of a view that names none: its source's name; "" for none */
    struct hk_error *error;
};

static void start_view(struct reading *reading, struct hk_jw *jw)
{
    hk_buf_clear(&reading->view);
    hk_jw_init(jw, &reading->view);
    reading->facts = (struct hk_form_facts){.event_us = reading->hint->now_us,
        .product = reading->product[0] != '\0' ? reading->product : NULL};
}

static void note_trouble(
    struct reading *reading, const char *form, const char *field, const char *why)
{
    struct hk_mapping_trouble *trouble = reading->trouble;

    trouble->failed = true;
    (void)snprintf(trouble->form, sizeof(trouble->form), "%s", form);
    (void)snprintf(trouble->field, sizeof(trouble->field), "%s", field);
    (void)snprintf(trouble->why, sizeof(trouble->why), "%.159s", why);
}

static void apply(struct reading *reading, const struct hk_mapping *mapping, struct hk_event *event)
{
    struct hk_jw jw;

    start_view(reading, &jw);
    if (!hk_mapping_apply(mapping, event, NULL, &jw, &reading->facts, reading->trouble))
        return;
    if (reading->view.failed)
        note_trouble(reading, mapping->form, "", "the view gets too large");
    else
        reading->form = mapping->form;
}

typedef enum hk_status own_form_fn(const struct hk_json *event, struct hk_jw *jw,
    struct hk_form_facts *facts, struct hk_error *error);

/* One of the forms that are read by code. Over the API the sender is told what is wrong. */
static enum hk_status read_own(
    struct reading *reading, const struct hk_event *event, const char *form, own_form_fn *read)
{
    struct hk_error error;
    struct hk_jw jw;
    enum hk_status status;

    start_view(reading, &jw);
    status = read(event->body, &jw, &reading->facts, &error);
    if (status == HK_OK && !reading->view.failed) {
        reading->form = form;
        return HK_OK;
    }
    if (status != HK_OK && reading->hint->transport == HK_TRANSPORT_API && event->is_object)
        return hk_fail(reading->error, status, "%s", error.text);
    note_trouble(reading, form, "", status != HK_OK ? error.text : "the view gets too large");
    return HK_OK;
}

static bool is_eve_alert(const struct hk_event *event)
{
    const char *type = hk_json_string(hk_json_get(event->body, "event_type"));
    const struct hk_json *alert = hk_json_get(event->body, "alert");

    return type != NULL && strcmp(type, "alert") == 0 && alert != NULL &&
           alert->type == HK_JSON_OBJECT;
}

/* Suricata writes all that it sees into one file; the rest of it is for looking things up. */
static const char *other_eve(const struct hk_event *event)
{
    const char *type = hk_json_string(hk_json_get(event->body, "event_type"));

    if (type == NULL || strcmp(type, "alert") == 0 ||
        hk_json_string(hk_json_get(event->body, "timestamp")) == NULL ||
        (hk_json_get(event->body, "flow_id") == NULL && strcmp(type, "stats") != 0))
        return NULL;
    return type;
}

/* The mapping that the hint names: by its form, or of the product's the one that knows it best. */
static const struct hk_mapping *forced_mapping(
    const struct hk_products *products, const char *form, const struct hk_event *event)
{
    const struct hk_mapping *best = NULL;
    int best_score = -1;

    for (size_t i = 0; i < products->mapping_count; i++) {
        const struct hk_mapping *mapping = products->mappings[i];
        int score;
        if (strcmp(mapping->form, form) == 0)
            return mapping;
        if (mapping->product == NULL || strcmp(mapping->product, form) != 0)
            continue;
        score = hk_match_score(mapping, event);
        if (score > best_score) {
            best = mapping;
            best_score = score;
        }
    }
    return best;
}

static enum hk_status read_forced(struct reading *reading, struct hk_event *event)
{
    const char *form = reading->hint->form;
    const struct hk_mapping *mapping = forced_mapping(reading->products, form, event);

    if (strcmp(form, "view") == 0)
        return read_own(reading, event, "view", hk_view_read);
    if (strcmp(form, "suricata") == 0 && is_eve_alert(event))
        return read_own(reading, event, "suricata", hk_eve_read);
    if (mapping != NULL)
        apply(reading, mapping, event);
    return HK_OK;
}

/* Have it written by who knows it; reading->form tells whether it was. */
static enum hk_status read_known(struct reading *reading, struct hk_event *event)
{
    const struct hk_mapping *mapping;
    const char *type;

    if (reading->hint->form != NULL)
        return read_forced(reading, event);
    if (is_eve_alert(event))
        return read_own(reading, event, "suricata", hk_eve_read);
    type = other_eve(event);
    if (type != NULL)
        return hk_fail(reading->error, HK_UNSUPPORTED,
            "a Suricata EVE event of event_type \"%.40s\" is no alert", type);
    mapping = hk_match_find(reading->products->index, event);
    if (mapping != NULL)
        apply(reading, mapping, event);
    else if ((event->reads & HK_READS_JSON) != 0 && hk_json_get(event->body, "title") != NULL)
        return read_own(reading, event, "view", hk_view_read);
    return HK_OK;
}

/* Look for a message in a message that nobody knows. */
static enum hk_status read_inner(/* NOLINT(misc-no-recursion): INNER_DEPTH_MAX */
    struct reading *reading, const struct hk_event *outer, unsigned depth)
{
    struct hk_message_hint hint = *reading->hint;
    const struct hk_message_hint *outer_hint = reading->hint;
    struct hk_event event;
    struct hk_slice bytes;
    enum hk_status status;

    if (depth == INNER_DEPTH_MAX || !hk_event_inner(outer, &bytes))
        return HK_OK;
    if (hint.transport == HK_TRANSPORT_API)
        hint.transport = HK_TRANSPORT_FILE;
    hint.head = NULL;
    if (hk_event_read(bytes.at, bytes.size, &hint, &event, NULL) != HK_OK)
        return HK_OK;
    hk_event_note_outer(&event, outer);
    reading->hint = &hint;
    status = read_known(reading, &event);
    if (status == HK_OK && reading->form == NULL && !reading->trouble->failed)
        status = read_inner(reading, &event, depth + 1);
    reading->hint = outer_hint;
    hk_event_done(&event);
    return status;
}

/* The least that a view has. */
static void write_least(struct reading *reading, const struct hk_event *event)
{
    struct hk_jw jw;

    start_view(reading, &jw);
    hk_jw_object(&jw);
    hk_jw_key(&jw, "title");
    hk_write_title(
        &jw, event->text.size > 0 ? event->text : hk_slice_of("Message of an unknown product"));
    hk_jw_kv(&jw, "severity", hk_severity_text(HK_SEVERITY_INFORMATIONAL));
    hk_jw_kv_time(&jw, "time", reading->facts.event_us);
    hk_jw_kv(&jw, "product", "unknown");
    hk_jw_object_end(&jw);
}

static void write_unmapped(struct reading *reading, struct hk_event *event)
{
    const struct hk_products *products = reading->products;
    const struct hk_mapping *mapping =
        products->builtin != NULL ? &products->builtin->unmapped : &products->unmapped;
    struct hk_mapping_trouble none;
    struct hk_jw jw;

    start_view(reading, &jw);
    /* A time that can't be read is no reason to forget the rest. */
    if (mapping->form != NULL)
        (void)hk_mapping_apply(mapping, event, reading->trouble, &jw, &reading->facts, &none);
    if (mapping->form == NULL || reading->view.failed)
        write_least(reading, event);
    reading->facts.severity = HK_SEVERITY_INFORMATIONAL;
    reading->form = HK_FORM_UNMAPPED;
}

enum hk_status hk_products_read(const struct hk_products *products, const char *bytes, size_t size,
    const struct hk_message_hint *hint, const struct hk_dedupe_rule *dedupe,
    struct hk_alert_in *ret_alert, struct hk_mapping_trouble *ret_trouble, struct hk_error *error)
{
    struct hk_mapping_trouble trouble = {.failed = false};
    struct reading reading = {.products = products,
        .hint = hint,
        .trouble = ret_trouble != NULL ? ret_trouble : &trouble,
        .error = error};
    struct hk_event event;
    enum hk_status status;

    memset(reading.trouble, 0, sizeof(*reading.trouble));
    if (hint->form != NULL && !hk_products_has(products, hint->form))
        return hk_fail(error, HK_NOT_FOUND, "there is no mapping \"%.60s\"", hint->form);
    status = hk_event_read(bytes, size, hint, &event, error);
    if (status != HK_OK)
        return status;
    if (hint->transport == HK_TRANSPORT_API || hint->source == NULL ||
        !hk_value_product(hk_slice_of(hint->source), reading.product, sizeof(reading.product)))
        reading.product[0] = '\0';
    hk_buf_init(&reading.view, HK_VIEW_SIZE_MAX);
    hk_buf_reserve(&reading.view, VIEW_SIZE_USUAL);
    status = read_known(&reading, &event);
    if (status == HK_OK && reading.form == NULL && !reading.trouble->failed)
        status = read_inner(&reading, &event, 0);
    if (status == HK_OK && reading.form == NULL)
        write_unmapped(&reading, &event);
    if (status == HK_OK) {
        struct hk_slice raw = event.is_object ? event.source : (struct hk_slice){bytes, size};
        status = hk_alert_finish(&reading.view, hk_raw_make(raw, event.is_object), reading.form,
            &reading.facts, dedupe, ret_alert, error);
    }
    hk_buf_done(&reading.view);
    hk_event_done(&event);
    return status;
}
