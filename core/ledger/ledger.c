/*
 * ledger: joins writer and readers; see ledger.h.
 */
#include "ledger/ledger.h"

#include "base/crashpoint.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "ledger/keychain.h"
#include "ledger/move.h"
#include "ledger/reader.h"
#include "ledger/rollback.h"
#include "ledger/room.h"
#include "ledger/search_index.h"
#include "ledger/store.h"
#include "ledger/write.h"
#include "ledger/writer.h"
#include "limits.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct tenant_name {
    hk_tenant number;
    bool is_closed; /* moved out */
    char name[HK_ID_SIZE];
};

struct hk_ledger {
    char *data_dir;
    struct hk_done_list written;
    struct hk_done_list read;
    struct hk_sinks *sinks;
    struct hk_search *search;
    struct hk_writer *writer;
    struct hk_readers *readers;
    size_t reads_open;
    struct hk_reading *reading; /* for hk_ledger_read_now; opened when first used */
    struct hk_clock clock;
    struct hk_room room; /* looked at by the writer's thread once that runs */
    char ledger_id[HK_ID_SIZE];
    uint8_t public_key[HK_KEY_PUBLIC_SIZE];
    struct hk_rollback_list excused; /* at the start */
    struct tenant_name *tenants;
    size_t tenant_count;
    hk_tenant newest_tenant;
};

static enum hk_status remember_tenant(struct hk_ledger *ledger, const char *name, hk_tenant number,
    bool is_closed, struct hk_error *error)
{
    struct tenant_name *tenants =
        realloc(ledger->tenants, (ledger->tenant_count + 1) * sizeof(*tenants));

    if (tenants == NULL)
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    ledger->tenants = tenants;
    tenants[ledger->tenant_count].number = number;
    tenants[ledger->tenant_count].is_closed = is_closed;
    (void)hk_copy_text(
        tenants[ledger->tenant_count].name, sizeof(tenants[ledger->tenant_count].name), name);
    ledger->tenant_count++;
    if (number > ledger->newest_tenant)
        ledger->newest_tenant = number;
    return HK_OK;
}

/* What the main thread needs to know; the appender belongs to the writer's thread afterwards. */
static enum hk_status learn(
    struct hk_ledger *ledger, struct hk_appender *appender, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    (void)hk_copy_text(
        ledger->ledger_id, sizeof(ledger->ledger_id), hk_appender_ledger_id(appender));
    hk_key_public(hk_appender_key(appender), ledger->public_key);
    for (size_t i = 0; i < hk_appender_tenant_count(appender) && status == HK_OK; i++) {
        const struct hk_append_tenant *tenant = hk_appender_tenant_at(appender, i);

        if (tenant->last_time_us > ledger->clock.floor_us)
            ledger->clock.floor_us = tenant->last_time_us;
        status = remember_tenant(ledger, tenant->name, tenant->number, tenant->is_closed, error);
    }
    return status;
}

static enum hk_status start(
    struct hk_ledger *ledger, const struct hk_ledger_options *options, struct hk_error *error)
{
    struct hk_appender *appender = NULL;
    enum hk_status status;

    if (options->data_dir[0] != '/')
        return hk_fail(
            error, HK_INVALID, "data folder must be an absolute path: %s", options->data_dir);
    status = hk_file_make_folder(options->data_dir, error);
    if (status == HK_OK)
        hk_move_sweep(options->data_dir);
    if (status == HK_OK)
        status = hk_room_open(&ledger->room, options->data_dir, error);
    if (status == HK_OK)
        status = hk_appender_open(options->data_dir,
            &(struct hk_store_progress){.fn = options->progress, .ctx = options->progress_ctx},
            &appender, error);
    if (status != HK_OK)
        return status;
    if (options->provider != NULL)
        hk_appender_set_provider(appender, options->provider);
    status = learn(ledger, appender, error);
    if (status != HK_OK) {
        hk_appender_free(appender);
        return status;
    }
    status = hk_rollback_check(hk_appender_db(appender), options->sinks, options->sink_count,
        options->provider != NULL, &ledger->excused, error);
    if (status != HK_OK) {
        hk_appender_free(appender);
        return status;
    }
    status = hk_sinks_start(options->sinks, options->sink_count, &ledger->sinks, error);
    if (status == HK_OK)
        status = hk_search_start(
            options->data_dir, options->search, &ledger->room, &ledger->search, error);
    if (status != HK_OK) {
        hk_appender_free(appender);
        return status;
    }
    status = hk_writer_start(appender, ledger->sinks, ledger->search, &ledger->room,
        &ledger->written, &ledger->writer, error);
    if (status == HK_OK)
        status = hk_readers_start(options->data_dir, &ledger->read, &ledger->readers, error);
    return status;
}

