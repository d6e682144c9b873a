/*
 * prove: what is shown leads to what was signed, or it is said that it doesn't.
 */
#include "ledger/prove.h"

#include "folder.h"
#include "ledger/reader.h"

enum { LARGE = 9000 }; /* many blocks and some more */

struct asked {
    struct folder *folder;
    uint64_t seqs[HK_PROVE_ENTRIES_MAX];
    size_t count;
    struct hk_buf out;
    struct hk_json_doc doc;
};

static enum hk_status prove(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct asked *asked = job;

    return hk_prove(reading, asked->folder->tenant, asked->seqs, asked->count, &asked->out, error);
}

/* Ask about an entry; the answer is in asked until asked_done. */
static void ask_about(struct asked *asked, uint64_t seq)
{
    struct hk_error error = {.text = ""};

    asked->seqs[asked->count++] = seq;
    hk_buf_init(&asked->out, 1 << 20);
    must(hk_ledger_read_now(asked->folder->ledger, prove, asked, &error) == HK_OK, error.text);
    must(hk_json_parse(
             asked->out.data, asked->out.size, &hk_json_limits_own, &asked->doc, &error) == HK_OK,
        error.text);
}

static bool says(const struct asked *asked, const char *state, const char *problem)
{
    bool holds = strcmp(hk_json_string_at(asked->doc.root, "state", "-"), state) == 0 &&
                 strcmp(hk_json_string_at(asked->doc.root, "problem", ""), problem) == 0;

    if (!holds)
        (void)fprintf(stderr, "\n  %s\n", asked->out.data);
    return holds;
}

static void asked_done(struct asked *asked)
{
    hk_json_doc_done(&asked->doc);
    hk_buf_done(&asked->out);
    asked->count = 0;
}

/* Entries 1 to count (0 opens the ledger), with a checkpoint over all of them. */
static void fill(struct folder *folder, unsigned count)
{
    char subject[32];

    folder_init(folder);
    for (unsigned i = 0; i < count;) {
        struct hk_write *write = hk_write_new();
        must(write != NULL, "out of memory");
        for (unsigned n = 0; n < 500 && i < count; n++, i++) {
            (void)snprintf(subject, sizeof(subject), "al-%u", i);
            add(folder, write, HK_KIND_ALERT_RECEIVED, subject, "{\"view\":{}}");
        }
        must(hk_ledger_write_now(folder->ledger, write, NULL) == HK_OK, "not written");
    }
    folder_close(folder); /* with a checkpoint */
    folder_open(folder);
}

static void what_stands_is_verified(void)
{
    struct folder folder;
    struct asked asked = {.folder = &folder};

    fill(&folder, 9);
    ask_about(&asked, 3);
    CU_ASSERT_TRUE(says(&asked, "verified", ""));
    CU_ASSERT_EQUAL(hk_json_i64_at(asked.doc.root, "size", 0), 10);
    CU_ASSERT_FALSE(hk_json_bool_at(asked.doc.root, "has_later", true));
    CU_ASSERT_EQUAL(strlen(hk_json_string_at(hk_json_get(asked.doc.root, "leaves"), "3", "")), 44);
    asked_done(&asked);

    put(&folder, HK_KIND_ALERT_SEEN, "al-1", "{\"by\":\"us-one\"}");
    ask_about(&asked, 10);
    CU_ASSERT_TRUE(says(&asked, "later", ""));
    asked_done(&asked);
    asked.seqs[asked.count++] = 2;
    ask_about(&asked, 10);
    CU_ASSERT_TRUE(says(&asked, "verified", ""));
    CU_ASSERT_TRUE(hk_json_bool_at(asked.doc.root, "has_later", false));
    asked_done(&asked);
    folder_done(&folder);
}

#define POS(seq) "((1 << 40) + " #seq ")"

