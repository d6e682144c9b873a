/*
 * One at a time per subject, in the order in which they came; what ends something goes before those
 * who only look at it.
 */
#include "engine/turn.h"
#include "support/suite.h"

#include <string.h>

static char said[32];

static void say(void *ctx)
{
    (void)strncat(said, ctx, 1);
}

static void test_order(void)
{
    struct hk_engine engine = {0};

    hk_map_init(&engine.turns);
    said[0] = '\0';
    hk_turn_take(&engine, "a", say, (char[]){"1"});
    hk_turn_take(&engine, "a", say, (char[]){"2"});
    hk_turn_take(&engine, "b", say, (char[]){"x"});
    hk_turn_take(&engine, "a", say, (char[]){"3"});
    CU_ASSERT_STRING_EQUAL(said, "1x");
    hk_turn_end(&engine, "a");
    CU_ASSERT_STRING_EQUAL(said, "1x2");
    hk_turn_end(&engine, "b");
    hk_turn_end(&engine, "a");
    hk_turn_end(&engine, "a");
    CU_ASSERT_STRING_EQUAL(said, "1x23");
    CU_ASSERT_EQUAL(engine.turns.count, 0);
    hk_map_done(&engine.turns);
}

static void test_first(void)
{
    struct hk_engine engine = {0};

    hk_map_init(&engine.turns);
    said[0] = '\0';
    hk_turn_take(&engine, "a", say, (char[]){"1"});
    hk_turn_take(&engine, "a", say, (char[]){"2"});
    hk_turn_take_first(&engine, "a", say, (char[]){"A"});
    hk_turn_take(&engine, "a", say, (char[]){"3"});
    hk_turn_take_first(&engine, "a", say, (char[]){"B"});
    for (int i = 0; i < 5; i++)
        hk_turn_end(&engine, "a");
    CU_ASSERT_STRING_EQUAL(said, "1AB23");
    CU_ASSERT_EQUAL(engine.turns.count, 0);
    hk_map_done(&engine.turns);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"in order", test_order},
        {"first", test_first},
    };
    return suite_run("turn", tests, COUNT_OF(tests));
}
