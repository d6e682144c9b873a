/*
 * cli_demo: `hikeshi demo` tells the story that lies beside the program (examples/demo).
 */
#include "app/cli.h"
#include "app/program.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int run_demo(struct hk_cli *cli)
{
    static const char *const places[] = {
        "../examples/demo/demo.sh", "../share/hikeshi/examples/demo/demo.sh", NULL};
    char script[2048];
    char program[2048];
    struct hk_error error;
    char *slash;

    (void)cli;
    if (!hk_program_beside(places, script, sizeof(script)))
        return hk_cli_fail(HK_EXIT_NOT_FOUND,
            "there is no demo beside the program, neither at %s nor at %s", places[0], places[1]);
    if (hk_program_path(program, sizeof(program), &error) != HK_OK)
        return hk_cli_fail(HK_EXIT_FAILED, "%s", error.text);
    slash = strrchr(program, '/');
    if (slash != NULL)
        *slash = '\0';
    (void)execl(script, script, program, (char *)NULL);
    return hk_cli_fail(HK_EXIT_FAILED, "cannot run %s: %s", script, strerror(errno));
}

const struct hk_command hk_commands_demo[] = {
    {"demo", "", 0, 0, "Show the main job, from an attack to a verified record", run_demo, {{0}}},
    {.name = NULL},
};
