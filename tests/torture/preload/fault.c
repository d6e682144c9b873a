/*
 * fault: what fails, and when; see preload.h. Here are also the allocation functions, since nothing
 * else has to be known of them than how many there were.
 */
#include "preload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc's own, under the names that it keeps for libraries like this one. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

struct counts {
    _Atomic uint64_t calls[TORTURE_KINDS];
    _Atomic uint64_t faults;
};
_Static_assert(sizeof(struct counts) <= HK_TORTURE_COUNTS_SIZE, "the file is long enough");

static const char *const kinds[TORTURE_KINDS] = {"alloc", "read", "write", "sync"};
static struct counts *counts;
static int fails = -1; /* enum torture_kind */
static uint64_t fails_at;
static int fails_with;
static bool fails_ever;
static bool is_short;

static void take_order(const char *order)
{
    char kind[16];
    char how[16];
    unsigned long long number;

    if (sscanf(order, "%15[a-z]:%llu:%d:%15[a-z]", kind, &number, &fails_with, how) != 4)
        abort();
    for (int i = 0; i < TORTURE_KINDS; i++)
        if (strcmp(kinds[i], kind) == 0)
            fails = i;
    fails_at = number;
    fails_ever = strcmp(how, "ever") == 0;
    is_short = strcmp(how, "short") == 0;
}

void torture_fault_start(void)
{
    const char *path = getenv("HK_TORTURE_COUNTS");
    const char *order = getenv("HK_TORTURE_FAULT");
    void *shared;
    int fd;

    if (path == NULL)
        return;
    if (order != NULL)
        take_order(order);
    fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    shared = fd < 0 ? MAP_FAILED
                    : mmap(NULL, HK_TORTURE_COUNTS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED)
        abort();
    (void)syscall(SYS_close, fd);
    counts = shared;
}

void torture_fault_stop(void)
{
    counts = NULL;
}

enum torture_fault torture_fault(enum torture_kind kind)
{
    uint64_t number;

    if (counts == NULL)
        return TORTURE_WELL;
    number = atomic_fetch_add(&counts->calls[kind], 1) + 1;
    if ((int)kind != fails || number < fails_at || (number > fails_at && !fails_ever))
        return TORTURE_WELL;
    (void)atomic_fetch_add(&counts->faults, 1);
    if (is_short)
        return TORTURE_SHORT;
    errno = fails_with;
    return TORTURE_FAILS;
}

void *malloc(size_t size)
{
    return torture_fault(TORTURE_ALLOC) == TORTURE_WELL ? __libc_malloc(size) : NULL;
}

void *calloc(size_t count, size_t size)
{
    return torture_fault(TORTURE_ALLOC) == TORTURE_WELL ? __libc_calloc(count, size) : NULL;
}

void *realloc(void *old, size_t size)
{
    return torture_fault(TORTURE_ALLOC) == TORTURE_WELL ? __libc_realloc(old, size) : NULL;
}
