/*
 * search_index: see search_index.h.
 *
 * The thread's turn is: look at the ledger (new entries; when asked, what was erased), take away
 * files that hold what was erased, then index one slice of one tenant. One file is open for
 * writing at a time.
 */
#include "ledger/search_internal.h"

#include "base/crashpoint.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "ledger/store.h"
#include "limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define STACK_SIZE ((size_t)1024 * 1024) /* put_value goes as deep as JSON does */

/* --- indexing --- */

struct slice {
    struct hk_search *search;
    const struct hk_search_part *part;
    uint64_t end;
    char line[HK_ENTRY_LINE_SIZE];
};

static enum hk_status index_row(struct slice *slice, sqlite3_stmt *stmt, struct hk_error *error)
{
    struct hk_search *search = slice->search;
    uint64_t seq = HK_POS_SEQ(hk_stmt_i64(stmt, 0));
    struct hk_entry entry;
    enum hk_status status = HK_OK;

    hk_stmt_copy(stmt, 1, slice->line, sizeof(slice->line));
    /* What can't be read is for `audit verify` to tell; nothing of it is found. */
    if (hk_entry_parse(slice->line, strlen(slice->line), &entry, NULL) == HK_OK &&
        hk_search_doc_fill(
            &search->doc, &entry, hk_stmt_text_or_null(stmt, 2), hk_stmt_size(stmt, 2)))
        status = hk_shard_put(&search->writer, seq, &search->doc, error);
    slice->end = seq + 1;
    return status;
}

static enum hk_status index_rows(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct slice *slice = job;
    const struct hk_shard *shard = &slice->search->writer.shard;
    int64_t until_ms = hk_time_monotonic_ms() + HK_SEARCH_SLICE_MS;
    uint64_t end = (shard->number + 1) * HK_SEARCH_SHARD_ENTRIES;
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT pos, line, payload FROM entry WHERE pos >= ?1 AND pos < ?2 ORDER BY pos LIMIT ?3",
        &stmt, error);

    if (end > slice->part->size)
        end = slice->part->size;
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "iii", HK_POS(slice->part->tenant, shard->end),
            HK_POS(slice->part->tenant, end), (int64_t)HK_SEARCH_SLICE_ENTRIES);
    do {
        if (status == HK_OK)
            status = hk_stmt_step(stmt, &has_row, error);
        if (status == HK_OK && has_row)
            status = index_row(slice, stmt, error);
    } while (status == HK_OK && has_row && hk_time_monotonic_ms() < until_ms);
    hk_stmt_free(stmt);
    return status;
}

/* Have the file of that number open for writing: the one there is, or a new one. */
static enum hk_status open_shard(
    struct hk_search *search, size_t at, uint64_t number, struct hk_error *error)
{
    const struct hk_search_part *part = &search->parts[at];
    const struct hk_shard *shard = hk_search_part_find(part, number);
    char folder[PATH_MAX];
    enum hk_status status;

    if (search->writer.db != NULL && search->writer_part == at &&
        search->writer.shard.number == number)
        return HK_OK;
    hk_shard_close(&search->writer);
    search->writer_part = at;
    if (snprintf(folder, sizeof(folder), "%s/" HK_SHARD_FOLDER, search->data_dir) >=
        (int)sizeof(folder))
        return hk_fail(error, HK_INVALID, "search: path is too long");
    status = hk_file_make_folder(folder, error);
    if (status == HK_OK)
        status = hk_search_part_folder(search->data_dir, part, folder, error);
    if (status == HK_OK)
        status = hk_file_make_folder(folder, error);
    if (status == HK_OK && shard != NULL)
        return hk_shard_go_on(&search->writer, folder, shard, error);
    return status == HK_OK ? hk_shard_begin(&search->writer, folder, number, part->size, error)
                           : status;
}

/* The file is full: another takes its place. */
static enum hk_status fill_up(struct hk_search *search, size_t at, struct hk_error *error)
{
    struct hk_shard before;
    enum hk_status status = hk_shard_fill_up(&search->writer, &before, error);

    if (status == HK_OK)
        status = hk_search_put_shard(search, at, &search->writer.shard, error);
    return status == HK_OK ? hk_shard_drop(&search->writer, &before, error) : status;
}

static enum hk_status index_slice(
    struct hk_search *search, size_t at, uint64_t number, struct hk_error *error)
{
    struct slice slice = {.search = search, .part = &search->parts[at]};
    enum hk_status status = open_shard(search, at, number, error);
    uint64_t before;

