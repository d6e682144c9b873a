/*
 * nftables: which ranges and management entries are taken; and, on the real kernel in a network
 * namespace of the test's own, that holds come and go by themselves, that each of two that overlap
 * counts, and that whatever somebody else does to the table is found and mended.
 */
#include "nftables/filter.h"
#include "nftables/management.h"
#include "nftables/options.h"
#include "shared/address.h"

#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPTIONS(more)                                                                              \
    "{\"table\":\"hikeshi\",\"hooks\":[\"input\",\"forward\",\"output\"],\"priority\":-10,"        \
    "\"management\":[\"192.0.2.10\",\"from 192.0.2.11 port 22\",\"to 2001:db8:1::5 port 443\"],"   \
    "\"widest_v4\":16,\"widest_v6\":32,\"margin\":600000" more "}"

static struct address_range range_of(const char *text)
{
    struct address_range range;
    const char *why = address_parse(text, &range);

    if (why != NULL)
        fprintf(stderr, "%s: %s\n", text, why);
    CU_ASSERT_PTR_NULL_FATAL(why);
    return range;
}

/* --- texts --- */

static void management_entries_are_read(void)
{
    static const struct {
        const char *text;
        enum management_way way;
        const char *range;
        unsigned port;
    } good[] = {
        {"192.0.2.10", MANAGEMENT_ALL, "192.0.2.10", 0},
        {"192.0.2.0/28", MANAGEMENT_ALL, "192.0.2.0/28", 0},
        {"::ffff:192.0.2.10", MANAGEMENT_ALL, "192.0.2.10", 0},
        {"2001:db8::/64", MANAGEMENT_ALL, "2001:db8::/64", 0},
        {"from 192.0.2.10 port 22", MANAGEMENT_FROM, "192.0.2.10", 22},
        {"to 2001:db8::1 port 65535", MANAGEMENT_TO, "2001:db8::1", 65535},
        {"to 192.0.2.0/24 port 1", MANAGEMENT_TO, "192.0.2.0/24", 1},
    };
    static const char *const bad[] = {"", " ", "host.example", "192.0.2.1 port 22",
        "from 192.0.2.1", "from 192.0.2.1 port", "from 192.0.2.1 port ", "from 192.0.2.1 port 0",
        "from 192.0.2.1 port 022", "from 192.0.2.1 port 65536", "from 192.0.2.1 port 999999",
        "from 192.0.2.1 port 22 ", "from 192.0.2.1 port -1", "to  192.0.2.1 port 22",
        "to 192.0.2.1  port 22", "192.0.2.1/24", "192.0.2.1 ", "FROM 192.0.2.1 port 22",
        "from 192.0.2.1 port 22x", "to 192.0.2.1 drop port 22"};
    struct management entry;
    char text[ADDRESS_TEXT_SIZE];

    for (size_t i = 0; i < COUNT_OF(good); i++) {
        CU_ASSERT_PTR_NULL_FATAL(management_parse(good[i].text, &entry));
        CU_ASSERT_EQUAL(entry.way, good[i].way);
        address_format(&entry.range, text);
        CU_ASSERT_STRING_EQUAL(text, good[i].range);
        CU_ASSERT_EQUAL(entry.port, good[i].port);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        if (management_parse(bad[i], &entry) == NULL)
            fprintf(stderr, "taken: \"%s\"\n", bad[i]);
        CU_ASSERT_PTR_NOT_NULL(management_parse(bad[i], &entry));
    }
}

