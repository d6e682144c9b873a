/*
 * Any bytes as a message of a source: framing off, syslog header, CEF, LEEF, pairs, CSV, XML, Zeek,
 * JSON, and all mappings that are built in. The first byte says which way it came. What a source
 * brings can't be sent back: it is taken, passed over for what it says, or too large, and nothing
 * else; "not now" would hold up the source for good.
 */
#include "base/json.h"
#include "intake/products.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NOW_US INT64_C(1795306845000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct hk_products *products;

static void must(bool promise)
{
    if (!promise)
        abort();
}

static void check_taken(const struct hk_alert_in *alert, const struct hk_mapping_trouble *trouble)
{
    struct hk_json_doc doc = {.root = NULL};

    must(hk_products_has(products, alert->form) || strcmp(alert->form, HK_FORM_UNMAPPED) == 0);
    must(!trouble->failed || strcmp(alert->form, HK_FORM_UNMAPPED) == 0);
    must(alert->severity >= 1 && alert->severity <= 6 && strlen(alert->dedupe) == 32);
    must(hk_json_parse(alert->view, strlen(alert->view), &hk_json_limits_own, &doc, NULL) == HK_OK);
    must(hk_json_string(hk_json_get(doc.root, "title")) != NULL);
    must(hk_json_string(hk_json_get(doc.root, "severity")) != NULL);
    must(hk_json_string(hk_json_get(doc.root, "time")) != NULL);
    must(hk_json_string(hk_json_get(doc.root, "product")) != NULL);
    hk_json_doc_done(&doc);
    must(hk_json_parse(alert->raw, strlen(alert->raw), &hk_json_limits_own, &doc, NULL) == HK_OK);
    hk_json_doc_done(&doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char head[] = "#separator \\x09\n#path\tnotice\n"
                               "#fields\tts\tuid\tid.orig_h\tid.resp_h\tnote\tmsg\n";
    static const enum hk_transport ways[] = {
        HK_TRANSPORT_SYSLOG, HK_TRANSPORT_FILE, HK_TRANSPORT_WEBHOOK, HK_TRANSPORT_API};
    struct hk_mapping_trouble trouble;
    struct hk_alert_in alert = {0};
    struct hk_error error;
    enum hk_status status;

    if (size < 1)
        return 0;
    if (products == NULL)
        must(hk_products_new_builtin(&products, NULL) == HK_OK);
    const struct hk_message_hint hint = {.transport = ways[data[0] % 4],
        .source = "source-1",
        .peer = "192.0.2.1",
        .now_us = NOW_US,
        .utc_offset_min = (data[0] & 8) != 0 ? 540 : 0,
        .head = (data[0] & 4) != 0 ? head : NULL};
    status = hk_products_read(
        products, (const char *)data + 1, size - 1, &hint, NULL, &alert, &trouble, &error);
    if (status != HK_OK)
        must(status == HK_INVALID || status == HK_LIMIT || status == HK_UNSUPPORTED);
    else if (hint.transport != HK_TRANSPORT_API)
        check_taken(&alert, &trouble);
    hk_alert_in_done(&alert);
    return 0;
}
