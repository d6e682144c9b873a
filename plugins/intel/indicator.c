#include "indicator.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

const size_t digest_sizes[DIGEST_SIZES] = {16, 20, 32};

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* ---- addresses ---- */

static bool parse_prefix(const char *text, unsigned max, uint8_t *ret_prefix)
{
    unsigned prefix = 0;
    size_t length = strlen(text);
    if (length == 0 || length > 3)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        prefix = 10 * prefix + (unsigned)(*text - '0');
    }
    *ret_prefix = (uint8_t)prefix;
    return prefix <= max;
}

static void clear_host_bits(struct address *address)
{
    for (unsigned bit = address->prefix; bit < (address->is_v4 ? 32 : 128); bit++)
        address->bytes[bit / 8] &= (uint8_t) ~(0x80U >> bit % 8);
}

bool address_parse(const char *text, struct address *ret_address)
{
    char buffer[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : strlen(text);
    if (length == 0 || length >= sizeof(buffer))
        return false;
    memcpy(buffer, text, length);
    buffer[length] = '\0';
    *ret_address = (struct address){0};
    ret_address->is_v4 = inet_pton(AF_INET, buffer, ret_address->bytes) == 1;
    ret_address->prefix = ret_address->is_v4 ? 32 : 128;
    if (!ret_address->is_v4 && inet_pton(AF_INET6, buffer, ret_address->bytes) != 1)
        return false;
    if (slash && !parse_prefix(slash + 1, ret_address->prefix, &ret_address->prefix))
        return false;
    if (!ret_address->is_v4 && ret_address->prefix >= 96 &&
        memcmp(ret_address->bytes, mapped, sizeof(mapped)) == 0) {
        ret_address->is_v4 = true;
        ret_address->prefix = (uint8_t)(ret_address->prefix - 96);
        memmove(ret_address->bytes, ret_address->bytes + 12, 4);
    }
    clear_host_bits(ret_address);
    return true;
}

void address_format(const struct address *address, char ret_text[ADDRESS_TEXT_SIZE])
{
    char buffer[INET6_ADDRSTRLEN];
    inet_ntop(address->is_v4 ? AF_INET : AF_INET6, address->bytes, buffer, sizeof(buffer));
    if (address->prefix == (address->is_v4 ? 32 : 128))
        snprintf(ret_text, ADDRESS_TEXT_SIZE, "%s", buffer);
    else
        snprintf(ret_text, ADDRESS_TEXT_SIZE, "%s/%d", buffer, address->prefix);
}

/* ---- digests ---- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int digest_parse(const char *text, uint8_t ret_bytes[32])
{
    size_t length = strlen(text);
    for (int i = 0; i < DIGEST_SIZES; i++) {
        if (length != 2 * digest_sizes[i])
            continue;
        for (size_t at = 0; at < length; at += 2) {
            int high = hex_value(text[at]);
            int low = hex_value(text[at + 1]);
            if (high < 0 || low < 0)
                return -1;
            ret_bytes[at / 2] = (uint8_t)(high << 4 | low);
        }
        return i;
    }
    return -1;
}

/* ---- texts ---- */

void lower_case(char *text)
{
    for (; *text; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text - 'A' + 'a');
}

/* Bytes of the UTF-8 character at text, 0 when it is none. */
static size_t utf8_size(const unsigned char *text)
{
    static const unsigned least[5] = {0, 0, 0x80, 0x800, 0x10000};
    if (*text < 0x80)
        return 1;
    size_t size = *text >= 0xf0 ? 4 : *text >= 0xe0 ? 3 : 2;
    if (*text < 0xc2 || *text > 0xf4)
        return 0;
    unsigned code = *text & (0x7fU >> size);
    for (size_t i = 1; i < size; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3fU);
    }
    bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
    return code >= least[size] && code <= 0x10ffff && !is_surrogate ? size : 0;
}

bool text_is_utf8(const char *text)
{
    while (*text) {
        size_t size = utf8_size((const unsigned char *)text);
        if (size == 0)
            return false;
        text += size;
    }
    return true;
}

void text_clean(char *text)
{
    bool is_utf8 = text_is_utf8(text);
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f || (!is_utf8 && (*text & 0x80)))
            *text = '?';
}

static bool has_control_or_space(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text <= ' ' || *text == 0x7f)
            return true;
    return false;
}

