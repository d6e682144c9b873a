/*
 * web: the servers of tests/system/web.py, in a process of their own. They end with the test, since
 * they read from a pipe that only the test holds.
 */
#ifndef HK_TESTS_SUPPORT_WEB_H
#define HK_TESTS_SUPPORT_WEB_H

#include <stddef.h>

#define WEB_SERVERS_MAX 16

struct web {
    char folder[64];
    char *authorities; /* PEM of the authority behind the good certificates */
    struct {
        char name[32];
        unsigned port;
    } servers[WEB_SERVERS_MAX];
    size_t server_count;
    int stdin_fd;
    int pid;
};

/* Ends the test program when the servers can't be started. */
void web_start(struct web *web);
void web_stop(struct web *web);
/* 0 when there is no such server (plain6 on a machine without IPv6). */
unsigned web_port(const struct web *web, const char *name);

#endif
