/*
 * ip: one normal form for every way to write an address, strict reading, ranges.
 */
#include "base/ip.h"

#include "support/suite.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static void addresses_have_one_form(void)
{
    static const struct {
        const char *text;
        const char *normal;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"::FFFF:c000:0201", "192.0.2.1"},
        {"0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"},
        {"[::ffff:192.0.2.1]", "192.0.2.1"},
        {"::ffff:192.0.2.1%eth0", "192.0.2.1"},
        {"::192.0.2.1", "192.0.2.1"},
        {"::c000:201", "192.0.2.1"},
        {"::", "::"},
        {"::1", "::1"},
        {"::0.0.0.1", "::1"},
        {"::2", "0.0.0.2"},
        {"0:0:0:0:0:0:0:1", "::1"},
        {"[::1]", "::1"},
        {"2001:DB8::1", "2001:db8::1"},
        {"2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        {"1::", "1::"},
        {"fe80::1%eth0", "fe80::1"},
        {"[fe80::1%en0.5_x-1]", "fe80::1"},
        {"64:ff9b::192.0.2.1", "64:ff9b::c000:201"},
        {"1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:c000:201"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hk_ip ip;
        char text[HK_IP_TEXT_SIZE];
        CU_ASSERT_EQUAL_FATAL(hk_ip_parse(cases[i].text, &ip, NULL), HK_OK);
        hk_ip_format(&ip, text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].normal);
        CU_ASSERT_EQUAL(hk_ip_is_v4(&ip), strchr(cases[i].normal, ':') == NULL);
    }
}

static void ambiguous_addresses_are_refused(void)
{
    static const char *const cases[] = {"", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.4.",
        "1.2.3.4 ", " 1.2.3.4", ".1.2.3.4", "1..2.3", "01.2.3.4", "1.2.3.04", "00.0.0.0",
        "0x7f.0.0.1", "0x7f000001", "2130706433", "0177.0.0.1", "1.2.3.4%eth0", "[1.2.3.4]",
        "1.2.3.4\n", "1.2.3.-4", "+1.2.3.4", "1.2.3.4/32", "1,2,3,4", ":", ":::", "1:", ":1", "1:2",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:", ":1:2:3:4:5:6:7:8", "1::2::3",
        "1:2:3:4:5:6:7::8", "::1:2:3:4:5:6:7:8", "12345::", "g::", "::1.2.3", "::1.2.3.04",
        "::1.2.3.4:5", "1.2.3.4::", "1:2:3:4:5:6:7:1.2.3.4", "1:1.2.3.4", "[::1", "::1]", "[]", "[",
        "]", "[[::1]]", "::1%", "::1%eth 0", "::1%eth0%eth1", "%eth0", "::1 ", "::1.", "::1/128",
        "localhost", "::ffff:1.2.3.256", "[::1]%eth0"};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hk_ip ip;
        struct hk_error error = {0};
        enum hk_status status = hk_ip_parse(cases[i], &ip, &error);
        CU_ASSERT_EQUAL(status, HK_INVALID);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "is not an IP address"));
        if (status == HK_OK)
            (void)printf("\naccepted \"%s\"\n", cases[i]);
    }
}

/* Many patterns of zero groups: ours is what the C library reads as the same bytes. */
static void written_addresses_are_read_alike_by_the_library(void)
{
    for (unsigned zeros = 1; zeros < 256; zeros++) {
        struct hk_ip ip;
        struct hk_ip back;
        char text[HK_IP_TEXT_SIZE];
        uint8_t theirs[16];
        for (unsigned i = 0; i < 8; i++) {
            ip.bytes[2 * i] = 0;
            ip.bytes[2 * i + 1] = (zeros >> i & 1) != 0 ? (uint8_t)(i + 2) : 0;
        }
        ip.bytes[0] = 0x20;
        hk_ip_format(&ip, text);
        CU_ASSERT_EQUAL_FATAL(inet_pton(AF_INET6, text, theirs), 1);
        CU_ASSERT_EQUAL(memcmp(theirs, ip.bytes, 16), 0);
        CU_ASSERT_EQUAL_FATAL(hk_ip_parse(text, &back, NULL), HK_OK);
        CU_ASSERT_EQUAL(memcmp(back.bytes, ip.bytes, 16), 0);
    }
}

