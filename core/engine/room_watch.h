/*
 * room_watch: says that the disk fills up, and that there is room again: to whoever reads the log,
 * and in the ledger as a gap of each tenant. What follows for those who ask is said where they ask
 * (hk_engine_admits, the api).
 */
#ifndef HK_ENGINE_ROOM_WATCH_H
#define HK_ENGINE_ROOM_WATCH_H

#include "engine/objects.h"

struct hk_room_watch;

HK_MUST_CHECK enum hk_status hk_room_watch_new(
    struct hk_engine *engine, struct hk_room_watch **ret_watch, struct hk_error *error);
void hk_room_watch_free(struct hk_room_watch *watch); /* NULL is fine */
/* Begin to look. */
void hk_room_watch_start(struct hk_room_watch *watch);

#endif
