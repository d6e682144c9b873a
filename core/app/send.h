/*
 * send: what `hikeshi send` remembers of what it sent, and the wait for the runs. Internal to app/.
 */
#ifndef HK_APP_SEND_H
#define HK_APP_SEND_H

#include "app/cli.h"
#include "base/id.h"

struct hk_send_ids {
    char (*ids)[HK_ID_SIZE];
    size_t count;
    size_t capacity;
};

HK_MUST_CHECK enum hk_status hk_send_ids_add(
    struct hk_send_ids *ids, const char *id, struct hk_error *error);
void hk_send_ids_done(struct hk_send_ids *ids);

/* Wait until the runs of all these alerts have ended: 0; HK_EXIT_WAITS as soon as all that is left
 * waits for approval; HK_EXIT_TIMED_OUT. Empties ids. */
int hk_send_wait(const struct hk_cli *cli, struct hk_send_ids *ids, int64_t timeout_ms);

#endif