static void ranges_are_read(void)
{
    static const struct {
        const char *text;
        const char *normal; /* NULL: refused */
    } cases[] = {
        {"10.0.0.0/8", "10.0.0.0/8"},
        {"0.0.0.0/0", "0.0.0.0/0"},
        {"192.0.2.1", "192.0.2.1/32"},
        {"192.0.2.128/25", "192.0.2.128/25"},
        {"::ffff:10.0.0.0/104", "10.0.0.0/8"},
        {"::10.0.0.0/104", "10.0.0.0/8"},
        {"::ffff:0:0/96", "0.0.0.0/0"},
        {"2001:db8::/32", "2001:db8::/32"},
        {"[2001:db8::]/32", "2001:db8::/32"},
        {"fe80::%eth0/10", "fe80::/10"},
        {"::/0", "::/0"},
        {"::/80", "::/80"},
        {"::1", "::1/128"},
        {"::/128", "::/128"},
        {"::/96", NULL},
        {"::/127", NULL},
        {"10.0.0.1/8", NULL},
        {"192.0.2.1/31", NULL},
        {"2001:db8::1/64", NULL},
        {"::ffff:10.0.0.0/90", NULL},
        {"::1.2.3.4/64", NULL},
        {"10.0.0.0/33", NULL},
        {"10.0.0.0/08", NULL},
        {"10.0.0.0/", NULL},
        {"10.0.0.0/ 8", NULL},
        {"10.0.0.0/8 ", NULL},
        {"10.0.0.0/-8", NULL},
        {"10.0.0.0/8/8", NULL},
        {"10.0.0.0/255.0.0.0", NULL},
        {"10.0.0/8", NULL},
        {"10/8", NULL},
        {"::/129", NULL},
        {"::/4294967296", NULL},
        {"/8", NULL},
        {"", NULL},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hk_ip_range range;
        char text[HK_IP_TEXT_SIZE];
        enum hk_status status = hk_ip_range_parse(cases[i].text, &range, NULL);
        CU_ASSERT_EQUAL(status, cases[i].normal != NULL ? HK_OK : HK_INVALID);
        if (status != HK_OK || cases[i].normal == NULL)
            continue;
        hk_ip_range_format(&range, text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].normal);
    }
}

static void ranges_hold_and_overlap(void)
{
    static const struct {
        const char *range;
        const char *other;
        bool has; /* other's first address */
        bool overlaps;
    } cases[] = {
        {"10.0.0.0/8", "10.255.255.255", true, true},
        {"10.0.0.0/8", "11.0.0.0", false, false},
        {"10.0.0.0/8", "::ffff:10.1.2.3", true, true},
        {"10.0.0.0/8", "::10.1.2.3", true, true},
        {"10.1.0.0/16", "10.0.0.0/8", false, true},
        {"10.0.0.0/8", "10.1.0.0/16", true, true},
        {"192.0.2.128/25", "192.0.2.127", false, false},
        {"192.0.2.128/25", "192.0.2.0/24", false, true},
        {"192.0.2.1", "192.0.2.1", true, true},
        {"0.0.0.0/0", "::1", false, false},
        {"0.0.0.0/0", "203.0.113.9", true, true},
        {"::/0", "203.0.113.9", true, true},
        {"2001:db8::/33", "2001:db8:8000::", false, false},
        {"2001:db8::/33", "2001:db8:7fff::", true, true},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hk_ip_range a;
        struct hk_ip_range b;
        CU_ASSERT_EQUAL_FATAL(hk_ip_range_parse(cases[i].range, &a, NULL), HK_OK);
        CU_ASSERT_EQUAL_FATAL(hk_ip_range_parse(cases[i].other, &b, NULL), HK_OK);
        CU_ASSERT_EQUAL(hk_ip_range_has(&a, &b.base), cases[i].has);
        CU_ASSERT_EQUAL(hk_ip_ranges_overlap(&a, &b), cases[i].overlaps);
        CU_ASSERT_EQUAL(hk_ip_ranges_overlap(&b, &a), cases[i].overlaps);
    }
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"addresses have one form", addresses_have_one_form},
        {"ambiguous addresses are refused", ambiguous_addresses_are_refused},
        {"written addresses are read alike by the library",
            written_addresses_are_read_alike_by_the_library},
        {"ranges are read", ranges_are_read},
        {"ranges hold and overlap", ranges_hold_and_overlap},
    };
    return suite_run("ip", tests, COUNT_OF(tests));
}
