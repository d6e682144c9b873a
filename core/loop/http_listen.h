/*
 * http_listen: listening sockets, TCP and Unix, and who is at the other end of an accepted one.
 * Internal to loop/.
 */
#ifndef HK_LOOP_HTTP_LISTEN_H
#define HK_LOOP_HTTP_LISTEN_H

#include "loop/http_server.h"

#include <sys/types.h>
#include <sys/un.h>

#define HK_HTTP_ADDRESS_SIZE 128

struct hk_http_socket {
    int fd; /* listening, non-blocking, close-on-exec */
    bool is_unix;
    unsigned port;                                        /* TCP */
    char address[HK_HTTP_ADDRESS_SIZE];                   /* as it was asked for */
    char path[sizeof((struct sockaddr_un *)0)->sun_path]; /* Unix */
    dev_t device; /* the socket file we made, so that only that one is removed */
    ino_t inode;
};

/* A TCP socket that an earlier image of this program handed on is taken instead of a new one. */
HK_MUST_CHECK enum hk_status hk_http_socket_open(
    const char *address, struct hk_http_socket *ret_socket, struct hk_error *error);
/* Close, and remove the socket file unless somebody else's is there by now. */
void hk_http_socket_close(struct hk_http_socket *listening);
/* Who is at the other end of fd? False when a Unix peer is another user. */
bool hk_http_peer_of(int fd, bool is_unix, struct hk_http_peer *ret_peer);

#endif
