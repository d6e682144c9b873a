/*
 * folder: see folder.h.
 */
#include "app/folder.h"

#include "app/progress.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TENANTS_MAX = 100000, CHAIN_SIZE_MAX = 1 << 20 };

enum hk_status hk_folder_make(const char *path, struct hk_error *error)
{
    struct stat info;
    enum hk_status status = hk_file_make_folder(path, error);

    if (status != HK_OK)
        return status;
    if (stat(path, &info) != 0)
        return hk_fail(error, HK_IO, "cannot look at %s: %s", path, strerror(errno));
    if (!S_ISDIR(info.st_mode))
        return hk_fail(error, HK_IO, "%s is no folder", path);
    if (info.st_uid != geteuid() && geteuid() != 0)
        return hk_fail(error, HK_DENIED, "%s belongs to another user", path);
    if ((info.st_mode & 077) != 0 && chmod(path, 0700) != 0)
        return hk_fail(error, HK_IO, "cannot make %s private: %s", path, strerror(errno));
    return HK_OK;
}

struct find_job {
    const char *wanted; /* NULL: any */
    char found[HK_ID_SIZE];
    hk_tenant tenant;
    unsigned count;
};

/* Each tenant's ledger begins with ledger.opened, which names it; the numbers have no gaps. */
static enum hk_status find_tenants(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct find_job *job = ctx;
    struct hk_arena arena;
    struct hk_stored opened;
    struct hk_json_doc doc = {.root = NULL};
    enum hk_status status = HK_OK;

    (void)error;
    for (hk_tenant tenant = 0; status == HK_OK && tenant < TENANTS_MAX; tenant++) {
        const char *name;
        hk_arena_init(&arena, CHAIN_SIZE_MAX);
        status = hk_query_entry(reading, tenant, 0, &arena, &opened, NULL);
        if (status == HK_OK && opened.payload != NULL &&
            hk_json_parse(opened.payload, opened.payload_size, &hk_json_limits_own, &doc, NULL) ==
                HK_OK) {
            name = hk_json_string_at(doc.root, "tenant", "");
            if (job->wanted == NULL || strcmp(job->wanted, name) == 0) {
                job->count++;
                job->tenant = tenant;
                (void)hk_copy_text(job->found, sizeof(job->found), name);
            }
        }
        hk_json_doc_done(&doc);
        hk_arena_done(&arena);
        if (tenant == 0 && status == HK_NOT_FOUND)
            status = HK_OK; /* numbers may begin with 1 */
    }
    return HK_OK;
}

static enum hk_status choose_tenant(
    const struct hk_cli *cli, bool may_make, struct hk_folder *folder, struct hk_error *error)
{
    struct find_job job = {.wanted = cli->tenant};
    enum hk_status status = hk_ledger_read_now(folder->ledger, find_tenants, &job, error);

    if (status != HK_OK)
        return status;
    if (job.count > 1)
        return hk_fail(error, HK_INVALID, "there are several tenants: name one with --tenant");
    if (job.count == 0) {
        const char *name = cli->tenant != NULL ? cli->tenant : "main";
        if (!may_make || !hk_name_is_valid(name))
            return hk_fail(error, HK_NOT_FOUND, "there is no tenant %s", name);
        (void)hk_copy_text(folder->tenant_name, sizeof(folder->tenant_name), name);
        return hk_ledger_tenant_open(folder->ledger, name, &folder->tenant, error);
    }
    folder->tenant = job.tenant;
    memcpy(folder->tenant_name, job.found, sizeof(job.found));
    /* One that was moved out can still be read. */
    return may_make ? hk_ledger_tenant_open(folder->ledger, job.found, &folder->tenant, error)
                    : HK_OK;
}

static enum hk_status open_ledger(
    const struct hk_cli *cli, bool may_make, struct hk_folder *ret_folder, struct hk_error *error)
{
    struct hk_progress progress;
    struct hk_ledger_options options = {
        .data_dir = NULL, .progress = hk_progress_tell, .progress_ctx = &progress};
    char path[PATH_MAX];
    enum hk_status status;

    memset(ret_folder, 0, sizeof(*ret_folder));
    ret_folder->lock_fd = -1;
    status = hk_cli_data_path(cli, path, sizeof(path), error);
    if (status == HK_OK && !may_make && access(path, F_OK) != 0)
        status = hk_fail(error, HK_NOT_FOUND, "there is no data folder %s", path);
    if (status == HK_OK)
        status = hk_folder_make(path, error);
    if (status == HK_OK)
        status = hk_engine_lock(path, &ret_folder->lock_fd, error);
    options.data_dir = path;
    hk_progress_init(&progress, "entries");
    if (status == HK_OK)
        status = hk_ledger_open(&options, &ret_folder->ledger, error);
    return status;
}

enum hk_status hk_folder_open(
    const struct hk_cli *cli, bool may_make, struct hk_folder *ret_folder, struct hk_error *error)
{
    enum hk_status status = open_ledger(cli, may_make, ret_folder, error);

    return status == HK_OK ? choose_tenant(cli, may_make, ret_folder, error) : status;
}

enum hk_status hk_folder_open_whole(
    const struct hk_cli *cli, struct hk_folder *ret_folder, struct hk_error *error)
{
    return open_ledger(cli, false, ret_folder, error);
}

void hk_folder_close(struct hk_folder *folder)
{
    if (folder->ledger != NULL)
        hk_ledger_close(folder->ledger);
    folder->ledger = NULL;
    if (folder->lock_fd >= 0)
        (void)close(folder->lock_fd);
    folder->lock_fd = -1;
}
