/*
 * notice_send: one message: what it says is read when it goes out, so that it says how things are
 * then; it is handed over, and what the server answered is written down.
 */
#include "engine/notice_lane.h"

#include "base/crashpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/due.h"
#include "engine/memory.h"
#include "engine/states.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROBLEM_SIZE = 300 };

/* --- what became of it --- */

/* What a server says may name the address it was sent to: that stands in the configuration, not in
 * the record. */
static void put_answer(struct hk_buf *out, const char *text)
{
    static const char parts[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                ".!#$%&'*+-/=?^_`{|}~";

    while (*text != '\0' && out->size < PROBLEM_SIZE) {
        size_t size = strspn(text, parts);
        if (text[size] == '@') {
            hk_buf_append_text(out, "(address)");
            text += size + 1;
            text += strspn(text, parts);
        } else if (size > 0) {
            hk_buf_append(out, text, size);
            text += size;
        } else {
            hk_buf_append_char(out, *text++);
        }
    }
}

/* When it is tried again; 0: never. */
static int64_t retry_at(const struct sending *sending, int64_t now_us, int64_t wanted_ms)
{
    int64_t delay_ms = HK_NOTICE_RETRY_MIN_MS;

    for (unsigned i = 0; i < sending->row.tries && delay_ms < HK_NOTICE_RETRY_MAX_MS; i++)
        delay_ms *= 3;
    if (delay_ms > HK_NOTICE_RETRY_MAX_MS)
        delay_ms = HK_NOTICE_RETRY_MAX_MS;
    if (wanted_ms > delay_ms)
        delay_ms = wanted_ms;
    return sending->row.tries + 1 < HK_NOTICE_TRIES_MAX ? now_us + delay_ms * 1000 : 0;
}

static void on_settled(void *ctx)
{
    struct sending *sending = ctx;

    if (sending->is_given_up) /* a gate may have to ask somebody else */
        hk_due_note(sending->notices->engine, 0);
    hk_lane_end(sending);
}

static void step_to(enum hk_kind kind, bool is_final)
{
    enum hk_notice_state state = HK_NOTICE_STATE_QUEUED;

    if (!hk_notice_step_to(&state, kind, is_final))
        hk_engine_must(HK_INTERNAL, "settling a notice", NULL);
}

/* wanted_ms: how long the server wants to be left alone. */
static void settle(
    struct sending *sending, enum hk_mail_end end, const char *text, int64_t wanted_ms)
{
    struct hk_engine *engine = sending->notices->engine;
    int64_t retry_us = 0;
    struct hk_buf answer;
    struct hk_tx tx;

    hk_crashpoint("notice-answered");
    hk_buf_init(&answer, (size_t)PROBLEM_SIZE * 4);
    put_answer(&answer, text);
    hk_tx_begin(&tx, engine, sending->tenant, "engine");
    if (end == HK_MAIL_TAKEN) {
        step_to(HK_KIND_NOTICE_SENT, true);
        hk_tx_simple(&tx, HK_KIND_NOTICE_SENT, sending->id, "answer",
            answer.data != NULL ? answer.data : "", NULL, NULL);
        engine->stats.notices_sent++;
    } else {
        if (end == HK_MAIL_LATER)
            retry_us = retry_at(sending, tx.time_us, wanted_ms);
        step_to(HK_KIND_NOTICE_FAILED, retry_us == 0);
        struct hk_jw *jw = hk_tx_entry(&tx, HK_KIND_NOTICE_FAILED, sending->id);
        hk_jw_kv(jw, "problem", answer.data != NULL ? answer.data : "");
        if (retry_us != 0)
            hk_jw_kv_i64(jw, "retry_us", retry_us);
        hk_tx_end(&tx);
        sending->lane->pause_us = retry_us;
        engine->stats.notices_failed += retry_us == 0;
        hk_log(HK_LOG_WARNING, "tenant %s: notice %s to %s by %s: %s%s", sending->tenant->name,
            sending->id, sending->at.contact, sending->at.channel,
            answer.data != NULL ? answer.data : "", retry_us != 0 ? "; tried again" : "; given up");
    }
    hk_buf_done(&answer);
    sending->is_given_up = end != HK_MAIL_TAKEN && retry_us == 0;
    hk_tx_commit(&tx, HK_LANE_NORMAL, NULL, on_settled, sending);
}

/* The engine goes: it is queued still. */
static void forget(struct sending *sending)
{
    hk_buf_done(&sending->doc);
    free(sending->rows);
    free(sending);
}

static void give_up(struct sending *sending, const char *why)
{
    settle(sending, HK_MAIL_REFUSED, why, 0);
}

/* --- mail --- */

static void on_mail(void *ctx, const struct hk_mail_answer *answer)
{
    if (answer->was_cancelled)
        forget(ctx);
    else
        settle(ctx, answer->end, answer->text, 0);
}

static void send_mail(struct sending *sending, const struct hk_channel *channel,
    const struct hk_way *way, const struct hk_tell_message *message)
{
    struct hk_engine *engine = sending->notices->engine;
    const struct hk_secrets *secrets = sending->tenant->secrets;
    const struct hk_tell_envelope envelope = {.from = channel->from,
        .from_name = channel->from_name,
        .to = way->address,
        .message_id = sending->id,
        .thread = sending->row.about[0] != 0 ? sending->row.about : NULL,
        .time_us = sending->row.queued_us};
    struct hk_mail_ask ask = {.host = channel->host,
        .port = channel->port,
        .tls = channel->tls,
        .user = channel->user,
        .from = channel->from,
        .to = way->address};
    struct hk_error error = {.text = ""};
    struct hk_buf mail;
    enum hk_status status = HK_OK;

    hk_buf_init(&mail, HK_PAYLOAD_SIZE_MAX);
    if (sending->tenant->mailer == NULL)
        status = hk_mailer_new(engine->options.loop, &sending->tenant->mailer, &error);
    if (status == HK_OK && channel->user != NULL)
        status = hk_secret_text(secrets, channel->password, "password", &ask.password, &error);
    if (status == HK_OK && channel->authorities != NULL)
        status = hk_secret_text(secrets, channel->authorities, "ca", &ask.authorities, &error);
    if (status == HK_OK)
        status = hk_tell_mail(&envelope, message, &mail, &error);
    ask.message = mail.data;
    ask.message_size = mail.size;
    hk_crashpoint("notice-sending");
    if (status == HK_OK)
        status = hk_mail_send(sending->tenant->mailer, &ask, on_mail, sending, &error);
    if (status != HK_OK)
        give_up(sending, error.text);
    hk_buf_done(&mail);
}

/* --- chat --- */

/* RFC 9110 section 10.2.3, the form in seconds. */
static int64_t retry_after_ms(const struct hk_http_async_answer *answer)
{
    static const char name[] = "retry-after: ";

    for (const char *const *line = answer->headers; *line != NULL; line++) {
        const char *value = *line + strlen(name);
        if (strncmp(*line, name, strlen(name)) == 0 && isdigit((unsigned char)value[0]) != 0)
            return strtoll(value, NULL, 10) % 100000 * 1000;
    }
    return 0;
}

static void on_chat(void *ctx, const struct hk_http_async_answer *answer)
{
    struct sending *sending = ctx;
    char text[64];
    enum hk_mail_end end = HK_MAIL_REFUSED;

    if (answer->was_cancelled) {
        forget(sending);
        return;
    }
    if (answer->status == 0) {
        bool never = answer->error.status == HK_INVALID || answer->error.status == HK_DENIED;
        settle(sending, never ? HK_MAIL_REFUSED : HK_MAIL_LATER, answer->error.text, 0);
        return;
    }
    if (answer->status / 100 == 2)
        end = HK_MAIL_TAKEN;
    else if (answer->status == 408 || answer->status == 425 || answer->status == 429 ||
             answer->status / 100 == 5)
        end = HK_MAIL_LATER;
    (void)snprintf(text, sizeof text, "HTTP %d", answer->status);
    settle(sending, end, text, retry_after_ms(answer));
}

static void send_chat(struct sending *sending, const struct hk_channel *channel,
    const struct hk_tell_scene *scene, const struct hk_tell_message *message,
    const struct hk_json *notice)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    static const enum hk_tell_chat kinds[] = {[HK_CHANNEL_SLACK] = HK_TELL_SLACK,
        [HK_CHANNEL_TEAMS] = HK_TELL_TEAMS,
        [HK_CHANNEL_MATTERMOST] = HK_TELL_MATTERMOST,
        [HK_CHANNEL_WEBHOOK] = HK_TELL_PLAIN};
    struct hk_notices *notices = sending->notices;
    const struct hk_secrets *secrets = sending->tenant->secrets;
    struct hk_http_async_ask ask = {.method = "POST",
        .headers = headers,
        .time_max_ms = HK_CHAT_TIME_MAX_MS,
        .answer_size_max = HK_CHAT_ANSWER_SIZE_MAX,
        .socket = hk_http_way_socket,
        .socket_ctx = channel->is_private ? &notices->private_way : &notices->way};
    struct hk_error error = {.text = ""};
    struct hk_buf body;
    enum hk_status status;

    hk_buf_init(&body, HK_PAYLOAD_SIZE_MAX);
    status = hk_secret_text(secrets, channel->url, "url", &ask.url, &error);
    if (status == HK_OK && channel->authorities != NULL)
        status = hk_secret_text(secrets, channel->authorities, "ca", &ask.authorities, &error);
    if (status == HK_OK)
        status = hk_tell_chat(kinds[channel->kind], scene, message, notice, &body, &error);
    ask.body = body.data;
    ask.body_size = body.size;
    hk_crashpoint("notice-sending");
    if (status == HK_OK)
        (void)hk_http_async_start(notices->http, &ask, on_chat, sending);
    else
        give_up(sending, error.text);
    hk_buf_done(&body);
}

