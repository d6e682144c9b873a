/*
 * cli_playbook_new: `playbook new` and `playbook luacats`: files to begin with.
 */
#include "app/catalog.h"
#include "app/cli.h"
#include "app/cli_author.h"
#include "author/editor.h"
#include "author/fresh.h"
#include "limits.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_SIZE_MAX (16 * 1024 * 1024)

/* Write a file that isn't there yet. */
static enum hk_status make_file(const char *path, const struct hk_buf *text, struct hk_error *error)
{
    enum hk_status status = hk_buf_check(text, path, error);
    FILE *file;
    bool ok;

    if (status != HK_OK)
        return status;
    file = fopen(path, "wx");
    if (file == NULL && errno == EEXIST)
        return hk_fail(error, HK_CONFLICT, "%s is there already", path);
    if (file == NULL)
        return hk_fail(error, HK_IO, "can't make %s: %s", path, strerror(errno));
    ok = fwrite(text->data, 1, text->size, file) == text->size;
    ok = fclose(file) == 0 && ok;
    if (ok)
        return HK_OK;
    (void)unlink(path);
    return hk_fail(error, HK_IO, "can't write %s: %s", path, strerror(errno));
}

static enum hk_status make_both(const char *name, const char *folder, struct hk_error *error)
{
    char playbook[PATH_MAX];
    char tests[PATH_MAX];
    struct hk_buf text;
    enum hk_status status;

    if (snprintf(playbook, PATH_MAX, "%s/%s.lua", folder, name) >= PATH_MAX ||
        snprintf(tests, PATH_MAX, "%s/%s.test.lua", folder, name) >= PATH_MAX)
        return hk_fail(error, HK_LIMIT, "the path of the folder is too long");
    hk_buf_init(&text, HK_PLAYBOOK_SIZE_MAX);
    hk_fresh_playbook(name, &text);
    status = access(tests, F_OK) == 0 ? hk_fail(error, HK_CONFLICT, "%s is there already", tests)
                                      : make_file(playbook, &text, error);
    if (status == HK_OK) {
        hk_buf_clear(&text);
        hk_fresh_tests(name, &text);
        status = make_file(tests, &text, error);
    }
    hk_buf_done(&text);
    if (status == HK_OK)
        printf("%s\n%s\n", playbook, tests);
    return status;
}

/* What an editor reads, unless it is there: it is the author's then. */
static enum hk_status make_unless_there(
    const char *path, const struct hk_buf *text, struct hk_error *error)
{
    enum hk_status status = make_file(path, text, error);

    if (status == HK_CONFLICT)
        return HK_OK;
    if (status == HK_OK)
        printf("%s\n", path);
    return status;
}

static enum hk_status make_editor_files(
    const char *folder, const struct hk_json *catalog, struct hk_error *error)
{
    char path[PATH_MAX];
    struct hk_buf text;
    enum hk_status status;

    hk_buf_init(&text, FILE_SIZE_MAX);
    (void)snprintf(path, sizeof(path), "%s/.luarc.json", folder);
    status = hk_editor_luarc(&text, error);
    if (status == HK_OK)
        status = make_unless_there(path, &text, error);
    hk_buf_clear(&text);
    (void)snprintf(path, sizeof(path), "%s/.luacheckrc", folder);
    if (status == HK_OK)
        status = hk_editor_luacheckrc(&text, error);
    if (status == HK_OK)
        status = make_unless_there(path, &text, error);
    hk_buf_clear(&text);
    (void)snprintf(path, sizeof(path), "%s/.luacats", folder);
    if (status == HK_OK && mkdir(path, 0777) != 0 && errno != EEXIST)
        status = hk_fail(error, HK_IO, "can't make %s: %s", path, strerror(errno));
    (void)snprintf(path, sizeof(path), "%s/.luacats/hikeshi.lua", folder);
    hk_editor_luacats(catalog, &text);
    if (status == HK_OK)
        status = make_unless_there(path, &text, error);
    hk_buf_done(&text);
    return status;
}

/* The catalog of --config; its document stays empty without it. Zero, or it was told. */
static int load_catalog(struct hk_cli *cli, struct hk_catalog *catalog)
{
    const char *config = hk_cli_option(cli, "config");
    struct hk_error error;

    memset(catalog, 0, sizeof(*catalog));
    if (config != NULL && hk_catalog_load(config, cli->tenant, catalog, &error) != HK_OK)
        return hk_cli_error(&error);
    return 0;
}

int hk_cli_playbook_new(struct hk_cli *cli)
{
    const char *name = cli->args[0];
    const char *folder = hk_cli_option(cli, "in");
    struct hk_catalog catalog;
    struct hk_error error;
    int exit_status;

    if (!hk_fresh_name_is_valid(name))
        return hk_cli_fail(HK_EXIT_USAGE, "a playbook's name is 1 to 63 of a-z 0-9 - _");
    folder = folder == NULL ? "." : folder;
    exit_status = load_catalog(cli, &catalog);
    if (exit_status == 0 && (make_both(name, folder, &error) != HK_OK ||
                                make_editor_files(folder, catalog.doc.root, &error) != HK_OK))
        exit_status = hk_cli_error(&error);
    hk_catalog_done(&catalog);
    return exit_status;
}

int hk_cli_playbook_luacats(struct hk_cli *cli)
{
    struct hk_catalog catalog;
    struct hk_error error;
    struct hk_buf text;
    int exit_status = load_catalog(cli, &catalog);

    hk_buf_init(&text, FILE_SIZE_MAX);
    if (exit_status == 0) {
        hk_editor_luacats(catalog.doc.root, &text);
        if (hk_buf_check(&text, "the definitions", &error) != HK_OK)
            exit_status = hk_cli_error(&error);
        else
            hk_print_lines(text.data);
    }
    hk_buf_done(&text);
    hk_catalog_done(&catalog);
    return exit_status;
}
