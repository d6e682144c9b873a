/*
 * password: see password.h.
 */
#include "login/password.h"

#include "base/digest.h"
#include "limits.h"

#include <argon2.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { SALT_SIZE = 16, HASH_SIZE = 32 };

/* Of those that are long enough: what lists of leaked passwords begin with, and the product. What
 * follows at its end in digits and signs doesn't make it another. */
static const char *const common[] = {"password", "passwort", "passw0rd", "qwertyuiop", "qwerty",
    "administrator", "adminadmin", "letmein", "iloveyou", "welcome", "changeme", "changeit",
    "correcthorsebatterystaple", "abcdefghijkl", "abcdefghijklmnop", "asdfghjkl", "zxcvbnm",
    "qazwsxedc", "1qaz2wsx3edc", "hikeshi", "default", "secret", "trustno", "monkey", "dragon",
    "football", "baseball", "superman", "sunshine", "princess", "password123password",
    "qwerty123456", "companyname", "winter", "summer", "spring", "autumn", "november", "december"};

/* "Password123!" is "password". */
static size_t stem_size(const char *text, size_t size)
{
    while (size > 0 && !isalpha((unsigned char)text[size - 1]) && (signed char)text[size - 1] >= 0)
        size--;
    return size;
}

/* Does text repeat its first part of at most four bytes to its end? All digits count up or down? */
static bool is_monotonous(const char *text, size_t size)
{
    for (size_t period = 1; period <= 4; period++) {
        size_t i = period;
        while (i < size && text[i] == text[i - period])
            i++;
        if (i == size)
            return true;
    }
    for (int by = -1; by <= 1; by += 2) {
        size_t i = 1;
        while (i < size && isdigit((unsigned char)text[i]) &&
               (text[i] - text[i - 1] - by + 20) % 10 == 0)
            i++;
        if (i == size)
            return true;
    }
    return false;
}

static bool is_common(const char *text, size_t size)
{
    size_t stem = stem_size(text, size);

    if (is_monotonous(text, size))
        return true;
    for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++) {
        size_t length = strlen(common[i]);
        if ((length == stem && strncasecmp(text, common[i], stem) == 0) ||
            (length == size && strncasecmp(text, common[i], size) == 0) ||
            /* twice the same */
            (stem == 2 * length && strncasecmp(text, common[i], length) == 0 &&
                strncasecmp(text + length, common[i], length) == 0))
            return true;
    }
    return false;
}

/* The name, alone or with less than eight further bytes about it. */
static bool has_name(const char *text, size_t size, const char *name)
{
    size_t name_size = strlen(name);

    if (name_size < 3 || size >= name_size + 8)
        return false;
    for (size_t at = 0; at + name_size <= size; at++)
        if (strncasecmp(text + at, name, name_size) == 0)
            return true;
    return false;
}

/* Characters of UTF-8: all bytes but those that go on with one. */
static size_t length_of(const char *text)
{
    size_t length = 0;

    for (; *text != '\0'; text++)
        length += ((unsigned char)*text & 0xc0) != 0x80;
    return length;
}

enum hk_password_flaw hk_password_flaw(const char *password, const char *name)
{
    size_t size = strlen(password);

    if (length_of(password) < HK_PASSWORD_LENGTH_MIN)
        return HK_PASSWORD_TOO_SHORT;
    if (size > HK_PASSWORD_SIZE_MAX)
        return HK_PASSWORD_TOO_LONG;
    if (has_name(password, size, name))
        return HK_PASSWORD_HAS_NAME;
    return is_common(password, size) ? HK_PASSWORD_COMMON : HK_PASSWORD_GOOD;
}

enum hk_status hk_password_hash(
    const char *password, char ret_hash[HK_PASSWORD_HASH_SIZE], struct hk_error *error)
{
    uint8_t salt[SALT_SIZE];
    int code;

    hk_random(salt, sizeof(salt));
    code = argon2id_hash_encoded(HK_ARGON2_PASSES, HK_ARGON2_MEMORY_KIB, HK_ARGON2_LANES, password,
        strlen(password), salt, sizeof(salt), HASH_SIZE, ret_hash, HK_PASSWORD_HASH_SIZE);
    if (code != ARGON2_OK)
        return hk_fail(error, code == ARGON2_MEMORY_ALLOCATION_ERROR ? HK_NOMEM : HK_INTERNAL,
            "password: %s", argon2_error_message(code));
    return HK_OK;
}

enum hk_status hk_password_verify(const char *password, const char *hash, struct hk_error *error)
{
    int code = argon2id_verify(hash, password, strlen(password));

    if (code == ARGON2_OK)
        return HK_OK;
    if (code == ARGON2_VERIFY_MISMATCH)
        return hk_fail(error, HK_DENIED, "another password");
    return hk_fail(error, code == ARGON2_MEMORY_ALLOCATION_ERROR ? HK_NOMEM : HK_CORRUPT,
        "password: %s", argon2_error_message(code));
}
