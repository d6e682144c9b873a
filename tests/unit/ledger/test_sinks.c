/*
 * sinks: folders, syslog servers and programs get checkpoints; one that fails or hangs delays
 * nobody, keeps the newest of each tenant, and says why.
 */
#include "ledger/sinks.h"

#include "folder.h"
#include "ledger/sink.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

static char main_name[] = "main";
static char other_name[] = "other";
static char one[] = "one\n";
static char two[] = "two\n";

static struct hk_sinks *sinks_of(const struct hk_sink_setup *setup)
{
    struct hk_sinks *sinks = NULL;
    struct hk_error error = {.text = ""};

    must(hk_sinks_start(setup, 1, &sinks, &error) == HK_OK, error.text);
    return sinks;
}

static struct hk_sink_state await(struct hk_sinks *sinks)
{
    struct hk_sink_state state = {.sent = 0};

    while (state.sent == 0 && state.failures == 0) {
        (void)sched_yield();
        hk_sinks_state(sinks, 0, &state);
    }
    return state;
}

static void read_file(const char *folder, const char *name, char *ret_text, size_t capacity)
{
    char path[256];
    ssize_t size = -1;
    int fd;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    fd = open(path, O_RDONLY);
    if (fd >= 0)
        size = read(fd, ret_text, capacity - 1);
    ret_text[size > 0 ? size : 0] = '\0';
    if (fd >= 0)
        (void)close(fd);
}

static void a_folder_has_a_file_for_each_tenant(void)
{
    struct folder folder;
    char text[64];

    folder_make(&folder);
    const struct hk_sink_setup setup = {.kind = HK_SINK_FOLDER, .place = folder.path};
    struct hk_sinks *sinks = sinks_of(&setup);
    hk_sinks_put(sinks, "main", "one\n");
    CU_ASSERT_EQUAL(await(sinks).sent, 1);
    hk_sinks_put(sinks, "main", "two\n");
    hk_sinks_put(sinks, "other", "three\n");
    hk_sinks_stop(sinks);
    read_file(folder.path, "main.checkpoints", text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "one\ntwo\n");
    read_file(folder.path, "other.checkpoints", text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "three\n");
    folder_done(&folder);
}

static void a_note_that_was_cut_off_spoils_no_other(void)
{
    struct folder folder;
    char path[256];
    char text[64];
    int fd;

    folder_make(&folder);
    const struct hk_sink_setup setup = {.kind = HK_SINK_FOLDER, .place = folder.path};
    struct hk_sinks *sinks = sinks_of(&setup);
    (void)snprintf(path, sizeof(path), "%s/main.checkpoints", folder.path);
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    must(fd >= 0 && write(fd, "one\ntw", 6) == 6 && close(fd) == 0, "not written");
    hk_sinks_put(sinks, "main", "three\n");
    hk_sinks_put(sinks, "main", "four\n");
    hk_sinks_stop(sinks);
    read_file(folder.path, "main.checkpoints", text, sizeof(text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "one\ntw\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nfour\n"));
    CU_ASSERT_PTR_NULL(strstr(text, "\n\n"));
    folder_done(&folder);
}

static void what_failed_is_kept_until_the_stop(void)
{
    struct folder folder;
    struct hk_sink_state state;
    char place[160];
    char text[64];

    folder_make(&folder);
    (void)snprintf(place, sizeof(place), "%s/later", folder.path);
    const struct hk_sink_setup setup = {.kind = HK_SINK_FOLDER, .place = place};
    struct hk_sinks *sinks = sinks_of(&setup);
    hk_sinks_put(sinks, "main", "one\n");
    state = await(sinks);
    CU_ASSERT_TRUE(state.fails);
    CU_ASSERT_STRING_EQUAL(state.problem, "can't open the file: No such file or directory");
    hk_sinks_put(sinks, "main", "two\n");
    hk_sinks_put(sinks, "main", "three\n");
    CU_ASSERT_EQUAL(mkdir(place, 0700), 0);
    hk_sinks_stop(sinks);
    read_file(place, "main.checkpoints", text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "three\n");
    folder_done(&folder);
}

