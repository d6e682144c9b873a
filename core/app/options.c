/*
 * options: see options.h.
 */
#include "app/options.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Options that every command has. */
static const struct hk_cli_option common[] = {
    {"data", "DIR", "data folder; else HIKESHI_DATA, else ./data"},
    {"tenant", "NAME", "whose, where there is more than one tenant"},
    {"json", NULL, "print the document that HTTP answers"},
    {"jsonl", NULL, "print the items of a list, one a line"},
    {"help", NULL, "this"},
    {NULL, NULL, NULL},
};

/* How many words of argv name this command? 0: it is another one. */
static unsigned words_matched(const struct hk_command *command, int argc, char **argv)
{
    const char *name = command->name;
    unsigned words = 0;

    for (;;) {
        size_t size = strcspn(name, " ");
        if ((int)words >= argc || strlen(argv[words]) != size ||
            memcmp(argv[words], name, size) != 0)
            return 0;
        words++;
        if (name[size] == '\0')
            return words;
        name += size + 1;
    }
}

static const struct hk_command *find_command(
    const struct hk_command *const *tables, int argc, char **argv, unsigned *ret_words)
{
    const struct hk_command *found = NULL;

    *ret_words = 0;
    for (; *tables != NULL; tables++) {
        for (const struct hk_command *command = *tables; command->name != NULL; command++) {
            unsigned words = words_matched(command, argc, argv);
            if (words > *ret_words) {
                *ret_words = words;
                found = command;
            }
        }
    }
    return found;
}

bool hk_cli_is_group(const struct hk_command *const *tables, const char *word)
{
    size_t size = strlen(word);
    bool is_group = false;

    for (; *tables != NULL; tables++) {
        for (const struct hk_command *command = *tables; command->name != NULL; command++) {
            if (strcmp(command->name, word) == 0)
                return false;
            is_group |= strncmp(command->name, word, size) == 0 && command->name[size] == ' ';
        }
    }
    return is_group;
}

/* What is wrong with words that name no command. */
static enum hk_status refuse_words(
    const struct hk_command *const *tables, int argc, char **argv, struct hk_error *error)
{
    const char *first = argc > 0 ? argv[0] : "";
    const char *second = argc > 1 && argv[1][0] != '-' ? argv[1] : NULL;

    if (second == NULL && hk_cli_is_group(tables, first))
        return hk_fail(error, HK_INVALID, "%s needs a second word", first);
    return hk_fail(error, HK_INVALID, "there is no command \"%s%s%s\"", first,
        second != NULL ? " " : "", second != NULL ? second : "");
}

static int find_option(const struct hk_cli_option *table, const char *name, size_t size)
{
    for (int i = 0; i < HK_CLI_OPTIONS_MAX && table[i].name != NULL; i++)
        if (strlen(table[i].name) == size && memcmp(table[i].name, name, size) == 0)
            return i;
    return -1;
}

static void set_common(struct hk_cli *cli, const char *name, const char *value)
{
    if (strcmp(name, "data") == 0)
        cli->data = value;
    else if (strcmp(name, "tenant") == 0)
        cli->tenant = value;
    else if (strcmp(name, "json") == 0)
        cli->json = true;
    else if (strcmp(name, "jsonl") == 0)
        cli->jsonl = true;
    else
        cli->help = true;
}

/* Take the option at argv[*at] and its value. */
static enum hk_status take_option(
    struct hk_cli *cli, int argc, char **argv, int *at, struct hk_error *error)
{
    const char *name = argv[*at] + 2;
    size_t size = strcspn(name, "=");
    const struct hk_cli_option *table = cli->command->options;
    const char *value = name[size] == '=' ? name + size + 1 : NULL;
    int own = find_option(table, name, size);
    int i = own;

    if (own < 0) {
        table = common;
        i = find_option(common, name, size);
    }
    if (i < 0)
        return hk_fail(error, HK_INVALID, "%s has no option --%.*s", cli->command->name,
            (int)(size < 40 ? size : 40), name);
    if (table[i].value == NULL && value != NULL)
        return hk_fail(error, HK_INVALID, "--%s takes no value", table[i].name);
    if (table[i].value != NULL && value == NULL) {
        if (*at + 1 >= argc)
            return hk_fail(
                error, HK_INVALID, "--%s needs a value: %s", table[i].name, table[i].value);
        value = argv[++*at];
    }
    if (own >= 0)
        cli->values[own] = value != NULL ? value : "";
    else
        set_common(cli, table[i].name, value);
    return HK_OK;
}

static enum hk_status check_args(const struct hk_cli *cli, struct hk_error *error)
{
    const struct hk_command *command = cli->command;

