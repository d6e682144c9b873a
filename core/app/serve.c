/*
 * serve: the engine as a process. What is started, and in which order, is the table below; a clean
 * stop goes: no more connections, the engine's calls end, the ledger is closed, exit.
 */
#include "api/api.h"
#include "app/cli.h"
#include "app/folder.h"
#include "app/gaps.h"
#include "app/playbooks.h"
#include "app/program.h"
#include "app/progress.h"
#include "app/reload.h"
#include "app/settings.h"
#include "app/sources.h"
#include "app/supervisor.h"
#include "base/log.h"
#include "base/time.h"
#include "limits.h"
#include "loop/inherit.h"
#include "plugin/privileges.h"
#include "plugin/spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DAY_US (86400LL * 1000000)

enum {
    CERT_WARN_DAYS = 14,
    READY_POLL_MS = 20,
    LAST_ANSWERS_MS = 2000, /* after the engine stopped, for answers on their way */
};

struct serve {
    const struct hk_cli *cli;
    char data_dir[PATH_MAX];
    char url[HK_APP_URL_SIZE]; /* where it listens */
    int lock_fd;
    int spawner_fd;
    struct hk_app_settings settings;
    struct hk_loop *loop;
    struct hk_wake *wake; /* the ledger has callbacks to run */
    struct hk_ledger *ledger;
    struct hk_engine *engine;
    struct hk_app_sources *sources;
    struct hk_app_gaps *gaps;
    struct hk_app_playbooks *playbooks;
    struct hk_api *api;
    struct hk_supervisor *supervisor;
    struct hk_reload *reload;
    char program[PATH_MAX];
    pid_t spawner;
    hk_applied_fn *applied; /* who waits for the check of the configuration; may be NULL */
    void *applied_ctx;
    struct hk_tls *tls; /* of the listener; NULL: plain HTTP */
    struct hk_timer *ready_timer;
    struct hk_timer *stop_timer;
    bool is_stopping;
    bool begins_anew; /* after the stop */
    bool engine_has_stopped;
    int64_t last_answers_end_ms;
};

/* --- start --- */

static enum hk_status start_folder(struct serve *serve, struct hk_error *error)
{
    enum hk_status status =
        hk_cli_data_path(serve->cli, serve->data_dir, sizeof(serve->data_dir), error);

    (void)umask(077);
    return status == HK_OK ? hk_folder_make(serve->data_dir, error) : status;
}

static enum hk_status start_lock(struct serve *serve, struct hk_error *error)
{
    return hk_engine_lock(serve->data_dir, &serve->lock_fd, error);
}

/* Before any thread, and before anything is read that plugins must not see. */
static enum hk_status start_spawner(struct serve *serve, struct hk_error *error)
{
    enum hk_status status =
        hk_spawner_fork(serve->data_dir, &serve->spawner_fd, &serve->spawner, error);
    /* To enter other network namespaces is the spawner's alone. */
    return status == HK_OK ? hk_privileges_lay_down(error) : status;
}

/* Each connection is one, and the usual limit of 1024 is less than connections have places. */
static enum hk_status start_descriptors(struct serve *serve, struct hk_error *error)
{
    const rlim_t wanted = HK_HTTP_CONNECTIONS_MAX + HK_HTTP_LOCAL_CONNECTIONS_MAX +
                          HK_HTTP_REFUSALS_MAX + HK_HTTP_DESCRIPTORS_OTHER + HK_STREAMS_MAX +
                          HK_FILES_HELD_MAX;
    struct rlimit limit;
    (void)serve;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return hk_fail(error, HK_IO, "can't read the limit of descriptors: %s", strerror(errno));
    if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= wanted)
        return HK_OK;
    limit.rlim_cur =
        limit.rlim_max == RLIM_INFINITY || limit.rlim_max >= wanted ? wanted : limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return hk_fail(error, HK_IO, "can't raise the limit of descriptors: %s", strerror(errno));
    return HK_OK;
}

static enum hk_status start_settings(struct serve *serve, struct hk_error *error)
{
    enum hk_status status = hk_app_settings_load(
        hk_cli_option(serve->cli, "config"), serve->data_dir, &serve->settings, error);

    if (status == HK_OK) {
        hk_log_set_level(serve->settings.log_level);
        hk_log_set_format(serve->settings.log_format);
    }
    return status;
}

static void drain_ledger(void *ctx)
{
    struct serve *serve = ctx;

    if (serve->ledger != NULL)
        hk_ledger_drain(serve->ledger);
}

