/*
 * cli_story: a recorded run with its alert and its playbook, as the engine tells them.
 */
#include "app/cli_author.h"

int hk_story_get(const struct hk_cli *cli, const char *id, struct hk_story *story)
{
    int status = hk_cli_id_is_good(id) ? 0 : HK_EXIT_NOT_FOUND;

    if (status == 0)
        status = hk_cli_get(cli, &story->run, "/v1/runs/%s", id);
    if (status == 0)
        status = hk_cli_get(cli, &story->alert, "/v1/alerts/%s",
            hk_json_string_at(story->run.doc.root, "alert", ""));
    if (status == 0)
        status = hk_cli_get(cli, &story->playbook, "/v1/playbooks/%s",
            hk_json_string_at(story->run.doc.root, "version", ""));
    return status;
}

void hk_story_done(struct hk_story *story)
{
    hk_reply_done(&story->run);
    hk_reply_done(&story->alert);
    hk_reply_done(&story->playbook);
}
