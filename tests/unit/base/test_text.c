/*
 * text: UTF-8, copies, patterns; log lines are one line whatever is in them.
 */
#include "base/crashpoint.h"
#include "base/log.h"
#include "base/text.h"

#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void utf8_is_checked(void)
{
    static const struct {
        const char *text;
        size_t valid; /* bytes of the longest good prefix */
    } cases[] = {
        {"", 0},
        {"plain ascii that is longer than a word", 38},
        {"\xc2\x80", 2},
        {"\xdf\xbf", 2},
        {"\xe0\xa0\x80", 3},
        {"\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", 9},
        {"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 8},
        {"12345678\xc3\xa9", 10},
        {"1234567\xc3\xa9", 9},
        {"a\x80", 1},
        {"a\xc1\xbf", 1},
        {"a\xc0\x80", 1},
        {"a\xe0\x9f\xbf", 1},
        {"a\xed\xa0\x80", 1},
        {"a\xed\xbf\xbf", 1},
        {"a\xf0\x8f\xbf\xbf", 1},
        {"a\xf4\x90\x80\x80", 1},
        {"a\xf5\x80\x80\x80", 1},
        {"a\xfe", 1},
        {"a\xff", 1},
        {"a\xc3", 1},
        {"a\xe2\x82", 1},
        {"a\xf0\x9f\x94", 1},
        {"a\xe2(\xac", 1},
        {"a\xf0\x9f(\xa5", 1},
        {"12345678abcdefg\xff", 15},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t size = strlen(cases[i].text);
        CU_ASSERT_EQUAL(hk_utf8_valid_prefix(cases[i].text, size), cases[i].valid);
        CU_ASSERT_EQUAL(hk_utf8_is_valid(cases[i].text, size), cases[i].valid == size);
    }
    CU_ASSERT_TRUE(hk_utf8_is_valid("a\0b", 3));
}

static void characters_that_are_not_seen(void)
{
    static const struct {
        const char *text;
        uint32_t character;
        bool is_unseen;
    } cases[] = {
        {"a", 'a', false},
        {"\n", '\n', false},
        {"\x1b", 0x1b, true},
        {"\xc2\x9b", 0x9b, true},
        {"\xc3\xa9", 0xe9, false},
        {"\xcd\x8f", 0x34f, true},
        {"\xe2\x80\xae", 0x202e, true},
        {"\xe3\x85\xa4", 0x3164, true},
        {"\xe7\x81\xab", 0x706b, false},
        {"\xef\xb8\x8f", 0xfe0f, true},
        {"\xef\xbf\xbd", 0xfffd, false},
        {"\xf0\x9f\x94\xa5", 0x1f525, false},
        {"\xf3\xa0\x81\x81", 0xe0041, true},
        {"\xf4\x8f\xbf\xbf", 0x10ffff, false},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t size = 0;
        CU_ASSERT_EQUAL(hk_utf8_decode(cases[i].text, &size), cases[i].character);
        CU_ASSERT_EQUAL(size, strlen(cases[i].text));
        CU_ASSERT_EQUAL(hk_character_is_unseen(cases[i].character), cases[i].is_unseen);
    }
}

/* Every code point, written by hand, is good exactly when it is no surrogate. */
static void utf8_accepts_every_character(void)
{
    int wrong = 0;

    for (unsigned code = 0x800; code < 0x110000; code++) {
        char text[4];
        size_t size;
        if (code < 0x10000) {
            text[0] = (char)(0xe0 | code >> 12);
            text[1] = (char)(0x80 | (code >> 6 & 0x3f));
            text[2] = (char)(0x80 | (code & 0x3f));
            size = 3;
        } else {
            text[0] = (char)(0xf0 | code >> 18);
            text[1] = (char)(0x80 | (code >> 12 & 0x3f));
            text[2] = (char)(0x80 | (code >> 6 & 0x3f));
            text[3] = (char)(0x80 | (code & 0x3f));
            size = 4;
        }
        if (hk_utf8_is_valid(text, size) != (code < 0xd800 || code > 0xdfff))
            wrong++;
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void prefix_cuts_no_character(void)
{
    static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\xa5";
    static const size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};

    for (size_t max = 0; max < COUNT_OF(expected); max++)
        CU_ASSERT_EQUAL(hk_utf8_prefix(text, sizeof(text) - 1, max), expected[max]);
    CU_ASSERT_EQUAL(hk_utf8_prefix("\x80\x80\x80\x80\x80\x80", 6, 5), 5);
    CU_ASSERT_EQUAL(hk_utf8_prefix("\x80\x80\x80", 3, 0), 0);
}

static void copies_fit_or_are_empty(void)
{
    char dst[4] = "xyz";
    char *copy;

    CU_ASSERT_TRUE(hk_copy_text(dst, sizeof(dst), "abc"));
    CU_ASSERT_STRING_EQUAL(dst, "abc");
    CU_ASSERT_FALSE(hk_copy_text(dst, sizeof(dst), "abcd"));
    CU_ASSERT_STRING_EQUAL(dst, "");
    CU_ASSERT_TRUE(hk_copy_text(dst, 1, ""));
    CU_ASSERT_FALSE(hk_copy_text(dst, 0, ""));
    CU_ASSERT_PTR_NULL(hk_strdup(NULL));
    copy = hk_strdup("abc");
    CU_ASSERT_STRING_EQUAL(copy, "abc");
    free(copy);
}

static void patterns_match(void)
{
    static const struct {
        const char *pattern;
        const char *text;
        bool matches;
    } cases[] = {
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"**", "", true},
        {"*", "anything", true},
        {"a", "a", true},
        {"a", "ab", false},
        {"ab", "a", false},
        {"a*", "a", true},
        {"a*c", "abbbc", true},
        {"a*c", "abbbcd", false},
        {"*.example.org", "www.example.org", true},
        {"*.example.org", "example.org", false},
        {"*.example.org", "www.example.org.net", false},
        {"srv-*-db*", "srv-01-web-db2", true},
        {"*a*b", "xaxxb", true},
        {"*a*b", "xbxxa", false},
        {"*aab", "aaaab", true},
        {"a**b", "ab", true},
        {"*abc", "ababc", true},
        {"?", "a", false},
        {"?", "?", true},
        {"[a]", "a", false},
        {"A", "a", false},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        CU_ASSERT_EQUAL(hk_glob_matches(cases[i].pattern, cases[i].text), cases[i].matches);
}

static void patterns_cost_bounded_work(void)
{
    char text[4001];
    char pattern[402];

    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (size_t i = 0; i < sizeof(pattern) - 2; i += 2)
        memcpy(pattern + i, "*a", 2);
    pattern[sizeof(pattern) - 2] = 'b';
    pattern[sizeof(pattern) - 1] = '\0';
    CU_ASSERT_FALSE(hk_glob_matches(pattern, text));
}

/* Log into a pipe instead of stderr. */
static size_t logged(char *ret_text, size_t capacity, enum hk_log_level level, const char *text)
{
    int ends[2];
    int saved = dup(STDERR_FILENO);
    ssize_t size;

    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_NONBLOCK), 0);
    (void)dup2(ends[1], STDERR_FILENO);
    errno = ENOENT;
    hk_log(level, "%s", text);
    CU_ASSERT_EQUAL(errno, ENOENT);
    (void)dup2(saved, STDERR_FILENO);
    size = read(ends[0], ret_text, capacity - 1);
    ret_text[size > 0 ? size : 0] = '\0';
    (void)close(ends[0]);
    (void)close(ends[1]);
    (void)close(saved);
    return size > 0 ? (size_t)size : 0;
}

