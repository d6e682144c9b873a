/*
 * unpack: what a webhook's body holds: messages, each of which is an alert, or a handshake. Pure;
 * the body comes from whom it should (sign.h).
 *
 *   a form with `payload`   (GitHub, Slack) its value is the body
 *   Slack url_verification  answered with its challenge
 *   Amazon SNS              a notification's Message is the body; to confirm a subscription is the
 *                           operator's: its address is told, and never fetched
 *   `items` configured      the list at that path (Microsoft Graph: value)
 *   an array, NDJSON        its items
 *   anything else           the whole body, also when it is no JSON
 */
#ifndef HK_SOURCE_UNPACK_H
#define HK_SOURCE_UNPACK_H

#include "base/buf.h"
#include "source/config.h"

struct hk_unpacked_item {
    size_t at; /* in text */
    size_t size;
};

struct hk_unpacked {
    struct hk_buf text;
    struct hk_unpacked_item *items;
    size_t count;
    char *answer;     /* of a handshake, text/plain; NULL for none */
    char notice[512]; /* for the operator; "" for none */
};

/* HK_LIMIT beyond HK_ALERTS_PER_REQUEST_MAX, HK_NOMEM. content_type may be NULL. *ret_unpacked is
 * to be freed by hk_unpacked_done in every case. */
HK_MUST_CHECK enum hk_status hk_unpack(const struct hk_webhook_config *config,
    const char *content_type, const char *body, size_t size, struct hk_unpacked *ret_unpacked,
    struct hk_error *error);
void hk_unpacked_done(struct hk_unpacked *unpacked);

#endif
