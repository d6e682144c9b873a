/*
 * audit: each kind of tampering is found, at its place; honest ledgers verify and rebuild.
 */
#include "ledger/audit.h"

#include "folder.h"

#include <inttypes.h>

/* Ten entries, checkpoints at 4 (a containment) and 10 (the close). */
static void fill(struct folder *folder)
{
    static const struct {
        enum hk_kind kind;
        const char *subject;
    } entries[] = {
        {HK_KIND_ALERT_RECEIVED, "al-1"},
        {HK_KIND_RUN_STARTED, "ru-1"},
        {HK_KIND_CONTAINMENT_STARTING, "co-1"},
        {HK_KIND_CONTAINMENT_ACTIVE, "co-1"},
        {HK_KIND_ALERT_RECEIVED, "al-2"},
        {HK_KIND_ALERT_RECEIVED, "al-3"},
        {HK_KIND_ALERT_ROUTED, "al-2"},
        {HK_KIND_ALERT_CLOSED, "al-2"},
        {HK_KIND_RUN_FINISHED, "ru-1"},
    };

    folder_init(folder);
    for (size_t i = 0; i < COUNT_OF(entries); i++)
        put(folder, entries[i].kind, entries[i].subject, "{\"step\":\"0\"}");
    folder_close(folder);
}

static int64_t number_at(const struct hk_buf *out, const char *path)
{
    struct hk_json_doc doc;
    const struct hk_json *tenants;
    int64_t value = -1;

    must(hk_json_parse(out->data, out->size, &hk_json_limits_own, &doc, NULL) == HK_OK, "JSON");
    tenants = hk_json_get(doc.root, "tenants");
    if (tenants != NULL && tenants->first != NULL)
        value = hk_json_i64_at(tenants->first, path, -1);
    hk_json_doc_done(&doc);
    return value;
}

static void honest_ledgers_verify(void)
{
    struct folder folder;
    struct hk_buf out;

    fill(&folder);
    CU_ASSERT_TRUE(verify(&folder, NULL, &out));
    CU_ASSERT_EQUAL(number_at(&out, "size"), 10);
    hk_buf_done(&out);
    CU_ASSERT_TRUE(rebuild(&folder, &out));
    hk_buf_done(&out);
    folder_open(&folder);
    CU_ASSERT_TRUE(verify(&folder, NULL, &out)); /* beside an open ledger */
    hk_buf_done(&out);
    folder_done(&folder);
}

#define POS(seq) "((1 << 40) + " #seq ")"

static void tampering_is_found(void)
{
    static const struct {
        const char *sql;
        int64_t seq;
        const char *problem;
    } cases[] = {
        {"UPDATE entry SET payload = '{\"step\":\"1\"}' WHERE pos = " POS(5), 5, "commits to"},
        {"UPDATE entry SET salt = randomblob(32) WHERE pos = " POS(6), 6, "commits to"},
        {"UPDATE entry SET salt = randomblob(31) WHERE pos = " POS(6), 6, "wrong size"},
        {"UPDATE entry SET salt = NULL, payload = NULL WHERE pos = " POS(7), 7, "missing"},
        /* The line itself: found by the next checkpoint over it. */
        {"UPDATE entry SET line = replace(line, 'us-one', 'us-two') WHERE pos = " POS(5), 4,
            "from 4 to 9"},
        {"UPDATE entry SET line = replace(line, 'us-one', 'us-two') WHERE pos = " POS(2), 0,
            "from 0 to 3"},
        {"UPDATE entry SET line = replace(line, 'hk1', 'hk9') WHERE pos = " POS(5), 5, "not known"},
        {"UPDATE entry SET line = replace(line, ' 2', '  2') WHERE pos = " POS(5), 5, "fields"},
        {"DELETE FROM entry WHERE pos = " POS(5), 5, "missing"},
        {"DELETE FROM entry WHERE pos = " POS(0), 0, ""},
        {"DELETE FROM entry WHERE pos = " POS(9), 9, "missing at the end"},
        {"DELETE FROM entry WHERE pos >= " POS(8) "; DELETE FROM checkpoint WHERE size > 8", 8,
            "stored tree covers"},
        {"DELETE FROM entry WHERE pos >= " POS(8) "; DELETE FROM tree", 8, "missing at the end"},
        {"CREATE TEMP TABLE t AS SELECT pos, line FROM entry;"
         "UPDATE entry SET line = (SELECT line FROM t WHERE t.pos ="
         " CASE entry.pos WHEN " POS(5) " THEN " POS(6) " ELSE " POS(5) " END)"
                                                                        " WHERE pos IN (" POS(
                                                                            5) ", " POS(6) ")",
            5, "of entry 6"},
        {"UPDATE checkpoint SET note = replace(note, '4', '5') WHERE size = 4", 0, ""},
        {"UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 10) WHERE"
         " size = 4",
            0, "can't be read"},
        {"UPDATE tree SET frontier = randomblob(length(frontier))", 10, "from 10 on"},
        {"INSERT INTO entry SELECT pos + 1, replace(line, 'hk1 9 ', 'hk1 10 '), salt, payload, prev"
         " FROM entry WHERE pos = " POS(9),
            10, "added beside"},
        {"DELETE FROM entry", 0, ""},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct folder folder;
        struct hk_buf out;
        bool found;

        fill(&folder);
        tamper(&folder, cases[i].sql);
        found = !verify(&folder, NULL, &out);
        found = found && number_at(&out, "seq") == cases[i].seq &&
                strstr(out.data, cases[i].problem) != NULL;
        if (!found)
            (void)fprintf(stderr, "%s\n  gives %s\n", cases[i].sql, out.data);
        CU_ASSERT_TRUE(found);
        hk_buf_done(&out);
        folder_done(&folder);
    }
}