/* --- syslog --- */

static int listen_on(int socktype, char *ret_place, size_t capacity)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, socktype | SOCK_CLOEXEC, 0);

    must(fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 &&
             getsockname(fd, (struct sockaddr *)&address, &size) == 0,
        "no socket");
    must(socktype != SOCK_STREAM || listen(fd, 4) == 0, "no listener");
    (void)snprintf(ret_place, capacity, "%s:127.0.0.1:%d", socktype == SOCK_STREAM ? "tcp" : "udp",
        ntohs(address.sin_port));
    return fd;
}

static void syslog_over_udp_is_one_datagram(void)
{
    char place[64];
    char text[1024];
    int fd = listen_on(SOCK_DGRAM, place, sizeof(place));
    const struct hk_sink_setup setup = {.kind = HK_SINK_SYSLOG, .place = place};
    struct hk_sinks *sinks = sinks_of(&setup);
    ssize_t size;

    hk_sinks_put(sinks, "main", "a\n\n\xe2\x80\x94 b\n");
    size = recv(fd, text, sizeof(text) - 1, 0);
    hk_sinks_stop(sinks);
    must(size > 0, "nothing came");
    text[size] = '\0';
    CU_ASSERT_EQUAL(strncmp(text, "<109>1 20", 9), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, " checkpoint - {\"tenant\":\"main\",\"checkpoint\":"
                                        "\"a\\n\\n\xe2\x80\x94 b\\n\"}"));
    (void)close(fd);
}

static void syslog_over_tcp_counts_its_octets(void)
{
    char place[64];
    char text[2048];
    size_t size = 0;
    size_t length = 0;
    ssize_t got;
    int consumed = 0;
    int fd = listen_on(SOCK_STREAM, place, sizeof(place));
    const struct hk_sink_setup setup = {.kind = HK_SINK_SYSLOG, .place = place};
    struct hk_sinks *sinks = sinks_of(&setup);
    int peer;

    hk_sinks_put(sinks, "main", "a\n");
    peer = accept(fd, NULL, NULL);
    while ((got = recv(peer, text + size, sizeof(text) - 1 - size, 0)) > 0)
        size += (size_t)got;
    (void)close(peer);
    text[size] = '\0';
    CU_ASSERT_EQUAL(sscanf(text, "%zu %n", &length, &consumed), 1);
    CU_ASSERT_EQUAL(length, size - (size_t)consumed);
    CU_ASSERT_EQUAL(text[size - 1], '}');
    CU_ASSERT_EQUAL(await(sinks).sent, 1);
    hk_sinks_stop(sinks);
    (void)close(fd);
}

