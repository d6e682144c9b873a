/*
 * cli_as_test: `run show ID --as-test`.
 */
#include "app/cli.h"
#include "app/cli_author.h"
#include "author/as_test.h"
#include "author/suite.h"
#include "engine/step.h"
#include "limits.h"

#include <stdio.h>
#include <string.h>

#define TEST_SIZE_MAX (4 * 1024 * 1024)

/* Does the test pass with the version of the playbook that ran? Told on stderr when not. */
static int try_test(const struct hk_story *story, const struct hk_buf *test)
{
    const struct hk_json *playbook = story->playbook.doc.root;
    const char *source = hk_json_string_at(playbook, "source", "");
    const struct hk_suite_setup setup = {.file = "the test",
        .source = test->data,
        .size = test->size,
        .playbook = hk_json_string_at(playbook, "file", "the playbook"),
        .playbook_source = source,
        .playbook_size = strlen(source)};
    struct hk_suite_counts counts = {.tests = 0};
    struct hk_json_doc report = {.root = NULL};
    struct hk_error error;
    struct hk_buf out;
    struct hk_jw jw;
    const struct hk_json *first;
    int exit_status = HK_EXIT_DONE;

    hk_buf_init(&out, TEST_SIZE_MAX);
    hk_jw_init(&jw, &out);
    if (hk_suite_run(&setup, &jw, &counts, &error) != HK_OK) {
        exit_status = hk_cli_error(&error);
    } else if (counts.failed > 0 &&
               hk_json_parse(out.data, out.size, &hk_json_limits_own, &report, &error) == HK_OK) {
        first = hk_json_get(report.root, "tests")->first;
        exit_status = hk_cli_fail(HK_EXIT_FAILED, "the test does not pass as it is: %s: %s",
            hk_json_string_at(first, "where", ""), hk_json_string_at(first, "failure", ""));
    }
    hk_json_doc_done(&report);
    hk_buf_done(&out);
    return exit_status;
}

int hk_cli_run_as_test(struct hk_cli *cli)
{
    struct hk_story story = {.run = {.status = 0}};
    struct hk_error error;
    struct hk_buf test;
    int exit_status = hk_story_get(cli, cli->args[0], &story);

    hk_buf_init(&test, TEST_SIZE_MAX);
    if (exit_status == 0) {
        /* What came is large: it is in the test of a playbook that speaks of it. */
        const char *source = hk_json_string_at(story.playbook.doc.root, "source", "");
        const struct hk_as_test setup = {.run = story.run.doc.root,
            .alert = strstr(source, "raw") != NULL ? story.given.root
                                                   : hk_json_get(story.alert.doc.root, "view"),
            .is_refused = hk_step_how_refuses};
        if (hk_as_test_write(&setup, &test, &error) != HK_OK)
            exit_status = hk_cli_error(&error);
    }
    if (exit_status == 0) {
        hk_print_lines(test.data);
        exit_status = try_test(&story, &test);
    }
    hk_story_done(&story);
    hk_buf_done(&test);
    return exit_status;
}
