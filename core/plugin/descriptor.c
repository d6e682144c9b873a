/* In the plugin process: tables to JSON. */
#include "plugin/descriptor.h"
#include "plugin/words.h"

#include <string.h>

static const char *const option_names[] = {
    [HK_OPTION_TEXT] = "text",
    [HK_OPTION_INTEGER] = "integer",
    [HK_OPTION_BOOLEAN] = "boolean",
    [HK_OPTION_LIST] = "list",
    [HK_OPTION_DURATION] = "duration",
    [HK_OPTION_JSON] = "json",
};

bool hk_plugin_name_is_valid(const char *name)
{
    size_t size = name != NULL ? strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") : 0;

    return size > 0 && size <= 64 && name[size] == '\0';
}

/* Copy a row that may be shorter (an older plugin) or longer (a newer one) than ours; the name is
 * its first member. False at the end of the table. */
static bool copy_row(
    const void *table, size_t row_size, unsigned index, void *ret_row, size_t our_size)
{
    const char *row = (const char *)table + row_size * index;
    const char *name = NULL;

    memcpy(&name, row, sizeof(name));
    if (name == NULL)
        return false;
    memset(ret_row, 0, our_size);
    memcpy(ret_row, row, row_size < our_size ? row_size : our_size);
    return true;
}

enum hk_status hk_descriptor_copy(
    const struct hk_plugin *plugin, struct hk_descriptor_tables *ret_tables, struct hk_error *error)
{
    unsigned count = 0;

    if (memcmp(plugin->magic, HK_PLUGIN_MAGIC, sizeof(plugin->magic)) != 0)
        return hk_fail(error, HK_INVALID, "its descriptor has the wrong magic");
    if (plugin->size < sizeof(*plugin) || plugin->action_size < sizeof(struct hk_action) ||
        plugin->option_size < sizeof(struct hk_option) || plugin->action_size > 4096 ||
        plugin->option_size > 4096)
        return hk_fail(error, HK_INVALID, "its descriptor is of an older header: compile it again");
    if (plugin->actions == NULL)
        return hk_fail(error, HK_INVALID, "it has no actions");
    while (count < HK_DESCRIPTOR_ACTIONS_MAX &&
           copy_row(plugin->actions, plugin->action_size, count, &ret_tables->actions[count],
               sizeof(struct hk_action)))
        count++;
    if (count == HK_DESCRIPTOR_ACTIONS_MAX)
        return hk_fail(error, HK_LIMIT, "it has more than %d actions (or no end of the table)",
            HK_DESCRIPTOR_ACTIONS_MAX - 1);
    ret_tables->action_count = count;
    count = 0;
    while (plugin->options != NULL && count < HK_DESCRIPTOR_OPTIONS_MAX &&
           copy_row(plugin->options, plugin->option_size, count, &ret_tables->options[count],
               sizeof(struct hk_option)))
        count++;
    if (count == HK_DESCRIPTOR_OPTIONS_MAX)
        return hk_fail(error, HK_LIMIT, "it has more than %d options (or no end of the table)",
            HK_DESCRIPTOR_OPTIONS_MAX - 1);
    ret_tables->option_count = count;
    return HK_OK;
}

static void write_action(struct hk_jw *jw, const struct hk_action *action)
{
    hk_jw_object(jw);
    hk_jw_kv(jw, "name", action->name);
    hk_jw_kv(jw, "summary", action->summary);
    hk_jw_kv(jw, "effect", hk_effect_text(action->effect));
    hk_jw_kv(jw, "kind", hk_kind_of_action_text(action->kind));
    hk_jw_kv(jw, "capability", action->capability);
    hk_jw_kv(jw, "undo", action->undo);
    hk_jw_kv(jw, "residual", action->residual);
    hk_jw_kv(jw, "target", action->target);
    hk_jw_kv(jw, "target_type", action->target_type);
    hk_jw_kv(jw, "args_schema", action->args_schema);
    hk_jw_kv(jw, "result_schema", action->result_schema);
    hk_jw_kv_i64(jw, "time_max_ms", action->time_max_ms);
    hk_jw_kv_bool(jw, "can_start", action->start != NULL);
    hk_jw_kv_bool(jw, "can_cancel", action->cancel != NULL);
    hk_jw_kv_bool(jw, "can_probe", action->probe != NULL);
    hk_jw_kv_bool(jw, "can_verify", action->verify != NULL);
    hk_jw_kv_bool(jw, "can_tell_ready", action->ready != NULL);
    hk_jw_kv_bool(jw, "can_renew", action->renew != NULL);
    hk_jw_object_end(jw);
}

static void write_option(struct hk_jw *jw, const struct hk_option *option)
{
    bool is_known = option->type >= HK_OPTION_TEXT && option->type <= HK_OPTION_JSON;

    hk_jw_object(jw);
    hk_jw_kv(jw, "name", option->name);
    hk_jw_kv(jw, "type", is_known ? option_names[option->type] : NULL);
    hk_jw_kv(jw, "default", option->default_json);
    hk_jw_kv(jw, "help", option->help);
    hk_jw_object_end(jw);
}

static void write_files(struct hk_jw *jw, const struct hk_served_file *files)
{
    for (unsigned i = 0; files != NULL && files[i].name != NULL && i < HK_DESCRIPTOR_FILES_MAX;
         i++) {
        hk_jw_object(jw);
        hk_jw_kv(jw, "name", files[i].name);
        hk_jw_kv(jw, "content_type", files[i].content_type);
        hk_jw_kv(jw, "summary", files[i].summary);
        hk_jw_object_end(jw);
    }
}

void hk_descriptor_write(
    struct hk_jw *jw, const struct hk_plugin *plugin, const struct hk_descriptor_tables *tables)
{
    hk_jw_object(jw);
    hk_jw_kv(jw, "name", plugin->name);
    hk_jw_kv(jw, "version", plugin->version);
    hk_jw_kv(jw, "summary", plugin->summary);
    hk_jw_key(jw, "options");
    hk_jw_array(jw);
    for (unsigned i = 0; i < tables->option_count; i++)
        write_option(jw, &tables->options[i]);
    hk_jw_array_end(jw);
    hk_jw_key(jw, "needs");
    hk_jw_array(jw);
    for (unsigned i = 0;
         plugin->needs != NULL && plugin->needs[i] != NULL && i <= HK_DESCRIPTOR_NEEDS_MAX; i++)
        hk_jw_string(jw, plugin->needs[i]);
    hk_jw_array_end(jw);
    hk_jw_key(jw, "actions");
    hk_jw_array(jw);
    for (unsigned i = 0; i < tables->action_count; i++)
        write_action(jw, &tables->actions[i]);
    hk_jw_array_end(jw);
    hk_jw_key(jw, "serves");
    hk_jw_array(jw);
    write_files(jw, plugin->serves);
    hk_jw_array_end(jw);
    hk_jw_object_end(jw);
}
