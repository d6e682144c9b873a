/*
 * tls: which files are taken, which rules hold on the wire, and a new certificate without a
 * restart.
 */
#include "loop/tls.h"

#include "fixture.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <sys/stat.h>

static char folder[] = "/tmp/hikeshi-test-tls-XXXXXX";
static char cert_file[64];
static char key_file[64];

static const struct hk_tls_options options = {
    .cert_file = cert_file, .key_file = key_file, .protocol = "http/1.1"};

/* --- files --- */

static EVP_PKEY *new_key(void)
{
    return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
}

static X509 *new_cert(EVP_PKEY *key, const char *name, long from_s, long to_s)
{
    X509 *cert = X509_new();
    X509_NAME *subject = X509_get_subject_name(cert);

    CU_ASSERT_EQUAL(X509_set_version(cert, 2), 1);
    CU_ASSERT_EQUAL(ASN1_INTEGER_set(X509_get_serialNumber(cert), 1), 1);
    CU_ASSERT_PTR_NOT_NULL(X509_gmtime_adj(X509_getm_notBefore(cert), from_s));
    CU_ASSERT_PTR_NOT_NULL(X509_gmtime_adj(X509_getm_notAfter(cert), to_s));
    CU_ASSERT_EQUAL(X509_NAME_add_entry_by_txt(
                        subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0),
        1);
    CU_ASSERT_EQUAL(X509_set_issuer_name(cert, subject), 1);
    CU_ASSERT_EQUAL(X509_set_pubkey(cert, key), 1);
    CU_ASSERT_TRUE(X509_sign(cert, key, EVP_sha256()) > 0);
    return cert;
}

