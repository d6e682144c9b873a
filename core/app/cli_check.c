/*
 * cli_check: look at a plugin before it is used.
 */
#include "app/cli.h"
#include "base/file.h"
#include "hikeshi/plugin.h"
#include "limits.h"
#include "plugin/elfnote.h"

#include <stdio.h>

static int plugin_check(struct hk_cli *cli)
{
    const char *file = cli->args[0];
    uint32_t major = 0;
    uint32_t minor = 0;
    struct hk_buf bytes;
    struct hk_error error;
    enum hk_status status;
    bool ok;

    hk_buf_init(&bytes, HK_PLUGIN_FILE_SIZE_MAX + 65536);
    status = hk_file_read(file, HK_PLUGIN_FILE_SIZE_MAX, HK_FILE_ANY, &bytes, &error);
    if (status == HK_OK)
        status = hk_elfnote_read(
            bytes.data != NULL ? bytes.data : "", bytes.size, &major, &minor, &error);
    if (status != HK_OK) {
        hk_buf_done(&bytes);
        return hk_cli_error(&error);
    }
    ok = hk_elfnote_check(bytes.data, bytes.size, &error) == HK_OK;
    hk_buf_done(&bytes);
    if (cli->json || cli->jsonl)
        printf("{\"ok\":%s,\"abi\":\"%u.%u\",\"engine\":\"%d.%d\",\"checked\":[\"elf\",\"abi\"]}\n",
            ok ? "true" : "false", major, minor, HK_ABI_MAJOR, HK_ABI_MINOR);
    else
        printf("%s: %s\n  shared object for this machine  yes\n  ABI of the plugin  %u.%u\n"
               "  ABI of this engine  %d.%d\n"
               "Checked: the file's form and its version note, without loading it. "
               "What it does is not run here.\n",
            file, ok ? "ok" : "not ok", major, minor, HK_ABI_MAJOR, HK_ABI_MINOR);
    return ok ? HK_EXIT_DONE : hk_cli_error(&error);
}

const struct hk_command hk_commands_check[] = {
    {"plugin check", "FILE.so", 1, 1, "Look at a plugin's file without loading it", plugin_check,
        {{0}}},
    {.name = NULL},
};
