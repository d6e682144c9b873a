/*
 * cli_playbook: versions of playbooks in the running engine: what is in force, how it came about,
 * and putting another one there.
 */
#include "app/cli.h"
#include "base/file.h"
#include "base/text.h"
#include "limits.h"
#include "script/playbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int playbook_list(struct hk_cli *cli)
{
    static const struct hk_column columns[] = {{"NAME", "name", 0}, {"VERSION", "version", 13},
        {"STATE", "state", 0}, {"SINCE", "since", 0}, {"BY", "by", 20}, {"HOW", "how", 0},
        {"TRIAL", "trial", 13}, {"SUMMARY", "summary", 60}};

    return hk_cli_list(cli, "playbooks", NULL, columns, HK_COUNT(columns));
}

/* Whom an id in the history stands for. */
static const char *name_of(const struct hk_json *shown, const char *id)
{
    const char *name = hk_json_string(hk_json_get(hk_json_get(shown, "names"), id));

    return name != NULL ? name : id;
}

static void print_event(const struct hk_json *shown, const struct hk_json *event)
{
    const char *kind = hk_json_string_at(event, "kind", "");
    const char *reason = hk_json_string_at(event, "reason", "");
    const char *how = hk_json_string_at(event, "how", "");

    printf("  %.19s  %-13.13s %-12s by ", hk_json_string_at(event, "time", ""),
        hk_json_string_at(event, "version", "-"),
        *how != '\0' ? how : kind + (strncmp(kind, "playbook.", 9) == 0 ? 9 : 0));
    hk_print_text(name_of(shown, hk_json_string_at(event, "by", "")));
    if (*reason != '\0') {
        fputs(": ", stdout);
        hk_print_text(reason);
    }
    putchar('\n');
}

static void print_shown(const struct hk_json *shown)
{
    static const struct hk_column columns[] = {
        {"VERSION", "version", 0}, {"STATE", "state", 0}, {"ADDED", "added", 0}};
    const struct hk_json *history = hk_json_get(shown, "history");

    printf("%s%s%s  %s  ", hk_bold(), hk_json_string_at(shown, "name", "-"), hk_plain(),
        hk_json_string_at(shown, "state", ""));
    hk_print_text(hk_json_string_at(shown, "file", ""));
    putchar('\n');
    hk_print_lines(hk_json_string_at(shown, "summary", ""));
    hk_print_table(hk_json_get(shown, "versions"), columns, HK_COUNT(columns), 1);
    puts("History");
    for (const struct hk_json *event = history == NULL ? NULL : history->first; event != NULL;
         event = event->next)
        print_event(shown, event);
}

static void print_decisions(const char *sign, const struct hk_json *decisions)
{
    for (const struct hk_json *item = decisions == NULL ? NULL : decisions->first; item != NULL;
         item = item->next) {
        const char *name = hk_json_string_at(item, "name", "");
        const char *reason = hk_json_string_at(item, "reason", NULL);
        struct hk_buf line;
        hk_buf_init(&line, HK_PAYLOAD_SIZE_MAX);
        hk_buf_appendf(&line, "    %s %s%s%s ", sign, hk_json_string_at(item, "op", ""),
            *name == '\0' ? "" : ".", name);
        hk_json_canonical(hk_json_get(item, "args"), &line);
        if (reason != NULL)
            hk_buf_appendf(&line, " (%s)", reason);
        if (line.data != NULL)
            hk_print_lines(line.data);
        hk_buf_done(&line);
    }
}

static void print_pair(const struct hk_json *pair)
{
    const char *run = hk_json_string_at(pair, "run", NULL);
    const char *trial_run = hk_json_string_at(pair, "trial_run", NULL);
    const char *was = hk_json_string_at(pair, "end.was", "");
    const char *is = hk_json_string_at(pair, "end.is", "");

    printf("%s  %s  %s\n", hk_json_string_at(pair, "alert", ""), run != NULL ? run : "-",
        trial_run != NULL ? trial_run : "-");
    if (trial_run == NULL)
        puts("    its alert would not start what is tried");
    if (run == NULL)
        puts("    its alert starts only what is tried");
    print_decisions("-", hk_json_get(pair, "removed"));
    print_decisions("+", hk_json_get(pair, "added"));
    if (run != NULL && trial_run != NULL && strcmp(was, is) != 0)
        printf("    end: %s, and now %s\n", was, is);
}