enum hk_status hk_ledger_open(
    const struct hk_ledger_options *options, struct hk_ledger **ret_ledger, struct hk_error *error)
{
    struct hk_ledger *ledger = calloc(1, sizeof(*ledger));
    enum hk_status status;

    if (ledger == NULL || (ledger->data_dir = hk_strdup(options->data_dir)) == NULL) {
        free(ledger);
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    }
    hk_done_init(&ledger->written, options->notify, options->notify_ctx);
    hk_done_init(&ledger->read, options->notify, options->notify_ctx);
    status = start(ledger, options, error);
    if (status != HK_OK) {
        hk_ledger_close(ledger);
        return status;
    }
    *ret_ledger = ledger;
    return HK_OK;
}

void hk_ledger_close(struct hk_ledger *ledger)
{
    struct hk_queue_item *item;
    struct hk_queue_item *next;

    if (ledger == NULL)
        return;
    /* Readers first: what they hold of the WAL can't be copied back. */
    hk_readers_stop(ledger->readers);
    hk_reading_free(ledger->reading);
    hk_writer_end(ledger->writer);
    hk_search_stop(ledger->search); /* after what was erased is out of it */
    hk_writer_free(ledger->writer);
    hk_sinks_stop(ledger->sinks); /* after the last checkpoints */
    for (item = hk_done_take(&ledger->written); item != NULL; item = next) {
        next = item->next;
        hk_write_free((struct hk_write *)item);
    }
    for (item = hk_done_take(&ledger->read); item != NULL; item = next) {
        next = item->next;
        hk_readers_finish(item, true);
    }
    hk_done_done(&ledger->written);
    hk_done_done(&ledger->read);
    free(ledger->excused.items);
    free(ledger->tenants);
    free(ledger->data_dir);
    free(ledger);
}

void hk_ledger_drain(struct hk_ledger *ledger)
{
    struct hk_queue_item *item;
    struct hk_queue_item *next;

    for (item = hk_done_take(&ledger->written); item != NULL; item = next) {
        struct hk_write *write = (struct hk_write *)item;

        next = item->next;
        if (write->erased != NULL)
            write->erased(write->ctx, write->erasure);
        else
            write->done(write->ctx, write->tenant, write->first_seq);
        hk_write_free(write);
    }
    for (item = hk_done_take(&ledger->read); item != NULL; item = next) {
        next = item->next;
        ledger->reads_open--;
        hk_readers_finish(item, false);
    }
}

static enum hk_status open_tenant(
    struct hk_ledger *ledger, const char *name, hk_tenant number, struct hk_error *error)
{
    struct hk_write *write = hk_write_new();
    struct hk_verifier verifier;
    char key[HK_VERIFIER_KEY_SIZE];
    struct hk_buf payload;
    struct hk_jw jw;
    enum hk_status status;
    size_t size = 0;
    char *text;

    if (write == NULL)
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    hk_note_origin(ledger->ledger_id, name, verifier.name);
    memcpy(verifier.public_key, ledger->public_key, sizeof(verifier.public_key));
    hk_verifier_format(&verifier, key);
    hk_buf_init(&payload, HK_PAYLOAD_SIZE_MAX);
    hk_jw_init(&jw, &payload);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "format", "hk1");
    hk_jw_kv(&jw, "ledger", ledger->ledger_id);
    hk_jw_kv(&jw, "tenant", name);
    hk_jw_kv(&jw, "key", key);
    hk_jw_object_end(&jw);
    text = hk_buf_take(&payload, &size);
    if (text == NULL)
        status = hk_fail(error, HK_NOMEM, "ledger: out of memory");
    else
        status = hk_write_add(write, number, HK_KIND_LEDGER_OPENED, "ledger", "engine",
            hk_clock_now_us(&ledger->clock), text, size, error);
    if (status != HK_OK) {
        hk_write_free(write);
        return status;
    }
    return hk_ledger_write_now(ledger, write, error);
}

