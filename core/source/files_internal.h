/*
 * files_internal: what files.c (the thread and the loop's side), scan.c (which files there are) and
 * tail.c (reading one) share. All but struct hk_files belongs to the thread.
 */
#ifndef HK_SOURCE_FILES_INTERNAL_H
#define HK_SOURCE_FILES_INTERNAL_H

#include "source/files.h"
#include "source/mark.h"

#include <sys/stat.h>

enum { HK_FILE_CHUNK_SIZE = 2 * HK_MESSAGE_SIZE_MAX };

/* A file that is followed. */
struct hk_tail {
    struct hk_tail *next;
    dev_t device;
    ino_t inode;
    char *path;      /* where it was seen last */
    int fd;          /* -1: not held */
    bool is_listed;  /* the last scan found it under its path */
    bool must_write; /* its cursor isn't in the ledger yet, or is another's */
    char old_key[HK_BATCH_CURSOR_KEY_SIZE]; /* row to drop with the next cursor; "" for none */
    struct hk_mark mark;
    bool is_read_out; /* nothing more came of it when it was like this: */
    int64_t size;
    struct timespec changed;
    char *head;       /* of a file of Zeek's: the lines that say what its columns are; else NULL */
    bool has_head;    /* head is known */
    int64_t quiet_ms; /* monotonic: since when it hasn't grown */
};

/* A cursor of an earlier run for which no file was found yet. */
struct hk_stored {
    struct hk_stored *next;
    char key[HK_BATCH_CURSOR_KEY_SIZE];
    char *path;
    struct hk_mark mark;
    bool is_gone; /* its row is to be dropped */
};

/* One source. */
struct hk_watched {
    struct hk_watched *next;
    struct hk_files *files;
    const struct hk_source *source;
    struct hk_tail *tails;
    size_t tail_count;
    struct hk_stored *stored;
    bool is_new;                      /* it was never used before; until the first scan is over */
    bool must_mark;                   /* the row that says that it was used is to be written */
    int64_t next_scan_ms;             /* monotonic */
    int64_t give_up_ms;               /* monotonic: then rows without files are dropped */
    bool has_searched;                /* the folders, for files that were renamed meanwhile */
    char problem[HK_TALLY_TEXT_SIZE]; /* of this scan; "" for none */
    /* Guarded by the lock of files: */
    unsigned tokens; /* batches that may yet be made */
    /* The loop's: */
    struct hk_queue_item *pending;
    struct hk_queue_item **pending_tail;
};

/* The row that says that a source has been used. */
#define HK_FILE_MARKER_KEY "start"

void hk_file_key(dev_t device, ino_t inode, char ret_key[HK_BATCH_CURSOR_KEY_SIZE]);
/* Note what hinders the source, for the tally. */
void hk_watched_problem(struct hk_watched *watched, const char *format, ...) HK_PRINTF(2, 3);

/* --- tail.c --- */

/* Takes the descriptor (which may be -1) in every case; NULL when memory is short. */
struct hk_tail *hk_tail_new(const char *path, const struct stat *info, int take_fd);
void hk_tail_free(struct hk_tail *tail);
/* Read on: up to one batch, NULL when there is nothing to tell. chunk has HK_FILE_CHUNK_SIZE. */
struct hk_batch *hk_tail_read(struct hk_watched *watched, struct hk_tail *tail, char *chunk);
/* Is the file another than when nothing more came of it? */
bool hk_tail_has_changed(const struct hk_tail *tail, const struct stat *info);
/* Has a file that isn't listed any more been read to its end, and quiet for so long that it is let
 * go? */
bool hk_tail_is_over(const struct hk_tail *tail, int64_t now_ms);
/* Its last batch: what stands after the last line's end, and no cursor any more. NULL when memory
 * is short. */
struct hk_batch *hk_tail_end(struct hk_watched *watched, struct hk_tail *tail, char *chunk);

/* --- scan.c --- */

/* Find the files of the pattern, and open what is new or has changed. */
void hk_scan(struct hk_watched *watched, int64_t now_ms);
/* Drop the rows that are left over, mark the source as used; NULL when there is nothing to do. */
struct hk_batch *hk_scan_batch(struct hk_watched *watched);
/* A file of the source was truncated, of which this mark was read: follow its copy from there, if
 * there is one; NULL if not. */
struct hk_tail *hk_scan_for_copy(
    struct hk_watched *watched, const char *path, const struct hk_mark *mark);

/* --- files.c --- */

/* A file more is open: if there are too many, that which was quiet for longest is closed. */
void hk_files_hold(struct hk_files *files, const struct hk_tail *tail);

#endif
