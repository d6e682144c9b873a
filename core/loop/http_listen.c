#include "loop/http_listen.h"

#include "base/text.h"
#include "loop/address.h"
#include "loop/inherit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BACKLOG = 511 };

static const char unix_prefix[] = "unix:";

/* --- TCP --- */

static enum hk_status open_tcp(
    const char *address, struct hk_http_socket *s, struct hk_error *error)
{
    union hk_address any;
    socklen_t size = 0;
    int on = 1;
    enum hk_status status = hk_address_parse(address, &any, &size, error);

    if (status != HK_OK) {
        return status;
    }
    if (!hk_copy_text(s->address, sizeof s->address, address)) {
        return hk_fail(error, HK_INVALID, "%.64s…: this address is too long", address);
    }
    s->fd = hk_inherit_take(address);
    if (s->fd >= 0) {
        if (getsockname(s->fd, &any.any, &size) != 0) {
            goto fail;
        }
        s->port = hk_address_port(&any);
        return HK_OK;
    }
    s->fd = socket(any.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0 || setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) {
        goto fail;
    }
    if (any.any.sa_family == AF_INET6 &&
        setsockopt(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) {
        goto fail;
    }
    if (bind(s->fd, &any.any, size) != 0 || listen(s->fd, BACKLOG) != 0 ||
        getsockname(s->fd, &any.any, &size) != 0) {
        goto fail;
    }
    s->port = hk_address_port(&any);
    return HK_OK;
fail:
    return hk_fail(error, errno == EADDRINUSE ? HK_CONFLICT : HK_IO, "cannot listen on %s: %s",
        address, strerror(errno));
}

bool hk_http_address_is_local(const char *address)
{
    union hk_address any;
    socklen_t size = 0;

    if (strncmp(address, unix_prefix, sizeof unix_prefix - 1) == 0) {
        return true;
    }
    if (hk_address_parse(address, &any, &size, NULL) != HK_OK) {
        return false;
    }
    return hk_address_is_loopback(&any);
}

/* --- Unix --- */

/* Remove a socket file that nobody listens on any more. */
static enum hk_status remove_stale(const struct sockaddr_un *un, struct hk_error *error)
{
    struct stat info;
    int result;

    if (lstat(un->sun_path, &info) != 0) {
        return errno == ENOENT
                   ? HK_OK
                   : hk_fail(error, HK_IO, "cannot look at %s: %s", un->sun_path, strerror(errno));
    }
    if (!S_ISSOCK(info.st_mode)) {
        return hk_fail(error, HK_CONFLICT, "%s is there and is not a socket", un->sun_path);
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return hk_fail(error, HK_IO, "cannot make a socket: %s", strerror(errno));
    }
    result = connect(fd, (const struct sockaddr *)un, sizeof *un) == 0 ? 0 : errno;
    close(fd);
    if (result != ECONNREFUSED && result != ENOENT) {
        return hk_fail(error, HK_CONFLICT, "another process listens on %s", un->sun_path);
    }
    if (unlink(un->sun_path) != 0 && errno != ENOENT) {
        return hk_fail(
            error, HK_IO, "cannot remove the stale %s: %s", un->sun_path, strerror(errno));
    }
    return HK_OK;
}

static enum hk_status open_unix(const char *path, struct hk_http_socket *s, struct hk_error *error)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct stat info;
    enum hk_status status;

    if (path[0] == '\0' || !hk_copy_text(un.sun_path, sizeof un.sun_path, path)) {
        return hk_fail(error, HK_INVALID, "a socket path has 1 to %zu bytes, not %zu",
            sizeof un.sun_path - 1, strlen(path));
    }
    status = remove_stale(&un, error);
    if (status != HK_OK) {
        return status;
    }
    s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* The socket's own mode becomes the file's when it is bound: nobody can be in before a chmod,
     * and the umask, which all threads share, is left alone. */
    if (s->fd < 0 || fchmod(s->fd, 0600) != 0 ||
        bind(s->fd, (struct sockaddr *)&un, sizeof un) != 0) {
        goto fail;
    }
    s->is_unix = true;
    (void)hk_copy_text(s->path, sizeof s->path, path);
    if (lstat(path, &info) != 0) {
        goto fail;
    }
    s->device = info.st_dev;
    s->inode = info.st_ino;
    if (listen(s->fd, BACKLOG) != 0) {
        goto fail;
    }
    return HK_OK;
fail:
    return hk_fail(error, errno == EADDRINUSE ? HK_CONFLICT : HK_IO, "cannot listen on %s: %s",
        path, strerror(errno));
}

enum hk_status hk_http_socket_open(
    const char *address, struct hk_http_socket *ret_socket, struct hk_error *error)
{
    struct hk_http_socket s = {.fd = -1};
    enum hk_status status;

    if (strncmp(address, unix_prefix, sizeof unix_prefix - 1) == 0) {
        status = open_unix(address + sizeof unix_prefix - 1, &s, error);
    } else {
        status = open_tcp(address, &s, error);
    }
    if (status != HK_OK) {
        hk_http_socket_close(&s);
        return status;
    }
    *ret_socket = s;
    return HK_OK;
}

void hk_http_socket_close(struct hk_http_socket *listening)
{
    struct stat info;

    if (listening->is_unix && lstat(listening->path, &info) == 0 &&
        info.st_dev == listening->device && info.st_ino == listening->inode) {
        (void)unlink(listening->path);
    }
    if (listening->fd >= 0) {
        close(listening->fd);
        listening->fd = -1;
    }
}

/* --- accepted sockets --- */

static bool unix_peer_of(int fd, struct hk_http_peer *ret_peer)
{
    struct ucred credentials;
    socklen_t size = sizeof credentials;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
        return false;
    }
    (void)snprintf(ret_peer->address, sizeof ret_peer->address, "unix uid %u pid %d",
        (unsigned)credentials.uid, (int)credentials.pid);
    ret_peer->is_local = credentials.uid == geteuid() || credentials.uid == 0;
    return ret_peer->is_local;
}

bool hk_http_peer_of(int fd, bool is_unix, struct hk_http_peer *ret_peer)
{
    union hk_address any = {0};
    socklen_t size = sizeof any;
    char host[INET6_ADDRSTRLEN] = "?";
    int on = 1;

    memset(ret_peer, 0, sizeof *ret_peer);
    if (is_unix) {
        return unix_peer_of(fd, ret_peer);
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (getpeername(fd, &any.any, &size) != 0) {
        return false; /* it left already */
    }
    if (any.any.sa_family == AF_INET6) {
        (void)inet_ntop(AF_INET6, &any.v6.sin6_addr, host, sizeof host);
        (void)snprintf(ret_peer->address, sizeof ret_peer->address, "[%s]:%u", host,
            (unsigned)ntohs(any.v6.sin6_port));
        ret_peer->is_loopback = IN6_IS_ADDR_LOOPBACK(&any.v6.sin6_addr);
    } else {
        (void)inet_ntop(AF_INET, &any.v4.sin_addr, host, sizeof host);
        (void)snprintf(ret_peer->address, sizeof ret_peer->address, "%s:%u", host,
            (unsigned)ntohs(any.v4.sin_port));
        ret_peer->is_loopback = ntohl(any.v4.sin_addr.s_addr) >> 24 == 127;
    }
    (void)hk_copy_text(ret_peer->host, sizeof ret_peer->host, host);
    return true;
}
