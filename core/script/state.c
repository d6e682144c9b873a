#include "script/state.h"

#include "base/fatal.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Instructions between two looks of the hook, as long as strings are short. */
#define HOOK_INSTRUCTIONS 256
/* One instruction may compare two strings, which takes up to 10 ns a byte (each NUL is compared by
 * a call of its own). So the longer the strings, the fewer instructions: their product is this. */
#define HOOK_BYTES (2U * 1024 * 1024)
/* Bytes of a source that the parser is given at once. Some words of a bad one take it long. */
#define SOURCE_PIECE 64
/* Work that C functions may do between two looks at the clock. */
#define CHARGES_PER_LOOK 2048
/* Bytes of Lua memory handed out, or copied, for one unit of work. */
#define BYTES_PER_WORK 32
/* Bytes handed out between two looks at the clock. */
#define BYTES_PER_CHECK (4U * 1024 * 1024)
#define TRACE_LEVELS_MAX 16
#define TRACE_SIZE_MAX 8192

#if defined(__SANITIZE_THREAD__)
#include <setjmp.h>
/* Lua's errors leave through this one, of which ThreadSanitizer (GCC 12) knows nothing: its own
 * record of who called whom would grow with each, until it overflows. */
_Noreturn void __longjmp_chk(jmp_buf env, int value);
_Noreturn void __longjmp_chk(jmp_buf env, int value)
{
    longjmp(env, value);
}
#endif

/* Raised instead of a text when the run is over: making a text could need memory. */
static const char end_marker;

static uint64_t clock_us(clockid_t id)
{
    struct timespec now;

    (void)clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U;
}

static void set_end(struct hk_state *st, enum hk_state_end end, const char *reason)
{
    if (st->end != HK_STATE_RUNS)
        return;
    st->end = end;
    (void)snprintf(st->end_text, sizeof st->end_text, "%s", reason);
}

static void end_for_memory(struct hk_state *st)
{
    char text[96];

    if (st->end_where[0] == '\0')
        memcpy(st->end_where, st->refused_where, sizeof st->end_where);
    (void)snprintf(
        text, sizeof text, "run used more than %zu MiB of memory", st->memory_max / (1024U * 1024));
    set_end(st, HK_STATE_LIMIT, text);
}

/* Look at the budgets; at the CPU clock only now and then, since reading it is a system call. */
static void check_budgets(struct hk_state *st, bool look)
{
    uint64_t now_us;
    char text[96];

    if (st->end != HK_STATE_RUNS)
        return;
    if (st->work > st->work_max) {
        (void)snprintf(text, sizeof text, "run did more than %llu million instructions in one go",
            (unsigned long long)(st->work_max / 1000000U));
        set_end(st, HK_STATE_LIMIT, text);
        return;
    }
    now_us = clock_us(CLOCK_MONOTONIC);
    if (!look && now_us - st->checked_us < 1000)
        return;
    st->checked_us = now_us;
    st->unchecked_size = 0;
    if (clock_us(CLOCK_THREAD_CPUTIME_ID) - st->cpu_start_us > st->cpu_max_us) {
        (void)snprintf(
            text, sizeof text, "run used more than %d ms of CPU time in one go", HK_LUA_SLICE_MS);
        set_end(st, HK_STATE_LIMIT, text);
    }
}

/* May Lua's memory grow by this much? */
static bool admits(struct hk_state *st, size_t growth)
{
    if (st->end != HK_STATE_RUNS)
        return false;
    st->work += growth / BYTES_PER_WORK;
    st->unchecked_size += growth;
    if (st->work > st->work_max || st->unchecked_size > BYTES_PER_CHECK)
        check_budgets(st, true);
    if (growth > st->memory_max || st->memory > st->memory_max - growth) {
        /* Lua collects garbage and asks again, which takes long when the memory is full. */
        check_budgets(st, true);
        return false;
    }
    return st->end == HK_STATE_RUNS;
}

/* Instructions until the next look. */
static int hook_count(const struct hk_state *st)
{
    if (st->longest <= HOOK_BYTES / HOOK_INSTRUCTIONS)
        return HOOK_INSTRUCTIONS;
    return st->longest < HOOK_BYTES ? (int)(HOOK_BYTES / st->longest) : 1;
}

