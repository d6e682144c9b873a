#include "plugin/pool_internal.h"

#include "base/file.h"
#include "base/text.h"
#include "plugin/elfnote.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARENA_SIZE_MAX (1024 * 1024)

struct hk_pool_plugin *hk_pool_find(
    const struct hk_pool *pool, const char *tenant, const char *plugin)
{
    if (tenant == NULL || plugin == NULL)
        return NULL;
    for (struct hk_pool_plugin *p = pool->plugins; p != NULL; p = p->next)
        if (strcmp(p->tenant, tenant) == 0 && strcmp(p->name, plugin) == 0)
            return p;
    return NULL;
}

void hk_pool_log(struct hk_pool_plugin *plugin, int level, const char *format, ...)
{
    char text[HK_PLUGIN_LOG_LINE_MAX + 160];
    struct hk_buf line;
    va_list args;

    if (plugin->pool->events->log == NULL)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    hk_buf_init(&line, 2 * sizeof(text));
    (void)hk_secrets_hide(plugin->secrets, text, &line);
    plugin->pool->events->log(plugin->pool->ctx, plugin->tenant, plugin->name, level,
        line.data != NULL && !line.failed ? line.data : "?");
    hk_buf_done(&line);
}

/* --- the pool --- */

static void on_turn(void *ctx)
{
    struct hk_pool *pool = ctx;

    for (struct hk_pool_plugin *plugin = pool->plugins; plugin != NULL; plugin = plugin->next)
        if (plugin->process != NULL && plugin->process->needs_flush)
            hk_process_flush(plugin->process);
    hk_calls_deliver(pool);
}

void hk_pool_schedule(struct hk_pool *pool)
{
    hk_timer_arm(pool->turn, 0);
}

enum hk_status hk_pool_new(struct hk_loop *loop, struct hk_connector *connector, int spawner_fd,
    const struct hk_pool_events *events, void *ctx, struct hk_pool **ret_pool,
    struct hk_error *error)
{
    struct hk_pool *pool = calloc(1, sizeof(*pool));

    if (pool == NULL)
        return hk_fail(error, HK_NOMEM, "out of memory");
    *pool = (struct hk_pool){.loop = loop,
        .connector = connector,
        .spawner_fd = spawner_fd,
        .events = events,
        .ctx = ctx,
        .times = {.start_max_ms = HK_PLUGIN_START_MAX_MS,
            .idle_ms = HK_PLUGIN_IDLE_MS,
            .backoff_min_ms = HK_PLUGIN_BACKOFF_MIN_MS,
            .backoff_max_ms = HK_PLUGIN_BACKOFF_MAX_MS,
            .hang_grace_ms = HK_PLUGIN_HANG_GRACE_MS,
            .stop_grace_ms = HK_PLUGIN_STOP_GRACE_MS}};
    pool->last_report = &pool->first_report;
    pool->turn = hk_timer_new(loop, on_turn, pool);
    enum hk_status status = pool->turn != NULL ? hk_orders_start(pool, error)
                                               : hk_fail(error, HK_NOMEM, "out of memory");
    if (status != HK_OK) {
        hk_timer_free(pool->turn);
        free(pool);
        return status;
    }
    *ret_pool = pool;
    return HK_OK;
}

static void free_plugin(struct hk_pool_plugin *plugin)
{
    hk_timer_free(plugin->restart);
    hk_json_doc_done(&plugin->doc);
    hk_arena_done(&plugin->arena);
    for (size_t i = 0; plugin->grants != NULL && plugin->grants[i] != NULL; i++)
        free(plugin->grants[i]);
    free(plugin->grants);
    free(plugin->published);
    free(plugin->tenant);
    free(plugin->name);
    free(plugin->options);
    free(plugin->state_dir);
    if (plugin->file >= 0)
        close(plugin->file);
    free(plugin);
}

