/*
 * contacts: what the configuration may say about them, and what is wrong said by its path.
 */
#include "engine/contacts.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>

#define MAIL "\"m\":{\"kind\":\"smtp\",\"host\":\"mail.example\",\"from\":\"a@b.example\"}"
#define CHAT "\"c\":{\"kind\":\"slack\",\"url\":\"https://hooks.example/x\"}"

static enum hk_status read_config(const char *json, struct hk_json_doc *doc,
    struct hk_contacts **ret_contacts, struct hk_error *error)
{
    *ret_contacts = NULL;
    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse(json, strlen(json), &hk_json_limits_own, doc, error), HK_OK);
    return hk_contacts_new(doc->root, "https://soc.example/", NULL, ret_contacts, error);
}

static void defaults_are_filled_in(void)
{
    struct hk_json_doc doc;
    struct hk_contacts *contacts;
    struct hk_error error = {.text = ""};

    CU_ASSERT_EQUAL_FATAL(
        read_config(
            "{\"channels\":{" MAIL "," CHAT "},\"contacts\":[{\"name\":\"b\",\"order\":2,"
            "\"channels\":{\"m\":\"b@b.example\",\"c\":true}},{\"name\":\"a\",\"channels\":[{"
            "\"m\":\"a@b.example\"},{\"c\":true}]}]}",
            &doc, &contacts, &error),
        HK_OK);
    CU_ASSERT_STRING_EQUAL(contacts->base_url, "https://soc.example");
    CU_ASSERT_EQUAL(contacts->channel_count, 2);
    CU_ASSERT_EQUAL(contacts->channels[0].port, 587);
    CU_ASSERT_EQUAL(contacts->channels[0].tls, HK_MAIL_STARTTLS);
    CU_ASSERT_EQUAL(contacts->count, 2);
    const struct hk_contact *first = &contacts->items[0];
    CU_ASSERT_STRING_EQUAL(first->name, "a");
    CU_ASSERT_STRING_EQUAL(first->level, HK_LEVEL_FIRST);
    CU_ASSERT_EQUAL(first->language, HK_LANGUAGE_EN);
    CU_ASSERT_EQUAL(first->answer_within_ms, 15 * 60 * 1000);
    CU_ASSERT_EQUAL(first->remind_every_ms, 0);
    CU_ASSERT_EQUAL(first->way_count, 2);
    CU_ASSERT_EQUAL(contacts->burst, 3);
    CU_ASSERT_EQUAL(contacts->gather_ms, 60000);
    CU_ASSERT_TRUE(contacts->has_checkpoint);
    CU_ASSERT_EQUAL(contacts->digest_minute, -1);
    CU_ASSERT_STRING_EQUAL(
        hk_contact_way(contacts, hk_contact_find(contacts, "b"), "m")->address, "b@b.example");
    CU_ASSERT_PTR_NULL(hk_contact_way(contacts, hk_contact_find(contacts, "b"), "c")->address);
    CU_ASSERT_PTR_NULL(hk_contact_find(contacts, "c"));
    CU_ASSERT_TRUE(hk_contacts_have(contacts, "first") && !hk_contacts_have(contacts, "tier2"));
    hk_contacts_free(contacts);
    hk_json_doc_done(&doc);
}

static void what_is_said_for_all_holds_for_each(void)
{
    struct hk_json_doc doc;
    struct hk_contacts *contacts;

    CU_ASSERT_EQUAL_FATAL(
        read_config(
            "{\"url\":\"https://other.example:8443\",\"channels\":{" MAIL "},\"contacts\":[{"
            "\"name\":\"a\",\"channels\":{\"m\":\"a@b.example\"}},{\"name\":\"b\",\"language\":"
            "\"en\",\"only\":[\"approval\",\"digest\"],\"channels\":{\"m\":\"b@b.example\"}}],"
            "\"notices\":{\"language\":\"ja\",\"zone\":\"+09:00\",\"remind_every\":\"30m\","
            "\"answer_within\":\"5m\",\"digest\":{\"at\":\"08:30\",\"to\":\"b\"},"
            "\"checkpoint\":false}}",
            &doc, &contacts, NULL),
        HK_OK);
    CU_ASSERT_STRING_EQUAL(contacts->base_url, "https://other.example:8443");
    CU_ASSERT_EQUAL(contacts->items[0].language, HK_LANGUAGE_JA);
    CU_ASSERT_EQUAL(contacts->items[1].language, HK_LANGUAGE_EN);
    CU_ASSERT_EQUAL(contacts->items[0].remind_every_ms, 30 * 60 * 1000);
    CU_ASSERT_EQUAL(contacts->items[0].answer_within_ms, 5 * 60 * 1000);
    CU_ASSERT_EQUAL(contacts->items[1].reasons,
        1U << HK_REASON_APPROVAL | 1U << HK_REASON_DIGEST | 1U << HK_REASON_TEST);
    CU_ASSERT_EQUAL(contacts->zone_minutes, 540);
    CU_ASSERT_EQUAL(contacts->digest_minute, 8 * 60 + 30);
    CU_ASSERT_FALSE(contacts->has_checkpoint);
    hk_contacts_free(contacts);
    hk_json_doc_done(&doc);
}

