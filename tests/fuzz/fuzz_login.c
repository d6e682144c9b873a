/*
 * Any bytes as what somebody types, or is sent to, on the way in: a code of a device or on paper, a
 * new password, where to go next; and as the rows that are read again at a start. What is taken is
 * what it says it is, and what was read is written as it was.
 */
#include "api/credential.h"
#include "api/session_in.h"
#include "base/form.h"
#include "base/text.h"
#include "login/password.h"
#include "login/totp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_US 1700000000000000LL

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* --- codes --- */

static void give_code(const char *text)
{
    static const uint8_t secret[HK_TOTP_SECRET_SIZE] = {1, 2, 3};
    const int64_t now_us = NOW_US;
    char typed[HK_TOTP_DIGITS + 1] = "";
    char code[HK_TOTP_DIGITS + 1];
    size_t count = 0;
    int64_t step = 0;

    if (!hk_totp_accepts(secret, text, now_us, -1, &step))
        return;
    for (; *text != '\0'; text++) {
        if (*text == ' ')
            continue;
        must(count < HK_TOTP_DIGITS);
        typed[count++] = *text;
    }
    hk_totp_code(secret, sizeof(secret), step, HK_TOTP_DIGITS, code);
    must(strcmp(typed, code) == 0);
    must(llabs(step - now_us / 1000000 / HK_TOTP_STEP_S) <= 1);
    must(!hk_totp_accepts(secret, typed, now_us, step, &step)); /* once */
}

static void give_paper(const char *text)
{
    uint8_t hash[HK_SHA256_SIZE];
    uint8_t again[HK_SHA256_SIZE];
    char plain[64] = "";
    size_t count = 0;

    if (!hk_recovery_hash(text, hash))
        return;
    for (; *text != '\0'; text++)
        if (*text != ' ' && *text != '-' && count < sizeof(plain) - 1)
            plain[count++] = *text;
    must(count == 16 && hk_recovery_hash(plain, again) && memcmp(hash, again, sizeof(hash)) == 0);
}

static void choose_password(const char *text)
{
    size_t size = strlen(text);

    if (hk_password_flaw(text, "approver-1") != HK_PASSWORD_GOOD)
        return;
    must(size >= HK_PASSWORD_LENGTH_MIN && size <= HK_PASSWORD_SIZE_MAX);
    must(hk_password_flaw(text, text) == HK_PASSWORD_HAS_NAME);
}

/* --- where to go --- */

static void go_on(const char *text)
{
    char location[HK_LOCATION_SIZE];
    struct hk_form form;
    bool fits = hk_login_location(text, location, sizeof(location));

    must(fits || location[0] == '\0');
    if (!fits)
        return;
    must(hk_path_is_ours(text) && strncmp(location, "/login?then=/", 13) == 0);
    must(location[strcspn(location, "\r\n \t\"<>\\")] == '\0');
    /* What comes back with the form is what was meant. */
    must(hk_form_read(location + 7, strlen(location + 7), &form, NULL) == HK_OK);
    must(form.count == 1 && strcmp(hk_form_get_or(&form, "then", ""), text) == 0);
    hk_form_done(&form);
}

/* --- rows --- */

static void read_session(const char *text)
{
    struct hk_login login;
    struct hk_login again;
    struct hk_buf out;
    struct hk_jw jw;

    if (hk_login_read(text, &login, NULL) != HK_OK)
        return;
    hk_buf_init(&out, HK_CREDENTIAL_SIZE_MAX * 4UL);
    hk_jw_init(&jw, &out);
    hk_login_write(&login, &jw);
    must(!out.failed && hk_login_read(out.data, &again, NULL) == HK_OK);
    must(strcmp(login.user, again.user) == 0 && strcmp(login.agent, again.agent) == 0);
    must(memcmp(login.hash, again.hash, sizeof(login.hash)) == 0 && login.ends_us == again.ends_us);
    hk_buf_done(&out);
}

static void read_rows(const char *text)
{
    static const uint8_t key[HK_SEAL_KEY_SIZE] = {7};
    uint8_t secret[HK_TOTP_SECRET_SIZE];
    struct hk_seal *seal = NULL;
    struct hk_totp totp;
    struct hk_link link;

    if (hk_totp_read(text, &totp, NULL) == HK_OK)
        must(totp.recovery_count <= HK_RECOVERY_COUNT && totp.sealed[0] != '\0');
    if (hk_link_read(text, &link, NULL) == HK_OK)
        must(strstr(text, "hash") != NULL);
    if (hk_seal_new(key, &seal, NULL) != HK_OK)
        return;
    must(hk_seal_get(seal, "totp/1/us-1", text, secret, sizeof(secret), NULL) == HK_CORRUPT);
    hk_seal_free(seal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    give_code(text);
    give_paper(text);
    choose_password(text);
    go_on(text);
    read_session(text);
    read_rows(text);
    free(text);
    return 0;
}
