/*
 * unpack: what is in the bodies of webhooks.
 */
#include "source/unpack.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>

#define JSON "application/json; charset=utf-8"
#define FORM "application/x-www-form-urlencoded"
#define SNS "\"TopicArn\":\"arn:aws:sns:eu-west-1:123456789012:alerts\",\"MessageId\":\"m-1\""

static void bodies_are_unpacked(void)
{
    static const struct {
        const char *type;
        const char *body;
        const char *items;    /* configured */
        const char *expected; /* joined by '|' */
        const char *answer;
        const char *notice;
    } cases[] = {
        {JSON, "{\"a\":1}", NULL, "{\"a\":1}", NULL, NULL},
        {JSON, " {\"a\":1}\n", NULL, "{\"a\":1}", NULL, NULL},
        {JSON, "[{\"a\":1},{\"b\":2}]", NULL, "{\"a\":1}|{\"b\":2}", NULL, NULL},
        {JSON, "{\"a\":1}\n{\"b\":2}", NULL, "{\"a\":1}|{\"b\":2}", NULL, NULL},
        {"application/x-ndjson", "{\"a\":1}\n{\"b\":2}\n", NULL, "{\"a\":1}|{\"b\":2}", NULL, NULL},
        {NULL, "{\"a\":1}", NULL, "{\"a\":1}", NULL, NULL},
        {JSON, "{\"a\":", NULL, "{\"a\":", NULL, NULL},
        {"text/plain", "CEF:0|a|b|1|2|3|4|", NULL, "CEF:0|a|b|1|2|3|4|", NULL, NULL},
        {JSON, "", NULL, "", NULL, NULL},
        {FORM, "payload=%7B%22a%22%3A1%7D", NULL, "{\"a\":1}", NULL, NULL},
        {FORM, "payload=%5B%7B%22a%22%3A1%7D%2C2%5D", NULL, "{\"a\":1}|2", NULL, NULL},
        {FORM, "a=1&b=2", NULL, "a=1&b=2", NULL, NULL},
        {FORM, "payload=%zz", NULL, "payload=%zz", NULL, NULL},
        {JSON, "{\"data\":{\"alerts\":[{\"a\":1},{\"b\":2}]}}", "data.alerts",
            "{\"a\":1}|{\"b\":2}", NULL, NULL},
        {JSON, "{\"data\":{\"alerts\":[]}}", "data.alerts", "", NULL, NULL},
        {JSON, "{\"data\":{\"alerts\":7}}", "data.alerts", "{\"data\":{\"alerts\":7}}", NULL, NULL},
        {JSON, "{\"type\":\"url_verification\",\"challenge\":\"abc\",\"token\":\"x\"}", NULL, "",
            "abc", NULL},
        {"text/plain; charset=UTF-8",
            "{\"Type\":\"Notification\"," SNS ",\"Message\":\"{\\\"a\\\":1}\"}", NULL, "{\"a\":1}",
            NULL, NULL},
        {"text/plain", "{\"Type\":\"Notification\"," SNS ",\"Message\":\"disk full\"}", NULL,
            "disk full", NULL, NULL},
        {"text/plain",
            "{\"Type\":\"SubscriptionConfirmation\"," SNS
            ",\"SubscribeURL\":\"https://sns.example/?Action=ConfirmSubscription&Token=x\"}",
            NULL, "", NULL, "open https://sns.example/?Action=ConfirmSubscription&Token=x"},
        {"text/plain",
            "{\"Type\":\"SubscriptionConfirmation\"," SNS ",\"SubscribeURL\":\"javascript:x\"}",
            NULL, "", NULL, "alerts is to be confirmed"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct hk_webhook_config config = {.items = cases[i].items};
        struct hk_unpacked unpacked;
        struct hk_error error;
        char joined[256] = "";
        CU_ASSERT_EQUAL(hk_unpack(&config, cases[i].type, cases[i].body, strlen(cases[i].body),
                            &unpacked, &error),
            HK_OK);
        for (size_t k = 0; k < unpacked.count; k++)
            (void)snprintf(joined + strlen(joined), sizeof(joined) - strlen(joined), "%s%.*s",
                k > 0 ? "|" : "", (int)unpacked.items[k].size,
                unpacked.text.data + unpacked.items[k].at);
        if (strcmp(joined, cases[i].expected) != 0)
            (void)fprintf(stderr, "case %zu: %s\n", i, joined);
        CU_ASSERT_STRING_EQUAL(joined, cases[i].expected);
        if (cases[i].answer != NULL && unpacked.answer != NULL)
            CU_ASSERT_STRING_EQUAL(unpacked.answer, cases[i].answer);
        CU_ASSERT_EQUAL(unpacked.answer != NULL, cases[i].answer != NULL);
        CU_ASSERT_EQUAL(unpacked.notice[0] != '\0', cases[i].notice != NULL);
        if (cases[i].notice != NULL)
            CU_ASSERT_PTR_NOT_NULL(strstr(unpacked.notice, cases[i].notice));
        hk_unpacked_done(&unpacked);
    }
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"bodies are unpacked", bodies_are_unpacked},
    };

    return suite_run("source unpack", tests, COUNT_OF(tests));
}
