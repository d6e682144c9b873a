/*
 * tail: follow one file. Read on, see that it was truncated, and write where it stands into the
 * batch.
 *
 * The print is checked after each read: what was read between a truncation and that check is thrown
 * away. A truncation that comes later has done nothing to the bytes in hand.
 */
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "source/files_internal.h"
#include "source/lines.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEAD_SIZE_MAX = 4096 };

static const char zeek_head[] = "#separator";

void hk_file_key(dev_t device, ino_t inode, char ret_key[HK_BATCH_CURSOR_KEY_SIZE])
{
    (void)snprintf(ret_key, HK_BATCH_CURSOR_KEY_SIZE, "%" PRIuMAX ":%" PRIuMAX, (uintmax_t)device,
        (uintmax_t)inode);
}

struct hk_tail *hk_tail_new(const char *path, const struct stat *info, int take_fd)
{
    struct hk_tail *tail = calloc(1, sizeof(*tail));

    if (tail != NULL)
        tail->path = hk_strdup(path);
    if (tail == NULL || tail->path == NULL) {
        free(tail);
        if (take_fd >= 0)
            (void)close(take_fd);
        return NULL;
    }
    tail->fd = take_fd;
    tail->device = info->st_dev;
    tail->inode = info->st_ino;
    tail->is_listed = true;
    tail->quiet_ms = hk_time_monotonic_ms();
    hk_mark_init(&tail->mark);
    return tail;
}

void hk_tail_free(struct hk_tail *tail)
{
    if (tail == NULL)
        return;
    if (tail->fd >= 0)
        (void)close(tail->fd);
    free(tail->path);
    free(tail->head);
    free(tail);
}

/* Put the tail's cursor into the batch; false when memory is short. */
static bool put_cursor(struct hk_batch *batch, struct hk_tail *tail)
{
    char key[HK_BATCH_CURSOR_KEY_SIZE];
    struct hk_buf value;
    bool done;

    hk_buf_init(&value, HK_CURSOR_VALUE_MAX);
    hk_mark_write(&tail->mark, tail->path, &value);
    hk_file_key(tail->device, tail->inode, key);
    done = !value.failed && hk_batch_cursor(batch, key, value.data);
    if (done && tail->old_key[0] != '\0' && strcmp(tail->old_key, key) != 0)
        done = hk_batch_cursor(batch, tail->old_key, NULL);
    hk_buf_done(&value);
    return done;
}

static void cursor_is_written(struct hk_tail *tail)
{
    tail->must_write = false;
    tail->old_key[0] = '\0';
}

/* The file was truncated: begin anew. In one transaction with that, the copy that somebody may have
 * made before is told from where on it is to be read. */
static struct hk_batch *begin_anew(struct hk_watched *watched, struct hk_tail *tail)
{
    struct hk_batch *batch = hk_batch_new(watched->source, "file");
    struct hk_mark read = tail->mark;
    struct hk_tail *copy;

    if (batch == NULL)
        return NULL;
    copy = hk_scan_for_copy(watched, tail->path, &read);
    hk_log(HK_LOG_INFO, "source %s: %s was truncated; it is read from its beginning%s%s",
        watched->source->config->name, tail->path,
        copy != NULL ? ", and its copy from there on: " : "", copy != NULL ? copy->path : "");
    hk_mark_init(&tail->mark);
    tail->has_head = false;
    if (put_cursor(batch, tail) && (copy == NULL || put_cursor(batch, copy))) {
        cursor_is_written(tail);
        if (copy != NULL)
            cursor_is_written(copy);
        return batch;
    }
    hk_batch_free(batch);
    tail->mark = read; /* it will be seen again */
    if (copy != NULL)
        copy->must_write = true;
    return NULL;
}

/* Zeek's logs begin with lines that name the columns; what is read later can't be told without. */
static void load_head(struct hk_tail *tail)
{
    char text[HEAD_SIZE_MAX + 1];
    ssize_t size;
    size_t end = 0;

    if (tail->has_head)
        return;
    size = pread(tail->fd, text, HEAD_SIZE_MAX, 0);
    if (size < (ssize_t)strlen(zeek_head))
        return;
    text[size] = '\0';
    /* As long as it may still be written, it is looked at again. */
    tail->has_head = size == HEAD_SIZE_MAX || text[0] != '#';
    free(tail->head);
    tail->head = NULL;
    if (strncmp(text, zeek_head, strlen(zeek_head)) != 0)
        return;
    while (text[end] == '#' && strchr(text + end, '\n') != NULL)
        end = (size_t)(strchr(text + end, '\n') - text) + 1;
    tail->has_head = text[end] != '\0' && text[end] != '#';
    text[end] = '\0';
    tail->head = hk_strdup(text);
}

