/*
 * cli_playbook_replay: `playbook replay`: what the engine recorded, told again by a changed
 * playbook. Nothing is sent.
 */
#include "app/cli.h"
#include "app/cli_author.h"
#include "author/retell.h"
#include "base/file.h"
#include "base/time.h"
#include "engine/step.h"
#include "limits.h"
#include "script/playbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLAY_SIZE_MAX (64 * 1024 * 1024)
#define SINCE_DEFAULT "30d"

struct replay {
    struct hk_cli *cli;
    const char *file;
    struct hk_buf source;
    struct hk_json_doc descriptor;
    int64_t since_us;
    struct hk_buf items;
    struct hk_jw jw;
    unsigned runs;
    unsigned same;
    unsigned skipped; /* the record is not whole, or the engine does not tell all of it */
    struct hk_buf new_items;
    struct hk_jw new_jw;
    struct hk_replay_alerts alerts;
};

static enum hk_status read_playbook(struct replay *replay, struct hk_error *error)
{
    struct hk_buf text;
    enum hk_status status =
        hk_file_read(replay->file, HK_PLAYBOOK_SIZE_MAX, HK_FILE_ANY, &replay->source, error);

    hk_buf_init(&text, HK_WIRE_FRAME_SIZE_MAX);
    if (status == HK_OK && replay->source.data == NULL)
        status = hk_fail(error, HK_INVALID, "%s: is empty", replay->file);
    if (status == HK_OK)
        status = hk_playbook_describe(
            replay->source.data, replay->source.size, replay->file, &text, error);
    if (status == HK_OK)
        status =
            hk_json_parse(text.data, text.size, &hk_json_limits_own, &replay->descriptor, error);
    hk_buf_done(&text);
    return status;
}

/* One run; zero, or the exit status that was told. */
static int retell(struct replay *replay, const char *id)
{
    struct hk_reply run = {.status = 0};
    struct hk_reply alert = {.status = 0};
    struct hk_json_doc given = {.root = NULL};
    struct hk_error error;
    bool same = false;
    int status = hk_cli_get(replay->cli, &run, "/v1/runs/%s", id);

    if (status == 0)
        status = hk_cli_get(
            replay->cli, &alert, "/v1/alerts/%s", hk_json_string_at(run.doc.root, "alert", ""));
    if (status == 0) {
        enum hk_status read = hk_story_alert(alert.doc.root, &given, &error);
        const struct hk_retell setup = {.file = replay->file,
            .source = replay->source.data,
            .source_size = replay->source.size,
            .descriptor = replay->descriptor.root,
            .run = run.doc.root,
            .alert = given.root,
            .is_refused = hk_step_how_refuses};
        if (read != HK_OK || hk_retell_run(&setup, &replay->jw, &same, &error) != HK_OK) {
            replay->skipped++;
            (void)hk_cli_fail(HK_EXIT_FAILED, "%s is left out: %s", id, error.text);
        } else {
            replay->runs++;
            replay->same += same ? 1 : 0;
        }
    }
    hk_json_doc_done(&given);
    hk_reply_done(&alert);
    hk_reply_done(&run);
    return status;
}

/* The runs of one page; *ret_more: there are others behind it that are late enough. */
static int retell_page(
    struct replay *replay, const struct hk_json *page, unsigned limit, bool *ret_more)
{
    const char *name = hk_json_string_at(replay->descriptor.root, "name", "");
    const struct hk_json *items = hk_json_get(page, "items");
    struct hk_error error;
    int64_t started_us;
    int status = 0;

    *ret_more = hk_json_string_at(page, "next", NULL) != NULL;
    for (const struct hk_json *item = items == NULL ? NULL : items->first;
         item != NULL && status == 0; item = item->next) {
        const char *state = hk_json_string_at(item, "state", "");
        if (hk_time_parse(hk_json_string_at(item, "started", ""), &started_us, &error) == HK_OK &&
            started_us < replay->since_us) {
            *ret_more = false;
            break;
        }
        if (strcmp(hk_json_string_at(item, "playbook", ""), name) != 0 ||
            strcmp(state, "cancelled") == 0 || strcmp(state, "diverged") == 0 ||
            hk_json_bool_at(item, "shadow", false))
            continue;
        if (replay->runs + replay->skipped >= limit) {
            *ret_more = false;
            break;
        }
        status = retell(replay, hk_json_string_at(item, "id", ""));
    }
    return status;
}

