/*
 * problem: error answers, as RFC 9457 problem documents. All of them are written here.
 */
#ifndef HK_API_PROBLEM_H
#define HK_API_PROBLEM_H

#include "base/buf.h"
#include "base/json.h"

#define HK_PROBLEM_TYPE "application/problem+json"

#define HK_PROBLEM_TIGHT "the disk is nearly full: no new alerts are taken"
#define HK_PROBLEM_LAST "the disk is full: nothing is taken until there is room again"

struct hk_problem {
    int status;         /* of HTTP */
    const char *type;   /* RFC 9457 section 3.1.1; NULL: about:blank */
    const char *detail; /* one sentence; NULL: none */
    /* Further members; each may be NULL. */
    const char *extra_key; /* such as "current" */
    const char *extra_json;
    int retry_after_s; /* 0: none */
};

/* Append the document: type, title, status, detail, and what is extra. */
void hk_problem_write(const struct hk_problem *problem, struct hk_buf *out);

/* The HTTP status that tells a failure of ours. */
int hk_problem_status(enum hk_status status);

#endif
