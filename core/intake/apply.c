/*
 * apply: see apply.h. Fields are asked for in the order of the targets; each by the sources of the
 * cases that fit, then by those of the mapping.
 */
#include "intake/apply.h"

#include "base/text.h"
#include "base/time.h"
#include "intake/value.h"

#include <stdio.h>
#include <string.h>

#define CASES_MAX 16
#define CASE_KEY_MAX 256
#define PRODUCT_SIZE 64
#define UNIQUE_MAX HK_MAPPING_LIST_MAX

#define BIT(target) (UINT64_C(1) << HK_TARGET_##target)
/* What the envelope may know, see ask_envelope. */
#define ENVELOPE_TARGETS                                                                           \
    (BIT(PRODUCT) | BIT(SEVERITY) | BIT(TIME) | BIT(DEVICE_HOST) | BIT(DEVICE_IP))

struct run {
    const struct hk_mapping *mapping;
    struct hk_event *event;
    struct hk_jw *jw;
    struct hk_form_facts *facts;
    struct hk_mapping_trouble *trouble;
    struct hk_slice slots[HK_MAPPING_SLOTS_MAX];
    struct hk_scope scope;
    const struct hk_fields *fields[CASES_MAX + 1]; /* cases that fit, then the mapping's own */
    unsigned field_count;
    uint64_t targets; /* bit n: somebody may know target n */
    long steps;
    const char *group; /* that is open in the view; "" for none */
    enum hk_target target;
    bool is_filled[HK_TARGET_MAX];
    bool is_list_open;
    char (*seen)[HK_TECHNIQUE_SIZE]; /* UNIQUE_MAX of them */
    unsigned seen_count;
    char unread[48]; /* a time that could not be read */
};

/* --- the parts of a view --- */

static void open_group(struct run *run, const char *group)
{
    if (strcmp(run->group, group) == 0)
        return;
    if (run->group[0] != '\0')
        hk_jw_object_end(run->jw);
    run->group = group;
    if (group[0] == '\0')
        return;
    hk_jw_key(run->jw, group);
    hk_jw_object(run->jw);
}

static void open_key(struct run *run)
{
    open_group(run, hk_targets[run->target].group);
    hk_jw_key(run->jw, hk_targets[run->target].key);
}

void hk_write_title(struct hk_jw *jw, struct hk_slice text)
{
    HK_UNCLEARED char title[HK_MAPPING_TITLE_MAX + 1];
    size_t size = hk_utf8_prefix(text.at, text.size, HK_MAPPING_TITLE_MAX);

    for (size_t i = 0; i < size; i++)
        title[i] = (char)((unsigned char)text.at[i] < ' ' ? ' ' : text.at[i]);
    hk_jw_string_n(jw, title, size);
}

static bool write_text(struct run *run, struct hk_slice value)
{
    if (hk_value_is_nothing(value))
        return false;
    open_key(run);
    hk_jw_string_n(run->jw, value.at, hk_utf8_prefix(value.at, value.size, HK_MAPPING_TEXT_MAX));
    return true;
}

static bool write_word(struct run *run, struct hk_slice value, bool is_product)
{
    char word[PRODUCT_SIZE];

    if (!hk_value_product(value, word, sizeof(word)))
        return false;
    if (!is_product && hk_value_is_nothing(value))
        return false;
    open_key(run);
    hk_jw_string(run->jw, word);
    return true;
}

static bool write_severity(struct run *run, struct hk_slice value)
{
    enum hk_severity severity = hk_value_severity(value);

    if (severity == HK_SEVERITY_NONE)
        return false;
    run->facts->severity = severity;
    open_key(run);
    hk_jw_string(run->jw, hk_severity_text(severity));
    return true;
}

