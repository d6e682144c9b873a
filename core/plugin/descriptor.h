/*
 * descriptor: a plugin's descriptor, from the tables in its memory to JSON (in the plugin process)
 * and from that JSON to what the engine may rely on (in the engine). The engine believes nothing
 * that it did not check: names, effects, kinds, schemas, that what can be probed has a probe and
 * that what contains can be undone.
 */
#ifndef HK_PLUGIN_DESCRIPTOR_H
#define HK_PLUGIN_DESCRIPTOR_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "hikeshi/plugin.h"
#include "plugin/pool.h"

#define HK_DESCRIPTOR_ACTIONS_MAX 128
#define HK_DESCRIPTOR_OPTIONS_MAX 64
#define HK_DESCRIPTOR_NEEDS_MAX 64
#define HK_DESCRIPTOR_FILES_MAX 32

/* --- in the plugin process --- */

/* The tables with this engine's row sizes, whatever the plugin was compiled with. */
struct hk_descriptor_tables {
    struct hk_action actions[HK_DESCRIPTOR_ACTIONS_MAX];
    unsigned action_count;
    struct hk_option options[HK_DESCRIPTOR_OPTIONS_MAX];
    unsigned option_count;
};

/* Check magic and sizes, and copy the tables. */
HK_MUST_CHECK enum hk_status hk_descriptor_copy(const struct hk_plugin *plugin,
    struct hk_descriptor_tables *ret_tables, struct hk_error *error);
void hk_descriptor_write(
    struct hk_jw *jw, const struct hk_plugin *plugin, const struct hk_descriptor_tables *tables);

/* --- in the engine --- */

struct hk_descriptor_file {
    const char *name;
    const char *content_type;
    const char *summary;
};

/* Texts point into the JSON it was read from, which has to stay. */
struct hk_descriptor {
    const char *name;
    const char *version;
    const char *summary;
    struct hk_action_info *actions;
    unsigned action_count;
    const char **needs; /* NULL-ended */
    struct hk_descriptor_file *files;
    unsigned file_count;
    const struct hk_json *options; /* array, may be NULL */
};

/* Read and validate; arrays are made in arena. HK_INVALID names the action and what is wrong. */
HK_MUST_CHECK enum hk_status hk_descriptor_read(const struct hk_json *json,
    const char *expected_name, struct hk_arena *arena, struct hk_descriptor *ret_descriptor,
    struct hk_error *error);
/* The descriptor for the API and the ledger, schemas as JSON. */
void hk_descriptor_publish(
    const struct hk_descriptor *descriptor, const char *sha256, struct hk_buf *out);

/* Is this a name: 1 to 64 of [a-z0-9_]? NULL is none. */
bool hk_plugin_name_is_valid(const char *name);

/* Is schema a JSON object of the subset that hk_schema_check understands? Words it does not know
 * are refused, since a rule that is silently not applied is worse than none. */
HK_MUST_CHECK enum hk_status hk_schema_is_supported(const char *schema, struct hk_error *error);

#endif
