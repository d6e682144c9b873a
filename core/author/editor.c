/*
 * editor: see editor.h.
 */
#include "author/editor.h"
#include "author/actions.h"
#include "author/embed.h"
#include "author/globals.h"
#include "limits.h"
#include "script/terms.h"

#include <string.h>

#define SCHEMA_DEPTH_MAX 6

/* --- schemas as LuaCATS types --- */

static void write_type(struct hk_buf *out, const struct hk_json *schema, unsigned depth);

/* A string as it stands in a type; what would end the line or the string is left out. */
static void write_quoted(struct hk_buf *out, const char *text)
{
    hk_buf_append_char(out, '"');
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text >= 0x20 && *text != '"' && *text != '\\')
            hk_buf_append_char(out, *text);
    }
    hk_buf_append_char(out, '"');
}

static bool is_word(const char *text)
{
    return *text != '\0' && (*text < '0' || *text > '9') &&
           text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")] ==
               '\0';
}

static bool is_required(const struct hk_json *schema, const char *name)
{
    const struct hk_json *list = hk_json_get(schema, "required");

    for (const struct hk_json *item = list == NULL ? NULL : list->first; item != NULL;
         item = item->next) {
        if (hk_json_string(item) != NULL && strcmp(item->text, name) == 0)
            return true;
    }
    return false;
}

static void write_object( // NOLINT(misc-no-recursion)
    struct hk_buf *out, const struct hk_json *schema, unsigned depth)
{
    const struct hk_json *properties = hk_json_get(schema, "properties");
    bool is_first = true;

    if (properties == NULL || properties->count == 0 || depth == 0) {
        hk_buf_append_text(out, "table");
        return;
    }
    hk_buf_append_char(out, '{');
    for (const struct hk_json *item = properties->first; item != NULL; item = item->next) {
        if (!is_word(item->key))
            continue;
        hk_buf_appendf(out, "%s%s%s: ", is_first ? "" : ", ", item->key,
            is_required(schema, item->key) ? "" : "?");
        write_type(out, item, depth - 1);
        is_first = false;
    }
    hk_buf_append_text(out, is_first ? "[string]: any}" : "}");
}

static void write_one_type( // NOLINT(misc-no-recursion)
    struct hk_buf *out, const struct hk_json *schema, const char *type, unsigned depth)
{
    if (strcmp(type, "object") == 0) {
        write_object(out, schema, depth);
    } else if (strcmp(type, "array") == 0) {
        hk_buf_append_char(out, '(');
        write_type(out, hk_json_get(schema, "items"), depth == 0 ? 0 : depth - 1);
        hk_buf_append_text(out, ")[]");
    } else if (strcmp(type, "null") == 0) {
        hk_buf_append_text(out, "nil");
    } else if (strcmp(type, "string") == 0 || strcmp(type, "integer") == 0 ||
               strcmp(type, "number") == 0 || strcmp(type, "boolean") == 0) {
        hk_buf_append_text(out, type);
    } else {
        hk_buf_append_text(out, "any");
    }
}

static void write_enum(struct hk_buf *out, const struct hk_json *list)
{
    bool is_first = true;

    for (const struct hk_json *item = list->first; item != NULL; item = item->next) {
        hk_buf_append_text(out, is_first ? "" : "|");
        if (hk_json_string(item) != NULL)
            write_quoted(out, item->text);
        else if (item->type == HK_JSON_TRUE || item->type == HK_JSON_FALSE)
            hk_buf_append_text(out, item->type == HK_JSON_TRUE ? "true" : "false");
        else
            hk_buf_append_text(out, item->type == HK_JSON_NULL ? "nil" : "number");
        is_first = false;
    }
}

static void write_type( // NOLINT(misc-no-recursion)
    struct hk_buf *out, const struct hk_json *schema, unsigned depth)
{
    const struct hk_json *type = hk_json_get(schema, "type");
    const struct hk_json *list = hk_json_get(schema, "enum");

    if (list != NULL && list->type == HK_JSON_ARRAY && list->count > 0) {
        write_enum(out, list);
    } else if (type != NULL && type->type == HK_JSON_ARRAY && type->count > 0) {
        for (const struct hk_json *item = type->first; item != NULL; item = item->next) {
            hk_buf_append_text(out, item == type->first ? "" : "|");
            write_one_type(out, schema, hk_json_string(item) == NULL ? "" : item->text, depth);
        }
    } else if (hk_json_string(type) != NULL) {
        write_one_type(out, schema, hk_json_string(type), depth);
    } else {
        hk_buf_append_text(out, "any");
    }
}

/* --- actions --- */

