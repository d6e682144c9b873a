/*
 * scan: which files there are, and which of them are known. A file is known by device and inode
 * while the engine runs; a cursor of an earlier run also by its path and its print, since device
 * numbers change and files are restored and moved.
 */
#include "base/text.h"
#include "base/time.h"
#include "source/files_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINKS_MAX = 8 }; /* one after the other */

/* What rotation leaves compressed was read before. */
static bool is_compressed(const char *path)
{
    static const char *const endings[] = {
        ".gz", ".xz", ".zst", ".bz2", ".lz4", ".lzma", ".zip", ".Z"};
    size_t size = strlen(path);

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        size_t length = strlen(endings[i]);
        if (size > length && strcmp(path + size - length, endings[i]) == 0)
            return true;
    }
    return false;
}

/* Is this what rotation calls a copy of path: eve.json.1, eve.json-20261122, eve-20261122.json? */
static bool is_called_like_copy(const char *path, const char *copy)
{
    const char *name = strrchr(path, '/') + 1;
    const char *dot = strrchr(name, '.');
    size_t stem = dot != NULL && dot > name ? (size_t)(dot - path) : strlen(path);

    return strncmp(path, copy, stem) == 0 && strchr(copy + stem, '/') == NULL &&
           copy[stem] != '\0' && strchr(".-_", copy[stem]) != NULL && strcmp(path, copy) != 0;
}

/* The path that the link at path leads to, in its place. */
static bool read_link(char path[PATH_MAX])
{
    char target[PATH_MAX];
    char whole[PATH_MAX];
    ssize_t size = readlink(path, target, sizeof(target) - 1);
    int folder_size = (int)(strrchr(path, '/') - path);
    int length;

    if (size <= 0)
        return false;
    target[size] = '\0';
    if (target[0] == '/')
        length = snprintf(whole, sizeof(whole), "%s", target);
    else
        length = snprintf(whole, sizeof(whole), "%.*s/%s", folder_size, path, target);
    return length < (int)sizeof(whole) && hk_copy_text(path, PATH_MAX, whole);
}

/* Whoever may write into a folder that is watched could lead us with a link to what only we may
 * read, or to another tenant's log. So a link counts when root made it, or our own user, or the
 * owner of the file. Asked when the file is open: at the end there must be that very file. Gives
 * 0, ELOOP, or ENOENT: it was another one meanwhile. */
static int check_links(const char *path, const struct stat *file)
{
    char at[PATH_MAX];
    struct stat info;

    if (!hk_copy_text(at, sizeof(at), path))
        return ENAMETOOLONG;
    for (int links = 0; links < LINKS_MAX; links++) {
        if (lstat(at, &info) != 0)
            return ENOENT;
        if (!S_ISLNK(info.st_mode))
            return info.st_dev == file->st_dev && info.st_ino == file->st_ino ? 0 : ENOENT;
        if (info.st_uid != 0 && info.st_uid != geteuid() && info.st_uid != file->st_uid)
            return ELOOP;
        if (!read_link(at))
            return ENOENT;
    }
    return ELOOP;
}

/* Open for reading; -1: errno, EISDIR for whatever is no regular file, ELOOP for a link that is not
 * to be followed. A FIFO doesn't block. */
static int open_file(const char *path, struct stat *ret_info)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    int problem;

    if (fd < 0)
        return -1;
    problem = fstat(fd, ret_info) == 0 && S_ISREG(ret_info->st_mode) ? check_links(path, ret_info)
                                                                     : EISDIR;
    if (problem == 0)
        return fd;
    (void)close(fd);
    errno = problem;
    return -1;
}

static struct hk_tail *find_tail(const struct hk_watched *watched, const struct stat *info)
{
    struct hk_tail *tail = watched->tails;

    while (tail != NULL && (tail->device != info->st_dev || tail->inode != info->st_ino))
        tail = tail->next;
    return tail;
}

/* Follow a file from the mark on (NULL: from its beginning). Takes the descriptor. */
static struct hk_tail *follow(struct hk_watched *watched, const char *path, const struct stat *info,
    int take_fd, const struct hk_mark *mark)
{
    struct hk_tail *tail = hk_tail_new(path, info, take_fd);

    if (tail == NULL)
        return NULL;
    if (mark != NULL)
        tail->mark = *mark;
    tail->next = watched->tails;
    watched->tails = tail;
    watched->tail_count++;
    hk_files_hold(watched->files, tail);
    return tail;
}

/* --- cursors of earlier runs --- */

