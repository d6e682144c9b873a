/*
 * tls: the server side of TLS 1.2 and 1.3 for every listener of the loop. OpenSSL behind it.
 *
 * Rules, the same for all: no older versions, no renegotiation, no compression, no early data, and
 * no resumption (RFC 9325: neither a ticket key nor a cached session may open what was said before,
 * and every connection is held against the certificate and the client CA that are in force).
 * TLS 1.2 has ephemeral keys and AEAD ciphers only. ALPN (RFC 7301): when the client offers
 * protocols and ours isn't among them, the handshake ends.
 */
#ifndef HK_LOOP_TLS_H
#define HK_LOOP_TLS_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct hk_tls;
struct hk_loop;
struct bufferevent;

struct hk_tls_options {
    const char *cert_file;      /* PEM: the certificate, then those that lead to its CA */
    const char *key_file;       /* PEM without a passphrase; no other user may read it */
    const char *client_ca_file; /* PEM: clients must show a certificate that one of these signed;
                                   NULL: clients need none */
    const char *protocol;       /* of ALPN, "http/1.1"; NULL: ALPN is left alone */
};

/* Read the files. HK_INVALID and HK_IO name the file and what is wrong with it: others may read the
 * key, the key is not the certificate's, the certificate has expired … Blocks on the disk. */
HK_MUST_CHECK enum hk_status hk_tls_new(
    const struct hk_tls_options *options, struct hk_tls **ret_tls, struct hk_error *error);
/* After what listens with it. NULL is fine. */
void hk_tls_free(struct hk_tls *tls);
/* Read the same files again, for the connections from now on. On failure all stays as it was. */
HK_MUST_CHECK enum hk_status hk_tls_reload(struct hk_tls *tls, struct hk_error *error);
/* When the certificate expires. */
int64_t hk_tls_expires_us(const struct hk_tls *tls);

/* --- inside loop/, for accepted descriptors --- */

/* A bufferevent that waits for the client's first message; BEV_EVENT_CONNECTED tells when the
 * handshake is done, and whoever asks sets its deadline (HK_TLS_HANDSHAKE_MAX_MS). A peer that
 * leaves without TLS's goodbye is BEV_EVENT_EOF: what is read must have an end of its own. Takes
 * the descriptor when it succeeds; NULL when memory is short. */
HK_MUST_CHECK struct bufferevent *hk_tls_accept(
    const struct hk_tls *tls, struct hk_loop *loop, int take_fd);
/* Send TLS's goodbye (RFC 8446 section 6.1), once the output is empty; what doesn't fit the socket
 * is left out. */
void hk_tls_goodbye(struct bufferevent *bev);
/* The name in the client's certificate (its first DNS name, else its common name: RFC 6125); false,
 * and "", when it showed none. Only with client_ca_file is it a certificate that somebody vouches
 * for. */
bool hk_tls_peer_name(struct bufferevent *bev, char *ret_name, size_t capacity);

#endif
