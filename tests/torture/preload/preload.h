/*
 * preload: a library that is loaded before all others into an engine under torture. It writes down,
 * in the order in which they took place, the calls that change files below some folders and the
 * bytes that went over accepted connections (record.c); and it makes the n-th allocation, read,
 * write or sync fail (fault.c).
 *
 * The calls themselves go to the kernel directly. Only the process that was started is looked at,
 * not those that it forks: the spawner writes nothing, and plugin processes begin with an empty
 * environment.
 *
 * Environment:
 *   HK_TORTURE_TRACE    file that records are appended to; absent: nothing is recorded
 *   HK_TORTURE_ROOTS    folders, parted by ':', absolute and without links
 *   HK_TORTURE_WORLD    file of which each record holds the size: what had happened outside by then
 *   HK_TORTURE_COUNTS   file of HK_TORTURE_COUNTS_SIZE bytes, shared: calls so far of each kind,
 * faults so far HK_TORTURE_FAULT    KIND:NUMBER:ERRNO:HOW; HOW is once, ever (this and all later
 * ones) or short (a write that takes half of its bytes)
 */
#ifndef TORTURE_PRELOAD_H
#define TORTURE_PRELOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum torture_op {
    TORTURE_OPEN = 1, /* path, inode, flags */
    TORTURE_WRITE,    /* inode, offset, data */
    TORTURE_SYNC,     /* inode */
    TORTURE_TRUNCATE, /* inode, offset: the new size */
    TORTURE_RENAME,   /* path, data: the new path */
    TORTURE_LINK,     /* path, data: the new path */
    TORTURE_UNLINK,   /* path */
    TORTURE_MKDIR,    /* path */
    TORTURE_ACCEPT,   /* fd: a connection begins */
    TORTURE_IN,       /* fd, data: bytes from a client */
    TORTURE_OUT,      /* fd, data: bytes to a client */
    TORTURE_CLOSE,    /* fd: a connection ends */
};

/* What a record begins with; then path and data. Numbers as the machine has them. */
struct torture_record {
    uint32_t magic;
    uint16_t op; /* enum torture_op */
    uint16_t unused;
    int32_t pid;
    int32_t fd;
    uint64_t inode;
    int64_t offset;
    uint64_t world; /* size of the file of what happened outside, after the call */
    uint32_t flags;
    uint32_t path_size;
    uint64_t data_size;
};

#define TORTURE_MAGIC 0x74726f74U

/* record.c. Between begin and end no other thread's call takes place. */
void torture_record_start(void);
void torture_record_stop(void); /* in a forked process */
void torture_begin(void);
void torture_end(void);
/* Is anything recorded at all, or may fail? Both look at the same files. */
bool torture_is_below_roots(const char *path);
/* Append a record; path and data may be NULL. Leaves errno as it is. */
void torture_put(struct torture_record record, const char *path, const void *data, size_t size);
/* The inode of an open file. */
uint64_t torture_inode(int fd);

/* fault.c */
enum torture_kind { TORTURE_ALLOC, TORTURE_READ, TORTURE_WRITES, TORTURE_SYNCS, TORTURE_KINDS };
#define HK_TORTURE_COUNTS_SIZE 64 /* uint64_t for each kind, then one of faults */

enum torture_fault { TORTURE_WELL, TORTURE_FAILS, TORTURE_SHORT };

void torture_fault_start(void);
void torture_fault_stop(void); /* in a forked process */
/* Count one call; sets errno when it is to fail. */
enum torture_fault torture_fault(enum torture_kind kind);

#endif
