/*
 * search_words: cut texts into the words that the index knows, the same for what is indexed and for
 * what is asked. Pure. Texts are well-formed UTF-8; words are put one behind the other, a blank
 * between two. Letters keep their case here: SQLite's unicode61 folds it, and takes marks off.
 *
 * - A word is a run of letters and digits; everything else parts words, so that a mail address, a
 *   path, a domain or an id is a row of words (a phrase, when it is asked for).
 * - Numbers with dots between them are one word ("203.0.113.66", "10.0.19045"), and so is an IPv6
 *   address, in its shortest form (RFC 5952); one that holds an IPv4 address is that one.
 * - Chinese, Japanese and Korean writing has no blanks: of "端末隔離" the pairs "端末", "末隔",
 * "隔離" are words, and the last character "離" is one, so that each character begins some word.
 * - Forms of full and half width are those of usual width.
 */
#ifndef HK_LEDGER_SEARCH_WORDS_H
#define HK_LEDGER_SEARCH_WORDS_H

#include "base/buf.h"

/* Append the words of a text that is indexed. Bytes at the end of *out's room are left out. */
void hk_search_words(const char *text, size_t size, struct hk_buf *out);

/* Append the words of a text that is asked for. has_star: a '*' stood behind it. *ret_is_prefix:
 * the last word stands for all that begin with it. Returns how many words there are. */
size_t hk_search_asked_words(
    const char *text, size_t size, bool has_star, struct hk_buf *out, bool *ret_is_prefix);

#endif
