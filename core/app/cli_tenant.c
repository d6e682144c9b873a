/*
 * cli_tenant: a tenant from one data folder to another.
 */
#include "app/cli.h"
#include "app/folder.h"
#include "app/progress.h"
#include "base/file.h"
#include "ledger/move.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CHECKPOINT_SIZE_MAX = 65536 };

static int tell(const struct hk_cli *cli, const struct hk_move_result *result, const char *done,
    const char *again)
{
    if (cli->json || cli->jsonl)
        printf("{\"ok\":true,\"move\":\"%s\",\"tenant\":\"%s\",\"entries\":%" PRIu64
               ",\"again\":%s}\n",
            result->move, result->tenant, result->entries, result->was_done ? "true" : "false");
    else
        printf("%s  %" PRIu64 " entries  %s\n", result->tenant, result->entries,
            result->was_done ? again : done);
    return HK_EXIT_DONE;
}

static int tenant_place(struct hk_cli *cli)
{
    char data[PATH_MAX];
    char place[HK_MOVE_PLACE_SIZE];
    struct hk_error error;
    enum hk_status status = hk_cli_data_path(cli, data, sizeof(data), &error);

    if (status == HK_OK)
        status = hk_folder_make(data, &error);
    if (status == HK_OK)
        status = hk_move_place(data, place, &error);
    if (status != HK_OK)
        return hk_cli_error(&error);
    if (cli->json || cli->jsonl)
        printf("{\"place\":\"%s\"}\n", place);
    else
        printf("%s\n", place);
    return HK_EXIT_DONE;
}

static int tenant_move_out(struct hk_cli *cli)
{
    struct hk_move_options options = {.tenant = cli->tenant,
        .place = hk_cli_option(cli, "to"),
        .file = hk_cli_option(cli, "out"),
        .progress = hk_progress_tell};
    struct hk_move_result result;
    struct hk_progress progress;
    struct hk_error error;
    char data[PATH_MAX];
    char file[PATH_MAX];
    enum hk_status status;

    if (options.tenant == NULL || options.place == NULL || options.file == NULL)
        return hk_cli_fail(HK_EXIT_USAGE, "tenant move-out needs --tenant, --to and --out");
    status = hk_cli_data_path(cli, data, sizeof(data), &error);
    if (status == HK_OK && access(data, F_OK) != 0)
        status = hk_fail(&error, HK_NOT_FOUND, "there is no data folder %s", data);
    if (status == HK_OK)
        status = hk_cli_whole_path(options.file, file, &error);
    hk_progress_init(&progress, "entries");
    options.data_dir = data;
    options.file = file;
    options.progress_ctx = &progress;
    if (status == HK_OK)
        status = hk_move_out(&options, &result, &error);
    if (status != HK_OK)
        return hk_cli_error(&error);
    return tell(cli, &result, "closed here, and written", "was closed before; written again");
}

static int tenant_take_in(struct hk_cli *cli)
{
    const char *checkpoint = hk_cli_option(cli, "checkpoint");
    struct hk_move_options options = {.progress = hk_progress_tell};
    struct hk_move_result result;
    struct hk_progress progress;
    struct hk_error error;
    struct hk_buf note;
    char data[PATH_MAX];
    char file[PATH_MAX];
    enum hk_status status = hk_cli_data_path(cli, data, sizeof(data), &error);

    hk_buf_init(&note, (size_t)2 * CHECKPOINT_SIZE_MAX);
    if (status == HK_OK)
        status = hk_folder_make(data, &error);
    if (status == HK_OK)
        status = hk_cli_whole_path(cli->args[0], file, &error);
    if (status == HK_OK && checkpoint != NULL)
        status = hk_file_read(checkpoint, CHECKPOINT_SIZE_MAX, HK_FILE_ANY, &note, &error);
    hk_progress_init(&progress, "entries");
    options.data_dir = data;
    options.file = file;
    options.progress_ctx = &progress;
    if (checkpoint != NULL)
        options.checkpoint_text = note.data != NULL ? note.data : "";
    if (status == HK_OK)
        status = hk_move_in(&options, &result, &error);
    hk_buf_done(&note);
    if (status != HK_OK)
        return hk_cli_error(&error);
    return tell(cli, &result, "taken in: make tokens and links for its people, and configure it",
        "was taken in before");
}

const struct hk_command hk_commands_tenant[] = {
    {"tenant place", "", 0, 0, "Print where tenants can be moved to: this data folder",
        tenant_place, {{0}}},
    {"tenant move-out", "", 0, 0,
        "Close a tenant here for good, and write it into a file (engine stopped)", tenant_move_out,
        {{"to", "PLACE", "what `tenant place` prints at the other data folder"},
            {"out", "FILE", "a new file; written again when it was lost"}}},
    {"tenant take-in", "FILE", 1, 1, "Take a tenant into this data folder (engine stopped)",
        tenant_take_in, {{"checkpoint", "FILE", "an earlier checkpoint to hold against it"}}},
    {.name = NULL},
};
