/*
 * cli_author: what those who write playbooks need: try them before they run. No engine is asked.
 */
#include "app/cli_author.h"
#include "app/catalog.h"
#include "app/cli.h"
#include "author/report.h"
#include "author/suite.h"
#include "base/file.h"
#include "base/text.h"
#include "limits.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEST_ENDING ".test.lua"
#define ENDING ".lua"
#define REPORT_SIZE_MAX (64 * 1024 * 1024)

static bool ends_with(const char *text, const char *ending)
{
    size_t size = strlen(text);
    size_t ending_size = strlen(ending);

    return size > ending_size && strcmp(text + size - ending_size, ending) == 0;
}

bool hk_cli_is_tests(const char *file)
{
    return ends_with(file, TEST_ENDING);
}

/* From either of NAME.lua and NAME.test.lua to both. False when it is neither, or too long. */
static bool name_both(const char *file, char ret_playbook[PATH_MAX], char ret_tests[PATH_MAX])
{
    const char *ending = hk_cli_is_tests(file) ? TEST_ENDING : ENDING;
    int stem = (int)(strlen(file) - strlen(ending));

    return ends_with(file, ending) &&
           snprintf(ret_playbook, PATH_MAX, "%.*s" ENDING, stem, file) < PATH_MAX &&
           snprintf(ret_tests, PATH_MAX, "%.*s" TEST_ENDING, stem, file) < PATH_MAX;
}

static const char *bytes_of(const struct hk_buf *buf)
{
    return buf->data == NULL ? "" : buf->data;
}

/* Test one file; what can't be tested is a failure with a reason. */
static enum hk_status test_file(const struct hk_cli *cli, const char *file,
    const struct hk_suite_checker *checker, struct hk_jw *out, struct hk_suite_counts *counts)
{
    char playbook[PATH_MAX];
    char tests[PATH_MAX];
    struct hk_buf playbook_source;
    struct hk_buf source;
    struct hk_error error;
    enum hk_status status;

    hk_buf_init(&playbook_source, 2 * HK_PLAYBOOK_SIZE_MAX);
    hk_buf_init(&source, 2 * HK_PLAYBOOK_SIZE_MAX);
    if (!name_both(file, playbook, tests))
        status = hk_fail(&error, HK_INVALID,
            "%s: a playbook is called NAME.lua, and its tests NAME.test.lua", file);
    else
        status =
            hk_file_read(playbook, HK_PLAYBOOK_SIZE_MAX, HK_FILE_ANY, &playbook_source, &error);
    if (status == HK_OK)
        status = hk_file_read(tests, HK_PLAYBOOK_SIZE_MAX, HK_FILE_ANY, &source, &error);
    if (status == HK_OK) {
        const struct hk_suite_setup setup = {.file = tests,
            .source = bytes_of(&source),
            .size = source.size,
            .playbook = playbook,
            .playbook_source = bytes_of(&playbook_source),
            .playbook_size = playbook_source.size,
            .only = hk_cli_option(cli, "only"),
            .checker = checker};
        status = hk_suite_run(&setup, out, counts, &error);
    }
    if (status != HK_OK) {
        hk_jw_object(out);
        hk_jw_kv(out, "file", file);
        hk_jw_kv(out, "problem", error.text);
        hk_jw_object_end(out);
        counts->tests++;
        counts->failed++;
    }
    hk_buf_done(&source);
    hk_buf_done(&playbook_source);
    return status;
}

static int print_report(
    const struct hk_cli *cli, const struct hk_buf *json, enum hk_report_form form)
{
    struct hk_json_doc doc;
    struct hk_buf text;
    struct hk_error error;

    if (cli->json || cli->jsonl) {
        hk_print_json(json->data, json->size);
        return HK_EXIT_DONE;
    }
    if (hk_json_parse(json->data, json->size, &hk_json_limits_own, &doc, &error) != HK_OK)
        return hk_cli_error(&error);
    hk_buf_init(&text, REPORT_SIZE_MAX);
    hk_report_write(doc.root, form, &text);
    if (form == HK_REPORT_TEXT)
        hk_print_lines(bytes_of(&text));
    else
        fputs(bytes_of(&text), stdout);
    hk_buf_done(&text);
    hk_json_doc_done(&doc);
    return HK_EXIT_DONE;
}

static bool read_form(const struct hk_cli *cli, enum hk_report_form *ret_form)
{
    static const char *const names[] = {"text", "tap", "junit"};
    const char *given = hk_cli_option(cli, "format");

    *ret_form = HK_REPORT_TEXT;
    for (size_t i = 0; given != NULL && i < HK_COUNT(names); i++) {
        if (strcmp(given, names[i]) == 0) {
            *ret_form = (enum hk_report_form)i;
            return true;
        }
    }
    return given == NULL;
}