static void forget_stored(struct hk_watched *watched, struct hk_stored *stored)
{
    struct hk_stored **at = &watched->stored;

    while (*at != stored)
        at = &(*at)->next;
    *at = stored->next;
    free(stored->path);
    free(stored);
}

static struct hk_stored *find_key(const struct hk_watched *watched, const struct stat *info)
{
    char key[HK_BATCH_CURSOR_KEY_SIZE];
    struct hk_stored *stored = watched->stored;

    hk_file_key(info->st_dev, info->st_ino, key);
    while (stored != NULL && (stored->is_gone || strcmp(stored->key, key) != 0))
        stored = stored->next;
    return stored;
}

/* A cursor whose own file isn't there, and of which this file holds the content. */
static struct hk_stored *find_content(const struct hk_watched *watched, const char *path, int fd)
{
    struct hk_stored *stored = watched->stored;

    for (; stored != NULL; stored = stored->next) {
        if (!stored->is_gone && stored->mark.offset > 0 &&
            (strcmp(stored->path, path) == 0 || is_called_like_copy(stored->path, path)) &&
            hk_mark_fits(&stored->mark, fd) == HK_MARK_FITS)
            break;
    }
    return stored;
}

/* Follow the file from where the cursor stands. */
static struct hk_tail *follow_stored(struct hk_watched *watched, const char *path,
    const struct stat *info, int take_fd, struct hk_stored *stored)
{
    struct hk_tail *tail = follow(watched, path, info, take_fd, &stored->mark);
    char key[HK_BATCH_CURSOR_KEY_SIZE];

    if (tail == NULL)
        return NULL;
    hk_file_key(info->st_dev, info->st_ino, key);
    if (strcmp(key, stored->key) != 0) {
        memcpy(tail->old_key, stored->key, sizeof(tail->old_key));
        tail->must_write = true;
    }
    forget_stored(watched, stored);
    return tail;
}

/* A renamed file that the pattern doesn't match any more is found by its inode. */
static void search_folder(struct hk_watched *watched, struct hk_stored *stored)
{
    const char *slash = strrchr(stored->path, '/');
    char path[PATH_MAX];
    char key[HK_BATCH_CURSOR_KEY_SIZE];
    struct hk_tail *tail;
    struct stat info;
    struct dirent *entry;
    DIR *folder;
    int fd;

    (void)snprintf(path, sizeof(path), "%.*s/", (int)(slash - stored->path), stored->path);
    folder = opendir(path);
    if (folder == NULL)
        return;
    while ((entry = readdir(folder)) != NULL) { /* NOLINT(concurrency-mt-unsafe) */
        const char *inode = strchr(stored->key, ':') + 1;
        char text[24];
        (void)snprintf(text, sizeof(text), "%ju", (uintmax_t)entry->d_ino);
        if (strcmp(text, inode) != 0 ||
            snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - stored->path), stored->path,
                entry->d_name) >= (int)sizeof(path))
            continue;
        fd = open_file(path, &info);
        if (fd < 0)
            continue;
        hk_file_key(info.st_dev, info.st_ino, key);
        if (strcmp(key, stored->key) != 0 || hk_mark_fits(&stored->mark, fd) != HK_MARK_FITS) {
            (void)close(fd);
            continue;
        }
        tail = follow_stored(watched, path, &info, fd, stored);
        if (tail != NULL)
            tail->is_listed = false;
        break;
    }
    (void)closedir(folder);
}

/* Once, when the pattern's own files have taken theirs. */
static void search_folders(struct hk_watched *watched)
{
    struct hk_stored *next;

    for (struct hk_stored *stored = watched->stored; stored != NULL; stored = next) {
        next = stored->next;
        if (!stored->is_gone)
            search_folder(watched, stored);
    }
}

struct hk_batch *hk_scan_batch(struct hk_watched *watched)
{
    struct hk_batch *batch;
    struct hk_stored *next;
    bool has_gone = false;
    bool must_mark = watched->must_mark;

    for (struct hk_stored *stored = watched->stored; stored != NULL; stored = stored->next)
        has_gone = has_gone || stored->is_gone;
    /* The mark comes last: without it, what has no cursor yet is taken as it was found. */
    for (struct hk_tail *tail = watched->tails; tail != NULL; tail = tail->next)
        must_mark = must_mark && !tail->must_write;
    if (!has_gone && !must_mark)
        return NULL;
    batch = hk_batch_new(watched->source, "file");
    if (batch == NULL)
        return NULL;
    if (must_mark)
        watched->must_mark = !hk_batch_cursor(batch, HK_FILE_MARKER_KEY, "{}");
    for (struct hk_stored *stored = watched->stored; stored != NULL; stored = next) {
        next = stored->next;
        if (stored->is_gone && batch->cursor_count < HK_BATCH_CURSORS_MAX &&
            hk_batch_cursor(batch, stored->key, NULL))
            forget_stored(watched, stored);
    }
    return batch;
}

