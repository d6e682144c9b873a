/*
 * reader: see reader.h.
 */
#include "api/reader.h"

#include "limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CUT_SMALLEST = 1024 };

struct set {
    hk_tenant tenant;
    const struct hk_products *products;
};

struct hk_reader {
    struct hk_reader_options options;
    struct set *sets;
    size_t set_count;
};

enum hk_status hk_reader_new(
    const struct hk_reader_options *options, struct hk_reader **ret_reader, struct hk_error *error)
{
    struct hk_reader *reader = calloc(1, sizeof(*reader));

    if (reader == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for mappings");
    reader->options = *options;
    *ret_reader = reader;
    return HK_OK;
}

void hk_reader_free(struct hk_reader *reader)
{
    if (reader == NULL)
        return;
    free(reader->sets);
    free(reader);
}

enum hk_status hk_reader_tenant(struct hk_reader *reader, hk_tenant tenant,
    const struct hk_products *products, struct hk_error *error)
{
    struct set *sets = realloc(reader->sets, (reader->set_count + 1) * sizeof(*sets));

    if (sets == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for mappings");
    reader->sets = sets;
    sets[reader->set_count++] = (struct set){.tenant = tenant, .products = products};
    return HK_OK;
}

static const struct hk_products *products_of(const struct hk_reader *reader, hk_tenant tenant)
{
    for (size_t i = 0; i < reader->set_count; i++)
        if (reader->sets[i].tenant == tenant)
            return reader->sets[i].products;
    return reader->options.products;
}

/* Read it once, as it stands in *message. */
static enum hk_status read_once(struct hk_reader *reader, const struct hk_reader_message *message,
    struct hk_alert_in *ret_alert, struct hk_mapping_trouble *ret_trouble, struct hk_error *error)
{
    const struct hk_products *products = products_of(reader, message->tenant);
    const struct hk_dedupe_rule rule = {
        .fields = hk_engine_dedupe_fields(reader->options.engine, message->tenant)};

    return hk_products_read(products, message->text, message->size, &message->hint, &rule,
        ret_alert, ret_trouble, error);
}

static void note_trouble(struct hk_reader *reader, const struct hk_reader_message *message,
    const struct hk_mapping_trouble *trouble)
{
    char reason[sizeof(trouble->field) + sizeof(trouble->why) + 2];

    if (!trouble->failed)
        return;
    (void)snprintf(reason, sizeof(reason), "%s%s%s", trouble->field,
        trouble->field[0] != '\0' ? ": " : "", trouble->why);
    hk_tally_failed(reader->options.tally, message->tenant,
        message->hint.source != NULL ? message->hint.source : "", trouble->form, reason,
        message->hint.now_us);
}

/* Say in the view that the message was cut. */
static enum hk_status mark_as_cut(struct hk_alert_in *alert, struct hk_error *error)
{
    static const char mark[] = ",\"cut\":true}";
    size_t size = strlen(alert->view);
    char *view = realloc(alert->view, size + sizeof(mark));

    if (view == NULL)
        return hk_fail(error, HK_NOMEM, "out of memory");
    alert->view = view;
    memcpy(view + size - 1, mark, sizeof(mark));
    hk_json_doc_done(&alert->parsed);
    return hk_json_parse(view, strlen(view), &hk_json_limits_own, &alert->parsed, error);
}

static void count_taken(struct hk_reader_counts *counts, const char *form,
    const struct hk_mapping_trouble *trouble, bool is_cut)
{
    counts->counts[HK_TALLY_alerts]++;
    counts->counts[HK_TALLY_unmapped] += strcmp(form, HK_FORM_UNMAPPED) == 0;
    counts->counts[HK_TALLY_failed] += trouble->failed;
    counts->counts[HK_TALLY_cut] += is_cut;
}

/* One try. HK_LIMIT: it is too large. */
static enum hk_status try_message(struct hk_reader *reader, const struct hk_reader_message *message,
    struct hk_offering *offering, struct hk_reader_counts *counts, struct hk_error *error)
{
    struct hk_alert_in alert = {0};
    struct hk_mapping_trouble trouble;
    enum hk_status status = read_once(reader, message, &alert, &trouble, error);
    const char *form = alert.form; /* of the mappings, not of the alert */

    if (status == HK_OK && message->is_cut)
        status = mark_as_cut(&alert, error);
    if (status != HK_OK) {
        hk_alert_in_done(&alert);
        return status;
    }
    status = hk_offering_add(offering, &alert, error);
    if (status == HK_OK) {
        note_trouble(reader, message, &trouble);
        count_taken(counts, form, &trouble, message->is_cut);
    }
    return status;
}

enum hk_status hk_reader_take(struct hk_reader *reader, const struct hk_reader_message *message,
    struct hk_offering *offering, struct hk_reader_counts *counts, struct hk_error *error)
{
    struct hk_reader_message tried = *message;
    enum hk_status status;

    do {
        status = try_message(reader, &tried, offering, counts, error);
        if (status != HK_LIMIT)
            break;
        tried.size /= 2;
        tried.is_cut = true;
    } while (tried.size >= CUT_SMALLEST);
    if (status == HK_OK || status == HK_NOMEM)
        return status;
    counts->counts[HK_TALLY_ignored]++; /* its mapping says so, or there is nothing in it */
    return HK_OK;
}

/* Is it an alert view that its sender did not finish, rather than something unknown? */
static bool is_unfinished(const struct hk_alert_in *alert)
{
    struct hk_json_doc raw = {.root = NULL};
    bool is =
        hk_json_parse(alert->raw, strlen(alert->raw), &hk_json_limits_own, &raw, NULL) == HK_OK &&
        hk_view_is_own(raw.root);

    hk_json_doc_done(&raw);
    return is;
}

/* What is posted is JSON: whoever sends something else is told what is wrong with it, and still has
 * it. A source can't be told, so there it comes in as it is. */
static enum hk_status check_object(const struct hk_reader_message *message,
    const struct hk_alert_in *alert, struct hk_error *error)
{
    static const struct hk_json_limits limits = {.size_max = HK_ALERT_SIZE_MAX,
        .depth_max = HK_ALERT_DEPTH_MAX,
        .nodes_max = HK_ALERT_NODES_MAX};
    struct hk_json_doc doc = {.root = NULL};
    enum hk_status status;

    if (alert->raw[0] == '{')
        return HK_OK;
    status = hk_json_parse(message->text, message->size, &limits, &doc, error);
    if (status == HK_OK)
        status = hk_fail(error, HK_INVALID, "an alert is a JSON object, this is %s",
            hk_json_type_name(doc.root->type));
    hk_json_doc_done(&doc);
    return status;
}

enum hk_status hk_reader_post(struct hk_reader *reader, const struct hk_reader_message *message,
    struct hk_offering *offering, struct hk_error *error)
{
    struct hk_alert_in alert = {0};
    struct hk_mapping_trouble trouble;
    enum hk_status status = read_once(reader, message, &alert, &trouble, error);

    if (status == HK_OK)
        status = check_object(message, &alert, error);
    if (status != HK_OK) {
        hk_alert_in_done(&alert);
        return status;
    }
    if (strcmp(alert.form, HK_FORM_UNMAPPED) == 0 && is_unfinished(&alert)) {
        hk_alert_in_done(&alert);
        return hk_fail(error, HK_INVALID, "title: it is missing, and no product's form is known");
    }
    note_trouble(reader, message, &trouble);
    return hk_offering_add(offering, &alert, error);
}
