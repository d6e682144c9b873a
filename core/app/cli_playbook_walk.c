/*
 * cli_playbook_walk: `playbook replay --step RUN`: a recorded run, step by step. On a terminal one
 * step is shown at a time; elsewhere all of them.
 */
#include "app/cli.h"
#include "app/cli_author.h"
#include "author/walk.h"
#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "engine/step.h"
#include "limits.h"
#include "script/playbook.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WALK_SIZE_MAX (60 * 1024 * 1024)
#define AROUND 3            /* lines before and behind the one that is shown */
#define SHOWN_SIZE_MAX 2000 /* of arguments and results */
#define COMMAND_SIZE 64

struct walk {
    struct hk_cli *cli;
    struct hk_story story;
    const char *file;
    struct hk_buf source;
    struct hk_buf text;
    struct hk_json_doc doc;
};

/* --- the text around a step --- */

static void print_line(const char *line, size_t size, int64_t number, bool is_it)
{
    char *text = strndup(line, size);

    printf(" %s%s%5lld | ", is_it ? hk_bold() : "", is_it ? ">" : " ", (long long)number);
    if (text != NULL)
        hk_print_text(text);
    printf("%s\n", is_it ? hk_plain() : "");
    free(text);
}

static void print_source(const struct walk *walk, int64_t line)
{
    const char *at = walk->source.data;
    const char *end = at + walk->source.size;

    for (int64_t number = 1; at < end && number <= line + AROUND; number++) {
        const char *next = memchr(at, '\n', (size_t)(end - at));
        size_t size = (size_t)((next == NULL ? end : next) - at);
        if (number >= line - AROUND)
            print_line(at, size, number, number == line);
        at = next == NULL ? end : next + 1;
    }
    putchar('\n');
}

/* --- a step --- */

static void print_named(const char *name, const char *text)
{
    printf("  %-11s ", name);
    if (strlen(text) > SHOWN_SIZE_MAX) {
        char cut[SHOWN_SIZE_MAX + 1];
        (void)hk_copy_text(cut, sizeof(cut), text);
        hk_print_text(cut);
        fputs("…", stdout);
    } else {
        hk_print_text(text);
    }
    putchar('\n');
}

static void print_value(const char *name, const struct hk_json *value)
{
    struct hk_buf text;

    hk_buf_init(&text, HK_PAYLOAD_SIZE_MAX);
    hk_json_canonical(value, &text);
    if (text.data != NULL)
        print_named(name, text.data);
    hk_buf_done(&text);
}

static void print_times(const struct hk_json *step)
{
    const char *begun = hk_json_string_at(step, "begun", "");
    const char *changed = hk_json_string_at(step, "changed", "");
    struct hk_error error;
    int64_t from_us;
    int64_t to_us;

    printf("  %-11s %.23sZ", "at", changed);
    if (hk_time_parse(begun, &from_us, &error) == HK_OK &&
        hk_time_parse(changed, &to_us, &error) == HK_OK && to_us - from_us >= 1000)
        printf(", %lld.%03lld s after it was asked for", (long long)((to_us - from_us) / 1000000),
            (long long)((to_us - from_us) / 1000 % 1000));
    putchar('\n');
}

/* Who or what decided that it may be done. */
static void print_authority(const struct hk_json *authority)
{
    printf("  %-11s ", "decided");
    hk_print_text(hk_json_string_at(authority, "outcome", ""));
    fputs(", by ", stdout);
    hk_print_text(hk_json_string_at(authority, "rule", ""));
    fputs(": ", stdout);
    hk_print_text(hk_json_string_at(authority, "why", ""));
    putchar('\n');
}

/* What the record has of it. */
static void print_recorded(const struct hk_json *step)
{
    static const char *const more[] = {"gate", "containment", "run", "evidence"};
    const char *state = hk_json_string_at(step, "state", "");
    const char *how = hk_json_string_at(step, "how", "");
    const struct hk_json *value = hk_json_get(step, "value");

    if (step == NULL || step->type != HK_JSON_OBJECT) {
        print_named("recorded", "no such step: the run had not come to it, or took another way");
        return;
    }
    if (strcmp(state, "settled") != 0)
        print_named("recorded", state);
    else if (!hk_json_bool_at(step, "ok", false))
        print_named("gave nil,", hk_json_string_at(step, "reason", ""));
    else if (value != NULL && value->type != HK_JSON_NULL)
        print_value("gave", value);
    else
        print_named("gave", "true");
    if (*how != '\0')
        print_named("how", how);
    if (hk_json_get(step, "authority") != NULL)
        print_authority(hk_json_get(step, "authority"));
    for (size_t i = 0; i < HK_COUNT(more); i++) {
        const char *text = hk_json_string_at(step, more[i], NULL);
        if (text != NULL)
            print_named(more[i], text);
    }
    if (hk_json_string_at(step, "due", NULL) != NULL)
        print_named("due", hk_json_string_at(step, "due", ""));
    print_times(step);
}