static bool read_time(struct run *run, const struct hk_source *source, struct hk_slice value)
{
    struct hk_when_ground ground = run->event->ground;
    int64_t time_us;

    if (hk_value_is_nothing(value))
        return false;
    if (run->mapping->has_zone)
        ground.utc_offset_min = run->mapping->utc_offset_min;
    if (!hk_value_time(value, source->patterns, &ground, &time_us)) {
        if (run->unread[0] == '\0')
            (void)snprintf(run->unread, sizeof(run->unread), "%.*s",
                (int)hk_utf8_prefix(value.at, value.size, sizeof(run->unread) - 1), value.at);
        return false;
    }
    if (time_us == 0)
        return false; /* 1970: nobody's time, and no time to us */
    run->facts->event_us = time_us;
    return true;
}

static bool write_number(struct run *run, struct hk_slice value, bool is_port)
{
    long long number = 0;
    int port = 0;

    if (is_port ? !hk_value_port(value, &port)
                : !hk_slice_number(hk_slice_trim(value), &number) || number < 1)
        return false;
    open_key(run);
    hk_jw_i64(run->jw, is_port ? port : number);
    return true;
}

static bool write_hash(struct run *run, struct hk_slice value, const char *name, size_t digits)
{
    char hex[65];

    if (!hk_value_hash(value, name, digits, hex))
        return false;
    open_key(run);
    hk_jw_string(run->jw, hex);
    return true;
}

static bool write_ip(struct run *run, struct hk_slice value)
{
    char text[HK_IP_TEXT_SIZE];

    if (!hk_value_ip(value, text))
        return false;
    open_key(run);
    hk_jw_string(run->jw, text);
    return true;
}

static bool write_name(struct run *run, struct hk_slice value, bool is_mail)
{
    struct hk_slice name;

    if (!(is_mail ? hk_value_mail(value, &name) : hk_value_host(value, &name)))
        return false;
    open_key(run);
    hk_jw_string_n(run->jw, name.at, name.size);
    return true;
}

static bool is_new(struct run *run, const char *technique)
{
    for (unsigned i = 0; i < run->seen_count; i++)
        if (strcmp(run->seen[i], technique) == 0)
            return false;
    if (run->seen_count == UNIQUE_MAX)
        return false;
    (void)hk_copy_text(run->seen[run->seen_count++], HK_TECHNIQUE_SIZE, technique);
    return true;
}

static void open_list(struct run *run)
{
    if (run->is_list_open)
        return;
    open_key(run);
    hk_jw_array(run->jw);
    run->is_list_open = true;
}

/* Never satisfied: all values are wanted. */
static bool add_techniques(struct run *run, struct hk_slice value)
{
    char technique[HK_TECHNIQUE_SIZE];
    size_t at = 0;

    while (hk_value_technique(value, &at, technique)) {
        if (!is_new(run, technique))
            continue;
        open_list(run);
        hk_jw_string(run->jw, technique);
    }
    return false;
}

static bool add_item(struct run *run, struct hk_slice value)
{
    if (hk_value_is_nothing(value) || run->seen_count == UNIQUE_MAX)
        return false;
    run->seen_count++;
    open_list(run);
    hk_jw_string_n(run->jw, value.at, hk_utf8_prefix(value.at, value.size, HK_MAPPING_TEXT_MAX));
    return false;
}

