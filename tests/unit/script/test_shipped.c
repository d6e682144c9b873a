/* The playbooks that ship, run against answers given here. */
#include "helper.h"

#include "script/play.h"

#define STEPS_MAX 8

struct answer {
    const char *name; /* of the action, or the operation */
    bool ok;
    const char *value;
};

/* Run the playbook and write one line for each step into *out, then how it ended. */
static void play(
    const char *name, const char *alert, const struct answer *answers, struct hk_buf *out)
{
    static char source[65536];
    static struct hk_cache cache;
    struct hk_script_start start = {.run = 1, .version = name, .chunk = name, .alert = alert};
    const char *root = getenv("HIKESHI_SOURCE");
    char path[512];
    struct hk_play *run = NULL;
    struct hk_error error;
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/playbooks/%s.lua", root == NULL ? "." : root, name);
    file = fopen(path, "r");
    if (file == NULL) {
        CU_FAIL("a playbook is missing");
        return;
    }
    start.source = source;
    start.source_size = fread(source, 1, sizeof source, file);
    (void)fclose(file);
    CU_ASSERT_EQUAL_FATAL(hk_play_new(&start, &run, &error), HK_OK);
    while (hk_play_is_due(run)) {
        struct hk_script_event *event;
        hk_play_activate(run, &cache);
        event = hk_play_take_events(run);
        while (event != NULL) {
            struct hk_script_event *next = (struct hk_script_event *)(void *)event->item.next;
            if (event->kind == HK_SCRIPT_REQUEST) {
                struct hk_delivery *delivery = calloc(1, sizeof *delivery);
                const char *asked = *event->name == '\0' ? event->op : event->name;
                const struct answer *answer = answers;
                hk_buf_appendf(out, "%s %s %s\n", asked, event->args, event->options);
                while (answer->name != NULL && strcmp(answer->name, asked) != 0)
                    answer++;
                if (delivery == NULL)
                    abort();
                delivery->step = hk_strdup(event->step);
                delivery->ok = answer->name == NULL || answer->ok;
                delivery->value = hk_strdup(answer->name == NULL ? "null" : answer->value);
                hk_play_add(run, delivery);
            } else if (event->kind != HK_SCRIPT_BLOCKED) {
                hk_buf_appendf(out, "%s", event->value == NULL ? event->text : event->value);
            }
            hk_script_event_free(event);
            event = next;
        }
    }
    hk_play_free(run);
    hk_cache_done(&cache);
}

static void check_play(int line, const char *name, const char *alert, const struct answer *answers,
    const char *const *words)
{
    struct hk_buf out;

    hk_buf_init(&out, 16384);
    play(name, alert, answers, &out);
    for (; *words != NULL; words++)
        check_has(__FILE__, line, out.data, *words);
    hk_buf_done(&out);
}
#define PLAYS(name, alert, answers, ...)                                                           \
    check_play(__LINE__, name, alert, answers, (const char *const[]){__VA_ARGS__, NULL})

static const struct answer unknown[] = {
    {"intel.lookup", true, "{\"known_good\":false,\"known_bad\":false,\"lists\":[]}"},
    {"contain.block_ip", true, "{\"id\":\"co-1\"}"}, {NULL, false, NULL}};
static const struct answer good[] = {{"intel.lookup", true,
                                         "{\"known_good\":true,\"known_bad\":false,\"lists\":"
                                         "[{\"name\":\"resolvers\",\"kind\":\"good\"}]}"},
    {NULL, false, NULL}};
static const struct answer denied[] = {{"intel.lookup", false, "timed out"},
    {"contain.block_ip", false, "rejected"}, {NULL, false, NULL}};

static void test_bruteforce(void)
{
    static const char alert[] = "{\"title\":\"guessing\",\"src\":{\"ip\":\"192.0.2.7\"}}";

    PLAYS("contain-bruteforce", alert, unknown, "intel.lookup {\"ip\":\"192.0.2.7\"} {}\n",
        "contain.block_ip {\"ip\":\"192.0.2.7\"} {\"because\":[\"guessing\",{",
        "\"expires\":\"4h\"}",
        "{\"note\":\"192.0.2.7 is blocked for four hours\",\"verdict\":\"true_positive\"}");
    PLAYS("contain-bruteforce", alert, good, "known good: resolvers", "\"verdict\":\"expected\"}");
    PLAYS("contain-bruteforce", alert, denied, "not looked up: timed out", "not blocked: rejected",
        "\"verdict\":\"undetermined\"}");
    PLAYS("contain-bruteforce", "{\"title\":\"x\"}", unknown, "note {", "no source address",
        "\"verdict\":\"undetermined\"}");
}

static void test_scanner(void)
{
    PLAYS("contain-scanner", "{\"src\":{\"ip\":\"198.51.100.3\"},\"dst\":{\"ip\":\"10.0.0.1\"}}",
        unknown, "contain.block_ip {\"ip\":\"198.51.100.3\"}", "true_positive");
    PLAYS("contain-scanner", "{\"src\":{\"ip\":\"192.168.1.3\"},\"dst\":{\"ip\":\"2001:db8::1\"}}",
        unknown, "contain.block_ip {\"ip\":\"2001:db8::1\"}");
    PLAYS("contain-scanner", "{\"src\":{\"ip\":\"fe80::1\"},\"dst\":{\"ip\":\"172.31.0.1\"}}",
        unknown, "both addresses are inside", "undetermined");
    PLAYS("contain-scanner", "{}", unknown, "both addresses are inside", "undetermined");
    PLAYS("contain-scanner", "{\"src\":{\"ip\":\"198.51.100.3\"}}", good, "is known to be good",
        "\"verdict\":\"expected\"}");
    PLAYS(
        "contain-scanner", "{\"src\":{\"ip\":\"198.51.100.3\"}}", denied, "not blocked: rejected");
}

static void test_enrich(void)
{
    static const char alert[] = "{\"src\":{\"ip\":\"192.0.2.7\"},\"dst\":{\"ip\":\"192.0.2.8\"}}";

    PLAYS("enrich-network", alert, good,
        "dst 192.0.2.8: known good (resolvers)\\nsrc 192.0.2.7: known good (resolvers)", "\nnull");
    PLAYS("enrich-network", alert, denied, "src 192.0.2.7: not looked up, timed out");
    PLAYS("enrich-network", "{}", unknown, "the alert names no address");
}

static CU_TestInfo tests[] = {
    {"contain-bruteforce", test_bruteforce},
    {"contain-scanner", test_scanner},
    {"enrich-network", test_enrich},
    CU_TEST_INFO_NULL,
};

TEST_MAIN("shipped", tests)
