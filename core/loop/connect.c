/*
 * A request: RESOLVING (names only) → CONNECTING, address by address → done, once.
 *
 * The resolver calls back late, even for what was cancelled, and uses its own memory after that.
 * So a lookup is an object of its own, which knows its request only while that lives, and the
 * resolver is freed a turn after its last lookup ended.
 */
#include "loop/connect.h"

#include "base/fatal.h"
#include "base/text.h"
#include "base/time.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ADDRESSES_MAX = 16, /* of one name; the rest are not tried */
    NAME_SIZE = 256,    /* longest DNS name and NUL */
};

struct resolver {
    struct event_base *base;
    struct evdns_base *dns;
    unsigned lookup_count;
    bool is_orphan; /* its connector is gone */
};

struct lookup {
    struct resolver *resolver;
    struct request *request; /* NULL once nobody waits for it */
    struct evdns_getaddrinfo_request *handle;
};

struct request {
    struct request *next;
    struct request **link; /* what points to us */
    struct hk_connector *connector;
    hk_connect_check_fn *check;
    hk_connect_done_fn *done;
    void *ctx;
    char host[NAME_SIZE];
    unsigned port;
    int64_t time_max_ms;
    int64_t deadline_ms;    /* monotonic */
    struct hk_timer *timer; /* first the start, then the deadline */
    bool is_started;
    struct lookup *lookup; /* while RESOLVING */
    struct hk_ip addresses[ADDRESSES_MAX];
    unsigned address_count;
    unsigned address_next;
    int fd;                /* while CONNECTING, else -1 */
    struct event *event;   /* while CONNECTING */
    struct hk_error error; /* of the last address that failed */
};

struct hk_connector {
    struct hk_loop *loop;
    struct resolver *resolver; /* made for the first name */
    struct request *requests;
};

static void try_next(struct request *request);

/* --- the end of a request --- */

static void stop_attempt(struct request *request)
{
    if (request->event != NULL) {
        event_free(request->event);
        request->event = NULL;
    }
    if (request->fd >= 0) {
        close(request->fd);
        request->fd = -1;
    }
}

static void finish(struct request *request, int take_fd, const struct hk_error *error)
{
    hk_connect_done_fn *done = request->done;
    void *ctx = request->ctx;

    if (request->lookup != NULL) {
        request->lookup->request = NULL;
        evdns_getaddrinfo_cancel(request->lookup->handle);
    }
    stop_attempt(request);
    hk_timer_free(request->timer);
    if (request->link != NULL) {
        *request->link = request->next;
        if (request->next != NULL) {
            request->next->link = request->link;
        }
    }
    struct hk_error copy = error != NULL ? *error : (struct hk_error){.status = HK_OK};
    free(request);
    done(ctx, take_fd, take_fd < 0 ? &copy : NULL);
}

static void fail(struct request *request, enum hk_status status, const char *why)
{
    struct hk_error error;

    (void)hk_fail(
        &error, status, "cannot connect to %s port %u: %s", request->host, request->port, why);
    finish(request, -1, &error);
}

/* --- connecting --- */

static socklen_t to_sockaddr(
    const struct hk_ip *ip, unsigned port, struct sockaddr_storage *ret_address)
{
    memset(ret_address, 0, sizeof *ret_address);
    if (hk_ip_is_v4(ip)) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)ret_address;
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        memcpy(&v4->sin_addr, ip->bytes + 12, 4);
        return sizeof *v4;
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret_address;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)port);
    memcpy(&v6->sin6_addr, ip->bytes, 16);
    return sizeof *v6;
}

/* Hand the connected socket over. */
static void succeed(struct request *request)
{
    int fd = request->fd;
    int on = 1;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    request->fd = -1;
    finish(request, fd, NULL);
}

/* Remember why this address failed; that it was not allowed says less than a network's error. */
static void note_failure(
    struct request *request, const struct hk_ip *ip, enum hk_status status, const char *why)
{
    char text[HK_IP_TEXT_SIZE];

    stop_attempt(request);
    if (status == HK_DENIED && request->error.status != HK_OK) {
        return;
    }
    hk_ip_format(ip, text);
    (void)hk_fail(&request->error, status, "cannot connect to %s (%s) port %u: %s", request->host,
        text, request->port, why);
}

static void on_attempt(evutil_socket_t fd, short what, void *ctx)
{
    struct request *request = ctx;
    const struct hk_ip *ip = &request->addresses[request->address_next - 1];
    int result = 0;
    socklen_t size = sizeof result;

    if ((what & EV_TIMEOUT) != 0) {
        note_failure(request, ip, HK_TIMEOUT, "no answer");
    } else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &size) != 0 || result != 0) {
        note_failure(request, ip, HK_IO, strerror(result != 0 ? result : errno));
    } else {
        succeed(request);
        return;
    }
    try_next(request);
}

