/* Any text as a playbook: compiled, evaluated and written as JSON, under small budgets. */
#include "script/api.h"
#include "script/convert.h"
#include "script/lib.h"

#include <string.h>

#define WORK_MAX 300000
#define MEMORY_MAX (2U * 1024 * 1024)

struct input {
    const char *data;
    size_t size;
};

static int evaluate(lua_State *L)
{
    struct input *input = lua_touserdata(L, 1);
    struct hk_state *st = hk_state_of(L);

    st->work_max = WORK_MAX;
    st->memory_max = MEMORY_MAX;
    lua_settop(L, 0);
    hk_api_open(L);
    hk_state_compile(L, input->data, input->size, "fuzz.lua");
    lua_call(L, 0, 1);
    /* What a text made is also what is written as JSON. */
    (void)hk_lib_text(L, -1, NULL);
    (void)hk_convert_json(L, 1, 4096, "value", true);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    struct input input = {(const char *)data, size_bytes};
    struct hk_error error;

    if (hk_state_once(evaluate, &input, &error) == HK_NOMEM)
        __builtin_trap();
    return 0;
}
