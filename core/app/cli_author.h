/*
 * cli_author: commands for those who write playbooks, in files of their own. Internal to app/.
 */
#ifndef HK_APP_CLI_AUTHOR_H
#define HK_APP_CLI_AUTHOR_H

#include "app/options.h"

int hk_cli_playbook_check(struct hk_cli *cli);
int hk_cli_playbook_new(struct hk_cli *cli);
int hk_cli_playbook_luacats(struct hk_cli *cli);
int hk_cli_playbook_reference(struct hk_cli *cli);
int hk_cli_playbook_replay(struct hk_cli *cli);
int hk_cli_playbook_graph(struct hk_cli *cli);
int hk_cli_run_as_test(struct hk_cli *cli);

#endif
