/*
 * cli_case: cases, as the people read them who work on them.
 */
#include "app/cli.h"
#include "limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int case_list(struct hk_cli *cli)
{
    static const struct hk_column columns[] = {{"ID", "id", 0}, {"STATE", "state", 0},
        {"PHASE", "phase", 0}, {"SEVERITY", "severity", 0}, {"ALERTS", "alert_count", 0},
        {"ASSIGNEE", "assignee", 20}, {"LAST ALERT", "last_alert|opened", 0},
        {"TITLE", "title", 50}, {"VERDICT", "verdict|proposed", 0}};

    return hk_cli_list(cli, "cases", hk_cli_option(cli, "state"), columns, HK_COUNT(columns));
}

/* --- one, on a terminal --- */

static void heading(const char *text)
{
    printf("\n%s%s%s\n", hk_bold(), text, hk_plain());
}

/* A text of several lines, each with the margin. */
static void paragraph(const char *title, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    heading(title);
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        char line[HK_REASON_SIZE_MAX + 1];
        if (size >= sizeof(line))
            size = sizeof(line) - 1;
        memcpy(line, text, size);
        line[size] = '\0';
        fputs("  ", stdout);
        hk_print_text(line);
        putchar('\n');
        text += size + (text[size] == '\n' ? 1 : 0);
    }
}

static void print_duration(const struct hk_json *ms)
{
    int64_t value;

    if (!hk_json_i64(ms, &value))
        fputs("-", stdout);
    else if (value < 1000)
        printf("%" PRId64 " ms", value);
    else if (value < 120000)
        printf("%" PRId64 " s", value / 1000);
    else if (value < 7200000)
        printf("%" PRId64 " min", value / 60000);
    else if (value < 172800000)
        printf("%" PRId64 " h %" PRId64 " min", value / 3600000, value / 60000 % 60);
    else
        printf("%" PRId64 " d", value / 86400000);
}

static void print_clocks(const struct hk_json *clocks)
{
    static const char *const names[] = {
        "detect", "triage", "notify", "decide", "contain", "restore"};

    heading("CLOCKS");
    for (size_t i = 0; i < HK_COUNT(names); i++) {
        printf("%s%s ", i == 0 ? "  " : "   ", names[i]);
        print_duration(hk_json_get(clocks, names[i]));
    }
    putchar('\n');
}

/* A heading with counts and rows; nothing when there are none. */
static void print_part(
    const char *title, const struct hk_json *items, const struct hk_column *columns, size_t count)
{
    if (items == NULL || items->count == 0)
        return;
    heading(title);
    hk_print_table(items, columns, count, 1);
}

static void print_notes(const struct hk_json *notes)
{
    if (notes == NULL || notes->count == 0)
        return;
    heading("NOTES");
    for (const struct hk_json *note = notes->first; note != NULL; note = note->next) {
        printf("  %.10s %.8s  ", hk_json_string_at(note, "time", ""),
            hk_json_string_at(note, "time", "           ") + 11);
        hk_print_text(hk_json_string_at(note, "by_name", ""));
        fputs(": ", stdout);
        hk_print_text(hk_json_string_at(note, "text", ""));
        putchar('\n');
    }
}

static void print_head(const struct hk_json *it)
{
    const char *assignee = hk_json_string_at(it, "assignee", NULL);
    const char *verdict = hk_json_string_at(it, "verdict", NULL);
    const char *proposed = hk_json_string_at(it, "proposed", NULL);
    const char *into = hk_json_string_at(it, "merged_into", NULL);

    printf("%s", hk_bold());
    hk_print_text(hk_json_string_at(it, "title", ""));
    printf("%s\n", hk_plain());
    printf("%s  %s, %s, %s", hk_json_string_at(it, "id", ""), hk_json_string_at(it, "state", ""),
        hk_json_string_at(it, "phase", ""), hk_json_string_at(it, "severity", "-"));
    if (into != NULL)
        printf(" (shown in %s)", into);
    fputs(assignee != NULL ? ", assigned to " : ", assigned to nobody", stdout);
    hk_print_text(assignee != NULL ? assignee : "");
    if (verdict != NULL)
        printf(", verdict %s", verdict);
    else if (proposed != NULL)
        printf(", proposed %s", proposed);
    putchar('\n');
}

