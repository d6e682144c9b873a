/*
 * edl: external dynamic lists, block lists with expiry for firewalls, proxies and resolvers that
 * poll files over HTTP: addresses, names, URLs.
 *
 * Each block holds its entry under the call's key; an entry stays listed while any block holds it.
 * What came in one turn of the loop is written together, store first and lists second (store.h),
 * and only then settled. So a settled block is in the store and in the file that is served, and a
 * crash between the files is mended at the next start, when the lists are written from the store.
 */
#include "file.h"
#include "store.h"

#include <cjson/cJSON.h>
#include <hikeshi/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EDL_RETRY_MS 5000
#define EDL_TIMER_MS_MAX (3600 * INT64_C(1000)) /* the clock may have been set meanwhile */
#define EDL_EXPIRES_MS_MAX (3660 * 24 * 3600 * INT64_C(1000))
#define EDL_LIST_ITEMS_MAX 1000
#define EDL_WHY_SIZE 400

struct change {
    struct change *next;
    uint64_t call_id;
    char *key;
    enum entry_kind kind;
    bool is_block; /* else it is an unblock */
    bool is_probe;
    bool has_changed; /* the store in memory; taken back when it can't be saved */
    bool was_listed;
    struct block before; /* of an unblock that has changed something: what it removed */
};

struct edl {
    const struct hk_host *host;
    struct store store;
    size_t max_entries;
    size_t entries[ENTRY_KINDS]; /* lines of each list */
    struct change *changes;      /* newest first */
    uint64_t flush_timer;
    uint64_t expiry_timer;
    bool is_stale[ENTRY_KINDS]; /* the list on the disk is older than the store */
};

static void flush(void *ctx);
static void expire(void *ctx);

static int64_t now_ms_of(const struct edl *edl)
{
    return edl->host->now_us() / 1000;
}

/* ---- writing ---- */

static bool any_is_stale(const struct edl *edl)
{
    bool is_stale = false;
    for (size_t kind = 0; kind < ENTRY_KINDS; kind++)
        is_stale |= edl->is_stale[kind];
    return is_stale;
}

static void arm_expiry(struct edl *edl)
{
    int64_t now_ms = now_ms_of(edl);
    int64_t next_ms = store_next_expiry(&edl->store, now_ms);
    if (edl->expiry_timer)
        edl->host->timer_cancel(edl->expiry_timer);
    edl->expiry_timer = 0;
    if (next_ms == 0 && !any_is_stale(edl))
        return;
    int64_t wait_ms = next_ms ? next_ms - now_ms : EDL_TIMER_MS_MAX;
    if (wait_ms > EDL_TIMER_MS_MAX)
        wait_ms = EDL_TIMER_MS_MAX;
    if (any_is_stale(edl) && wait_ms > EDL_RETRY_MS)
        wait_ms = EDL_RETRY_MS;
    edl->expiry_timer = edl->host->timer((uint64_t)wait_ms, expire, edl);
}

/* Write those that are stale. Returns the worst of what store_write_list says. */
static int write_lists(struct edl *edl, char *ret_why, size_t why_size)
{
    int worst = 0;
    for (enum entry_kind kind = ENTRY_IP; kind < ENTRY_KINDS; kind++) {
        if (!edl->is_stale[kind])
            continue;
        int result = store_write_list(
            &edl->store, kind, now_ms_of(edl), &edl->entries[kind], ret_why, why_size);
        edl->is_stale[kind] = result < 0;
        if (result < worst)
            worst = result;
    }
    arm_expiry(edl);
    return worst;
}

static int write_all_lists(struct edl *edl, char *ret_why, size_t why_size)
{
    for (size_t kind = 0; kind < ENTRY_KINDS; kind++)
        edl->is_stale[kind] = true;
    return write_lists(edl, ret_why, why_size);
}

