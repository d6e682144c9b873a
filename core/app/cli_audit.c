/*
 * cli_audit: the record, checked on the data folder without trusting the engine; and read, through
 * the engine when it runs.
 */
#include "app/cli.h"
#include "app/folder.h"
#include "app/progress.h"
#include "base/text.h"
#include "base/time.h"
#include "ledger/audit.h"
#include "limits.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHECKPOINT_SIZE_MAX = 65536 };

static enum hk_status fill_options(const struct hk_cli *cli, char path[PATH_MAX],
    struct hk_audit_options *options, struct hk_progress *progress, struct hk_error *error)
{
    enum hk_status status = hk_cli_data_path(cli, path, PATH_MAX, error);

    if (status == HK_OK && access(path, F_OK) != 0)
        return hk_fail(error, HK_NOT_FOUND, "there is no data folder %s", path);
    hk_progress_init(progress, "entries");
    *options = (struct hk_audit_options){.data_dir = path,
        .tenant = cli->tenant,
        .progress = hk_progress_tell,
        .progress_ctx = progress};
    return status;
}

static enum hk_status read_file(const char *path, struct hk_buf *out, struct hk_error *error)
{
    return hk_audit_read_checkpoint(strcmp(path, "-") == 0 ? "/dev/stdin" : path, out, error);
}

/* Print {"ok":…} and give the exit status. */
static int print_result(const struct hk_cli *cli, struct hk_buf *out, bool ok)
{
    struct hk_reply reply = {.status = 200, .body = *out};
    struct hk_error error;
    int status = ok ? HK_EXIT_DONE : HK_EXIT_FAILED;

    if (cli->json || cli->jsonl) {
        printf("%s\n", out->data);
        return status;
    }
    if (hk_json_parse(out->data, out->size, &hk_json_limits_own, &reply.doc, &error) != HK_OK)
        return hk_cli_error(&error);
    hk_print_for_people(reply.doc.root, 0);
    hk_json_doc_done(&reply.doc);
    return status;
}

static int audit_verify(struct hk_cli *cli)
{
    const char *checkpoint = hk_cli_option(cli, "checkpoint");
    struct hk_audit_options options;
    struct hk_progress progress;
    char path[PATH_MAX];
    struct hk_buf note;
    struct hk_buf out;
    struct hk_error error;
    bool ok = false;
    enum hk_status status = fill_options(cli, path, &options, &progress, &error);
    int exit_status;

    hk_buf_init(&note, CHECKPOINT_SIZE_MAX);
    hk_buf_init(&out, HK_HTTP_RESPONSE_SIZE_MAX);
    if (status == HK_OK && checkpoint != NULL) {
        status = read_file(checkpoint, &note, &error);
        options.checkpoint_text = note.data != NULL ? note.data : "";
    }
    if (status == HK_OK)
        status = hk_audit_verify(&options, &out, &ok, &error);
    exit_status = status == HK_OK ? print_result(cli, &out, ok) : hk_cli_error(&error);
    hk_buf_done(&out);
    hk_buf_done(&note);
    return exit_status;
}

static bool read_number(const char *text, uint64_t max, uint64_t *ret_value)
{
    char *end = NULL;

    if (text == NULL)
        return true;
    *ret_value = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && *ret_value <= max;
}

static int audit_prove(struct hk_cli *cli)
{
    const char *since = hk_cli_option(cli, "since");
    struct hk_audit_options options;
    struct hk_progress progress;
    char path[PATH_MAX];
    struct hk_buf note;
    struct hk_buf out;
    struct hk_error error;
    uint64_t seq = 0;
    enum hk_status status;

    if (!read_number(cli->args[0], HK_ENTRIES_MAX, &seq))
        return hk_cli_fail(HK_EXIT_USAGE, "audit prove: expected an entry's number");
    hk_buf_init(&note, CHECKPOINT_SIZE_MAX);
    hk_buf_init(&out, HK_HTTP_RESPONSE_SIZE_MAX);
    status = fill_options(cli, path, &options, &progress, &error);
    if (status == HK_OK && since != NULL) {
        status = read_file(since, &note, &error);
        options.checkpoint_text = note.data != NULL ? note.data : "";
    }
    if (status == HK_OK)
        status = hk_audit_prove(&options, seq, &out, &error);
    if (status == HK_OK)
        hk_print_json(out.data, out.size);
    hk_buf_done(&out);
    hk_buf_done(&note);
    return status == HK_OK ? HK_EXIT_DONE : hk_cli_error(&error);
}