static bool write_value(void *ctx, const struct hk_source *source, struct hk_slice value)
{
    struct run *run = ctx;

    switch (hk_targets[run->target].shape) {
    case HK_SHAPE_TITLE:
        open_key(run);
        hk_write_title(run->jw, value);
        return true;
    case HK_SHAPE_TEXT:
        return write_text(run, value);
    case HK_SHAPE_WORD:
    case HK_SHAPE_PRODUCT:
        return write_word(run, value, hk_targets[run->target].shape == HK_SHAPE_PRODUCT);
    case HK_SHAPE_SEVERITY:
        return write_severity(run, value);
    case HK_SHAPE_TIME:
        return read_time(run, source, value);
    case HK_SHAPE_IP:
        return write_ip(run, value);
    case HK_SHAPE_PORT:
    case HK_SHAPE_COUNT:
        return write_number(run, value, hk_targets[run->target].shape == HK_SHAPE_PORT);
    case HK_SHAPE_HOST:
    case HK_SHAPE_MAIL:
        return write_name(run, value, hk_targets[run->target].shape == HK_SHAPE_MAIL);
    case HK_SHAPE_SHA256:
        return write_hash(run, value, "sha256", 64);
    case HK_SHAPE_SHA1:
        return write_hash(run, value, "sha1", 40);
    case HK_SHAPE_MD5:
        return write_hash(run, value, "md5", 32);
    case HK_SHAPE_TECHNIQUE:
        return add_techniques(run, value);
    case HK_SHAPE_LIST:
        return add_item(run, value);
    default:
        return false;
    }
}

/* --- which fields --- */

struct finding {
    const struct hk_find *find;
    struct run *run;
};

static bool find_in(void *ctx, const struct hk_source *source, struct hk_slice text)
{
    const struct finding *finding = ctx;

    const struct hk_grams *grams = hk_event_grams(finding->run->event, text);

    (void)source;
    for (const struct hk_pattern *const *pattern = finding->find->any; *pattern != NULL; pattern++)
        if ((grams == NULL || hk_grams_may(grams, hk_pattern_needs(*pattern))) &&
            hk_pattern_find(*pattern, text, &finding->run->steps, finding->run->slots))
            return true;
    return false;
}

static void find_parts(struct run *run, const struct hk_find *find)
{
    for (; find != NULL; find = find->next) {
        struct finding finding = {find, run};
        struct hk_source source = {.kind = HK_SOURCE_PATH, .path = find->in};
        (void)hk_source_values(&source, &run->scope, find_in, &finding);
    }
}

struct choice {
    const struct hk_cases *cases;
    long *steps;
    const struct hk_case *found;
};

/* value is in lower case. */
static bool choose_open(struct choice *choice, struct hk_slice value)
{
    const struct hk_cases *cases = choice->cases;
    struct hk_grams grams;

    if (cases->open_count == 0)
        return false;
    hk_grams_of(value, &grams);
    for (unsigned i = 0; i < cases->open_count; i++) {
        if (hk_grams_may(&grams, &cases->open[i].key.needs) &&
            hk_glob_fits_lower(&cases->open[i].key, value, choice->steps)) {
            choice->found = &cases->open[i];
            return true;
        }
    }
    return false;
}

