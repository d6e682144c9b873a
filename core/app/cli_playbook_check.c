/*
 * cli_playbook_check: `playbook check`.
 */
#include "app/catalog.h"
#include "app/cli.h"
#include "app/cli_author.h"
#include "author/check.h"
#include "author/syntax_hint.h"
#include "base/file.h"
#include "limits.h"
#include "script/playbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One playbook that is looked at. */
struct look {
    const char *file;
    struct hk_buf source;
    struct hk_buf descriptor;
    struct hk_buf list; /* of findings */
    struct hk_findings findings;
    struct hk_json_doc descriptor_doc; /* no root: it is no playbook */
};

static void look_init(struct look *look, const char *file)
{
    memset(look, 0, sizeof(*look));
    look->file = file;
    hk_findings_init(&look->findings);
    hk_buf_init(&look->source, 2 * HK_PLAYBOOK_SIZE_MAX);
    hk_buf_init(&look->descriptor, HK_WIRE_FRAME_SIZE_MAX);
    hk_buf_init(&look->list, HK_WIRE_FRAME_SIZE_MAX);
}

static void look_done(struct look *look)
{
    hk_json_doc_done(&look->descriptor_doc);
    hk_findings_done(&look->findings);
    hk_buf_done(&look->source);
    hk_buf_done(&look->descriptor);
    hk_buf_done(&look->list);
}

static const char *source_of(const struct look *look)
{
    return look->source.data == NULL ? "" : look->source.data;
}

/* What Lua, or the language, said against the text: "FILE:LINE: what", and a trace that is left
 * out. */
static void add_refusal(struct look *look, const char *code, const char *said)
{
    const char *text = said;
    char hint[HK_SYNTAX_HINT_SIZE];
    unsigned long line = 1;
    int size;

    for (const char *colon = strchr(said, ':'); colon != NULL; colon = strchr(colon + 1, ':')) {
        char *end;
        unsigned long number = strtoul(colon + 1, &end, 10);
        if (end == colon + 1 || strncmp(end, ": ", 2) != 0)
            continue;
        line = number;
        text = end + 2;
        break;
    }
    size = (int)strcspn(text, "\n");
    hk_findings_add(&look->findings, HK_FINDING_ERROR, (unsigned)line, 1, code,
        hk_syntax_hint(source_of(look), look->source.size, text, hint) ? hint : NULL, "%.*s", size,
        text);
}

/* The descriptor; what the language refuses is kept in *refusal for later. */
static enum hk_status describe(struct look *look, struct hk_error *refusal, struct hk_error *error)
{
    enum hk_status status = hk_playbook_describe(
        source_of(look), look->source.size, look->file, &look->descriptor, refusal);

    if (status != HK_OK)
        return status == HK_NOMEM ? hk_fail(error, status, "%s", refusal->text) : HK_OK;
    refusal->text[0] = '\0';
    return hk_json_parse(look->descriptor.data, look->descriptor.size, &hk_json_limits_own,
        &look->descriptor_doc, error);
}

/* What it is checked against: the catalog or NULL, and the names that may be called or NULL. */
struct known {
    const struct hk_json *catalog;
    const struct hk_json *playbooks;
};

static enum hk_status look_at(struct look *look, const struct known *known, struct hk_error *error)
{
    struct hk_error refusal = {.status = HK_OK};
    enum hk_status status =
        hk_file_read(look->file, HK_PLAYBOOK_SIZE_MAX, HK_FILE_ANY, &look->source, error);

    if (status != HK_OK)
        return status;
    if (hk_syntax_check(source_of(look), look->source.size, look->file, &refusal) != HK_OK) {
        add_refusal(look, "syntax", refusal.text);
    } else if ((status = describe(look, &refusal, error)) == HK_OK) {
        const struct hk_check_setup setup = {.source = source_of(look),
            .size = look->source.size,
            .catalog = known->catalog,
            .playbooks = known->playbooks,
            .name = hk_json_string_at(look->descriptor_doc.root, "name", NULL)};
        /* What can't be looked at whole may be a good playbook all the same. */
        if (hk_check_playbook(&setup, &look->findings, error) != HK_OK)
            hk_findings_add(&look->findings, HK_FINDING_WARNING, 1, 1, "not-looked-at", NULL,
                "not all of it was looked at: %s", error->text);
        if (refusal.text[0] != '\0' && look->findings.errors == 0)
            add_refusal(look, "not-a-playbook", refusal.text);
    }
    hk_findings_write(&look->findings, &look->list);
    if (status == HK_OK)
        status = hk_buf_check(&look->list, "the findings", error);
    return status;
}

/* The descriptor, and what was found. */
static void print_json(const struct look *look, const char *version, bool ok)
{
    struct hk_buf out;
    struct hk_jw jw;

    hk_buf_init(&out, HK_WIRE_FRAME_SIZE_MAX * 2);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    for (const struct hk_json *item =
             look->descriptor_doc.root == NULL ? NULL : look->descriptor_doc.root->first;
         item != NULL; item = item->next)
        hk_jw_kv_value(&jw, item->key, item);
    hk_jw_kv(&jw, "file", look->file);
    hk_jw_kv(&jw, "version", version);
    hk_jw_kv_bool(&jw, "ok", ok);
    hk_jw_kv_i64(&jw, "errors", look->findings.errors);
    hk_jw_kv_i64(&jw, "warnings", look->findings.warnings);
    hk_jw_kv_raw(&jw, "findings", look->list.data);
    hk_jw_object_end(&jw);
    if (!out.failed)
        hk_print_json(out.data, out.size);
    hk_buf_done(&out);
}

