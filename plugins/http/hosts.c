#include "hosts.h"

#include "text.h"
#include "url.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define AUTHORITIES_SIZE_MAX (512 * 1024)

static const char *const action_names[HTTP_ACTIONS] = {
    [HTTP_GET] = "get",
    [HTTP_TELL] = "tell",
    [HTTP_TELL_IDEMPOTENT] = "tell_idempotent",
    [HTTP_POST] = "post",
    [HTTP_POST_IDEMPOTENT] = "post_idempotent",
};

const char *http_action_name(enum http_action action)
{
    return action_names[action];
}

static bool refuse(const struct http_hosts *hosts, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool refuse(const struct http_hosts *hosts, const char *name, const char *format, ...)
{
    char line[320];
    va_list args;

    int size = snprintf(line, sizeof(line), "hosts.%.64s: ", name);
    va_start(args, format);
    vsnprintf(line + size, sizeof(line) - (size_t)size, format, args);
    va_end(args);
    hosts->host->log(HK_PLUGIN_ERROR, line);
    return false;
}

static char *copy(const struct http_hosts *hosts, const char *text)
{
    size_t size = strlen(text) + 1;

    return memcpy(hosts->host->alloc(size), text, size);
}

static bool read_url(
    const struct http_hosts *hosts, struct http_host *item, const cJSON *value, bool may_be_clear)
{
    const char *fault =
        cJSON_IsString(value) ? url_base_fault(value->valuestring) : "must be a text";

    if (fault != NULL)
        return refuse(hosts, item->name, "url %s", fault);
    if (url_is_clear(value->valuestring) && !may_be_clear)
        return refuse(hosts, item->name,
            "url is http://, so anybody on the way reads and changes what is said: use https://, "
            "or "
            "say cleartext = true");
    item->url = copy(hosts, value->valuestring);
    return true;
}

static bool is_header_name(const char *name)
{
    size_t size = strlen(name);

    return size > 0 && size <= 128 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == size;
}

static bool is_header_value(const char *value)
{
    if (*value == '\0' || strlen(value) > 16384)
        return false;
    for (; *value != '\0'; value++)
        if ((unsigned char)*value < ' ' || *value == 0x7f)
            return false;
    return true;
}

static bool read_headers(const struct http_hosts *hosts, struct http_host *item, const cJSON *table)
{
    const cJSON *value;
    unsigned count = 0;

    item->headers = hosts->host->alloc((HOST_HEADERS_MAX + 1) * sizeof(*item->headers));
    item->headers[0] = NULL;
    if (table != NULL && !cJSON_IsObject(table) && cJSON_GetArraySize(table) > 0)
        return refuse(hosts, item->name, "headers must be a table");
    cJSON_ArrayForEach(value, table)
    {
        struct text line;
        if (!is_header_name(value->string) || count == HOST_HEADERS_MAX)
            return refuse(hosts, item->name, "headers holds a name that is none, or too many");
        if (!cJSON_IsString(value) || !is_header_value(value->valuestring))
            return refuse(
                hosts, item->name, "headers[\"%.64s\"] must be one line of text", value->string);
        text_init(&line, hosts->host);
        text_put(&line, value->string);
        text_put(&line, ": ");
        text_put(&line, value->valuestring);
        item->headers[count++] = line.data;
        item->headers[count] = NULL;
    }
    return true;
}

static bool read_allow(const struct http_hosts *hosts, struct http_host *item, const cJSON *list)
{
    const cJSON *value;

    item->allows[HTTP_GET] = list == NULL;
    if (list != NULL && !cJSON_IsArray(list))
        return refuse(hosts, item->name, "allow must be a list");
    cJSON_ArrayForEach(value, list)
    {
        unsigned action = 0;
        while (action < HTTP_ACTIONS &&
               (!cJSON_IsString(value) || strcmp(value->valuestring, action_names[action]) != 0))
            action++;
        if (action == HTTP_ACTIONS)
            return refuse(hosts, item->name,
                "allow knows \"get\", \"tell\", \"tell_idempotent\", \"post\" and "
                "\"post_idempotent\"");
        item->allows[action] = true;
    }
    if ((item->allows[HTTP_TELL] || item->allows[HTTP_TELL_IDEMPOTENT]) &&
        (item->allows[HTTP_POST] || item->allows[HTTP_POST_IDEMPOTENT]))
        return refuse(hosts, item->name,
            "allow has both tell and post: a server that only takes messages is told, any other is "
            "posted to");
    return true;
}

static char *read_file(const struct http_hosts *hosts, const char *path)
{
    struct stat about;
    size_t size = 0;
    char *text = NULL;

    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_size <= AUTHORITIES_SIZE_MAX) {
        text = hosts->host->alloc((size_t)about.st_size + 1);
        ssize_t n = 1;
        while (n > 0 && size < (size_t)about.st_size) {
            n = read(fd, text + size, (size_t)about.st_size - size);
            size += n > 0 ? (size_t)n : 0;
        }
        text[size] = '\0';
    }
    close(fd);
    return text;
}

static bool read_authorities(
    const struct http_hosts *hosts, struct http_host *item, const cJSON *value)
{
    if (value == NULL)
        return true;
    if (!cJSON_IsString(value))
        return refuse(hosts, item->name, "authorities must be a text");
    item->authorities = value->valuestring[0] == '/' ? read_file(hosts, value->valuestring)
                                                     : copy(hosts, value->valuestring);
    if (item->authorities == NULL)
        return refuse(hosts, item->name,
            "authorities: the file %.128s can't be read; it needs the grant read:PATH",
            value->valuestring);
    if (strstr(item->authorities, "-----BEGIN CERTIFICATE-----") == NULL)
        return refuse(hosts, item->name, "authorities holds no certificate in PEM");
    return true;
}