static void expire(void *ctx)
{
    struct edl *edl = ctx;
    char why[EDL_WHY_SIZE];
    edl->expiry_timer = 0;
    size_t dropped = store_purge(&edl->store, now_ms_of(edl));
    if (dropped > 0 && store_save(&edl->store, why, sizeof(why)) < 0)
        edl->host->log(HK_PLUGIN_WARNING, why); /* the next change saves it */
    if (write_all_lists(edl, why, sizeof(why)) < 0)
        edl->host->log(HK_PLUGIN_ERROR, why);
}

/* ---- changes ---- */

static void settle_change(struct edl *edl, const struct change *change)
{
    char result[128];
    int64_t now_ms = now_ms_of(edl);
    const struct block *block = store_find(&edl->store, change->key);
    if (change->is_block || change->is_probe) {
        bool is_listed = block && store_holds(&edl->store, &block->entry, now_ms, NULL);
        snprintf(result, sizeof(result), "{\"listed\":%s,\"already\":%s,\"entries\":%zu}",
            is_listed ? "true" : "false", change->was_listed ? "true" : "false",
            edl->entries[change->kind]);
    } else {
        bool is_listed =
            change->has_changed && store_holds(&edl->store, &change->before.entry, now_ms, NULL);
        snprintf(result, sizeof(result), "{\"removed\":%s,\"listed\":%s,\"entries\":%zu}",
            change->has_changed ? "true" : "false", is_listed ? "true" : "false",
            edl->entries[change->kind]);
    }
    edl->host->settle(change->call_id, HK_DONE, result);
}

static void take_back(struct edl *edl, const struct change *change)
{
    if (!change->has_changed)
        return;
    if (change->is_block)
        store_remove(&edl->store, change->key);
    else
        store_add(&edl->store, change->key, &change->before.entry, change->before.since_ms,
            change->before.expires_ms, change->before.comment);
}

/* The store could not be saved: nothing of this turn took place. */
static void refuse_change(struct edl *edl, const struct change *change, const char *why)
{
    bool is_there = store_find(&edl->store, change->key) != NULL;
    bool was_so_before = !change->has_changed && !change->is_probe && is_there == change->is_block;
    if (was_so_before && !edl->is_stale[change->kind])
        settle_change(edl, change);
    else
        edl->host->settle(change->call_id, change->is_probe ? HK_UNKNOWN : HK_FAILED, why);
}

static void change_free(struct change *change)
{
    free(change->key);
    block_done(&change->before);
    free(change);
}

static struct change *reversed(struct change *list)
{
    struct change *result = NULL;
    while (list) {
        struct change *next = list->next;
        list->next = result;
        result = list;
        list = next;
    }
    return result;
}

/* The lists that this turn's changes belong to, and those that are older than the store. */
static int write_changed(struct edl *edl, char *ret_why, size_t why_size)
{
    for (const struct change *change = edl->changes; change; change = change->next)
        edl->is_stale[change->kind] |= change->has_changed;
    return any_is_stale(edl) ? write_lists(edl, ret_why, why_size) : 0;
}

static void flush(void *ctx)
{
    struct edl *edl = ctx;
    char why[EDL_WHY_SIZE] = "";
    bool has_changed = false;
    int saved = 0;
    int listed = 0;
    edl->flush_timer = 0;
    for (const struct change *change = edl->changes; change; change = change->next)
        has_changed |= change->has_changed;
    if (has_changed)
        saved = store_save(&edl->store, why, sizeof(why));
    if (saved == -1)
        for (const struct change *change = edl->changes; change; change = change->next)
            take_back(edl, change);
    else
        listed = write_changed(edl, why, sizeof(why));
    if (saved < 0 || listed < 0)
        edl->host->log(HK_PLUGIN_ERROR, why);

    struct change *changes = reversed(edl->changes);
    edl->changes = NULL;
    while (changes) {
        struct change *next = changes->next;
        if (saved == -1)
            refuse_change(edl, changes, why);
        else if (saved < 0 || listed < 0)
            edl->host->settle(changes->call_id, HK_UNKNOWN, why);
        else
            settle_change(edl, changes);
        change_free(changes);
        changes = next;
    }
}

