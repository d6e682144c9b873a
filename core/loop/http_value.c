#include "loop/http_value.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"};

bool hk_http_method_is_known(const char *method)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (strcmp(method, methods[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_good_port(const char *text)
{
    unsigned port = 0;
    size_t digits = 0;

    for (; *text >= '0' && *text <= '9'; text++, digits++) {
        port = port * 10 + (unsigned)(*text - '0');
        if (port > 65535) {
            return false;
        }
    }
    return digits > 0 && *text == '\0';
}

bool hk_http_host_is_good(const char *text)
{
    static const char name_bytes[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    size_t size;

    if (text[0] == '[') {
        size = 1 + strspn(text + 1, "0123456789abcdefABCDEF:.");
        if (size < 3 || text[size] != ']') {
            return false;
        }
        size++;
    } else {
        size = strspn(text, name_bytes);
        if (size == 0) {
            return false;
        }
    }
    return text[size] == '\0' || (text[size] == ':' && is_good_port(text + size + 1));
}

bool hk_http_length_read(const char *value, uint64_t *ret_length)
{
    uint64_t length = 0;

    if (*value == '\0' || value[strspn(value, "0123456789")] != '\0') {
        return false;
    }
    for (; *value != '\0'; value++) {
        unsigned digit = (unsigned)(*value - '0');
        length = length > (UINT64_MAX - digit) / 10 ? UINT64_MAX : length * 10 + digit;
    }
    *ret_length = length;
    return true;
}

bool hk_http_connection_closes(const char *value)
{
    while (*value != '\0') {
        value += strspn(value, ", \t");
        size_t size = strcspn(value, ", \t");
        if (size == 5 && strncasecmp(value, "close", 5) == 0) {
            return true;
        }
        value += size;
    }
    return false;
}