    if (status != HK_OK)
        return status;
    before = search->writer.shard.end;
    if (before < (number + 1) * HK_SEARCH_SHARD_ENTRIES) {
        status = hk_shard_slice_begin(&search->writer, error);
        if (status == HK_OK)
            status = hk_reading_run(search->reading, 0, index_rows, &slice, error);
        if (status == HK_OK && slice.end <= before)
            status = hk_fail(error, HK_CORRUPT, "search: an entry is missing; see audit verify");
        if (status == HK_OK)
            status = hk_shard_slice_end(&search->writer, slice.end, slice.line, error);
        if (status == HK_OK)
            status = hk_search_put_shard(search, at, &search->writer.shard, error);
        hk_crashpoint("search.slice");
    }
    if (status == HK_OK && search->writer.shard.end == (number + 1) * HK_SEARCH_SHARD_ENTRIES)
        status = fill_up(search, at, error);
    (void)pthread_mutex_lock(&search->lock);
    search->stats.indexed += status == HK_OK ? search->writer.shard.end - before : 0;
    (void)pthread_mutex_unlock(&search->lock);
    return status;
}

/* After a failure nobody knows what is in the file: it is made anew. */
static void give_file_up(struct hk_search *search)
{
    char file[HK_SHARD_FILE_SIZE];

    if (search->writer.db == NULL)
        return;
    memcpy(file, search->writer.shard.file, sizeof(file));
    if (hk_search_drop_shard(search, search->writer_part, file, NULL) != HK_OK)
        hk_shard_close(&search->writer); /* as far as it was written it is good */
}

/* --- idle: are the files what their names say? --- */

static enum hk_status check_one(
    struct hk_search *search, bool *ret_has_more, struct hk_error *error)
{
    for (size_t i = 0; i < search->part_count; i++) {
        for (size_t n = 0; n < search->parts[i].count; n++) {
            struct hk_shard shard = search->parts[i].shards[n];
            char folder[PATH_MAX];
            bool is_good = false;
            enum hk_status status;

            if (!shard.is_full || shard.is_checked)
                continue;
            *ret_has_more = true;
            status = hk_search_part_folder(search->data_dir, &search->parts[i], folder, error);
            if (status == HK_OK)
                status = hk_shard_check(folder, &shard, &search->stop, &is_good, error);
            if (status == HK_TIMEOUT)
                return HK_OK;
            if (status == HK_OK && is_good) {
                shard.is_checked = true;
                return hk_search_put_shard(search, i, &shard, error);
            }
            hk_log(HK_LOG_WARNING, "search: a file of %s is damaged and is made anew",
                search->parts[i].name);
            return hk_search_drop_shard(search, i, shard.file, error);
        }
    }
    return HK_OK;
}

/* --- the thread --- */

static enum hk_status drop_damaged(struct hk_search *search, struct hk_error *error)
{
    char file[HK_SHARD_FILE_SIZE];
    hk_tenant tenant;
    enum hk_status status = HK_OK;

    (void)pthread_mutex_lock(&search->lock);
    memcpy(file, search->damaged, sizeof(file));
    tenant = search->damaged_of;
    search->damaged[0] = '\0';
    (void)pthread_mutex_unlock(&search->lock);
    for (size_t i = 0; i < search->part_count && file[0] != '\0' && status == HK_OK; i++) {
        if (search->parts[i].tenant != tenant)
            continue;
        hk_log(HK_LOG_WARNING, "search: a file of %s can't be read and is made anew",
            search->parts[i].name);
        status = hk_search_drop_shard(search, i, file, error);
    }
    return status;
}

/* Index the next slice of whoever has the turn and wants one. */
static enum hk_status index_next(
    struct hk_search *search, bool *ret_has_more, struct hk_error *error)
{
    uint64_t number = 0;

    if (search->room != NULL && atomic_load(&search->room->state) != HK_ROOM_ENOUGH)
        return HK_OK; /* what room there is, is for the record */
    for (size_t n = 0; n < search->part_count; n++) {
        size_t at = (search->turn + n) % search->part_count;

        if (!hk_search_part_wants(&search->parts[at], &number))
            continue;
        *ret_has_more = true;
        search->turn = at + 1;
        return index_slice(search, at, number, error);
    }
    return check_one(search, ret_has_more, error);
}

