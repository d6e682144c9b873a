/*
 * config_where: paths of errors lead to the line where a person has to look.
 */
#include "script/config_where.h"

#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

static const char source[] = "-- return hikeshi { listen = 1 }\n"              /* 1 */
                             "local function rule(a, b)\n"                     /* 2 */
                             "  return { hikeshi = a, tenants = b }\n"         /* 3 */
                             "end\n"                                           /* 4 */
                             "return hikeshi {\n"                              /* 5 */
                             "  listen = \"127.0.0.1:1\", --[[ { tenants\n"    /* 6 */
                             "  ]] log_level = [[\n"                           /* 7 */
                             "info]],\n"                                       /* 8 */
                             "  tenants = {\n"                                 /* 9 */
                             "    main = { playbooks = { 'a', 'b',\n"          /* 10 */
                             "      \"c}\" },\n"                               /* 11 */
                             "      capabilities = {\n"                        /* 12 */
                             "        [\"contain.block_ip\"] = 'edl.x',\n"     /* 13 */
                             "        ['contain'] = 1 },\n"                    /* 14 */
                             "      authority = { rule(function() if x then\n" /* 15 */
                             "        return {1, 2}, 3 end end, 2),\n"         /* 16 */
                             "        { kind = 'contain';\n"                   /* 17 */
                             "          outcome = 'no' } },\n"                 /* 18 */
                             "    },\n"                                        /* 19 */
                             "    [\"other\"] = shared,\n"                     /* 20 */
                             "  },\n"                                          /* 21 */
                             "}\n";

static void paths_lead_to_lines(void)
{
    static const struct {
        const char *path;
        unsigned line;
    } cases[] = {
        {"listen", 6},
        {"log_level: must be one of", 7},
        {"tenants", 9},
        {"tenants.main", 10},
        {"tenants.main.playbooks[0]", 10},
        {"tenants.main.playbooks[2]: cannot open", 11},
        {"tenants.main.playbooks[7]", 10},
        {"tenants.main.capabilities.contain.block_ip: there is", 13},
        {"tenants.main.capabilities.contain", 14},
        {"tenants.main.authority[0].outcome", 15},
        {"tenants.main.authority[1].outcome", 18},
        {"tenants.main.authority[1].severity", 17},
        {"tenants.other.plugins.edl", 20},
        {"tenants.main: authority[1].outcome: must be", 18},
        {"tenants.nobody", 9},
        {"playbooks", 0},
        {"", 0},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        unsigned line = hk_config_line(source, strlen(source), cases[i].path);
        if (line != cases[i].line)
            printf("%s: line %u, expected %u\n", cases[i].path, line, cases[i].line);
        CU_ASSERT_EQUAL(line, cases[i].line);
    }
}

/* Whatever is cut off, the walk ends, within the text. */
static void cut_texts_are_walked_to_their_end(void)
{
    for (size_t size = 0; size < strlen(source); size++) {
        char *copy = strndup(source, size);
        unsigned line = hk_config_line(copy, size, "tenants.main.authority[1].outcome");
        CU_ASSERT_TRUE(line <= 18);
        free(copy);
    }
}

static void deep_texts_end(void)
{
    char deep[4096] = "return hikeshi ";
    size_t size = strlen(deep);

    while (size < sizeof(deep) - 8) {
        memcpy(deep + size, "{a=", 3);
        size += 3;
    }
    CU_ASSERT_EQUAL(hk_config_line(deep, size, "a.a.a.a.b"), 1);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"paths lead to lines", paths_lead_to_lines},
        {"cut texts are walked to their end", cut_texts_are_walked_to_their_end},
        {"deep texts end", deep_texts_end},
    };
    return suite_run("config_where", tests, COUNT_OF(tests));
}