static enum hk_status moved_out(const char *name, struct hk_error *error)
{
    return hk_fail(error, HK_CONFLICT,
        "%s was moved out of this data folder: it goes on where it was taken in", name);
}

enum hk_status hk_ledger_tenant_open(
    struct hk_ledger *ledger, const char *name, hk_tenant *ret_tenant, struct hk_error *error)
{
    hk_tenant number = ledger->newest_tenant + 1;
    enum hk_status status;

    if (!hk_name_is_valid(name))
        return hk_fail(error, HK_INVALID, "not a tenant's name: %s", name);
    for (size_t i = 0; i < ledger->tenant_count; i++) {
        if (strcmp(ledger->tenants[i].name, name) == 0) {
            if (ledger->tenants[i].is_closed)
                return moved_out(name, error);
            *ret_tenant = ledger->tenants[i].number;
            return HK_OK;
        }
    }
    if (number >= HK_TENANTS_MAX)
        return hk_fail(error, HK_LIMIT, "more than %d tenants", HK_TENANTS_MAX);
    status = open_tenant(ledger, name, number, error);
    if (status == HK_OK)
        status = remember_tenant(ledger, name, number, false, error);
    if (status == HK_OK)
        *ret_tenant = number;
    return status;
}

const struct hk_rollback_list *hk_ledger_excused(const struct hk_ledger *ledger)
{
    return &ledger->excused;
}

/* --- keys --- */

enum hk_status hk_ledger_key_rotate(
    struct hk_ledger *ledger, const struct hk_key_change *change, struct hk_error *error)
{
    struct hk_write *write = hk_write_new();
    struct hk_key *key = NULL;
    struct hk_op *op;
    enum hk_status status = HK_OK;

    if (write == NULL)
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    if (ledger->tenant_count == 0)
        status = hk_fail(error, HK_NOT_FOUND, "no ledger has been opened yet: there is no key");
    if (status == HK_OK)
        status = hk_write_key(
            write, change, HK_OP_KEY_ROTATE, hk_clock_now_us(&ledger->clock), &op, error);
    if (status == HK_OK)
        status = hk_key_make_next(ledger->data_dir, error);
    if (status != HK_OK) {
        hk_write_free(write);
        return status;
    }
    hk_crashpoint("key.made");
    status = hk_ledger_write_now(ledger, write, error);
    if (status == HK_OK)
        status = hk_key_open(ledger->data_dir, false, &key, error);
    if (status == HK_OK)
        hk_key_public(key, ledger->public_key);
    hk_key_free(key);
    return status;
}

struct find_key {
    hk_tenant tenant;
    const char *id;
    uint8_t public_key[HK_KEY_PUBLIC_SIZE];
};

static enum hk_status find_key(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct find_key *find = job;
    struct hk_keychain chain;
    char id[HK_KEY_ID_TEXT_SIZE];
    bool is_found = false;
    enum hk_status status;

    hk_keychain_init(&chain);
    status = hk_keychain_load(reading->db, find->tenant, &chain, error);
    for (size_t i = 0; i < chain.count && status == HK_OK && !is_found; i++) {
        hk_verifier_id(&chain.links[i].verifier, id);
        is_found = strcmp(id, find->id) == 0;
        if (is_found && i + 1 == chain.count)
            status = hk_fail(error, HK_CONFLICT, "the key %s is in force: rotate first", id);
        memcpy(find->public_key, chain.links[i].verifier.public_key, sizeof(find->public_key));
    }
    if (status == HK_OK && !is_found)
        status = hk_fail(error, HK_NOT_FOUND, "no key %s signed in this ledger", find->id);
    hk_keychain_done(&chain);
    return status;
}

