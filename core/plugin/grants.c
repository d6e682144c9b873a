#include "plugin/grants.h"

#include "base/text.h"
#include "plugin/net_grants.h"

#include <stdio.h>
#include <string.h>

#define NET_ADMIN "net_admin"
#define NAME_SIZE_MAX 63
#define NAMES_FOLDER "/run/netns/"

static bool is_net_admin(const char *grant)
{
    size_t size = strlen(NET_ADMIN);

    return strncmp(grant, NET_ADMIN, size) == 0 && (grant[size] == '\0' || grant[size] == ':');
}

static bool is_plain_name(const char *name)
{
    size_t size = strlen(name);

    return size > 0 && size <= NAME_SIZE_MAX && name[0] != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
               size;
}

static enum hk_status read_netns(
    const char *grant, char ret_netns[HK_NETNS_PATH_SIZE], struct hk_error *error)
{
    const char *name = grant + strlen(NET_ADMIN);

    ret_netns[0] = '\0';
    if (*name == '\0')
        return HK_OK;
    name++;
    int size = name[0] == '/' ? snprintf(ret_netns, HK_NETNS_PATH_SIZE, "%s", name)
                              : snprintf(ret_netns, HK_NETNS_PATH_SIZE, NAMES_FOLDER "%s", name);
    if (size < 0 || size >= HK_NETNS_PATH_SIZE || (name[0] != '/' && !is_plain_name(name)))
        return hk_fail(error, HK_INVALID,
            "grant %.80s: after net_admin: comes the name of a network namespace below "
            "/run/netns, or an absolute path",
            grant);
    return HK_OK;
}

enum hk_status hk_grant_check(const char *grant, struct hk_error *error)
{
    char netns[HK_NETNS_PATH_SIZE];

    if (strncmp(grant, "read:", 5) == 0)
        return HK_OK;
    if (strncmp(grant, HK_GRANT_SECRET, strlen(HK_GRANT_SECRET)) == 0 &&
        grant[strlen(HK_GRANT_SECRET)] != '\0')
        return HK_OK;
    if (hk_net_is_grant(grant))
        return hk_net_grant_check(grant, error);
    if (is_net_admin(grant))
        return read_netns(grant, netns, error);
    return hk_fail(error, HK_INVALID,
        "grant %.80s: unknown; there are net:HOST:PORT, net-private:HOST:PORT, read:PATH, "
        "secret:NAME, net_admin and net_admin:NETNS",
        grant);
}

enum hk_status hk_grants_net_admin(const char *const *grants, bool *ret_granted,
    char ret_netns[HK_NETNS_PATH_SIZE], struct hk_error *error)
{
    *ret_granted = false;
    ret_netns[0] = '\0';
    for (size_t i = 0; grants != NULL && grants[i] != NULL; i++) {
        if (!is_net_admin(grants[i]))
            continue;
        if (*ret_granted)
            return hk_fail(error, HK_INVALID,
                "net_admin is granted twice; a plugin's process is in one network namespace");
        *ret_granted = true;
        enum hk_status status = read_netns(grants[i], ret_netns, error);
        if (status != HK_OK)
            return status;
    }
    return HK_OK;
}

bool hk_grants_have(char *const *grants, const char *need)
{
    bool any_netns = strcmp(need, NET_ADMIN) == 0;

    if (hk_net_is_need(need))
        return hk_net_need_is_met(grants, need);
    for (size_t i = 0; grants != NULL && grants[i] != NULL; i++)
        if (strcmp(grants[i], need) == 0 || (any_netns && is_net_admin(grants[i])))
            return true;
    return false;
}
