/*
 * dedupe: see dedupe.h.
 */
#include "intake/dedupe.h"

#include "base/digest.h"
#include "intake/intake.h"
#include "limits.h"

#define KEY_BYTES 16
#define JOIN_SIZE_MAX (4 * HK_ALERT_SIZE_MAX)
#define JOIN_SIZE_USUAL 256

const char *const hk_dedupe_fields_default[] = {"product", "title", "src.ip", "dst.ip", "dst.port",
    "device.host", "user.name", "file.sha256", "url", NULL};

static void append_field(struct hk_buf *out, const void *data, size_t size)
{
    char digits[24] = {[22] = ':'};
    size_t at = 22;
    size_t left = size;

    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    hk_buf_append(out, digits + at, 23 - at);
    hk_buf_append(out, data, size);
}

enum hk_status hk_dedupe_key(
    const struct hk_json *view, const char *const *fields, char ret_key[33], struct hk_error *error)
{
    uint8_t digest[HK_SHA256_SIZE];
    struct hk_buf joined;
    struct hk_buf value;
    enum hk_status status;

    hk_buf_init(&joined, JOIN_SIZE_MAX);
    hk_buf_reserve(&joined, JOIN_SIZE_USUAL);
    hk_buf_init(&value, JOIN_SIZE_MAX);
    for (; *fields != NULL; fields++) {
        const struct hk_json *field = hk_json_at(view, *fields);
        hk_buf_clear(&value);
        if (field == NULL || field->type == HK_JSON_NULL) {
            append_field(&joined, "", 0);
        } else if (field->type == HK_JSON_STRING || field->type == HK_JSON_NUMBER) {
            append_field(&joined, field->text, field->text_size);
        } else {
            hk_json_canonical(field, &value);
            append_field(&joined, value.data != NULL ? value.data : "", value.size);
        }
    }
    status = hk_buf_check(&value, "dedupe key", error);
    if (status == HK_OK)
        status = hk_buf_check(&joined, "dedupe key", error);
    if (status == HK_OK) {
        hk_sha256_one(joined.data != NULL ? joined.data : "", joined.size, digest);
        hk_hex(digest, KEY_BYTES, ret_key);
    }
    hk_buf_done(&value);
    hk_buf_done(&joined);
    return status;
}
