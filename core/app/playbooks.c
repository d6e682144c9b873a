#include "app/playbooks.h"

#include "base/file.h"
#include "base/text.h"
#include "limits.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct hk_app_playbooks {
    struct hk_engine *engine;
    const struct hk_app_settings *settings;
    struct hk_wake *wake;
    pthread_t thread;
    bool is_reading;
    /* what was asked for */
    hk_tenant tenant;
    const struct hk_tenant_settings *of;
    struct hk_actor actor;
    size_t first; /* of its files: these */
    size_t count;
    hk_reply_fn *reply;
    void *reply_ctx;
    /* written by the thread, read after it has ended */
    struct hk_playbook_file *files;
    enum hk_status status;
    struct hk_error error;
};

static enum hk_status read_one(
    const char *path, struct hk_playbook_file *ret_file, struct hk_error *error)
{
    struct hk_buf source;
    enum hk_status status;

    hk_buf_init(&source, 2 * HK_PLAYBOOK_SIZE_MAX);
    hk_buf_append_text(&source, ""); /* an empty file is an empty text */
    status = hk_file_read(path, HK_PLAYBOOK_SIZE_MAX, HK_FILE_ANY, &source, error);
    if (status == HK_OK) {
        ret_file->source = hk_buf_take(&source, &ret_file->source_size);
        if (ret_file->source == NULL)
            status = hk_fail(error, HK_INVALID, "%s is empty", path);
    }
    hk_buf_done(&source);
    return status;
}

static void *read_all(void *ctx)
{
    struct hk_app_playbooks *playbooks = ctx;

    playbooks->status = HK_OK;
    for (size_t i = 0; i < playbooks->count && playbooks->status == HK_OK; i++)
        playbooks->status = read_one(playbooks->of->playbook_paths[playbooks->first + i],
            &playbooks->files[i], &playbooks->error);
    hk_wake_signal(playbooks->wake);
    return NULL;
}

static void drop_files(struct hk_app_playbooks *playbooks)
{
    for (size_t i = 0; playbooks->files != NULL && i < playbooks->count; i++)
        free((char *)playbooks->files[i].source);
    free(playbooks->files);
    playbooks->files = NULL;
}

static void on_read(void *ctx)
{
    struct hk_app_playbooks *playbooks = ctx;

    if (!playbooks->is_reading)
        return;
    (void)pthread_join(playbooks->thread, NULL);
    playbooks->is_reading = false;
    if (playbooks->status == HK_OK) {
        hk_engine_playbooks_reload(playbooks->engine, playbooks->tenant, &playbooks->actor,
            playbooks->files, playbooks->count, playbooks->reply, playbooks->reply_ctx);
    } else { /* the file's mistake, not the request's */
        (void)hk_error_prefix(&playbooks->error, "nothing has changed");
        playbooks->reply(playbooks->reply_ctx, HK_CONFLICT, &playbooks->error, NULL);
    }
    drop_files(playbooks);
}

enum hk_status hk_app_playbooks_new(struct hk_loop *loop, struct hk_engine *engine,
    const struct hk_app_settings *settings, struct hk_app_playbooks **ret_playbooks,
    struct hk_error *error)
{
    struct hk_app_playbooks *playbooks = calloc(1, sizeof(*playbooks));

    if (playbooks == NULL)
        return hk_fail(error, HK_NOMEM, "no memory to read playbooks");
    playbooks->engine = engine;
    playbooks->settings = settings;
    playbooks->wake = hk_wake_new(loop, on_read, playbooks);
    if (playbooks->wake == NULL) {
        free(playbooks);
        return hk_fail(error, HK_NOMEM, "no memory to read playbooks");
    }
    *ret_playbooks = playbooks;
    return HK_OK;
}

void hk_app_playbooks_free(struct hk_app_playbooks *playbooks)
{
    if (playbooks == NULL)
        return;
    if (playbooks->is_reading)
        (void)pthread_join(playbooks->thread, NULL);
    drop_files(playbooks);
    hk_wake_free(playbooks->wake);
    free(playbooks);
}

/* Which files are meant? */
static enum hk_status choose(
    struct hk_app_playbooks *playbooks, const char *file, struct hk_error *error)
{
    const char *tenant = hk_engine_tenant_name(playbooks->engine, playbooks->tenant);

    playbooks->of = NULL;
    for (size_t i = 0; i < playbooks->settings->tenant_count; i++)
        if (strcmp(playbooks->settings->tenants[i].setup.name, tenant) == 0)
            playbooks->of = &playbooks->settings->tenants[i];
    playbooks->first = 0;
    playbooks->count = playbooks->of == NULL ? 0 : playbooks->of->setup.playbook_count;
    if (file == NULL)
        return HK_OK;
    for (size_t i = 0; i < playbooks->count; i++) {
        if (strcmp(playbooks->of->playbooks[i].file, file) != 0)
            continue;
        playbooks->first = i;
        playbooks->count = 1;
        return HK_OK;
    }
    return hk_fail(error, HK_NOT_FOUND,
        "the configuration in force names no playbook \"%s\": give it as it stands there", file);
}

static enum hk_status start(
    struct hk_app_playbooks *playbooks, const char *file, struct hk_error *error)
{
    enum hk_status status = choose(playbooks, file, error);
    int result;

    if (status != HK_OK)
        return status;
    playbooks->files = calloc(playbooks->count + 1, sizeof(*playbooks->files));
    if (playbooks->files == NULL)
        return hk_fail(error, HK_NOMEM, "no memory to read playbooks");
    for (size_t i = 0; i < playbooks->count; i++)
        playbooks->files[i].file = playbooks->of->playbooks[playbooks->first + i].file;
    result = pthread_create(&playbooks->thread, NULL, read_all, playbooks);
    if (result != 0) {
        drop_files(playbooks);
        return hk_fail(error, HK_IO, "cannot start to read playbooks: %s", strerror(result));
    }
    playbooks->is_reading = true;
    return HK_OK;
}

void hk_app_playbooks_reload(struct hk_app_playbooks *playbooks, hk_tenant tenant,
    const struct hk_actor *actor, const char *file, hk_reply_fn *reply, void *ctx)
{
    struct hk_error error = {.status = HK_OK};
    enum hk_status status;

    if (playbooks->is_reading) {
        status = hk_fail(&error, HK_BUSY, "playbooks are being read already; try again later");
    } else {
        playbooks->tenant = tenant;
        playbooks->actor = *actor;
        playbooks->reply = reply;
        playbooks->reply_ctx = ctx;
        status = start(playbooks, file, &error);
    }
    if (status != HK_OK)
        reply(ctx, status, &error, NULL);
}
