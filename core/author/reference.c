/*
 * reference: see reference.h. What is in here is read off the tables that everything else uses; a
 * figure or a word that is changed there is changed here.
 */
#include "author/reference.h"
#include "author/embed.h"
#include "author/globals.h"
#include "base/capability_words.h"
#include "base/severity.h"
#include "limits.h"
#include "script/api.h"
#include "script/convert.h"
#include "script/helpers.h"
#include "script/terms.h"
#include "script/vocabulary.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- the meanings --- */

static int read_meanings(lua_State *L)
{
    struct hk_buf *out = lua_touserdata(L, 1);
    const struct hk_buf *json;

    lua_settop(L, 0);
    hk_api_open(L);
    lua_settop(L, 0);
    hk_state_compile(L, (const char *)hk_embed_author_reference_lua,
        hk_embed_author_reference_lua_size_bytes, "reference");
    lua_call(L, 0, 1);
    json = hk_convert_json(L, 1, HK_PAYLOAD_SIZE_MAX, "reference", HK_CONVERT_PLAIN);
    hk_buf_append(out, json->data, json->size);
    return 0;
}

static enum hk_status load_meanings(struct hk_json_doc *ret_doc, struct hk_error *error)
{
    struct hk_buf text;
    enum hk_status status;

    hk_buf_init(&text, HK_PAYLOAD_SIZE_MAX);
    status = hk_state_once(read_meanings, &text, error);
    if (status == HK_OK)
        status = hk_buf_check(&text, "the reference", error);
    if (status == HK_OK)
        status = hk_json_parse(text.data, text.size, &hk_json_limits_own, ret_doc, error);
    hk_buf_done(&text);
    return status;
}

/* Every term is explained with an example, and nothing else is. */
static enum hk_status check_meanings(const struct hk_json *meanings, struct hk_error *error)
{
    size_t count;
    const struct hk_term *terms = hk_terms(&count);

    for (size_t i = 0; i < count; i++) {
        /* Names have dots of their own: no path. */
        const struct hk_json *meaning = hk_json_get(meanings, terms[i].name);
        bool has_code =
            hk_json_get(meaning, "code") != NULL || hk_json_get(meaning, "file") != NULL;
        if (hk_json_get(meaning, "gives") == NULL)
            return hk_fail(error, HK_INTERNAL,
                "the reference does not say what %s is: core/author/embed/reference.lua",
                terms[i].name);
        if (hk_json_get(meaning, "values") == NULL &&
            (!has_code || hk_json_get(meaning, "test") == NULL))
            return hk_fail(error, HK_INTERNAL,
                "the reference has no example of %s with a test: core/author/embed/reference.lua",
                terms[i].name);
    }
    for (const struct hk_json *item = meanings->first; item != NULL; item = item->next) {
        if (hk_term_find(item->key) == NULL)
            return hk_fail(
                error, HK_INTERNAL, "the reference explains %s, which is no term", item->key);
    }
    return HK_OK;
}

/* A list of texts, in twos, as objects. */
static void write_pairs(struct hk_jw *jw, const char *key, const struct hk_json *list,
    const char *first_key, const char *second_key)
{
    if (list == NULL)
        return;
    hk_jw_key(jw, key);
    hk_jw_array(jw);
    for (const struct hk_json *item = list->first; item != NULL && item->next != NULL;
         item = item->next->next) {
        hk_jw_object(jw);
        hk_jw_kv(jw, first_key, hk_json_string(item));
        hk_jw_kv(jw, second_key, hk_json_string(item->next));
        hk_jw_object_end(jw);
    }
    hk_jw_array_end(jw);
}

static void write_terms(struct hk_jw *jw, const struct hk_json *meanings)
{
    static const char *const texts[] = {"gives", "refuses", "raises", "code", "file", "test"};
    size_t count;
    const struct hk_term *terms = hk_terms(&count);

    hk_jw_key(jw, "terms");
    hk_jw_array(jw);
    for (size_t i = 0; i < count; i++) {
        const struct hk_json *meaning = hk_json_get(meanings, terms[i].name);
        hk_jw_object(jw);
        hk_jw_kv(jw, "name", terms[i].name);
        hk_jw_kv(jw, "kind", hk_term_kind_text(terms[i].kind));
        hk_jw_kv(jw, "type", terms[i].signature);
        hk_jw_kv(jw, "help", terms[i].help);
        write_pairs(jw, "takes", hk_json_get(meaning, "takes"), "name", "text");
        for (size_t k = 0; k < COUNT(texts); k++) {
            const char *text = hk_json_string(hk_json_get(meaning, texts[k]));
            if (text != NULL)
                hk_jw_kv(jw, texts[k], text);
        }
        write_pairs(jw, "values", hk_json_get(meaning, "values"), "code", "gives");
        hk_jw_object_end(jw);
    }
    hk_jw_array_end(jw);
}