static enum hk_status turn(struct hk_search *search, bool *ret_has_more, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    (void)pthread_mutex_lock(&search->lock);
    search->looked_for = search->wanted;
    (void)pthread_mutex_unlock(&search->lock);
    if (search->reading == NULL)
        status = hk_reading_open(search->data_dir, &search->stop, &search->reading, error);
    if (status == HK_OK)
        status = hk_reading_run(search->reading, 0, hk_search_look, search, error);
    if (status != HK_OK)
        return status;
    (void)pthread_mutex_lock(&search->lock);
    search->clean = search->looked_for;
    (void)pthread_mutex_unlock(&search->lock);
    status = drop_damaged(search, error);
    if (status == HK_OK && search->mode == HK_SEARCH_ON)
        status = index_next(search, ret_has_more, error);
    return status;
}

static void wait_ms(struct hk_search *search, int64_t ms)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_mutex_lock(&search->lock);
    while (!atomic_load(&search->stop) && search->wanted == search->clean &&
           search->damaged[0] == '\0' &&
           pthread_cond_timedwait(&search->changed, &search->lock, &until) == 0)
        ; /* a poke alone doesn't end a pause */
    (void)pthread_mutex_unlock(&search->lock);
}

static void wait_for_work(struct hk_search *search)
{
    (void)pthread_mutex_lock(&search->lock);
    while (!atomic_load(&search->stop) && !atomic_load(&search->is_poked) &&
           search->wanted == search->clean && search->damaged[0] == '\0')
        (void)pthread_cond_wait(&search->changed, &search->lock);
    (void)pthread_mutex_unlock(&search->lock);
    wait_ms(search, HK_SEARCH_PAUSE_MS);
    atomic_store(&search->is_poked, false);
}

static void tell_failure(struct hk_search *search, const struct hk_error *error)
{
    if (!search->has_failed)
        hk_log(HK_LOG_WARNING, "search: indexing pauses: %s", error->text);
    search->has_failed = true;
}

/* Files that are not full stay for the next start, as far as there is time to sync them. */
static void keep_files(struct hk_search *search)
{
    int64_t until_ms = hk_time_monotonic_ms() + HK_SEARCH_STOP_MS;
    char folder[PATH_MAX];

    hk_shard_close(&search->writer);
    for (size_t i = 0; i < search->part_count && search->mode == HK_SEARCH_ON; i++) {
        struct hk_search_part *part = &search->parts[i];
        bool is_kept = false;

        if (hk_search_part_folder(search->data_dir, part, folder, NULL) != HK_OK)
            continue;
        for (size_t n = 0; n < part->count && hk_time_monotonic_ms() < until_ms; n++)
            if (!part->shards[n].is_full)
                is_kept = hk_shard_keep(folder, &part->shards[n], NULL) == HK_OK || is_kept;
        if (is_kept && hk_shard_sync_folder(folder, NULL) != HK_OK)
            continue; /* a power cut may take the name back, and with it the file */
    }
}

static void *search_thread(void *ctx)
{
    struct hk_search *search = ctx;

    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), HK_SEARCH_NICE);
    while (!atomic_load(&search->stop)) {
        struct hk_error error = {.text = ""};
        bool has_more = false;

        if (turn(search, &has_more, &error) != HK_OK) {
            if (atomic_load(&search->stop))
                break;
            tell_failure(search, &error);
            give_file_up(search);
            wait_ms(search, HK_SEARCH_RETRY_MS);
        } else if (!has_more) {
            search->has_failed = false;
            hk_db_release_memory(search->reading->db);
            wait_for_work(search);
        }
    }
    keep_files(search);
    hk_reading_free(search->reading);
    return NULL;
}

/* --- start and stop --- */

static void free_search(struct hk_search *search)
{
    for (size_t i = 0; i < search->part_count; i++)
        free(search->parts[i].shards);
    free(search->parts);
    hk_search_doc_done(&search->doc);
    (void)pthread_mutex_destroy(&search->lock);
    (void)pthread_cond_destroy(&search->changed);
    free(search->data_dir);
    free(search);
}