static void print_parts(const struct hk_json *it)
{
    static const struct hk_column contained[] = {{"ID", "id", 0}, {"STATE", "state", 0},
        {"ACTION", "action", 30}, {"TARGET", "target", 45}, {"SINCE", "effective|since", 0},
        {"UNTIL", "expires|ended", 0}};
    static const struct hk_column asked[] = {
        {"ID", "id", 0}, {"STATE", "state", 0}, {"WHAT", "summary", 60}, {"EXPIRES", "expires", 0}};
    static const struct hk_column tasks[] = {{"ID", "id", 0}, {"STATE", "state", 0},
        {"OWNER", "owner", 20}, {"DUE", "due", 0}, {"WHAT", "title", 60},
        {"OUTCOME", "outcome", 0}};
    static const struct hk_column alerts[] = {{"ID", "id", 0}, {"STATE", "state", 0},
        {"SEVERITY", "severity", 0}, {"RECEIVED", "received", 0}, {"TITLE", "title", 50}};
    static const struct hk_column entities[] = {
        {"KIND", "type", 0}, {"VALUE", "value", 60}, {"LAST SEEN", "last", 0}};
    static const struct hk_column evidence[] = {{"ENTRY", "seq", 0}, {"BY", "by_name", 20},
        {"NAME", "name", 40}, {"SIZE", "size", 0}, {"SHA-256", "sha256", 17}};
    static const struct hk_column similar[] = {{"ID", "id", 0}, {"STATE", "state", 0},
        {"VERDICT", "verdict", 0}, {"SHARES", "shares", 40}, {"TITLE", "title", 40}};
    const struct hk_json *counts = hk_json_get(it, "counts");
    char title[64];

    print_part("CONTAINED", hk_json_get(it, "containments"), contained, HK_COUNT(contained));
    print_part("DECISIONS", hk_json_get(it, "approvals"), asked, HK_COUNT(asked));
    print_part("TASKS", hk_json_get(it, "tasks"), tasks, HK_COUNT(tasks));
    (void)snprintf(title, sizeof(title), "ALERTS (%" PRId64 ", %" PRId64 " open)",
        hk_json_i64_at(counts, "alerts", 0), hk_json_i64_at(counts, "alerts_open", 0));
    print_part(title, hk_json_get(it, "alerts"), alerts, HK_COUNT(alerts));
    print_notes(hk_json_get(it, "notes"));
    print_part("EVIDENCE", hk_json_get(it, "evidence"), evidence, HK_COUNT(evidence));
    print_part("JOINED BY", hk_json_get(it, "entities"), entities, HK_COUNT(entities));
    print_part("SIMILAR CASES", hk_json_get(it, "similar"), similar, HK_COUNT(similar));
}

static int case_show(struct hk_cli *cli)
{
    struct hk_reply reply;
    const struct hk_json *it;
    int status;

    if (!hk_cli_id_is_good(cli->args[0]))
        return HK_EXIT_NOT_FOUND;
    status = hk_cli_get(cli, &reply, "/v1/cases/%s", cli->args[0]);
    it = reply.doc.root;
    if (status == 0 && (cli->json || cli->jsonl || it == NULL)) {
        status = hk_print_document(cli, &reply);
    } else if (status == 0) {
        print_head(it);
        paragraph("HAPPENING", hk_json_string_at(it, "happening", NULL));
        paragraph("DO NOW", hk_json_string_at(it, "do_now", NULL));
        paragraph("IMPACT", hk_json_string_at(it, "impact", NULL));
        paragraph("SCOPE", hk_json_string_at(it, "scope", NULL));
        print_clocks(hk_json_get(it, "clocks_ms"));
        print_parts(it);
    }
    hk_reply_done(&reply);
    return status;
}

static int case_timeline(struct hk_cli *cli)
{
    static const struct hk_column columns[] = {{"SEQ", "seq", 0}, {"TIME", "time", 0},
        {"KIND", "kind", 0}, {"SUBJECT", "subject", 0}, {"BY", "by_name", 20},
        {"WHAT",
            "what.text|what.summary|what.title|what.reason|what.why|what.verdict|what.entity|what."
            "phase|what.outcome|what.target|what.name|what.playbook|what.to",
            60}};
    const char *after = hk_cli_option(cli, "after");
    const char *limit = hk_cli_option(cli, "limit");
    struct hk_reply reply;
    struct hk_buf path;
    int status;

    if (!hk_cli_id_is_good(cli->args[0]))
        return HK_EXIT_NOT_FOUND;
    hk_buf_init(&path, 8192);
    hk_buf_appendf(&path, "/v1/cases/%s/timeline?limit=", cli->args[0]);
    hk_cli_url_append(&path, limit != NULL ? limit : "100");
    if (after != NULL) {
        hk_buf_append_text(&path, "&after=");
        hk_cli_url_append(&path, after);
    }
    status = hk_cli_get(cli, &reply, "%s", path.failed ? "/" : path.data);
    if (status == 0)
        status = hk_print_list(cli, &reply, columns, HK_COUNT(columns));
    hk_reply_done(&reply);
    hk_buf_done(&path);
    return status;
}

