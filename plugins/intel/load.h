/*
 * load: read one file into a list: a MISP warning list (JSON), or text with one indicator a line.
 *
 * Text: '#' begins a comment, at the start of a line or after a space. Comments before the first
 * indicator may say "# name: …", "# verdict: good|bad|note" and "# type: address|hash|domain|url".
 */
#ifndef INTEL_LOAD_H
#define INTEL_LOAD_H

#include "list.h"

#include <stdbool.h>
#include <stdint.h>

#define FILE_SIZE_MAX (INT64_C(512) << 20)

/* Enough to see that a file is another than before. */
struct stamp {
    int64_t mtime_ns;
    int64_t size;
    uint64_t inode;
};

struct source {
    char *path;
    char *name;           /* NULL: what the file says, else its file name */
    int verdict;          /* enum verdict, or -1: what the file says */
    int verdict_of_misp;  /* for a warning list when verdict is -1 */
    enum entry_type type; /* ENTRY_AUTO: what the file says */
};

struct source source_copy(const struct source *source);
void source_done(struct source *source);
/* Names in options and files; -1 when unknown. */
int verdict_named(const char *name);
int entry_type_named(const char *name);

bool stamp_of(const char *path, struct stamp *ret_stamp);
bool stamp_equals(const struct stamp *a, const struct stamp *b);
/* Returns a sealed list, or NULL and why; why begins with the path, and the line or entry. */
struct list *load_file(const struct source *source, char *ret_why, size_t why_size);

#endif