static void only_what_may_be_cut_is_cut(void)
{
    static const struct {
        const char *range;
        bool may_block;
        bool may_isolate;
    } cases[] = {
        {"203.0.113.7", true, true},
        {"203.0.113.0/24", true, false},
        {"198.18.0.0/16", true, false},
        {"198.18.0.0/15", false, false},
        {"0.0.0.0/0", false, false},
        {"::/0", false, false},
        {"::ffff:0:0/96", false, false},
        {"2001:db8::/32", false, false}, /* a management address lies there */
        {"2001:db9::/32", true, false},
        {"2001:db8::/31", false, false},
        {"2001:db8::1", true, true},
        {"192.0.2.10", false, false},
        {"192.0.2.11", false, false},
        {"192.0.2.8/30", false, false},
        {"192.0.2.12/30", true, false},
        {"2001:db8:1::5", false, false},
        {"127.0.0.1", false, false},
        {"::1", false, false},
        {"::", false, false},
        {"0.0.0.0", false, false},
        {"224.0.0.251", false, false},
        {"ff02::1", false, false},
        {"fe80::1", false, false},
        {"255.255.255.255", false, false},
        {"10.0.0.5", true, true},
    };
    struct options options;
    char why[OPTIONS_WHY_SIZE];

    CU_ASSERT_EQUAL_FATAL(options_read(OPTIONS(""), &options, why), 0);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct address_range range = range_of(cases[i].range);
        const char *block = options_refusal(&options, false, &range);
        const char *isolate = options_refusal(&options, true, &range);
        if ((block == NULL) != cases[i].may_block || (isolate == NULL) != cases[i].may_isolate)
            fprintf(stderr, "%s: %s, %s\n", cases[i].range, block != NULL ? block : "may",
                isolate != NULL ? isolate : "may");
        CU_ASSERT_EQUAL(block == NULL, cases[i].may_block);
        CU_ASSERT_EQUAL(isolate == NULL, cases[i].may_isolate);
    }
}

static void wrong_options_are_named(void)
{
    static const struct {
        const char *json;
        const char *names;
    } cases[] = {
        {"[]", "table"},
        {"{\"table\":\"a b\"}", "table"},
        {"{\"table\":\"9a\"}", "table"},
        {"{\"table\":\"abcdefghijklmnopqrstuvwxyz0123456789\"}", "table"},
        {"{\"table\":\"t\",\"hooks\":[]}", "hooks is empty"},
        {"{\"table\":\"t\",\"hooks\":[\"ingress\"]}", "hooks"},
        {"{\"table\":\"t\",\"hooks\":[\"input\"],\"management\":[\"nobody\"]}", "\"nobody\""},
        {"{\"table\":\"t\",\"hooks\":[\"input\"],\"management\":[],\"priority\":99999}",
            "priority"},
        {"{\"table\":\"t\",\"hooks\":[\"input\"],\"management\":[],\"priority\":0,\"widest_v4\":0}",
            "widest_v4"},
        {"nonsense", "no JSON"},
    };
    struct options options;
    char why[OPTIONS_WHY_SIZE];

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        why[0] = '\0';
        CU_ASSERT_EQUAL(options_read(cases[i].json, &options, why), -1);
        if (strstr(why, cases[i].names) == NULL)
            fprintf(stderr, "%s: %s\n", cases[i].json, why);
        CU_ASSERT_PTR_NOT_NULL(strstr(why, cases[i].names));
    }
}

/* --- bytes of a stranger --- */

static void attributes_are_read_within_their_bounds(void)
{
    /* length 8 type 1 value; length 4 type 2 empty; length 6 type 1 odd; then rubbish */
    static const uint8_t good[] = {8, 0, 1, 0, 0, 0, 0, 42, 4, 0, 2, 0, 6, 0, 1, 0, 7, 7, 0, 0};
    static const uint8_t lies[][8] = {
        {3, 0, 1, 0}, {0, 0, 1, 0}, {255, 255, 1, 0, 1, 2, 3, 4}, {9, 0, 1, 0, 1, 2, 3, 4}};
    struct netlink_attr table[3];
    struct netlink_attr attr;

    netlink_index(good, sizeof(good), table, 3);
    CU_ASSERT_EQUAL(netlink_u32(&table[1], 0), 42);
    CU_ASSERT_PTR_NOT_NULL(table[2].data);
    CU_ASSERT_EQUAL(table[2].size, 0);
    CU_ASSERT_EQUAL(netlink_u32(&table[2], 7), 7);
    CU_ASSERT_EQUAL(netlink_u64(&table[1], 9), 9);
    for (size_t i = 0; i < COUNT_OF(lies); i++) {
        const uint8_t *at = lies[i];
        size_t left = sizeof(lies[i]);
        CU_ASSERT_FALSE(netlink_next(&at, &left, &attr));
    }
    CU_ASSERT_TRUE(netlink_has_all(good, 8, good, sizeof(good)));
    CU_ASSERT_FALSE(netlink_has_all(good, sizeof(good), good, 8));
}

