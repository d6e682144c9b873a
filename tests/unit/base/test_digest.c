/*
 * digest: known vectors of FIPS 180-4 and RFC 4648, strict decoding, threads.
 */
#include "base/digest.h"

#include "support/suite.h"

#include <pthread.h>
#include <string.h>

/* RFC 4231, test cases 1, 2, 3, 6 and 7. */
static void hmac_gives_the_known_vectors(void)
{
    static const struct {
        int key_byte; /* -1: the key is text */
        size_t key_size;
        const char *key;
        const char *data;
        const char *hex;
    } cases[] = {
        {0x0b, 20, NULL, "Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {-1, 4, "Jefe", "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {0xaa, 20, NULL,
            "\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd"
            "\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd"
            "\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd",
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {0xaa, 131, NULL, "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {0xaa, 131, NULL,
            "This is a test using a larger than block-size key and a larger than block-size data. "
            "The key needs to be hashed before being used by the HMAC algorithm.",
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char key[256];
        char hex[HK_SHA256_HEX_SIZE];
        uint8_t mac[HK_SHA256_SIZE];
        size_t half = strlen(cases[i].data) / 2;
        const struct hk_bytes parts[] = {
            {cases[i].data, half}, {cases[i].data + half, strlen(cases[i].data) - half}};
        if (cases[i].key_byte >= 0)
            memset(key, cases[i].key_byte, cases[i].key_size);
        else
            memcpy(key, cases[i].key, cases[i].key_size);
        hk_hmac_sha256(key, cases[i].key_size, parts, COUNT_OF(parts), mac);
        hk_hex(mac, sizeof(mac), hex);
        CU_ASSERT_STRING_EQUAL(hex, cases[i].hex);
    }
}

static void sha256_gives_the_known_vectors(void)
{
    static const struct {
        const char *text;
        const char *hex;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    char hex[HK_SHA256_HEX_SIZE];

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        hk_sha256_hex(cases[i].text, strlen(cases[i].text), hex);
        CU_ASSERT_STRING_EQUAL(hex, cases[i].hex);
    }
}

static void parts_are_hashed_one_after_the_other(void)
{
    const struct hk_bytes parts[] = {{"a", 1}, {NULL, 0}, {"", 0}, {"bc", 2}};
    uint8_t whole[HK_SHA256_SIZE];
    uint8_t joined[HK_SHA256_SIZE];

    hk_sha256_one("abc", 3, whole);
    hk_sha256(parts, COUNT_OF(parts), joined);
    CU_ASSERT_EQUAL(memcmp(whole, joined, sizeof(whole)), 0);
    hk_sha256_one("", 0, whole);
    hk_sha256(NULL, 0, joined);
    CU_ASSERT_EQUAL(memcmp(whole, joined, sizeof(whole)), 0);
}

static void *hash_many(void *ctx)
{
    bool *ret_ok = ctx;
    char hex[HK_SHA256_HEX_SIZE];

    *ret_ok = true;
    for (int i = 0; i < 1000; i++) {
        hk_sha256_hex("abc", 3, hex);
        *ret_ok = *ret_ok && strncmp(hex, "ba7816bf", 8) == 0;
    }
    return NULL;
}

static void threads_hash_at_once(void)
{
    pthread_t threads[4];
    bool ok[4];

    for (size_t i = 0; i < COUNT_OF(threads); i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, hash_many, &ok[i]), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        (void)pthread_join(threads[i], NULL);
        CU_ASSERT_TRUE(ok[i]);
    }
}

static void hex_goes_both_ways(void)
{
    static const char *const bad[] = {"", "0", "00ff0", "00ff0g", "00ff0a0", "00ff0a00", "00 f0a"};
    static const uint8_t bytes[] = {0x00, 0xff, 0x0a};
    uint8_t back[3] = {1, 1, 1};
    char text[7];

    hk_hex(bytes, sizeof(bytes), text);
    CU_ASSERT_STRING_EQUAL(text, "00ff0a");
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        CU_ASSERT_EQUAL(hk_hex_decode(bad[i], back, sizeof(back)), HK_INVALID);
    CU_ASSERT_EQUAL(back[0], 1);
    CU_ASSERT_EQUAL(hk_hex_decode("00FF0a", back, sizeof(back)), HK_OK);
    CU_ASSERT_EQUAL(memcmp(back, bytes, sizeof(bytes)), 0);
    CU_ASSERT_EQUAL(hk_hex_decode("", back, 0), HK_OK);
}

static void base64_gives_the_known_vectors(void)
{
    static const struct {
        const char *plain;
        const char *text;
    } cases[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xfe", "+//+"}};
    struct hk_buf out;

    hk_buf_init(&out, 100);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t plain_size = strlen(cases[i].plain);
        size_t size = 99;
        char plain[8] = {0};
        hk_buf_clear(&out);
        hk_base64(cases[i].plain, plain_size, &out);
        CU_ASSERT_EQUAL(out.size, strlen(cases[i].text));
        CU_ASSERT_EQUAL(memcmp(out.size > 0 ? out.data : "", cases[i].text, out.size), 0);
        CU_ASSERT_EQUAL(hk_base64_decode(cases[i].text, out.size, plain, plain_size, &size), HK_OK);
        CU_ASSERT_EQUAL(size, plain_size);
        CU_ASSERT_STRING_EQUAL(plain, cases[i].plain);
        if (plain_size > 0)
            CU_ASSERT_EQUAL(
                hk_base64_decode(cases[i].text, out.size, plain, plain_size - 1, &size), HK_LIMIT);
    }
    hk_buf_done(&out);
}

/* Section 5 of the RFC, held against section 4. */
static void base64url_is_base64_in_other_letters(void)
{
    uint8_t bytes[32];
    char text[HK_BASE64URL_32_SIZE];
    struct hk_buf plain;

    hk_buf_init(&plain, 100);
    for (unsigned round = 0; round < 64; round++) {
        for (unsigned i = 0; i < sizeof(bytes); i++)
            bytes[i] = (uint8_t)(round * 37 + i * i * 11);
        hk_buf_clear(&plain);
        hk_base64(bytes, sizeof(bytes), &plain);
        hk_base64url_32(bytes, text);
        CU_ASSERT_EQUAL_FATAL(strlen(text) + 1, plain.size); /* one '=' */
        for (size_t i = 0; i < strlen(text); i++) {
            char c = plain.data[i];
            CU_ASSERT_EQUAL(text[i], c == '+' ? '-' : c == '/' ? '_' : c);
        }
    }
    hk_buf_done(&plain);
}

static void bad_base64_is_refused(void)
{
    static const char *const cases[] = {"Z", "Zg",
        "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8=Zm8=", "Zm 8", "Zm9v\n", "Zm-_", "====", "=",
        "Z===", "Zm8=\n", "=Zm8", "Z=g="};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char plain[16] = "untouched";
        size_t size = 99;
        CU_ASSERT_EQUAL(
            hk_base64_decode(cases[i], strlen(cases[i]), plain, sizeof(plain), &size), HK_INVALID);
        CU_ASSERT_EQUAL(size, 99);
        CU_ASSERT_STRING_EQUAL(plain, "untouched");
    }
    {
        char plain[16];
        size_t size;
        CU_ASSERT_EQUAL(hk_base64_decode("Zm\0v", 4, plain, sizeof(plain), &size), HK_INVALID);
    }
}

static void random_bytes_differ(void)
{
    uint8_t a[600] = {0};
    uint8_t b[600] = {0};

    hk_random(a, sizeof(a));
    hk_random(b, sizeof(b));
    CU_ASSERT_NOT_EQUAL(memcmp(a, b, sizeof(a)), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(a + 500, b + 500, 100), 0);
    hk_random(NULL, 0);
}

static void comparison_sees_every_byte(void)
{
    CU_ASSERT_TRUE(hk_equal_constant_time("abc", "abc", 3));
    CU_ASSERT_FALSE(hk_equal_constant_time("abc", "abd", 3));
    CU_ASSERT_FALSE(hk_equal_constant_time("abc", "bbc", 3));
    CU_ASSERT_TRUE(hk_equal_constant_time("abc", "xyz", 0));
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"sha256 gives the known vectors", sha256_gives_the_known_vectors},
        {"hmac gives the known vectors", hmac_gives_the_known_vectors},
        {"parts are hashed one after the other", parts_are_hashed_one_after_the_other},
        {"threads hash at once", threads_hash_at_once},
        {"hex goes both ways", hex_goes_both_ways},
        {"base64 gives the known vectors", base64_gives_the_known_vectors},
        {"base64url is base64 in other letters", base64url_is_base64_in_other_letters},
        {"bad base64 is refused", bad_base64_is_refused},
        {"random bytes differ", random_bytes_differ},
        {"comparison sees every byte", comparison_sees_every_byte},
    };
    return suite_run("digest", tests, COUNT_OF(tests));
}
