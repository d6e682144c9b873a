/*
 * status: texts of errors, made safe for terminals.
 */
#include "base/status.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef hk_fail

#define ERROR_TEXT_SIZE sizeof(((struct hk_error *)0)->text)

const char *hk_status_text(enum hk_status status)
{
    static const char *const texts[] = {
#define X(name, text) [HK_##name] = (text),
        HK_STATUS_LIST(X)
#undef X
    };
    if ((unsigned)status >= sizeof(texts) / sizeof(texts[0]))
        return "unknown status";
    return texts[status];
}

/* Replace what a terminal would act on: C0, DEL, and C1 in its UTF-8 form. */
static void defuse(char *text)
{
    for (unsigned char *at = (unsigned char *)text; *at != 0; at++) {
        if (*at < 0x20 || *at == 0x7f)
            *at = '?';
        if (*at == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f) {
            at[0] = '?';
            at[1] = '?';
        }
    }
}

/* Take a text that may be some bytes longer than fits. */
static void set_text(struct hk_error *error, char *text)
{
    size_t size = hk_utf8_prefix(text, strlen(text), ERROR_TEXT_SIZE - 1);
    text[size] = '\0';
    defuse(text);
    memcpy(error->text, text, size + 1);
}

enum hk_status hk_fail(struct hk_error *error, enum hk_status status, const char *format, ...)
{
    /* A text of its own: the arguments may point into *error. */
    char text[ERROR_TEXT_SIZE + 4];
    va_list args;

    if (error == NULL)
        return status;
    va_start(args, format);
    if (vsnprintf(text, sizeof(text), format, args) < 0)
        text[0] = '\0';
    va_end(args);
    set_text(error, text);
    error->status = status;
    return status;
}

enum hk_status hk_error_prefix(struct hk_error *error, const char *format, ...)
{
    char context[ERROR_TEXT_SIZE];
    char text[2 * ERROR_TEXT_SIZE + 4];
    va_list args;

    if (error == NULL)
        return HK_INTERNAL;
    va_start(args, format);
    if (vsnprintf(context, sizeof(context), format, args) < 0)
        context[0] = '\0';
    va_end(args);
    (void)snprintf(text, sizeof(text), "%s: %s", context, error->text);
    set_text(error, text);
    return error->status;
}
