/*
 * print: tables and documents for people. What came from outside never reaches the terminal with
 * its control bytes.
 */
#include "app/cli.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COLUMNS_MAX = 12, CELL_SIZE = 512 };

static bool has_colours(void)
{
    const char *no = getenv("NO_COLOR");

    return isatty(STDOUT_FILENO) && (no == NULL || no[0] == '\0');
}

const char *hk_bold(void)
{
    return has_colours() ? "\033[1m" : "";
}

const char *hk_plain(void)
{
    return has_colours() ? "\033[0m" : "";
}

/* How many bytes does a character have that steers a terminal, turns the direction of text around,
 * or isn't seen, so that it reads as other text? 0: it doesn't, or none begins here. */
static size_t steering_size(const unsigned char *text, size_t size)
{
    size_t width = 1;

    if (text[0] < 0x80)
        return text[0] < 0x20 || text[0] == 0x7f ? 1 : 0;
    if (hk_utf8_valid_prefix((const char *)text, size < 4 ? size : 4) == 0)
        return 0;
    return hk_character_is_unseen(hk_utf8_decode((const char *)text, &width)) ? width : 0;
}

/* Copy text with control bytes as \xNN, bad UTF-8 too; returns the width in characters. */
static unsigned make_safe(const char *text, char *out, size_t capacity)
{
    size_t size = strlen(text);
    size_t used = 0;
    unsigned width = 0;

    for (size_t i = 0; i < size && used + 8 < capacity;) {
        unsigned char c = (unsigned char)text[i];
        size_t step = 1;
        while (step < 4 && i + step < size && ((unsigned char)text[i + step] & 0xc0) == 0x80)
            step++;
        bool is_steering = steering_size((const unsigned char *)text + i, size - i) > 0;
        if (is_steering || !hk_utf8_is_valid(text + i, step)) {
            used += (size_t)snprintf(out + used, capacity - used, "\\x%02x", c);
            width += 4;
            i++;
            continue;
        }
        memcpy(out + used, text + i, step);
        used += step;
        width++;
        i += step;
    }
    out[used] = '\0';
    return width;
}

void hk_print_text(const char *text)
{
    size_t capacity = 4 * strlen(text) + 16;
    char *safe = malloc(capacity);

    if (safe == NULL)
        return;
    (void)make_safe(text, safe, capacity);
    fputs(safe, stdout);
    free(safe);
}

void hk_print_lines(const char *text)
{
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        char *line = hk_strndup(text, size);
        if (line != NULL)
            hk_print_text(line);
        putchar('\n');
        free(line);
        text += size;
        text += *text == '\n' ? 1 : 0;
    }
}

/* As JSON writes a character that it doesn't show (RFC 8259 section 7). */
static void print_escaped(uint32_t character)
{
    if (character < 0x10000)
        printf("\\u%04x", (unsigned)character);
    else
        printf("\\u%04x\\u%04x", 0xd7c0U + (unsigned)(character >> 10),
            0xdc00U + (unsigned)(character & 0x3ff));
}

void hk_print_json(const char *json, size_t size)
{
    const unsigned char *at = (const unsigned char *)json;
    bool is_terminal = isatty(STDOUT_FILENO) != 0;
    size_t begin = 0;

    for (size_t i = 0; is_terminal && i < size; i++) {
        bool is_blank = at[i] == '\n' || at[i] == '\t' || at[i] == '\r';
        size_t steering = is_blank ? 0 : steering_size(at + i, size - i);
        if (steering == 0)
            continue;
        (void)fwrite(json + begin, 1, i - begin, stdout);
        print_escaped(hk_utf8_decode(json + i, &steering));
        i += steering - 1;
        begin = i + 1;
    }
    (void)fwrite(json + begin, 1, size - begin, stdout);
    putchar('\n');
}

static bool is_time(const char *text)
{
    return strlen(text) == strlen("2026-11-22T01:23:45.123456Z") && text[4] == '-' &&
           text[10] == 'T' && text[26] == 'Z';
}

