#include "script/strbuf.h"

#include <string.h>

void hk_strbuf_init(lua_State *L, struct hk_strbuf *sb, size_t capacity)
{
    sb->L = L;
    sb->size = 0;
    sb->capacity = capacity < 64 ? 64 : capacity;
    sb->data = lua_newuserdatauv(L, sb->capacity, 0);
    sb->slot = lua_gettop(L);
}

char *hk_strbuf_room(struct hk_strbuf *sb, size_t size)
{
    size_t capacity = sb->capacity;
    char *data;

    if (size <= capacity - sb->size)
        return sb->data + sb->size;
    if (size > HK_LUA_MEMORY_MAX || sb->size > HK_LUA_MEMORY_MAX - size)
        hk_state_stop_memory(sb->L);
    while (capacity - sb->size < size)
        capacity *= 2;
    hk_state_charge_bytes(sb->L, capacity);
    luaL_checkstack(sb->L, 2, "string is being made");
    data = lua_newuserdatauv(sb->L, capacity, 0);
    memcpy(data, sb->data, sb->size);
    lua_replace(sb->L, sb->slot);
    sb->data = data;
    sb->capacity = capacity;
    return data + sb->size;
}

void hk_strbuf_add(struct hk_strbuf *sb, const char *data, size_t size)
{
    char *room = hk_strbuf_room(sb, size);

    if (size > 0)
        memcpy(room, data, size);
    sb->size += size;
}

void hk_strbuf_add_char(struct hk_strbuf *sb, char c)
{
    *hk_strbuf_room(sb, 1) = c;
    sb->size++;
}

void hk_strbuf_push(struct hk_strbuf *sb)
{
    (void)lua_pushlstring(sb->L, sb->data, sb->size);
}
