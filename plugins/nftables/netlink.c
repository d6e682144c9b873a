#include "netlink.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_SIZE_MAX 65536 /* the kernel cuts a dump into parts of at most 32 KiB */
#define ANSWER_TIME_MAX_S 5   /* its answers are there when the question is sent */
#define PARTS_MAX 100000      /* of one dump */
#define GENERATION_ATTR 1     /* NFNL_BATCH_GENID */
#define FAMILY 1              /* NFPROTO_INET */

#define SUBSYSTEM(type) (uint16_t)((type) >> 8)
#define ROUND_UP(size) (((size) + 3u) & ~(size_t)3)

/* ---- making messages ---- */

/* Room for size bytes, zeroed up to the next border; NULL when there is none. */
static uint8_t *take(struct netlink_bytes *out, size_t size)
{
    size_t whole = ROUND_UP(size);

    if (out->is_full || whole > out->capacity - out->size) {
        out->is_full = true;
        return NULL;
    }
    uint8_t *place = out->data + out->size;
    memset(place, 0, whole);
    out->size += whole;
    return place;
}

void netlink_put(struct netlink_bytes *out, uint16_t type, const void *data, size_t size)
{
    struct nlattr head = {.nla_len = (uint16_t)(sizeof(head) + size), .nla_type = type};

    if (size > UINT16_MAX - sizeof(head)) {
        out->is_full = true;
        return;
    }
    uint8_t *place = take(out, sizeof(head) + size);
    if (place == NULL)
        return;
    memcpy(place, &head, sizeof(head));
    if (size > 0)
        memcpy(place + sizeof(head), data, size);
}

void netlink_put_u32(struct netlink_bytes *out, uint16_t type, uint32_t value)
{
    uint32_t wire = htonl(value);

    netlink_put(out, type, &wire, sizeof(wire));
}

void netlink_put_u64(struct netlink_bytes *out, uint16_t type, uint64_t value)
{
    uint64_t wire = htobe64(value);

    netlink_put(out, type, &wire, sizeof(wire));
}

void netlink_put_text(struct netlink_bytes *out, uint16_t type, const char *text)
{
    netlink_put(out, type, text, strlen(text) + 1);
}

size_t netlink_nest(struct netlink_bytes *out, uint16_t type)
{
    size_t at = out->size;

    netlink_put(out, type | NLA_F_NESTED, NULL, 0);
    return at;
}

void netlink_nest_end(struct netlink_bytes *out, size_t at)
{
    struct nlattr head;

    if (out->is_full)
        return;
    if (out->size - at > UINT16_MAX) {
        out->is_full = true;
        return;
    }
    memcpy(&head, out->data + at, sizeof(head));
    head.nla_len = (uint16_t)(out->size - at);
    memcpy(out->data + at, &head, sizeof(head));
}

struct head {
    struct nlmsghdr message;
    struct nfgenmsg netfilter;
};

static void begin_message(
    struct netlink_bytes *out, uint16_t type, uint16_t flags, uint32_t sequence, uint16_t resource)
{
    struct head head = {.message = {.nlmsg_type = type,
                            .nlmsg_flags = flags | NLM_F_REQUEST,
                            .nlmsg_seq = sequence},
        .netfilter = {.nfgen_family = FAMILY, .version = 0, .res_id = htons(resource)}};

    uint8_t *place = take(out, sizeof(head));
    if (place != NULL)
        memcpy(place, &head, sizeof(head));
}

static void end_message(struct netlink_bytes *out, size_t at, uint16_t more_flags)
{
    struct nlmsghdr message;

    if (out->is_full)
        return;
    memcpy(&message, out->data + at, sizeof(message));
    message.nlmsg_len = (uint32_t)(out->size - at);
    message.nlmsg_flags |= more_flags;
    memcpy(out->data + at, &message, sizeof(message));
}

/* ---- the socket ---- */

int netlink_open(struct netlink *ret_netlink)
{
    const struct timeval patience = {.tv_sec = ANSWER_TIME_MAX_S};
    struct sockaddr_nl address = {.nl_family = AF_NETLINK};
    socklen_t size = sizeof(address);
    const int on = 1;

    *ret_netlink = (struct netlink){.fd = -1, .sequence = 1};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    if (fd < 0)
        return errno;
    /* Short acknowledgements: the whole question would come back with each. */
    (void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
        bind(fd, (const struct sockaddr *)&address, size) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        int error = errno;
        close(fd);
        return error;
    }
    ret_netlink->fd = fd;
    ret_netlink->port = address.nl_pid;
    return 0;
}

void netlink_close(struct netlink *netlink)
{
    if (netlink->fd >= 0)
        close(netlink->fd);
    netlink->fd = -1;
}

