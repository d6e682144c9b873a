/*
 * search_part: see search_part.h.
 */
#include "ledger/search_part.h"

#include "base/log.h"
#include "limits.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum hk_status hk_search_part_folder(const char *data_dir, const struct hk_search_part *part,
    char ret_folder[PATH_MAX], struct hk_error *error)
{
    if (snprintf(ret_folder, PATH_MAX, "%s/" HK_SHARD_FOLDER "/%s", data_dir, part->name) >=
        PATH_MAX)
        return hk_fail(error, HK_INVALID, "search: path is too long");
    return HK_OK;
}

/* Where a number is, or would be. */
static size_t place_of(const struct hk_search_part *part, uint64_t number)
{
    size_t low = 0;
    size_t high = part->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (part->shards[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

enum hk_status hk_search_part_put(
    struct hk_search_part *part, const struct hk_shard *shard, struct hk_error *error)
{
    size_t at = place_of(part, shard->number);
    struct hk_shard *shards;

    if (at < part->count && part->shards[at].number == shard->number) {
        part->shards[at] = *shard;
        return HK_OK;
    }
    shards = realloc(part->shards, (part->count + 1) * sizeof(*shards));
    if (shards == NULL)
        return hk_fail(error, HK_NOMEM, "search: out of memory");
    part->shards = shards;
    memmove(shards + at + 1, shards + at, (part->count - at) * sizeof(*shards));
    shards[at] = *shard;
    part->count++;
    return HK_OK;
}

void hk_search_part_drop(struct hk_search_part *part, const char *file)
{
    for (size_t i = 0; i < part->count; i++) {
        if (strcmp(part->shards[i].file, file) != 0)
            continue;
        memmove(part->shards + i, part->shards + i + 1,
            (part->count - i - 1) * sizeof(part->shards[0]));
        part->count--;
        return;
    }
}

const struct hk_shard *hk_search_part_find(const struct hk_search_part *part, uint64_t number)
{
    size_t at = place_of(part, number);

    return at < part->count && part->shards[at].number == number ? &part->shards[at] : NULL;
}

uint64_t hk_search_part_behind(const struct hk_search_part *part)
{
    uint64_t there = 0;

    for (size_t i = 0; i < part->count; i++)
        there += part->shards[i].end - part->shards[i].number * HK_SEARCH_SHARD_ENTRIES;
    return part->size > there ? part->size - there : 0;
}

bool hk_search_part_wants(const struct hk_search_part *part, uint64_t *ret_number)
{
    uint64_t count = (part->size + HK_SEARCH_SHARD_ENTRIES - 1) / HK_SEARCH_SHARD_ENTRIES;
    size_t at = part->count;

    for (uint64_t number = count; number > 0; number--) {
        uint64_t end = number * HK_SEARCH_SHARD_ENTRIES;
        const struct hk_shard *shard;

        while (at > 0 && part->shards[at - 1].number >= number)
            at--;
        shard = at > 0 && part->shards[at - 1].number == number - 1 ? &part->shards[at - 1] : NULL;
        if (end > part->size)
            end = part->size;
        if (shard != NULL && shard->end >= end &&
            (shard->is_full || end % HK_SEARCH_SHARD_ENTRIES != 0))
            continue;
        *ret_number = number - 1;
        return true;
    }
    return false;
}

/* "X-wal", "X-shm": goes with X, and by itself where a crash took X alone. */
static enum hk_status load_companion(const char *folder, const char *file, struct hk_error *error)
{
    char path[PATH_MAX];
    char whose[HK_SHARD_FILE_SIZE];

    (void)snprintf(whose, sizeof(whose), "%.*s", (int)(strlen(file) - strlen("-wal")), file);
    if (snprintf(path, sizeof(path), "%s/%s", folder, whose) >= (int)sizeof(path))
        return hk_fail(error, HK_INVALID, "search: path is too long");
    return access(path, F_OK) == 0 ? HK_OK : hk_shard_remove(folder, whose, error);
}

/* One file that was found. HK_OK also when it was taken away. */
static enum hk_status load_file(struct hk_search_part *part, const char *folder, const char *file,
    sqlite3 *db, bool is_tool, struct hk_error *error)
{
    bool may_be_good = hk_shard_name_ends(file, ".db") || hk_shard_name_ends(file, ".kept");
    struct hk_shard shard;
    bool is_sound = false;
    struct hk_error why;
    enum hk_status status;

    if (may_be_good && hk_shard_learn(folder, file, &shard, &why) == HK_OK &&
        hk_search_part_find(part, shard.number) == NULL) {
        if (hk_shard_is_sound(db, part->tenant, folder, &shard, &is_sound, &why) != HK_OK)
            is_sound = false;
    }
    if (!is_sound)
        return hk_shard_remove(folder, file, error);
    if (!shard.is_full && !is_tool) {
        status = hk_shard_take_back(folder, &shard, error);
        if (status != HK_OK)
            return status;
    }
    return hk_search_part_put(part, &shard, error);
}

enum hk_status hk_search_part_load(struct hk_search_part *part, const char *folder, sqlite3 *db,
    bool is_tool, struct hk_error *error)
{
    DIR *names = opendir(folder);
    const struct dirent *name;
    enum hk_status status = HK_OK;

    if (names == NULL)
        return errno == ENOENT
                   ? HK_OK
                   : hk_fail(error, HK_IO, "search: can't read a folder: %s", strerror(errno));
    while (status == HK_OK && (name = readdir(names)) != NULL) {
        const char *file = name->d_name;

        if (strcmp(file, ".") == 0 || strcmp(file, "..") == 0)
            continue;
        if (hk_shard_name_ends(file, "-wal") || hk_shard_name_ends(file, "-shm"))
            status = load_companion(folder, file, error);
        else
            status = load_file(part, folder, file, db, is_tool, error);
    }
    (void)closedir(names);
    if (status == HK_OK)
        status = hk_shard_sync_folder(folder, error);
    return status;
}

/* Take away a folder of files. */
static void remove_folder(const char *path)
{
    DIR *names = opendir(path);
    const struct dirent *name;
    char file[PATH_MAX];

    while (names != NULL && (name = readdir(names)) != NULL) {
        if (strcmp(name->d_name, ".") == 0 || strcmp(name->d_name, "..") == 0)
            continue;
        if (snprintf(file, sizeof(file), "%s/%s", path, name->d_name) < (int)sizeof(file))
            (void)unlink(file);
    }
    if (names != NULL)
        (void)closedir(names);
    (void)rmdir(path);
}

enum hk_status hk_search_parts_remove(const char *data_dir, struct hk_error *error)
{
    char path[PATH_MAX];
    char folder[PATH_MAX];
    const struct dirent *name;
    DIR *names;

    if (snprintf(path, sizeof(path), "%s/" HK_SHARD_FOLDER, data_dir) >= (int)sizeof(path))
        return hk_fail(error, HK_INVALID, "search: path is too long");
    names = opendir(path);
    while (names != NULL && (name = readdir(names)) != NULL) {
        if (strcmp(name->d_name, ".") != 0 && strcmp(name->d_name, "..") != 0 &&
            snprintf(folder, sizeof(folder), "%s/%s", path, name->d_name) < (int)sizeof(folder))
            remove_folder(folder);
    }
    if (names != NULL)
        (void)closedir(names);
    if (rmdir(path) != 0 && access(path, F_OK) == 0)
        return hk_fail(error, HK_IO, "search is off, and %s can't be taken away", path);
    return HK_OK;
}
