/*
 * rotate: one key follows the other, in the ledger and on the disk; what an old or a revoked key
 * signs beyond its span is found, and so is a key that nobody vouched for.
 */
#include "ledger/keychain.h"
#include "ledger/prove.h"

#include "folder.h"

#include <inttypes.h>
#include <sys/stat.h>

#define WHY (&(struct hk_key_change){.actor = "tool", .reason = "for the test"})

struct fixture {
    struct folder folder;
    struct folder thief; /* has the first key */
    struct hk_key *stolen;
};

static void copy_key(const struct folder *from, const struct folder *to)
{
    char command[256];

    (void)snprintf(command, sizeof(command), "cp -pr %s/key %s/key", from->path, to->path);
    must(system(command) == 0, command); // NOLINT(cert-env33-c)
}

static void rotate(struct folder *folder)
{
    struct hk_error error = {.text = ""};

    must(hk_ledger_key_rotate(folder->ledger, WHY, &error) == HK_OK, error.text);
}

/* Entries 0 to 2 under the first key; 3 replaces it; 4 under the second. Checkpoints at 3, 4, 5. */
static void set_up(struct fixture *f)
{
    folder_init(&f->folder);
    folder_make(&f->thief);
    copy_key(&f->folder, &f->thief);
    must(hk_key_open(f->thief.path, false, &f->stolen, NULL) == HK_OK, "no key");
    put(&f->folder, HK_KIND_ALERT_RECEIVED, "al-1", "{\"title\":\"one\"}");
    put(&f->folder, HK_KIND_ALERT_RECEIVED, "al-2", "{\"title\":\"two\"}");
    folder_close(&f->folder);
    folder_open(&f->folder);
    rotate(&f->folder);
    put(&f->folder, HK_KIND_ALERT_RECEIVED, "al-3", "{\"title\":\"three\"}");
    folder_close(&f->folder);
}

static void tear_down(struct fixture *f)
{
    hk_key_free(f->stolen);
    folder_done(&f->folder);
    folder_done(&f->thief);
}

/* The stored checkpoint over so many entries. */
static void stored_note(const struct folder *folder, unsigned size, char ret_text[HK_NOTE_SIZE_MAX])
{
    char sql[96];

    (void)snprintf(sql, sizeof(sql), "SELECT note FROM checkpoint WHERE size = %u", size);
    ask(folder, sql, ret_text, HK_NOTE_SIZE_MAX);
}

/* The same tree, signed by the thief. */
static void forge(struct fixture *f, unsigned size, struct hk_buf *out)
{
    char text[HK_NOTE_SIZE_MAX];
    struct hk_note note;

    stored_note(&f->folder, size, text);
    must(hk_note_parse(text, strlen(text), &note, NULL) == HK_OK, text);
    hk_buf_init(out, HK_NOTE_SIZE_MAX);
    must(hk_note_sign(f->stolen, note.origin, size, note.root, out, NULL) == HK_OK, "not signed");
}

static bool finds(const struct folder *folder, const char *checkpoint, const char *problem)
{
    struct hk_buf out;
    bool found = !verify(folder, checkpoint, &out) && strstr(out.data, problem) != NULL;

    if (!found)
        (void)fprintf(stderr, "\n  expected %s\n  got %s\n", problem, out.data);
    hk_buf_done(&out);
    return found;
}

static bool is_there(const struct folder *folder, const char *name)
{
    char path[PATH_MAX];
    struct stat info;

    (void)snprintf(path, sizeof(path), "%s/key/%s", folder->path, name);
    return stat(path, &info) == 0 && (info.st_mode & 077) == 0;
}

