/*
 * cli_send: alerts from a file or stdin to the engine, in batches, and waiting for their runs.
 */
#include "app/cli.h"
#include "app/send.h"
#include "base/time.h"
#include "intake/intake.h"
#include "limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCH_ITEMS_MAX = 500,
    BATCH_SIZE_MAX = 4 * 1024 * 1024,
    INPUT_SIZE_MAX = 1024 * 1024 * 1024,
    PROGRESS_AFTER_MS = 1000,
    PROGRESS_EVERY_MS = 5000,
    PROGRESS_TERMINAL_MS = 250,
    RETRIES_MAX = 600, /* of one batch, a second each */
};

struct item {
    const char *text;
    size_t size;
};

struct input {
    struct hk_buf bytes;
    struct item *items;
    size_t count;
    size_t capacity;
    bool failed;
};

struct sending {
    const struct hk_cli *cli;
    const struct input *input;
    struct hk_send_ids ids; /* of what was taken and is no duplicate */
    size_t sent;
    size_t accepted;
    size_t duplicates;
    size_t refused;
    int64_t began_ms;
    int64_t told_ms;
    struct hk_buf alerts; /* members of the answer's list, commas between */
    struct hk_buf errors;
};

static void on_item(void *ctx, unsigned index, const char *text, size_t size)
{
    struct input *input = ctx;

    (void)index;
    if (input->count == input->capacity) {
        size_t capacity = input->capacity > 0 ? 2 * input->capacity : 1024;
        struct item *items = realloc(input->items, capacity * sizeof(*items));
        if (items == NULL) {
            input->failed = true;
            return;
        }
        input->items = items;
        input->capacity = capacity;
    }
    input->items[input->count++] = (struct item){.text = text, .size = size};
}

static enum hk_status read_all(const char *file, struct hk_buf *out, struct hk_error *error)
{
    int fd = strcmp(file, "-") == 0 ? dup(STDIN_FILENO) : open(file, O_RDONLY | O_CLOEXEC);
    char piece[65536];
    ssize_t size = 0;

    if (fd < 0)
        return hk_fail(error, errno == ENOENT ? HK_NOT_FOUND : HK_IO, "cannot open %s: %s", file,
            strerror(errno));
    while (!out->failed && (size = read(fd, piece, sizeof(piece))) > 0)
        hk_buf_append(out, piece, (size_t)size);
    (void)close(fd);
    if (size < 0)
        return hk_fail(error, HK_IO, "cannot read %s: %s", file, strerror(errno));
    return hk_buf_check(out, file, error);
}

/* Is this one object a line? No: an array, or one object over several lines. */
static bool looks_like_lines(const struct hk_buf *bytes)
{
    const char *at = bytes->data;
    struct hk_json_doc doc;
    bool is_whole;

    at += strspn(at, " \t\r\n");
    if (*at != '{')
        return false;
    is_whole = hk_json_parse(at, strcspn(at, "\r\n"), &hk_json_limits_own, &doc, NULL) == HK_OK;
    if (is_whole)
        hk_json_doc_done(&doc);
    /* A broken first line of many is for the engine to refuse by its index. */
    return is_whole || strstr(at, "}\n{") != NULL;
}

static enum hk_status read_input(const char *file, struct input *input, struct hk_error *error)
{
    unsigned count = 0;
    enum hk_status status = read_all(file, &input->bytes, error);

    if (status == HK_OK && input->bytes.size == 0)
        status = hk_fail(error, HK_INVALID, "%s holds no alert", file);
    if (status == HK_OK)
        status = hk_intake_split(input->bytes.data, input->bytes.size,
            looks_like_lines(&input->bytes), UINT32_MAX, on_item, input, &count, error);
    if (status == HK_OK && input->failed)
        status = hk_fail(error, HK_NOMEM, "no memory for the alerts");
    if (status == HK_OK && input->count == 0)
        status = hk_fail(error, HK_INVALID, "%s holds no alert", file);
    return status;
}

static void tell_progress(struct sending *sending, bool is_end)
{
    bool is_terminal = isatty(STDERR_FILENO) != 0;
    int64_t now_ms = hk_time_monotonic_ms();
    int64_t every_ms = is_terminal ? PROGRESS_TERMINAL_MS : PROGRESS_EVERY_MS;

    if (is_end) {
        if (is_terminal && sending->told_ms != 0)
            fputc('\n', stderr);
        return;
    }
    if (now_ms - sending->began_ms < (is_terminal ? PROGRESS_AFTER_MS : PROGRESS_EVERY_MS) ||
        now_ms - sending->told_ms < every_ms)
        return;
    sending->told_ms = now_ms;
    fprintf(stderr, "%s%zu of %zu alerts sent%s", is_terminal ? "\r" : "", sending->sent,
        sending->input->count, is_terminal ? "" : "\n");
    (void)fflush(stderr);
}

