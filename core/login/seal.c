/*
 * seal: see seal.h.
 */
#include "login/seal.h"

#include "base/fatal.h"
#include "base/file.h"

#include <assert.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NONCE_SIZE = 12, TAG_SIZE = 16, SEALED_SIZE_MAX = 1024 };

_Static_assert(NONCE_SIZE + TAG_SIZE == HK_SEAL_OVERHEAD, "");

struct hk_seal {
    uint8_t key[HK_SEAL_KEY_SIZE];
};

/* A key of its own for each purpose. */
static void derive(const struct hk_seal *seal, const char *purpose, uint8_t ret_key[HK_SHA256_SIZE])
{
    unsigned size = HK_SHA256_SIZE;

    if (HMAC(EVP_sha256(), seal->key, sizeof(seal->key), (const unsigned char *)purpose,
            strlen(purpose), ret_key, &size) == NULL)
        hk_fatal("HMAC-SHA-256 failed"); /* without it nothing here means anything */
}

enum hk_status hk_seal_new(
    const uint8_t key[HK_SEAL_KEY_SIZE], struct hk_seal **ret_seal, struct hk_error *error)
{
    struct hk_seal *seal = calloc(1, sizeof(*seal));

    if (seal == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a key");
    memcpy(seal->key, key, sizeof(seal->key));
    *ret_seal = seal;
    return HK_OK;
}

enum hk_status hk_seal_open(const char *data_dir, struct hk_seal **ret_seal, struct hk_error *error)
{
    uint8_t key[HK_SEAL_KEY_SIZE];
    char path[PATH_MAX];
    struct hk_buf bytes;
    enum hk_status status;

    if (snprintf(path, sizeof(path), "%s/key", data_dir) >= (int)sizeof(path) - 16)
        return hk_fail(error, HK_INVALID, "the path of the data folder is too long");
    status = hk_file_make_folder(path, error);
    if (status != HK_OK)
        return status;
    (void)strncat(path, "/login.key", sizeof(path) - strlen(path) - 1);
    hk_buf_init(&bytes, 256);
    status = hk_file_read(path, sizeof(key), HK_FILE_PRIVATE, &bytes, error);
    if (status == HK_NOT_FOUND) {
        hk_random(key, sizeof(key));
        status = hk_file_make_private(path, key, sizeof(key), error);
    } else if (status == HK_OK && bytes.size != sizeof(key)) {
        status = hk_fail(error, HK_CORRUPT, "%s: expected %zu bytes", path, sizeof(key));
    } else if (status == HK_OK) {
        memcpy(key, bytes.data, sizeof(key));
    }
    if (status == HK_OK)
        status = hk_seal_new(key, ret_seal, error);
    explicit_bzero(key, sizeof(key));
    if (bytes.data != NULL)
        explicit_bzero(bytes.data, bytes.size);
    hk_buf_done(&bytes);
    return status;
}

void hk_seal_free(struct hk_seal *seal)
{
    if (seal == NULL)
        return;
    explicit_bzero(seal, sizeof(*seal));
    free(seal);
}

/* One run of AES-256-GCM; in and out have size bytes. is_sealing: the tag is written, else checked.
 */
static bool crypt(const struct hk_seal *seal, const char *name, bool is_sealing,
    const uint8_t nonce[NONCE_SIZE], const uint8_t *in, uint8_t *out, size_t size,
    uint8_t tag[TAG_SIZE])
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    uint8_t key[HK_SHA256_SIZE];
    uint8_t rest[16];
    int done = 0;
    bool is_good;

    derive(seal, "seal", key);
    is_good =
        context != NULL &&
        EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce, is_sealing ? 1 : 0) == 1 &&
        EVP_CipherUpdate(context, NULL, &done, (const uint8_t *)name, (int)strlen(name)) == 1 &&
        EVP_CipherUpdate(context, out, &done, in, (int)size) == 1 && (size_t)done == size;
    if (is_good && !is_sealing)
        is_good = EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, tag) == 1;
    is_good = is_good && EVP_CipherFinal_ex(context, rest, &done) == 1 && done == 0;
    if (is_good && is_sealing)
        is_good = EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, tag) == 1;
    EVP_CIPHER_CTX_free(context);
    explicit_bzero(key, sizeof(key));
    return is_good;
}

enum hk_status hk_seal_put(const struct hk_seal *seal, const char *name, const void *data,
    size_t size, struct hk_buf *out, struct hk_error *error)
{
    uint8_t sealed[SEALED_SIZE_MAX];

    if (size > sizeof(sealed) - HK_SEAL_OVERHEAD)
        return hk_fail(error, HK_LIMIT, "too much to seal");
    hk_random(sealed, NONCE_SIZE);
    if (!crypt(
            seal, name, true, sealed, data, sealed + NONCE_SIZE, size, sealed + NONCE_SIZE + size))
        return hk_fail(error, HK_INTERNAL, "cannot seal");
    hk_base64(sealed, size + HK_SEAL_OVERHEAD, out);
    return HK_OK;
}

enum hk_status hk_seal_get(const struct hk_seal *seal, const char *name, const char *text,
    void *ret_data, size_t size, struct hk_error *error)
{
    uint8_t sealed[SEALED_SIZE_MAX];
    size_t sealed_size = 0;

    if (hk_base64_decode(text, strlen(text), sealed, sizeof(sealed), &sealed_size) != HK_OK ||
        sealed_size != size + HK_SEAL_OVERHEAD ||
        !crypt(seal, name, false, sealed, sealed + NONCE_SIZE, ret_data, size,
            sealed + NONCE_SIZE + size)) {
        explicit_bzero(ret_data, size);
        return hk_fail(error, HK_CORRUPT, "a sealed secret can't be opened with key/login.key");
    }
    return HK_OK;
}

void hk_seal_mac(const struct hk_seal *seal, const char *purpose, const struct hk_bytes *parts,
    size_t count, uint8_t ret_mac[HK_SHA256_SIZE])
{
    uint8_t key[HK_SHA256_SIZE];
    struct hk_bytes message[8];
    uint8_t inner[HK_SHA256_SIZE];
    unsigned size = HK_SHA256_SIZE;

    derive(seal, purpose, key);
    /* The digest of the parts, each behind its length so that no two lists of them are the same. */
    assert(2 * count <= sizeof(message) / sizeof(message[0]));
    for (size_t i = 0; i < count; i++) {
        message[2 * i] = (struct hk_bytes){&parts[i].size, sizeof(parts[i].size)};
        message[2 * i + 1] = parts[i];
    }
    hk_sha256(message, 2 * count, inner);
    if (HMAC(EVP_sha256(), key, sizeof(key), inner, sizeof(inner), ret_mac, &size) == NULL)
        hk_fatal("HMAC-SHA-256 failed");
    explicit_bzero(key, sizeof(key));
}
