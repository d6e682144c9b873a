/*
 * spawner_wire: what engine and spawner say to each other, one message a packet (SOCK_SEQPACKET).
 * Both are the same executable in the same run, so plain structs do.
 */
#ifndef HK_PLUGIN_SPAWNER_WIRE_H
#define HK_PLUGIN_SPAWNER_WIRE_H

#include <stdint.h>

/* Descriptors that a plugin process starts with, beside 0, 1, 2 and the lock. */
#define HK_HOST_WIRE_FD 3
#define HK_HOST_FILE_FD 4

#define HK_NETNS_PATH_SIZE 256 /* path of a network namespace, with NUL */

#define HK_SPAWNER_FDS 3 /* with HK_SPAWNER_MAKE: wire, plugin file, stderr */

enum hk_spawner_op {
    HK_SPAWNER_MAKE, /* to the spawner, with HK_SPAWNER_FDS descriptors */
    HK_SPAWNER_END,  /* to the spawner: kill after grace_ms, if it is still there */
    HK_SPAWNER_MADE, /* to the engine: pid */
    HK_SPAWNER_GONE, /* to the engine: wait status; or errno when it was never made (pid 0) */
};

struct hk_spawner_message {
    uint32_t op;
    int32_t pid;
    uint64_t process_id; /* the engine's number, never used twice on one socket */
    int64_t grace_ms;
    int32_t status;
    /* HK_SPAWNER_MAKE: keep CAP_NET_ADMIN, in the namespace at this path ("": the spawner's). */
    uint32_t net_admin;
    char netns[HK_NETNS_PATH_SIZE];
    uint64_t netns_inode; /* HK_SPAWNER_MADE: of that namespace; 0 when netns is "" */
};

#endif
