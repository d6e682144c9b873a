/*
 * The line: first in, first out, whatever is put and taken in between.
 */
#include "engine/line.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static void name_of(unsigned number, char ret_run[HK_ID_SIZE])
{
    snprintf(ret_run, HK_ID_SIZE, "ru-%u", number);
}

static void put(struct hk_line *line, unsigned number)
{
    char run[HK_ID_SIZE];
    name_of(number, run);
    hk_line_put(line, (hk_tenant)(number % 3 + 1), run);
}

static void take(struct hk_line *line, unsigned number)
{
    char want[HK_ID_SIZE];
    char run[HK_ID_SIZE] = "";
    hk_tenant tenant = 0;
    name_of(number, want);
    CU_ASSERT_TRUE_FATAL(hk_line_take(line, &tenant, run));
    CU_ASSERT_STRING_EQUAL(run, want);
    CU_ASSERT_EQUAL(tenant, (hk_tenant)(number % 3 + 1));
}

static void take_none(struct hk_line *line)
{
    char run[HK_ID_SIZE] = "untouched";
    hk_tenant tenant = 77;
    CU_ASSERT_FALSE(hk_line_take(line, &tenant, run));
    CU_ASSERT_STRING_EQUAL(run, "untouched");
    CU_ASSERT_EQUAL(tenant, 77);
    CU_ASSERT_EQUAL(hk_line_count(line), 0);
}

static void test_empty(void)
{
    struct hk_line *line = hk_line_new();
    take_none(line);
    hk_line_free(line);
    hk_line_free(NULL);
}

static void test_order(void)
{
    struct hk_line *line = hk_line_new();
    for (unsigned i = 0; i < 1000; i++) {
        put(line, i);
        CU_ASSERT_EQUAL(hk_line_count(line), i + 1);
    }
    for (unsigned i = 0; i < 1000; i++)
        take(line, i);
    take_none(line);
    put(line, 5); /* and it can be used again */
    take(line, 5);
    take_none(line);
    hk_line_free(line);
}

/* Bursts that grow while the ring's beginning is in its middle. */
static void test_bursts(void)
{
    struct hk_line *line = hk_line_new();
    unsigned in = 0;
    unsigned out = 0;
    for (unsigned burst = 1; burst < 400; burst += 7) {
        for (unsigned i = 0; i < burst; i++)
            put(line, in++);
        for (unsigned i = 0; i < burst * 3 / 4; i++)
            take(line, out++);
        CU_ASSERT_EQUAL(hk_line_count(line), in - out);
    }
    while (out < in)
        take(line, out++);
    take_none(line);
    hk_line_free(line);
}

static void test_free_with_some_in_it(void)
{
    struct hk_line *line = hk_line_new();
    for (unsigned i = 0; i < 100; i++)
        put(line, i);
    hk_line_free(line);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"empty", test_empty},
        {"order", test_order},
        {"bursts", test_bursts},
        {"freed while some wait", test_free_with_some_in_it},
    };
    return suite_run("line", tests, COUNT_OF(tests));
}
