/*
 * cli_task: what people are to do.
 */
#include "app/cli.h"
#include "limits.h"

#include <stdio.h>
#include <string.h>

static int task_list(struct hk_cli *cli)
{
    static const struct hk_column columns[] = {{"ID", "id", 0}, {"STATE", "state", 0},
        {"KIND", "kind", 0}, {"OWNER", "owner", 20}, {"DUE", "due", 0}, {"WHAT", "title", 60},
        {"OUTCOME", "outcome", 0}};

    return hk_cli_list(cli, "tasks", hk_cli_option(cli, "state"), columns, HK_COUNT(columns));
}

static int task_show(struct hk_cli *cli)
{
    return hk_cli_show(cli, "tasks", cli->args[0]);
}

static int post(struct hk_cli *cli, const char *verb, const char *const (*fields)[2])
{
    struct hk_reply reply = {.status = 0};
    struct hk_buf body;
    struct hk_jw jw;
    int status;

    if (!hk_cli_id_is_good(cli->args[0]))
        return HK_EXIT_NOT_FOUND;
    hk_buf_init(&body, HK_ARGS_SIZE_MAX);
    hk_jw_init(&jw, &body);
    hk_jw_object(&jw);
    for (size_t i = 0; fields[i][0] != NULL; i++)
        if (fields[i][1] != NULL)
            hk_jw_kv(&jw, fields[i][0], fields[i][1]);
    hk_jw_object_end(&jw);
    status = hk_cli_post(
        cli, &reply, body.failed ? "{}" : body.data, "/v1/tasks/%s/%s", cli->args[0], verb);
    if (status == 0 && (cli->json || cli->jsonl))
        status = hk_print_document(cli, &reply);
    else if (status == 0)
        printf("%s  %s  %s\n", cli->args[0], hk_json_string_at(reply.doc.root, "state", ""),
            hk_json_string_at(
                reply.doc.root, "made", hk_json_string_at(reply.doc.root, "owner", "")));
    hk_reply_done(&reply);
    hk_buf_done(&body);
    return status;
}

static int task_assign(struct hk_cli *cli)
{
    const char *const fields[][2] = {
        {"to", strcmp(cli->args[1], "-") == 0 ? NULL : cli->args[1]}, {NULL, NULL}};

    return post(cli, "assign", fields);
}

static int task_done(struct hk_cli *cli)
{
    const char *evidence = hk_cli_option(cli, "evidence");
    const char *outcome = hk_cli_flag(cli, "did-not")      ? "did_not"
                          : hk_cli_flag(cli, "not-needed") ? "not_needed"
                                                           : "happened";
    const char *const fields[][2] = {{"outcome", outcome}, {"evidence", evidence},
        {"when", hk_cli_option(cli, "when")}, {NULL, NULL}};

    if (hk_cli_flag(cli, "did-not") && hk_cli_flag(cli, "not-needed"))
        return hk_cli_fail(HK_EXIT_USAGE, "--did-not and --not-needed: which of the two?");
    if (evidence == NULL)
        return hk_cli_fail(HK_EXIT_USAGE, "task done needs --evidence: how is that known?");
    return post(cli, "done", fields);
}

const struct hk_command hk_commands_task[] = {
    {"task list", "", 0, 0, "List tasks, newest first", task_list,
        {{"state", "S", "open or done"}, {"after", "ID", "go on after this one"},
            {"limit", "N", "items of one page, 1 to 500"}}},
    {"task show", "ID", 1, 1, "Show what is to be done, and why", task_show, {{0}}},
    {"task assign", "ID USER", 2, 2, "Give a task to somebody (- for nobody)", task_assign, {{0}}},
    {"task done", "ID", 1, 1, "Say that it was done, and how that is known", task_done,
        {{"evidence", "TEXT", "how that is known; required"},
            {"when", "TIME", "when it was done, RFC 3339; now unless given"},
            {"did-not", NULL, "it was tried and did not happen"},
            {"not-needed", NULL, "it is not needed any more"}}},
    {.name = NULL},
};
