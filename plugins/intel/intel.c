/*
 * intel: what local lists say about an address, a domain, a URL or a hash.
 *
 * Lists are read on a worker, at start and then whenever a file has changed (looked at once a
 * minute). Calls that come before the first reading is over wait for it.
 */
#include "feed.h"

#include <cjson/cJSON.h>
#include <hikeshi/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INTEL_REFRESH_MS 60000
#define INTEL_NAMED_MAX 32    /* lists in one result */
#define INTEL_LISTED_MAX 512  /* lists in the result of `lists` */
#define INTEL_WAITING_MAX 256 /* calls before the first reading is over */

struct waiting {
    uint64_t call_id;
    char *args;
    bool is_lookup;
};

struct intel {
    const struct hk_host *host;
    struct feed feed;
    struct refresh *refresh; /* at work */
    uint64_t timer;
    bool is_ready; /* the first reading is over */
    struct waiting waiting[INTEL_WAITING_MAX];
    size_t waiting_count;
};

static const char *const verdict_names[VERDICT_COUNT] = {"bad", "good", "note"};

static void settle_json(const struct intel *intel, uint64_t call_id, cJSON *result)
{
    char *text = cJSON_PrintUnformatted(result);
    if (text)
        intel->host->settle(call_id, HK_DONE, text);
    else
        intel->host->settle(call_id, HK_FAILED, "out of memory");
    cJSON_free(text);
    cJSON_Delete(result);
}

/* ---- lookup ---- */

#define QUESTIONS_MAX 4

/* One question for each argument. Returns NULL, or what is wrong with them. */
static const char *read_questions(
    const cJSON *args, struct question questions[QUESTIONS_MAX], size_t *ret_count)
{
    static const struct {
        const char *name;
        const char *(*ask)(struct question *question, const char *text);
    } kinds[QUESTIONS_MAX] = {{"ip", question_of_address}, {"domain", question_of_domain},
        {"url", question_of_url}, {"hash", question_of_hash}};
    *ret_count = 0;
    for (size_t i = 0; i < QUESTIONS_MAX; i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(args, kinds[i].name);
        if (!cJSON_IsString(item))
            continue;
        struct question *question = &questions[(*ret_count)++];
        memset(question, 0, sizeof(*question));
        question->digest_kind = -1;
        const char *why = kinds[i].ask(question, item->valuestring);
        if (why)
            return why;
    }
    return *ret_count == 0 ? "one of ip, domain, url, hash is needed" : NULL;
}

static bool match_any(const struct list *list, const struct question *questions, size_t count,
    char ret_match[INDICATOR_SIZE])
{
    for (size_t i = 0; i < count; i++)
        if (list_match(list, &questions[i], ret_match))
            return true;
    return false;
}

static void add_match(cJSON *lists, const struct list *list, const char *match)
{
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "name", list->name);
    cJSON_AddStringToObject(item, "verdict", verdict_names[list->verdict]);
    cJSON_AddStringToObject(item, "match", match);
    cJSON_AddItemToArray(lists, item);
}

/* Bad lists are named first, then good ones, then notes. */
static void answer(
    const struct intel *intel, uint64_t call_id, const struct question *questions, size_t count)
{
    char match[INDICATOR_SIZE];
    bool is_found[VERDICT_COUNT] = {false};
    const char *first = "";
    size_t unread = 0;
    int named = 0;
    cJSON *lists = cJSON_CreateArray();
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
        for (size_t i = 0; i < intel->feed.count; i++) {
            const struct list *list = intel->feed.members[i].list;
            unread += verdict == 0 && !list;
            if (!list || (int)list->verdict != verdict || !match_any(list, questions, count, match))
                continue;
            is_found[verdict] = true;
            if (named == 0)
                first = list->name;
            if (named++ < INTEL_NAMED_MAX)
                add_match(lists, list, match);
        }
    }
    cJSON *result = cJSON_CreateObject();
    cJSON_AddBoolToObject(result, "known_good", is_found[VERDICT_GOOD]);
    cJSON_AddBoolToObject(result, "known_bad", is_found[VERDICT_BAD]);
    cJSON_AddStringToObject(result, "list", first);
    cJSON_AddItemToObject(result, "lists", lists);
    cJSON_AddNumberToObject(result, "unread", (double)unread);
    settle_json(intel, call_id, result);
}

static void lookup_now(const struct intel *intel, uint64_t call_id, const char *args_text)
{
    struct question questions[QUESTIONS_MAX];
    size_t count = 0;
    cJSON *args = cJSON_Parse(args_text);
    const char *why = read_questions(args, questions, &count);
    cJSON_Delete(args);
    if (why)
        intel->host->settle(call_id, HK_FAILED, why);
    else
        answer(intel, call_id, questions, count);
}

/* ---- lists ---- */

