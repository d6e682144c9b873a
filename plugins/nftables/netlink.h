/*
 * netlink: messages to netfilter's part of the kernel, and one socket for them (RFC 3549 for the
 * form; linux/netfilter/nf_tables.h for the words). The kernel answers while it is being written
 * to, so everything here ends at once but for the time that the kernel's own lock takes.
 *
 * Nothing that arrives is believed without looking at its sizes.
 */
#ifndef NFTABLES_NETLINK_H
#define NFTABLES_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NETLINK_WHY_SIZE 200
#define NETLINK_BATCH_SIZE_MAX (128 * 1024) /* less than a socket takes at once by default */

/* ---- making messages ---- */

/* Bytes of messages, in memory of the caller. What does not fit sets is_full and is not written. */
struct netlink_bytes {
    uint8_t *data;
    size_t size;
    size_t capacity;
    bool is_full;
};

void netlink_put(struct netlink_bytes *out, uint16_t type, const void *data, size_t size);
void netlink_put_u32(struct netlink_bytes *out, uint16_t type, uint32_t value); /* big-endian */
void netlink_put_u64(struct netlink_bytes *out, uint16_t type, uint64_t value);
void netlink_put_text(struct netlink_bytes *out, uint16_t type, const char *text); /* with NUL */
/* Begin a nested attribute; give what it returns to netlink_nest_end. */
size_t netlink_nest(struct netlink_bytes *out, uint16_t type);
void netlink_nest_end(struct netlink_bytes *out, size_t at);

/* ---- reading them ---- */

struct netlink_attr {
    uint16_t type; /* without flags */
    bool is_nested;
    const uint8_t *data; /* NULL: it is not there */
    size_t size;
};

/* Take the next attribute off the front of *at; false at the end, or where the rest is no
 * attribute.
 */
bool netlink_next(const uint8_t **at, size_t *left, struct netlink_attr *ret_attr);
/* Fill table, which has count places, by type; the first of a type counts. */
void netlink_index(const void *data, size_t size, struct netlink_attr *table, size_t count);
/* fallback when the attribute is absent or of another size. */
uint32_t netlink_u32(const struct netlink_attr *attr, uint32_t fallback);
uint64_t netlink_u64(const struct netlink_attr *attr, uint64_t fallback);
/* Is it this text? */
bool netlink_is_text(const struct netlink_attr *attr, const char *text);
/* Is every attribute of wanted in found, with the same bytes? Nested ones are looked into. The
 * kernel adds attributes when it shows what it was given. */
bool netlink_has_all(
    const uint8_t *wanted, size_t wanted_size, const uint8_t *found, size_t found_size);

/* ---- the socket ---- */

struct netlink {
    int fd;
    uint32_t port;
    uint32_t sequence;
};

/* 0, or the errno. */
int netlink_open(struct netlink *ret_netlink);
void netlink_close(struct netlink *netlink);

/* Called for each answer: its type without the subsystem, and its attributes. */
typedef void netlink_answer_fn(void *ctx, uint16_t type, const uint8_t *attrs, size_t size);
/* Ask one question of nf_tables: attrs as made above. all: for all that fit (a dump), else for one.
 * 0, or the errno that the kernel gave (ENOENT: it is not there); EAGAIN when what is asked about
 * changed meanwhile. */
int netlink_ask(struct netlink *netlink, uint16_t type, bool all, const struct netlink_bytes *attrs,
    netlink_answer_fn *answer, void *ctx);
/* The number of the rule set: it changes with each change. */
int netlink_generation(struct netlink *netlink, uint32_t *ret_generation);

/* ---- transactions ---- */

struct netlink_batch {
    struct netlink_bytes bytes; /* of this very struct */
    uint32_t first_sequence;
    uint32_t next_sequence;
    size_t message_at;
    size_t last_at; /* of the last message that is complete */
    uint8_t data[NETLINK_BATCH_SIZE_MAX];
};

/* Begin; the kernel refuses it when the rule set is no longer of that generation. */
void netlink_batch_begin(struct netlink_batch *batch, struct netlink *netlink, uint32_t generation);
/* Begin one change of an inet table; its attributes go to the returned bytes. flags: NLM_F_CREATE,
 * NLM_F_EXCL, NLM_F_APPEND. */
struct netlink_bytes *netlink_batch_message(
    struct netlink_batch *batch, uint16_t type, uint16_t flags);
void netlink_batch_message_end(struct netlink_batch *batch);

enum netlink_outcome {
    NETLINK_DONE,    /* all of it */
    NETLINK_REFUSED, /* nothing of it; the errno says why */
    NETLINK_CHANGED, /* nothing of it: somebody else changed the rule set since; look again */
    NETLINK_UNKNOWN, /* no answer came */
};
/* Let it happen, all or nothing; only_check: let the kernel check it, and nothing happen. ret_error
 * and ret_message tell which message (from 0) was refused first and why. */
enum netlink_outcome netlink_batch_commit(struct netlink_batch *batch, struct netlink *netlink,
    bool only_check, int *ret_error, uint32_t *ret_message);

#endif
