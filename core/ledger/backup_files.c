#include "ledger/backup_files.h"

#include "base/file.h"
#include "ledger/store.h"
#include "limits.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 8 };

struct hk_backup_file {
    struct hk_backup_file *next;
    char *name; /* from the data folder: "key/ledger.pem" */
    char *content;
    size_t size;
};

/* --- reading --- */

static enum hk_status take_file(
    struct hk_backup_files *files, const char *path, const char *name, struct hk_error *error)
{
    struct hk_backup_file *file;
    struct hk_buf content;
    enum hk_status status;

    hk_buf_init(&content, HK_BACKUP_FILES_SIZE_MAX + 4096);
    status =
        hk_file_read(path, HK_BACKUP_FILES_SIZE_MAX - files->size, HK_FILE_ANY, &content, error);
    file = status == HK_OK ? calloc(1, sizeof(*file)) : NULL;
    if (file == NULL) {
        hk_buf_done(&content);
        return status != HK_OK ? status : hk_fail(error, HK_NOMEM, "no memory for %s", name);
    }
    file->name = strdup(name);
    file->content = hk_buf_take(&content, &file->size);
    hk_buf_done(&content);
    file->next = files->first;
    files->first = file;
    files->size += file->size;
    return file->name != NULL ? HK_OK : hk_fail(error, HK_NOMEM, "no memory for %s", name);
}

static enum hk_status take_folder(struct hk_backup_files *files, const char *data_dir,
    const char *name, unsigned depth, struct hk_error *error);

/* Links, sockets and the like are nothing that a plugin keeps. A file that is gone by now was
 * replaced by another, which comes in its turn or not at all. */
static enum hk_status take(struct hk_backup_files *files, const char *data_dir, const char *name,
    unsigned depth, struct hk_error *error)
{
    char path[PATH_MAX];
    struct stat info;
    enum hk_status status = HK_OK;

    if (snprintf(path, sizeof(path), "%s/%s", data_dir, name) >= (int)sizeof(path))
        return hk_fail(error, HK_INVALID, "%s: the path is too long", name);
    if (lstat(path, &info) != 0)
        return errno == ENOENT
                   ? HK_OK
                   : hk_fail(error, HK_IO, "cannot look at %s: %s", path, strerror(errno));
    if (S_ISDIR(info.st_mode))
        return take_folder(files, data_dir, name, depth + 1, error);
    if (S_ISREG(info.st_mode))
        status = take_file(files, path, name, error);
    return status == HK_NOT_FOUND ? HK_OK : status;
}

static enum hk_status take_folder(struct hk_backup_files *files, const char *data_dir,
    const char *name, unsigned depth, struct hk_error *error)
{
    char path[PATH_MAX];
    const struct dirent *entry;
    enum hk_status status = HK_OK;
    DIR *folder;

    if (depth > DEPTH_MAX)
        return hk_fail(error, HK_LIMIT, "%s: folders are nested too deep", name);
    if (snprintf(path, sizeof(path), "%s/%s", data_dir, name) >= (int)sizeof(path))
        return hk_fail(error, HK_INVALID, "%s: the path is too long", name);
    folder = opendir(path);
    if (folder == NULL)
        return errno == ENOENT ? HK_OK
                               : hk_fail(error, HK_IO, "cannot read %s: %s", path, strerror(errno));
    while (status == HK_OK && (entry = readdir(folder)) != NULL) {
        char inner[PATH_MAX];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (snprintf(inner, sizeof(inner), "%s/%s", name, entry->d_name) >= (int)sizeof(inner))
            status = hk_fail(error, HK_INVALID, "%s: the path is too long", name);
        else
            status = take(files, data_dir, inner, depth, error);
    }
    (void)closedir(folder);
    return status;
}

enum hk_status hk_backup_files_read(
    const char *data_dir, bool with_key, struct hk_backup_files *ret_files, struct hk_error *error)
{
    enum hk_status status = take_folder(ret_files, data_dir, "plugins", 0, error);

    if (status == HK_OK && with_key)
        status = take_folder(ret_files, data_dir, "key", 0, error);
    return status;
}

enum hk_status hk_backup_files_look_at_key(
    const char *data_dir, uint8_t ret_digest[HK_SHA256_SIZE], struct hk_error *error)
{
    static const char *const names[] = {"ledger.pem", "ledger.next.pem"};
    char path[PATH_MAX];
    struct hk_buf content;
    enum hk_status status = HK_OK;

    hk_buf_init(&content, HK_BACKUP_FILES_SIZE_MAX + 4096);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && status == HK_OK; i++) {
        if (snprintf(path, sizeof(path), "%s/key/%s", data_dir, names[i]) >= (int)sizeof(path))
            status = hk_fail(error, HK_INVALID, "%s: the path is too long", names[i]);
        else
            status = hk_file_read(path, HK_BACKUP_FILES_SIZE_MAX, HK_FILE_ANY, &content, error);
        if (status == HK_NOT_FOUND)
            status = HK_OK;
        hk_buf_append(&content, "", 1); /* between the two */
    }
    if (status == HK_OK)
        status = hk_buf_check(&content, "key", error);
    if (status == HK_OK)
        hk_sha256_one(content.data, content.size, ret_digest);
    if (content.data != NULL)
        explicit_bzero(content.data, content.size);
    hk_buf_done(&content);
    return status;
}

