/*
 * tell: what messages say, in both languages, and that nothing from outside does anything in them.
 */
#include "tell/tell.h"
#include "tell/tell_text.h"

#include "support/suite.h"

#include "base/digest.h"
#include "base/time.h"

#include <stdlib.h>
#include <string.h>

#define NOW_US INT64_C(1795305600000000) /* 2026-11-22T00:00:00Z */

static const char approval[] =
    "{\"id\":\"no-1\",\"reason\":\"approval\",\"about\":\"ga-0123\",\"event\":{\"kind\":\"gate."
    "opened\",\"time_us\":1795305600000000,\"payload\":{\"covers\":{\"because\":[\"40 failed "
    "logins\",{\"score\":9}],\"undo\":\"unblock_ip\",\"residual\":\"open sessions "
    "stay\",\"lease_ms\":14400000}}},\"thing\":{\"id\":\"ga-0123\",\"state\":\"pending\",\"kind\":"
    "\"action\",\"summary\":\"Block 203.0.113.66 at the edge\",\"target\":\"203.0.113.66\","
    "\"severity\":\"critical\",\"role\":\"approver\",\"expires\":\"2026-11-22T01:00:00Z\"},"
    "\"alert\":{\"title\":\"Many failed logins\",\"severity\":\"critical\"},"
    "\"checkpoint\":\"hikeshi/l/main\\n3\\nroot=\\n\\n\\u2014 hikeshi/l/main c2ln\\n\"}";

static struct hk_tell_scene scene_of(enum hk_language language)
{
    return (struct hk_tell_scene){.tenant = "main",
        .base_url = "https://soc.example",
        .language = language,
        .zone_minutes = language == HK_LANGUAGE_JA ? 540 : 0,
        .now_us = NOW_US};
}

static void make_as(const char *json, enum hk_language language, struct hk_tell_message *message)
{
    struct hk_tell_scene scene = scene_of(language);
    struct hk_json_doc doc;
    struct hk_error error = {.text = ""};

    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse(json, strlen(json), &hk_json_limits_own, &doc, &error), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_tell_make(&scene, doc.root, message, &error), HK_OK);
    hk_json_doc_done(&doc);
}

static bool has(const char *text, const char *part)
{
    bool is_there = strstr(text, part) != NULL;

    if (!is_there)
        fprintf(stderr, "\n\"%s\" is not in:\n%s\n", part, text);
    return is_there;
}

static void an_approval_says_what_why_and_until_when(void)
{
    struct hk_tell_message message;

    make_as(approval, HK_LANGUAGE_EN, &message);
    CU_ASSERT_STRING_EQUAL(
        message.subject, "[main] Approval needed: Block 203.0.113.66 at the edge");
    CU_ASSERT_TRUE(has(message.text, "Severity: critical\nAlert: Many failed logins\nWhy: \n"));
    CU_ASSERT_TRUE(has(message.text, "  - 40 failed logins\n  - {\"score\":9}\n"));
    CU_ASSERT_TRUE(has(message.text, "Target: 203.0.113.66\nFor: 4 hours\nUndone by: unblock_ip\n"
                                     "What stays: open sessions stay\n"));
    CU_ASSERT_TRUE(has(message.text,
        "Without an answer by 2026-11-22 01:00 UTC (1 hour left), nothing is done.\n"));
    CU_ASSERT_TRUE(has(message.text, "decide here:\nhttps://soc.example/approvals/ga-0123\n"));
    CU_ASSERT_STRING_EQUAL(message.link, "https://soc.example/approvals/ga-0123");
    CU_ASSERT_STRING_EQUAL(message.severity, "critical");
    CU_ASSERT_TRUE(has(message.foot, "\n\nhikeshi/l/main\n3\nroot=\n\n— hikeshi/l/main c2ln\n"));
    hk_tell_done(&message);

    make_as(approval, HK_LANGUAGE_JA, &message);
    CU_ASSERT_STRING_EQUAL(message.subject, "[main] 承認のお願い：Block 203.0.113.66 at the edge");
    CU_ASSERT_TRUE(has(message.text, "重大度：重大\n"));
    CU_ASSERT_TRUE(has(message.text,
        "2026/11/22 10:00 UTC+09:00（残り1時間）までに回答がない場合、実施しません。\n"));
    hk_tell_done(&message);
}

