/*
 * cli_approval: what waits for a person. What is decided is what was shown: the digest that came
 * with the show is sent with the decision.
 */
#include "app/cli.h"
#include "limits.h"

#include <stdio.h>
#include <string.h>

static int approval_list(struct hk_cli *cli)
{
    static const struct hk_column columns[] = {{"ID", "id", 0}, {"STATE", "state", 0},
        {"SEVERITY", "severity", 0}, {"ACTION", "action", 30}, {"TARGET", "target", 40},
        {"ROLE", "role", 0}, {"VOTES", "votes", 0}, {"OF", "quorum", 0}, {"EXPIRES", "expires", 0}};

    return hk_cli_list(cli, "approvals", hk_cli_option(cli, "state"), columns, HK_COUNT(columns));
}

static int approval_show(struct hk_cli *cli)
{
    return hk_cli_show(cli, "approvals", cli->args[0]);
}

static void write_decision(struct hk_buf *body, const struct hk_cli *cli, bool approve,
    const char *digest, const char *reason)
{
    const char *choice = approve ? hk_cli_option(cli, "choice") : NULL;
    struct hk_jw jw;

    hk_jw_init(&jw, body);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "decision", approve ? "approve" : "reject");
    hk_jw_kv(&jw, "digest", digest);
    if (reason != NULL)
        hk_jw_kv(&jw, "reason", reason);
    if (choice != NULL)
        hk_jw_kv(&jw, "choice", choice);
    hk_jw_object_end(&jw);
}

/* On stderr, so that stdout is the decision alone. */
static void tell_what(const struct hk_json *approval)
{
    (void)hk_cli_fail(HK_EXIT_DONE, "%s (%s on %s), digest %s",
        hk_json_string_at(approval, "summary", "no summary"),
        hk_json_string_at(approval, "action", "-"), hk_json_string_at(approval, "target", "-"),
        hk_json_string_at(approval, "digest", "-"));
}

static int decide(struct hk_cli *cli, bool approve, const char *reason)
{
    const char *insisted = hk_cli_option(cli, "digest");
    const char *id = cli->args[0];
    struct hk_reply shown = {.status = 0};
    struct hk_reply reply = {.status = 0};
    const char *digest;
    struct hk_buf body;
    int status;

    if (!hk_cli_id_is_good(id))
        return HK_EXIT_NOT_FOUND;
    hk_buf_init(&body, HK_ARGS_SIZE_MAX);
    status = hk_cli_get(cli, &shown, "/v1/approvals/%s", id);
    if (status != 0)
        goto out;
    digest = hk_json_string_at(shown.doc.root, "digest", "");
    if (insisted != NULL && strcmp(insisted, digest) != 0) {
        status = hk_cli_fail(HK_EXIT_FAILED, "the digest is now %s: look again", digest);
        goto out;
    }
    tell_what(shown.doc.root);
    write_decision(&body, cli, approve, digest, reason);
    status =
        hk_cli_post(cli, &reply, body.failed ? "{}" : body.data, "/v1/approvals/%s/decision", id);
    if (status != 0)
        goto out;
    if (cli->json || cli->jsonl)
        status = hk_print_document(cli, &reply);
    else
        printf("%s  %s\n", id, hk_json_string_at(reply.doc.root, "state", "decided"));
out:
    hk_reply_done(&shown);
    hk_reply_done(&reply);
    hk_buf_done(&body);
    return status;
}

static int approval_approve(struct hk_cli *cli)
{
    const char *comment = hk_cli_option(cli, "comment");

    return decide(cli, true, comment != NULL ? comment : hk_cli_option(cli, "reason"));
}

static int approval_reject(struct hk_cli *cli)
{
    const char *reason = hk_cli_option(cli, "reason");

    if (reason == NULL)
        reason = hk_cli_option(cli, "comment");
    if (reason == NULL || reason[0] == '\0')
        return hk_cli_fail(HK_EXIT_USAGE, "approval reject needs --reason");
    return decide(cli, false, reason);
}

const struct hk_command hk_commands_approval[] = {
    {"approval list", "", 0, 0, "List approvals, newest first", approval_list,
        {{"state", "S", "pending, approved, rejected, expired or void"},
            {"after", "ID", "go on after this one"},
            {"limit", "N", "items of one page, 1 to 500"}}},
    {"approval show", "ID", 1, 1, "Show what is to be decided", approval_show, {{0}}},
    {"approval approve", "ID", 1, 1, "Approve what is shown", approval_approve,
        {{"comment", "TEXT", "why"}, {"reason", "TEXT", "the same"},
            {"choice", "TEXT", "the answer to a question that has choices"},
            {"digest", "D", "only if this is still the digest"}}},
    {"approval reject", "ID", 1, 1, "Reject it", approval_reject,
        {{"reason", "TEXT", "why; required"}, {"comment", "TEXT", "the same"},
            {"digest", "D", "only if this is still the digest"}}},
    {.name = NULL},
};