static void add_member(cJSON *lists, const struct member *member)
{
    const struct list *list = member->list;
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "file", member->source.path);
    if (list) {
        cJSON_AddStringToObject(item, "name", list->name);
        cJSON_AddStringToObject(item, "verdict", verdict_names[list->verdict]);
        cJSON_AddNumberToObject(item, "entries", (double)list->entries);
        cJSON_AddNumberToObject(item, "skipped", (double)list->skipped);
        cJSON_AddNumberToObject(item, "loaded_us", (double)member->loaded_us);
    }
    int64_t file_us = member->stamp.mtime_ns / 1000;
    if (member->has_stamp)
        cJSON_AddNumberToObject(item, "file_us", (double)file_us);
    if (member->error)
        cJSON_AddStringToObject(item, "error", member->error);
    cJSON_AddItemToArray(lists, item);
}

static void lists_now(const struct intel *intel, uint64_t call_id)
{
    cJSON *result = cJSON_CreateObject();
    cJSON_AddNumberToObject(result, "count", (double)intel->feed.count);
    cJSON *lists = cJSON_AddArrayToObject(result, "lists");
    for (size_t i = 0; i < intel->feed.count && i < INTEL_LISTED_MAX; i++)
        add_member(lists, &intel->feed.members[i]);
    if (intel->feed.folder_error)
        cJSON_AddStringToObject(result, "error", intel->feed.folder_error);
    settle_json(intel, call_id, result);
}

/* ---- calls ---- */

static void start_or_wait(struct intel *intel, const struct hk_call *call, bool is_lookup)
{
    if (!intel->is_ready && intel->waiting_count == INTEL_WAITING_MAX)
        intel->host->settle(call->id, HK_FAILED, "the lists are still being read");
    else if (!intel->is_ready)
        intel->waiting[intel->waiting_count++] =
            (struct waiting){call->id, copy_of(call->args), is_lookup};
    else if (is_lookup)
        lookup_now(intel, call->id, call->args);
    else
        lists_now(intel, call->id);
}

static void lookup(void *state, const struct hk_call *call)
{
    start_or_wait(state, call, true);
}

static void lists_action(void *state, const struct hk_call *call)
{
    start_or_wait(state, call, false);
}

/* ---- refresh ---- */

static void log_line(void *ctx, bool is_error, const char *text)
{
    const struct intel *intel = ctx;
    intel->host->log(is_error ? HK_PLUGIN_ERROR : HK_PLUGIN_WARNING, text);
}

static void refresh_begin(void *ctx);

static void work(void *ctx)
{
    refresh_work(((struct intel *)ctx)->refresh);
}

static void work_finished(void *ctx)
{
    struct intel *intel = ctx;
    feed_take(&intel->feed, intel->refresh, intel->host->now_us(), log_line, intel);
    intel->refresh = NULL;
    intel->is_ready = true;
    intel->timer = intel->host->timer(INTEL_REFRESH_MS, refresh_begin, intel);
    for (size_t i = 0; i < intel->waiting_count; i++) {
        struct waiting *waiting = &intel->waiting[i];
        if (waiting->is_lookup)
            lookup_now(intel, waiting->call_id, waiting->args);
        else
            lists_now(intel, waiting->call_id);
        free(waiting->args);
    }
    intel->waiting_count = 0;
}

static void refresh_begin(void *ctx)
{
    struct intel *intel = ctx;
    intel->timer = 0;
    intel->refresh = refresh_new(&intel->feed);
    intel->host->work(work, work_finished, intel);
}

/* ---- options ---- */

static const char *read_list(struct feed *feed, const cJSON *item, int folder_verdict)
{
    const char *file = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "file"));
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "name"));
    const cJSON *verdict = cJSON_GetObjectItemCaseSensitive(item, "verdict");
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(item, "type");
    struct source source = {.path = (char *)file, /* copied by feed_add */
        .name = (char *)name,
        .verdict = cJSON_IsString(verdict) ? verdict_named(verdict->valuestring) : -1,
        .verdict_of_misp = folder_verdict};
    int type_number = cJSON_IsString(type) ? entry_type_named(type->valuestring) : ENTRY_AUTO;
    if (!file || file[0] != '/')
        return "file is to be an absolute path";
    if (verdict && source.verdict < 0)
        return "verdict is to be one of good, bad, note";
    if ((type && !cJSON_IsString(type)) || type_number < 0)
        return "type is to be one of auto, address, hash, domain, host, url";
    if (feed->count >= FEED_FILES_MAX)
        return "there are more than 4096";
    source.type = (enum entry_type)type_number;
    feed_add(feed, &source, false);
    return NULL;
}

