/*
 * frame: the same messages, whatever pieces they come in.
 */
#include "source/frame.h"

#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_MAX_HERE = 20 };

struct joined {
    char text[512];
    size_t size;
};

static void put(struct joined *out, const struct hk_frame *frame)
{
    if (frame->text != NULL)
        out->size += (size_t)snprintf(out->text + out->size, sizeof(out->text) - out->size,
            "%s%.*s|", frame->is_cut ? "!" : "", (int)frame->size, frame->text);
}

/* Messages joined by '|', '!' before those that were cut; "BROKEN" where the stream can't go on. */
static void cut(const char *data, size_t size, size_t piece, struct joined *out)
{
    struct hk_frames frames;
    struct hk_frame frame;
    bool is_good = true;

    memset(out, 0, sizeof(*out));
    hk_frames_init(&frames, SIZE_MAX_HERE);
    for (size_t at = 0; at < size && is_good; at += piece) {
        size_t here = size - at < piece ? size - at : piece;
        for (size_t taken = 0, now; taken < here && is_good; taken += now) {
            is_good = hk_frames_next(&frames, data + at + taken, here - taken, &now, &frame);
            if (frame.text == NULL && is_good)
                CU_ASSERT_EQUAL(taken + now, here);
            put(out, &frame);
        }
    }
    if (is_good) {
        hk_frames_end(&frames, &frame);
        put(out, &frame);
    } else {
        (void)snprintf(out->text + out->size, sizeof(out->text) - out->size, "BROKEN");
    }
    hk_frames_done(&frames);
}

static void messages_are_cut_out(void)
{
#define CASE(data, expected)                                                                       \
    {                                                                                              \
        data, sizeof(data) - 1, expected                                                           \
    }
    static const struct {
        const char *data;
        size_t size;
        const char *expected;
    } cases[] = {
        CASE("<1>a\n<2>b\n", "<1>a|<2>b|"),
        CASE("<1>a\r\n<2>b\r\n", "<1>a|<2>b|"),
        CASE("<1>a\0<2>b\0", "<1>a|<2>b|"),
        CASE("<1>a\n\n\n<2>b", "<1>a|<2>b|"),
        CASE("4 <1>a4 <2>b", "<1>a|<2>b|"),
        CASE("5 <1>a\n4 <2>b", "<1>a|<2>b|"),
        CASE("4 <1>a\n4 <2>b\n", "<1>a|<2>b|"),
        CASE("6 <1>a\nb4 <2>c", "<1>a\nb|<2>c|"),
        CASE("4 <1>a<2>b\n4 <3>c", "<1>a|<2>b|<3>c|"),
        CASE("Nov 22 a\n1 b\n", "Nov 22 a|1 b|"),
        CASE("2026-11-22 a\n", "2026-11-22 a|"),
        CASE("12\n34\n", "12|34|"),
        CASE("123456789 <1>a\n", "123456789 <1>a|"),
        CASE("4 <1>a3 abc", "<1>a|abc|"), /* once it has counted, the '<' isn't asked for */
        CASE("20 <1>45678901234567890", "<1>45678901234567890|"),
        CASE("21 <1>4567890123456789014 <2>b", "!<1>45678901234567890|<2>b|"),
        CASE("40 <1>45678901234567890123456789012345678904 <2>b", "!<1>45678901234567890|<2>b|"),
        CASE("<1>45678901234567890\n<2>b\n", "<1>45678901234567890|<2>b|"),
        CASE("<1>45678901234567890\r\n<2>b\n", "<1>45678901234567890|<2>b|"),
        CASE("<1>456789012345678901\n<2>b\n", "!<1>45678901234567890|<2>b|"),
        CASE("<1>4567890123456789012345678901234\n<2>b\n", "!<1>45678901234567890|<2>b|"),
        CASE("9 <1>a", "!<1>a|"),
        CASE("99999999 <1>a\n", "BROKEN"),
        CASE("12", "12|"),
        CASE("", ""),
        CASE("\n\r\n\0", ""),
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (size_t piece = 1; piece < 50; piece++) {
            struct joined out;
            cut(cases[i].data, cases[i].size, piece, &out);
            if (strcmp(out.text, cases[i].expected) != 0)
                (void)fprintf(stderr, "case %zu in pieces of %zu: %s\n", i, piece, out.text);
            CU_ASSERT_STRING_EQUAL(out.text, cases[i].expected);
        }
    }
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"messages are cut out", messages_are_cut_out},
    };

    return suite_run("source frame", tests, COUNT_OF(tests));
}
