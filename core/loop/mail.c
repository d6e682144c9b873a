/*
 * mail: see mail.h.
 *
 * What a failure means (RFC 5321 section 4.2.1): 4yz and everything that is no reply is for later;
 * 5yz is for good, once the conversation has come to the mail itself. A 5yz at the greeting, at
 * EHLO, STARTTLS or AUTH is about us and not about this mail: somebody will put it right.
 */
#include "loop/mail.h"

#include "base/buf.h"
#include "base/ip.h"
#include "limits.h"
#include "loop/curl_multi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TEXT_SIZE = 256,
    CONNECT_TIME_MAX_MS = 10000,
    REPLY_TIME_MAX_S = 90,
    IDLE_MAX_S = 20,
    ADDRESS_SIZE_MAX = 254, /* RFC 5321 section 4.5.3.1.3, without the brackets */
    LOCAL_SIZE_MAX = 64,
    HOST_SIZE_MAX = 253,
};

struct mail {
    struct mail *next;
    struct mail **link; /* what points to us */
    struct hk_mailer *mailer;
    CURL *easy;
    struct curl_slist *to;
    char *message;
    size_t message_size;
    size_t message_sent;
    bool has_reply;
    bool is_greeted;       /* the first line was a good one */
    char reply[TEXT_SIZE]; /* the last line that came, or the last one that refused */
    char curl_text[CURL_ERROR_SIZE];
    hk_mail_fn *fn;
    void *ctx;
};

struct hk_mailer {
    struct hk_curl_multi *multi;
    struct mail *mails;
};

/* --- what may be put into the conversation --- */

static bool is_host_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
}

static bool is_name(const char *text)
{
    size_t size = strlen(text);

    if (size == 0 || size > HOST_SIZE_MAX || text[0] == '.' || text[0] == '-' ||
        text[size - 1] == '.' || strstr(text, "..") != NULL) {
        return false;
    }
    for (const char *at = text; *at != '\0'; at++) {
        if (!is_host_byte(*at)) {
            return false;
        }
    }
    return true;
}

bool hk_mail_host_is_valid(const char *text)
{
    struct hk_ip ip;

    return is_name(text) || (strchr(text, ':') != NULL && strpbrk(text, "[]%") == NULL &&
                                hk_ip_parse(text, &ip, NULL) == HK_OK);
}

/* RFC 5321 section 4.1.2: Dot-string @ Domain */
bool hk_mail_address_is_valid(const char *text)
{
    static const char atext[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "!#$%&'*+-/=?^_`{|}~.";
    const char *at = strchr(text, '@');
    size_t local = at != NULL ? (size_t)(at - text) : 0;

    return local > 0 && local <= LOCAL_SIZE_MAX && strlen(text) <= ADDRESS_SIZE_MAX &&
           strspn(text, atext) == local && text[0] != '.' && at[-1] != '.' &&
           strstr(text, "..") == NULL && is_name(at + 1);
}

static bool is_text(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f) {
            return false;
        }
    }
    return true;
}

/* --- the end of a mail --- */

static void mail_free(struct mail *mail)
{
    if (mail->link != NULL) {
        *mail->link = mail->next;
        if (mail->next != NULL) {
            mail->next->link = mail->link;
        }
    }
    curl_easy_cleanup(mail->easy);
    curl_slist_free_all(mail->to);
    free(mail->message);
    free(mail);
}

static enum hk_mail_end end_of(const struct mail *mail, CURLcode code, long reply)
{
    long connections = 1; /* that were made for this mail */

    if (code == CURLE_OK) {
        return HK_MAIL_TAKEN;
    }
    (void)curl_easy_getinfo(mail->easy, CURLINFO_NUM_CONNECTS, &connections);
    /* libcurl gives the first for MAIL, RCPT and DATA, the second for the end of the message. */
    if ((code == CURLE_SEND_ERROR || code == CURLE_WEIRD_SERVER_REPLY) && reply / 100 == 5 &&
        (mail->is_greeted || connections == 0)) {
        return HK_MAIL_REFUSED;
    }
    return HK_MAIL_LATER;
}