static void write_key(EVP_PKEY *key, const char *passphrase)
{
    FILE *file = fopen(key_file, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(
        PEM_write_PKCS8PrivateKey(file, key, passphrase != NULL ? EVP_aes_128_cbc() : NULL, NULL, 0,
            NULL, (void *)(uintptr_t)passphrase),
        1);
    CU_ASSERT_EQUAL(fclose(file), 0);
    CU_ASSERT_EQUAL(chmod(key_file, 0600), 0);
}

static void write_cert(const X509 *cert)
{
    FILE *file = fopen(cert_file, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(PEM_write_X509(file, cert), 1);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

/* A key and a certificate of that name in the two files. */
static void make_pair(const char *name, long from_s, long to_s)
{
    EVP_PKEY *key = new_key();
    X509 *cert = new_cert(key, name, from_s, to_s);

    write_key(key, NULL);
    write_cert(cert);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static void is_refused(enum hk_status expected, const char *file, const char *words)
{
    struct hk_tls *tls = NULL;
    struct hk_error error = {.status = HK_OK};

    CU_ASSERT_EQUAL(hk_tls_new(&options, &tls, &error), expected);
    if (strstr(error.text, file) == NULL || strstr(error.text, words) == NULL) {
        printf("\"%s\" lacks \"%s\"\n", error.text, words);
        CU_FAIL("another refusal");
    }
    CU_ASSERT_PTR_NULL(tls);
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT(fputs(text, file) >= 0);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

static void files_that_cannot_serve_are_named(void)
{
    EVP_PKEY *other = new_key();

    make_pair("engine.example", 0, 3600);
    CU_ASSERT_EQUAL(chmod(key_file, 0640), 0);
    is_refused(HK_DENIED, key_file, "others may read");
    write_key(other, NULL);
    is_refused(HK_INVALID, key_file, "not the key of the certificate");
    write_key(other, "secret");
    is_refused(HK_INVALID, key_file, "without a passphrase");
    write_text(key_file, "no key\n");
    is_refused(HK_INVALID, key_file, "no private key");
    (void)unlink(key_file);
    is_refused(HK_NOT_FOUND, key_file, "cannot open");
    make_pair("engine.example", -7200, -3600);
    is_refused(HK_INVALID, cert_file, "has expired");
    make_pair("engine.example", 3600, 7200);
    is_refused(HK_INVALID, cert_file, "not valid yet");
    write_text(cert_file, "no certificate\n");
    is_refused(HK_INVALID, cert_file, "no certificate");
    write_text(cert_file, "");
    is_refused(HK_INVALID, cert_file, "no certificate");
    EVP_PKEY_free(other);
}

static void a_chain_that_ends_in_garbage_is_refused(void)
{
    FILE *file;

    make_pair("engine.example", 0, 3600);
    file = fopen(cert_file, "a");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT(fputs("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", file) >= 0);
    CU_ASSERT_EQUAL(fclose(file), 0);
    is_refused(HK_INVALID, cert_file, "what follows the certificates");
}

/* --- the wire --- */

struct talk {
    SSL_CTX *context;
    SSL *ssl;
    int fd;
    int connected; /* of SSL_connect */
};

static void talk_begin(struct talk *talk, unsigned port, int version, const char *protocols)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    talk->context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(talk->context, 0); /* so that old versions are offered at all */
    CU_ASSERT_EQUAL(SSL_CTX_set_min_proto_version(talk->context, version), 1);
    CU_ASSERT_EQUAL(SSL_CTX_set_max_proto_version(talk->context, version), 1);
    if (protocols != NULL)
        CU_ASSERT_EQUAL(SSL_CTX_set_alpn_protos(talk->context, (const unsigned char *)protocols,
                            (unsigned)strlen(protocols)),
            0);
    talk->ssl = SSL_new(talk->context);
    talk->fd = socket(AF_INET, SOCK_STREAM, 0);
    CU_ASSERT_EQUAL_FATAL(connect(talk->fd, (struct sockaddr *)&address, sizeof address), 0);
    CU_ASSERT_EQUAL(SSL_set_fd(talk->ssl, talk->fd), 1);
    talk->connected = SSL_connect(talk->ssl);
}

static void talk_end(struct talk *talk)
{
    SSL_free(talk->ssl);
    SSL_CTX_free(talk->context);
    close(talk->fd);
}

/* The subject's name of the server's certificate. */
static void name_of_peer(SSL *ssl, char *ret_name, int capacity)
{
    X509 *cert = SSL_get1_peer_certificate(ssl);

    CU_ASSERT_PTR_NOT_NULL_FATAL(cert);
    CU_ASSERT(X509_NAME_get_text_by_NID(
                  X509_get_subject_name(cert), NID_commonName, ret_name, capacity) > 0);
    X509_free(cert);
}

/* The fixture's server, with a second listener that speaks TLS. */
struct secure {
    struct fixture f;
    struct hk_tls *tls;
    unsigned port;
};

static struct secure *now; /* for jobs on the loop's thread */

static void job_listen(struct fixture *f)
{
    CU_ASSERT_EQUAL(
        hk_http_server_listen(f->server, "127.0.0.1:0", now->tls, &now->port, NULL), HK_OK);
}

static void job_reload(struct fixture *f)
{
    (void)f;
    CU_ASSERT_EQUAL(hk_tls_reload(now->tls, NULL), HK_OK);
}

static void job_reload_in_vain(struct fixture *f)
{
    (void)f;
    CU_ASSERT_EQUAL(hk_tls_reload(now->tls, NULL), HK_INVALID);
}

static void secure_start(struct secure *s)
{
    struct hk_error error;

    make_pair("first.example", 0, 3600);
    CU_ASSERT_EQUAL_FATAL(hk_tls_new(&options, &s->tls, &error), HK_OK);
    fixture_start(&s->f, NULL);
    now = s;
    fixture_do(&s->f, job_listen);
}

static void secure_stop(struct secure *s)
{
    fixture_stop(&s->f);
    hk_tls_free(s->tls);
    now = NULL;
}

/* Ask for a path; the whole answer, up to the end of the connection. */
static size_t ask(SSL *ssl, const char *path, char *ret_answer, size_t capacity)
{
    char request[256];
    int size = snprintf(
        request, sizeof request, "GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", path);
    size_t total = 0;
    size_t got = 0;

    CU_ASSERT_EQUAL(SSL_write(ssl, request, size), size);
    while (total < capacity - 1 &&
           SSL_read_ex(ssl, ret_answer + total, capacity - 1 - total, &got) == 1)
        total += got;
    ret_answer[total] = '\0';
    return total;
}

static void answers_come_whole_and_with_a_goodbye(void)
{
    static char answer[BIG_SIZE + 4096];
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct secure s;

    secure_start(&s);
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        struct talk talk;

        talk_begin(&talk, s.port, versions[i], "\x08http/1.1");
        CU_ASSERT_EQUAL_FATAL(talk.connected, 1);
        CU_ASSERT_TRUE(ask(talk.ssl, "/big", answer, sizeof answer) > BIG_SIZE);
        CU_ASSERT_PTR_NOT_NULL(
            strstr(answer, "\r\nStrict-Transport-Security: max-age=31536000\r\n"));
        CU_ASSERT_TRUE(SSL_get_shutdown(talk.ssl) & SSL_RECEIVED_SHUTDOWN);
        talk_end(&talk);
    }
    secure_stop(&s);
}

static void rules_hold(void)
{
    struct secure s;
    struct talk talk;

    secure_start(&s);
    talk_begin(&talk, s.port, TLS1_1_VERSION, NULL);
    CU_ASSERT_NOT_EQUAL(talk.connected, 1);
    talk_end(&talk);
    talk_begin(&talk, s.port, TLS1_3_VERSION, "\x02h2");
    CU_ASSERT_NOT_EQUAL(talk.connected, 1);
    talk_end(&talk);
    talk_begin(&talk, s.port, TLS1_2_VERSION, NULL);
    CU_ASSERT_EQUAL_FATAL(talk.connected, 1);
    CU_ASSERT_EQUAL(SSL_renegotiate(talk.ssl), 1);
    CU_ASSERT_NOT_EQUAL(SSL_do_handshake(talk.ssl), 1);
    talk_end(&talk);
    secure_stop(&s);
}

static void a_new_certificate_is_taken_and_a_bad_one_is_not(void)
{
    struct secure s;
    struct talk before;
    struct talk after;
    char name[64];
    char answer[1024];

    secure_start(&s);
    talk_begin(&before, s.port, TLS1_3_VERSION, NULL);
    CU_ASSERT_EQUAL_FATAL(before.connected, 1);
    make_pair("second.example", 0, 7200);
    fixture_do(&s.f, job_reload);
    make_pair("third.example", -7200, -3600);
    fixture_do(&s.f, job_reload_in_vain);
    talk_begin(&after, s.port, TLS1_3_VERSION, NULL);
    CU_ASSERT_EQUAL_FATAL(after.connected, 1);
    name_of_peer(before.ssl, name, sizeof name);
    CU_ASSERT_STRING_EQUAL(name, "first.example");
    name_of_peer(after.ssl, name, sizeof name);
    CU_ASSERT_STRING_EQUAL(name, "second.example");
    /* Whoever was there goes on. */
    CU_ASSERT_TRUE(ask(before.ssl, "/x", answer, sizeof answer) > 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "/x remote"));
    talk_end(&before);
    talk_end(&after);
    secure_stop(&s);
}

static void clients_show_a_certificate_where_one_is_asked_for(void)
{
    struct hk_tls_options strict = options;
    struct secure s;
    struct talk talk;
    char byte;

    make_pair("first.example", 0, 3600);
    strict.client_ca_file = cert_file;
    CU_ASSERT_EQUAL_FATAL(hk_tls_new(&strict, &s.tls, NULL), HK_OK);
    fixture_start(&s.f, NULL);
    now = &s;
    fixture_do(&s.f, job_listen);
    talk_begin(&talk, s.port, TLS1_3_VERSION, NULL);
    /* In TLS 1.3 the client's handshake is over before the server has looked. */
    CU_ASSERT_TRUE(talk.connected != 1 || SSL_read(talk.ssl, &byte, 1) <= 0);
    talk_end(&talk);
    secure_stop(&s);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"files that cannot serve are named", files_that_cannot_serve_are_named},
        {"a chain that ends in garbage is refused", a_chain_that_ends_in_garbage_is_refused},
        {"answers come whole and with a goodbye", answers_come_whole_and_with_a_goodbye},
        {"rules hold", rules_hold},
        {"a new certificate is taken and a bad one is not",
            a_new_certificate_is_taken_and_a_bad_one_is_not},
        {"clients show a certificate where one is asked for",
            clients_show_a_certificate_where_one_is_asked_for},
    };
    int failures;

    (void)signal(SIGPIPE, SIG_IGN);
    if (mkdtemp(folder) == NULL)
        return 1;
    (void)snprintf(cert_file, sizeof cert_file, "%s/cert.pem", folder);
    (void)snprintf(key_file, sizeof key_file, "%s/key.pem", folder);
    failures = suite_run("tls", tests, COUNT_OF(tests));
    (void)unlink(cert_file);
    (void)unlink(key_file);
    (void)rmdir(folder);
    return failures;
}
