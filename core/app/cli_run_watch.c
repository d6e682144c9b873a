/*
 * cli_run_watch: `run watch`: a run's steps as they come, and those of the runs that it calls,
 * until it ends. The engine is asked twice a second; what has changed since is told, a line each.
 */
#include "app/cli.h"
#include "app/cli_author.h"
#include "base/text.h"
#include "limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
    WATCH_EVERY_MS = 500,
    WATCHED_MAX = HK_CALLS_MAX + 1, /* with what it calls; more are named, and not followed */
    STATE_SIZE = 16,
    LINE_SIZE_MIN = 60,
    LINE_SIZE_USUAL = 160, /* where there is no terminal to fit into */
};

/* One run that is followed. */
struct watched {
    char id[HK_ID_SIZE];
    unsigned depth; /* 0: the one that was named */
    char state[STATE_SIZE];
    char (*steps)[STATE_SIZE]; /* what was told of each, in their order */
    size_t step_count;
    bool has_ended;
};

struct watch {
    struct hk_cli *cli;
    struct watched runs[WATCHED_MAX];
    size_t count;
};

static bool is(const char *text, const char *other)
{
    return strcmp(text, other) == 0;
}

/* --- lines --- */

static size_t line_size(void)
{
    struct winsize window;

    if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 ||
        window.ws_col == 0)
        return LINE_SIZE_USUAL;
    return window.ws_col < LINE_SIZE_MIN ? LINE_SIZE_MIN : window.ws_col;
}

/* One line, with its control bytes made visible, cut to fit. */
static void print_line(struct hk_buf *line)
{
    size_t most = line_size() - 1;

    if (line->data == NULL)
        return;
    for (size_t i = 0; i < line->size; i++) { /* a reason may have lines of its own */
        if (line->data[i] == '\n')
            line->data[i] = ' ';
    }
    if (line->size > most) {
        line->size = hk_utf8_prefix(line->data, line->size, most - 1);
        line->data[line->size] = '\0';
        hk_buf_append_text(line, "…");
    }
    hk_print_text(line->data);
    putchar('\n');
}

static void append_value(struct hk_buf *line, const struct hk_json *value)
{
    if (value == NULL || value->type == HK_JSON_NULL) /* that is what a playbook gets */
        hk_buf_append_text(line, "true");
    else
        hk_json_canonical(value, line);
}

/* --- steps --- */

/* What a step waits for. */
static void append_wait(struct hk_buf *line, const struct hk_json *step)
{
    const char *run = hk_json_string_at(step, "run", NULL);
    const char *due = hk_json_string_at(step, "due", NULL);

    if (hk_json_string_at(step, "gate", NULL) != NULL)
        hk_buf_append_text(line, "waits for people");
    else if (run != NULL)
        hk_buf_appendf(line, "runs as %s", run);
    else
        hk_buf_appendf(line, "waits for a %s", hk_json_string_at(step, "for", "result"));
    if (due != NULL)
        hk_buf_appendf(line, ", until %.19sZ", due);
}

static void append_outcome(struct hk_buf *line, const struct hk_json *step)
{
    const char *state = hk_json_string_at(step, "state", "");

    if (is(state, "waiting")) {
        append_wait(line, step);
    } else if (is(state, "intended")) {
        hk_buf_append_text(line, "sent");
    } else if (is(state, "unknown")) {
        hk_buf_appendf(
            line, "nobody knows whether it was done: %s", hk_json_string_at(step, "why", ""));
    } else if (hk_json_bool_at(step, "ok", false)) {
        append_value(line, hk_json_get(step, "value"));
    } else {
        hk_buf_appendf(line, "nil, %s", hk_json_string_at(step, "reason", ""));
    }
}

/* What somebody can do about it, whole, to be copied. */
static void print_help(const struct watched *run, const struct hk_json *step)
{
    const char *state = hk_json_string_at(step, "state", "");
    const char *gate = hk_json_string_at(step, "gate", NULL);

    if (is(state, "waiting") && gate != NULL)
        printf("          hikeshi approval show %s\n", gate);
    else if (is(state, "unknown"))
        printf("          hikeshi run resolve %s --step %s\n", run->id,
            hk_json_string_at(step, "step", ""));
}

