/*
 * reference_page: the reference as Markdown, see reference.h.
 */
#include "author/reference.h"
#include "script/terms.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct hk_json *first_of(const struct hk_json *object, const char *key)
{
    const struct hk_json *list = hk_json_get(object, key);

    return list == NULL ? NULL : list->first;
}

/* A text in a cell of a table. */
static void write_cell(struct hk_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|')
            hk_buf_append_char(out, '\\');
        hk_buf_append_char(out, *text);
    }
}

static void write_row(struct hk_buf *out, const char *name, const char *text)
{
    hk_buf_append_text(out, "| `");
    write_cell(out, name);
    hk_buf_append_text(out, "` | ");
    write_cell(out, text);
    hk_buf_append_text(out, " |\n");
}

/* A table of what has a name and a text. */
static void write_table(struct hk_buf *out, const struct hk_json *items)
{
    hk_buf_append_text(out, "| | |\n|---|---|\n");
    for (; items != NULL; items = items->next)
        write_row(out, hk_json_string_at(items, "name", ""), hk_json_string_at(items, "text", ""));
    hk_buf_append_char(out, '\n');
}

/* --- terms --- */

static void write_sentence(
    struct hk_buf *out, const struct hk_json *term, const char *key, const char *before)
{
    const char *text = hk_json_string_at(term, key, NULL);

    if (text != NULL)
        hk_buf_appendf(out, "- %s %s.\n", before, text);
}

static void write_example(struct hk_buf *out, const struct hk_json *term)
{
    const struct hk_json *values = first_of(term, "values");
    const char *code = hk_json_string_at(term, "code", hk_json_string_at(term, "file", NULL));

    if (code == NULL && values == NULL)
        return;
    hk_buf_append_text(out, "\n```lua\n");
    if (code != NULL)
        hk_buf_appendf(out, "%s\n", code);
    for (; values != NULL; values = values->next)
        hk_buf_appendf(out, "%s --> %s\n", hk_json_string_at(values, "code", ""),
            hk_json_string_at(values, "gives", ""));
    hk_buf_append_text(out, "```\n");
}

static void write_term(struct hk_buf *out, const struct hk_json *term)
{
    const struct hk_json *takes = first_of(term, "takes");

    const char *help = hk_json_string_at(term, "help", "");
    size_t size = strlen(help);

    hk_buf_appendf(out, "### `%s`\n\n%s%s\n\n`%s`\n\n", hk_json_string_at(term, "name", ""), help,
        size > 0 && help[size - 1] == '?' ? "" : ".", hk_json_string_at(term, "type", ""));
    if (takes != NULL)
        write_table(out, takes);
    write_sentence(out, term, "gives", "**Gives**");
    write_sentence(out, term, "refuses", "**Gives `nil` and the reason** when:");
    write_sentence(out, term, "raises", "**Is an error**:");
    write_example(out, term);
    hk_buf_append_char(out, '\n');
}

static void write_terms(struct hk_buf *out, const struct hk_json *reference)
{
    static const struct {
        enum hk_term_kind kind;
        const char *title;
        const char *text;
    } parts[] = {
        {HK_TERM_TOP, "The file", "What a playbook's text is made of."},
        {HK_TERM_STEP, "Steps",
            "A step happens outside of the playbook. It is recorded before it begins, and so is "
            "its "
            "result; it may wait. Only inside of `run`."},
        {HK_TERM_BRANCHES, "At the same time",
            "They run functions, whose steps may wait for different things. Only inside of `run`."},
        {HK_TERM_VALUE, "Values of the run",
            "They cost no step and are the same in each replay. Only inside of `run`."},
        {HK_TERM_MARK, "Marks", "They stand for something in data."},
        {HK_TERM_HELPER, "Helpers",
            "They cost no step, need no run, and give the same on every machine. In the examples, "
            "what is behind `-->` is what the line gives."},
    };

    for (size_t i = 0; i < COUNT(parts); i++) {
        hk_buf_appendf(out, "## %s\n\n%s\n\n", parts[i].title, parts[i].text);
        for (const struct hk_json *term = first_of(reference, "terms"); term != NULL;
             term = term->next) {
            if (strcmp(hk_json_string_at(term, "kind", ""), hk_term_kind_text(parts[i].kind)) == 0)
                write_term(out, term);
        }
    }
}

