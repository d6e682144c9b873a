/*
 * note: signed notes come back and are refused when anything in them is changed; verifier keys;
 * the key file.
 */
#include "ledger/note.h"

#include "folder.h"

#include <sys/stat.h>

struct fixture {
    struct folder folder;
    struct hk_key *key;
    struct hk_verifier verifier;
    struct hk_buf text;
};

static void set_up(struct fixture *f)
{
    uint8_t root[HK_SHA256_SIZE] = {1, 2, 3};

    folder_make(&f->folder);
    must(hk_key_open(f->folder.path, true, &f->key, NULL) == HK_OK, "no key");
    hk_note_origin("abc123", "main", f->verifier.name);
    hk_key_public(f->key, f->verifier.public_key);
    hk_buf_init(&f->text, HK_NOTE_SIZE_MAX);
    must(hk_note_sign(f->key, f->verifier.name, 42, root, &f->text, NULL) == HK_OK, "not signed");
}

static void tear_down(struct fixture *f)
{
    hk_buf_done(&f->text);
    hk_key_free(f->key);
    folder_done(&f->folder);
}

static void notes_come_back(void)
{
    struct fixture f;
    struct hk_note note;

    set_up(&f);
    CU_ASSERT_EQUAL(strncmp(f.text.data, "hikeshi/abc123/main\n42\nAQID", 27), 0);
    CU_ASSERT_EQUAL(hk_note_parse(f.text.data, f.text.size, &note, NULL), HK_OK);
    CU_ASSERT_EQUAL(note.size, 42);
    CU_ASSERT_EQUAL(note.root[2], 3);
    CU_ASSERT_STRING_EQUAL(note.origin, "hikeshi/abc123/main");
    CU_ASSERT_EQUAL(note.signature_count, 1);
    CU_ASSERT_EQUAL(hk_note_verify(f.text.data, &note, &f.verifier, NULL), HK_OK);
    tear_down(&f);
}

/* Whatever byte is changed: it can't be read any more or is not ours any more. */
static void every_byte_counts(void)
{
    struct fixture f;

    set_up(&f);
    for (size_t i = 0; i < f.text.size; i++) {
        struct hk_note note;
        char was = f.text.data[i];

        f.text.data[i] = (char)(was ^ 1);
        CU_ASSERT_TRUE(hk_note_parse(f.text.data, f.text.size, &note, NULL) != HK_OK ||
                       hk_note_verify(f.text.data, &note, &f.verifier, NULL) != HK_OK);
        f.text.data[i] = was;
        CU_ASSERT_TRUE(hk_note_parse(f.text.data, i, &note, NULL) != HK_OK);
    }
    tear_down(&f);
}

static void witnesses_may_sign_too(void)
{
    struct fixture f;
    struct hk_note note;

    set_up(&f);
    hk_buf_append_text(&f.text, "\xe2\x80\x94 witness.example/w AAAAAAEC\n");
    CU_ASSERT_EQUAL(hk_note_parse(f.text.data, f.text.size, &note, NULL), HK_OK);
    CU_ASSERT_EQUAL(note.signature_count, 2);
    CU_ASSERT_EQUAL(hk_note_verify(f.text.data, &note, &f.verifier, NULL), HK_OK);
    hk_buf_append_text(&f.text, "trailing");
    CU_ASSERT_EQUAL(hk_note_parse(f.text.data, f.text.size, &note, NULL), HK_INVALID);
    tear_down(&f);
}

static void verifier_keys_come_back(void)
{
    struct fixture f;
    struct hk_verifier back;
    char text[HK_VERIFIER_KEY_SIZE];

    set_up(&f);
    hk_verifier_format(&f.verifier, text);
    CU_ASSERT_EQUAL(strncmp(text, "hikeshi/abc123/main+", 20), 0);
    CU_ASSERT_EQUAL(hk_verifier_parse(text, &back, NULL), HK_OK);
    CU_ASSERT_STRING_EQUAL(back.name, f.verifier.name);
    CU_ASSERT_EQUAL(memcmp(back.public_key, f.verifier.public_key, HK_KEY_PUBLIC_SIZE), 0);
    text[21] = text[21] == '0' ? '1' : '0';
    CU_ASSERT_EQUAL(hk_verifier_parse(text, &back, NULL), HK_INVALID);
    CU_ASSERT_EQUAL(hk_verifier_parse("", &back, NULL), HK_INVALID);
    CU_ASSERT_EQUAL(hk_verifier_parse("a+b", &back, NULL), HK_INVALID);
    tear_down(&f);
}

/* The example of the signed-note specification. */
static void key_ids_are_those_of_the_specification(void)
{
    static const char text[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    struct hk_verifier verifier;

    CU_ASSERT_EQUAL(hk_verifier_parse(text, &verifier, NULL), HK_OK);
    CU_ASSERT_STRING_EQUAL(verifier.name, "PeterNeumann");
}

static void the_key_is_kept_and_private(void)
{
    struct fixture f;
    struct hk_key *again = NULL;
    uint8_t public_key[HK_KEY_PUBLIC_SIZE];
    char path[128];
    struct stat info;

    set_up(&f);
    (void)snprintf(path, sizeof(path), "%s/key/ledger.pem", f.folder.path);
    CU_ASSERT_EQUAL(stat(path, &info), 0);
    CU_ASSERT_EQUAL(info.st_mode & 07777, 0600);
    CU_ASSERT_EQUAL(hk_key_open(f.folder.path, true, &again, NULL), HK_OK);
    hk_key_public(again, public_key);
    CU_ASSERT_EQUAL(memcmp(public_key, f.verifier.public_key, sizeof(public_key)), 0);
    hk_key_free(again);
    CU_ASSERT_EQUAL(chmod(path, 0640), 0);
    CU_ASSERT_EQUAL(hk_key_open(f.folder.path, true, &again, NULL), HK_DENIED);
    CU_ASSERT_EQUAL(unlink(path), 0);
    CU_ASSERT_EQUAL(hk_key_open(f.folder.path, false, &again, NULL), HK_NOT_FOUND);
    tear_down(&f);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"notes come back", notes_come_back},
        {"every byte counts", every_byte_counts},
        {"witnesses may sign too", witnesses_may_sign_too},
        {"verifier keys come back", verifier_keys_come_back},
        {"key ids are those of the specification", key_ids_are_those_of_the_specification},
        {"the key is kept and private", the_key_is_kept_and_private},
    };
    return suite_run("note", tests, COUNT_OF(tests));
}
