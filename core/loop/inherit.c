#include "loop/inherit.h"

#include "limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char variable[] = "HIKESHI_LISTENING";

enum { ADDRESS_SIZE = 256, FIRST_FD = 3 };

struct kept {
    int fd;
    char address[ADDRESS_SIZE];
};

static struct kept kept[HK_LISTENERS_KEPT_MAX];
static size_t kept_count;

/* --- what the image before this one left --- */

/* What was put into the environment may be wrong: only a socket that listens, or waits for
 * datagrams, is taken. */
static bool is_listening(int fd)
{
    int value = 0;
    socklen_t size = sizeof(value);

    if (fd < FIRST_FD || getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &size) != 0)
        return false;
    if (value == SOCK_DGRAM)
        return true;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value != 0;
}

/* The next "FD=ADDRESS" of *at; false at the end. */
static bool next_item(const char **at, int *ret_fd, char ret_address[ADDRESS_SIZE])
{
    while (**at != '\0') {
        size_t size;
        char *end;
        long fd;
        *at += strspn(*at, " ");
        size = strcspn(*at, " ");
        fd = strtol(*at, &end, 10);
        if (end > *at && *end == '=' && fd >= FIRST_FD && fd < 65536 &&
            size - (size_t)(end + 1 - *at) < ADDRESS_SIZE) {
            *ret_fd = (int)fd;
            (void)snprintf(
                ret_address, ADDRESS_SIZE, "%.*s", (int)(size - (size_t)(end + 1 - *at)), end + 1);
            *at += size;
            return true;
        }
        *at += size;
    }
    return false;
}

/* Write the list without what was taken. */
static void set_rest(const char *list, int taken)
{
    char rest[HK_LISTENERS_KEPT_MAX * (ADDRESS_SIZE + 8)] = "";
    char address[ADDRESS_SIZE];
    size_t size = 0;
    int fd;

    while (next_item(&list, &fd, address))
        if (fd != taken && size + strlen(address) + 16 < sizeof(rest))
            size += (size_t)snprintf(rest + size, sizeof(rest) - size, " %d=%s", fd, address);
    if (size == 0 || setenv(variable, rest + 1, 1) != 0)
        (void)unsetenv(variable);
}

int hk_inherit_take(const char *address)
{
    const char *list = getenv(variable);
    const char *at = list;
    char found[ADDRESS_SIZE];
    int fd;

    while (at != NULL && next_item(&at, &fd, found)) {
        if (strcmp(found, address) != 0 || !is_listening(fd))
            continue;
        set_rest(list, fd);
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
        return fd;
    }
    return -1;
}

void hk_inherit_close_rest(void)
{
    const char *at = getenv(variable);
    char address[ADDRESS_SIZE];
    int fd;

    while (at != NULL && next_item(&at, &fd, address))
        if (is_listening(fd))
            (void)close(fd);
    (void)unsetenv(variable);
}

/* --- what this image leaves --- */

enum hk_status hk_inherit_keep(int fd, const char *address, struct hk_error *error)
{
    struct kept *place;

    if (kept_count == HK_LISTENERS_KEPT_MAX || strlen(address) >= ADDRESS_SIZE ||
        strchr(address, ' ') != NULL)
        return hk_fail(error, HK_LIMIT, "%.64s: can't be handed on", address);
    place = &kept[kept_count];
    place->fd = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD);
    if (place->fd < 0)
        return hk_fail(error, HK_IO, "%s: can't be handed on: %s", address, strerror(errno));
    (void)snprintf(place->address, sizeof(place->address), "%s", address);
    kept_count++;
    return HK_OK;
}

enum hk_status hk_inherit_export(struct hk_error *error)
{
    char list[HK_LISTENERS_KEPT_MAX * (ADDRESS_SIZE + 8)] = "";
    size_t size = 0;

    for (size_t i = 0; i < kept_count; i++) {
        size += (size_t)snprintf(list + size, sizeof(list) - size, "%s%d=%s", i > 0 ? " " : "",
            kept[i].fd, kept[i].address);
        if (fcntl(kept[i].fd, F_SETFD, 0) != 0)
            return hk_fail(error, HK_IO, "can't hand sockets on: %s", strerror(errno));
    }
    if (kept_count > 0 && setenv(variable, list, 1) != 0)
        return hk_fail(error, HK_NOMEM, "no memory for the environment");
    return HK_OK;
}
