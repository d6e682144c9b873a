/*
 * Any text to the reader of indicators and to taking apart: what is found can be found again in
 * itself, in the same form; what was taken apart holds no link any more.
 */
#include "base/defang.h"
#include "base/indicators.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

struct wanted {
    enum hk_indicator kind;
    const char *text;
    bool is_found;
};

static void compare(void *ctx, enum hk_indicator kind, const char *text)
{
    struct wanted *wanted = ctx;

    wanted->is_found =
        wanted->is_found || (kind == wanted->kind && strcmp(text, wanted->text) == 0);
}

static void check(void *ctx, enum hk_indicator kind, const char *text)
{
    struct wanted wanted = {.kind = kind, .text = text};

    (void)ctx;
    must(*text != '\0' && strlen(text) <= HK_INDICATOR_SIZE_MAX);
    must(kind == HK_INDICATOR_URL || strpbrk(text, " \n<>\"/") == NULL);
    /* A link may hold a name that is another thing when it stands alone. */
    if (kind == HK_INDICATOR_URL || kind == HK_INDICATOR_MAIL)
        return;
    must(hk_indicators_find(text, strlen(text), compare, &wanted, NULL) == HK_OK);
    must(wanted.is_found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hk_buf out;
    char *text = size < 65536 ? hk_strndup((const char *)data, size) : NULL;

    if (text == NULL)
        return 0;
    size = strlen(text);
    if (hk_utf8_is_valid(text, size)) {
        must(hk_indicators_find(text, size, check, NULL, NULL) == HK_OK);
        hk_buf_init(&out, size * 3 + 1);
        hk_defang(text, size, &out);
        must(!out.failed && (out.data == NULL || strstr(out.data, "://") == NULL));
        hk_buf_done(&out);
    }
    free(text);
    return 0;
}
