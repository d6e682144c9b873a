/*
 * sinks: a thread for each sink; see sinks.h.
 */
#include "ledger/sinks.h"

#include "base/text.h"
#include "base/time.h"
#include "ledger/sink.h"
#include "limits.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STACK_SIZE ((size_t)256 * 1024) /* looking up names takes some of it */

struct sink {
    enum hk_sink_kind kind;
    char *place;
    char **command; /* NULL-ended, or NULL */
    pthread_t thread;
    bool has_thread;

    pthread_mutex_t lock; /* for what follows */
    pthread_cond_t changed;
    struct hk_sink_note *waiting; /* at most one a tenant */
    bool is_closed;
    struct hk_sink_state state;
};

struct hk_sinks {
    size_t count;
    struct sink sinks[];
};

const char *hk_sink_kind_text(enum hk_sink_kind kind)
{
    static const char *const texts[] = {
        [HK_SINK_FOLDER] = "folder", [HK_SINK_SYSLOG] = "syslog", [HK_SINK_COMMAND] = "command"};

    return texts[kind];
}

enum hk_status hk_sink_check(const struct hk_sink_setup *setup, struct hk_error *error)
{
    switch (setup->kind) {
    case HK_SINK_FOLDER:
        return setup->place[0] == '/'
                   ? HK_OK
                   : hk_fail(error, HK_INVALID, "the folder must be an absolute path");
    case HK_SINK_SYSLOG:
        return hk_sink_syslog_check(setup->place, error);
    case HK_SINK_COMMAND:
        return setup->command[0] != NULL && setup->command[0][0] == '/'
                   ? HK_OK
                   : hk_fail(error, HK_INVALID, "the program must be named by an absolute path");
    }
    return hk_fail(error, HK_INVALID, "there is no such sink");
}

/* --- notes that wait --- */

static void free_notes(struct hk_sink_note *notes)
{
    while (notes != NULL) {
        struct hk_sink_note *next = notes->next;

        free(notes->tenant);
        free(notes->text);
        free(notes);
        notes = next;
    }
}

static struct hk_sink_note *find_note(struct hk_sink_note *notes, const char *tenant)
{
    while (notes != NULL && strcmp(notes->tenant, tenant) != 0)
        notes = notes->next;
    return notes;
}

/* With the lock held. Without memory the tenant's next checkpoint has to do. */
static void keep_note(struct sink *sink, const char *tenant, const char *text)
{
    struct hk_sink_note *note = find_note(sink->waiting, tenant);
    char *copy = hk_strdup(text);

    if (copy == NULL)
        return;
    if (note == NULL) {
        note = calloc(1, sizeof(*note));
        if (note == NULL || (note->tenant = hk_strdup(tenant)) == NULL) {
            free(note);
            free(copy);
            return;
        }
        note->next = sink->waiting;
        sink->waiting = note;
    }
    free(note->text);
    note->text = copy;
}

/* What could not be sent waits again, unless a newer one of its tenant does. */
static void put_back(struct sink *sink, struct hk_sink_note *notes)
{
    while (notes != NULL) {
        struct hk_sink_note *next = notes->next;

        if (find_note(sink->waiting, notes->tenant) != NULL) {
            notes->next = NULL;
            free_notes(notes);
        } else {
            notes->next = sink->waiting;
            sink->waiting = notes;
        }
        notes = next;
    }
}

/* --- the thread --- */

static enum hk_status send_notes(
    const struct sink *sink, const struct hk_sink_note *notes, struct hk_error *error)
{
    switch (sink->kind) {
    case HK_SINK_FOLDER:
        return hk_sink_folder(sink->place, notes, error);
    case HK_SINK_SYSLOG:
        return hk_sink_syslog(sink->place, notes, error);
    case HK_SINK_COMMAND:
        return hk_sink_command((const char *const *)sink->command, notes, error);
    }
    return hk_fail(error, HK_INVALID, "there is no such sink");
}

/* With the lock held, but for the sending. */
static void send_waiting(struct sink *sink)
{
    struct hk_sink_note *notes = sink->waiting;
    struct hk_error error = {.text = ""};
    enum hk_status status;

    sink->waiting = NULL;
    (void)pthread_mutex_unlock(&sink->lock);
    status = send_notes(sink, notes, &error);
    (void)pthread_mutex_lock(&sink->lock);
    sink->state.fails = status != HK_OK;
    if (status != HK_OK) {
        sink->state.failures++;
        (void)hk_copy_text(sink->state.problem, sizeof(sink->state.problem), error.text);
        put_back(sink, notes);
        return;
    }
    sink->state.problem[0] = '\0';
    for (const struct hk_sink_note *note = notes; note != NULL; note = note->next)
        sink->state.sent++;
    free_notes(notes);
}

