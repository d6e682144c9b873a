/*
 * net_grants: a server is granted by its name or address and port, in whatever spelling, and
 * nothing that was not meant is granted with it.
 */
#include "plugin/net_grants.h"

#include "support/suite.h"

#include <stdio.h>

static char *const grants[] = {(char *)"net:Siem.example:443",
    (char *)"net-private:cmdb.example:8443", (char *)"net:192.0.2.7:80",
    (char *)"net:[2001:db8::1]:443", (char *)"read:/etc/hosts", (char *)"net_admin",
    (char *)"net:both.example:1", (char *)"net-private:both.example:1", NULL};

static void servers_are_found_in_any_spelling(void)
{
    static const struct {
        const char *host;
        unsigned port;
        bool is_granted;
        bool may_be_private;
    } cases[] = {
        {"siem.example", 443, true, false},
        {"SIEM.EXAMPLE", 443, true, false},
        {"siem.example", 80, false, false},
        {"siem.example.", 443, false, false},
        {"x.siem.example", 443, false, false},
        {"cmdb.example", 8443, true, true},
        {"both.example", 1, true, true},
        {"192.0.2.7", 80, true, true},
        {"::ffff:192.0.2.7", 80, true, true},
        {"192.0.2.8", 80, false, true},
        {"2001:db8::1", 443, true, true},
        {"2001:0DB8:0::1", 443, true, true},
        {"[2001:db8::1]", 443, true, true},
        {"2001:db8::2", 443, false, true},
        {"/etc/hosts", 443, false, false},
        {"", 443, false, false},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bool may_be_private = false;
        bool is_granted = hk_net_is_granted(grants, cases[i].host, cases[i].port, &may_be_private);
        if (is_granted != cases[i].is_granted)
            printf("\n  %s:%u\n", cases[i].host, cases[i].port);
        CU_ASSERT_EQUAL(is_granted, cases[i].is_granted);
        CU_ASSERT(!is_granted || may_be_private == cases[i].may_be_private);
    }
    bool may_be_private = false;
    CU_ASSERT_FALSE(hk_net_is_granted(NULL, "siem.example", 443, &may_be_private));
}

static void needs_are_met_by_either_form(void)
{
    static char *const others[] = {(char *)"read:/etc/hosts", (char *)"net_admin", NULL};

    CU_ASSERT_TRUE(hk_net_need_is_met(grants, "net:siem.example:443"));
    CU_ASSERT_TRUE(hk_net_need_is_met(grants, "net:cmdb.example:8443"));
    CU_ASSERT_TRUE(hk_net_need_is_met(grants, "net:[2001:DB8::1]:443"));
    CU_ASSERT_FALSE(hk_net_need_is_met(grants, "net:siem.example:80"));
    CU_ASSERT_TRUE(hk_net_need_is_met(grants, "net"));
    CU_ASSERT_FALSE(hk_net_need_is_met(others, "net"));
    CU_ASSERT_FALSE(hk_net_need_is_met(NULL, "net"));
    CU_ASSERT_TRUE(hk_net_need_covers("net", "any.example", 1));
    CU_ASSERT_TRUE(hk_net_need_covers("net:A.example:1", "a.example", 1));
    CU_ASSERT_FALSE(hk_net_need_covers("net:a.example:1", "a.example", 2));
    CU_ASSERT_FALSE(hk_net_need_covers("read:/a", "a", 1));
    CU_ASSERT_TRUE(hk_net_is_need("net") && hk_net_is_need("net:a:1"));
    CU_ASSERT_FALSE(hk_net_is_need("net_admin") || hk_net_is_need("net-private:a:1"));
    CU_ASSERT_TRUE(hk_net_is_grant("net:a:1") && hk_net_is_grant("net-private:a:1"));
    CU_ASSERT_FALSE(hk_net_is_grant("net") || hk_net_is_grant("net_admin"));
}

static void bad_grants_are_named(void)
{
    static const char *const good[] = {"net:a:1", "net:a-b_c.example:65535", "net:192.0.2.1:443",
        "net:[::1]:443", "net:2001:db8::1:443", "net-private:a.example:80"};
    static const char *const bad[] = {"net:", "net:a", "net:a:", "net::1", "net:a:0", "net:a:65536",
        "net:a:1x", "net:a:+1", "net:a: 1", "net:*:443", "net:a b:1", "net:a/b:1", "net:[a]:1",
        "net:[::1:1", "net:https://a.example:1", "net-private:a", "net:fe80::1%eth0:1"};
    struct hk_error error;

    for (size_t i = 0; i < COUNT_OF(good); i++)
        CU_ASSERT_EQUAL(hk_net_grant_check(good[i], &error), HK_OK);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        if (hk_net_grant_check(bad[i], &error) != HK_INVALID)
            printf("\n  %s\n", bad[i]);
        CU_ASSERT_EQUAL(hk_net_grant_check(bad[i], &error), HK_INVALID);
    }
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"servers are found in any spelling", servers_are_found_in_any_spelling},
        {"needs are met by either form", needs_are_met_by_either_form},
        {"bad grants are named", bad_grants_are_named},
    };

    return suite_run("net_grants", tests, COUNT_OF(tests));
}