static void on_done(void *ctx, CURL *easy, CURLcode code)
{
    struct mail *mail = ctx;
    char text[CURL_ERROR_SIZE + TEXT_SIZE + 4];
    struct hk_mail_answer answer = {.text = mail->reply};
    const char *problem = mail->curl_text[0] != '\0' ? mail->curl_text : curl_easy_strerror(code);
    long reply = 0;

    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply);
    answer.end = end_of(mail, code, reply);
    answer.code = (int)reply;
    if (code != CURLE_OK && mail->reply[0] != '\0' && reply >= 400) {
        (void)snprintf(text, sizeof text, "%s (%s)", mail->reply, problem);
        answer.text = text;
    } else if (code != CURLE_OK) {
        (void)snprintf(text, sizeof text, "%s", problem);
        answer.text = text;
    }
    mail->fn(mail->ctx, &answer);
    mail_free(mail);
}

/* --- inside libcurl's callbacks --- */

static size_t on_read(char *data, size_t one, size_t count, void *ctx)
{
    struct mail *mail = ctx;
    size_t left = mail->message_size - mail->message_sent;
    size_t size = one * count < left ? one * count : left;

    memcpy(data, mail->message + mail->message_sent, size);
    mail->message_sent += size;
    return size;
}

/* Another connection may have to be used after all: from the beginning again. */
static int on_seek(void *ctx, curl_off_t offset, int origin)
{
    struct mail *mail = ctx;

    if (origin != SEEK_SET || offset < 0 || (size_t)offset > mail->message_size) {
        return CURL_SEEKFUNC_CANTSEEK;
    }
    mail->message_sent = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

/* A line that the server sent. */
static size_t on_line(char *data, size_t one, size_t count, void *ctx)
{
    struct mail *mail = ctx;
    size_t size = one * count;
    size_t kept = 0;

    if (!mail->has_reply) {
        mail->has_reply = true;
        mail->is_greeted = size >= 1 && data[0] == '2';
    }
    /* What was wrong counts, not the goodbye that follows it. */
    if (size == 0 || (data[0] < '4' && (mail->reply[0] >= '4' || strncmp(data, "221", 3) == 0))) {
        return size;
    }
    for (size_t i = 0; i < size && kept < sizeof mail->reply - 1; i++) {
        if ((unsigned char)data[i] >= ' ' && (unsigned char)data[i] < 0x7f) {
            mail->reply[kept++] = data[i];
        }
    }
    mail->reply[kept] = '\0';
    return size;
}

/* --- the transfer --- */

static CURLcode set_url(CURL *easy, const struct hk_mail_ask *ask)
{
    char url[HOST_SIZE_MAX + 64];
    bool is_v6 = strchr(ask->host, ':') != NULL;

    (void)snprintf(url, sizeof url, "%s://%s%s%s:%u",
        ask->tls == HK_MAIL_IMPLICIT_TLS ? "smtps" : "smtp", is_v6 ? "[" : "", ask->host,
        is_v6 ? "]" : "", ask->port);
    return curl_easy_setopt(easy, CURLOPT_URL, url);
}

static CURLcode set_authorities(CURL *easy, const char *pem)
{
    struct curl_blob blob = {.data = (void *)pem, .len = strlen(pem), .flags = CURL_BLOB_COPY};
    CURLcode code = curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);

    if (code == CURLE_OK) {
        code = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    return code;
}

static CURLcode set_up(struct mail *mail, const struct hk_mail_ask *ask)
{
    CURL *easy = mail->easy;
    long time_ms = (long)(ask->time_max_ms > 0 ? ask->time_max_ms : HK_MAIL_TIME_MAX_MS);
    CURLcode code = set_url(easy, ask);

#define SET(option, value)                                                                         \
    if (code == CURLE_OK) {                                                                        \
        code = curl_easy_setopt(easy, option, value);                                              \
    }
    SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
    SET(CURLOPT_NOPROXY, "*")
    SET(CURLOPT_PROXY, "")
    SET(CURLOPT_NOSIGNAL, 1L)
    SET(CURLOPT_QUICK_EXIT, 1L) /* a name that isn't resolved yet doesn't hold up the end */
    SET(CURLOPT_USE_SSL, ask->tls == HK_MAIL_NO_TLS ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL)
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2)
    SET(CURLOPT_SSL_VERIFYPEER, 1L)
    SET(CURLOPT_SSL_VERIFYHOST, 2L)
    SET(CURLOPT_TIMEOUT_MS, time_ms)
    SET(CURLOPT_CONNECTTIMEOUT_MS, time_ms < CONNECT_TIME_MAX_MS ? time_ms : CONNECT_TIME_MAX_MS)
    SET(CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)REPLY_TIME_MAX_S)
    SET(CURLOPT_MAXAGE_CONN, (long)IDLE_MAX_S)
    SET(CURLOPT_ERRORBUFFER, mail->curl_text)
    SET(CURLOPT_HEADERFUNCTION, on_line)
    SET(CURLOPT_HEADERDATA, mail)
    SET(CURLOPT_UPLOAD, 1L)
    SET(CURLOPT_READFUNCTION, on_read)
    SET(CURLOPT_READDATA, mail)
    SET(CURLOPT_SEEKFUNCTION, on_seek)
    SET(CURLOPT_SEEKDATA, mail)
    SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)mail->message_size)
    SET(CURLOPT_MAIL_FROM, ask->from)
    SET(CURLOPT_MAIL_RCPT, mail->to)
    if (ask->user != NULL) {
        SET(CURLOPT_USERNAME, ask->user)
        SET(CURLOPT_PASSWORD, ask->password != NULL ? ask->password : "")
    }
