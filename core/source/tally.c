/*
 * tally: see tally.h. Rows are only ever added, so that a row's address holds for the life of the
 * tally; one lock guards what is in them.
 */
#include "source/tally.h"

#include "base/text.h"
#include "limits.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct hk_tally_row {
    struct hk_tally *tally;
    struct hk_tally_source source;
};

struct hk_tally {
    pthread_mutex_t lock;
    struct hk_tally_row *rows[HK_SOURCES_MAX];
    size_t row_count;
    struct hk_tally_failure *failures;
    size_t failure_count;
};

static const struct {
    const char *name;
    const char *help;
} counts[] = {
#define X(name, help) {#name, help},
    HK_TALLY_COUNTS(X)
#undef X
};

const char *hk_tally_count_name(enum hk_tally_count what)
{
    return counts[what].name;
}

const char *hk_tally_count_help(enum hk_tally_count what)
{
    return counts[what].help;
}

const char *hk_source_kind_text(enum hk_source_kind kind)
{
    static const char *const names[] = {"syslog", "file", "webhook"};

    return names[kind];
}

enum hk_status hk_tally_new(struct hk_tally **ret_tally, struct hk_error *error)
{
    struct hk_tally *tally = calloc(1, sizeof(*tally));

    if (tally == NULL)
        return hk_fail(error, HK_NOMEM, "no memory to count what sources bring");
    (void)pthread_mutex_init(&tally->lock, NULL);
    *ret_tally = tally;
    return HK_OK;
}

void hk_tally_free(struct hk_tally *tally)
{
    if (tally == NULL)
        return;
    for (size_t i = 0; i < tally->row_count; i++)
        free(tally->rows[i]);
    (void)pthread_mutex_destroy(&tally->lock);
    free(tally->failures);
    free(tally);
}

enum hk_status hk_tally_add(struct hk_tally *tally, uint32_t tenant, const char *name,
    enum hk_source_kind kind, struct hk_tally_row **ret_row, struct hk_error *error)
{
    struct hk_tally_row *row = NULL;
    enum hk_status status = HK_OK;

    (void)pthread_mutex_lock(&tally->lock);
    for (size_t i = 0; i < tally->row_count && row == NULL; i++) {
        if (tally->rows[i]->source.tenant == tenant &&
            strcmp(tally->rows[i]->source.name, name) == 0)
            row = tally->rows[i];
    }
    if (row != NULL)
        goto out;
    if (tally->row_count == HK_SOURCES_MAX) {
        status = hk_fail(error, HK_LIMIT, "more than %d sources", HK_SOURCES_MAX);
        goto out;
    }
    row = calloc(1, sizeof(*row));
    if (row == NULL) {
        status = hk_fail(error, HK_NOMEM, "no memory to count what %s brings", name);
        goto out;
    }
    row->tally = tally;
    row->source.tenant = tenant;
    row->source.kind = kind;
    (void)hk_copy_text(row->source.name, sizeof(row->source.name), name);
    tally->rows[tally->row_count++] = row;
out:
    (void)pthread_mutex_unlock(&tally->lock);
    if (status == HK_OK)
        *ret_row = row;
    return status;
}

void hk_tally_count(struct hk_tally_row *row, enum hk_tally_count what, uint64_t by)
{
    (void)pthread_mutex_lock(&row->tally->lock);
    row->source.counts[what] += by;
    (void)pthread_mutex_unlock(&row->tally->lock);
}

void hk_tally_came(struct hk_tally_row *row, uint64_t messages, uint64_t bytes, int64_t now_us)
{
    (void)pthread_mutex_lock(&row->tally->lock);
    row->source.counts[HK_TALLY_messages] += messages;
    row->source.counts[HK_TALLY_bytes] += bytes;
    row->source.last_us = now_us;
    (void)pthread_mutex_unlock(&row->tally->lock);
}

/* Keep a text that may be too long for its place. */
static void keep(char *place, size_t capacity, const char *text)
{
    size_t size = hk_utf8_prefix(text, strlen(text), capacity - 1);

    memcpy(place, text, size);
    place[size] = '\0';
}

