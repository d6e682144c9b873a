/*
 * form: see form.h.
 */
#include "base/form.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* Decode in place up to the end, '\0' there; false when it is malformed. */
static bool decode(char *text, char *end)
{
    char *to = text;

    for (char *at = text; at < end; at++) {
        int value = (unsigned char)*at;

        if (value == '+') {
            value = ' ';
        } else if (value == '%') {
            int high = end - at > 2 ? hk_hex_digit(at[1]) : -1;
            int low = end - at > 2 ? hk_hex_digit(at[2]) : -1;
            if (high < 0 || low < 0)
                return false;
            value = high * 16 + low;
            at += 2;
        }
        if (value == 0x7f || (value < 0x20 && value != '\t' && value != '\r' && value != '\n'))
            return false;
        *to++ = (char)value;
    }
    *to = '\0';
    return hk_utf8_is_valid(text, (size_t)(to - text));
}

/* One "name=value" that ends at end. */
static enum hk_status read_field(
    struct hk_form *form, char *name, char *end, struct hk_error *error)
{
    char *equals = memchr(name, '=', (size_t)(end - name));
    char *value = equals != NULL ? equals + 1 : end;

    if (form->count == HK_FORM_COUNT_MAX)
        return hk_fail(error, HK_LIMIT, "the form has more than %d fields", HK_FORM_COUNT_MAX);
    if (equals == NULL || equals == name)
        return hk_fail(error, HK_INVALID, "the form has a field without a name or a value");
    if (!decode(value, end) || !decode(name, equals))
        return hk_fail(error, HK_INVALID, "field %u of the form is malformed", form->count + 1);
    form->fields[form->count++] = (struct hk_form_field){.name = name, .value = value};
    return HK_OK;
}

enum hk_status hk_form_read(
    const char *data, size_t size, struct hk_form *ret_form, struct hk_error *error)
{
    struct hk_form form = {.text = malloc(size + 1), .text_size = size + 1};
    enum hk_status status = HK_OK;
    char *end;

    if (form.text == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a form");
    if (size > 0)
        memcpy(form.text, data, size);
    form.text[size] = '\0';
    end = form.text + size;
    for (char *at = form.text; at < end && status == HK_OK;) {
        char *stop = memchr(at, '&', (size_t)(end - at));

        if (stop == NULL)
            stop = end;
        if (stop > at) /* the standard passes over nothing between two '&' */
            status = read_field(&form, at, stop, error);
        at = stop + 1;
    }
    if (status != HK_OK)
        hk_form_done(&form);
    else
        *ret_form = form;
    return status;
}

void hk_form_done(struct hk_form *form)
{
    if (form->text != NULL)
        explicit_bzero(form->text, form->text_size);
    free(form->text);
    *form = (struct hk_form){.text = NULL};
}

const char *hk_form_get(const struct hk_form *form, const char *name)
{
    const char *found = NULL;

    for (unsigned i = 0; i < form->count; i++) {
        if (strcmp(form->fields[i].name, name) != 0)
            continue;
        if (found != NULL)
            return NULL;
        found = form->fields[i].value;
    }
    return found;
}

const char *hk_form_get_or(const struct hk_form *form, const char *name, const char *fallback)
{
    const char *value = hk_form_get(form, name);

    return value != NULL ? value : fallback;
}
