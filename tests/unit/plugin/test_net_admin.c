/*
 * net_admin: a plugin that was granted a network namespace is in that one, has CAP_NET_ADMIN and
 * nothing else, and is otherwise as shut in as any. All of it is run twice: with the privileges
 * that the test was started with, and in a user namespace of its own, as for the demo.
 */
#include "plugin/grants.h"

#include "fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define NET_ADMIN_ALONE (1ll << CAP_NET_ADMIN)

/* With ambient capabilities alone, plugin processes can't be looked into from outside. */
static bool is_root;

/* A process that does nothing but be in a network namespace of its own. */
static pid_t netns_begin(char ret_grant[64])
{
    int ready[2];
    char byte;

    CU_ASSERT_EQUAL_FATAL(pipe(ready), 0);
    pid_t pid = fork();
    CU_ASSERT_FATAL(pid >= 0);
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        if (unshare(CLONE_NEWNET) == 0)
            (void)!write(ready[1], "y", 1);
        (void)syscall(SYS_close_range, 3u, ~0u, 0u); /* the spawner's socket too */
        for (;;)
            pause();
    }
    close(ready[1]);
    CU_ASSERT_EQUAL_FATAL(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    snprintf(ret_grant, 64, "net_admin:/proc/%d/ns/net", (int)pid);
    return pid;
}

static void netns_end(pid_t pid)
{
    kill(pid, SIGKILL);
    CU_ASSERT_EQUAL(waitpid(pid, NULL, 0), pid);
}

static void see_pid(void *ctx, const char *tenant, const char *plugin, bool is_loaded,
    bool is_running, unsigned restarts, unsigned calls_open, pid_t pid)
{
    (void)tenant;
    (void)plugin;
    (void)is_loaded;
    (void)is_running;
    (void)restarts;
    (void)calls_open;
    *(pid_t *)ctx = pid;
}

static pid_t plugin_pid(const struct fixture *f)
{
    pid_t pid = 0;

    hk_pool_each(f->pool, see_pid, &pid);
    return pid;
}

/* The first number after the word in /proc/PID/task/TASK/status, in base 16. */
static long long said(pid_t pid, const char *task, const char *word)
{
    char path[320];
    char line[256];
    long long value = -1;

    snprintf(path, sizeof(path), "/proc/%d/task/%s/status", (int)pid, task);
    FILE *file = fopen(path, "re");
    while (file != NULL && value < 0 && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, word, strlen(word)) == 0)
            value = strtoll(line + strlen(word), NULL, 16);
    if (file != NULL)
        fclose(file);
    return value;
}

static void check_capabilities(pid_t pid)
{
    char path[64];
    unsigned count = 0;

    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(tasks);
    for (const struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks)) {
        if (task->d_name[0] == '.')
            continue;
        count++;
        CU_ASSERT_EQUAL(said(pid, task->d_name, "Seccomp:"), 2);
        CU_ASSERT_EQUAL(said(pid, task->d_name, "NoNewPrivs:"), 1);
#ifndef __SANITIZE_THREAD__ /* its helper thread is older than the sandbox */
        CU_ASSERT_EQUAL(said(pid, task->d_name, "CapPrm:"), NET_ADMIN_ALONE);
        CU_ASSERT_EQUAL(said(pid, task->d_name, "CapEff:"), NET_ADMIN_ALONE);
        CU_ASSERT_EQUAL(said(pid, task->d_name, "CapInh:"), 0);
        CU_ASSERT_EQUAL(said(pid, task->d_name, "CapAmb:"), 0);
        if (is_root) /* without CAP_SETPCAP it stays, which says what could be gained by exec */
            CU_ASSERT_EQUAL(said(pid, task->d_name, "CapBnd:"), 0);
#endif
    }
    closedir(tasks);
    CU_ASSERT(count >= 1 + HK_PLUGIN_WORKERS);
}

static ino_t netns_of(pid_t pid)
{
    char path[64];
    struct stat about = {0};

    snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
    CU_ASSERT(stat(path, &about) == 0 || !is_root);
    return about.st_ino;
}

static void check_deeds(const char *text)
{
    struct hk_json_doc doc = {0};

    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse(text, strlen(text), &hk_json_limits_own, &doc, NULL), HK_OK);
    CU_ASSERT_TRUE(doc.root->count >= 78);
    for (const struct hk_json *item = doc.root->first; item != NULL; item = item->next) {
        bool may = strncmp(item->key, "may_", 4) == 0 || strcmp(item->key, "netfilter") == 0;
        int64_t error = hk_json_i64_at(doc.root, item->key, -1);
        if (may != (error == 0))
            fprintf(stderr, "%s: %lld\n", item->key, (long long)error);
        CU_ASSERT_EQUAL(may, error == 0);
    }
    CU_ASSERT_EQUAL(hk_json_i64_at(doc.root, "netlink", -1), EPERM);
    CU_ASSERT_EQUAL(hk_json_i64_at(doc.root, "socket_packet", -1), EPERM);
    hk_json_doc_done(&doc);
}

