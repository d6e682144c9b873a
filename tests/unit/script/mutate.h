/*
 * Mutated playbooks, drawn from a seed. A base text is Lua but for three marks that the harmless
 * changes know: a line that begins with --F is a helper that may change places with others of its
 * kind, {{a = 1|b = 2}} is a table whose fields have no order, and names that begin with my_ may be
 * renamed.
 */
#ifndef TEST_SCRIPT_MUTATE_H
#define TEST_SCRIPT_MUTATE_H

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_SIZE 8192
#define LINES_MAX 128

struct text {
    char at[TEXT_SIZE];
};

static uint64_t draw_state;

/* splitmix64 */
static unsigned draw(unsigned below)
{
    uint64_t z = (draw_state += 0x9e3779b97f4a7c15U);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return (unsigned)((z ^ (z >> 31)) % below);
}

static void splice(struct text *text, size_t at, size_t removed, const char *added)
{
    size_t size = strlen(text->at);
    size_t added_size = strlen(added);

    if (size - removed + added_size >= TEXT_SIZE)
        abort();
    memmove(text->at + at + added_size, text->at + at + removed, size - at - removed + 1);
    memcpy(text->at + at, added, added_size);
}

/* Any place of the word, or SIZE_MAX. */
static size_t any_place(const struct text *text, const char *word)
{
    size_t places[256];
    unsigned count = 0;

    for (const char *p = text->at; (p = strstr(p, word)) != NULL && count < 256; p++)
        places[count++] = (size_t)(p - text->at);
    return count == 0 ? SIZE_MAX : places[draw(count)];
}

/* --- lines --- */

struct lines {
    char *at[LINES_MAX];
    unsigned count;
};

static void cut(const struct text *text, struct lines *lines)
{
    const char *p = text->at;

    lines->count = 0;
    while (*p != '\0' && lines->count < LINES_MAX) {
        size_t size = strcspn(p, "\n");
        lines->at[lines->count++] = strndup(p, size);
        p += size + (p[size] == '\n');
    }
}

static void paste(struct lines *lines, struct text *text)
{
    size_t size = 0;

    for (unsigned i = 0; i < lines->count; i++) {
        size += (size_t)snprintf(text->at + size, TEXT_SIZE - size, "%s\n", lines->at[i]);
        free(lines->at[i]);
    }
}

static unsigned count_of(const char *line, const char *word)
{
    unsigned count = 0;

    for (; (line = strstr(line, word)) != NULL; line++)
        count++;
    return count;
}

/* Could the line stand elsewhere? */
static bool is_whole(const char *line)
{
    return count_of(line, "function") + count_of(line, "if ") + count_of(line, "for ") ==
               count_of(line, "end") &&
           count_of(line, "{") == count_of(line, "}") && count_of(line, "(") == count_of(line, ")");
}

static void change_lines(struct text *text, unsigned kind)
{
    struct lines lines;
    unsigned i;
    unsigned j;
    char *line;

    cut(text, &lines);
    i = draw(lines.count);
    j = i + 1 < lines.count ? i + 1 : i;
    if (kind == 0 && is_whole(lines.at[i])) {
        lines.at[i][0] = '\0'; /* removed */
    } else if (kind == 1 && is_whole(lines.at[i]) && is_whole(lines.at[j])) {
        line = lines.at[i];
        lines.at[i] = lines.at[j];
        lines.at[j] = line;
    } else if (lines.count < LINES_MAX) {
        memmove(lines.at + i + 1, lines.at + i, (lines.count - i) * sizeof lines.at[0]);
        lines.at[i] =
            strdup(kind == 2 && is_whole(lines.at[i + 1]) ? lines.at[i + 1] : " note 'inserted'");
        lines.count++;
    }
    paste(&lines, text);
}

/* --- what changes the meaning, or may --- */

static void change_number(struct text *text)
{
    size_t places[256];
    unsigned count = 0;
    char number[24];
    size_t at;

    for (size_t i = 1; text->at[i] != '\0' && count < 256; i++) {
        if (isdigit((unsigned char)text->at[i]) && !isalnum((unsigned char)text->at[i - 1]) &&
            text->at[i - 1] != '_')
            places[count++] = i;
    }
    if (count == 0)
        return;
    at = places[draw(count)];
    (void)snprintf(number, sizeof number, "%ld", strtol(text->at + at, NULL, 10) + 1);
    splice(text, at, strspn(text->at + at, "0123456789"), number);
}