static void print_findings(const struct look *look)
{
    struct hk_json_doc doc;
    struct hk_error error;

    if (hk_json_parse(look->list.data, look->list.size, &hk_json_limits_own, &doc, &error) != HK_OK)
        return;
    for (const struct hk_json *item = doc.root->first; item != NULL; item = item->next) {
        hk_print_text(look->file);
        printf(":%lld:%lld: %s: ", (long long)hk_json_i64_at(item, "line", 0),
            (long long)hk_json_i64_at(item, "column", 0), hk_json_string_at(item, "weight", ""));
        hk_print_text(hk_json_string_at(item, "text", ""));
        printf(" [%s]\n", hk_json_string_at(item, "code", ""));
        if (hk_json_string_at(item, "hint", NULL) != NULL) {
            fputs("    hint: ", stdout);
            hk_print_text(hk_json_string_at(item, "hint", ""));
            putchar('\n');
        }
    }
    hk_json_doc_done(&doc);
}

static void print_text(const struct look *look, const char *version, bool ok)
{
    print_findings(look);
    hk_print_text(look->file);
    printf(": %s  ", ok ? "ok" : "not ok");
    hk_print_text(hk_json_string_at(look->descriptor_doc.root, "name", "-"));
    printf("  %.12s", version);
    if (look->findings.errors + look->findings.warnings > 0)
        printf("  %u errors, %u warnings", look->findings.errors, look->findings.warnings);
    putchar('\n');
}

static int check_one(const struct hk_cli *cli, const char *file, const struct known *known)
{
    struct look look;
    char version[HK_SHA256_HEX_SIZE];
    struct hk_error error;
    int exit_status = HK_EXIT_DONE;
    bool ok;

    look_init(&look, file);
    if (look_at(&look, known, &error) == HK_OK) {
        ok = look.findings.errors == 0 &&
             (look.findings.warnings == 0 || !hk_cli_flag(cli, "strict"));
        hk_playbook_version(source_of(&look), look.source.size, version);
        if (cli->json || cli->jsonl)
            print_json(&look, version, ok);
        else
            print_text(&look, version, ok);
        exit_status = ok ? HK_EXIT_DONE : HK_EXIT_FAILED;
    } else {
        exit_status = hk_cli_error(&error);
    }
    look_done(&look);
    return exit_status;
}

/* The name of the playbook in a file, when it is one. */
static void add_name(struct hk_jw *jw, const char *file)
{
    struct hk_error error;
    struct look look;

    look_init(&look, file);
    if (hk_file_read(file, HK_PLAYBOOK_SIZE_MAX, HK_FILE_ANY, &look.source, &error) == HK_OK &&
        hk_playbook_describe(source_of(&look), look.source.size, file, &look.descriptor, &error) ==
            HK_OK &&
        hk_json_parse(look.descriptor.data, look.descriptor.size, &hk_json_limits_own,
            &look.descriptor_doc, &error) == HK_OK)
        hk_jw_string(jw, hk_json_string_at(look.descriptor_doc.root, "name", ""));
    look_done(&look);
}

/* With a configuration it is known what can be called: what it names, and the files themselves. */
static enum hk_status list_names(const struct hk_cli *cli, const struct hk_catalog *catalog,
    struct hk_json_doc *ret_doc, struct hk_error *error)
{
    const struct hk_json *configured = hk_json_get(catalog->doc.root, "playbooks");
    enum hk_status status;
    struct hk_buf names;
    struct hk_jw jw;

    hk_buf_init(&names, HK_WIRE_FRAME_SIZE_MAX);
    hk_jw_init(&jw, &names);
    hk_jw_array(&jw);
    for (const struct hk_json *item = configured == NULL ? NULL : configured->first; item != NULL;
         item = item->next)
        hk_jw_value(&jw, item);
    for (unsigned i = 0; i < cli->arg_count; i++)
        add_name(&jw, cli->args[i]);
    hk_jw_array_end(&jw);
    status = hk_buf_check(&names, "the names of the playbooks", error);
    if (status == HK_OK)
        status = hk_json_parse(names.data, names.size, &hk_json_limits_own, ret_doc, error);
    hk_buf_done(&names);
    return status;
}

int hk_cli_playbook_check(struct hk_cli *cli)
{
    const char *config = hk_cli_option(cli, "config");
    struct hk_catalog catalog = {.checker = {NULL}};
    struct hk_json_doc names = {.root = NULL};
    struct hk_error error;
    int worst = HK_EXIT_DONE;
    unsigned tests = 0;

    if (config != NULL && (hk_catalog_load(config, cli->tenant, &catalog, &error) != HK_OK ||
                              list_names(cli, &catalog, &names, &error) != HK_OK))
        worst = hk_cli_error(&error);
    for (unsigned i = 0; i < cli->arg_count && (config == NULL || names.root != NULL); i++) {
        const struct known known = {.catalog = catalog.doc.root, .playbooks = names.root};
        int status = HK_EXIT_DONE;
        if (hk_cli_is_tests(cli->args[i]))
            tests++; /* *.lua names them, too */
        else
            status = check_one(cli, cli->args[i], &known);
        worst = status != HK_EXIT_DONE ? status : worst;
    }
    if (tests == cli->arg_count)
        worst = hk_cli_fail(
            HK_EXIT_USAGE, "%s: these are tests, which `playbook test` runs", cli->args[0]);
    hk_json_doc_done(&names);
    hk_catalog_done(&catalog);
    return worst;
}
