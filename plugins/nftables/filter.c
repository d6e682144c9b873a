#include "filter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES_MAX 10          /* against others who change the rule set at the same time */
#define END_TOLERANCE_MS 1000 /* between the engine's clock and the kernel's */

/* What the kernel says, all from one generation of the rule set. */
struct view {
    uint32_t generation;
    struct layout_state state;
    enum layout_kind kind;
    struct hold hold;
};

static enum filter_outcome failed(char why[FILTER_WHY_SIZE], const char *what, int error)
{
    if (error == EPERM || error == EACCES)
        snprintf(why, FILTER_WHY_SIZE,
            "%s: this process may not change the network namespace (CAP_NET_ADMIN is missing)",
            what);
    else
        snprintf(why, FILTER_WHY_SIZE, "%s: %s", what, strerror(error));
    return FILTER_FAILED;
}

int filter_open(struct filter *filter)
{
    filter->netlink.fd = -1;
    filter->batch = malloc(sizeof(*filter->batch));
    if (filter->batch == NULL)
        return ENOMEM;
    int error = netlink_open(&filter->netlink);
    if (error != 0)
        filter_close(filter);
    return error;
}

void filter_close(struct filter *filter)
{
    netlink_close(&filter->netlink);
    free(filter->batch);
    filter->batch = NULL;
}

/* EAGAIN: something changed meanwhile. */
static int look_once(
    struct filter *filter, const struct filter_subject *subject, struct view *ret_view)
{
    uint32_t after = 0;

    memset(ret_view, 0, sizeof(*ret_view));
    ret_view->kind = hold_kind(subject->is_isolation, &subject->range);
    int error = netlink_generation(&filter->netlink, &ret_view->generation);
    if (error == 0)
        error = layout_look(&filter->layout, &filter->netlink, &ret_view->state);
    if (error == 0 && subject->key != NULL)
        error = hold_find(&filter->layout, &ret_view->state, &filter->netlink, ret_view->kind,
            &subject->range, subject->key, &ret_view->hold);
    if (error == 0)
        error = netlink_generation(&filter->netlink, &after);
    return error == 0 && after != ret_view->generation ? EAGAIN : error;
}

static int look(struct filter *filter, const struct filter_subject *subject, struct view *ret_view)
{
    int error = EAGAIN;

    for (unsigned i = 0; i < TRIES_MAX && error == EAGAIN; i++)
        error = look_once(filter, subject, ret_view);
    return error;
}

/* Begin a transaction on what was looked at; the table is right when it is over. */
static void begin(struct filter *filter, const struct view *view, unsigned layer)
{
    unsigned layers[LAYOUT_KINDS] = {0};

    layers[view->kind] = layer + 1;
    netlink_batch_begin(filter->batch, &filter->netlink, view->generation);
    if (!view->state.is_right || layer >= view->state.layers[view->kind])
        layout_mend(&filter->layout, &view->state, layers, filter->batch);
}

static uint64_t timeout_of(const struct filter *filter, uint64_t lease_ms)
{
    return lease_ms == 0 ? 0 : lease_ms + filter->margin_ms;
}

/* ---- put ---- */

static bool is_overlap(int error)
{
    return error == EEXIST || error == ENOTEMPTY || error == EBUSY;
}

/* One transaction. CHANGED: look again. An overlap moves *layer on and is CHANGED too. */
static enum netlink_outcome put_once(struct filter *filter, const struct filter_subject *subject,
    const struct view *view, uint64_t timeout_ms, unsigned *layer, int *ret_error)
{
    uint32_t refused = 0;

    begin(filter, view, *layer);
    uint32_t element = filter->batch->next_sequence - filter->batch->first_sequence - 1;
    hold_put(&filter->layout, view->kind, *layer, &subject->range, subject->key, timeout_ms,
        filter->batch);
    enum netlink_outcome outcome =
        netlink_batch_commit(filter->batch, &filter->netlink, false, ret_error, &refused);
    if (outcome != NETLINK_REFUSED || !is_overlap(*ret_error) || refused != element)
        return outcome;
    (*layer)++;
    return NETLINK_CHANGED;
}

/* Only to put the table right around what holds already. */
static enum netlink_outcome mend_once(
    struct filter *filter, const struct view *view, int *ret_error)
{
    uint32_t refused = 0;

    begin(filter, view, 0);
    return netlink_batch_commit(filter->batch, &filter->netlink, false, ret_error, &refused);
}

enum filter_outcome filter_put(struct filter *filter, const struct filter_subject *subject,
    uint64_t lease_ms, struct filter_report *ret_report, char why[FILTER_WHY_SIZE])
{
    enum netlink_outcome outcome = NETLINK_CHANGED;
    struct view view;
    unsigned layer = 0;
    int error = 0;

    *ret_report = (struct filter_report){0};
    for (unsigned i = 0; i < TRIES_MAX + LAYOUT_LAYERS_MAX && outcome == NETLINK_CHANGED; i++) {
        if (layer == LAYOUT_LAYERS_MAX) {
            snprintf(why, FILTER_WHY_SIZE, "%d others hold parts of this address already",
                LAYOUT_LAYERS_MAX);
            return FILTER_FAILED;
        }
        error = look(filter, subject, &view);
        if (error != 0)
            return failed(why, "can't look at the rule set", error);
        ret_report->was_there = view.hold.is_there;
        ret_report->layer = view.hold.is_there ? view.hold.layer : layer;
        if (view.hold.is_there && view.state.is_right)
            return FILTER_DONE;
        if (view.hold.is_there)
            outcome = mend_once(filter, &view, &error);
        else
            outcome =
                put_once(filter, subject, &view, timeout_of(filter, lease_ms), &layer, &error);
    }
    if (outcome == NETLINK_UNKNOWN)
        snprintf(why, FILTER_WHY_SIZE, "the kernel gave no answer");
    if (outcome == NETLINK_UNKNOWN)
        return FILTER_UNKNOWN;
    if (outcome != NETLINK_DONE)
        return failed(why, "the kernel refused it", outcome == NETLINK_CHANGED ? EBUSY : error);
    ret_report->was_mended = view.state.has_table && !view.state.is_right;
    snprintf(why, FILTER_WHY_SIZE, "%s", view.state.found);
    return FILTER_DONE;
}

