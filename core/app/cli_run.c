/*
 * cli_run: runs.
 */
#include "app/cli.h"
#include "app/cli_author.h"
#include "limits.h"

#include <stdio.h>
#include <string.h>

static int run_list(struct hk_cli *cli)
{
    static const struct hk_column columns[] = {{"ID", "id", 0}, {"STATE", "state", 0},
        {"PLAYBOOK", "playbook", 30}, {"ALERT", "alert", 0}, {"STARTED", "started", 0},
        {"ENDED", "ended", 0}, {"SHADOW", "shadow", 0}, {"REASON", "reason", 50}};

    return hk_cli_list(cli, "runs", hk_cli_option(cli, "state"), columns, HK_COUNT(columns));
}

static int run_show(struct hk_cli *cli)
{
    if (hk_cli_flag(cli, "as-test"))
        return hk_cli_run_as_test(cli);
    return hk_cli_show(cli, "runs", cli->args[0]);
}

static int post(struct hk_cli *cli, const char *verb, struct hk_buf *body)
{
    struct hk_reply reply;
    int status;

    if (!hk_cli_id_is_good(cli->args[0]))
        return HK_EXIT_NOT_FOUND;
    status = hk_cli_post(cli, &reply, body->data, "/v1/runs/%s/%s", cli->args[0], verb);
    if (status == 0)
        status = hk_print_document(cli, &reply);
    hk_reply_done(&reply);
    return status;
}

static int run_cancel(struct hk_cli *cli)
{
    const char *reason = hk_cli_option(cli, "reason");
    struct hk_buf body;
    struct hk_jw jw;
    int status;

    hk_buf_init(&body, HK_ARGS_SIZE_MAX);
    hk_jw_init(&jw, &body);
    hk_jw_object(&jw);
    if (reason != NULL)
        hk_jw_kv(&jw, "reason", reason);
    hk_jw_object_end(&jw);
    status = post(cli, "cancel", &body);
    hk_buf_done(&body);
    return status;
}

static const char *resolution_of(const struct hk_cli *cli)
{
    static const char *const names[][2] = {
        {"happened", "happened"}, {"did-not", "did_not"}, {"abandon", "abandon"}};
    const char *found = NULL;

    for (size_t i = 0; i < HK_COUNT(names); i++) {
        if (!hk_cli_flag(cli, names[i][0]))
            continue;
        if (found != NULL)
            return NULL;
        found = names[i][1];
    }
    return found;
}

static int run_resolve(struct hk_cli *cli)
{
    const char *resolution = resolution_of(cli);
    const char *step = hk_cli_option(cli, "step");
    const char *result = hk_cli_option(cli, "result");
    const char *evidence = hk_cli_option(cli, "evidence");
    struct hk_json_doc doc = {.root = NULL};
    struct hk_error error;
    struct hk_buf body;
    struct hk_jw jw;
    int status;

    if (resolution == NULL)
        return hk_cli_fail(
            HK_EXIT_USAGE, "run resolve needs one of --happened, --did-not, --abandon");
    if (evidence == NULL)
        return hk_cli_fail(HK_EXIT_USAGE, "run resolve needs --evidence: how it is known");
    if (result != NULL &&
        hk_json_parse(result, strlen(result), &hk_json_limits_own, &doc, &error) != HK_OK)
        return hk_cli_fail(HK_EXIT_USAGE, "--result: %s", error.text);
    hk_buf_init(&body, 2 * HK_ARGS_SIZE_MAX);
    hk_jw_init(&jw, &body);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "resolution", resolution);
    if (step != NULL)
        hk_jw_kv(&jw, "step", step);
    if (doc.root != NULL)
        hk_jw_kv_value(&jw, "result", doc.root);
    hk_jw_kv(&jw, "evidence", evidence);
    hk_jw_object_end(&jw);
    status = body.failed ? hk_cli_fail(HK_EXIT_USAGE, "--result: too long")
                         : post(cli, "resolve", &body);
    hk_buf_done(&body);
    hk_json_doc_done(&doc);
    return status;
}

static int run_signal(struct hk_cli *cli)
{
    const char *value = hk_cli_option(cli, "value");
    struct hk_json_doc doc = {.root = NULL};
    struct hk_error error;
    struct hk_buf body;
    struct hk_jw jw;
    int status;

    if (value != NULL &&
        hk_json_parse(value, strlen(value), &hk_json_limits_own, &doc, &error) != HK_OK)
        return hk_cli_fail(HK_EXIT_USAGE, "--value: %s", error.text);
    hk_buf_init(&body, 2 * HK_ARGS_SIZE_MAX);
    hk_jw_init(&jw, &body);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "name", cli->args[1]);
    if (doc.root != NULL)
        hk_jw_kv_value(&jw, "value", doc.root);
    hk_jw_object_end(&jw);
    status =
        body.failed ? hk_cli_fail(HK_EXIT_USAGE, "--value: too long") : post(cli, "signal", &body);
    hk_buf_done(&body);
    hk_json_doc_done(&doc);
    return status;
}

const struct hk_command hk_commands_run[] = {
    {"run list", "", 0, 0, "List runs, newest first", run_list,
        {{"state", "S",
             "running, waiting, unknown, diverged, finished, failed, cancelled; live: not ended"},
            {"after", "ID", "go on after this one"},
            {"limit", "N", "items of one page, 1 to 500"}}},
    {"run show", "ID", 1, 1, "Show a run and its steps", run_show,
        {{"as-test", NULL, "as a test of its playbook (Lua)"}}},
    {"run watch", "ID", 1, 1, "Follow a run, step by step, until it ends", hk_cli_run_watch, {{0}}},
    {"run cancel", "ID", 1, 1, "End a run", run_cancel, {{"reason", "TEXT", "why"}}},
    {"run resolve", "ID", 1, 1, "Record what became of a step of which nobody knew", run_resolve,
        {{"step", "N", "which step"}, {"happened", NULL, "it was done"},
            {"result", "JSON", "what the action would have answered, with --happened"},
            {"did-not", NULL, "it was not done"}, {"abandon", NULL, "give the run up"},
            {"evidence", "TEXT", "how that is known"}}},
    {"run signal", "ID NAME", 2, 2, "Tell a run what it waits for", run_signal,
        {{"value", "JSON", "an object that comes with it"}}},
    {.name = NULL},
};