/* --- copies --- */

/* Is the file a copy of one that is followed, so that it is no news as long as that one isn't
 * truncated? Also while that can't be told: a truncation that was not yet noticed leaves the copy
 * to hk_scan_for_copy. The order of the two looks matters. */
static bool is_copy(const struct hk_watched *watched, const char *path, int fd, int64_t size)
{
    bool is_one = false;

    for (struct hk_tail *tail = watched->tails; tail != NULL && !is_one; tail = tail->next) {
        struct hk_mark mark = tail->mark;
        struct stat info;
        int original = tail->fd;
        if (!is_called_like_copy(tail->path, path))
            continue;
        if (original < 0)
            original = open_file(tail->path, &info);
        if (original < 0)
            continue;
        is_one = (fstat(original, &info) == 0 &&
                     hk_mark_same_content(fd, size, original, info.st_size)) ||
                 hk_mark_fits(&mark, original) != HK_MARK_FITS;
        if (original != tail->fd)
            (void)close(original);
    }
    return is_one;
}

struct hk_tail *hk_scan_for_copy(
    struct hk_watched *watched, const char *path, const struct hk_mark *mark)
{
    const char *pattern = watched->source->config->file.path;
    size_t folder_size = (size_t)(strrchr(path, '/') - path);
    char copy[PATH_MAX];
    struct hk_tail *tail = NULL;
    struct stat info;
    struct dirent *entry;
    DIR *folder;

    (void)snprintf(copy, sizeof(copy), "%.*s/", (int)folder_size, path);
    folder = mark->offset > 0 ? opendir(copy) : NULL;
    while (folder != NULL && tail == NULL &&
           (entry = readdir(folder)) != NULL) { /* NOLINT(concurrency-mt-unsafe) */
        struct hk_mark read = *mark;
        int fd;
        if (snprintf(copy, sizeof(copy), "%.*s/%s", (int)folder_size, path, entry->d_name) >=
                (int)sizeof(copy) ||
            !is_called_like_copy(path, copy) || is_compressed(copy))
            continue;
        /* What the pattern leaves out is taken for a copy only when its print says a lot. */
        if (mark->offset < HK_FILE_PRINT_SIZE && fnmatch(pattern, copy, FNM_PATHNAME) != 0)
            continue;
        fd = open_file(copy, &info);
        if (fd < 0)
            continue;
        if (find_tail(watched, &info) == NULL && find_key(watched, &info) == NULL &&
            hk_mark_fits(&read, fd) == HK_MARK_FITS) {
            tail = follow(watched, copy, &info, fd, &read);
            if (tail != NULL)
                tail->must_write = true;
        } else {
            (void)close(fd);
        }
    }
    if (folder != NULL)
        (void)closedir(folder);
    return tail;
}

/* --- the scan --- */