static void print_step(const struct watched *run, const struct hk_json *step)
{
    const char *changed = hk_json_string_at(step, "changed", "");
    const char *op = hk_json_string_at(step, "op", "");
    const char *name = hk_json_string_at(step, "name", "");
    const struct hk_json *args = hk_json_get(step, "args");
    struct hk_buf line;

    hk_buf_init(&line, 2 * HK_PAYLOAD_SIZE_MAX);
    hk_buf_appendf(&line, "%.8s  %*s%s%s%s ", strlen(changed) > 19 ? changed + 11 : "        ",
        (int)(2 * run->depth), "", is(op, "act") ? "" : op,
        is(op, "act") || *name == '\0' ? "" : " ", name);
    if (args != NULL && args->count > 0) {
        size_t begin = line.size;
        hk_json_canonical(args, &line);
        size_t most = line_size() / 3; /* what came of it is worth more */
        if (line.size > begin + most && line.data != NULL) {
            line.size = begin + hk_utf8_prefix(line.data + begin, line.size - begin, most);
            line.data[line.size] = '\0';
            hk_buf_append_text(&line, "…");
        }
        hk_buf_append_char(&line, ' ');
    }
    hk_buf_append_text(&line, "─► ");
    append_outcome(&line, step);
    print_line(&line);
    print_help(run, step);
    hk_buf_done(&line);
}

static void add_run(struct watch *watch, const char *id, unsigned depth)
{
    for (size_t i = 0; i < watch->count; i++) {
        if (is(watch->runs[i].id, id))
            return;
    }
    if (watch->count == WATCHED_MAX)
        return;
    (void)hk_copy_text(watch->runs[watch->count].id, HK_ID_SIZE, id);
    watch->runs[watch->count++].depth = depth;
}

/* Tell what has changed; steps are only ever added behind the others. */
static void tell_steps(struct watch *watch, struct watched *run, const struct hk_json *steps)
{
    size_t i = 0;

    if (steps == NULL)
        return;
    if (steps->count > run->step_count) {
        char(*states)[STATE_SIZE] = realloc(run->steps, steps->count * sizeof(*states));
        if (states == NULL)
            return;
        memset(states + run->step_count, 0, (steps->count - run->step_count) * sizeof(*states));
        run->steps = states;
        run->step_count = steps->count;
    }
    for (const struct hk_json *step = steps->first; step != NULL; step = step->next, i++) {
        const char *state = hk_json_string_at(step, "state", "");
        const char *called = hk_json_string_at(step, "run", NULL);
        if (!is(run->steps[i], state)) {
            print_step(run, step);
            (void)hk_copy_text(run->steps[i], STATE_SIZE, state);
        }
        if (called != NULL && hk_cli_id_is_good(called))
            add_run(watch, called, run->depth + 1);
    }
}

/* --- runs --- */

/* "ID  state", which is the last line of a run. */
static void print_state(const struct watched *run, const struct hk_json *document)
{
    printf("%*s%s%s  %s%s", (int)(run->depth == 0 ? 0 : 8 + 2 * run->depth), "", hk_bold(), run->id,
        hk_json_string_at(document, "state", ""), hk_plain());
    if (run->depth > 0) {
        fputs("  ", stdout);
        hk_print_text(hk_json_string_at(document, "playbook", ""));
    }
    putchar('\n');
}

static void print_divergence(const struct watched *run, const struct hk_json *document)
{
    static const char *const parts[][2] = {
        {"expected", "diverged.expected"}, {"got", "diverged.got"}, {"at", "diverged.where"}};

    for (size_t i = 0; i < HK_COUNT(parts); i++) {
        printf("  %-9s ", parts[i][0]);
        hk_print_text(hk_json_string_at(document, parts[i][1], ""));
        putchar('\n');
    }
    printf("  it stays so until somebody ends it: hikeshi run cancel %s\n", run->id);
}

