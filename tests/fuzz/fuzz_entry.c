/*
 * Any bytes as an entry line: what is read must be written back byte for byte.
 */
#include "ledger/entry.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hk_entry entry;
    struct hk_error error;
    char line[HK_ENTRY_LINE_SIZE];
    char *text = malloc(size + 1);

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (hk_entry_parse(text, size, &entry, &error) == HK_OK &&
        (hk_entry_format(&entry, line) != size || memcmp(line, text, size) != 0))
        abort();
    free(text);
    return 0;
}
