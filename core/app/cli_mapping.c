/*
 * cli_mapping: look at mappings of products, and try messages on them, without an engine.
 */
#include "app/cli.h"
#include "base/file.h"
#include "base/time.h"
#include "intake/products.h"
#include "limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INPUT_SIZE_MAX = 256 * 1024 * 1024, FILES_MAX = 64 };

/* The mappings that are built in, and those of files. */
struct mappings {
    struct hk_products *builtin;
    struct hk_products *all;
    struct hk_buf texts[FILES_MAX];
    struct hk_mapping_file files[FILES_MAX];
    size_t count;
};

static void mappings_done(struct mappings *mappings)
{
    hk_products_free(mappings->all);
    hk_products_free(mappings->builtin);
    for (size_t i = 0; i < mappings->count; i++)
        hk_buf_done(&mappings->texts[i]);
}

static enum hk_status load_mappings(
    struct mappings *mappings, const char *const *names, size_t count, struct hk_error *error)
{
    enum hk_status status = hk_products_new_builtin(&mappings->builtin, error);

    if (status == HK_OK && count > FILES_MAX)
        status = hk_fail(error, HK_LIMIT, "more than %d mappings at once", FILES_MAX);
    for (size_t i = 0; i < count && status == HK_OK; i++) {
        struct hk_buf *text = &mappings->texts[mappings->count++];
        hk_buf_init(text, 2 * HK_MAPPING_SIZE_MAX);
        status = hk_file_read(names[i], HK_MAPPING_SIZE_MAX, HK_FILE_ANY, text, error);
        mappings->files[i] =
            (struct hk_mapping_file){names[i], text->data != NULL ? text->data : "", text->size};
    }
    if (status == HK_OK)
        status = hk_products_new(
            mappings->builtin, mappings->files, mappings->count, &mappings->all, error);
    return status;
}

/* --- check --- */

static int check_one(const struct hk_cli *cli, const char *file)
{
    struct mappings mappings = {.count = 0};
    struct hk_error error;
    int exit_status = HK_EXIT_DONE;

    if (load_mappings(&mappings, &file, 1, &error) != HK_OK)
        exit_status = hk_cli_error(&error);
    else if (cli->json || cli->jsonl)
        printf("{\"ok\":true}\n");
    else
        printf("%s: ok\n", file);
    mappings_done(&mappings);
    return exit_status;
}

static int mapping_check(struct hk_cli *cli)
{
    int worst = HK_EXIT_DONE;

    for (unsigned i = 0; i < cli->arg_count; i++) {
        int status = check_one(cli, cli->args[i]);
        worst = status != HK_EXIT_DONE ? status : worst;
    }
    return worst;
}

/* --- list --- */

static void print_facts(void *ctx, const struct hk_mapping_facts *facts)
{
    const struct hk_cli *cli = ctx;
    const char *product = facts->product != NULL ? facts->product : "";

    if (cli->json || cli->jsonl)
        printf("{\"form\":\"%s\",\"product\":\"%s\"}\n", facts->form, product);
    else
        printf("%-32s %s\n", facts->form, product);
}

static int mapping_list(struct hk_cli *cli)
{
    struct mappings mappings = {.count = 0};
    struct hk_error error;
    int exit_status = HK_EXIT_DONE;

    if (load_mappings(&mappings, NULL, 0, &error) != HK_OK)
        exit_status = hk_cli_error(&error);
    else
        hk_products_each(mappings.all, print_facts, cli);
    mappings_done(&mappings);
    return exit_status;
}

/* --- try --- */

struct trial {
    const struct hk_cli *cli;
    const struct hk_products *products;
    struct hk_message_hint hint;
    unsigned count;
    unsigned failed;
    unsigned unmapped;
    int exit_status; /* of what could not be read at all */
};

static void print_document(
    const struct hk_alert_in *in, const struct hk_mapping_trouble *trouble, struct hk_buf *out)
{
    struct hk_jw jw;

    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "form", in->form);
    if (trouble->failed) {
        hk_jw_key(&jw, "trouble");
        hk_jw_object(&jw);
        hk_jw_kv(&jw, "form", trouble->form);
        hk_jw_kv(&jw, "field", trouble->field);
        hk_jw_kv(&jw, "why", trouble->why);
        hk_jw_object_end(&jw);
    }
    hk_jw_kv_raw(&jw, "view", in->view);
    hk_jw_kv_raw(&jw, "raw", in->raw);
    hk_jw_object_end(&jw);
}

static void print_trial(const struct trial *trial, const struct hk_alert_in *in,
    const struct hk_mapping_trouble *trouble)
{
    struct hk_buf out;

    if (trial->cli->json || trial->cli->jsonl) {
        hk_buf_init(&out, HK_WIRE_FRAME_SIZE_MAX * 4);
        print_document(in, trouble, &out);
        if (!out.failed)
            hk_print_json(out.data, out.size);
        hk_buf_done(&out);
        return;
    }
    printf("%smapping%s  %s\n", hk_bold(), hk_plain(), in->form);
    if (trouble->failed) {
        printf("%sfailed%s   %s: ", hk_bold(), hk_plain(), trouble->form);
        hk_print_text(trouble->field);
        printf("%s", trouble->field[0] != '\0' ? ": " : "");
        hk_print_text(trouble->why);
        putchar('\n');
    }
    hk_print_for_people(in->parsed.root, 0);
    putchar('\n');
}