static int retell_all(struct replay *replay, unsigned limit)
{
    char after[HK_ID_SIZE + 64] = "";
    bool more = true;
    int status = 0;

    while (more && status == 0) {
        struct hk_reply page = {.status = 0};
        struct hk_buf path;
        hk_buf_init(&path, 4096);
        hk_buf_append_text(&path, "/v1/runs?limit=200");
        if (after[0] != '\0') {
            hk_buf_append_text(&path, "&after=");
            hk_cli_url_append(&path, after);
        }
        status = hk_cli_get(replay->cli, &page, "%s", path.data == NULL ? "/v1/runs" : path.data);
        if (status == 0)
            status = retell_page(replay, page.doc.root, limit, &more);
        (void)snprintf(after, sizeof(after), "%s", hk_json_string_at(page.doc.root, "next", ""));
        hk_buf_done(&path);
        hk_reply_done(&page);
    }
    return status;
}

/* --- telling --- */

static void print_step(const char *sign, const struct hk_json *step)
{
    const struct hk_json *args = hk_json_get(step, "args");
    const struct hk_json *options = hk_json_get(step, "options");
    const char *name = hk_json_string_at(step, "name", "");
    struct hk_buf line;

    hk_buf_init(&line, HK_PAYLOAD_SIZE_MAX);
    hk_buf_appendf(&line, "    %s %s%s%s ", sign, hk_json_string_at(step, "op", ""),
        *name == '\0' ? "" : ".", name);
    hk_json_canonical(args, &line);
    if (options != NULL && options->count > 0) {
        hk_buf_append_char(&line, ' ');
        hk_json_canonical(options, &line);
    }
    if (line.data != NULL)
        hk_print_lines(line.data);
    hk_buf_done(&line);
}

static void print_steps(const char *sign, const struct hk_json *steps)
{
    for (const struct hk_json *step = steps == NULL ? NULL : steps->first; step != NULL;
         step = step->next)
        print_step(sign, step);
}

static void print_pair(const char *what, const struct hk_json *pair)
{
    const char *was = hk_json_string_at(pair, "was", "none");
    const char *is = hk_json_string_at(pair, "is", "none");

    if (strcmp(was, is) != 0)
        printf("    %s: %s, and now %s\n", what, was, is);
}

static void print_run(const struct hk_json *item)
{
    bool same = hk_json_bool_at(item, "same", false);

    printf("%s  %.19s  %s\n", hk_json_string_at(item, "run", ""),
        hk_json_string_at(item, "started", ""), same ? "same" : "differs");
    if (same)
        return;
    if (!hk_json_bool_at(item, "starts", true)) {
        puts("    its alert would not start this playbook");
        return;
    }
    print_steps("-", hk_json_get(item, "removed"));
    print_steps("+", hk_json_get(item, "added"));
    print_pair("verdict", hk_json_get(item, "verdict"));
    print_pair("end", hk_json_get(item, "end"));
    if (hk_json_string_at(item, "error", NULL) != NULL) {
        fputs("    error: ", stdout);
        hk_print_lines(hk_json_string_at(item, "error", ""));
    }
    if (hk_json_get(item, "open") != NULL) {
        puts("    the record has no result for this, so it is not followed further:");
        print_step("?", hk_json_get(item, "open"));
    }
}

static void print_alerts(const struct replay *replay, const struct hk_json *list)
{
    for (const struct hk_json *item = list == NULL ? NULL : list->first; item != NULL;
         item = item->next) {
        printf("%s  %.19s  would start it now: ", hk_json_string_at(item, "alert", ""),
            hk_json_string_at(item, "received", ""));
        hk_print_text(hk_json_string_at(item, "severity", ""));
        fputs(", ", stdout);
        hk_print_text(hk_json_string_at(item, "title", ""));
        putchar('\n');
    }
    printf("%u alerts looked at%s, %u of them did not start it and would now\n",
        replay->alerts.looked, replay->alerts.is_whole ? "" : " (there are more)",
        replay->alerts.now);
}