static enum hk_status start_loop(struct serve *serve, struct hk_error *error)
{
    enum hk_status status = hk_loop_new(&serve->loop, error);

    if (status != HK_OK)
        return status;
    serve->wake = hk_wake_new(serve->loop, drain_ledger, serve);
    return serve->wake != NULL ? HK_OK : hk_fail(error, HK_NOMEM, "no memory for a wake-up");
}

static enum hk_status start_ledger(struct serve *serve, struct hk_error *error)
{
    struct hk_progress progress;
    const struct hk_ledger_options options = {.data_dir = serve->data_dir,
        .sinks = serve->settings.sinks,
        .sink_count = serve->settings.sink_count,
        .provider = serve->settings.provider,
        .search = serve->settings.has_search ? HK_SEARCH_ON : HK_SEARCH_OFF,
        .notify = hk_wake_signal,
        .notify_ctx = serve->wake,
        .progress = hk_progress_tell,
        .progress_ctx = &progress};

    hk_progress_init(&progress, "entries are brought to this version");
    return hk_ledger_open(&options, &serve->ledger, error);
}

static enum hk_status start_engine(struct serve *serve, struct hk_error *error)
{
    const struct hk_engine_options options = {.loop = serve->loop,
        .ledger = serve->ledger,
        .data_dir = serve->data_dir,
        .spawner_fd = serve->spawner_fd,
        .version = HK_VERSION};

    serve->spawner_fd = -1; /* the engine's from here */
    return hk_engine_new(&options, &serve->engine, error);
}

static enum hk_status start_tenants(struct serve *serve, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < serve->settings.tenant_count && status == HK_OK; i++) {
        hk_tenant number;
        status =
            hk_engine_tenant_add(serve->engine, &serve->settings.tenants[i].setup, &number, error);
        if (status != HK_OK)
            hk_app_settings_locate(&serve->settings, error);
    }
    return status == HK_OK ? hk_engine_start(serve->engine, error) : status;
}

/* --- a changed configuration --- */

static void stop_serving(struct serve *serve);

static void on_checked(void *ctx, enum hk_status status, const struct hk_error *error)
{
    struct serve *serve = ctx;
    hk_applied_fn *applied = serve->applied;

    serve->applied = NULL;
    if (status != HK_OK)
        hk_log(HK_LOG_ERROR, "the configuration stays as it is: %s", error->text);
    if (applied != NULL)
        applied(serve->applied_ctx, status, error);
    if (serve->is_stopping)
        return;
    if (status != HK_OK) {
        hk_supervisor_ready(serve->supervisor);
        return;
    }
    fputs("beginning anew\n", stderr);
    serve->begins_anew = true;
    hk_api_hand_on(serve->api);
    hk_app_sources_hand_on(serve->sources);
    stop_serving(serve);
}

static void apply(void *ctx, hk_applied_fn *done, void *done_ctx)
{
    struct serve *serve = ctx;
    struct hk_error error = {.status = HK_BUSY, .text = "the engine is stopping"};
    enum hk_status status = HK_BUSY;

    if (!serve->is_stopping)
        status = hk_reload_check(serve->reload, &error);
    if (status != HK_OK) {
        if (done != NULL)
            done(done_ctx, status, &error);
        return;
    }
    serve->applied = done;
    serve->applied_ctx = done_ctx;
    hk_supervisor_reloading(serve->supervisor);
}

static void on_hangup(void *ctx)
{
    apply(ctx, NULL, NULL);
}

static enum hk_status start_reload(struct serve *serve, struct hk_error *error)
{
    const struct hk_reload_options options = {.loop = serve->loop,
        .file = hk_cli_option(serve->cli, "config"),
        .data_dir = serve->data_dir};
    enum hk_status status = hk_reload_new(&options, on_checked, serve, &serve->reload, error);

    if (status == HK_OK)
        status = hk_program_path(serve->program, sizeof(serve->program), error);
    if (status == HK_OK)
        status = hk_loop_on_hangup(serve->loop, on_hangup, serve, error);
    return status;
}

static enum hk_status start_supervisor(struct serve *serve, struct hk_error *error)
{
    return hk_supervisor_new(serve->loop, &serve->supervisor, error);
}

static enum hk_status start_sources(struct serve *serve, struct hk_error *error)
{
    const struct hk_app_sources_options options = {.loop = serve->loop,
        .ledger = serve->ledger,
        .engine = serve->engine,
        .settings = &serve->settings};