static struct change *change_new(
    struct edl *edl, const struct hk_call *call, const char *key, enum entry_kind kind)
{
    struct change *change = memory_of(NULL, sizeof(*change));
    *change = (struct change){
        .call_id = call->id, .key = copy_of(key), .kind = kind, .next = edl->changes};
    edl->changes = change;
    if (!edl->flush_timer)
        edl->flush_timer = edl->host->timer(0, flush, edl);
    return change;
}

/* ---- arguments ---- */

struct request {
    struct entry entry; /* done by whoever read the request */
    int64_t expires_ms; /* from now; 0: never by itself */
    char comment[STORE_COMMENT_MAX + 1];
};

static bool key_is_fine(const char *key)
{
    if (!key || !*key || strlen(key) > STORE_KEY_MAX)
        return false;
    for (; *key; key++)
        if (*key <= ' ' || *key > '~')
            return false;
    return true;
}

/* The one of ip, domain and url that is there; the schemas let no more through. */
static const char *read_what(const cJSON *args, struct entry *ret_entry)
{
    for (enum entry_kind kind = ENTRY_IP; kind < ENTRY_KINDS; kind++) {
        const char *text =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(args, entry_word(kind)));
        if (text)
            return entry_read(kind, text, ret_entry);
    }
    return "what to block is missing";
}

static const char *read_request(const char *args_text, struct request *ret_request)
{
    cJSON *args = cJSON_Parse(args_text);
    const char *comment = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(args, "comment"));
    const cJSON *expires = cJSON_GetObjectItemCaseSensitive(args, "expires_ms");
    *ret_request = (struct request){0};
    const char *why = read_what(args, &ret_request->entry);
    if (!why && expires) {
        if (!cJSON_IsNumber(expires) || !(expires->valuedouble >= 1) ||
            expires->valuedouble > (double)EDL_EXPIRES_MS_MAX)
            why = "expires_ms is to be from 1 to ten years, in milliseconds from now";
        else
            ret_request->expires_ms = (int64_t)expires->valuedouble;
    }
    if (!why && comment) {
        if (strlen(comment) > STORE_COMMENT_MAX)
            why = "comment is longer than 200 bytes";
        else
            memcpy(ret_request->comment, comment, strlen(comment) + 1);
    }
    cJSON_Delete(args);
    return why;
}

/* What a call is about when no block says it. */
static enum entry_kind asked_kind(const char *args_text)
{
    struct request request = {0};
    enum entry_kind kind = ENTRY_IP;
    if (!read_request(args_text, &request))
        kind = request.entry.kind;
    entry_done(&request.entry);
    return kind;
}

/* ---- actions ---- */

static const char *check_block(struct edl *edl, const struct hk_call *call, struct request *request)
{
    if (!key_is_fine(call->key))
        return "the call's key is empty, too long, or not printable ASCII";
    const char *why = read_request(call->args, request);
    if (why)
        return why;
    if (request->entry.kind == ENTRY_IP && address_is_everything(&request->entry.range))
        return "a range that covers every address can't be blocked";
    const struct block *block = store_find(&edl->store, call->key);
    if (block)
        return entry_compare(&block->entry, &request->entry) == 0
                   ? NULL
                   : "this key already blocks something else";
    if (edl->store.count >= edl->max_entries)
        store_purge(&edl->store, now_ms_of(edl) + STORE_KEEP_EXPIRED_MS);
    return edl->store.count >= edl->max_entries ? "the list is full, see max_entries" : NULL;
}

