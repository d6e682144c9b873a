/*
 * feed: the files that were asked for, the lists they gave, and looking whether they changed.
 *
 * A refresh is made on the plugin's thread, works on a worker without touching the feed, and is
 * taken over on the plugin's thread. A file that can't be read leaves its earlier list in place; a
 * file that has gone from the folder takes its list along.
 */
#ifndef INTEL_FEED_H
#define INTEL_FEED_H

#include "load.h"

#define FEED_FILES_MAX 4096

struct member {
    struct source source;
    bool is_from_folder;
    bool was_tried;
    bool has_stamp;
    struct stamp stamp;
    int64_t loaded_us; /* since 1970; 0: no list yet */
    struct list *list; /* NULL when the file never could be read */
    char *error;       /* why the file as it is now can't be; NULL when it can */
};

struct feed {
    struct member *members;
    size_t count;
    char *folder; /* NULL: none */
    int folder_verdict;
    char *folder_error;
};

struct refresh;
typedef void feed_log_fn(void *ctx, bool is_error, const char *text);

void feed_add(struct feed *feed, const struct source *source, bool is_from_folder);
void feed_free(struct feed *feed);

struct refresh *refresh_new(const struct feed *feed);
void refresh_work(struct refresh *refresh);
/* Frees the refresh. */
void feed_take(
    struct feed *feed, struct refresh *refresh, int64_t now_us, feed_log_fn *log, void *ctx);
void refresh_free(struct refresh *refresh);

#endif
