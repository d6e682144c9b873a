/*
 * list: the catalogue. X(ID, English, Japanese), one file for each part of the product.
 *
 * Places for what is put in are {0} to {9}; a brace that is no place is not used. Japanese is what
 * a SOC in Japan writes to its customers, in です・ます, not English word by word; labels and
 * headings have no full stop.
 */
#ifndef HK_WORDS_LIST_H
#define HK_WORDS_LIST_H

#include "words/list_case.h"
#include "words/list_common.h"
#include "words/list_decide.h"
#include "words/list_login.h"
#include "words/list_mail.h"
#include "words/list_pages.h"

#define HK_WORDS_LIST(X)                                                                           \
    HK_WORDS_COMMON(X)                                                                             \
    HK_WORDS_CASE(X)                                                                               \
    HK_WORDS_PAGES(X)                                                                              \
    HK_WORDS_DECIDE(X)                                                                             \
    HK_WORDS_LOGIN(X)                                                                              \
    HK_WORDS_MAIL(X)

#endif