/* With the lock held: until there is something to send; after a failure, not before its time. */
static void wait_for_work(struct sink *sink)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += HK_SINK_RETRY_MS / 1000;
    if (sink->state.fails) {
        int code = 0;
        while (!sink->is_closed && code == 0)
            code = pthread_cond_timedwait(&sink->changed, &sink->lock, &until);
    }
    while (!sink->is_closed && sink->waiting == NULL)
        (void)pthread_cond_wait(&sink->changed, &sink->lock);
}

static void *sink_thread(void *ctx)
{
    struct sink *sink = ctx;
    bool is_closed = false;

    (void)pthread_mutex_lock(&sink->lock);
    while (!is_closed) {
        wait_for_work(sink);
        is_closed = sink->is_closed;
        if (sink->waiting != NULL)
            send_waiting(sink);
    }
    (void)pthread_mutex_unlock(&sink->lock);
    return NULL;
}

/* --- all of them --- */

static char **copy_command(const char *const *command)
{
    size_t count = 0;
    char **copy;

    while (command[count] != NULL)
        count++;
    copy = calloc(count + 1, sizeof(*copy));
    for (size_t i = 0; copy != NULL && i < count; i++) {
        copy[i] = hk_strdup(command[i]);
        if (copy[i] != NULL)
            continue;
        while (i > 0)
            free(copy[--i]);
        free(copy);
        copy = NULL;
    }
    return copy;
}

static enum hk_status start_sink(
    struct sink *sink, const struct hk_sink_setup *setup, struct hk_error *error)
{
    pthread_condattr_t monotonic;
    pthread_attr_t attributes;
    enum hk_status status = hk_sink_check(setup, error);

    sink->kind = setup->kind;
    sink->state.kind = setup->kind;
    (void)pthread_mutex_init(&sink->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&sink->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    if (status != HK_OK)
        return status;
    if ((setup->place != NULL && (sink->place = hk_strdup(setup->place)) == NULL) ||
        (setup->command != NULL && (sink->command = copy_command(setup->command)) == NULL))
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
    sink->has_thread = pthread_create(&sink->thread, &attributes, sink_thread, sink) == 0;
    (void)pthread_attr_destroy(&attributes);
    return sink->has_thread ? HK_OK
                            : hk_fail(error, HK_NOMEM, "ledger: can't start a sink's thread");
}

enum hk_status hk_sinks_start(const struct hk_sink_setup *setups, size_t count,
    struct hk_sinks **ret_sinks, struct hk_error *error)
{
    struct hk_sinks *sinks;
    enum hk_status status = HK_OK;

    if (count > HK_SINKS_MAX)
        return hk_fail(error, HK_LIMIT, "more than %d checkpoint sinks", HK_SINKS_MAX);
    sinks = calloc(1, sizeof(*sinks) + count * sizeof(sinks->sinks[0]));
    if (sinks == NULL)
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    while (sinks->count < count && status == HK_OK) {
        status = start_sink(&sinks->sinks[sinks->count], &setups[sinks->count], error);
        sinks->count++;
    }
    if (status != HK_OK) {
        hk_sinks_stop(sinks);
        return status;
    }
    *ret_sinks = sinks;
    return HK_OK;
}

static void close_sink(struct sink *sink)
{
    (void)pthread_mutex_lock(&sink->lock);
    sink->is_closed = true;
    (void)pthread_cond_signal(&sink->changed);
    (void)pthread_mutex_unlock(&sink->lock);
}

static void free_sink(struct sink *sink)
{
    if (sink->has_thread)
        (void)pthread_join(sink->thread, NULL);
    for (char **word = sink->command; word != NULL && *word != NULL; word++)
        free(*word);
    free((void *)sink->command);
    free(sink->place);
    free_notes(sink->waiting);
    (void)pthread_mutex_destroy(&sink->lock);
    (void)pthread_cond_destroy(&sink->changed);
}

void hk_sinks_stop(struct hk_sinks *sinks)
{
    if (sinks == NULL)
        return;
    for (size_t i = 0; i < sinks->count; i++)
        close_sink(&sinks->sinks[i]);
    for (size_t i = 0; i < sinks->count; i++)
        free_sink(&sinks->sinks[i]);
    free(sinks);
}

void hk_sinks_put(struct hk_sinks *sinks, const char *tenant, const char *note)
{
    for (size_t i = 0; i < hk_sinks_count(sinks); i++) {
        struct sink *sink = &sinks->sinks[i];

        (void)pthread_mutex_lock(&sink->lock);
        keep_note(sink, tenant, note);
        (void)pthread_cond_signal(&sink->changed);
        (void)pthread_mutex_unlock(&sink->lock);
    }
}

size_t hk_sinks_count(const struct hk_sinks *sinks)
{
    return sinks != NULL ? sinks->count : 0;
}

void hk_sinks_state(struct hk_sinks *sinks, size_t index, struct hk_sink_state *ret_state)
{
    struct sink *sink = &sinks->sinks[index];

    (void)pthread_mutex_lock(&sink->lock);
    *ret_state = sink->state;
    (void)pthread_mutex_unlock(&sink->lock);
}
