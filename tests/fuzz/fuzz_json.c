/*
 * Any bytes: parse, write back, parse again; both must have the same canonical form, and that form
 * must be its own.
 */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct hk_json_limits limits = {.size_max = 65536, .depth_max = 32, .nodes_max = 2000};
/* Escapes may grow when they are written: \/ does not, a raw control byte is never accepted. */
static const struct hk_json_limits again = {.size_max = 131072, .depth_max = 32, .nodes_max = 2000};

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_same(const struct hk_buf *a, const struct hk_buf *b)
{
    must(!a->failed && !b->failed && a->size == b->size);
    must(memcmp(a->data, b->data, a->size) == 0);
}

static void check_tree(const struct hk_json *value, const struct hk_json *root)
{
    unsigned count = 0;

    must(value->source >= root->source);
    must(value->source + value->source_size <= root->source + root->source_size);
    if (value->text != NULL)
        must(strlen(value->text) == value->text_size);
    for (const struct hk_json *child = value->first; child != NULL; child = child->next) {
        must((child->key != NULL) == (value->type == HK_JSON_OBJECT));
        if (child->key != NULL)
            must(hk_json_get(value, child->key) == child);
        check_tree(child, root);
        count++;
    }
    must(count == value->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hk_json_doc first = {0};
    struct hk_json_doc second = {0};
    struct hk_json_doc third = {0};
    struct hk_buf written;
    struct hk_buf canonical;
    struct hk_buf canonical_again;
    struct hk_error error;
    struct hk_jw jw;

    hk_buf_init(&written, 131072);
    hk_buf_init(&canonical, 131072);
    hk_buf_init(&canonical_again, 131072);
    if (hk_json_parse((const char *)data, size, &limits, &first, &error) != HK_OK) {
        must(first.root == NULL && strlen(error.text) > 0);
        goto out;
    }
    check_tree(first.root, first.root);
    hk_jw_init(&jw, &written);
    hk_jw_value(&jw, first.root);
    must(hk_json_parse(written.data, written.size, &again, &second, NULL) == HK_OK);
    hk_json_canonical(first.root, &canonical);
    hk_json_canonical(second.root, &canonical_again);
    check_same(&canonical, &canonical_again);

    must(hk_json_parse(canonical.data, canonical.size, &again, &third, NULL) == HK_OK);
    hk_buf_clear(&canonical_again);
    hk_json_canonical(third.root, &canonical_again);
    check_same(&canonical, &canonical_again);
out:
    hk_json_doc_done(&first);
    hk_json_doc_done(&second);
    hk_json_doc_done(&third);
    hk_buf_done(&written);
    hk_buf_done(&canonical);
    hk_buf_done(&canonical_again);
    return 0;
}
