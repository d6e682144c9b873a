/*
 * names: whatever the record can say has a name in both languages.
 */
#include "engine/states.h"
#include "ledger/entry.h"
#include "support/suite.h"
#include "words/words.h"

#include <stdio.h>
#include <string.h>

static void expect_names(enum hk_name_group group, const char *name)
{
    const char *ja = hk_name(HK_LANGUAGE_JA, group, name);
    bool is_translated = strcmp(ja, name) != 0;

    if (!is_translated)
        printf("\n  no Japanese name: %s\n", name);
    CU_ASSERT_TRUE(is_translated);
}

static void kinds_of_entries_have_names(void)
{
    for (int kind = 0; kind < HK_KIND_COUNT; kind++)
        expect_names(HK_NAME_KIND, hk_kind_text((enum hk_kind)kind));
}

static void states_have_names(void)
{
    for (int state = HK_STEP_WAITING; state <= HK_STEP_SETTLED; state++)
        expect_names(HK_NAME_STEP, hk_step_state_text((enum hk_step_state)state));
    for (int state = HK_RUN_RUNNING; state <= HK_RUN_CANCELLED; state++)
        expect_names(HK_NAME_RUN, hk_run_state_text((enum hk_run_state)state));
    for (int state = HK_GATE_PENDING; state <= HK_GATE_VOID; state++)
        expect_names(HK_NAME_APPROVAL, hk_gate_state_text((enum hk_gate_state)state));
    for (int state = HK_CONTAINMENT_STARTING; state <= HK_CONTAINMENT_FAILED; state++)
        expect_names(
            HK_NAME_CONTAINMENT, hk_containment_state_text((enum hk_containment_state)state));
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"kinds of entries have names", kinds_of_entries_have_names},
        {"states have names", states_have_names},
    };
    return suite_run("names", tests, COUNT_OF(tests));
}
