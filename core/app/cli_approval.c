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

/* On stderr, so that stdout is the decision alone. */
static void tell_what(const struct hk_json *approval)
{
    (void)hk_cli_fail(HK_EXIT_DONE, "%s (%s on %s), digest %s",
        hk_json_string_at(approval, "summary", "no summary"),
        hk_json_string_at(approval, "action", "-"), hk_json_string_at(approval, "target", "-"),
        hk_json_string_at(approval, "digest", "-"));
}

/* Write the members of the body; the digest is that of what was shown. */
typedef int write_fn(const struct hk_cli *cli, const char *digest, struct hk_jw *jw);

/* Show the approval on stderr, and post what is written about it; word is printed when the answer
 * has no better one. */
static int post_about(
    struct hk_cli *cli, const char *where, write_fn *write, const char *state_key, const char *word)
{
    const char *insisted = hk_cli_option(cli, "digest");
    const char *id = cli->args[0];
    struct hk_reply shown = {.status = 0};
    struct hk_reply reply = {.status = 0};
    const char *digest;
    struct hk_buf body;
    struct hk_jw jw;
    int status;

    if (!hk_cli_id_is_good(id))
        return HK_EXIT_NOT_FOUND;
    hk_buf_init(&body, HK_ARGS_SIZE_MAX * 2);
    status = hk_cli_get(cli, &shown, "/v1/approvals/%s", id);
    if (status != 0)
        goto out;
    digest = hk_json_string_at(shown.doc.root, "digest", "");
    if (insisted != NULL && strcmp(insisted, digest) != 0) {
        status = hk_cli_fail(HK_EXIT_FAILED, "the digest is now %s: look again", digest);
        goto out;
    }
    tell_what(shown.doc.root);
    hk_jw_init(&jw, &body);
    hk_jw_object(&jw);
    status = write(cli, digest, &jw);
    hk_jw_object_end(&jw);
    if (status == 0)
        status = hk_cli_post(
            cli, &reply, body.failed ? "{}" : body.data, "/v1/approvals/%s/%s", id, where);
    if (status != 0)
        goto out;
    if (cli->json || cli->jsonl)
        status = hk_print_document(cli, &reply);
    else
        printf("%s  %s\n", id, hk_json_string_at(reply.doc.root, state_key, word));
out:
    hk_reply_done(&shown);
    hk_reply_done(&reply);
    hk_buf_done(&body);
    return status;
}

/* --- deciding --- */

static const char *reason_of(const struct hk_cli *cli)
{
    const char *reason = hk_cli_option(cli, "reason");

    return reason != NULL ? reason : hk_cli_option(cli, "comment");
}

static int write_approve(const struct hk_cli *cli, const char *digest, struct hk_jw *jw)
{
    const char *choice = hk_cli_option(cli, "choice");

    hk_jw_kv(jw, "decision", "approve");
    hk_jw_kv(jw, "digest", digest);
    if (reason_of(cli) != NULL)
        hk_jw_kv(jw, "reason", reason_of(cli));
    if (choice != NULL)
        hk_jw_kv(jw, "choice", choice);
    return 0;
}

static int approval_approve(struct hk_cli *cli)
{
    return post_about(cli, "decision", write_approve, "state", "decided");
}

static int write_reject(const struct hk_cli *cli, const char *digest, struct hk_jw *jw)
{
    hk_jw_kv(jw, "decision", "reject");
    hk_jw_kv(jw, "digest", digest);
    hk_jw_kv(jw, "reason", reason_of(cli));
    return 0;
}

static int approval_reject(struct hk_cli *cli)
{
    const char *reason = reason_of(cli);

    if (reason == NULL || reason[0] == '\0')
        return hk_cli_fail(HK_EXIT_USAGE, "approval reject needs --reason");
    return post_about(cli, "decision", write_reject, "state", "decided");
}

/* --- short of deciding --- */

static int write_narrow(const struct hk_cli *cli, const char *digest, struct hk_jw *jw)
{
    const char *args = hk_cli_option(cli, "args");
    const char *expires = hk_cli_option(cli, "expires");
    struct hk_json_doc doc = {.root = NULL};
    struct hk_error error;
    int status = 0;

    hk_jw_kv(jw, "digest", digest);
    if (hk_cli_option(cli, "reason") != NULL)
        hk_jw_kv(jw, "reason", hk_cli_option(cli, "reason"));
    if (expires != NULL)
        hk_jw_kv(jw, "expires", expires);
    if (args == NULL)
        return 0;
    if (hk_json_parse(args, strlen(args), &hk_json_limits_own, &doc, &error) != HK_OK)
        status = hk_cli_fail(HK_EXIT_USAGE, "--args: %s", error.text);
    else if (doc.root->type != HK_JSON_OBJECT)
        status = hk_cli_fail(HK_EXIT_USAGE, "--args: expected an object such as {\"ip\":\"…\"}");
    else
        hk_jw_kv_value(jw, "args", doc.root);
    hk_json_doc_done(&doc);
    return status;
}

static int approval_narrow(struct hk_cli *cli)
{
    if (hk_cli_option(cli, "args") == NULL && hk_cli_option(cli, "expires") == NULL)
        return hk_cli_fail(HK_EXIT_USAGE, "approval narrow needs --args or --expires");
    return post_about(cli, "narrow", write_narrow, "digest", "narrowed");
}

static int write_delegate(const struct hk_cli *cli, const char *digest, struct hk_jw *jw)
{
    (void)digest;
    hk_jw_kv(jw, "to", hk_cli_option(cli, "to"));
    if (hk_cli_option(cli, "reason") != NULL)
        hk_jw_kv(jw, "reason", hk_cli_option(cli, "reason"));
    return 0;
}

static int approval_delegate(struct hk_cli *cli)
{
    if (hk_cli_option(cli, "to") == NULL)
        return hk_cli_fail(HK_EXIT_USAGE, "approval delegate needs --to");
    return post_about(cli, "delegate", write_delegate, "state", "delegated");
}

static int write_note(const struct hk_cli *cli, const char *digest, struct hk_jw *jw)
{
    (void)digest;
    hk_jw_kv(jw, "text", cli->args[1]);
    return 0;
}

static int approval_note(struct hk_cli *cli)
{
    return post_about(cli, "note", write_note, "state", "noted");
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
    {"approval narrow", "ID", 1, 1, "Ask for less than is asked; earlier votes fall",
        approval_narrow,
        {{"args", "JSON", "the arguments that change, such as {\"ip\":\"203.0.113.66\"}"},
            {"expires", "1h", "how long it holds at most"}, {"reason", "TEXT", "why"},
            {"digest", "D", "only if this is still the digest"}}},
    {"approval delegate", "ID", 1, 1, "Pass the decision on to somebody who may take it",
        approval_delegate,
        {{"to", "USER", "name or id; required"}, {"reason", "TEXT", "why"},
            {"digest", "D", "only if this is still the digest"}}},
    {"approval note", "ID TEXT", 2, 2, "Ask back about a decision, or answer", approval_note,
        {{"digest", "D", "only if this is still the digest"}}},
    {.name = NULL},
};
