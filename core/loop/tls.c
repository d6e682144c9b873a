/*
 * tls: see tls.h.
 */
#include "loop/tls.h"

#include "base/file.h"
#include "base/text.h"
#include "limits.h"
#include "loop/loop.h"

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

/* Ephemeral keys and AEAD only; TLS 1.3 has nothing else. */
static const char ciphers_of_1_2[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

struct hk_tls {
    SSL_CTX *context;
    char *cert_file;
    char *key_file;
    char *client_ca_file;
    char *protocol;
    unsigned char protocol_wire[32]; /* its length and its name, as in the handshake */
    int64_t expires_us;
};

/* What OpenSSL says of its last failure, and its list empty. */
static enum hk_status fail(
    enum hk_status status, const char *file, const char *what, struct hk_error *error)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

    ERR_clear_error();
    return hk_fail(error, status, "%s: %s%s%s", file, what, reason != NULL ? ": " : "",
        reason != NULL ? reason : "");
}

static enum hk_status read_file(
    const char *file, enum hk_file_rule rule, BIO **ret_bio, struct hk_error *error)
{
    struct hk_buf bytes;
    enum hk_status status;
    BIO *bio = NULL;

    hk_buf_init(&bytes, 2 * HK_TLS_FILE_SIZE_MAX);
    status = hk_file_read(file, HK_TLS_FILE_SIZE_MAX, rule, &bytes, error);
    if (status == HK_OK) {
        bio = BIO_new(rule == HK_FILE_PRIVATE ? BIO_s_secmem() : BIO_s_mem());
        if (bio == NULL || (bytes.size > 0 && BIO_write(bio, bytes.data, (int)bytes.size) <= 0))
            status = fail(HK_NOMEM, file, "out of memory", error);
    }
    if (bytes.data != NULL)
        explicit_bzero(bytes.data, bytes.size);
    hk_buf_done(&bytes);
    if (status != HK_OK)
        BIO_free(bio);
    else
        *ret_bio = bio;
    return status;
}

/* --- certificate and key --- */

static int no_passphrase(char *out, int size, int is_writing, void *ctx)
{
    (void)out;
    (void)size;
    (void)is_writing;
    (void)ctx;
    return -1;
}

static enum hk_status take_key(SSL_CTX *context, const char *file, struct hk_error *error)
{
    BIO *bio = NULL;
    EVP_PKEY *key = NULL;
    enum hk_status status = read_file(file, HK_FILE_PRIVATE, &bio, error);

    if (status != HK_OK)
        return status;
    key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    if (key == NULL)
        return fail(HK_INVALID, file, "no private key in PEM without a passphrase", error);
    if (SSL_CTX_use_PrivateKey(context, key) != 1)
        status = fail(HK_INVALID, file, "not the key of the certificate, or too weak", error);
    EVP_PKEY_free(key);
    return status;
}

static int64_t time_of(const ASN1_TIME *time)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0;
    int seconds = 0;

    if (epoch == NULL || ASN1_TIME_diff(&days, &seconds, epoch, time) != 1)
        days = seconds = 0;
    ASN1_TIME_free(epoch);
    return ((int64_t)days * 86400 + seconds) * 1000000;
}

/* Of a certificate that nobody would accept, say so now. */
static enum hk_status check_dates(
    const X509 *cert, const char *file, int64_t *ret_expires_us, struct hk_error *error)
{
    if (X509_cmp_current_time(X509_get0_notAfter(cert)) < 0)
        return hk_fail(error, HK_INVALID, "%s: the certificate has expired", file);
    if (X509_cmp_current_time(X509_get0_notBefore(cert)) > 0)
        return hk_fail(error, HK_INVALID, "%s: the certificate is not valid yet", file);
    *ret_expires_us = time_of(X509_get0_notAfter(cert));
    return HK_OK;
}

