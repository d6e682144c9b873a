/*
 * fresh: see fresh.h.
 */
#include "author/fresh.h"
#include "author/embed.h"

#include <string.h>

#define PLACE "NAME"
#define NAME_SIZE_MAX 63

bool hk_fresh_name_is_valid(const char *name)
{
    size_t size = strlen(name);

    return size > 0 && size <= NAME_SIZE_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == size;
}

static void fill(const unsigned char *text, size_t size, const char *name, struct hk_buf *out)
{
    for (size_t i = 0; i < size;) {
        if (size - i >= strlen(PLACE) && memcmp(text + i, PLACE, strlen(PLACE)) == 0) {
            hk_buf_append_text(out, name);
            i += strlen(PLACE);
        } else {
            hk_buf_append_char(out, (char)text[i++]);
        }
    }
}

void hk_fresh_playbook(const char *name, struct hk_buf *out)
{
    fill(hk_embed_author_new_lua, hk_embed_author_new_lua_size_bytes, name, out);
}

void hk_fresh_tests(const char *name, struct hk_buf *out)
{
    fill(hk_embed_author_new_test_lua, hk_embed_author_new_test_lua_size_bytes, name, out);
}
