/*
 * ip_reach: no spelling of an address of this machine or its networks counts as public.
 */
#include "base/ip_reach.h"

#include "support/suite.h"

#include <stdio.h>

struct reach_case {
    const char *text;
    enum hk_ip_reach reach;
};

static void check(const struct reach_case *cases, size_t count)
{
    struct hk_ip ip;

    for (size_t i = 0; i < count; i++) {
        CU_ASSERT_EQUAL_FATAL(hk_ip_parse(cases[i].text, &ip, NULL), HK_OK);
        if (hk_ip_reach(&ip) != cases[i].reach)
            printf("\n  %s\n", cases[i].text);
        CU_ASSERT_EQUAL(hk_ip_reach(&ip), cases[i].reach);
    }
}

static void ipv4_is_told_apart(void)
{
    static const struct reach_case cases[] = {
        {"192.0.2.1", HK_IP_PUBLIC},
        {"8.8.8.8", HK_IP_PUBLIC},
        {"1.0.0.0", HK_IP_PUBLIC},
        {"223.255.255.255", HK_IP_PUBLIC},
        {"9.255.255.255", HK_IP_PUBLIC},
        {"10.0.0.0", HK_IP_PRIVATE},
        {"10.255.255.255", HK_IP_PRIVATE},
        {"11.0.0.0", HK_IP_PUBLIC},
        {"100.63.255.255", HK_IP_PUBLIC},
        {"100.64.0.0", HK_IP_PRIVATE},
        {"100.127.255.255", HK_IP_PRIVATE},
        {"100.128.0.0", HK_IP_PUBLIC},
        {"127.0.0.1", HK_IP_PRIVATE},
        {"127.255.255.254", HK_IP_PRIVATE},
        {"169.253.255.255", HK_IP_PUBLIC},
        {"169.254.169.254", HK_IP_PRIVATE},
        {"172.15.255.255", HK_IP_PUBLIC},
        {"172.16.0.1", HK_IP_PRIVATE},
        {"172.31.255.255", HK_IP_PRIVATE},
        {"172.32.0.0", HK_IP_PUBLIC},
        {"192.0.0.192", HK_IP_PRIVATE},
        {"192.88.99.1", HK_IP_PRIVATE},
        {"192.167.255.255", HK_IP_PUBLIC},
        {"192.168.0.1", HK_IP_PRIVATE},
        {"198.17.255.255", HK_IP_PUBLIC},
        {"198.19.0.1", HK_IP_PRIVATE},
        {"0.0.0.1", HK_IP_PRIVATE},
        {"0.0.0.0", HK_IP_NEVER},
        {"224.0.0.1", HK_IP_NEVER},
        {"239.255.255.250", HK_IP_NEVER},
        {"240.0.0.1", HK_IP_NEVER},
        {"255.255.255.255", HK_IP_NEVER},
    };

    check(cases, COUNT_OF(cases));
}

static void ipv6_is_told_apart(void)
{
    static const struct reach_case cases[] = {
        {"2001:db8::1", HK_IP_PUBLIC},
        {"2606:4700::1111", HK_IP_PUBLIC},
        {"::1", HK_IP_PRIVATE},
        {"::", HK_IP_NEVER},
        {"fc00::1", HK_IP_PRIVATE},
        {"fd00:ec2::254", HK_IP_PRIVATE},
        {"fe80::1", HK_IP_PRIVATE},
        {"fe80::1%eth0", HK_IP_PRIVATE},
        {"febf::1", HK_IP_PRIVATE},
        {"fec0::1", HK_IP_PRIVATE},
        {"ff02::1", HK_IP_NEVER},
        {"100::1", HK_IP_PRIVATE},
        {"2001::1", HK_IP_PRIVATE},
        {"2002:7f00:1::", HK_IP_PRIVATE},
        {"64:ff9b:1::7f00:1", HK_IP_PRIVATE},
    };

    check(cases, COUNT_OF(cases));
}

static void ipv4_within_ipv6_counts_as_what_it_leads_to(void)
{
    static const struct reach_case cases[] = {
        {"::ffff:127.0.0.1", HK_IP_PRIVATE},
        {"::ffff:7f00:1", HK_IP_PRIVATE},
        {"::127.0.0.1", HK_IP_PRIVATE},
        {"::ffff:192.0.2.1", HK_IP_PUBLIC},
        {"::ffff:0.0.0.0", HK_IP_NEVER},
        {"::ffff:0:127.0.0.1", HK_IP_PRIVATE},
        {"64:ff9b::192.0.2.1", HK_IP_PUBLIC},
        {"64:ff9b::127.0.0.1", HK_IP_PRIVATE},
        {"64:ff9b::169.254.169.254", HK_IP_PRIVATE},
        {"64:ff9b::10.0.0.1", HK_IP_PRIVATE},
        {"64:ff9b::0.0.0.0", HK_IP_NEVER},
        {"64:ff9b::224.0.0.1", HK_IP_NEVER},
    };

    check(cases, COUNT_OF(cases));
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"IPv4 is told apart", ipv4_is_told_apart},
        {"IPv6 is told apart", ipv6_is_told_apart},
        {"IPv4 within IPv6 counts as what it leads to",
            ipv4_within_ipv6_counts_as_what_it_leads_to},
    };

    return suite_run("ip_reach", tests, COUNT_OF(tests));
}
