/*
 * json: read and write JSON (RFC 8259) without losing or guessing anything.
 *
 * Why our own reader: every byte from outside must be checked strictly before it is used (bad
 * UTF-8, duplicate keys, \u0000, trailing bytes, depth), and integers beyond 2^53 are account ids
 * and file times that must stay exact. A reader that does the checking has the tree in its hands
 * already; a second library behind it would round the numbers. Numbers are therefore kept as their
 * text. The reader is iterative: depth costs no C stack.
 *
 * A document is immutable and owns all its nodes.
 */
#ifndef HK_BASE_JSON_H
#define HK_BASE_JSON_H

#include "base/arena.h"
#include "base/buf.h"

/* No document nests deeper, whatever its limits say: the writers below may recurse. */
#define HK_JSON_DEPTH_MAX 512

enum hk_json_type {
    HK_JSON_NULL,
    HK_JSON_FALSE,
    HK_JSON_TRUE,
    HK_JSON_NUMBER, /* text is the number as written */
    HK_JSON_STRING, /* text is the decoded string, UTF-8, no NUL inside */
    HK_JSON_ARRAY,
    HK_JSON_OBJECT,
};

struct hk_json {
    enum hk_json_type type;
    unsigned count;   /* children of an array or object */
    const char *text; /* NUL-terminated, for numbers and strings */
    size_t text_size; /* bytes in text */
    const char *key;  /* NUL-terminated, when the parent is an object, else NULL */
    size_t key_size;
    const char *source; /* where the value begins in the parsed bytes (which the doc copied) */
    size_t source_size;
    const struct hk_json *first; /* children, in the order they were written */
    const struct hk_json *next;
};

struct hk_json_limits {
    size_t size_max; /* bytes of text */
    unsigned depth_max;
    unsigned nodes_max;
    /* Read what some senders write beside the standard: a key twice, control bytes in strings,
     * "\u0000" and half a surrogate pair (as U+FFFD), a backslash that escapes nothing
     * (it stays). For looking into a message only, never for what is kept as JSON. */
    bool is_lenient;
};

struct hk_json_doc {
    struct hk_arena arena;
    const struct hk_json *root; /* NULL until parsed */
};

/* Parse exactly one value. Errors are HK_INVALID (with byte offset) or HK_LIMIT (which limit), and
 * leave *ret_doc empty. Free with hk_json_doc_done (fine on an empty or zeroed one). The text is
 * copied: the caller's bytes may go. */
HK_MUST_CHECK enum hk_status hk_json_parse(const char *text, size_t size,
    const struct hk_json_limits *limits, struct hk_json_doc *ret_doc, struct hk_error *error);
void hk_json_doc_done(struct hk_json_doc *doc);

/* Limits for documents that this engine wrote itself. */
extern const struct hk_json_limits hk_json_limits_own;

/* All getters accept NULL and answer NULL / false then, so that paths can be chained. */
const struct hk_json *hk_json_get(const struct hk_json *object, const char *key);
/* Follow a dotted path such as "src.ip" through objects. */
const struct hk_json *hk_json_at(const struct hk_json *object, const char *path);
/* The string's text, or NULL when it is not a string. */
const char *hk_json_string(const struct hk_json *value);
/* Is it an array of strings and of nothing else? */
bool hk_json_is_texts(const struct hk_json *value);
/* The string found at path, or fallback (may be NULL). */
const char *hk_json_string_at(const struct hk_json *object, const char *path, const char *fallback);
/* True only for an integer literal that fits (no fraction, no exponent). */
bool hk_json_i64(const struct hk_json *value, int64_t *ret_value);
bool hk_json_double(const struct hk_json *value, double *ret_value);
bool hk_json_bool(const struct hk_json *value, bool *ret_value);
int64_t hk_json_i64_at(const struct hk_json *object, const char *path, int64_t fallback);
bool hk_json_bool_at(const struct hk_json *object, const char *path, bool fallback);
const char *hk_json_type_name(enum hk_json_type type);

/* --- writing: commas are placed by the writer; misuse (a value without key) is an assert --- */

struct hk_jw {
    struct hk_buf *out;
    unsigned depth;
    uint64_t objects; /* bit n: level n+1 is an object; levels beyond 64 are not checked */
    bool need_comma;
    bool after_key;
};

void hk_jw_init(struct hk_jw *jw, struct hk_buf *out);
void hk_jw_object(struct hk_jw *jw);     /* { */
void hk_jw_object_end(struct hk_jw *jw); /* } */
void hk_jw_array(struct hk_jw *jw);
void hk_jw_array_end(struct hk_jw *jw);
void hk_jw_key(struct hk_jw *jw, const char *key);
/* Bad UTF-8 in text, and a NUL in string_n, is written as U+FFFD; NULL writes null. */
void hk_jw_string(struct hk_jw *jw, const char *text);
void hk_jw_string_n(struct hk_jw *jw, const char *text, size_t size);
void hk_jw_i64(struct hk_jw *jw, int64_t value);
void hk_jw_bool(struct hk_jw *jw, bool value);
void hk_jw_null(struct hk_jw *jw);
/* Insert one complete JSON value that is known to be good. */
void hk_jw_raw(struct hk_jw *jw, const char *json, size_t size);
/* Write a parsed value again, order and number texts kept. */
void hk_jw_value(struct hk_jw *jw, const struct hk_json *value);
/* key and value in one call */
void hk_jw_kv(struct hk_jw *jw, const char *key, const char *text);
void hk_jw_kv_i64(struct hk_jw *jw, const char *key, int64_t value);
void hk_jw_kv_bool(struct hk_jw *jw, const char *key, bool value);
void hk_jw_kv_raw(struct hk_jw *jw, const char *key, const char *json);
void hk_jw_kv_value(struct hk_jw *jw, const char *key, const struct hk_json *value);
/* key with a time as RFC 3339 text; time_us 0 writes null */
void hk_jw_kv_time(struct hk_jw *jw, const char *key, int64_t time_us);

/* The form that is hashed: no white space, object keys sorted by bytes, strings with the shortest
 * escapes, numbers as written. Equal values written in another key order give equal bytes. */
void hk_json_canonical(const struct hk_json *value, struct hk_buf *out);
/* The same as a text that the caller frees, "{}" for NULL; NULL when memory is short. */
HK_MUST_CHECK char *hk_json_canonical_text(const struct hk_json *value);

#endif
