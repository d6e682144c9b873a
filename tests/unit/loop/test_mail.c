/*
 * mail: what each way a conversation can go means for the mail. The server is a script on a thread;
 * the system tests talk to a real one.
 */
#include "loop/mail.h"

#include "support/suite.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the server says, by the verb that it hears; the greeting first. NULL: it hangs up. */
struct script {
    const char *greeting;
    const char *ehlo;
    const char *mail;
    const char *rcpt;
    const char *data;
    const char *end; /* after the message */
};

static const struct script usual = {"220 mail.example", "250 mail.example", "250 ok", "250 ok",
    "354 go on", "250 2.0.0 queued as 17"};

struct server {
    struct script script;
    int fd;
    unsigned port;
    pthread_t thread;
    char heard[4096];
    size_t heard_size;
};

static bool say(int fd, const char *text)
{
    char line[512];
    int size = snprintf(line, sizeof(line), "%s\r\n", text != NULL ? text : "");

    return text != NULL && send(fd, line, (size_t)size, MSG_NOSIGNAL) == size;
}

static bool hear(struct server *server, int fd, char *line, size_t capacity)
{
    size_t size = 0;
    char c;

    while (recv(fd, &c, 1, 0) == 1) {
        if (server->heard_size < sizeof(server->heard) - 1)
            server->heard[server->heard_size++] = c;
        if (c == '\n') {
            line[size] = '\0';
            return true;
        }
        if (c != '\r' && size < capacity - 1)
            line[size++] = c;
    }
    return false;
}

static void talk(struct server *server, int fd)
{
    const struct script *script = &server->script;
    char line[512];
    bool goes_on = say(fd, script->greeting);

    while (goes_on && hear(server, fd, line, sizeof(line))) {
        if (strncasecmp(line, "EHLO", 4) == 0)
            goes_on = say(fd, script->ehlo);
        else if (strncasecmp(line, "MAIL", 4) == 0)
            goes_on = say(fd, script->mail);
        else if (strncasecmp(line, "RCPT", 4) == 0)
            goes_on = say(fd, script->rcpt);
        else if (strncasecmp(line, "DATA", 4) == 0) {
            goes_on = say(fd, script->data);
            while (goes_on && strcmp(line, ".") != 0)
                goes_on = hear(server, fd, line, sizeof(line));
            goes_on = goes_on && say(fd, script->end);
        } else {
            goes_on = say(fd, strncasecmp(line, "QUIT", 4) == 0 ? "221 bye" : "500 what?");
        }
    }
}

static void *serve(void *ctx)
{
    struct server *server = ctx;
    int fd = accept(server->fd, NULL, NULL);

    if (fd >= 0) {
        talk(server, fd);
        (void)close(fd);
    }
    return NULL;
}