/* Write the items of the answer with indexes of the whole input. */
static void keep_items(
    struct hk_buf *out, const struct hk_json *list, const char *last_key, size_t offset)
{
    if (list == NULL)
        return;
    for (const struct hk_json *item = list->first; item != NULL; item = item->next) {
        struct hk_jw jw;
        if (out->size > 0)
            hk_buf_append_char(out, ',');
        hk_jw_init(&jw, out);
        hk_jw_object(&jw);
        hk_jw_kv_i64(&jw, "index", (int64_t)offset + hk_json_i64_at(item, "index", 0));
        if (strcmp(last_key, "problem") != 0) {
            hk_jw_kv(&jw, "id", hk_json_string_at(item, "id", NULL));
        }
        hk_jw_kv(&jw, last_key, hk_json_string_at(item, last_key, NULL));
        hk_jw_object_end(&jw);
    }
}

static enum hk_status take_answer(
    struct sending *sending, const struct hk_json *root, size_t offset, struct hk_error *error)
{
    const struct hk_json *alerts = hk_json_get(root, "alerts");
    const struct hk_json *errors = hk_json_get(root, "errors");

    keep_items(&sending->alerts, alerts, "duplicate_of", offset);
    keep_items(&sending->errors, errors, "problem", offset);
    sending->refused += errors != NULL ? errors->count : 0;
    if (errors != NULL && !sending->cli->json) {
        for (const struct hk_json *item = errors->first; item != NULL; item = item->next)
            (void)hk_cli_fail(HK_EXIT_FAILED, "alert %zu: %s",
                offset + (size_t)hk_json_i64_at(item, "index", 0),
                hk_json_string_at(item, "problem", "refused"));
    }
    for (const struct hk_json *item = alerts != NULL ? alerts->first : NULL; item != NULL;
         item = item->next) {
        sending->accepted++;
        if (hk_json_string_at(item, "duplicate_of", NULL) != NULL) {
            sending->duplicates++;
            continue;
        }
        if (hk_send_ids_add(&sending->ids, hk_json_string_at(item, "id", ""), error) != HK_OK)
            return HK_NOMEM;
    }
    return HK_OK;
}

/* Send a batch; wait and send again while the engine is overloaded. Zero, or it was told. */
static int send_batch(
    struct sending *sending, const struct hk_buf *body, const char *path, size_t offset)
{
    struct hk_reply reply = {.status = 0};
    struct hk_error error;
    int status = 0;

    for (unsigned tries = 0;; tries++) {
        struct timespec pause = {.tv_sec = 1};
        status = hk_cli_post_raw(
            sending->cli, &reply, path, "application/x-ndjson", body->data, body->size);
        if (status != 0 || (reply.status != 429 && reply.status != 503) || tries == RETRIES_MAX)
            break;
        pause.tv_sec = (time_t)hk_json_i64_at(reply.doc.root, "retry_after", 1);
        pause.tv_sec = pause.tv_sec < 1 || pause.tv_sec > 60 ? 1 : pause.tv_sec;
        hk_reply_done(&reply);
        tell_progress(sending, false);
        (void)nanosleep(&pause, NULL);
    }
    if (status == 0 && reply.status != 202 &&
        !(reply.status == 400 && hk_json_get(reply.doc.root, "errors") != NULL))
        status = hk_cli_problem(&reply);
    else if (status == 0 && take_answer(sending, reply.doc.root, offset, &error) != HK_OK)
        status = hk_cli_error(&error);
    hk_reply_done(&reply);
    return status;
}