static void try_message(void *ctx, unsigned index, const char *text, size_t size)
{
    struct trial *trial = ctx;
    struct hk_alert_in in = {.view = NULL};
    struct hk_mapping_trouble trouble;
    struct hk_error error;

    (void)index;
    if (hk_products_read(trial->products, text, size, &trial->hint, NULL, &in, &trouble, &error) !=
        HK_OK) {
        trial->exit_status = hk_cli_error(&error);
        return;
    }
    trial->count++;
    trial->failed += trouble.failed;
    trial->unmapped += strcmp(in.form, HK_FORM_UNMAPPED) == 0;
    print_trial(trial, &in, &trouble);
    hk_alert_in_done(&in);
}

static void try_lines(struct trial *trial, const char *text)
{
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        if (strspn(text, " \t\r") < size)
            try_message(trial, 0, text, size);
        text += size + (text[size] == '\n');
    }
}

/* Does one JSON value, or one element of XML, take more than the first line? */
static bool is_one_document(const char *text)
{
    size_t line = strcspn(text, "\n");
    struct hk_json_doc doc;
    bool is_whole;

    if (*text == '<')
        return strncmp(text, "<Event", 6) == 0 && strstr(text, "</Event>") > text + line;
    if (*text == '[')
        return true;
    if (*text != '{')
        return false;
    is_whole = hk_json_parse(text, line, &hk_json_limits_own, &doc, NULL) == HK_OK;
    if (is_whole)
        hk_json_doc_done(&doc);
    return !is_whole && hk_json_parse(text, strlen(text), &hk_json_limits_own, &doc, NULL) == HK_OK;
}

static void try_text(struct trial *trial, const char *text, size_t size)
{
    const char *at = text + strspn(text, " \t\r\n");
    struct hk_error error;
    unsigned count;

    if (strlen(text) < size || !is_one_document(at)) /* a NUL: a line each, whatever is in it */
        try_lines(trial, at);
    else if (*at == '<')
        try_message(trial, 0, at, strlen(at));
    else if (hk_intake_split(text, size, false, UINT32_MAX, try_message, trial, &count, &error) !=
             HK_OK)
        trial->exit_status = hk_cli_error(&error);
}

static enum hk_status read_input(const char *file, struct hk_buf *out, struct hk_error *error)
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
    if (out->size == 0)
        return hk_fail(error, HK_INVALID, "%s holds no message", file);
    return hk_buf_check(out, file, error);
}

static int run_trial(struct trial *trial, const char *file)
{
    struct hk_buf input;
    struct hk_error error;

    hk_buf_init(&input, INPUT_SIZE_MAX);
    if (read_input(file, &input, &error) != HK_OK)
        trial->exit_status = hk_cli_error(&error);
    else
        try_text(trial, input.data, input.size);
    hk_buf_done(&input);
    if (trial->count > 1 && !trial->cli->json && !trial->cli->jsonl)
        printf(
            "%u messages, %u unmapped, %u failed\n", trial->count, trial->unmapped, trial->failed);
    if (trial->exit_status != HK_EXIT_DONE)
        return trial->exit_status;
    if (trial->failed > 0)
        return HK_EXIT_FAILED;
    return trial->unmapped > 0 ? HK_EXIT_NOT_FOUND : HK_EXIT_DONE;
}

static int mapping_try(struct hk_cli *cli)
{
    const char *file = hk_cli_option(cli, "mapping");
    struct mappings mappings = {.count = 0};
    struct trial trial = {.cli = cli,
        .hint = {.transport = HK_TRANSPORT_FILE,
            .form = hk_cli_option(cli, "product"),
            .now_us = hk_time_wall_us()}};
    struct hk_error error;
    int exit_status;

    if (load_mappings(&mappings, &file, file != NULL ? 1 : 0, &error) != HK_OK) {
        exit_status = hk_cli_error(&error);
    } else {
        trial.products = mappings.all;
        exit_status = run_trial(&trial, cli->args[0]);
    }
    mappings_done(&mappings);
    return exit_status;
}

const struct hk_command hk_commands_mapping[] = {
    {"mapping check", "FILE…", 1, 1000, "Read mappings of products, and say what is wrong",
        mapping_check, {{0}}},
    {"mapping try", "FILE|-", 1, 1,
        "Show what mappings make of messages: one a line, or one document", mapping_try,
        {{"product", "NAME", "take this form or product, whatever the message looks like"},
            {"mapping", "FILE", "a mapping beside those that are built in"}}},
    {"mapping list", "", 0, 0, "List the mappings that are built in", mapping_list, {{0}}},
    {.name = NULL},
};