bool domain_normalize(const char *text, char ret_text[INDICATOR_SIZE], bool *ret_has_subdomains)
{
    *ret_has_subdomains = text[0] == '.' || (text[0] == '*' && text[1] == '.');
    text += text[0] == '*' && text[1] == '.';
    text += strspn(text, ".");
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == '.')
        length--;
    if (length == 0 || length > 253)
        return false;
    memcpy(ret_text, text, length);
    ret_text[length] = '\0';
    lower_case(ret_text);
    const char *last = strrchr(ret_text, '.');
    last = last ? last + 1 : ret_text;
    if (strspn(last, "0123456789") == strlen(last))
        return false; /* an address that was written wrong */
    return !has_control_or_space(ret_text) && !strpbrk(ret_text, "/@?#\\,;\"'<>|");
}

/* Length of the host at the beginning of an authority; 0 when there is none. */
static size_t host_length(const char *authority)
{
    if (authority[0] == '[') {
        const char *end = strchr(authority, ']');
        return end ? (size_t)(end - authority) + 1 : 0;
    }
    return strcspn(authority, ":/?");
}

/* Length of "scheme" when the text begins with "scheme://", else 0. */
static size_t scheme_length(const char *text)
{
    size_t length = strcspn(text, ":/?");
    return strncmp(text + length, "://", 3) == 0 ? length : 0;
}

/* Skip the scheme. Returns false when it is too long. ret_scheme gets "" for http and https, whose
 * default port is then ret_port. */
static bool take_scheme(char **text, char ret_scheme[16], const char **ret_port)
{
    size_t length = scheme_length(*text);
    *ret_port = "";
    ret_scheme[0] = '\0';
    if (length >= 12)
        return false;
    if (length > 0) {
        snprintf(ret_scheme, 16, "%.*s://", (int)length, *text);
        lower_case(ret_scheme);
        *text += length + 3;
        *text += strspn(*text, "/");
    }
    if (strcmp(ret_scheme, "http://") == 0)
        *ret_port = "80";
    else if (strcmp(ret_scheme, "https://") == 0)
        *ret_port = "443";
    if (**ret_port)
        ret_scheme[0] = '\0';
    return true;
}

/* The text without its fragment and with '\' as '/'. */
static bool take_resource(const char *text, char ret_text[INDICATOR_SIZE])
{
    size_t length = strcspn(text, "#");
    if (length == 0 || length >= INDICATOR_SIZE)
        return false;
    memcpy(ret_text, text, length);
    ret_text[length] = '\0';
    for (char *c = ret_text; *c && *c != '?'; c++)
        if (*c == '\\')
            *c = '/';
    return !has_control_or_space(ret_text);
}

bool url_normalize(const char *text, char ret_text[INDICATOR_SIZE])
{
    char buffer[INDICATOR_SIZE];
    char scheme[16];
    char *rest = buffer;
    const char *default_port;
    if (!take_resource(text, buffer) || !take_scheme(&rest, scheme, &default_port))
        return false;

    char path[INDICATOR_SIZE];
    size_t authority = strcspn(rest, "/?");
    memcpy(path, rest + authority, strlen(rest + authority) + 1);
    rest[authority] = '\0';
    if (strrchr(rest, '@'))
        rest = strrchr(rest, '@') + 1;
    lower_case(rest);

    size_t host = host_length(rest);
    if (rest[host] != '\0' && rest[host] != ':')
        return false;
    const char *port = rest[host] == ':' ? rest + host + 1 : "";
    bool has_port = *port && strcmp(port, default_port) != 0;
    while (host > 0 && rest[host - 1] == '.')
        host--;
    int size = snprintf(ret_text, INDICATOR_SIZE, "%s%.*s%s%s%s", scheme, (int)host, rest,
        has_port ? ":" : "", has_port ? port : "", strcmp(path, "/") == 0 ? "" : path);
    return host > 0 && size > 0 && size < INDICATOR_SIZE;
}

void url_host(const char *url, char ret_host[INDICATOR_SIZE])
{
    size_t scheme = scheme_length(url);
    if (scheme > 0)
        url += scheme + 3;
    size_t length = host_length(url);
    if (url[0] == '[' && length >= 2) {
        url++;
        length -= 2;
    }
    snprintf(ret_host, INDICATOR_SIZE, "%.*s", (int)length, url);
}
