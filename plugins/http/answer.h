/*
 * answer: what an answer, or none, says about a request: the outcome of the call and its text.
 *
 *              2xx      404, 410   other 4xx   3xx, 5xx   none, not sent   none, may be sent
 *   get        done     done       failed      failed     failed           failed
 *   post       done     failed     failed      unknown    failed           unknown
 */
#ifndef HTTP_ANSWER_H
#define HTTP_ANSWER_H

#include "text.h"

/* as: "json", "text" or NULL (what the answer says that it is). What doesn't fit into
 * answer_size_max bytes, or is no text, is left out of a post's result, and fails a get. */
enum hk_outcome answer_judge(const struct hk_http_answer *answer, bool is_post, const char *as,
    size_t answer_size_max, struct text *out);

#endif