/* With the roots of blocks an edit between two checkpoints is known to a block of 256. */
static void blocks_say_where(void)
{
    static const struct {
        const char *sql;
        int64_t seq;
        const char *problem;
    } cases[] = {
        {"UPDATE entry SET line = replace(line, 'us-one', 'us-two') WHERE pos = " POS(300), 256,
            "from 256 to 511"},
        {"UPDATE entry SET line = replace(line, 'us-one', 'us-two') WHERE pos = " POS(3), 2,
            "from 2 to 255"},
        {"UPDATE entry SET line = replace(line, 'us-one', 'us-two') WHERE pos = " POS(650), 2,
            "from 2 to 699"},
        {"UPDATE entry SET line = replace(line, 'us-one', 'us-two') WHERE pos = " POS(
             300) ";"
                  "DELETE FROM checkpoint WHERE size > 2",
            256, "from 256 to 511 is not the one"},
        {"UPDATE node SET hash = randomblob(32) WHERE idx = 1", 256, "over the entries 256 to 511"},
        {"UPDATE node SET hash = randomblob(31) WHERE idx = 1", 256, "over the entries 256 to 511"},
        {"DELETE FROM node WHERE idx = 0", 0, "over the entries 0 to 255"},
        {"INSERT INTO node VALUES(1, 8, 2, randomblob(32))", 700, "that no entries make up"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct folder folder;
        struct hk_buf out;
        bool found;

        folder_init(&folder);
        put(&folder, HK_KIND_CONTAINMENT_STARTING, "co-1", "{}"); /* a checkpoint over 2 */
        for (int batch = 0; batch < 2; batch++) {
            struct hk_write *write = hk_write_new();
            for (int k = 0; k < 349; k++)
                add(&folder, write, HK_KIND_ALERT_RECEIVED, "al-1", "{}");
            must(hk_ledger_write_now(folder.ledger, write, NULL) == HK_OK, "not written");
        }
        folder_close(&folder);
        tamper(&folder, cases[i].sql);
        found = !verify(&folder, NULL, &out);
        found = found && number_at(&out, "seq") == cases[i].seq &&
                strstr(out.data, cases[i].problem) != NULL;
        if (!found)
            (void)fprintf(stderr, "%s\n  gives %s\n", cases[i].sql, out.data);
        CU_ASSERT_TRUE(found);
        hk_buf_done(&out);
        folder_done(&folder);
    }
}

/* Who holds the database only can't rewrite history: neither prev nor projections are evidence. */
static void a_wrong_prev_is_for_rebuild(void)
{
    struct folder folder;
    struct hk_buf out;

    fill(&folder);
    tamper(&folder, "UPDATE entry SET prev = NULL WHERE pos = " POS(7));
    CU_ASSERT_TRUE(verify(&folder, NULL, &out));
    hk_buf_done(&out);
    CU_ASSERT_FALSE(rebuild(&folder, &out));
    CU_ASSERT_PTR_NOT_NULL(strstr(out.data, "entry 7"));
    hk_buf_done(&out);
    folder_done(&folder);
}

static void given_checkpoints_are_held(void)
{
    struct folder folder;
    struct folder other;
    struct hk_buf out;
    char four[1024];
    char ten[1024];
    char foreign[1024];

    fill(&folder);
    ask(&folder, "SELECT note FROM checkpoint WHERE size = 4", four, sizeof(four));
    ask(&folder, "SELECT note FROM checkpoint WHERE size = 10", ten, sizeof(ten));
    CU_ASSERT_TRUE(verify(&folder, four, &out));
    hk_buf_done(&out);
    CU_ASSERT_TRUE(verify(&folder, ten, &out));
    hk_buf_done(&out);
    /* A cut that also removes every trace inside is found by what left the machine. */
    tamper(&folder, "DELETE FROM entry WHERE pos >= " POS(
                        4) "; DELETE FROM checkpoint WHERE size >"
                           " 4; UPDATE tree SET size = 4, frontier = substr(frontier, 33, 32)");
    CU_ASSERT_FALSE(verify(&folder, ten, &out));
    CU_ASSERT_EQUAL(number_at(&out, "seq"), 4);
    CU_ASSERT_PTR_NOT_NULL(strstr(out.data, "given checkpoint covers 10"));
    hk_buf_done(&out);

    fill(&other);
    ask(&other, "SELECT note FROM checkpoint WHERE size = 4", foreign, sizeof(foreign));
    {
        struct hk_audit_options options = {.data_dir = folder.path, .checkpoint_text = foreign};
        struct hk_error error;
        bool ok;

        hk_buf_init(&out, 4096);
        CU_ASSERT_EQUAL(hk_audit_verify(&options, &out, &ok, &error), HK_NOT_FOUND);
        options.checkpoint_text = "nonsense";
        CU_ASSERT_EQUAL(hk_audit_verify(&options, &out, &ok, &error), HK_INVALID);
        options.checkpoint_text = NULL;
        options.tenant = "nobody";
        CU_ASSERT_EQUAL(hk_audit_verify(&options, &out, &ok, &error), HK_NOT_FOUND);
        options.data_dir = "/nonexistent";
        CU_ASSERT_EQUAL(hk_audit_verify(&options, &out, &ok, &error), HK_NOT_FOUND);
        hk_buf_done(&out);
    }
    folder_done(&other);
    folder_done(&folder);
}

static void changed_projections_are_found(void)
{
    static const struct {
        const char *sql;
        const char *difference;
    } cases[] = {
        {"UPDATE alert SET state = 'closed' WHERE id = 'al-3'", "alert of main: row 3 (al-3)"},
        {"DELETE FROM run", "table run of main: row 0 (ru-1) is missing"},
        {"INSERT INTO user(tenant, id, name, role, state, last)"
         " VALUES(1, 'us-9', 'ghost', 'approver', 'active', 5)",
            "table user of main: row 1 (us-9) is not in the entries"},
        {"UPDATE containment SET expires_us = 1", "table containment"},
        {"UPDATE tenant SET name = 'x'", "table tenant"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct folder folder;
        struct hk_buf out;
        bool found;

        fill(&folder);
        tamper(&folder, cases[i].sql);
        found = !rebuild(&folder, &out) && strstr(out.data, cases[i].difference) != NULL;
        if (!found)
            (void)fprintf(stderr, "%s\n  gives %s\n", cases[i].sql, out.data);
        CU_ASSERT_TRUE(found);
        hk_buf_done(&out);
        folder_done(&folder);
    }
}

static void tenants_are_judged_apart(void)
{
    struct folder folder;
    struct hk_buf out;
    struct hk_audit_options options = {.data_dir = folder.path, .tenant = "other"};
    hk_tenant other;
    bool ok = false;

    folder_init(&folder);
    CU_ASSERT_EQUAL(hk_ledger_tenant_open(folder.ledger, "other", &other, NULL), HK_OK);
    put(&folder, HK_KIND_ALERT_RECEIVED, "al-1", "{}");
    folder_close(&folder);
    tamper(&folder, "UPDATE entry SET payload = '{} ' WHERE pos = " POS(1));
    CU_ASSERT_FALSE(verify(&folder, NULL, &out));
    hk_buf_clear(&out);
    CU_ASSERT_EQUAL(hk_audit_verify(&options, &out, &ok, NULL), HK_OK);
    CU_ASSERT_TRUE(ok);
    hk_buf_done(&out);
    folder_done(&folder);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"honest ledgers verify", honest_ledgers_verify},
        {"tampering is found", tampering_is_found},
        {"blocks say where", blocks_say_where},
        {"a wrong prev is for rebuild", a_wrong_prev_is_for_rebuild},
        {"given checkpoints are held", given_checkpoints_are_held},
        {"changed projections are found", changed_projections_are_found},
        {"tenants are judged apart", tenants_are_judged_apart},
    };
    return suite_run("audit", tests, COUNT_OF(tests));
}
