/*
 * recovery: see recovery.h.
 */
#include "login/recovery.h"

#include "login/base32.h"

#include <ctype.h>
#include <string.h>

enum { CODE_BYTES = 10, CODE_SIZE = HK_BASE32_SIZE(CODE_BYTES) };

void hk_recovery_new(char ret_text[HK_RECOVERY_TEXT_SIZE], uint8_t ret_hash[HK_SHA256_SIZE])
{
    uint8_t bytes[CODE_BYTES];
    char code[CODE_SIZE + 1];
    char *to = ret_text;

    hk_random(bytes, sizeof(bytes));
    hk_base32(bytes, sizeof(bytes), code);
    hk_sha256_one(code, CODE_SIZE, ret_hash);
    for (size_t i = 0; i < CODE_SIZE; i++) {
        if (i > 0 && i % 4 == 0)
            *to++ = '-';
        *to++ = code[i];
    }
    *to = '\0';
    explicit_bzero(bytes, sizeof(bytes));
    explicit_bzero(code, sizeof(code));
}

bool hk_recovery_hash(const char *text, uint8_t ret_hash[HK_SHA256_SIZE])
{
    char code[CODE_SIZE];
    size_t size = 0;

    for (; *text != '\0'; text++) {
        char c = (char)toupper((unsigned char)*text);
        if (c == '-' || c == ' ')
            continue;
        c = c == '0' ? 'O' : c == '1' ? 'I' : c == '8' ? 'B' : c;
        if (size == CODE_SIZE || !((c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7')))
            return false;
        code[size++] = c;
    }
    if (size != CODE_SIZE)
        return false;
    hk_sha256_one(code, CODE_SIZE, ret_hash);
    explicit_bzero(code, sizeof(code));
    return true;
}
