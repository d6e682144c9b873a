/*
 * Suricata EVE, each kind of event that alerts come with.
 */
#include "intake/intake.h"
#include "support.h"

#define SIGNED(sid)                                                                                \
    "\"alert\":{\"action\":\"allowed\",\"gid\":1,\"signature_id\":" #sid                           \
    ",\"rev\":2,\"signature\":\"TEST rule\",\"category\":\"Misc Attack\",\"severity\":2}"
#define EVENT                                                                                      \
    "{\"timestamp\":\"2026-11-22T10:00:00.123456+0900\",\"flow_id\":1959620435402694,"             \
    "\"event_type\":\"alert\",\"src_ip\":\"198.51.100.7\",\"src_port\":40000,"                     \
    "\"dest_ip\":\"192.0.2.10\",\"dest_port\":80,\"proto\":\"TCP\","

struct look {
    const char *path;
    const char *text; /* "" for nothing */
};

static void expect(const char *event, const struct look *looks)
{
    struct taken taken = take(event);

    CU_ASSERT_STRING_EQUAL(taken.in.form, "suricata");
    CU_ASSERT_STRING_EQUAL(taken.in.raw, event);
    for (; looks->path != NULL; looks++) {
        if (strcmp(seen(&taken, looks->path), looks->text) != 0)
            (void)printf("\n  %s is %s", looks->path, seen(&taken, looks->path));
        CU_ASSERT_STRING_EQUAL(seen(&taken, looks->path), looks->text);
    }
    taken_done(&taken);
}

#define EXPECT(event, ...) expect(event, (const struct look[]){__VA_ARGS__, {NULL, NULL}})

static void test_whole_view(void)
{
    struct taken taken = take(
        "{\"timestamp\":\"2026-11-22T10:00:00.123456+0900\",\"flow_id\":9007199254740993,"
        "\"event_type\":\"alert\",\"host\":\"sensor-1\",\"src_ip\":\"203.0.113.66\","
        "\"src_port\":52344,\"dest_ip\":\"192.0.2.10\",\"dest_port\":22,\"proto\":\"TCP\","
        "\"alert\":{\"action\":\"blocked\",\"gid\":1,\"signature_id\":9000100,\"rev\":3,"
        "\"signature\":\"TEST password guessing\","
        "\"category\":\"Unsuccessful User Privilege Gain\",\"severity\":1,\"metadata\":"
        "{\"signature_severity\":[\"Critical\"],\"mitre_technique_id\":[\"T1110_001\",7,\"x\"]}},"
        "\"ssh\":{\"client\":{\"software_version\":\"libssh\"}},\"app_proto\":\"ssh\"}");

    CU_ASSERT_STRING_EQUAL(taken.in.view,
        "{\"title\":\"TEST password guessing\",\"category\":\"authentication\","
        "\"severity\":\"critical\",\"time\":\"2026-11-22T01:00:00.123456Z\","
        "\"uid\":\"9007199254740993-9000100\",\"product\":\"suricata\","
        "\"src\":{\"ip\":\"203.0.113.66\",\"port\":52344},"
        "\"dst\":{\"ip\":\"192.0.2.10\",\"port\":22},\"device\":{\"host\":\"sensor-1\"},"
        "\"technique\":[\"T1110.001\"],"
        "\"rule\":{\"sid\":9000100,\"rev\":3,\"gid\":1,\"action\":\"blocked\"}}");
    CU_ASSERT_EQUAL(taken.in.severity, 5);
    CU_ASSERT_EQUAL(taken.in.event_us, INT64_C(1795309200123456));
    taken_done(&taken);
}

static void test_http(void)
{
    EXPECT(EVENT SIGNED(1) ",\"app_proto\":\"http\",\"http\":{\"hostname\":\"www.example.org\","
                           "\"url\":\"/a?b=c\",\"http_method\":\"GET\"}}",
        {"url", "http://www.example.org/a?b=c"}, {"category", "network"}, {"severity", "medium"});
    EXPECT(EVENT SIGNED(1) ",\"app_proto\":\"tls\",\"http\":{\"hostname\":\"www.example.org\","
                           "\"url\":\"/\",\"http_port\":8443}}",
        {"url", "https://www.example.org:8443/"});
    EXPECT(EVENT SIGNED(1) ",\"http\":{\"url\":\"http://www.example.org/a\"}}",
        {"url", "http://www.example.org/a"});
    EXPECT(EVENT SIGNED(1) ",\"http\":{\"url\":\"/a\"}}", {"url", ""});
    EXPECT(EVENT SIGNED(1) ",\"http\":{\"hostname\":\"www.example.org\"}}", {"url", ""});
}

