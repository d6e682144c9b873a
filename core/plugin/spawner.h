/*
 * spawner: the one process that makes plugin processes.
 *
 * Forked first, before any thread and before any key is read, so that what it forks holds nothing.
 * It speaks over one socket with the engine: "make this plugin process" with descriptors attached,
 * "end that one", and notices of who has gone. When the engine is gone (end of file) it gives its
 * children HK_ORPHAN_GRACE_MS to end by themselves, then kills them, then ends.
 *
 * Each plugin process holds a shared lock on DATA/plugins.lock from before it loads until it is
 * gone. A new engine does not send or probe anything before hk_orphans_are_gone says yes.
 */
#ifndef HK_PLUGIN_SPAWNER_H
#define HK_PLUGIN_SPAWNER_H

#include "base/status.h"

#include <stdbool.h>
#include <sys/types.h>

/* Fork the spawner. Call before any thread exists. *ret_fd is the engine's end of its socket.
 * data_dir is absolute and exists. */
HK_MUST_CHECK enum hk_status hk_spawner_fork(
    const char *data_dir, int *ret_fd, pid_t *ret_pid, struct hk_error *error);

/* Is no process of an earlier engine alive on this data folder? Does not block. */
HK_MUST_CHECK enum hk_status hk_orphans_are_gone(
    const char *data_dir, bool *ret_gone, struct hk_error *error);

/* `hikeshi plugin-host`: what the spawner executes. Returns the exit status. Not for people. */
int hk_plugin_host_main(int argc, char **argv);

#endif