static void note_string(struct hk_state *st, size_t size)
{
    int before = hook_count(st);

    st->longest = size;
    if (hook_count(st) != before && st->running != NULL)
        hk_state_arm(st->running);
}

/* Note the line: when Lua's error is seen, the stack may have gone. */
static void *refuse(struct hk_state *st)
{
    char where[sizeof st->refused_where] = "";

    st->refused = true;
    if (st->running != NULL)
        hk_state_where(st->running, where, sizeof where);
    if (where[0] != '\0')
        memcpy(st->refused_where, where, sizeof where);
    return NULL;
}

static void *allocate(void *ctx, void *old, size_t old_size, size_t size)
{
    struct hk_state *st = ctx;
    void *block;

    if (old == NULL) {
        if (old_size == LUA_TSTRING && size > st->longest)
            note_string(st, size);
        old_size = 0; /* it was a type tag */
    }
    if (size == 0) {
        (void)hk_heap_resize(&st->heap, old, old_size, 0);
        st->memory -= old_size;
        return NULL;
    }
    if (size > old_size && !admits(st, size - old_size))
        return refuse(st);
    block = hk_heap_resize(&st->heap, old, old_size, size);
    if (block == NULL && size <= old_size)
        return old; /* Lua counts on shrinking */
    if (block == NULL) {
        check_budgets(st, true); /* it collects garbage now, as above */
        return refuse(st);
    }
    st->memory = st->memory - old_size + size;
    if (st->memory > st->memory_peak)
        st->memory_peak = st->memory;
    return block;
}

static int panic(lua_State *L)
{
    (void)L;
    hk_fatal("Lua raised an error outside of protected mode");
}

struct hk_state *hk_state_of(lua_State *L)
{
    struct hk_state *st;

    memcpy(&st, lua_getextraspace(L), sizeof st);
    return st;
}

