/*
 * http in its sandbox, against real servers: what was granted and nothing else is reached, what was
 * told is told once, and nobody is believed without a certificate.
 */
#include "plugin/fixture.h"
#include "support/web.h"

static struct web web;
static bool without_landlock;

static const char *server_url(const char *server, const char *host)
{
    static char url[128];

    snprintf(url, sizeof(url), "%s://%s:%u/", strncmp(server, "plain", 5) == 0 ? "http" : "https",
        host, web_port(&web, server));
    return url;
}

static const char *grant(const char *form, const char *host, const char *server)
{
    static char grants[8][128];
    static unsigned next;
    char *text = grants[next++ % 8];

    snprintf(text, sizeof(grants[0]), "%s:%s:%u", form, host, web_port(&web, server));
    return text;
}

/* One host "it" with what more says: "\"key\":value,…". */
static void begin(struct fixture *f, const char *url, const char *more, const char *const *grants)
{
    struct hk_error error = {0};
    struct hk_buf options;

    fixture_begin(f);
    f->pool->without_landlock = without_landlock;
    hk_buf_init(&options, 65536);
    hk_buf_appendf(
        &options, "{\"timeout\":\"10s\",\"hosts\":{\"it\":{\"url\":\"%s\",%s}}}", url, more);
    CU_ASSERT_EQUAL_FATAL(
        fixture_add_as(f, "../../plugins/http", "http", options.data, grants, &error), HK_OK);
    hk_buf_done(&options);
    CU_ASSERT_FATAL(fixture_until(f, fixture_is_settled));
    if (f->load_error.status != HK_OK)
        printf("\n  %s\n", f->load_error.text);
    CU_ASSERT_EQUAL_FATAL(f->load_error.status, HK_OK);
}

#define ALL "\"allow\":[\"get\",\"post\",\"post_idempotent\"],\"idempotency\":true"

static void begin_plain(struct fixture *f, const char *more)
{
    const char *grants[] = {grant("net", "127.0.0.1", "plain"), NULL};
    char options[1024];

    snprintf(options, sizeof(options), ALL ",\"cleartext\":true%s", more);
    begin(f, server_url("plain", "127.0.0.1"), options, grants);
}

static void check(
    struct fixture *f, const char *action, const char *args, enum hk_call_end end, const char *says)
{
    const struct answer *answer = fixture_call(f, "http", action, args);

    if (answer->end != end || strstr(answer->text, says) == NULL)
        printf("\n  %s %s: %d %s\n", action, args, (int)answer->end, answer->text);
    CU_ASSERT_EQUAL(answer->end, end);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer->text, says));
}

static void check_ready(
    struct fixture *f, const char *action, enum hk_call_end end, const char *says)
{
    uint64_t id = fixture_begin_call(f, HK_CALL_READY, "http", action, "k", "{}", 10000);

    CU_ASSERT_TRUE(fixture_until(f, fixture_all_answered));
    const struct answer *answer = fixture_answer(f, id);
    if (answer->end != end || strstr(answer->text, says) == NULL)
        printf("\n  ready %s: %d %s\n", action, (int)answer->end, answer->text);
    CU_ASSERT_EQUAL(answer->end, end);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer->text, says));
}

