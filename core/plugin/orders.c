#include "plugin/pool_internal.h"

#include "base/fatal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void free_order(struct hk_spawner_order *order)
{
    for (unsigned i = 0; i < HK_SPAWNER_FDS; i++)
        if (order->fds[i] >= 0)
            close(order->fds[i]);
    free(order);
}

static ssize_t send_order(int fd, const struct hk_spawner_order *order)
{
    return hk_wire_send(fd, &order->message, sizeof(order->message), order->fds,
        order->fds[0] >= 0 ? HK_SPAWNER_FDS : 0);
}

static void flush(struct hk_pool *pool)
{
    while (pool->orders != NULL && pool->spawner_fd >= 0) {
        struct hk_spawner_order *order = pool->orders;
        if (send_order(pool->spawner_fd, order) < 0) {
            if (errno == EINTR)
                continue;
            break; /* full: when it is writable; gone: its end of file says so */
        }
        pool->orders = order->next;
        free_order(order);
    }
    if (pool->spawner_watch != NULL)
        hk_fd_watch_want_write(pool->spawner_watch, pool->orders != NULL);
}

static void put(struct hk_pool *pool, const struct hk_spawner_order *order)
{
    struct hk_spawner_order **at = &pool->orders;
    struct hk_spawner_order *copy = malloc(sizeof(*copy));

    if (copy == NULL)
        hk_fatal("no memory for an order to the spawner"); /* a process that nobody ends */
    *copy = *order;
    copy->next = NULL;
    while (*at != NULL)
        at = &(*at)->next;
    *at = copy;
    flush(pool);
}

void hk_orders_make(struct hk_pool_plugin *plugin, uint64_t process_id, int take_wire,
    int take_file, int take_stderr)
{
    struct hk_spawner_order order = {.message = {.op = HK_SPAWNER_MAKE,
                                         .process_id = process_id,
                                         .net_admin = plugin->has_net_admin},
        .fds = {take_wire, take_file, take_stderr}};

    memcpy(order.message.netns, plugin->netns, sizeof(order.message.netns));
    put(plugin->pool, &order);
}

void hk_orders_end(struct hk_pool *pool, uint64_t process_id, int64_t grace_ms)
{
    struct hk_spawner_order order = {
        .message = {.op = HK_SPAWNER_END, .process_id = process_id, .grace_ms = grace_ms},
        .fds = {-1, -1, -1}};

    put(pool, &order);
}

/* Plugin processes die with the spawner, so all are gone. */
static void spawner_is_gone(struct hk_pool *pool)
{
    hk_fd_watch_free(pool->spawner_watch);
    pool->spawner_watch = NULL;
    pool->spawner_fd = -1;
    if (pool->events->spawner_gone != NULL)
        pool->events->spawner_gone(pool->ctx);
    for (struct hk_pool_plugin *plugin = pool->plugins; plugin != NULL; plugin = plugin->next)
        if (plugin->process != NULL)
            hk_process_gone(plugin->process, false, EPIPE);
}

static void on_spawner(void *ctx, bool readable, bool writable)
{
    struct hk_pool *pool = ctx;
    struct hk_spawner_message notice;
    (void)readable;

    if (writable)
        flush(pool);
    for (;;) {
        ssize_t n = recv(pool->spawner_fd, &notice, sizeof(notice), MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n <= 0) {
            spawner_is_gone(pool);
            return;
        }
        struct hk_process *process = hk_process_find(pool, notice.process_id);
        if (n != (ssize_t)sizeof(notice) || process == NULL)
            continue;
        if (notice.op == HK_SPAWNER_MADE) {
            process->pid = notice.pid;
            process->netns_inode = notice.netns_inode;
        } else if (notice.op == HK_SPAWNER_GONE) {
            hk_process_gone(process, notice.pid > 0, notice.status);
        }
    }
}

enum hk_status hk_orders_start(struct hk_pool *pool, struct hk_error *error)
{
    pool->spawner_watch = hk_fd_watch_new(pool->loop, pool->spawner_fd, on_spawner, pool);
    return pool->spawner_watch != NULL ? HK_OK
                                       : hk_fail(error, HK_IO, "can't watch the spawner's socket");
}

void hk_orders_stop(struct hk_pool *pool)
{
    flush(pool);
    hk_fd_watch_free(pool->spawner_watch);
    pool->spawner_watch = NULL;
    while (pool->orders != NULL) {
        struct hk_spawner_order *order = pool->orders;
        pool->orders = order->next;
        free_order(order);
    }
}
