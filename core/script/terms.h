/*
 * terms: what a playbook can use beside the standard library, as data: for `check`, for editors and
 * for the reference. The list itself is term_list.h.
 */
#ifndef HK_SCRIPT_TERMS_H
#define HK_SCRIPT_TERMS_H

#include <stddef.h>

enum hk_term_kind {
    HK_TERM_STEP,     /* recorded before it begins; it may wait; inside `run` only */
    HK_TERM_BRANCHES, /* runs functions, whose steps have identities of their own; inside `run` */
    HK_TERM_VALUE,    /* costs no step; inside `run` only */
    HK_TERM_HELPER,   /* costs no step and needs no run */
    HK_TERM_MARK,     /* stands for something in data */
    HK_TERM_TOP,      /* outside of `run` only */
};

struct hk_term {
    const char *name; /* "wait", "json.parse" */
    enum hk_term_kind kind;
    const char *signature; /* a LuaCATS type */
    const char *help;      /* one line without a full stop */
};

/* All of them, by name; *ret_count is how many. Static memory. */
const struct hk_term *hk_terms(size_t *ret_count);
/* The term of that name, or NULL. */
const struct hk_term *hk_term_find(const char *name);
/* The kind as a reader of the reference calls it: "step", "branches", "value", "helper", … */
const char *hk_term_kind_text(enum hk_term_kind kind);

#endif