/* One line of a plugin's text. */
static void write_line(struct hk_buf *out, const char *text)
{
    for (; *text != '\0'; text++)
        hk_buf_append_char(out, (unsigned char)*text < 0x20 ? ' ' : *text);
}

static void write_action(struct hk_buf *out, const char *name, const struct hk_json *action)
{
    const struct hk_json *args = hk_json_get(action, "args_schema");
    const struct hk_json *required = hk_json_get(args, "required");

    if (!is_word(name))
        return;
    hk_buf_appendf(out, "---@field %s fun(args%s: ", name,
        required == NULL || required->count == 0 ? "?" : "");
    write_type(out, args, SCHEMA_DEPTH_MAX);
    hk_buf_append_text(out, ", options?: hikeshi.options): (");
    write_type(out, hk_json_get(action, "result_schema"), SCHEMA_DEPTH_MAX);
    hk_buf_append_text(out, ")?, string? ");
    write_line(out, hk_json_string_at(action, "summary", ""));
    hk_buf_append_char(out, '\n');
}

/* "contain" of "contain.block_ip"; false when there is no dot, or it is no word. */
static bool prefix_of(const char *name, char ret_prefix[64])
{
    size_t size = strcspn(name, ".");

    if (name[size] != '.' || size >= 64)
        return false;
    memcpy(ret_prefix, name, size);
    ret_prefix[size] = '\0';
    return is_word(ret_prefix);
}

static const struct hk_json *first_of(const struct hk_json *object, const char *key)
{
    const struct hk_json *list = hk_json_get(object, key);

    return list == NULL ? NULL : list->first;
}

/* act.GROUP: a plugin's actions, and the capabilities of that name. */
static void write_group(struct hk_buf *out, const struct hk_json *catalog, const char *group)
{
    char prefix[64];

    hk_buf_appendf(out, "\n---@class hikeshi.act.%s\n", group);
    for (const struct hk_json *plugin = first_of(catalog, "plugins"); plugin != NULL;
         plugin = plugin->next) {
        if (strcmp(hk_json_string_at(plugin, "name", ""), group) != 0)
            continue;
        for (const struct hk_json *action = first_of(plugin, "actions"); action != NULL;
             action = action->next)
            write_action(out, hk_json_string_at(action, "name", ""), action);
    }
    for (const struct hk_json *item = first_of(catalog, "capabilities"); item != NULL;
         item = item->next) {
        const struct hk_json *action = NULL;
        if (prefix_of(item->key, prefix) && strcmp(prefix, group) == 0 &&
            hk_actions_find(catalog, item->key, &action) == HK_ACTION_KNOWN)
            write_action(out, item->key + strlen(prefix) + 1, action);
    }
}

static bool is_plugin(const struct hk_json *catalog, const char *name)
{
    for (const struct hk_json *plugin = first_of(catalog, "plugins"); plugin != NULL;
         plugin = plugin->next) {
        if (strcmp(hk_json_string_at(plugin, "name", ""), name) == 0)
            return true;
    }
    return false;
}

/* Is item the first capability of its group, and the group no plugin? */
static bool begins_group(
    const struct hk_json *catalog, const struct hk_json *item, char ret_prefix[64])
{
    char other[64];

    if (!prefix_of(item->key, ret_prefix) || is_plugin(catalog, ret_prefix))
        return false;
    for (const struct hk_json *before = first_of(catalog, "capabilities"); before != item;
         before = before->next) {
        if (prefix_of(before->key, other) && strcmp(other, ret_prefix) == 0)
            return false;
    }
    return true;
}

static void write_act(struct hk_buf *out, const struct hk_json *catalog)
{
    struct hk_buf fields;
    char prefix[64];

    hk_buf_init(&fields, out->size_max);
    for (const struct hk_json *plugin = first_of(catalog, "plugins"); plugin != NULL;
         plugin = plugin->next) {
        const char *name = hk_json_string_at(plugin, "name", "");
        if (!is_word(name))
            continue;
        write_group(out, catalog, name);
        hk_buf_appendf(&fields, "---@field %s hikeshi.act.%s\n", name, name);
    }
    for (const struct hk_json *item = first_of(catalog, "capabilities"); item != NULL;
         item = item->next) {
        if (!begins_group(catalog, item, prefix))
            continue;
        write_group(out, catalog, prefix);
        hk_buf_appendf(&fields, "---@field %s hikeshi.act.%s\n", prefix, prefix);
    }
    hk_buf_append_text(out, "\n---@class hikeshi.act\n");
    hk_buf_append(out, fields.data == NULL ? "" : fields.data, fields.size);
    hk_buf_append_text(out, "---@field [string] table<string, fun(args?: table, options?: "
                            "hikeshi.options): any, string?>\n");
    hk_buf_done(&fields);
}

