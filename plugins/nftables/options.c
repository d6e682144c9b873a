#include "options.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PRIORITY_MAX 10000
#define MARGIN_MS_MAX (30LL * 86400 * 1000)

static int wrong(char why[OPTIONS_WHY_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int wrong(char why[OPTIONS_WHY_SIZE], const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(why, OPTIONS_WHY_SIZE, format, args);
    va_end(args);
    return -1;
}

static int read_number(const cJSON *json, const char *name, double min, double max,
    double *ret_number, char why[OPTIONS_WHY_SIZE])
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);

    if (!cJSON_IsNumber(item) || !(item->valuedouble >= min && item->valuedouble <= max))
        return wrong(why, "option %s must be from %.0f to %.0f", name, min, max);
    *ret_number = item->valuedouble;
    return 0;
}

static int read_table(const cJSON *json, struct options *options, char why[OPTIONS_WHY_SIZE])
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "table"));
    size_t size = name != NULL ? strlen(name) : 0;

    if (size == 0 || size >= LAYOUT_NAME_SIZE || name[0] < 'a' || name[0] > 'z' ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != size)
        return wrong(why, "option table must be a name of at most %d of [a-z0-9_], a letter first",
            LAYOUT_NAME_SIZE - 1);
    memcpy(options->layout.table, name, size + 1);
    return 0;
}

static int read_hooks(const cJSON *json, struct options *options, char why[OPTIONS_WHY_SIZE])
{
    static const struct {
        const char *name;
        enum layout_chain chain;
    } hooks[] = {{"prerouting", LAYOUT_CHAIN_PREROUTING}, {"input", LAYOUT_CHAIN_INPUT},
        {"forward", LAYOUT_CHAIN_FORWARD}, {"output", LAYOUT_CHAIN_OUTPUT},
        {"postrouting", LAYOUT_CHAIN_POSTROUTING}};
    const cJSON *item;
    bool any = false;

    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(json, "hooks"))
    {
        const char *name = cJSON_GetStringValue(item);
        bool is_known = false;
        for (size_t i = 0; name != NULL && i < sizeof(hooks) / sizeof(hooks[0]); i++)
            if (strcmp(name, hooks[i].name) == 0)
                is_known = options->layout.blocks_in[hooks[i].chain] = true;
        if (!is_known)
            return wrong(
                why, "option hooks: there are prerouting, input, forward, output and postrouting");
        any = true;
    }
    return any ? 0 : wrong(why, "option hooks is empty: nothing would be blocked");
}

static int read_management(const cJSON *json, struct options *options, char why[OPTIONS_WHY_SIZE])
{
    struct layout *layout = &options->layout;
    const cJSON *item;

    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(json, "management"))
    {
        const char *text = cJSON_GetStringValue(item);
        if (text == NULL || layout->management_count == MANAGEMENT_MAX)
            return wrong(why, "option management: at most %d texts", MANAGEMENT_MAX);
        const char *fault = management_parse(text, &layout->management[layout->management_count]);
        if (fault != NULL)
            return wrong(why, "option management: \"%.80s\": %s", text, fault);
        layout->management_count++;
    }
    return 0;
}

int options_read(const char *text, struct options *ret_options, char why[OPTIONS_WHY_SIZE])
{
    double priority = 0;
    double widest_v4 = 0;
    double widest_v6 = 0;
    double margin_ms = 0;
    cJSON *json = cJSON_Parse(text);

    memset(ret_options, 0, sizeof(*ret_options));
    int result = json != NULL ? 0 : wrong(why, "its options are no JSON");
    if (result == 0)
        result = read_table(json, ret_options, why);
    if (result == 0)
        result = read_hooks(json, ret_options, why);
    if (result == 0)
        result = read_management(json, ret_options, why);
    if (result == 0)
        result = read_number(json, "priority", -PRIORITY_MAX, PRIORITY_MAX, &priority, why);
    if (result == 0)
        result = read_number(json, "widest_v4", 1, 32, &widest_v4, why);
    if (result == 0)
        result = read_number(json, "widest_v6", 1, 128, &widest_v6, why);
    if (result == 0)
        result = read_number(json, "margin", 0, MARGIN_MS_MAX, &margin_ms, why);
    cJSON_Delete(json);
    ret_options->layout.priority = (int32_t)priority;
    ret_options->widest_v4 = (unsigned)widest_v4;
    ret_options->widest_v6 = (unsigned)widest_v6;
    ret_options->margin_ms = (uint64_t)margin_ms;
    return result;
}

/* What no packet from or to somewhere else has, or has for many at once. */
static const char *const special[] = {"0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "255.255.255.255",
    "::", "::1", "fe80::/10", "ff00::/8"};

static bool is_special(const struct address_range *range)
{
    struct address_range other;

    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
        if (address_parse(special[i], &other) != NULL || address_overlaps(range, &other))
            return true;
    return false;
}

const char *options_refusal(
    const struct options *options, bool is_isolation, const struct address_range *range)
{
    bool is_v4 = address_is_v4(range);
    unsigned prefix = is_v4 ? range->prefix - 96u : range->prefix;

    if (is_isolation && range->prefix != 128)
        return "one host can be isolated, not a range";
    if (address_is_everything(range) || prefix < (is_v4 ? options->widest_v4 : options->widest_v6))
        return is_v4 ? "this range is wider than the option widest_v4 allows"
                     : "this range is wider than the option widest_v6 allows";
    if (is_special(range))
        return "loopback, link-local, multicast and unspecified addresses can't be blocked or "
               "isolated";
    for (unsigned i = 0; i < options->layout.management_count; i++)
        if (address_overlaps(range, &options->layout.management[i].range))
            return "the option management names an address of this range: it is never cut off";
    return NULL;
}
