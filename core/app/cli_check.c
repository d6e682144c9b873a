/*
 * cli_check: look at files before they are used: playbooks, plugins, the configuration.
 */
#include "app/cli.h"
#include "app/settings.h"
#include "base/file.h"
#include "hikeshi/plugin.h"
#include "limits.h"
#include "plugin/elfnote.h"
#include "script/playbook.h"

#include <stdio.h>

static int check_playbook(const struct hk_cli *cli, const char *file)
{
    struct hk_json_doc doc = {.root = NULL};
    char version[HK_SHA256_HEX_SIZE];
    struct hk_buf source;
    struct hk_buf out;
    struct hk_error error;
    enum hk_status status;
    int exit_status = HK_EXIT_DONE;

    hk_buf_init(&source, 2 * HK_PLAYBOOK_SIZE_MAX);
    hk_buf_init(&out, HK_WIRE_FRAME_SIZE_MAX);
    status = hk_file_read(file, HK_PLAYBOOK_SIZE_MAX, HK_FILE_ANY, &source, &error);
    if (status == HK_OK)
        status = hk_playbook_describe(
            source.data != NULL ? source.data : "", source.size, file, &out, &error);
    if (status == HK_OK)
        status = hk_json_parse(out.data, out.size, &hk_json_limits_own, &doc, &error);
    if (status == HK_OK && (cli->json || cli->jsonl)) {
        printf("%s\n", out.data);
    } else if (status == HK_OK) {
        hk_playbook_version(source.data, source.size, version);
        printf("%s: ok  ", file);
        hk_print_text(hk_json_string_at(doc.root, "name", ""));
        printf("  %.12s\n", version);
    } else {
        exit_status = hk_cli_error(&error);
    }
    hk_json_doc_done(&doc);
    hk_buf_done(&out);
    hk_buf_done(&source);
    return exit_status;
}

static int playbook_check(struct hk_cli *cli)
{
    int worst = HK_EXIT_DONE;

    for (unsigned i = 0; i < cli->arg_count; i++) {
        int status = check_playbook(cli, cli->args[i]);
        worst = status != HK_EXIT_DONE ? status : worst;
    }
    return worst;
}

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
    {"playbook check", "FILE…", 1, 1000, "Read playbooks without running them", playbook_check,
        {{0}}},
    {"plugin check", "FILE.so", 1, 1, "Look at a plugin's file without loading it", plugin_check,
        {{0}}},
    {.name = NULL},
};
