/*
 * room: the disk's, for the ledger; see room.h.
 */
#include "ledger/room.h"

#include "limits.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Bytes that this user may still write. */
static bool measure(struct hk_room *room, uint64_t *ret_free)
{
    struct statvfs info;

    if (statvfs(room->folder, &info) != 0)
        return false;
    *ret_free = (uint64_t)info.f_bavail * info.f_frsize;
    atomic_store(&room->free_bytes, *ret_free);
    return true;
}

/* Not having one is no failure: the disk may be too small for it, or not know how. */
static void make_reserve(struct hk_room *room)
{
    int fd = open(room->reserve, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return;
    room->has_reserve = posix_fallocate(fd, 0, HK_ROOM_RESERVE_SIZE) == 0;
    (void)close(fd);
    if (!room->has_reserve)
        (void)unlink(room->reserve);
}

static void give_reserve_back(struct hk_room *room)
{
    (void)unlink(room->reserve);
    room->has_reserve = false;
}

static enum hk_room_state next(const struct hk_room *room, uint64_t free_bytes)
{
    enum hk_room_state state = atomic_load(&room->state);

    if (free_bytes < HK_ROOM_LAST_SIZE)
        return HK_ROOM_LAST;
    if (free_bytes >= HK_ROOM_AGAIN_SIZE)
        return HK_ROOM_ENOUGH;
    if (state == HK_ROOM_LAST)
        return free_bytes >= 2 * HK_ROOM_LAST_SIZE ? HK_ROOM_TIGHT : HK_ROOM_LAST;
    return free_bytes < HK_ROOM_TIGHT_SIZE ? HK_ROOM_TIGHT : state;
}

void hk_room_look(struct hk_room *room)
{
    uint64_t free_bytes;

    if (!measure(room, &free_bytes))
        return;
    if (free_bytes < HK_ROOM_LAST_SIZE && room->has_reserve) {
        give_reserve_back(room);
        if (!measure(room, &free_bytes))
            return;
    }
    if (free_bytes >= HK_ROOM_AGAIN_SIZE && !room->has_reserve)
        make_reserve(room);
    atomic_store(&room->state, next(room, free_bytes));
}

enum hk_status hk_room_open(struct hk_room *room, const char *data_dir, struct hk_error *error)
{
    struct stat info;

    memset(room, 0, sizeof(*room));
    if (snprintf(room->folder, sizeof(room->folder), "%s", data_dir) >= (int)sizeof(room->folder) ||
        snprintf(room->reserve, sizeof(room->reserve), "%s/reserve", data_dir) >=
            (int)sizeof(room->reserve))
        return hk_fail(error, HK_INVALID, "ledger: path is too long");
    /* One that was not finished is made anew. */
    room->has_reserve =
        stat(room->reserve, &info) == 0 && (uint64_t)info.st_blocks * 512 >= HK_ROOM_RESERVE_SIZE;
    hk_room_look(room);
    return HK_OK;
}
