/*
 * key: the Ed25519 key that signs checkpoints; see key.h.
 */
#include "ledger/key.h"

#include "base/crashpoint.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_FILE_SIZE_MAX 4096
#define CURRENT "ledger.pem"
#define NEXT "ledger.next.pem"
#define OLD "ledger.old.pem"

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

/* DATA/key/NAME; name NULL: the folder. */
static enum hk_status key_path(
    const char *data_dir, const char *name, char ret_path[PATH_MAX], struct hk_error *error)
{
    int size = snprintf(ret_path, PATH_MAX, "%s/key%s%s", data_dir, name != NULL ? "/" : "",
        name != NULL ? name : "");

    return size < PATH_MAX ? HK_OK : hk_fail(error, HK_INVALID, "key: path is too long");
}

static enum hk_status open_file(const char *data_dir, const char *name, bool may_create,
    struct hk_key **ret_key, struct hk_error *error)
{
    char path[PATH_MAX];
    struct hk_buf pem;
    enum hk_status status = key_path(data_dir, name, path, error);

    if (status != HK_OK)
        return status;
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

enum hk_status hk_key_open(
    const char *data_dir, bool may_create, struct hk_key **ret_key, struct hk_error *error)
{
    char folder[PATH_MAX];
    enum hk_status status = key_path(data_dir, NULL, folder, error);

    if (status == HK_OK && may_create && hk_file_make_folder(folder, error) != HK_OK)
        status = hk_error_prefix(error, "key");
    return status == HK_OK ? open_file(data_dir, CURRENT, may_create, ret_key, error) : status;
}

/* --- one key after the other --- */

static enum hk_status sync_folder(const char *data_dir, struct hk_error *error)
{
    char folder[PATH_MAX];
    enum hk_status status = key_path(data_dir, NULL, folder, error);
    int fd;

    if (status != HK_OK)
        return status;
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        status = hk_fail(error, HK_IO, "key: can't sync %s: %s", folder, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return status;
}

/* Overwrite the file where it stands, then remove it. Absent is fine. What the disk itself, or a
 * file system that writes elsewhere, keeps of it is out of reach. */
static enum hk_status wipe(const char *data_dir, const char *name, struct hk_error *error)
{
    static const char zeros[KEY_FILE_SIZE_MAX];
    char path[PATH_MAX];
    struct stat info;
    enum hk_status status = key_path(data_dir, name, path, error);
    int fd;

    if (status != HK_OK)
        return status;
    fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return HK_OK;
    if (fd < 0 || fstat(fd, &info) != 0 || info.st_size > (off_t)sizeof(zeros) ||
        write(fd, zeros, (size_t)info.st_size) != (ssize_t)info.st_size || fsync(fd) != 0)
        status = hk_fail(error, HK_IO, "key: can't overwrite %s: %s", path, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    if (status == HK_OK && unlink(path) != 0)
        status = hk_fail(error, HK_IO, "key: can't remove %s: %s", path, strerror(errno));
    return status == HK_OK ? sync_folder(data_dir, error) : status;
}

enum hk_status hk_key_make_next(const char *data_dir, struct hk_error *error)
{
    struct hk_key *key = NULL;
    char path[PATH_MAX];
    enum hk_status status = wipe(data_dir, NEXT, error);

    if (status == HK_OK)
        status = key_path(data_dir, NEXT, path, error);
    if (status == HK_OK)
        status = make(path, &key, error);
    hk_key_free(key);
    return status;
}

enum hk_status hk_key_open_next(
    const char *data_dir, struct hk_key **ret_key, struct hk_error *error)
{
    return open_file(data_dir, NEXT, false, ret_key, error);
}

/* The old name was given to the key in force, and no more: then it is but one of its names. */
static bool is_same_file(const char *one, const char *other)
{
    struct stat a;
    struct stat b;

    return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* What has the old name is wiped, unless it is the key in force under a second name. */
static enum hk_status drop_old(const char *data_dir, struct hk_error *error)
{
    char current[PATH_MAX];
    char old[PATH_MAX];
    enum hk_status status = key_path(data_dir, CURRENT, current, error);

    if (status == HK_OK)
        status = key_path(data_dir, OLD, old, error);
    if (status != HK_OK)
        return status;
    if (!is_same_file(current, old))
        return wipe(data_dir, OLD, error);
    if (unlink(old) != 0)
        return hk_fail(error, HK_IO, "key: can't remove %s: %s", old, strerror(errno));
    return sync_folder(data_dir, error);
}

enum hk_status hk_key_switch(const char *data_dir, struct hk_error *error)
{
    char current[PATH_MAX];
    char next[PATH_MAX];
    char old[PATH_MAX];
    enum hk_status status = key_path(data_dir, CURRENT, current, error);

    if (status == HK_OK)
        status = key_path(data_dir, NEXT, next, error);
    if (status == HK_OK)
        status = key_path(data_dir, OLD, old, error);
    if (status == HK_OK && access(next, F_OK) == 0) {
        status = drop_old(data_dir, error);
        if (status == HK_OK && link(current, old) != 0)
            status = hk_fail(error, HK_IO, "key: can't make %s: %s", old, strerror(errno));
        hk_crashpoint("key.linked");
        if (status == HK_OK && rename(next, current) != 0)
            status = hk_fail(error, HK_IO, "key: can't make %s: %s", current, strerror(errno));
        if (status == HK_OK)
            status = sync_folder(data_dir, error);
        hk_crashpoint("key.renamed");
    }
    return status == HK_OK ? drop_old(data_dir, error) : status;
}

enum hk_status hk_key_tidy(const char *data_dir, struct hk_error *error)
{
    enum hk_status status = wipe(data_dir, NEXT, error);

    return status == HK_OK ? drop_old(data_dir, error) : status;
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