static void it_asks_and_tells(void)
{
    struct fixture f;

    begin_plain(&f, ",\"headers\":{\"X-Key\":\"abc\"},\"check\":\"text\"");
    check(&f, "get",
        "{\"host\":\"it\",\"path\":[\"echo\"],\"query\":{\"id\":18446744073709551617,\"q\":\"a "
        "b\"}}",
        HK_CALL_DONE, "\"found\":true,\"json\":{");
    check(&f, "get", "{\"host\":\"it\",\"path\":\"echo\",\"query\":{\"id\":18446744073709551617}}",
        HK_CALL_DONE, "\"path\": \"/echo?id=18446744073709551617\"");
    check(&f, "get", "{\"host\":\"it\",\"path\":\"echo\"}", HK_CALL_DONE, "\"x-key\": \"abc\"");
    check(&f, "get", "{\"host\":\"it\",\"path\":\"nowhere\"}", HK_CALL_DONE, "\"found\":false");
    check(&f, "get",
        "{\"host\":\"it\",\"path\":\"status\",\"query\":{\"code\":403,\"text\":\"no\"}}",
        HK_CALL_FAILED, "it answered 403: no");
    check(&f, "post",
        "{\"host\":\"it\",\"path\":\"echo\",\"json\":{\"n\":18446744073709551617},\"as\":\"json\"}",
        HK_CALL_DONE, "{\\\"n\\\":18446744073709551617}");
    check(&f, "post", "{\"host\":\"it\",\"path\":\"echo\",\"text\":\"caf\\u00e9\",\"as\":\"json\"}",
        HK_CALL_DONE, "\"content-type\": \"text/plain; charset=utf-8\"");
    check(&f, "post",
        "{\"host\":\"it\",\"path\":\"echo\",\"form\":{\"a\":\"b c\",\"d\":1},\"as\":\"json\"}",
        HK_CALL_DONE, "\"body\": \"a=b%20c&d=1\"");
    check(&f, "post", "{\"host\":\"it\",\"path\":\"echo\",\"json\":1,\"text\":\"x\"}",
        HK_CALL_FAILED, "only one");
    check(&f, "post_idempotent", "{\"host\":\"it\",\"path\":\"echo\",\"as\":\"json\"}",
        HK_CALL_DONE, "\"idempotency-key\": \"k\"");
    check(&f, "get", "{\"host\":\"other\"}", HK_CALL_FAILED, "no such host");
    check(&f, "get", "{\"host\":\"it\",\"path\":\"../x\"}", HK_CALL_FAILED, "..");
    check_ready(&f, "get", HK_CALL_DONE, "{}");
    check_ready(&f, "post", HK_CALL_DONE, "{}");
    fixture_end(&f);
}

static void what_may_have_arrived_is_unknown(void)
{
    static const char *const paths[] = {"close-before", "close-head", "close-body", "nonsense",
        "endless", "gzip", "gzip-transfer", "many-headers", "interim", "slow-head", "slow-body"};
    char args[128];
    struct fixture f;

    begin_plain(&f, "");
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        snprintf(args, sizeof(args), "{\"host\":\"it\",\"path\":\"%s\"}", paths[i]);
        bool is_slow = strncmp(paths[i], "slow", 4) == 0;
        const char *const actions[] = {"get", "post"};
        for (size_t a = 0; a < COUNT_OF(actions); a++) {
            uint64_t id = fixture_begin_call(
                &f, HK_CALL_START, "http", actions[a], "k", args, is_slow ? 1000 : 20000);
            CU_ASSERT_TRUE(fixture_until(&f, fixture_all_answered));
            const struct answer *answer = fixture_answer(&f, id);
            enum hk_call_end end = a == 0 ? HK_CALL_FAILED : HK_CALL_LOST;
            if (answer->end != end)
                printf("\n  %s %s: %d %s\n", actions[a], paths[i], (int)answer->end, answer->text);
            CU_ASSERT_EQUAL(answer->end, end);
            CU_ASSERT(a == 0 || strstr(answer->text, "may have arrived") != NULL);
        }
    }
    check(&f, "post", "{\"host\":\"it\",\"path\":\"status\",\"query\":{\"code\":502}}",
        HK_CALL_LOST, "can't be told");
    check(&f, "post", "{\"host\":\"it\",\"path\":\"redirect\",\"query\":{\"to\":\"/text\"}}",
        HK_CALL_LOST, "it answered 302");
    fixture_end(&f);
}

static void what_was_not_sent_has_failed(void)
{
    const char *grants[] = {grant("net", "127.0.0.1", "self-signed"), NULL};
    struct fixture f;

    begin(&f, server_url("self-signed", "127.0.0.1"), ALL, grants);
    check(&f, "post", "{\"host\":\"it\",\"path\":\"echo\",\"text\":\"x\"}", HK_CALL_FAILED,
        "self-signed certificate");
    check_ready(&f, "post", HK_CALL_FAILED, "it: 127.0.0.1: ");
    fixture_end(&f);
    /* nobody listens */
    const char *closed[] = {"net:127.0.0.1:1", NULL};
    begin(&f, "https://127.0.0.1:1/", ALL, closed);
    check(&f, "post", "{\"host\":\"it\",\"text\":\"x\"}", HK_CALL_FAILED, "cannot connect");
    check_ready(&f, "get", HK_CALL_FAILED, "cannot connect");
    fixture_end(&f);
}

