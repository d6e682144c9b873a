/* What the tests of core/script share: running a piece of Lua in the sandbox, and driving runs. */
#ifndef TEST_SCRIPT_HELPER_H
#define TEST_SCRIPT_HELPER_H

#include "base/text.h"
#include "script/api.h"
#include "script/config.h"
#include "script/convert.h"
#include "script/lib.h"
#include "script/play.h"
#include "script/playbook.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNUSED __attribute__((unused))

struct piece {
    const char *source;
    struct hk_buf result;
};

static int run_piece(lua_State *L)
{
    struct piece *piece = lua_touserdata(L, 1);
    const char *text;
    size_t size;

    lua_settop(L, 0);
    hk_api_open(L);
    hk_state_compile(L, piece->source, strlen(piece->source), "test.lua");
    lua_call(L, 0, LUA_MULTRET);
    for (int i = 1; i <= lua_gettop(L); i++) {
        text = hk_lib_text(L, i, &size);
        if (i > 1)
            hk_buf_append_char(&piece->result, ' ');
        hk_buf_append(&piece->result, text, size);
        lua_pop(L, 1);
    }
    return 0;
}

/* Copy text so that it can be compared as a C string. */
UNUSED static char *copy_shown(char *answer, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        answer[i] = text[i] == '\0' ? '@' : text[i];
    answer[size] = '\0';
    return answer + size;
}

/* Run a text in the sandbox and answer what it returned, or "error: …". Static memory. */
UNUSED static const char *lua(const char *source)
{
    static char answer[8192];
    struct piece piece = {.source = source};
    struct hk_error error;

    hk_buf_init(&piece.result, sizeof answer - 1);
    answer[0] = '\0';
    if (hk_state_once(run_piece, &piece, &error) != HK_OK)
        (void)snprintf(answer, sizeof answer, "error: %s", error.text);
    else
        copy_shown(answer, piece.result.data, piece.result.size);
    hk_buf_done(&piece.result);
    return answer;
}

/* Check that the text returns this. */
#define CHECK_LUA(source, expected) check_lua(__FILE__, __LINE__, source, expected)
UNUSED static void check_lua(const char *file, int line, const char *source, const char *expected)
{
    const char *answer = lua(source);

    if (strcmp(answer, expected) != 0) {
        (void)fprintf(stderr, "\n%s:%d: %s\n  gave     %s\n  expected %s\n", file, line, source,
            answer, expected);
        CU_FAIL("unequal");
        return;
    }
    CU_PASS("equal");
}

/* Check that the text fails with an error that holds these words. */
#define CHECK_FAILS(source, words) check_fails(__FILE__, __LINE__, source, words)
UNUSED static void check_fails(const char *file, int line, const char *source, const char *words)
{
    const char *answer = lua(source);

    if (strncmp(answer, "error: ", 7) != 0 || strstr(answer, words) == NULL) {
        (void)fprintf(stderr, "\n%s:%d: %.200s\n  gave     %s\n  expected an error with: %s\n",
            file, line, source, answer, words);
        CU_FAIL("no such error");
        return;
    }
    CU_PASS("fails");
}

UNUSED static void check_text(const char *file, int line, const char *got, const char *expected)
{
    if (got == NULL || strcmp(got, expected) != 0) {
        (void)fprintf(stderr, "\n%s:%d:\n  got      %s\n  expected %s\n", file, line,
            got == NULL ? "(null)" : got, expected);
        CU_FAIL("unequal");
        return;
    }
    CU_PASS("equal");
}
#define CHECK_TEXT(got, expected) check_text(__FILE__, __LINE__, got, expected)

UNUSED static void check_has(const char *file, int line, const char *got, const char *words)
{
    if (got == NULL || strstr(got, words) == NULL) {
        (void)fprintf(stderr, "\n%s:%d:\n  got      %s\n  expected %s\n", file, line,
            got == NULL ? "(null)" : got, words);
        CU_FAIL("words are missing");
        return;
    }
    CU_PASS("has it");
}
#define CHECK_HAS(got, words) check_has(__FILE__, __LINE__, got, words)

#define TEST_MAIN(suite_name, tests)                                                               \
    int main(void)                                                                                 \
    {                                                                                              \
        CU_SuiteInfo suites[] = {{suite_name, NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL}; \
        unsigned failures;                                                                         \
        if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)  \
            return 1;                                                                              \
        CU_basic_set_mode(CU_BRM_NORMAL);                                                          \
        (void)CU_basic_run_tests();                                                                \
        failures = CU_get_number_of_failures();                                                    \
        CU_cleanup_registry();                                                                     \
        return failures == 0 ? 0 : 1;                                                              \
    }

#endif
