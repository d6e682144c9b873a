/*
 * feed: batches of messages from sources become alerts of the engine. The other end of the sources'
 * sink; on the loop's thread.
 */
#ifndef HK_APP_FEED_H
#define HK_APP_FEED_H

#include "api/reader.h"
#include "source/batch.h"

struct hk_feed;

struct hk_feed_options {
    struct hk_engine *engine;
    struct hk_reader *reader;
};

HK_MUST_CHECK enum hk_status hk_feed_new(
    const struct hk_feed_options *options, struct hk_feed **ret_feed, struct hk_error *error);
/* After the engine's writes are done or dropped. NULL is fine. */
void hk_feed_free(struct hk_feed *feed);
struct hk_sink hk_feed_sink(struct hk_feed *feed);

#endif
