/*
 * file: what others may read is no secret, and what stands is not replaced.
 */
#include "base/file.h"

#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/hikeshi-test-file-XXXXXX";
static char path[64];

static void a_private_file_is_made_once(void)
{
    struct hk_error error;
    struct stat info;
    struct hk_buf out;

    CU_ASSERT_EQUAL_FATAL(hk_file_make_private(path, "first", 5, &error), HK_OK);
    CU_ASSERT_EQUAL_FATAL(stat(path, &info), 0);
    CU_ASSERT_EQUAL(info.st_mode & 07777, 0600);
    CU_ASSERT_EQUAL(hk_file_make_private(path, "second", 6, &error), HK_CONFLICT);
    hk_buf_init(&out, 100);
    CU_ASSERT_EQUAL(hk_file_read(path, 50, HK_FILE_PRIVATE, &out, &error), HK_OK);
    CU_ASSERT_STRING_EQUAL(out.data, "first");
    hk_buf_done(&out);
    CU_ASSERT_EQUAL(hk_file_make_private("nowhere", "x", 1, &error), HK_INVALID);
}

static void what_others_may_read_is_refused(void)
{
    static const mode_t bad[] = {0604, 0640, 0620, 0602};
    struct hk_error error;
    struct hk_buf out;

    hk_buf_init(&out, 100);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        CU_ASSERT_EQUAL_FATAL(chmod(path, bad[i]), 0);
        CU_ASSERT_EQUAL(hk_file_read(path, 50, HK_FILE_PRIVATE, &out, &error), HK_DENIED);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, path));
        CU_ASSERT_EQUAL(out.size, 0);
        CU_ASSERT_EQUAL(hk_file_read(path, 50, HK_FILE_ANY, &out, &error), HK_OK);
        hk_buf_clear(&out);
    }
    CU_ASSERT_EQUAL_FATAL(chmod(path, 0400), 0);
    CU_ASSERT_EQUAL(hk_file_read(path, 50, HK_FILE_PRIVATE, &out, &error), HK_OK);
    hk_buf_done(&out);
}

static void what_is_no_small_file_is_refused(void)
{
    char fifo[80];
    struct hk_error error;
    struct hk_buf out;

    hk_buf_init(&out, 100);
    CU_ASSERT_EQUAL(hk_file_read(path, 4, HK_FILE_ANY, &out, &error), HK_LIMIT);
    CU_ASSERT_EQUAL(hk_file_read(folder, 4, HK_FILE_ANY, &out, &error), HK_IO);
    (void)snprintf(fifo, sizeof(fifo), "%s/fifo", folder);
    CU_ASSERT_EQUAL_FATAL(mkfifo(fifo, 0600), 0);
    CU_ASSERT_EQUAL(hk_file_read(fifo, 4, HK_FILE_ANY, &out, &error), HK_IO);
    (void)unlink(fifo);
    CU_ASSERT_EQUAL(hk_file_read(fifo, 4, HK_FILE_ANY, &out, &error), HK_NOT_FOUND);
    hk_buf_done(&out);
}

/* That its name is synced can't be seen from here: the power cuts of tests/torture look at that. */
static void a_folder_is_made_once(void)
{
    char inner[80];
    char beyond[96];
    struct hk_error error;
    struct stat info;

    (void)snprintf(inner, sizeof(inner), "%s/inner/", folder);
    (void)snprintf(beyond, sizeof(beyond), "%s/nowhere/inner", folder);
    CU_ASSERT_EQUAL_FATAL(hk_file_make_folder(inner, &error), HK_OK);
    CU_ASSERT_EQUAL(hk_file_make_folder(inner, &error), HK_OK);
    CU_ASSERT_EQUAL_FATAL(stat(inner, &info), 0);
    CU_ASSERT_EQUAL(info.st_mode & 07777, 0700);
    CU_ASSERT_EQUAL(hk_file_make_folder(beyond, &error), HK_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, beyond));
    (void)rmdir(inner);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"a private file is made once", a_private_file_is_made_once},
        {"what others may read is refused", what_others_may_read_is_refused},
        {"what is no small file is refused", what_is_no_small_file_is_refused},
        {"a folder is made once", a_folder_is_made_once},
    };
    int failures;

    if (mkdtemp(folder) == NULL)
        return 1;
    (void)snprintf(path, sizeof(path), "%s/file", folder);
    failures = suite_run("file", tests, COUNT_OF(tests));
    (void)unlink(path);
    (void)rmdir(folder);
    return failures;
}
