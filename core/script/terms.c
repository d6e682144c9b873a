#include "script/terms.h"

#include "script/term_list.h"

#include <string.h>

#define TERM(name, kind, function, signature, help) {name, kind, signature, help},
static const struct hk_term terms[] = {HK_TERMS(TERM)};
#undef TERM

#define TERM_COUNT (sizeof terms / sizeof *terms)

const struct hk_term *hk_terms(size_t *ret_count)
{
    *ret_count = TERM_COUNT;
    return terms;
}

const struct hk_term *hk_term_find(const char *name)
{
    for (size_t i = 0; i < TERM_COUNT; i++) {
        if (strcmp(terms[i].name, name) == 0)
            return &terms[i];
    }
    return NULL;
}

const char *hk_term_kind_text(enum hk_term_kind kind)
{
    static const char *const texts[] = {[HK_TERM_STEP] = "step",
        [HK_TERM_BRANCHES] = "branches",
        [HK_TERM_VALUE] = "value",
        [HK_TERM_HELPER] = "helper",
        [HK_TERM_MARK] = "mark",
        [HK_TERM_TOP] = "top"};

    return texts[kind];
}