static enum hk_status take_chain(
    SSL_CTX *context, const char *file, int64_t *ret_expires_us, struct hk_error *error)
{
    BIO *bio = NULL;
    X509 *cert = NULL;
    enum hk_status status = read_file(file, HK_FILE_ANY, &bio, error);

    if (status != HK_OK)
        return status;
    cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
    if (cert == NULL) {
        status = fail(HK_INVALID, file, "no certificate in PEM", error);
        goto out;
    }
    status = check_dates(cert, file, ret_expires_us, error);
    if (status == HK_OK && SSL_CTX_use_certificate(context, cert) != 1)
        status = fail(HK_INVALID, file, "the certificate can't be used", error);
    X509_free(cert);
    while (status == HK_OK && (cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL) {
        if (SSL_CTX_add0_chain_cert(context, cert) != 1) { /* takes it when it succeeds */
            X509_free(cert);
            status = fail(HK_INVALID, file, "a certificate of the chain can't be used", error);
        }
    }
    if (status == HK_OK && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        status = fail(HK_INVALID, file, "what follows the certificates can't be read", error);
    ERR_clear_error();
out:
    BIO_free(bio);
    return status;
}

static enum hk_status take_client_ca(SSL_CTX *context, const char *file, struct hk_error *error)
{
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    BIO *bio = NULL;
    X509 *cert;
    unsigned count = 0;
    enum hk_status status = read_file(file, HK_FILE_ANY, &bio, error);

    if (status != HK_OK)
        return status;
    while (status == HK_OK && (cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL) {
        if (X509_STORE_add_cert(store, cert) != 1 || SSL_CTX_add_client_CA(context, cert) != 1)
            status = fail(HK_INVALID, file, "a certificate can't be used", error);
        X509_free(cert);
        count++;
    }
    BIO_free(bio);
    if (status == HK_OK && count == 0)
        status = fail(HK_INVALID, file, "no certificate in PEM", error);
    ERR_clear_error();
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return status;
}

/* --- the rules --- */

static int choose_protocol(SSL *ssl, const unsigned char **ret_name, unsigned char *ret_size,
    const unsigned char *offered, unsigned offered_size, void *ctx)
{
    const struct hk_tls *tls = ctx;
    unsigned char *chosen = NULL;
    (void)ssl;

    if (SSL_select_next_proto(&chosen, ret_size, tls->protocol_wire, 1U + tls->protocol_wire[0],
            offered, offered_size) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *ret_name = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static bool set_rules(SSL_CTX *context, struct hk_tls *tls)
{
    static const unsigned char service[] = "hikeshi";

    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET |
                                     /* an end without goodbye is an end; see tls.h */
                                     SSL_OP_IGNORE_UNEXPECTED_EOF);
    /* Idle connections hold no buffers; what is tried again may lie elsewhere by then. */
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (tls->protocol != NULL)
        SSL_CTX_set_alpn_select_cb(context, choose_protocol, tls);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_num_tickets(context, 0) == 1 &&
           SSL_CTX_set_cipher_list(context, ciphers_of_1_2) == 1 &&
           SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1 &&
           SSL_CTX_set_session_id_context(context, service, sizeof(service) - 1) == 1;
}

static enum hk_status load(
    struct hk_tls *tls, SSL_CTX **ret_context, int64_t *ret_expires_us, struct hk_error *error)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    enum hk_status status = HK_OK;

    ERR_clear_error();
    if (context == NULL || !set_rules(context, tls))
        status = fail(HK_INTERNAL, "tls", "OpenSSL refuses the rules", error);
    if (status == HK_OK)
        status = take_chain(context, tls->cert_file, ret_expires_us, error);
    if (status == HK_OK)
        status = take_key(context, tls->key_file, error);
    if (status == HK_OK && tls->client_ca_file != NULL)
        status = take_client_ca(context, tls->client_ca_file, error);
    if (status != HK_OK)
        SSL_CTX_free(context);
    else
        *ret_context = context;
    return status;
}

enum hk_status hk_tls_new(
    const struct hk_tls_options *options, struct hk_tls **ret_tls, struct hk_error *error)
{
    struct hk_tls *tls = calloc(1, sizeof(*tls));
    size_t size = options->protocol != NULL ? strlen(options->protocol) : 0;
    enum hk_status status;

    if (tls == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for TLS");
    tls->cert_file = hk_strdup(options->cert_file);
    tls->key_file = hk_strdup(options->key_file);
    tls->client_ca_file = hk_strdup(options->client_ca_file);
    tls->protocol = hk_strdup(options->protocol);
    if (tls->cert_file == NULL || tls->key_file == NULL ||
        (options->client_ca_file != NULL && tls->client_ca_file == NULL) ||
        (options->protocol != NULL && tls->protocol == NULL)) {
        status = hk_fail(error, HK_NOMEM, "no memory for TLS");
    } else if (size >= sizeof(tls->protocol_wire)) {
        status = hk_fail(error, HK_INTERNAL, "the name of the protocol is too long");
    } else {
        tls->protocol_wire[0] = (unsigned char)size;
        if (size > 0)
            memcpy(tls->protocol_wire + 1, options->protocol, size);
        status = load(tls, &tls->context, &tls->expires_us, error);
    }
    if (status != HK_OK)
        hk_tls_free(tls);
    else
        *ret_tls = tls;
    return status;
}

void hk_tls_free(struct hk_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->context);
    free(tls->cert_file);
    free(tls->key_file);
    free(tls->client_ca_file);
    free(tls->protocol);
    free(tls);
}

enum hk_status hk_tls_reload(struct hk_tls *tls, struct hk_error *error)
{
    SSL_CTX *context = NULL;
    int64_t expires_us = 0;
    enum hk_status status = load(tls, &context, &expires_us, error);

    if (status != HK_OK)
        return status;
    SSL_CTX_free(tls->context); /* connections hold on to the one they began with */
    tls->context = context;
    tls->expires_us = expires_us;
    return HK_OK;
}

int64_t hk_tls_expires_us(const struct hk_tls *tls)
{
    return tls->expires_us;
}

/* --- connections --- */

struct bufferevent *hk_tls_accept(const struct hk_tls *tls, struct hk_loop *loop, int take_fd)
{
    SSL *ssl = SSL_new(tls->context);
    struct bufferevent *bev;

    if (ssl == NULL) {
        ERR_clear_error();
        return NULL;
    }
    bev = bufferevent_openssl_socket_new(
        hk_loop_base(loop), take_fd, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
    if (bev == NULL) {
        SSL_free(ssl);
        return NULL;
    }
    bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
    return bev;
}

void hk_tls_goodbye(struct bufferevent *bev)
{
    SSL *ssl = bufferevent_openssl_get_ssl(bev);

    if (ssl != NULL && SSL_is_init_finished(ssl))
        (void)SSL_shutdown(ssl);
    ERR_clear_error();
}

/* A name with a NUL in it, or one that isn't text, is no name. */
static bool take_name(const ASN1_STRING *from, char *ret_name, size_t capacity)
{
    unsigned char *text = NULL;
    int size = from != NULL ? ASN1_STRING_to_UTF8(&text, from) : -1;
    bool is_good = size > 0 && strlen((const char *)text) == (size_t)size &&
                   hk_utf8_is_valid((const char *)text, (size_t)size) &&
                   hk_copy_text(ret_name, capacity, (const char *)text);

    OPENSSL_free(text);
    return is_good;
}

static bool take_dns_name(const X509 *cert, char *ret_name, size_t capacity)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    bool is_found = false;

    for (int i = 0; names != NULL && i < sk_GENERAL_NAME_num(names) && !is_found; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        is_found = name->type == GEN_DNS && take_name(name->d.dNSName, ret_name, capacity);
    }
    GENERAL_NAMES_free(names);
    return is_found;
}

static bool take_common_name(const X509 *cert, char *ret_name, size_t capacity)
{
    const X509_NAME *subject = X509_get_subject_name(cert);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

    return at >= 0 && take_name(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)),
                          ret_name, capacity);
}

bool hk_tls_peer_name(struct bufferevent *bev, char *ret_name, size_t capacity)
{
    SSL *ssl = bufferevent_openssl_get_ssl(bev);
    X509 *cert = ssl != NULL ? SSL_get1_peer_certificate(ssl) : NULL;
    bool is_found = false;

    ret_name[0] = '\0';
    if (cert != NULL)
        is_found =
            take_dns_name(cert, ret_name, capacity) || take_common_name(cert, ret_name, capacity);
    X509_free(cert);
    ERR_clear_error();
    return is_found;
}