static void load_net(struct fixture *f, const char *grant)
{
    const char *const grants[] = {grant, NULL};

    fixture_begin(f);
    fixture_load(f, "net_hostile", "{}", grants);
    if (f->load_error.status != HK_OK)
        fprintf(stderr, "%s\n", f->load_error.text);
}

static void the_granted_namespace_and_that_capability(void)
{
    struct fixture f;
    char grant[64];
    char args[64];

    pid_t holder = netns_begin(grant);
    load_net(&f, grant);
    CU_ASSERT_EQUAL_FATAL(f.load_error.status, HK_OK);
    pid_t pid = plugin_pid(&f);
    CU_ASSERT(!is_root || netns_of(pid) == netns_of(holder));
    CU_ASSERT_NOT_EQUAL(netns_of(pid), netns_of(getpid()));
    check_capabilities(pid);
    snprintf(args, sizeof(args), "{\"engine\":%d}", (int)getpid());
    const struct answer *a = fixture_call(&f, "net_hostile", "try_all", args);
    CU_ASSERT_EQUAL(a->end, HK_CALL_DONE);
    check_deeds(a->text);
    a = fixture_call(&f, "net_hostile", "try_all_in_worker", args);
    CU_ASSERT_EQUAL(a->end, HK_CALL_DONE);
    check_deeds(a->text);
    fixture_end(&f);
    netns_end(holder);
}

static void the_engines_own_namespace(void)
{
    struct fixture f;

    load_net(&f, "net_admin");
    CU_ASSERT_EQUAL_FATAL(f.load_error.status, HK_OK);
    CU_ASSERT(!is_root || netns_of(plugin_pid(&f)) == netns_of(getpid()));
    check_capabilities(plugin_pid(&f));
    fixture_end(&f);
}

static void without_the_grant_it_does_not_load(void)
{
    struct fixture f;

    fixture_begin(&f);
    fixture_load(&f, "net_hostile", "{}", NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.load_error.text, "it needs net_admin, which is not granted"));
    fixture_end(&f);
}

static void what_is_not_asked_for_is_not_given(void)
{
    static const char *const grants[] = {"net_admin", NULL};
    struct fixture f;

    fixture_begin(&f);
    fixture_load(&f, "pool_hostile", "{}", grants);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(f.load_error.text, "was granted net_admin and does not ask for it"));
    fixture_end(&f);
}

/* Nothing is loaded in the wrong place instead. */
static void wrong_namespaces_are_refused(void)
{
    static const struct {
        const char *grant;
        const char *text;
    } cases[] = {{"net_admin:hikeshi-no-such-netns", "No such file"},
        {"net_admin:/proc/self/ns/mnt", "Invalid argument"},
        {"net_admin:/dev/null", "Invalid argument"}, {"net_admin:/tmp", "Invalid argument"}};
    struct fixture f;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *const grants[] = {cases[i].grant, NULL};
        fixture_begin(&f);
        fixture_load(&f, "net_hostile", "{}", grants);
        CU_ASSERT_PTR_NOT_NULL(strstr(f.load_error.text, "network namespace"));
        CU_ASSERT_PTR_NOT_NULL(strstr(f.load_error.text, cases[i].text));
        fixture_end(&f);
    }
}

static void wrong_grants_are_refused(void)
{
    static const char *const wrong[] = {"net_admin:", "net_admin:a/b", "net_admin:..",
        "net_admin:a b", "net_admins", "net_adm", "raw", "", "net_admin:\n"};
    struct hk_error error = {0};
    struct fixture f;

    fixture_begin(&f);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        const char *const grants[] = {wrong[i], NULL};
        CU_ASSERT_EQUAL(hk_grant_check(wrong[i], &error), HK_INVALID);
        CU_ASSERT_EQUAL(
            fixture_add_as(&f, "net_hostile", "net_hostile", "{}", grants, &error), HK_INVALID);
    }
    static const char *const twice[] = {"net_admin:a", "read:/usr", "net_admin:b", NULL};
    CU_ASSERT_EQUAL(
        fixture_add_as(&f, "net_hostile", "net_hostile", "{}", twice, &error), HK_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "twice"));
    CU_ASSERT_EQUAL(hk_grant_check("net_admin:edge-1.north", &error), HK_OK);
    CU_ASSERT_EQUAL(hk_grant_check("net:siem.example:443", &error), HK_OK);
    fixture_end(&f);
}