static int print_replay(struct replay *replay)
{
    struct hk_json_doc doc = {.root = NULL};
    struct hk_buf out;
    struct hk_error error;
    struct hk_jw jw;
    int exit_status = HK_EXIT_DONE;

    hk_buf_init(&out, 3 * REPLAY_SIZE_MAX);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "playbook", hk_json_string_at(replay->descriptor.root, "name", ""));
    hk_jw_kv_time(&jw, "since", replay->since_us);
    hk_jw_kv_i64(&jw, "runs", replay->runs);
    hk_jw_kv_i64(&jw, "same", replay->same);
    hk_jw_kv_i64(&jw, "differ", replay->runs - replay->same);
    hk_jw_kv_i64(&jw, "left_out", replay->skipped);
    hk_jw_kv_raw(&jw, "items", replay->items.failed ? "[]" : replay->items.data);
    hk_jw_key(&jw, "alerts");
    hk_jw_object(&jw);
    hk_jw_kv_i64(&jw, "looked_at", replay->alerts.looked);
    hk_jw_kv_bool(&jw, "all", replay->alerts.is_whole);
    hk_jw_kv_raw(&jw, "would_start", replay->new_items.failed ? "[]" : replay->new_items.data);
    hk_jw_object_end(&jw);
    hk_jw_object_end(&jw);
    if (hk_buf_check(&replay->items, "the differences", &error) != HK_OK ||
        hk_buf_check(&replay->new_items, "the alerts", &error) != HK_OK ||
        hk_buf_check(&out, "the differences", &error) != HK_OK ||
        hk_json_parse(out.data, out.size, &hk_json_limits_own, &doc, &error) != HK_OK) {
        exit_status = hk_cli_error(&error);
    } else if (replay->cli->json || replay->cli->jsonl) {
        hk_print_json(out.data, out.size);
    } else {
        for (const struct hk_json *item = hk_json_get(doc.root, "items")->first; item != NULL;
             item = item->next)
            print_run(item);
        print_alerts(replay, hk_json_at(doc.root, "alerts.would_start"));
        printf("%u runs, %u the same, %u differ\n", replay->runs, replay->same,
            replay->runs - replay->same);
    }
    hk_json_doc_done(&doc);
    hk_buf_done(&out);
    return exit_status;
}

int hk_cli_playbook_replay(struct hk_cli *cli)
{
    struct replay replay = {.cli = cli};
    const char *step = hk_cli_option(cli, "step");
    const char *since = hk_cli_option(cli, "since");
    const char *most = hk_cli_option(cli, "limit");
    unsigned long limit = most == NULL ? HK_REPLAY_RUNS_DEFAULT : strtoul(most, NULL, 10);
    struct hk_error error;
    int64_t since_ms;
    int exit_status;

    if (step != NULL && (since != NULL || most != NULL))
        return hk_cli_fail(
            HK_EXIT_USAGE, "--step is for one run: it goes with no --since, --limit");
    if (step != NULL)
        return hk_cli_playbook_walk(cli, step);
    if (cli->arg_count == 0)
        return hk_cli_fail(HK_EXIT_USAGE, "playbook replay needs a FILE, or --step RUN");
    replay.file = cli->args[0];
    if (hk_duration_parse(since == NULL ? SINCE_DEFAULT : since, &since_ms, &error) != HK_OK)
        return hk_cli_fail(HK_EXIT_USAGE, "--since: %s", error.text);
    if (limit == 0 || limit > HK_REPLAY_RUNS_MAX)
        return hk_cli_fail(HK_EXIT_USAGE, "--limit is from 1 to %d", HK_REPLAY_RUNS_MAX);
    replay.since_us = hk_time_wall_us() - since_ms * 1000;
    hk_buf_init(&replay.source, 2 * HK_PLAYBOOK_SIZE_MAX);
    hk_buf_init(&replay.items, REPLAY_SIZE_MAX);
    hk_jw_init(&replay.jw, &replay.items);
    hk_jw_array(&replay.jw);
    hk_buf_init(&replay.new_items, REPLAY_SIZE_MAX);
    hk_jw_init(&replay.new_jw, &replay.new_items);
    hk_jw_array(&replay.new_jw);
    if (read_playbook(&replay, &error) != HK_OK) {
        exit_status = hk_cli_error(&error);
    } else {
        exit_status = retell_all(&replay, (unsigned)limit);
        hk_jw_array_end(&replay.jw);
        replay.alerts.descriptor = replay.descriptor.root;
        replay.alerts.since_us = replay.since_us;
        if (exit_status == 0)
            exit_status = hk_cli_replay_alerts(cli, &replay.alerts, &replay.new_jw);
        hk_jw_array_end(&replay.new_jw);
        if (exit_status == 0)
            exit_status = print_replay(&replay);
    }
    hk_json_doc_done(&replay.descriptor);
    hk_buf_done(&replay.new_items);
    hk_buf_done(&replay.items);
    hk_buf_done(&replay.source);
    return exit_status;
}