static void nothing_is_nobody(void)
{
    struct hk_json_doc doc = {0};
    struct hk_contacts *contacts = NULL;

    CU_ASSERT_EQUAL_FATAL(hk_json_parse("{}", 2, &hk_json_limits_own, &doc, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_contacts_new(doc.root, NULL, NULL, &contacts, NULL), HK_OK);
    CU_ASSERT_PTR_NULL(contacts);
    CU_ASSERT_PTR_NULL(hk_contact_find(NULL, "a"));
    CU_ASSERT_PTR_NULL(hk_channel_find(NULL, "a"));
    CU_ASSERT_FALSE(hk_contacts_have(NULL, "first"));
    hk_json_doc_done(&doc);
}

static void addresses_that_could_be_markup_are_refused(void)
{
    static const char *const urls[] = {"javascript:alert(1)", "https://", "https:///x",
        "https://a.example/<b>", "https://a.example/|b", "https://a.example/ b",
        "https://a.example/\\\"", "https://a.example/)", "ftp://a.example",
        "https://a.example/\\u3042", "https://a.example/[x]"};
    char json[256];

    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        struct hk_json_doc doc;
        struct hk_contacts *contacts;
        struct hk_error error = {.text = ""};

        (void)snprintf(json, sizeof(json), "{\"url\":\"%s\"}", urls[i]);
        CU_ASSERT_EQUAL(read_config(json, &doc, &contacts, &error), HK_INVALID);
        CU_ASSERT_EQUAL(strncmp(error.text, "url: ", 5), 0);
        hk_json_doc_done(&doc);
    }
}

static void mail_addresses(void)
{
    static const char *const good[] = {"a@b", "a.b+c@d-e.example", "!#$%&'*+-/=?^_`{|}~@x.example"};
    static const char *const bad[] = {"", "@", "a@", "@b", "a b@c", "a@b c", "a@b@c", "a\r\n@b",
        "a@b\r\nDATA", "<a@b>", "a@-b", "a@b.", "a@b..c", ".a@b", "a.@b", "a..b@c", "\"a\"@b",
        "a@[192.0.2.1]", "a\xc3\xa4@b", "a@b,c@d", "a@b;"};
    char text[400];

    for (size_t i = 0; i < COUNT_OF(good); i++)
        CU_ASSERT_TRUE(hk_mail_address_is_valid(good[i]));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        CU_ASSERT_FALSE(hk_mail_address_is_valid(bad[i]));
    memset(text, 'a', sizeof(text));
    (void)snprintf(text + 65, sizeof(text) - 65, "@b.example");
    CU_ASSERT_FALSE(hk_mail_address_is_valid(text));
    CU_ASSERT_TRUE(hk_mail_host_is_valid("mail.example") && hk_mail_host_is_valid("2001:db8::1"));
    CU_ASSERT_FALSE(hk_mail_host_is_valid("a/b") || hk_mail_host_is_valid("[::1]") ||
                    hk_mail_host_is_valid("a:25") || hk_mail_host_is_valid(""));
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"defaults are filled in", defaults_are_filled_in},
        {"what is said for all holds for each", what_is_said_for_all_holds_for_each},
        {"nothing is nobody", nothing_is_nobody},
        {"addresses that could be markup are refused", addresses_that_could_be_markup_are_refused},
        {"mail addresses", mail_addresses},
    };
    return suite_run("contacts", tests, COUNT_OF(tests));
}