/* --- the kernel --- */

static struct filter filter;
static char last_why[FILTER_WHY_SIZE];

static void begin_kernel(void)
{
    struct options options;
    char why[OPTIONS_WHY_SIZE];

    CU_ASSERT_EQUAL_FATAL(options_read(OPTIONS(""), &options, why), 0);
    filter = (struct filter){.layout = options.layout, .margin_ms = options.margin_ms};
    CU_ASSERT_EQUAL_FATAL(filter_open(&filter), 0);
}

/* Run nft with one argument, as an administrator would. */
static void nft(const char *command)
{
    int status = -1;

    pid_t pid = fork();
    CU_ASSERT_FATAL(pid >= 0);
    if (pid == 0) {
        (void)execlp("nft", "nft", command, (char *)NULL);
        _exit(127);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    if (status != 0)
        fprintf(stderr, "nft %s\n", command);
    CU_ASSERT_EQUAL(status, 0);
}

static void end_kernel(void)
{
    filter_close(&filter);
    nft("flush ruleset");
}

static enum filter_outcome put(const char *range, const char *key, uint64_t lease_ms)
{
    const struct filter_subject subject = {.range = range_of(range), .key = key};
    struct filter_report report;

    return filter_put(&filter, &subject, lease_ms, &report, last_why);
}

static bool take(const char *range, const char *key)
{
    const struct filter_subject subject = {.range = range_of(range), .key = key};
    struct filter_report report;

    CU_ASSERT_EQUAL(filter_take(&filter, &subject, &report, last_why), FILTER_DONE);
    return report.was_there;
}

static struct filter_view look(const char *range, const char *key, uint64_t lease_ms)
{
    const struct filter_subject subject = {.range = range_of(range), .key = key};
    struct filter_view view;

    CU_ASSERT_EQUAL(filter_look(&filter, &subject, lease_ms, &view, last_why), FILTER_DONE);
    return view;
}

static bool holds(const char *range, const char *key)
{
    return look(range, key, 0).holds;
}

static void the_same_key_twice_is_as_once(void)
{
    begin_kernel();
    CU_ASSERT_EQUAL(put("203.0.113.7", "k1", 60000), FILTER_DONE);
    CU_ASSERT_EQUAL(put("203.0.113.7", "k1", 60000), FILTER_DONE);
    CU_ASSERT_TRUE(holds("203.0.113.7", "k1"));
    CU_ASSERT_FALSE(holds("203.0.113.7", "k2"));
    CU_ASSERT_TRUE(take("203.0.113.7", "k1"));
    CU_ASSERT_FALSE(holds("203.0.113.7", "k1"));
    CU_ASSERT_FALSE(take("203.0.113.7", "k1"));
    end_kernel();
}

/* Whatever overlaps, each hold is there until it is taken itself. */
static void overlapping_holds_come_and_go_by_themselves(void)
{
    static const struct {
        const char *range;
        const char *key;
    } held[] = {
        {"203.0.113.7", "a"},
        {"203.0.113.7", "b"},
        {"203.0.113.0/24", "c"},
        {"203.0.113.0/28", "d"},
        {"203.0.0.0/16", "e"},
        {"203.0.112.0/23", "f"},
        {"203.0.113.8", "g"},
        {"203.0.113.6", "h"},
        {"2001:db8:5::/48", "i"},
        {"2001:db8:5::7", "j"},
        {"2001:db8:5::7", "k"},
        {"255.255.0.0/16", "l"}, /* up to the last address there is */
        {"255.255.254.0/24", "m"},
        {"ffff:ffff::/32", "n"},
    };
    const size_t count = COUNT_OF(held);

    begin_kernel();
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_EQUAL(put(held[i].range, held[i].key, 60000), FILTER_DONE);
    for (size_t gone = 0; gone <= count; gone++) {
        for (size_t i = 0; i < count; i++)
            CU_ASSERT_EQUAL(holds(held[i].range, held[i].key), i >= gone);
        if (gone < count)
            CU_ASSERT_TRUE(take(held[gone].range, held[gone].key));
    }
    end_kernel();
}

static void one_address_can_be_held_so_often(void)
{
    char key[16];

    begin_kernel();
    for (int i = 0; i < LAYOUT_LAYERS_MAX; i++) {
        snprintf(key, sizeof(key), "key-%d", i);
        CU_ASSERT_EQUAL(put("203.0.113.7", key, 0), FILTER_DONE);
    }
    CU_ASSERT_EQUAL(put("203.0.113.7", "one-more", 0), FILTER_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(last_why, "16 others"));
    CU_ASSERT_TRUE(take("203.0.113.7", "key-3"));
    CU_ASSERT_EQUAL(put("203.0.113.7", "one-more", 0), FILTER_DONE);
    CU_ASSERT_TRUE(holds("203.0.113.7", "key-15"));
    end_kernel();
}

static void renewed_holds_end_later(void)
{
    const struct filter_subject subject = {.range = range_of("203.0.113.7"), .key = "k"};
    const struct filter_subject other = {.range = range_of("203.0.113.7"), .key = "x"};

    begin_kernel();
    CU_ASSERT_EQUAL(put("203.0.113.7", "k", 60000), FILTER_DONE);
    CU_ASSERT_TRUE(look("203.0.113.7", "k", 60000).holds);
    CU_ASSERT_FALSE(look("203.0.113.7", "k", 3600000).holds);
    CU_ASSERT_PTR_NOT_NULL(strstr(look("203.0.113.7", "k", 3600000).found, "before its lease"));
    CU_ASSERT_EQUAL(filter_renew(&filter, &subject, 3600000, last_why), FILTER_DONE);
    CU_ASSERT_TRUE(look("203.0.113.7", "k", 3600000).holds);
    CU_ASSERT_EQUAL(filter_renew(&filter, &other, 3600000, last_why), FILTER_FAILED);
    end_kernel();
}

/* The second safety: nobody takes it away, and it ends. */
static void holds_end_by_themselves(void)
{
    begin_kernel();
    filter.margin_ms = 0;
    CU_ASSERT_EQUAL(put("203.0.113.7", "k", 300), FILTER_DONE);
    CU_ASSERT_TRUE(holds("203.0.113.7", "k"));
    unsigned looks = 0;
    while (holds("203.0.113.7", "k") && looks < 1000000)
        looks++;
    CU_ASSERT_FALSE(holds("203.0.113.7", "k"));
    CU_ASSERT_FALSE(take("203.0.113.7", "k"));
    CU_ASSERT_EQUAL(put("203.0.113.0/24", "l", 60000), FILTER_DONE);
    CU_ASSERT_TRUE(holds("203.0.113.0/24", "l"));
    end_kernel();
}

static void whatever_others_do_is_found_and_mended(void)
{
    static const struct {
        const char *command;
        const char *found;
        bool is_lost; /* the hold itself: it comes back only when it is put again */
    } cases[] = {
        {"flush ruleset", "the table inet hikeshi is gone", true},
        {"delete table inet hikeshi", "the table inet hikeshi is gone", true},
        {"flush table inet hikeshi", "rules are missing", false},
        {"flush chain inet hikeshi block", "rules are missing", false},
        {"flush chain inet hikeshi input", "rules are missing", false},
        {"flush chain inet hikeshi to_host", "rules are missing", false},
        {"insert rule inet hikeshi block accept", "a rule that was not put there", false},
        {"add rule inet hikeshi block accept", "a rule that was not put there", false},
        {"add rule inet hikeshi isolate ip saddr 203.0.113.7 accept",
            "a rule that was not put there", false},
        {"flush chain inet hikeshi forward; add rule inet hikeshi forward jump isolate; add rule "
         "inet hikeshi forward jump block",
            "a rule that was not put there", false},
        {"flush chain inet hikeshi output; delete chain inet hikeshi output",
            "the chain output is gone", false},
        {"flush chain inet hikeshi output; delete chain inet hikeshi output; add chain inet "
         "hikeshi output { type filter hook output priority 0; }",
            "the chain output hooks in elsewhere", false},
        {"add chain inet hikeshi input { policy drop; }", "the chain input hooks in elsewhere",
            false},
        {"add table inet hikeshi { flags dormant; }", "is dormant", false},
        {"delete element inet hikeshi block4_0 { 203.0.113.7 }", "is in no set", true},
        {"flush set inet hikeshi block4_0", "is in no set", true},
        {"delete element inet hikeshi block4_0 { 203.0.113.7 }; add element inet hikeshi block4_0 "
         "{ 203.0.113.0/28 comment \"k\" }",
            "is in no set", true},
        {"flush chain inet hikeshi block; delete set inet hikeshi block4_0; add set inet hikeshi "
         "block4_0 { type ipv4_addr; }",
            "the set block4_0 is gone", true},
    };
    begin_kernel();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CU_ASSERT_EQUAL(put("203.0.113.7", "k", 60000), FILTER_DONE);
        CU_ASSERT_TRUE(holds("203.0.113.7", "k"));
        nft(cases[i].command);
        struct filter_view view = look("203.0.113.7", "k", 0);
        CU_ASSERT_FALSE(view.holds);
        if (strstr(view.found, cases[i].found) == NULL)
            fprintf(stderr, "%s: %s\n", cases[i].command, view.found);
        CU_ASSERT_PTR_NOT_NULL(strstr(view.found, cases[i].found));
        /* The next change, of somebody else's address, mends the table. */
        CU_ASSERT_EQUAL(put("198.51.100.1", "other", 60000), FILTER_DONE);
        CU_ASSERT_TRUE(holds("198.51.100.1", "other"));
        CU_ASSERT_EQUAL(holds("203.0.113.7", "k"), !cases[i].is_lost);
        CU_ASSERT_TRUE(take("198.51.100.1", "other"));
        (void)take("203.0.113.7", "k");
        nft("flush ruleset");
    }
    end_kernel();
}

