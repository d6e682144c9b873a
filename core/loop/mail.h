/*
 * mail: hand mails to a mail server (SMTP, RFC 5321) on the loop: one mail in, one callback out.
 * libcurl behind it.
 *
 * The server's certificate and name are always checked. With STARTTLS (RFC 3207) a server that
 * doesn't offer it gets nothing. No proxies and no variables of the environment. Connections are
 * kept open for some seconds, for the next mail to the same server by the same user; those of one
 * mailer are used by no other.
 */
#ifndef HK_LOOP_MAIL_H
#define HK_LOOP_MAIL_H

#include "loop/loop.h"

enum hk_mail_tls {
    HK_MAIL_STARTTLS,
    HK_MAIL_IMPLICIT_TLS, /* from the first byte on, RFC 8314 */
    HK_MAIL_NO_TLS,
};

/* Everything is copied. */
struct hk_mail_ask {
    const char *host;
    unsigned port;
    enum hk_mail_tls tls;
    const char *authorities; /* PEM to trust in place of the system's; NULL: the system's */
    const char *user;        /* NULL: no AUTH */
    const char *password;
    const char *from;    /* addresses of the envelope: "name@host", nothing around it */
    const char *to;      /* one mail has one recipient */
    const char *message; /* RFC 5322, lines ended by CR LF */
    size_t message_size;
    int64_t time_max_ms; /* over all; 0: HK_MAIL_TIME_MAX_MS */
};

enum hk_mail_end {
    HK_MAIL_TAKEN,   /* the server is responsible for it now */
    HK_MAIL_LATER,   /* not taken, or nobody can know: to be sent again later */
    HK_MAIL_REFUSED, /* the server will not take this mail, later neither */
};

/* Borrowed for the callback. */
struct hk_mail_answer {
    enum hk_mail_end end;
    int code;           /* the server's last reply, 0: none came */
    bool was_cancelled; /* by hk_mailer_free; end is HK_MAIL_LATER */
    const char *text;   /* its text, or what went wrong; no control bytes */
};
typedef void hk_mail_fn(void *ctx, const struct hk_mail_answer *answer);

struct hk_mailer;

HK_MUST_CHECK enum hk_status hk_mailer_new(
    struct hk_loop *loop, struct hk_mailer **ret_mailer, struct hk_error *error);
/* Mails that are under way are called back, as cancelled. Never from inside a callback. */
void hk_mailer_free(struct hk_mailer *mailer); /* NULL is fine */

/* fn is called exactly once, from the loop, never within this call. HK_INVALID: host, user or an
 * address has bytes that none has; HK_NOMEM. On failure fn is not called. */
HK_MUST_CHECK enum hk_status hk_mail_send(struct hk_mailer *mailer, const struct hk_mail_ask *ask,
    hk_mail_fn *fn, void *ctx, struct hk_error *error);

/* Is this an address that can stand in an envelope and a header as it is? ASCII only (no
 * SMTPUTF8), no quoted local part, no address literal. */
bool hk_mail_address_is_valid(const char *text);
/* Is this a host to connect to: a name, or an address (of IPv6 without brackets)? */
bool hk_mail_host_is_valid(const char *text);

#endif
