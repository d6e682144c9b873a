/* ip: questions about addresses, in the one normal form of base/ip.h. What an alert says may be no
 * address: then the answer is nil and what is wrong. A network that a playbook gives must be one.
 */
#include "base/ip.h"
#include "base/ip_reach.h"
#include "script/helpers.h"

#include <string.h>

#define NETWORKS_MAX 10000

/* Read the address at 1; false: nil and the reason are pushed. */
static bool read_address(lua_State *L, const char *name, struct hk_ip *ret_ip)
{
    struct hk_error error = {0};

    if (lua_isnoneornil(L, 1)) {
        lua_pushnil(L);
        lua_pushliteral(L, "there is no address");
        return false;
    }
    if (lua_type(L, 1) != LUA_TSTRING)
        hk_state_raise(L, "%s needs an address, not a %s", name, luaL_typename(L, 1));
    hk_state_charge(L, 16);
    if (strlen(lua_tostring(L, 1)) == lua_rawlen(L, 1) &&
        hk_ip_parse(lua_tostring(L, 1), ret_ip, &error) == HK_OK)
        return true;
    lua_pushnil(L);
    (void)lua_pushstring(L, error.text[0] == '\0' ? "no address" : error.text);
    return false;
}

/* ip.parse(text): the address in its one form. */
int hk_help_ip_parse(lua_State *L)
{
    struct hk_ip ip;
    char text[HK_IP_TEXT_SIZE];

    if (!read_address(L, "ip.parse", &ip))
        return 2;
    hk_ip_format(&ip, text);
    (void)lua_pushstring(L, text);
    return 1;
}

/* ip.version(text): 4 or 6. */
int hk_help_ip_version(lua_State *L)
{
    struct hk_ip ip;

    if (!read_address(L, "ip.version", &ip))
        return 2;
    lua_pushinteger(L, hk_ip_is_v4(&ip) ? 4 : 6);
    return 1;
}

static int push_reach(lua_State *L, const char *name, enum hk_ip_reach reach)
{
    struct hk_ip ip;

    if (!read_address(L, name, &ip))
        return 2;
    lua_pushboolean(L, hk_ip_reach(&ip) == reach);
    return 1;
}

int hk_help_ip_is_public(lua_State *L)
{
    return push_reach(L, "ip.is_public", HK_IP_PUBLIC);
}

int hk_help_ip_is_private(lua_State *L)
{
    return push_reach(L, "ip.is_private", HK_IP_PRIVATE);
}

int hk_help_ip_is_reserved(lua_State *L)
{
    return push_reach(L, "ip.is_reserved", HK_IP_NEVER);
}

/* Is the address in the network that is on top of the stack? */
static bool is_in(lua_State *L, const struct hk_ip *ip)
{
    struct hk_ip_range range;
    struct hk_error error;

    if (lua_type(L, -1) != LUA_TSTRING)
        hk_state_raise(L, "ip.is_in: a network is a text, not a %s", luaL_typename(L, -1));
    hk_state_charge(L, 16);
    if (hk_ip_range_parse(lua_tostring(L, -1), &range, &error) != HK_OK)
        hk_state_raise(L, "ip.is_in: %s", error.text);
    return hk_ip_range_has(&range, ip);
}

/* ip.is_in(text, network), ip.is_in(text, {networks}): is it in (any of) them? */
int hk_help_ip_is_in(lua_State *L)
{
    struct hk_ip ip;
    lua_Integer count;

    lua_settop(L, 2);
    if (!lua_istable(L, 2) && lua_type(L, 2) != LUA_TSTRING)
        hk_state_raise(L, "ip.is_in needs a network such as \"192.0.2.0/24\", or a list of them");
    if (!read_address(L, "ip.is_in", &ip))
        return 2;
    if (!lua_istable(L, 2)) {
        lua_pushboolean(L, is_in(L, &ip));
        return 1;
    }
    count = (lua_Integer)lua_rawlen(L, 2);
    if (count > NETWORKS_MAX)
        hk_state_raise(L, "ip.is_in: more than %d networks", NETWORKS_MAX);
    for (lua_Integer i = 1; i <= count; i++) {
        (void)lua_rawgeti(L, 2, i);
        if (is_in(L, &ip)) {
            lua_pushboolean(L, 1);
            return 1;
        }
        lua_pop(L, 1);
    }
    lua_pushboolean(L, 0);
    return 1;
}