static void change_word(struct text *text, unsigned kind)
{
    static const char *const pairs[][2] = {{"act.p.", "act.q."}, {"note '", "wait '"},
        {" = function(", "z = function("}, {"if ", "if not "}, {"return ", "return nil, "},
        {"{expires", "{timeout"}, {"fail", "fall"}, {"together", "each"}, {"ask {", "case {"},
        {"true_positive", "expected"}, {"close", "pcall"}, {"'x", "'y"}, {"my_a", "my_b"},
        {"retry(", "pcall("}, {".value", ".error"}, {"_host", "_hosts"}};
    const char *const *pair = pairs[kind % (sizeof pairs / sizeof *pairs)];
    size_t at = any_place(text, pair[0]);

    if (at != SIZE_MAX)
        splice(text, at, strlen(pair[0]), pair[1]);
}

/* Change one thing in the text, or nothing. */
static void mutate(struct text *text)
{
    unsigned kind = draw(12);

    if (kind < 4)
        change_lines(text, kind);
    else if (kind < 6)
        change_number(text);
    else
        change_word(text, draw(64));
}

/* --- what must not change it --- */

/* Give the fields of the next {{a|b|c}} an order: theirs, or any. False: there is none. */
static bool order_fields(struct text *text, bool is_shuffled)
{
    char *begin = strstr(text->at, "{{");
    char *end = begin == NULL ? NULL : strstr(begin, "}}");
    char fields[8][100];
    char table[1024] = "{";
    unsigned count = 0;

    if (begin == NULL || end == NULL)
        return false;
    for (const char *p = begin + 2; p < end && count < 8;) {
        size_t size = strcspn(p, "|");
        if (size > (size_t)(end - p))
            size = (size_t)(end - p);
        (void)snprintf(fields[count++], sizeof fields[0], "%.*s", (int)size, p);
        p += size + 1;
    }
    while (count > 0) {
        unsigned i = is_shuffled ? draw(count) : 0;
        size_t used = strlen(table);
        (void)snprintf(
            table + used, sizeof table - used, "%s%.99s", used > 1 ? ", " : "", fields[i]);
        memmove(fields[i], fields[i + 1 < 8 ? i + 1 : i], (--count - i) * sizeof fields[0]);
    }
    (void)strcat(table, "}");
    splice(text, (size_t)(begin - text->at), (size_t)(end + 2 - begin), table);
    return true;
}

static void move_helpers(struct text *text)
{
    struct lines lines;

    cut(text, &lines);
    for (unsigned i = 0; i < lines.count; i++) {
        unsigned j = draw(lines.count);
        if (strncmp(lines.at[i], "--F", 3) == 0 && strncmp(lines.at[j], "--F", 3) == 0) {
            char *line = lines.at[i];
            lines.at[i] = lines.at[j];
            lines.at[j] = line;
        }
    }
    paste(&lines, text);
}

static void add_comments(struct text *text)
{
    struct lines lines;

    cut(text, &lines);
    for (unsigned n = draw(6); n > 0 && lines.count < LINES_MAX; n--) {
        unsigned i = draw(lines.count);
        memmove(lines.at + i + 1, lines.at + i, (lines.count - i) * sizeof lines.at[0]);
        lines.at[i] = strdup(draw(2) == 0 ? "" : "  -- act.p.nothing {}");
        lines.count++;
    }
    paste(&lines, text);
}

static void rename_locals(struct text *text)
{
    char name[24];
    const char *p;

    (void)snprintf(name, sizeof name, "it%u_", draw(1000));
    while ((p = strstr(text->at, "my_")) != NULL)
        splice(text, (size_t)(p - text->at), 3, name);
}

/* The base as it is. */
static void settle_text(struct text *text)
{
    const char *p;

    while (order_fields(text, false))
        continue;
    while ((p = strstr(text->at, "--F")) != NULL)
        splice(text, (size_t)(p - text->at), 3, "");
}

/* The base, written differently. */
static void rewrite(struct text *text)
{
    move_helpers(text);
    while (order_fields(text, true))
        continue;
    settle_text(text);
    add_comments(text);
    if (draw(2) == 0)
        rename_locals(text);
}

#endif
