/* What a plugin process writes to stderr: lines that are logged as its own, and not too many. */
#include "plugin/pool_internal.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE 4096
#define LAST_READS_MAX 16 /* of what a pipe holds when the process is gone */

static void end_line(struct hk_process *process)
{
    size_t size = process->said_size;

    process->said_size = 0;
    if (!hk_utf8_is_valid(process->said_line, size))
        for (size_t i = 0; i < size; i++)
            if (((unsigned char)process->said_line[i] & 0x80) != 0)
                process->said_line[i] = '?';
    if (size > 0 && hk_process_may_log(process))
        hk_pool_log(
            process->plugin, HK_PLUGIN_WARNING, "stderr: %.*s", (int)size, process->said_line);
}

static void take(struct hk_process *process, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\n')
            end_line(process);
        else if (process->said_size < sizeof(process->said_line))
            process->said_line[process->said_size++] = text[i] != '\0' ? text[i] : ' ';
    }
}

/* False when there is no more for now. */
static bool read_some(struct hk_process *process)
{
    char text[READ_SIZE];
    ssize_t size;

    do
        size = read(process->said, text, sizeof(text));
    while (size < 0 && errno == EINTR);
    if (size > 0)
        take(process, text, (size_t)size);
    else if (size == 0 || errno != EAGAIN) {
        /* It closed its stderr; there is nothing to wait for. */
        hk_fd_watch_free(process->said_watch);
        process->said_watch = NULL;
    }
    return size > 0;
}

static void on_said(void *ctx, bool readable, bool writable)
{
    struct hk_process *process = ctx;
    (void)readable;
    (void)writable;

    if (read_some(process))
        (void)hk_process_count_stray(process);
}

bool hk_said_start(struct hk_process *process, int *ret_end)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    process->said = ends[0];
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0)
        process->said_watch =
            hk_fd_watch_new(process->plugin->pool->loop, process->said, on_said, process);
    if (process->said_watch == NULL) {
        close(ends[1]);
        return false;
    }
    *ret_end = ends[1];
    return true;
}

void hk_said_flush(struct hk_process *process)
{
    for (unsigned i = 0; i < LAST_READS_MAX && read_some(process); i++)
        continue;
    end_line(process);
}

void hk_said_end(struct hk_process *process)
{
    if (process->said < 0)
        return;
    hk_fd_watch_free(process->said_watch);
    process->said_watch = NULL;
    close(process->said);
    process->said = -1;
}
