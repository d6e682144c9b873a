/*
 * program: see program.h.
 */
#include "app/program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 2048 };

enum hk_status hk_program_path(char *ret_path, size_t capacity, struct hk_error *error)
{
    ssize_t size = readlink("/proc/self/exe", ret_path, capacity - 1);

    if (size <= 0)
        return hk_fail(error, HK_IO, "cannot tell the program's file: %s", strerror(errno));
    ret_path[size] = '\0';
    return HK_OK;
}

bool hk_program_beside(const char *const *places, char *ret_path, size_t capacity)
{
    char program[PATH_SIZE];
    char *slash;

    if (hk_program_path(program, sizeof(program), NULL) != HK_OK)
        return false;
    slash = strrchr(program, '/');
    if (slash == NULL)
        return false;
    *slash = '\0';
    for (; *places != NULL; places++) {
        int length = snprintf(ret_path, capacity, "%s/%s", program, *places);

        if (length > 0 && (size_t)length < capacity && access(ret_path, R_OK) == 0)
            return true;
    }
    return false;
}

bool hk_program_plugin(const char *name, char *ret_path, size_t capacity)
{
    size_t size = strlen(name);
    const char *end = size > 3 && strcmp(name + size - 3, ".so") == 0 ? "" : ".so";
    char built[PATH_SIZE];
    char installed[PATH_SIZE];
    const char *const places[] = {built, installed, NULL};

    if (snprintf(built, sizeof(built), "plugins/%s%s", name, end) >= PATH_SIZE ||
        snprintf(installed, sizeof(installed), "../lib/hikeshi/plugins/%s%s", name, end) >=
            PATH_SIZE)
        return false;
    return hk_program_beside(places, ret_path, capacity);
}
