/*
 * state: a Lua state that can't be held on to. Memory, work and CPU time are bounded, and once a
 * bound is hit nothing in the script can go on.
 *
 * How a limit ends a run, whatever the script tries:
 *   1. hk_state_charge (called by the count hook of every coroutine, by every C function that does
 *      work in proportion to its arguments, and by the allocator) finds the bound passed and sets
 *      `end`, which is never unset;
 *   2. from then on the allocator refuses to grow, the hook raises at every instruction, and our
 *      pcall, xpcall and their handlers raise again instead of catching. There is no __gc and no
 *      __close through which code could run while an error travels;
 *   3. whoever called into Lua from C sees `end` and throws the state away.
 * Lua's own "not enough memory" counts as the memory limit wherever it is caught.
 *
 * C functions in this folder hold no malloc memory across calls that may raise: what they need is a
 * Lua userdata, or hangs on struct hk_state and is freed by hk_state_done.
 */
#ifndef HK_SCRIPT_STATE_H
#define HK_SCRIPT_STATE_H

#include "base/buf.h"
#include "base/json.h"
#include "limits.h"
#include "script/heap.h"

#include <lauxlib.h>
#include <locale.h>
#include <lua.h>

enum hk_state_end {
    HK_STATE_RUNS,
    HK_STATE_LIMIT,    /* a limit was hit: end_text says which */
    HK_STATE_DIVERGED, /* the run no longer follows its record */
};

struct hk_state {
    lua_State *L;
    enum hk_state_end end;
    char end_text[160];
    char end_where[LUA_IDSIZE + 16]; /* "file:line", "" until somebody who knows fills it in */
    struct hk_heap heap;             /* of L: whoever drops it drops all */
    size_t memory;                   /* bytes that Lua holds */
    size_t memory_peak;              /* the most that it held */
    size_t memory_max;
    bool refused;                        /* the allocator said no at least once */
    char refused_where[LUA_IDSIZE + 16]; /* the line that ran then */
    lua_State *running;                  /* the coroutine that Lua is in */
    uint64_t work;
    uint64_t work_max;
    uint64_t looked_work; /* `work` when a C function last looked at the clock */
    uint64_t begun_us;    /* monotonic time of the begin of this activation */
    uint64_t cpu_start_us;
    uint64_t cpu_max_us;
    uint64_t checked_us;                /* monotonic time of the last look at the CPU clock */
    size_t unchecked_size;              /* bytes handed out since then */
    size_t longest;                     /* string so far: an instruction may look at all of it */
    struct hk_buf out;                  /* scratch of the converter */
    struct hk_buf trace;                /* how the last error of the top level came about */
    char raised_where[LUA_IDSIZE + 16]; /* the line of that error */
    char main_where[LUA_IDSIZE + 16];   /* stands for the line when no Lua function runs any more */
    struct hk_json_doc doc;
    char path[256]; /* of the value that is being converted, for errors */
    size_t path_size;
    void *owner; /* the run, or NULL while a text is only described */
};

struct hk_state_locale {
    locale_t own;
    locale_t before;
};

/* Make an empty state; nothing is opened in it. Free with hk_state_done, also after a failure. */
HK_MUST_CHECK enum hk_status hk_state_init(struct hk_state *st, struct hk_error *error);
void hk_state_done(struct hk_state *st);
struct hk_state *hk_state_of(lua_State *L);

/* Begin an activation: fresh budgets of work and CPU time. patience multiplies the CPU time. */
void hk_state_begin(struct hk_state *st, unsigned patience);
/* The CPU time of what began on this thread with hk_state_begin, 0 when it is below least_us. Also
 * after hk_state_done. */
uint64_t hk_state_took_us(const struct hk_state *st, uint64_t least_us);
/* Arm the limits on a coroutine before it is resumed. */
void hk_state_arm(lua_State *co);

/* Account for n units of work, about an instruction each; raises when the budget is spent. */
void hk_state_charge(lua_State *L, uint64_t n);
/* The same for size bytes that are looked at or copied. */
void hk_state_charge_bytes(lua_State *L, uint64_t size);
/* End the run, for good, for the reason given (a static text). Does not return. */
_Noreturn void hk_state_stop(lua_State *L, enum hk_state_end end, const char *reason);
/* End the run because it asks for more memory than it may have. */
_Noreturn void hk_state_stop_memory(lua_State *L);
/* After catching an error: raise again if the run is over, else return. status is Lua's; the error
 * is on top of the stack. */
void hk_state_check_caught(lua_State *L, int status);

/* "file:line" of the innermost Lua function, or "" when there is none. Allocates nothing. */
void hk_state_where(lua_State *L, char *ret_where, size_t capacity);
/* Raise an error with the position of the innermost Lua function in front. */
_Noreturn void hk_state_raise(lua_State *L, const char *format, ...) HK_PRINTF(2, 3);

/* Call f(arg) in protected mode on the main thread; *arg is its only argument, as a light userdata.
 * HK_OK, or HK_INVALID / HK_LIMIT with the error (position, text, trace) appended to *ret_text. */
HK_MUST_CHECK enum hk_status hk_state_protect(
    struct hk_state *st, lua_CFunction f, void *arg, struct hk_buf *ret_text);
/* Append what went wrong when co was resumed and answered status. Returns as above. */
enum hk_status hk_state_explain(
    struct hk_state *st, lua_State *co, int status, struct hk_buf *ret_text);

/* Make a state, call f(arg) in it as above, throw the state away. On any thread. */
HK_MUST_CHECK enum hk_status hk_state_once(lua_CFunction f, void *arg, struct hk_error *error);

/* Numbers are read and written the same whatever the process has set: from here to _leave this
 * thread is in the "C" locale. */
void hk_state_locale_enter(struct hk_state_locale *locale);
void hk_state_locale_leave(struct hk_state_locale *locale);

/* Load text (never bytecode), checked for UTF-8 and size; leaves the function on the stack or
 * raises. */
void hk_state_compile(lua_State *L, const char *source, size_t size, const char *chunk);

#endif
