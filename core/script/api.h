/*
 * api: what a playbook can call besides the standard library. Functions that ask for a step yield;
 * what they ask for is handed to the play (play.h).
 */
#ifndef HK_SCRIPT_API_H
#define HK_SCRIPT_API_H

#include "script/play.h"

/* Fill a fresh state: standard library, playbook, steps. */
void hk_api_open(lua_State *L);
/* The standard library and the helpers alone, for a text that is no playbook: the table of globals
 * is left on top, for the caller to add to and to seal (lib.h). */
void hk_api_open_helpers(lua_State *L);
/* Run the function on top (a playbook's text) and leave the table given to playbook{} on the stack;
 * raises when the text returns anything else. */
void hk_api_eval(lua_State *L);

/* The run whose branch L is, or raise: name is only available inside `run`. */
struct hk_play *hk_api_run(lua_State *L, const char *name);
/* The same for what waits: raise also where a coroutine can't yield. */
struct hk_play *hk_api_run_yieldable(lua_State *L, const char *name);

/* playbook{…}: check the fields (playbook.c). */
int hk_api_playbook(lua_State *L);
/* A new branch with a coroutine, not to be resumed before its state is set (branch.c); raises when
 * memory is short. */
struct hk_branch *hk_api_branch(lua_State *L, struct hk_play *run, const char *prefix);
/* The same with the name that its steps are called by, such as "2:NAME.". */
struct hk_branch *hk_api_branch_named(lua_State *L, struct hk_play *run, const char *name);
/* Push {ok = true, value = …} or {ok = false, error = …} for a branch that is done. */
void hk_api_push_outcome(lua_State *L, struct hk_branch *branch);

/* The current branch asks for a step, whose arguments and options are JSON on top of the stack; the
 * caller yields next. Raises when that can't be. */
void hk_api_request(lua_State *L, struct hk_play *run, const char *op, const char *name);

/* What a step gives back when it succeeded. */
enum hk_api_result {
    HK_API_VALUE,    /* the result; true when that is null */
    HK_API_TRUE,     /* true */
    HK_API_ARGUMENT, /* its own first argument */
};
/* The same, and yield until it is settled; what the branch gets then. */
int hk_api_ask_named(
    lua_State *L, struct hk_play *run, const char *op, const char *name, enum hk_api_result result);
/* The same for a step without a name. */
int hk_api_ask_step(lua_State *L, struct hk_play *run, const char *op, enum hk_api_result result);
/* Push the table with names at index as JSON; nil as {}. Errors say "name: what". */
void hk_api_push_json(lua_State *L, int index, const char *name, const char *what);

/* The terms of term_list.h that are functions (api.c, branch.c, each.c, retry.c, wait.c,
 * call.c, secret.c). */
int hk_api_ask(lua_State *L);
int hk_api_call(lua_State *L);
int hk_api_case(lua_State *L);
int hk_api_release(lua_State *L);
int hk_api_close(lua_State *L);
int hk_api_continue_as_new(lua_State *L);
int hk_api_each(lua_State *L);
int hk_api_escalate(lua_State *L);
int hk_api_note(lua_State *L);
int hk_api_notify(lua_State *L);
int hk_api_now(lua_State *L);
int hk_api_random(lua_State *L);
int hk_api_retry(lua_State *L);
int hk_api_secret(lua_State *L);
int hk_api_signal(lua_State *L);
int hk_api_this_run(lua_State *L);
int hk_api_together(lua_State *L);
int hk_api_wait(lua_State *L);
/* Does wait take this text? */
bool hk_api_wait_text_is_valid(const char *text);

#endif
