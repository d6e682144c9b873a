/*
 * cli_contain: what is, or may be, blocked or isolated.
 */
#include "app/cli.h"
#include "limits.h"

#include <stdio.h>

static int contain_list(struct hk_cli *cli)
{
    static const struct hk_column columns[] = {{"ID", "id", 0}, {"STATE", "state", 0},
        {"ACTION", "action", 30}, {"TARGET", "target", 45}, {"SINCE", "effective|since", 0},
        {"EXPIRES", "expires", 0}, {"ENDED", "ended", 0}};
    const char *state = hk_cli_flag(cli, "active") ? "live" : hk_cli_option(cli, "state");

    return hk_cli_list(cli, "containments", state, columns, HK_COUNT(columns));
}

static int contain_show(struct hk_cli *cli)
{
    return hk_cli_show(cli, "containments", cli->args[0]);
}

static int post(struct hk_cli *cli, const char *verb, const char *for_text, const char *reason)
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
    if (for_text != NULL)
        hk_jw_kv(&jw, "for", for_text);
    if (reason != NULL)
        hk_jw_kv(&jw, "reason", reason);
    hk_jw_object_end(&jw);
    status = hk_cli_post(
        cli, &reply, body.failed ? "{}" : body.data, "/v1/containments/%s/%s", cli->args[0], verb);
    if (status == 0 && (cli->json || cli->jsonl))
        status = hk_print_document(cli, &reply);
    else if (status == 0)
        printf("%s  %s\n", cli->args[0], hk_json_string_at(reply.doc.root, "state", "done"));
    hk_reply_done(&reply);
    hk_buf_done(&body);
    return status;
}

static int contain_release(struct hk_cli *cli)
{
    return post(cli, "release", NULL, hk_cli_option(cli, "reason"));
}

static int contain_renew(struct hk_cli *cli)
{
    const char *for_text = hk_cli_option(cli, "for");

    if (for_text == NULL)
        return hk_cli_fail(HK_EXIT_USAGE, "contain renew needs --for, such as --for 4h");
    return post(cli, "renew", for_text, hk_cli_option(cli, "reason"));
}

const struct hk_command hk_commands_contain[] = {
    {"contain list", "", 0, 0, "List containments, newest first", contain_list,
        {{"active", NULL, "only what holds now, or may hold"},
            {"state", "S", "starting, active, drifted, unknown, releasing, released or failed"},
            {"after", "ID", "go on after this one"},
            {"limit", "N", "items of one page, 1 to 500"}}},
    {"contain show", "ID", 1, 1, "Show a containment: by whose word, until when", contain_show,
        {{0}}},
    {"contain release", "ID", 1, 1, "Take a containment back", contain_release,
        {{"reason", "TEXT", "why"}}},
    {"contain renew", "ID", 1, 1, "Let a containment stand for longer", contain_renew,
        {{"for", "4h", "from now"}, {"reason", "TEXT", "why"}}},
    {.name = NULL},
};