/* Nothing but our own table is touched, and looking touches nothing at all. */
static void others_are_left_alone(void)
{
    uint32_t before = 0;
    uint32_t after = 0;

    begin_kernel();
    nft("add table inet others; add chain inet others input { type filter hook input priority 0; "
        "policy accept; }");
    CU_ASSERT_EQUAL(netlink_generation(&filter.netlink, &before), 0);
    CU_ASSERT_EQUAL(filter_try(&filter, false, last_why), FILTER_DONE);
    CU_ASSERT_EQUAL(filter_try(&filter, true, last_why), FILTER_DONE);
    CU_ASSERT_FALSE(holds("203.0.113.7", "k"));
    CU_ASSERT_FALSE(take("203.0.113.7", "k"));
    CU_ASSERT_EQUAL(netlink_generation(&filter.netlink, &after), 0);
    CU_ASSERT_EQUAL(before, after);
    CU_ASSERT_EQUAL(put("203.0.113.7", "k", 0), FILTER_DONE);
    nft("list chain inet others input");
    end_kernel();
}

static void a_batch_on_old_knowledge_is_refused(void)
{
    uint32_t generation = 0;
    uint32_t message = 0;
    int error = 0;

    begin_kernel();
    CU_ASSERT_EQUAL(put("203.0.113.7", "k", 0), FILTER_DONE);
    CU_ASSERT_EQUAL(netlink_generation(&filter.netlink, &generation), 0);
    nft("add table inet others");
    const struct address_range range = range_of("203.0.113.7");
    netlink_batch_begin(filter.batch, &filter.netlink, generation);
    hold_take(&filter.layout, LAYOUT_BLOCK_V4, 0, &range, filter.batch);
    CU_ASSERT_EQUAL(netlink_batch_commit(filter.batch, &filter.netlink, false, &error, &message),
        NETLINK_CHANGED);
    CU_ASSERT_TRUE(holds("203.0.113.7", "k"));
    end_kernel();
}