static void grants_say_where_to(void)
{
    /* a name that leads to this machine needs the grant that says so */
    const char *public[] = {grant("net", "localhost", "plain"), NULL};
    const char *private[] = {grant("net-private", "localhost", "plain"), NULL};
    const char *other[] = {grant("net", "127.0.0.1", "tls"), "net:other.example:443", NULL};
    static const char *const spellings[] = {"[::ffff:127.0.0.1]", "0x7f000001", "2130706433"};
    struct fixture f;

    begin(&f, server_url("plain", "localhost"), "\"cleartext\":true", public);
    check(&f, "get", "{\"host\":\"it\",\"path\":\"text\"}", HK_CALL_FAILED,
        "this address is not allowed");
    check_ready(&f, "get", HK_CALL_FAILED, "not allowed");
    fixture_end(&f);
    begin(&f, server_url("plain", "LocalHost"), "\"cleartext\":true", private);
    check(&f, "get", "{\"host\":\"it\",\"path\":\"text\"}", HK_CALL_DONE, "hello");
    fixture_end(&f);
    begin(&f, server_url("plain", "127.0.0.1"), "\"cleartext\":true", other);
    check(&f, "get", "{\"host\":\"it\",\"path\":\"text\"}", HK_CALL_FAILED,
        "not among what was granted");
    fixture_end(&f);
    /* the address itself, in whatever spelling, is the one that was granted */
    for (size_t i = 0; i < COUNT_OF(spellings); i++) {
        const char *grants[] = {grant("net", "127.0.0.1", "plain"), NULL};
        begin(&f, server_url("plain", spellings[i]), "\"cleartext\":true", grants);
        check(&f, "get", "{\"host\":\"it\",\"path\":\"text\"}", HK_CALL_DONE, "hello");
        fixture_end(&f);
    }
    if (web_port(&web, "plain6") != 0) {
        const char *grants[] = {grant("net", "[0:0::1]", "plain6"), NULL};
        begin(&f, server_url("plain6", "[::1]"), "\"cleartext\":true", grants);
        check(&f, "get", "{\"host\":\"it\",\"path\":\"text\"}", HK_CALL_DONE, "hello");
        fixture_end(&f);
    }
}

static void check_redirect(
    struct fixture *f, const char *to, enum hk_call_end end, const char *says)
{
    char args[512];

    snprintf(args, sizeof(args),
        "{\"host\":\"it\",\"path\":\"redirect\",\"query\":{\"to\":\"%s\"}}", to);
    check(f, "get", args, end, says);
}

static void redirects_are_granted_like_the_first(void)
{
    const char *grants[] = {grant("net", "127.0.0.1", "plain"),
        grant("net-private", "localhost", "plain"), grant("net", "localhost", "tls"), NULL};
    char to[256];
    struct fixture f;

    begin(&f, server_url("plain", "127.0.0.1"),
        "\"cleartext\":true,\"redirects\":3,\"headers\":{\"Authorization\":\"Bearer abc\"}",
        grants);
    check_redirect(&f, "/echo", HK_CALL_DONE, "\"authorization\": \"Bearer abc\"");
    snprintf(to, sizeof(to), "%secho", server_url("plain", "localhost"));
    check_redirect(&f, to, HK_CALL_DONE, "\"path\": \"/echo\"");
    const struct answer *last = fixture_answer(&f, f.next_id);
    CU_ASSERT_PTR_NULL(strstr(last->text, "authorization"));
    check_redirect(&f, "http://169.254.169.254/latest/meta-data/", HK_CALL_FAILED,
        "not among what was granted");
    snprintf(to, sizeof(to), "%stext", server_url("self-signed", "127.0.0.1"));
    check_redirect(&f, to, HK_CALL_FAILED, "not among what was granted");
    snprintf(to, sizeof(to), "%stext", server_url("tls", "localhost"));
    check_redirect(&f, to, HK_CALL_FAILED, "this address is not allowed");
    check_redirect(&f, "file:///etc/passwd", HK_CALL_FAILED, "neither http nor https");
    check(&f, "get", "{\"host\":\"it\",\"path\":\"loop\"}", HK_CALL_FAILED, "too many redirects");
    fixture_end(&f);
    begin_plain(&f, "");
    check_redirect(&f, "/echo", HK_CALL_FAILED, "it answered 302");
    fixture_end(&f);
}

