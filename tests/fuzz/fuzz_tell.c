/*
 * Any document as what the record knows about a notice: whatever it says, a message comes out that
 * is bounded, shows nothing that steers, and has no link but ours; its mail can be sent by any
 * server, and its chat messages are JSON.
 */
#include "tell/tell.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIZE_MAX_OUT (256UL * 1024)

static void check_text(const char *text, const char *link)
{
    const char *at = text;

    if (strlen(text) > SIZE_MAX_OUT || !hk_utf8_is_valid(text, strlen(text)))
        abort();
    for (; *at != '\0'; at++) {
        size_t width;
        if (((unsigned char)*at & 0xc0) != 0x80 &&
            hk_character_is_unseen(hk_utf8_decode(at, &width)))
            abort();
        if (strncmp(at, "://", 3) == 0 &&
            (link == NULL || at - text < 5 || strncmp(at - 5, link, strlen(link)) != 0))
            abort();
    }
}

static void check_mail(const struct hk_buf *mail)
{
    size_t line = 0;
    unsigned headers = 0;
    bool is_header = true;

    for (size_t i = 0; i < mail->size; i++) {
        unsigned char byte = (unsigned char)mail->data[i];

        if (byte == '\r' && i + 1 < mail->size && mail->data[i + 1] == '\n') {
            is_header = is_header && line > 0;
            headers += is_header && mail->data[i + 2] != ' ';
            i++;
            line = 0;
        } else if (byte == '\r' || byte == '\n' || byte >= 0x7f || byte == 0 || ++line > 998) {
            abort();
        }
    }
    if (headers != 9 || line != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct hk_tell_envelope envelope = {
        .from = "a@b.example", .to = "c@d.example", .message_id = "no-1", .time_us = 1};
    struct hk_tell_scene scene = {.tenant = "main",
        .base_url = "https://soc.example",
        .language = size % 2 == 0 ? HK_LANGUAGE_EN : HK_LANGUAGE_JA,
        .now_us = 1};
    struct hk_tell_message message;
    struct hk_json_doc notice = {0};
    struct hk_json_doc chat = {0};
    struct hk_buf out;

    if (hk_json_parse((const char *)data, size, &hk_json_limits_own, &notice, NULL) != HK_OK)
        return 0;
    if (hk_tell_make(&scene, notice.root, &message, NULL) != HK_OK)
        goto out;
    check_text(message.subject, NULL);
    if (strchr(message.subject, '\n') != NULL)
        abort();
    check_text(message.text, message.link);
    free(message.foot); /* a checkpoint is ours, and stands there as it is */
    message.foot = NULL;
    hk_buf_init(&out, SIZE_MAX_OUT * 4);
    if (hk_tell_mail(&envelope, &message, &out, NULL) == HK_OK)
        check_mail(&out);
    for (int kind = HK_TELL_SLACK; kind <= HK_TELL_PLAIN; kind++) {
        hk_buf_clear(&out);
        if (hk_tell_chat((enum hk_tell_chat)kind, &scene, &message, notice.root, &out, NULL) !=
            HK_OK)
            continue;
        if (hk_json_parse(out.data, out.size, &hk_json_limits_own, &chat, NULL) != HK_OK)
            abort();
        hk_json_doc_done(&chat);
    }
    hk_buf_done(&out);
    hk_tell_done(&message);
out:
    hk_json_doc_done(&notice);
    return 0;
}