static void tell_state(const struct watched *run, const struct hk_json *document)
{
    const char *state = hk_json_string_at(document, "state", "");
    const struct hk_json *value = hk_json_get(document, "value");
    const char *reason = hk_json_string_at(document, "reason", NULL);
    struct hk_buf line;

    hk_buf_init(&line, 2 * HK_PAYLOAD_SIZE_MAX);
    if (is(state, "finished") && value != NULL) {
        hk_buf_appendf(&line, "%*sreturned ", (int)(run->depth == 0 ? 2 : 10 + 2 * run->depth), "");
        append_value(&line, value);
        print_line(&line);
    } else if (reason != NULL && hk_cli_run_has_ended(state)) {
        fputs("  ", stdout);
        hk_print_lines(reason);
    }
    print_state(run, document);
    if (is(state, "diverged"))
        print_divergence(run, document);
    hk_buf_done(&line);
}

/* It has ended, and a new run goes on in its place: follow that one. */
static void go_on(const struct watch *watch, struct watched *run, const char *next)
{
    if (!watch->cli->json)
        printf("%*s%s  goes on as %s\n", (int)(run->depth == 0 ? 0 : 8 + 2 * run->depth), "",
            run->id, next);
    (void)hk_copy_text(run->id, sizeof(run->id), next);
    free(run->steps);
    run->steps = NULL;
    run->step_count = 0;
    run->state[0] = '\0';
    run->has_ended = false;
}

/* A state that only says what its steps say already is told of the run that was named alone. */
static bool is_told(const struct watched *run, const char *state)
{
    return run->depth == 0 || hk_cli_run_has_ended(state) || is(state, "diverged");
}

static int look(struct watch *watch, struct watched *run)
{
    struct hk_reply reply = {.status = 0};
    int status = hk_cli_get(watch->cli, &reply, "/v1/runs/%s", run->id);
    const struct hk_json *document = reply.doc.root;

    if (status == 0) {
        const char *state = hk_json_string_at(document, "state", "");
        const char *next = hk_json_string_at(document, "continued_as", "");
        bool goes_on = hk_cli_run_has_ended(state) && *next != '\0' && hk_cli_id_is_good(next);
        bool is_new = !is(run->state, state);
        run->has_ended = hk_cli_run_has_ended(state);
        if (watch->cli->json && run->has_ended && run->depth == 0 && !goes_on)
            (void)hk_print_document(watch->cli, &reply);
        if (!watch->cli->json && is_new && !run->has_ended && is_told(run, state))
            tell_state(run, document);
        if (!watch->cli->json)
            tell_steps(watch, run, hk_json_get(document, "steps"));
        if (!watch->cli->json && is_new && run->has_ended && !goes_on)
            tell_state(run, document);
        (void)hk_copy_text(run->state, STATE_SIZE, state);
        if (goes_on)
            go_on(watch, run, next);
        (void)fflush(stdout);
    }
    hk_reply_done(&reply);
    return status;
}

int hk_cli_run_watch(struct hk_cli *cli)
{
    const struct timespec pause = {.tv_nsec = WATCH_EVERY_MS * 1000000L};
    struct watch *watch = calloc(1, sizeof(*watch));
    struct watched *run;
    int status = 0;

    if (watch == NULL)
        return hk_cli_fail(HK_EXIT_FAILED, "out of memory");
    if (!hk_cli_id_is_good(cli->args[0])) {
        free(watch);
        return HK_EXIT_NOT_FOUND;
    }
    watch->cli = cli;
    add_run(watch, cli->args[0], 0);
    run = &watch->runs[0];
    while (status == 0 && !run->has_ended) {
        /* What was called comes first: it ends before its caller does. */
        for (size_t i = watch->count; i > 0 && status == 0; i--) {
            if (!watch->runs[i - 1].has_ended)
                status = look(watch, &watch->runs[i - 1]);
        }
        if (status == 0 && !run->has_ended && run->state[0] != '\0') /* else look at once */
            (void)nanosleep(&pause, NULL);
    }
    if (status == 0 && !is(run->state, "finished"))
        status = HK_EXIT_FAILED;
    for (size_t i = 0; i < watch->count; i++)
        free(watch->runs[i].steps);
    free(watch);
    return status;
}
