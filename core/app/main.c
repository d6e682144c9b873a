/*
 * main: from the command line to the command.
 */
#include "app/cli.h"
#include "plugin/spawner.h"

#include <stdio.h>
#include <string.h>

static int print_version(struct hk_cli *cli)
{
    printf(cli->json ? "{\"version\":\"%s\"}\n" : "hikeshi %s\n", HK_VERSION);
    return HK_EXIT_DONE;
}

static const struct hk_command commands_version[] = {
    {"version", "", 0, 0, "Print the version", print_version, {{0}}},
    {.name = NULL},
};

static const struct hk_command *const tables[] = {hk_commands_serve, hk_commands_demo,
    hk_commands_send, hk_commands_things, hk_commands_run, hk_commands_approval,
    hk_commands_contain, hk_commands_case, hk_commands_task, hk_commands_notice, hk_commands_check,
    hk_commands_author, hk_commands_playbook, hk_commands_mapping, hk_commands_config,
    hk_commands_audit, hk_commands_key, hk_commands_backup, hk_commands_tenant,
    hk_commands_identity, commands_version, NULL};

static bool is_help(const char *word)
{
    return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* help, help WORDS, and GROUP --help (that of a command is an option of it). */
static bool was_helped(int argc, char **argv)
{
    int words = 1;

    while (words < argc && argv[words][0] != '-')
        words++;
    if (is_help(argv[0]))
        return hk_cli_help(tables, words - 1, argv + 1, stdout);
    return argc == 2 && is_help(argv[1]) && hk_cli_is_group(tables, argv[0]) &&
           hk_cli_help(tables, 1, argv, stdout);
}

/* After words that name no command: those that are near. */
static void point_at_help(int argc, char **argv)
{
    if (argc > 0 && hk_cli_is_group(tables, argv[0]))
        (void)hk_cli_help(tables, 1, argv, stderr);
    else
        fputs("`hikeshi help` lists the commands\n", stderr);
}

static int run(int argc, char **argv)
{
    struct hk_cli cli;
    struct hk_error error;
    int status;

    if (hk_cli_parse(tables, argc, argv, &cli, &error) != HK_OK) {
        (void)hk_cli_fail(HK_EXIT_USAGE, "%s", error.text);
        if (cli.command != NULL)
            fprintf(stderr, "usage: hikeshi %s %s\n", cli.command->name, cli.command->args);
        else
            point_at_help(argc, argv);
        status = HK_EXIT_USAGE;
    } else if (cli.help) {
        hk_cli_command_help(cli.command, stdout);
        status = HK_EXIT_DONE;
    } else {
        cli.argv = argv - 1; /* the program's name stands there */
        status = cli.command->run(&cli);
    }
    hk_cli_done(&cli);
    if (fflush(stdout) != 0 && status == HK_EXIT_DONE)
        status = HK_EXIT_FAILED;
    return status;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "plugin-host") == 0)
        return hk_plugin_host_main(argc, argv);
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        puts("hikeshi " HK_VERSION);
        return HK_EXIT_DONE;
    }
    if (argc < 2) {
        (void)hk_cli_help(tables, 0, NULL, stderr);
        return HK_EXIT_USAGE;
    }
    if (was_helped(argc - 1, argv + 1))
        return HK_EXIT_DONE;
    if (is_help(argv[1])) /* with words that name nothing */
        return run(argc - 2, argv + 2);
    return run(argc - 1, argv + 1);
}
