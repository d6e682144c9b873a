#include "entry.h"

#include "file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LABEL_MAX 63

const char *entry_word(enum entry_kind kind)
{
    static const char *const words[] = {"ip", "domain", "url"};
    return words[kind];
}

const char *entry_file(enum entry_kind kind)
{
    static const char *const files[] = {"blocklist.txt", "domains.txt", "urls.txt"};
    return files[kind];
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* ---- names ---- */

static bool label_is_fine(const char *label, size_t size)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    return size > 0 && size <= LABEL_MAX && strspn(label, letters) >= size && label[0] != '-' &&
           label[size - 1] != '-';
}

/* The name in lower case without its last dot. */
static const char *read_domain(const char *text, char ret_name[ENTRY_DOMAIN_SIZE])
{
    size_t size = strlen(text);
    size_t labels = 0;
    if (size > 0 && text[size - 1] == '.')
        size--;
    if (size == 0 || size >= ENTRY_DOMAIN_SIZE)
        return "it is not a name of 1 to 253 characters";
    for (size_t i = 0; i < size; i++)
        ret_name[i] = lower(text[i]);
    ret_name[size] = '\0';
    const char *label = ret_name;
    while (true) {
        size_t length = strcspn(label, ".");
        if (!label_is_fine(label, length))
            return "it is not a name of letters, digits, - and _ with dots between (write others "
                   "in their xn-- form)";
        labels++;
        if (label[length] == '\0')
            break;
        label += length + 1;
    }
    if (labels < 2)
        return "a name of one label can't be blocked: it would be all below it";
    if (strspn(label, "0123456789") == strlen(label))
        return "it ends like an address";
    return NULL;
}

/* ---- URLs ---- */

struct url {
    char host[ENTRY_DOMAIN_SIZE + 2]; /* an IPv6 address with its brackets, too */
    const char *port;                 /* digits; "" when it is the scheme's own */
    size_t port_size;
    const char *rest; /* from the path on, in the text */
    size_t rest_size;
};

static const char *read_port(const char *text, size_t size, const char *own, struct url *ret_url)
{
    while (size > 1 && text[0] == '0') {
        text++;
        size--;
    }
    unsigned number = 0;
    for (size_t i = 0; i < size && i < 6; i++)
        number = text[i] >= '0' && text[i] <= '9' ? 10 * number + (unsigned)(text[i] - '0') : 65536;
    if (size == 0 || size > 5 || number == 0 || number > 65535)
        return "its port is none";
    bool is_own = size == strlen(own) && memcmp(text, own, size) == 0;
    ret_url->port = is_own ? "" : text;
    ret_url->port_size = is_own ? 0 : size;
    return NULL;
}

/* The host alone, without brackets and port: a name or an address. */
static const char *read_host(const char *text, size_t size, bool is_v6, struct url *ret_url)
{
    char host[ENTRY_DOMAIN_SIZE];
    char address[ADDRESS_TEXT_SIZE];
    struct address_range range;
    if (size == 0 || size >= sizeof(host))
        return "its host is missing or too long";
    memcpy(host, text, size);
    host[size] = '\0';
    if (strchr(host, '/') == NULL && address_parse(host, &range) == NULL) {
        if (address_is_v4(&range) == is_v6)
            return "its host is no address in brackets, and no other";
        address_format(&range, address);
        snprintf(ret_url->host, sizeof(ret_url->host), is_v6 ? "[%s]" : "%s", address);
        return NULL;
    }
    return is_v6 ? "its host is no address" : read_domain(host, ret_url->host);
}