static bool choose(void *ctx, const struct hk_source *source, struct hk_slice value)
{
    struct choice *choice = ctx;
    const struct hk_cases *cases = choice->cases;
    HK_UNCLEARED char key[CASE_KEY_MAX];
    unsigned low = 0;
    unsigned high = cases->exact_count;

    (void)source;
    if (value.size >= sizeof(key))
        return false;
    for (size_t i = 0; i < value.size; i++)
        key[i] = hk_lower(value.at[i]);
    key[value.size] = '\0';
    while (low < high) {
        unsigned middle = (low + high) / 2;
        int order = strcmp(key, cases->exact[middle].key.text);
        if (order == 0) {
            choice->found = &cases->exact[middle];
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return choose_open(choice, (struct hk_slice){key, value.size});
}

static void choose_cases(struct run *run)
{
    for (const struct hk_cases *cases = run->mapping->cases; cases != NULL; cases = cases->next) {
        struct choice choice = {.cases = cases, .steps = run->event->glob_steps};
        for (const struct hk_source *by = cases->by; by != NULL && choice.found == NULL;
             by = by->next)
            (void)hk_source_values(by, &run->scope, choose, &choice);
        if (choice.found == NULL || run->field_count == CASES_MAX)
            continue;
        run->fields[run->field_count++] = choice.found->fields;
        run->targets |= choice.found->fields->targets;
        find_parts(run, choice.found->fields->finds);
    }
    run->fields[run->field_count++] = &run->mapping->fields;
    run->targets |= run->mapping->fields.targets | ENVELOPE_TARGETS;
}

/* --- one field --- */

static bool ask_sources(struct run *run, const struct hk_source *source)
{
    for (; source != NULL; source = source->next) {
        if (hk_source_may(source, &run->scope) &&
            hk_source_values(source, &run->scope, write_value, run))
            return true;
        if (run->is_list_open && hk_targets[run->target].shape == HK_SHAPE_LIST)
            return true;
    }
    return false;
}

/* What the envelope knows where the mapping found nothing. */
static bool ask_envelope(struct run *run)
{
    const struct hk_syslog *syslog = &run->event->syslog;

    switch (run->target) {
    case HK_TARGET_PRODUCT:
        if (run->mapping->product == NULL)
            return false;
        open_key(run);
        hk_jw_string(run->jw, run->mapping->product);
        return true;
    case HK_TARGET_SEVERITY:
        run->facts->severity = HK_SEVERITY_INFORMATIONAL;
        open_key(run);
        hk_jw_string(run->jw, hk_severity_text(run->facts->severity));
        return true;
    case HK_TARGET_TIME:
        if (syslog->has_time)
            run->facts->event_us = syslog->time_us;
        return syslog->has_time;
    case HK_TARGET_DEVICE_HOST:
        return write_name(run, syslog->host, false) ||
               write_name(run, run->event->outer_host, false);
    case HK_TARGET_DEVICE_IP:
        return write_ip(run, syslog->host) || write_ip(run, run->event->outer_ip) ||
               write_ip(run, run->event->outer_host);
    default:
        return false;
    }
}

static void fill_target(struct run *run, enum hk_target target)
{
    bool is_filled = false;

    run->target = target;
    run->is_list_open = false;
    run->seen_count = 0;
    for (unsigned i = 0; i < run->field_count && !is_filled; i++)
        is_filled = ask_sources(run, run->fields[i]->by_target[target]);
    if (run->is_list_open) {
        hk_jw_array_end(run->jw);
        is_filled = true;
    }
    if (target == HK_TARGET_TIME && is_filled)
        run->unread[0] = '\0';
    if (!is_filled)
        is_filled = ask_envelope(run);
    if (target == HK_TARGET_TIME) { /* there is always one: that of arrival at last */
        open_group(run, "");
        hk_jw_kv_time(run->jw, "time", run->facts->event_us);
    }
    run->is_filled[target] = is_filled;
}

/* --- further fields --- */

struct more_run {
    struct run *run;
    const char *name;
};

static bool write_more(void *ctx, const struct hk_source *source, struct hk_slice value)
{
    const struct more_run *more = ctx;

    (void)source;
    if (hk_value_is_nothing(value))
        return false;
    open_group(more->run, "more");
    hk_jw_key(more->run->jw, more->name);
    hk_jw_string_n(
        more->run->jw, value.at, hk_utf8_prefix(value.at, value.size, HK_MAPPING_TEXT_MAX));
    return true;
}

/* Was a field of that name written by a case before? */
static bool is_asked_before(const struct run *run, unsigned index, const char *name)
{
    for (unsigned i = 0; i < index; i++)
        for (const struct hk_more *more = run->fields[i]->more; more != NULL; more = more->next)
            if (strcmp(more->name, name) == 0)
                return true;
    return false;
}

static void fill_more(struct run *run)
{
    for (unsigned i = 0; i < run->field_count; i++) {
        for (const struct hk_more *more = run->fields[i]->more; more != NULL; more = more->next) {
            struct more_run ctx = {run, more->name};
            if (is_asked_before(run, i, more->name))
                continue;
            for (const struct hk_source *source = more->source; source != NULL;
                 source = source->next)
                if (hk_source_may(source, &run->scope) &&
                    hk_source_values(source, &run->scope, write_more, &ctx))
                    break;
        }
    }
}

void hk_write_header(const struct hk_event *event, struct hk_jw *jw)
{
    const struct hk_syslog *syslog = &event->syslog;

    if (!event->has_syslog)
        return;
    hk_jw_key(jw, "syslog");
    hk_jw_object(jw);
    if (syslog->host.size > 0) {
        hk_jw_key(jw, "host");
        hk_jw_string_n(jw, syslog->host.at, syslog->host.size);
    }
    if (syslog->app.size > 0) {
        hk_jw_key(jw, "app");
        hk_jw_string_n(jw, syslog->app.at, syslog->app.size);
    }
    if (syslog->severity >= 0)
        hk_jw_kv_i64(jw, "severity", syslog->severity);
    if (syslog->facility >= 0)
        hk_jw_kv_i64(jw, "facility", syslog->facility);
    if (syslog->has_time)
        hk_jw_kv_time(jw, "time", syslog->time_us);
    hk_jw_object_end(jw);
}

/* --- all of it --- */

static bool fail(struct run *run, enum hk_target target, const char *why)
{
    struct hk_mapping_trouble *trouble = run->trouble;

    trouble->failed = true;
    (void)snprintf(trouble->form, sizeof(trouble->form), "%s", run->mapping->form);
    hk_target_name(target, trouble->field, sizeof(trouble->field));
    (void)snprintf(trouble->why, sizeof(trouble->why), "%s", why);
    return false;
}

static bool check_filled(struct run *run)
{
    if (!run->is_filled[HK_TARGET_TITLE])
        return fail(run, HK_TARGET_TITLE, "nothing in the message gives a title");
    for (unsigned i = 0; i < run->mapping->required_count; i++)
        if (!run->is_filled[run->mapping->required[i]])
            return fail(run, run->mapping->required[i], "nothing in the message gives this field");
    return true;
}

static void write_trouble(const struct hk_mapping_trouble *trouble, struct hk_jw *jw)
{
    if (trouble == NULL || !trouble->failed)
        return;
    hk_jw_key(jw, "mapping");
    hk_jw_object(jw);
    hk_jw_kv(jw, "form", trouble->form);
    if (trouble->field[0] != '\0')
        hk_jw_kv(jw, "field", trouble->field);
    hk_jw_kv(jw, "why", trouble->why);
    hk_jw_object_end(jw);
}

bool hk_mapping_apply(const struct hk_mapping *mapping, struct hk_event *event,
    const struct hk_mapping_trouble *earlier, struct hk_jw *jw, struct hk_form_facts *facts,
    struct hk_mapping_trouble *ret_trouble)
{
    HK_UNCLEARED char seen[UNIQUE_MAX][HK_TECHNIQUE_SIZE];
    struct run run = {.mapping = mapping,
        .seen = seen,
        .event = event,
        .jw = jw,
        .facts = facts,
        .trouble = ret_trouble,
        .steps = HK_MAPPING_STEPS_MAX,
        .group = ""};

    hk_event_read_as(event, mapping);
    run.scope =
        (struct hk_scope){.event = event, .slots = run.slots, .slot_count = mapping->slot_count};
    hk_scope_look_under(&run.scope, mapping);
    find_parts(&run, mapping->fields.finds);
    choose_cases(&run);
    hk_jw_object(jw);
    for (int target = 0; target < HK_TARGET_MAX; target++)
        if ((run.targets >> target & 1) != 0)
            fill_target(&run, (enum hk_target)target);
    fill_more(&run);
    open_group(&run, "");
    hk_write_header(event, jw);
    write_trouble(earlier, jw);
    hk_jw_object_end(jw);
    if (run.unread[0] != '\0') {
        char why[128];
        (void)snprintf(why, sizeof(why), "\"%s\" can't be read as a time", run.unread);
        return fail(&run, HK_TARGET_TIME, why);
    }
    return check_filled(&run);
}