static void server_start(struct server *server, const struct script *script)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);

    memset(server, 0, sizeof(*server));
    server->script = *script;
    server->fd = socket(AF_INET, SOCK_STREAM, 0);
    CU_ASSERT_FATAL(bind(server->fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    CU_ASSERT_FATAL(listen(server->fd, 5) == 0);
    CU_ASSERT_FATAL(getsockname(server->fd, (struct sockaddr *)&address, &size) == 0);
    server->port = ntohs(address.sin_port);
    CU_ASSERT_FATAL(pthread_create(&server->thread, NULL, serve, server) == 0);
}

static void server_stop(struct server *server)
{
    (void)shutdown(server->fd, SHUT_RDWR);
    (void)pthread_join(server->thread, NULL);
    (void)close(server->fd);
}

/* --- one mail --- */

struct sent {
    struct hk_loop *loop;
    unsigned calls;
    enum hk_mail_end end;
    int code;
    bool was_cancelled;
    char text[512];
};

static void on_sent(void *ctx, const struct hk_mail_answer *answer)
{
    struct sent *sent = ctx;

    sent->calls++;
    sent->end = answer->end;
    sent->code = answer->code;
    sent->was_cancelled = answer->was_cancelled;
    (void)snprintf(sent->text, sizeof(sent->text), "%s", answer->text);
    hk_loop_stop(sent->loop);
}

static struct hk_mail_ask ask_of(unsigned port)
{
    static const char message[] = "Subject: test\r\n\r\nhello\r\n.\r\nthere\r\n";

    return (struct hk_mail_ask){.host = "127.0.0.1",
        .port = port,
        .tls = HK_MAIL_NO_TLS,
        .from = "a@soc.example",
        .to = "b@soc.example",
        .message = message,
        .message_size = sizeof(message) - 1,
        .time_max_ms = 5000};
}

static void send_to(struct hk_loop *loop, unsigned port, struct sent *sent)
{
    struct hk_mail_ask ask = ask_of(port);
    struct hk_mailer *mailer = NULL;
    struct hk_error error = {.text = ""};

    *sent = (struct sent){.loop = loop};
    CU_ASSERT_EQUAL_FATAL(hk_mailer_new(loop, &mailer, &error), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_mail_send(mailer, &ask, on_sent, sent, &error), HK_OK);
    CU_ASSERT_EQUAL(sent->calls, 0);
    CU_ASSERT_EQUAL(hk_loop_run(loop, &error), HK_OK);
    hk_mailer_free(mailer);
    CU_ASSERT_EQUAL(sent->calls, 1);
}

static void what_a_reply_means(void)
{
    static const struct {
        const char *name;
        struct script script;
        enum hk_mail_end end;
        int code;
        const char *text;
    } rows[] = {
        {"taken", {"220 m", "250 m", "250 ok", "250 ok", "354 go", "250 2.0.0 queued as 17"},
            HK_MAIL_TAKEN, 250, "250 2.0.0 queued as 17"},
        {"greylisted", {"220 m", "250 m", "250 ok", "451 4.7.1 later", NULL, NULL}, HK_MAIL_LATER,
            451, "451 4.7.1 later"},
        {"no such mailbox", {"220 m", "250 m", "250 ok", "550 5.1.1 nobody", NULL, NULL},
            HK_MAIL_REFUSED, 550, "550 5.1.1 nobody"},
        {"sender refused", {"220 m", "250 m", "550 not you", NULL, NULL, NULL}, HK_MAIL_REFUSED,
            550, "550 not you"},
        {"content refused", {"220 m", "250 m", "250 ok", "250 ok", "354 go", "554 5.7.1 spam"},
            HK_MAIL_REFUSED, 554, "554 5.7.1 spam"},
        {"full for now", {"220 m", "250 m", "250 ok", "250 ok", "354 go", "452 4.3.1 full"},
            HK_MAIL_LATER, 452, "452 4.3.1 full"},
        {"no service here", {"554 go away", NULL, NULL, NULL, NULL, NULL}, HK_MAIL_LATER, 554,
            "554 go away"},
        {"closing", {"421 too busy", NULL, NULL, NULL, NULL, NULL}, HK_MAIL_LATER, 421,
            "421 too busy"},
        {"gone before the greeting", {NULL, NULL, NULL, NULL, NULL, NULL}, HK_MAIL_LATER, 0, ""},
        {"gone at the message", {"220 m", "250 m", "250 ok", "250 ok", NULL, NULL}, HK_MAIL_LATER,
            250, ""},
        {"gone before its reply", {"220 m", "250 m", "250 ok", "250 ok", "354 go", NULL},
            HK_MAIL_LATER, 354, ""},
        {"no SMTP", {"HTTP/1.1 400 Bad Request", NULL, NULL, NULL, NULL, NULL}, HK_MAIL_LATER, 0,
            ""},
    };
    struct hk_loop *loop;
    struct hk_error error;

    CU_ASSERT_EQUAL_FATAL(hk_loop_new(&loop, &error), HK_OK);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct server server;
        struct sent sent;

        server_start(&server, &rows[i].script);
        send_to(loop, server.port, &sent);
        server_stop(&server);
        if (sent.end != rows[i].end || sent.code != rows[i].code)
            fprintf(stderr, "\n%s: %d %d %s\n", rows[i].name, (int)sent.end, sent.code, sent.text);
        CU_ASSERT_EQUAL(sent.end, rows[i].end);
        CU_ASSERT_EQUAL(sent.code, rows[i].code);
        CU_ASSERT_EQUAL(strncmp(sent.text, rows[i].text, strlen(rows[i].text)), 0);
        CU_ASSERT_TRUE(sent.text[0] != '\0');
    }
    hk_loop_free(loop);
}

