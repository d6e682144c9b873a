/*
 * options: what the command line means.
 */
#include "app/options.h"

#include "support/suite.h"

#include <string.h>

static int run(struct hk_cli *cli)
{
    (void)cli;
    return 0;
}

static const struct hk_command commands[] = {
    {"send", "FILE", 1, 1, "Send", run, {{"wait", NULL, "wait"}, {"source", "NAME", "from"}}},
    {"run show", "ID", 1, 1, "Show", run, {{0}}},
    {"run list", "", 0, 0, "List", run, {{"state", "S", "state"}}},
    {"check", "FILE…", 1, 9, "Check", run, {{0}}},
    {.name = NULL},
};
static const struct hk_command *const tables[] = {commands, NULL};

/* Split words at blanks and parse them. */
static enum hk_status parse(const char *line, struct hk_cli *cli, struct hk_error *error)
{
    static char text[256];
    static char *argv[32];
    char *rest = text;
    char *word;
    int argc = 0;

    (void)snprintf(text, sizeof(text), "%s", line);
    while ((word = strsep(&rest, " ")) != NULL)
        if (word[0] != '\0')
            argv[argc++] = word;
    return hk_cli_parse(tables, argc, argv, cli, error);
}

static void good_lines_are_read(void)
{
    static const struct {
        const char *line;
        const char *command;
        const char *arg;
        const char *source; /* of send */
        bool wait;
        bool json;
    } cases[] = {
        {"send file", "send", "file", NULL, false, false},
        {"send - --wait", "send", "-", NULL, true, false},
        {"send --source fw-1 file --json", "send", "file", "fw-1", false, true},
        {"send --source=fw-1 file", "send", "file", "fw-1", false, false},
        {"send --source= file", "send", "file", "", false, false},
        {"send -- --wait", "send", "--wait", NULL, false, false},
        {"run show ru-1", "run show", "ru-1", NULL, false, false},
        {"--json", NULL, NULL, NULL, false, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hk_cli cli;
        enum hk_status status = parse(cases[i].line, &cli, NULL);
        CU_ASSERT_EQUAL(status, cases[i].command != NULL ? HK_OK : HK_INVALID);
        if (status == HK_OK) {
            CU_ASSERT_STRING_EQUAL(cli.command->name, cases[i].command);
            CU_ASSERT_STRING_EQUAL(cli.args[0], cases[i].arg);
            CU_ASSERT_EQUAL(cli.json, cases[i].json);
        }
        if (status == HK_OK && strcmp(cases[i].command, "send") == 0) {
            const char *source = hk_cli_option(&cli, "source");
            CU_ASSERT_EQUAL(hk_cli_flag(&cli, "wait"), cases[i].wait);
            CU_ASSERT_EQUAL(source == NULL, cases[i].source == NULL);
            if (source != NULL && cases[i].source != NULL)
                CU_ASSERT_STRING_EQUAL(source, cases[i].source);
        }
        hk_cli_done(&cli);
    }
}

static void bad_lines_are_refused_with_why(void)
{
    static const struct {
        const char *line;
        const char *error;
    } cases[] = {
        {"", "there is no command \"\""},
        {"run", "run needs a second word"},
        {"run --json", "run needs a second word"},
        {"ru", "there is no command \"ru\""},
        {"run narrow x", "there is no command \"run narrow\""},
        {"send", "send needs FILE"},
        {"send a b", "send doesn't take \"b\""},
        {"send a --nope", "send has no option --nope"},
        {"send a --wait=1", "--wait takes no value"},
        {"send a --source", "--source needs a value: NAME"},
        {"send a -w", "options begin with --, not \"-w\""},
        {"run list --source x", "run list has no option --source"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hk_error error = {.text = ""};
        struct hk_cli cli;
        CU_ASSERT_EQUAL(parse(cases[i].line, &cli, &error), HK_INVALID);
        CU_ASSERT_STRING_EQUAL(error.text, cases[i].error);
        hk_cli_done(&cli);
    }
}

static void help_needs_no_arguments(void)
{
    struct hk_cli cli;

    CU_ASSERT_EQUAL(parse("send --help", &cli, NULL), HK_OK);
    CU_ASSERT_TRUE(cli.help);
    hk_cli_done(&cli);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"good lines are read", good_lines_are_read},
        {"bad lines are refused with why", bad_lines_are_refused_with_why},
        {"help needs no arguments", help_needs_no_arguments},
    };
    return suite_run("options", tests, COUNT_OF(tests));
}
