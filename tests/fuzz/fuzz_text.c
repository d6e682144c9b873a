/*
 * Any text to the readers of times, durations, addresses and ranges: what is accepted and written
 * must be read again as the same value. UTF-8, patterns and base64 come along.
 */
#include "base/digest.h"
#include "base/ip.h"
#include "base/text.h"
#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_time(const char *text)
{
    char written[HK_TIME_TEXT_SIZE];
    int64_t time_us;
    int64_t again_us;

    if (hk_time_parse(text, &time_us, NULL) != HK_OK)
        return;
    hk_time_format(time_us, written);
    must(hk_time_parse(written, &again_us, NULL) == HK_OK && again_us == time_us);
}

static void check_duration(const char *text)
{
    char written[32];
    int64_t ms;
    int64_t again_ms;

    if (hk_duration_parse(text, &ms, NULL) != HK_OK)
        return;
    must(ms >= 0);
    (void)snprintf(written, sizeof(written), "%lldms", (long long)ms);
    must(hk_duration_parse(written, &again_ms, NULL) == HK_OK && again_ms == ms);
}

static void check_address(const char *text)
{
    char written[HK_IP_TEXT_SIZE];
    struct hk_ip ip;
    struct hk_ip again;

    if (hk_ip_parse(text, &ip, NULL) != HK_OK)
        return;
    hk_ip_format(&ip, written);
    must(hk_ip_parse(written, &again, NULL) == HK_OK && memcmp(&ip, &again, sizeof(ip)) == 0);
}

static void check_range(const char *text)
{
    char written[HK_IP_TEXT_SIZE];
    struct hk_ip_range range;
    struct hk_ip_range again;

    if (hk_ip_range_parse(text, &range, NULL) != HK_OK)
        return;
    hk_ip_range_format(&range, written);
    must(hk_ip_range_parse(written, &again, NULL) == HK_OK);
    must(memcmp(&range.base, &again.base, sizeof(range.base)) == 0);
    must(range.prefix == again.prefix);
    must(hk_ip_range_has(&range, &range.base) && hk_ip_ranges_overlap(&range, &again));
}

static void check_bytes(const char *text, size_t size)
{
    char plain[256];
    size_t plain_size;
    struct hk_buf written;

    must(hk_utf8_valid_prefix(text, size) <= size);
    must(hk_utf8_prefix(text, size, size / 2) <= size / 2);
    must(hk_glob_matches(text, text) || memchr(text, '*', size) != NULL);
    if (hk_base64_decode(text, size, plain, sizeof(plain), &plain_size) != HK_OK)
        return;
    hk_buf_init(&written, 1024);
    hk_base64(plain, plain_size, &written);
    must(written.size == size && (size == 0 || memcmp(written.data, text, size) == 0));
    hk_buf_done(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[257];

    if (size >= sizeof(text))
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    check_time(text);
    check_duration(text);
    check_address(text);
    check_range(text);
    check_bytes(text, size);
    return 0;
}
