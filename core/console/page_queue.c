/*
 * page_queue: what waits for a person: decisions first, by their deadline; then tasks, runs that
 * are stuck, and alerts that nobody has looked at.
 */
#include "console/lists.h"
#include "console/pages.h"
#include "console/show.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 20 }; /* of each; the rest is one link away */

static const struct hk_json *items_of(const struct hk_json *list)
{
    return hk_json_get(list, "items");
}

static unsigned count_of(const struct hk_json *list)
{
    const struct hk_json *items = items_of(list);

    return items != NULL ? items->count : 0;
}

/* Soonest deadline first. */
static int by_deadline(const void *a, const void *b)
{
    int64_t one = hk_show_us(*(const struct hk_json *const *)a, "expires");
    int64_t other = hk_show_us(*(const struct hk_json *const *)b, "expires");

    return one < other ? -1 : one > other;
}

static void put_more(struct hk_html *html, unsigned count, const char *path)
{
    if (count <= SHOWN_MAX)
        return;
    hk_html_open_class(html, "p", "next");
    hk_html_open(html, "a");
    hk_html_url(html, "href", path);
    hk_html_word(html, HK_WORD_MORE_OF_THESE);
    hk_html_end(html);
    hk_html_end(html);
}

static void put_approvals(struct hk_html *html, const struct hk_json *list)
{
    unsigned count = count_of(list);
    const struct hk_json **sorted = calloc(count + 1, sizeof(*sorted));
    unsigned shown = 0;

    if (sorted == NULL) {
        html->out->failed = html->out->short_of_memory = true;
        return;
    }
    hk_page_section(html, "approvals", HK_WORD_QUEUE_APPROVALS);
    if (count == 0) {
        hk_html_line(html, "p", "empty", HK_WORD_NO_APPROVALS);
    } else {
        for (const struct hk_json *item = items_of(list)->first; item != NULL; item = item->next)
            sorted[shown++] = item;
        qsort(sorted, shown, sizeof(*sorted), by_deadline);
        hk_html_open_class(html, "ul", "items");
        for (unsigned i = 0; i < shown && i < SHOWN_MAX; i++)
            hk_list_approval(html, sorted[i]);
        hk_html_end(html);
        put_more(html, count, "/approvals?state=pending");
    }
    hk_html_end(html);
    free(sorted);
}

/* The first items of a list; counts on from shown. */
static unsigned put_first(
    struct hk_html *html, const struct hk_json *list, hk_list_fn *put_item, unsigned shown)
{
    const struct hk_json *items = items_of(list);

    for (const struct hk_json *item = items != NULL ? items->first : NULL;
         item != NULL && shown < SHOWN_MAX; item = item->next, shown++)
        put_item(html, item);
    return shown;
}

/* A section with the first of one or two lists (other may be NULL); nothing when there are none. */
static void put_lists(struct hk_html *html, const char *id, enum hk_word heading,
    const struct hk_json *list, const struct hk_json *other, hk_list_fn *put_item, const char *path)
{
    unsigned count = count_of(list) + count_of(other);

    if (count == 0)
        return;
    hk_page_section(html, id, heading);
    hk_html_open_class(html, "ul", "items");
    (void)put_first(html, other, put_item, put_first(html, list, put_item, 0));
    hk_html_end(html);
    put_more(html, count, path);
    hk_html_end(html);
}

static void put_now(struct hk_html *html)
{
    struct hk_buf now;

    hk_html_open_class(html, "p", "row soft");
    hk_buf_init(&now, 256);
    hk_words_time(&now, html->language, html->zone_minutes, HK_TIME_MINUTES, html->now_us);
    hk_html_open(html, "span");
    hk_html_say(html, HK_WORD_AS_OF, now.data != NULL ? now.data : "");
    hk_html_end(html);
    hk_buf_done(&now);
    hk_html_open(html, "a");
    hk_html_url(html, "href", "/");
    hk_html_word(html, HK_WORD_RELOAD);
    hk_html_end(html);
    hk_html_end(html);
}

void hk_page_queue(struct hk_buf *out, const struct hk_page *base, const struct hk_page_queue *what)
{
    struct hk_page page = *base;
    struct hk_html html;

    page.title = hk_word(base->language, HK_WORD_QUEUE);
    page.place = HK_PLACE_QUEUE;
    hk_page_begin(&html, out, &page);
    put_now(&html);
    put_approvals(&html, what->approvals);
    put_lists(
        &html, "tasks", HK_WORD_QUEUE_TASKS, what->tasks, NULL, hk_list_task, "/tasks?state=open");
    put_lists(&html, "stuck", HK_WORD_QUEUE_STUCK, what->unknown, what->diverged, hk_list_run,
        "/runs?state=live");
    put_lists(&html, "alerts", HK_WORD_QUEUE_ALERTS, what->alerts, NULL, hk_list_alert, "/alerts");
    put_lists(&html, "gaps", HK_WORD_QUEUE_GAPS, what->gaps, NULL, hk_list_gap, "/gaps?state=open");
    if (count_of(what->tasks) + count_of(what->unknown) + count_of(what->diverged) +
            count_of(what->alerts) ==
        0)
        hk_html_line(&html, "p", "empty", HK_WORD_NO_ALERTS);
    hk_page_end(&html, &page);
}
