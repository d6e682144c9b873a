/*
 * trigger: does a playbook want this alert? Pure.
 *
 * `on` of a descriptor (playbook.h) is a list of conditions, each a table from fields of the view
 * ("category", "src.ip") to what they must be: a text, one of several texts, or {"at_least":
 * SEVERITY}. One condition must hold; all its fields must match.
 */
#ifndef HK_SCRIPT_TRIGGER_H
#define HK_SCRIPT_TRIGGER_H

#include "base/json.h"

bool hk_trigger_matches(const struct hk_json *descriptor, const struct hk_json *view);
/* The same of a view of which only some fields are known: false only when whatever the others are
 * it can't match. */
bool hk_trigger_may_match(const struct hk_json *descriptor, const struct hk_json *part);

#endif