/* --- the language --- */

/* A signature, with the alert by its name. */
static void write_signature(struct hk_buf *out, const char *signature)
{
    static const char general[] = "fun(alert: table";
    const char *at = strstr(signature, general);

    if (at == NULL) {
        hk_buf_append_text(out, signature);
        return;
    }
    hk_buf_append(out, signature, (size_t)(at - signature));
    hk_buf_append_text(out, "fun(alert: hikeshi.alert");
    hk_buf_append_text(out, at + strlen(general));
}

void hk_editor_luacats(const struct hk_json *catalog, struct hk_buf *out)
{
    size_t count;
    const struct hk_term *terms = hk_terms(&count);
    char library[64] = "";
    char prefix[64];

    hk_buf_append(out, hk_embed_author_types_lua, hk_embed_author_types_lua_size_bytes);
    write_act(out, catalog);
    for (size_t i = 0; i < count; i++) {
        if (prefix_of(terms[i].name, prefix) && strcmp(prefix, library) != 0) {
            hk_buf_appendf(out, "\n%s = {}\n", prefix);
            memcpy(library, prefix, sizeof(library));
        }
        hk_buf_appendf(out, "\n---%s\n---@type ", terms[i].help);
        if (strcmp(terms[i].name, "act") == 0)
            hk_buf_append_text(out, "hikeshi.act");
        else
            write_signature(out, terms[i].signature);
        hk_buf_appendf(out, "\n%s = nil\n", terms[i].name);
    }
}

/* --- the sandbox --- */

static enum hk_status read_globals(struct hk_json_doc *ret_doc, struct hk_error *error)
{
    struct hk_buf text;
    enum hk_status status;

    hk_buf_init(&text, HK_PAYLOAD_SIZE_MAX);
    status = hk_globals_write(&text, error);
    if (status == HK_OK)
        status = hk_json_parse(text.data, text.size, &hk_json_limits_own, ret_doc, error);
    hk_buf_done(&text);
    return status;
}

enum hk_status hk_editor_luarc(struct hk_buf *out, struct hk_error *error)
{
    static const char *const libraries[] = {
        "coroutine", "debug", "io", "math", "os", "package", "string", "table", "utf8"};
    struct hk_json_doc globals = {.root = NULL};
    enum hk_status status = read_globals(&globals, error);
    bool is_first = true;

    if (status == HK_OK) {
        hk_buf_append_text(out, "{\n  \"runtime.version\": \"Lua 5.4\",\n  \"runtime.builtin\": {");
        for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
            if (hk_json_get(globals.root, libraries[i]) != NULL)
                continue;
            hk_buf_appendf(out, "%s\"%s\": \"disable\"", is_first ? " " : ", ", libraries[i]);
            is_first = false;
        }
        hk_buf_append_text(out, " },\n  \"workspace.library\": [\".luacats\"]\n}\n");
    }
    hk_json_doc_done(&globals);
    return status;
}

static void write_fields(struct hk_buf *out, const struct hk_json *library)
{
    hk_buf_appendf(out, "    %s = { fields = {", library->key);
    for (const struct hk_json *item = library->first; item != NULL; item = item->next)
        hk_buf_appendf(out, "%s\"%s\"", item == library->first ? " " : ", ", item->key);
    hk_buf_append_text(out, " } },\n");
}

enum hk_status hk_editor_luacheckrc(struct hk_buf *out, struct hk_error *error)
{
    struct hk_json_doc globals = {.root = NULL};
    enum hk_status status = read_globals(&globals, error);

    if (status == HK_OK) {
        hk_buf_append_text(out, "-- The names that playbooks have, for luacheck. Written by "
                                "`hikeshi playbook new`.\n"
                                "std = {\n  read_globals = {\n");
        for (const struct hk_json *item = globals.root->first; item != NULL; item = item->next) {
            if (item->type == HK_JSON_OBJECT)
                write_fields(out, item);
            else if (strcmp(item->key, "act") == 0)
                hk_buf_append_text(out, "    act = { other_fields = true },\n");
            else
                hk_buf_appendf(out, "    \"%s\",\n", item->key);
        }
        hk_buf_append_text(out, "  },\n}\nmax_line_length = 120\n"
                                "files[\"**/*.test.lua\"] = { read_globals = { \"test\" } }\n"
                                "exclude_files = { \".luacats\" }\n");
    }
    hk_json_doc_done(&globals);
    return status;
}
