/*
 * erase_kept: what stays of a payload that is erased: the fields by which the fold gives the same
 * ids, states, counts and times. Ids, words of our own, numbers and times; nothing that came from
 * outside or that somebody wrote. project.c folds these in the payload's place.
 */
#ifndef HK_LEDGER_ERASE_KEPT_H
#define HK_LEDGER_ERASE_KEPT_H

#include "base/json.h"
#include "ledger/entry.h"

/* Write the object. payload is parsed. */
void hk_erase_kept(enum hk_kind kind, const struct hk_json *payload, struct hk_jw *jw);
/* May a payload of this kind be erased at all? The ledger's own beginning and what says what was
 * erased stay for ever. */
bool hk_erase_may(enum hk_kind kind);

#endif
