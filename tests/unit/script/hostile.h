/*
 * The hostile corpus, tests/hostile: playbooks that want more than a run may have, or what no run
 * may have. The first line of each says how it must end, the second what it tries:
 *
 *   -- limit            a limit of its own ends it; nothing in it goes on after that
 *   -- error: WORDS     an error with its line, in which these words stand
 *
 * In the text, @@N:TEXT@@ stands for N times TEXT.
 */
#ifndef TEST_SCRIPT_HOSTILE_H
#define TEST_SCRIPT_HOSTILE_H

#include "base/buf.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOSTILE_MAX 256
#define HOSTILE_SOURCE_SIZE_MAX (512UL * 1024)

struct hostile {
    char name[64];  /* of the file */
    char words[96]; /* of the error; "": a limit */
    struct hk_buf source;
};

static void hostile_expand(struct hk_buf *out, const char *text)
{
    const char *mark;

    while ((mark = strstr(text, "@@")) != NULL) {
        char *piece;
        long times = strtol(mark + 2, &piece, 10);
        const char *end = strstr(piece, "@@");
        hk_buf_append(out, text, (size_t)(mark - text));
        if (*piece != ':' || end == NULL)
            abort();
        for (long i = 0; i < times; i++)
            hk_buf_append(out, piece + 1, (size_t)(end - piece) - 1);
        text = end + 2;
    }
    hk_buf_append(out, text, strlen(text));
}

static void hostile_read(struct hostile *attack, const char *folder, const char *name)
{
    static char text[16384];
    char path[512];
    FILE *file;

    (void)snprintf(path, sizeof path, "%.400s/%.63s", folder, name);
    (void)snprintf(attack->name, sizeof attack->name, "%.63s", name);
    file = fopen(path, "re");
    if (file == NULL)
        abort();
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    attack->words[0] = '\0';
    if (sscanf(text, "-- error: %95[^\n]", attack->words) != 1 &&
        strncmp(text, "-- limit\n", 9) != 0)
        abort();
    hk_buf_init(&attack->source, HOSTILE_SOURCE_SIZE_MAX);
    hostile_expand(&attack->source, text);
}

static int hostile_compare(const void *left, const void *right)
{
    const struct hostile *a = left;
    const struct hostile *b = right;

    return strcmp(a->name, b->name);
}

/* Read all of them, by name; their number. */
static size_t hostile_load(struct hostile *attacks)
{
    const char *source = getenv("HIKESHI_SOURCE");
    char folder[400];
    const struct dirent *entry;
    size_t count = 0;
    DIR *dir;

    (void)snprintf(folder, sizeof folder, "%s/tests/hostile", source == NULL ? "." : source);
    dir = opendir(folder);
    while (dir != NULL && (entry = readdir(dir)) != NULL && count < HOSTILE_MAX) {
        if (strstr(entry->d_name, ".lua") != NULL)
            hostile_read(&attacks[count++], folder, entry->d_name);
    }
    if (dir != NULL)
        (void)closedir(dir);
    qsort(attacks, count, sizeof *attacks, hostile_compare);
    return count;
}

#endif