static void block(void *state, const struct hk_call *call)
{
    struct edl *edl = state;
    struct request request = {0};
    const char *why = check_block(edl, call, &request);
    if (why) {
        edl->host->settle(call->id, HK_FAILED, why);
    } else {
        int64_t now_ms = now_ms_of(edl);
        struct change *change = change_new(edl, call, call->key, request.entry.kind);
        change->is_block = true;
        change->was_listed = store_holds(&edl->store, &request.entry, now_ms, NULL);
        change->has_changed = !store_find(&edl->store, call->key);
        if (change->has_changed)
            store_add(&edl->store, call->key, &request.entry, now_ms,
                request.expires_ms ? now_ms + request.expires_ms : 0, request.comment);
    }
    entry_done(&request.entry);
}

static void probe_block(void *state, const struct hk_call *call)
{
    struct edl *edl = state;
    const struct block *found = call->key ? store_find(&edl->store, call->key) : NULL;
    if (!found) {
        edl->host->settle(call->id, HK_DID_NOT, "no block has this key");
        return;
    }
    struct change *change = change_new(edl, call, call->key, found->entry.kind);
    change->is_probe = true;
    change->was_listed = store_holds(&edl->store, &found->entry, now_ms_of(edl), call->key);
}

/* Does the block stand? In the store, and in the file that is served, as it lies on the disk. */
static void verify_block(void *state, const struct hk_call *call)
{
    struct edl *edl = state;
    struct request request = {0};
    char failure[EDL_WHY_SIZE];
    char text[EDL_WHY_SIZE + 64] = "{\"holds\":true}";
    bool is_listed = false;
    const char *found = "the file that is served does not have it";
    const struct block *held = call->key ? store_find(&edl->store, call->key) : NULL;
    const char *why = read_request(call->args, &request);
    if (!why &&
        store_list_covers(&edl->store, &request.entry, &is_listed, failure, sizeof(failure)) < 0)
        why = failure;
    if (!held || entry_compare(&held->entry, &request.entry) != 0)
        found = "no block of this has this key";
    else if (!block_is_listed(held, now_ms_of(edl)))
        found = "the block has expired";
    else if (is_listed)
        found = NULL;
    if (found)
        snprintf(text, sizeof(text), "{\"holds\":false,\"found\":\"%s\"}", found);
    edl->host->settle(call->id, why ? HK_UNKNOWN : HK_DONE, why ? why : text);
    entry_done(&request.entry);
}

static void unblock(void *state, const struct hk_call *call)
{
    struct edl *edl = state;
    if (!call->undoes) {
        edl->host->settle(call->id, HK_FAILED, "only a block can be undone, and none was named");
        return;
    }
    const struct block *found = store_find(&edl->store, call->undoes);
    enum entry_kind kind = found ? found->entry.kind : asked_kind(call->args);
    struct change *change = change_new(edl, call, call->undoes, kind);
    if (!found)
        return;
    change->has_changed = true;
    change->before = block_copy(found);
    store_remove(&edl->store, call->undoes);
}

static void verify(void *state, const struct hk_call *call)
{
    struct edl *edl = state;
    struct request request = {0};
    char failure[EDL_WHY_SIZE];
    bool is_listed = false;
    const char *why = read_request(call->args, &request);
    if (!why &&
        store_list_covers(&edl->store, &request.entry, &is_listed, failure, sizeof(failure)) < 0)
        why = failure;
    if (why)
        edl->host->settle(call->id, HK_FAILED, why);
    else
        edl->host->settle(
            call->id, HK_DONE, is_listed ? "{\"listed\":true}" : "{\"listed\":false}");
    entry_done(&request.entry);
}

static void add_item(cJSON *items, const struct block *block)
{
    char address[ADDRESS_TEXT_SIZE];
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(
        item, entry_word(block->entry.kind), entry_text(&block->entry, address));
    cJSON_AddStringToObject(item, "key", block->key);
    cJSON_AddNumberToObject(item, "since_us", (double)block->since_ms * 1000);
    if (block->expires_ms)
        cJSON_AddNumberToObject(item, "expires_us", (double)block->expires_ms * 1000);
    if (*block->comment)
        cJSON_AddStringToObject(item, "comment", block->comment);
    cJSON_AddItemToArray(items, item);
}