static void test_tls_and_direction(void)
{
    EXPECT(EVENT SIGNED(1) ",\"direction\":\"to_server\",\"tls\":{\"sni\":\"c2.example\"}}",
        {"src.ip", "198.51.100.7"}, {"dst.host", "c2.example"}, {"src.host", ""});
    EXPECT(EVENT SIGNED(1) ",\"direction\":\"to_client\",\"tls\":{\"sni\":\"c2.example\"}}",
        {"src.ip", "198.51.100.7"}, {"dst.host", ""}, {"src.host", "c2.example"});
    EXPECT(
        EVENT SIGNED(1) ",\"tls\":{\"sni\":\"c2.example\"}}", {"dst.host", ""}, {"src.host", ""});
}

static void test_dns(void)
{
    EXPECT(EVENT SIGNED(1) ",\"dns\":{\"query\":[{\"type\":\"query\",\"rrname\":\"a.example\"}]}}",
        {"domain", "a.example"});
    EXPECT(EVENT SIGNED(1) ",\"dns\":{\"version\":3,\"queries\":[{\"rrname\":\"b.example\"}]}}",
        {"domain", "b.example"});
    EXPECT(EVENT SIGNED(1) ",\"dns\":{\"rrname\":\"c.example\"}}", {"domain", "c.example"});
}

