/*
 * status: how every function that can fail says so.
 *
 * A function returns an enum hk_status, hands results back through ret_ parameters, and writes one
 * sentence for a person into the struct hk_error it is given. The sentence names what is wrong and
 * where; it never holds a secret. Nothing is written to ret_ parameters on failure.
 */
#ifndef HK_BASE_STATUS_H
#define HK_BASE_STATUS_H

#include <stddef.h>

#define HK_MUST_CHECK __attribute__((warn_unused_result))
/* For wide rooms on the stack that are not cleared first: only what was written there is read. */
#define HK_UNCLEARED __attribute__((uninitialized))
#define HK_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))

/* name, text for people */
#define HK_STATUS_LIST(X)                                                                          \
    X(OK, "ok")                                                                                    \
    X(INVALID, "invalid input")                                                                    \
    X(NOT_FOUND, "not found")                                                                      \
    X(DENIED, "not allowed")                                                                       \
    X(UNPROVEN, "needs a fresh code")                                                              \
    X(CONFLICT, "conflicts with what stands")                                                      \
    X(LIMIT, "a limit is reached")                                                                 \
    X(BUSY, "busy, try again later")                                                               \
    X(TIMEOUT, "timed out")                                                                        \
    X(UNSUPPORTED, "not supported here")                                                           \
    X(CORRUPT, "stored data is damaged")                                                           \
    X(IO, "input or output failed")                                                                \
    X(NOMEM, "out of memory")                                                                      \
    X(INTERNAL, "internal error")

enum hk_status {
#define X(name, text) HK_##name,
    HK_STATUS_LIST(X)
#undef X
};

struct hk_error {
    enum hk_status status;
    char text[320];
};

/* Return the fixed text of a status, e.g. "not found". Never NULL. */
const char *hk_status_text(enum hk_status status);

/* Write a formatted sentence into *error (may be NULL) and return status, so that a caller can
 * `return hk_fail(error, HK_INVALID, "…")`. Text that does not fit is cut at a UTF-8 boundary;
 * control bytes are replaced by '?', since texts end up on terminals. */
enum hk_status hk_fail(struct hk_error *error, enum hk_status status, const char *format, ...)
    HK_PRINTF(3, 4);
#ifdef __clang_analyzer__
/* Tell the static analyzer that what comes back is the status given. */
#define hk_fail(error, status, ...) ((void)(hk_fail)(error, status, __VA_ARGS__), (status))
#endif

/* Put "context: " in front of the text that *error (may be NULL) already has; return its status
 * (HK_INTERNAL when error is NULL, so keep the status apart where error may be NULL). */
enum hk_status hk_error_prefix(struct hk_error *error, const char *format, ...) HK_PRINTF(2, 3);

#endif
