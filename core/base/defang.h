/*
 * defang: addresses taken apart, so that no program makes a link of them, and put together again.
 *
 * Taken apart: "://" becomes "[:]//", "http" before it "hxxp", and a dot between a letter, digit,
 * '-' or '_' and a letter becomes "[.]", which leaves IP addresses and numbers as they are. So
 * there is no scheme, no domain name and no mail address left that a program would make a link of.
 */
#ifndef HK_BASE_DEFANG_H
#define HK_BASE_DEFANG_H

#include "base/buf.h"

/* Append the text (UTF-8, NUL-terminated at size) taken apart: at most three times as long. */
void hk_defang(const char *text, size_t size, struct hk_buf *out);
/* Append it put together: "hxxp" before a scheme's end, "[.]", "(.)", "[dot]", "[:]", "[://]" and
 * "[@]", "[at]" as they were. Never longer. */
void hk_refang(const char *text, size_t size, struct hk_buf *out);

#endif