static void print_frame(const struct hk_json *frame, bool is_first)
{
    const struct hk_json *locals = hk_json_get(frame, "locals");

    if (is_first)
        fputs("\n  names that are known here:\n", stdout);
    else
        printf("\n  and in the function that called it, line %lld:\n",
            (long long)hk_json_i64_at(frame, "line", 0));
    if (locals == NULL || locals->count == 0)
        fputs("    none\n", stdout);
    for (const struct hk_json *item = locals == NULL ? NULL : locals->first; item != NULL;
         item = item->next) {
        fputs("    ", stdout);
        hk_print_text(hk_json_string_at(item, "name", ""));
        fputs(hk_json_bool_at(item, "outer", false) ? " (outer) = " : " = ", stdout);
        hk_print_text(hk_json_string_at(item, "value", ""));
        putchar('\n');
    }
}

static const struct hk_json *items_of(const struct walk *walk)
{
    return hk_json_get(walk->doc.root, "items");
}

static void print_item(const struct walk *walk, const struct hk_json *item)
{
    const struct hk_json *frames = hk_json_get(item, "frames");
    const struct hk_json *options = hk_json_get(item, "options");
    const char *name = hk_json_string_at(item, "name", "");

    printf("\n%sstep %lld of %u  %s%s", hk_bold(), (long long)hk_json_i64_at(item, "number", 0),
        items_of(walk)->count, hk_json_string_at(item, "op", ""), *name == '\0' ? "" : " ");
    hk_print_text(name);
    printf("%s  (", hk_plain());
    hk_print_text(hk_json_string_at(item, "step", ""));
    fputs(")\n\n", stdout);
    print_source(walk, hk_json_i64_at(item, "line", 0));
    print_value("asks", hk_json_get(item, "args"));
    if (options != NULL && options->count > 0)
        print_value("options", options);
    print_recorded(hk_json_get(item, "recorded"));
    for (const struct hk_json *frame = frames == NULL ? NULL : frames->first; frame != NULL;
         frame = frame->next)
        print_frame(frame, frame == frames->first);
}

/* --- the end --- */

static bool has_diverged(const struct walk *walk)
{
    return strcmp(hk_json_string_at(walk->doc.root, "end.kind", ""), "diverged") == 0;
}

static void print_end(const struct walk *walk)
{
    const struct hk_json *end = hk_json_get(walk->doc.root, "end");
    const char *kind = hk_json_string_at(end, "kind", "");

    printf("\n%sthe end%s\n\n", hk_bold(), hk_plain());
    if (strcmp(kind, "finished") == 0) {
        print_value("returned", hk_json_get(end, "text"));
    } else if (strcmp(kind, "continued") == 0) {
        print_value("goes on as a new run with", hk_json_get(end, "text"));
    } else if (strcmp(kind, "failed") == 0) {
        fputs("  failed:\n", stdout);
        hk_print_lines(hk_json_string_at(end, "text", ""));
    } else if (strcmp(kind, "waits") == 0) {
        puts("  it waits: what it asked for has no result yet");
    } else if (strcmp(kind, "goes_on") == 0) {
        puts("  the record ends here: what it asks for last was never asked for");
    } else {
        printf("  %sdiverged%s at step %s: this text does not do what the record says\n\n",
            hk_bold(), hk_plain(), hk_json_string_at(end, "step", ""));
        print_source(walk, hk_json_i64_at(end, "line", 0));
        print_named("expected", hk_json_string_at(end, "expected", ""));
        print_named("got", hk_json_string_at(end, "got", ""));
    }
}

/* --- on a terminal --- */

/* Where to go from `at` (from 0; count is the end): -1 to stop. */
static long obey(const char *command, long at, long count)
{
    const char *number = strncmp(command, "to", 2) == 0 ? command + 2 : command;
    char *end;
    long wanted;

    if (*command == '\0' || strcmp(command, "n") == 0)
        return at + 1 > count ? -1 : at + 1;
    if (strcmp(command, "b") == 0)
        return at == 0 ? 0 : at - 1;
    if (strcmp(command, "e") == 0)
        return count;
    if (strcmp(command, "q") == 0)
        return -1;
    wanted = strtol(number, &end, 10);
    if (end != number && *end == '\0' && wanted >= 1 && wanted <= count)
        return wanted - 1;
    printf("  there is no \"");
    hk_print_text(command);
    printf("\": a number is from 1 to %ld\n", count);
    return at;
}

