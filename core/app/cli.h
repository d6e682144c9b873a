/*
 * cli: what the commands share: exit statuses, the connection to the engine, and printing.
 * Internal to app/.
 */
#ifndef HK_APP_CLI_H
#define HK_APP_CLI_H

#include "app/options.h"
#include "base/id.h"
#include "base/json.h"

#include <limits.h>

enum hk_exit {
    HK_EXIT_DONE = 0,
    HK_EXIT_FAILED = 1,
    HK_EXIT_USAGE = 2,
    HK_EXIT_NOT_FOUND = 3,
    HK_EXIT_NOT_ALLOWED = 4,
    HK_EXIT_DENIED = 5,
    HK_EXIT_WAITS = 6,
    HK_EXIT_TIMED_OUT = 7,
};

/* The groups of commands, each table ended by a NULL name. */
extern const struct hk_command hk_commands_serve[];
extern const struct hk_command hk_commands_demo[];
extern const struct hk_command hk_commands_send[];
extern const struct hk_command hk_commands_things[]; /* alert, playbook list, plugin list */
extern const struct hk_command hk_commands_run[];
extern const struct hk_command hk_commands_approval[];
extern const struct hk_command hk_commands_contain[];
extern const struct hk_command hk_commands_case[];
extern const struct hk_command hk_commands_task[];
extern const struct hk_command hk_commands_check[];  /* plugin check */
extern const struct hk_command hk_commands_author[]; /* playbook test, new, check */
extern const struct hk_command hk_commands_playbook[];
extern const struct hk_command hk_commands_config[];
extern const struct hk_command hk_commands_backup[];
extern const struct hk_command hk_commands_mapping[];
extern const struct hk_command hk_commands_notice[];
extern const struct hk_command hk_commands_audit[];
extern const struct hk_command hk_commands_key[]; /* audit key */
extern const struct hk_command hk_commands_identity[];
extern const struct hk_command hk_commands_tenant[];

/* --- messages, on stderr --- */

/* "hikeshi: …" with control bytes made harmless; returns status, for `return hk_cli_fail(…)`. */
int hk_cli_fail(enum hk_exit status, const char *format, ...) HK_PRINTF(2, 3);
int hk_cli_error(const struct hk_error *error); /* HK_EXIT_… that suits */

/* --- the data folder --- */

const char *hk_cli_data_dir(const struct hk_cli *cli);
/* Make an absolute path of the data folder in ret_path (PATH_MAX). */
HK_MUST_CHECK enum hk_status hk_cli_data_path(
    const struct hk_cli *cli, char *ret_path, size_t capacity, struct hk_error *error);

/* An absolute path of a file that need not be there. */
HK_MUST_CHECK enum hk_status hk_cli_whole_path(
    const char *file, char ret_path[PATH_MAX], struct hk_error *error);

/* --- the running engine --- */

struct hk_reply {
    int status;
    struct hk_buf body;
    struct hk_json_doc doc; /* root is NULL when the body is no JSON */
};
void hk_reply_done(struct hk_reply *reply);

/* Is there an engine to talk to: HIKESHI_URL, or one that answers on the folder's socket? */
bool hk_cli_engine_runs(const struct hk_cli *cli);
/* One request. Zero when an answer came that is no problem; else it was told on stderr and the exit
 * status is returned. body may be NULL for GET. Call hk_reply_done in every case. */
int hk_cli_get(const struct hk_cli *cli, struct hk_reply *ret_reply, const char *path_format, ...)
    HK_PRINTF(3, 4);
int hk_cli_post(const struct hk_cli *cli, struct hk_reply *ret_reply, const char *body,
    const char *path_format, ...) HK_PRINTF(4, 5);
/* The same, but answers 429, 503 and 400 are left to the caller; 0 when an answer came at all. */
int hk_cli_post_raw(const struct hk_cli *cli, struct hk_reply *ret_reply, const char *path,
    const char *type, const char *body, size_t size);
/* Tell a problem on stderr; the exit status for it. */
int hk_cli_problem(const struct hk_reply *reply);
/* Append text percent-encoded. */
void hk_cli_url_append(struct hk_buf *out, const char *text);
/* The tenant to name in a path: --tenant, or the one that the engine takes. Zero, or it was told.
 */
int hk_cli_tenant_name(const struct hk_cli *cli, char ret_name[HK_ID_SIZE]);

/* --- printing, on stdout --- */

struct hk_column {
    const char *title;
    const char *path;   /* into an item; "a|b": the first that is there */
    unsigned width_max; /* 0: no bound */
};
/* An id in a path: what can't be one is told and refused, so that no path is built from it. */
bool hk_cli_id_is_good(const char *id);
/* Has a run in this state ended? One that diverged has not: it waits for a person. */
bool hk_cli_run_has_ended(const char *state);
/* Text with control bytes escaped. */
void hk_print_text(const char *text);
/* The same for each line of a text. */
void hk_print_lines(const char *text);
/* A document and a line's end: its very bytes, but on a terminal what would steer that is escaped,
 * which means the same. */
void hk_print_json(const char *json, size_t size);
/* {"items":[…]} as --json, --jsonl or a table say. */
int hk_print_list(const struct hk_cli *cli, const struct hk_reply *reply,
    const struct hk_column *columns, size_t count);
/* Rows with a heading, indent steps of two blanks in from the left. */
void hk_print_table(
    const struct hk_json *items, const struct hk_column *columns, size_t count, unsigned indent);
/* A document as --json says, or for people. */
int hk_print_document(const struct hk_cli *cli, const struct hk_reply *reply);
void hk_print_for_people(const struct hk_json *value, unsigned indent);
/* GET a path and print it. */
int hk_cli_show(const struct hk_cli *cli, const char *collection, const char *id);
int hk_cli_list(const struct hk_cli *cli, const char *collection, const char *state,
    const struct hk_column *columns, size_t count);
/* Write a bold word when stdout is a terminal that wants colours. */
const char *hk_bold(void);
const char *hk_plain(void);

#define HK_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