static void hex_digits_have_values(void)
{
    static const char digits[] = "0123456789abcdefABCDEF";

    for (int c = CHAR_MIN; c <= CHAR_MAX; c++) {
        const char *at = c == 0 ? NULL : strchr(digits, c);
        int value = at == NULL ? -1 : (int)(at - digits);
        CU_ASSERT_EQUAL(hk_hex_digit((char)c), value > 15 ? value - 6 : value);
    }
}

static void log_lines_are_single_lines(void)
{
    static char text[20000];
    char *large = calloc(1, 10000);

    CU_ASSERT_PTR_NOT_NULL_FATAL(large);
    (void)logged(text, sizeof(text), HK_LOG_WARNING, "one\ntwo\x1b[0m \xc2\x9b \xc3\xa9");
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "Z warning one\\x0atwo\\x1b[0m "));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\xc3\xa9\n"));
    CU_ASSERT_PTR_NULL(strstr(text, "\xc2\x9b"));
    CU_ASSERT_PTR_EQUAL(strchr(text, '\n'), text + strlen(text) - 1);
    CU_ASSERT_EQUAL(logged(text, sizeof(text), HK_LOG_DEBUG, "quiet"), 0);
    hk_log_set_level(HK_LOG_DEBUG);
    CU_ASSERT_NOT_EQUAL(logged(text, sizeof(text), HK_LOG_DEBUG, "loud"), 0);
    hk_log_set_level(HK_LOG_ERROR);
    CU_ASSERT_EQUAL(logged(text, sizeof(text), HK_LOG_INFO, "quiet"), 0);
    memset(large, '\n', 9999);
    CU_ASSERT_NOT_EQUAL(logged(text, sizeof(text), HK_LOG_ERROR, large), 0);
    CU_ASSERT_PTR_EQUAL(strchr(text, '\n'), text + strlen(text) - 1);
    free(large);
    hk_crashpoint("nowhere");
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"utf8 is checked", utf8_is_checked},
        {"characters that are not seen", characters_that_are_not_seen},
        {"utf8 accepts every character", utf8_accepts_every_character},
        {"prefix cuts no character", prefix_cuts_no_character},
        {"copies fit or are empty", copies_fit_or_are_empty},
        {"patterns match", patterns_match},
        {"patterns cost bounded work", patterns_cost_bounded_work},
        {"hex digits have values", hex_digits_have_values},
        {"log lines are single lines", log_lines_are_single_lines},
    };
    return suite_run("text", tests, COUNT_OF(tests));
}
