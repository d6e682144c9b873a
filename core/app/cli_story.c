/*
 * cli_story: a recorded run with its alert and its playbook, as the engine tells them.
 */
#include "app/cli_author.h"
#include "engine/run.h"

#include <stdlib.h>
#include <string.h>

enum hk_status hk_story_alert(
    const struct hk_json *shown, struct hk_json_doc *ret_given, struct hk_error *error)
{
    const struct hk_json *view = hk_json_get(shown, "view");
    enum hk_status status;
    char *text;

    *ret_given = (struct hk_json_doc){.root = NULL};
    if (view == NULL || view->type != HK_JSON_OBJECT)
        return HK_OK;
    text = hk_alert_as_given(
        hk_json_string_at(shown, "id", ""), view, hk_json_string_at(shown, "raw", "null"));
    status = hk_json_parse(text, strlen(text), &hk_json_limits_own, ret_given, error);
    free(text);
    return status;
}

int hk_story_get(const struct hk_cli *cli, const char *id, struct hk_story *story)
{
    int status = hk_cli_id_is_good(id) ? 0 : HK_EXIT_NOT_FOUND;
    struct hk_error error;

    if (status == 0)
        status = hk_cli_get(cli, &story->run, "/v1/runs/%s", id);
    if (status == 0)
        status = hk_cli_get(cli, &story->alert, "/v1/alerts/%s",
            hk_json_string_at(story->run.doc.root, "alert", ""));
    if (status == 0)
        status = hk_cli_get(cli, &story->playbook, "/v1/playbooks/%s",
            hk_json_string_at(story->run.doc.root, "version", ""));
    if (status == 0 && hk_story_alert(story->alert.doc.root, &story->given, &error) != HK_OK)
        status = hk_cli_error(&error);
    return status;
}

void hk_story_done(struct hk_story *story)
{
    hk_json_doc_done(&story->given);
    hk_reply_done(&story->run);
    hk_reply_done(&story->alert);
    hk_reply_done(&story->playbook);
}
