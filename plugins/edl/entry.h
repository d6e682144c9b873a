/*
 * entry: what can stand on a list: an address or range, a name, or a URL, each in one normal form,
 * so that two spellings of the same thing are the same entry and a line says what is meant.
 *
 * A name is lower case, without the last dot, of at least two labels of letters, digits, - and _
 * (RFC 1123, and the _ that names in use have). A URL is written as products take it in lists:
 * without scheme, user and fragment, HOST[:PORT]/PATH[?QUERY], host in lower case, the port only
 * where it is not the scheme's own. Path and query stay as they are, but bytes that can't stand in
 * a URL are refused.
 */
#ifndef EDL_ENTRY_H
#define EDL_ENTRY_H

#include "shared/address.h"

#include <stdbool.h>
#include <stddef.h>

#define ENTRY_DOMAIN_SIZE 254 /* RFC 1035 section 2.3.4, with NUL */
#define ENTRY_URL_SIZE 2048   /* with NUL */
#define ENTRY_TEXT_SIZE ENTRY_URL_SIZE

enum entry_kind { ENTRY_IP, ENTRY_DOMAIN, ENTRY_URL, ENTRY_KINDS };

struct entry {
    enum entry_kind kind;
    struct address_range range; /* ENTRY_IP */
    char *name;                 /* the others; NULL for ENTRY_IP */
};

/* "ip", "domain", "url": what arguments and the store call it. */
const char *entry_word(enum entry_kind kind);
/* The file that is served. */
const char *entry_file(enum entry_kind kind);

/* Returns NULL, or why the text is none; then *ret_entry owns nothing. */
const char *entry_read(enum entry_kind kind, const char *text, struct entry *ret_entry);
/* The same for what stands on a list, or in the store: a URL has no scheme there. */
const char *entry_read_line(enum entry_kind kind, const char *line, struct entry *ret_entry);
struct entry entry_copy(const struct entry *entry);
/* Leaves it as ENTRY_IP without a name; may be done twice. */
void entry_done(struct entry *entry);

/* The line that stands for it; in text where one has to be made. Valid as long as both. */
const char *entry_text(const struct entry *entry, char text[ADDRESS_TEXT_SIZE]);
/* Order of lists: kinds apart, addresses by number, names by their bytes. */
int entry_compare(const struct entry *a, const struct entry *b);
/* Does the line of a list of this kind cover the entry? A wider range does. */
bool entry_is_covered(const struct entry *entry, const char *line);

#endif