static void print_trial(const struct hk_json *shown)
{
    const struct hk_json *trial = hk_json_get(shown, "trial");
    const struct hk_json *runs = hk_json_get(shown, "runs");
    const struct hk_json *items = hk_json_get(shown, "items");

    printf("%s%s%s: %.12s as a %s of %lld%% of the alerts, beside %.12s; since %s by ", hk_bold(),
        hk_json_string_at(shown, "playbook", ""), hk_plain(),
        hk_json_string_at(trial, "version", ""), hk_json_string_at(trial, "kind", ""),
        (long long)hk_json_i64_at(trial, "share", 0), hk_json_string_at(shown, "version", ""),
        hk_json_string_at(trial, "since", ""));
    hk_print_text(hk_json_string_at(trial, "by", ""));
    fputs("\nruns:", stdout);
    for (const struct hk_json *item = runs == NULL ? NULL : runs->first; item != NULL;
         item = item->next)
        printf(" %lld %s", (long long)hk_json_i64_at(runs, item->key, 0), item->key);
    putchar('\n');
    for (const struct hk_json *item = items == NULL ? NULL : items->first; item != NULL;
         item = item->next)
        print_pair(item);
    if (strcmp(hk_json_string_at(trial, "kind", ""), "shadow") == 0)
        printf("%lld compared, %lld the same, %lld differ, %lld not ended%s\n",
            (long long)hk_json_i64_at(shown, "compared", 0),
            (long long)hk_json_i64_at(shown, "same", 0),
            (long long)hk_json_i64_at(shown, "differ", 0),
            (long long)hk_json_i64_at(shown, "open", 0),
            hk_json_bool_at(shown, "more", false) ? "; there are more: --limit" : "");
}

static int show_trial(struct hk_cli *cli)
{
    const char *limit = hk_cli_option(cli, "limit");
    struct hk_reply reply = {.status = 0};
    struct hk_buf path;
    int status;

    hk_buf_init(&path, 4096);
    hk_buf_appendf(&path, "/v1/playbooks/%s/trial?limit=", cli->args[0]);
    hk_cli_url_append(&path, limit != NULL ? limit : "100");
    status = hk_cli_get(cli, &reply, "%s", path.failed ? "/" : path.data);
    if (status == 0 && (cli->json || cli->jsonl))
        status = hk_print_document(cli, &reply);
    else if (status == 0)
        print_trial(reply.doc.root);
    hk_reply_done(&reply);
    hk_buf_done(&path);
    return status;
}

static int playbook_show(struct hk_cli *cli)
{
    struct hk_reply reply = {.status = 0};
    int status;

    if (!hk_cli_id_is_good(cli->args[0]))
        return HK_EXIT_NOT_FOUND;
    if (hk_cli_flag(cli, "trial"))
        return show_trial(cli);
    status = hk_cli_get(cli, &reply, "/v1/playbooks/%s", cli->args[0]);
    if (status == 0 && hk_cli_flag(cli, "source") && !cli->json && !cli->jsonl)
        hk_print_lines(hk_json_string_at(reply.doc.root, "source", ""));
    else if (status == 0 && (cli->json || cli->jsonl))
        status = hk_print_document(cli, &reply);
    else if (status == 0)
        print_shown(reply.doc.root);
    hk_reply_done(&reply);
    return status;
}

