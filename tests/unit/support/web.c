#include "support/web.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static _Noreturn void give_up(const char *what)
{
    printf("cannot start tests/system/web.py: %s\n", what);
    exit(1);
}

static void spawn(struct web *web, int *ret_stdout)
{
    posix_spawn_file_actions_t actions;
    const char *source = getenv("HIKESHI_SOURCE");
    char script[512];
    char python[] = "/usr/bin/python3";
    char *argv[] = {python, script, web->folder, NULL};
    int to[2];
    int from[2];

    (void)snprintf(script, sizeof(script), "%s/tests/system/web.py", source != NULL ? source : ".");
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0)
        give_up("no pipe");
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, to[0], 0);
    (void)posix_spawn_file_actions_adddup2(&actions, from[1], 1);
    if (posix_spawn(&web->pid, python, &actions, NULL, argv, environ) != 0)
        give_up("no python3");
    (void)posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    web->stdin_fd = to[1];
    *ret_stdout = from[0];
}

static char *read_file(const char *folder, const char *name)
{
    char path[128];
    struct stat about;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    if (file == NULL || fstat(fileno(file), &about) != 0)
        give_up("no certificates");
    char *text = calloc(1, (size_t)about.st_size + 1);
    if (text == NULL || fread(text, 1, (size_t)about.st_size, file) != (size_t)about.st_size)
        give_up("no certificates");
    fclose(file);
    return text;
}

void web_start(struct web *web)
{
    char line[128];
    int out;

    memset(web, 0, sizeof(*web));
    (void)snprintf(web->folder, sizeof(web->folder), "/tmp/hikeshi-web-XXXXXX");
    if (mkdtemp(web->folder) == NULL)
        give_up("no folder");
    spawn(web, &out);
    FILE *said = fdopen(out, "re");
    if (said == NULL)
        give_up("no pipe");
    while (fgets(line, sizeof(line), said) != NULL && strcmp(line, "ready\n") != 0)
        if (web->server_count < WEB_SERVERS_MAX &&
            sscanf(line, "%31s %u", web->servers[web->server_count].name,
                &web->servers[web->server_count].port) == 2)
            web->server_count++;
    fclose(said);
    if (web->server_count == 0)
        give_up("it did not say where it listens");
    web->authorities = read_file(web->folder, "ca.pem");
}

static int remove_one(const char *path, const struct stat *about, int what, struct FTW *at)
{
    (void)about;
    (void)what;
    (void)at;
    return remove(path);
}

void web_stop(struct web *web)
{
    close(web->stdin_fd);
    (void)kill(web->pid, SIGTERM); /* its threads may still be serving */
    (void)waitpid(web->pid, NULL, 0);
    (void)nftw(web->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(web->authorities);
}

unsigned web_port(const struct web *web, const char *name)
{
    for (size_t i = 0; i < web->server_count; i++)
        if (strcmp(web->servers[i].name, name) == 0)
            return web->servers[i].port;
    return 0;
}