enum hk_status hk_search_start(const char *data_dir, enum hk_search_mode mode,
    const struct hk_room *room, struct hk_search **ret_search, struct hk_error *error)
{
    struct hk_search *search;
    pthread_condattr_t monotonic;
    pthread_attr_t attributes;
    bool has_started;

    if (mode == HK_SEARCH_OFF)
        return hk_search_parts_remove(data_dir, error);
    search = calloc(1, sizeof(*search));
    if (search == NULL || (search->data_dir = hk_strdup(data_dir)) == NULL) {
        free(search);
        return hk_fail(error, HK_NOMEM, "search: out of memory");
    }
    search->mode = mode;
    search->room = room;
    search->stats.is_on = mode == HK_SEARCH_ON;
    search->wanted = 1; /* a start looks for what was erased */
    hk_search_doc_init(&search->doc);
    (void)pthread_mutex_init(&search->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&search->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
    has_started = pthread_create(&search->thread, &attributes, search_thread, search) == 0;
    (void)pthread_attr_destroy(&attributes);
    if (!has_started) {
        free_search(search);
        return hk_fail(error, HK_NOMEM, "search: can't start its thread");
    }
    (void)pthread_setname_np(search->thread, "hk-search");
    *ret_search = search;
    return HK_OK;
}

void hk_search_stop(struct hk_search *search)
{
    if (search == NULL)
        return;
    atomic_store(&search->stop, true);
    (void)pthread_mutex_lock(&search->lock);
    (void)pthread_cond_signal(&search->changed);
    (void)pthread_mutex_unlock(&search->lock);
    (void)pthread_join(search->thread, NULL);
    free_search(search);
}

/* --- from other threads --- */

void hk_search_poke(struct hk_search *search)
{
    if (search == NULL || search->mode != HK_SEARCH_ON || atomic_exchange(&search->is_poked, true))
        return;
    (void)pthread_mutex_lock(&search->lock);
    (void)pthread_cond_signal(&search->changed);
    (void)pthread_mutex_unlock(&search->lock);
}

void hk_search_forget(struct hk_search *search, uint64_t *ret_mark)
{
    *ret_mark = 0;
    if (search == NULL)
        return;
    (void)pthread_mutex_lock(&search->lock);
    *ret_mark = ++search->wanted;
    (void)pthread_cond_signal(&search->changed);
    (void)pthread_mutex_unlock(&search->lock);
}

bool hk_search_is_clean(struct hk_search *search, uint64_t mark)
{
    bool is_clean;

    if (search == NULL)
        return true;
    (void)pthread_mutex_lock(&search->lock);
    is_clean = search->clean >= mark;
    (void)pthread_mutex_unlock(&search->lock);
    return is_clean;
}

enum hk_status hk_search_view_take(struct hk_search *search, hk_tenant tenant,
    struct hk_search_view *ret_view, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    memset(ret_view, 0, sizeof(*ret_view));
    if (search == NULL || search->mode != HK_SEARCH_ON)
        return hk_fail(error, HK_UNSUPPORTED, "search is switched off (search = false)");
    (void)pthread_mutex_lock(&search->lock);
    for (size_t i = 0; i < search->part_count; i++) {
        const struct hk_search_part *part = &search->parts[i];

        if (part->tenant != tenant)
            continue;
        status = hk_search_part_folder(search->data_dir, part, ret_view->folder, error);
        ret_view->shards = calloc(part->count + 1, sizeof(*ret_view->shards));
        if (ret_view->shards == NULL) {
            status = hk_fail(error, HK_NOMEM, "search: out of memory");
        } else if (part->count > 0) {
            memcpy(ret_view->shards, part->shards, part->count * sizeof(*part->shards));
            ret_view->count = part->count;
        }
    }
    (void)pthread_mutex_unlock(&search->lock);
    return status;
}

void hk_search_view_done(struct hk_search_view *view)
{
    free(view->shards);
    view->shards = NULL;
    view->count = 0;
}

void hk_search_is_damaged(struct hk_search *search, hk_tenant tenant, const char *file)
{
    (void)pthread_mutex_lock(&search->lock);
    (void)hk_copy_text(search->damaged, sizeof(search->damaged), file);
    search->damaged_of = tenant;
    (void)pthread_cond_signal(&search->changed);
    (void)pthread_mutex_unlock(&search->lock);
}

void hk_search_stats(struct hk_search *search, struct hk_search_stats *ret_stats)
{
    memset(ret_stats, 0, sizeof(*ret_stats));
    if (search == NULL)
        return;
    (void)pthread_mutex_lock(&search->lock);
    *ret_stats = search->stats;
    (void)pthread_mutex_unlock(&search->lock);
}
