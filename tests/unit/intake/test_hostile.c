/*
 * Messages made to take long: each is as large as a message may be, and is read in a time that its
 * size explains. They are read on the loop's thread, where everybody waits meanwhile.
 */
#include "base/buf.h"
#include "base/digest.h"
#include "intake/products.h"
#include "limits.h"
#include "products.h"

#include <time.h>

/* In an ordinary build the slowest takes 30 ms; a quadratic one takes seconds. */
#define CPU_MS_MAX 1000

static struct hk_products *builtin;

static long cpu_ms(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* head, the unit again and again, tail. */
static void make(struct hk_buf *out, const char *head, struct hk_bytes unit, const char *tail)
{
    hk_buf_clear(out);
    hk_buf_append_text(out, head);
    while (out->size + unit.size + strlen(tail) <= HK_MESSAGE_SIZE_MAX)
        hk_buf_append(out, unit.data, unit.size);
    hk_buf_append_text(out, tail);
}

static void expect_quick(
    const struct hk_products *products, const struct hk_buf *message, const char *what)
{
    long begun = cpu_ms();
    struct mapped mapped = map_bytes(products, message->data, message->size, NULL);
    long took = cpu_ms() - begun;

    if (mapped.status != HK_OK)
        (void)printf("\n  %s: %s", what, mapped.error.text);
    CU_ASSERT_EQUAL(mapped.status, HK_OK);
    if (took > CPU_MS_MAX) {
        (void)printf("\n  %s: %ld ms", what, took);
        CU_FAIL("a message takes long");
    }
    mapped_done(&mapped);
}

static void test_bytes_again_and_again(void)
{
    static const char *const heads[] = {"a", "<34>1 2026-11-22T00:00:00Z h a - - [x ",
        "<34>Nov 22 00:00:00 h a: ", "CEF:0|a|b|c|d|e|5|", "LEEF:2.0|a|b|c|d|^|", "<Event>",
        "{\"message\":\"", "<?xml version=\"1.0\"?><!DOCTYPE a [", "%ASA-4-106100: "};
    static const struct hk_bytes units[] = {{"\0", 1}, {"a\0", 2}, {"\x80", 1}, {"\xc3", 1},
        {"\\\"", 2}, {"a=\"", 3}, {"a='b ", 5}, {"a=b,", 4}, {"a:b;", 4}, {"|", 1}, {"\\|", 2},
        {"<a>", 3}, {"<a b='", 6}, {"&amp", 4}, {"&#x41;", 6}, {"<!ENTITY a \"&a;\">", 17},
        {"cs1Label=a ", 11}, {"from 192.0.2.1 ", 15}, {"{", 1}, {"[", 1}, {"[a b=\"c\\\"", 9},
        {"T1059.001,", 10}, {"1.1.", 4}, {"::", 2}, {"\t", 1}, {",\"", 2}};
    static const char *const tails[] = {"", "</Event>", "\"}"};
    struct hk_buf message;

    hk_buf_init(&message, HK_MESSAGE_SIZE_MAX + 64);
    for (size_t h = 0; h < sizeof(heads) / sizeof(heads[0]); h++) {
        for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
            const char *tail = tails[(h + u) % (sizeof(tails) / sizeof(tails[0]))];
            make(&message, heads[h], units[u], tail);
            expect_quick(builtin, &message, heads[h]);
        }
    }
    make(&message, "x", units[0], "x");
    expect_quick(builtin, &message, "NULs");
    hk_buf_done(&message);
}

/* Whoever writes mappings can't stop the engine with one either. */
static void test_a_mapping_made_to_take_long(void)
{
    static const char run[] =
        "*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab?*";
    struct hk_products *products;
    struct hk_buf mapping;
    struct hk_buf message;

    hk_buf_init(&mapping, HK_MAPPING_SIZE_MAX);
    hk_buf_append_text(&mapping,
        "{\"form\":\"slow\",\"product\":\"p\",\"match\":{\"kind\":\"slow\"},\"fields\":{\"title\":"
        "\"=t\",\"message\":{\"from\":\"text\",\"map\":{");
    for (int i = 0; i < 500; i++)
        hk_buf_appendf(&mapping, "%s\"%s%d*\":\"x\"", i > 0 ? "," : "", run, i);
    hk_buf_append_text(&mapping, "}}}}");
    products = own_products(builtin, mapping.data);
    hk_buf_init(&message, HK_MESSAGE_SIZE_MAX + 64);
    make(&message, "{\"kind\":\"slow\",\"text\":\"", (struct hk_bytes){"a", 1}, "\"}");
    expect_quick(products, &message, "globs");
    hk_buf_done(&message);
    hk_buf_done(&mapping);
    hk_products_free(products);
}

int main(void)
{
    static const CU_TestInfo tests[] = {{"bytes again and again", test_bytes_again_and_again},
        {"a mapping made to take long", test_a_mapping_made_to_take_long}, CU_TEST_INFO_NULL};
    int status;

    builtin = builtin_products();
    status = run_tests("hostile", tests);
    hk_products_free(builtin);
    return status;
}
