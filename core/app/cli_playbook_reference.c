/*
 * cli_playbook_reference: `playbook reference`.
 */
#include "app/cli.h"
#include "app/cli_author.h"
#include "author/reference.h"
#include "limits.h"

#include <stdio.h>
#include <string.h>

int hk_cli_playbook_reference(struct hk_cli *cli)
{
    const char *format = hk_cli_option(cli, "format");
    bool as_json = cli->json || cli->jsonl || (format != NULL && strcmp(format, "json") == 0);
    struct hk_json_doc doc = {.root = NULL};
    struct hk_error error;
    struct hk_buf json;
    struct hk_buf page;
    int exit_status = HK_EXIT_DONE;

    if (format != NULL && strcmp(format, "md") != 0 && strcmp(format, "json") != 0)
        return hk_cli_fail(HK_EXIT_USAGE, "--format is md or json");
    hk_buf_init(&json, HK_PAYLOAD_SIZE_MAX);
    hk_buf_init(&page, HK_PAYLOAD_SIZE_MAX);
    if (hk_reference_write(&json, &error) != HK_OK ||
        hk_json_parse(json.data, json.size, &hk_json_limits_own, &doc, &error) != HK_OK) {
        exit_status = hk_cli_error(&error);
    } else if (as_json) {
        hk_print_json(json.data, json.size);
    } else {
        hk_reference_page(doc.root, &page);
        if (hk_buf_check(&page, "the page", &error) == HK_OK)
            fputs(page.data, stdout);
        else
            exit_status = hk_cli_error(&error);
    }
    hk_json_doc_done(&doc);
    hk_buf_done(&page);
    hk_buf_done(&json);
    return exit_status;
}
