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

/* How much of the record could not be looked into, on stderr: what is missing may be there. */
static void tell_behind(const struct hk_json *answer)
{
    int64_t behind = hk_json_i64_at(answer, "behind", 0);

    if (hk_json_bool_at(answer, "is_cut", false))
        fputs("the time was up before the page was full: go on, or ask for less\n", stderr);
    if (behind > 0)
        fprintf(stderr, "%lld entries are not indexed yet\n", (long long)behind);
}

static int search(struct hk_cli *cli)
{
    static const struct hk_column columns[] = {{"TIME", "time", 19}, {"KIND", "kind", 0},
        {"ID", "id", 0}, {"STATE", "state", 0}, {"SEVERITY", "severity", 0}, {"TITLE", "title", 50},
        {"ENTRY", "entry", 0}, {"TEXT", "text", 50}};
    const char *limit = hk_cli_option(cli, "limit");
    struct hk_reply reply;
    struct hk_buf path;
    int status;

    hk_buf_init(&path, 8192);
    hk_buf_append_text(&path, "/v1/search?limit=");
    hk_cli_url_append(&path, limit != NULL ? limit : "100");
    hk_buf_append_text(&path, "&q=");
    for (size_t i = 0; i < cli->arg_count; i++) {
        hk_buf_append_text(&path, i > 0 ? "%20" : "");
        hk_cli_url_append(&path, cli->args[i]);
    }
    add_param(&path, "kind", hk_cli_option(cli, "kind"));
    add_param(&path, "from", hk_cli_option(cli, "from"));
    add_param(&path, "to", hk_cli_option(cli, "to"));
    add_param(&path, "after", hk_cli_option(cli, "after"));
    if (path.failed)
        status = hk_cli_fail(HK_EXIT_USAGE, "that is more than can be searched for at once");
    else
        status = hk_cli_get(cli, &reply, "%s", path.data);
    if (!path.failed) {
        if (status == 0)
            status = hk_print_list(cli, &reply, columns, HK_COUNT(columns));
        if (status == 0 && !cli->json)
            tell_behind(reply.doc.root);
        hk_reply_done(&reply);
    }
    hk_buf_done(&path);
    return status;
}

const struct hk_command hk_commands_things[] = {
    {"alert list", "", 0, 0, "List alerts, newest first", alert_list,
        {{"state", "S", "new, merged, routed or closed"}, PAGE}},
    {"alert show", "ID", 1, 1, "Show an alert and what became of it", alert_show, {{0}}},
    {"search", "QUERY...", 0, 64, "Search alerts and what people wrote, newest first", search,
        {{"kind", "K",
             "alert, run, approval, containment, case, task, gap or playbook; all unless given"},
            {"from", "TIME", "entries of this time and later: RFC 3339, a day, or 24h"},
            {"to", "TIME", "entries before this time"}, {"after", "N", "go on after this entry"},
            {"limit", "N", "items of one page, 1 to 500"}}},
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
