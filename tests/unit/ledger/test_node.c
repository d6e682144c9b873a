/*
 * node: roots of ranges read from blocks are those over the lines, in ledgers with blocks of each
 * size that a test can make; proofs from them lead to the checkpoint, or it is said that they
 * don't.
 */
#include "ledger/node.h"

#include "folder.h"
#include "ledger/merkle_path.h"
#include "ledger/note.h"
#include "ledger/prove_path.h"
#include "ledger/reader.h"

enum { LARGE = 65536 + 3 * 256 + 77 };

static uint8_t (*leaves)[HK_SHA256_SIZE];

static void fill(struct folder *folder, unsigned count)
{
    folder_init(folder);
    for (unsigned i = 1; i < count;) {
        struct hk_write *write = hk_write_new();
        must(write != NULL, "out of memory");
        for (unsigned n = 0; n < 1000 && i < count; n++, i++)
            add(folder, write, HK_KIND_ALERT_SEEN, "al-1", "{}");
        must(hk_ledger_write_now(folder->ledger, write, NULL) == HK_OK, "not written");
    }
    folder_close(folder); /* with a checkpoint */
}

static void read_leaves(sqlite3 *db, size_t count)
{
    sqlite3_stmt *stmt = NULL;

    leaves = calloc(count, sizeof(*leaves));
    must(leaves != NULL && sqlite3_prepare_v2(db, "SELECT line FROM entry ORDER BY pos", -1, &stmt,
                               NULL) == SQLITE_OK,
        "can't read lines");
    for (size_t i = 0; i < count && sqlite3_step(stmt) == SQLITE_ROW; i++)
        hk_merkle_leaf(
            sqlite3_column_text(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0), leaves[i]);
    (void)sqlite3_finalize(stmt);
}

static void root_of_leaves(uint64_t first, uint64_t count, uint8_t ret_root[HK_SHA256_SIZE])
{
    struct hk_merkle tree;

    hk_merkle_init(&tree);
    for (uint64_t i = 0; i < count; i++)
        hk_merkle_append(&tree, leaves[first + i]);
    hk_merkle_root(&tree, ret_root);
}

static void ranges_are_those_of_the_lines(void)
{
    static const uint64_t ranges[][2] = {{0, 1}, {0, 255}, {0, 256}, {0, 257}, {256, 256},
        {512, 77}, {65536, 256}, {65536, 845}, {0, 65536}, {0, 65535}, {32768, 32768}, {0, LARGE},
        {66304, 77}, {65536, 512}, {7, 1}, {6, 2}, {8, 8}, {128, 128}};
    struct folder folder;
    sqlite3 *db;

    fill(&folder, LARGE);
    db = folder_db(&folder, SQLITE_OPEN_READONLY);
    read_leaves(db, LARGE);
    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        struct hk_node_source source = {.db = db, .tenant = folder.tenant};
        uint8_t root[HK_SHA256_SIZE];
        uint8_t expected[HK_SHA256_SIZE];

        CU_ASSERT_EQUAL(hk_node_range(&source, ranges[i][0], ranges[i][1], root, NULL), HK_OK);
        root_of_leaves(ranges[i][0], ranges[i][1], expected);
        CU_ASSERT_EQUAL(memcmp(root, expected, sizeof(root)), 0);
    }
    free(leaves);
    (void)sqlite3_close(db);
    folder_done(&folder);
}

static enum hk_status prove_inclusion(
    struct folder *folder, uint64_t seq, uint64_t size, struct hk_buf *out, struct hk_error *error)
{
    struct hk_reading reading = {.db = folder_db(folder, SQLITE_OPEN_READONLY)};
    enum hk_status status;

    hk_buf_init(out, 65536);
    status = hk_prove_inclusion(&reading, folder->tenant, seq, size, NULL, out, error);
    (void)sqlite3_close(reading.db);
    return status;
}

static enum hk_status prove_consistency(
    struct folder *folder, uint64_t from, uint64_t to, struct hk_buf *out, struct hk_error *error)
{
    struct hk_reading reading = {.db = folder_db(folder, SQLITE_OPEN_READONLY)};
    enum hk_status status;

    hk_buf_init(out, 65536);
    status = hk_prove_consistency(&reading, folder->tenant, from, to, out, error);
    (void)sqlite3_close(reading.db);
    return status;
}

/* Read a proof back as a stranger does: {"path":[…],"checkpoint":…}. */
static void read_proof(
    const struct hk_buf *out, struct hk_json_doc *doc, struct hk_merkle_path *path)
{
    const struct hk_json *list;
    size_t size;

    must(hk_json_parse(out->data, out->size, &hk_json_limits_own, doc, NULL) == HK_OK, "JSON");
    list = hk_json_get(doc->root, "path");
    path->count = 0;
    for (const struct hk_json *item = list != NULL ? list->first : NULL; item != NULL;
         item = item->next)
        must(hk_base64_decode(item->text, strlen(item->text), path->hash[path->count++],
                 HK_SHA256_SIZE, &size) == HK_OK,
            "base64");
}

