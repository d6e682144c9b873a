/* Any bytes as a plugin's file: no byte outside of them is read. */
#include "plugin/elfnote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hk_error error = {0};

    return hk_elfnote_check(data, size, &error) == HK_OK ? 0 : 0;
}
