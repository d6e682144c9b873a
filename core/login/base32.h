/*
 * base32: bytes as letters and digits that people can type (RFC 4648 section 6, without padding).
 */
#ifndef HK_LOGIN_BASE32_H
#define HK_LOGIN_BASE32_H

#include <stddef.h>
#include <stdint.h>

/* Letters for so many bytes, without NUL. */
#define HK_BASE32_SIZE(bytes) (((bytes)*8 + 4) / 5)

void hk_base32(const void *data, size_t size, char *ret_text /* HK_BASE32_SIZE + 1 */);

#endif
