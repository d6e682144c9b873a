/*
 * Any bytes as a posted form: what is accepted has fields that are texts, and none that can be read
 * in two ways.
 */
#include "base/form.h"
#include "base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hk_form form;

    if (hk_form_read((const char *)data, size, &form, NULL) != HK_OK)
        return 0;
    must(form.count <= HK_FORM_COUNT_MAX);
    for (unsigned i = 0; i < form.count; i++) {
        const char *value = hk_form_get(&form, form.fields[i].name);

        must(hk_utf8_is_valid(form.fields[i].value, strlen(form.fields[i].value)));
        must(value == NULL || value == form.fields[i].value);
    }
    hk_form_done(&form);
    return 0;
}
