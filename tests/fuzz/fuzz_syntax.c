/* Any bytes as a playbook that is looked at; what Lua takes must be read. */
#include "author/check.h"
#include "author/syntax.h"
#include "author/syntax_hint.h"
#include "limits.h"
#include "script/state.h"

#include <string.h>

struct input {
    const char *data;
    size_t size;
};

static int compile(lua_State *L)
{
    struct input *input = lua_touserdata(L, 1);

    hk_state_compile(L, input->data, input->size, "fuzz.lua");
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    struct input input = {(const char *)data, size_bytes};
    const struct hk_check_setup setup = {.source = input.data, .size = input.size};
    struct hk_findings findings;
    struct hk_error error;
    struct hk_buf out;
    enum hk_status status;
    char hint[HK_SYNTAX_HINT_SIZE];

    hk_findings_init(&findings);
    hk_buf_init(&out, 1024 * 1024);
    status = hk_check_playbook(&setup, &findings, &error);
    hk_findings_write(&findings, &out);
    if (status == HK_INVALID && hk_state_once(compile, &input, &error) == HK_OK)
        __builtin_trap();
    if (hk_syntax_check(input.data, input.size, "fuzz.lua", &error) != HK_OK)
        (void)hk_syntax_hint(input.data, input.size, error.text, hint);
    (void)hk_syntax_hint(input.data, input.size, "unexpected symbol near '}'", hint);
    hk_buf_done(&out);
    hk_findings_done(&findings);
    return 0;
}
