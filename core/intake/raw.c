/*
 * raw: see raw.h.
 */
#include "intake/raw.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "limits.h"

#include <string.h>

/* JSON writes a control byte with six; base64 needs 4/3 of all. */
#define RAW_SIZE_MAX (7UL * HK_ALERT_SIZE_MAX)

static bool is_control(char c)
{
    return (unsigned char)c < ' ' && c != '\n' && c != '\r' && c != '\t';
}

/* "\xHH" for each byte that is no text. */
static void append_escaped(struct hk_slice bytes, struct hk_buf *out)
{
    size_t at = 0;

    while (at < bytes.size) {
        size_t good = hk_utf8_valid_prefix(bytes.at + at, bytes.size - at);
        for (size_t end = at + good; at < end; at++) {
            if (bytes.at[at] == '\\')
                hk_buf_append_text(out, "\\\\");
            else if (is_control(bytes.at[at]))
                hk_buf_appendf(out, "\\x%02x", (unsigned char)bytes.at[at]);
            else
                hk_buf_append_char(out, bytes.at[at]);
        }
        if (at < bytes.size)
            hk_buf_appendf(out, "\\x%02x", (unsigned char)bytes.at[at++]);
    }
}

/* ["escaped", …], or ["base64", …] where that is shorter. */
static void write_bytes(struct hk_slice bytes, struct hk_jw *jw)
{
    struct hk_buf text;
    struct hk_buf base64;
    bool is_long;

    hk_buf_init(&text, RAW_SIZE_MAX);
    hk_buf_init(&base64, RAW_SIZE_MAX);
    append_escaped(bytes, &text);
    hk_base64(bytes.at, bytes.size, &base64);
    is_long = text.failed || text.size > base64.size;
    hk_jw_array(jw);
    hk_jw_string(jw, is_long ? "base64" : "escaped");
    hk_jw_string(jw, is_long ? base64.data : text.data);
    hk_jw_array_end(jw);
    if (base64.failed)
        jw->out->failed = true;
    hk_buf_done(&base64);
    hk_buf_done(&text);
}

char *hk_raw_make(struct hk_slice bytes, bool is_object)
{
    size_t controls = 0;
    struct hk_buf out;
    struct hk_jw jw;

    if (is_object)
        return hk_strndup(bytes.at, bytes.size);
    for (size_t i = 0; i < bytes.size; i++)
        controls += is_control(bytes.at[i]);
    hk_buf_init(&out, RAW_SIZE_MAX);
    hk_buf_reserve(&out, bytes.size + bytes.size / 16 + sizeof("\"\""));
    hk_jw_init(&jw, &out);
    /* A text full of control bytes would be six times as long. */
    if (controls > bytes.size / 16 || memchr(bytes.at, '\0', bytes.size) != NULL ||
        !hk_utf8_is_valid(bytes.at, bytes.size))
        write_bytes(bytes, &jw);
    else
        hk_jw_string_n(&jw, bytes.at, bytes.size);
    return hk_buf_take(&out, NULL);
}
