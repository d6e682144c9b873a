/*
 * cli_identity: users and tokens; through the engine when it runs, else on the folder.
 */
#include "api/credential.h"
#include "api/identity.h"
#include "app/cli.h"
#include "app/folder.h"
#include "limits.h"

#include <stdio.h>
#include <string.h>

#define PAGE                                                                                       \
    {"after", "ID", "go on after this one"},                                                       \
    {                                                                                              \
        "limit", "N", "items of one page, 1 to 500"                                                \
    }

static const struct hk_column user_columns[] = {{"ID", "id", 0}, {"NAME", "name", 0},
    {"ROLE", "role", 0}, {"STATE", "state", 0}, {"PASSWORD", "password", 0}, {"CODES", "totp", 0},
    {"LOGGED IN", "session", 0}};
static const struct hk_column token_columns[] = {{"ID", "id", 0}, {"FOR", "service|name", 0},
    {"USER", "user", 0}, {"ROLE", "role", 0}, {"STATE", "state", 0}};

#define HK_LINK_PATH_SIZE (HK_LINK_TEXT_SIZE + 8)

/* --- on the folder --- */

struct desk {
    struct hk_folder folder;
    struct hk_identity *identity;
    int64_t time_us;
};

static enum hk_status desk_open(const struct hk_cli *cli, struct desk *desk, struct hk_error *error)
{
    enum hk_status status;

    desk->identity = NULL;
    status = hk_folder_open(cli, true, &desk->folder, error);
    if (status == HK_OK)
        status = hk_identity_new(&desk->identity, error);
    if (status == HK_OK)
        status = hk_identity_load(desk->identity, desk->folder.ledger, error);
    if (status == HK_OK)
        desk->time_us = hk_clock_now_us(hk_ledger_clock(desk->folder.ledger));
    return status;
}

static void desk_close(struct desk *desk)
{
    hk_identity_free(desk->identity);
    hk_folder_close(&desk->folder);
}

