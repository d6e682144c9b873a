/*
 * case_forms: what people do to a case on its page. Internal to console/.
 */
#ifndef HK_CONSOLE_CASE_FORMS_H
#define HK_CONSOLE_CASE_FORMS_H

#include "console/pages.h"

void hk_case_form_describe(
    struct hk_html *html, const struct hk_page *page, const struct hk_json *it);
/* Take it, and say where the work is. */
void hk_case_form_take(struct hk_html *html, const struct hk_page *page, const struct hk_json *it);
void hk_case_form_note(struct hk_html *html, const struct hk_page *page, const struct hk_json *it);
/* Close it with a verdict, open it again, release all of it. */
void hk_case_form_end(
    struct hk_html *html, const struct hk_page *page, const struct hk_page_case *what);

#endif