/* Cut the chunk into lines; false when memory is short. */
static bool fill(struct hk_batch *batch, struct hk_mark *mark, const char *chunk, size_t size)
{
    struct hk_lines lines = {.line_max = HK_MESSAGE_SIZE_MAX, .is_skipping = mark->is_skipping};
    size_t at = 0;

    while (at < size && !hk_batch_is_full(batch)) {
        struct hk_line line;
        size_t used = hk_lines_next(&lines, chunk + at, size - at, &line);
        at += used;
        if (line.text == NULL)
            break;
        if (batch->head != NULL && line.text[0] == '#')
            continue;
        if (!hk_batch_add(batch, line.text, line.size, line.is_cut, NULL))
            return false;
    }
    hk_mark_advance(mark, chunk, at);
    mark->is_skipping = lines.is_skipping;
    return true;
}

bool hk_tail_has_changed(const struct hk_tail *tail, const struct stat *info)
{
    return tail->size != info->st_size || tail->changed.tv_sec != info->st_mtim.tv_sec ||
           tail->changed.tv_nsec != info->st_mtim.tv_nsec;
}

static ssize_t read_chunk(const struct hk_tail *tail, char *chunk)
{
    ssize_t size;

    do {
        size = pread(tail->fd, chunk, HK_FILE_CHUNK_SIZE, (off_t)tail->mark.offset);
    } while (size < 0 && errno == EINTR);
    return size;
}

static bool put_head(struct hk_batch *batch, const struct hk_tail *tail)
{
    batch->head = hk_strdup(tail->head);
    return batch->head != NULL || tail->head == NULL;
}

/* Make a batch of what was read. *ret_batch is NULL when it isn't worth one. False when memory is
 * short; then the mark stays where it was. */
static bool make_batch(struct hk_watched *watched, struct hk_tail *tail, const char *chunk,
    size_t size, struct hk_batch **ret_batch)
{
    struct hk_batch *batch = hk_batch_new(watched->source, "file");
    struct hk_mark before = tail->mark;
    bool done = batch != NULL && put_head(batch, tail) && fill(batch, &tail->mark, chunk, size);
    bool has_moved = tail->mark.offset != before.offset;

    *ret_batch = NULL;
    if (done && (has_moved || tail->must_write)) {
        done = put_cursor(batch, tail);
        if (done) {
            cursor_is_written(tail);
            if (has_moved)
                tail->quiet_ms = hk_time_monotonic_ms();
            *ret_batch = batch;
            return true;
        }
    }
    if (!done)
        tail->mark = before;
    hk_batch_free(batch);
    return done;
}

struct hk_batch *hk_tail_read(struct hk_watched *watched, struct hk_tail *tail, char *chunk)
{
    struct stat info;
    struct hk_batch *batch = NULL;
    enum hk_mark_fit fit;
    ssize_t size;

    if (tail->fd < 0)
        return NULL;
    if (fstat(tail->fd, &info) != 0) {
        hk_watched_problem(watched, "cannot look at %s: %s", tail->path, strerror(errno));
        return NULL;
    }
    if (tail->is_read_out && !hk_tail_has_changed(tail, &info) && !tail->must_write)
        return NULL;
    tail->is_read_out = false;
    size = info.st_size > tail->mark.offset ? read_chunk(tail, chunk) : 0;
    fit = size >= 0 ? hk_mark_fits(&tail->mark, tail->fd) : HK_MARK_UNKNOWN;
    if (fit == HK_MARK_UNKNOWN) {
        hk_watched_problem(watched, "cannot read %s: %s", tail->path, strerror(errno));
        return NULL;
    }
    if (fit == HK_MARK_DIFFERS)
        return begin_anew(watched, tail);
    load_head(tail);
    if (make_batch(watched, tail, chunk, (size_t)size, &batch) && batch == NULL) {
        tail->is_read_out = true;
        tail->size = info.st_size;
        tail->changed = info.st_mtim;
    }
    return batch;
}

bool hk_tail_is_over(const struct hk_tail *tail, int64_t now_ms)
{
    return !tail->is_listed && tail->fd >= 0 && tail->is_read_out &&
           now_ms - tail->quiet_ms >= HK_FILE_ORPHAN_MS;
}

struct hk_batch *hk_tail_end(struct hk_watched *watched, struct hk_tail *tail, char *chunk)
{
    struct hk_batch *batch = hk_batch_new(watched->source, "file");
    char key[HK_BATCH_CURSOR_KEY_SIZE];
    ssize_t size = read_chunk(tail, chunk);
    bool done = batch != NULL;

    if (done && size > 0 && size <= HK_MESSAGE_SIZE_MAX && !tail->mark.is_skipping)
        done = hk_batch_add(batch, chunk, (size_t)size, true, NULL);
    hk_file_key(tail->device, tail->inode, key);
    if (done && hk_batch_cursor(batch, key, NULL) &&
        (tail->old_key[0] == '\0' || hk_batch_cursor(batch, tail->old_key, NULL)))
        return batch;
    hk_batch_free(batch);
    return NULL;
}