static int audit_accept(struct hk_cli *cli)
{
    const char *checkpoint = hk_cli_option(cli, "checkpoint");
    const char *reason = hk_cli_option(cli, "reason");
    struct hk_folder folder = {.lock_fd = -1};
    struct hk_buf note;
    struct hk_error error;
    enum hk_status status = HK_OK;

    if (reason == NULL)
        return hk_cli_fail(HK_EXIT_USAGE, "audit accept needs --reason");
    hk_buf_init(&note, CHECKPOINT_SIZE_MAX);
    if (checkpoint != NULL)
        status = read_file(checkpoint, &note, &error);
    if (status == HK_OK)
        status = hk_folder_open(cli, false, &folder, &error);
    if (status == HK_OK)
        status = hk_ledger_accept(folder.ledger, folder.tenant, note.data, reason, &error);
    hk_folder_close(&folder);
    hk_buf_done(&note);
    if (status != HK_OK)
        return hk_cli_error(&error);
    if (cli->json || cli->jsonl)
        printf("{\"ok\":true}\n");
    else
        printf("%s  accepted, and recorded in its ledger\n", folder.tenant_name);
    return HK_EXIT_DONE;
}

static int audit_rebuild(struct hk_cli *cli)
{
    struct hk_audit_options options;
    struct hk_progress progress;
    char path[PATH_MAX];
    struct hk_buf out;
    struct hk_error error;
    bool ok = false;
    enum hk_status status;
    int exit_status;

    hk_buf_init(&out, HK_HTTP_RESPONSE_SIZE_MAX);
    status = fill_options(cli, path, &options, &progress, &error);
    if (status == HK_OK && !hk_cli_flag(cli, "check"))
        status = hk_audit_rebuild(&options, &error);
    if (status == HK_OK)
        status = hk_audit_rebuild_check(&options, &out, &ok, &error);
    exit_status = status == HK_OK ? print_result(cli, &out, ok) : hk_cli_error(&error);
    hk_buf_done(&out);
    return exit_status;
}

static int audit_export(struct hk_cli *cli)
{
    const char *out_dir = hk_cli_option(cli, "out");
    struct hk_audit_options options;
    struct hk_progress progress;
    char path[PATH_MAX];
    struct hk_error error;
    enum hk_status status;

    if (out_dir == NULL)
        return hk_cli_fail(HK_EXIT_USAGE, "audit export needs --out");
    status = fill_options(cli, path, &options, &progress, &error);
    if (status == HK_OK)
        status = hk_audit_export(&options, out_dir, &error);
    if (status != HK_OK)
        return hk_cli_error(&error);
    printf("%s\n", out_dir);
    return HK_EXIT_DONE;
}

/* --- reading: through the engine, or on the folder --- */

struct entries_job {
    hk_tenant tenant;
    const char *subject;
    uint64_t after;
    bool from_start;
    unsigned limit;
    bool is_checkpoint;
    struct hk_buf *out;
};

static enum hk_status read_folder(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct entries_job *job = ctx;

    if (job->is_checkpoint)
        return hk_query_checkpoint(reading, job->tenant, job->out, error);
    return hk_query_entries(reading, job->tenant, job->subject, job->after, job->from_start,
        job->limit, job->out, error);
}

static enum hk_status read_from_folder(
    const struct hk_cli *cli, struct entries_job *job, struct hk_error *error)
{
    struct hk_folder folder;
    enum hk_status status = hk_folder_open(cli, false, &folder, error);

    job->tenant = folder.tenant;
    if (status == HK_OK)
        status = hk_ledger_read_now(folder.ledger, read_folder, job, error);
    hk_folder_close(&folder);
    return status;
}