static void one_key_follows_the_other(void)
{
    struct fixture f;
    struct hk_key *now = NULL;
    struct hk_buf out;
    char text[HK_NOTE_SIZE_MAX];
    uint8_t old_key[HK_KEY_PUBLIC_SIZE];
    uint8_t new_key[HK_KEY_PUBLIC_SIZE];

    set_up(&f);
    CU_ASSERT_TRUE(verify(&f.folder, NULL, &out));
    hk_buf_done(&out);
    CU_ASSERT_TRUE(rebuild(&f.folder, &out));
    hk_buf_done(&out);
    for (unsigned size = 3; size <= 5; size++) { /* all that were signed hold as outside ones */
        stored_note(&f.folder, size, text);
        CU_ASSERT_TRUE(verify(&f.folder, text, &out));
        hk_buf_done(&out);
    }
    CU_ASSERT_EQUAL(hk_key_open(f.folder.path, false, &now, NULL), HK_OK);
    hk_key_public(now, new_key);
    hk_key_public(f.stolen, old_key);
    hk_key_free(now);
    CU_ASSERT_NOT_EQUAL(memcmp(old_key, new_key, sizeof(old_key)), 0);
    CU_ASSERT_TRUE(is_there(&f.folder, "ledger.pem"));
    CU_ASSERT_FALSE(is_there(&f.folder, "ledger.next.pem"));
    CU_ASSERT_FALSE(is_there(&f.folder, "ledger.old.pem"));
    /* And a third, at once and again after a start. */
    folder_open(&f.folder);
    rotate(&f.folder);
    rotate(&f.folder);
    folder_close(&f.folder);
    CU_ASSERT_TRUE(verify(&f.folder, NULL, &out));
    hk_buf_done(&out);
    tear_down(&f);
}

static void the_old_key_says_nothing_of_what_came_after(void)
{
    struct fixture f;
    struct hk_buf note;
    char sql[2 * HK_NOTE_SIZE_MAX];

    set_up(&f);
    forge(&f, 5, &note);
    CU_ASSERT_TRUE(finds(&f.folder, note.data, "which was replaced at 4 entries"));
    (void)snprintf(sql, sizeof(sql), "UPDATE checkpoint SET note = '%s' WHERE size = 5", note.data);
    tamper(&f.folder, sql);
    CU_ASSERT_TRUE(finds(&f.folder, NULL, "which was replaced at 4 entries"));
    hk_buf_done(&note);
    tear_down(&f);
}

static void the_new_key_says_nothing_of_what_came_before(void)
{
    struct fixture f;
    struct hk_key *key = NULL;
    struct hk_note parsed;
    struct hk_buf note;
    char text[HK_NOTE_SIZE_MAX];

    set_up(&f);
    must(hk_key_open(f.folder.path, false, &key, NULL) == HK_OK, "no key");
    stored_note(&f.folder, 3, text);
    must(hk_note_parse(text, strlen(text), &parsed, NULL) == HK_OK, text);
    hk_buf_init(&note, HK_NOTE_SIZE_MAX);
    must(hk_note_sign(key, parsed.origin, 3, parsed.root, &note, NULL) == HK_OK, "not signed");
    CU_ASSERT_TRUE(finds(&f.folder, note.data, "is not signed by the ledger's key"));
    hk_buf_done(&note);
    hk_key_free(key);
    tear_down(&f);
}

static void a_key_needs_the_word_of_the_one_before(void)
{
    struct fixture f;
    struct hk_buf note;
    char text[HK_NOTE_SIZE_MAX];
    char sql[2 * HK_NOTE_SIZE_MAX];
    char *last;

    set_up(&f);
    tamper(&f.folder, "DELETE FROM checkpoint WHERE size = 4");
    CU_ASSERT_TRUE(finds(&f.folder, NULL, "vouches for it"));
    tear_down(&f);

    set_up(&f); /* the new one alone: whoever has the database, and no key, could do so */
    stored_note(&f.folder, 4, text);
    text[strlen(text) - 1] = '\0';
    last = strrchr(text, '\n');
    must(last != NULL, text);
    last[1] = '\0';
    (void)snprintf(sql, sizeof(sql), "UPDATE checkpoint SET note = '%s' WHERE size = 4", text);
    tamper(&f.folder, sql);
    CU_ASSERT_TRUE(finds(&f.folder, NULL, "and not by both"));
    tear_down(&f);

    set_up(&f); /* the old one alone */
    forge(&f, 4, &note);
    CU_ASSERT_TRUE(finds(&f.folder, note.data, "and not by both"));
    hk_buf_done(&note);
    tear_down(&f);
}