static void without_a_base_url_there_is_no_link(void)
{
    struct hk_tell_scene scene = scene_of(HK_LANGUAGE_EN);
    struct hk_tell_message message;
    struct hk_json_doc doc;

    scene.base_url = NULL;
    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse(approval, strlen(approval), &hk_json_limits_own, &doc, NULL), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_tell_make(&scene, doc.root, &message, NULL), HK_OK);
    CU_ASSERT_PTR_NULL(message.link);
    CU_ASSERT_PTR_NULL(strstr(message.text, "http"));
    hk_tell_done(&message);
    hk_json_doc_done(&doc);
}

static void every_reason_has_its_words(void)
{
    static const struct {
        const char *json;
        const char *subject_en;
        const char *subject_ja;
        const char *part;
    } rows[] = {
        {"{\"reason\":\"reminder\",\"about\":\"ga-1\",\"thing\":{\"summary\":\"S\"}}",
            "[main] Still waiting: S", "[main] 【再通知】未回答です：S", "decide here"},
        {"{\"reason\":\"escalation\",\"about\":\"ga-1\",\"thing\":{\"summary\":\"S\"}}",
            "[main] Escalated to you: S", "[main] 【エスカレーション】S", "has not answered"},
        {"{\"reason\":\"approval\",\"about\":\"ga-1\",\"thing\":{\"summary\":\"Yours?\",\"kind\":"
         "\"question\"},\"event\":{\"payload\":{\"choices\":[\"yes\",\"no\"]}}}",
            "[main] Answer needed: Yours?", "[main] 回答のお願い：Yours?", "Choices: yes, no\n"},
        {"{\"reason\":\"outcome\",\"thing\":{\"summary\":\"S\",\"state\":\"approved\"},\"by\":["
         "\"approver-1\",\"approver-2\"],\"event\":{\"payload\":{\"reason\":\"seen\"}}}",
            "[main] Approved: S", "[main] 承認されました：S",
            "By: approver-1, approver-2\nReason: seen\n"},
        {"{\"reason\":\"outcome\",\"thing\":{\"summary\":\"S\",\"state\":\"rejected\"}}",
            "[main] Rejected: S", "[main] 却下されました：S", "Nothing was done"},
        {"{\"reason\":\"outcome\",\"thing\":{\"summary\":\"S\",\"state\":\"expired\"}}",
            "[main] Expired, nobody answered: S", "[main] 回答がなく期限切れになりました：S",
            "counts as a no"},
        {"{\"reason\":\"outcome\",\"thing\":{\"summary\":\"S\",\"state\":\"approved\",\"kind\":"
         "\"question\"},\"event\":{\"payload\":{\"choice\":\"yes\"}}}",
            "[main] Answered: S", "[main] 回答がありました：S", "Answer: yes\n"},
        {"{\"reason\":\"outcome\",\"thing\":{\"summary\":\"S\",\"state\":\"void\"}}",
            "[main] No longer asked: S", "[main] 依頼は無効になりました：S", "no longer asked"},
        {"{\"reason\":\"done\",\"about\":\"co-1\",\"rule\":\"night\",\"thing\":{\"action\":"
         "\"edl.block_ip\",\"target\":\"203.0.113.1\",\"expires\":\"2026-11-22T04:00:00Z\"},"
         "\"event\":{\"payload\":{}}}",
            "[main] Done, for your information: edl[.]block_ip 203.0.113.1",
            "[main] 【実施報告】edl[.]block_ip 203.0.113.1",
            "Rule: night\nUntil: 2026-11-22 04:00 UTC\n"},
        {"{\"reason\":\"unknown\",\"about\":\"ru-1\",\"thing\":{\"playbook\":\"p\"},\"event\":{"
         "\"payload\":{\"step\":\"0\",\"why\":\"cut off\"}}}",
            "[main] Outcome not known, please look: p", "[main] 【要確認】結果が不明です：p",
            "Step: 0\nReason: cut off\n"},
        {"{\"reason\":\"failed\",\"about\":\"ru-1\",\"thing\":{\"playbook\":\"p\"},\"event\":{"
         "\"payload\":{\"error\":\"line 3\"}}}",
            "[main] A run failed: p", "[main] 実行が失敗しました：p", "Error: line 3\n"},
        {"{\"reason\":\"diverged\",\"about\":\"ru-1\",\"thing\":{\"playbook\":\"p\"}}",
            "[main] A run stopped, it no longer follows its record: p",
            "[main] 記録と一致しないため実行を停止しました：p", "/runs/ru-1"},
        {"{\"reason\":\"held\",\"about\":\"co-1\",\"thing\":{\"action\":\"a\",\"target\":\"t\"},"
         "\"event\":{\"payload\":{\"reason\":\"gone\",\"retry_us\":1795305660000000}}}",
            "[main] Could not be released yet: a t", "[main] 解除できていません：a t",
            "Reason: gone\nTried again: 2026-11-22 00:01 UTC\n"},
        {"{\"reason\":\"drifted\",\"about\":\"co-1\",\"thing\":{\"action\":\"a\",\"target\":\"t\"}"
         "}",
            "[main] No longer as it should be: a t",
            "[main] 【要確認】封じ込めの実状が異なります：a t", "/containments/co-1"},
        {"{\"reason\":\"task\",\"about\":\"ta-1\",\"thing\":{\"title\":\"Unplug\",\"instruction\":"
         "\"Pull the cable\"}}",
            "[main] A task for you: Unplug", "[main] タスクのお願い：Unplug",
            "What to do: Pull the cable\n"},
        {"{\"reason\":\"notify\",\"about\":\"ru-1\",\"text\":\"First line\\nsecond\",\"thing\":{"
         "\"playbook\":\"p\"}}",
            "[main] Message: First line", "[main] お知らせ：First line",
            "playbook p says:\n\nFirst line\nsecond\n"},
        {"{\"reason\":\"escalate\",\"about\":\"ru-1\",\"alert\":{\"title\":\"T\"},\"thing\":{"
         "\"playbook\":\"p\"}}",
            "[main] Please take over: T", "[main] 【エスカレーション】対応のお願い：T",
            "hands this over"},
        {"{\"reason\":\"test\"}", "[main] Test: you can be reached", "[main] 通知テスト", "a test"},
        {"{\"reason\":\"gathered\",\"count\":100,\"items\":[{\"severity\":\"high\",\"summary\":"
         "\"One\",\"expires\":\"2026-11-22T01:00:00Z\"}]}",
            "[main] 100 notices", "[main] お知らせ100件",
            "  - [high] One, until 2026-11-22 01:00 UTC\n  and 99 more\n"},
        {"{\"reason\":\"digest\",\"pending\":{\"count\":1,\"items\":[{\"summary\":\"One\"}]},"
         "\"contained\":{\"count\":2,\"items\":[{\"action\":\"a\",\"target\":\"t\"}]}}",
            "[main] Today: Waiting for a decision 1, Contained now 2",
            "[main] 本日の状況：承認待ち 1、実施中の封じ込め 2",
            "Sunday 22 November 2026\n\nWaiting for a decision (1)\n  - One\n\nContained now (2)\n"
            "  - a t\n  and 1 more\n"},
        {"{\"reason\":\"digest\"}", "[main] Today: Nothing is open.",
            "[main] 本日の状況：未対応の件はありません。", "Nothing is open.\n"},
        {"{\"reason\":\"of a later version\",\"about\":\"ru-1\",\"thing\":{\"playbook\":\"p\"}}",
            "[main] Please look: p", "[main] ご確認ください：p", "/runs/ru-1"},
        {"{}", "[main] Please look: ?", "[main] ご確認ください：?", "needs a look"},
    };
    struct hk_tell_message message;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        make_as(rows[i].json, HK_LANGUAGE_EN, &message);
        CU_ASSERT_STRING_EQUAL(message.subject, rows[i].subject_en);
        CU_ASSERT_TRUE(has(message.text, rows[i].part));
        hk_tell_done(&message);
        make_as(rows[i].json, HK_LANGUAGE_JA, &message);
        CU_ASSERT_STRING_EQUAL(message.subject, rows[i].subject_ja);
        hk_tell_done(&message);
    }
}