static int audit_checkpoint(struct hk_cli *cli)
{
    struct hk_reply reply = {.status = 0};
    struct entries_job job = {.is_checkpoint = true, .out = &reply.body};
    char tenant[HK_ID_SIZE];
    struct hk_error error;
    int status;

    if (hk_cli_engine_runs(cli)) {
        status = hk_cli_tenant_name(cli, tenant);
        if (status == 0)
            status = hk_cli_get(cli, &reply, "/v1/tenants/%s/audit/checkpoint", tenant);
    } else {
        hk_buf_init(&reply.body, CHECKPOINT_SIZE_MAX);
        status = read_from_folder(cli, &job, &error) == HK_OK ? 0 : hk_cli_error(&error);
    }
    if (status == 0)
        fputs(reply.body.data, stdout);
    hk_reply_done(&reply);
    return status;
}

static int print_entries(const struct hk_cli *cli, const struct hk_reply *reply)
{
    const struct hk_json *items = hk_json_get(reply->doc.root, "items");
    const struct hk_json *next = hk_json_get(reply->doc.root, "next");

    if (cli->json) {
        hk_print_json(reply->body.data, reply->body.size);
        return HK_EXIT_DONE;
    }
    for (const struct hk_json *item = items != NULL ? items->first : NULL; item != NULL;
         item = item->next) {
        if (cli->jsonl) {
            hk_print_json(item->source, item->source_size);
            continue;
        }
        hk_print_text(hk_json_string_at(item, "line", ""));
        putchar('\n');
    }
    if (next != NULL && next->type == HK_JSON_NUMBER)
        fprintf(stderr, "more: --after %s\n", next->text);
    return HK_EXIT_DONE;
}

static int show_through_engine(
    const struct hk_cli *cli, const struct entries_job *job, struct hk_reply *reply)
{
    char tenant[HK_ID_SIZE];
    char after[48] = "";
    int status = hk_cli_tenant_name(cli, tenant);

    if (status != 0)
        return status;
    if (!job->from_start)
        (void)snprintf(after, sizeof(after), "&after=%" PRIu64, job->after);
    return hk_cli_get(cli, reply, "/v1/tenants/%s/audit/entries?limit=%u%s%s%s", tenant, job->limit,
        after, job->subject != NULL ? "&subject=" : "", job->subject != NULL ? job->subject : "");
}

static int audit_show(struct hk_cli *cli)
{
    struct hk_reply reply = {.status = 0};
    struct entries_job job = {.subject = hk_cli_option(cli, "subject"),
        .from_start = hk_cli_option(cli, "after") == NULL,
        .out = &reply.body};
    uint64_t limit = 100;
    struct hk_error error;
    int status;

    if (!read_number(hk_cli_option(cli, "after"), INT64_MAX, &job.after) ||
        !read_number(hk_cli_option(cli, "limit"), HK_PAGE_ITEMS_MAX, &limit))
        return hk_cli_fail(HK_EXIT_USAGE, "--after and --limit (at most 500) are numbers");
    if (job.subject != NULL && !hk_cli_id_is_good(job.subject))
        return HK_EXIT_NOT_FOUND;
    job.limit = (unsigned)limit;
    if (hk_cli_engine_runs(cli)) {
        status = show_through_engine(cli, &job, &reply);
    } else {
        hk_buf_init(&reply.body, HK_HTTP_RESPONSE_SIZE_MAX);
        status = 0;
        if (read_from_folder(cli, &job, &error) != HK_OK ||
            hk_json_parse(
                reply.body.data, reply.body.size, &hk_json_limits_own, &reply.doc, &error) != HK_OK)
            status = hk_cli_error(&error);
    }
    if (status == 0)
        status = print_entries(cli, &reply);
    hk_reply_done(&reply);
    return status;
}

/* --- erasing --- */

static int erase_look(struct hk_cli *cli, const char *tenant, const char *subject)
{
    struct hk_reply reply = {.status = 0};
    int status = hk_cli_get(cli, &reply, "/v1/tenants/%s/audit/erase?subject=%s", tenant, subject);

    if (status == 0)
        status = hk_print_document(cli, &reply);
    hk_reply_done(&reply);
    return status;
}

static int erase_now(
    struct hk_cli *cli, const char *tenant, const char *subject, const char *reason)
{
    struct hk_reply reply = {.status = 0};
    struct hk_buf body;
    struct hk_jw jw;
    int status;

