/*
 * sources: everything that brings alerts in beside what is posted to /v1/alerts: made from the
 * settings, started, stopped.
 */
#ifndef HK_APP_SOURCES_H
#define HK_APP_SOURCES_H

#include "api/reader.h"
#include "app/settings.h"
#include "source/batch.h"

struct hk_app_sources;

struct hk_app_sources_options {
    struct hk_loop *loop;
    struct hk_ledger *ledger;
    struct hk_engine *engine; /* its tenants are known */
    const struct hk_app_settings *settings;
};

/* Make them; nothing comes in yet. Reads the cursors: blocks, only before the loop runs. */
HK_MUST_CHECK enum hk_status hk_app_sources_new(const struct hk_app_sources_options *options,
    struct hk_app_sources **ret_sources, struct hk_error *error);
/* Listen and read. The error names the source. */
HK_MUST_CHECK enum hk_status hk_app_sources_start(
    struct hk_app_sources *sources, struct hk_error *error);
/* Keep listening sockets for the next image of this program, before the stop. */
void hk_app_sources_hand_on(struct hk_app_sources *sources);
/* Nothing more comes in. Before the engine stops, which takes what was read. */
void hk_app_sources_stop(struct hk_app_sources *sources);
/* After the ledger was closed. NULL is fine. */
void hk_app_sources_free(struct hk_app_sources *sources);

struct hk_tally *hk_app_sources_tally(struct hk_app_sources *sources);
/* Of all that comes in, what is posted to the api too. */
struct hk_reader *hk_app_sources_reader(struct hk_app_sources *sources);
/* All sources, for the api, which takes what webhooks bring. */
const struct hk_source *hk_app_sources_all(const struct hk_app_sources *sources, size_t *ret_count);

#endif