/* --- what is done to one --- */

struct field {
    const char *key;
    const char *value; /* NULL: left out */
};

/* POST the fields; ends with a NULL key. Prints the id and what the member of the answer says. */
static int post(struct hk_cli *cli, const char *verb, const struct field *fields)
{
    struct hk_reply reply = {.status = 0};
    struct hk_buf body;
    struct hk_jw jw;
    int status;

    if (!hk_cli_id_is_good(cli->args[0]))
        return HK_EXIT_NOT_FOUND;
    hk_buf_init(&body, HK_ARGS_SIZE_MAX * 2);
    hk_jw_init(&jw, &body);
    hk_jw_object(&jw);
    for (const struct field *field = fields; field->key != NULL; field++)
        if (field->value != NULL)
            hk_jw_kv(&jw, field->key, field->value);
    hk_jw_object_end(&jw);
    status = hk_cli_post(
        cli, &reply, body.failed ? "{}" : body.data, "/v1/cases/%s/%s", cli->args[0], verb);
    if (status == 0 && (cli->json || cli->jsonl))
        status = hk_print_document(cli, &reply);
    else if (status == 0)
        printf("%s  %s  %s\n", cli->args[0], hk_json_string_at(reply.doc.root, "state", "done"),
            hk_json_string_at(reply.doc.root, "to",
                hk_json_string_at(
                    reply.doc.root, "task", hk_json_string_at(reply.doc.root, "phase", ""))));
    hk_reply_done(&reply);
    hk_buf_done(&body);
    return status;
}

static int case_note(struct hk_cli *cli)
{
    return post(cli, "note", (const struct field[]){{"text", cli->args[1]}, {NULL, NULL}});
}

static int case_assign(struct hk_cli *cli)
{
    const char *to = strcmp(cli->args[1], "-") == 0 ? NULL : cli->args[1];

    return post(cli, "assign", (const struct field[]){{"to", to}, {NULL, NULL}});
}

static int case_phase(struct hk_cli *cli)
{
    return post(cli, "phase",
        (const struct field[]){
            {"phase", cli->args[1]}, {"reason", hk_cli_option(cli, "reason")}, {NULL, NULL}});
}

static int case_summary(struct hk_cli *cli)
{
    return post(cli, "summary",
        (const struct field[]){{"title", hk_cli_option(cli, "title")},
            {"happening", hk_cli_option(cli, "happening")},
            {"do_now", hk_cli_option(cli, "do-now")}, {"impact", hk_cli_option(cli, "impact")},
            {"scope", hk_cli_option(cli, "scope")}, {NULL, NULL}});
}

static int case_close(struct hk_cli *cli)
{
    const char *verdict = hk_cli_option(cli, "verdict");

    if (verdict == NULL)
        return hk_cli_fail(HK_EXIT_USAGE,
            "case close needs --verdict true_positive, false_positive, expected or undetermined");
    return post(cli, "close",
        (const struct field[]){
            {"verdict", verdict}, {"note", hk_cli_option(cli, "note")}, {NULL, NULL}});
}

static int case_reopen(struct hk_cli *cli)
{
    return post(cli, "reopen",
        (const struct field[]){{"reason", hk_cli_option(cli, "reason")}, {NULL, NULL}});
}

static int case_merge(struct hk_cli *cli)
{
    return post(cli, "merge",
        (const struct field[]){
            {"into", cli->args[1]}, {"reason", hk_cli_option(cli, "reason")}, {NULL, NULL}});
}

static int case_unmerge(struct hk_cli *cli)
{
    return post(cli, "unmerge",
        (const struct field[]){{"reason", hk_cli_option(cli, "reason")}, {NULL, NULL}});
}

static int case_split(struct hk_cli *cli)
{
    return post(cli, "split",
        (const struct field[]){{"alert", cli->args[1]}, {"to", hk_cli_option(cli, "to")},
            {"reason", hk_cli_option(cli, "reason")}, {NULL, NULL}});
}

static int case_evidence(struct hk_cli *cli)
{
    const char *place = hk_cli_option(cli, "place");
    const char *text = hk_cli_option(cli, "text");

    if ((place == NULL) == (text == NULL))
        return hk_cli_fail(HK_EXIT_USAGE, "case evidence needs --text or --place");
    return post(cli, "evidence",
        (const struct field[]){{"name", cli->args[1]}, {"text", text}, {"place", place},
            {"sha256", hk_cli_option(cli, "sha256")}, {"note", hk_cli_option(cli, "note")},
            {NULL, NULL}});
}

