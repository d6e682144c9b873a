/*
 * Any text as a mapping's file, and what follows its first NUL as a message: the file is refused
 * with its name, or the mapping reads the message.
 */
#include "base/text.h"
#include "intake/products.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NOW_US INT64_C(1795306845000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool promise)
{
    if (!promise)
        abort();
}

static void read_message(const struct hk_products *products, const char *bytes, size_t size)
{
    const struct hk_message_hint hint = {
        .transport = HK_TRANSPORT_SYSLOG, .source = "source-1", .now_us = NOW_US};
    struct hk_mapping_trouble trouble;
    struct hk_alert_in alert = {0};
    enum hk_status status =
        hk_products_read(products, bytes, size, &hint, NULL, &alert, &trouble, NULL);

    must(status == HK_OK || status == HK_INVALID || status == HK_LIMIT || status == HK_UNSUPPORTED);
    hk_alert_in_done(&alert);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    size_t text_size = strnlen(text, size);
    struct hk_products *products = NULL;
    struct hk_error error = {0};
    char *copy = hk_strndup(text, text_size); /* files end in a NUL that is not counted */
    struct hk_mapping_file file = {"own.json", copy, text_size};

    if (copy == NULL)
        return 0;
    if (hk_products_new(NULL, &file, 1, &products, &error) != HK_OK)
        must(strncmp(error.text, "own.json:", strlen("own.json:")) == 0);
    else if (text_size < size)
        read_message(products, text + text_size + 1, size - text_size - 1);
    hk_products_free(products);
    free(copy);
    return 0;
}