static bool is_in_another(struct fixture *f)
{
    return f->log_count > 0 && plugin_pid(f) != 0 && fixture_all_answered(f);
}

/* A namespace that was made again under the same name is another one. */
static void a_replaced_namespace_gets_a_new_process(void)
{
    struct fixture f;
    char grant[64];
    char path[48];
    char source[64];

    snprintf(path, sizeof(path), "/tmp/hikeshi-netns-%d", (int)getpid());
    pid_t first = netns_begin(grant);
    snprintf(source, sizeof(source), "/proc/%d/ns/net", (int)first);
    CU_ASSERT_EQUAL_FATAL(symlink(source, path), 0);
    snprintf(grant, sizeof(grant), "net_admin:%s", path);
    load_net(&f, grant);
    CU_ASSERT_EQUAL_FATAL(f.load_error.status, HK_OK);
    pid_t old = plugin_pid(&f);
    CU_ASSERT(!is_root || netns_of(old) == netns_of(first));

    pid_t second = netns_begin(grant);
    CU_ASSERT_EQUAL(unlink(path), 0);
    snprintf(source, sizeof(source), "/proc/%d/ns/net", (int)second);
    CU_ASSERT_EQUAL_FATAL(symlink(source, path), 0);
    uint64_t id =
        fixture_begin_call(&f, HK_CALL_START, "net_hostile", "read_granted", "k", "{}", 10000);
    CU_ASSERT_TRUE(fixture_until(&f, is_in_another));
    CU_ASSERT_EQUAL(fixture_answer(&f, id)->end, HK_CALL_DONE);
    CU_ASSERT_NOT_EQUAL(plugin_pid(&f), old);
    CU_ASSERT(!is_root || netns_of(plugin_pid(&f)) == netns_of(second));
    CU_ASSERT_EQUAL(unlink(path), 0);
    id = fixture_begin_call(&f, HK_CALL_START, "net_hostile", "read_granted", "k", "{}", 60000);
    CU_ASSERT_TRUE(fixture_until(&f, fixture_all_answered)); /* at once, not at the deadline */
    CU_ASSERT_EQUAL(fixture_answer(&f, id)->end, HK_CALL_NOT_SENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(fixture_answer(&f, id)->text, path));
    fixture_end(&f);
    netns_end(first);
    netns_end(second);
}

/* --- where it runs --- */

static bool has_privileges(void)
{
    const long long wanted = NET_ADMIN_ALONE | 1ll << CAP_SYS_ADMIN;

    char self[16];

    snprintf(self, sizeof(self), "%d", (int)getpid());
    return (said(getpid(), self, "CapEff:") & wanted) == wanted;
}

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        close(fd);
    return done;
}

static bool enter_user_namespace(void)
{
    char map[64];
    unsigned uid = (unsigned)geteuid();
    unsigned gid = (unsigned)getegid();

    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return false;
    snprintf(map, sizeof(map), "0 %u 1", uid);
    bool done = write_file("/proc/self/setgroups", "deny") && write_file("/proc/self/uid_map", map);
    snprintf(map, sizeof(map), "0 %u 1", gid);
    return done && write_file("/proc/self/gid_map", map);
}

static int run_all(const char *name)
{
    static const struct suite_test tests[] = {
        {"the granted namespace, and that capability", the_granted_namespace_and_that_capability},
        {"the engine's own namespace", the_engines_own_namespace},
        {"without the grant it does not load", without_the_grant_it_does_not_load},
        {"what is not asked for is not given", what_is_not_asked_for_is_not_given},
        {"wrong namespaces are refused", wrong_namespaces_are_refused},
        {"wrong grants are refused", wrong_grants_are_refused},
        {"a replaced namespace gets a new process", a_replaced_namespace_gets_a_new_process},
    };

    is_root = geteuid() == 0;
    return suite_run(name, tests, COUNT_OF(tests));
}

int main(int argc, char **argv)
{
    int status = 0;

    FIXTURE_HOST(argc, argv);
    pid_t pid = fork();
    if (pid == 0) {
        if (enter_user_namespace())
            exit(run_all("net_admin in a user namespace"));
        puts("skipped: this user can't make a user namespace here");
        exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
        WEXITSTATUS(status) != 0)
        return 1;
    if (has_privileges())
        return run_all("net_admin");
    puts("skipped: CAP_SYS_ADMIN and CAP_NET_ADMIN are not there (but see above)");
    return 0;
}
