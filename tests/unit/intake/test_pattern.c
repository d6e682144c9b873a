/*
 * Finding named parts in a text.
 */
#include "base/buf.h"
#include "base/time.h"
#include "intake/pattern.h"
#include "limits.h"
#include "support.h"

#define STEPS 100000

struct names {
    char text[HK_MAPPING_SLOTS_MAX][32];
    int count;
};

static int slot_of(void *ctx, struct hk_slice name)
{
    struct names *names = ctx;

    for (int i = 0; i < names->count; i++)
        if (hk_slice_is(name, names->text[i]))
            return i;
    if (names->count == HK_MAPPING_SLOTS_MAX || name.size >= sizeof(names->text[0]))
        return -1;
    (void)snprintf(
        names->text[names->count], sizeof(names->text[0]), "%.*s", (int)name.size, name.at);
    return names->count++;
}

/* What is found, as "name=value;…"; "no" when the text doesn't fit, else what is wrong. */
static void run(const char *pattern_text, const char *text, struct hk_buf *ret_found)
{
    struct hk_slice slots[HK_MAPPING_SLOTS_MAX] = {{NULL, 0}};
    struct names names = {.count = 0};
    const struct hk_pattern *pattern = NULL;
    struct hk_error error = {0};
    struct hk_arena arena;
    long steps = STEPS;

    hk_buf_clear(ret_found);
    hk_arena_init(&arena, 65536);
    if (hk_pattern_read(pattern_text, &arena, slot_of, &names, &pattern, &error) != HK_OK)
        hk_buf_append_text(ret_found, error.text);
    else if (!hk_pattern_find(pattern, hk_slice_of(text), &steps, slots))
        hk_buf_append_text(ret_found, "no");
    else
        for (int i = 0; i < names.count; i++)
            if (slots[i].at != NULL)
                hk_buf_appendf(
                    ret_found, "%s=%.*s;", names.text[i], (int)slots[i].size, slots[i].at);
    hk_buf_append_char(ret_found, '\0');
    hk_arena_done(&arena);
}

struct one {
    const char *pattern;
    const char *text;
    const char *found;
};

static void run_all(const struct one *cases, size_t count)
{
    struct hk_buf found;

    hk_buf_init(&found, 65536);
    for (size_t i = 0; i < count; i++) {
        run(cases[i].pattern, cases[i].text, &found);
        if (strcmp((const char *)found.data, cases[i].found) == 0)
            continue;
        (void)printf("\n  %s in %s: %s, expected %s", cases[i].pattern, cases[i].text,
            (const char *)found.data, cases[i].found);
        CU_FAIL("a pattern finds something else");
    }
    hk_buf_done(&found);
}

static void test_kinds(void)
{
    static const struct one cases[] = {
        {"from {a:ip} port {b:number}", "Failed from 192.0.2.1 port 22 ssh2", "a=192.0.2.1;b=22;"},
        {"from {a:ip}", "sent from here, from 2001:db8::1.", "a=2001:db8::1;"},
        {"{a:ip}:{b:number}", "192.0.2.1:22", "a=192.0.2.1;b=22;"},
        {"user {a:quoted}", "for user \"a b\" x", "a=a b;"},
        {"user {a:quoted}", "for user 'a b' x", "a=a b;"},
        {"user {a:quoted}", "for user a", "no"},
        {"id {a:hex}.", "id 0aFz", "no"},
        {"id {a:hex}", "id 0aFz", "a=0aF;"},
        {"on {a:host}", "on host-1.example, and", "a=host-1.example;"},
        {"by {a:id} ", "by EXAMPLE\\user-1 now", "a=EXAMPLE\\user-1;"},
        {"{a} to {b}", "one two to three", "a=one two;b=three;"},
        {"x {_} y {a:word}", "x 1 2 3 y z", "a=z;"},
        {"a {b:number}", "a 1a 2", "b=1;"},
    };

    run_all(cases, sizeof(cases) / sizeof(cases[0]));
}

/* What the next text of the pattern stands in belongs to it. */
static void test_room_for_text(void)
{
    static const struct one cases[] = {
        {"^{a:word}: {b}", "Info: text", "a=Info;b=text;"},
        {"{{{a:word}}} {b:word}", "{tcp} x", "a=tcp;b=x;"},
        {"%A-{a:host}-{b:number}-{c:number}:", "%A-x-y-4-106:", "no"},
        {"%A-{a:host}-{b:number}-{c:number}:", "%A-x-4-106:", "a=x;b=4;c=106;"},
        {"User {a:id}@{b:ip} ", "User user-1@192.0.2.1 in", "a=user-1;b=192.0.2.1;"},
    };

    run_all(cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_brackets_and_anchors(void)
{
    static const struct one cases[] = {
        {"a[ b {b:number}] c {c:number}", "a b 1 c 2", "b=1;c=2;"},
        {"a[ b {b:number}] c {c:number}", "a c 2", "c=2;"},
        {"a {a:word}[ ({b})]", "a x (y)", "a=x;b=y;"},
        {"a {a:word}[ ({b})]", "a x", "a=x;"},
        {"^Deny {a:word}", "Deny tcp", "a=tcp;"},
        {"^Deny {a:word}", "no Deny tcp", "no"},
        {"Deny {a:word}", "no Deny tcp", "a=tcp;"},
        {"[[{a}]] x", "[1] x", "a=1;"},
        {"a  b", "a    b", ""},
        {"a b", "ab", "no"},
        {"x {a:number} z", "x 1 y x 2 z", "a=2;"},
    };

    run_all(cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_what_is_wrong(void)
{
    static const struct one cases[] = {
        {"", "", "a pattern is empty"},
        {"{a", "", "\"{a\": expected {name} or {name:kind}"},
        {"{a:thing}", "",
            "\"{a:thing}\": the kinds are word, number, hex, ip, host, addr, id, quoted"},
        {"{a}{b}", "", "\"{a}{b}\": a {name} without a kind must be followed by text"},
        {"a[b", "", "\"a[b\": a bracket does not end"},
        {"a]b", "", "\"]b\": brackets come in pairs, and not in brackets"},
    };

    run_all(cases, sizeof(cases) / sizeof(cases[0]));
}

/* However text and pattern are made, the steps are counted and end. */
static void test_steps_end(void)
{
    static char text[100000];
    struct hk_slice slots[HK_MAPPING_SLOTS_MAX];
    struct names names = {.count = 0};
    const struct hk_pattern *pattern = NULL;
    struct hk_arena arena;
    long steps = STEPS;
    int64_t begin = hk_time_monotonic_us();

    memset(text, 'a', sizeof(text));
    hk_arena_init(&arena, 65536);
    CU_ASSERT_EQUAL_FATAL(hk_pattern_read("a[{b:word}a]a{c}aaaaaaaaaaaab{d:word}ab", &arena,
                              slot_of, &names, &pattern, NULL),
        HK_OK);
    CU_ASSERT_FALSE(hk_pattern_find(pattern, (struct hk_slice){text, sizeof(text)}, &steps, slots));
    CU_ASSERT_TRUE(steps <= 0);
    CU_ASSERT_TRUE(hk_time_monotonic_us() - begin < 1000000);
    hk_arena_done(&arena);
}

int main(void)
{
    static const CU_TestInfo tests[] = {{"kinds", test_kinds},
        {"room for the text behind", test_room_for_text},
        {"brackets and anchors", test_brackets_and_anchors},
        {"what is wrong with a pattern", test_what_is_wrong}, {"the steps end", test_steps_end},
        CU_TEST_INFO_NULL};

    return run_tests("pattern", tests);
}
