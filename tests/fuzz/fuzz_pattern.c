/* The pattern matcher: the first line is the pattern, the rest is the subject. Any bytes must end
 * in a match, no match or an error, within a budget of work. */
#include "script/pattern.h"

#include <string.h>

#define WORK_MAX 200000

struct input {
    const char *data;
    size_t size;
};

static int match(lua_State *L)
{
    struct input *input = lua_touserdata(L, 1);
    const char *line_end = memchr(input->data, '\n', input->size);
    size_t pattern_size = line_end == NULL ? input->size : (size_t)(line_end - input->data);
    size_t begin = line_end == NULL ? input->size : pattern_size + 1;
    size_t size = input->size - begin;
    const char *subject = input->data + begin;
    const struct hk_pattern *pattern;
    struct hk_match result;

    hk_state_of(L)->work_max = WORK_MAX;
    pattern = hk_pattern_compile(L, input->data, pattern_size, true);
    (void)hk_pattern_is_plain(input->data, pattern_size);
    for (size_t at = 0; at <= size; at++) {
        if (!hk_pattern_match_at(L, pattern, subject, size, at, &result))
            continue;
        if (result.to < result.from || result.to > size)
            __builtin_trap();
        for (int i = 0; i < result.count; i++) {
            const struct hk_capture *capture = &result.captures[i];
            if (capture->from > size || capture->size > size - capture->from)
                __builtin_trap();
        }
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    struct input input = {(const char *)data, size_bytes};
    struct hk_error error;

    if (hk_state_once(match, &input, &error) == HK_NOMEM)
        __builtin_trap();
    return 0;
}
