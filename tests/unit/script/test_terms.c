/* The list of terms: it holds what a state holds, in order, and can be read by tools. */
#include "helper.h"

#include "script/terms.h"

/* What `type` says of a term, dotted ones too. */
static const char *type_of(const char *name)
{
    char source[200];

    (void)snprintf(source, sizeof source, "return type(%s)", name);
    return lua(source);
}

static bool is_function(const char *signature)
{
    return strncmp(signature, "fun(", 4) == 0 || strncmp(signature, "(fun(", 5) == 0;
}

static void test_each_word_is_there(void)
{
    size_t count;
    const struct hk_term *terms = hk_terms(&count);

    CU_ASSERT_TRUE(count > 10);
    for (size_t i = 0; i < count; i++) {
        const char *expected = is_function(terms[i].signature)                ? "function"
                               : strncmp(terms[i].signature, "table", 5) == 0 ? "table"
                                                                              : terms[i].signature;
        CHECK_TEXT(type_of(terms[i].name), expected);
        CU_ASSERT_PTR_EQUAL(hk_term_find(terms[i].name), &terms[i]);
        CU_ASSERT_TRUE(terms[i].help[0] != '\0');
        CU_ASSERT_TRUE(terms[i].help[strlen(terms[i].help) - 1] != '.');
        CU_ASSERT_PTR_NULL(strchr(terms[i].help, '\n'));
        CU_ASSERT_TRUE(i == 0 || strcmp(terms[i - 1].name, terms[i].name) < 0);
        CU_ASSERT_TRUE(hk_term_kind_text(terms[i].kind)[0] != '\0');
    }
    CU_ASSERT_PTR_NULL(hk_term_find("no_such_word"));
}

/* What is no term and no part of the standard library is no global. */
static void test_nothing_else_is_there(void)
{
    CHECK_FAILS("return print", "undefined global 'print'");
    CHECK_FAILS("return os", "undefined global 'os'");
    CHECK_FAILS("return coroutine", "undefined global 'coroutine'");
}

static CU_TestInfo tests[] = {
    {"each term is there", test_each_word_is_there},
    {"nothing else is there", test_nothing_else_is_there},
    CU_TEST_INFO_NULL,
};
TEST_MAIN("terms", tests)
