#include "app/reload.h"

#include "app/settings.h"
#include "loop/inherit.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct hk_reload {
    struct hk_reload_options options;
    hk_reload_fn *checked;
    void *ctx;
    struct hk_wake *wake;
    pthread_t thread;
    bool is_checking;
    /* written by the thread, read after it has ended */
    enum hk_status status;
    struct hk_error error;
};

static void *check(void *ctx)
{
    struct hk_reload *reload = ctx;

    struct hk_app_settings settings;

    reload->error = (struct hk_error){.status = HK_OK};
    reload->status = hk_app_settings_check(
        reload->options.file, reload->options.data_dir, &settings, &reload->error);
    hk_app_settings_done(&settings);
    hk_wake_signal(reload->wake);
    return NULL;
}

static void on_checked(void *ctx)
{
    struct hk_reload *reload = ctx;

    if (!reload->is_checking)
        return;
    (void)pthread_join(reload->thread, NULL);
    reload->is_checking = false;
    reload->checked(reload->ctx, reload->status, &reload->error);
}

enum hk_status hk_reload_new(const struct hk_reload_options *options, hk_reload_fn *checked,
    void *ctx, struct hk_reload **ret_reload, struct hk_error *error)
{
    struct hk_reload *reload = calloc(1, sizeof(*reload));

    if (reload == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a check");
    reload->options = *options;
    reload->checked = checked;
    reload->ctx = ctx;
    reload->wake = hk_wake_new(options->loop, on_checked, reload);
    if (reload->wake == NULL) {
        free(reload);
        return hk_fail(error, HK_NOMEM, "no memory for a check");
    }
    *ret_reload = reload;
    return HK_OK;
}

void hk_reload_free(struct hk_reload *reload)
{
    if (reload == NULL)
        return;
    if (reload->is_checking)
        (void)pthread_join(reload->thread, NULL);
    hk_wake_free(reload->wake);
    free(reload);
}

enum hk_status hk_reload_check(struct hk_reload *reload, struct hk_error *error)
{
    int result;

    if (reload->is_checking)
        return hk_fail(error, HK_BUSY, "the configuration is being checked already");
    result = pthread_create(&reload->thread, NULL, check, reload);
    if (result != 0)
        return hk_fail(error, HK_IO, "cannot start a check: %s", strerror(result));
    reload->is_checking = true;
    return HK_OK;
}

enum hk_status hk_begin_anew(const char *program, char *const *argv, struct hk_error *error)
{
    enum hk_status status = hk_inherit_export(error);

    if (status != HK_OK)
        return status;
    (void)execv(program, argv);
    return hk_fail(error, HK_IO, "cannot begin anew as %s: %s", program, strerror(errno));
}
