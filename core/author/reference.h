/*
 * reference: what the playbook language has, for people and programs, made of the tables that the
 * language itself is made of (script/term_list.h, script/vocabulary.h, limits.h) and of
 * embed/reference.lua, which has the meaning and examples of each term.
 */
#ifndef HK_AUTHOR_REFERENCE_H
#define HK_AUTHOR_REFERENCE_H

#include "base/json.h"

/* Append the reference as one JSON object: {"terms":[{"name","kind","type","help","takes":[{"name",
 * "text"}],"gives","refuses","raises","code","file","test","values":[{"code","gives"}]}],
 * "trigger_fields","alert","severities","options","outcomes","verdicts","phases","capabilities",
 * "limits","library"}. HK_INTERNAL when a term has no meaning or no example, or a meaning belongs
 * to no term. */
HK_MUST_CHECK enum hk_status hk_reference_write(struct hk_buf *out, struct hk_error *error);
/* Append that document as a page of Markdown (reference_page.c). */
void hk_reference_page(const struct hk_json *reference, struct hk_buf *out);

#endif
