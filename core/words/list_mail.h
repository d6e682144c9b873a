/*
 * list_mail: what mails and chat messages say.
 */
#ifndef HK_WORDS_LIST_MAIL_H
#define HK_WORDS_LIST_MAIL_H

/* clang-format off */
#define HK_WORDS_MAIL(X)
/* clang-format on */

#endif