/* A value as text for people: times without their fractions. */
static void value_text(const struct hk_json *value, char *out, size_t capacity)
{
    out[0] = '\0';
    if (value == NULL || value->type == HK_JSON_NULL)
        return;
    if (value->type == HK_JSON_STRING && is_time(value->text))
        (void)snprintf(out, capacity, "%.10s %.8sZ", value->text, value->text + 11);
    else if (value->type == HK_JSON_STRING || value->type == HK_JSON_NUMBER)
        (void)snprintf(out, capacity, "%s", value->text);
    else
        (void)snprintf(out, capacity, "%.*s", (int)(value->source_size % CELL_SIZE), value->source);
    out[hk_utf8_valid_prefix(out, strlen(out))] = '\0';
}

static unsigned cell(
    const struct hk_json *item, const struct hk_column *column, char *out, size_t capacity)
{
    char text[CELL_SIZE] = "";
    char path[64];
    const char *at = column->path;
    const struct hk_json *value = NULL;
    size_t size;
    unsigned width;

    while ((value == NULL || value->type == HK_JSON_NULL) && *at != '\0') {
        size = strcspn(at, "|");
        (void)snprintf(path, sizeof(path), "%.*s", (int)size, at);
        value = hk_json_at(item, path);
        at += size + (at[size] == '|' ? 1 : 0);
    }
    value_text(value, text, sizeof(text));
    width = make_safe(text, out, capacity);
    if (column->width_max > 3 && width > column->width_max) {
        /* Cut whole characters off the end. */
        while (width > column->width_max - 1) {
            size = strlen(out);
            while (size > 0 && ((unsigned char)out[size - 1] & 0xc0) == 0x80)
                size--;
            out[size - 1] = '\0';
            width--;
        }
        (void)snprintf(out + strlen(out), capacity - strlen(out), "…");
        width++;
    }
    return width;
}

void hk_print_table(
    const struct hk_json *items, const struct hk_column *columns, size_t count, unsigned indent)
{
    unsigned widths[COLUMNS_MAX];
    char text[4 * CELL_SIZE + 16];

    for (size_t i = 0; i < count; i++)
        widths[i] = (unsigned)strlen(columns[i].title);
    for (const struct hk_json *item = items->first; item != NULL; item = item->next) {
        for (size_t i = 0; i < count; i++) {
            unsigned width = cell(item, &columns[i], text, sizeof(text));
            widths[i] = width > widths[i] ? width : widths[i];
        }
    }
    printf("%*s", (int)(2 * indent), "");
    for (size_t i = 0; i < count; i++)
        printf("%s%s%s%*s", hk_bold(), columns[i].title, hk_plain(),
            i + 1 < count ? (int)(widths[i] - strlen(columns[i].title) + 2) : 0, "");
    putchar('\n');
    for (const struct hk_json *item = items->first; item != NULL; item = item->next) {
        printf("%*s", (int)(2 * indent), "");
        for (size_t i = 0; i < count; i++) {
            unsigned width = cell(item, &columns[i], text, sizeof(text));
            printf("%s%*s", text, i + 1 < count ? (int)(widths[i] - width + 2) : 0, "");
        }
        putchar('\n');
    }
}

int hk_print_list(const struct hk_cli *cli, const struct hk_reply *reply,
    const struct hk_column *columns, size_t count)
{
    const struct hk_json *items = hk_json_get(reply->doc.root, "items");
    const struct hk_json *next = hk_json_get(reply->doc.root, "next");

    if (cli->json) {
        hk_print_json(reply->body.data, reply->body.size);
        return HK_EXIT_DONE;
    }
    if (items == NULL || items->type != HK_JSON_ARRAY)
        return hk_cli_fail(HK_EXIT_FAILED, "the engine answered something that is no list");
    if (cli->jsonl) {
        for (const struct hk_json *item = items->first; item != NULL; item = item->next)
            hk_print_json(item->source, item->source_size);
        return HK_EXIT_DONE;
    }
    if (items->count == 0)
        puts("none");
    else
        hk_print_table(items, columns, count < COLUMNS_MAX ? count : COLUMNS_MAX, 0);
    if (next != NULL && (next->type == HK_JSON_STRING || next->type == HK_JSON_NUMBER))
        fprintf(stderr, "more: --after %s\n", next->text);
    return HK_EXIT_DONE;
}

static bool is_flat(const struct hk_json *value)
{
    return value->type != HK_JSON_OBJECT && value->type != HK_JSON_ARRAY;
}

