/*
 * nftables: blocks addresses and isolates hosts in the packet filter of the network namespace that
 * this process was put into (grant net_admin), in a table of its own.
 *
 * What holds is what the kernel says: each block is an element of a set, with the call's key as its
 * comment and a time-out of its own (filter.h). Questions to the kernel are answered while they are
 * asked, so everything happens on the plugin's thread.
 */
#include "filter.h"
#include "options.h"

#include <cjson/cJSON.h>
#include <hikeshi/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plugin {
    const struct hk_host *host;
    struct options options;
    struct filter filter;
};

/* ---- arguments ---- */

static bool key_is_fine(const char *key)
{
    size_t size = key != NULL ? strlen(key) : 0;

    if (size == 0 || size > HOLD_KEY_SIZE_MAX)
        return false;
    for (; *key != '\0'; key++)
        if (*key <= ' ' || *key > '~' || *key == '"' || *key == '\\')
            return false;
    return true;
}

/* NULL, or why not. */
static const char *read_subject(const struct hk_call *call, const char *key, bool is_isolation,
    struct filter_subject *ret_subject)
{
    *ret_subject = (struct filter_subject){.is_isolation = is_isolation, .key = key};
    if (!key_is_fine(key))
        return "the call's key is empty, too long, or not plain ASCII";
    cJSON *args = cJSON_Parse(call->args);
    const char *ip = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(args, "ip"));
    const char *why = ip != NULL ? address_parse(ip, &ret_subject->range) : "ip is missing";
    cJSON_Delete(args);
    return why;
}

static void settle(struct plugin *plugin, const struct hk_call *call, enum filter_outcome outcome,
    const char *text)
{
    static const enum hk_outcome outcomes[] = {
        [FILTER_DONE] = HK_DONE, [FILTER_FAILED] = HK_FAILED, [FILTER_UNKNOWN] = HK_UNKNOWN};

    plugin->host->settle(call->id, outcomes[outcome], text);
}

/* ---- actions ---- */

static void put(struct plugin *plugin, const struct hk_call *call, bool is_isolation)
{
    struct filter_subject subject;
    struct filter_report report = {0};
    char text[FILTER_WHY_SIZE];
    char line[FILTER_WHY_SIZE + 64];

    const char *why = read_subject(call, call->key, is_isolation, &subject);
    if (why == NULL)
        why = options_refusal(&plugin->options, is_isolation, &subject.range);
    if (why != NULL) {
        plugin->host->settle(call->id, HK_FAILED, why);
        return;
    }
    enum filter_outcome outcome =
        filter_put(&plugin->filter, &subject, call->lease_ms, &report, text);
    if (report.was_mended) {
        snprintf(line, sizeof(line), "the table was put right again: %s", text);
        plugin->host->log(HK_PLUGIN_WARNING, line);
    }
    if (outcome == FILTER_DONE) {
        char set[LAYOUT_NAME_SIZE];
        layout_set_name(hold_kind(is_isolation, &subject.range), report.layer, set);
        snprintf(text, sizeof(text), "{\"held\":true,\"already\":%s,\"set\":\"%s\"}",
            report.was_there ? "true" : "false", set);
    }
    settle(plugin, call, outcome, text);
}

static void block(void *state, const struct hk_call *call)
{
    put(state, call, false);
}

static void isolate(void *state, const struct hk_call *call)
{
    put(state, call, true);
}

static void take(struct plugin *plugin, const struct hk_call *call, bool is_isolation)
{
    struct filter_subject subject;
    struct filter_report report = {0};
    char text[FILTER_WHY_SIZE];

    const char *why = read_subject(call, call->undoes, is_isolation, &subject);
    if (why != NULL) {
        plugin->host->settle(call->id, HK_FAILED, why);
        return;
    }
    enum filter_outcome outcome = filter_take(&plugin->filter, &subject, &report, text);
    if (outcome == FILTER_DONE)
        snprintf(text, sizeof(text), "{\"held\":false,\"was_held\":%s}",
            report.was_there ? "true" : "false");
    settle(plugin, call, outcome, text);
}

static void unblock(void *state, const struct hk_call *call)
{
    take(state, call, false);
}

static void unisolate(void *state, const struct hk_call *call)
{
    take(state, call, true);
}