static void a_server_that_breaks_off_took_nothing(void)
{
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    char place[64];
    int fd = listen_on(SOCK_STREAM, place, sizeof(place));
    struct hk_sink_note note = {.tenant = main_name, .text = one};
    const struct hk_sink_setup setup = {.kind = HK_SINK_SYSLOG, .place = place};
    struct hk_sinks *sinks = sinks_of(&setup);
    struct hk_error error;
    int peer;

    hk_sinks_put(sinks, "main", "a\n");
    peer = accept(fd, NULL, NULL);
    (void)setsockopt(peer, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    (void)close(peer);
    CU_ASSERT_TRUE(await(sinks).fails);
    (void)close(fd);
    CU_ASSERT_EQUAL(hk_sink_syslog(place, &note, &error), HK_IO);
    CU_ASSERT_STRING_EQUAL(error.text, "can't connect: Connection refused");
    hk_sinks_stop(sinks);
}

static void places_are_checked(void)
{
    static const char *const good[] = {
        "udp:192.0.2.7:514", "tcp:log.example:601", "tcp:[2001:db8::1]:601"};
    static const char *const bad[] = {"", "tcp", "tcp:", "tcp::601", "tcp:log.example",
        "tcp:log.example:", "tcp:log.example:x", "tcp:2001:db8::1:601", "tls:log.example:601",
        "udp:[]:514", "udp:h:123456"};

    for (size_t i = 0; i < COUNT_OF(good); i++)
        CU_ASSERT_EQUAL(hk_sink_syslog_check(good[i], NULL), HK_OK);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        CU_ASSERT_EQUAL(hk_sink_syslog_check(bad[i], NULL), HK_INVALID);
}

/* --- programs --- */

static void a_program_reads_them(void)
{
    struct folder folder;
    char script[256];
    char text[256];

    folder_make(&folder);
    (void)snprintf(
        script, sizeof(script), "cat >'%s/got'; env >'%s/env'", folder.path, folder.path);
    const char *const command[] = {"/bin/sh", "-c", script, NULL};
    struct hk_sink_note other = {.tenant = other_name, .text = two};
    struct hk_sink_note note = {.tenant = main_name, .text = one, .next = &other};
    (void)setenv("HK_TEST_SECRET", "1", 1);
    CU_ASSERT_EQUAL(hk_sink_command(command, &note, NULL), HK_OK);
    read_file(folder.path, "got", text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "one\n\ntwo\n");
    read_file(folder.path, "env", text, sizeof(text));
    CU_ASSERT_PTR_NULL(strstr(text, "HK_TEST_SECRET"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "PATH="));
    folder_done(&folder);
}

static void a_program_may_fail(void)
{
    static const char *const fails[] = {"/bin/sh", "-c", "exit 3", NULL};
    static const char *const dies[] = {"/bin/sh", "-c", "kill -9 $$", NULL};
    static const char *const missing[] = {"/nowhere/at/all", NULL};
    static const char *const reads_nothing[] = {"/bin/true", NULL};
    char *large = malloc(1 << 20);
    struct hk_sink_note note = {.tenant = main_name, .text = one};
    struct hk_error error;

    CU_ASSERT_EQUAL(hk_sink_command(fails, &note, &error), HK_IO);
    CU_ASSERT_STRING_EQUAL(error.text, "it ended with status 3");
    CU_ASSERT_EQUAL(hk_sink_command(dies, &note, &error), HK_IO);
    CU_ASSERT_STRING_EQUAL(error.text, "it was ended by signal 9");
    CU_ASSERT_EQUAL(hk_sink_command(missing, &note, &error), HK_IO);
    CU_ASSERT_STRING_EQUAL(error.text, "can't start it: No such file or directory");
    must(large != NULL, "no memory");
    memset(large, 'x', (1 << 20) - 1);
    large[(1 << 20) - 1] = '\0';
    note.text = large;
    CU_ASSERT_EQUAL(hk_sink_command(reads_nothing, &note, &error), HK_OK);
    free(large);
}

static void relative_setups_are_refused(void)
{
    static const char *const command[] = {"logger", NULL};
    static const struct hk_sink_setup bad[] = {
        {.kind = HK_SINK_FOLDER, .place = "here"},
        {.kind = HK_SINK_COMMAND, .command = command},
        {.kind = HK_SINK_SYSLOG, .place = "here"},
    };
    struct hk_sinks *sinks = NULL;

    for (size_t i = 0; i < COUNT_OF(bad); i++)
        CU_ASSERT_EQUAL(hk_sinks_start(&bad[i], 1, &sinks, NULL), HK_INVALID);
    CU_ASSERT_PTR_NULL(sinks);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"a note that was cut off spoils no other", a_note_that_was_cut_off_spoils_no_other},
        {"a folder has a file for each tenant", a_folder_has_a_file_for_each_tenant},
        {"what failed is kept until the stop", what_failed_is_kept_until_the_stop},
        {"syslog over UDP is one datagram", syslog_over_udp_is_one_datagram},
        {"syslog over TCP counts its octets", syslog_over_tcp_counts_its_octets},
        {"a server that breaks off took nothing", a_server_that_breaks_off_took_nothing},
        {"places are checked", places_are_checked},
        {"a program reads them", a_program_reads_them},
        {"a program may fail", a_program_may_fail},
        {"relative setups are refused", relative_setups_are_refused},
    };
    (void)signal(SIGPIPE, SIG_IGN); /* as in the engine */
    return suite_run("sinks", tests, COUNT_OF(tests));
}
