#include "base/defang.h"

#include <string.h>
#include <strings.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* May stand before the dot of a name; what isn't ASCII may too (IDN). */
static bool ends_label(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           (unsigned char)c >= 128;
}

static bool begins_label(char c)
{
    return is_letter(c) || (unsigned char)c >= 128;
}

/* The byte at text[i], with what makes links of it taken apart. */
static void put_byte(struct hk_buf *out, const char *text, size_t i)
{
    if (strncmp(text + i, "://", 3) == 0) {
        hk_buf_append_text(out, "[:]");
        return;
    }
    if (text[i] == '.' && i > 0 && ends_label(text[i - 1]) && begins_label(text[i + 1])) {
        hk_buf_append_text(out, "[.]");
        return;
    }
    /* the "tt" of "http://" and "https://" */
    if ((text[i] == 't' || text[i] == 'T') && i > 0) {
        const char *begin = text + i - (i > 1 && (text[i - 1] | 0x20) == 't' ? 2 : 1);
        if (strncasecmp(begin, "http://", 7) == 0 || strncasecmp(begin, "https://", 8) == 0) {
            hk_buf_append_char(out, 'x');
            return;
        }
    }
    hk_buf_append_char(out, text[i]);
}

void hk_defang(const char *text, size_t size, struct hk_buf *out)
{
    for (size_t i = 0; i < size; i++)
        put_byte(out, text, i);
}

/* What stands for what. */
static const struct {
    const char *apart;
    const char *whole;
} pairs[] = {
    {"[://]", "://"},
    {"[:]", ":"},
    {"[.]", "."},
    {"(.)", "."},
    {"[dot]", "."},
    {"(dot)", "."},
    {"[@]", "@"},
    {"[at]", "@"},
    {"hxxp://", "http://"},
    {"hxxps://", "https://"},
    {"hxxp[:]", "http:"},
    {"hxxps[:]", "https:"},
    {"hxxp[://]", "http://"},
    {"hxxps[://]", "https://"},
};

void hk_refang(const char *text, size_t size, struct hk_buf *out)
{
    for (size_t i = 0; i < size;) {
        size_t k = 0;
        while (k < sizeof(pairs) / sizeof(pairs[0]) &&
               strncasecmp(text + i, pairs[k].apart, strlen(pairs[k].apart)) != 0)
            k++;
        if (k == sizeof(pairs) / sizeof(pairs[0])) {
            hk_buf_append_char(out, text[i++]);
        } else {
            hk_buf_append_text(out, pairs[k].whole);
            i += strlen(pairs[k].apart);
        }
    }
}