enum hk_status hk_ledger_key_revoke(struct hk_ledger *ledger, hk_tenant tenant, const char *key_id,
    int64_t since_us, const struct hk_key_change *change, struct hk_error *error)
{
    struct find_key find = {.tenant = tenant, .id = key_id};
    struct hk_write *write = hk_write_new();
    struct hk_op *op;
    enum hk_status status;

    if (write == NULL)
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    status = hk_ledger_read_now(ledger, find_key, &find, error);
    if (status == HK_OK)
        status = hk_write_key(
            write, change, HK_OP_KEY_REVOKE, hk_clock_now_us(&ledger->clock), &op, error);
    if (status != HK_OK) {
        hk_write_free(write);
        return status;
    }
    op->since_us = since_us;
    memcpy(op->hash, find.public_key, sizeof(op->hash));
    return hk_ledger_write_now(ledger, write, error);
}

struct hk_clock *hk_ledger_clock(struct hk_ledger *ledger)
{
    return &ledger->clock;
}

void hk_ledger_submit(struct hk_ledger *ledger, struct hk_write *take_write, enum hk_lane lane,
    hk_written_fn *done, void *ctx)
{
    take_write->done = done;
    take_write->ctx = ctx;
    hk_writer_put(ledger->writer, take_write, lane);
}

void hk_ledger_submit_erase(
    struct hk_ledger *ledger, struct hk_write *take_write, hk_erased_fn *erased, void *ctx)
{
    take_write->erased = erased;
    take_write->ctx = ctx;
    hk_writer_put(ledger->writer, take_write, HK_LANE_NORMAL);
}

enum hk_status hk_ledger_write_now(
    struct hk_ledger *ledger, struct hk_write *take_write, struct hk_error *error)
{
    /* A failure to write ends the process: what can be refused is refused here. */
    for (const struct hk_op *op = take_write->first; op != NULL; op = op->next) {
        for (size_t i = 0; i < ledger->tenant_count; i++) {
            if (ledger->tenants[i].number != op->tenant || !ledger->tenants[i].is_closed)
                continue;
            hk_write_free(take_write);
            return moved_out(ledger->tenants[i].name, error);
        }
    }
    hk_writer_put_and_wait(ledger->writer, take_write);
    return HK_OK;
}

size_t hk_ledger_backlog(struct hk_ledger *ledger)
{
    return hk_writer_backlog(ledger->writer);
}

enum hk_status hk_ledger_read(struct hk_ledger *ledger, hk_read_fn *fn, hk_read_done_fn *done,
    void *job, struct hk_error *error)
{
    enum hk_status status = hk_readers_put(ledger->readers, fn, done, job, error);

    if (status == HK_OK)
        ledger->reads_open++;
    return status;
}

size_t hk_ledger_reads_open(const struct hk_ledger *ledger)
{
    return ledger->reads_open;
}

enum hk_status hk_ledger_read_now(
    struct hk_ledger *ledger, hk_read_fn *fn, void *job, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    if (ledger->reading == NULL)
        status = hk_reading_open(ledger->data_dir, NULL, &ledger->reading, error);
    if (status == HK_OK) {
        status = hk_reading_run(ledger->reading, 0, fn, job, error);
        hk_db_release_memory(ledger->reading->db);
    }
    return status;
}

enum hk_room_state hk_ledger_room(const struct hk_ledger *ledger, uint64_t *ret_free_bytes)
{
    if (ret_free_bytes != NULL)
        *ret_free_bytes = atomic_load(&ledger->room.free_bytes);
    return atomic_load(&ledger->room.state);
}

void hk_ledger_stats(struct hk_ledger *ledger, struct hk_ledger_stats *ret_stats)
{
    hk_writer_stats(ledger->writer, ret_stats);
    ret_stats->write_backlog = hk_writer_backlog(ledger->writer);
    ret_stats->read_backlog = hk_readers_backlog(ledger->readers);
}

struct hk_search *hk_ledger_search(struct hk_ledger *ledger)
{
    return ledger->search;
}

struct hk_sinks *hk_ledger_sinks(struct hk_ledger *ledger)
{
    return ledger->sinks;
}