static void see_again(struct hk_watched *watched, struct hk_tail *tail, const char *path)
{
    struct stat info;
    int fd;

    tail->is_listed = true;
    if (strcmp(tail->path, path) != 0) {
        char *copy = hk_strdup(path);
        if (copy != NULL) {
            free(tail->path);
            tail->path = copy;
        }
    }
    if (tail->fd >= 0 || stat(path, &info) != 0 || !hk_tail_has_changed(tail, &info))
        return;
    fd = open_file(path, &info);
    if (fd < 0 || info.st_dev != tail->device || info.st_ino != tail->inode) {
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    tail->fd = fd;
    hk_files_hold(watched->files, tail);
}

/* Where to begin with a file that nobody knows. False when it can't be read. */
static bool place_new(
    const struct hk_watched *watched, int fd, const struct stat *info, struct hk_mark *ret_mark)
{
    char last = '\n';
    bool at_end = watched->is_new && watched->source->config->file.start == HK_FILE_START_END;

    hk_mark_init(ret_mark);
    if (!at_end)
        return true;
    if (!hk_mark_set(ret_mark, fd, info->st_size) || pread(fd, &last, 1, info->st_size - 1) != 1)
        return false;
    ret_mark->is_skipping = last != '\n';
    return true;
}

/* A file that isn't followed yet, and has no cursor under its own key. */
static void see_new(struct hk_watched *watched, const char *path)
{
    struct stat info;
    struct hk_stored *stored;
    struct hk_tail *tail;
    struct hk_mark mark;
    int fd = open_file(path, &info);

    if (fd < 0) {
        if (errno == ELOOP)
            hk_watched_problem(
                watched, "%s is a link that neither root nor the owner of the file made", path);
        else if (errno != ENOENT && errno != EISDIR)
            hk_watched_problem(watched, "cannot open %s: %s", path, strerror(errno));
        return;
    }
    if (find_tail(watched, &info) != NULL || info.st_size == 0)
        goto leave;
    if (watched->tail_count >= HK_FILES_MAX) {
        hk_watched_problem(watched, "more than %d files match %s", HK_FILES_MAX,
            watched->source->config->file.path);
        goto leave;
    }
    stored = find_content(watched, path, fd);
    if (stored != NULL) {
        (void)follow_stored(watched, path, &info, fd, stored);
        return;
    }
    if (is_copy(watched, path, fd, info.st_size) || !place_new(watched, fd, &info, &mark))
        goto leave;
    tail = follow(watched, path, &info, fd, &mark);
    if (tail != NULL)
        tail->must_write = mark.offset > 0;
    return;
leave:
    (void)close(fd);
}

/* A file that is followed, or has a cursor of its own. False when it is neither. */
static bool see_known(struct hk_watched *watched, const char *path)
{
    struct stat info;
    struct hk_stored *stored;
    struct hk_tail *tail;
    int fd;

    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return true; /* gone, or nothing for us */
    tail = find_tail(watched, &info);
    if (tail != NULL) {
        see_again(watched, tail, path);
        return true;
    }
    stored = find_key(watched, &info);
    if (stored == NULL)
        return false;
    fd = open_file(path, &info);
    if (fd < 0 || find_key(watched, &info) != stored) {
        if (fd >= 0)
            (void)close(fd);
        return false;
    }
    (void)follow_stored(watched, path, &info, fd, stored);
    return true;
}

static void see_all(struct hk_watched *watched, const glob_t *found)
{
    bool *is_known = calloc(found->gl_pathc + 1, sizeof(*is_known));

    if (is_known == NULL)
        return;
    /* All that have a cursor first: a copy is one only beside its original. */
    for (size_t i = 0; i < found->gl_pathc; i++)
        is_known[i] = is_compressed(found->gl_pathv[i]) || see_known(watched, found->gl_pathv[i]);
    for (size_t i = 0; i < found->gl_pathc; i++)
        if (!is_known[i])
            see_new(watched, found->gl_pathv[i]);
    free(is_known);
}

/* Files that went while they weren't open keep their cursors for a while, as after a restart. */
static void keep_closed(struct hk_watched *watched)
{
    struct hk_tail **at = &watched->tails;

    while (*at != NULL) {
        struct hk_tail *tail = *at;
        struct hk_stored *stored;
        if (tail->is_listed || tail->fd >= 0 || (stored = calloc(1, sizeof(*stored))) == NULL) {
            at = &tail->next;
            continue;
        }
        hk_file_key(tail->device, tail->inode, stored->key);
        stored->path = tail->path;
        stored->mark = tail->mark;
        stored->next = watched->stored;
        watched->stored = stored;
        tail->path = NULL;
        *at = tail->next;
        watched->tail_count--;
        hk_tail_free(tail);
    }
}

void hk_scan(struct hk_watched *watched, int64_t now_ms)
{
    const char *pattern = watched->source->config->file.path;
    glob_t found = {0};
    int result;

    watched->problem[0] = '\0';
    for (struct hk_tail *tail = watched->tails; tail != NULL; tail = tail->next)
        tail->is_listed = false;
    result = glob(pattern, GLOB_NOSORT, NULL, &found);
    if (result == 0)
        see_all(watched, &found);
    else if (result == GLOB_NOMATCH)
        hk_watched_problem(watched, "there is no file %s", pattern);
    else
        hk_watched_problem(watched, "cannot look for %s", pattern);
    globfree(&found);
    keep_closed(watched);
    if (!watched->has_searched)
        search_folders(watched);
    watched->has_searched = true;
    watched->must_mark = watched->must_mark || watched->is_new;
    watched->is_new = false;
    if (now_ms >= watched->give_up_ms)
        for (struct hk_stored *stored = watched->stored; stored != NULL; stored = stored->next)
            stored->is_gone = true;
    watched->next_scan_ms = now_ms + HK_FILE_SCAN_MS;
}