static void check_tls(const char *server, const char *authorities, const char *const *more_grants,
    enum hk_call_end end, const char *says)
{
    const char *grants[] = {
        grant("net", "127.0.0.1", server), more_grants != NULL ? more_grants[0] : NULL, NULL};
    char options[4096];
    struct fixture f;

    snprintf(options, sizeof(options), "\"allow\":[\"get\"]%s%s%s",
        authorities != NULL ? ",\"authorities\":\"" : "", authorities != NULL ? authorities : "",
        authorities != NULL ? "\"" : "");
    begin(&f, server_url(server, "127.0.0.1"), options, grants);
    check(&f, "get", "{\"host\":\"it\",\"path\":\"text\"}", end, says);
    fixture_end(&f);
}

static void certificates_are_checked(void)
{
    char path[128];
    char read_grant[160];
    char pem[4096];
    size_t size = 0;
    const char *const more[] = {read_grant, NULL};

    snprintf(path, sizeof(path), "%s/ca.pem", web.folder);
    snprintf(read_grant, sizeof(read_grant), "read:%s", path);
    for (const char *at = web.authorities; *at != '\0' && size < sizeof(pem) - 3; at++)
        size += (size_t)snprintf(pem + size, 3, *at == '\n' ? "\\n" : "%c", *at);
    check_tls("tls", path, more, HK_CALL_DONE, "hello");
    check_tls("tls", pem, NULL, HK_CALL_DONE, "hello");
    /* the system's authorities can be read in there, and know nothing of this one */
    check_tls("tls", NULL, NULL, HK_CALL_FAILED, "unable to get local issuer certificate");
    check_tls("wrong-name", pem, NULL, HK_CALL_FAILED, "127.0.0.1");
    check_tls("expired", pem, NULL, HK_CALL_FAILED, "expired");
    check_tls("self-signed", pem, NULL, HK_CALL_FAILED, "self-signed");
    check_tls("old-tls", pem, NULL, HK_CALL_FAILED, "127.0.0.1");
    if (!without_landlock) {
        without_landlock = true;
        check_tls("tls", pem, NULL, HK_CALL_DONE, "hello");
        check_tls("tls", NULL, NULL, HK_CALL_FAILED, "unable to get local issuer certificate");
        without_landlock = false;
    }
}

static void cancelled_calls_are_settled(void)
{
    struct fixture f;

    begin_plain(&f, "");
    uint64_t id = fixture_begin_call(
        &f, HK_CALL_START, "http", "post", "k", "{\"host\":\"it\",\"path\":\"slow-head\"}", 20000);
    /* another call shows that the first is on its way */
    uint64_t other = fixture_begin_call(
        &f, HK_CALL_START, "http", "get", "k", "{\"host\":\"it\",\"path\":\"text\"}", 20000);
    f.next_id = 1;
    CU_ASSERT_TRUE(fixture_until(&f, fixture_all_answered));
    CU_ASSERT_EQUAL(fixture_answer(&f, other)->end, HK_CALL_DONE);
    hk_pool_cancel(f.pool, id);
    f.next_id = 2;
    CU_ASSERT_TRUE(fixture_until(&f, fixture_all_answered));
    CU_ASSERT_EQUAL(fixture_answer(&f, id)->end, HK_CALL_LOST);
    fixture_end(&f);
}