static const char *read_authority(
    const char *text, size_t size, const char *own_port, struct url *ret_url)
{
    const char *end = text + size;
    const char *at = memchr(text, '@', size);
    if (at)
        return "it names a user";
    bool is_v6 = size > 0 && text[0] == '[';
    const char *host_end = memchr(text, is_v6 ? ']' : ':', size);
    if (is_v6 && !host_end)
        return "its host is no address";
    if (!host_end)
        host_end = end;
    const char *after = host_end + (is_v6 ? 1 : 0);
    const char *begin = text + (is_v6 ? 1 : 0);
    const char *why = read_host(begin, (size_t)(host_end - begin), is_v6, ret_url);
    if (why || after == end)
        return why;
    return *after == ':' ? read_port(after + 1, (size_t)(end - after - 1), own_port, ret_url)
                         : "its host is followed by something odd";
}

/* RFC 3986 section 2: what may stand in a path or query. */
static bool rest_is_fine(const char *rest, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (rest[i] <= ' ' || rest[i] > '~' || strchr("\"<>\\^`{|}", rest[i]))
            return false;
    return true;
}

/* From the host on; own_port: that of the scheme, "" when none is known. */
static const char *read_hierarchy(
    const char *text, const char *own_port, char ret_name[ENTRY_URL_SIZE])
{
    struct url url = {.port = ""};
    size_t size = strcspn(text, "/?#");
    if (strlen(text) > ENTRY_URL_SIZE - 2)
        return "it is longer than 2046 bytes";
    const char *why = read_authority(text, size, own_port, &url);
    if (why)
        return why;
    url.rest = text + size;
    url.rest_size = strcspn(url.rest, "#");
    if (!rest_is_fine(url.rest, url.rest_size))
        return "it has characters that can't stand in a URL: write them as %XX";
    snprintf(ret_name, ENTRY_URL_SIZE, "%s%s%.*s%s%.*s", url.host, *url.port ? ":" : "",
        (int)url.port_size, url.port, *url.rest == '/' ? "" : "/", (int)url.rest_size, url.rest);
    return NULL;
}

static const char *read_url(const char *text, char ret_name[ENTRY_URL_SIZE])
{
    if (strncasecmp(text, "https://", 8) == 0)
        return read_hierarchy(text + 8, "443", ret_name);
    if (strncasecmp(text, "http://", 7) == 0)
        return read_hierarchy(text + 7, "80", ret_name);
    return "it does not begin with http:// or https://";
}

/* ---- entries ---- */

const char *entry_read(enum entry_kind kind, const char *text, struct entry *ret_entry)
{
    char name[ENTRY_URL_SIZE];
    *ret_entry = (struct entry){.kind = kind};
    if (kind == ENTRY_IP)
        return address_parse(text, &ret_entry->range);
    const char *why = kind == ENTRY_DOMAIN ? read_domain(text, name) : read_url(text, name);
    if (!why)
        ret_entry->name = copy_of(name);
    return why;
}

const char *entry_read_line(enum entry_kind kind, const char *line, struct entry *ret_entry)
{
    char name[ENTRY_URL_SIZE];
    if (kind != ENTRY_URL)
        return entry_read(kind, line, ret_entry);
    *ret_entry = (struct entry){.kind = kind};
    const char *why = read_hierarchy(line, "", name);
    if (!why)
        ret_entry->name = copy_of(name);
    return why;
}

struct entry entry_copy(const struct entry *entry)
{
    struct entry copy = *entry;
    if (copy.name)
        copy.name = copy_of(copy.name);
    return copy;
}

void entry_done(struct entry *entry)
{
    free(entry->name);
    *entry = (struct entry){.kind = ENTRY_IP};
}

const char *entry_text(const struct entry *entry, char text[ADDRESS_TEXT_SIZE])
{
    if (entry->kind != ENTRY_IP)
        return entry->name;
    address_format(&entry->range, text);
    return text;
}

int entry_compare(const struct entry *a, const struct entry *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return a->kind == ENTRY_IP ? address_compare(&a->range, &b->range) : strcmp(a->name, b->name);
}

bool entry_is_covered(const struct entry *entry, const char *line)
{
    struct address_range listed;
    if (entry->kind != ENTRY_IP)
        return strcmp(line, entry->name) == 0;
    return !address_parse(line, &listed) && address_covers(&listed, &entry->range);
}