void hk_pool_free(struct hk_pool *pool)
{
    if (pool == NULL)
        return;
    hk_connects_drop_all(pool);
    while (pool->plugins != NULL) {
        struct hk_pool_plugin *plugin = pool->plugins;
        hk_calls_drop_all(plugin);
        if (plugin->process != NULL) {
            hk_process_let_go(plugin->process);
            hk_process_free(plugin->process);
        }
        pool->plugins = plugin->next;
        free_plugin(plugin);
    }
    hk_orders_stop(pool);
    while (pool->first_report != NULL) {
        struct hk_pool_report *report = pool->first_report;
        pool->first_report = report->next;
        free(report->text);
        free(report);
    }
    hk_timer_free(pool->turn);
    free(pool);
}

/* --- adding a plugin --- */

static enum hk_status read_plugin_file(
    const char *path, char **ret_bytes, size_t *ret_size, struct hk_error *error)
{
    enum hk_status status = HK_OK;
    struct stat about;
    char *bytes = NULL;
    size_t size = 0;

    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return hk_fail(error, errno == ENOENT ? HK_NOT_FOUND : HK_IO, "can't open %s: %s", path,
            strerror(errno));
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
        status = hk_fail(error, HK_INVALID, "%s is no file", path);
    else if (about.st_size > HK_PLUGIN_FILE_SIZE_MAX)
        status =
            hk_fail(error, HK_LIMIT, "%s is bigger than %d bytes", path, HK_PLUGIN_FILE_SIZE_MAX);
    else if ((bytes = malloc((size_t)about.st_size + 1)) == NULL)
        status = hk_fail(error, HK_NOMEM, "out of memory");
    while (status == HK_OK && size < (size_t)about.st_size) {
        ssize_t n = read(fd, bytes + size, (size_t)about.st_size - size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            status = hk_fail(error, HK_IO, "can't read %s: %s", path,
                n < 0 ? strerror(errno) : "it became shorter");
        else
            size += (size_t)n;
    }
    close(fd);
    if (status != HK_OK) {
        free(bytes);
        return status;
    }
    *ret_bytes = bytes;
    *ret_size = size;
    return HK_OK;
}

/* The very bytes that were checked, in a memory file that nobody can change any more. */
static enum hk_status seal(const char *bytes, size_t size, int *ret_file, struct hk_error *error)
{
    size_t done = 0;

    int file = memfd_create("hikeshi-plugin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    while (file >= 0 && done < size) {
        ssize_t n = write(file, bytes + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    if (file < 0 || done < size ||
        fcntl(file, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) {
        enum hk_status status =
            hk_fail(error, HK_IO, "can't keep the file in memory: %s", strerror(errno));
        if (file >= 0)
            close(file);
        return status;
    }
    *ret_file = file;
    return HK_OK;
}

static enum hk_status load_file(
    struct hk_pool_plugin *plugin, const char *path, struct hk_error *error)
{
    char *bytes = NULL;
    size_t size = 0;

    enum hk_status status = read_plugin_file(path, &bytes, &size, error);
    if (status == HK_OK)
        status = hk_elfnote_check(bytes, size, error);
    if (status == HK_OK)
        status = seal(bytes, size, &plugin->file, error);
    if (status == HK_OK)
        hk_sha256_hex(bytes, size, plugin->sha256);
    free(bytes);
    return status;
}

static enum hk_status make_folder(const char *path, struct hk_error *error)
{
    char part[PATH_MAX];
    enum hk_status status;

    if (path[0] != '/' || !hk_copy_text(part, sizeof(part), path))
        return hk_fail(error, HK_INVALID, "its state folder must be an absolute path");
    for (char *c = part + 1;; c++) {
        if (*c != '/' && *c != '\0')
            continue;
        char kept = *c;
        *c = '\0';
        /* What is there already costs no sync. */
        status = access(part, F_OK) == 0 ? HK_OK : hk_file_make_folder(part, error);
        if (status != HK_OK)
            return status;
        *c = kept;
        if (kept == '\0')
            return HK_OK;
    }
}

static bool copy_grants(struct hk_pool_plugin *plugin, const char *const *grants)
{
    size_t count = 0;

    while (grants != NULL && grants[count] != NULL)
        count++;
    plugin->grants = calloc(count + 1, sizeof(*plugin->grants));
    for (size_t i = 0; plugin->grants != NULL && i < count; i++)
        if ((plugin->grants[i] = hk_strdup(grants[i])) == NULL)
            return false;
    return plugin->grants != NULL;
}

static void on_restart(void *ctx)
{
    struct hk_pool_plugin *plugin = ctx;

    if (plugin->first_waiting != NULL || !plugin->is_loaded)
        hk_process_want(plugin);
}

static bool is_secret_grant(const char *grant)
{
    return strncmp(grant, HK_GRANT_SECRET, strlen(HK_GRANT_SECRET)) == 0;
}

static enum hk_status check_config(
    struct hk_pool *pool, const struct hk_plugin_config *config, struct hk_error *error)
{
    const char *options = config->options != NULL ? config->options : "{}";
    struct hk_json_doc doc = {0};

    if (!hk_plugin_name_is_valid(config->name) || config->tenant == NULL || config->path == NULL ||
        config->state_dir == NULL)
        return hk_fail(error, HK_INVALID, "a plugin's name must be 1 to 64 of [a-z0-9_]");
    if (hk_pool_find(pool, config->tenant, config->name) != NULL)
        return hk_fail(error, HK_CONFLICT, "it is there already");
    enum hk_status status =
        hk_json_parse(options, strlen(options), &hk_json_limits_own, &doc, error);
    if (status == HK_OK && doc.root->type != HK_JSON_OBJECT)
        status = hk_fail(error, HK_INVALID, "its options are no object");
    if (status == HK_OK)
        status = hk_secrets_check(config->secrets, doc.root, error);
    hk_json_doc_done(&doc);
    for (size_t i = 0; status == HK_OK && config->grants != NULL && config->grants[i] != NULL;
         i++) {
        status = hk_grant_check(config->grants[i], error);
        if (status == HK_OK && is_secret_grant(config->grants[i]) &&
            hk_secrets_get(config->secrets, config->grants[i] + strlen(HK_GRANT_SECRET)) == NULL)
            status = hk_fail(
                error, HK_NOT_FOUND, "grant %.80s: there is no such secret", config->grants[i]);
    }
    return status;
}

/* --- secrets that playbooks hand over --- */

static enum hk_status check_secret(
    const struct hk_pool_plugin *plugin, const char *name, struct hk_error *error)
{
    for (size_t i = 0; plugin->grants[i] != NULL; i++) {
        if (is_secret_grant(plugin->grants[i]) &&
            strcmp(plugin->grants[i] + strlen(HK_GRANT_SECRET), name) == 0)
            return HK_OK;
    }
    return hk_fail(error, HK_DENIED,
        "the secret %.64s is not among those that playbooks may hand to plugin %s", name,
        plugin->name);
}

/* As deep as the document is: its reader bounds that. */
static enum hk_status check_secrets( // NOLINT(misc-no-recursion)
    const struct hk_pool_plugin *plugin, const struct hk_json *value, struct hk_error *error)
{
    const char *name = hk_secret_name(value);
    enum hk_status status = HK_OK;

    if (name != NULL)
        return check_secret(plugin, name, error);
    for (const struct hk_json *child = value->first; child != NULL && status == HK_OK;
         child = child->next)
        status = check_secrets(plugin, child, error);
    return status;
}

enum hk_status hk_pool_secrets_check(struct hk_pool *pool, const char *tenant, const char *plugin,
    const struct hk_json *args, struct hk_error *error)
{
    const struct hk_pool_plugin *found = hk_pool_find(pool, tenant, plugin);

    if (found == NULL)
        return hk_fail(error, HK_NOT_FOUND, "there is no such plugin");
    return check_secrets(found, args, error);
}

enum hk_status hk_pool_add(
    struct hk_pool *pool, const struct hk_plugin_config *config, struct hk_error *error)
{
    struct hk_pool_plugin **end = &pool->plugins;

    enum hk_status status = check_config(pool, config, error);
    struct hk_pool_plugin *plugin = status == HK_OK ? calloc(1, sizeof(*plugin)) : NULL;
    if (status == HK_OK && plugin == NULL)
        status = hk_fail(error, HK_NOMEM, "out of memory");
    if (status != HK_OK)
        return hk_error_prefix(error, "plugin %s", config->name != NULL ? config->name : "?");
    plugin->pool = pool;
    plugin->file = -1;
    plugin->secrets = config->secrets;
    plugin->last_waiting = &plugin->first_waiting;
    hk_arena_init(&plugin->arena, ARENA_SIZE_MAX);
    plugin->tenant = hk_strdup(config->tenant);
    plugin->name = hk_strdup(config->name);
    plugin->options = hk_strdup(config->options != NULL ? config->options : "{}");
    plugin->state_dir = hk_strdup(config->state_dir);
    plugin->restart = hk_timer_new(pool->loop, on_restart, plugin);
    if (plugin->tenant == NULL || plugin->name == NULL || plugin->options == NULL ||
        plugin->state_dir == NULL || plugin->restart == NULL ||
        !copy_grants(plugin, config->grants))
        status = hk_fail(error, HK_NOMEM, "out of memory");
    if (status == HK_OK)
        status = hk_grants_net_admin(config->grants, &plugin->has_net_admin, plugin->netns, error);
    if (status == HK_OK)
        status = make_folder(config->state_dir, error);
    if (status == HK_OK)
        status = load_file(plugin, config->path, error);
    if (status != HK_OK) {
        free_plugin(plugin);
        return hk_error_prefix(error, "plugin %s", config->name);
    }
    while (*end != NULL)
        end = &(*end)->next;
    *end = plugin;
    if (!pool->is_held)
        hk_process_want(plugin);
    return HK_OK;
}

void hk_pool_hold(struct hk_pool *pool)
{
    pool->is_held = true;
}

void hk_pool_go(struct hk_pool *pool)
{
    if (!pool->is_held)
        return;
    pool->is_held = false;
    for (struct hk_pool_plugin *p = pool->plugins; p != NULL; p = p->next)
        hk_process_want(p);
}

/* --- questions --- */

bool hk_pool_is_settled(const struct hk_pool *pool)
{
    for (const struct hk_pool_plugin *p = pool->plugins; p != NULL; p = p->next)
        if (!p->is_loaded && !p->has_failed)
            return false;
    return true;
}

const struct hk_action_info *hk_pool_action(
    const struct hk_pool *pool, const char *tenant, const char *plugin, const char *action)
{
    const struct hk_pool_plugin *found = hk_pool_find(pool, tenant, plugin);

    if (found == NULL || !found->is_loaded || action == NULL)
        return NULL;
    for (unsigned i = 0; i < found->descriptor.action_count; i++)
        if (strcmp(found->descriptor.actions[i].name, action) == 0)
            return &found->descriptor.actions[i];
    return NULL;
}

const char *hk_pool_descriptor(const struct hk_pool *pool, const char *tenant, const char *plugin)
{
    const struct hk_pool_plugin *found = hk_pool_find(pool, tenant, plugin);

    return found != NULL && found->is_loaded ? found->published : NULL;
}

bool hk_pool_served_file(const struct hk_pool *pool, const char *tenant, const char *plugin,
    const char *file, char *ret_path, size_t capacity, const char **ret_content_type)
{
    const struct hk_pool_plugin *found = hk_pool_find(pool, tenant, plugin);
    struct stat about;

    if (found == NULL || !found->is_loaded || file == NULL)
        return false;
    for (unsigned i = 0; i < found->descriptor.file_count; i++) {
        const struct hk_descriptor_file *served = &found->descriptor.files[i];
        if (strcmp(served->name, file) != 0)
            continue;
        int size = snprintf(ret_path, capacity, "%s/%s", found->state_dir, file);
        /* Plugins can't make links; should one be there nevertheless, it is not followed. */
        if (size < 0 || (size_t)size >= capacity || lstat(ret_path, &about) != 0 ||
            !S_ISREG(about.st_mode) || about.st_nlink != 1)
            return false;
        *ret_content_type = served->content_type;
        return true;
    }
    return false;
}

void hk_pool_each(const struct hk_pool *pool, hk_pool_each_fn *fn, void *ctx)
{
    for (const struct hk_pool_plugin *p = pool->plugins; p != NULL; p = p->next)
        fn(ctx, p->tenant, p->name, p->is_loaded, p->process != NULL, p->restarts,
            p->waiting_count + (p->process != NULL ? p->process->call_count : 0),
            p->process != NULL ? p->process->pid : 0);
}