static void what_came_from_outside_is_harmless(void)
{
    static const struct {
        const char *text;
        const char *clean;
    } rows[] = {
        {"http://evil.example/a?b", "hxxp[:]//evil[.]example/a?b"},
        {"HTTPS://Evil.Example", "HxxPS[:]//Evil[.]Example"},
        {"see www.evil.example.", "see www[.]evil[.]example."},
        {"203.0.113.66 and 2.5", "203.0.113.66 and 2.5"},
        {"boss@soc.example", "boss@soc[.]example"},
        {"ftp://x", "ftp[:]//x"},
        {"one\r\nBcc: two@evil.example\tthree", "one Bcc: two@evil[.]example three"},
        {"\x1b[31mred\x7f", "[31mred"},
        {"a\xe2\x80\xae"
         "b\xe2\x80\x8b"
         "c\xef\xbb\xbf"
         "d\xc2\x85"
         "e\xe2\x81\xa6"
         "f\xe2\x80\xa8"
         "g\xd8\x9ch",
            "abcdefgh"},
        /* What is between the parts of a link is dropped before they are looked at. */
        {"https:\xe2\x80\x8b//203.0.113.66/x", "hxxps[:]//203.0.113.66/x"},
        {"h\xc2\xadttp:/\xe2\x81\xa0/203.0.113.66", "hxxp[:]//203.0.113.66"},
        {"evil\xe2\x80\x8c.\xe2\x80\x8d"
         "example",
            "evil[.]example"},
        /* Tags, which spell a text that nobody sees; a filler, a variation, a joiner. */
        {"a\xf3\xa0\x81\xa9\xf3\xa0\x81\xae"
         "b\xe3\x85\xa4"
         "c\xef\xb8\x8f"
         "d\xcd\x8f"
         "e",
            "abcde"},
        {"日本。語.例え", "日本。語[.]例え"},
        {"  a  b ", "a b"},
        {"bad\xff utf", "bad…"},
        {"", ""},
    };
    struct hk_buf out;

    hk_buf_init(&out, 4096);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        hk_buf_clear(&out);
        hk_buf_append_text(&out, "");
        hk_tell_put(&out, rows[i].text, 400);
        CU_ASSERT_STRING_EQUAL(out.data, rows[i].clean);
    }
    hk_buf_clear(&out);
    hk_tell_put(&out, "火消し火消し", 7); /* two whole characters fit */
    CU_ASSERT_STRING_EQUAL(out.data, "火消…");
    hk_buf_done(&out);
}

