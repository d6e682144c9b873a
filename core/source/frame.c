/*
 * frame: see frame.h.
 *
 *   BEGIN ─number, blank, '<'→ COUNTED ─all of it→ BEGIN
 *     │                           └─longer than size_max→ SKIP_COUNTED ─all of it→ BEGIN
 *     └────anything else─────→ LINE ─LF, NUL→ BEGIN
 *                                 └─longer than size_max→ SKIP_LINE ─LF, NUL→ BEGIN
 */
#include "source/frame.h"

#include "base/text.h"
#include "limits.h"

#include <string.h>

enum { BEGIN, COUNTED, SKIP_COUNTED, LINE, SKIP_LINE };

enum { DIGITS_MAX = 8, HEAD_SIZE = DIGITS_MAX + 2 };

void hk_frames_init(struct hk_frames *frames, size_t size_max)
{
    memset(frames, 0, sizeof(*frames));
    frames->size_max = size_max;
    hk_buf_init(&frames->held, size_max + HEAD_SIZE);
}

void hk_frames_done(struct hk_frames *frames)
{
    hk_buf_done(&frames->held);
}

size_t hk_frames_held(const struct hk_frames *frames)
{
    return frames->is_given ? 0 : frames->held.size;
}

static bool is_end(char c)
{
    return c == '\n' || c == '\0';
}

/* A message, without the line ends around it; none when nothing is left. */
static void give(
    struct hk_frames *frames, const char *text, size_t size, bool is_cut, struct hk_frame *frame)
{
    if (size > frames->size_max) {
        size = hk_utf8_prefix(text, size, frames->size_max);
        is_cut = true;
    }
    while (size > 0 && (is_end(*text) || *text == '\r')) {
        text++;
        size--;
    }
    while (!is_cut && size > 0 && (is_end(text[size - 1]) || text[size - 1] == '\r'))
        size--;
    if (size > 0)
        *frame = (struct hk_frame){.text = text, .size = size, .is_cut = is_cut};
}

static void give_held(struct hk_frames *frames, bool is_cut, struct hk_frame *frame)
{
    give(frames, frames->held.data, frames->held.size, is_cut, frame);
    frames->is_given = true;
}

enum beginning { MORE, IS_LINE, IS_COUNTED };

/* What do these first bytes begin? */
static enum beginning tell(
    const struct hk_frames *frames, const char *head, size_t size, size_t *ret_count)
{
    size_t digits = 0;
    size_t count = 0;

    while (digits < size && digits <= DIGITS_MAX && head[digits] >= '0' && head[digits] <= '9')
        count = count * 10 + (size_t)(head[digits++] - '0');
    if (size > 0 && (head[0] < '1' || head[0] > '9'))
        return IS_LINE;
    if (digits > DIGITS_MAX)
        return IS_LINE;
    if (digits == size)
        return MORE;
    if (head[digits] != ' ')
        return IS_LINE;
    *ret_count = count;
    if (frames->is_counting)
        return IS_COUNTED;
    if (digits + 1 == size)
        return MORE;
    return head[digits + 1] == '<' ? IS_COUNTED : IS_LINE;
}

/* Find out what kind of frame begins; *ret_at moves over what is taken. */
static bool begin(struct hk_frames *frames, const char *data, size_t size, size_t *ret_at)
{
    char head[HEAD_SIZE];
    size_t held = frames->held.size;
    size_t more;
    size_t count = 0;

    while (held == 0 && *ret_at < size && (is_end(data[*ret_at]) || data[*ret_at] == '\r'))
        (*ret_at)++;
    more = size - *ret_at < HEAD_SIZE - held ? size - *ret_at : HEAD_SIZE - held;
    if (more == 0)
        return true;
    if (held > 0)
        memcpy(head, frames->held.data, held);
    memcpy(head + held, data + *ret_at, more);
    switch (tell(frames, head, held + more, &count)) {
    case MORE:
        hk_buf_append(&frames->held, data + *ret_at, more);
        *ret_at += more;
        return !frames->held.failed;
    case IS_LINE:
        frames->state = LINE;
        return true;
    case IS_COUNTED:
        break;
    }
    if (count > HK_SYSLOG_FRAME_SIZE_MAX)
        return false;
    *ret_at += (size_t)((char *)memchr(head, ' ', held + more) - head) + 1 - held;
    hk_buf_clear(&frames->held);
    frames->is_counting = true;
    frames->left = count;
    frames->state = COUNTED;
    return true;
}

