/*
 * list_login: logging in, passwords and second factors, the list of sessions.
 */
#ifndef HK_WORDS_LIST_LOGIN_H
#define HK_WORDS_LIST_LOGIN_H

/* clang-format off */
#define HK_WORDS_LOGIN(X)
/* clang-format on */

#endif