static void renew(struct plugin *plugin, const struct hk_call *call, bool is_isolation)
{
    struct filter_subject subject;
    char text[FILTER_WHY_SIZE] = "{}";

    const char *why = read_subject(call, call->key, is_isolation, &subject);
    if (why != NULL)
        plugin->host->settle(call->id, HK_FAILED, why);
    else
        settle(plugin, call, filter_renew(&plugin->filter, &subject, call->lease_ms, text), text);
}

static void renew_block(void *state, const struct hk_call *call)
{
    renew(state, call, false);
}

static void renew_isolation(void *state, const struct hk_call *call)
{
    renew(state, call, true);
}

/* ---- questions ---- */

static void verify(struct plugin *plugin, const struct hk_call *call, bool is_isolation)
{
    struct filter_subject subject;
    struct filter_view view;
    char text[2 * FILTER_WHY_SIZE + 64];

    const char *why = read_subject(call, call->key, is_isolation, &subject);
    if (why != NULL) {
        plugin->host->settle(call->id, HK_UNKNOWN, why);
        return;
    }
    if (filter_look(&plugin->filter, &subject, call->lease_ms, &view, text) != FILTER_DONE)
        plugin->host->settle(call->id, HK_UNKNOWN, text);
    else {
        /* found is made of our own words, addresses and names: nothing to escape. */
        if (view.holds)
            snprintf(text, sizeof(text), "{\"holds\":true,\"packets\":%llu}",
                (unsigned long long)view.packets);
        else
            snprintf(text, sizeof(text), "{\"holds\":false,\"found\":\"%s\"}", view.found);
        plugin->host->settle(call->id, HK_DONE, text);
    }
}

static void verify_block(void *state, const struct hk_call *call)
{
    verify(state, call, false);
}

static void verify_isolation(void *state, const struct hk_call *call)
{
    verify(state, call, true);
}

/* Did it happen? The element is there, or it is not: what the rules make of it is for verify. */
static void probe(struct plugin *plugin, const struct hk_call *call, bool is_isolation)
{
    struct filter_subject subject;
    struct filter_view view;
    char text[FILTER_WHY_SIZE];

    const char *why = read_subject(call, call->key, is_isolation, &subject);
    if (why == NULL && filter_look(&plugin->filter, &subject, 0, &view, text) != FILTER_DONE)
        why = text;
    if (why != NULL)
        plugin->host->settle(call->id, HK_UNKNOWN, why);
    else if (view.is_there)
        plugin->host->settle(call->id, HK_DONE, "{\"held\":true,\"already\":true}");
    else
        plugin->host->settle(call->id, HK_DID_NOT, "nothing is held under this key");
}

static void probe_block(void *state, const struct hk_call *call)
{
    probe(state, call, false);
}

static void probe_isolation(void *state, const struct hk_call *call)
{
    probe(state, call, true);
}

static void ready_to_block(void *state, const struct hk_call *call)
{
    struct plugin *plugin = state;
    char text[FILTER_WHY_SIZE] = "{}";

    settle(plugin, call, filter_try(&plugin->filter, false, text), text);
}

static void ready_to_isolate(void *state, const struct hk_call *call)
{
    struct plugin *plugin = state;
    char text[FILTER_WHY_SIZE] = "{}";

    settle(plugin, call, filter_try(&plugin->filter, true, text), text);
}

/* ---- life ---- */

static int init(const struct hk_host *host, const struct hk_settings *settings, void **ret_state)
{
    struct plugin *plugin = host->alloc(sizeof(*plugin));
    char why[OPTIONS_WHY_SIZE];

    memset(plugin, 0, sizeof(*plugin));
    plugin->host = host;
    int result = options_read(settings->options, &plugin->options, why);
    if (result == 0) {
        plugin->filter.layout = plugin->options.layout;
        plugin->filter.margin_ms = plugin->options.margin_ms;
        int error = filter_open(&plugin->filter);
        if (error != 0) {
            snprintf(why, sizeof(why), "can't talk to netfilter: %s", strerror(error));
            result = -1;
        }
    }
    if (result != 0) {
        host->log(HK_PLUGIN_ERROR, why);
        host->free(plugin);
        return -1;
    }
    *ret_state = plugin;
    return 0;
}

static void done(void *state)
{
    struct plugin *plugin = state;

    filter_close(&plugin->filter);
    plugin->host->free(plugin);
}