static void what_was_changed_is_not(void)
{
    static const struct {
        const char *sql;
        const char *problem;
    } cases[] = {
        {"UPDATE entry SET payload = '{\"step\":\"1\"}' WHERE pos = " POS(3), "payload"},
        {"UPDATE entry SET salt = NULL, payload = NULL WHERE pos = " POS(3), "payload"},
        {"UPDATE entry SET line = replace(line, 'us-one', 'us-two') WHERE pos = " POS(3), "root"},
        {"UPDATE entry SET line = replace(line, 'us-one', 'us-two') WHERE pos = " POS(5), "root"},
        {"DELETE FROM entry WHERE pos = " POS(7), "root"},
        {"DELETE FROM entry WHERE pos = " POS(3), "payload"},
        {"UPDATE checkpoint SET note = replace(note, char(10) || '10' || char(10),"
         " char(10) || '9' || char(10))",
            "signature"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct folder folder;
        struct asked asked = {.folder = &folder};
        bool found;

        fill(&folder, 9);
        tamper(&folder, cases[i].sql);
        ask_about(&asked, 3);
        found = says(&asked, "wrong", cases[i].problem);
        if (!found)
            (void)fprintf(stderr, "  after %s\n", cases[i].sql);
        CU_ASSERT_TRUE(found);
        asked_done(&asked);
        folder_done(&folder);
    }
}

/* The guards are off already. */
static void tamper_again(const struct folder *folder, const char *sql)
{
    sqlite3 *db = folder_db(folder, SQLITE_OPEN_READWRITE);

    must(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "can't change the file");
    (void)sqlite3_close(db);
}

/* A payload that was erased is no problem when the record says so. */
static void erased_payloads_are_verified(void)
{
    struct folder folder;
    struct asked asked = {.folder = &folder};

    fill(&folder, 9);
    put(&folder, HK_KIND_PAYLOAD_ERASED, "erasure",
        "{\"subject\":\"al-2\",\"entries\":[{\"seq\":3}],\"subjects\":[]}");
    folder_close(&folder);
    folder_open(&folder);
    tamper(&folder, "UPDATE entry SET salt = NULL, payload = NULL WHERE pos = " POS(3));
    ask_about(&asked, 3);
    CU_ASSERT_TRUE(says(&asked, "verified", ""));
    asked_done(&asked);
    folder_done(&folder);
}

/* What is shown is hashed from its lines, blocks stand for the rest. */
static void only_what_is_shown_is_read(void)
{
    struct folder folder;
    struct asked asked = {.folder = &folder};

    fill(&folder, LARGE);
    asked.seqs[asked.count++] = 8999;
    asked.seqs[asked.count++] = 3;
    asked.seqs[asked.count++] = 5000;
    asked.seqs[asked.count++] = 5001;
    ask_about(&asked, LARGE);
    CU_ASSERT_TRUE(says(&asked, "verified", ""));
    asked_done(&asked);

    tamper(&folder,
        "UPDATE entry SET line = replace(line, 'us-one', 'us-two') WHERE pos = " POS(5001));
    ask_about(&asked, 10);
    CU_ASSERT_TRUE(says(&asked, "verified", "")); /* entry 10 is, whatever became of 5001 */
    asked_done(&asked);
    ask_about(&asked, 5000);
    CU_ASSERT_TRUE(says(&asked, "wrong", "root")); /* in the same block */
    asked_done(&asked);
    tamper_again(&folder, "UPDATE entry SET line = replace(line, 'us-two', 'us-one')");
    ask_about(&asked, 5000);
    CU_ASSERT_TRUE(says(&asked, "verified", ""));
    asked_done(&asked);
    tamper_again(&folder, "UPDATE node SET hash = randomblob(32) WHERE level = 8 AND idx = 19");
    ask_about(&asked, 5000);
    CU_ASSERT_TRUE(says(&asked, "verified", "")); /* its own lines were read, not their block */
    asked_done(&asked);
    ask_about(&asked, 10);
    CU_ASSERT_TRUE(says(&asked, "wrong", "root"));
    asked_done(&asked);
    tamper_again(&folder, "DELETE FROM node WHERE level = 8 AND idx = 19");
    ask_about(&asked, 10);
    CU_ASSERT_TRUE(says(&asked, "wrong", "root"));
    asked_done(&asked);
    folder_done(&folder);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"what stands is verified", what_stands_is_verified},
        {"what was changed is not", what_was_changed_is_not},
        {"erased payloads are verified", erased_payloads_are_verified},
        {"only what is shown is read", only_what_is_shown_is_read},
    };
    return suite_run("prove", tests, COUNT_OF(tests));
}
