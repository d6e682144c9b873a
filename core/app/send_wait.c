/*
 * send_wait: see send.h. What an alert's runs are is in its alert.routed entry; what a waiting run
 * waits for is in the list of pending approvals.
 */
#include "app/send.h"
#include "base/text.h"
#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { POLL_EVERY_MS = 200 };

enum hk_status hk_send_ids_add(struct hk_send_ids *ids, const char *id, struct hk_error *error)
{
    if (ids->count == ids->capacity) {
        size_t capacity = ids->capacity > 0 ? 2 * ids->capacity : 64;
        void *more = realloc(ids->ids, capacity * sizeof(*ids->ids));
        if (more == NULL)
            return hk_fail(error, HK_NOMEM, "no memory for ids");
        ids->ids = more;
        ids->capacity = capacity;
    }
    if (hk_copy_text(ids->ids[ids->count], sizeof(ids->ids[0]), id))
        ids->count++;
    return HK_OK;
}

void hk_send_ids_done(struct hk_send_ids *ids)
{
    free(ids->ids);
    memset(ids, 0, sizeof(*ids));
}

static void drop(struct hk_send_ids *ids, size_t i)
{
    ids->count--;
    memmove(ids->ids[i], ids->ids[ids->count], sizeof(ids->ids[0]));
}

/* The runs that the alert's document names. */
static enum hk_status collect_runs(
    const struct hk_json *alert, struct hk_send_ids *runs, struct hk_error *error)
{
    const struct hk_json *list = hk_json_get(alert, "runs");
    enum hk_status status = HK_OK;

    for (const struct hk_json *item = list != NULL ? list->first : NULL;
         item != NULL && status == HK_OK; item = item->next)
        status = hk_send_ids_add(runs, hk_json_string_at(item, "id", ""), error);
    return status;
}

/* Put the alerts' runs into their place. What an alert starts is in the transaction that takes it
 * in: one that no playbook wants has none, and never will. */
static int take_runs(const struct hk_cli *cli, struct hk_send_ids *alerts, struct hk_send_ids *runs)
{
    struct hk_error error;
    int status = 0;

    while (alerts->count > 0 && status == 0) {
        struct hk_reply reply = {.status = 0};
        status = hk_cli_get(cli, &reply, "/v1/alerts/%s", alerts->ids[0]);
        if (status == 0 && collect_runs(reply.doc.root, runs, &error) != HK_OK)
            status = hk_cli_error(&error);
        drop(alerts, 0);
        hk_reply_done(&reply);
    }
    return status;
}

/* The run goes on as another one, which has its place from now on. */
static bool goes_on(char run[HK_ID_SIZE], const struct hk_json *document)
{
    const char *next = hk_json_string_at(document, "continued_as", "");

    return next[0] != '\0' && hk_copy_text(run, HK_ID_SIZE, next);
}

/* Drop runs that ended; count those that wait. */
static int look_at_runs(const struct hk_cli *cli, struct hk_send_ids *runs, size_t *ret_waiting)
{
    int status = 0;

    *ret_waiting = 0;
    for (size_t i = 0; i < runs->count && status == 0;) {
        struct hk_reply reply = {.status = 0};
        const char *state;
        status = hk_cli_get(cli, &reply, "/v1/runs/%s", runs->ids[i]);
        state = hk_json_string_at(reply.doc.root, "state", "");
        if (status == 0 && hk_cli_run_has_ended(state) && goes_on(runs->ids[i], reply.doc.root)) {
            i++; /* looked at with the next round */
        } else if (status == 0 && hk_cli_run_has_ended(state)) {
            drop(runs, i);
        } else {
            *ret_waiting += strcmp(state, "waiting") == 0 ? 1 : 0;
            i++;
        }
        hk_reply_done(&reply);
    }
    return status;
}

static bool is_one_of(const struct hk_send_ids *runs, const char *id)
{
    for (size_t i = 0; i < runs->count; i++)
        if (strcmp(runs->ids[i], id) == 0)
            return true;
    return false;
}

/* Does each of the runs have an approval that is pending? */
static int look_at_approvals(
    const struct hk_cli *cli, const struct hk_send_ids *runs, bool *ret_all)
{
    struct hk_send_ids seen = {.count = 0};
    struct hk_error error;
    char after[HK_ID_SIZE] = "";
    int status;

    do {
        struct hk_reply reply = {.status = 0};
        const struct hk_json *items;
        status = hk_cli_get(cli, &reply, "/v1/approvals?state=pending&limit=500%s%s",
            after[0] != '\0' ? "&after=" : "", after);
        items = hk_json_get(reply.doc.root, "items");
        for (const struct hk_json *item = items != NULL ? items->first : NULL; item != NULL;
             item = item->next) {
            const char *run = hk_json_string_at(item, "run", "");
            if (is_one_of(runs, run) && !is_one_of(&seen, run) && status == 0 &&
                hk_send_ids_add(&seen, run, &error) != HK_OK)
                status = hk_cli_error(&error);
        }
        (void)hk_copy_text(after, sizeof(after), hk_json_string_at(reply.doc.root, "next", ""));
        hk_reply_done(&reply);
    } while (status == 0 && after[0] != '\0');
    *ret_all = seen.count == runs->count;
    hk_send_ids_done(&seen);
    return status;
}

int hk_send_wait(const struct hk_cli *cli, struct hk_send_ids *ids, int64_t timeout_ms)
{
    const struct timespec pause = {.tv_nsec = POLL_EVERY_MS * 1000000L};
    int64_t end_ms = hk_time_monotonic_ms() + timeout_ms;
    struct hk_send_ids runs = {.count = 0};
    int status = take_runs(cli, ids, &runs);

    while (status == 0) {
        size_t waiting = 0;
        bool all_ask = false;
        status = look_at_runs(cli, &runs, &waiting);
        if (status != 0 || runs.count == 0)
            break;
        if (waiting == runs.count) {
            status = look_at_approvals(cli, &runs, &all_ask);
            if (status == 0 && all_ask)
                status = hk_cli_fail(HK_EXIT_WAITS, "%zu runs wait for approval", runs.count);
            if (status != 0)
                break;
        }
        if (hk_time_monotonic_ms() >= end_ms) {
            status = hk_cli_fail(HK_EXIT_TIMED_OUT, "timed out; %zu runs go on", runs.count);
            break;
        }
        (void)nanosleep(&pause, NULL);
    }
    hk_send_ids_done(&runs);
    return status;
}