static int send_all(const struct netlink *netlink, const void *data, size_t size)
{
    const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    ssize_t sent;

    do
        sent = sendto(netlink->fd, data, size, MSG_NOSIGNAL, (const struct sockaddr *)&kernel,
            sizeof(kernel));
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return errno;
    return (size_t)sent == size ? 0 : EIO;
}

/* One packet from the kernel into buffer: its size, or -1 with errno. */
static ssize_t receive(const struct netlink *netlink, void *buffer, size_t capacity, int flags)
{
    struct sockaddr_nl from = {0};
    socklen_t from_size = sizeof(from);
    ssize_t size;

    do
        size = recvfrom(
            netlink->fd, buffer, capacity, flags | MSG_TRUNC, (struct sockaddr *)&from, &from_size);
    while ((size < 0 && errno == EINTR) || (size >= 0 && from.nl_pid != 0));
    if (size > (ssize_t)capacity) {
        errno = EMSGSIZE;
        return -1;
    }
    return size;
}

/* What a sender that was given up on left behind would be taken for an answer to the next. */
static void drain(const struct netlink *netlink)
{
    uint8_t buffer[256];

    while (recv(netlink->fd, buffer, sizeof(buffer), MSG_DONTWAIT) >= 0)
        continue;
}

/* Take the next message off a packet; false at its end. */
static bool next_message(const uint8_t **at, size_t *left, struct nlmsghdr *ret_head,
    const uint8_t **ret_body, size_t *ret_size)
{
    if (*left < sizeof(*ret_head))
        return false;
    memcpy(ret_head, *at, sizeof(*ret_head));
    if (ret_head->nlmsg_len < sizeof(*ret_head) || ret_head->nlmsg_len > *left)
        return false;
    *ret_body = *at + sizeof(*ret_head);
    *ret_size = ret_head->nlmsg_len - sizeof(*ret_head);
    size_t step = ROUND_UP(ret_head->nlmsg_len);
    if (step > *left)
        step = *left;
    *at += step;
    *left -= step;
    return true;
}

/* The errno of an error message, 0 of an acknowledgement. */
static int error_of(const uint8_t *body, size_t size)
{
    int32_t code;

    if (size < sizeof(code))
        return EBADMSG;
    memcpy(&code, body, sizeof(code));
    return code <= 0 ? -code : EBADMSG;
}

struct question {
    uint32_t sequence;
    bool all;
    netlink_answer_fn *answer;
    void *ctx;
    bool is_over;
    bool was_interrupted;
    int error;
};

static void take_packet(struct question *question, const uint8_t *at, size_t left)
{
    struct nlmsghdr head;
    const uint8_t *body;
    size_t size;

    while (!question->is_over && next_message(&at, &left, &head, &body, &size)) {
        if (head.nlmsg_seq != question->sequence)
            continue;
        if ((head.nlmsg_flags & NLM_F_DUMP_INTR) != 0)
            question->was_interrupted = true;
        if (head.nlmsg_type == NLMSG_DONE || head.nlmsg_type == NLMSG_ERROR) {
            question->is_over = true;
            /* A dump that fails on its way says so in its end. */
            question->error = size == 0 ? 0 : error_of(body, size);
        } else if (SUBSYSTEM(head.nlmsg_type) == NFNL_SUBSYS_NFTABLES &&
                   size >= sizeof(struct nfgenmsg)) {
            question->answer(question->ctx, head.nlmsg_type & 0xff, body + sizeof(struct nfgenmsg),
                size - sizeof(struct nfgenmsg));
            question->is_over = !question->all;
        }
    }
}

int netlink_ask(struct netlink *netlink, uint16_t type, bool all, const struct netlink_bytes *attrs,
    netlink_answer_fn *answer, void *ctx)
{
    static uint8_t packet[ANSWER_SIZE_MAX]; /* one thread, one question at a time */
    uint8_t data[1024];
    struct netlink_bytes out = {.data = data, .capacity = sizeof(data)};
    struct question question = {
        .sequence = ++netlink->sequence, .all = all, .answer = answer, .ctx = ctx};

    if (attrs->is_full || attrs->size > sizeof(data) - sizeof(struct head))
        return EMSGSIZE;
    begin_message(&out, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), all ? NLM_F_DUMP : 0,
        question.sequence, 0);
    memcpy(take(&out, attrs->size), attrs->data, attrs->size);
    end_message(&out, 0, 0);
    drain(netlink);
    int error = send_all(netlink, out.data, out.size);
    for (unsigned parts = 0; error == 0 && !question.is_over; parts++) {
        ssize_t size = receive(netlink, packet, sizeof(packet), 0);
        if (size < 0)
            error = errno;
        else if (parts > PARTS_MAX)
            error = EOVERFLOW;
        else
            take_packet(&question, packet, (size_t)size);
    }
    if (error == 0)
        error = question.error;
    return error == 0 && question.was_interrupted ? EAGAIN : error;
}

