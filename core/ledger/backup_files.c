#include "ledger/backup_files.h"

#include "base/file.h"
#include "base/id.h"
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

/* Few, so that the simplest way will do. */
static void sort(struct hk_backup_files *files)
{
    struct hk_backup_file *left = files->first;

    files->first = NULL;
    while (left != NULL) {
        struct hk_backup_file *file = left;
        struct hk_backup_file **at = &files->first;

        left = file->next;
        while (*at != NULL && strcmp((*at)->name, file->name) < 0)
            at = &(*at)->next;
        file->next = *at;
        *at = file;
    }
}

enum hk_status hk_backup_files_read_tenant(const char *data_dir, const char *tenant,
    struct hk_backup_files *ret_files, struct hk_error *error)
{
    char folder[HK_ID_SIZE + sizeof("plugins/")];
    enum hk_status status;

    (void)snprintf(folder, sizeof(folder), "plugins/%s", tenant);
    status = take_folder(ret_files, data_dir, folder, 0, error);
    if (status == HK_OK)
        sort(ret_files);
    return status;
}

enum hk_status hk_backup_files_add(struct hk_backup_files *files, const char *name,
    const void *content, size_t size, struct hk_error *error)
{
    struct hk_backup_file *file;

    if (files->last != NULL && strcmp(files->last->name, name) >= 0)
        return hk_fail(error, HK_CORRUPT, "the files are not in their order: %.100s", name);
    file = calloc(1, sizeof(*file));
    if (file == NULL || (file->name = strdup(name)) == NULL ||
        (file->content = malloc(size + 1)) == NULL) {
        free(file != NULL ? file->name : NULL);
        free(file);
        return hk_fail(error, HK_NOMEM, "no memory for %.100s", name);
    }
    memcpy(file->content, content, size);
    file->content[size] = '\0';
    file->size = size;
    if (files->last == NULL)
        files->first = file;
    else
        files->last->next = file;
    files->last = file;
    files->size += size;
    return HK_OK;
}

void hk_backup_files_digest(const struct hk_backup_files *files, uint8_t ret_digest[HK_SHA256_SIZE])
{
    uint8_t content[HK_SHA256_SIZE];

    hk_sha256(NULL, 0, ret_digest);
    for (const struct hk_backup_file *file = files->first; file != NULL; file = file->next) {
        const struct hk_bytes parts[] = {{ret_digest, HK_SHA256_SIZE},
            {file->name, strlen(file->name) + 1}, {content, sizeof(content)}};

        hk_sha256_one(file->content != NULL ? file->content : "", file->size, content);
        hk_sha256(parts, 3, ret_digest);
    }
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

static const struct hk_backup_file *find(const struct hk_backup_files *files, const char *name)
{
    for (const struct hk_backup_file *file = files->first; file != NULL; file = file->next)
        if (strcmp(file->name, name) == 0)
            return file;
    return NULL;
}

static enum hk_status place(
    const struct hk_backup_file *file, const char *data_dir, struct hk_error *error)
{
    char path[PATH_MAX];
    enum hk_status status;

    if (snprintf(path, sizeof(path), "%s/%s", data_dir, file->name) >= (int)sizeof(path))
        return hk_fail(error, HK_INVALID, "%.100s: the path is too long", file->name);
    status = make_folders(path, strlen(data_dir) + 1, error);
    return status == HK_OK ? hk_file_make_private(path, file->content, file->size, error) : status;
}

enum hk_status hk_backup_files_place(const struct hk_backup_files *files, const char *data_dir,
    const char *tenant, struct hk_error *error)
{
    struct hk_backup_files there = {.first = NULL};
    enum hk_status status = hk_backup_files_read_tenant(data_dir, tenant, &there, error);

    for (const struct hk_backup_file *old = there.first; old != NULL && status == HK_OK;
         old = old->next) {
        const struct hk_backup_file *file = find(files, old->name);

        if (file == NULL || file->size != old->size ||
            memcmp(file->content, old->content, file->size) != 0)
            status = hk_fail(error, HK_CONFLICT,
                "%s/%.200s is there already, and is not what the tenant brings", data_dir,
                old->name);
    }
    for (const struct hk_backup_file *file = files->first; file != NULL && status == HK_OK;
         file = file->next)
        if (!is_good_name(file->name, strlen(file->name)))
            status = hk_fail(
                error, HK_INVALID, "it names a file outside of its places: %.100s", file->name);
    for (const struct hk_backup_file *file = files->first; file != NULL && status == HK_OK;
         file = file->next)
        if (find(&there, file->name) == NULL)
            status = place(file, data_dir, error);
    hk_backup_files_done(&there);
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