bool hk_tally_problem(struct hk_tally_row *row, int64_t now_us, const char *problem)
{
    char text[HK_TALLY_TEXT_SIZE];
    bool is_news;

    keep(text, sizeof(text), problem != NULL ? problem : "");
    (void)pthread_mutex_lock(&row->tally->lock);
    is_news = strcmp(row->source.problem, text) != 0;
    if (is_news) {
        memcpy(row->source.problem, text, sizeof(text));
        row->source.problem_us = text[0] != '\0' ? now_us : 0;
    }
    (void)pthread_mutex_unlock(&row->tally->lock);
    return is_news;
}

void hk_tally_notice(struct hk_tally_row *row, int64_t now_us, const char *notice)
{
    (void)pthread_mutex_lock(&row->tally->lock);
    keep(row->source.notice, sizeof(row->source.notice), notice);
    row->source.notice_us = now_us;
    (void)pthread_mutex_unlock(&row->tally->lock);
}

void hk_tally_refused(struct hk_tally_row *row, int64_t now_us, const char *refusal)
{
    (void)pthread_mutex_lock(&row->tally->lock);
    row->source.counts[HK_TALLY_refused]++;
    keep(row->source.refusal, sizeof(row->source.refusal), refusal);
    row->source.refusal_us = now_us;
    (void)pthread_mutex_unlock(&row->tally->lock);
}

/* The row of that failure. Sources of posted alerts may have any name, so that each tenant has its
 * own room: beyond it, the tenant's newest row stands for all. NULL when memory is short. */
static struct hk_tally_failure *failure_of(
    struct hk_tally *tally, uint32_t tenant, const char *source, const char *mapping)
{
    struct hk_tally_failure *failure = NULL;
    struct hk_tally_failure *grown;
    size_t count = 0;

    for (size_t i = 0; i < tally->failure_count; i++) {
        if (tally->failures[i].tenant != tenant)
            continue;
        failure = &tally->failures[i];
        if (strcmp(failure->source, source) == 0 && strcmp(failure->mapping, mapping) == 0)
            return failure;
        count++;
    }
    if (count >= HK_TALLY_FAILURES_MAX)
        return failure;
    grown = realloc(tally->failures, (tally->failure_count + 1) * sizeof(*grown));
    if (grown == NULL)
        return failure;
    tally->failures = grown;
    failure = &grown[tally->failure_count++];
    memset(failure, 0, sizeof(*failure));
    failure->tenant = tenant;
    (void)hk_copy_text(failure->source, sizeof(failure->source), source);
    (void)hk_copy_text(failure->mapping, sizeof(failure->mapping), mapping);
    return failure;
}

void hk_tally_failed(struct hk_tally *tally, uint32_t tenant, const char *source,
    const char *mapping, const char *reason, int64_t now_us)
{
    struct hk_tally_failure *failure;

    (void)pthread_mutex_lock(&tally->lock);
    failure = failure_of(tally, tenant, source, mapping);
    if (failure != NULL) {
        failure->count++;
        failure->last_us = now_us;
        keep(failure->reason, sizeof(failure->reason), reason);
    }
    (void)pthread_mutex_unlock(&tally->lock);
}

/* fn is called without the lock, so that it may take as long as it likes. */
void hk_tally_sources(struct hk_tally *tally, uint32_t tenant, hk_tally_source_fn *fn, void *ctx)
{
    struct hk_tally_source copy;

    for (size_t i = 0;; i++) {
        bool is_there;
        (void)pthread_mutex_lock(&tally->lock);
        is_there = i < tally->row_count;
        if (is_there)
            copy = tally->rows[i]->source;
        (void)pthread_mutex_unlock(&tally->lock);
        if (!is_there)
            return;
        if (tenant == 0 || copy.tenant == tenant)
            fn(ctx, &copy);
    }
}

void hk_tally_failures(struct hk_tally *tally, uint32_t tenant, hk_tally_failure_fn *fn, void *ctx)
{
    struct hk_tally_failure copy;

    for (size_t i = 0;; i++) {
        bool is_there;
        (void)pthread_mutex_lock(&tally->lock);
        is_there = i < tally->failure_count;
        if (is_there)
            copy = tally->failures[i];
        (void)pthread_mutex_unlock(&tally->lock);
        if (!is_there)
            return;
        if (tenant == 0 || copy.tenant == tenant)
            fn(ctx, &copy);
    }
}
