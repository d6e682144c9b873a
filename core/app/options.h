/*
 * options: the command line, read by the same table that --help prints.
 *
 * A command is one or two words, then options and arguments in any order; the first of two is a
 * group of commands. "--name value" and "--name=value" are the same; "--" ends options; "-" alone
 * is an argument.
 */
#ifndef HK_APP_OPTIONS_H
#define HK_APP_OPTIONS_H

#include "base/status.h"

#include <stdbool.h>
#include <stdio.h>

#define HK_CLI_OPTIONS_MAX 8

struct hk_cli;

struct hk_cli_option {
    const char *name;  /* "reason"; NULL ends the table */
    const char *value; /* what --help shows for the value; NULL: a flag */
    const char *help;
};

struct hk_command {
    const char *name; /* "approval approve"; NULL ends a table */
    const char *args; /* what --help shows, "" for none */
    unsigned args_min;
    unsigned args_max;
    const char *summary;
    int (*run)(struct hk_cli *cli);
    struct hk_cli_option options[HK_CLI_OPTIONS_MAX];
};

/* One parsed command line. Borrows argv. */
struct hk_cli {
    const struct hk_command *command;
    const char *values[HK_CLI_OPTIONS_MAX]; /* of command->options; "" for a flag that is set */
    const char **args;
    unsigned arg_count;
    char *const *argv; /* of the process, whole */
    /* Options that all commands have. */
    const char *data;
    const char *tenant;
    bool json;
    bool jsonl;
    bool help;
};

/* Parse. HK_INVALID with what is wrong; ret_cli->command is set once the command is known, so that
 * its usage can be shown. Free with hk_cli_done in every case. */
HK_MUST_CHECK enum hk_status hk_cli_parse(const struct hk_command *const *tables, int argc,
    char **argv, struct hk_cli *ret_cli, struct hk_error *error);
void hk_cli_done(struct hk_cli *cli);

/* The option's value; NULL when it isn't given. The name must be in the command's table. */
const char *hk_cli_option(const struct hk_cli *cli, const char *name);
bool hk_cli_flag(const struct hk_cli *cli, const char *name);

/* Does a command of two words begin with this one, and none have it as its whole name? */
bool hk_cli_is_group(const struct hk_command *const *tables, const char *word);
/* What `help WORD…` and `WORD… --help` show: a command, the commands that begin with the word, or
 * all. Words that name nothing: false, and nothing is printed. */
bool hk_cli_help(const struct hk_command *const *tables, int argc, char **argv, FILE *out);
void hk_cli_command_help(const struct hk_command *command, FILE *out);

#endif