static void on_generation(void *ctx, uint16_t type, const uint8_t *attrs, size_t size)
{
    struct netlink_attr table[NFTA_GEN_MAX + 1];
    (void)type;

    netlink_index(attrs, size, table, NFTA_GEN_MAX + 1);
    *(uint32_t *)ctx = netlink_u32(&table[NFTA_GEN_ID], 0);
}

int netlink_generation(struct netlink *netlink, uint32_t *ret_generation)
{
    const struct netlink_bytes none = {.data = (uint8_t *)"", .size = 0};

    *ret_generation = 0;
    int error = netlink_ask(netlink, NFT_MSG_GETGEN, false, &none, on_generation, ret_generation);
    return error == 0 && *ret_generation == 0 ? EBADMSG : error;
}

/* ---- transactions ---- */

void netlink_batch_begin(struct netlink_batch *batch, struct netlink *netlink, uint32_t generation)
{
    batch->bytes = (struct netlink_bytes){.data = batch->data, .capacity = sizeof(batch->data)};
    batch->first_sequence = ++netlink->sequence;
    batch->next_sequence = batch->first_sequence + 1;
    batch->last_at = 0;
    begin_message(
        &batch->bytes, NFNL_MSG_BATCH_BEGIN, 0, batch->first_sequence, NFNL_SUBSYS_NFTABLES);
    netlink_put_u32(&batch->bytes, GENERATION_ATTR, generation);
    end_message(&batch->bytes, 0, 0);
}

struct netlink_bytes *netlink_batch_message(
    struct netlink_batch *batch, uint16_t type, uint16_t flags)
{
    batch->message_at = batch->bytes.size;
    begin_message(&batch->bytes, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags,
        batch->next_sequence++, 0);
    return &batch->bytes;
}

void netlink_batch_message_end(struct netlink_batch *batch)
{
    end_message(&batch->bytes, batch->message_at, 0);
    batch->last_at = batch->message_at;
}

struct verdict {
    uint32_t first; /* sequence of the batch itself */
    uint32_t last;  /* of its last message */
    bool is_done;
    int error; /* of the message that failed first */
    uint32_t message;
};

static void judge_packet(struct verdict *verdict, const uint8_t *at, size_t left)
{
    struct nlmsghdr head;
    const uint8_t *body;
    size_t size;

    while (next_message(&at, &left, &head, &body, &size)) {
        if (head.nlmsg_type != NLMSG_ERROR || head.nlmsg_seq < verdict->first ||
            head.nlmsg_seq > verdict->last)
            continue;
        int error = error_of(body, size);
        if (error == 0 && head.nlmsg_seq == verdict->last)
            verdict->is_done = true;
        if (error != 0 && verdict->error == 0) {
            verdict->error = error;
            verdict->message = head.nlmsg_seq - verdict->first - 1; /* wraps for the batch itself */
        }
    }
}

enum netlink_outcome netlink_batch_commit(struct netlink_batch *batch, struct netlink *netlink,
    bool only_check, int *ret_error, uint32_t *ret_message)
{
    uint8_t packet[4096];
    struct verdict verdict = {.first = batch->first_sequence, .last = batch->next_sequence - 1};
    ssize_t size;

    /* The last change is acknowledged once all of them have happened; refusals come in any case. */
    end_message(&batch->bytes, batch->last_at, NLM_F_ACK);
    size_t end_at = batch->bytes.size;
    if (!only_check) { /* without an end the kernel checks it all and takes it back */
        begin_message(
            &batch->bytes, NFNL_MSG_BATCH_END, 0, batch->next_sequence, NFNL_SUBSYS_NFTABLES);
        end_message(&batch->bytes, end_at, 0);
    }
    netlink->sequence = batch->next_sequence;
    *ret_message = 0;
    *ret_error = EMSGSIZE;
    if (batch->bytes.is_full)
        return NETLINK_REFUSED;
    drain(netlink);
    *ret_error = send_all(netlink, batch->bytes.data, batch->bytes.size);
    if (*ret_error != 0) /* it was not taken in at all */
        return NETLINK_REFUSED;
    while ((size = receive(netlink, packet, sizeof(packet), MSG_DONTWAIT)) >= 0)
        judge_packet(&verdict, packet, (size_t)size);
    *ret_error = verdict.error;
    *ret_message = verdict.message;
    if (verdict.error == ERESTART || verdict.error == EAGAIN || verdict.error == EINTR)
        return NETLINK_CHANGED;
    if (verdict.error != 0)
        return NETLINK_REFUSED;
    return verdict.is_done ? NETLINK_DONE : NETLINK_UNKNOWN;
}