static int playbook_reload(struct hk_cli *cli)
{
    static const struct hk_column columns[] = {{"NAME", "name", 0}, {"VERSION", "version", 13},
        {"CHANGED", "changed", 0}, {"PREVIOUS", "previous", 13}, {"SET ASIDE", "set_aside", 13},
        {"FILE", "file", 60}};
    struct hk_reply reply = {.status = 0};
    struct hk_buf body;
    struct hk_jw jw;
    int status;

    hk_buf_init(&body, HK_ARGS_SIZE_MAX);
    hk_jw_init(&jw, &body);
    hk_jw_object(&jw);
    if (cli->arg_count > 0)
        hk_jw_kv(&jw, "file", cli->args[0]);
    hk_jw_object_end(&jw);
    status = body.failed ? hk_cli_fail(HK_EXIT_USAGE, "the path is too long")
                         : hk_cli_post(cli, &reply, body.data, "/v1/config/playbooks");
    if (!body.failed) {
        if (status == 0)
            status = hk_print_list(cli, &reply, columns, HK_COUNT(columns));
        hk_reply_done(&reply);
    }
    hk_buf_done(&body);
    return status;
}

static int enforce(struct hk_cli *cli, const char *verb, const char *version)
{
    const char *reason = hk_cli_option(cli, "reason");
    struct hk_reply reply = {.status = 0};
    struct hk_buf body;
    struct hk_jw jw;
    int status;

    if (reason == NULL)
        return hk_cli_fail(HK_EXIT_USAGE, "%s needs --reason: why", cli->command->name);
    if (!hk_cli_id_is_good(cli->args[0]))
        return HK_EXIT_NOT_FOUND;
    hk_buf_init(&body, HK_ARGS_SIZE_MAX);
    hk_jw_init(&jw, &body);
    hk_jw_object(&jw);
    if (version != NULL)
        hk_jw_kv(&jw, "version", version);
    hk_jw_kv(&jw, "reason", reason);
    hk_jw_object_end(&jw);
    status = body.failed
                 ? hk_cli_fail(HK_EXIT_USAGE, "--reason: too long")
                 : hk_cli_post(cli, &reply, body.data, "/v1/playbooks/%s/%s", cli->args[0], verb);
    if (!body.failed) {
        if (status == 0)
            status = hk_print_document(cli, &reply);
        hk_reply_done(&reply);
    }
    hk_buf_done(&body);
    return status;
}

/* --- trials --- */

/* "10%" or "10"; 0 when it is neither. */
static long read_share(const char *text)
{
    char *end = NULL;
    long share = strtol(text, &end, 10);

    if (strcmp(end, "%") == 0)
        end++;
    return end == text || *end != '\0' || share < 1 || share > 100 ? 0 : share;
}

/* What a text calls itself: the engine is asked by that name. */
static enum hk_status read_name(
    const char *file, struct hk_buf *source, char ret_name[HK_ID_SIZE], struct hk_error *error)
{
    struct hk_json_doc doc = {.root = NULL};
    struct hk_buf out;
    enum hk_status status = hk_file_read(file, HK_PLAYBOOK_SIZE_MAX, HK_FILE_ANY, source, error);

    hk_buf_init(&out, HK_PAYLOAD_SIZE_MAX);
    if (status == HK_OK && source->data == NULL)
        status = hk_fail(error, HK_INVALID, "%s is empty", file);
    if (status == HK_OK)
        status = hk_playbook_describe(source->data, source->size, file, &out, error);
    if (status == HK_OK)
        status = hk_json_parse(out.data, out.size, &hk_json_limits_own, &doc, error);
    if (status == HK_OK)
        (void)hk_copy_text(ret_name, HK_ID_SIZE, hk_json_string_at(doc.root, "name", ""));
    hk_json_doc_done(&doc);
    hk_buf_done(&out);
    return status;
}