static void print_value(const struct hk_json *value)
{
    if (value->type == HK_JSON_STRING && is_time(value->text))
        printf("%.10s %.8sZ", value->text, value->text + 11);
    else if (value->type == HK_JSON_STRING || value->type == HK_JSON_NUMBER)
        hk_print_text(value->text);
    else if (value->type == HK_JSON_NULL)
        putchar('-');
    else
        fputs(value->type == HK_JSON_TRUE ? "yes" : "no", stdout);
}

/* Is this a list of rows: objects with the same few flat members? */
static bool is_rows(const struct hk_json *list)
{
    const struct hk_json *first = list->first;

    if (list->type != HK_JSON_ARRAY || first == NULL || first->type != HK_JSON_OBJECT ||
        first->count == 0 || first->count > 6)
        return false;
    for (const struct hk_json *item = first; item != NULL; item = item->next) {
        if (item->type != HK_JSON_OBJECT || item->count != first->count)
            return false;
        for (const struct hk_json *child = item->first; child != NULL; child = child->next)
            if (!is_flat(child) || strchr(child->key, '.') != NULL ||
                hk_json_get(first, child->key) == NULL)
                return false;
    }
    return true;
}

static void print_rows(const struct hk_json *list, unsigned indent)
{
    struct hk_column columns[COLUMNS_MAX];
    size_t count = 0;

    for (const struct hk_json *child = list->first->first; child != NULL; child = child->next)
        columns[count++] = (struct hk_column){child->key, child->key, 80};
    hk_print_table(list, columns, count, indent);
}

/* Nesting is bounded by the reader's limit. */
void hk_print_for_people(
    const struct hk_json *value, unsigned indent) /* NOLINT(misc-no-recursion) */
{
    size_t width = 0;

    for (const struct hk_json *child = value->first; child != NULL; child = child->next)
        if (child->key != NULL && is_flat(child) && child->key_size > width)
            width = child->key_size < 24 ? child->key_size : 24;
    for (const struct hk_json *child = value->first; child != NULL; child = child->next) {
        printf("%*s", (int)(2 * indent), "");
        if (child->key != NULL)
            hk_print_text(child->key);
        else
            putchar('-');
        if (is_flat(child)) {
            int gap = child->key != NULL ? (int)width - (int)child->key_size : 0;
            printf("%*s", gap > 0 ? gap + 2 : child->key != NULL ? 2 : 1, "");
            print_value(child);
            putchar('\n');
        } else if (child->count == 0) {
            fputs("  none\n", stdout);
        } else if (is_rows(child)) {
            putchar('\n');
            print_rows(child, indent + 1);
        } else {
            putchar('\n');
            hk_print_for_people(child, indent + 1);
        }
    }
}

int hk_print_document(const struct hk_cli *cli, const struct hk_reply *reply)
{
    if (cli->json || cli->jsonl || reply->doc.root == NULL || is_flat(reply->doc.root))
        hk_print_json(reply->body.data != NULL ? reply->body.data : "", reply->body.size);
    else
        hk_print_for_people(reply->doc.root, 0);
    return HK_EXIT_DONE;
}

int hk_cli_show(const struct hk_cli *cli, const char *collection, const char *id)
{
    struct hk_reply reply;
    int status;

    if (!hk_cli_id_is_good(id))
        return HK_EXIT_NOT_FOUND;
    status = hk_cli_get(cli, &reply, "/v1/%s/%s", collection, id);
    if (status == 0)
        status = hk_print_document(cli, &reply);
    hk_reply_done(&reply);
    return status;
}

int hk_cli_list(const struct hk_cli *cli, const char *collection, const char *state,
    const struct hk_column *columns, size_t count)
{
    const char *after = hk_cli_option(cli, "after");
    const char *limit = hk_cli_option(cli, "limit");
    struct hk_reply reply;
    struct hk_buf path;
    int status;

    hk_buf_init(&path, 8192);
    hk_buf_appendf(&path, "/v1/%s?limit=", collection);
    hk_cli_url_append(&path, limit != NULL ? limit : "100");
    if (state != NULL) {
        hk_buf_append_text(&path, "&state=");
        hk_cli_url_append(&path, state);
    }
    if (after != NULL) {
        hk_buf_append_text(&path, "&after=");
        hk_cli_url_append(&path, after);
    }
    status = hk_cli_get(cli, &reply, "%s", path.failed ? "/" : path.data);
    if (status == 0)
        status = hk_print_list(cli, &reply, columns, count);
    hk_reply_done(&reply);
    hk_buf_done(&path);
    return status;
}
