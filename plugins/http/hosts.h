/*
 * hosts: the table of servers that may be asked, from the plugin's options:
 *
 *   {"NAME": {"url": "https://…/", "headers": {"X-Key": "…"}, "allow": ["get", …],
 *             "authorities": "PEM, or the path of a file", "check": "path", "redirects": 3,
 *             "idempotency": true, "cleartext": true}}
 */
#ifndef HTTP_HOSTS_H
#define HTTP_HOSTS_H

#include <hikeshi/plugin.h>

#include <stdbool.h>

#define HOSTS_MAX 64
#define HOST_HEADERS_MAX 32
#define HOST_REDIRECTS_MAX 10

/* `tell` is the POST that only says something. It is a host's whole purpose: one that takes a
 * `tell` takes no `post`, or the name would decide what is asked about. */
enum http_action {
    HTTP_GET,
    HTTP_TELL,
    HTTP_TELL_IDEMPOTENT,
    HTTP_POST,
    HTTP_POST_IDEMPOTENT,
    HTTP_ACTIONS
};

struct http_host {
    char *name;
    char *url;
    const char **headers; /* "Name: value", NULL-ended */
    char *authorities;    /* PEM; NULL: the system's */
    char *check;          /* path that `ready` asks for, as JSON text; NULL: none */
    unsigned redirects_max;
    bool allows[HTTP_ACTIONS];
};

struct http_hosts {
    const struct hk_host *host;
    struct http_host *items;
    unsigned count;
};

/* The name of an action in the options and in playbooks. */
const char *http_action_name(enum http_action action);

/* Read the table from all of the options, as JSON. False after host->log said what is wrong; free
 * in every case. No value of the table is in what it says. */
bool hosts_read(struct http_hosts *hosts, const struct hk_host *host, const char *options);
void hosts_free(struct http_hosts *hosts);
/* NULL when there is none of that name. */
const struct http_host *hosts_find(const struct http_hosts *hosts, const char *name);

#endif