#define ARGS                                                                                       \
    "{\"type\":\"object\",\"required\":[\"ip\"],\"additionalProperties\":false,\"properties\":{"   \
    "\"ip\":{\"type\":\"string\",\"minLength\":2,\"maxLength\":49},"                               \
    "\"comment\":{\"type\":\"string\",\"maxLength\":200}}}"

#define PUT_RESULT                                                                                 \
    "{\"type\":\"object\",\"required\":[\"held\",\"already\"],\"properties\":{"                    \
    "\"held\":{\"type\":\"boolean\"},\"already\":{\"type\":\"boolean\"},"                          \
    "\"set\":{\"type\":\"string\"}}}"

#define TAKE_RESULT                                                                                \
    "{\"type\":\"object\",\"required\":[\"held\",\"was_held\"],\"properties\":{"                   \
    "\"held\":{\"type\":\"boolean\"},\"was_held\":{\"type\":\"boolean\"}}}"

static const struct hk_action actions[] = {
    {
        .name = "block",
        .summary = "Drop all packets from and to {ip}",
        .effect = HK_IDEMPOTENT,
        .kind = HK_CONTAIN,
        .capability = "contain.block_ip",
        .undo = "unblock",
        .residual = "Connections that gave up while it was blocked stay closed.",
        .target = "ip",
        .target_type = "address",
        .args_schema = ARGS,
        .result_schema = PUT_RESULT,
        .start = block,
        .probe = probe_block,
        .verify = verify_block,
        .ready = ready_to_block,
        .renew = renew_block,
    },
    {
        .name = "unblock",
        .summary = "Let packets from and to {ip} pass again, unless another block covers it",
        .effect = HK_IDEMPOTENT,
        .kind = HK_RESTORE,
        .capability = "release.block_ip",
        .target = "ip",
        .target_type = "address",
        .args_schema = ARGS,
        .result_schema = TAKE_RESULT,
        .start = unblock,
        .ready = ready_to_block,
    },
    {
        .name = "isolate_host",
        .summary = "Forward nothing from and to the host {ip}, but for management",
        .effect = HK_IDEMPOTENT,
        .kind = HK_CONTAIN,
        .capability = "contain.isolate_host",
        .undo = "unisolate_host",
        .residual = "Connections that gave up while it was isolated stay closed. What the host "
                    "exchanges with this router itself, or with neighbours on its own network, "
                    "was never cut.",
        .target = "ip",
        .target_type = "address",
        .args_schema = ARGS,
        .result_schema = PUT_RESULT,
        .start = isolate,
        .probe = probe_isolation,
        .verify = verify_isolation,
        .ready = ready_to_isolate,
        .renew = renew_isolation,
    },
    {
        .name = "unisolate_host",
        .summary = "Forward from and to the host {ip} again, unless another isolation holds it",
        .effect = HK_IDEMPOTENT,
        .kind = HK_RESTORE,
        .capability = "release.isolate_host",
        .target = "ip",
        .target_type = "address",
        .args_schema = ARGS,
        .result_schema = TAKE_RESULT,
        .start = unisolate,
        .ready = ready_to_isolate,
    },
    {0},
};

static const struct hk_option options[] = {
    {"table", HK_OPTION_TEXT, "\"hikeshi\"", "Name of the table (family inet) that is ours alone"},
    {"hooks", HK_OPTION_LIST, "[\"input\",\"forward\",\"output\"]", "Where blocking happens"},
    {"priority", HK_OPTION_INTEGER, "-10", "Of these hooks; 0 is that of most packet filters"},
    {"management", HK_OPTION_LIST, "[]",
        "Who stays connected to isolated hosts: \"ADDRESS\", \"from ADDRESS port N\", \"to ADDRESS "
        "port N\""},
    {"widest_v4", HK_OPTION_INTEGER, "16", "Shortest prefix length of IPv4 that may be blocked"},
    {"widest_v6", HK_OPTION_INTEGER, "32", "Shortest prefix length of IPv6 that may be blocked"},
    {"margin", HK_OPTION_DURATION, "\"10m\"",
        "Between the end of a lease and the kernel letting go by itself"},
    {0},
};

static const char *const needs[] = {"net_admin", NULL};

HK_PLUGIN(nftables, .version = "1.0.0",
    .summary = "Blocks addresses and isolates hosts in the kernel's packet filter",
    .options = options, .needs = needs, .actions = actions, .init = init, .done = done);