/* --- words --- */

struct word {
    const char *name;
    const char *help;
};

static void write_words(struct hk_jw *jw, const char *key, const struct word *words, size_t count)
{
    hk_jw_key(jw, key);
    hk_jw_array(jw);
    for (size_t i = 0; i < count; i++) {
        hk_jw_object(jw);
        hk_jw_kv(jw, "name", words[i].name);
        hk_jw_kv(jw, "text", words[i].help);
        hk_jw_object_end(jw);
    }
    hk_jw_array_end(jw);
}

static void write_alert(struct hk_jw *jw)
{
#define UNPACK(...)                                                                                \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define FIELD(name, members, help) {name, help, UNPACK members},
#define NAME(name) name,
    static const struct {
        const char *name;
        const char *help;
        const char *members[4];
    } fields[] = {HK_VIEW_FIELDS(FIELD)};
    static const char *const trigger_fields[] = {HK_TRIGGER_FIELDS(NAME)};
#undef UNPACK
#undef FIELD
#undef NAME

    hk_jw_key(jw, "trigger_fields");
    hk_jw_array(jw);
    for (size_t i = 0; i < COUNT(trigger_fields); i++)
        hk_jw_string(jw, trigger_fields[i]);
    hk_jw_array_end(jw);
    hk_jw_key(jw, "alert");
    hk_jw_array(jw);
    for (size_t i = 0; i < COUNT(fields); i++) {
        hk_jw_object(jw);
        hk_jw_kv(jw, "name", fields[i].name);
        hk_jw_kv(jw, "text", fields[i].help);
        hk_jw_key(jw, "members");
        hk_jw_array(jw);
        for (size_t k = 0; fields[i].members[k] != NULL; k++)
            hk_jw_string(jw, fields[i].members[k]);
        hk_jw_array_end(jw);
        hk_jw_object_end(jw);
    }
    hk_jw_array_end(jw);
    hk_jw_key(jw, "severities");
    hk_jw_array(jw);
    for (int i = HK_SEVERITY_INFORMATIONAL; i <= HK_SEVERITY_FATAL; i++)
        hk_jw_string(jw, hk_severity_text((enum hk_severity)i));
    hk_jw_array_end(jw);
}

static void write_options(struct hk_jw *jw)
{
#define OPTION(name, type, help) {name, type, help},
    static const struct {
        const char *name;
        const char *type;
        const char *help;
    } options[] = {HK_ACT_OPTION_LIST(OPTION)};
#undef OPTION

    hk_jw_key(jw, "options");
    hk_jw_array(jw);
    for (size_t i = 0; i < COUNT(options); i++) {
        hk_jw_object(jw);
        hk_jw_kv(jw, "name", options[i].name);
        hk_jw_kv(jw, "type", options[i].type);
        hk_jw_kv(jw, "text", options[i].help);
        hk_jw_object_end(jw);
    }
    hk_jw_array_end(jw);
}

static void write_outcomes(struct hk_jw *jw)
{
#define HOW(name, refused, help) {name, help, refused},
    static const struct {
        const char *name;
        const char *help;
        bool is_refused;
    } hows[] = {HK_STEP_HOWS(HOW)};
#undef HOW

    hk_jw_key(jw, "outcomes");
    hk_jw_array(jw);
    for (size_t i = 0; i < COUNT(hows); i++) {
        hk_jw_object(jw);
        hk_jw_kv(jw, "name", hows[i].name);
        hk_jw_kv(jw, "text", hows[i].help);
        hk_jw_kv_bool(jw, "is_refused", hows[i].is_refused);
        hk_jw_object_end(jw);
    }
    hk_jw_array_end(jw);
}

static void write_vocabulary(struct hk_jw *jw)
{
#define WORD(name, help) {name, help},
#define CAPABILITY(word, kind, help) {word, help},
    static const struct word verdicts[] = {HK_VERDICTS(WORD)};
    static const struct word phases[] = {HK_CASE_PHASES(WORD)};
    static const struct word capabilities[] = {HK_CAPABILITY_WORDS(CAPABILITY)};
#undef WORD
#undef CAPABILITY

    write_words(jw, "verdicts", verdicts, COUNT(verdicts));
    write_words(jw, "phases", phases, COUNT(phases));
    write_words(jw, "capabilities", capabilities, COUNT(capabilities));
}

/* --- limits --- */