/* --- the message --- */

static void hand_over(struct sending *sending, const struct hk_json *notice)
{
    const struct hk_contacts *contacts = sending->tenant->contacts;
    const struct hk_contact *contact = hk_contact_find(contacts, sending->at.contact);
    const struct hk_way *way = hk_contact_way(contacts, contact, sending->at.channel);
    struct hk_tell_scene scene = {
        .tenant = sending->tenant->name, .now_us = hk_engine_now_us(sending->notices->engine)};
    struct hk_tell_message message;
    struct hk_error error = {.text = ""};

    if (way == NULL) { /* it was there when the lane began */
        give_up(sending, "the contact or its channel is not configured any more");
        return;
    }
    const struct hk_channel *channel = &contacts->channels[way->channel];
    scene.base_url = contacts->base_url;
    scene.zone_minutes = contacts->zone_minutes;
    if (!hk_language_from_tag(sending->row.language, &scene.language))
        scene.language = contact->language;
    if (hk_tell_make(&scene, notice, &message, &error) != HK_OK) {
        give_up(sending, error.text);
        return;
    }
    if (!contacts->has_checkpoint) {
        free(message.foot);
        message.foot = NULL;
    }
    if (channel->kind == HK_CHANNEL_SMTP)
        send_mail(sending, channel, way, &message);
    else
        send_chat(sending, channel, &scene, &message, notice);
    hk_tell_done(&message);
}

static enum hk_status read_doc(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct sending *sending = job;

    return hk_query_notice(reading, sending->at.tenant, sending->id, &sending->doc, error);
}

static void on_doc(void *job, enum hk_status status, const struct hk_error *read_error)
{
    struct sending *sending = job;
    struct hk_json_doc notice = {0};
    struct hk_error error = {.text = ""};

    if (status != HK_OK) {
        error = *read_error;
    } else {
        status = hk_json_parse(
            sending->doc.data, sending->doc.size, &hk_json_limits_own, &notice, &error);
    }
    if (sending->notices->engine->is_stopping)
        hk_lane_end(sending); /* found again at the next start */
    else if (status == HK_BUSY || status == HK_TIMEOUT)
        settle(sending, HK_MAIL_LATER, error.text, 0);
    else if (status != HK_OK)
        give_up(sending, error.text);
    else
        hand_over(sending, notice.root);
    hk_json_doc_done(&notice);
}

void hk_notice_send(struct sending *sending)
{
    struct hk_error error = {0};
    enum hk_status status =
        hk_ledger_read(sending->notices->engine->ledger, read_doc, on_doc, sending, &error);

    if (status != HK_OK)
        on_doc(sending, status, &error);
}