static void many_calls_at_once(void)
{
    struct fixture f;

    begin_plain(&f, "");
    for (unsigned i = 0; i < 150; i++)
        (void)fixture_begin_call(
            &f, HK_CALL_START, "http", "get", "k", "{\"host\":\"it\",\"path\":\"text\"}", 20000);
    CU_ASSERT_TRUE(fixture_until(&f, fixture_all_answered));
    for (unsigned i = 0; i < f.answer_count; i++)
        CU_ASSERT_EQUAL(f.answers[i].end, HK_CALL_DONE);
    fixture_end(&f);
}

static void bad_options_are_refused(void)
{
    static const struct {
        const char *options;
        const char *says;
    } cases[] = {
        {"{}", "option hosts"},
        {"{\"hosts\":5}", "hosts"},
        {"{\"hosts\":{\"a\":5}}", "hosts.a"},
        {"{\"hosts\":{\"a\":{}}}", "hosts.a: url"},
        {"{\"hosts\":{\"a\":{\"url\":\"http://a.example/\"}}}", "cleartext"},
        {"{\"hosts\":{\"a\":{\"url\":\"https://u:p@a.example/\"}}}", "user name"},
        {"{\"hosts\":{\"a\":{\"url\":\"https://a.example/\",\"headers\":{\"A\":\"b\\nc\"}}}}",
            "one line"},
        {"{\"hosts\":{\"a\":{\"url\":\"https://a.example/\",\"headers\":{\"A b\":\"c\"}}}}",
            "name"},
        {"{\"hosts\":{\"a\":{\"url\":\"https://a.example/"
         "\",\"headers\":{\"A\":{\"$secret\":\"s\"}}}}}",
            "no secret s"},
        {"{\"hosts\":{\"a\":{\"url\":\"https://a.example/\",\"allow\":[\"put\"]}}}", "allow"},
        {"{\"hosts\":{\"a\":{\"url\":\"https://a.example/\",\"allow\":[\"tell\",\"post\"]}}}",
            "both tell and post"},
        {"{\"hosts\":{\"a\":{\"url\":\"https://a.example/\",\"allow\":[\"post_idempotent\"]}}}",
            "idempotency = true"},
        {"{\"hosts\":{\"a\":{\"url\":\"https://a.example/\",\"authorities\":\"/etc/shadow\"}}}",
            "can't be read"},
        {"{\"hosts\":{\"a\":{\"url\":\"https://a.example/\",\"authorities\":\"x\"}}}",
            "no certificate"},
        {"{\"hosts\":{\"a\":{\"url\":\"https://a.example/\",\"check\":\"..\"}}}", "check"},
        {"{\"hosts\":{\"a\":{\"url\":\"https://a.example/\",\"redirects\":11}}}", "redirects"},
        {"{\"hosts\":{\"a\":{\"url\":\"https://a.example/\",\"more\":1}}}", "more"},
        {"{\"hosts\":{},\"timeout\":\"1ms\"}", "timeout"},
        {"{\"hosts\":{},\"answer_max\":1000000}", "answer_max"},
    };
    const char *const grants[] = {"net:a.example:443", NULL};
    struct hk_error error = {0};
    struct fixture f;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        fixture_begin(&f);
        enum hk_status status =
            fixture_add_as(&f, "../../plugins/http", "http", cases[i].options, grants, &error);
        if (status == HK_OK) {
            CU_ASSERT_FATAL(fixture_until(&f, fixture_is_settled));
            error = f.load_error;
        }
        if (error.status == HK_OK || strstr(error.text, cases[i].says) == NULL)
            printf("\n  %s: %s\n", cases[i].options, error.text);
        CU_ASSERT_NOT_EQUAL(error.status, HK_OK);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, cases[i].says));
        fixture_end(&f);
    }
    fixture_begin(&f);
    CU_ASSERT_EQUAL_FATAL(
        fixture_add_as(&f, "../../plugins/http", "http", "{\"hosts\":{}}", NULL, &error), HK_OK);
    CU_ASSERT_FATAL(fixture_until(&f, fixture_is_settled));
    CU_ASSERT_PTR_NOT_NULL(strstr(f.load_error.text, "net:HOST:PORT"));
    fixture_end(&f);
}