/* Wait for the connection; the time that is left is shared out among the addresses. */
static bool await_attempt(struct request *request)
{
    unsigned addresses_left = request->address_count - request->address_next + 1;
    int64_t left_ms = request->deadline_ms - hk_time_monotonic_ms();
    int64_t time_ms = left_ms > 0 ? left_ms / addresses_left + 1 : 1;
    struct timeval time = {.tv_sec = time_ms / 1000, .tv_usec = time_ms % 1000 * 1000};

    request->event = event_new(
        hk_loop_base(request->connector->loop), request->fd, EV_WRITE, on_attempt, request);
    return request->event != NULL && event_add(request->event, &time) == 0;
}

/* Connect to one address. True: the request is settled or waits. */
static bool try_address(struct request *request, const struct hk_ip *ip)
{
    struct sockaddr_storage address;
    socklen_t size = to_sockaddr(ip, request->port, &address);

    if (!request->check(request->ctx, ip, request->port)) {
        note_failure(request, ip, HK_DENIED, "this address is not allowed");
        return false;
    }
    request->fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (request->fd < 0) {
        note_failure(request, ip, HK_IO, strerror(errno));
        return false;
    }
    if (connect(request->fd, (struct sockaddr *)&address, size) == 0) {
        succeed(request);
        return true;
    }
    if (errno != EINPROGRESS) {
        note_failure(request, ip, HK_IO, strerror(errno));
        return false;
    }
    if (!await_attempt(request)) {
        note_failure(request, ip, HK_NOMEM, "out of memory");
        return false;
    }
    return true;
}

static void try_next(struct request *request)
{
    while (request->address_next < request->address_count) {
        if (try_address(request, &request->addresses[request->address_next++])) {
            return;
        }
    }
    if (request->error.status == HK_OK) {
        fail(request, HK_NOT_FOUND, "the name has no address");
        return;
    }
    struct hk_error error = request->error;
    finish(request, -1, &error);
}

/* --- resolving --- */

static void free_resolver(evutil_socket_t fd, short what, void *ctx)
{
    struct resolver *resolver = ctx;
    (void)fd;
    (void)what;
    evdns_base_free(resolver->dns, 1);
    free(resolver);
}

/* No lookup and no connector uses it any more; free it outside of its own callbacks. */
static void release_resolver(struct resolver *resolver)
{
    struct timeval now = {0};

    if (event_base_once(resolver->base, -1, EV_TIMEOUT, free_resolver, resolver, &now) != 0) {
        hk_fatal("no memory to end the resolver");
    }
}

static struct resolver *resolver_new(struct event_base *base)
{
    struct resolver *resolver = calloc(1, sizeof *resolver);

