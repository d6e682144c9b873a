/* Connections that plugins ask for: made here, handed over connected. */
#include "plugin/pool_internal.h"

#include "base/ip_reach.h"
#include "plugin/net_grants.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool may_connect(void *ctx, const struct hk_ip *address, unsigned port)
{
    const struct hk_connect_request *request = ctx;
    (void)port;

    return hk_ip_may_be_reached(address, request->may_be_private);
}

static void answer(struct hk_process *process, uint64_t request_id, int take_fd, const char *text)
{
    struct hk_buf out;
    struct hk_jw jw;

    hk_buf_init(&out, HK_WIRE_FRAME_SIZE_MAX);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "t", "connected");
    hk_jw_kv_i64(&jw, "id", (int64_t)request_id);
    hk_jw_kv_bool(&jw, "fd", take_fd >= 0);
    if (take_fd < 0)
        hk_jw_kv(&jw, "error", text);
    hk_jw_object_end(&jw);
    if (!hk_process_send(process, &out, take_fd))
        hk_process_kill(process, "it does not read what it is sent");
    hk_buf_done(&out);
}

static void on_connected(void *ctx, int fd, const struct hk_error *error)
{
    struct hk_connect_request *request = ctx;
    struct hk_pool *pool = request->pool;

    if (pool != NULL) {
        struct hk_connect_request **at = &pool->connects;
        while (*at != request)
            at = &(*at)->next;
        *at = request->next;
    }
    struct hk_process *process = pool != NULL ? hk_process_find(pool, request->process_id) : NULL;
    if (process != NULL && process->state != HK_PROCESS_ENDING) {
        process->connect_count--;
        answer(process, request->request_id, fd, error != NULL ? error->text : "refused");
    } else if (fd >= 0) {
        close(fd);
    }
    free(request);
}

/* Asked for by the plugin's author, and given by the operator. */
static bool is_granted(
    const struct hk_pool_plugin *plugin, const char *host, unsigned port, bool *ret_may_be_private)
{
    for (size_t i = 0; plugin->descriptor.needs[i] != NULL; i++)
        if (hk_net_need_covers(plugin->descriptor.needs[i], host, port))
            return hk_net_is_granted(plugin->grants, host, port, ret_may_be_private);
    return false;
}

void hk_connects_start(struct hk_process *process, const struct hk_json *frame)
{
    struct hk_pool_plugin *plugin = process->plugin;
    struct hk_pool *pool = plugin->pool;
    const char *host = hk_json_string_at(frame, "host", "");
    int64_t port = hk_json_i64_at(frame, "port", 0);
    uint64_t id = (uint64_t)hk_json_i64_at(frame, "id", 0);
    bool may_be_private = false;

    if (host[0] == '\0' || strlen(host) > 253 || port < 1 || port > 65535 ||
        !is_granted(plugin, host, (unsigned)port, &may_be_private)) {
        if (hk_process_count_stray(process))
            answer(process, id, -1, "this host and port are not among what was granted");
        return;
    }
    struct hk_connect_request *request = calloc(1, sizeof(*request));
    if (pool->connector == NULL || process->connect_count >= HK_PLUGIN_CONNECTS_MAX ||
        request == NULL) {
        free(request);
        if (hk_process_count_stray(process))
            answer(process, id, -1, "too many connections are being made");
        return;
    }
    *request = (struct hk_connect_request){.next = pool->connects,
        .pool = pool,
        .process_id = process->id,
        .request_id = id,
        .may_be_private = may_be_private};
    pool->connects = request;
    process->connect_count++;
    hk_connector_start(pool->connector, host, (unsigned)port, HK_PLUGIN_CONNECT_MAX_MS, may_connect,
        on_connected, request);
}

void hk_connects_drop_all(struct hk_pool *pool)
{
    for (struct hk_connect_request *request = pool->connects; request != NULL;
         request = request->next)
        request->pool = NULL;
    pool->connects = NULL;
}
