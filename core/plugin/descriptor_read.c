/* In the engine: JSON of a stranger to what may be relied on. */
#include "base/capability_words.h"
#include "limits.h"
#include "plugin/descriptor.h"
#include "plugin/net_grants.h"
#include "plugin/words.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_SIZE_MAX 1024

static const struct hk_json *first_of(const struct hk_json *list)
{
    return list != NULL && list->type == HK_JSON_ARRAY ? list->first : NULL;
}

static unsigned count_of(const struct hk_json *list)
{
    return list != NULL && list->type == HK_JSON_ARRAY ? list->count : 0;
}

/* A member that is a text of some length, or absent or null. */
static enum hk_status read_text(const struct hk_json *object, const char *key, bool is_required,
    const char **ret_text, struct hk_error *error)
{
    const struct hk_json *value = hk_json_get(object, key);

    *ret_text = NULL;
    if (value == NULL || value->type == HK_JSON_NULL)
        return is_required ? hk_fail(error, HK_INVALID, "has no %s", key) : HK_OK;
    if (value->type != HK_JSON_STRING || value->text_size > TEXT_SIZE_MAX ||
        (is_required && value->text_size == 0))
        return hk_fail(error, HK_INVALID, "%s must be a text of 1 to %d bytes", key, TEXT_SIZE_MAX);
    *ret_text = value->text;
    return HK_OK;
}

static enum hk_status read_schema(
    const struct hk_json *action, const char *key, const char **ret_schema, struct hk_error *error)
{
    const struct hk_json *value = hk_json_get(action, key);

    if (value == NULL || value->type == HK_JSON_NULL) {
        *ret_schema = "{}";
        return HK_OK;
    }
    if (value->type != HK_JSON_STRING)
        return hk_fail(error, HK_INVALID, "%s is no text", key);
    *ret_schema = value->text;
    enum hk_status status = hk_schema_is_supported(value->text, error);
    return status == HK_OK ? HK_OK : hk_error_prefix(error, "%s", key);
}

/* The first word of a capability says what kind of action it is; others are the tenant's own. */
bool hk_capability_fits(const char *capability, enum hk_kind_of_action kind)
{
#define WORD(word, kind, help) {word ".", HK_##kind},
    static const struct {
        const char *word;
        enum hk_kind_of_action kind;
    } words[] = {HK_CAPABILITY_WORDS(WORD)};
#undef WORD

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strncmp(capability, words[i].word, strlen(words[i].word)) == 0)
            return kind == words[i].kind;
    return true;
}

static bool changes_the_world(enum hk_kind_of_action kind)
{
    return kind == HK_CONTAIN || kind == HK_ERADICATE;
}

static bool requires(const struct hk_json *schema, const char *name)
{
    for (const struct hk_json *item = first_of(hk_json_get(schema, "required")); item != NULL;
         item = item->next)
        if (hk_json_string(item) != NULL && strcmp(item->text, name) == 0)
            return true;
    return false;
}

/* Protection and rules look at the target: what changes the world can't leave it out, or give it
 * as a list or a number that they don't see. */
static enum hk_status check_target(const struct hk_action_info *action, struct hk_error *error)
{
    struct hk_json_doc schema = {0};

    enum hk_status status = hk_json_parse(
        action->args_schema, strlen(action->args_schema), &hk_json_limits_own, &schema, error);
    const struct hk_json *property =
        hk_json_get(hk_json_get(schema.root, "properties"), action->target);
    const char *type = hk_json_string_at(property, "type", "");
    if (status == HK_OK && property == NULL)
        status = hk_fail(error, HK_INVALID, "target %s is not among the arguments of its schema",
            action->target);
    else if (status == HK_OK && changes_the_world(action->kind) &&
             (strcmp(type, "string") != 0 || !requires(schema.root, action->target)))
        status = hk_fail(error, HK_INVALID,
            "is of kind %s, so its schema must require the target %s, with the type string",
            hk_kind_of_action_text(action->kind), action->target);
    hk_json_doc_done(&schema);
    return status;
}

/* What must hold between the members of one action. */
static enum hk_status check_action(const struct hk_action_info *action, struct hk_error *error)
{