    return hk_app_sources_new(&options, &serve->sources, error);
}

static enum hk_status start_gaps(struct serve *serve, struct hk_error *error)
{
    enum hk_status status = hk_app_gaps_new(serve->loop, serve->engine,
        hk_app_sources_tally(serve->sources), hk_ledger_sinks(serve->ledger), &serve->gaps, error);

    for (size_t i = 0; i < serve->settings.tenant_count && status == HK_OK; i++) {
        hk_tenant tenant;
        if (hk_engine_tenant(serve->engine, serve->settings.tenants[i].setup.name, &tenant))
            status = hk_app_gaps_add(serve->gaps, tenant, error);
    }
    return status;
}

static enum hk_status start_intake(struct serve *serve, struct hk_error *error)
{
    enum hk_status status = hk_app_sources_start(serve->sources, error);

    if (status != HK_OK)
        hk_app_settings_locate(&serve->settings, error);
    hk_inherit_close_rest(); /* everybody who listens does so by now */
    return status;
}

static enum hk_status start_playbooks(struct serve *serve, struct hk_error *error)
{
    return hk_app_playbooks_new(
        serve->loop, serve->engine, &serve->settings, &serve->playbooks, error);
}

static void reload_playbooks(void *ctx, hk_tenant tenant, const struct hk_actor *actor,
    const char *file, hk_reply_fn *reply, void *reply_ctx)
{
    struct serve *serve = ctx;

    hk_app_playbooks_reload(serve->playbooks, tenant, actor, file, reply, reply_ctx);
}

static enum hk_status start_api(struct serve *serve, struct hk_error *error)
{
    struct hk_api_options options = {.loop = serve->loop,
        .ledger = serve->ledger,
        .engine = serve->engine,
        .reader = hk_app_sources_reader(serve->sources),
        .tally = hk_app_sources_tally(serve->sources),
        .data_dir = serve->data_dir,
        .version = HK_VERSION,
        .apply = apply,
        .apply_ctx = serve,
        .reload = reload_playbooks,
        .reload_ctx = serve};

    options.sources = hk_app_sources_all(serve->sources, &options.source_count);
    return hk_api_new(&options, &serve->api, error);
}

/* DATA/url: where the engine listens, for scripts; written whole or not at all. */
static enum hk_status write_url(const struct serve *serve, const char *url, struct hk_error *error)
{
    char path[PATH_MAX + 16];
    char fresh[PATH_MAX + 16];
    ssize_t size = (ssize_t)strlen(url);
    bool is_written;
    int fd;

    (void)snprintf(path, sizeof(path), "%s/url", serve->data_dir);
    (void)snprintf(fresh, sizeof(fresh), "%s/url.new", serve->data_dir);
    fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return hk_fail(error, HK_IO, "cannot write %s: %s", fresh, strerror(errno));
    is_written = write(fd, url, (size_t)size) == size && write(fd, "\n", 1) == 1;
    (void)close(fd);
    if (!is_written || rename(fresh, path) != 0)
        return hk_fail(error, HK_IO, "cannot write %s: %s", path, strerror(errno));
    return HK_OK;
}

static enum hk_status start_socket(struct serve *serve, struct hk_error *error)
{
    char address[PATH_MAX + 32];
    int size = snprintf(address, sizeof(address), "unix:%s/hikeshi.sock", serve->data_dir);

    if ((size_t)size - strlen("unix:") >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
        hk_log(HK_LOG_WARNING,
            "the path of the data folder is too long for a socket: use HIKESHI_URL");
        return HK_OK;
    }
    return hk_api_listen(serve->api, address, NULL, NULL, error);
}

/* Before anything is opened: a certificate that can't be used is told at once. */
static enum hk_status start_tls(struct serve *serve, struct hk_error *error)
{
    int64_t left_us;
    enum hk_status status = hk_app_tls_new(&serve->settings, &serve->tls, error);

    if (status != HK_OK || serve->tls == NULL)
        return status;
    left_us = hk_tls_expires_us(serve->tls) - hk_time_wall_us();
    if (left_us < CERT_WARN_DAYS * DAY_US)
        hk_log(HK_LOG_WARNING, "%s expires in %d days", serve->settings.tls.cert_file,
            (int)(left_us / DAY_US));
    return HK_OK;
}

static enum hk_status listen_all(
    struct serve *serve, const char *address, unsigned *ret_port, struct hk_error *error)
{
    const char *plain = serve->settings.tls.plain;
    enum hk_status status = HK_OK;

