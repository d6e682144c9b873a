#include "feed.h"

#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Members of the new feed as the worker sees them. Those with is_kept go on with the list that the
 * feed has under `before`. */
struct item {
    struct member member;
    size_t before; /* index in the feed; SIZE_MAX: it is new */
    bool is_kept;
};

struct refresh {
    struct item *items;
    size_t count;
    struct feed known; /* sources and stamps of the feed when the refresh began; no lists */
    bool has_loaded;
};

static void member_done(struct member *member)
{
    source_done(&member->source);
    list_free(member->list);
    free(member->error);
}

void feed_add(struct feed *feed, const struct source *source, bool is_from_folder)
{
    feed->members = memory_of(feed->members, (feed->count + 1) * sizeof(*feed->members));
    feed->members[feed->count++] =
        (struct member){.source = source_copy(source), .is_from_folder = is_from_folder};
}

void feed_free(struct feed *feed)
{
    for (size_t i = 0; i < feed->count; i++)
        member_done(&feed->members[i]);
    free(feed->members);
    free(feed->folder);
    free(feed->folder_error);
    *feed = (struct feed){0};
}

struct refresh *refresh_new(const struct feed *feed)
{
    struct refresh *refresh = memory_of(NULL, sizeof(*refresh));
    *refresh = (struct refresh){.known.folder = feed->folder ? copy_of(feed->folder) : NULL,
        .known.folder_verdict = feed->folder_verdict};
    for (size_t i = 0; i < feed->count; i++) {
        const struct member *member = &feed->members[i];
        feed_add(&refresh->known, &member->source, member->is_from_folder);
        struct member *known = &refresh->known.members[i];
        known->was_tried = member->was_tried;
        known->has_stamp = member->has_stamp;
        known->stamp = member->stamp;
    }
    return refresh;
}

void refresh_free(struct refresh *refresh)
{
    for (size_t i = 0; i < refresh->count; i++)
        member_done(&refresh->items[i].member);
    free(refresh->items);
    feed_free(&refresh->known);
    free(refresh);
}

/* ---- on the worker ---- */

static void refresh_item(
    struct refresh *refresh, const struct source *source, bool is_from_folder, size_t before)
{
    refresh->items = memory_of(refresh->items, (refresh->count + 1) * sizeof(*refresh->items));
    struct item *item = &refresh->items[refresh->count++];
    struct member *member = &item->member;
    *item = (struct item){.member.source = source_copy(source),
        .member.is_from_folder = is_from_folder,
        .member.was_tried = true,
        .before = before};
    member->has_stamp = stamp_of(source->path, &member->stamp);
    if (before != SIZE_MAX) {
        const struct member *known = &refresh->known.members[before];
        item->is_kept = known->was_tried && known->has_stamp && member->has_stamp &&
                        stamp_equals(&known->stamp, &member->stamp);
        if (item->is_kept)
            return;
    }
    char why[512];
    member->list = load_file(source, why, sizeof(why));
    if (!member->list)
        member->error = copy_of(why);
    refresh->has_loaded |= member->list != NULL;
}

static int is_list_file(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    if (entry->d_name[0] == '.' || length < 5 || !text_is_utf8(entry->d_name))
        return 0;
    return strcmp(entry->d_name + length - 4, ".txt") == 0 ||
           (length > 5 && strcmp(entry->d_name + length - 5, ".json") == 0);
}

static size_t known_path(const struct feed *known, const char *path)
{
    for (size_t i = 0; i < known->count; i++)
        if (known->members[i].is_from_folder && strcmp(known->members[i].source.path, path) == 0)
            return i;
    return SIZE_MAX;
}

static void folder_failed(struct refresh *refresh, const char *why)
{
    char text[512];
    snprintf(text, sizeof(text), "%s: %s", refresh->known.folder, why);
    refresh->known.folder_error = copy_of(text);
    for (size_t i = 0; i < refresh->known.count; i++)
        if (refresh->known.members[i].is_from_folder)
            refresh_item(refresh, &refresh->known.members[i].source, true, i);
}

static void refresh_folder(struct refresh *refresh)
{
    struct dirent **names = NULL;
    const char *folder = refresh->known.folder;
    int count = scandir(folder, &names, is_list_file, alphasort);
    if (count < 0) {
        folder_failed(refresh, strerror(errno));
        return;
    }
    for (int i = 0; i < count; i++) {
        char path[4096];
        int length = snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
        struct source source = {.path = path,
            .verdict = -1,
            .verdict_of_misp = refresh->known.folder_verdict,
            .type = ENTRY_AUTO};
        bool is_schema = strcmp(names[i]->d_name, "schema.json") == 0;
        if (length > 0 && (size_t)length < sizeof(path) && !is_schema && i < FEED_FILES_MAX)
            refresh_item(refresh, &source, true, known_path(&refresh->known, path));
        free(names[i]);
    }
    free(names);
    if (count > FEED_FILES_MAX)
        refresh->known.folder_error = copy_of("the folder holds more than 4096 files");
}

void refresh_work(struct refresh *refresh)
{
    for (size_t i = 0; i < refresh->known.count; i++)
        if (!refresh->known.members[i].is_from_folder)
            refresh_item(refresh, &refresh->known.members[i].source, false, i);
    if (refresh->known.folder)
        refresh_folder(refresh);
    if (refresh->has_loaded)
        malloc_trim(0); /* what reading took is much more than what is kept */
}

/* ---- back on the plugin's thread ---- */

static bool texts_differ(const char *a, const char *b)
{
    return (a == NULL) != (b == NULL) || (a && strcmp(a, b) != 0);
}

static void log_loaded(const struct list *list, feed_log_fn *log, void *ctx)
{
    char text[512];
    if (list->skipped == 0)
        return;
    snprintf(text, sizeof(text),
        "%s: %zu of %zu patterns are not used: not in POSIX syntax, or too "
        "costly",
        list->name, list->skipped, list->entries);
    log(ctx, false, text);
}

static void take_item(
    struct feed *feed, struct item *item, int64_t now_us, feed_log_fn *log, void *ctx)
{
    struct member *now = &item->member;
    struct member *before = item->before == SIZE_MAX ? NULL : &feed->members[item->before];
    if (now->list) {
        now->loaded_us = now_us;
        log_loaded(now->list, log, ctx);
    } else if (before) {
        now->list = before->list; /* the same file, or a good list in place of a broken one */
        now->loaded_us = before->loaded_us;
        before->list = NULL;
    }
    if (item->is_kept && before) {
        now->error = before->error;
        before->error = NULL;
    } else if (now->error && (!before || texts_differ(before->error, now->error))) {
        log(ctx, true, now->error);
    }
}

void feed_take(
    struct feed *feed, struct refresh *refresh, int64_t now_us, feed_log_fn *log, void *ctx)
{
    struct member *members = memory_of(NULL, refresh->count * sizeof(*members));
    for (size_t i = 0; i < refresh->count; i++) {
        take_item(feed, &refresh->items[i], now_us, log, ctx);
        members[i] = refresh->items[i].member;
    }
    for (size_t i = 0; i < feed->count; i++)
        member_done(&feed->members[i]);
    free(feed->members);
    feed->members = members;
    feed->count = refresh->count;

    char *error = refresh->known.folder_error;
    if (error && texts_differ(feed->folder_error, error))
        log(ctx, true, error);
    free(feed->folder_error);
    feed->folder_error = error;
    refresh->known.folder_error = NULL;
    refresh->count = 0; /* the members are the feed's now */
    refresh_free(refresh);
}