static void what_is_said_of_keys_is_held_to(void)
{
    static const struct {
        const char *sql;
        const char *problem;
    } cases[] = {
        {"UPDATE entry SET payload = replace(payload, 'test', 'task') WHERE pos = (1 << 40) + 3",
            "is not what the line commits to"},
        {"UPDATE entry SET salt = NULL, payload = NULL WHERE pos = (1 << 40) + 3", "\"seq\":3"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture f;

        set_up(&f);
        tamper(&f.folder, cases[i].sql);
        CU_ASSERT_TRUE(finds(&f.folder, NULL, cases[i].problem));
        tear_down(&f);
    }
}

static void a_revoked_key_proves_nothing(void)
{
    struct fixture f;
    struct hk_buf out;
    struct hk_verifier first = {.name = ""};
    struct hk_note parsed;
    struct hk_error error = {.text = ""};
    char id[HK_KEY_ID_TEXT_SIZE];
    char text[HK_NOTE_SIZE_MAX];

    set_up(&f);
    stored_note(&f.folder, 3, text);
    must(hk_note_parse(text, strlen(text), &parsed, NULL) == HK_OK, text);
    memcpy(first.name, parsed.origin, sizeof(first.name));
    hk_key_public(f.stolen, first.public_key);
    hk_verifier_id(&first, id);
    folder_open(&f.folder);
    CU_ASSERT_EQUAL(
        hk_ledger_key_revoke(f.folder.ledger, f.folder.tenant, "00000000", 0, WHY, &error),
        HK_NOT_FOUND);
    CU_ASSERT_EQUAL(
        hk_ledger_key_revoke(f.folder.ledger, f.folder.tenant, id, INT64_MAX, WHY, &error), HK_OK);
    folder_close(&f.folder);
    CU_ASSERT_TRUE(verify(&f.folder, text, &out)); /* made before the theft */
    hk_buf_done(&out);
    folder_open(&f.folder);
    CU_ASSERT_EQUAL(
        hk_ledger_key_revoke(f.folder.ledger, f.folder.tenant, id, 0, WHY, &error), HK_OK);
    folder_close(&f.folder);
    CU_ASSERT_TRUE(finds(&f.folder, text, "it proves nothing"));
    CU_ASSERT_TRUE(verify(&f.folder, NULL, &out)); /* the ledger itself is whole */
    hk_buf_done(&out);
    stored_note(&f.folder, 4, text); /* the new key signed that too */
    CU_ASSERT_TRUE(verify(&f.folder, text, &out));
    hk_buf_done(&out);
    tear_down(&f);
}

static void the_key_in_force_is_not_revoked(void)
{
    struct folder folder;
    struct hk_error error = {.text = ""};
    struct hk_verifier verifier;
    char key[HK_VERIFIER_KEY_SIZE];
    char id[HK_KEY_ID_TEXT_SIZE];

    folder_init(&folder);
    ask(&folder, "SELECT key FROM tenant", key, sizeof(key));
    must(hk_verifier_parse(key, &verifier, NULL) == HK_OK, key);
    hk_verifier_id(&verifier, id);
    CU_ASSERT_EQUAL(
        hk_ledger_key_revoke(folder.ledger, folder.tenant, id, 0, WHY, &error), HK_CONFLICT);
    folder_done(&folder);
}

/* A chain from texts, as a bundle or a database might hold them. */
static void chains_that_can_not_be_are_refused(void)
{
#define KEY_A "hikeshi/abc/main+102b0589+ARa5O5Fq7X1VOV8A1KlGa6BSKUq8oXkuzA9UC92lYn6g"
    static const char *const wrong[] = {
        "{}",
        "[]",
        "{\"key\":\"\"}",
        "{\"key\":\"" KEY_A "\"}",
        "{\"key\":\"" KEY_A "\",\"from\":\"00000000\"}",
    };
    struct fixture f;
    struct hk_keychain chain;
    struct hk_verifier verifier = {.name = "hikeshi/abc/main", .public_key = {1}};

    set_up(&f);
    hk_keychain_init(&chain);
    CU_ASSERT_EQUAL(hk_keychain_begin(&chain, "{}", 2, NULL), HK_CORRUPT);
    CU_ASSERT_EQUAL(hk_keychain_begin(&chain, NULL, 0, NULL), HK_CORRUPT);
    must(hk_keychain_begin_with(&chain, &verifier, NULL) == HK_OK, "no chain");
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        CU_ASSERT_EQUAL(
            hk_keychain_add(&chain, HK_KIND_KEY_ROTATED, 7, wrong[i], strlen(wrong[i]), NULL),
            HK_CORRUPT);
        CU_ASSERT_EQUAL(
            hk_keychain_add(&chain, HK_KIND_KEY_REVOKED, 7, wrong[i], strlen(wrong[i]), NULL),
            HK_CORRUPT);
    }
    CU_ASSERT_EQUAL(chain.count, 1);
    CU_ASSERT_FALSE(hk_keychain_is_handover(&chain, 1));
    hk_keychain_done(&chain);
    tear_down(&f);
}