static void write_limits(struct hk_jw *jw)
{
    static const char ends[] = "the run fails, and `pcall` does not catch it";
    static const char raises[] = "an error with the line";
    static const char refused[] = "`nil` and the reason";
    static const struct {
        const char *what;
        int64_t value;
        const char *unit; /* "bytes", "ms" or "" */
        const char *then;
    } limits[] = {
        {"memory of a run", HK_LUA_MEMORY_MAX, "bytes", ends},
        {"instructions between two waits, those that are run again included",
            HK_LUA_INSTRUCTIONS_MAX, "", ends},
        {"CPU time between two waits", HK_LUA_SLICE_MS, "ms", ends},
        {"steps of a run", HK_RUN_STEPS_MAX, "", ends},
        {"branches of a run at once, nested ones too", HK_RUN_BRANCHES_LIVE_MAX, "", ends},
        {"size of a playbook", HK_PLAYBOOK_SIZE_MAX, "bytes", "it is not taken"},
        {"the words `goto` and `break` in a playbook, each", HK_PLAYBOOK_JUMPS_MAX, "",
            "it is not taken"},
        {"nested calls around a `pcall` or `xpcall`", HK_LUA_PCALL_DEPTH_MAX, "", raises},
        {"functions of one `together`", HK_RUN_BRANCHES_MAX, "", raises},
        {"items of one `each`", HK_EACH_ITEMS_MAX, "", raises},
        {"items of one `each` at the same time", HK_RUN_BRANCHES_MAX, "", raises},
        {"tries of one `retry`", HK_RETRY_TIMES_MAX, "", raises},
        {"playbooks nested in calls", HK_CALL_DEPTH_MAX, "", refused},
        {"calls of a run", HK_CALLS_MAX, "", refused},
        {"runs that go on one as the other (`continue_as_new`)", HK_CONTINUES_MAX, "", ends},
        {"the same within an hour", HK_CONTINUES_PER_HOUR_MAX, "", ends},
        {"the same of a playbook that was called", HK_CONTINUES_CALLED_MAX, "", ends},
        {"signals kept for a run that does not wait for them yet", HK_SIGNALS_KEPT_MAX, "",
            "the sender gets `nil` and the reason"},
        {"signals to a run in its life", HK_SIGNALS_MAX, "",
            "the sender gets `nil` and the reason"},
        {"what comes with a signal", HK_SIGNAL_SIZE_MAX, "bytes", raises},
        {"arguments of a step, as JSON; its options, and what a new run is given, likewise",
            HK_ARGS_SIZE_MAX, "bytes", raises},
        {"result of an action, as JSON", HK_PLUGIN_RESULT_SIZE_MAX, "bytes", refused},
        {"what `run` returns, as JSON", HK_RUN_VALUE_SIZE_MAX, "bytes", ends},
        {"nesting of plain data", HK_CONVERT_DEPTH_MAX, "", raises},
        {"a text that a helper takes or makes", HK_HELP_TEXT_SIZE_MAX, "bytes", raises},
        {"a containment's time, unless the tenant allows less", HK_LEASE_MAX_MS, "ms",
            "`nil` and the reason"},
        {"a call's time (`timeout`)", HK_CALL_TIME_MAX_MS, "ms", refused},
    };

    hk_jw_key(jw, "limits");
    hk_jw_array(jw);
    for (size_t i = 0; i < COUNT(limits); i++) {
        hk_jw_object(jw);
        hk_jw_kv(jw, "what", limits[i].what);
        hk_jw_kv_i64(jw, "value", limits[i].value);
        hk_jw_kv(jw, "unit", limits[i].unit);
        hk_jw_kv(jw, "then", limits[i].then);
        hk_jw_object_end(jw);
    }
    hk_jw_array_end(jw);
}

/* --- the whole --- */

static enum hk_status write_library(struct hk_jw *jw, struct hk_error *error)
{
    struct hk_buf names;
    enum hk_status status;

    hk_buf_init(&names, HK_PAYLOAD_SIZE_MAX);
    status = hk_globals_write(&names, error);
    if (status == HK_OK)
        hk_jw_kv_raw(jw, "library", names.data);
    hk_buf_done(&names);
    return status;
}

enum hk_status hk_reference_write(struct hk_buf *out, struct hk_error *error)
{
    struct hk_json_doc meanings = {.root = NULL};
    struct hk_jw jw;
    enum hk_status status = load_meanings(&meanings, error);

    if (status == HK_OK)
        status = check_meanings(meanings.root, error);
    if (status == HK_OK) {
        hk_jw_init(&jw, out);
        hk_jw_object(&jw);
        write_terms(&jw, meanings.root);
        write_alert(&jw);
        write_options(&jw);
        write_outcomes(&jw);
        write_vocabulary(&jw);
        write_limits(&jw);
        status = write_library(&jw, error);
        hk_jw_object_end(&jw);
    }
    if (status == HK_OK)
        status = hk_buf_check(out, "the reference", error);
    hk_json_doc_done(&meanings);
    return status;
}