static void the_longest_configuration_fits(void)
{
    begin_kernel();
    filter.layout.management_count = MANAGEMENT_MAX;
    for (unsigned i = 0; i < MANAGEMENT_MAX; i++)
        CU_ASSERT_PTR_NULL(
            management_parse("from 2001:db8:1::/64 port 443", &filter.layout.management[i]));
    for (int i = 0; i < LAYOUT_LAYERS_MAX; i++) {
        const char key[] = {(char)('a' + i), '\0'};
        const struct filter_subject host = {
            .is_isolation = true, .range = range_of("2001:db8::9"), .key = key};
        struct filter_report report;
        CU_ASSERT_EQUAL(put("203.0.113.7", key, 0), FILTER_DONE);
        CU_ASSERT_EQUAL(put("2001:db8::7", key, 0), FILTER_DONE);
        CU_ASSERT_EQUAL(filter_put(&filter, &host, 0, &report, last_why), FILTER_DONE);
    }
    CU_ASSERT_TRUE(holds("2001:db8::7", "a"));
    CU_ASSERT_TRUE(holds("2001:db8::7", "p"));
    end_kernel();
}

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        close(fd);
    return done;
}

/* Nothing here touches the machine's own packet filter. */
static bool enter_network_namespace(void)
{
    char map[64];
    unsigned uid = (unsigned)geteuid();
    unsigned gid = (unsigned)getegid();

    if (unshare(CLONE_NEWNET) == 0)
        return true;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return false;
    snprintf(map, sizeof(map), "0 %u 1", uid);
    bool done = write_file("/proc/self/setgroups", "deny") && write_file("/proc/self/uid_map", map);
    snprintf(map, sizeof(map), "0 %u 1", gid);
    return done && write_file("/proc/self/gid_map", map);
}