void hk_backup_files_done(struct hk_backup_files *files)
{
    while (files->first != NULL) {
        struct hk_backup_file *file = files->first;
        files->first = file->next;
        if (file->content != NULL)
            explicit_bzero(file->content, file->size);
        free(file->content);
        free(file->name);
        free(file);
    }
    files->size = 0;
}

enum hk_status hk_backup_files_store(
    const struct hk_backup_files *files, sqlite3 *to, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row;
    enum hk_status status = hk_store_exec(to,
        "CREATE TABLE backup_file(name TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID",
        error);

    if (status == HK_OK)
        status = hk_stmt_prepare(to, "INSERT INTO backup_file VALUES(?1, ?2)", &stmt, error);
    for (const struct hk_backup_file *file = files->first; file != NULL && status == HK_OK;
         file = file->next) {
        status = hk_stmt_bind(stmt, error, "tb", file->name,
            (const void *)(file->content != NULL ? file->content : ""), file->size);
        if (status == HK_OK)
            status = hk_stmt_step(stmt, &has_row, error);
        hk_stmt_reset(stmt);
    }
    hk_stmt_free(stmt);
    return status;
}

/* --- writing --- */

/* "key/…" or "plugins/…", no part of it empty, "." or "..". */
static bool is_good_name(const char *name, size_t size)
{
    const char *at = name;

    if (strlen(name) != size ||
        (strncmp(name, "key/", 4) != 0 && strncmp(name, "plugins/", 8) != 0))
        return false;
    while (true) {
        size_t part = strcspn(at, "/");
        if (part == 0 || (part == 1 && at[0] == '.') || (part == 2 && strncmp(at, "..", 2) == 0))
            return false;
        if (at[part] == '\0')
            return true;
        at += part + 1;
    }
}

/* Make each folder on the way to the file. */
static enum hk_status make_folders(char *path, size_t from, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    for (char *slash = strchr(path + from, '/'); slash != NULL && status == HK_OK;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        status = hk_file_make_folder(path, error);
        *slash = '/';
    }
    return status;
}

static enum hk_status extract(sqlite3_stmt *stmt, const char *data_dir, struct hk_error *error)
{
    const char *name = hk_stmt_text(stmt, 0);
    char path[PATH_MAX];
    enum hk_status status;

    if (!is_good_name(name, hk_stmt_size(stmt, 0)))
        return hk_fail(
            error, HK_INVALID, "the backup names a file outside of its places: %.100s", name);
    if (snprintf(path, sizeof(path), "%s/%s", data_dir, name) >= (int)sizeof(path))
        return hk_fail(error, HK_INVALID, "%s: the path is too long", name);
    status = make_folders(path, strlen(data_dir) + 1, error);
    if (status != HK_OK)
        return status;
    return hk_file_make_private(path, hk_stmt_blob(stmt, 1), hk_stmt_size(stmt, 1), error);
}

enum hk_status hk_backup_files_extract(sqlite3 *from, const char *data_dir, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status =
        hk_stmt_prepare(from, "SELECT name, content FROM backup_file ORDER BY name", &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    while (status == HK_OK && has_row) {
        status = extract(stmt, data_dir, error);
        if (status == HK_OK)
            status = hk_stmt_step(stmt, &has_row, error);
    }
    hk_stmt_free(stmt);
    return status;
}

/* Folders that the name leads through, from the innermost: those that are empty by now. */
static void remove_folders(char *path, size_t from)
{
    char *slash;

    while ((slash = strrchr(path, '/')) != NULL && (size_t)(slash - path) > from) {
        *slash = '\0';
        if (rmdir(path) != 0)
            return;
    }
}

void hk_backup_files_remove(sqlite3 *from, const char *data_dir)
{
    sqlite3_stmt *stmt = NULL;
    struct hk_error error;
    char path[PATH_MAX];
    bool has_row = false;

    if (hk_stmt_prepare(from, "SELECT name FROM backup_file", &stmt, &error) != HK_OK)
        return;
    while (hk_stmt_step(stmt, &has_row, &error) == HK_OK && has_row) {
        const char *name = hk_stmt_text(stmt, 0);
        if (!is_good_name(name, hk_stmt_size(stmt, 0)) ||
            snprintf(path, sizeof(path), "%s/%s", data_dir, name) >= (int)sizeof(path))
            continue;
        (void)unlink(path);
        remove_folders(path, strlen(data_dir));
    }
    hk_stmt_free(stmt);
}

enum hk_status hk_backup_folder_is_empty(const char *data_dir, struct hk_error *error)
{
    DIR *folder = opendir(data_dir);
    const struct dirent *entry;
    bool is_empty = true;
    bool is_half = false;

    if (folder == NULL)
        return errno == ENOENT
                   ? HK_OK
                   : hk_fail(error, HK_IO, "cannot read %s: %s", data_dir, strerror(errno));
    while ((entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            strcmp(entry->d_name, "engine.lock") != 0)
            is_empty = false;
        if (strcmp(entry->d_name, HK_STORE_PARTIAL) == 0)
            is_half = true;
    }
    (void)closedir(folder);
    if (is_half)
        return hk_fail(error, HK_CONFLICT,
            "a restoration into %s was cut off: remove that folder, and restore again", data_dir);
    if (!is_empty)
        return hk_fail(error, HK_CONFLICT,
            "%s is not empty: a backup is restored into a folder of its own", data_dir);
    return HK_OK;
}
