/*
 * cli_playbook: versions of playbooks in the running engine: what is in force, how it came about,
 * and putting another one there.
 */
#include "app/cli.h"
#include "limits.h"

#include <stdio.h>
#include <string.h>

static int playbook_list(struct hk_cli *cli)
{
    static const struct hk_column columns[] = {{"NAME", "name", 0}, {"VERSION", "version", 13},
        {"STATE", "state", 0}, {"SINCE", "since", 19}, {"BY", "by", 20}, {"HOW", "how", 0},
        {"SUMMARY", "summary", 60}};

    return hk_cli_list(cli, "playbooks", NULL, columns, HK_COUNT(columns));
}

/* Whom an id in the history stands for. */
static const char *name_of(const struct hk_json *shown, const char *id)
{
    const char *name = hk_json_string(hk_json_get(hk_json_get(shown, "names"), id));

    return name != NULL ? name : id;
}

static void print_event(const struct hk_json *shown, const struct hk_json *event)
{
    const char *kind = hk_json_string_at(event, "kind", "");
    const char *reason = hk_json_string_at(event, "reason", "");
    const char *how = hk_json_string_at(event, "how", "");

    printf("  %.19s  %-13.13s %-12s by ", hk_json_string_at(event, "time", ""),
        hk_json_string_at(event, "version", "-"),
        *how != '\0' ? how : kind + (strncmp(kind, "playbook.", 9) == 0 ? 9 : 0));
    hk_print_text(name_of(shown, hk_json_string_at(event, "by", "")));
    if (*reason != '\0') {
        fputs(": ", stdout);
        hk_print_text(reason);
    }
    putchar('\n');
}

static void print_shown(const struct hk_json *shown)
{
    static const struct hk_column columns[] = {
        {"VERSION", "version", 0}, {"STATE", "state", 0}, {"ADDED", "added", 19}};
    const struct hk_json *history = hk_json_get(shown, "history");

    printf("%s%s%s  %s  ", hk_bold(), hk_json_string_at(shown, "name", "-"), hk_plain(),
        hk_json_string_at(shown, "state", ""));
    hk_print_text(hk_json_string_at(shown, "file", ""));
    putchar('\n');
    hk_print_lines(hk_json_string_at(shown, "summary", ""));
    hk_print_table(hk_json_get(shown, "versions"), columns, HK_COUNT(columns), 1);
    puts("History");
    for (const struct hk_json *event = history == NULL ? NULL : history->first; event != NULL;
         event = event->next)
        print_event(shown, event);
}

static int playbook_show(struct hk_cli *cli)
{
    struct hk_reply reply = {.status = 0};
    int status;

    if (!hk_cli_id_is_good(cli->args[0]))
        return HK_EXIT_NOT_FOUND;
    status = hk_cli_get(cli, &reply, "/v1/playbooks/%s", cli->args[0]);
    if (status == 0 && hk_cli_flag(cli, "source") && !cli->json && !cli->jsonl)
        hk_print_lines(hk_json_string_at(reply.doc.root, "source", ""));
    else if (status == 0 && (cli->json || cli->jsonl))
        status = hk_print_document(cli, &reply);
    else if (status == 0)
        print_shown(reply.doc.root);
    hk_reply_done(&reply);
    return status;
}

static int playbook_reload(struct hk_cli *cli)
{
    static const struct hk_column columns[] = {{"NAME", "name", 0}, {"VERSION", "version", 13},
        {"CHANGED", "changed", 0}, {"PREVIOUS", "previous", 13}, {"SET ASIDE", "set_aside", 13},
        {"FILE", "file", 60}};
    struct hk_reply reply = {.status = 0};
    struct hk_buf body;
    struct hk_jw jw;
    int status;

    hk_buf_init(&body, HK_ARGS_SIZE_MAX);
    hk_jw_init(&jw, &body);
    hk_jw_object(&jw);
    if (cli->arg_count > 0)
        hk_jw_kv(&jw, "file", cli->args[0]);
    hk_jw_object_end(&jw);
    status = body.failed ? hk_cli_fail(HK_EXIT_USAGE, "the path is too long")
                         : hk_cli_post(cli, &reply, body.data, "/v1/config/playbooks");
    if (!body.failed) {
        if (status == 0)
            status = hk_print_list(cli, &reply, columns, HK_COUNT(columns));
        hk_reply_done(&reply);
    }
    hk_buf_done(&body);
    return status;
}

static int enforce(struct hk_cli *cli, const char *verb, const char *version)
{
    const char *reason = hk_cli_option(cli, "reason");
    struct hk_reply reply = {.status = 0};
    struct hk_buf body;
    struct hk_jw jw;
    int status;

    if (reason == NULL)
        return hk_cli_fail(HK_EXIT_USAGE, "playbook %s needs --reason: why", verb);
    if (!hk_cli_id_is_good(cli->args[0]))
        return HK_EXIT_NOT_FOUND;
    hk_buf_init(&body, HK_ARGS_SIZE_MAX);
    hk_jw_init(&jw, &body);
    hk_jw_object(&jw);
    if (version != NULL)
        hk_jw_kv(&jw, "version", version);
    hk_jw_kv(&jw, "reason", reason);
    hk_jw_object_end(&jw);
    status = body.failed
                 ? hk_cli_fail(HK_EXIT_USAGE, "--reason: too long")
                 : hk_cli_post(cli, &reply, body.data, "/v1/playbooks/%s/%s", cli->args[0], verb);
    if (!body.failed) {
        if (status == 0)
            status = hk_print_document(cli, &reply);
        hk_reply_done(&reply);
    }
    hk_buf_done(&body);
    return status;
}

static int playbook_promote(struct hk_cli *cli)
{
    if (hk_cli_option(cli, "version") == NULL)
        return hk_cli_fail(HK_EXIT_USAGE, "playbook promote needs --version: which one");
    return enforce(cli, "promote", hk_cli_option(cli, "version"));
}

static int playbook_rollback(struct hk_cli *cli)
{
    return enforce(cli, "rollback", hk_cli_option(cli, "to"));
}

const struct hk_command hk_commands_playbook[] = {
    {"playbook list", "", 0, 0, "List playbooks, and which version of each is in force",
        playbook_list,
        {{"after", "NAME", "go on after this one"}, {"limit", "N", "items of one page, 1 to 500"}}},
    {"playbook show", "NAME", 1, 1,
        "Show a playbook's versions, and who put which into force when and why; or one version",
        playbook_show, {{"source", NULL, "the text itself"}}},
    {"playbook reload", "[FILE]", 0, 1,
        "Read the configured files again, and put what changed into force for new runs",
        playbook_reload, {{0}}},
    {"playbook promote", "NAME", 1, 1, "Put a recorded version into force for new runs",
        playbook_promote,
        {{"version", "V", "which one, or its first 8 digits"},
            {"reason", "TEXT", "why; required"}}},
    {"playbook rollback", "NAME", 1, 1,
        "Put the version of before into force again, until the file changes", playbook_rollback,
        {{"to", "V", "to another one, or its first 8 digits"},
            {"reason", "TEXT", "why; required"}}},
    {.name = NULL},
};
