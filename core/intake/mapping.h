/*
 * mapping: one mapping as it was read from its file: how to tell its messages, and where each field
 * of the view comes from. sdk/docs/mapping.md describes the file. All of it lives in one arena and
 * is immutable once read. Inside the room only.
 */
#ifndef HK_INTAKE_MAPPING_H
#define HK_INTAKE_MAPPING_H

#include "intake/glob.h"
#include "intake/path.h"
#include "intake/pattern.h"
#include "intake/products.h"
#include "intake/target.h"
#include "limits.h"

/* What a message's body may be read as. */
enum hk_reads {
    HK_READS_JSON = 1 << 0,
    HK_READS_CEF = 1 << 1,
    HK_READS_LEEF = 1 << 2,
    HK_READS_PAIRS = 1 << 3,
    HK_READS_CSV = 1 << 4,
    HK_READS_XML = 1 << 5,
    HK_READS_ZEEK = 1 << 6, /* a line of a file whose columns are known */
    HK_READS_TEXT = 1 << 7, /* whatever is no JSON */
};

/* All conditions of a list must hold. One holds when a value at its path does (when it is negated:
 * when none does). */
struct hk_condition {
    struct hk_path path;
    bool is_negated;
    bool is_of_text; /* the path is "@text" */
    bool is_range;
    double low;
    double high;
    const struct hk_glob *globs; /* any of them */
    unsigned glob_count;
    const struct hk_condition *next;
};

struct hk_value_entry {
    struct hk_glob key;
    bool is_range;
    double low;
    double high;
    const char *value;
};
struct hk_value_map {
    const struct hk_value_entry *entries; /* the first that fits counts */
    unsigned count;
};

/* A part of a template: text, or a path with what stands there when it has no value (or NULL). */
struct hk_template_part {
    const char *text;
    size_t text_size;
    bool is_path;
    struct hk_path path;
    unsigned group; /* 0: outside of brackets; else the number of its "[ … ]" */
};
struct hk_template {
    const struct hk_template_part *parts;
    unsigned count;
};

enum hk_source_kind { HK_SOURCE_PATH, HK_SOURCE_TEMPLATE, HK_SOURCE_TEXT };

/* One way to a value; the first of a list that has one counts. */
struct hk_source {
    enum hk_source_kind kind;
    struct hk_path path;
    struct hk_template template;
    const char *text;
    const struct hk_condition *when;
    const struct hk_value_map *map; /* what it doesn't know is no value */
    const char *after; /* the value is what follows the first of these, if it is there */
    const char *before;
    bool is_last;                /* after means the last, not the first */
    const char *const *patterns; /* of times, NULL-ended; NULL: all that are known */
    const struct hk_source *next;
};

struct hk_find {
    struct hk_path in;
    const struct hk_pattern *const *any; /* NULL-ended; the first that fits counts */
    const struct hk_find *next;
};

struct hk_more {
    const char *name;
    const struct hk_source *source;
    const struct hk_more *next;
};

struct hk_fields {
    uint64_t targets; /* bit n: there is something for target n */
    const struct hk_source *by_target[HK_TARGET_MAX];
    const struct hk_more *more; /* fields under "more" */
    const struct hk_find *finds;
};

struct hk_case {
    struct hk_glob key;
    const struct hk_fields *fields;
};
/* Fields by a value, such as the number of the message. */
struct hk_cases {
    const struct hk_source *by;
    const struct hk_case *exact; /* sorted by key */
    unsigned exact_count;
    const struct hk_case *open; /* with stars; the first that fits counts */
    unsigned open_count;
    const struct hk_cases *next;
};

struct hk_alternative {
    const struct hk_condition *conditions;
    unsigned count; /* of the conditions: the more the better it knows */
    const struct hk_alternative *next;
};

struct hk_mapping {
    const char *form;
    const char *file;
    const char *product;                /* when it is the same for all messages, else NULL */
    unsigned reads;                     /* bits of enum hk_reads */
    int rank;                           /* above the number of conditions */
    bool names_title;                   /* a match asks for "title": see products.h */
    const struct hk_alternative *match; /* any of them */
    const struct hk_path *under; /* objects in which paths are looked up too, after the top */
    unsigned under_count;
    struct hk_fields fields;
    const struct hk_cases *cases;
    enum hk_target required[HK_TARGET_MAX];
    unsigned required_count;
    bool has_zone;
    int utc_offset_min;
    bool has_pairs; /* its pairs are parted so, whatever it looks like */
    bool is_loose;
    char pairs_between;
    char pairs_equals;
    const char *columns; /* of a Zeek line, when the file's head is not known */
    unsigned slot_count;
};

/* Where a mapping finds the one that it is like: its document, or NULL. */
typedef const struct hk_json *hk_mapping_like_fn(void *ctx, const char *form);

/* The form that a mapping's document names. HK_INVALID: it names none. */
HK_MUST_CHECK enum hk_status hk_mapping_form(const struct hk_mapping_file *file,
    const struct hk_json *root, const char **ret_form, struct hk_error *error);

/* Read a mapping from its document. HK_INVALID: "FILE:LINE: PATH: what is wrong". */
HK_MUST_CHECK enum hk_status hk_mapping_read(const struct hk_mapping_file *file,
    const struct hk_json *root, struct hk_arena *arena, hk_mapping_like_fn *like, void *ctx,
    struct hk_mapping *ret_mapping, struct hk_error *error);

#endif