/* --- words --- */

static void write_list(struct hk_buf *out, const struct hk_json *items)
{
    for (const struct hk_json *item = items; item != NULL; item = item->next)
        hk_buf_appendf(out, "%s`%s`", item == items ? "" : ", ", item->text);
}

static void write_alert(struct hk_buf *out, const struct hk_json *reference)
{
    hk_buf_append_text(out, "## The alert\n\nWhat `run` is given. Any field may be missing: write "
                            "`alert.src and alert.src.ip`.\n\n| | | |\n|---|---|---|\n");
    for (const struct hk_json *item = first_of(reference, "alert"); item != NULL;
         item = item->next) {
        hk_buf_appendf(out, "| `%s` | ", hk_json_string_at(item, "name", ""));
        write_list(out, first_of(item, "members"));
        hk_buf_appendf(out, " | %s |\n", hk_json_string_at(item, "text", ""));
    }
    hk_buf_append_text(out, "\n### Triggers\n\nA trigger in `on` is a table from fields to a text, "
                            "a list of texts (any of them), or, for `severity`, `at_least`. All of "
                            "its fields have to match. It may ask about ");
    write_list(out, first_of(reference, "trigger_fields"));
    hk_buf_append_text(out, "; nested ones are written as `[\"src.ip\"]`.\n\n### Severities\n\n"
                            "Rising: ");
    write_list(out, first_of(reference, "severities"));
    hk_buf_append_text(out, ".\n\n");
}

static void write_options(struct hk_buf *out, const struct hk_json *reference)
{
    hk_buf_append_text(out, "## Options of an action\n\nThe second table of "
                            "`act.PLUGIN.ACTION(args, options)`.\n\n| | | |\n|---|---|---|\n");
    for (const struct hk_json *item = first_of(reference, "options"); item != NULL;
         item = item->next)
        hk_buf_appendf(out, "| `%s` | %s | %s |\n", hk_json_string_at(item, "name", ""),
            hk_json_string_at(item, "type", ""), hk_json_string_at(item, "text", ""));
    hk_buf_append_text(out, "\nA duration is one number and one unit: `500ms`, `90s`, `30m`, `4h`, "
                            "`2d`, `1w`.\n\n");
}

static void write_outcomes(struct hk_buf *out, const struct hk_json *reference)
{
    hk_buf_append_text(out,
        "## How a step ends\n\n`how` in `hikeshi run show` and in the record. What a playbook gets "
        "is the result, or `nil` and the reason; the reason of a *no* begins with the word that is "
        "shown here. A *no* is not asked again by `retry`.\n\n| | | |\n|---|---|---|\n");
    for (const struct hk_json *item = first_of(reference, "outcomes"); item != NULL;
         item = item->next)
        hk_buf_appendf(out, "| `%s` | %s | %s |\n", hk_json_string_at(item, "name", ""),
            hk_json_bool_at(item, "is_refused", false) ? "*no*" : "",
            hk_json_string_at(item, "text", ""));
    hk_buf_append_char(out, '\n');
}

/* --- limits --- */

static void write_amount(struct hk_buf *out, int64_t value, const char *unit)
{
    char digits[32];

    if (strcmp(unit, "bytes") == 0) {
        bool is_mib = value % (1024 * 1024) == 0;
        hk_buf_appendf(out, "%lld %s", (long long)(value / (is_mib ? 1024 * 1024 : 1024)),
            is_mib ? "MiB" : "KiB");
        return;
    }
    if (strcmp(unit, "ms") == 0) {
        static const struct {
            int64_t ms;
            const char *name;
        } units[] = {{86400000, "days"}, {3600000, "hours"}, {60000, "minutes"}, {1000, "s"}};
        for (size_t i = 0; i < COUNT(units); i++) {
            if (value >= units[i].ms && value % units[i].ms == 0) {
                hk_buf_appendf(out, "%lld %s", (long long)(value / units[i].ms), units[i].name);
                return;
            }
        }
        hk_buf_appendf(out, "%lld ms", (long long)value);
        return;
    }
    (void)snprintf(digits, sizeof(digits), "%lld", (long long)value);
    for (size_t i = 0, size = strlen(digits); i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0)
            hk_buf_append_char(out, ',');
        hk_buf_append_char(out, digits[i]);
    }
}

