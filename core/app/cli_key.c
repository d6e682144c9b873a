/*
 * cli_key: the key that signs checkpoints: shown, replaced, revoked. Showing works beside an
 * engine, too; the other two take the data folder's lock, so that an engine must be stopped first.
 */
#include "app/cli.h"
#include "app/folder.h"
#include "base/time.h"
#include "ledger/prove_path.h"
#include "limits.h"

#include <stdio.h>
#include <string.h>

/* --- show --- */

struct show_job {
    hk_tenant tenant;
    struct hk_buf *out;
};

static enum hk_status read_keys(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct show_job *job = ctx;

    return hk_prove_keys(reading, job->tenant, job->out, error);
}

static int show_folder(const struct hk_cli *cli, struct hk_reply *reply)
{
    struct show_job job = {.out = &reply->body};
    struct hk_folder folder;
    struct hk_error error;
    enum hk_status status = hk_folder_open(cli, false, &folder, &error);

    hk_buf_init(&reply->body, HK_HTTP_RESPONSE_SIZE_MAX);
    job.tenant = folder.tenant;
    if (status == HK_OK)
        status = hk_ledger_read_now(folder.ledger, read_keys, &job, &error);
    hk_folder_close(&folder);
    if (status == HK_OK)
        status = hk_json_parse(
            reply->body.data, reply->body.size, &hk_json_limits_own, &reply->doc, &error);
    return status == HK_OK ? 0 : hk_cli_error(&error);
}

static int key_show(struct hk_cli *cli)
{
    static const struct hk_column columns[] = {{"ID", "id", 0}, {"FIRST", "first", 0},
        {"REVOKED SINCE", "revoked_since", 0}, {"VERIFIER KEY", "key", 0}};
    struct hk_reply reply = {.status = 0};
    char tenant[HK_ID_SIZE];
    int status;

    if (hk_cli_engine_runs(cli)) {
        status = hk_cli_tenant_name(cli, tenant);
        if (status == 0)
            status = hk_cli_get(cli, &reply, "/v1/tenants/%s/audit/keys", tenant);
    } else {
        status = show_folder(cli, &reply);
    }
    if (status == 0)
        status = hk_print_list(cli, &reply, columns, HK_COUNT(columns));
    hk_reply_done(&reply);
    return status;
}

/* --- rotate and revoke --- */

static int key_rotate(struct hk_cli *cli)
{
    const struct hk_key_change change = {.actor = "tool", .reason = hk_cli_option(cli, "reason")};
    struct hk_folder folder;
    struct hk_error error;
    enum hk_status status;

    if (change.reason == NULL)
        return hk_cli_fail(HK_EXIT_USAGE, "audit key rotate needs --reason");
    status = hk_folder_open_whole(cli, &folder, &error);
    if (status == HK_OK)
        status = hk_ledger_key_rotate(folder.ledger, &change, &error);
    hk_folder_close(&folder);
    if (status != HK_OK)
        return hk_cli_error(&error);
    if (cli->json || cli->jsonl)
        printf("{\"ok\":true}\n");
    else
        printf("replaced; give the new verifier key to those who have the old one: `hikeshi audit "
               "key show`\n");
    return HK_EXIT_DONE;
}

static int key_revoke(struct hk_cli *cli)
{
    const struct hk_key_change change = {.actor = "tool", .reason = hk_cli_option(cli, "reason")};
    const char *since = hk_cli_option(cli, "since");
    struct hk_folder folder = {.lock_fd = -1};
    struct hk_error error;
    int64_t since_us = 0;
    enum hk_status status = HK_OK;

    if (change.reason == NULL)
        return hk_cli_fail(HK_EXIT_USAGE, "audit key revoke needs --reason");
    if (since != NULL)
        status = hk_time_parse(since, &since_us, &error);
    if (status == HK_OK)
        status = hk_folder_open(cli, false, &folder, &error);
    if (status == HK_OK)
        status = hk_ledger_key_revoke(
            folder.ledger, folder.tenant, cli->args[0], since_us, &change, &error);
    hk_folder_close(&folder);
    if (status != HK_OK)
        return hk_cli_error(&error);
    if (cli->json || cli->jsonl)
        printf("{\"ok\":true}\n");
    else
        printf("%s  revoked\n", cli->args[0]);
    return HK_EXIT_DONE;
}

const struct hk_command hk_commands_key[] = {
    {"audit key show", "", 0, 0,
        "Print the keys that signed checkpoints, oldest first; --json has the proofs", key_show,
        {{0}}},
    {"audit key rotate", "", 0, 0,
        "Replace the key that signs checkpoints, in all tenants' ledgers (engine stopped)",
        key_rotate, {{"reason", "TEXT", "why; it is recorded"}}},
    {"audit key revoke", "ID", 1, 1,
        "Say that a key which was replaced had been stolen (engine stopped)", key_revoke,
        {{"reason", "TEXT", "why; it is recorded"},
            {"since", "TIME", "what it signed before this is believed; without it nothing is"}}},
    {.name = NULL},
};
