/*
 * sandbox: what plugins try that they must not be able to do, from inside and while being loaded.
 * Both ways of hiding the file system are tried: with Landlock and without.
 */
#include "plugin/sandbox.h"

#include "fixture.h"

#include <dirent.h>
#include <errno.h>

static int64_t deed(const struct hk_json_doc *doc, const char *name)
{
    return hk_json_i64_at(doc->root, name, -1);
}

/* Every deed failed, but for what may be done. Without Landlock two may work that do no harm: to
 * list an empty folder that stands for the data folder, and to open the lock's file a second time
 * (its lock can't be touched through that: flock is refused). */
static void check_deeds(const char *text, bool without_landlock)
{
    struct hk_json_doc doc = {0};

    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse(text, strlen(text), &hk_json_limits_own, &doc, NULL), HK_OK);
    CU_ASSERT_TRUE(doc.root->count >= 70);
    for (const struct hk_json *item = doc.root->first; item != NULL; item = item->next) {
        bool may = strncmp(item->key, "may_", 4) == 0;
        bool could = deed(&doc, item->key) == 0;
        if (without_landlock &&
            (strcmp(item->key, "data_list") == 0 || strcmp(item->key, "lock_reopen") == 0))
            continue;
        if (may != could)
            fprintf(stderr, "%s: %lld\n", item->key, (long long)deed(&doc, item->key));
        CU_ASSERT_EQUAL(may, could);
    }
    CU_ASSERT_EQUAL(deed(&doc, "clone3"), ENOSYS);
    CU_ASSERT_EQUAL(deed(&doc, "thread"), EAGAIN);
    CU_ASSERT_EQUAL(deed(&doc, "thread_raw"), EAGAIN);
    CU_ASSERT_EQUAL(deed(&doc, "thread_in_init"), EAGAIN);
    CU_ASSERT_EQUAL(deed(&doc, "socket"), EPERM);
    CU_ASSERT_EQUAL(deed(&doc, "netfilter"), EPERM);
    CU_ASSERT_EQUAL(deed(&doc, "lock_close_high"), EPERM);
    CU_ASSERT_EQUAL(deed(&doc, "lock_flock"), EPERM);
    /* Not left to Landlock, which learned of truncation late, nor to the kind of socket. */
    CU_ASSERT_EQUAL(deed(&doc, "truncate"), EPERM);
    CU_ASSERT_EQUAL(deed(&doc, "truncate_open"), EPERM);
    CU_ASSERT_EQUAL(deed(&doc, "truncate_open_neither"), EPERM);
    CU_ASSERT_EQUAL(deed(&doc, "fastopen"), EPERM);
    CU_ASSERT_EQUAL(deed(&doc, "fastopen_msg"), EPERM);
    CU_ASSERT_EQUAL(deed(&doc, "fastopen_many"), EPERM);
    hk_json_doc_done(&doc);
}

/* What /proc says of a thread: the first number after the word, in base 16; -1 when it says none.
 */
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

/* Every thread has given up the same, and there are the workers and no others. */
static void check_threads(const struct fixture *f)
{
    char path[64];
    pid_t pid = 0;
    unsigned count = 0;

    hk_pool_each(f->pool, see_pid, &pid);
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
        CU_ASSERT_EQUAL(said(pid, task->d_name, "CapPrm:"), 0);
        CU_ASSERT_EQUAL(said(pid, task->d_name, "CapEff:"), 0);
#endif
    }
    closedir(tasks);
#ifndef __SANITIZE_THREAD__
    CU_ASSERT_EQUAL(count, 1 + HK_PLUGIN_WORKERS);
#endif
}

static void try_all(bool without_landlock)
{
    struct fixture f;
    char args[64];

    fixture_begin(&f);
    f.pool->without_landlock = without_landlock;
    fixture_load(&f, "pool_hostile", "{}", NULL);
    if (f.load_error.status != HK_OK)
        fprintf(stderr, "%s\n", f.load_error.text);
    CU_ASSERT_EQUAL_FATAL(f.load_error.status, HK_OK);
    fixture_write(&f, "plugins/acme/other", "");
    snprintf(args, sizeof(args), "{\"engine\":%d}", (int)getpid());
    const struct answer *a = fixture_call(&f, "pool_hostile", "try_all", args);
    CU_ASSERT_EQUAL(a->end, HK_CALL_DONE);
    check_deeds(a->text, without_landlock);
    a = fixture_call(&f, "pool_hostile", "try_all_in_worker", args);
    CU_ASSERT_EQUAL(a->end, HK_CALL_DONE);
    check_deeds(a->text, without_landlock);
    check_threads(&f);
    CU_ASSERT_FALSE(fixture_has(&f, "new"));
    CU_ASSERT_TRUE(fixture_has(&f, "plugins/acme/pool_hostile/mine"));
    bool gone = true;
    CU_ASSERT_EQUAL(hk_orphans_are_gone(f.data_dir, &gone, NULL), HK_OK);
    CU_ASSERT_FALSE(gone); /* it still holds its lock */
    a = fixture_call(&f, "pool_hostile", "read_granted", "{}");
    CU_ASSERT_STRING_NOT_EQUAL(a->text, "{\"granted\":0}");
    fixture_end(&f);
}