static int read_options(struct feed *feed, const cJSON *options, char *ret_why, size_t why_size)
{
    const cJSON *lists = cJSON_GetObjectItemCaseSensitive(options, "lists");
    const char *folder = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(options, "folder"));
    const char *verdict =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(options, "folder_verdict"));
    size_t number = 0;
    const cJSON *item;
    feed->folder_verdict = verdict ? verdict_named(verdict) : VERDICT_GOOD;
    if (feed->folder_verdict < 0) {
        snprintf(ret_why, why_size, "folder_verdict is to be one of good, bad, note");
        return -1;
    }
    if (folder && *folder && *folder != '/') {
        snprintf(ret_why, why_size, "folder is to be an absolute path");
        return -1;
    }
    if (folder && *folder)
        feed->folder = copy_of(folder);
    if (lists && !cJSON_IsArray(lists) && !(cJSON_IsObject(lists) && !lists->child)) {
        snprintf(ret_why, why_size, "lists is to be an array");
        return -1;
    }
    cJSON_ArrayForEach(item, lists)
    {
        const char *why = read_list(feed, item, feed->folder_verdict);
        number++;
        if (why) {
            snprintf(ret_why, why_size, "lists: entry %zu: %s", number, why);
            return -1;
        }
    }
    return 0;
}

/* ---- life ---- */

static void done(void *state)
{
    static struct intel *still_working;
    struct intel *intel = state;
    if (!intel)
        return;
    if (intel->timer)
        intel->host->timer_cancel(intel->timer);
    for (size_t i = 0; i < intel->waiting_count; i++) {
        intel->host->settle(intel->waiting[i].call_id, HK_FAILED, "the plugin is stopping");
        free(intel->waiting[i].args);
    }
    intel->waiting_count = 0;
    still_working = intel->refresh ? intel : NULL;
    if (still_working)
        return; /* a worker reads what would be freed; it goes with the process */
    feed_free(&intel->feed);
    free(intel);
}

static int init(const struct hk_host *host, const struct hk_settings *settings, void **ret_state)
{
    char why[400];
    struct intel *intel = memory_of(NULL, sizeof(*intel));
    memset(intel, 0, sizeof(*intel));
    intel->host = host;
    cJSON *options = cJSON_Parse(settings->options);
    int result = read_options(&intel->feed, options, why, sizeof(why));
    cJSON_Delete(options);
    if (result < 0) {
        host->log(HK_PLUGIN_ERROR, why);
        done(intel);
        return -1;
    }
    refresh_begin(intel);
    *ret_state = intel;
    return 0;
}

#define TEXT(size_max) "{\"type\":\"string\",\"minLength\":1,\"maxLength\":" #size_max "}"

static const struct hk_action actions[] = {
    {
        .name = "lookup",
        .summary = "Look up {ip}{domain}{url}{hash} in the local lists",
        .effect = HK_READ,
        .kind = HK_ENRICH,
        .capability = "enrich.lookup",
        .args_schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
                       "\"ip\":" TEXT(49) ",\"domain\":" TEXT(255) ",\"url\":" TEXT(
                           2048) ",\"hash\":" TEXT(200) "}}",
        .result_schema =
            "{\"type\":\"object\",\"required\":[\"known_good\",\"known_bad\",\"list\",\"lists\"],"
            "\"properties\":{\"known_good\":{\"type\":\"boolean\"},"
            "\"known_bad\":{\"type\":\"boolean\"},\"list\":{\"type\":\"string\"},"
            "\"lists\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
            "\"name\":{\"type\":\"string\"},\"verdict\":{\"type\":\"string\"},"
            "\"match\":{\"type\":\"string\"}}}},\"unread\":{\"type\":\"integer\"}}}",
        .start = lookup,
    },
    {
        .name = "lists",
        .summary = "Name the local lists, with their sizes and errors",
        .effect = HK_READ,
        .kind = HK_ENRICH,
        .args_schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{}}",
        .result_schema = "{\"type\":\"object\",\"required\":[\"count\",\"lists\"],\"properties\":{"
                         "\"count\":{\"type\":\"integer\"},\"lists\":{\"type\":\"array\"},"
                         "\"error\":{\"type\":\"string\"}}}",
        .start = lists_action,
    },
    {0},
};

static const struct hk_option options_table[] = {
    {"lists", HK_OPTION_JSON, "[]",
        "Files to read: [{\"file\":\"/path\",\"name\":\"…\",\"verdict\":\"good|bad|note\","
        "\"type\":\"auto|address|hash|domain|host|url\"}], all but file optional"},
    {"folder", HK_OPTION_TEXT, "\"\"", "A folder of which every *.json and *.txt is read"},
    {"folder_verdict", HK_OPTION_TEXT, "\"good\"",
        "What being on a MISP warning list means when nothing else says: good, bad or note"},
    {0},
};

HK_PLUGIN(intel, .version = "1.0.0", .summary = "Local lists of known good and known bad",
    .options = options_table, .actions = actions, .init = init, .done = done);
