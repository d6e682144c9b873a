/*
 * audit_export: the auditor's bundle. See audit.h.
 *
 * entries.txt holds the lines; payloads.bin, for each entry, "SEQ SALT SIZE\n", SIZE bytes and a
 * newline; checkpoints.txt all signed notes; checkpoint.* the newest one, also cut apart for
 * openssl. Everything is written as it is read.
 */
#include "ledger/audit_tenants.h"

#include "base/json.h"
#include "ledger/keychain.h"
#include "ledger/merkle.h"
#include "ledger/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Public key of Ed25519 as DER (RFC 8410) begins so. */
static const uint8_t spki_prefix[] = {
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

static const char howto[] =
    "How to check this record without Hikeshi\n"
    "========================================\n"
    "\n"
    "entries.txt      one entry a line; the line is what is hashed (without its newline):\n"
    "                 hk1 SEQ TIME KIND SUBJECT ACTOR COMMITMENT\n"
    "payloads.bin     for each entry a line `SEQ SALT SIZE`, SIZE bytes of JSON, a newline;\n"
    "                 COMMITMENT = SHA-256(salt bytes, payload bytes); `SEQ - -` when erased\n"
    "checkpoints.txt  all signed checkpoints: origin, size, base64 of the tree's root, an empty\n"
    "                 line, the signature (C2SP signed note and tlog-checkpoint); two where one\n"
    "                 key follows another\n"
    "checkpoint.txt   the newest of them; checkpoint.body is what is signed, checkpoint.sig the\n"
    "                 64 bytes of its Ed25519 signature\n"
    "key.txt          the verifier keys that signed, the first one first; key.pem the last of "
    "them\n"
    "\n"
    "1. The signature, by the key in force. The key that you were given when the ledger was "
    "opened\n"
    "   is the first line of key.txt. Each further one is named by an entry of kind key.rotated,\n"
    "   number S: the checkpoint over S + 1 entries is signed by the key before and by this one,\n"
    "   those over less by the key before, those over more by this one alone. Of a key that an\n"
    "   entry key.revoked names, believe nothing from its size `since` on that you only have from\n"
    "   outside of this bundle.\n"
    "\n"
    "   openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in checkpoint.body \\\n"
    "       -sigfile checkpoint.sig\n"
    "\n"
    "2. One payload. For entry 0, whose first line in payloads.bin is `0 SALT SIZE`:\n"
    "\n"
    "   head -n 1 payloads.bin; head -n 1 entries.txt\n"
    "   (printf SALT | xxd -r -p; tail -n +2 payloads.bin | head -c SIZE) | sha256sum\n"
    "\n"
    "   gives the last field of the first line of entries.txt.\n"
    "\n"
    "3. The tree (RFC 6962: leaf = SHA-256(0x00, line), node = SHA-256(0x01, left, right)), all\n"
    "   payloads, and each checkpoint's root, here in Python without any package:\n"
    "\n"
    "   import base64, hashlib, json\n"
    "   h = lambda *p: hashlib.sha256(b''.join(p)).digest()\n"
    "   lines = open('entries.txt', 'rb').read().split(b'\\n')[:-1]\n"
    "   leaves = [h(b'\\0', l) for l in lines]\n"
    "   def root(n):\n"
    "       stack = []                      # (leaves, hash) of complete subtrees\n"
    "       for leaf in leaves[:n]:\n"
    "           stack.append((1, leaf))\n"
    "           while len(stack) > 1 and stack[-1][0] == stack[-2][0]:\n"
    "               (k, right), (_, left) = stack.pop(), stack.pop()\n"
    "               stack.append((2 * k, h(b'\\1', left, right)))\n"
    "       while len(stack) > 1:\n"
    "           (k, right), (m, left) = stack.pop(), stack.pop()\n"
    "           stack.append((k + m, h(b'\\1', left, right)))\n"
    "       return stack[0][1] if stack else h()\n"
    "   holes, told = set(), set()\n"
    "   with open('payloads.bin', 'rb') as f:\n"
    "       for n, line in enumerate(lines):\n"
    "           seq, salt, size = f.readline().split()\n"
    "           assert int(seq) == n and line.split()[1] == seq, n\n"
    "           if salt == b'-':\n"
    "               holes.add(n)\n"
    "               continue\n"
    "           data = f.read(int(size)); assert f.read(1) == b'\\n', n\n"
    "           assert h(bytes.fromhex(salt.decode()), data).hex().encode() == line.split()[6], n\n"
    "           if line.split()[3] == b'payload.erased':\n"
    "               told |= {e['seq'] for e in json.loads(data)['entries'] if e['seq'] < n}\n"
    "   assert holes == told, holes ^ told     # each payload that is gone, and no other\n"
    "   notes = open('checkpoints.txt', encoding='utf-8').read().split('\\n')\n"
    "   for i in range(3, len(notes) - 1):\n"
    "       if notes[i] == '':              # before it origin, size, root; after it signatures\n"
    "           size, want = int(notes[i - 2]), base64.b64decode(notes[i - 1])\n"
    "           assert size <= len(lines) and root(size) == want, size\n"
    "   print('ok', len(lines), 'entries')\n"
    "\n"
    "   An entry of kind payload.erased says which payloads were erased (`entries`), and why; its\n"
    "   line says who had it done, and when.\n"
    "\n"
    "4. Cuts and forks. A checkpoint that left the machine earlier (a sink, a mail) must be found\n"
    "   in checkpoints.txt word for word, or give the same root over its size with step 3. What "
    "no\n"
    "   outside checkpoint covers, whoever held database and key could have written anew.\n";

struct export
{
    const char *folder;
    struct hk_keychain keys;
    char path[PATH_MAX]; /* of the file that is open */
    FILE *file;
};

static enum hk_status open_file(struct export *x, const char *name, struct hk_error *error)
{
    int fd = -1;

    if (snprintf(x->path, sizeof(x->path), "%s/%s", x->folder, name) >= (int)sizeof(x->path))
        return hk_fail(error, HK_INVALID, "export: path is too long");
    fd = open(x->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    x->file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (x->file == NULL) {
        enum hk_status status =
            hk_fail(error, HK_IO, "export: can't make %s: %s", x->path, strerror(errno));
        if (fd >= 0)
            (void)close(fd);
        return status;
    }
    return HK_OK;
}

/* Close the file; says whether everything reached it. */
static enum hk_status close_file(struct export *x, enum hk_status status, struct hk_error *error)
{
    bool has_failed = ferror(x->file) != 0;

    has_failed = fclose(x->file) != 0 || has_failed;
    x->file = NULL;
    if (status == HK_OK && has_failed)
        return hk_fail(error, HK_IO, "export: can't write %s: %s", x->path, strerror(errno));
    return status;
}

static enum hk_status write_file(
    struct export *x, const char *name, const void *data, size_t size, struct hk_error *error)
{
    enum hk_status status = open_file(x, name, error);

    if (status != HK_OK)
        return status;
    (void)fwrite(data, 1, size, x->file);
    return close_file(x, HK_OK, error);
}

static void write_line(struct export *x, sqlite3_stmt *stmt)
{
    (void)fprintf(x->file, "%s\n", hk_stmt_text(stmt, 1));
}

static void write_payload(struct export *x, sqlite3_stmt *stmt)
{
    uint64_t seq = HK_POS_SEQ(hk_stmt_i64(stmt, 0));
    const void *payload = hk_stmt_text_or_null(stmt, 3);
    size_t size = hk_stmt_size(stmt, 3);
    char salt[2 * HK_SALT_SIZE + 1];

    if (payload == NULL || hk_stmt_size(stmt, 2) != HK_SALT_SIZE) {
        (void)fprintf(x->file, "%" PRIu64 " - -\n", seq);
        return;
    }
    hk_hex(hk_stmt_blob(stmt, 2), HK_SALT_SIZE, salt);
    (void)fprintf(x->file, "%" PRIu64 " %s %zu\n", seq, salt, size);
    (void)fwrite(payload, 1, size, x->file);
    (void)fputc('\n', x->file);
}

/* The file of this name: what write_one makes of each entry. */
static enum hk_status write_entries(struct export *x, struct hk_audit *audit, const char *name,
    void (*write_one)(struct export *x, sqlite3_stmt *stmt), struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = open_file(x, name, error);

    if (status != HK_OK)
        return status;
    status = hk_audit_entries(audit, &audit->tenants[0], &stmt, error);
    while (status == HK_OK) {
        status = hk_stmt_step(stmt, &has_row, error);
        if (status != HK_OK || !has_row)
            break;
        write_one(x, stmt);
        hk_audit_step(audit);
    }
    hk_stmt_free(stmt);
    return close_file(x, status, error);
}

/* The bare signature of the newest note by the key in force. */
static enum hk_status write_signature(
    struct export *x, const struct hk_note *note, struct hk_error *error)
{
    uint8_t id[HK_NOTE_KEY_ID_SIZE];
    char text[HK_KEY_ID_TEXT_SIZE];

    hk_verifier_id(&hk_keychain_at(&x->keys, note->size)->verifier, text);
    (void)hk_hex_decode_exact(text, strlen(text), id, sizeof(id));
    for (size_t i = 0; i < note->signature_count; i++)
        if (note->signatures[i].is_ours && memcmp(note->signatures[i].key_id, id, sizeof(id)) == 0)
            return write_file(x, "checkpoint.sig", note->signatures[i].signature,
                sizeof(note->signatures[i].signature), error);
    return hk_fail(error, HK_CORRUPT,
        "export: the newest checkpoint is not signed by the key in force; see `hikeshi audit "
        "verify`");
}

/* The newest note apart: text, signed part, bare signature. */
static enum hk_status write_newest(
    struct export *x, const char *text, size_t size, struct hk_error *error)
{
    struct hk_note note;
    enum hk_status status = hk_note_parse(text, size, &note, error);

    if (status == HK_OK)
        status = write_file(x, "checkpoint.txt", text, size, error);
    if (status == HK_OK)
        status = write_file(x, "checkpoint.body", text, note.body_size, error);
    if (status == HK_OK)
        status = write_signature(x, &note, error);
    return status;
}

static enum hk_status write_checkpoints(
    struct export *x, struct hk_audit *audit, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    struct hk_buf newest;
    enum hk_status status = open_file(x, "checkpoints.txt", error);

    if (status != HK_OK)
        return status;
    hk_buf_init(&newest, HK_NOTE_SIZE_MAX);
    status = hk_audit_checkpoints(audit, &audit->tenants[0], &stmt, error);
    while (status == HK_OK) {
        status = hk_stmt_step(stmt, &has_row, error);
        if (status != HK_OK || !has_row)
            break;
        hk_buf_clear(&newest);
        hk_buf_append_text(&newest, hk_stmt_text(stmt, 1));
        (void)fputs(hk_stmt_text(stmt, 1), x->file);
    }
    hk_stmt_free(stmt);
    status = close_file(x, status, error);
    if (status == HK_OK)
        status = hk_buf_check(&newest, "checkpoint", error);
    if (status == HK_OK && newest.size > 0)
        status = write_newest(x, newest.data, newest.size, error);
    hk_buf_done(&newest);
    return status;
}

/* key.txt has all of them, key.pem the last. */
static enum hk_status write_keys(struct export *x, struct hk_error *error)
{
    uint8_t der[sizeof(spki_prefix) + HK_KEY_PUBLIC_SIZE];
    char text[HK_VERIFIER_KEY_SIZE];
    struct hk_buf pem;
    enum hk_status status;

    memcpy(der, spki_prefix, sizeof(spki_prefix));
    memcpy(der + sizeof(spki_prefix), hk_keychain_last(&x->keys)->verifier.public_key,
        HK_KEY_PUBLIC_SIZE);
    hk_buf_init(&pem, 512);
    hk_buf_append_text(&pem, "-----BEGIN PUBLIC KEY-----\n");
    hk_base64(der, sizeof(der), &pem);
    hk_buf_append_text(&pem, "\n-----END PUBLIC KEY-----\n");
    status = hk_buf_check(&pem, "key", error);
    if (status == HK_OK)
        status = write_file(x, "key.pem", pem.data, pem.size, error);
    hk_buf_done(&pem);
    if (status != HK_OK)
        return status;
    status = open_file(x, "key.txt", error);
    if (status != HK_OK)
        return status;
    for (size_t i = 0; i < x->keys.count; i++) {
        hk_verifier_format(&x->keys.links[i].verifier, text);
        (void)fprintf(x->file, "%s\n", text);
    }
    return close_file(x, HK_OK, error);
}

static enum hk_status write_bundle(
    struct hk_audit *audit, const char *out_dir, struct hk_error *error)
{
    struct export x = {.folder = out_dir};
    enum hk_status status;

    hk_keychain_init(&x.keys);
    status = hk_keychain_load(audit->db, audit->tenants[0].number, &x.keys, error);
    if (status != HK_OK)
        (void)hk_error_prefix(error, "export");
    else if (mkdir(out_dir, 0700) != 0)
        status = hk_fail(error, errno == EEXIST ? HK_CONFLICT : HK_IO, "export: can't make %s: %s",
            out_dir, strerror(errno));
    audit->entries_total *= 2; /* lines, then payloads */
    if (status == HK_OK)
        status = write_entries(&x, audit, "entries.txt", write_line, error);
    if (status == HK_OK)
        status = write_entries(&x, audit, "payloads.bin", write_payload, error);
    if (status == HK_OK)
        status = write_checkpoints(&x, audit, error);
    if (status == HK_OK)
        status = write_keys(&x, error);
    if (status == HK_OK)
        status = write_file(&x, "HOWTO.txt", howto, strlen(howto), error);
    hk_keychain_done(&x.keys);
    return status;
}

enum hk_status hk_audit_export(
    const struct hk_audit_options *options, const char *out_dir, struct hk_error *error)
{
    struct hk_audit audit;
    enum hk_status status = hk_audit_begin(options, &audit, error);

    if (status == HK_OK && audit.tenant_count != 1)
        status = hk_fail(error, HK_INVALID,
            audit.tenant_count == 0 ? "export: the ledger is empty"
                                    : "export: more than one tenant, name one");
    if (status == HK_OK)
        status = write_bundle(&audit, out_dir, error);
    hk_audit_done(&audit);
    return status;
}