static void write_limits(struct hk_buf *out, const struct hk_json *reference)
{
    hk_buf_append_text(out, "## Limits\n\n| what | at most | beyond it |\n|---|---|---|\n");
    for (const struct hk_json *item = first_of(reference, "limits"); item != NULL;
         item = item->next) {
        hk_buf_appendf(out, "| %s | ", hk_json_string_at(item, "what", ""));
        write_amount(out, hk_json_i64_at(item, "value", 0), hk_json_string_at(item, "unit", ""));
        hk_buf_appendf(out, " | %s |\n", hk_json_string_at(item, "then", ""));
    }
    hk_buf_append_char(out, '\n');
}

/* --- Lua --- */

static bool is_term(const char *name)
{
    size_t count;
    const struct hk_term *terms = hk_terms(&count);
    size_t size = strlen(name);

    for (size_t i = 0; i < count; i++) {
        if (strncmp(terms[i].name, name, size) == 0 &&
            (terms[i].name[size] == '\0' || terms[i].name[size] == '.'))
            return true;
    }
    return false;
}

static void write_library(struct hk_buf *out, const struct hk_json *reference)
{
    const struct hk_json *library = first_of(reference, "library");
    bool is_first = true;

    hk_buf_append_text(out, "## What there is of Lua\n\nLua 5.4. How it differs is in "
                            "[playbook.md](playbook.md#differences-from-stock-lua-54).\n\n");
    for (const struct hk_json *item = library; item != NULL; item = item->next) {
        if (item->type == HK_JSON_OBJECT || is_term(item->key))
            continue;
        hk_buf_appendf(out, "%s`%s`", is_first ? "" : ", ", item->key);
        is_first = false;
    }
    hk_buf_append_text(out, ".\n\n| | |\n|---|---|\n");
    for (const struct hk_json *item = library; item != NULL; item = item->next) {
        if (item->type != HK_JSON_OBJECT || is_term(item->key))
            continue;
        hk_buf_appendf(out, "| `%s` | ", item->key);
        for (const struct hk_json *member = item->first; member != NULL; member = member->next)
            hk_buf_appendf(out, "%s`%s`", member == item->first ? "" : ", ", member->key);
        hk_buf_append_text(out, " |\n");
    }
}

static void write_section(struct hk_buf *out, const struct hk_json *reference, const char *title,
    const char *text, const char *key)
{
    hk_buf_appendf(out, "## %s\n\n%s\n\n", title, text);
    write_table(out, first_of(reference, key));
}

void hk_reference_page(const struct hk_json *reference, struct hk_buf *out)
{
    hk_buf_append_text(out,
        "# Reference of the playbook language\n\n"
        "Written by `hikeshi playbook reference` from the tables that the language is made of; a "
        "test fails when this page says something else. `--format json` prints the same for "
        "programs. What it is all for is in [playbook.md](playbook.md); the examples are run by a "
        "test as they stand here.\n\n");
    write_terms(out, reference);
    write_options(out, reference);
    write_outcomes(out, reference);
    write_alert(out, reference);
    write_section(out, reference, "Verdicts", "What `close` takes.", "verdicts");
    write_section(out, reference, "Phases", "Of a case: what `case` takes.", "phases");
    write_section(out, reference, "Capabilities",
        "`act.contain.block_ip` names no product: the tenant's configuration binds it to a "
        "plugin's "
        "action (`capabilities`), and a plugin can say which one it provides. The first word says "
        "which kind of action may be bound to it.",
        "capabilities");
    write_limits(out, reference);
    write_library(out, reference);
}