enum hk_status hk_state_init(struct hk_state *st, struct hk_error *error)
{
    memset(st, 0, sizeof *st);
    st->memory_max = HK_LUA_MEMORY_MAX;
    hk_buf_init(&st->out, HK_ARGS_SIZE_MAX);
    hk_buf_init(&st->trace, TRACE_SIZE_MAX);
    hk_heap_init(&st->heap, 2 * st->memory_max);
    hk_state_begin(st, 1);
    st->L = lua_newstate(allocate, st);
    if (st->L == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a Lua state");
    memcpy(lua_getextraspace(st->L), &st, sizeof st);
    (void)lua_atpanic(st->L, panic);
    return HK_OK;
}

void hk_state_done(struct hk_state *st)
{
    st->L = NULL; /* nothing in it is to be closed: there is no __gc, and no __close */
    hk_heap_done(&st->heap);
    st->memory = 0;
    hk_buf_done(&st->out);
    hk_buf_done(&st->trace);
    hk_json_doc_done(&st->doc);
}

void hk_state_begin(struct hk_state *st, unsigned patience)
{
    st->work = 0;
    st->looked_work = 0;
    st->work_max = (uint64_t)HK_LUA_INSTRUCTIONS_MAX;
    st->cpu_start_us = clock_us(CLOCK_THREAD_CPUTIME_ID);
    st->cpu_max_us = (uint64_t)HK_LUA_SLICE_MS * 1000U * patience;
    st->begun_us = clock_us(CLOCK_MONOTONIC);
    st->checked_us = st->begun_us;
    st->unchecked_size = 0;
}

uint64_t hk_state_took_us(const struct hk_state *st, uint64_t least_us)
{
    uint64_t took_us;

    /* The cheap clock first: what was short by it needs no system call. */
    if (clock_us(CLOCK_MONOTONIC) - st->begun_us < least_us)
        return 0;
    took_us = clock_us(CLOCK_THREAD_CPUTIME_ID) - st->cpu_start_us;
    return took_us < least_us ? 0 : took_us;
}

_Noreturn static void raise_end(lua_State *L);

static void hook(lua_State *L, lua_Debug *ar)
{
    struct hk_state *st = hk_state_of(L);

    (void)ar;
    st->work += (uint64_t)lua_gethookcount(L);
    check_budgets(st, false);
    if (st->end != HK_STATE_RUNS)
        raise_end(L);
}

void hk_state_arm(lua_State *co)
{
    lua_sethook(co, hook, LUA_MASKCOUNT, hook_count(hk_state_of(co)));
}

_Noreturn static void raise_end(lua_State *L)
{
    struct hk_state *st = hk_state_of(L);

    if (st->end_where[0] == '\0')
        hk_state_where(L, st->end_where, sizeof st->end_where);
    if (lua_gethookcount(L) != 1)
        lua_sethook(L, hook, LUA_MASKCOUNT, 1);
    lua_pushlightuserdata(L, (void *)&end_marker);
    (void)lua_error(L);
    abort();
}

void hk_state_charge(lua_State *L, uint64_t n)
{
    struct hk_state *st = hk_state_of(L);

    if (n > st->work_max)
        n = st->work_max + 1;
    st->work += n;
    if (st->work - st->looked_work >= CHARGES_PER_LOOK) {
        st->looked_work = st->work;
        check_budgets(st, n > HOOK_INSTRUCTIONS * 64U);
    }
    if (st->end != HK_STATE_RUNS)
        raise_end(L);
}

void hk_state_charge_bytes(lua_State *L, uint64_t size)
{
    hk_state_charge(L, 1 + size / BYTES_PER_WORK);
}

_Noreturn void hk_state_stop(lua_State *L, enum hk_state_end end, const char *reason)
{
    set_end(hk_state_of(L), end, reason);
    raise_end(L);
}

_Noreturn void hk_state_stop_memory(lua_State *L)
{
    end_for_memory(hk_state_of(L));
    raise_end(L);
}

/* Is this Lua running out of memory, in either of its ways of saying so? */
static bool is_memory_error(struct hk_state *st, lua_State *L, int status)
{
    if (status == LUA_ERRMEM)
        return true;
    return st->refused && lua_type(L, -1) == LUA_TSTRING &&
           strcmp(lua_tostring(L, -1), "not enough memory") == 0;
}

void hk_state_check_caught(lua_State *L, int status)
{
    struct hk_state *st = hk_state_of(L);

    if (st->end == HK_STATE_RUNS && is_memory_error(st, L, status))
        end_for_memory(st);
    if (st->end != HK_STATE_RUNS)
        raise_end(L);
}

void hk_state_where(lua_State *L, char *ret_where, size_t capacity)
{
    lua_Debug ar;

    ret_where[0] = '\0';
    for (int level = 0; lua_getstack(L, level, &ar) == 1; level++) {
        if (lua_getinfo(L, "Sl", &ar) != 0 && ar.currentline > 0) {
            (void)snprintf(ret_where, capacity, "%s:%d", ar.short_src, ar.currentline);
            return;
        }
    }
}

_Noreturn void hk_state_raise(lua_State *L, const char *format, ...)
{
    char text[512];
    char where[LUA_IDSIZE + 16];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text[hk_utf8_prefix(text, strlen(text), sizeof text - 1)] = '\0';
    hk_state_where(L, where, sizeof where);
    if (where[0] == '\0')
        memcpy(where, hk_state_of(L)->main_where, sizeof where);
    (void)lua_pushfstring(L, where[0] == '\0' ? "%s%s" : "%s: %s", where, text);
    (void)lua_error(L);
    abort();
}

static void append_trace(lua_State *L, struct hk_buf *out)
{
    lua_Debug ar;

    for (int level = 0; lua_getstack(L, level, &ar) == 1; level++) {
        if (level == TRACE_LEVELS_MAX) {
            hk_buf_append_text(out, "\n  ...");
            return;
        }
        if (lua_getinfo(L, "Slnt", &ar) == 0)
            continue;
        if (*ar.what == 'C') {
            if (ar.name != NULL)
                hk_buf_appendf(out, "\n  in %.60s", ar.name);
            continue;
        }
        hk_buf_appendf(out, "\n  %s:%d: in ", ar.short_src, ar.currentline);
        if (*ar.what == 'm')
            hk_buf_append_text(out, "the main chunk");
        else if (ar.name != NULL)
            hk_buf_appendf(
                out, "%s %.60s", *ar.namewhat == '\0' ? "function" : ar.namewhat, ar.name);
        else
            hk_buf_appendf(out, "the function of line %d", ar.linedefined);
    }
}

/* Lua gives no line when it is a C function, or the parser, that goes too deep. */
static bool is_overflow(lua_State *L)
{
    return lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), "C stack overflow") == 0;
}

