/*
 * crash: a process that writes is killed at some moment; what it was told is written is there, and
 * the record is whole.
 */
#include "ledger/ledger.h"

#include "folder.h"

#include <signal.h>
#include <sys/wait.h>

#define ROUNDS 12

static int told = -1; /* the pipe to the parent */

static void on_written(void *ctx, hk_tenant tenant, uint64_t first_seq)
{
    (void)ctx;
    (void)tenant;
    if (write(told, &first_seq, sizeof(first_seq)) != sizeof(first_seq))
        _exit(1);
}

/* Write until killed, telling the parent each number that is durable. */
static void write_for_ever(struct folder *folder)
{
    folder_open(folder);
    for (unsigned n = 0;; n++) {
        struct hk_write *write = hk_write_new();
        char id[32];

        (void)snprintf(id, sizeof(id), "al-%08u", n);
        add(folder, write, HK_KIND_ALERT_RECEIVED, id, "{\"view\":{\"title\":\"t\"}}");
        (void)snprintf(id, sizeof(id), "co-%08u", n);
        if (n % 16 == 0)
            add(folder, write, HK_KIND_CONTAINMENT_STARTING, id, "{}");
        hk_ledger_submit(folder->ledger, write, HK_LANE_NORMAL, on_written, NULL);
        hk_ledger_drain(folder->ledger);
        while (hk_ledger_backlog(folder->ledger) > 200)
            folder_drain(folder);
    }
}

/* Let the child acknowledge so many writes, kill it in the middle of the next ones. */
static uint64_t kill_after(struct folder *folder, unsigned acknowledged)
{
    int ends[2];
    uint64_t last = 0;
    uint64_t seq;
    pid_t child;

    must(pipe(ends) == 0, "no pipe");
    child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        told = ends[1];
        write_for_ever(folder);
    }
    (void)close(ends[1]);
    for (unsigned i = 0; i < acknowledged; i++)
        if (read(ends[0], &seq, sizeof(seq)) == sizeof(seq))
            last = seq;
    (void)kill(child, SIGKILL);
    while (read(ends[0], &seq, sizeof(seq)) == sizeof(seq))
        last = seq;
    (void)close(ends[0]);
    must(waitpid(child, NULL, 0) == child, "no child");
    return last;
}

static void what_was_acknowledged_survives(void)
{
    struct folder folder;
    unsigned seed = 20261122;

    folder_make(&folder);
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t last;
        char sql[96];
        struct hk_buf out;

        seed = seed * 1103515245 + 12345;
        last = kill_after(&folder, seed >> 16 & 1023);
        (void)snprintf(sql, sizeof(sql), "SELECT max(pos) - (1 << 40) >= %llu FROM entry",
            (unsigned long long)last);
        CU_ASSERT_TRUE(last == 0 || answers(&folder, sql, "1"));
        if (last == 0)
            continue;
        /* Without an engine, as an auditor would; then as the next engine. */
        CU_ASSERT_TRUE(verify(&folder, NULL, &out));
        hk_buf_done(&out);
        folder_open(&folder);
        put(&folder, HK_KIND_ENGINE_STARTED, "engine", "{}");
        folder_close(&folder);
        CU_ASSERT_TRUE(rebuild(&folder, &out));
        hk_buf_done(&out);
    }
    folder_done(&folder);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"what was acknowledged survives", what_was_acknowledged_survives},
    };
    return suite_run("crash", tests, COUNT_OF(tests));
}
