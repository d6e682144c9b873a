/*
 * helpers: json, ip, time and text, which cost no step and give the same for the same arguments on
 * every machine. What can be expected of outside data gives nil and the reason; what a playbook
 * itself gets wrong raises. Sizes are bounded and work is charged like everything else's.
 */
#ifndef HK_SCRIPT_HELPERS_H
#define HK_SCRIPT_HELPERS_H

#include "script/state.h"

/* Of one text that is given to a helper, or made by one. */
#define HK_HELP_TEXT_SIZE_MAX (1024 * 1024)

int hk_help_ip_is_in(lua_State *L);
int hk_help_ip_is_private(lua_State *L);
int hk_help_ip_is_public(lua_State *L);
int hk_help_ip_is_reserved(lua_State *L);
int hk_help_ip_parse(lua_State *L);
int hk_help_ip_version(lua_State *L);
int hk_help_json_parse(lua_State *L);
int hk_help_json_text(lua_State *L);
int hk_help_text_cut(lua_State *L);
int hk_help_text_defang(lua_State *L);
int hk_help_text_indicators(lua_State *L);
int hk_help_text_refang(lua_State *L);
int hk_help_text_split(lua_State *L);
int hk_help_text_strip(lua_State *L);
int hk_help_time_duration(lua_State *L);
int hk_help_time_parse(lua_State *L);
int hk_help_time_parts(lua_State *L);
int hk_help_time_span(lua_State *L);
int hk_help_time_text(lua_State *L);

#endif
