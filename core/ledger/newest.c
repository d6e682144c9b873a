/*
 * newest: the newest checkpoint in a file of them; see newest.h.
 */
#include "ledger/newest.h"

#include "base/text.h"
#include "ledger/audit.h"
#include "ledger/note.h"
#include "limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DASH "\xe2\x80\x94 "

/* The end of the file; of a pipe, all of it that fits. */
static enum hk_status read_tail(const char *path, struct hk_buf *tail, struct hk_error *error)
{
    char piece[4096];
    struct stat info;
    ssize_t size = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return hk_fail(error, errno == ENOENT ? HK_NOT_FOUND : HK_IO, "cannot open %s: %s", path,
            strerror(errno));
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > HK_CHECKPOINTS_TAIL_SIZE)
        (void)lseek(fd, info.st_size - HK_CHECKPOINTS_TAIL_SIZE, SEEK_SET);
    while (!tail->failed && (size = read(fd, piece, sizeof(piece))) > 0)
        hk_buf_append(tail, piece, (size_t)size);
    if (size < 0 && !tail->failed)
        (void)hk_fail(error, HK_IO, "cannot read %s: %s", path, strerror(errno));
    (void)close(fd);
    if (size < 0 && !tail->failed)
        return HK_IO;
    return hk_buf_check(tail, path, error);
}

/* Behind the line that begins at at; NULL when it does not end. */
static const char *skip_line(const char *at, const char *end)
{
    const char *newline = at != NULL && at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;

    return newline != NULL ? newline + 1 : NULL;
}

/* Behind the note that begins at at: three lines, an empty one, signatures. NULL: it is cut. */
static const char *skip_note(const char *at, const char *end)
{
    for (int i = 0; i < 4; i++)
        at = skip_line(at, end);
    if (at == NULL)
        return NULL;
    while ((size_t)(end - at) >= strlen(DASH) && memcmp(at, DASH, strlen(DASH)) == 0) {
        const char *next = skip_line(at, end);
        if (next == NULL) /* a later signature is cut: the note counts without it, or not at all */
            return at;
        at = next;
    }
    return at;
}

struct search {
    char origin[HK_NOTE_ORIGIN_SIZE]; /* "": none yet */
    hk_newest_fn *fn;
    void *ctx;
    const char *found;
    size_t found_size;
};

/* Does a note that is wanted begin here? Then where it ends. */
static const char *look_at(struct search *search, const char *at, const char *end)
{
    const char *after = skip_note(at, end);
    struct hk_note note;

    if (after == NULL || (size_t)(after - at) > HK_NOTE_SIZE_MAX ||
        hk_note_parse(at, (size_t)(after - at), &note, NULL) != HK_OK)
        return NULL;
    if (search->origin[0] == '\0')
        memcpy(search->origin, note.origin, sizeof(search->origin));
    if (strcmp(note.origin, search->origin) == 0 &&
        (search->fn == NULL || search->fn(search->ctx, at, (size_t)(after - at)))) {
        search->found = at;
        search->found_size = (size_t)(after - at);
    }
    return after;
}

bool hk_newest_find(const char *text, size_t size, const char *origin, hk_newest_fn *fn, void *ctx,
    const char **ret_note, size_t *ret_size)
{
    struct search search = {.fn = fn, .ctx = ctx};
    const char *end = text + size;

    if (origin != NULL)
        (void)hk_copy_text(search.origin, sizeof(search.origin), origin);
    for (const char *at = text; at != NULL && at < end;) {
        const char *after = look_at(&search, at, end);
        at = after != NULL ? after : skip_line(at, end);
    }
    *ret_note = search.found;
    *ret_size = search.found_size;
    return search.found != NULL;
}

enum hk_status hk_newest_read(const char *path, const char *origin, hk_newest_fn *fn, void *ctx,
    struct hk_buf *out, struct hk_error *error)
{
    struct hk_buf tail;
    const char *note = NULL;
    size_t size = 0;
    enum hk_status status;

    hk_buf_init(&tail, 2 * HK_CHECKPOINTS_TAIL_SIZE);
    status = read_tail(path, &tail, error);
    if (status == HK_OK &&
        (tail.size == 0 || !hk_newest_find(tail.data, tail.size, origin, fn, ctx, &note, &size)))
        status = hk_fail(error, HK_NOT_FOUND, "there is no checkpoint in %s", path);
    if (status == HK_OK) {
        hk_buf_append(out, note, size);
        status = hk_buf_check(out, "checkpoint", error);
    }
    hk_buf_done(&tail);
    return status;
}

enum hk_status hk_audit_read_checkpoint(
    const char *path, struct hk_buf *out, struct hk_error *error)
{
    return hk_newest_read(path, NULL, NULL, NULL, out, error);
}
