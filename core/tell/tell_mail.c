/*
 * tell_mail: a message as a mail (RFC 5322), with what isn't ASCII in the header as encoded words
 * (RFC 2047) and in the body as base64 (RFC 2045), so that any server takes it as it is.
 */
#include "tell/tell.h"

#include "base/digest.h"
#include "base/text.h"

#include <string.h>
#include <time.h>

enum {
    WORD_BYTES_MAX = 45, /* of text in one encoded word: 75 characters with what is around it */
    BASE64_LINE = 76,    /* of base64, RFC 2045 section 6.8 */
    PLAIN_LINE_MAX = 900 /* RFC 5322 section 2.1.1 allows 998 */
};

static bool is_plain(const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        if (((unsigned char)*at < ' ' && *at != '\n') || (unsigned char)*at >= 0x7f)
            return false;
    return true;
}

/* --- the header --- */

/* Text with encoded words where it needs them. No line's end can be in it: what is a control byte
 * is encoded. */
static void put_words(struct hk_buf *out, const char *text)
{
    size_t left = strlen(text);

    /* "=?" in plain text would be read as the beginning of an encoded word. */
    if (is_plain(text) && strchr(text, '\n') == NULL && strstr(text, "=?") == NULL && left < 200) {
        hk_buf_append_text(out, text);
        return;
    }
    while (left > 0) {
        size_t size = hk_utf8_prefix(text, left, WORD_BYTES_MAX);

        if (size == 0)
            size = left < WORD_BYTES_MAX ? left : WORD_BYTES_MAX;
        hk_buf_append_text(out, "=?UTF-8?B?");
        hk_base64(text, size, out);
        hk_buf_append_text(out, "?=");
        text += size;
        left -= size;
        if (left > 0)
            hk_buf_append_text(out, "\r\n ");
    }
}

/* RFC 5322 section 3.3, in English whatever the locale. */
static void put_date(struct hk_buf *out, int64_t time_us)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm tm;

    if (gmtime_r(&seconds, &tm) == NULL)
        return;
    hk_buf_appendf(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday,
        months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void put_header(
    const struct hk_tell_envelope *envelope, const char *subject, bool is_ascii, struct hk_buf *out)
{
    const char *domain = strchr(envelope->from, '@');

    if (domain == NULL)
        domain = "@localhost";
    put_date(out, envelope->time_us);
    hk_buf_append_text(out, "From: ");
    if (envelope->from_name != NULL) {
        /* Always encoded: what a name may hold as it is, or in quotes, is a list of its own. */
        hk_buf_append_text(out, "=?UTF-8?B?");
        hk_base64(envelope->from_name,
            hk_utf8_prefix(envelope->from_name, strlen(envelope->from_name), WORD_BYTES_MAX), out);
        hk_buf_append_text(out, "?= ");
    }
    hk_buf_appendf(out, "<%s>\r\nTo: <%s>\r\nSubject: ", envelope->from, envelope->to);
    put_words(out, subject);
    hk_buf_appendf(out, "\r\nMessage-ID: <%s%s>\r\n", envelope->message_id, domain);
    if (envelope->thread != NULL)
        hk_buf_appendf(out, "References: <%s%s>\r\n", envelope->thread, domain);
    hk_buf_append_text(out, "Auto-Submitted: auto-generated\r\n"
                            "MIME-Version: 1.0\r\n"
                            "Content-Type: text/plain; charset=utf-8\r\n");
    hk_buf_appendf(out, "Content-Transfer-Encoding: %s\r\n\r\n", is_ascii ? "7bit" : "base64");
}

/* --- the body --- */

static bool has_long_line(const char *text)
{
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        if (size > PLAIN_LINE_MAX)
            return true;
        text += size + (text[size] != '\0');
    }
    return false;
}

/* With CR LF as line's end, as text/plain has it. */
static void put_crlf(struct hk_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            hk_buf_append_text(out, "\r\n");
        else if (*text != '\r')
            hk_buf_append_char(out, *text);
    }
}

static void put_base64(struct hk_buf *out, const struct hk_buf *body)
{
    const size_t bytes_per_line = BASE64_LINE / 4 * 3;

    for (size_t at = 0; at < body->size; at += bytes_per_line) {
        size_t size = body->size - at < bytes_per_line ? body->size - at : bytes_per_line;
        hk_base64(body->data + at, size, out);
        hk_buf_append_text(out, "\r\n");
    }
}

/* An address or id stands in a header as it is, so nothing may be in it that ends it there. */
static bool is_token(const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 0x7f || *at == '<' || *at == '>')
            return false;
    return *text != '\0';
}

enum hk_status hk_tell_mail(const struct hk_tell_envelope *envelope,
    const struct hk_tell_message *message, struct hk_buf *out, struct hk_error *error)
{
    struct hk_buf text;
    struct hk_buf body;
    enum hk_status status;

    if (!is_token(envelope->from) || !is_token(envelope->to) || !is_token(envelope->message_id) ||
        (envelope->thread != NULL && !is_token(envelope->thread)))
        return hk_fail(error, HK_INVALID, "an address or id of a mail is none");
    hk_buf_init(&text, out->size_max);
    hk_buf_init(&body, out->size_max);
    hk_buf_append_text(&text, message->text);
    if (message->foot != NULL)
        hk_buf_appendf(&text, "\n-- \n%s", message->foot);
    status = hk_buf_check(&text, "a mail", error);
    if (status != HK_OK)
        goto out;
    bool is_ascii = is_plain(text.data) && !has_long_line(text.data);
    put_header(envelope, message->subject, is_ascii, out);
    if (is_ascii) {
        put_crlf(out, text.data);
    } else {
        put_crlf(&body, text.data);
        put_base64(out, &body);
        status = hk_buf_check(&body, "a mail", error);
    }
    if (status == HK_OK)
        status = hk_buf_check(out, "a mail", error);
out:
    hk_buf_done(&text);
    hk_buf_done(&body);
    return status;
}
