/*
 * cli_replay_alerts: the other half of `playbook replay`: alerts that did not start a playbook, and
 * would now that its triggers have changed.
 *
 * A row of a list has only some fields of an alert, so it says of most that they can't match; the
 * others are asked for one by one.
 */
#include "app/cli.h"
#include "app/cli_author.h"
#include "base/time.h"
#include "limits.h"
#include "script/trigger.h"

#include <stdio.h>
#include <string.h>

#define PAGE_ITEMS 500

/* Playbooks that an alert started; true when this one is among them. */
static bool write_runs(struct hk_jw *out, const struct hk_json *runs, const char *name)
{
    bool has_started = false;

    hk_jw_array(out);
    for (const struct hk_json *run = runs == NULL ? NULL : runs->first; run != NULL;
         run = run->next) {
        const char *playbook = hk_json_string_at(run, "playbook", "");
        if (hk_json_bool_at(run, "shadow", false))
            continue;
        has_started = has_started || strcmp(playbook, name) == 0;
        hk_jw_string(out, playbook);
    }
    hk_jw_array_end(out);
    return has_started;
}

static void write_alert(struct hk_replay_alerts *alerts, const struct hk_json *alert,
    const struct hk_json *row, struct hk_jw *out)
{
    static const char *const fields[] = {"title", "severity", "category", "received"};
    const char *name = hk_json_string_at(alerts->descriptor, "name", "");
    struct hk_buf runs;
    struct hk_jw jw;

    hk_buf_init(&runs, HK_PAYLOAD_SIZE_MAX);
    hk_jw_init(&jw, &runs);
    if (!write_runs(&jw, hk_json_get(alert, "runs"), name) && !runs.failed) {
        alerts->now++;
        hk_jw_object(out);
        hk_jw_kv(out, "alert", hk_json_string_at(row, "id", ""));
        for (size_t i = 0; i < HK_COUNT(fields); i++)
            hk_jw_kv(out, fields[i], hk_json_string_at(row, fields[i], NULL));
        hk_jw_kv_raw(out, "runs", runs.data);
        hk_jw_object_end(out);
    }
    hk_buf_done(&runs);
}

/* The alert itself, which its row does not rule out. */
static int look_at(const struct hk_cli *cli, struct hk_replay_alerts *alerts,
    const struct hk_json *row, struct hk_jw *out)
{
    struct hk_reply alert = {.status = 0};
    int status = hk_cli_get(cli, &alert, "/v1/alerts/%s", hk_json_string_at(row, "id", ""));
    const struct hk_json *view = hk_json_get(alert.doc.root, "view");

    if (status == 0 && view != NULL && hk_trigger_matches(alerts->descriptor, view))
        write_alert(alerts, alert.doc.root, row, out);
    hk_reply_done(&alert);
    return status;
}

static int look_at_page(const struct hk_cli *cli, struct hk_replay_alerts *alerts,
    const struct hk_json *page, struct hk_jw *out, bool *ret_more)
{
    const struct hk_json *items = hk_json_get(page, "items");
    struct hk_error error;
    int64_t received_us;
    int status = 0;

    *ret_more = hk_json_string_at(page, "next", NULL) != NULL;
    for (const struct hk_json *row = items == NULL ? NULL : items->first;
         row != NULL && status == 0; row = row->next) {
        if (hk_time_parse(hk_json_string_at(row, "received", ""), &received_us, &error) == HK_OK &&
            received_us < alerts->since_us) {
            *ret_more = false;
            break;
        }
        if (alerts->looked == HK_REPLAY_ALERTS_MAX) {
            alerts->is_whole = false;
            *ret_more = false;
            break;
        }
        alerts->looked++;
        /* What was merged into another starts nothing of its own. */
        if (hk_json_string_at(row, "duplicate_of", NULL) == NULL &&
            hk_trigger_may_match(alerts->descriptor, row))
            status = look_at(cli, alerts, row, out);
    }
    return status;
}

int hk_cli_replay_alerts(
    const struct hk_cli *cli, struct hk_replay_alerts *alerts, struct hk_jw *out)
{
    const struct hk_json *on = hk_json_get(alerts->descriptor, "on");
    char after[HK_ID_SIZE + 64] = "";
    bool more = on != NULL && on->count > 0;
    int status = 0;

    alerts->is_whole = true;
    while (more && status == 0) {
        struct hk_reply page = {.status = 0};
        struct hk_buf path;
        hk_buf_init(&path, 4096);
        hk_buf_appendf(&path, "/v1/alerts?limit=%d", PAGE_ITEMS);
        if (after[0] != '\0') {
            hk_buf_append_text(&path, "&after=");
            hk_cli_url_append(&path, after);
        }
        status = hk_cli_get(cli, &page, "%s", path.data == NULL ? "/v1/alerts" : path.data);
        if (status == 0)
            status = look_at_page(cli, alerts, page.doc.root, out, &more);
        (void)snprintf(after, sizeof(after), "%s", hk_json_string_at(page.doc.root, "next", ""));
        hk_buf_done(&path);
        hk_reply_done(&page);
    }
    return status;
}
