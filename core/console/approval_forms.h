/*
 * approval_forms: the parts of an approval's page that people act in, and what they said. Internal
 * to console/.
 */
#ifndef HK_CONSOLE_APPROVAL_FORMS_H
#define HK_CONSOLE_APPROVAL_FORMS_H

#include "console/pages.h"

/* What changed since the person looked; nothing when nothing did. */
void hk_approval_stale(struct hk_html *html, const struct hk_page_approval *what);
/* Approve and reject, narrow, pass on, ask back; or why this person can't. */
void hk_approval_decide(
    struct hk_html *html, const struct hk_page *page, const struct hk_page_approval *what);
/* Who said what so far, oldest first. */
void hk_approval_said(struct hk_html *html, const struct hk_json *approval);

#endif