    if (serve->settings.has_socket)
        status = start_socket(serve, error);
    if (status == HK_OK && plain != NULL)
        status = hk_api_listen(serve->api, plain, NULL, NULL, error);
    if (status == HK_OK)
        status = hk_api_listen(serve->api, address, serve->tls, ret_port, error);
    if (status == HK_OK && serve->tls == NULL && !hk_http_address_is_local(address))
        hk_log(HK_LOG_WARNING,
            "%s is no loopback address and there is no tls: passwords and tokens can be read on "
            "the way",
            address);
    return status;
}

static enum hk_status start_listeners(struct serve *serve, struct hk_error *error)
{
    const char *address = hk_cli_option(serve->cli, "listen");
    const char *public_url = serve->settings.url;
    const char *colon;
    unsigned port = 0;
    enum hk_status status;

    if (address == NULL)
        address = serve->settings.listen;
    status = listen_all(serve, address, &port, error);
    if (status != HK_OK)
        return status;
    colon = strrchr(address, ':');
    if (strncmp(address, "unix:", 5) == 0 || colon == NULL)
        (void)snprintf(serve->url, sizeof(serve->url), "%s", address);
    else
        (void)snprintf(serve->url, sizeof(serve->url), "http%s://%.*s:%u",
            serve->tls != NULL ? "s" : "", (int)(colon - address), address, port);
    hk_api_set_url(serve->api, public_url != NULL ? public_url : serve->url, public_url != NULL);
    status = write_url(serve, serve->url, error);
    if (status == HK_OK)
        fprintf(stderr, "listening on %s\n", serve->url);
    return status;
}

static void on_ready_timer(void *ctx)
{
    struct serve *serve = ctx;
    const char *why = NULL;

    if (serve->is_stopping)
        return;
    if (!hk_engine_is_ready(serve->engine, &why)) {
        hk_timer_arm(serve->ready_timer, READY_POLL_MS);
        return;
    }
    fputs("ready\n", stderr);
    hk_supervisor_ready(serve->supervisor);
}

/* --- stop --- */

static void on_stop_timer(void *ctx)
{
    struct serve *serve = ctx;
    int64_t now_ms = hk_time_monotonic_ms();

    if (!serve->engine_has_stopped) {
        hk_log(
            HK_LOG_WARNING, "the engine did not stop in time; it will recover at its next start");
        hk_loop_stop(serve->loop);
    } else if ((hk_api_open_exchanges(serve->api) == 0 &&
                   hk_ledger_reads_open(serve->ledger) == 0) ||
               now_ms >= serve->last_answers_end_ms) {
        hk_loop_stop(serve->loop);
    } else {
        hk_timer_arm(serve->stop_timer, READY_POLL_MS);
    }
}

static void on_engine_stopped(void *ctx)
{
    struct serve *serve = ctx;

    serve->engine_has_stopped = true;
    serve->last_answers_end_ms = hk_time_monotonic_ms() + LAST_ANSWERS_MS;
    hk_timer_arm(serve->stop_timer, 0);
}

static void on_stop_signal(void *ctx)
{
    struct serve *serve = ctx;

    if (serve->is_stopping && !serve->begins_anew)
        _exit(HK_EXIT_FAILED); /* what is on disk is whole; the next start recovers */
    fputs("stopping\n", stderr);
    hk_supervisor_stopping(serve->supervisor);
    serve->begins_anew = false;
    if (!serve->is_stopping)
        stop_serving(serve);
}

static void stop_serving(struct serve *serve)
{
    serve->is_stopping = true;
    hk_timer_arm(serve->stop_timer, HK_STOP_DEADLINE_MS + LAST_ANSWERS_MS);
    hk_api_drain(serve->api);
    hk_app_sources_stop(serve->sources);
    hk_engine_stop(serve->engine, HK_STOP_DEADLINE_MS, on_engine_stopped, serve);
}

