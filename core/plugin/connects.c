/* Connections that plugins ask for: made here, handed over connected. */
#include "plugin/pool_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool hk_grants_have(char *const *grants, const char *need)
{
    for (size_t i = 0; grants != NULL && grants[i] != NULL; i++)
        if (strcmp(grants[i], need) == 0)
            return true;
    return false;
}

/* Networks that a name must not lead into: a plugin could otherwise reach the engine's own machine
 * or network through a name that is its author's. */
static const char *const closed_networks[] = {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10",
    "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16",
    "198.18.0.0/15", "::/127", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "fc00::/7",
    "fe80::/10", "fec0::/10", NULL};
/* Never, not even when granted by address. */
static const char *const never_networks[] = {
    "0.0.0.0/32", "224.0.0.0/4", "240.0.0.0/4", "::/128", "ff00::/8", NULL};

static bool is_in(const char *const *networks, const struct hk_ip *address)
{
    struct hk_ip_range range;

    for (size_t i = 0; networks[i] != NULL; i++)
        if (hk_ip_range_parse(networks[i], &range, NULL) != HK_OK ||
            hk_ip_range_has(&range, address))
            return true; /* a network that can't be read closes everything */
    return false;
}

static bool may_connect(void *ctx, const struct hk_ip *address, unsigned port)
{
    const struct hk_connect_request *request = ctx;
    (void)port;

    return !is_in(never_networks, address) &&
           (request->is_literal || !is_in(closed_networks, address));
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

/* "net:HOST:PORT", as it stands in needs and grants; an IPv6 address may stand in brackets. */
static bool is_granted(const struct hk_pool_plugin *plugin, const char *host, unsigned port)
{
    char plain[300];
    char bracketed[300];

    snprintf(plain, sizeof(plain), "net:%s:%u", host, port);
    snprintf(bracketed, sizeof(bracketed), "net:[%s]:%u", host, port);
    for (size_t i = 0; plugin->descriptor.needs[i] != NULL; i++) {
        const char *need = plugin->descriptor.needs[i];
        if ((strcmp(need, plain) == 0 || strcmp(need, bracketed) == 0) &&
            hk_grants_have(plugin->grants, need))
            return true;
    }
    return false;
}

void hk_connects_start(struct hk_process *process, const struct hk_json *frame)
{
    struct hk_pool_plugin *plugin = process->plugin;
    struct hk_pool *pool = plugin->pool;
    const char *host = hk_json_string_at(frame, "host", "");
    int64_t port = hk_json_i64_at(frame, "port", 0);
    uint64_t id = (uint64_t)hk_json_i64_at(frame, "id", 0);
    struct hk_ip literal;

    if (host[0] == '\0' || strlen(host) > 253 || port < 1 || port > 65535 ||
        !is_granted(plugin, host, (unsigned)port)) {
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
        .is_literal = hk_ip_parse(host, &literal, NULL) == HK_OK};
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
