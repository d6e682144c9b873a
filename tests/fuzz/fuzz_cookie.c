/*
 * Any bytes as a Cookie header, and as a device's cookie: what is found is one whole value of the
 * name that was asked for, and there is no other of that name.
 */
#include "api/session_in.h"
#include "login/device.h"
#include "login/recovery.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* How often does "hikeshi=" begin a piece? */
static unsigned pieces_of(const char *text)
{
    unsigned count = 0;

    while (*text != '\0') {
        size_t size;
        text += strspn(text, "; \t");
        size = strcspn(text, ";");
        count += size >= 8 && strncmp(text, "hikeshi=", 8) == 0;
        text += size;
    }
    return count;
}

static void find(char *text)
{
    struct hk_http_request request = {.header_count = 1};
    char value[64];
    bool is_found;

    request.headers[0].name = (char[]){"cookie"};
    request.headers[0].value = text;
    is_found = hk_cookie_find(&request, "hikeshi", value, sizeof(value));
    must(strlen(value) < sizeof(value) && strchr(value, ';') == NULL);
    must(is_found ? pieces_of(text) == 1 && strstr(text, value) != NULL : value[0] == '\0');
}

static void check_device(const char *text)
{
    static const uint8_t key[HK_SEAL_KEY_SIZE] = {7};
    const struct hk_device_owner owner = {
        .tenant = 1, .user = "us-1", .password_hash = "$argon2id$"};
    struct hk_seal *seal = NULL;
    char name[HK_DEVICE_NAME_SIZE];

    if (hk_seal_new(key, &seal, NULL) != HK_OK)
        return;
    must(!hk_device_check(seal, &owner, text, name)); /* nobody guesses one */
    hk_seal_free(seal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t hash[HK_SHA256_SIZE];
    char *text = malloc(size + 1);

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    find(text);
    check_device(text);
    (void)hk_recovery_hash(text, hash);
    (void)hk_path_is_ours(text);
    free(text);
    return 0;
}