/* --- mail --- */

static void mail_of(const char *json, enum hk_language language, struct hk_buf *out)
{
    const struct hk_tell_envelope envelope = {.from = "hikeshi@soc.example",
        .from_name = "火消し",
        .to = "approver-1@soc.example",
        .message_id = "no-1.main",
        .thread = "ga-0123.main",
        .time_us = NOW_US};
    struct hk_tell_message message;
    struct hk_error error = {.text = ""};

    make_as(json, language, &message);
    hk_buf_init(out, 1024 * 1024);
    CU_ASSERT_EQUAL_FATAL(hk_tell_mail(&envelope, &message, out, &error), HK_OK);
    hk_tell_done(&message);
}

/* No bare CR or LF, no line beyond 998 bytes, ASCII only. */
static bool is_transportable(const struct hk_buf *mail)
{
    size_t line = 0;

    for (size_t i = 0; i < mail->size; i++) {
        unsigned char byte = (unsigned char)mail->data[i];
        bool ends = byte == '\r' && i + 1 < mail->size && mail->data[i + 1] == '\n';

        if (ends) {
            i++;
            line = 0;
        } else if (byte == '\r' || byte == '\n' || byte >= 0x7f || byte == 0 || ++line > 998) {
            return false;
        }
    }
    return line == 0;
}

static void a_mail_is_as_rfc_5322_wants_it(void)
{
    struct hk_buf mail;

    mail_of("{\"reason\":\"test\"}", HK_LANGUAGE_EN, &mail);
    CU_ASSERT_TRUE(is_transportable(&mail));
    CU_ASSERT_TRUE(has(mail.data, "Date: Sun, 22 Nov 2026 00:00:00 +0000\r\n"
                                  "From: =?UTF-8?B?54Gr5raI44GX?= <hikeshi@soc.example>\r\n"
                                  "To: <approver-1@soc.example>\r\n"
                                  "Subject: [main] Test: you can be reached\r\n"
                                  "Message-ID: <no-1.main@soc.example>\r\n"
                                  "References: <ga-0123.main@soc.example>\r\n"
                                  "Auto-Submitted: auto-generated\r\n"
                                  "MIME-Version: 1.0\r\n"
                                  "Content-Type: text/plain; charset=utf-8\r\n"
                                  "Content-Transfer-Encoding: 7bit\r\n\r\n"
                                  "This is a test. "));
    hk_buf_done(&mail);

    mail_of(approval, HK_LANGUAGE_JA, &mail);
    CU_ASSERT_TRUE(is_transportable(&mail));
    CU_ASSERT_TRUE(has(mail.data, "Subject: =?UTF-8?B?W21haW5dIOaJv+iqjeOBruOBiumhmOOBhO+8mk"));
    CU_ASSERT_TRUE(has(mail.data, "Content-Transfer-Encoding: base64\r\n\r\n"));
    hk_buf_done(&mail);
}

