/*
 * dedupe: the key by which repeated alerts are known. Inside the room only.
 */
#ifndef HK_INTAKE_DEDUPE_H
#define HK_INTAKE_DEDUPE_H

#include "base/json.h"

/* Hex of the first half of SHA-256 over the fields (NULL-ended paths) of the view. A field that is
 * missing counts as empty; each is written with its length, so that no two joins are alike. */
HK_MUST_CHECK enum hk_status hk_dedupe_key(const struct hk_json *view, const char *const *fields,
    char ret_key[33], struct hk_error *error);

#endif