static int case_task(struct hk_cli *cli)
{
    return post(cli, "task",
        (const struct field[]){{"title", cli->args[1]},
            {"instruction", hk_cli_option(cli, "instruction")},
            {"owner", hk_cli_option(cli, "owner")}, {"due", hk_cli_option(cli, "due")},
            {NULL, NULL}});
}

static int case_release(struct hk_cli *cli)
{
    static const struct hk_column columns[] = {{"CONTAINMENT", "containment", 0},
        {"OUTCOME", "outcome", 0}, {"TASK", "task", 0}, {"WHY", "why", 70}};
    const char *reason = hk_cli_option(cli, "reason");
    struct hk_reply reply = {.status = 0};
    struct hk_buf body;
    struct hk_jw jw;
    int status;

    if (reason == NULL)
        return hk_cli_fail(HK_EXIT_USAGE, "case release needs --reason");
    if (!hk_cli_id_is_good(cli->args[0]))
        return HK_EXIT_NOT_FOUND;
    hk_buf_init(&body, HK_ARGS_SIZE_MAX);
    hk_jw_init(&jw, &body);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "reason", reason);
    hk_jw_object_end(&jw);
    status = hk_cli_post(
        cli, &reply, body.failed ? "{}" : body.data, "/v1/cases/%s/release", cli->args[0]);
    if (status == 0)
        status = hk_print_list(cli, &reply, columns, HK_COUNT(columns));
    if (status == 0 && (hk_json_i64_at(reply.doc.root, "not_released", 0) > 0 ||
                           hk_json_bool_at(reply.doc.root, "more", false)))
        status = hk_cli_fail(HK_EXIT_FAILED, "not everything is released");
    hk_reply_done(&reply);
    hk_buf_done(&body);
    return status;
}

const struct hk_command hk_commands_case[] = {
    {"case list", "", 0, 0, "List cases, newest first", case_list,
        {{"state", "S", "open, closed or merged"}, {"after", "ID", "go on after this one"},
            {"limit", "N", "items of one page, 1 to 500"}}},
    {"case show", "ID", 1, 1, "Show a case: what happens, what to do, what is contained", case_show,
        {{0}}},
    {"case timeline", "ID", 1, 1, "Show what happened in a case, oldest first", case_timeline,
        {{"after", "SEQ", "go on after this entry"},
            {"limit", "N", "items of one page, 1 to 500"}}},
    {"case note", "ID TEXT", 2, 2, "Add a note", case_note, {{0}}},
    {"case assign", "ID USER", 2, 2, "Give a case to somebody (- for nobody)", case_assign, {{0}}},
    {"case phase", "ID PHASE", 2, 2,
        "Say where the work is: identify, contain, eradicate, recover, learn", case_phase,
        {{"reason", "TEXT", "why"}}},
    {"case summary", "ID", 1, 1, "Say what is happening and what must be done now", case_summary,
        {{"title", "TEXT", "what it is called"}, {"happening", "TEXT", "what is happening"},
            {"do-now", "TEXT", "what must be done now"}, {"impact", "TEXT", "what it does to whom"},
            {"scope", "TEXT", "how far it reaches"}}},
    {"case evidence", "ID NAME", 2, 2, "Add evidence", case_evidence,
        {{"text", "TEXT", "the content"}, {"place", "TEXT", "or where it is kept"},
            {"sha256", "HEX", "of what lies there"}, {"note", "TEXT", "how it was come by"}}},
    {"case task", "ID TITLE", 2, 2, "Give people something to do", case_task,
        {{"instruction", "TEXT", "how"}, {"owner", "NAME", "a user or a role"},
            {"due", "4h", "from now"}}},
    {"case close", "ID", 1, 1, "Close a case, and its open alerts with it", case_close,
        {{"verdict", "V", "true_positive, false_positive, expected or undetermined"},
            {"note", "TEXT", "how that is known"}}},
    {"case reopen", "ID", 1, 1, "Open a closed case again", case_reopen,
        {{"reason", "TEXT", "why"}}},
    {"case merge", "ID INTO", 2, 2, "Show a case as part of another", case_merge,
        {{"reason", "TEXT", "why"}}},
    {"case unmerge", "ID", 1, 1, "Take a merge back", case_unmerge, {{"reason", "TEXT", "why"}}},
    {"case split", "ID ALERT", 2, 2, "Move an alert out of a case", case_split,
        {{"to", "ID", "into this case; else one of its own"}, {"reason", "TEXT", "why"}}},
    {"case release", "ID", 1, 1, "Take back everything that its runs contained", case_release,
        {{"reason", "TEXT", "why; required"}}},
    {.name = NULL},
};
