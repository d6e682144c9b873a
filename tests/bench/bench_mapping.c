/*
 * bench_mapping: what it costs to make an alert view of one message, by its form. Prints one JSON
 * line for each figure: messages a second of one thread's CPU time.
 */
#include "intake/products.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOW_US INT64_C(1795306845000000) /* 2026-11-22T01:00:45Z */
#define ROUNDS 20000

static const struct {
    const char *name;
    const char *text;
    const char *form;
} messages[] = {
    {"view",
        "{\"title\":\"Many failed "
        "logins\",\"category\":\"authentication\",\"severity\":\"critical\","
        "\"src\":{\"ip\":\"203.0.113.66\"}}",
        "view"},
    {"suricata",
        "{\"timestamp\":\"2026-11-22T01:00:00.000000+0000\",\"flow_id\":1,\"event_type\":\"alert\","
        "\"src_ip\":\"192.0.2.1\",\"src_port\":4444,\"dest_ip\":\"198.51.100.7\",\"dest_port\":80,"
        "\"proto\":\"TCP\",\"alert\":{\"action\":\"allowed\",\"gid\":1,\"signature_id\":2000001,"
        "\"rev\":3,\"signature\":\"EXAMPLE scan\",\"category\":\"Attempted Information Leak\","
        "\"severity\":2}}",
        "suricata"},
    {"cloudtrail",
        "{\"eventVersion\":\"1.08\",\"userIdentity\":{\"type\":\"IAMUser\",\"principalId\":"
        "\"AIDAEXAMPLE\","
        "\"arn\":\"arn:aws:iam::111122223333:user/user-1\",\"accountId\":\"111122223333\","
        "\"userName\":\"user-1\"},\"eventTime\":\"2026-11-22T01:00:00Z\","
        "\"eventSource\":\"signin.amazonaws.com\",\"eventName\":\"ConsoleLogin\","
        "\"awsRegion\":\"eu-west-1\",\"sourceIPAddress\":\"192.0.2.1\",\"userAgent\":\"browser\","
        "\"requestParameters\":null,\"responseElements\":{\"ConsoleLogin\":\"Failure\"},"
        "\"eventID\":\"00000000-0000-4000-8000-000000000001\",\"eventType\":\"AwsConsoleSignIn\","
        "\"recipientAccountId\":\"111122223333\"}",
        "aws-cloudtrail"},
    {"fortigate",
        "<189>date=2026-11-22 time=01:00:00 devname=\"fw-1\" devid=\"FGT00000000001\" "
        "logid=\"0000000013\" type=\"traffic\" subtype=\"forward\" level=\"notice\" vd=\"root\" "
        "eventtime=1795306800000000000 tz=\"+0000\" srcip=192.0.2.1 srcport=50000 "
        "dstip=198.51.100.7 "
        "dstport=443 proto=6 action=\"deny\" policyid=7 service=\"HTTPS\" msg=\"denied by policy\"",
        "fortigate"},
    {"cisco-asa",
        "<164>Nov 22 2026 01:00:00 fw-1 : %ASA-4-106023: Deny tcp src outside:192.0.2.1/50000 dst "
        "inside:198.51.100.7/22 by access-group \"outside_in\" [0x0, 0x0]",
        "cisco-asa"},
    {"cef",
        "<134>Nov 22 01:00:00 sensor-1 CEF:0|Example|Sensor|1.0|100|Port scan|7|src=192.0.2.1 "
        "spt=50000 dst=198.51.100.7 dpt=22 suser=user-1 msg=Many ports cs1Label=Policy cs1=default",
        "cef"},
    {"sshd",
        "<38>Nov 22 01:00:00 host-1 sshd[4242]: Failed password for root from 192.0.2.1 port 50000 "
        "ssh2",
        "linux"},
    {"windows-xml",
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider "
        "Name='Microsoft-Windows-Security-Auditing'/><EventID>4625</EventID><Level>0</Level>"
        "<TimeCreated SystemTime='2026-11-22T01:00:00.000000000Z'/><EventRecordID>1</EventRecordID>"
        "<Channel>Security</Channel><Computer>host-1.example</Computer></System><EventData>"
        "<Data Name='TargetUserName'>user-1</Data><Data Name='TargetDomainName'>EXAMPLE</Data>"
        "<Data Name='LogonType'>3</Data><Data Name='IpAddress'>192.0.2.1</Data>"
        "<Data Name='IpPort'>50000</Data></EventData></Event>",
        "windows"},
    {"unmapped", "<13>Nov 22 01:00:00 host-1 unheard-of: something happened to somebody",
        "unmapped"},
};

static double cpu_seconds(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void fail(const char *name, const char *why)
{
    (void)fprintf(stderr, "bench_mapping: %s: %s\n", name, why);
    exit(1);
}

static void measure(const struct hk_products *products, size_t index)
{
    const struct hk_message_hint hint = {.transport = HK_TRANSPORT_SYSLOG, .now_us = NOW_US};
    const char *text = messages[index].text;
    size_t size = strlen(text);
    double begun = cpu_seconds();

    for (int i = 0; i < ROUNDS; i++) {
        struct hk_mapping_trouble trouble;
        struct hk_alert_in in;
        struct hk_error error;
        if (hk_products_read(products, text, size, &hint, NULL, &in, &trouble, &error) != HK_OK)
            fail(messages[index].name, error.text);
        if (strcmp(in.form, messages[index].form) != 0)
            fail(messages[index].name, in.form);
        hk_alert_in_done(&in);
    }
    printf("{\"name\":\"mapping_%s\",\"value\":%.0f,\"unit\":\"msg/s\"}\n", messages[index].name,
        ROUNDS / (cpu_seconds() - begun));
}

int main(void)
{
    struct hk_products *products = NULL;
    struct hk_error error;
    double begun = cpu_seconds();

    if (hk_products_new_builtin(&products, &error) != HK_OK)
        fail("built in", error.text);
    printf("{\"name\":\"mapping_load\",\"value\":%.1f,\"unit\":\"ms\"}\n",
        (cpu_seconds() - begun) * 1e3);
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
        measure(products, i);
    hk_products_free(products);
    return 0;
}
