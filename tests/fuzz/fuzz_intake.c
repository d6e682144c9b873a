/*
 * Any bytes as a request body: cut into items, each read. What is taken must hold together: the
 * view is JSON again, and taking the view gives the same view and key.
 */
#include "base/json.h"
#include "intake/intake.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX 64
#define NOW_US INT64_C(1795306845000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds)
        abort();
}

static void read_item(void *ctx, unsigned index, const char *text, size_t size)
{
    struct hk_alert_in first = {0};
    struct hk_alert_in second = {0};
    struct hk_error error;

    (void)ctx;
    check(index < ITEMS_MAX);
    if (hk_intake_read(text, size, NULL, NOW_US, &first, &error) != HK_OK) {
        check(first.view == NULL && memchr(error.text, '\0', sizeof(error.text)) != NULL);
        return;
    }
    check(first.severity >= 1 && first.severity <= 6 && strlen(first.dedupe) == 32);
    check(strlen(first.raw) <= size);
    /* The view may be longer than an alert may be; then it is refused for that alone. */
    if (hk_intake_read(first.view, strlen(first.view), NULL, NOW_US, &second, &error) == HK_OK) {
        check(strcmp(first.view, second.view) == 0);
        check(strcmp(first.dedupe, second.dedupe) == 0 && first.event_us == second.event_us);
    } else {
        check(error.status == HK_LIMIT);
    }
    hk_alert_in_done(&second);
    hk_alert_in_done(&first);
}

static void count_item(void *ctx, unsigned index, const char *text, size_t size)
{
    unsigned *count = ctx;

    check(index == (*count)++ && (size == 0 || text != NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int is_ndjson = 0; is_ndjson < 2; is_ndjson++) {
        unsigned called = 0;
        unsigned count = 0;
        enum hk_status status = hk_intake_split(
            (const char *)data, size, is_ndjson != 0, ITEMS_MAX, count_item, &called, &count, NULL);
        check(status == HK_OK ? called == count : called == 0);
        if (status == HK_OK)
            check(hk_intake_split((const char *)data, size, is_ndjson != 0, ITEMS_MAX, read_item,
                      NULL, &count, NULL) == HK_OK);
    }
    return 0;
}