static void nothing_forbidden_works(void)
{
    try_all(false);
}

#ifndef __SANITIZE_THREAD__
static void nothing_forbidden_works_without_landlock(void)
{
    try_all(true);
}
#endif

static void granted_paths_can_be_read(void)
{
    static const char *const grants[] = {"read:/usr/share/common-licenses", NULL};
    struct fixture f;

    fixture_begin(&f);
    fixture_load(&f, "pool_hostile", "{}", grants);
    CU_ASSERT_EQUAL(f.load_error.status, HK_OK);
    const struct answer *a = fixture_call(&f, "pool_hostile", "read_granted", "{}");
    CU_ASSERT_STRING_EQUAL(a->text, "{\"granted\":0}");
    fixture_end(&f);
}

static void paths_that_show_the_data_folder_are_not_granted(void)
{
    static const char *const paths[] = {"/", "/tmp", "/proc", "/proc/self"};
    struct hk_error error = {0};
    struct fixture f;
    char inside[128];

    fixture_begin(&f);
    snprintf(inside, sizeof(inside), "%s/key", f.data_dir);
    for (size_t i = 0; i < COUNT_OF(paths); i++)
        CU_ASSERT_EQUAL(hk_sandbox_check_read(paths[i], f.data_dir, &error), HK_DENIED);
    CU_ASSERT_EQUAL(hk_sandbox_check_read(inside, f.data_dir, &error), HK_DENIED);
    CU_ASSERT_EQUAL(hk_sandbox_check_read("usr", f.data_dir, &error), HK_INVALID);
    CU_ASSERT_EQUAL(hk_sandbox_check_read("/no/such", f.data_dir, &error), HK_NOT_FOUND);
    CU_ASSERT_EQUAL(hk_sandbox_check_read("/usr/share", f.data_dir, &error), HK_OK);
    const char *const grants[] = {"read:/tmp", NULL};
    fixture_load(&f, "pool_hostile", "{}", grants);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.load_error.text, "data folder"));
    fixture_end(&f);
}

static void constructors_that_kill_end_themselves(void)
{
    struct fixture f;

    fixture_begin(&f);
    fixture_load(&f, "constructor_kill", "{}", NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.load_error.text, "plugin constructor_kill"));
    CU_ASSERT_PTR_NOT_NULL(strstr(f.load_error.text, "signal 9"));
    fixture_end(&f);
}

static void constructors_that_hang_are_ended(void)
{
    struct fixture f;

    fixture_begin(&f);
    f.pool->times.start_max_ms = 500;
    fixture_load(&f, "constructor_hang", "{}", NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.load_error.text, "plugin constructor_hang"));
    CU_ASSERT_PTR_NOT_NULL(strstr(f.load_error.text, "500 ms"));
    fixture_end(&f);
}

static void constructors_that_lie_are_ended(void)
{
    struct fixture f;

    fixture_begin(&f);
    fixture_load(&f, "constructor_lies", "{}", NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.load_error.text, "says ready"));
    fixture_end(&f);
}

static void loaded_but_could_not(const char *name, int error)
{
    struct fixture f;
    char expected[32];

    fixture_begin(&f);
    fixture_load(&f, name, "{}", NULL);
    CU_ASSERT_EQUAL_FATAL(f.load_error.status, HK_OK);
    snprintf(expected, sizeof(expected), "{\"result\":%d}", error);
    CU_ASSERT_STRING_EQUAL(fixture_call(&f, name, "result", "{}")->text, expected);
    fixture_end(&f);
}

static void constructors_make_no_processes(void)
{
    loaded_but_could_not("constructor_fork", EPERM);
}

static void constructors_read_no_key(void)
{
    loaded_but_could_not("constructor_reads_key", EACCES);
}

int main(int argc, char **argv)
{
    static const struct suite_test tests[] = {
        {"nothing forbidden works", nothing_forbidden_works},
#ifndef __SANITIZE_THREAD__ /* its helper thread rules out a user namespace */
        {"nothing forbidden works without Landlock", nothing_forbidden_works_without_landlock},
#endif
        {"granted paths can be read", granted_paths_can_be_read},
        {"paths that show the data folder are not granted",
            paths_that_show_the_data_folder_are_not_granted},
        {"constructors that kill end themselves", constructors_that_kill_end_themselves},
        {"constructors that hang are ended", constructors_that_hang_are_ended},
        {"constructors that lie are ended", constructors_that_lie_are_ended},
        {"constructors make no processes", constructors_make_no_processes},
        {"constructors read no key", constructors_read_no_key},
    };

    FIXTURE_HOST(argc, argv);
    return suite_run("sandbox", tests, COUNT_OF(tests));
}
