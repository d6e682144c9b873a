/*
 * wire: frames arrive whole and in order however the bytes are cut, descriptors with the frame they
 * ride on, and what is no frame ends the reading.
 */
#include "plugin/wire.h"

#include "limits.h"
#include "support/suite.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void feed(struct hk_wire_reader *reader, const char *json)
{
    size_t size = strlen(json);
    const uint8_t head[4] = {(uint8_t)size, (uint8_t)(size >> 8), 0, 0};

    CU_ASSERT_EQUAL(hk_wire_feed(reader, head, sizeof(head), NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_wire_feed(reader, json, size, NULL), HK_OK);
}

static void frames_arrive_however_they_are_cut(void)
{
    static const char bytes[] = "\x07\0\0\0{\"a\":1}\x02\0\0\0{}\x07\0\0\0{\"a\":3}";
    const size_t whole = sizeof(bytes) - 1;

    for (size_t step = 1; step <= whole; step++) {
        struct hk_wire_reader reader;
        unsigned count = 0;
        hk_wire_reader_init(&reader, false);
        for (size_t at = 0; at < whole; at += step) {
            size_t part = whole - at < step ? whole - at : step;
            bool ready = true;
            CU_ASSERT_EQUAL(hk_wire_feed(&reader, bytes + at, part, NULL), HK_OK);
            while (ready) {
                struct hk_json_doc doc = {0};
                CU_ASSERT_EQUAL(hk_wire_next(&reader, &doc, &ready, NULL), HK_OK);
                if (ready && ++count == 3)
                    CU_ASSERT_EQUAL(hk_json_i64_at(doc.root, "a", 0), 3);
                hk_json_doc_done(&doc);
            }
        }
        CU_ASSERT_EQUAL(count, 3);
        hk_wire_reader_done(&reader);
    }
}

static void what_is_no_frame_is_refused(void)
{
    static const char *const bad[] = {"[]", "1", "{\"a\":1,\"a\":2}", "{\"a\":\"\xff\"}", "{} ",
        "{}x", "{\"a\":\"\\u0000\"}", ""};
    struct hk_json_doc doc = {0};
    bool ready = true;

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct hk_wire_reader reader;
        hk_wire_reader_init(&reader, false);
        feed(&reader, bad[i]);
        enum hk_status status = hk_wire_next(&reader, &doc, &ready, NULL);
        /* White space at the end belongs to JSON. */
        CU_ASSERT_EQUAL(status == HK_OK, strcmp(bad[i], "{} ") == 0);
        hk_json_doc_done(&doc);
        hk_wire_reader_done(&reader);
    }
    struct hk_wire_reader reader;
    hk_wire_reader_init(&reader, false);
    CU_ASSERT_EQUAL(hk_wire_feed(&reader, "\x01\0\x10\0", 4, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_wire_next(&reader, &doc, &ready, NULL), HK_LIMIT);
    hk_wire_reader_done(&reader);
}

static void a_socket_carries_frames_and_descriptors(void)
{
    struct hk_wire_writer writer;
    struct hk_wire_reader reader;
    struct hk_json_doc doc = {0};
    struct stat null;
    struct stat got;
    char frame[1200];
    unsigned count = 0;
    int pair[2];

    memset(frame, ' ', sizeof(frame));
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    CU_ASSERT_EQUAL(stat("/dev/null", &null), 0);
    hk_wire_writer_init(&writer);
    hk_wire_reader_init(&reader, true);
    /* More than the socket takes at once. */
    for (int i = 0; i < 1000; i++) {
        int n = snprintf(frame, 64, "{\"n\":%d,\"fd\":%s}", i, i % 100 == 50 ? "true" : "false");
        frame[n] = ' ';
        int fd = i % 100 == 50 ? open("/dev/null", O_RDONLY) : -1;
        CU_ASSERT_EQUAL(hk_wire_put(&writer, frame, sizeof(frame), fd, NULL), HK_OK);
    }
    while (count < 1000) {
        size_t size = 0;
        bool ready = true;
        CU_ASSERT_EQUAL_FATAL(hk_wire_flush(&writer, pair[0], NULL), HK_OK);
        CU_ASSERT_EQUAL_FATAL(hk_wire_read(&reader, pair[1], &size, NULL), HK_OK);
        while (ready) {
            CU_ASSERT_EQUAL_FATAL(hk_wire_next(&reader, &doc, &ready, NULL), HK_OK);
            if (ready) {
                CU_ASSERT_EQUAL(hk_json_i64_at(doc.root, "n", -1), count);
                if (hk_json_bool_at(doc.root, "fd", false)) {
                    int fd = hk_wire_take_fd(&reader);
                    CU_ASSERT_EQUAL_FATAL(fstat(fd, &got), 0);
                    CU_ASSERT_EQUAL(got.st_rdev, null.st_rdev);
                    close(fd);
                }
                count++;
            }
            hk_json_doc_done(&doc);
        }
    }
    CU_ASSERT_EQUAL(hk_wire_take_fd(&reader), -1);
    CU_ASSERT_EQUAL(hk_wire_waiting(&writer), 0);
    close(pair[0]);
    size_t size = 1;
    CU_ASSERT_EQUAL(hk_wire_read(&reader, pair[1], &size, NULL), HK_OK);
    CU_ASSERT_TRUE(reader.at_end);
    close(pair[1]);
    hk_wire_writer_done(&writer);
    hk_wire_reader_done(&reader);
}

static void queues_are_bounded(void)
{
    struct hk_wire_writer writer;
    static char big[HK_WIRE_FRAME_SIZE_MAX + 1];
    unsigned count = 0;

    hk_wire_writer_init(&writer);
    CU_ASSERT_EQUAL(hk_wire_put(&writer, big, sizeof(big), -1, NULL), HK_LIMIT);
    while (hk_wire_put(&writer, big, 65536, -1, NULL) == HK_OK)
        count++;
    CU_ASSERT_EQUAL(count, HK_WIRE_QUEUE_SIZE_MAX / (65536 + 4));
    int fd = open("/dev/null", O_RDONLY);
    CU_ASSERT_EQUAL(hk_wire_put(&writer, big, 65536, fd, NULL), HK_LIMIT);
    CU_ASSERT_EQUAL(fcntl(fd, F_GETFD), -1); /* it was taken all the same */
    hk_wire_writer_done(&writer);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"frames arrive however they are cut", frames_arrive_however_they_are_cut},
        {"what is no frame is refused", what_is_no_frame_is_refused},
        {"a socket carries frames and descriptors", a_socket_carries_frames_and_descriptors},
        {"queues are bounded", queues_are_bounded},
    };

    return suite_run("wire", tests, COUNT_OF(tests));
}