static bool read_check(const struct http_hosts *hosts, struct http_host *item, const cJSON *value)
{
    struct text url;

    if (value == NULL)
        return true;
    char *json = cJSON_PrintUnformatted(value);
    item->check = copy(hosts, json);
    cJSON_free(json);
    text_init(&url, hosts->host);
    const char *fault = url_build(
        &url, item->url, (struct span){item->check, strlen(item->check)}, (struct span){NULL, 0});
    text_done(&url);
    return fault == NULL || refuse(hosts, item->name, "check: %s", fault);
}

static bool read_flag(const struct http_hosts *hosts, const struct http_host *item,
    const cJSON *value, const char *name, bool *ret_flag)
{
    *ret_flag = cJSON_IsTrue(value);
    return value == NULL || cJSON_IsBool(value) ||
           refuse(hosts, item->name, "%s must be true or false", name);
}

static bool read_redirects(
    const struct http_hosts *hosts, struct http_host *item, const cJSON *value)
{
    if (value == NULL)
        return true;
    if (!cJSON_IsNumber(value) || value->valuedouble != value->valueint || value->valueint < 0 ||
        value->valueint > HOST_REDIRECTS_MAX)
        return refuse(
            hosts, item->name, "redirects must be a number from 0 to %d", HOST_REDIRECTS_MAX);
    item->redirects_max = (unsigned)value->valueint;
    return true;
}

static bool keys_are_known(
    const struct http_hosts *hosts, const struct http_host *item, const cJSON *table)
{
    static const char *const known[] = {"url", "headers", "allow", "authorities", "check",
        "redirects", "idempotency", "cleartext", NULL};
    const cJSON *value;

    cJSON_ArrayForEach(value, table)
    {
        unsigned i = 0;
        while (known[i] != NULL && strcmp(known[i], value->string) != 0)
            i++;
        if (known[i] == NULL)
            return refuse(hosts, item->name, "there is no key %.64s", value->string);
    }
    return true;
}

static bool read_host(const struct http_hosts *hosts, struct http_host *item, const cJSON *table)
{
    bool has_keys;
    bool may_be_clear;

    if (!cJSON_IsObject(table))
        return refuse(hosts, item->name, "must be a table");
#define GET(key) cJSON_GetObjectItemCaseSensitive(table, key)
    bool good =
        keys_are_known(hosts, item, table) &&
        read_flag(hosts, item, GET("cleartext"), "cleartext", &may_be_clear) &&
        read_flag(hosts, item, GET("idempotency"), "idempotency", &has_keys) &&
        read_url(hosts, item, GET("url"), may_be_clear) &&
        read_headers(hosts, item, GET("headers")) && read_allow(hosts, item, GET("allow")) &&
        read_authorities(hosts, item, GET("authorities")) &&
        read_check(hosts, item, GET("check")) && read_redirects(hosts, item, GET("redirects"));
#undef GET
    if (good && !has_keys &&
        (item->allows[HTTP_POST_IDEMPOTENT] || item->allows[HTTP_TELL_IDEMPOTENT]))
        return refuse(hosts, item->name,
            "allow has an idempotent action: say idempotency = true if the server promises to take "
            "a "
            "request with the same Idempotency-Key once");
    return good;
}

bool hosts_read(struct http_hosts *hosts, const struct hk_host *host, const char *options)
{
    cJSON *root = cJSON_Parse(options);
    const cJSON *table = cJSON_GetObjectItemCaseSensitive(root, "hosts");
    const cJSON *value;
    bool good = cJSON_IsObject(table) || (cJSON_IsArray(table) && cJSON_GetArraySize(table) == 0);

    *hosts = (struct http_hosts){.host = host};
    hosts->items = host->alloc(HOSTS_MAX * sizeof(*hosts->items));
    if (!good)
        host->log(HK_PLUGIN_ERROR, "hosts must be a table of hosts by name");
    cJSON_ArrayForEach(value, table)
    {
        if (!good)
            break;
        if (hosts->count == HOSTS_MAX) {
            host->log(HK_PLUGIN_ERROR, "hosts: there are too many");
            good = false;
            break;
        }
        struct http_host *item = &hosts->items[hosts->count++];
        *item = (struct http_host){.name = copy(hosts, value->string)};
        good = read_host(hosts, item, value);
    }
    cJSON_Delete(root);
    return good;
}

static void free_text(const struct http_hosts *hosts, char *text)
{
    if (text != NULL) {
        explicit_bzero(text, strlen(text));
        hosts->host->free(text);
    }
}

void hosts_free(struct http_hosts *hosts)
{
    for (unsigned i = 0; i < hosts->count; i++) {
        struct http_host *item = &hosts->items[i];
        for (unsigned h = 0; item->headers != NULL && item->headers[h] != NULL; h++)
            free_text(hosts, (char *)item->headers[h]);
        if (item->headers != NULL)
            hosts->host->free(item->headers);
        free_text(hosts, item->name);
        free_text(hosts, item->url);
        free_text(hosts, item->authorities);
        free_text(hosts, item->check);
    }
    if (hosts->items != NULL)
        hosts->host->free(hosts->items);
}

const struct http_host *hosts_find(const struct http_hosts *hosts, const char *name)
{
    for (unsigned i = 0; i < hosts->count; i++)
        if (strcmp(hosts->items[i].name, name) == 0)
            return &hosts->items[i];
    return NULL;
}