    if (action->effect == HK_PROBEABLE && !action->can_probe)
        return hk_fail(error, HK_INVALID, "is probeable but has no probe function");
    if (action->kind == HK_CONTAIN && action->undo == NULL && action->residual == NULL)
        return hk_fail(error, HK_INVALID,
            "contains, so it needs an undo action (or, when nothing can take it back, residual "
            "must say so)");
    if (action->kind != HK_ENRICH && action->effect == HK_READ)
        return hk_fail(error, HK_INVALID, "is of kind %s, so its effect can't be read",
            hk_kind_of_action_text(action->kind));
    if (action->time_max_ms > HK_CALL_TIME_MAX_MS)
        return hk_fail(error, HK_INVALID, "time_max_ms is above %d", HK_CALL_TIME_MAX_MS);
    if (action->capability != NULL && !hk_capability_fits(action->capability, action->kind))
        return hk_fail(error, HK_INVALID, "is of kind %s, which the capability %s is not",
            hk_kind_of_action_text(action->kind), action->capability);
    return action->target != NULL ? check_target(action, error) : HK_OK;
}

static enum hk_status read_action(
    const struct hk_json *json, struct hk_action_info *action, struct hk_error *error)
{
    static const char *const types[] = {"address", "host", "user", "domain", "url", "hash"};
    enum hk_status status = read_text(json, "summary", true, &action->summary, error);

    action->name = hk_json_string_at(json, "name", NULL);
    if (status == HK_OK && !hk_plugin_name_is_valid(action->name))
        status = hk_fail(error, HK_INVALID, "its name must be 1 to 64 of [a-z0-9_]");
    if (status == HK_OK &&
        !hk_effect_from_text(hk_json_string_at(json, "effect", NULL), &action->effect))
        status = hk_fail(error, HK_INVALID, "its effect does not exist");
    if (status == HK_OK &&
        !hk_kind_of_action_from_text(hk_json_string_at(json, "kind", NULL), &action->kind))
        status = hk_fail(error, HK_INVALID, "its kind does not exist");
    if (status == HK_OK)
        status = read_text(json, "capability", false, &action->capability, error);
    if (status == HK_OK)
        status = read_text(json, "undo", false, &action->undo, error);
    if (status == HK_OK)
        status = read_text(json, "residual", false, &action->residual, error);
    if (status == HK_OK)
        status = read_text(json, "target", false, &action->target, error);
    if (status == HK_OK)
        status = read_text(json, "target_type", false, &action->target_type, error);
    if (status == HK_OK)
        status = read_schema(json, "args_schema", &action->args_schema, error);
    if (status == HK_OK)
        status = read_schema(json, "result_schema", &action->result_schema, error);
    bool type_is_known = action->target_type == NULL;
    for (size_t i = 0; !type_is_known && i < sizeof(types) / sizeof(types[0]); i++)
        type_is_known = strcmp(types[i], action->target_type) == 0;
    if (status == HK_OK &&
        (!type_is_known || (action->target_type == NULL) != (action->target == NULL)))
        status = hk_fail(error, HK_INVALID,
            "target and target_type (address, host, user, domain, url, hash) go together");
    if (status == HK_OK && !hk_json_bool_at(json, "can_start", false))
        status = hk_fail(error, HK_INVALID, "has no start function");
    action->can_probe = hk_json_bool_at(json, "can_probe", false);
    action->can_verify = hk_json_bool_at(json, "can_verify", false);
    action->can_tell_ready = hk_json_bool_at(json, "can_tell_ready", false);
    action->can_renew = hk_json_bool_at(json, "can_renew", false);
    int64_t time_max_ms = hk_json_i64_at(json, "time_max_ms", 0);
    action->time_max_ms =
        time_max_ms < 0 || time_max_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)time_max_ms;
    return status == HK_OK ? check_action(action, error) : status;
}

static const struct hk_action_info *find(const struct hk_descriptor *descriptor, const char *name)
{
    for (unsigned i = 0; i < descriptor->action_count; i++)
        if (strcmp(descriptor->actions[i].name, name) == 0)
            return &descriptor->actions[i];
    return NULL;
}

static enum hk_status read_actions(const struct hk_json *list, struct hk_arena *arena,
    struct hk_descriptor *descriptor, struct hk_error *error)
{
    unsigned count = count_of(list);