static void the_message_goes_out_whole(void)
{
    struct hk_loop *loop;
    struct server server;
    struct sent sent;

    CU_ASSERT_EQUAL_FATAL(hk_loop_new(&loop, NULL), HK_OK);
    server_start(&server, &usual);
    send_to(loop, server.port, &sent);
    server_stop(&server);
    CU_ASSERT_EQUAL(sent.end, HK_MAIL_TAKEN);
    CU_ASSERT_PTR_NOT_NULL(strstr(server.heard, "MAIL FROM:<a@soc.example>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(server.heard, "RCPT TO:<b@soc.example>\r\n"));
    /* A line that is a dot alone is doubled, RFC 5321 section 4.5.2. */
    CU_ASSERT_PTR_NOT_NULL(
        strstr(server.heard, "Subject: test\r\n\r\nhello\r\n..\r\nthere\r\n.\r\n"));
    hk_loop_free(loop);
}

static void what_has_no_tls_gets_nothing(void)
{
    struct hk_loop *loop;
    struct server server;
    struct hk_mailer *mailer;
    struct sent sent = {.calls = 0};
    struct hk_mail_ask ask;

    CU_ASSERT_EQUAL_FATAL(hk_loop_new(&loop, NULL), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_mailer_new(loop, &mailer, NULL), HK_OK);
    server_start(&server, &usual);
    ask = ask_of(server.port);
    ask.tls = HK_MAIL_STARTTLS;
    ask.user = "hikeshi";
    ask.password = "secret";
    sent.loop = loop;
    CU_ASSERT_EQUAL_FATAL(hk_mail_send(mailer, &ask, on_sent, &sent, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_loop_run(loop, NULL), HK_OK);
    server_stop(&server);
    CU_ASSERT_EQUAL(sent.end, HK_MAIL_LATER);
    CU_ASSERT_PTR_NULL(strstr(server.heard, "AUTH"));
    CU_ASSERT_PTR_NULL(strstr(server.heard, "MAIL"));
    hk_mailer_free(mailer);
    hk_loop_free(loop);
}

static void what_is_under_way_is_called_back_at_the_end(void)
{
    static const struct script silent = {"220 m", "250 m", "250 ok", "250 ok", "354 go", NULL};
    struct hk_loop *loop;
    struct server server;
    struct hk_mailer *mailer;
    struct sent sent = {.calls = 0};

    CU_ASSERT_EQUAL_FATAL(hk_loop_new(&loop, NULL), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_mailer_new(loop, &mailer, NULL), HK_OK);
    server_start(&server, &silent);
    sent.loop = loop;
    struct hk_mail_ask ask = ask_of(server.port);
    CU_ASSERT_EQUAL_FATAL(hk_mail_send(mailer, &ask, on_sent, &sent, NULL), HK_OK);
    hk_mailer_free(mailer);
    CU_ASSERT_EQUAL(sent.calls, 1);
    CU_ASSERT_TRUE(sent.was_cancelled && sent.end == HK_MAIL_LATER);
    server_stop(&server);
    hk_loop_free(loop);
}

static void what_is_no_address_is_not_sent(void)
{
    struct hk_loop *loop;
    struct hk_mailer *mailer;
    struct hk_mail_ask ask;

    CU_ASSERT_EQUAL_FATAL(hk_loop_new(&loop, NULL), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_mailer_new(loop, &mailer, NULL), HK_OK);
    ask = ask_of(25);
    ask.to = "b@soc.example>\r\nRCPT TO:<c@soc.example";
    CU_ASSERT_EQUAL(hk_mail_send(mailer, &ask, on_sent, NULL, NULL), HK_INVALID);
    ask = ask_of(25);
    ask.host = "mail.example/x";
    CU_ASSERT_EQUAL(hk_mail_send(mailer, &ask, on_sent, NULL, NULL), HK_INVALID);
    ask = ask_of(70000);
    CU_ASSERT_EQUAL(hk_mail_send(mailer, &ask, on_sent, NULL, NULL), HK_INVALID);
    ask = ask_of(25);
    ask.user = "a\r\nb";
    ask.password = "x";
    CU_ASSERT_EQUAL(hk_mail_send(mailer, &ask, on_sent, NULL, NULL), HK_INVALID);
    hk_mailer_free(mailer);
    hk_loop_free(loop);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"what a reply means", what_a_reply_means},
        {"the message goes out whole", the_message_goes_out_whole},
        {"what has no TLS gets nothing", what_has_no_tls_gets_nothing},
        {"what is under way is called back at the end",
            what_is_under_way_is_called_back_at_the_end},
        {"what is no address is not sent", what_is_no_address_is_not_sent},
    };
    return suite_run("mail", tests, COUNT_OF(tests));
}
