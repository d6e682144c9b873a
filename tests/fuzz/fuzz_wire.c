/* Any bytes from a plugin process, cut by their first byte: frames or an error, within bounds. */
#include "plugin/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hk_wire_reader reader;
    struct hk_error error = {0};
    enum hk_status status = HK_OK;

    if (size == 0)
        return 0;
    size_t step = (size_t)data[0] + 1;
    hk_wire_reader_init(&reader, false);
    for (size_t at = 1; at < size && status == HK_OK; at += step) {
        bool ready = true;
        status = hk_wire_feed(&reader, data + at, size - at < step ? size - at : step, &error);
        while (status == HK_OK && ready) {
            struct hk_json_doc doc = {0};
            status = hk_wire_next(&reader, &doc, &ready, &error);
            hk_json_doc_done(&doc);
        }
    }
    hk_wire_reader_done(&reader);
    return 0;
}