static void list(void *state, const struct hk_call *call)
{
    struct edl *edl = state;
    int64_t now_ms = now_ms_of(edl);
    cJSON *args = cJSON_Parse(call->args);
    const char *after = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(args, "after"));
    cJSON *result = cJSON_CreateObject();
    cJSON_AddNumberToObject(result, "entries",
        (double)(edl->entries[ENTRY_IP] + edl->entries[ENTRY_DOMAIN] + edl->entries[ENTRY_URL]));
    cJSON *items = cJSON_AddArrayToObject(result, "items");
    const char *last = NULL;
    const char *next = NULL;
    size_t count = 0;
    for (size_t i = 0; i < edl->store.count && !next; i++) {
        const struct block *block = &edl->store.blocks[i];
        if (!block_is_listed(block, now_ms) || (after && strcmp(block->key, after) <= 0))
            continue;
        if (count++ == EDL_LIST_ITEMS_MAX) {
            next = last;
        } else {
            add_item(items, block);
            last = block->key;
        }
    }
    if (next)
        cJSON_AddStringToObject(result, "next", next);
    else
        cJSON_AddNullToObject(result, "next");
    char *text = cJSON_PrintUnformatted(result);
    if (text)
        edl->host->settle(call->id, HK_DONE, text);
    else
        edl->host->settle(call->id, HK_FAILED, "out of memory");
    cJSON_free(text);
    cJSON_Delete(result);
    cJSON_Delete(args);
}

/* ---- life ---- */

static void done(void *state)
{
    struct edl *edl = state;
    if (!edl)
        return;
    if (edl->flush_timer) {
        edl->host->timer_cancel(edl->flush_timer);
        flush(edl);
    }
    if (edl->expiry_timer)
        edl->host->timer_cancel(edl->expiry_timer);
    store_close(&edl->store);
    free(edl);
}

static int init(const struct hk_host *host, const struct hk_settings *settings, void **ret_state)
{
    char why[EDL_WHY_SIZE];
    struct edl *edl = memory_of(NULL, sizeof(*edl));
    *edl = (struct edl){.host = host, .max_entries = 100000};
    cJSON *options = cJSON_Parse(settings->options);
    const cJSON *max = cJSON_GetObjectItemCaseSensitive(options, "max_entries");
    bool is_bad = max && !(cJSON_IsNumber(max) && max->valuedouble >= 1 && max->valuedouble <= 1e6);
    if (max && !is_bad)
        edl->max_entries = (size_t)max->valuedouble;
    cJSON_Delete(options);
    if (is_bad)
        snprintf(why, sizeof(why), "max_entries is to be from 1 to 1000000");
    if (!is_bad && store_open(&edl->store, settings->state_dir, why, sizeof(why)) == 0) {
        store_purge(&edl->store, now_ms_of(edl));
        if (write_all_lists(edl, why, sizeof(why)) == 0) {
            *ret_state = edl;
            return 0;
        }
    }
    host->log(HK_PLUGIN_ERROR, why);
    done(edl);
    return -1;
}

#define ARGS(what, size_max)                                                                       \
    "{\"type\":\"object\",\"required\":[\"" what "\"],\"additionalProperties\":false,"             \
    "\"properties\":{\"" what "\":{\"type\":\"string\",\"minLength\":2,\"maxLength\":" size_max    \
    "},\"expires_ms\":{\"type\":\"integer\",\"minimum\":1,\"x-narrow\":true},"                     \
    "\"comment\":{\"type\":\"string\",\"maxLength\":200}}}"
#define BLOCKED                                                                                    \
    "{\"type\":\"object\",\"required\":[\"listed\",\"already\",\"entries\"],\"properties\":"       \
    "{\"listed\":{\"type\":\"boolean\"},\"already\":{\"type\":\"boolean\"},"                       \
    "\"entries\":{\"type\":\"integer\"}}}"