    if (count == 0 || count > HK_DESCRIPTOR_ACTIONS_MAX)
        return hk_fail(
            error, HK_INVALID, "it must have 1 to %d actions", HK_DESCRIPTOR_ACTIONS_MAX);
    descriptor->actions = hk_arena_alloc(arena, count * sizeof(*descriptor->actions));
    if (descriptor->actions == NULL)
        return hk_fail(error, HK_NOMEM, "out of memory");
    for (const struct hk_json *item = first_of(list); item != NULL; item = item->next) {
        struct hk_action_info *action = &descriptor->actions[descriptor->action_count];
        action->plugin = descriptor->name;
        action->plugin_version = descriptor->version;
        enum hk_status status = read_action(item, action, error);
        if (status == HK_OK && find(descriptor, action->name) != NULL)
            status = hk_fail(error, HK_INVALID, "is there twice");
        if (status != HK_OK)
            return hk_error_prefix(error, "action %s", hk_json_string_at(item, "name", "?"));
        descriptor->action_count++;
    }
    for (unsigned i = 0; i < descriptor->action_count; i++) {
        const struct hk_action_info *action = &descriptor->actions[i];
        const struct hk_action_info *undo =
            action->undo != NULL ? find(descriptor, action->undo) : NULL;
        if (action->undo != NULL && (undo == NULL || undo->kind != HK_RESTORE))
            return hk_fail(error, HK_INVALID,
                "action %s: its undo %s is not an action of kind restore here", action->name,
                action->undo);
    }
    return HK_OK;
}

static bool need_is_valid(const char *need)
{
    if (strncmp(need, "read:/", 6) == 0 || strcmp(need, "net_admin") == 0)
        return true;
    return hk_net_need_is_valid(need);
}

static enum hk_status read_needs(const struct hk_json *list, struct hk_arena *arena,
    struct hk_descriptor *descriptor, struct hk_error *error)
{
    unsigned count = 0;

    if (count_of(list) > HK_DESCRIPTOR_NEEDS_MAX)
        return hk_fail(error, HK_LIMIT, "it has more than %d needs", HK_DESCRIPTOR_NEEDS_MAX);
    descriptor->needs = hk_arena_alloc(arena, (count_of(list) + 1) * sizeof(char *));
    if (descriptor->needs == NULL)
        return hk_fail(error, HK_NOMEM, "out of memory");
    for (const struct hk_json *item = first_of(list); item != NULL; item = item->next) {
        const char *need = hk_json_string(item);
        if (need == NULL || item->text_size > TEXT_SIZE_MAX || !need_is_valid(need))
            return hk_fail(error, HK_INVALID,
                "it needs %s, which this engine does not know (net:HOST:PORT, net, "
                "read:PATH or net_admin)",
                need != NULL ? need : "something that is no text");
        descriptor->needs[count++] = need;
    }
    return HK_OK;
}

static bool file_name_is_valid(const char *name)
{
    size_t size = name != NULL ? strlen(name) : 0;

    return size > 0 && size <= 128 && name[0] != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
               size;
}

static enum hk_status read_files(const struct hk_json *list, struct hk_arena *arena,
    struct hk_descriptor *descriptor, struct hk_error *error)
{
    if (count_of(list) > HK_DESCRIPTOR_FILES_MAX)
        return hk_fail(error, HK_LIMIT, "it serves more than %d files", HK_DESCRIPTOR_FILES_MAX);
    descriptor->files = hk_arena_alloc(arena, (count_of(list) + 1) * sizeof(*descriptor->files));
    if (descriptor->files == NULL)
        return hk_fail(error, HK_NOMEM, "out of memory");
    for (const struct hk_json *item = first_of(list); item != NULL; item = item->next) {
        struct hk_descriptor_file *file = &descriptor->files[descriptor->file_count];
        file->name = hk_json_string_at(item, "name", NULL);
        file->content_type = hk_json_string_at(item, "content_type", "application/octet-stream");
        file->summary = hk_json_string_at(item, "summary", "");
        if (!file_name_is_valid(file->name))
            return hk_fail(error, HK_INVALID,
                "it serves a file whose name is not plain (letters, digits, . _ -)");
        if (strlen(file->content_type) > 128 || strpbrk(file->content_type, "\r\n") != NULL)
            return hk_fail(error, HK_INVALID, "the content type of %s is odd", file->name);
        descriptor->file_count++;
    }
    return HK_OK;
}

