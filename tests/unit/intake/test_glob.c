/*
 * Globs and the sets of three bytes that spare most comparisons: they never say no where the plain
 * comparison says yes.
 */
#include "intake/glob.h"
#include "intake/pattern.h"
#include "limits.h"
#include "support.h"

#include <stdlib.h>

#define STEPS 100000

/* The definition, one byte after the other; both are in lower case. */
static bool fits_plainly(const char *glob, struct hk_slice text)
{
    if (*glob == '\0')
        return text.size == 0;
    if (*glob == '*')
        return fits_plainly(glob + 1, text) ||
               (text.size > 0 && fits_plainly(glob, hk_slice_after(text, 1)));
    return text.size > 0 && (*glob == '?' || *glob == text.at[0]) &&
           fits_plainly(glob + 1, hk_slice_after(text, 1));
}

static bool fits(const char *glob_text, const char *text)
{
    struct hk_glob glob;
    struct hk_arena arena;
    long steps = STEPS;
    bool is;

    hk_arena_init(&arena, 65536);
    CU_ASSERT_TRUE_FATAL(hk_glob_read(hk_slice_of(glob_text), &arena, &glob));
    is = hk_glob_fits(&glob, hk_slice_of(text), &steps);
    hk_arena_done(&arena);
    return is;
}

static void test_fits(void)
{
    static const struct {
        const char *glob;
        const char *text;
        bool fits;
    } cases[] = {{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "abc", true},
        {"?", "", false}, {"?", "a", true}, {"abc", "ABC", true}, {"ABC", "abc", true},
        {"*b*", "abc", true}, {"a*c", "abbc", true}, {"a*c", "abb", false}, {"*abc", "ababc", true},
        {"%ASA-*", "%asa-4-106023: Deny", true}, {"%ASA-*", "x %asa-4", false},
        {"a?c*", "abcd", true}, {"*?", "", false}, {"**", "", true}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (fits(cases[i].glob, cases[i].text) != cases[i].fits)
            CU_FAIL_FATAL(cases[i].glob);
    CU_PASS("table");
}

/* Texts of few letters, so that much fits, and long enough to have runs of three. */
static void make_text(unsigned *seed, const char *letters, size_t size_max, char *ret_text)
{
    size_t size = (size_t)rand_r(seed) % (size_max + 1);

    for (size_t i = 0; i < size; i++)
        ret_text[i] = letters[(size_t)rand_r(seed) % strlen(letters)];
    ret_text[size] = '\0';
}

static void test_is_the_definition(void)
{
    unsigned seed = 20261122;
    unsigned fitted = 0;

    for (int i = 0; i < 200000; i++) {
        char glob_text[12];
        char text[16];
        struct hk_glob glob;
        struct hk_grams grams;
        struct hk_arena arena;
        struct hk_slice slice;
        long steps = STEPS;
        bool is;
        make_text(&seed, "aab*?", sizeof(glob_text) - 1, glob_text);
        make_text(&seed, "aab", sizeof(text) - 1, text);
        slice = hk_slice_of(text);
        is = fits_plainly(glob_text, slice);
        hk_arena_init(&arena, 65536);
        CU_ASSERT_TRUE_FATAL(hk_glob_read(hk_slice_of(glob_text), &arena, &glob));
        hk_grams_of(slice, &grams);
        if (hk_glob_fits(&glob, slice, &steps) != is ||
            hk_glob_fits_lower(&glob, slice, &steps) != is ||
            (is && (!hk_grams_may(&grams, &glob.needs) || !hk_glob_may_begin(&glob, slice))))
            CU_FAIL_FATAL(glob_text);
        fitted += is;
        hk_arena_done(&arena);
    }
    CU_ASSERT_TRUE(fitted > 20000);
}

/* What a line needs that it has not is seen without comparing. */
static void test_grams_spare_comparisons(void)
{
    static const char *const globs[] = {"*%FTD-*", "urls src=*", "*: NetScreen *", "CISE_*"};
    const char *text = "%ASA-4-106023: Deny tcp src outside:192.0.2.1/50000 dst inside";
    struct hk_grams grams;

    hk_grams_of(hk_slice_of(text), &grams);
    for (size_t i = 0; i < sizeof(globs) / sizeof(globs[0]); i++) {
        struct hk_glob glob;
        struct hk_arena arena;
        hk_arena_init(&arena, 65536);
        CU_ASSERT_TRUE_FATAL(hk_glob_read(hk_slice_of(globs[i]), &arena, &glob));
        CU_ASSERT_TRUE(glob.needs.count > 0);
        CU_ASSERT_FALSE(hk_grams_may(&grams, &glob.needs));
        hk_arena_done(&arena);
    }
}

/* The worst there is: each byte may begin the run, and none ends it. */
static void test_the_steps_end(void)
{
    static char text[100000];
    struct hk_glob glob;
    struct hk_arena arena;
    long steps = STEPS;

    memset(text, 'a', sizeof(text));
    hk_arena_init(&arena, 65536);
    CU_ASSERT_TRUE_FATAL(
        hk_glob_read(hk_slice_of("*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab?*"), &arena, &glob));
    CU_ASSERT_FALSE(hk_glob_fits(&glob, (struct hk_slice){text, sizeof(text)}, &steps));
    CU_ASSERT_TRUE(steps <= 0);
    CU_ASSERT_FALSE(
        hk_glob_fits(&glob, hk_slice_of("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab!"), &steps));
    hk_arena_done(&arena);
}

static int no_slot(void *ctx, struct hk_slice name)
{
    (void)ctx;
    (void)name;
    return 0;
}

/* A pattern needs nothing of what may be missing, and blanks may be of any kind and number. */
static void test_patterns_need(void)
{
    static const struct {
        const char *pattern;
        const char *text;
    } cases[] = {{"from {src:ip} port {p:number}", "from 192.0.2.1 \t port  22"},
        {"user {u:id}[ of the domain {d:id}]", "user clerk"}, {"a  bcd {x:word}", "a \n bcd e"},
        {"{x:word}", "e"}, {"[abcdef]{x:word}", "e"}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hk_slice slots[HK_MAPPING_SLOTS_MAX] = {{NULL, 0}};
        const struct hk_pattern *pattern = NULL;
        struct hk_grams grams;
        struct hk_arena arena;
        long steps = 10000;
        hk_arena_init(&arena, 65536);
        CU_ASSERT_EQUAL_FATAL(
            hk_pattern_read(cases[i].pattern, &arena, no_slot, NULL, &pattern, NULL), HK_OK);
        hk_grams_of(hk_slice_of(cases[i].text), &grams);
        CU_ASSERT_TRUE(hk_pattern_find(pattern, hk_slice_of(cases[i].text), &steps, slots));
        CU_ASSERT_TRUE(hk_grams_may(&grams, hk_pattern_needs(pattern)));
        hk_arena_done(&arena);
    }
}

int main(void)
{
    static const CU_TestInfo tests[] = {{"a table", test_fits},
        {"the same as the definition", test_is_the_definition},
        {"grams spare comparisons", test_grams_spare_comparisons},
        {"the steps end", test_the_steps_end}, {"what patterns need", test_patterns_need},
        CU_TEST_INFO_NULL};

    return run_tests("glob", tests);
}
