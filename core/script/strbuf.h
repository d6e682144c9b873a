/*
 * strbuf: a string that is being made by a C function. Its bytes are a Lua userdata in one stack
 * slot, so an error leaves nothing behind, and running out of memory is Lua's memory error.
 * (luaL_Buffer raises a catchable text instead, without collecting garbage first.)
 */
#ifndef HK_SCRIPT_STRBUF_H
#define HK_SCRIPT_STRBUF_H

#include "script/state.h"

struct hk_strbuf {
    lua_State *L;
    int slot; /* holds the userdata */
    char *data;
    size_t size;
    size_t capacity;
};

/* Pushes one value, which must stay where it is until the end. */
void hk_strbuf_init(lua_State *L, struct hk_strbuf *sb, size_t capacity);
/* Make room for size more bytes and answer where they go; add them to sb->size when written. */
char *hk_strbuf_room(struct hk_strbuf *sb, size_t size);
void hk_strbuf_add(struct hk_strbuf *sb, const char *data, size_t size);
void hk_strbuf_add_char(struct hk_strbuf *sb, char c);
/* Push the finished string. */
void hk_strbuf_push(struct hk_strbuf *sb);

#endif
