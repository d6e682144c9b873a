#include "plugin/net_grants.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PUBLIC "net:"
#define PRIVATE "net-private:"
#define ANY_HOST "net"
#define HOST_SIZE 256

struct place {
    char host[HOST_SIZE]; /* without brackets */
    bool is_address;
    struct hk_ip address;
    unsigned port;
};

/* A part of text that begins behind prefix; NULL when it begins otherwise. */
static const char *behind(const char *text, const char *prefix)
{
    size_t size = strlen(prefix);

    return strncmp(text, prefix, size) == 0 ? text + size : NULL;
}

static const char *place_of(const char *grant)
{
    const char *place = behind(grant, PUBLIC);

    return place != NULL ? place : behind(grant, PRIVATE);
}

static void set_host(struct place *place, const char *host)
{
    (void)hk_copy_text(place->host, sizeof(place->host), host);
    place->is_address = hk_ip_parse(place->host, &place->address, NULL) == HK_OK;
}

/* "HOST:PORT". Returns what is wrong with it, or NULL. */
static const char *read_place(const char *text, struct place *ret_place)
{
    static const char bytes[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:";
    const char *colon = strrchr(text, ':');
    char host[HOST_SIZE] = "";
    char *end = NULL;

    if (colon == NULL || colon == text)
        return "it must be HOST:PORT";
    ret_place->port = (unsigned)strtoul(colon + 1, &end, 10);
    if (colon[1] < '1' || colon[1] > '9' || *end != '\0' || ret_place->port > 65535)
        return "the port must be a number from 1 to 65535";
    bool in_brackets = text[0] == '[' && colon[-1] == ']';
    size_t size = (size_t)(colon - text) - (in_brackets ? 2 : 0);
    if (size == 0 || size >= sizeof(host))
        return "the host is empty or too long";
    memcpy(host, text + (in_brackets ? 1 : 0), size);
    set_host(ret_place, host);
    if (host[strspn(host, bytes)] != '\0' ||
        (!ret_place->is_address && (in_brackets || strchr(host, ':') != NULL)))
        return "the host must be a name or an address";
    return NULL;
}

static bool is_same(const struct place *a, const struct place *b)
{
    if (a->port != b->port || a->is_address != b->is_address)
        return false;
    return a->is_address ? memcmp(&a->address, &b->address, sizeof(a->address)) == 0
                         : strcasecmp(a->host, b->host) == 0;
}

bool hk_net_is_grant(const char *grant)
{
    return place_of(grant) != NULL;
}

bool hk_net_is_need(const char *need)
{
    return strcmp(need, ANY_HOST) == 0 || behind(need, PUBLIC) != NULL;
}

enum hk_status hk_net_grant_check(const char *grant, struct hk_error *error)
{
    struct place place;
    const char *fault = read_place(place_of(grant), &place);

    if (fault != NULL)
        return hk_fail(error, HK_INVALID, "grant %.80s: %s", grant, fault);
    return HK_OK;
}

bool hk_net_need_is_valid(const char *need)
{
    const char *text = behind(need, PUBLIC);
    struct place place;

    return strcmp(need, ANY_HOST) == 0 || (text != NULL && read_place(text, &place) == NULL);
}

static const char *find(char *const *grants, const struct place *wanted, bool only_private)
{
    struct place place;

    for (size_t i = 0; grants != NULL && grants[i] != NULL; i++) {
        const char *text = only_private ? behind(grants[i], PRIVATE) : place_of(grants[i]);
        if (text != NULL && read_place(text, &place) == NULL && is_same(&place, wanted))
            return grants[i];
    }
    return NULL;
}

bool hk_net_need_is_met(char *const *grants, const char *need)
{
    const char *text = behind(need, PUBLIC);
    struct place place;

    if (text != NULL)
        return read_place(text, &place) == NULL && find(grants, &place, false) != NULL;
    for (size_t i = 0; grants != NULL && grants[i] != NULL; i++)
        if (hk_net_is_grant(grants[i]))
            return true;
    return false;
}

bool hk_net_is_granted(
    char *const *grants, const char *host, unsigned port, bool *ret_may_be_private)
{
    struct place place = {.port = port};

    set_host(&place, host);
    const char *grant = find(grants, &place, false);
    *ret_may_be_private = place.is_address || find(grants, &place, true) != NULL;
    return grant != NULL;
}

bool hk_net_need_covers(const char *need, const char *host, unsigned port)
{
    const char *text = behind(need, PUBLIC);
    struct place asked = {.port = port};
    struct place needed;

    if (strcmp(need, ANY_HOST) == 0)
        return true;
    set_host(&asked, host);
    return text != NULL && read_place(text, &needed) == NULL && is_same(&needed, &asked);
}