/* --- secrets --- */

#define SECRET "s3cret-of-the-test-0451"

static int found_count;

static int look_for_secret(const char *path, const struct stat *about, int type, struct FTW *at)
{
    (void)at;
    if (type != FTW_F || about->st_size == 0)
        return 0;
    FILE *file = fopen(path, "re");
    char *text = calloc(1, (size_t)about->st_size + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    size_t size = fread(text, 1, (size_t)about->st_size, file);
    found_count += memmem(text, size, SECRET, strlen(SECRET)) != NULL;
    fclose(file);
    free(text);
    return 0;
}

static void secrets_reach_the_server_alone(void)
{
    const char *grants[] = {grant("net", "127.0.0.1", "plain"), NULL};
    struct hk_secrets *secrets = NULL;
    struct hk_error error = {0};
    char options[512];
    struct fixture f;

    CU_ASSERT_EQUAL_FATAL(hk_secrets_new(&secrets, &error), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_secrets_put(secrets, "key", SECRET, strlen(SECRET), &error), HK_OK);
    fixture_begin(&f);
    f.secrets = secrets;
    f.never_logged = SECRET;
    snprintf(options, sizeof(options),
        "{\"hosts\":{\"it\":{\"url\":\"%s\",\"cleartext\":true,\"headers\":{\"X-Key\":"
        "{\"$secret\":\"key\"}}},\"bad\":{\"url\":\"http://127.0.0.1:1/\",\"cleartext\":true,"
        "\"headers\":{\"X-Key\":{\"$secret\":\"key\"}}}}}",
        server_url("plain", "127.0.0.1"));
    CU_ASSERT_EQUAL_FATAL(
        fixture_add_as(&f, "../../plugins/http", "http", options, grants, &error), HK_OK);
    CU_ASSERT_FATAL(fixture_until(&f, fixture_is_settled));
    CU_ASSERT_EQUAL_FATAL(f.load_error.status, HK_OK);
    CU_ASSERT_PTR_NULL(strstr(hk_pool_descriptor(f.pool, "acme", "http"), SECRET));
    check(&f, "get", "{\"host\":\"it\",\"path\":\"text\"}", HK_CALL_DONE, "hello");
    check(&f, "get", "{\"host\":\"bad\",\"path\":\"text\"}", HK_CALL_FAILED, "granted");
    CU_ASSERT_PTR_NULL(strstr(fixture_answer(&f, f.next_id)->text, SECRET));
    /* a server that repeats what it was told */
    check(&f, "get", "{\"host\":\"it\",\"path\":\"echo\"}", HK_CALL_DONE, "[secret key]");
    CU_ASSERT_PTR_NULL(strstr(fixture_answer(&f, f.next_id)->text, SECRET));
    check(&f, "get",
        "{\"host\":\"it\",\"path\":\"status\",\"query\":{\"code\":403,\"text\":\"" SECRET "\"}}",
        HK_CALL_FAILED, "it answered 403: [secret key]");
    found_count = 0;
    CU_ASSERT_EQUAL(nftw(f.data_dir, look_for_secret, 16, FTW_PHYS), 0);
    CU_ASSERT_EQUAL(found_count, 0);
    fixture_end(&f);
    hk_secrets_free(secrets);
}

int main(int argc, char **argv)
{
    static const struct suite_test tests[] = {
        {"it asks and tells", it_asks_and_tells},
        {"what may have arrived is unknown", what_may_have_arrived_is_unknown},
        {"what was not sent has failed", what_was_not_sent_has_failed},
        {"grants say where to", grants_say_where_to},
        {"redirects are granted like the first", redirects_are_granted_like_the_first},
        {"certificates are checked", certificates_are_checked},
        {"cancelled calls are settled", cancelled_calls_are_settled},
        {"many calls at once", many_calls_at_once},
        {"bad options are refused", bad_options_are_refused},
        {"secrets reach the server alone", secrets_reach_the_server_alone},
    };

    FIXTURE_HOST(argc, argv);
    web_start(&web);
    int failures = suite_run("http", tests, COUNT_OF(tests));
    web_stop(&web);
    return failures;
}