int main(void)
{
    static const struct suite_test texts[] = {
        {"management entries are read", management_entries_are_read},
        {"only what may be cut is cut", only_what_may_be_cut_is_cut},
        {"wrong options are named", wrong_options_are_named},
        {"attributes are read within their bounds", attributes_are_read_within_their_bounds},
    };
    static const struct suite_test kernel[] = {
        {"the same key twice is as once", the_same_key_twice_is_as_once},
        {"overlapping holds come and go by themselves",
            overlapping_holds_come_and_go_by_themselves},
        {"one address can be held so often", one_address_can_be_held_so_often},
        {"renewed holds end later", renewed_holds_end_later},
        {"holds end by themselves", holds_end_by_themselves},
        {"whatever others do is found and mended", whatever_others_do_is_found_and_mended},
        {"others are left alone", others_are_left_alone},
        {"a batch on old knowledge is refused", a_batch_on_old_knowledge_is_refused},
        {"the longest configuration fits", the_longest_configuration_fits},
    };

    int failures = suite_run("nftables", texts, COUNT_OF(texts));
    if (failures != 0)
        return failures;
    if (!enter_network_namespace()) {
        puts("skipped: the tests on the kernel; this user can make no network namespace here");
        return 0;
    }
    return suite_run("nftables on the kernel", kernel, COUNT_OF(kernel));
}