static void test_files(void)
{
    static const char sum[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    EXPECT(EVENT SIGNED(1) ",\"fileinfo\":{\"filename\":\"/x.exe\",\"sha256\":"
                           "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}}",
        {"file.path", "/x.exe"}, {"file.sha256", sum});
    EXPECT(EVENT SIGNED(1) ",\"files\":[{\"filename\":\"y.js\",\"sha256\":\"short\"}]}",
        {"file.path", "y.js"}, {"file.sha256", ""});
}

static void test_users(void)
{
    EXPECT(EVENT SIGNED(1) ",\"ssh\":{\"client\":{\"proto_version\":\"2.0\"}}}", {"user.name", ""});
    EXPECT(EVENT SIGNED(1) ",\"smtp\":{\"mail_from\":\"<a@bad.example>\","
                           "\"rcpt_to\":[\"<u@example.org>\",\"<v@example.org>\"]}}",
        {"user.mail", "u@example.org"}, {"user.name", ""});
    EXPECT(EVENT SIGNED(1) ",\"krb5\":{\"cname\":\"admin\"}}", {"user.name", "admin"});
    EXPECT(EVENT SIGNED(1) ",\"smb\":{\"ntlmssp\":{\"user\":\"bob\"}}}", {"user.name", "bob"});
    EXPECT(EVENT SIGNED(1) ",\"ftp\":{\"command\":\"USER\",\"command_data\":\"ann\"}}",
        {"user.name", "ann"});
    EXPECT(EVENT SIGNED(1) ",\"ftp\":{\"command\":\"PASS\",\"command_data\":\"secret\"}}",
        {"user.name", ""});
}

static void test_icmp_and_ipv6(void)
{
    EXPECT("{\"timestamp\":\"2026-11-22T10:00:00\",\"event_type\":\"alert\","
           "\"src_ip\":\"2001:0db8:0000:0000:0000:0000:0000:0001\","
           "\"dest_ip\":\"2001:0db8:0000:0000:0000:0000:0000:0002\",\"proto\":\"IPv6-ICMP\","
           "\"icmp_type\":128,\"icmp_code\":0," SIGNED(5) "}",
        {"src.ip", "2001:db8::1"}, {"dst.ip", "2001:db8::2"}, {"src.port", ""}, {"dst.port", ""},
        {"uid", ""}, {"rule.sid", "5"}, {"time", "2026-11-22T10:00:00.000000Z"});
}

static void test_severity(void)
{
    static const struct {
        const char *alert;
        const char *severity;
    } cases[] = {
        {"\"severity\":1", "high"},
        {"\"severity\":2", "medium"},
        {"\"severity\":3", "low"},
        {"\"severity\":4", "informational"},
        {"\"severity\":255", "informational"},
        {"\"severity\":0", "medium"},
        {"\"severity\":\"1\"", "medium"},
        {"\"gid\":1", "medium"},
        {"\"severity\":3,\"metadata\":{\"signature_severity\":[\"Critical\"]}", "critical"},
        {"\"severity\":3,\"metadata\":{\"signature_severity\":[\"Major\"]}", "high"},
        {"\"severity\":1,\"metadata\":{\"signature_severity\":\"Minor\"}", "low"},
        {"\"severity\":1,\"metadata\":{\"signature_severity\":[\"Informational\"]}",
            "informational"},
        {"\"severity\":2,\"metadata\":{\"signature_severity\":[7]}", "medium"},
        {"\"severity\":2,\"metadata\":[]", "medium"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char event[256];
        (void)snprintf(event, sizeof(event),
            "{\"event_type\":\"alert\",\"alert\":{\"signature\":\"x\",%s}}", cases[i].alert);
        EXPECT(event, {"severity", cases[i].severity});
    }
}

static void test_categories(void)
{
    static const struct {
        const char *class_text;
        const char *category;
    } cases[] = {
        {"A Network Trojan was detected", "malware"},
        {"Malware Command and Control Activity Detected", "malware"},
        {"Domain Observed Used for C2 Detected", "malware"},
        {"Web Application Attack", "web"},
        {"access to a potentially vulnerable web application", "web"},
        {"Unsuccessful User Privilege Gain", "authentication"},
        {"Attempt to login by a default username and password", "authentication"},
        {"Successful Credential Theft Detected", "authentication"},
        {"SSH Brute Force Attempt", "authentication"},
        {"Possible Social Engineering Attempted", "phishing"},
        {"Attempted User Privilege Gain", "network"},
        {"Generic Protocol Command Decode", "network"},
        {"something else", "network"},
        {"", "network"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char event[256];
        (void)snprintf(event, sizeof(event),
            "{\"event_type\":\"alert\",\"alert\":{\"signature_id\":1,\"category\":\"%s\"}}",
            cases[i].class_text);
        EXPECT(event, {"category", cases[i].category}, {"title", "Suricata signature 1"});
    }
}

/* A field of the wrong shape is left out; the alert stays. */
static void test_wrong_shapes(void)
{
    EXPECT(
        "{\"timestamp\":\"noon\",\"flow_id\":\"x\",\"event_type\":\"alert\",\"host\":7,"
        "\"src_ip\":\"300.1.1.1\",\"src_port\":70000,\"dest_ip\":7,\"dest_port\":\"80\","
        "\"alert\":{\"signature\":\"x\",\"signature_id\":\"7\",\"rev\":{},\"category\":[],"
        "\"severity\":1.5,\"action\":0,\"metadata\":{\"mitre_technique_id\":{\"a\":1}}},"
        "\"http\":[],\"dns\":{\"query\":7},\"files\":[7],\"tls\":\"x\",\"smtp\":{\"rcpt_to\":[]},"
        "\"direction\":{},\"app_proto\":[]}",
        {"title", "x"}, {"time", "2026-11-22T00:20:45.000000Z"}, {"uid", ""}, {"src.ip", ""},
        {"src.port", ""}, {"dst.ip", ""}, {"dst.port", ""}, {"device.host", ""},
        {"category", "network"}, {"severity", "medium"}, {"rule.sid", ""}, {"url", ""});
    EXPECT("{\"event_type\":\"alert\",\"src_port\":1,\"src_ip\":null,\"alert\":"
           "{\"signature\":\"x\"}}",
        {"src.port", "1"}, {"src.ip", ""});
}

static void test_no_alerts(void)
{
    static const struct {
        const char *event;
        const char *names;
    } cases[] = {
        {"{\"event_type\":\"dns\",\"dns\":{}}", "\"dns\""},
        {"{\"event_type\":\"alert\"}", "alert.signature"},
        {"{\"event_type\":\"alert\",\"alert\":[]}", "alert.signature"},
        {"{\"event_type\":\"alert\",\"alert\":{}}", "alert.signature"},
        {"{\"event_type\":7}", "title"},
        {"{\"alert\":{\"signature\":\"x\"}}", "event_type"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hk_alert_in in;
        struct hk_error error = {0};
        CU_ASSERT_EQUAL(
            hk_intake_read(cases[i].event, strlen(cases[i].event), NULL, NOW_US, &in, &error),
            HK_INVALID);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, cases[i].names));
    }
}

int main(void)
{
    static const CU_TestInfo tests[] = {{"the whole view of a whole event", test_whole_view},
        {"http", test_http}, {"tls and direction", test_tls_and_direction}, {"dns", test_dns},
        {"files", test_files}, {"users", test_users}, {"ICMP and IPv6", test_icmp_and_ipv6},
        {"severity", test_severity}, {"categories", test_categories},
        {"wrong shapes lose no alert", test_wrong_shapes},
        {"what is no alert is refused", test_no_alerts}, CU_TEST_INFO_NULL};

    return run_tests("eve", tests);
}