static void no_text_can_add_a_header(void)
{
    struct hk_tell_envelope envelope = {
        .from = "a@b.example", .to = "c@d.example", .message_id = "no-1", .time_us = NOW_US};
    struct hk_tell_message message = {.subject = (char[]){"x\r\nBcc: e@f.example\r\n\r\nbody"},
        .text = (char[]){"t\r\n.\r\nRCPT TO:<e@f.example>\n"}};
    struct hk_buf out;

    hk_buf_init(&out, 65536);
    CU_ASSERT_EQUAL(hk_tell_mail(&envelope, &message, &out, NULL), HK_OK);
    CU_ASSERT_PTR_NULL(strstr(out.data, "Bcc"));
    CU_ASSERT_TRUE(is_transportable(&out));
    hk_buf_done(&out);

    static const char *const bad[] = {"a@b.example>\r\nBcc: <e@f.example", "a b@c", "", "a@b\n"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        hk_buf_init(&out, 65536);
        envelope.to = bad[i];
        CU_ASSERT_EQUAL(hk_tell_mail(&envelope, &message, &out, NULL), HK_INVALID);
        envelope.to = "c@d.example";
        envelope.thread = bad[i];
        CU_ASSERT_EQUAL(hk_tell_mail(&envelope, &message, &out, NULL), HK_INVALID);
        envelope.thread = NULL;
        hk_buf_done(&out);
    }
}

/* --- chat --- */

static void chat_of(const char *json, enum hk_tell_chat kind, struct hk_json_doc *ret_doc)
{
    struct hk_tell_scene scene = scene_of(HK_LANGUAGE_EN);
    struct hk_tell_message message;
    struct hk_json_doc notice;
    struct hk_buf out;
    struct hk_error error = {.text = ""};

    hk_buf_init(&out, 1024 * 1024);
    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse(json, strlen(json), &hk_json_limits_own, &notice, &error), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_tell_make(&scene, notice.root, &message, &error), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_tell_chat(kind, &scene, &message, notice.root, &out, &error), HK_OK);
    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse(out.data, out.size, &hk_json_limits_own, ret_doc, &error), HK_OK);
    hk_tell_done(&message);
    hk_json_doc_done(&notice);
    hk_buf_done(&out);
}

static const struct hk_json *nth(const struct hk_json *array, unsigned n)
{
    const struct hk_json *item = array != NULL ? array->first : NULL;

    while (item != NULL && n-- > 0)
        item = item->next;
    return item;
}

static void slack_reads_no_markup(void)
{
    struct hk_json_doc doc;
    const struct hk_json *blocks;

    chat_of("{\"reason\":\"approval\",\"about\":\"ga-1\",\"thing\":{\"summary\":\"<!channel> & "
            "*b*\"}}",
        HK_TELL_SLACK, &doc);
    CU_ASSERT_STRING_EQUAL(hk_json_string_at(doc.root, "text", ""),
        "[main] Approval needed: &lt;!channel&gt; &amp; *b*");
    blocks = hk_json_get(doc.root, "blocks");
    CU_ASSERT_STRING_EQUAL(hk_json_string_at(nth(blocks, 0), "type", ""), "header");
    CU_ASSERT_STRING_EQUAL(hk_json_string_at(nth(blocks, 0), "text.type", ""), "plain_text");
    CU_ASSERT_STRING_EQUAL(hk_json_string_at(nth(blocks, 1), "text.type", ""), "plain_text");
    CU_ASSERT_STRING_EQUAL(hk_json_string_at(nth(blocks, 2), "text.type", ""), "mrkdwn");
    CU_ASSERT_STRING_EQUAL(hk_json_string_at(nth(blocks, 2), "text.text", ""),
        "<https://soc.example/approvals/ga-1|Open>");
    hk_json_doc_done(&doc);
}

