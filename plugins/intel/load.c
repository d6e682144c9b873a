#include "load.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct source source_copy(const struct source *source)
{
    struct source copy = *source;
    copy.path = copy_of(source->path);
    copy.name = source->name ? copy_of(source->name) : NULL;
    return copy;
}

void source_done(struct source *source)
{
    free(source->path);
    free(source->name);
}

static int index_of_name(const char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

int verdict_named(const char *name)
{
    static const char *const names[VERDICT_COUNT] = {"bad", "good", "note"};
    return index_of_name(names, VERDICT_COUNT, name);
}

int entry_type_named(const char *name)
{
    static const char *const names[] = {"auto", "address", "hash", "domain", "host", "url"};
    return index_of_name(names, (int)(sizeof(names) / sizeof(names[0])), name);
}

bool stamp_of(const char *path, struct stamp *ret_stamp)
{
    struct stat info;
    if (stat(path, &info) < 0)
        return false;
    if (!S_ISREG(info.st_mode)) {
        errno = EINVAL; /* opening a pipe would wait for somebody to write */
        return false;
    }
    *ret_stamp =
        (struct stamp){.mtime_ns = (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec,
            .size = info.st_size,
            .inode = info.st_ino};
    return true;
}

bool stamp_equals(const struct stamp *a, const struct stamp *b)
{
    return a->mtime_ns == b->mtime_ns && a->size == b->size && a->inode == b->inode;
}

/* ---- text ---- */

struct header {
    char name[200];
    int verdict;
    int type;
};

static char *trimmed(char *text)
{
    text += strspn(text, " \t\r\n");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r\n", text[length - 1]))
        text[--length] = '\0';
    return text;
}

/* Returns NULL, or what is wrong. */
static const char *read_header(char *comment, struct header *header)
{
    comment = trimmed(comment + strspn(comment, "#"));
    if (strncmp(comment, "name:", 5) == 0) {
        snprintf(header->name, sizeof(header->name), "%s", trimmed(comment + 5));
    } else if (strncmp(comment, "verdict:", 8) == 0) {
        header->verdict = verdict_named(trimmed(comment + 8));
        return header->verdict < 0 ? "the verdict is none of good, bad, note" : NULL;
    } else if (strncmp(comment, "type:", 5) == 0) {
        header->type = entry_type_named(trimmed(comment + 5));
        return header->type < 0 ? "the type is none of address, hash, domain, host, url" : NULL;
    }
    return NULL;
}

static const char *read_line(
    struct list *list, const struct source *source, char *line, struct header *header)
{
    char *text = trimmed(line);
    if (*text == '#')
        return list->entries == 0 ? read_header(text, header) : NULL;
    char *comment = strstr(text, " #");
    if (comment)
        *comment = '\0';
    text = trimmed(text);
    if (!*text)
        return NULL;
    enum entry_type type = source->type;
    if (type == ENTRY_AUTO && header->type > 0)
        type = (enum entry_type)header->type;
    return list_add(list, type, text);
}

static struct list *load_text(
    FILE *file, const struct source *source, char *ret_why, size_t why_size)
{
    struct list *list = list_new();
    struct header header = {.verdict = -1, .type = -1};
    char *line = NULL;
    size_t capacity = 0;
    size_t number = 0;
    const char *why = NULL;
    ssize_t length;
    while (!why && (length = getline(&line, &capacity, file)) >= 0) {
        char *text = line;
        if (number++ == 0 && strncmp(text, "\xef\xbb\xbf", 3) == 0)
            text += 3;
        why = strlen(line) != (size_t)length ? "it holds a zero byte"
                                             : read_line(list, source, text, &header);
    }
    free(line);
    if (!why && ferror(file))
        why = "it can't be read further";
    if (why) {
        snprintf(ret_why, why_size, "%s:%zu: %s", source->path, number, why);
        list_free(list);
        return NULL;
    }
    if (header.verdict >= 0)
        list->verdict = (enum verdict)header.verdict;
    if (*header.name)
        list->name = copy_of(header.name);
    return list;
}

/* ---- MISP warning lists ---- */

static bool is_about_hashes(const cJSON *root)
{
    static const char *const kinds[] = {
        "md5", "sha1", "sha224", "sha256", "sha384", "sha512", "ssdeep", "imphash", "tlsh"};
    const cJSON *attributes = cJSON_GetObjectItemCaseSensitive(root, "matching_attributes");
    const cJSON *attribute;
    cJSON_ArrayForEach(attribute, attributes)
    {
        const char *name = cJSON_GetStringValue(attribute);
        for (size_t i = 0; name && i < sizeof(kinds) / sizeof(kinds[0]); i++)
            if (strcmp(name, kinds[i]) == 0)
                return true;
    }
    return false;
}

static int type_of_misp(const cJSON *root)
{
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "type"));
    if (!type)
        return -1;
    if (strcmp(type, "cidr") == 0)
        return ENTRY_ADDRESS;
    if (strcmp(type, "hostname") == 0)
        return ENTRY_AUTO; /* a name with what is below it, unless it looks otherwise */
    if (strcmp(type, "string") == 0)
        return is_about_hashes(root) ? ENTRY_HASH : ENTRY_HOST;
    if (strcmp(type, "substring") == 0)
        return ENTRY_SUBSTRING;
    if (strcmp(type, "regex") == 0)
        return ENTRY_PATTERN;
    return -1;
}

