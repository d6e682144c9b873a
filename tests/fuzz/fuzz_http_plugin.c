/*
 * Any text as the path and query of a request: whatever comes out begins with the configured URL,
 * has no part that climbs out of it, and no byte that a URL can't hold. Malformed JSON, which the
 * engine never sends, is read without leaving the text. And what the plugin takes for JSON in an
 * answer is JSON for the engine too.
 */
#include "base/json.h"
#include "http/span.h"
#include "http/strict.h"
#include "http/url.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BASE "https://api.example/v1"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static const struct hk_host host = {.size = sizeof(host), .alloc = malloc, .free = free};

static void check_url(const struct text *out)
{
    size_t base_size = strlen(BASE);

    must(out->size == strlen(out->data) && out->size <= URL_SIZE_MAX);
    must(text_is_plain(out->data));
    must(memcmp(out->data, BASE, base_size) == 0);
    const char *rest = out->data + base_size;
    must(*rest == '\0' || *rest == '/' || *rest == '?');
    size_t path_size = strcspn(rest, "?");
    must(memchr(rest, '#', path_size) == NULL && memchr(rest, '@', path_size) == NULL);
    must(strstr(rest, "/../") == NULL && strstr(rest, "/./") == NULL);
    must(path_size < 3 || memcmp(rest + path_size - 3, "/..", 3) != 0);
}

static void check_spans(struct span text, unsigned depth)
{
    struct span key;
    struct span value;
    size_t at = 0;

    while (span_next(text, &at, &key, &value)) {
        must(value.size > 0 && value.at >= text.at && value.at + value.size <= text.at + text.size);
        must(key.at >= text.at && key.at + key.size <= value.at);
        must(at <= text.size);
        if (depth < 8)
            check_spans(value, depth + 1);
    }
}

static void check_json(const char *text, size_t size)
{
    struct hk_json_doc doc = {0};

    if (!text_is_utf8(text, size) || memchr(text, '\0', size) != NULL ||
        !strict_is_json(text, size))
        return;
    must(hk_json_parse(text, size, &hk_json_limits_own, &doc, NULL) == HK_OK);
    hk_json_doc_done(&doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span args = {(const char *)data, size};
    struct span path = {NULL, 0};
    struct span query = {NULL, 0};
    struct text out;

    if (size == 0 || size > 4096)
        return 0;
    check_spans(args, 0);
    check_json(args.at, args.size);
    if (!span_get(args, "path", &path) && !span_get(args, "query", &query))
        path = args;
    (void)span_get(args, "query", &query);
    text_init(&out, &host);
    if (url_build(&out, BASE, path, query) == NULL)
        check_url(&out);
    text_done(&out);
    return 0;
}
