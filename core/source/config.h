/*
 * config: what is configured for one source. Read and checked by app/settings_sources.c, to which
 * the texts belong; they outlive whatever is made from them.
 */
#ifndef HK_SOURCE_CONFIG_H
#define HK_SOURCE_CONFIG_H

#include "base/ip.h"

#include <stddef.h>

#define HK_SOURCE_NAME_MAX 60 /* "so-NAME" is an actor's id */

enum hk_source_kind { HK_SOURCE_SYSLOG, HK_SOURCE_FILE, HK_SOURCE_WEBHOOK };

/* Where the first use begins with the files that are there. */
enum hk_file_start { HK_FILE_START_BEGIN, HK_FILE_START_END };

struct hk_file_config {
    const char *path; /* absolute; may hold *, ? and [] as for glob(7) */
    enum hk_file_start start;
};

/* Addresses as for hk_http_server_listen, at least one; NULL: not listened there. */
struct hk_syslog_config {
    const char *udp;
    const char *tcp;
    const char *tls;
    const char *cert_file; /* absolute; with tls */
    const char *key_file;
    const char *client_ca_file;     /* or NULL */
    const struct hk_ip_range *from; /* who may send */
    size_t from_count;              /* 0: anybody */
};

/* How a webhook shows that it comes from its product; see sign.h. */
enum hk_webhook_scheme {
    HK_WEBHOOK_GITHUB,
    HK_WEBHOOK_SLACK,
    HK_WEBHOOK_STRIPE,
    HK_WEBHOOK_STANDARD,
    HK_WEBHOOK_HMAC,
    HK_WEBHOOK_BEARER,
    HK_WEBHOOK_BASIC,
    HK_WEBHOOK_HEADER,
    HK_WEBHOOK_GRAPH,
};
#define HK_WEBHOOK_SECRETS_MAX 4 /* the one in use and those that are being changed */

struct hk_webhook_config {
    enum hk_webhook_scheme scheme;
    const char *secrets[HK_WEBHOOK_SECRETS_MAX]; /* never logged, never answered */
    size_t secret_count;
    const char *header;      /* lower-case; HMAC, HEADER */
    const char *prefix;      /* HMAC: before the signature, "sha256="; "" for none */
    bool is_base64;          /* HMAC: else hexadecimal */
    const char *signs;       /* HMAC: what is signed, "{time}.{body}" */
    const char *time_header; /* HMAC: lower-case, or NULL */
    const char *id_header;   /* lower-case, or NULL */
    const char *user;        /* BASIC: or NULL for any */
    int64_t window_ms;       /* how far a signed time may be off */
    int64_t remember_ms;     /* how long the same body is known to be a repetition */
    const char *items;       /* path of the list in the body of which each is an alert, or NULL */
    bool is_short;           /* also at /v1/intake/NAME */
};

struct hk_source_config {
    const char *tenant;
    const char *name;
    enum hk_source_kind kind;
    const char *product; /* the mapping to use; NULL: the one that fits */
    int utc_offset_min;  /* of times that name no zone */
    struct hk_file_config file;
    struct hk_syslog_config syslog;
    struct hk_webhook_config webhook;
};

/* "syslog", "file", "webhook" */
const char *hk_source_kind_text(enum hk_source_kind kind);

#endif
