/*
 * feed: see feed.h.
 */
#include "app/feed.h"

#include "base/time.h"
#include "limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hk_feed {
    struct hk_engine *engine;
    struct hk_reader *reader;
    size_t open_size; /* bytes of the batches that were taken and aren't on disk */
};

/* A batch that was taken, until it is on disk. */
struct taken {
    struct hk_feed *feed;
    struct hk_tally_row *row;
    size_t size;
    uint64_t messages;
};

static enum hk_transport transport_of(const struct hk_source_config *config)
{
    return config->kind == HK_SOURCE_FILE ? HK_TRANSPORT_FILE : HK_TRANSPORT_SYSLOG;
}

/* Read all messages of the batch. HK_NOMEM: not now. */
static enum hk_status take_messages(struct hk_feed *feed, const struct hk_batch *batch,
    struct hk_offering *offering, struct hk_reader_counts *counts, struct hk_error *error)
{
    const struct hk_source_config *config = batch->source->config;
    enum hk_status status = HK_OK;

    for (unsigned i = 0; i < batch->count && status == HK_OK; i++) {
        const struct hk_message *message = &batch->messages[i];
        const struct hk_reader_message reading = {.tenant = batch->source->tenant,
            .text = batch->bytes.data + message->at,
            .size = message->size,
            .is_cut = message->is_cut,
            .hint = {.transport = transport_of(config),
                .source = config->name,
                .form = config->product,
                .peer = message->peer[0] != '\0' ? message->peer : NULL,
                .now_us = batch->arrived_us,
                .utc_offset_min = config->utc_offset_min,
                .head = batch->head}};
        status = hk_reader_take(feed->reader, &reading, offering, counts, error);
    }
    return status;
}

static void on_durable(void *ctx)
{
    struct taken taken = *(struct taken *)ctx;

    free(ctx);
    taken.feed->open_size -= taken.size;
    if (taken.messages > 0)
        hk_tally_came(taken.row, taken.messages, taken.size, hk_time_wall_us());
}

static void count_all(struct hk_tally_row *row, const struct hk_reader_counts *counts)
{
    for (int i = 0; i < HK_TALLY_COUNT_MAX; i++)
        if (counts->counts[i] > 0)
            hk_tally_count(row, (enum hk_tally_count)i, counts->counts[i]);
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
    struct hk_reader_counts counts = {{0}};
    struct hk_error error;
    enum hk_status status;

    if (feed->open_size > 0 && feed->open_size + batch->bytes.size > HK_SOURCES_OPEN_SIZE_MAX)
        return HK_BUSY;
    if (batch->severity > 0 && !hk_engine_admits(feed->engine, batch->severity))
        return HK_BUSY;
    status = take_messages(feed, batch, &offering, &counts, &error);
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
    count_all(batch->source->row, &counts);
    return HK_OK;
}

enum hk_status hk_feed_new(
    const struct hk_feed_options *options, struct hk_feed **ret_feed, struct hk_error *error)
{
    struct hk_feed *feed = calloc(1, sizeof(*feed));

    if (feed == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for sources");
    feed->engine = options->engine;
    feed->reader = options->reader;
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