#undef SET
    if (code == CURLE_OK && ask->authorities != NULL) {
        code = set_authorities(easy, ask->authorities);
    }
    return code;
}

static enum hk_status check(const struct hk_mail_ask *ask, struct hk_error *error)
{
    if (!hk_mail_host_is_valid(ask->host) || ask->port == 0 || ask->port > 65535) {
        return hk_fail(error, HK_INVALID, "the mail server's host or port is none");
    }
    if (!hk_mail_address_is_valid(ask->from) || !hk_mail_address_is_valid(ask->to)) {
        return hk_fail(error, HK_INVALID, "a mail address of the envelope is none");
    }
    if (ask->user != NULL &&
        (!is_text(ask->user) || (ask->password != NULL && !is_text(ask->password)))) {
        return hk_fail(error, HK_INVALID, "the user or password for the mail server is no text");
    }
    return HK_OK;
}

enum hk_status hk_mail_send(struct hk_mailer *mailer, const struct hk_mail_ask *ask, hk_mail_fn *fn,
    void *ctx, struct hk_error *error)
{
    struct mail *mail;
    enum hk_status status = check(ask, error);

    if (status != HK_OK) {
        return status;
    }
    mail = calloc(1, sizeof *mail);
    if (mail == NULL) {
        return hk_fail(error, HK_NOMEM, "no memory for a mail");
    }
    mail->mailer = mailer;
    mail->fn = fn;
    mail->ctx = ctx;
    mail->easy = curl_easy_init();
    mail->to = curl_slist_append(NULL, ask->to);
    mail->message = malloc(ask->message_size + 1);
    mail->message_size = ask->message_size;
    if (mail->easy == NULL || mail->to == NULL || mail->message == NULL) {
        status = hk_fail(error, HK_NOMEM, "no memory for a mail");
        goto fail;
    }
    memcpy(mail->message, ask->message, ask->message_size);
    if (set_up(mail, ask) != CURLE_OK) {
        status = hk_fail(error, HK_INVALID, "the mail can't be set up");
        goto fail;
    }
    status = hk_curl_multi_add(mailer->multi, mail->easy, on_done, mail, error);
    if (status != HK_OK) {
        goto fail;
    }
    mail->next = mailer->mails;
    mail->link = &mailer->mails;
    if (mail->next != NULL) {
        mail->next->link = &mail->next;
    }
    mailer->mails = mail;
    return HK_OK;
fail:
    mail_free(mail);
    return status;
}

/* --- the mailer --- */

enum hk_status hk_mailer_new(
    struct hk_loop *loop, struct hk_mailer **ret_mailer, struct hk_error *error)
{
    struct hk_mailer *mailer = calloc(1, sizeof *mailer);
    enum hk_status status;

    if (mailer == NULL) {
        return hk_fail(error, HK_NOMEM, "no memory for mail");
    }
    status = hk_curl_multi_new(loop, &mailer->multi, error);
    if (status != HK_OK) {
        free(mailer);
        return status;
    }
    hk_curl_multi_set_connections_max(
        mailer->multi, HK_MAIL_CONNECTIONS_MAX, HK_MAIL_CONNECTIONS_MAX);
    *ret_mailer = mailer;
    return HK_OK;
}

void hk_mailer_free(struct hk_mailer *mailer)
{
    if (mailer == NULL) {
        return;
    }
    for (struct mail *mail = mailer->mails, *next; mail != NULL; mail = next) {
        next = mail->next;
        hk_curl_multi_remove(mailer->multi, mail->easy);
        const struct hk_mail_answer answer = {
            .end = HK_MAIL_LATER, .text = "the mail was given up", .was_cancelled = true};
        mail->fn(mail->ctx, &answer);
        mail_free(mail);
    }
    hk_curl_multi_free(mailer->multi);
    free(mailer);
}
