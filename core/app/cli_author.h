/*
 * cli_author: commands for those who write playbooks, in files of their own. Internal to app/.
 */
#ifndef HK_APP_CLI_AUTHOR_H
#define HK_APP_CLI_AUTHOR_H

#include "app/cli.h"

/* Is it called as tests of a playbook are, NAME.test.lua? */
bool hk_cli_is_tests(const char *file);

int hk_cli_playbook_check(struct hk_cli *cli);
int hk_cli_playbook_new(struct hk_cli *cli);
int hk_cli_playbook_luacats(struct hk_cli *cli);
int hk_cli_playbook_reference(struct hk_cli *cli);
int hk_cli_playbook_replay(struct hk_cli *cli);
/* Walk through a recorded run (cli_playbook_walk.c). */
int hk_cli_playbook_walk(struct hk_cli *cli, const char *run);
int hk_cli_playbook_graph(struct hk_cli *cli);
int hk_cli_run_as_test(struct hk_cli *cli);
int hk_cli_run_watch(struct hk_cli *cli);

/* A recorded run with its alert and its playbook (cli_story.c). Zeroed before, done in every case.
 */
struct hk_story {
    struct hk_reply run;
    struct hk_reply alert;
    struct hk_reply playbook;
    struct hk_json_doc
        given; /* the alert as the run was given it; root is NULL when it was erased */
};
/* Zero, or the exit status that was told. */
int hk_story_get(const struct hk_cli *cli, const char *id, struct hk_story *story);
void hk_story_done(struct hk_story *story);
/* The alert as its runs were given it (its view, and what came as `raw`), of what the engine shows
 * of it. root is NULL when it was erased. */
HK_MUST_CHECK enum hk_status hk_story_alert(
    const struct hk_json *shown, struct hk_json_doc *ret_given, struct hk_error *error);

/* Which recorded alerts would start a playbook that they did not start? (cli_replay_alerts.c) */
struct hk_replay_alerts {
    const struct hk_json *descriptor; /* of the playbook */
    int64_t since_us;                 /* older ones are not looked at */
    unsigned looked;                  /* how many were looked at */
    unsigned now;                     /* of them: would start it */
    bool is_whole;                    /* false: there are more than are looked at */
};
/* Append {"alert","title","severity","category","received","runs":[other playbooks]} of each to an
 * array. Zero, or the exit status that was told. */
int hk_cli_replay_alerts(
    const struct hk_cli *cli, struct hk_replay_alerts *alerts, struct hk_jw *out);

#endif
