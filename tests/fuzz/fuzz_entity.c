/*
 * Any alert view to what it is about, and any text with places to what is filled in: bounded,
 * plain, each entity once, and the same again.
 */
#include "engine/entity.h"
#include "engine/places.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_text(const char *text)
{
    size_t size = strnlen(text, HK_ENTITY_SIZE);

    must(size > 0 && size < HK_ENTITY_SIZE && strchr(text, ':') != NULL);
    for (size_t i = 0; i < size; i++)
        must((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
}

static void check_entities(const struct hk_json *view)
{
    static const struct hk_case_policy policy = {.join_by = HK_JOIN_ALL};
    struct hk_entities entities;
    struct hk_entities again;

    hk_entities_of(&policy, view, &entities);
    hk_entities_of(&policy, view, &again);
    must(entities.count <= HK_ENTITIES_PER_ALERT_MAX && entities.count == again.count);
    for (size_t i = 0; i < entities.count; i++) {
        check_text(entities.items[i]);
        must(strcmp(entities.items[i], again.items[i]) == 0);
        for (size_t k = 0; k < i; k++)
            must(strcmp(entities.items[i], entities.items[k]) != 0);
    }
}

static void check_places(const struct hk_json *args)
{
    static const struct hk_place places[] = {{"reason", "\x1b{title}"}, {NULL, NULL}};
    const char *text = hk_json_string_at(args, "title", "{reason}");
    struct hk_buf out;

    hk_buf_init(&out, 1 << 20);
    hk_places_fill(text, args, places, &out);
    hk_places_fill("{title}{reason}{user}", args, places, &out);
    must(out.failed || out.data == NULL || strchr(out.data, '\x1b') == NULL ||
         strchr(text, '\x1b') != NULL);
    hk_buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct hk_json_limits limits = {
        .size_max = 1 << 18, .depth_max = 64, .nodes_max = 20000};
    struct hk_json_doc doc = {.root = NULL};

    if (hk_json_parse((const char *)data, size, &limits, &doc, NULL) == HK_OK) {
        check_entities(doc.root);
        check_places(doc.root);
    }
    hk_json_doc_done(&doc);
    return 0;
}
