/*
 * cli_playbook_graph: `playbook graph`.
 */
#include "app/cli.h"
#include "app/cli_author.h"
#include "author/graph.h"
#include "base/file.h"
#include "limits.h"
#include "script/playbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How often each line's step was asked for, in the runs of one version. */
struct line_count {
    unsigned asked;
    unsigned failed;
};

#define LINES_MAX HK_PLAYBOOK_SIZE_MAX

static void count_run(struct line_count *lines, const struct hk_json *run)
{
    const struct hk_json *steps = hk_json_get(run, "steps");

    for (const struct hk_json *step = steps == NULL ? NULL : steps->first; step != NULL;
         step = step->next) {
        const char *colon = strrchr(hk_json_string_at(step, "where", ""), ':');
        unsigned long line = colon == NULL ? 0 : strtoul(colon + 1, NULL, 10);
        if (line == 0 || line >= LINES_MAX)
            continue;
        lines[line].asked++;
        lines[line].failed += strcmp(hk_json_string_at(step, "state", ""), "settled") == 0 &&
                                      !hk_json_bool_at(step, "ok", true)
                                  ? 1
                                  : 0;
    }
}

/* The runs of this version on one page. Zero, or it was told. */
static int count_page(const struct hk_cli *cli, const struct hk_json *page, const char *version,
    unsigned *left, struct line_count *lines)
{
    const struct hk_json *items = hk_json_get(page, "items");
    int status = 0;

    for (const struct hk_json *item = items == NULL ? NULL : items->first;
         item != NULL && status == 0 && *left > 0; item = item->next) {
        struct hk_reply run = {.status = 0};
        if (strcmp(hk_json_string_at(item, "version", ""), version) != 0)
            continue;
        (*left)--;
        status = hk_cli_get(cli, &run, "/v1/runs/%s", hk_json_string_at(item, "id", ""));
        if (status == 0)
            count_run(lines, run.doc.root);
        hk_reply_done(&run);
    }
    return status;
}

/* Append {"LINE":{"asked","failed"}} from the newest runs of this version. */
static int count_runs(const struct hk_cli *cli, const char *version, struct hk_buf *out)
{
    struct line_count *lines = calloc(LINES_MAX, sizeof(*lines));
    char after[HK_ID_SIZE + 64] = "";
    unsigned left = HK_REPLAY_RUNS_DEFAULT;
    struct hk_jw jw;
    int status = 0;
    bool more = true;

    if (lines == NULL)
        return hk_cli_fail(HK_EXIT_FAILED, "out of memory");
    while (status == 0 && more && left > 0) {
        struct hk_reply page = {.status = 0};
        status = after[0] == '\0' ? hk_cli_get(cli, &page, "/v1/runs?limit=200")
                                  : hk_cli_get(cli, &page, "/v1/runs?limit=200&after=%s", after);
        if (status == 0)
            status = count_page(cli, page.doc.root, version, &left, lines);
        (void)snprintf(after, sizeof(after), "%s", hk_json_string_at(page.doc.root, "next", ""));
        more = hk_cli_id_is_good(after);
        hk_reply_done(&page);
    }
    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    for (unsigned i = 0; status == 0 && i < LINES_MAX; i++) {
        char line[16];
        if (lines[i].asked == 0)
            continue;
        (void)snprintf(line, sizeof(line), "%u", i);
        hk_jw_key(&jw, line);
        hk_jw_object(&jw);
        hk_jw_kv_i64(&jw, "asked", lines[i].asked);
        hk_jw_kv_i64(&jw, "failed", lines[i].failed);
        hk_jw_object_end(&jw);
    }
    hk_jw_object_end(&jw);
    free(lines);
    return status;
}

