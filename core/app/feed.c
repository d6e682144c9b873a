/*
 * feed: see feed.h.
 */
#include "app/feed.h"

#include "api/offering.h"
#include "base/time.h"
#include "limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CUT_SMALLEST = 1024 };

struct hk_feed {
    struct hk_engine *engine;
    struct hk_tally *tally;
    size_t open_size; /* bytes of the batches that were taken and aren't on disk */
};

/* What a batch comes to, once it is taken. */
struct outcome {
    uint64_t counts[HK_TALLY_COUNT_MAX];
};

/* A batch that was taken, until it is on disk. */
struct taken {
    struct hk_feed *feed;
    struct hk_tally_row *row;
    size_t size;
    uint64_t messages;
};

/* One message on its way to an alert. */
struct reading {
    struct hk_feed *feed;
    const struct hk_batch *batch;
    const struct hk_message *message;
    size_t size; /* as far as it is taken */
    bool is_cut;
};

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

static enum hk_status read_message(
    const struct reading *reading, struct hk_alert_in *ret_alert, struct hk_error *error)
{
    const struct hk_source *source = reading->batch->source;
    const struct hk_dedupe_rule rule = {
        .fields = hk_engine_dedupe_fields(reading->feed->engine, source->tenant)};

    return hk_intake_read(reading->batch->bytes.data + reading->message->at, reading->size, &rule,
        reading->batch->arrived_us, ret_alert, error);
}

/* Read a message into the offering, cut down until it fits. HK_UNSUPPORTED and HK_INVALID: it is no
 * alert. */
static enum hk_status take_message(
    struct reading *reading, struct hk_offering *offering, struct hk_error *error)
{
    enum hk_status status;

    for (;;) {
        struct hk_alert_in alert = {0};
        status = read_message(reading, &alert, error);
        if (status == HK_OK && reading->is_cut)
            status = mark_as_cut(&alert, error);
        if (status == HK_OK)
            status = hk_offering_add(offering, &alert, error);
        else
            hk_alert_in_done(&alert);
        if (status != HK_LIMIT || reading->size <= CUT_SMALLEST)
            return status;
        reading->size /= 2;
        reading->is_cut = true;
    }
}

/* Read all messages of the batch. HK_NOMEM: not now. */
static enum hk_status take_messages(struct hk_feed *feed, const struct hk_batch *batch,
    struct hk_offering *offering, struct outcome *outcome, struct hk_error *error)
{
    for (unsigned i = 0; i < batch->count; i++) {
        struct reading reading = {.feed = feed,
            .batch = batch,
            .message = &batch->messages[i],
            .size = batch->messages[i].size,
            .is_cut = batch->messages[i].is_cut};
        enum hk_status status = take_message(&reading, offering, error);
        if (status == HK_NOMEM)
            return status;
        outcome->counts[HK_TALLY_alerts] += status == HK_OK;
        outcome->counts[HK_TALLY_ignored] += status != HK_OK;
        outcome->counts[HK_TALLY_cut] += reading.is_cut;
    }
    return HK_OK;
}

static void on_durable(void *ctx)
{
    struct taken taken = *(struct taken *)ctx;

    free(ctx);
    taken.feed->open_size -= taken.size;
    if (taken.messages > 0)
        hk_tally_came(taken.row, taken.messages, taken.size, hk_time_wall_us());
}

static void count_outcome(struct hk_tally_row *row, const struct outcome *outcome)
{
    for (int i = 0; i < HK_TALLY_COUNT_MAX; i++)
        if (outcome->counts[i] > 0)
            hk_tally_count(row, (enum hk_tally_count)i, outcome->counts[i]);
}

/* Hand what was read to the engine, with the batch's cursors. */
static enum hk_status accept_batch(struct hk_feed *feed, const struct hk_batch *batch,
    struct hk_offering *offering, struct hk_error *error)
{
    const struct hk_source *source = batch->source;
    struct hk_actor actor = {.role = "source"};
    struct hk_cursor cursors[HK_BATCH_CURSORS_MAX];
    struct taken *taken = malloc(sizeof(*taken));
    enum hk_status status;

    if (taken == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a batch");
    *taken = (struct taken){
        .feed = feed, .row = source->row, .size = batch->bytes.size, .messages = batch->count};
    (void)snprintf(actor.id, sizeof(actor.id), "so-%s", source->config->name);
    (void)snprintf(actor.name, sizeof(actor.name), "%s", source->config->name);
    for (unsigned i = 0; i < batch->cursor_count; i++)
        cursors[i] = (struct hk_cursor){.source = source->config->name,
            .key = batch->cursors[i].key,
            .value = batch->cursors[i].value};
    const struct hk_acceptance acceptance = {.tenant = source->tenant,
        .actor = &actor,
        .source = source->config->name,
        .offers = offering->offers,
        .count = offering->count,
        .is_whole = true,
        .cursors = cursors,
        .cursor_count = batch->cursor_count,
        .done = on_durable,
        .ctx = taken};
    feed->open_size += taken->size;
    status = hk_engine_accept(feed->engine, &acceptance, offering->taken, error);
    if (status != HK_OK) {
        feed->open_size -= taken->size;
        free(taken);
    }
    return status;
}

static enum hk_status on_offer(void *ctx, struct hk_batch *batch)
{
    struct hk_feed *feed = ctx;
    struct hk_offering offering = {.count = 0};
    struct outcome outcome = {{0}};
    struct hk_error error;
    enum hk_status status;

    if (feed->open_size > 0 && feed->open_size + batch->bytes.size > HK_SOURCES_OPEN_SIZE_MAX)
        return HK_BUSY;
    if (batch->severity > 0 && !hk_engine_admits(feed->engine, batch->severity))
        return HK_BUSY;
    status = take_messages(feed, batch, &offering, &outcome, &error);
    if (status == HK_OK) {
        batch->severity = hk_offering_severity(&offering);
        if (offering.count > 0 || batch->cursor_count > 0)
            status = accept_batch(feed, batch, &offering, &error);
        else if (batch->count > 0)
            hk_tally_came(batch->source->row, batch->count, batch->bytes.size, hk_time_wall_us());
    }
    hk_offering_clear(&offering);
    if (status != HK_OK)
        return HK_BUSY;
    count_outcome(batch->source->row, &outcome);
    return HK_OK;
}

enum hk_status hk_feed_new(
    const struct hk_feed_options *options, struct hk_feed **ret_feed, struct hk_error *error)
{
    struct hk_feed *feed = calloc(1, sizeof(*feed));

    if (feed == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for sources");
    feed->engine = options->engine;
    feed->tally = options->tally;
    *ret_feed = feed;
    return HK_OK;
}

void hk_feed_free(struct hk_feed *feed)
{
    free(feed);
}

struct hk_sink hk_feed_sink(struct hk_feed *feed)
{
    return (struct hk_sink){.offer = on_offer, .ctx = feed};
}