/* ---- take and renew ---- */

/* Replace the hold by one that ends later, or (timeout_ms NULL) by none. */
static enum filter_outcome replace(struct filter *filter, const struct filter_subject *subject,
    const uint64_t *timeout_ms, bool *ret_was_there, char why[FILTER_WHY_SIZE])
{
    enum netlink_outcome outcome = NETLINK_CHANGED;
    struct view view;
    uint32_t refused = 0;
    int error = 0;

    for (unsigned i = 0; i < TRIES_MAX && outcome == NETLINK_CHANGED; i++) {
        error = look(filter, subject, &view);
        if (error != 0)
            return failed(why, "can't look at the rule set", error);
        *ret_was_there = view.hold.is_there;
        if (!view.hold.is_there)
            return FILTER_DONE;
        netlink_batch_begin(filter->batch, &filter->netlink, view.generation);
        hold_take(&filter->layout, view.kind, view.hold.layer, &subject->range, filter->batch);
        if (timeout_ms != NULL)
            hold_put(&filter->layout, view.kind, view.hold.layer, &subject->range, subject->key,
                *timeout_ms, filter->batch);
        outcome = netlink_batch_commit(filter->batch, &filter->netlink, false, &error, &refused);
        /* It ended by itself between the look and now, which is no change of the rule set. */
        if (outcome == NETLINK_REFUSED && error == ENOENT)
            outcome = NETLINK_CHANGED;
    }
    if (outcome == NETLINK_DONE)
        return FILTER_DONE;
    if (outcome != NETLINK_UNKNOWN)
        return failed(why, "the kernel refused it", outcome == NETLINK_CHANGED ? EBUSY : error);
    snprintf(why, FILTER_WHY_SIZE, "the kernel gave no answer");
    return FILTER_UNKNOWN;
}

enum filter_outcome filter_take(struct filter *filter, const struct filter_subject *subject,
    struct filter_report *ret_report, char why[FILTER_WHY_SIZE])
{
    *ret_report = (struct filter_report){0};
    return replace(filter, subject, NULL, &ret_report->was_there, why);
}

enum filter_outcome filter_renew(struct filter *filter, const struct filter_subject *subject,
    uint64_t lease_ms, char why[FILTER_WHY_SIZE])
{
    const uint64_t timeout_ms = timeout_of(filter, lease_ms);
    bool was_there = false;

    enum filter_outcome outcome = replace(filter, subject, &timeout_ms, &was_there, why);
    if (outcome != FILTER_DONE || was_there)
        return outcome;
    snprintf(why, FILTER_WHY_SIZE, "nothing holds under this key any more");
    return FILTER_FAILED;
}

/* ---- questions ---- */

enum filter_outcome filter_look(struct filter *filter, const struct filter_subject *subject,
    uint64_t lease_ms, struct filter_view *ret_view, char why[FILTER_WHY_SIZE])
{
    char address[ADDRESS_TEXT_SIZE];
    struct view view;

    *ret_view = (struct filter_view){0};
    int error = look(filter, subject, &view);
    if (error != 0) {
        (void)failed(why, "can't look at the rule set", error);
        return FILTER_UNKNOWN;
    }
    address_format(&subject->range, address);
    ret_view->is_there = view.hold.is_there;
    ret_view->packets = view.hold.packets;
    if (!view.state.is_right)
        snprintf(ret_view->found, sizeof(ret_view->found), "%s", view.state.found);
    else if (!view.hold.is_there)
        snprintf(ret_view->found, sizeof(ret_view->found),
            "%s is in no set under this containment's key", address);
    else if (view.hold.has_end && view.hold.left_ms + END_TOLERANCE_MS < lease_ms)
        snprintf(ret_view->found, sizeof(ret_view->found),
            "the hold of %s ends by itself in %llu s, before its lease does", address,
            (unsigned long long)(view.hold.left_ms / 1000));
    ret_view->holds = ret_view->found[0] == '\0';
    return FILTER_DONE;
}

enum filter_outcome filter_try(struct filter *filter, bool is_isolation, char why[FILTER_WHY_SIZE])
{
    struct filter_subject subject = {.is_isolation = is_isolation};
    enum netlink_outcome outcome = NETLINK_CHANGED;
    struct view view;
    uint32_t refused = 0;
    int error = 0;

    (void)address_parse("192.0.2.255", &subject.range); /* RFC 5737: nobody's */
    for (unsigned i = 0; i < TRIES_MAX && outcome == NETLINK_CHANGED; i++) {
        error = look(filter, &subject, &view);
        if (error != 0)
            return failed(why, "can't look at the rule set", error);
        begin(filter, &view, 0);
        hold_put(&filter->layout, view.kind, 0, &subject.range, "check", 1000, filter->batch);
        outcome = netlink_batch_commit(filter->batch, &filter->netlink, true, &error, &refused);
    }
    if (outcome == NETLINK_DONE || (outcome == NETLINK_REFUSED && is_overlap(error)))
        return FILTER_DONE;
    return failed(why, "the kernel would refuse it", error != 0 ? error : EIO);
}
