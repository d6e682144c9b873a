/*
 * sign: does a webhook come from its product? The raw body, the headers and the time in; a verdict
 * out. Pure. Secrets and signatures are compared in constant time, and all of them each time.
 *
 *   github             X-Hub-Signature-256: sha256=HEX over the body
 *   slack              X-Slack-Signature: v0=HEX over "v0:" TIME ":" body, TIME in
 *                      X-Slack-Request-Timestamp
 *   stripe             Stripe-Signature (or the header that is configured): t=TIME,v1=HEX,… over
 *                      TIME "." body
 *   standard-webhooks  webhook-id, webhook-timestamp, webhook-signature: "v1,BASE64 …" over
 *                      ID "." TIME "." body; svix-… as well. The secret may be "whsec_BASE64"
 *   hmac               one header with prefix and HEX or BASE64 over a template
 *   bearer, basic, header   the secret itself, in Authorization or in a header
 *   graph              the secret stands in the body, as clientState of each item of value
 *
 * TIME is in seconds or milliseconds since 1970, or as RFC 3339 has it. A time that is signed must
 * be within the window. Whoever has no time in what is signed could be replayed for ever; that
 * bodies are remembered (repeat_key) bounds it.
 */
#ifndef HK_SOURCE_SIGN_H
#define HK_SOURCE_SIGN_H

#include "base/digest.h"
#include "source/config.h"

#include <stdbool.h>
#include <stdint.h>

/* The value of the only header of that lower-case name; NULL when absent or given twice. */
typedef const char *hk_sign_header_fn(void *ctx, const char *name);

struct hk_sign_request {
    hk_sign_header_fn *header;
    void *ctx;
    const char *body;
    size_t body_size;
    int64_t now_us;
};

struct hk_sign_verdict {
    bool is_good;
    const char *why; /* for the operator, not for the sender; NULL when it is good */
    /* By which a delivery is known again: hex of a hash over its id where that is signed, or comes
     * with the secret itself, else over the body. Filled when it is good. */
    char repeat_key[HK_SHA256_HEX_SIZE];
};

void hk_sign_check(const struct hk_webhook_config *config, const struct hk_sign_request *request,
    struct hk_sign_verdict *ret_verdict);
/* Work as long as for a webhook that there is. */
void hk_sign_check_nothing(const struct hk_sign_request *request);

/* A text with {body} once, {time} and {id} at most once, and no other brace. */
bool hk_sign_template_is_good(const char *text);
/* Is a body that comes again a repetition for as long as it can be remembered? So it is where
 * nothing else stands against a replay, and where products put an id into each body. Elsewhere the
 * same body may be news. */
bool hk_sign_remembers_long(const struct hk_webhook_config *config);

#endif