static int send_all(struct sending *sending, const char *path)
{
    const struct input *input = sending->input;
    struct hk_buf body;
    int status = 0;

    hk_buf_init(&body, HK_HTTP_BODY_SIZE_MAX);
    while (status == 0 && sending->sent < input->count) {
        size_t offset = sending->sent;
        size_t end = offset;
        hk_buf_clear(&body);
        while (end < input->count && end - offset < BATCH_ITEMS_MAX &&
               (end == offset || body.size + input->items[end].size < BATCH_SIZE_MAX)) {
            size_t at = body.size;
            hk_buf_append(&body, input->items[end].text, input->items[end].size);
            /* White space between tokens of one object; a string can't hold these. */
            for (; !body.failed && at < body.size; at++)
                if (body.data[at] == '\n' || body.data[at] == '\r')
                    body.data[at] = ' ';
            hk_buf_append_char(&body, '\n');
            end++;
        }
        if (body.failed) {
            status = hk_cli_fail(HK_EXIT_FAILED, "alert %zu is too large to be sent", offset);
            break;
        }
        status = send_batch(sending, &body, path, offset);
        sending->sent = end;
        tell_progress(sending, false);
    }
    tell_progress(sending, true);
    hk_buf_done(&body);
    return status;
}

static void print_outcome(const struct sending *sending)
{
    const char *alerts = sending->alerts.size > 0 ? sending->alerts.data : "";
    const char *errors = sending->errors.size > 0 ? sending->errors.data : "";
    struct hk_json_doc doc;
    struct hk_buf list;

    if (sending->cli->json) {
        printf("{\"accepted\":%zu,\"alerts\":[%s],\"errors\":[%s]}\n", sending->accepted, alerts,
            errors);
        return;
    }
    if (!sending->cli->jsonl) {
        printf("%zu accepted", sending->accepted);
        if (sending->duplicates > 0)
            printf(", %zu of them duplicates", sending->duplicates);
        if (sending->refused > 0)
            printf(", %zu refused", sending->refused);
        putchar('\n');
        return;
    }
    hk_buf_init(&list, sending->alerts.size_max + 2);
    hk_buf_appendf(&list, "[%s]", alerts);
    if (!list.failed && hk_json_parse(list.data, list.size, &hk_json_limits_own, &doc, NULL) == 0) {
        for (const struct hk_json *item = doc.root->first; item != NULL; item = item->next)
            printf("%.*s\n", (int)item->source_size, item->source);
        hk_json_doc_done(&doc);
    }
    hk_buf_done(&list);
}

static void sending_done(struct sending *sending, struct input *input)
{
    hk_send_ids_done(&sending->ids);
    hk_buf_done(&sending->alerts);
    hk_buf_done(&sending->errors);
    hk_buf_done(&input->bytes);
    free(input->items);
}

static int run_send(struct hk_cli *cli)
{
    const char *source = hk_cli_option(cli, "source");
    const char *timeout = hk_cli_option(cli, "timeout");
    struct input input = {.count = 0};
    struct sending sending = {.cli = cli, .input = &input};
    int64_t timeout_ms = 60000;
    char path[256] = "/v1/alerts";
    struct hk_error error;
    int status;

    if (timeout != NULL && hk_duration_parse(timeout, &timeout_ms, &error) != HK_OK)
        return hk_cli_fail(HK_EXIT_USAGE, "--timeout: %s", error.text);
    if (source != NULL && !hk_name_is_valid(source))
        return hk_cli_fail(HK_EXIT_USAGE, "--source: 1 to 63 of a-z, 0-9, '_' and '-'");
    if (source != NULL)
        (void)snprintf(path, sizeof(path), "/v1/alerts?source=%s", source);
    hk_buf_init(&input.bytes, INPUT_SIZE_MAX);
    hk_buf_init(&sending.alerts, INPUT_SIZE_MAX);
    hk_buf_init(&sending.errors, INPUT_SIZE_MAX);
    sending.began_ms = hk_time_monotonic_ms();
    if (read_input(cli->args[0], &input, &error) != HK_OK) {
        status = hk_cli_error(&error);
    } else {
        status = send_all(&sending, path);
        if (sending.accepted > 0 || status == 0)
            print_outcome(&sending);
        (void)fflush(stdout);
        if (status == 0 && hk_cli_flag(cli, "wait"))
            status = hk_send_wait(cli, &sending.ids, timeout_ms);
        if (status == 0 && sending.refused > 0)
            status = HK_EXIT_FAILED;
    }
    sending_done(&sending, &input);
    return status;
}

const struct hk_command hk_commands_send[] = {
    {"send", "FILE|-", 1, 1, "Send alerts: one JSON object a line, or one array", run_send,
        {{"source", "NAME", "where they come from"},
            {"wait", NULL, "until their runs end; status 6 when only approvals are left"},
            {"timeout", "60s", "wait no longer; status 7"}}},
    {.name = NULL},
};