#define UNBLOCKED                                                                                  \
    "{\"type\":\"object\",\"required\":[\"removed\",\"listed\",\"entries\"],\"properties\":"       \
    "{\"removed\":{\"type\":\"boolean\"},\"listed\":{\"type\":\"boolean\"},"                       \
    "\"entries\":{\"type\":\"integer\"}}}"

/* Two actions, and what they have in common. */
#define BLOCK_AND_UNBLOCK(what, type, size_max, polled_by, stays)                                  \
    {                                                                                              \
        .name = "block_" what,                                                                     \
        .summary = "Put {" what "} on the block list that " polled_by,                             \
        .effect = HK_PROBEABLE,                                                                    \
        .kind = HK_CONTAIN,                                                                        \
        .capability = "contain.block_" what,                                                       \
        .undo = "unblock_" what,                                                                   \
        .residual = stays,                                                                         \
        .target = what,                                                                            \
        .target_type = type,                                                                       \
        .args_schema = ARGS(what, size_max),                                                       \
        .result_schema = BLOCKED,                                                                  \
        .start = block,                                                                            \
        .probe = probe_block,                                                                      \
        .verify = verify_block,                                                                    \
    },                                                                                             \
    {                                                                                              \
        .name = "unblock_" what,                                                                   \
        .summary = "Take {" what "} off the block list, unless another block still holds it",      \
        .effect = HK_IDEMPOTENT, .kind = HK_RESTORE, .capability = "release.block_" what,          \
        .target = what, .target_type = type, .args_schema = ARGS(what, size_max),                  \
        .result_schema = UNBLOCKED, .start = unblock,                                              \
    }

static const struct hk_action actions[] = {
    BLOCK_AND_UNBLOCK("ip", "address", "49", "firewalls poll",
        "Until their next poll firewalls keep dropping the address, and sessions that they cut "
        "stay "
        "cut."),
    BLOCK_AND_UNBLOCK("domain", "domain", "254", "resolvers and firewalls poll",
        "Until their next poll they keep refusing the name, and whoever asked keeps that answer "
        "for "
        "as long as it may be cached."),
    BLOCK_AND_UNBLOCK("url", "url", "2039", "proxies and firewalls poll",
        "Until their next poll they keep refusing the URL."),
    {
        .name = "list",
        .summary = "List the blocks",
        .effect = HK_READ,
        .kind = HK_ENRICH,
        .args_schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":"
                       "{\"after\":{\"type\":\"string\",\"maxLength\":200}}}",
        .result_schema =
            "{\"type\":\"object\",\"required\":[\"entries\",\"items\"],\"properties\":"
            "{\"entries\":{\"type\":\"integer\"},\"items\":{\"type\":\"array\"},\"next\":{}}}",
        .start = list,
    },
    {
        .name = "verify",
        .summary = "Look whether the served list covers {ip}",
        .effect = HK_READ,
        .kind = HK_ENRICH,
        .target = "ip",
        .target_type = "address",
        .args_schema = ARGS("ip", "49"),
        .result_schema = "{\"type\":\"object\",\"required\":[\"listed\"],\"properties\":"
                         "{\"listed\":{\"type\":\"boolean\"}}}",
        .start = verify,
    },
    {0},
};

static const struct hk_option options[] = {
    {"max_entries", HK_OPTION_INTEGER, "100000", "Blocks held at once, at most 1000000"},
    {0},
};

static const struct hk_served_file serves[] = {
    {"blocklist.txt", "text/plain; charset=utf-8", "Blocked addresses and ranges, one a line"},
    {"domains.txt", "text/plain; charset=utf-8", "Blocked names, one a line"},
    {"urls.txt", "text/plain; charset=utf-8", "Blocked URLs without their scheme, one a line"},
    {0},
};

HK_PLUGIN(edl, .version = "1.0.0", .summary = "Block lists that firewalls poll over HTTP",
    .options = options, .actions = actions, .serves = serves, .init = init, .done = done);
