/*
 * What stands about a containment is read from its entries, however many there are: one whose
 * release has failed for a year must still end.
 */
#include "engine/standing.h"
#include "ledger/folder.h"

enum { FAILURES = 6000 }; /* two entries each: more than ten thousand */

static void put_many(struct folder *folder)
{
    struct hk_error error = {.text = ""};

    for (int i = 0; i < FAILURES; i += 100) {
        struct hk_write *write = hk_write_new();

        must(write != NULL, "no memory");
        for (int k = i; k < i + 100; k++) {
            char held[1600];

            (void)snprintf(
                held, sizeof(held), "{\"reason\":\"%01500d\",\"retry_us\":%d}", k, 1000 + k);
            add(folder, write, HK_KIND_CONTAINMENT_RELEASING, "co-1", "{\"reason\":\"ended\"}");
            add(folder, write, HK_KIND_CONTAINMENT_HELD, "co-1", held);
        }
        must(hk_ledger_write_now(folder->ledger, write, &error) == HK_OK, error.text);
    }
}

static enum hk_status read_standing(struct hk_reading *reading, void *job, struct hk_error *error)
{
    return hk_standing_read(job, reading, error);
}

static void a_long_history_is_read(void)
{
    struct folder folder;
    struct hk_standing standing;
    struct hk_error error = {.text = ""};

    folder_init(&folder);
    put(&folder, HK_KIND_CONTAINMENT_STARTING, "co-1",
        "{\"action\":\"edl.block_ip\",\"plugin\":{\"name\":\"edl\"},\"args\":{\"ip\":\"192.0.2.1\"}"
        "}");
    put(&folder, HK_KIND_CONTAINMENT_ACTIVE, "co-1", "{\"from\":\"starting\",\"expires_us\":7}");
    put_many(&folder);
    hk_standing_init(&standing, folder.tenant, "co-1");
    CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, read_standing, &standing, &error), HK_OK);
    CU_ASSERT_EQUAL(standing.state, HK_CONTAINMENT_ACTIVE);
    CU_ASSERT_EQUAL(standing.releases, FAILURES);
    CU_ASSERT_EQUAL(standing.expires_us, 1000 + FAILURES - 1);
    CU_ASSERT_STRING_EQUAL(hk_standing_plugin(&standing), "edl");
    CU_ASSERT_STRING_EQUAL(hk_standing_action(&standing), "block_ip");
    CU_ASSERT_FALSE(hk_standing_has_room(&standing));
    hk_standing_done(&standing);

    put(&folder, HK_KIND_RUN_STARTED, "ru-1", "{\"n\":1}");
    hk_standing_init(&standing, folder.tenant, "ru-1");
    CU_ASSERT_EQUAL(
        hk_ledger_read_now(folder.ledger, read_standing, &standing, &error), HK_NOT_FOUND);
    hk_standing_done(&standing);
    folder_done(&folder);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"a long history is read", a_long_history_is_read},
    };
    return suite_run("standing", tests, COUNT_OF(tests));
}