/* Hold bytes up to room in all; the others are for nothing. */
static bool hold(struct hk_frames *frames, const char *data, size_t size, size_t room)
{
    size_t space = room - frames->held.size;

    hk_buf_append(&frames->held, data, size < space ? size : space);
    return !frames->held.failed;
}

static bool counted(
    struct hk_frames *frames, const char *data, size_t size, size_t *ret_at, struct hk_frame *frame)
{
    size_t here = size - *ret_at < frames->left ? size - *ret_at : frames->left;
    const char *text = data + *ret_at;
    bool is_good = true;

    *ret_at += here;
    frames->left -= here;
    if (frames->state == SKIP_COUNTED) {
        if (frames->left == 0)
            frames->state = BEGIN;
        return true;
    }
    if (frames->left == 0 && frames->held.size == 0) {
        give(frames, text, here, false, frame);
        frames->state = BEGIN;
        return true;
    }
    is_good = hold(frames, text, here, frames->size_max + 1);
    if (frames->left == 0) {
        give_held(frames, false, frame);
        frames->state = BEGIN;
    } else if (frames->held.size > frames->size_max) {
        give_held(frames, true, frame);
        frames->state = SKIP_COUNTED;
    }
    return is_good;
}

/* Where the line ends, or size. */
static size_t find_end(const char *data, size_t size)
{
    const char *end = memchr(data, '\n', size);

    if (end != NULL)
        size = (size_t)(end - data);
    end = memchr(data, '\0', size);
    return end != NULL ? (size_t)(end - data) : size;
}

static size_t without_cr(const char *text, size_t size)
{
    return size > 0 && text[size - 1] == '\r' ? size - 1 : size;
}

static bool line(
    struct hk_frames *frames, const char *data, size_t size, size_t *ret_at, struct hk_frame *frame)
{
    const char *text = data + *ret_at;
    size_t here = find_end(text, size - *ret_at);
    bool has_end = here < size - *ret_at;
    bool is_good = true;

    *ret_at += here + has_end;
    if (frames->state == SKIP_LINE) {
        if (has_end)
            frames->state = BEGIN;
        return true;
    }
    if (has_end && frames->held.size == 0) {
        give(frames, text, without_cr(text, here), false, frame);
        frames->state = BEGIN;
        return true;
    }
    is_good = hold(frames, text, here, frames->size_max + 2);
    if (has_end) {
        frames->held.size = without_cr(frames->held.data, frames->held.size);
        give_held(frames, false, frame);
        frames->state = BEGIN;
    } else if (frames->held.size > frames->size_max + 1) { /* the last one may be a CR */
        give_held(frames, true, frame);
        frames->state = SKIP_LINE;
    }
    return is_good;
}

bool hk_frames_next(struct hk_frames *frames, const char *data, size_t size, size_t *ret_taken,
    struct hk_frame *ret_frame)
{
    size_t at = 0;
    bool is_good = true;

    *ret_frame = (struct hk_frame){.text = NULL};
    if (frames->is_given) {
        hk_buf_clear(&frames->held);
        frames->is_given = false;
    }
    while (is_good && at < size && ret_frame->text == NULL) {
        if (frames->is_given) { /* it was empty */
            hk_buf_clear(&frames->held);
            frames->is_given = false;
        }
        if (frames->state == BEGIN)
            is_good = begin(frames, data, size, &at);
        else if (frames->state == LINE || frames->state == SKIP_LINE)
            is_good = line(frames, data, size, &at, ret_frame);
        else
            is_good = counted(frames, data, size, &at, ret_frame);
    }
    *ret_taken = at;
    return is_good;
}

void hk_frames_end(struct hk_frames *frames, struct hk_frame *ret_frame)
{
    *ret_frame = (struct hk_frame){.text = NULL};
    if (hk_frames_held(frames) > 0)
        give_held(frames, frames->state == COUNTED, ret_frame);
    frames->state = BEGIN;
}
