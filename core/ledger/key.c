/*
 * key: the Ed25519 key that signs checkpoints; see key.h.
 */
#include "ledger/key.h"

#include "base/file.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_FILE_SIZE_MAX 4096

struct hk_key {
    EVP_PKEY *pair;
    uint8_t public_key[HK_KEY_PUBLIC_SIZE];
};

static enum hk_status from_pair(
    EVP_PKEY *take_pair, struct hk_key **ret_key, struct hk_error *error)
{
    struct hk_key *key = calloc(1, sizeof(*key));
    size_t size = HK_KEY_PUBLIC_SIZE;

    if (key == NULL) {
        EVP_PKEY_free(take_pair);
        return hk_fail(error, HK_NOMEM, "key: out of memory");
    }
    key->pair = take_pair;
    if (EVP_PKEY_get_id(take_pair) != EVP_PKEY_ED25519 ||
        EVP_PKEY_get_raw_public_key(take_pair, key->public_key, &size) != 1 ||
        size != HK_KEY_PUBLIC_SIZE) {
        hk_key_free(key);
        return hk_fail(error, HK_CORRUPT, "key: not an Ed25519 key");
    }
    *ret_key = key;
    return HK_OK;
}

static enum hk_status make(const char *path, struct hk_key **ret_key, struct hk_error *error)
{
    EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    BIO *bio = BIO_new(BIO_s_secmem());
    enum hk_status status = HK_OK;
    char *pem = NULL;
    long size = 0;

    if (pair == NULL || bio == NULL ||
        PEM_write_bio_PKCS8PrivateKey(bio, pair, NULL, NULL, 0, NULL, NULL) != 1)
        status = hk_fail(error, HK_NOMEM, "can't make a key");
    if (status == HK_OK) {
        size = BIO_get_mem_data(bio, &pem);
        status = hk_file_make_private(path, pem, (size_t)size, error);
    }
    if (pem != NULL)
        OPENSSL_cleanse(pem, (size_t)size);
    BIO_free(bio);
    if (status != HK_OK) {
        EVP_PKEY_free(pair);
        return status;
    }
    return from_pair(pair, ret_key, error);
}

static enum hk_status read_pem(
    const struct hk_buf *pem, const char *path, struct hk_key **ret_key, struct hk_error *error)
{
    char no_password[] = "";
    EVP_PKEY *pair = NULL;
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->size);

    if (bio != NULL)
        pair = PEM_read_bio_PrivateKey(bio, NULL, NULL, no_password);
    BIO_free(bio);
    if (pair == NULL)
        return hk_fail(error, HK_CORRUPT, "key: %s holds no private key", path);
    return from_pair(pair, ret_key, error);
}

enum hk_status hk_key_open(
    const char *data_dir, bool may_create, struct hk_key **ret_key, struct hk_error *error)
{
    char folder[PATH_MAX];
    char path[PATH_MAX];
    struct hk_buf pem;
    enum hk_status status;

    if (snprintf(folder, sizeof(folder), "%s/key", data_dir) >= (int)sizeof(folder) ||
        snprintf(path, sizeof(path), "%s/key/ledger.pem", data_dir) >= (int)sizeof(path))
        return hk_fail(error, HK_INVALID, "key: path is too long");
    if (may_create) {
        status = hk_file_make_folder(folder, error);
        if (status != HK_OK)
            return hk_error_prefix(error, "key");
    }
    hk_buf_init(&pem, 2 * KEY_FILE_SIZE_MAX);
    status = hk_file_read(path, KEY_FILE_SIZE_MAX, HK_FILE_PRIVATE, &pem, error);
    if (status == HK_OK)
        status = read_pem(&pem, path, ret_key, error);
    else if (status == HK_NOT_FOUND && may_create)
        status = make(path, ret_key, error);
    else
        (void)hk_error_prefix(error, "key");
    if (pem.data != NULL)
        OPENSSL_cleanse(pem.data, pem.size);
    hk_buf_done(&pem);
    return status;
}

void hk_key_free(struct hk_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pair);
    OPENSSL_cleanse(key, sizeof(*key));
    free(key);
}

void hk_key_public(const struct hk_key *key, uint8_t ret_public[HK_KEY_PUBLIC_SIZE])
{
    memcpy(ret_public, key->public_key, HK_KEY_PUBLIC_SIZE);
}

enum hk_status hk_key_sign(const struct hk_key *key, const void *data, size_t size,
    uint8_t ret_signature[HK_KEY_SIGNATURE_SIZE], struct hk_error *error)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t signature_size = HK_KEY_SIGNATURE_SIZE;
    bool ok = context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, key->pair) == 1 &&
              EVP_DigestSign(context, ret_signature, &signature_size, data, size) == 1;

    EVP_MD_CTX_free(context);
    return ok ? HK_OK : hk_fail(error, HK_INTERNAL, "key: can't sign");
}

bool hk_key_verify(const uint8_t public_key[HK_KEY_PUBLIC_SIZE], const void *data, size_t size,
    const uint8_t signature[HK_KEY_SIGNATURE_SIZE])
{
    EVP_PKEY *key =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, HK_KEY_PUBLIC_SIZE);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = key != NULL && context != NULL &&
              EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
              EVP_DigestVerify(context, signature, HK_KEY_SIGNATURE_SIZE, data, size) == 1;

    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return ok;
}