    if (cli->help)
        return HK_OK;
    if (cli->arg_count < command->args_min)
        return hk_fail(error, HK_INVALID, "%s needs %s", command->name, command->args);
    if (cli->arg_count > command->args_max)
        return hk_fail(error, HK_INVALID, "%s doesn't take \"%s\"", command->name,
            cli->args[command->args_max]);
    return HK_OK;
}

enum hk_status hk_cli_parse(const struct hk_command *const *tables, int argc, char **argv,
    struct hk_cli *ret_cli, struct hk_error *error)
{
    bool options_end = false;
    unsigned words;
    enum hk_status status;

    memset(ret_cli, 0, sizeof(*ret_cli));
    ret_cli->command = find_command(tables, argc, argv, &words);
    if (ret_cli->command == NULL)
        return refuse_words(tables, argc, argv, error);
    ret_cli->args = calloc((size_t)argc + 1, sizeof(*ret_cli->args));
    if (ret_cli->args == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for arguments");
    for (int at = (int)words; at < argc; at++) {
        if (!options_end && strcmp(argv[at], "--") == 0) {
            options_end = true;
        } else if (!options_end && strcmp(argv[at], "-h") == 0) {
            ret_cli->help = true;
        } else if (!options_end && strncmp(argv[at], "--", 2) == 0) {
            status = take_option(ret_cli, argc, argv, &at, error);
            if (status != HK_OK)
                return status;
        } else if (!options_end && argv[at][0] == '-' && argv[at][1] != '\0') {
            return hk_fail(error, HK_INVALID, "options begin with --, not \"%s\"", argv[at]);
        } else {
            ret_cli->args[ret_cli->arg_count++] = argv[at];
        }
    }
    return check_args(ret_cli, error);
}

void hk_cli_done(struct hk_cli *cli)
{
    free(cli->args);
    cli->args = NULL;
}

const char *hk_cli_option(const struct hk_cli *cli, const char *name)
{
    int i = find_option(cli->command->options, name, strlen(name));

    assert(i >= 0);
    return cli->values[i];
}

bool hk_cli_flag(const struct hk_cli *cli, const char *name)
{
    return hk_cli_option(cli, name) != NULL;
}

/* Bytes that take no column: the later ones of a character in UTF-8. */
static int hidden_bytes(const char *text)
{
    int count = 0;

    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xC0) == 0x80;
    return count;
}

/* Those of a group, or all. */
static void print_commands(const struct hk_command *const *tables, const char *group, FILE *out)
{
    size_t size = group != NULL ? strlen(group) : 0;

    fprintf(out, "usage: hikeshi %s%sCOMMAND [ARGS]\n\n", group != NULL ? group : "",
        group != NULL ? " " : "");
    for (; *tables != NULL; tables++) {
        for (const struct hk_command *command = *tables; command->name != NULL; command++) {
            char left[64];

            if (group != NULL &&
                (strncmp(command->name, group, size) != 0 || command->name[size] != ' '))
                continue;
            (void)snprintf(left, sizeof(left), "%s%s%s", command->name,
                command->args[0] != '\0' ? " " : "", command->args);
            fprintf(out, "  %-*s %s\n", 28 + hidden_bytes(left), left, command->summary);
        }
    }
    fputs("\nhikeshi COMMAND --help tells more.\n", out);
}

bool hk_cli_help(const struct hk_command *const *tables, int argc, char **argv, FILE *out)
{
    unsigned words;
    const struct hk_command *command = find_command(tables, argc, argv, &words);

    if (command != NULL)
        hk_cli_command_help(command, out);
    else if (argc > 0 && hk_cli_is_group(tables, argv[0]))
        print_commands(tables, argv[0], out);
    else if (argc == 0)
        print_commands(tables, NULL, out);
    else
        return false;
    return true;
}

static void print_options(const struct hk_cli_option *options, FILE *out)
{
    for (int i = 0; i < HK_CLI_OPTIONS_MAX && options[i].name != NULL; i++) {
        char left[64];
        (void)snprintf(left, sizeof(left), "--%s%s%s", options[i].name,
            options[i].value != NULL ? " " : "", options[i].value != NULL ? options[i].value : "");
        fprintf(out, "  %-24s %s\n", left, options[i].help);
    }
}

void hk_cli_command_help(const struct hk_command *command, FILE *out)
{
    fprintf(out, "usage: hikeshi %s%s%s [OPTIONS]\n%s.\n\n", command->name,
        command->args[0] != '\0' ? " " : "", command->args, command->summary);
    print_options(command->options, out);
    print_options(common, out);
}
