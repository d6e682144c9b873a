/*
 * cli_things: lists and shows that need no more than that, and authority explain.
 */
#include "app/cli.h"

#include <string.h>

#define PAGE                                                                                       \
    {"after", "ID", "go on after this one"},                                                       \
    {                                                                                              \
        "limit", "N", "items of one page, 1 to 500"                                                \
    }

static int alert_list(struct hk_cli *cli)
{
    static const struct hk_column columns[] = {{"ID", "id", 0}, {"STATE", "state", 0},
        {"SEVERITY", "severity", 0}, {"RECEIVED", "received", 0}, {"PRODUCT", "product", 20},
        {"TITLE", "title", 60}, {"VERDICT", "verdict", 0}};

    return hk_cli_list(cli, "alerts", hk_cli_option(cli, "state"), columns, HK_COUNT(columns));
}

static int alert_show(struct hk_cli *cli)
{
    return hk_cli_show(cli, "alerts", cli->args[0]);
}

static int playbook_list(struct hk_cli *cli)
{
    static const struct hk_column columns[] = {
        {"NAME", "name", 0}, {"VERSION", "version", 13}, {"SUMMARY", "summary", 70}};

    return hk_cli_list(cli, "playbooks", NULL, columns, HK_COUNT(columns));
}

static int plugin_list(struct hk_cli *cli)
{
    static const struct hk_column columns[] = {{"NAME", "name", 0}, {"VERSION", "version", 0},
        {"STATE", "state", 0}, {"RESTARTS", "restarts", 0}, {"CALLS", "calls_open", 0},
        {"SHA-256", "sha256", 13}};

    return hk_cli_list(cli, "plugins", NULL, columns, HK_COUNT(columns));
}

static int plugin_show(struct hk_cli *cli)
{
    return hk_cli_show(cli, "plugins", cli->args[0]);
}

static void add_param(struct hk_buf *path, const char *name, const char *value)
{
    if (value == NULL)
        return;
    hk_buf_appendf(path, "&%s=", name);
    hk_cli_url_append(path, value);
}

static int authority_explain(struct hk_cli *cli)
{
    const char *action = hk_cli_option(cli, "action");
    struct hk_reply reply;
    struct hk_buf path;
    int status;

    if (action == NULL)
        return hk_cli_fail(HK_EXIT_USAGE, "authority explain needs --action");
    hk_buf_init(&path, 8192);
    hk_buf_append_text(&path, "/v1/authority/explain?action=");
    hk_cli_url_append(&path, action);
    add_param(&path, "target", hk_cli_option(cli, "target"));
    add_param(&path, "severity", hk_cli_option(cli, "severity"));
    add_param(&path, "at", hk_cli_option(cli, "at"));
    status = hk_cli_get(cli, &reply, "%s", path.failed ? "/" : path.data);
    if (status == 0)
        status = hk_print_document(cli, &reply);
    hk_reply_done(&reply);
    hk_buf_done(&path);
    return status;
}

static int source_list(struct hk_cli *cli)
{
    static const struct hk_column columns[] = {{"NAME", "name", 0}, {"KIND", "kind", 0},
        {"LAST", "last", 0}, {"MESSAGES", "counts.messages", 0}, {"ALERTS", "counts.alerts", 0},
        {"UNMAPPED", "counts.unmapped", 0}, {"REFUSED", "counts.refused", 0},
        {"DROPPED", "counts.dropped", 0}, {"PROBLEM", "problem.text", 80}};

    return hk_cli_list(cli, "sources", NULL, columns, HK_COUNT(columns));
}

static int gap_list(struct hk_cli *cli)
{
    static const struct hk_column columns[] = {{"KIND", "kind", 0}, {"NAME", "name", 40},
        {"STATE", "state", 0}, {"SINCE", "since", 0}, {"ENDED", "ended", 0},
        {"DETAIL", "detail", 80}};
    const char *state = hk_cli_option(cli, "state");

    return hk_cli_list(cli, "gaps", state != NULL ? state : "open", columns, HK_COUNT(columns));
}

const struct hk_command hk_commands_things[] = {
    {"alert list", "", 0, 0, "List alerts, newest first", alert_list,
        {{"state", "S", "new, merged, routed or closed"}, PAGE}},
    {"alert show", "ID", 1, 1, "Show an alert and what became of it", alert_show, {{0}}},
    {"playbook list", "", 0, 0, "List playbooks in force", playbook_list, {PAGE}},
    {"plugin list", "", 0, 0, "List plugins and how they are", plugin_list, {PAGE}},
    {"plugin show", "NAME", 1, 1, "Show what a plugin can do", plugin_show, {{0}}},
    {"source list", "", 0, 0,
        "List sources: what they brought since the start, and what hinders them", source_list,
        {PAGE}},
    {"gap list", "", 0, 0,
        "List what is not covered now: silent sources, actions that can't be done", gap_list,
        {{"state", "S", "open or closed; open unless given"}, PAGE}},
    {"authority explain", "", 0, 0, "Tell whether an action would be done, and by which rule",
        authority_explain,
        {{"action", "A", "a plugin's action or a capability: contain.block_ip"},
            {"target", "X", "what it would act on"}, {"severity", "S", "of the alert"},
            {"at", "TIME", "when, RFC 3339; now unless given"}}},
    {.name = NULL},
};
