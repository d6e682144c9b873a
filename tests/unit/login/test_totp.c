/*
 * totp: the vectors of RFC 6238 and RFC 4226, the window, and each step once.
 */
#include "login/totp.h"

#include "login/base32.h"
#include "login/recovery.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static const uint8_t secret[] = "12345678901234567890"; /* of both RFCs */

/* RFC 6238 appendix B, the rows of SHA-1. */
static void the_vectors_of_rfc_6238(void)
{
    static const struct {
        int64_t time_s;
        const char *code;
    } vectors[] = {{59, "94287082"}, {1111111109, "07081804"}, {1111111111, "14050471"},
        {1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"}};
    char code[9];

    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        hk_totp_code(secret, HK_TOTP_SECRET_SIZE, vectors[i].time_s / HK_TOTP_STEP_S, 8, code);
        CU_ASSERT_STRING_EQUAL(code, vectors[i].code);
    }
}

/* RFC 4226 appendix D. */
static void the_vectors_of_rfc_4226(void)
{
    static const char *const codes[] = {"755224", "287082", "359152", "969429", "338314", "254676",
        "287922", "162583", "399871", "520489"};
    char code[7];

    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        hk_totp_code(secret, HK_TOTP_SECRET_SIZE, (int64_t)i, 6, code);
        CU_ASSERT_STRING_EQUAL(code, codes[i]);
    }
}

static bool accepts(const char *text, int64_t now_s, int64_t last_step, int64_t *ret_step)
{
    *ret_step = -2;
    return hk_totp_accepts(secret, text, now_s * 1000000, last_step, ret_step);
}

static void a_code_counts_one_step_early_and_late(void)
{
    int64_t step;
    char code[7];

    hk_totp_code(secret, HK_TOTP_SECRET_SIZE, 1000, 6, code);
    for (int64_t now = 998; now <= 1002; now++) {
        bool is_near = now >= 999 && now <= 1001;
        CU_ASSERT_EQUAL(accepts(code, now * 30, -1, &step), is_near);
        CU_ASSERT_EQUAL(accepts(code, now * 30 + 29, -1, &step), is_near);
        if (is_near)
            CU_ASSERT_EQUAL(step, 1000);
    }
}

static void a_step_counts_once(void)
{
    char code[7];
    char next[7];
    int64_t step;

    hk_totp_code(secret, HK_TOTP_SECRET_SIZE, 1000, 6, code);
    hk_totp_code(secret, HK_TOTP_SECRET_SIZE, 1001, 6, next);
    CU_ASSERT_TRUE(accepts(code, 1000 * 30, 999, &step));
    CU_ASSERT_FALSE(accepts(code, 1000 * 30, 1000, &step));
    CU_ASSERT_FALSE(accepts(code, 1000 * 30, 1001, &step)); /* nor an earlier one */
    CU_ASSERT_TRUE(accepts(next, 1000 * 30, 1000, &step));
    CU_ASSERT_EQUAL(step, 1001);
}

static void only_six_digits_are_a_code(void)
{
    static const char *const bad[] = {"", "0", "75522", "7552240", "755224755224", "abcdef",
        "75522x", "+55224", "755 22", "755\t224", "\xff\xff\xff\xff\xff\xff"};
    int64_t step;

    CU_ASSERT_TRUE(accepts("755224", 0, -1, &step));
    CU_ASSERT_TRUE(accepts("755 224", 0, -1, &step));
    CU_ASSERT_TRUE(accepts(" 7 5 5 2 2 4 ", 0, -1, &step));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        CU_ASSERT_FALSE(accepts(bad[i], 0, -1, &step));
}

/* RFC 4648 section 10, without the padding. */
static void the_vectors_of_base32(void)
{
    static const char *const vectors[][2] = {{"", ""}, {"f", "MY"}, {"fo", "MZXQ"},
        {"foo", "MZXW6"}, {"foob", "MZXW6YQ"}, {"fooba", "MZXW6YTB"}, {"foobar", "MZXW6YTBOI"}};
    char text[HK_BASE32_SIZE(6) + 1];

    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        hk_base32(vectors[i][0], strlen(vectors[i][0]), text);
        CU_ASSERT_STRING_EQUAL(text, vectors[i][1]);
        CU_ASSERT_EQUAL(strlen(text), HK_BASE32_SIZE(strlen(vectors[i][0])));
    }
}

static void the_uri_is_what_devices_scan(void)
{
    struct hk_buf out;

    hk_buf_init(&out, 1000);
    hk_totp_uri(secret, "Hikeshi (main)", "approver-1", &out);
    CU_ASSERT_STRING_EQUAL(out.data,
        "otpauth://totp/Hikeshi%20%28main%29:approver-1?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        "&issuer=Hikeshi%20%28main%29");
    hk_buf_done(&out);
}

static void secrets_differ(void)
{
    uint8_t one[HK_TOTP_SECRET_SIZE] = {0};
    uint8_t two[HK_TOTP_SECRET_SIZE] = {0};

    hk_totp_secret_new(one);
    hk_totp_secret_new(two);
    CU_ASSERT_NOT_EQUAL(memcmp(one, two, sizeof(one)), 0);
}

static void recovery_codes_are_read_as_people_type_them(void)
{
    char code[HK_RECOVERY_TEXT_SIZE];
    char typed[64] = "";
    uint8_t hash[HK_SHA256_SIZE];
    uint8_t other[HK_SHA256_SIZE];

    hk_recovery_new(code, hash);
    CU_ASSERT_EQUAL(strlen(code), HK_RECOVERY_TEXT_SIZE - 1);
    CU_ASSERT_TRUE(hk_recovery_hash(code, other));
    CU_ASSERT_EQUAL(memcmp(hash, other, sizeof(hash)), 0);
    for (size_t i = 0, to = 0; code[i] != '\0'; i++) {
        char c = code[i];
        if (c == '-')
            continue;
        typed[to++] = c == 'O' ? '0' : c == 'I' ? '1' : c == 'B' ? '8' : (char)(c | 0x20);
        typed[to++] = ' ';
        typed[to] = '\0';
    }
    /* A digit with that bit set is the same digit. */
    CU_ASSERT_TRUE(hk_recovery_hash(typed, other));
    CU_ASSERT_EQUAL(memcmp(hash, other, sizeof(hash)), 0);
    CU_ASSERT_FALSE(hk_recovery_hash("", other));
    CU_ASSERT_FALSE(hk_recovery_hash("ABCD-EFGH-IJKL-MNO", other));
    CU_ASSERT_FALSE(hk_recovery_hash("ABCD-EFGH-IJKL-MNOPQ", other));
    CU_ASSERT_FALSE(hk_recovery_hash("ABCD-EFGH-IJKL-MNO9", other));
    CU_ASSERT_FALSE(hk_recovery_hash("ABCD_EFGH_IJKL_MNOP", other));
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"the vectors of RFC 6238", the_vectors_of_rfc_6238},
        {"the vectors of RFC 4226", the_vectors_of_rfc_4226},
        {"a code counts one step early and late", a_code_counts_one_step_early_and_late},
        {"a step counts once", a_step_counts_once},
        {"only six digits are a code", only_six_digits_are_a_code},
        {"the vectors of base32", the_vectors_of_base32},
        {"the URI is what devices scan", the_uri_is_what_devices_scan},
        {"secrets differ", secrets_differ},
        {"recovery codes are read as people type them",
            recovery_codes_are_read_as_people_type_them},
    };
    return suite_run("totp", tests, COUNT_OF(tests));
}