static void append_message(lua_State *L, const char *where, struct hk_buf *out)
{
    size_t size = 0;
    const char *text;

    if (where[0] != '\0' && (lua_type(L, -1) != LUA_TSTRING || is_overflow(L)))
        hk_buf_appendf(out, "%s: ", where);
    if (lua_type(L, -1) == LUA_TSTRING) {
        text = lua_tolstring(L, -1, &size);
        hk_buf_append(out, text, hk_utf8_prefix(text, size, 4096));
    } else {
        hk_buf_appendf(out, "the error raised is a %s, not a text", luaL_typename(L, -1));
    }
}

static enum hk_status explain(struct hk_state *st, lua_State *L, int status, const char *where,
    const char *trace, struct hk_buf *out)
{
    if (st->end == HK_STATE_RUNS && is_memory_error(st, L, status))
        end_for_memory(st);
    if (st->end == HK_STATE_RUNS) {
        append_message(L, where, out);
    } else {
        if (st->end_where[0] == '\0')
            memcpy(st->end_where, st->refused_where, sizeof st->end_where);
        if (st->end_where[0] == '\0')
            memcpy(st->end_where, where[0] != '\0' ? where : st->main_where, sizeof st->end_where);
        if (st->end_where[0] != '\0')
            hk_buf_appendf(out, "%s: ", st->end_where);
        hk_buf_append_text(out, st->end_text);
    }
    if (trace != NULL)
        hk_buf_append_text(out, trace);
    else
        append_trace(L, out);
    return st->end == HK_STATE_RUNS ? HK_INVALID : HK_LIMIT;
}

enum hk_status hk_state_explain(
    struct hk_state *st, lua_State *co, int status, struct hk_buf *ret_text)
{
    char where[sizeof st->raised_where];

    hk_state_where(co, where, sizeof where);
    return explain(st, co, status, where, NULL, ret_text);
}

/* The handler of the outermost call: note where it happened while the stack still stands. */
static int note_trace(lua_State *L)
{
    struct hk_state *st = hk_state_of(L);

    hk_buf_clear(&st->trace);
    append_trace(L, &st->trace);
    hk_state_where(L, st->raised_where, sizeof st->raised_where);
    return 1;
}

enum hk_status hk_state_protect(
    struct hk_state *st, lua_CFunction f, void *arg, struct hk_buf *ret_text)
{
    lua_State *L = st->L;
    enum hk_status result = HK_OK;
    int status;

    hk_buf_clear(&st->trace);
    st->raised_where[0] = '\0';
    hk_state_arm(L);
    lua_settop(L, 0);
    lua_pushcfunction(L, note_trace);
    lua_pushcfunction(L, f);
    lua_pushlightuserdata(L, arg);
    st->running = L;
    status = lua_pcall(L, 1, 0, 1);
    st->running = NULL;
    if (status != LUA_OK) {
        result = explain(
            st, L, status, st->raised_where, st->trace.size > 0 ? st->trace.data : "", ret_text);
    } else if (st->end != HK_STATE_RUNS) {
        result = explain(st, L, LUA_ERRRUN, "", "", ret_text);
    }
    lua_settop(L, 0);
    return result;
}

void hk_state_locale_enter(struct hk_state_locale *locale)
{
    locale->own = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    locale->before = locale->own == (locale_t)0 ? (locale_t)0 : uselocale(locale->own);
}

void hk_state_locale_leave(struct hk_state_locale *locale)
{
    if (locale->own == (locale_t)0)
        return;
    (void)uselocale(locale->before);
    freelocale(locale->own);
}

enum hk_status hk_state_once(lua_CFunction f, void *arg, struct hk_error *error)
{
    struct hk_state_locale locale;
    struct hk_state st;
    struct hk_buf text;
    enum hk_status status;

    hk_state_locale_enter(&locale);
    hk_buf_init(&text, TRACE_SIZE_MAX * 2);
    status = hk_state_init(&st, error);
    if (status == HK_OK) {
        status = hk_state_protect(&st, f, arg, &text);
        if (status != HK_OK) {
            /* One sentence: what follows the first line is the trace. */
            size_t size = text.data == NULL ? 0 : strcspn(text.data, "\n");
            (void)hk_fail(error, HK_INVALID, "%.*s", (int)size, text.data == NULL ? "" : text.data);
            status = HK_INVALID;
        }
    }
    hk_state_done(&st);
    hk_buf_done(&text);
    hk_state_locale_leave(&locale);
    return status;
}