static enum hk_status desk_write(const struct desk *desk, const struct hk_user *user,
    const struct hk_token *token, const char *reason, struct hk_error *error)
{
    struct hk_write *write = hk_write_new();
    enum hk_status status;

    if (write == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a write");
    status = user != NULL ? hk_user_write(write, user, "tool", desk->time_us, reason, error)
                          : hk_token_write(write, token, "tool", desk->time_us, reason, error);
    if (status != HK_OK) {
        hk_write_free(write);
        return status;
    }
    return hk_ledger_write_now(desk->folder.ledger, write, error);
}

/* A link for a person, and (is_new) the person. */
static enum hk_status desk_write_link(const struct desk *desk, const struct hk_user *user,
    bool is_new, char ret_path[HK_LINK_PATH_SIZE], struct hk_error *error)
{
    struct hk_write *write = hk_write_new();
    char text[HK_LINK_TEXT_SIZE];
    struct hk_link link;
    enum hk_status status = HK_OK;

    if (write == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a write");
    if (is_new)
        status = hk_user_write(write, user, "tool", desk->time_us, NULL, error);
    hk_link_new(desk->time_us, text, &link);
    if (status == HK_OK)
        status = hk_link_write(write, user, &link, "tool", desk->time_us, error);
    (void)snprintf(ret_path, HK_LINK_PATH_SIZE, "/link/%s", text);
    explicit_bzero(text, sizeof(text));
    if (status != HK_OK) {
        hk_write_free(write);
        return status;
    }
    return hk_ledger_write_now(desk->folder.ledger, write, error);
}

struct list_job {
    hk_tenant tenant;
    const char *collection;
    struct hk_buf *out;
};

static enum hk_status read_list(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct list_job *job = ctx;

    return hk_query_list(
        reading, job->tenant, job->collection, NULL, NULL, HK_PAGE_ITEMS_MAX, job->out, error);
}

static int list_folder(
    const struct hk_cli *cli, const char *collection, const struct hk_column *columns, size_t count)
{
    struct hk_reply reply = {.status = 200};
    struct hk_error error;
    struct hk_folder folder;
    struct list_job job = {.collection = collection, .out = &reply.body};
    enum hk_status status;
    int exit_status;

    hk_buf_init(&reply.body, HK_HTTP_RESPONSE_SIZE_MAX);
    status = hk_folder_open(cli, false, &folder, &error);
    job.tenant = folder.tenant;
    if (status == HK_OK)
        status = hk_ledger_read_now(folder.ledger, read_list, &job, &error);
    if (status == HK_OK)
        status = hk_json_parse(
            reply.body.data, reply.body.size, &hk_json_limits_own, &reply.doc, &error);
    exit_status =
        status == HK_OK ? hk_print_list(cli, &reply, columns, count) : hk_cli_error(&error);
    hk_folder_close(&folder);
    hk_reply_done(&reply);
    return exit_status;
}

/* --- users --- */

/* On a line of its own, the link last. */
static void print_link(const char *link)
{
    printf("to set a password, once and within a day:  ");
    hk_print_text(link);
    printf("\n");
}

/* link is the path of a new one; NULL: none. Without an engine nobody knows where it will answer.
 */
static int print_user(const struct hk_cli *cli, const struct hk_user *user, const char *link)
{
    if (cli->json || cli->jsonl) {
        printf("{\"id\":\"%s\",\"name\":\"%s\",\"role\":\"%s\",\"state\":\"%s\"", user->id,
            user->name, user->role, user->is_disabled ? "disabled" : "active");
        if (link != NULL)
            printf(",\"link\":\"%s\"", link);
        printf("}\n");
        return HK_EXIT_DONE;
    }
    printf("%s  %s  %s  %s\n", user->id, user->name, user->role,
        user->is_disabled ? "disabled" : "active");
    if (link != NULL) {
        print_link(link);
        fputs(
            "hikeshi: put the engine's address before it: no engine runs on this folder\n", stderr);
    }
    return HK_EXIT_DONE;
}

/* Print what the engine answered: the document, or the members that a line has. */
static int print_reply(const struct hk_cli *cli, const struct hk_reply *reply)
{
    const struct hk_json *root = reply->doc.root;
    const char *service = hk_json_string_at(root, "service", NULL);
    const char *role = hk_json_string_at(root, "role", NULL);
    const char *token = hk_json_string_at(root, "token", NULL);

    if (cli->json || cli->jsonl)
        return hk_print_document(cli, reply);
    printf("%s  %s  ", hk_json_string_at(root, "id", "-"),
        service != NULL ? service : hk_json_string_at(root, "name", "-"));
    if (role != NULL)
        printf("%s  ", role);
    printf("%s\n", token != NULL ? token : hk_json_string_at(root, "state", "-"));
    if (hk_json_string_at(root, "link", NULL) != NULL)
        print_link(hk_json_string_at(root, "link", ""));
    return HK_EXIT_DONE;
}

static int send_body(const struct hk_cli *cli, struct hk_buf *body, const char *path)
{
    struct hk_reply reply = {.status = 0};
    int status = hk_cli_post(cli, &reply, body->failed ? "{}" : body->data, "%s", path);

    if (status == 0)
        status = print_reply(cli, &reply);
    hk_reply_done(&reply);
    return status;
}

static void write_pair(struct hk_jw *jw, const char *key, const char *value)
{
    if (value != NULL)
        hk_jw_kv(jw, key, value);
}

static int user_add(struct hk_cli *cli)
{
    const char *role = hk_cli_option(cli, "role");
    char link[HK_LINK_PATH_SIZE] = "";
    struct hk_error error;
    struct hk_user user;
    struct desk desk;
    struct hk_buf body;
    struct hk_jw jw;
    enum hk_status status;
    int exit_status;

    if (role == NULL)
        return hk_cli_fail(HK_EXIT_USAGE, "user add needs --role");
    if (hk_cli_engine_runs(cli)) {
        hk_buf_init(&body, HK_ARGS_SIZE_MAX);
        hk_jw_init(&jw, &body);
        hk_jw_object(&jw);
        hk_jw_kv(&jw, "name", cli->args[0]);
        hk_jw_kv(&jw, "role", role);
        hk_jw_object_end(&jw);
        exit_status = send_body(cli, &body, "/v1/users");
        hk_buf_done(&body);
        return exit_status;
    }
    status = desk_open(cli, &desk, &error);
    if (status == HK_OK)
        status = hk_user_prepare(
            desk.identity, desk.folder.tenant, cli->args[0], role, desk.time_us, &user, &error);
    if (status == HK_OK)
        status = desk_write_link(&desk, &user, true, link, &error);
    exit_status = status == HK_OK ? print_user(cli, &user, link) : hk_cli_error(&error);
    explicit_bzero(link, sizeof(link));
    desk_close(&desk);
    return exit_status;
}

static int user_list(struct hk_cli *cli)
{
    if (hk_cli_engine_runs(cli))
        return hk_cli_list(cli, "users", NULL, user_columns, HK_COUNT(user_columns));
    return list_folder(cli, "users", user_columns, HK_COUNT(user_columns));
}

/* {"reason":…} to PATH/ID/VERB */
static int end_through_engine(struct hk_cli *cli, const char *collection, const char *verb)
{
    char path[256];
    struct hk_buf body;
    struct hk_jw jw;
    int status;

    if (!hk_cli_id_is_good(cli->args[0]))
        return HK_EXIT_NOT_FOUND;
    (void)snprintf(path, sizeof(path), "/v1/%s/%s/%s", collection, cli->args[0], verb);
    hk_buf_init(&body, HK_ARGS_SIZE_MAX);
    hk_jw_init(&jw, &body);
    hk_jw_object(&jw);
    write_pair(&jw, "reason", hk_cli_option(cli, "reason"));
    hk_jw_object_end(&jw);
    status = send_body(cli, &body, path);
    hk_buf_done(&body);
    return status;
}

static int user_disable(struct hk_cli *cli)
{
    const struct hk_user *found = NULL;
    struct hk_error error;
    struct hk_user user;
    struct desk desk;
    enum hk_status status;
    int exit_status;

    if (hk_cli_engine_runs(cli))
        return end_through_engine(cli, "users", "disable");
    status = desk_open(cli, &desk, &error);
    if (status == HK_OK)
        found = hk_identity_user(desk.identity, desk.folder.tenant, cli->args[0]);
    if (status == HK_OK && found == NULL)
        status = hk_fail(&error, HK_NOT_FOUND, "there is no user %s", cli->args[0]);
    if (status == HK_OK && found->is_disabled)
        status = hk_fail(&error, HK_CONFLICT, "the user %s is disabled already", found->name);
    if (status == HK_OK) {
        user = *found;
        user.is_disabled = true;
        status = desk_write(&desk, &user, NULL, hk_cli_option(cli, "reason"), &error);
    }
    exit_status = status == HK_OK ? print_user(cli, &user, NULL) : hk_cli_error(&error);
    desk_close(&desk);
    return exit_status;
}

static int user_link(struct hk_cli *cli)
{
    char link[HK_LINK_PATH_SIZE] = "";
    const struct hk_user *found = NULL;
    struct hk_error error;
    struct desk desk;
    enum hk_status status;
    int exit_status;

    if (hk_cli_engine_runs(cli))
        return end_through_engine(cli, "users", "link");
    status = desk_open(cli, &desk, &error);
    if (status == HK_OK)
        found = hk_identity_user(desk.identity, desk.folder.tenant, cli->args[0]);
    if (status == HK_OK && (found == NULL || found->is_disabled))
        status = hk_fail(&error, HK_NOT_FOUND, "there is no user %s", cli->args[0]);
    if (status == HK_OK)
        status = desk_write_link(&desk, found, false, link, &error);
    exit_status = status == HK_OK ? print_user(cli, found, link) : hk_cli_error(&error);
    explicit_bzero(link, sizeof(link));
    desk_close(&desk);
    return exit_status;
}

static int user_unlock(struct hk_cli *cli)
{
    return end_through_engine(cli, "users", "unlock");
}

static int user_remove_totp(struct hk_cli *cli)
{
    return end_through_engine(cli, "users", "remove-totp");
}

static int user_end_sessions(struct hk_cli *cli)
{
    return end_through_engine(cli, "users", "end-sessions");
}

static int user_sessions(struct hk_cli *cli)
{
    static const struct hk_column columns[] = {{"ID", "id", 0}, {"FROM", "from", 0},
        {"SINCE", "opened", 0}, {"SEEN", "seen", 0}, {"BROWSER", "agent", 60}};
    struct hk_reply reply = {.status = 0};
    int status;

    if (!hk_cli_id_is_good(cli->args[0]))
        return HK_EXIT_NOT_FOUND;
    status = hk_cli_get(cli, &reply, "/v1/users/%s/sessions", cli->args[0]);
    if (status == 0)
        status = hk_print_list(cli, &reply, columns, HK_COUNT(columns));
    hk_reply_done(&reply);
    return status;
}

/* --- tokens --- */

static int token_create_on_folder(struct hk_cli *cli, const char *user, const char *service)
{
    char secret[HK_TOKEN_TEXT_SIZE] = "";
    struct hk_error error;
    struct hk_token token;
    struct desk desk;
    enum hk_status status = desk_open(cli, &desk, &error);
    int exit_status = HK_EXIT_DONE;

    if (status == HK_OK)
        status = hk_token_prepare(desk.identity, desk.folder.tenant, user, service,
            hk_cli_option(cli, "role"), desk.time_us, &token, secret, &error);
    if (status == HK_OK)
        status = desk_write(&desk, NULL, &token, NULL, &error);
    if (status != HK_OK)
        exit_status = hk_cli_error(&error);
    else if (cli->json || cli->jsonl)
        printf("{\"id\":\"%s\",\"name\":\"%s\",\"state\":\"active\",\"token\":\"%s\"}\n", token.id,
            token.name, secret);
    else
        printf("%s  %s  %s\n", token.id, token.name, secret);
    explicit_bzero(secret, sizeof(secret));
    desk_close(&desk);
    return exit_status;
}

static int token_create(struct hk_cli *cli)
{
    const char *user = hk_cli_option(cli, "user");
    const char *service = hk_cli_option(cli, "service");
    struct hk_buf body;
    struct hk_jw jw;
    int status;

    if ((user != NULL) == (service != NULL))
        return hk_cli_fail(HK_EXIT_USAGE, "token create needs --user or --service");
    if (service != NULL && hk_cli_option(cli, "role") == NULL)
        return hk_cli_fail(HK_EXIT_USAGE, "token create --service needs --role");
    if (!hk_cli_engine_runs(cli))
        return token_create_on_folder(cli, user, service);
    hk_buf_init(&body, HK_ARGS_SIZE_MAX);
    hk_jw_init(&jw, &body);
    hk_jw_object(&jw);
    write_pair(&jw, "user", user);
    write_pair(&jw, "service", service);
    write_pair(&jw, "role", hk_cli_option(cli, "role"));
    hk_jw_object_end(&jw);
    status = send_body(cli, &body, "/v1/tokens");
    hk_buf_done(&body);
    return status;
}

static int token_list(struct hk_cli *cli)
{
    if (hk_cli_engine_runs(cli))
        return hk_cli_list(cli, "tokens", NULL, token_columns, HK_COUNT(token_columns));
    return list_folder(cli, "tokens", token_columns, HK_COUNT(token_columns));
}

static int token_revoke(struct hk_cli *cli)
{
    const struct hk_token *found = NULL;
    struct hk_error error;
    struct hk_token token;
    struct desk desk;
    enum hk_status status;
    int exit_status = HK_EXIT_DONE;

    if (hk_cli_engine_runs(cli))
        return end_through_engine(cli, "tokens", "revoke");
    status = desk_open(cli, &desk, &error);
    if (status == HK_OK)
        found = hk_identity_token(desk.identity, desk.folder.tenant, cli->args[0]);
    if (status == HK_OK && found == NULL)
        status = hk_fail(&error, HK_NOT_FOUND, "there is no token %s", cli->args[0]);
    if (status == HK_OK && found->is_revoked)
        status = hk_fail(&error, HK_CONFLICT, "the token is revoked already");
    if (status == HK_OK) {
        token = *found;
        token.is_revoked = true;
        status = desk_write(&desk, NULL, &token, hk_cli_option(cli, "reason"), &error);
    }
    if (status == HK_OK)
        printf("%s  revoked\n", token.id);
    else
        exit_status = hk_cli_error(&error);
    desk_close(&desk);
    return exit_status;
}

const struct hk_command hk_commands_identity[] = {
    {"user add", "NAME", 1, 1, "Add a person, and print a link for them to set a password with",
        user_add,
        {{"role", "R",
            "viewer, analyst, approver, responder, author, auditor, tenant-admin, "
            "provider-admin"}}},
    {"user list", "", 0, 0, "List people", user_list, {PAGE}},
    {"user disable", "NAME", 1, 1, "Disable a person, and with that their tokens", user_disable,
        {{"reason", "TEXT", "why"}}},
    {"user link", "NAME", 1, 1, "Print a new one-time link for a person to set a password with",
        user_link, {{"reason", "TEXT", "why"}}},
    {"user sessions", "NAME", 1, 1, "Where a person is logged in", user_sessions, {{0}}},
    {"user end-sessions", "NAME", 1, 1, "Log a person out everywhere", user_end_sessions,
        {{"reason", "TEXT", "why"}}},
    {"user unlock", "NAME", 1, 1, "End the wait that strangers' failed logins brought a person",
        user_unlock, {{"reason", "TEXT", "why"}}},
    {"user remove-totp", "NAME", 1, 1, "Take away the device that gives a person's codes",
        user_remove_totp, {{"reason", "TEXT", "why"}}},
    {"token create", "", 0, 0, "Make a token; it is printed this once, as the last word",
        token_create,
        {{"user", "NAME", "for this person, with the person's role"},
            {"service", "NAME", "for a service of this name"}, {"role", "R", "of the service"}}},
    {"token list", "", 0, 0, "List tokens", token_list, {PAGE}},
    {"token revoke", "ID", 1, 1, "Revoke a token", token_revoke, {{"reason", "TEXT", "why"}}},
    {.name = NULL},
};