static struct list *list_of_misp(
    const cJSON *root, const struct source *source, char *ret_why, size_t why_size)
{
    const cJSON *entries = cJSON_GetObjectItemCaseSensitive(root, "list");
    int type = type_of_misp(root);
    if (!cJSON_IsArray(entries) || type < 0) {
        snprintf(ret_why, why_size, "%s: not a warning list: %s", source->path,
            type < 0 ? "its type is none of cidr, hostname, string, substring, regex"
                     : "it has no list");
        return NULL;
    }
    struct list *list = list_new();
    size_t number = 0;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, entries)
    {
        number++;
        const char *text = cJSON_GetStringValue(entry);
        const char *why = text ? list_add(list, (enum entry_type)type, text) : "it is not a string";
        if (why) {
            snprintf(ret_why, why_size, "%s: entry %zu: %s", source->path, number, why);
            list_free(list);
            return NULL;
        }
    }
    /* A substring or pattern is met by whoever chooses the text, so it only says something when
     * the configuration wants that. */
    bool is_loose = type == ENTRY_SUBSTRING || type == ENTRY_PATTERN;
    list->verdict = is_loose ? VERDICT_NOTE : (enum verdict)source->verdict_of_misp;
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "name"));
    if (name)
        list->name = copy_of(name);
    return list;
}

static size_t line_of(const char *text, const char *at)
{
    size_t line = 1;
    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

static struct list *load_misp(FILE *file, const struct stamp *stamp, const struct source *source,
    char *ret_why, size_t why_size)
{
    char *text = memory_of(NULL, (size_t)stamp->size + 1);
    size_t size = fread(text, 1, (size_t)stamp->size, file);
    text[size] = '\0';
    const char *end = text;
    const char *begin = strncmp(text, "\xef\xbb\xbf", 3) == 0 ? text + 3 : text;
    cJSON *root = cJSON_ParseWithLengthOpts(begin, size + 1 - (size_t)(begin - text), &end, true);
    struct list *list = NULL;
    if (root)
        list = list_of_misp(root, source, ret_why, why_size);
    else
        snprintf(ret_why, why_size, "%s:%zu: not JSON", source->path, line_of(text, end));
    cJSON_Delete(root);
    free(text);
    return list;
}

/* ---- files ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

struct list *load_file(const struct source *source, char *ret_why, size_t why_size)
{
    struct stamp before;
    struct stamp after;
    FILE *file = stamp_of(source->path, &before) ? fopen(source->path, "re") : NULL;
    if (!file) {
        snprintf(ret_why, why_size, "%s: %s", source->path, strerror(errno));
        return NULL;
    }
    struct list *list = NULL;
    if (before.size > FILE_SIZE_MAX)
        snprintf(ret_why, why_size, "%s: larger than 512 MiB", source->path);
    else if (ends_with(source->path, ".json"))
        list = load_misp(file, &before, source, ret_why, why_size);
    else
        list = load_text(file, source, ret_why, why_size);
    fclose(file);
    if (!list)
        return NULL;
    if (!stamp_of(source->path, &after) || !stamp_equals(&before, &after)) {
        snprintf(ret_why, why_size, "%s: changed while it was read", source->path);
        list_free(list);
        return NULL;
    }
    if (source->verdict >= 0)
        list->verdict = (enum verdict)source->verdict;
    if (source->name || !list->name) {
        const char *slash = strrchr(source->path, '/');
        const char *name = source->name ? source->name : slash ? slash + 1 : source->path;
        free(list->name);
        list->name = copy_of(name);
    }
    text_clean(list->name);
    list_seal(list);
    return list;
}
