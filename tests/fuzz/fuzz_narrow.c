/*
 * Narrowing: two JSON objects, one a line. What is let through is no wider: it can stand in for
 * what was asked, a second narrowing to the same changes nothing, and going back is only let
 * through where nothing had changed.
 */
#include "engine/narrow.h"

#include <stdlib.h>
#include <string.h>

static const struct hk_json_limits limits = {
    .size_max = 1 << 16, .depth_max = 32, .nodes_max = 5000};
static const char schema_text[] =
    "{\"properties\":{\"n\":{\"x-narrow\":true},\"o\":{\"properties\":{\"n\":{\"x-narrow\":true}}},"
    "\"l\":{\"items\":{\"x-narrow\":true}}}}";

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const char *text = (const char *)data;
    const char *line = size > 0 ? memchr(text, '\n', size) : NULL;
    struct hk_json_doc docs[4] = {{.root = NULL}};
    struct hk_error error;
    struct hk_buf once;
    struct hk_buf again;
    bool is_changed = false;
    bool changed_again = true;

    hk_buf_init(&once, 1 << 20);
    hk_buf_init(&again, 1 << 20);
    if (line == NULL ||
        hk_json_parse(text, (size_t)(line - text), &limits, &docs[0], NULL) != HK_OK ||
        hk_json_parse(line + 1, size - (size_t)(line + 1 - text), &limits, &docs[1], NULL) !=
            HK_OK ||
        docs[0].root->type != HK_JSON_OBJECT || docs[1].root->type != HK_JSON_OBJECT ||
        hk_json_parse(schema_text, strlen(schema_text), &hk_json_limits_own, &docs[2], NULL) !=
            HK_OK)
        goto out;
    if (hk_narrow(docs[0].root, docs[1].root, docs[2].root, &once, &is_changed, &error) != HK_OK)
        goto out;
    if (hk_json_parse(once.data, once.size, &hk_json_limits_own, &docs[3], NULL) != HK_OK)
        abort();
    if (hk_narrow(docs[3].root, docs[1].root, docs[2].root, &again, &changed_again, &error) ==
            HK_OK &&
        (changed_again || again.size != once.size || memcmp(again.data, once.data, once.size) != 0))
        abort();
    hk_buf_clear(&again);
    if (hk_narrow(docs[0].root, docs[3].root, docs[2].root, &again, &changed_again, &error) ==
            HK_OK &&
        (again.size != once.size || memcmp(again.data, once.data, once.size) != 0))
        abort();
out:
    for (size_t i = 0; i < 4; i++)
        hk_json_doc_done(&docs[i]);
    hk_buf_done(&once);
    hk_buf_done(&again);
    return 0;
}