    hk_buf_init(&body, HK_ARGS_SIZE_MAX);
    hk_jw_init(&jw, &body);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "subject", subject);
    hk_jw_kv(&jw, "reason", reason);
    hk_jw_object_end(&jw);
    status = hk_cli_post(
        cli, &reply, body.failed ? "{}" : body.data, "/v1/tenants/%s/audit/erase", tenant);
    if (status == 0 && (cli->json || cli->jsonl))
        status = hk_print_document(cli, &reply);
    else if (status == 0)
        printf("%s  erased: %" PRId64 " entries about %" PRId64
               " things, recorded as entry %" PRId64 "\n",
            subject, hk_json_i64_at(reply.doc.root, "entries", 0),
            hk_json_i64_at(reply.doc.root, "subject_count", 0),
            hk_json_i64_at(reply.doc.root, "seq", 0));
    hk_reply_done(&reply);
    hk_buf_done(&body);
    return status;
}

static int erase_due(struct hk_cli *cli)
{
    struct hk_reply reply = {.status = 0};
    char tenant[HK_ID_SIZE];
    int status;

    if (!hk_cli_flag(cli, "dry-run"))
        return hk_cli_fail(HK_EXIT_USAGE,
            "audit erase --due needs --dry-run: the engine erases what is due by itself");
    status = hk_cli_tenant_name(cli, tenant);
    if (status == 0)
        status = hk_cli_get(cli, &reply, "/v1/tenants/%s/audit/retention", tenant);
    if (status == 0)
        status = hk_print_document(cli, &reply);
    hk_reply_done(&reply);
    return status;
}

static int audit_erase(struct hk_cli *cli)
{
    const char *subject = hk_cli_option(cli, "subject");
    const char *reason = hk_cli_option(cli, "reason");
    bool is_dry_run = hk_cli_flag(cli, "dry-run");
    char tenant[HK_ID_SIZE];
    int status;

    if (hk_cli_flag(cli, "due"))
        return erase_due(cli);
    if (subject == NULL || (reason == NULL && !is_dry_run))
        return hk_cli_fail(HK_EXIT_USAGE, "audit erase needs --subject and --reason");
    if (!hk_cli_id_is_good(subject))
        return HK_EXIT_NOT_FOUND;
    status = hk_cli_tenant_name(cli, tenant);
    if (status != 0)
        return status;
    return is_dry_run ? erase_look(cli, tenant, subject) : erase_now(cli, tenant, subject, reason);
}

const struct hk_command hk_commands_audit[] = {
    {"audit verify", "", 0, 0, "Check the record: lines, tree, checkpoints, signatures",
        audit_verify,
        {{"checkpoint", "FILE",
            "an earlier checkpoint to hold against it, the newest of several"}}},
    {"audit checkpoint", "", 0, 0, "Print the newest checkpoint, a signed note", audit_checkpoint,
        {{0}}},
    {"audit show", "", 0, 0, "Print entries, oldest first", audit_show,
        {{"subject", "ID", "only those about this"}, {"after", "SEQ", "go on after this one"},
            {"limit", "N", "1 to 500"}}},
    {"audit prove", "SEQ", 1, 1,
        "Print the proof that an entry is in the newest checkpoint, as JSON", audit_prove,
        {{"since", "FILE", "and that this earlier checkpoint is its beginning"}}},
    {"audit export", "", 0, 0, "Write a bundle that can be checked without Hikeshi", audit_export,
        {{"out", "DIR", "a new folder"}}},
    {"audit erase", "", 0, 0, "Erase what is recorded about something, with a person's token",
        audit_erase,
        {{"subject", "ID", "an alert, case, run, user …; or config: those not in force"},
            {"reason", "TEXT", "why; it is recorded"},
            {"dry-run", NULL, "only say what would go, or what is still needed"},
            {"due", NULL, "with --dry-run: what the rules of retention would erase now"}}},
    {"audit accept", "", 0, 0,
        "Accept that a ledger does not lead to a checkpoint any more (engine stopped)",
        audit_accept,
        {{"checkpoint", "FILE",
             "the newest in it is given up; without: that in the provider's ledger"},
            {"reason", "TEXT", "why; it is recorded"}}},
    {"audit rebuild", "", 0, 0,
        "Make all tables anew from the record (engine stopped), and compare with it", audit_rebuild,
        {{"check", NULL, "compare, change nothing; beside an engine too"}}},
    {.name = NULL},
};
