/*
 * cli_contain: what is, or may be, blocked or isolated.
 */
#include "app/cli.h"
#include "limits.h"

#include <stdio.h>
#include <string.h>

static int contain_list(struct hk_cli *cli)
{
    static const struct hk_column columns[] = {{"ID", "id", 0}, {"STATE", "state", 0},
        {"ACTION", "action", 30}, {"TARGET", "target", 45}, {"SINCE", "effective|since", 0},
        {"EXPIRES", "expires", 0}, {"ENDED", "ended", 0}, {"CHECKED", "checked", 0},
        {"CHECK", "check", 0}};
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

/* Look at one, and add what was found to items. */
static int verify_one(struct hk_cli *cli, const char *id, struct hk_jw *items, bool *in_out_good)
{
    struct hk_reply reply = {.status = 0};
    int status = hk_cli_post(cli, &reply, "{}", "/v1/containments/%s/verify", id);

    if (status == 0 && reply.doc.root != NULL) {
        const char *check = hk_json_string_at(reply.doc.root, "check", "");
        *in_out_good = *in_out_good && (strcmp(check, "holds") == 0 || strcmp(check, "none") == 0);
        hk_jw_value(items, reply.doc.root);
    }
    hk_reply_done(&reply);
    return status;
}

/* Those of one page of the list; *in_out_after is where it goes on, "" at the end. */
static int verify_page(
    struct hk_cli *cli, char in_out_after[HK_ID_SIZE], struct hk_jw *items, bool *in_out_good)
{
    struct hk_reply page = {.status = 0};
    int status = hk_cli_get(cli, &page, "/v1/containments?state=live&limit=100%s%s",
        in_out_after[0] != '\0' ? "&after=" : "", in_out_after);
    const struct hk_json *list = status == 0 ? hk_json_get(page.doc.root, "items") : NULL;

    for (const struct hk_json *item = list != NULL ? list->first : NULL;
         item != NULL && status == 0; item = item->next) {
        const char *state = hk_json_string_at(item, "state", "");
        const char *id = hk_json_string_at(item, "id", "");
        if (hk_cli_id_is_good(id) &&
            (strcmp(state, "active") == 0 || strcmp(state, "drifted") == 0))
            status = verify_one(cli, id, items, in_out_good);
    }
    const char *next = status == 0 ? hk_json_string_at(page.doc.root, "next", "") : "";
    if (next[0] != '\0' && !hk_cli_id_is_good(next))
        next = "";
    (void)snprintf(in_out_after, HK_ID_SIZE, "%s", next);
    hk_reply_done(&page);
    return status;
}

static int contain_verify(struct hk_cli *cli)
{
    static const struct hk_column columns[] = {{"ID", "id", 0}, {"CHECK", "check", 0},
        {"STATE", "state", 0}, {"ACTION", "action", 30}, {"TARGET", "target", 45},
        {"FOUND", "found", 0}};
    struct hk_reply all = {.status = 200};
    char after[HK_ID_SIZE] = "";
    struct hk_jw jw;
    bool is_good = true;
    int status = 0;

    if (cli->arg_count > 0 && !hk_cli_id_is_good(cli->args[0]))
        return HK_EXIT_NOT_FOUND;
    hk_buf_init(&all.body, HK_HTTP_RESPONSE_SIZE_MAX);
    hk_jw_init(&jw, &all.body);
    hk_jw_object(&jw);
    hk_jw_key(&jw, "items");
    hk_jw_array(&jw);
    if (cli->arg_count > 0)
        status = verify_one(cli, cli->args[0], &jw, &is_good);
    else
        do
            status = verify_page(cli, after, &jw, &is_good);
        while (status == 0 && after[0] != '\0');
    hk_jw_array_end(&jw);
    hk_jw_kv(&jw, "next", NULL);
    hk_jw_object_end(&jw);
    if (status == 0 && (all.body.failed || hk_json_parse(all.body.data, all.body.size,
                                               &hk_json_limits_own, &all.doc, NULL) != HK_OK))
        status = hk_cli_fail(HK_EXIT_FAILED, "too many containments to show at once");
    if (status == 0)
        status = hk_print_list(cli, &all, columns, HK_COUNT(columns));
    hk_reply_done(&all);
    return status == 0 && !is_good ? HK_EXIT_FAILED : status;
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
    {"contain verify", "[ID]", 0, 1,
        "Look whether a containment, or each that should, still holds; 1 when one doesn't",
        contain_verify, {{0}}},
    {.name = NULL},
};