/* What a rotation leaves that was cut off at each of its steps. */
static void a_cut_off_rotation_is_ended_or_taken_back(void)
{
    static const struct {
        const char *command; /* in key/ */
    } cases[] = {
        {"cp -p ledger.pem ledger.next.pem"}, /* in force under both names */
        {"mv ledger.pem ledger.next.pem && cp -p ../old.pem ledger.pem"},
        {"mv ledger.pem ledger.next.pem && cp -p ../old.pem ledger.pem && ln "
         "ledger.pem ledger.old.pem"},
        {"cp -p ../old.pem ledger.old.pem"},
        {"head -c 119 /dev/zero >ledger.old.pem && chmod 600 ledger.old.pem"},
        {"cp -p ../old.pem ledger.next.pem"}, /* named by nobody */
        {"head -c 119 /dev/zero >ledger.next.pem && chmod 600 ledger.next.pem"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture f;
        struct hk_buf out;
        char command[512];

        set_up(&f);
        (void)snprintf(command, sizeof(command), "cp -p %s/key/ledger.pem %s/old.pem", f.thief.path,
            f.folder.path);
        must(system(command) == 0, command); // NOLINT(cert-env33-c)
        (void)snprintf(
            command, sizeof(command), "cd %s/key && %s", f.folder.path, cases[i].command);
        must(system(command) == 0, command); // NOLINT(cert-env33-c)
        folder_open(&f.folder);
        put(&f.folder, HK_KIND_ALERT_RECEIVED, "al-9", "{}");
        folder_close(&f.folder);
        CU_ASSERT_TRUE(verify(&f.folder, NULL, &out));
        hk_buf_done(&out);
        CU_ASSERT_TRUE(is_there(&f.folder, "ledger.pem"));
        CU_ASSERT_FALSE(is_there(&f.folder, "ledger.next.pem"));
        CU_ASSERT_FALSE(is_there(&f.folder, "ledger.old.pem"));
        tear_down(&f);
    }
}

static enum hk_status ask_proof(struct hk_reading *reading, void *job, struct hk_error *error)
{
    static const uint64_t seqs[] = {0};

    return hk_prove(reading, 1, seqs, 1, job, error);
}

/* What pages show, right where two keys have signed the newest checkpoint, and after. */
static void pages_prove_with_the_key_in_force(void)
{
    struct folder folder;
    struct hk_buf out;

    folder_init(&folder);
    for (int i = 0; i < 3; i++) {
        rotate(&folder);
        hk_buf_init(&out, 65536);
        CU_ASSERT_EQUAL(hk_ledger_read_now(folder.ledger, ask_proof, &out, NULL), HK_OK);
        CU_ASSERT_PTR_NOT_NULL(strstr(out.data, "\"state\":\"verified\""));
        hk_buf_done(&out);
    }
    folder_done(&folder);
}

static void another_key_is_refused(void)
{
    struct fixture f;
    struct hk_error error = {.text = ""};
    char command[256];

    set_up(&f);
    (void)snprintf(command, sizeof(command), "cp -p %s/key/ledger.pem %s/key/ledger.pem",
        f.thief.path, f.folder.path);
    must(system(command) == 0, command); // NOLINT(cert-env33-c)
    CU_ASSERT_EQUAL(folder_try_open(&f.folder, &error), HK_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "in force in the ledger of main"));
    tear_down(&f);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"one key follows the other", one_key_follows_the_other},
        {"the old key says nothing of what came after",
            the_old_key_says_nothing_of_what_came_after},
        {"the new key says nothing of what came before",
            the_new_key_says_nothing_of_what_came_before},
        {"a key needs the word of the one before", a_key_needs_the_word_of_the_one_before},
        {"what is said of keys is held to", what_is_said_of_keys_is_held_to},
        {"a revoked key proves nothing", a_revoked_key_proves_nothing},
        {"the key in force is not revoked", the_key_in_force_is_not_revoked},
        {"chains that can't be are refused", chains_that_can_not_be_are_refused},
        {"a cut-off rotation is ended or taken back", a_cut_off_rotation_is_ended_or_taken_back},
        {"pages prove with the key in force", pages_prove_with_the_key_in_force},
        {"another key is refused", another_key_is_refused},
    };
    return suite_run("rotate", tests, COUNT_OF(tests));
}
