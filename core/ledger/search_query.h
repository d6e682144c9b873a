/*
 * search_query: read what people ask for. Pure. sdk/docs/search.md describes the language:
 *
 *     query  = clause …                    all of them hold
 *     clause = unit [or unit …]            one of them holds
 *     unit   = [-] (word | word* | "words" | field:value | ( query ))
 *
 * Nothing of what is asked reaches SQLite as it was written: words are cut by search_words.h and
 * put between quotes, which none of them can hold; names of columns come from a table.
 */
#ifndef HK_LEDGER_SEARCH_QUERY_H
#define HK_LEDGER_SEARCH_QUERY_H

#include "base/buf.h"
#include "ledger/project.h"

/* The columns of the index. X(NAME, name in the index) */
#define HK_SEARCH_COLUMNS(X)                                                                       \
    X(FACET, "facet") /* no text: ":all", ":alert", ":severity4" */                                \
    X(TITLE, "title")                                                                              \
    X(PRODUCT, "product")                                                                          \
    X(SOURCE, "source")                                                                            \
    X(CATEGORY, "category")                                                                        \
    X(SRC_IP, "src_ip")                                                                            \
    X(SRC_HOST, "src_host")                                                                        \
    X(DST_IP, "dst_ip")                                                                            \
    X(DST_HOST, "dst_host")                                                                        \
    X(DEVICE_IP, "device_ip")                                                                      \
    X(DEVICE_HOST, "device_host")                                                                  \
    X(USER, "user")                                                                                \
    X(MAIL, "mail")                                                                                \
    X(FILE, "file")                                                                                \
    X(HASH, "hash")                                                                                \
    X(URL, "url")                                                                                  \
    X(DOMAIN, "domain")                                                                            \
    X(PROCESS, "process")                                                                          \
    X(TECHNIQUE, "technique")                                                                      \
    X(RULE, "rule")                                                                                \
    X(ACTION, "action")                                                                            \
    X(TARGET, "target")                                                                            \
    X(NOTE, "note")                                                                                \
    X(ID, "id")                                                                                    \
    X(TEXT, "text")

enum hk_search_column {
#define X(name, text) HK_SEARCH_##name,
    HK_SEARCH_COLUMNS(X)
#undef X
        HK_SEARCH_COLUMN_COUNT
};
extern const char *const hk_search_column_names[HK_SEARCH_COLUMN_COUNT];

#define HK_SEARCH_FACET_ALL ":all"           /* of each document */
#define HK_SEARCH_FACET_SEVERITY ":severity" /* and its number */

/* The kinds of things that are found: "alert", "case" …; NULL for nouns that are not. Their facet
 * is the same word behind a colon. */
const char *hk_search_noun_text(enum hk_noun noun);

#define HK_SEARCH_STATE_SIZE 24

struct hk_search_query {
    struct hk_buf match;              /* for MATCH */
    int64_t from_us;                  /* entries of this time and later; 0: no bound */
    int64_t to_us;                    /* entries before this time; INT64_MAX: no bound */
    char state[HK_SEARCH_STATE_SIZE]; /* of the thing today; "": any */
    bool is_other_state;              /* any but that */
};

/* Read a query; "" is all there is. now_us is what durations ("since:24h") are counted back from.
 * HK_INVALID names the character, counted from 1. Done with hk_search_query_done, also after a
 * failure. */
HK_MUST_CHECK enum hk_status hk_search_query_read(const char *text, size_t size, int64_t now_us,
    struct hk_search_query *ret_query, struct hk_error *error);
void hk_search_query_done(struct hk_search_query *query);

#endif
