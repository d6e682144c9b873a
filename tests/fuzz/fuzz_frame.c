/*
 * frame and lines: any bytes, in any pieces. The first byte tells the size of the pieces; fed
 * whole, the rest gives the same messages, none of them longer than it may be, all of them with
 * something in them.
 */
#include "source/frame.h"
#include "source/lines.h"

#include "base/digest.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX 100

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool promise)
{
    if (!promise)
        abort();
}

/* A hash over all messages. */
struct seen {
    uint8_t digest[HK_SHA256_SIZE];
    bool is_good;
};

static void add(struct seen *seen, const char *text, size_t size, bool is_cut)
{
    const struct hk_bytes parts[] = {
        {seen->digest, sizeof(seen->digest)}, {is_cut ? "!" : ".", 1}, {text, size}};

    must(size > 0 && size <= MESSAGE_MAX);
    hk_sha256(parts, 3, seen->digest);
}

static void feed_frames(const char *data, size_t size, size_t piece, struct seen *seen)
{
    struct hk_frames frames;
    struct hk_frame frame;

    memset(seen, 0, sizeof(*seen));
    seen->is_good = true;
    hk_frames_init(&frames, MESSAGE_MAX);
    for (size_t at = 0; at < size && seen->is_good; at += piece) {
        size_t here = size - at < piece ? size - at : piece;
        for (size_t taken = 0, now = 0; taken < here && seen->is_good; taken += now) {
            seen->is_good = hk_frames_next(&frames, data + at + taken, here - taken, &now, &frame);
            must(now <= here - taken && (now > 0 || frame.text != NULL || !seen->is_good));
            must(frame.text != NULL || !seen->is_good || taken + now == here);
            if (frame.text != NULL)
                add(seen, frame.text, frame.size, frame.is_cut);
        }
        must(hk_frames_held(&frames) <= MESSAGE_MAX + 2);
    }
    if (seen->is_good) {
        hk_frames_end(&frames, &frame);
        if (frame.text != NULL)
            add(seen, frame.text, frame.size, frame.is_cut);
    }
    hk_frames_done(&frames);
}

/* As from a file that grows by pieces. */
static void feed_lines(const char *data, size_t size, size_t piece, struct seen *seen)
{
    struct hk_lines lines = {.line_max = MESSAGE_MAX};
    struct hk_line line;
    size_t at = 0;

    memset(seen, 0, sizeof(*seen));
    for (size_t end = piece; at < size; end += piece) {
        if (end > size)
            end = size;
        do {
            size_t used = hk_lines_next(&lines, data + at, end - at, &line);
            must(used <= end - at);
            at += used;
            if (line.text != NULL)
                add(seen, line.text, line.size, line.is_cut);
        } while (line.text != NULL);
        must(end - at <= MESSAGE_MAX + 1);
        if (end == size)
            break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen whole;
    struct seen pieces;
    const char *bytes = (const char *)data + 1;

    if (size < 2)
        return 0;
    feed_frames(bytes, size - 1, size, &whole);
    feed_frames(bytes, size - 1, (size_t)data[0] % 32 + 1, &pieces);
    must(whole.is_good == pieces.is_good);
    must(memcmp(whole.digest, pieces.digest, sizeof(whole.digest)) == 0);
    feed_lines(bytes, size - 1, size, &whole);
    feed_lines(bytes, size - 1, (size_t)data[0] % 32 + 1, &pieces);
    must(memcmp(whole.digest, pieces.digest, sizeof(whole.digest)) == 0);
    return 0;
}