enum hk_status hk_descriptor_read(const struct hk_json *json, const char *expected_name,
    struct hk_arena *arena, struct hk_descriptor *ret_descriptor, struct hk_error *error)
{
    struct hk_descriptor descriptor = {0};

    descriptor.name = hk_json_string_at(json, "name", NULL);
    if (!hk_plugin_name_is_valid(descriptor.name))
        return hk_fail(error, HK_INVALID, "its name must be 1 to 64 of [a-z0-9_]");
    if (strcmp(descriptor.name, expected_name) != 0)
        return hk_fail(
            error, HK_INVALID, "it calls itself %s: configure it by that name", descriptor.name);
    descriptor.summary = hk_json_string_at(json, "summary", "");
    descriptor.options = hk_json_get(json, "options");
    enum hk_status status = read_text(json, "version", true, &descriptor.version, error);
    if (status == HK_OK)
        status = read_needs(hk_json_get(json, "needs"), arena, &descriptor, error);
    if (status == HK_OK)
        status = read_files(hk_json_get(json, "serves"), arena, &descriptor, error);
    if (status == HK_OK)
        status = read_actions(hk_json_get(json, "actions"), arena, &descriptor, error);
    if (status == HK_OK)
        *ret_descriptor = descriptor;
    return status;
}

/* A schema may be written over many lines; it was checked when it was read. */
static void publish_schema(struct hk_jw *jw, const char *key, const char *schema)
{
    struct hk_json_doc doc = {0};

    hk_jw_key(jw, key);
    if (hk_json_parse(schema, strlen(schema), &hk_json_limits_own, &doc, NULL) == HK_OK)
        hk_jw_value(jw, doc.root);
    else
        hk_jw_null(jw);
    hk_json_doc_done(&doc);
}

static void publish_action(struct hk_jw *jw, const struct hk_action_info *action)
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
    publish_schema(jw, "args_schema", action->args_schema);
    publish_schema(jw, "result_schema", action->result_schema);
    hk_jw_kv_i64(jw, "time_max_ms", action->time_max_ms);
    hk_jw_kv_bool(jw, "can_probe", action->can_probe);
    hk_jw_kv_bool(jw, "can_verify", action->can_verify);
    hk_jw_kv_bool(jw, "can_tell_ready", action->can_tell_ready);
    hk_jw_kv_bool(jw, "can_renew", action->can_renew);
    hk_jw_object_end(jw);
}

void hk_descriptor_publish(
    const struct hk_descriptor *descriptor, const char *sha256, struct hk_buf *out)
{
    struct hk_jw jw;

    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "name", descriptor->name);
    hk_jw_kv(&jw, "version", descriptor->version);
    hk_jw_kv(&jw, "summary", descriptor->summary);
    hk_jw_kv(&jw, "sha256", sha256);
    hk_jw_kv(&jw, "state", "loaded");
    hk_jw_key(&jw, "needs");
    hk_jw_array(&jw);
    for (size_t i = 0; descriptor->needs[i] != NULL; i++)
        hk_jw_string(&jw, descriptor->needs[i]);
    hk_jw_array_end(&jw);
    hk_jw_key(&jw, "options");
    if (descriptor->options != NULL)
        hk_jw_value(&jw, descriptor->options);
    else
        hk_jw_null(&jw);
    hk_jw_key(&jw, "actions");
    hk_jw_array(&jw);
    for (unsigned i = 0; i < descriptor->action_count; i++)
        publish_action(&jw, &descriptor->actions[i]);
    hk_jw_array_end(&jw);
    hk_jw_key(&jw, "serves");
    hk_jw_array(&jw);
    for (unsigned i = 0; i < descriptor->file_count; i++) {
        hk_jw_object(&jw);
        hk_jw_kv(&jw, "name", descriptor->files[i].name);
        hk_jw_kv(&jw, "content_type", descriptor->files[i].content_type);
        hk_jw_kv(&jw, "summary", descriptor->files[i].summary);
        hk_jw_object_end(&jw);
    }
    hk_jw_array_end(&jw);
    hk_jw_object_end(&jw);
}
