/*
 * mark: a file is known again by what was read of it, and only by that.
 */
#include "source/mark.h"

#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int file_of(const char *text, size_t size)
{
    char path[] = "/tmp/hikeshi-mark-XXXXXX";
    int fd = mkstemp(path);

    if (fd < 0 || unlink(path) != 0 || write(fd, text, size) != (ssize_t)size)
        abort();
    return fd;
}

static void fill(char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        text[i] = (char)('a' + (i * i / 7 + i) % 23);
}

/* Whatever the pieces, the print is that of the file as it stands. */
static void print_does_not_depend_on_pieces(void)
{
    char text[2000];
    int fd;

    fill(text, sizeof(text));
    fd = file_of(text, sizeof(text));
    for (size_t piece = 1; piece < 700; piece += 37) {
        struct hk_mark mark;
        hk_mark_init(&mark);
        for (size_t at = 0; at < sizeof(text); at += piece) {
            struct hk_mark read;
            CU_ASSERT_EQUAL(hk_mark_fits(&mark, fd), HK_MARK_FITS);
            CU_ASSERT_TRUE(hk_mark_set(&read, fd, (int64_t)at));
            CU_ASSERT_EQUAL(memcmp(read.print, mark.print, sizeof(mark.print)), 0);
            hk_mark_advance(
                &mark, text + at, sizeof(text) - at < piece ? sizeof(text) - at : piece);
        }
        CU_ASSERT_EQUAL(mark.offset, sizeof(text));
    }
    (void)close(fd);
}

static void another_file_does_not_fit(void)
{
    char text[1000];
    struct hk_mark mark;
    int fd;

    fill(text, sizeof(text));
    fd = file_of(text, sizeof(text));
    CU_ASSERT_TRUE(hk_mark_set(&mark, fd, 700));
    CU_ASSERT_EQUAL(hk_mark_fits(&mark, fd), HK_MARK_FITS);
    CU_ASSERT_EQUAL(pwrite(fd, "X", 1, 800), 1); /* what wasn't read yet may change */
    CU_ASSERT_EQUAL(hk_mark_fits(&mark, fd), HK_MARK_FITS);
    CU_ASSERT_EQUAL(pwrite(fd, "X", 1, 699), 1);
    CU_ASSERT_EQUAL(hk_mark_fits(&mark, fd), HK_MARK_DIFFERS);
    CU_ASSERT_EQUAL(pwrite(fd, text + 699, 1, 699), 1);
    CU_ASSERT_EQUAL(pwrite(fd, "X", 1, 0), 1);
    CU_ASSERT_EQUAL(hk_mark_fits(&mark, fd), HK_MARK_DIFFERS);
    CU_ASSERT_EQUAL(pwrite(fd, text, 1, 0), 1);
    CU_ASSERT_EQUAL(ftruncate(fd, 699), 0);
    CU_ASSERT_EQUAL(hk_mark_fits(&mark, fd), HK_MARK_DIFFERS);
    hk_mark_init(&mark);
    CU_ASSERT_EQUAL(hk_mark_fits(&mark, fd), HK_MARK_FITS);
    (void)close(fd);
}

static void content_is_compared_as_far_as_the_shorter_goes(void)
{
    char text[1000];
    int fd;
    int other;

    fill(text, sizeof(text));
    fd = file_of(text, sizeof(text));
    other = file_of(text, 600);
    CU_ASSERT_TRUE(hk_mark_same_content(fd, sizeof(text), other, 600));
    CU_ASSERT_TRUE(hk_mark_same_content(other, 600, fd, sizeof(text)));
    CU_ASSERT_FALSE(hk_mark_same_content(fd, sizeof(text), other, 0));
    CU_ASSERT_EQUAL(pwrite(other, "X", 1, 599), 1);
    CU_ASSERT_FALSE(hk_mark_same_content(fd, sizeof(text), other, 600));
    (void)close(fd);
    (void)close(other);
}

static void marks_are_written_and_read(void)
{
    static const char *const bad[] = {"", "{}", "[1]", "{\"path\":\"/a\",\"offset\":1}",
        "{\"path\":\"/a\",\"offset\":-1,\"print\":\"%s\"}",
        "{\"path\":\"/a\",\"offset\":1,\"print\":\"zz\"}",
        "{\"offset\":1,\"print\":"
        "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}"};
    struct hk_mark mark;
    struct hk_mark again;
    struct hk_buf out;
    struct hk_error error;
    char *path = NULL;

    hk_mark_init(&mark);
    hk_mark_advance(&mark, "hello\n", 6);
    mark.is_skipping = true;
    hk_buf_init(&out, HK_CURSOR_VALUE_MAX);
    hk_mark_write(&mark, "/var/log/\"eve\".json", &out);
    CU_ASSERT_EQUAL(hk_mark_read(out.data, &again, &path, &error), HK_OK);
    CU_ASSERT_EQUAL(again.offset, 6);
    CU_ASSERT_TRUE(again.is_skipping);
    CU_ASSERT_EQUAL(memcmp(again.print, mark.print, sizeof(mark.print)), 0);
    CU_ASSERT_STRING_EQUAL(path, "/var/log/\"eve\".json");
    free(path);
    hk_buf_done(&out);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        CU_ASSERT_NOT_EQUAL(hk_mark_read(bad[i], &again, &path, &error), HK_OK);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"a print does not depend on pieces", print_does_not_depend_on_pieces},
        {"another file does not fit", another_file_does_not_fit},
        {"content is compared as far as the shorter goes",
            content_is_compared_as_far_as_the_shorter_goes},
        {"marks are written and read", marks_are_written_and_read},
    };

    return suite_run("source mark", tests, COUNT_OF(tests));
}
