/*
 * settings_sinks: `checkpoint_sink`, where copies of checkpoints go: the path of a folder, or a
 * list of tables with one key each.
 */
#include "app/settings_internal.h"

#include "limits.h"

#include <string.h>

static const char *const sink_keys[] = {"folder", "syslog", "command", NULL};

static enum hk_status no_memory(struct hk_error *error)
{
    return hk_fail(error, HK_NOMEM, "no memory for settings");
}

static enum hk_status read_command(struct hk_app_settings *settings, const struct hk_json *list,
    const char *path, struct hk_sink_setup *sink, struct hk_error *error)
{
    const char **words;
    size_t count = 0;

    if (list->type != HK_JSON_ARRAY || list->count == 0 || list->count > HK_SINK_COMMAND_WORDS_MAX)
        return hk_fail(error, HK_INVALID,
            "%s.command: expected a list of a program's path and its"
            " arguments, at most %d words",
            path, HK_SINK_COMMAND_WORDS_MAX);
    words = hk_arena_alloc(&settings->arena, (list->count + 1) * sizeof(*words));
    if (words == NULL)
        return no_memory(error);
    for (const struct hk_json *word = list->first; word != NULL; word = word->next) {
        if (hk_json_string(word) == NULL)
            return hk_fail(error, HK_INVALID, "%s.command[%zu]: expected a text", path, count + 1);
        words[count++] = word->text;
    }
    words[count] = NULL;
    sink->kind = HK_SINK_COMMAND;
    sink->command = words;
    return HK_OK;
}

static enum hk_status read_folder(struct hk_app_settings *settings, const char *text,
    struct hk_sink_setup *sink, struct hk_error *error)
{
    sink->kind = HK_SINK_FOLDER;
    return hk_settings_path(settings, text, &sink->place, error);
}

static enum hk_status read_sink(struct hk_app_settings *settings, const struct hk_json *table,
    const char *path, struct hk_sink_setup *sink, struct hk_error *error)
{
    const struct hk_json *only = table->first;
    enum hk_status status = hk_settings_keys(table, path, sink_keys, error);
    char key[80];

    if (status != HK_OK)
        return status;
    if (table->count != 1)
        return hk_fail(error, HK_INVALID, "%s: expected one of folder, syslog, command", path);
    (void)snprintf(key, sizeof(key), "%s.%s", path, only->key);
    if (strcmp(only->key, "command") == 0) {
        status = read_command(settings, only, path, sink, error);
    } else if (hk_json_string(only) == NULL) {
        return hk_fail(error, HK_INVALID, "%s: expected a text", key);
    } else if (strcmp(only->key, "folder") == 0) {
        status = read_folder(settings, only->text, sink, error);
    } else {
        sink->kind = HK_SINK_SYSLOG;
        sink->place = only->text;
    }
    if (status == HK_OK) {
        status = hk_sink_check(sink, error);
        if (status != HK_OK)
            status = hk_error_prefix(error, "%s", key);
    }
    return status;
}

enum hk_status hk_settings_sinks(struct hk_app_settings *settings, struct hk_error *error)
{
    const struct hk_json *given = hk_json_get(settings->doc.root, "checkpoint_sink");
    bool is_one = given != NULL && hk_json_string(given) != NULL;
    struct hk_sink_setup *sinks;
    enum hk_status status = HK_OK;
    size_t count;

    if (given == NULL)
        return HK_OK;
    if (!is_one && (given->type != HK_JSON_ARRAY || given->count == 0))
        return hk_fail(error, HK_INVALID,
            "checkpoint_sink: expected the path of a folder, or a list of sinks");
    count = is_one ? 1 : given->count;
    if (count > HK_SINKS_MAX)
        return hk_fail(error, HK_LIMIT, "checkpoint_sink: %d are the most", HK_SINKS_MAX);
    sinks = hk_arena_alloc(&settings->arena, count * sizeof(*sinks));
    if (sinks == NULL)
        return no_memory(error);
    memset(sinks, 0, count * sizeof(*sinks));
    settings->sinks = sinks;
    settings->sink_count = count;
    if (is_one)
        return read_folder(settings, given->text, &sinks[0], error);
    for (const struct hk_json *table = given->first; table != NULL && status == HK_OK;
         table = table->next) {
        char path[48];

        (void)snprintf(
            path, sizeof(path), "checkpoint_sink[%zu]", (size_t)(sinks - settings->sinks) + 1);
        status = read_sink(settings, table, path, sinks++, error);
    }
    return status;
}
