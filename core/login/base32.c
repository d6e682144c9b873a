/*
 * base32: see base32.h.
 */
#include "login/base32.h"

void hk_base32(const void *data, size_t size, char *ret_text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const uint8_t *bytes = data;
    uint32_t bits = 0;
    unsigned count = 0;

    for (size_t i = 0; i < size; i++) {
        bits = bits << 8 | bytes[i];
        count += 8;
        while (count >= 5) {
            count -= 5;
            *ret_text++ = letters[bits >> count & 31];
        }
    }
    if (count > 0)
        *ret_text++ = letters[bits << (5 - count) & 31];
    *ret_text = '\0';
}
