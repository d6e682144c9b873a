/*
 * words: effects and kinds of actions by name, as descriptors, entries and answers have them.
 */
#ifndef HK_PLUGIN_WORDS_H
#define HK_PLUGIN_WORDS_H

#include "hikeshi/plugin.h"

#include <stdbool.h>

/* "read", "idempotent", … and "enrich", "notify", …; NULL for a number that is none of them. */
const char *hk_effect_text(enum hk_effect effect);
const char *hk_kind_of_action_text(enum hk_kind_of_action kind);
/* And back; false for NULL and other words, then ret_ is left as it was. */
bool hk_effect_from_text(const char *text, enum hk_effect *ret_effect);
bool hk_kind_of_action_from_text(const char *text, enum hk_kind_of_action *ret_kind);

#endif
