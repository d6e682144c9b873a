/*
 * Cutting a request into its items.
 */
#include "intake/intake.h"
#include "support.h"

struct log {
    char text[512];
    unsigned count;
};

static void note(void *ctx, unsigned index, const char *text, size_t size)
{
    struct log *log = ctx;
    size_t used = strlen(log->text);

    CU_ASSERT_EQUAL(index, log->count);
    (void)snprintf(log->text + used, sizeof(log->text) - used, "<%.*s>", (int)size, text);
    log->count++;
}

static enum hk_status split(const char *body, bool is_ndjson, unsigned max, struct log *log)
{
    /* Exactly its own size, so that a byte too many is seen. */
    size_t size = strlen(body);
    char *exact = malloc(size > 0 ? size : 1);
    unsigned count = 0;
    enum hk_status status;

    if (exact == NULL)
        abort();
    memcpy(exact, body, size);
    *log = (struct log){0};
    status = hk_intake_split(exact, size, is_ndjson, max, note, log, &count, NULL);
    if (status == HK_OK)
        CU_ASSERT_EQUAL(count, log->count);
    free(exact);
    return status;
}

static void test_good(void)
{
    static const struct {
        const char *body;
        bool is_ndjson;
        const char *items;
    } cases[] = {
        {"{\"a\":1}", false, "<{\"a\":1}>"},
        {" \r\n{\"a\":[{}]}\n", false, "<{\"a\":[{}]}>"},
        {"\xef\xbb\xbf{}", false, "<{}>"},
        {"[]", false, ""},
        {" [ ] ", false, ""},
        {"[{\"a\":1},{\"b\":[1,2]} , {}]", false, "<{\"a\":1}><{\"b\":[1,2]}><{}>"},
        {"[{\"a\":\"]},{\\\"\"}]", false, "<{\"a\":\"]},{\\\"\"}>"},
        {"[1,\"x\",[{}],null]", false, "<1><\"x\"><[{}]><null>"},
        {"{\"a\":1}\n\n{\"b\":\n2}\n", false, "<{\"a\":1}><{\"b\":\n2}>"},
        {"{\"a\":1}\n\n  \r\n{\"b\":2}\r\n", true, "<{\"a\":1}><{\"b\":2}>"},
        {"{\"a\":\nno json}\n", true, "<{\"a\":><no json}>"},
        {"{\"a\":1}", true, "<{\"a\":1}>"},
        {"[{},{}]", true, "<{}><{}>"},
    };
    struct log log;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CU_ASSERT_EQUAL(split(cases[i].body, cases[i].is_ndjson, 10, &log), HK_OK);
        CU_ASSERT_STRING_EQUAL(log.text, cases[i].items);
    }
}

static void test_bad(void)
{
    static const char *const bodies[] = {"", " \n", "x", "7", "\"a\"", "{", "{\"a\":1", "[", "[{}",
        "[{},]", "[,{}]", "[{}{}", "[{\"a\":\"}]", "{\"a\":\"\\", "[{}]]", "[{}] {}", "{} x", "{}]",
        "[}]", "{}{"};
    struct log log;

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        if (split(bodies[i], false, 10, &log) != HK_INVALID)
            (void)printf("\n  %s was cut", bodies[i]);
        CU_ASSERT_EQUAL(split(bodies[i], false, 10, &log), HK_INVALID);
        CU_ASSERT_EQUAL(log.count, 0);
    }
    CU_ASSERT_EQUAL(split(" \n\n", true, 10, &log), HK_INVALID);
}

static void test_limit(void)
{
    struct log log;

    CU_ASSERT_EQUAL(split("[{},{}]", false, 2, &log), HK_OK);
    CU_ASSERT_EQUAL(split("[{},{},{}]", false, 2, &log), HK_LIMIT);
    CU_ASSERT_EQUAL(log.count, 0);
    CU_ASSERT_EQUAL(split("{}\n{}\n{}\n", true, 2, &log), HK_LIMIT);
    CU_ASSERT_EQUAL(log.count, 0);
    CU_ASSERT_EQUAL(split("{}\n{}\n{}\n", false, 2, &log), HK_LIMIT);
    CU_ASSERT_EQUAL(log.count, 0);
}

static void test_depth_costs_nothing(void)
{
    size_t depth = 1000000;
    char *body = malloc(2 * depth);
    unsigned count = 0;
    struct log log = {0};

    if (body == NULL)
        abort();
    memset(body, '[', depth);
    memset(body + depth, ']', depth);
    body[1] = '{';
    body[2 * depth - 2] = '}';
    CU_ASSERT_EQUAL(hk_intake_split(body, 2 * depth, false, 2, note, &log, &count, NULL), HK_OK);
    CU_ASSERT_EQUAL(count, 1);
    free(body);
}

int main(void)
{
    static const CU_TestInfo tests[] = {{"objects, arrays and lines are cut", test_good},
        {"what can't be cut calls nobody", test_bad}, {"items are bounded", test_limit},
        {"depth costs nothing", test_depth_costs_nothing}, CU_TEST_INFO_NULL};

    return run_tests("split", tests);
}