/* Was a playbook, or its tests, named before? *.lua names both. */
static bool is_named_before(const struct hk_cli *cli, unsigned index)
{
    char playbook[PATH_MAX];
    char tests[PATH_MAX];
    char other[PATH_MAX];

    if (!name_both(cli->args[index], playbook, tests))
        return false;
    for (unsigned i = 0; i < index; i++) {
        if (name_both(cli->args[i], playbook, other) && strcmp(other, tests) == 0)
            return true;
    }
    return false;
}

static int run_tests(
    struct hk_cli *cli, const struct hk_suite_checker *checker, enum hk_report_form form)
{
    struct hk_suite_counts counts = {0};
    struct hk_buf files;
    struct hk_buf json;
    struct hk_jw jw;
    struct hk_error error;
    bool is_missing = false;
    int exit_status;

    hk_buf_init(&files, REPORT_SIZE_MAX);
    hk_buf_init(&json, REPORT_SIZE_MAX);
    hk_jw_init(&jw, &files);
    hk_jw_array(&jw);
    for (unsigned i = 0; i < cli->arg_count; i++) {
        if (!is_named_before(cli, i))
            is_missing |= test_file(cli, cli->args[i], checker, &jw, &counts) == HK_NOT_FOUND;
    }
    hk_jw_array_end(&jw);
    hk_jw_init(&jw, &json);
    hk_jw_object(&jw);
    hk_jw_kv_bool(&jw, "ok", counts.failed == 0);
    hk_jw_kv_i64(&jw, "tests", counts.tests);
    hk_jw_kv_i64(&jw, "failed", counts.failed);
    hk_jw_kv_raw(&jw, "files", bytes_of(&files));
    hk_jw_object_end(&jw);
    exit_status = hk_buf_check(&json, "the report", &error) == HK_OK
                      ? print_report(cli, &json, form)
                      : hk_cli_error(&error);
    if (exit_status == HK_EXIT_DONE && counts.failed > 0)
        exit_status = is_missing ? HK_EXIT_NOT_FOUND : HK_EXIT_FAILED;
    hk_buf_done(&json);
    hk_buf_done(&files);
    return exit_status;
}

static int playbook_test(struct hk_cli *cli)
{
    const char *config = hk_cli_option(cli, "config");
    struct hk_catalog catalog = {.checker = {NULL}};
    enum hk_report_form form;
    struct hk_error error;
    int exit_status;

    if (!read_form(cli, &form))
        return hk_cli_fail(HK_EXIT_USAGE, "--format is text, tap or junit");
    if (config != NULL && hk_catalog_load(config, cli->tenant, &catalog, &error) != HK_OK)
        exit_status = hk_cli_error(&error);
    else
        exit_status = run_tests(cli, config == NULL ? NULL : &catalog.checker, form);
    hk_catalog_done(&catalog);
    return exit_status;
}

const struct hk_command hk_commands_author[] = {
    {"playbook test", "FILE…", 1, 1000, "Run the tests of playbooks: NAME.test.lua beside NAME.lua",
        playbook_test,
        {{"config", "FILE", "check calls and answers against the schemas of its plugins"},
            {"only", "TEXT", "run the tests whose name has this in it"},
            {"format", "FORM", "text, tap or junit"}}},
    {"playbook check", "FILE…", 1, 1000, "Look for mistakes in playbooks, without running them",
        hk_cli_playbook_check,
        {{"config", "FILE", "know the actions of its plugins, and what they take"},
            {"strict", NULL, "a warning is a failure too"}}},
    {"playbook new", "NAME", 1, 1,
        "Write a playbook that works, its tests, and what editors need, to begin with",
        hk_cli_playbook_new,
        {{"in", "DIR", "the folder; this one if not said"},
            {"config", "FILE", "let editors know the actions of its plugins"}}},
    {"playbook graph", "FILE", 1, 1, "Draw a playbook: its steps and what decides between them",
        hk_cli_playbook_graph,
        {{"format", "FORM", "dot, svg or json"},
            {"runs", NULL, "with how often each step was taken, from the engine's runs"}}},
    {"playbook replay", "[FILE]", 0, 1,
        "Tell recorded runs again by a changed playbook, and say what differs; nothing is done",
        hk_cli_playbook_replay,
        {{"step", "RUN", "walk through this run step by step, by its own text or by FILE"},
            {"since", "TIME", "runs that began since then, such as 7d; 30d if not said"},
            {"limit", "N", "the newest runs, so many; 1000 if not said"}}},
    {"playbook reference", "", 0, 0, "Print what the playbook language has: terms, words, limits",
        hk_cli_playbook_reference, {{"format", "FORM", "md or json"}}},
    {"playbook luacats", "", 0, 0, "Write what playbooks have, for editors (LuaCATS)",
        hk_cli_playbook_luacats, {{"config", "FILE", "and the actions of its plugins"}}},
    {.name = NULL},
};
