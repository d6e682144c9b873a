/*
 * cli_notice: what people were told, and whether they can be reached.
 */
#include "app/cli.h"
#include "base/time.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEST_WAIT_MS = 60 * 1000, POLL_US = 100 * 1000 };

static int notice_list(struct hk_cli *cli)
{
    static const struct hk_column columns[] = {{"ID", "id", 0}, {"STATE", "state", 0},
        {"REASON", "reason", 0}, {"ABOUT", "about", 0}, {"CONTACT", "contact", 20},
        {"CHANNEL", "channel", 12}, {"QUEUED", "queued", 0}, {"SENT", "sent", 0},
        {"PROBLEM", "problem", 50}};

    return hk_cli_list(cli, "notices", hk_cli_option(cli, "state"), columns, HK_COUNT(columns));
}

static int notice_show(struct hk_cli *cli)
{
    return hk_cli_show(cli, "notices", cli->args[0]);
}

static int contact_list(struct hk_cli *cli)
{
    static const struct hk_column columns[] = {{"NAME", "name", 0}, {"TOLD", "told", 0},
        {"ANSWERED", "answered", 0}, {"LAPSED", "lapsed", 0}, {"FAILED", "failed", 0}};

    return hk_cli_list(cli, "contacts", NULL, columns, HK_COUNT(columns));
}

/* Wait until a notice is sent or given up, and say which. */
static int await_notice(const struct hk_cli *cli, const struct hk_json *notice, int64_t end_ms)
{
    const char *id = hk_json_string_at(notice, "id", "");
    struct hk_reply reply = {.status = 0};
    int status = HK_EXIT_TIMED_OUT;
    const char *state = "queued";

    for (;;) {
        int answer = hk_cli_get(cli, &reply, "/v1/notices/%s", id);
        if (answer != 0) {
            hk_reply_done(&reply);
            return answer;
        }
        state = hk_json_string_at(reply.doc.root, "state", "");
        if (strcmp(state, "sent") == 0)
            status = HK_EXIT_DONE;
        else if (strcmp(state, "queued") != 0)
            status = HK_EXIT_FAILED;
        if (status != HK_EXIT_TIMED_OUT || hk_time_monotonic_ms() >= end_ms)
            break;
        hk_reply_done(&reply);
        (void)usleep(POLL_US);
    }
    if (!cli->json && !cli->jsonl) {
        hk_print_text(hk_json_string_at(notice, "channel", ""));
        printf("  %s  ", state);
        hk_print_text(hk_json_string_at(
            reply.doc.root, "answer", hk_json_string_at(reply.doc.root, "problem", "")));
        printf("\n");
    }
    hk_reply_done(&reply);
    return status;
}

static int notice_test(struct hk_cli *cli)
{
    const char *contact = hk_cli_option(cli, "contact");
    struct hk_reply reply = {.status = 0};
    int64_t end_ms = hk_time_monotonic_ms() + TEST_WAIT_MS;
    int status;

    if (contact == NULL)
        return hk_cli_fail(HK_EXIT_USAGE, "notice test needs --contact NAME");
    if (!hk_name_is_valid(contact))
        return hk_cli_fail(HK_EXIT_NOT_FOUND, "that can't be the name of a contact");
    status = hk_cli_post(cli, &reply, "{}", "/v1/contacts/%s/test", contact);
    const struct hk_json *notices = hk_json_get(reply.doc.root, "notices");
    for (const struct hk_json *notice = status == 0 && notices != NULL ? notices->first : NULL;
         notice != NULL; notice = notice->next) {
        int one = await_notice(cli, notice, end_ms);
        status = one != HK_EXIT_DONE ? one : status;
    }
    if (cli->json || cli->jsonl)
        (void)hk_print_document(cli, &reply);
    hk_reply_done(&reply);
    return status;
}

static int notice_digest(struct hk_cli *cli)
{
    struct hk_reply reply = {.status = 0};
    int status = hk_cli_post(cli, &reply, "{}", "/v1/digest");
    const struct hk_json *notices = hk_json_get(reply.doc.root, "notices");

    if (status == 0 && (cli->json || cli->jsonl))
        status = hk_print_document(cli, &reply);
    else if (status == 0)
        printf("%u queued\n", notices != NULL ? notices->count : 0);
    hk_reply_done(&reply);
    return status;
}

const struct hk_command hk_commands_notice[] = {
    {"notice list", "", 0, 0, "List what people were told, newest first", notice_list,
        {{"state", "S", "queued, gathered, sent, failed, dropped, nobody or quiet"},
            {"after", "ID", "go on after this one"},
            {"limit", "N", "items of one page, 1 to 500"}}},
    {"notice show", "ID", 1, 1, "Show a notice and what became of it", notice_show, {{0}}},
    {"notice test", "", 0, 0, "Send a test to a contact and wait for the server's answer",
        notice_test, {{"contact", "NAME", "of the configuration's contacts; required"}}},
    {"notice digest", "", 0, 0, "Send the daily digest now", notice_digest, {{0}}},
    {"contact list", "", 0, 0, "List contacts that were told anything, and who doesn't answer",
        contact_list,
        {{"after", "NAME", "go on after this one"}, {"limit", "N", "items of one page, 1 to 500"}}},
    {.name = NULL},
};
