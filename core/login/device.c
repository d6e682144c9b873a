/*
 * device: see device.h.
 */
#include "login/device.h"

#include <string.h>

enum { NAME_BYTES = 16, NAME_SIZE = HK_DEVICE_NAME_SIZE - 1 };

static void make_mac(const struct hk_seal *seal, const struct hk_device_owner *owner,
    const char name[HK_DEVICE_NAME_SIZE], char ret_hex[HK_SHA256_HEX_SIZE])
{
    const struct hk_bytes parts[] = {{&owner->tenant, sizeof(owner->tenant)},
        {owner->user, strlen(owner->user)}, {owner->password_hash, strlen(owner->password_hash)},
        {name, NAME_SIZE}};
    uint8_t mac[HK_SHA256_SIZE];

    hk_seal_mac(seal, "device", parts, sizeof(parts) / sizeof(parts[0]), mac);
    hk_hex(mac, sizeof(mac), ret_hex);
}

void hk_device_new(const struct hk_seal *seal, const struct hk_device_owner *owner,
    char ret_text[HK_DEVICE_TEXT_SIZE])
{
    uint8_t bytes[NAME_BYTES];

    hk_random(bytes, sizeof(bytes));
    hk_hex(bytes, sizeof(bytes), ret_text);
    make_mac(seal, owner, ret_text, ret_text + NAME_SIZE + 1);
    ret_text[NAME_SIZE] = '.';
}

bool hk_device_check(const struct hk_seal *seal, const struct hk_device_owner *owner,
    const char *text, char ret_name[HK_DEVICE_NAME_SIZE])
{
    char mac[HK_SHA256_HEX_SIZE];

    if (strlen(text) != HK_DEVICE_TEXT_SIZE - 1 || text[NAME_SIZE] != '.')
        return false;
    memcpy(ret_name, text, NAME_SIZE);
    ret_name[NAME_SIZE] = '\0';
    make_mac(seal, owner, ret_name, mac);
    return hk_equal_constant_time(mac, text + NAME_SIZE + 1, HK_SHA256_HEX_SIZE - 1);
}
