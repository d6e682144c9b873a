/*
 * buf, arena, status: ceilings hold, failure is sticky, error texts are safe and whole.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"

#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

static void appends_add_up(void)
{
    struct hk_buf buf;

    hk_buf_init(&buf, 1000);
    hk_buf_append(&buf, NULL, 0);
    hk_buf_append(&buf, "ab", 2);
    hk_buf_append_text(&buf, "cd");
    hk_buf_append_char(&buf, 'e');
    hk_buf_appendf(&buf, "%d-%s", 42, "x");
    CU_ASSERT_STRING_EQUAL(buf.data, "abcde42-x");
    CU_ASSERT_EQUAL(buf.size, 9);
    hk_buf_drop_front(&buf, 5);
    CU_ASSERT_STRING_EQUAL(buf.data, "42-x");
    hk_buf_drop_front(&buf, 4);
    CU_ASSERT_EQUAL(buf.size, 0);
    hk_buf_drop_front(&buf, 0);
    for (int i = 0; i < 1000; i++)
        hk_buf_append_char(&buf, (char)('a' + i % 26));
    CU_ASSERT_EQUAL(buf.size, 1000);
    CU_ASSERT_EQUAL(hk_buf_check(&buf, "test", NULL), HK_OK);
    CU_ASSERT_EQUAL(buf.data[999], 'a' + 999 % 26);
    hk_buf_done(&buf);
    hk_buf_done(&buf);
}

static void ceiling_holds_and_failure_is_sticky(void)
{
    struct hk_buf buf;
    struct hk_error error;

    hk_buf_init(&buf, 5);
    hk_buf_append_text(&buf, "12345");
    CU_ASSERT_FALSE(buf.failed);
    hk_buf_append(&buf, "", 0);
    CU_ASSERT_FALSE(buf.failed);
    hk_buf_append_char(&buf, '6');
    CU_ASSERT_TRUE(buf.failed);
    CU_ASSERT_EQUAL(hk_buf_check(&buf, "response", &error), HK_LIMIT);
    CU_ASSERT_STRING_EQUAL(error.text, "response: larger than 5 bytes");
    hk_buf_drop_front(&buf, 3);
    hk_buf_append_char(&buf, '7');
    CU_ASSERT_STRING_EQUAL(buf.data, "45");
    CU_ASSERT_PTR_NULL(hk_buf_take(&buf, NULL));
    CU_ASSERT_EQUAL(buf.size, 0);
    hk_buf_append(&buf, "123456", 6);
    CU_ASSERT_TRUE(buf.failed);
    hk_buf_clear(&buf);
    hk_buf_appendf(&buf, "%s", "123456");
    CU_ASSERT_TRUE(buf.failed);
    hk_buf_clear(&buf);
    hk_buf_appendf(&buf, "%s", "54321");
    CU_ASSERT_STRING_EQUAL(buf.data, "54321");
    hk_buf_done(&buf);

    hk_buf_init(&buf, SIZE_MAX);
    hk_buf_append_char(&buf, 'x');
    hk_buf_append(&buf, "x", SIZE_MAX);
    CU_ASSERT_TRUE(buf.failed);
    hk_buf_done(&buf);
}

static void taken_bytes_belong_to_the_caller(void)
{
    struct hk_buf buf;
    size_t size = 7;
    char *data;

    hk_buf_init(&buf, 100);
    data = hk_buf_take(&buf, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(data);
    CU_ASSERT_STRING_EQUAL(data, "");
    CU_ASSERT_EQUAL(size, 0);
    free(data);
    hk_buf_append_text(&buf, "hello");
    data = hk_buf_take(&buf, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(data);
    CU_ASSERT_STRING_EQUAL(data, "hello");
    CU_ASSERT_EQUAL(size, 5);
    free(data);
    CU_ASSERT_PTR_NULL(buf.data);
    hk_buf_append_text(&buf, "again");
    CU_ASSERT_STRING_EQUAL(buf.data, "again");
    hk_buf_done(&buf);
}

static void arena_blocks_are_zeroed_aligned_and_apart(void)
{
    struct hk_arena arena;
    unsigned char *blocks[200];

    hk_arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        size_t size = i * 13 % 3000;
        blocks[i] = hk_arena_alloc(&arena, size);
        CU_ASSERT_PTR_NOT_NULL_FATAL(blocks[i]);
        CU_ASSERT_EQUAL((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        for (size_t b = 0; b < size; b++)
            if (blocks[i][b] != 0)
                CU_FAIL("memory is not zeroed");
        memset(blocks[i], (int)i, size);
    }
    for (size_t i = 0; i < COUNT_OF(blocks); i++)
        for (size_t b = 0; b < i * 13 % 3000; b++)
            if (blocks[i][b] != (unsigned char)i)
                CU_FAIL("blocks overlap");
    CU_ASSERT_STRING_EQUAL(hk_arena_copy(&arena, "abc", 2), "ab");
    CU_ASSERT_STRING_EQUAL(hk_arena_copy(&arena, NULL, 0), "");
    CU_ASSERT_TRUE(arena.used <= arena.size_max);
    hk_arena_done(&arena);
    CU_ASSERT_EQUAL(arena.used, 0);
}

static void arena_ceiling_holds(void)
{
    struct hk_arena arena;
    int count = 0;

    hk_arena_init(&arena, 10000);
    CU_ASSERT_PTR_NULL(hk_arena_alloc(&arena, 10001));
    CU_ASSERT_PTR_NULL(hk_arena_alloc(&arena, SIZE_MAX));
    CU_ASSERT_PTR_NULL(hk_arena_copy(&arena, "", SIZE_MAX));
    while (hk_arena_alloc(&arena, 100) != NULL)
        count++;
    CU_ASSERT_TRUE(count > 80 && count < 100);
    CU_ASSERT_TRUE(arena.used <= 10000);
    hk_arena_done(&arena);
    CU_ASSERT_PTR_NOT_NULL(hk_arena_alloc(&arena, 5000));
    hk_arena_done(&arena);
    hk_arena_init(&arena, 0);
    CU_ASSERT_PTR_NULL(hk_arena_alloc(&arena, 1));
}

static void error_texts_are_safe_and_whole(void)
{
    struct hk_error error;
    char text[700];

    CU_ASSERT_EQUAL(hk_fail(NULL, HK_BUSY, "x"), HK_BUSY);
    CU_ASSERT_EQUAL(hk_error_prefix(NULL, "x"), HK_INTERNAL);
    CU_ASSERT_EQUAL(hk_fail(&error, HK_IO, "a\x1b[2J\n\x7f\xc2\x9b%s", "\xc3\xa9"), HK_IO);
    CU_ASSERT_STRING_EQUAL(error.text, "a?[2J??"
                                       "??\xc3\xa9");
    CU_ASSERT_EQUAL(hk_error_prefix(&error, "file %d", 7), HK_IO);
    CU_ASSERT_STRING_EQUAL(error.text, "file 7: a?[2J????\xc3\xa9");
    CU_ASSERT_EQUAL(hk_fail(&error, HK_INVALID, "again %s", error.text), HK_INVALID);
    CU_ASSERT_STRING_EQUAL(error.text, "again file 7: a?[2J????\xc3\xa9");

    for (size_t lead = 0; lead < 4; lead++) {
        memset(text, 'x', lead);
        for (size_t at = lead; at + 4 < sizeof(text); at += 4)
            memcpy(text + at, "\xf0\x9f\x94\xa5", 5);
        (void)hk_fail(&error, HK_LIMIT, "%s", text);
        CU_ASSERT_TRUE(hk_utf8_is_valid(error.text, strlen(error.text)));
        CU_ASSERT_TRUE(strlen(error.text) > 315);
        CU_ASSERT_EQUAL(hk_error_prefix(&error, "%s", "far"), HK_LIMIT);
        CU_ASSERT_TRUE(hk_utf8_is_valid(error.text, strlen(error.text)));
        CU_ASSERT_EQUAL(strncmp(error.text, "far: ", 5), 0);
    }
    CU_ASSERT_STRING_EQUAL(hk_status_text(HK_OK), "ok");
    CU_ASSERT_STRING_EQUAL(hk_status_text(HK_INTERNAL), "internal error");
    CU_ASSERT_STRING_EQUAL(hk_status_text((enum hk_status)99), "unknown status");
}

static void formats_fit_at_every_size(void)
{
    static char long_text[300];

    memset(long_text, 'x', sizeof long_text);
    for (int used = 0; used <= 140; used++) {
        for (int size = 0; size <= 140; size++) {
            struct hk_buf buf;
            hk_buf_init(&buf, 140);
            hk_buf_append(&buf, long_text, (size_t)used);
            hk_buf_appendf(&buf, "%.*s", size, long_text);
            CU_ASSERT_EQUAL(buf.failed, used + size > 140);
            CU_ASSERT_EQUAL(buf.size, (size_t)(used + size > 140 ? used : used + size));
            CU_ASSERT_EQUAL(buf.data == NULL ? 0 : strlen(buf.data), buf.size);
            hk_buf_done(&buf);
        }
    }
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"appends add up", appends_add_up},
        {"formats fit at every size", formats_fit_at_every_size},
        {"ceiling holds and failure is sticky", ceiling_holds_and_failure_is_sticky},
        {"taken bytes belong to the caller", taken_bytes_belong_to_the_caller},
        {"arena blocks are zeroed, aligned and apart", arena_blocks_are_zeroed_aligned_and_apart},
        {"arena ceiling holds", arena_ceiling_holds},
        {"error texts are safe and whole", error_texts_are_safe_and_whole},
    };
    return suite_run("buf", tests, COUNT_OF(tests));
}
