/*
 * list_decide: the page on which a person decides, and what is said when they did.
 */
#ifndef HK_WORDS_LIST_DECIDE_H
#define HK_WORDS_LIST_DECIDE_H

/* clang-format off */
#define HK_WORDS_DECIDE(X)                                                                         \
    X(APPROVE, "Approve", "承認する")
/* clang-format on */

#endif
