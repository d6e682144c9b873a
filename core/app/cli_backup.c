/*
 * cli_backup: a data folder into one file, and back.
 */
#include "app/cli.h"
#include "app/progress.h"
#include "ledger/backup.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum hk_status fill_options(struct hk_cli *cli, char data[PATH_MAX], char file[PATH_MAX],
    struct hk_progress *progress, struct hk_backup_options *options, struct hk_error *error)
{
    enum hk_status status = hk_cli_data_path(cli, data, PATH_MAX, error);

    if (status == HK_OK)
        status = hk_cli_whole_path(cli->args[0], file, error);
    hk_progress_init(progress, "pages");
    *options = (struct hk_backup_options){
        .data_dir = data, .file = file, .progress = hk_progress_tell, .progress_ctx = progress};
    return status;
}

static int tell(const struct hk_cli *cli, const char *path, const char *for_people)
{
    struct stat info;
    long long size = stat(path, &info) == 0 ? (long long)info.st_size : 0;

    if (cli->json || cli->jsonl)
        printf("{\"ok\":true,\"bytes\":%lld}\n", size);
    else
        printf("%s  %s\n", path, for_people);
    return HK_EXIT_DONE;
}

static int backup(struct hk_cli *cli)
{
    struct hk_backup_options options;
    struct hk_progress progress;
    struct hk_error error;
    char data[PATH_MAX];
    char file[PATH_MAX];

    if (fill_options(cli, data, file, &progress, &options, &error) != HK_OK)
        return hk_cli_error(&error);
    options.without_key = hk_cli_flag(cli, "without-key");
    if (hk_backup_write(&options, &error) != HK_OK)
        return hk_cli_error(&error);
    return tell(cli, file,
        options.without_key ? "written, without the signing key"
                            : "written; it holds the signing key: keep it as such");
}

static int restore(struct hk_cli *cli)
{
    struct hk_backup_options options;
    struct hk_progress progress;
    struct hk_error error;
    char data[PATH_MAX];
    char file[PATH_MAX];

    if (fill_options(cli, data, file, &progress, &options, &error) != HK_OK)
        return hk_cli_error(&error);
    if (hk_backup_restore(&options, &error) != HK_OK)
        return hk_cli_error(&error);
    return tell(cli, data,
        "restored; `hikeshi audit verify` with a checkpoint from outside tells what is missing");
}

const struct hk_command hk_commands_backup[] = {
    {"backup", "FILE", 1, 1, "Write the data folder into one file, also while the engine runs",
        backup, {{"without-key", NULL, "leave the key out that signs checkpoints"}}},
    {"restore", "FILE", 1, 1, "Make a new data folder (--data) from a backup", restore, {{0}}},
    {.name = NULL},
};
