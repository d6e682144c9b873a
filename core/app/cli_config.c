/*
 * cli_config: the configuration: is it good, what is in force, put it into force.
 */
#include "app/cli.h"
#include "app/settings.h"
#include "base/time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { ANEW_POLL_MS = 50, ANEW_TIME_MAX_MS = 60000 };

static int config_check(struct hk_cli *cli)
{
    struct hk_app_settings settings;
    struct hk_error error;
    enum hk_status status =
        hk_app_settings_check(cli->args[0], hk_cli_data_dir(cli), &settings, &error);
    int exit_status = HK_EXIT_DONE;

    if (status != HK_OK)
        exit_status = hk_cli_fail(
            status == HK_NOT_FOUND ? HK_EXIT_NOT_FOUND : HK_EXIT_FAILED, "%s", error.text);
    else if (cli->json || cli->jsonl)
        printf("{\"ok\":true,\"tenants\":%zu}\n", settings.tenant_count);
    else
        printf("%s: ok\n", cli->args[0]);
    hk_app_settings_done(&settings);
    return exit_status;
}

static int config_show(struct hk_cli *cli)
{
    struct hk_reply reply = {.status = 0};
    int status = hk_cli_get(cli, &reply, "/v1/config");

    if (status == 0)
        status = hk_print_document(cli, &reply);
    hk_reply_done(&reply);
    return status;
}

/* When the engine that answers was started; "" when none does. */
static void engine_started(const struct hk_cli *cli, char *ret_started, size_t capacity)
{
    struct hk_reply reply = {.status = 0};

    ret_started[0] = '\0';
    if (hk_cli_engine_runs(cli) && hk_cli_get(cli, &reply, "/v1/engine") == 0)
        (void)snprintf(
            ret_started, capacity, "%s", hk_json_string_at(reply.doc.root, "started", ""));
    hk_reply_done(&reply);
}

static int wait_for_another(struct hk_cli *cli, const char *before)
{
    const struct timespec pause = {.tv_nsec = ANEW_POLL_MS * 1000000L};
    int64_t end_ms = hk_time_monotonic_ms() + ANEW_TIME_MAX_MS;
    char now[HK_TIME_TEXT_SIZE] = "";

    while (hk_time_monotonic_ms() < end_ms) {
        (void)nanosleep(&pause, NULL);
        engine_started(cli, now, sizeof(now));
        if (now[0] != '\0' && strcmp(now, before) != 0) {
            printf(cli->json || cli->jsonl ? "{\"engine_started\":\"%s\"}\n"
                                           : "in force; the engine began anew at %s\n",
                now);
            return HK_EXIT_DONE;
        }
    }
    return hk_cli_fail(HK_EXIT_TIMED_OUT,
        "the configuration is good, but the engine is not back after %d s",
        ANEW_TIME_MAX_MS / 1000);
}

static int config_apply(struct hk_cli *cli)
{
    struct hk_reply reply = {.status = 0};
    char before[HK_TIME_TEXT_SIZE];
    int status;

    engine_started(cli, before, sizeof(before));
    status = hk_cli_post(cli, &reply, "{}", "/v1/config/apply");
    hk_reply_done(&reply);
    return status != 0 ? status : wait_for_another(cli, before);
}

const struct hk_command hk_commands_config[] = {
    {"config check", "FILE", 1, 1,
        "Read a configuration with its playbooks and plugins, start nothing", config_check, {{0}}},
    {"config apply", "", 0, 0,
        "Check the running engine's file, and let the engine begin anew with it", config_apply,
        {{0}}},
    {"config show", "", 0, 0, "Show the configuration in force, and since when", config_show,
        {{0}}},
    {.name = NULL},
};
