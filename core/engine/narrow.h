/*
 * narrow: may these arguments stand in for those? Less is allowed, more and other things are not.
 *
 * By the type of the value that was asked for:
 *   address, range   the same, or one that lies within it
 *   number           the same; or, where the action's schema says "x-narrow": true of it, since it
 * is an amount and no name, a lower one that is not below zero list             some of its items,
 * each the same or narrower; at least one object           member by member all others       the
 * same An argument that isn't named stays as it is; one that wasn't asked for can't be added.
 */
#ifndef HK_ENGINE_NARROW_H
#define HK_ENGINE_NARROW_H

#include "base/json.h"

/* Append what was asked for with what is wanted put in, in canonical form. HK_INVALID names the
 * argument and what would be wider. Both are objects; schema is that of the action's arguments, may
 * be NULL. *ret_is_changed: anything is narrower. */
HK_MUST_CHECK enum hk_status hk_narrow(const struct hk_json *asked, const struct hk_json *wanted,
    const struct hk_json *schema, struct hk_buf *out, bool *ret_is_changed, struct hk_error *error);

/* May a number with this schema be lowered? */
bool hk_narrow_lowers(const struct hk_json *schema);

#endif