    if (resolver == NULL) {
        return NULL;
    }
    resolver->base = base;
    resolver->dns = evdns_base_new(base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (resolver->dns == NULL) {
        free(resolver);
        return NULL;
    }
    /* A host without name servers still has its hosts file. */
    (void)evdns_base_resolv_conf_parse(
        resolver->dns, DNS_OPTION_NAMESERVERS | DNS_OPTION_MISC, "/etc/resolv.conf");
    (void)evdns_base_load_hosts(resolver->dns, "/etc/hosts");
    return resolver;
}

/* Keep the address in the normal form: what is checked is what is connected to. */
static void add_address(struct request *request, const struct sockaddr *address)
{
    char text[INET6_ADDRSTRLEN];
    const void *bytes =
        address->sa_family == AF_INET6
            ? (const void *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr
            : (const void *)&((const struct sockaddr_in *)(const void *)address)->sin_addr;

    if (request->address_count < ADDRESSES_MAX &&
        inet_ntop(address->sa_family, bytes, text, sizeof text) != NULL &&
        hk_ip_parse(text, &request->addresses[request->address_count], NULL) == HK_OK) {
        request->address_count++;
    }
}

static void on_resolved(int result, struct evutil_addrinfo *list, void *ctx)
{
    struct lookup *lookup = ctx;
    struct resolver *resolver = lookup->resolver;
    struct request *request = lookup->request;

    if (request != NULL) {
        request->lookup = NULL;
        for (struct evutil_addrinfo *at = list; at != NULL; at = at->ai_next) {
            if (at->ai_family == AF_INET || at->ai_family == AF_INET6) {
                add_address(request, at->ai_addr);
            }
        }
    }
    if (list != NULL) {
        evutil_freeaddrinfo(list);
    }
    free(lookup);
    resolver->lookup_count--;
    if (resolver->is_orphan && resolver->lookup_count == 0) {
        release_resolver(resolver);
    }
    if (request == NULL) {
        return;
    }
    if (result != 0) {
        fail(request, result == EVUTIL_EAI_AGAIN ? HK_TIMEOUT : HK_NOT_FOUND,
            evutil_gai_strerror(result));
    } else {
        try_next(request);
    }
}

/* A DNS name whose last label can't be taken for a number, which is how loose address forms
 * ("127.1", "0x7f.0.0.1") end. */
static bool is_name(const char *host)
{
    static const char label_bytes[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t size = strlen(host);

    if (size > 0 && host[size - 1] == '.') {
        size--;
    }
    if (size == 0 || size > 253 || strspn(host, label_bytes) < size || host[0] == '.' ||
        strstr(host, "..") != NULL) {
        return false;
    }
    size_t last = size;
    while (last > 0 && host[last - 1] != '.') {
        last--;
    }
    return host[last] < '0' || host[last] > '9';
}

static void resolve(struct request *request)
{
    struct hk_connector *connector = request->connector;
    struct evutil_addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};
    struct evdns_getaddrinfo_request *handle;
    struct lookup *lookup;

    if (connector->resolver == NULL) {
        connector->resolver = resolver_new(hk_loop_base(connector->loop));
    }
    lookup = calloc(1, sizeof *lookup);
    if (connector->resolver == NULL || lookup == NULL) {
        free(lookup);
        fail(request, HK_NOMEM, "out of memory");
        return;
    }
    lookup->resolver = connector->resolver;
    lookup->request = request;
    lookup->resolver->lookup_count++;
    request->lookup = lookup;
    /* answers from the hosts file come before this returns, and then both objects are gone */
    handle =
        evdns_getaddrinfo(lookup->resolver->dns, request->host, NULL, &hints, on_resolved, lookup);
    if (handle != NULL) {
        lookup->handle = handle;
    }
}

/* --- requests --- */

static void on_timer(void *ctx)
{
    struct request *request = ctx;
    struct hk_ip ip;

    if (request->is_started) {
        fail(request, HK_TIMEOUT,
            request->lookup != NULL ? "the name was not resolved in time" : "no answer in time");
        return;
    }
    request->is_started = true;
    hk_timer_arm(request->timer, request->time_max_ms);
    if (hk_ip_parse(request->host, &ip, NULL) == HK_OK) {
        request->addresses[request->address_count++] = ip;
        try_next(request);
    } else if (is_name(request->host)) {
        resolve(request);
    } else {
        fail(request, HK_INVALID, "this is neither a name nor an address");
    }
}

void hk_connector_start(struct hk_connector *connector, const char *host, unsigned port,
    int64_t time_max_ms, hk_connect_check_fn *check, hk_connect_done_fn *done, void *ctx)
{
    struct hk_error error;
    struct request *request = calloc(1, sizeof *request);

    if (request != NULL) {
        request->timer = hk_timer_new(connector->loop, on_timer, request);
    }
    if (request == NULL || request->timer == NULL) {
        free(request);
        (void)hk_fail(&error, HK_NOMEM, "out of memory for a connection");
        done(ctx, -1, &error);
        return;
    }
    request->connector = connector;
    request->check = check;
    request->done = done;
    request->ctx = ctx;
    request->port = port;
    request->time_max_ms = time_max_ms;
    request->deadline_ms = hk_time_monotonic_ms() + time_max_ms;
    request->fd = -1;
    /* a host that is too long becomes "", which is neither name nor address */
    (void)hk_copy_text(request->host, sizeof request->host, host);
    request->next = connector->requests;
    request->link = &connector->requests;
    if (request->next != NULL) {
        request->next->link = &request->next;
    }
    connector->requests = request;
    hk_timer_arm(request->timer, 0);
}

enum hk_status hk_connector_new(
    struct hk_loop *loop, struct hk_connector **ret_connector, struct hk_error *error)
{
    struct hk_connector *connector = calloc(1, sizeof *connector);

    if (connector == NULL) {
        return hk_fail(error, HK_NOMEM, "out of memory for the connector");
    }
    connector->loop = loop;
    *ret_connector = connector;
    return HK_OK;
}

void hk_connector_free(struct hk_connector *connector)
{
    if (connector == NULL) {
        return;
    }
    /* fail() takes the request off the list before it frees it, which the analyzer does not see. */
    while (connector->requests != NULL) {
        // NOLINTNEXTLINE(clang-analyzer-unix.Malloc)
        fail(connector->requests, HK_DENIED, "the engine stops");
    }
    if (connector->resolver != NULL) {
        connector->resolver->is_orphan = true;
        if (connector->resolver->lookup_count == 0) {
            release_resolver(connector->resolver);
        }
    }
    free(connector);
}