static void proofs_lead_to_the_checkpoint(void)
{
    static const uint64_t seqs[] = {0, 1, 255, 256, 300, 511, 512, 65535, 65536, LARGE - 1};
    struct folder folder;
    sqlite3 *db;

    fill(&folder, LARGE);
    db = folder_db(&folder, SQLITE_OPEN_READONLY);
    read_leaves(db, LARGE);
    (void)sqlite3_close(db);
    for (size_t i = 0; i < COUNT_OF(seqs); i++) {
        struct hk_json_doc doc = {.root = NULL};
        struct hk_merkle_path path;
        struct hk_note note;
        struct hk_buf out;
        uint8_t root[HK_SHA256_SIZE];
        uint8_t leaf[HK_SHA256_SIZE];
        const char *text;

        CU_ASSERT_EQUAL_FATAL(prove_inclusion(&folder, seqs[i], 0, &out, NULL), HK_OK);
        CU_ASSERT_TRUE(out.size < 2048);
        read_proof(&out, &doc, &path);
        text = hk_json_string_at(doc.root, "line", "");
        hk_merkle_leaf(text, strlen(text), leaf);
        CU_ASSERT_EQUAL(memcmp(leaf, leaves[seqs[i]], sizeof(leaf)), 0);
        text = hk_json_string_at(doc.root, "checkpoint", "");
        CU_ASSERT_EQUAL_FATAL(hk_note_parse(text, strlen(text), &note, NULL), HK_OK);
        CU_ASSERT_TRUE(hk_merkle_inclusion_holds(&path, seqs[i], note.size, leaf, note.root));
        hk_json_doc_done(&doc);
        hk_buf_done(&out);

        CU_ASSERT_EQUAL_FATAL(prove_consistency(&folder, seqs[i] + 1, 0, &out, NULL), HK_OK);
        read_proof(&out, &doc, &path);
        root_of_leaves(0, seqs[i] + 1, root);
        CU_ASSERT_TRUE(hk_merkle_consistency_holds(&path, seqs[i] + 1, note.size, root, note.root));
        hk_json_doc_done(&doc);
        hk_buf_done(&out);
    }
    free(leaves);
    folder_done(&folder);
}

static void what_cannot_be_proved_is_not(void)
{
    struct folder folder;
    struct hk_error error = {.text = ""};
    struct hk_buf out;
    sqlite3 *db;

    fill(&folder, 700);
    CU_ASSERT_EQUAL(prove_inclusion(&folder, 700, 0, &out, &error), HK_NOT_FOUND);
    CU_ASSERT_EQUAL(prove_inclusion(&folder, 7, 699, &out, &error), HK_NOT_FOUND);
    CU_ASSERT_EQUAL(prove_consistency(&folder, 0, 0, &out, &error), HK_INVALID);
    CU_ASSERT_EQUAL(prove_consistency(&folder, 701, 0, &out, &error), HK_INVALID);
    CU_ASSERT_EQUAL(prove_consistency(&folder, 7, 699, &out, &error), HK_NOT_FOUND);
    CU_ASSERT_EQUAL(prove_consistency(&folder, 700, 700, &out, &error), HK_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(out.data, "\"path\":[]"));
    hk_buf_done(&out);
    tamper(&folder, "UPDATE entry SET line = replace(line, 'us-one', 'us-two') WHERE"
                    " pos = (1 << 40) + 300");
    /* Its own block no longer leads to the root; others' blocks do. */
    CU_ASSERT_EQUAL(prove_inclusion(&folder, 300, 0, &out, &error), HK_CORRUPT);
    CU_ASSERT_EQUAL(prove_inclusion(&folder, 301, 0, &out, &error), HK_CORRUPT);
    CU_ASSERT_EQUAL(prove_inclusion(&folder, 3, 0, &out, &error), HK_OK);
    hk_buf_done(&out);
    db = folder_db(&folder, SQLITE_OPEN_READWRITE);
    must(sqlite3_exec(db, "DELETE FROM node WHERE idx = 1", NULL, NULL, NULL) == SQLITE_OK, "SQL");
    (void)sqlite3_close(db);
    CU_ASSERT_EQUAL(prove_inclusion(&folder, 3, 0, &out, &error), HK_CORRUPT);
    folder_done(&folder);
}

static void forks_of_an_earlier_checkpoint_are_found(void)
{
    struct folder folder;
    struct hk_audit_options options = {.data_dir = folder.path};
    struct hk_error error = {.text = ""};
    struct hk_buf out;
    char early[2048];
    char foreign[2048];

    fill(&folder, 300);
    ask(&folder, "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1", early, sizeof(early));
    folder_open(&folder);
    for (int i = 0; i < 20; i++)
        put(&folder, HK_KIND_ALERT_SEEN, "al-1", "{}");
    folder_close(&folder);
    options.checkpoint_text = early;
    hk_buf_init(&out, 65536);
    CU_ASSERT_EQUAL(hk_audit_prove(&options, 5, &out, &error), HK_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(out.data, "\"consistency\":{\"from\":300,\"to\":320,"));
    hk_buf_clear(&out);
    /* History is written anew before it, in line and block. */
    tamper(&folder, "UPDATE entry SET line = replace(line, 'us-one', 'us-two') WHERE"
                    " pos = (1 << 40) + 290");
    CU_ASSERT_EQUAL(hk_audit_prove(&options, 5, &out, &error), HK_CONFLICT);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "fork"));
    (void)snprintf(foreign, sizeof(foreign), "%s", early);
    foreign[10]++;
    options.checkpoint_text = foreign;
    CU_ASSERT_NOT_EQUAL(hk_audit_prove(&options, 5, &out, &error), HK_OK);
    hk_buf_done(&out);
    folder_done(&folder);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"ranges are those of the lines", ranges_are_those_of_the_lines},
        {"proofs lead to the checkpoint", proofs_lead_to_the_checkpoint},
        {"what cannot be proved is not", what_cannot_be_proved_is_not},
        {"forks of an earlier checkpoint are found", forks_of_an_earlier_checkpoint_are_found},
    };
    return suite_run("node", tests, COUNT_OF(tests));
}