static enum hk_status start_signals(struct serve *serve, struct hk_error *error)
{
    serve->ready_timer = hk_timer_new(serve->loop, on_ready_timer, serve);
    serve->stop_timer = hk_timer_new(serve->loop, on_stop_timer, serve);
    if (serve->ready_timer == NULL || serve->stop_timer == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for timers");
    hk_timer_arm(serve->ready_timer, 0);
    return hk_loop_on_stop_signal(serve->loop, on_stop_signal, serve, error);
}

/* What is started, in this order. */
static const struct {
    const char *name;
    enum hk_status (*start)(struct serve *serve, struct hk_error *error);
} subsystems[] = {
    {"data folder", start_folder},
    {"spawner", start_spawner}, /* before the lock, so that it inherits none */
    {"lock", start_lock},
    {"descriptors", start_descriptors},
    {"configuration", start_settings},
    {"tls", start_tls},
    {"loop", start_loop},
    {"ledger", start_ledger},
    {"engine", start_engine},
    {"tenants", start_tenants},
    {"service manager", start_supervisor},
    {"sources", start_sources},
    {"gaps", start_gaps},
    {"playbooks", start_playbooks},
    {"api", start_api},
    {"listeners", start_listeners},
    {"intake", start_intake},
    {"signals", start_signals},
    {"changes", start_reload},
};

/* Accepts what is half started. The api goes after the ledger, whose threads may be at its jobs. */
static void stop_all(struct serve *serve)
{
    char path[PATH_MAX + 16];

    hk_timer_free(serve->ready_timer);
    hk_timer_free(serve->stop_timer);
    hk_reload_free(serve->reload);
    hk_supervisor_free(serve->supervisor);
    hk_app_gaps_free(serve->gaps);
    hk_app_playbooks_free(serve->playbooks);
    if (serve->engine != NULL)
        hk_engine_free(serve->engine);
    if (serve->ledger != NULL)
        hk_ledger_close(serve->ledger);
    serve->ledger = NULL;
    hk_api_free(serve->api);
    hk_app_sources_free(serve->sources);
    hk_tls_free(serve->tls);
    if (serve->wake != NULL)
        hk_wake_free(serve->wake);
    if (serve->loop != NULL)
        hk_loop_free(serve->loop);
    hk_app_settings_done(&serve->settings);
    if (serve->spawner_fd >= 0)
        (void)close(serve->spawner_fd);
    if (serve->lock_fd >= 0) {
        (void)snprintf(path, sizeof(path), "%s/url", serve->data_dir);
        (void)unlink(path);
        (void)close(serve->lock_fd);
    }
}

/* It ends when its socket does. Nobody else would take its exit status; but a spawner that is stuck
 * must not hold up what begins anew. */
static void wait_for_spawner(pid_t spawner)
{
    const struct timespec pause = {.tv_nsec = READY_POLL_MS * 1000000L};

    for (int left_ms = LAST_ANSWERS_MS; left_ms > 0; left_ms -= READY_POLL_MS) {
        if (waitpid(spawner, NULL, WNOHANG) != 0)
            return;
        (void)nanosleep(&pause, NULL);
    }
}

static int run_serve(struct hk_cli *cli)
{
    struct serve *serve;
    struct hk_error error = {.status = HK_OK};
    enum hk_status status = HK_OK;
    int exit_status;

    if (hk_cli_option(cli, "config") == NULL)
        return hk_cli_fail(HK_EXIT_USAGE, "serve needs --config");
    serve = calloc(1, sizeof(*serve));
    if (serve == NULL)
        return hk_cli_fail(HK_EXIT_FAILED, "out of memory");
    serve->cli = cli;
    serve->lock_fd = -1;
    serve->spawner_fd = -1;
    for (size_t i = 0; i < HK_COUNT(subsystems) && status == HK_OK; i++) {
        status = subsystems[i].start(serve, &error);
        if (status != HK_OK)
            (void)hk_error_prefix(&error, "cannot start: %s", subsystems[i].name);
    }
    if (status == HK_OK)
        status = hk_loop_run(serve->loop, &error);
    exit_status = status == HK_OK ? HK_EXIT_DONE : hk_cli_fail(HK_EXIT_FAILED, "%s", error.text);
    stop_all(serve);
    if (exit_status == HK_EXIT_DONE && serve->begins_anew) {
        wait_for_spawner(serve->spawner);
        if (hk_begin_anew(serve->program, cli->argv, &error) != HK_OK)
            exit_status = hk_cli_fail(HK_EXIT_FAILED, "%s", error.text);
    }
    free(serve);
    return exit_status;
}

const struct hk_command hk_commands_serve[] = {
    {"serve", "", 0, 0, "Run the engine on a data folder", run_serve,
        {{"config", "FILE", "the configuration; required"},
            {"listen", "ADDR:PORT", "instead of the configuration's; port 0 takes a free one"}}},
    {.name = NULL},
};
