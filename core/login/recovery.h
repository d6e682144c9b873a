/*
 * recovery: codes on paper, for whoever has lost the device. Each counts once. A code has 80 random
 * bits, so its plain SHA-256 gives nothing away.
 */
#ifndef HK_LOGIN_RECOVERY_H
#define HK_LOGIN_RECOVERY_H

#include "base/digest.h"

#define HK_RECOVERY_COUNT 10
#define HK_RECOVERY_TEXT_SIZE 20 /* "ABCD-EFGH-IJKL-MNOP" and NUL */

void hk_recovery_new(char ret_text[HK_RECOVERY_TEXT_SIZE], uint8_t ret_hash[HK_SHA256_SIZE]);
/* The digest of what somebody typed, whatever blanks, dashes and letter case it has, and with 0, 1
 * and 8 for the letters that they look like. False when it can't be a code. */
bool hk_recovery_hash(const char *text, uint8_t ret_hash[HK_SHA256_SIZE]);

#endif
