/*
 * mark: see mark.h.
 */
#include "source/mark.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* How many of the first offset bytes stand in head, and in tail. */
static size_t print_size(int64_t offset)
{
    return offset < HK_FILE_PRINT_SIZE ? (size_t)offset : HK_FILE_PRINT_SIZE;
}

static void make_print(struct hk_mark *mark)
{
    const struct hk_bytes parts[] = {
        {mark->head, print_size(mark->offset)}, {mark->tail, print_size(mark->offset)}};

    hk_sha256(parts, 2, mark->print);
}

void hk_mark_init(struct hk_mark *mark)
{
    memset(mark, 0, sizeof(*mark));
    make_print(mark);
}

void hk_mark_advance(struct hk_mark *mark, const char *data, size_t size)
{
    size_t head_size = print_size(mark->offset);
    size_t head_more =
        HK_FILE_PRINT_SIZE - head_size < size ? HK_FILE_PRINT_SIZE - head_size : size;
    size_t tail_size = print_size(mark->offset);
    size_t kept;

    memcpy(mark->head + head_size, data, head_more);
    if (size >= HK_FILE_PRINT_SIZE) {
        memcpy(mark->tail, data + size - HK_FILE_PRINT_SIZE, HK_FILE_PRINT_SIZE);
    } else {
        kept = HK_FILE_PRINT_SIZE - size < tail_size ? HK_FILE_PRINT_SIZE - size : tail_size;
        memmove(mark->tail, mark->tail + tail_size - kept, kept);
        memcpy(mark->tail + kept, data, size);
    }
    mark->offset += (int64_t)size;
    make_print(mark);
}

/* 1: all of it; 0: the file ends before; -1: errno. */
static int read_at(int fd, void *data, size_t size, int64_t offset)
{
    size_t done = 0;

    while (done < size) {
        ssize_t count = pread(fd, (char *)data + done, size - done, (off_t)offset + (off_t)done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return (int)count;
        done += (size_t)count;
    }
    return 1;
}

static int read_print(int fd, int64_t offset, struct hk_mark *ret_mark)
{
    size_t size = print_size(offset);
    int result = read_at(fd, ret_mark->head, size, 0);

    if (result == 1)
        result = read_at(fd, ret_mark->tail, size, offset - (int64_t)size);
    ret_mark->offset = offset;
    make_print(ret_mark);
    return result;
}

enum hk_mark_fit hk_mark_fits(struct hk_mark *mark, int fd)
{
    struct hk_mark found = {0};
    int result = read_print(fd, mark->offset, &found);

    if (result < 0)
        return HK_MARK_UNKNOWN;
    if (result == 0 || memcmp(found.print, mark->print, sizeof(found.print)) != 0)
        return HK_MARK_DIFFERS;
    memcpy(mark->head, found.head, sizeof(found.head));
    memcpy(mark->tail, found.tail, sizeof(found.tail));
    return HK_MARK_FITS;
}

bool hk_mark_set(struct hk_mark *mark, int fd, int64_t offset)
{
    hk_mark_init(mark);
    return read_print(fd, offset, mark) == 1;
}

bool hk_mark_same_content(int fd, int64_t size, int other_fd, int64_t other_size)
{
    int64_t common = size < other_size ? size : other_size;
    struct hk_mark one = {0};
    struct hk_mark other = {0};

    return common > 0 && read_print(fd, common, &one) == 1 &&
           read_print(other_fd, common, &other) == 1 &&
           memcmp(one.print, other.print, sizeof(one.print)) == 0;
}

void hk_mark_write(const struct hk_mark *mark, const char *path, struct hk_buf *out)
{
    char print[HK_SHA256_HEX_SIZE];
    struct hk_jw jw;

    hk_hex(mark->print, sizeof(mark->print), print);
    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "path", path);
    hk_jw_kv_i64(&jw, "offset", mark->offset);
    hk_jw_kv(&jw, "print", print);
    if (mark->is_skipping)
        hk_jw_kv_bool(&jw, "skipping", true);
    hk_jw_object_end(&jw);
}

enum hk_status hk_mark_read(
    const char *value, struct hk_mark *ret_mark, char **ret_path, struct hk_error *error)
{
    struct hk_json_doc doc = {.root = NULL};
    struct hk_mark mark = {0};
    const char *print;
    const char *path;
    char *copy = NULL;
    enum hk_status status = hk_json_parse(value, strlen(value), &hk_json_limits_own, &doc, error);

    if (status != HK_OK)
        goto out;
    path = hk_json_string_at(doc.root, "path", NULL);
    print = hk_json_string_at(doc.root, "print", "");
    mark.offset = hk_json_i64_at(doc.root, "offset", -1);
    mark.is_skipping = hk_json_bool_at(doc.root, "skipping", false);
    if (path == NULL || mark.offset < 0 || !hk_sha256_hex_is_valid(print) ||
        hk_hex_decode(print, mark.print, sizeof(mark.print)) != HK_OK) {
        status = hk_fail(error, HK_INVALID, "this is no mark of a file");
        goto out;
    }
    copy = hk_strdup(path);
    if (copy == NULL) {
        status = hk_fail(error, HK_NOMEM, "no memory for a mark");
        goto out;
    }
    *ret_mark = mark;
    *ret_path = copy;
out:
    hk_json_doc_done(&doc);
    return status;
}
