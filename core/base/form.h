/*
 * form: what a browser sends when a form is posted, application/x-www-form-urlencoded (URL Standard
 * section 5.1). Strict where the standard is lenient: a '%' wants two hexadecimal digits, names and
 * values are UTF-8 without control bytes other than tab, CR and LF, and a field has a name.
 */
#ifndef HK_BASE_FORM_H
#define HK_BASE_FORM_H

#include "base/status.h"

#include <stdbool.h>

#define HK_FORM_COUNT_MAX 64

struct hk_form_field {
    const char *name;
    const char *value;
};

/* All zero: an empty form. */
struct hk_form {
    char *text; /* what the fields point into */
    size_t text_size;
    unsigned count;
    struct hk_form_field fields[HK_FORM_COUNT_MAX];
};

/* Read a body (may be NULL with size 0). HK_INVALID, HK_LIMIT, HK_NOMEM; on failure there is
 * nothing to free. */
HK_MUST_CHECK enum hk_status hk_form_read(
    const char *data, size_t size, struct hk_form *ret_form, struct hk_error *error);
/* Wipes the texts, since passwords come this way, and frees them. */
void hk_form_done(struct hk_form *form);

/* The value of the only field of that name; NULL when it isn't there, or there twice (which one is
 * meant would be a guess). */
const char *hk_form_get(const struct hk_form *form, const char *name);
/* The same, but fallback for NULL. */
const char *hk_form_get_or(const struct hk_form *form, const char *name, const char *fallback);

#endif