static void teams_gets_an_adaptive_card(void)
{
    struct hk_json_doc doc;
    const struct hk_json *card;

    chat_of(approval, HK_TELL_TEAMS, &doc);
    CU_ASSERT_STRING_EQUAL(hk_json_string_at(doc.root, "type", ""), "message");
    CU_ASSERT_STRING_EQUAL(
        hk_json_string_at(nth(hk_json_get(doc.root, "attachments"), 0), "contentType", ""),
        "application/vnd.microsoft.card.adaptive");
    card = hk_json_get(nth(hk_json_get(doc.root, "attachments"), 0), "content");
    CU_ASSERT_STRING_EQUAL(hk_json_string_at(card, "type", ""), "AdaptiveCard");
    for (const struct hk_json *block = hk_json_get(card, "body")->first; block != NULL;
         block = block->next)
        CU_ASSERT_STRING_EQUAL(hk_json_string_at(block, "type", ""), "RichTextBlock");
    CU_ASSERT_STRING_EQUAL(hk_json_string_at(nth(hk_json_get(card, "actions"), 0), "url", ""),
        "https://soc.example/approvals/ga-0123");
    hk_json_doc_done(&doc);
}

static void mattermost_gets_one_code_block(void)
{
    struct hk_json_doc doc;
    const char *text;

    chat_of("{\"reason\":\"approval\",\"about\":\"ga-1\",\"thing\":{\"summary\":\"```\\n@channel "
            "[x](http://e.example)\"}}",
        HK_TELL_MATTERMOST, &doc);
    text = hk_json_string_at(doc.root, "text", "");
    CU_ASSERT_EQUAL(
        strncmp(text, "```\n[main] Approval needed: ''' @channel [x](hxxp[:]//e", 50), 0);
    const char *end = strstr(text + 3, "```");
    CU_ASSERT_PTR_NOT_NULL_FATAL(end);
    CU_ASSERT_STRING_EQUAL(end, "```\n[Open](https://soc.example/approvals/ga-1)");
    hk_json_doc_done(&doc);
}

static void programs_get_members(void)
{
    struct hk_json_doc doc;

    chat_of(approval, HK_TELL_PLAIN, &doc);
    CU_ASSERT_EQUAL(hk_json_i64_at(doc.root, "version", 0), 1);
    CU_ASSERT_STRING_EQUAL(hk_json_string_at(doc.root, "reason", ""), "approval");
    CU_ASSERT_STRING_EQUAL(hk_json_string_at(doc.root, "about", ""), "ga-0123");
    CU_ASSERT_STRING_EQUAL(hk_json_string_at(doc.root, "severity", ""), "critical");
    CU_ASSERT_STRING_EQUAL(hk_json_string_at(doc.root, "language", ""), "en");
    hk_json_doc_done(&doc);
}

/* However long what came in is, what goes out is bounded and still whole. */
static void long_texts_are_cut(void)
{
    struct hk_buf json;
    struct hk_json_doc doc;
    struct hk_tell_message message;
    struct hk_buf mail;

    hk_buf_init(&json, 4 * 1024 * 1024);
    hk_buf_append_text(&json, "{\"reason\":\"notify\",\"about\":\"ru-1\",\"text\":\"");
    for (int i = 0; i < 20000; i++)
        hk_buf_append_text(&json, "火\\n");
    hk_buf_append_text(&json, "\",\"thing\":{\"playbook\":\"");
    for (int i = 0; i < 50000; i++)
        hk_buf_append_char(&json, 'p');
    hk_buf_append_text(&json, "\"}}");
    make_as(json.data, HK_LANGUAGE_EN, &message);
    CU_ASSERT_TRUE(strlen(message.text) < 8192);
    hk_tell_done(&message);
    mail_of(json.data, HK_LANGUAGE_JA, &mail);
    CU_ASSERT_TRUE(is_transportable(&mail));
    hk_buf_done(&mail);
    for (int kind = HK_TELL_SLACK; kind <= HK_TELL_PLAIN; kind++) {
        chat_of(json.data, (enum hk_tell_chat)kind, &doc);
        hk_json_doc_done(&doc);
    }
    hk_buf_done(&json);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"an approval says what, why and until when", an_approval_says_what_why_and_until_when},
        {"without a base URL there is no link", without_a_base_url_there_is_no_link},
        {"every reason has its words", every_reason_has_its_words},
        {"what came from outside is harmless", what_came_from_outside_is_harmless},
        {"a mail is as RFC 5322 wants it", a_mail_is_as_rfc_5322_wants_it},
        {"no text can add a header", no_text_can_add_a_header},
        {"Slack reads no markup", slack_reads_no_markup},
        {"Teams gets an Adaptive Card", teams_gets_an_adaptive_card},
        {"Mattermost gets one code block", mattermost_gets_one_code_block},
        {"programs get members", programs_get_members},
        {"long texts are cut", long_texts_are_cut},
    };
    return suite_run("tell", tests, COUNT_OF(tests));
}
