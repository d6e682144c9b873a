/*
 * Any text as a name or URL for the lists that products poll: what is taken is one line of plain
 * characters, and read again it is the same.
 */
#include "edl/entry.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check(enum entry_kind kind, const char *text)
{
    struct entry entry;
    struct entry again;

    if (entry_read(kind, text, &entry) != NULL) {
        must(entry.name == NULL);
        return;
    }
    must(*entry.name != '\0' && strlen(entry.name) < ENTRY_TEXT_SIZE);
    for (const char *at = entry.name; *at != '\0'; at++)
        must(*at > ' ' && *at <= '~');
    must(entry_read_line(kind, entry.name, &again) == NULL);
    must(entry_compare(&entry, &again) == 0 && entry_is_covered(&again, entry.name));
    entry_done(&again);
    entry_done(&entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = size < 65536 ? malloc(size + 1) : NULL;

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    check(ENTRY_DOMAIN, text);
    check(ENTRY_URL, text);
    free(text);
    return 0;
}