static bool is_word_byte(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* The line on which the text stands as a word after it stood so often before, or 0. */
static int line_of_word(const char *source, size_t size, const char *word, unsigned before)
{
    size_t length = strlen(word);
    int line = 1;

    for (size_t i = 0; i + length <= size; i++) {
        if (source[i] == '\n')
            line++;
        if (memcmp(source + i, word, length) == 0 && (i == 0 || !is_word_byte(source[i - 1])) &&
            (i + length == size || !is_word_byte(source[i + length])) && before-- == 0)
            return line;
    }
    return 0;
}

/* Refuse what the parser would take, and must not see. */
static void check_words(lua_State *L, const char *source, size_t size, const char *chunk)
{
    /* Each is a jump that waits for its label, and a label goes through all that wait. */
    static const char *const jumps[] = {"goto", "break"};
    /* Code that swaps its globals could reach behind the read-only ones, and Lua 5.4.4 makes wrong
     * code for some uses of it. */
    int line = line_of_word(source, size, "_ENV", 0);

    if (line != 0)
        (void)luaL_error(L, "%s:%d: _ENV is not available in playbooks", chunk, line);
    for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        line = line_of_word(source, size, jumps[i], HK_PLAYBOOK_JUMPS_MAX);
        if (line != 0)
            (void)luaL_error(L, "%s:%d: the word '%s' stands here for more than the %dth time",
                chunk, line, jumps[i], HK_PLAYBOOK_JUMPS_MAX);
    }
}

/* A source on its way into the parser. */
struct source {
    const char *chunk;
    const char *at;
    size_t left;
    int line;
};

static void note_source_line(struct hk_state *st, const struct source *source)
{
    if (st->end_where[0] == '\0')
        (void)snprintf(
            st->end_where, sizeof st->end_where, "%.60s:%d", source->chunk, source->line);
}

/* The parser has no hook: its time is looked at between the pieces that it is given. */
static const char *read_source(lua_State *L, void *ctx, size_t *ret_size)
{
    struct hk_state *st = hk_state_of(L);
    struct source *source = ctx;
    const char *piece = source->at;
    size_t size = source->left < SOURCE_PIECE ? source->left : SOURCE_PIECE;

    st->work += size;
    check_budgets(st, false);
    if (st->end != HK_STATE_RUNS) {
        note_source_line(st, source);
        raise_end(L);
    }
    for (size_t i = 0; i < size; i++)
        source->line += piece[i] == '\n';
    source->at += size;
    source->left -= size;
    *ret_size = size;
    return size == 0 ? NULL : piece;
}

void hk_state_compile(lua_State *L, const char *source, size_t size, const char *chunk)
{
    struct hk_state *st = hk_state_of(L);
    struct source reader = {.chunk = chunk, .at = source, .left = size, .line = 1};
    int status;

    if (size > HK_PLAYBOOK_SIZE_MAX)
        (void)luaL_error(L, "%s: larger than %d KiB", chunk, HK_PLAYBOOK_SIZE_MAX / 1024);
    if (size > 0 && source[0] == LUA_SIGNATURE[0])
        (void)luaL_error(L, "%s: this is compiled Lua; a playbook is text", chunk);
    if (!hk_utf8_is_valid(source, size) || memchr(source, '\0', size) != NULL)
        (void)luaL_error(L, "%s: not UTF-8 text", chunk);
    check_words(L, source, size, chunk);
    lua_pushfstring(L, "@%s", chunk);
    status = lua_load(L, read_source, &reader, lua_tostring(L, -1), "t");
    if (status != LUA_OK) {
        if (st->end != HK_STATE_RUNS || is_memory_error(st, L, status))
            note_source_line(st, &reader);
        hk_state_check_caught(L, status);
        if (is_overflow(L))
            (void)luaL_error(L, "%s:%d: nested too deeply", chunk, reader.line);
        (void)lua_error(L);
    }
    lua_remove(L, -2);
}