static void walk_on_terminal(const struct walk *walk)
{
    long count = (long)items_of(walk)->count;
    char command[COMMAND_SIZE];
    long at = 0;

    while (at >= 0) {
        const struct hk_json *item = items_of(walk)->first;
        for (long i = 0; i < at && item != NULL; i++)
            item = item->next;
        if (item != NULL)
            print_item(walk, item);
        else
            print_end(walk);
        printf("\n%s[enter] next  [b] back  [N] to step N  [e] the end  [q] quit:%s ", hk_bold(),
            hk_plain());
        (void)fflush(stdout);
        if (fgets(command, sizeof(command), stdin) == NULL)
            break;
        for (size_t size = strlen(command);
             size > 0 && isspace((unsigned char)command[size - 1]) != 0;)
            command[--size] = '\0';
        at = obey(command, at, count);
    }
}

static void print_all(const struct walk *walk)
{
    for (const struct hk_json *item = items_of(walk)->first; item != NULL; item = item->next)
        print_item(walk, item);
    print_end(walk);
}

/* --- the command --- */

/* A text that is no playbook is told as such, not as a run that fails. */
static enum hk_status read_file(struct walk *walk, struct hk_error *error)
{
    struct hk_buf descriptor;
    enum hk_status status =
        hk_file_read(walk->file, HK_PLAYBOOK_SIZE_MAX, HK_FILE_ANY, &walk->source, error);

    hk_buf_init(&descriptor, HK_WIRE_FRAME_SIZE_MAX);
    if (status == HK_OK)
        status = hk_playbook_describe(walk->source.data == NULL ? "" : walk->source.data,
            walk->source.size, walk->file, &descriptor, error);
    hk_buf_done(&descriptor);
    return status;
}

static enum hk_status read_source(struct walk *walk, struct hk_error *error)
{
    const char *source = hk_json_string_at(walk->story.playbook.doc.root, "source", NULL);

    if (walk->cli->arg_count > 0) {
        walk->file = walk->cli->args[0];
        return read_file(walk, error);
    }
    if (source == NULL)
        return hk_fail(error, HK_NOT_FOUND,
            "the engine does not have the text of this run's playbook any more");
    walk->file = hk_json_string_at(walk->story.playbook.doc.root, "file", "the playbook");
    hk_buf_append_text(&walk->source, source);
    return hk_buf_check(&walk->source, "the playbook", error);
}

static enum hk_status make_walk(struct walk *walk, struct hk_error *error)
{
    const struct hk_json *run = walk->story.run.doc.root;
    struct hk_walk setup = {
        .run = run, .alert = walk->story.given.root, .is_refused = hk_step_how_refuses};
    enum hk_status status = read_source(walk, error);
    struct hk_buf steps;
    struct hk_jw jw;

    if (status != HK_OK)
        return status;
    setup.file = walk->file;
    setup.source = walk->source.data == NULL ? "" : walk->source.data;
    setup.source_size = walk->source.size;
    hk_buf_init(&steps, WALK_SIZE_MAX);
    hk_jw_init(&jw, &steps);
    status = hk_walk_run(&setup, &jw, error);
    if (status == HK_OK)
        status = hk_buf_check(&steps, "the walk", error);
    if (status == HK_OK)
        status = hk_json_parse(steps.data, steps.size, &hk_json_limits_own, &walk->doc, error);
    if (status == HK_OK) {
        hk_jw_init(&jw, &walk->text);
        hk_jw_object(&jw);
        hk_jw_kv(&jw, "run", hk_json_string_at(run, "id", ""));
        hk_jw_kv(&jw, "playbook", hk_json_string_at(run, "playbook", ""));
        hk_jw_kv(&jw, "version", hk_json_string_at(run, "version", ""));
        hk_jw_kv(&jw, "file", walk->file);
        hk_jw_kv_value(&jw, "items", hk_json_get(walk->doc.root, "items"));
        hk_jw_kv_value(&jw, "end", hk_json_get(walk->doc.root, "end"));
        hk_jw_object_end(&jw);
        status = hk_buf_check(&walk->text, "the walk", error);
    }
    hk_buf_done(&steps);
    return status;
}

int hk_cli_playbook_walk(struct hk_cli *cli, const char *run)
{
    struct walk walk = {.cli = cli, .doc = {.root = NULL}};
    struct hk_error error;
    int exit_status = hk_story_get(cli, run, &walk.story);

    hk_buf_init(&walk.source, 2 * HK_PLAYBOOK_SIZE_MAX);
    hk_buf_init(&walk.text, WALK_SIZE_MAX);
    if (exit_status == 0) {
        if (make_walk(&walk, &error) != HK_OK)
            exit_status = hk_cli_error(&error);
        else if (cli->json || cli->jsonl)
            hk_print_json(walk.text.data, walk.text.size);
        else if (isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0)
            walk_on_terminal(&walk);
        else
            print_all(&walk);
        if (exit_status == 0 && has_diverged(&walk))
            exit_status = HK_EXIT_FAILED;
    }
    hk_json_doc_done(&walk.doc);
    hk_buf_done(&walk.text);
    hk_buf_done(&walk.source);
    hk_story_done(&walk.story);
    return exit_status;
}
