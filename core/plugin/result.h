/*
 * result: what a plugin gives back, made fit to be recorded. A result that does not fit its
 * action's schema is no result: nobody can know what a plugin did that doesn't keep its own word.
 * Fields that the schema marks "x-secret" are replaced by {"$redacted":true}, and secrets of the
 * tenant that are repeated in any text by "[secret NAME]".
 */
#ifndef HK_PLUGIN_RESULT_H
#define HK_PLUGIN_RESULT_H

#include "base/secrets.h"

/* A JSON object that follows schema (NULL: any). Appends what may be recorded to out. HK_INVALID or
 * HK_LIMIT say what is wrong. secrets may be NULL. */
HK_MUST_CHECK enum hk_status hk_result_read(const char *text, const char *schema,
    const struct hk_secrets *secrets, struct hk_buf *out, struct hk_error *error);

#endif
