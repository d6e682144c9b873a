/* Any bytes as a plugin's file: no byte outside of them is read. */
#include "plugin/elfnote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hk_error error = {0};

    enum hk_status status = hk_elfnote_check(data, size, &error);
    if (status != HK_OK && error.text[0] == '\0')
        __builtin_trap(); /* an error without a text */
    return 0;
}
