/*
 * lists: one thing of each kind as an item (<li>) of a list. Internal to console/.
 */
#ifndef HK_CONSOLE_LISTS_H
#define HK_CONSOLE_LISTS_H

#include "console/page.h"

void hk_list_approval(struct hk_html *html, const struct hk_json *item);
void hk_list_alert(struct hk_html *html, const struct hk_json *item);
void hk_list_run(struct hk_html *html, const struct hk_json *item);
void hk_list_task(struct hk_html *html, const struct hk_json *item);
void hk_list_gap(struct hk_html *html, const struct hk_json *item);
void hk_list_case(struct hk_html *html, const struct hk_json *item);
void hk_list_containment(struct hk_html *html, const struct hk_json *item);

/* A list's items; empty says that there are none. */
typedef void hk_list_fn(struct hk_html *html, const struct hk_json *item);
void hk_list_items(
    struct hk_html *html, const struct hk_json *items, hk_list_fn *put_item, enum hk_word empty);

#endif
