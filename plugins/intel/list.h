/*
 * list: the indicators of one file, and whether something is among them.
 *
 * A list is filled by one thread, sealed, and from then on only read.
 */
#ifndef INTEL_LIST_H
#define INTEL_LIST_H

#include "indicator.h"
#include "sets.h"

#include <regex.h>
#include <stdbool.h>

#define LIST_ENTRIES_MAX 10000000
#define LIST_SUBSTRINGS_MAX 20000 /* each is compared at each lookup */
#define LIST_PATTERNS_MAX 500
#define LIST_PATTERN_SIZE_MAX 300

enum verdict { VERDICT_BAD, VERDICT_GOOD, VERDICT_NOTE, VERDICT_COUNT };

enum entry_type {
    ENTRY_AUTO, /* what it looks like */
    ENTRY_ADDRESS,
    ENTRY_HASH,
    ENTRY_DOMAIN, /* and what is below it */
    ENTRY_HOST,   /* that name alone, unless it begins with a dot; what isn't a name by its looks */
    ENTRY_URL,
    ENTRY_SUBSTRING,
    ENTRY_PATTERN,
};

struct list {
    char *name;
    enum verdict verdict;
    size_t entries; /* read, doubles included */
    size_t skipped; /* patterns that aren't used */
    struct records v4;
    struct records v6;
    struct records digests[DIGEST_SIZES];
    struct texts hashes;  /* other digests, as text */
    struct texts domains; /* with what is below them */
    struct texts hosts;
    struct texts urls;
    struct texts substrings;
    struct texts pattern_texts;
    regex_t *patterns;
    size_t pattern_count;
};

struct list *list_new(void);
void list_free(struct list *list);
/* Returns NULL, or what is wrong with the entry (a fixed text). */
const char *list_add(struct list *list, enum entry_type type, const char *text);
void list_seal(struct list *list);

/* What is looked up; the parts that are absent are empty. */
struct question {
    bool has_address;
    struct address address;
    char address_text[ADDRESS_TEXT_SIZE];
    char domain[INDICATOR_SIZE];
    char url[INDICATOR_SIZE];
    int digest_kind; /* of digest_sizes, or -1 */
    uint8_t digest[32];
    char hash[INDICATOR_SIZE];
};

/* Begin with {.digest_kind = -1}. Each returns NULL, or why the text is none. A URL's host is asked
 * with it. */
const char *question_of_address(struct question *question, const char *text);
const char *question_of_domain(struct question *question, const char *text);
const char *question_of_url(struct question *question, const char *text);
const char *question_of_hash(struct question *question, const char *text);
/* Is it on the list? ret_match is the entry that says so. */
bool list_match(
    const struct list *list, const struct question *question, char ret_match[INDICATOR_SIZE]);

#endif