static int post_trial(struct hk_cli *cli, const char *name, const struct hk_buf *source, long share)
{
    const char *time = hk_cli_option(cli, "for");
    const char *reason = hk_cli_option(cli, "reason");
    struct hk_reply reply = {.status = 0};
    struct hk_buf body;
    struct hk_jw jw;
    int status;

    hk_buf_init(&body, 8 * HK_PLAYBOOK_SIZE_MAX); /* as JSON a text may be longer */
    hk_jw_init(&jw, &body);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "source", source->data);
    hk_jw_kv(&jw, "file", cli->args[0]);
    hk_jw_kv(&jw, "kind", hk_cli_flag(cli, "shadow") ? "shadow" : "share");
    hk_jw_kv_i64(&jw, "share", share);
    if (time != NULL)
        hk_jw_kv(&jw, "for", time);
    if (reason != NULL)
        hk_jw_kv(&jw, "reason", reason);
    hk_jw_object_end(&jw);
    status = hk_cli_post(cli, &reply, body.data, "/v1/playbooks/%s/trial", name);
    if (status == 0)
        status = hk_print_document(cli, &reply);
    hk_reply_done(&reply);
    hk_buf_done(&body);
    return status;
}

static int playbook_try(struct hk_cli *cli)
{
    const char *given = hk_cli_option(cli, "share");
    bool is_all = given == NULL && hk_cli_flag(cli, "shadow");
    long share = given == NULL ? (is_all ? 100 : 0) : read_share(given);
    char name[HK_ID_SIZE] = "";
    struct hk_error error;
    struct hk_buf source;
    int status;

    if (share == 0)
        return hk_cli_fail(
            HK_EXIT_USAGE, "playbook try needs --share (1%% to 100%% of the alerts), or --shadow");
    hk_buf_init(&source, 2 * HK_PLAYBOOK_SIZE_MAX);
    status = read_name(cli->args[0], &source, name, &error) == HK_OK
                 ? post_trial(cli, name, &source, share)
                 : hk_cli_error(&error);
    hk_buf_done(&source);
    return status;
}

static int playbook_stop_trial(struct hk_cli *cli)
{
    return enforce(cli, "trial/stop", NULL);
}

static int playbook_promote(struct hk_cli *cli)
{
    return enforce(cli, "promote", hk_cli_option(cli, "version"));
}

static int playbook_rollback(struct hk_cli *cli)
{
    return enforce(cli, "rollback", hk_cli_option(cli, "to"));
}

const struct hk_command hk_commands_playbook[] = {
    {"playbook list", "", 0, 0, "List playbooks, and which version of each is in force",
        playbook_list,
        {{"after", "NAME", "go on after this one"}, {"limit", "N", "items of one page, 1 to 500"}}},
    {"playbook show", "NAME", 1, 1,
        "Show a playbook's versions, and who put which into force when and why; or one version",
        playbook_show,
        {{"source", NULL, "the text itself"},
            {"trial", NULL, "what is tried of it, and where a shadow decides differently"},
            {"limit", "N", "with --trial: the newest runs, so many; 1 to 500, 100 unless given"}}},
    {"playbook reload", "[FILE]", 0, 1,
        "Read the configured files again, and put what changed into force for new runs",
        playbook_reload, {{0}}},
    {"playbook try", "FILE", 1, 1,
        "Let another text of a playbook take a share of its alerts, or look at them as a shadow",
        playbook_try,
        {{"share", "N%", "of the alerts, 1% to 100%; required, but all of them with --shadow"},
            {"shadow", NULL, "look at them beside the one in force, and do nothing"},
            {"for", "TIME", "so long, such as 7d; until somebody ends it unless given"},
            {"reason", "TEXT", "why"}}},
    {"playbook stop-trial", "NAME", 1, 1, "End what is tried of a playbook", playbook_stop_trial,
        {{"reason", "TEXT", "why; required"}}},
    {"playbook promote", "NAME", 1, 1,
        "Put what is tried, or a recorded version, into force for new runs", playbook_promote,
        {{"version", "V", "which one, or its first 8 digits; what is tried unless given"},
            {"reason", "TEXT", "why; required"}}},
    {"playbook rollback", "NAME", 1, 1,
        "Put the version of before into force again, until the file changes", playbook_rollback,
        {{"to", "V", "to another one, or its first 8 digits"},
            {"reason", "TEXT", "why; required"}}},
    {.name = NULL},
};
