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

static const struct hk_command *const tables[] = {hk_commands_serve, hk_commands_send,
    hk_commands_things, hk_commands_run, hk_commands_approval, hk_commands_contain,
    hk_commands_case, hk_commands_task, hk_commands_notice, hk_commands_check, hk_commands_author,
    hk_commands_mapping, hk_commands_config, hk_commands_audit, hk_commands_key, hk_commands_backup,
    hk_commands_tenant, hk_commands_identity, commands_version, NULL};

static bool asks_for_help(int argc, char **argv)
{
    return argc == 0 || strcmp(argv[0], "help") == 0 || strcmp(argv[0], "--help") == 0 ||
           strcmp(argv[0], "-h") == 0;
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
            fputs("`hikeshi help` lists the commands\n", stderr);
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
    if (asks_for_help(argc - 1, argv + 1)) {
        hk_cli_help(tables, argc > 1 ? stdout : stderr);
        return argc > 1 ? HK_EXIT_DONE : HK_EXIT_USAGE;
    }
    return run(argc - 1, argv + 1);
}