static int print_graph(const char *format, const struct hk_buf *json)
{
    struct hk_json_doc doc = {.root = NULL};
    struct hk_error error;
    struct hk_buf out;
    enum hk_status status;

    hk_buf_init(&out, 2 * HK_GRAPH_SIZE_MAX);
    status = hk_json_parse(json->data, json->size, &hk_json_limits_own, &doc, &error);
    if (status == HK_OK && strcmp(format, "svg") == 0)
        status = hk_graph_svg(doc.root, &out, &error);
    else if (status == HK_OK)
        hk_graph_dot(doc.root, &out);
    if (status == HK_OK)
        status = hk_buf_check(&out, "the graph", &error);
    if (status == HK_OK)
        hk_print_lines(out.data);
    hk_json_doc_done(&doc);
    hk_buf_done(&out);
    return status == HK_OK ? HK_EXIT_DONE : hk_cli_error(&error);
}

/* The playbook's text and its name; false: told. */
static enum hk_status read_playbook(
    const char *file, struct hk_buf *source, struct hk_json_doc *descriptor, struct hk_error *error)
{
    struct hk_buf text;
    enum hk_status status = hk_file_read(file, HK_PLAYBOOK_SIZE_MAX, HK_FILE_ANY, source, error);

    hk_buf_init(&text, HK_WIRE_FRAME_SIZE_MAX);
    if (status == HK_OK)
        status = hk_playbook_describe(
            source->data == NULL ? "" : source->data, source->size, file, &text, error);
    if (status == HK_OK)
        status = hk_json_parse(text.data, text.size, &hk_json_limits_own, descriptor, error);
    hk_buf_done(&text);
    return status;
}

static int draw(struct hk_cli *cli, const char *format, const struct hk_buf *source,
    const char *name, const struct hk_json *counts)
{
    struct hk_error error;
    struct hk_buf json;
    int exit_status = HK_EXIT_DONE;

    hk_buf_init(&json, 2 * HK_GRAPH_SIZE_MAX);
    if (hk_graph_write(source->data, source->size, name, cli->args[0], counts, &json, &error) !=
        HK_OK)
        exit_status = hk_cli_fail(HK_EXIT_FAILED, "%s:%s", cli->args[0], error.text);
    else if (strcmp(format, "json") == 0 || cli->json || cli->jsonl)
        hk_print_json(json.data, json.size);
    else
        exit_status = print_graph(format, &json);
    hk_buf_done(&json);
    return exit_status;
}

int hk_cli_playbook_graph(struct hk_cli *cli)
{
    const char *format = hk_cli_option(cli, "format");
    struct hk_json_doc descriptor = {.root = NULL};
    struct hk_json_doc counts = {.root = NULL};
    char version[HK_SHA256_HEX_SIZE];
    struct hk_buf source;
    struct hk_buf text;
    struct hk_error error;
    int exit_status = HK_EXIT_DONE;

    format = format == NULL ? "dot" : format;
    if (strcmp(format, "dot") != 0 && strcmp(format, "svg") != 0 && strcmp(format, "json") != 0)
        return hk_cli_fail(HK_EXIT_USAGE, "--format is dot, svg or json");
    hk_buf_init(&source, 2 * HK_PLAYBOOK_SIZE_MAX);
    hk_buf_init(&text, HK_GRAPH_SIZE_MAX);
    if (read_playbook(cli->args[0], &source, &descriptor, &error) != HK_OK)
        exit_status = hk_cli_error(&error);
    if (exit_status == 0 && hk_cli_flag(cli, "runs")) {
        hk_playbook_version(source.data, source.size, version);
        exit_status = count_runs(cli, version, &text);
        if (exit_status == 0 &&
            hk_json_parse(text.data, text.size, &hk_json_limits_own, &counts, &error) != HK_OK)
            exit_status = hk_cli_error(&error);
    }
    if (exit_status == 0)
        exit_status =
            draw(cli, format, &source, hk_json_string_at(descriptor.root, "name", ""), counts.root);
    hk_json_doc_done(&counts);
    hk_json_doc_done(&descriptor);
    hk_buf_done(&text);
    hk_buf_done(&source);
    return exit_status;
}
